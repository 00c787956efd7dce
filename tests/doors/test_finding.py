"""Which pilot, which item and who is meant: by what people really type, with buttons where it is not clear."""

from __future__ import annotations

from storage.models import ItemState
from tests.doors.steps import buttons, item_of, pilot_called, refused
from tests.world import EVERYONE, World

HERE = "claims-triage"


async def _three(world: World) -> None:
    """Two pilots that begin alike, each in its channel, and a third of another name."""
    await world.new_pilot(**EVERYONE)
    await world.new_pilot("Claims audit", "support-copilot", lead="sam")
    await world.new_pilot("Invoice match", "invoice-match", lead="tom", engineering="sam")


async def test_a_pilot_is_found_by_channel_prefix_word_typo_and_hash(world: World) -> None:
    await _three(world)
    assert "Claims triage · Intake" in await world.type("alex", "/pilot status", HERE)  # its own channel
    assert "Claims audit · Intake" in await world.type("alex", "/pilot status", "support-copilot")
    for said in ("invoice match", "INVOICE MATCH", "inv", "match", "Invoce match", "ivnoice", "#invoice-match",
                 "“Invoice match”", '"invoice match"'):
        answer = await world.type("alex", f"/pilot status {said}")
        assert answer.startswith("*Invoice match · Intake"), (said, answer)
    assert (await world.type("alex", "/pilot invoice")).startswith("*Invoice match · Intake")
    assert "Understood as `/pilot status`." in world.last("general", "alex").plain
    assert (await world.type("alex", "/pilot status invoice", HERE)).startswith("*Invoice match")  # a name goes first
    assert (await world.type("priya", "/pilot status")).startswith("*Claims triage")  # her only one


async def test_a_name_that_fits_several_offers_buttons_that_finish_the_line(world: World) -> None:
    await _three(world)
    await refused(world, "alex", "/pilot status claims", "“claims” could be one of these. Which?", channel="general")
    assert buttons(world, "alex", "general") == ["Claims audit", "Claims triage"]
    await world.press("alex", "Claims audit", "general")
    assert world.last("general", "alex").plain.startswith("*Claims audit · Intake")

    lines = {  # each verb that changes something: the button must carry all that was typed
        "/pilot done claims W1-02 minutes are in the wiki": "minutes are in the wiki",
        "/pilot due claims W1-03 27 nov the vendor slipped": "(was Mon 30 Nov): the vendor slipped",
        "/pilot plan claims W1-01 thu": "Planned for*\nThu 26 Nov",
        "/pilot block claims W1-05 by @omar crm access missing": "by Omar Haddad: crm access missing",
        "/pilot assign claims W1-06 @ana": "Ana Ruiz (engineering), handed over",
        "/pilot team claims operations @sam": "⏳ *Operations*: Sam Okafor",
        "/pilot brief claims security slot fri 14:00": "Slot*\nFri 27 Nov 14:00",
        "/pilot brief claims security asks a data flow": "A-01 a data flow",
        "/pilot items claims legal": "Claims triage: no items open for Legal",
        '/pilot pause "claims" no budget': "⏸ Paused since Mon 23 Nov: no budget",
        '/pilot resume "claims" it is there': "Claims triage · Intake",
    }
    for line, seen in lines.items():
        await refused(world, "alex", line, "“claims” could be one of these. Which?", channel="general")
        await world.press("alex", "Claims triage", "general")
        assert seen in world.last("general", "alex").plain, line
    assert (await item_of(world, "W1-02")).evidence == "minutes are in the wiki"
    assert (await item_of(world, "W1-02", "Claims audit")).state is ItemState.OPEN


async def test_an_unknown_pilot_is_answered_with_ones_own(world: World) -> None:
    await _three(world)
    await refused(world, "priya", "/pilot status zebra", "I know no pilot called “zebra”", "`/pilot list` shows all",
                  "take one of yours", channel="general")
    await world.press("priya", "Claims triage", "general")
    assert world.last("general", "priya").plain.startswith("*Claims triage · Intake")
    await refused(world, "alex", "/pilot status zebra", "`/pilot new` registers one", channel="general")
    answer = await refused(world, "alex", "/pilot status #ops", "No pilot belongs to that channel.", "`/pilot list`",
                           channel="general")
    assert "C0OPS" not in answer
    await refused(world, "alex", "/pilot status", "Which pilot? Add its name, or type it in the pilot's channel.",
                  "`/pilot list` shows all", channel="general")


async def test_without_a_pilot_the_line_to_type_instead_is_one_that_works(world: World) -> None:
    await _three(world)
    for line, instead in (
            ("/pilot status", "/pilot status Claims audit"),
            ("/pilot item IN-05", "/pilot item Claims audit IN-05"),
            ("/pilot item intended users", '/pilot item #support-copilot "intended users"'),
            ("/pilot gate", "/pilot gate Claims audit"),
            ("/pilot pause no budget", '/pilot pause "Claims audit" reason')):
        await refused(world, "sam", line, f"Which pilot? Add its name, as in `{instead}`", channel="general")
        assert "Claims triage" in buttons(world, "sam", "general")
        answer = await world.type("sam", instead)
        assert "Which" not in answer, instead
        assert "Claims audit" in answer, instead
    assert (await pilot_called(world, "Claims audit")).state_reason == "reason"


async def test_a_channel_of_several_pilots_asks_which(world: World) -> None:
    await world.new_pilot()
    await world.new_pilot("Quote drafter", HERE, lead="tom")
    await refused(world, "priya", "/pilot status", "This channel has several pilots. Which?")
    await world.press("priya", "Quote drafter", HERE)
    assert world.last(HERE, "priya").plain.startswith("*Quote drafter · Intake")


async def test_an_item_is_found_by_id_in_any_case_and_by_part_of_its_title(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    for said in ("W1-02", "w1-02", "w1-2", "W1–02", "legal briefing", "LEGAL BRIEF", '"legal briefing"', "`w1-02`"):
        answer = await world.type("alex", f"/pilot item {said}", HERE)
        assert answer.startswith("*W1-02 · Hold a 30-minute legal briefing"), said
    assert (await world.type("alex", "/pilot item claims w1-02")).startswith("*W1-02 ·")
    assert (await world.type("alex", "/pilot item w1-02 claims")).startswith("*W1-02 ·")
    assert (await world.type("alex", "/pilot w1-02", HERE)).startswith("*W1-02 ·")
    assert (await world.type("jonas", "/pilot item w1-02")).startswith("*W1-02 ·")  # his, so no pilot is needed


async def test_an_unclear_title_offers_buttons_and_an_unknown_id_the_nearest(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await refused(world, "alex", "/pilot done briefing", "“briefing” fits several items of Claims triage. Which?")
    assert buttons(world, "alex", HERE) == [
        "W1-01 Hold a 30-minute security briefing", "W1-02 Hold a 30-minute legal briefing",
        "W1-03 Hold a 30-minute compliance briefing"]
    await world.press("alex", "W1-02 Hold a 30-minute legal briefing", HERE)
    assert "✓ done" in world.last(HERE, "alex").plain
    assert (await item_of(world, "W1-02")).state is ItemState.DONE

    await refused(world, "alex", "/pilot item w1-99", "Claims triage has no item W1-99", "`/pilot items` shows its checklist",
                  "did you mean one of these?")
    assert "W1-09 Map affected users and plan the change" in buttons(world, "alex", HERE)
    await world.press("alex", "W1-09 Map affected users and plan the change", HERE)
    assert world.last(HERE, "alex").plain.startswith("*W1-09 ·")
    await refused(world, "alex", "/pilot item giraffe", "No item of Claims triage has “giraffe” in its title",
                  "`/pilot item IN-01`", "`/pilot items` shows them all")
    await refused(world, "alex", "/pilot done", "Say which item", "`/pilot done W1-02 minutes are in the wiki`")


async def test_an_item_of_mine_in_several_pilots_asks_which_pilot(world: World) -> None:
    await _three(world)
    await refused(world, "sam", "/pilot done w1-05 drawn and agreed", "You own W1-05 in several pilots. Which?",
                  channel="general")
    await world.press("sam", "Invoice match", "general")
    assert (await item_of(world, "W1-05", "Invoice match")).evidence == "drawn and agreed"
    assert (await item_of(world, "W1-05")).state is ItemState.OPEN


async def test_a_person_is_found_by_mention_handle_first_and_full_name(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    for said, who in (("@ana", "ANARZ"), ("omar", "OMARH"), ("Marta", "MARTA"), ("to Tom Weber", "TOMWB"),
                      ("@Ravi", "RAVIN"), ("LENA", "LENAF"), ("haddad", "OMARH")):
        answer = await world.type("priya", f"/pilot assign w1-09 {said}", HERE)
        assert "handed over for this item" in answer, (said, answer)
        assert (await item_of(world, "W1-09")).owner_id == f"slack:U0{who}00", said


async def test_a_name_of_several_people_offers_each(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.type("alex", "/pilot")  # so that the bot has met Alex Admin beside Ana Ruiz
    await refused(world, "priya", "/pilot assign w1-09 a", "“a” could be Alex Admin (@alex), Ana Ruiz (@ana)",
                  "Use the @mention of the one you mean")
    assert buttons(world, "priya", HERE) == ["Alex Admin", "Ana Ruiz"]
    await world.press("priya", "Ana Ruiz", HERE)
    assert (await item_of(world, "W1-09")).owner_id == "slack:U0ANARZ00"
    await refused(world, "priya", "/pilot block w1-05 by @a waiting for access", "“a” could be Alex Admin (@alex), Ana Ruiz")
    await world.press("priya", "Alex Admin", HERE)
    item = await item_of(world, "W1-05")
    assert (item.blocked_by, item.blocked_reason) == ("slack:U0ALEXA00", "waiting for access")
    await refused(world, "priya", "/pilot team legal @a", "“a” could be Alex Admin (@alex), Ana Ruiz")
    await world.press("priya", "Ana Ruiz", HERE)
    assert "⏳ *Legal*: Ana Ruiz, asked" in world.last(HERE, "priya").plain


async def test_an_unknown_person_is_asked_for_by_mention(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    for line in ("/pilot assign w1-09 zorro", "/pilot assign w1-09 @zorro", "/pilot block w1-05 by @zorro",
                 "/pilot team legal @zorro"):
        await refused(world, "priya", line, "I do not know anybody called “zorro”",
                      "Mention them with @ and pick them from the list")


async def test_a_mistyped_verb_is_corrected_where_it_reads_and_asked_about_where_it_changes(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    assert "Understood as `/pilot status`." in await world.type("tom", "/pilot staus", HERE)
    await refused(world, "priya", "/pilot pase no budget", "I do not know `pase`. Did you mean `pause`?")
    await world.press("priya", "pause no budget", HERE)
    assert (await pilot_called(world)).state_reason == "no budget"
    await world.type("priya", "/pilot resume", HERE)
    await refused(world, "priya", "/pilot dne w1-02 minutes", "I do not know `dne`. Nearest are `done`",
                  "`/pilot help` lists everything")
    assert (await item_of(world, "W1-02")).state is ItemState.OPEN
