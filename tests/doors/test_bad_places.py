"""People who are gone or from elsewhere, channels that cannot be used, and choices of the form that need more."""

from __future__ import annotations

from storage.models import Item, Pilot, SeatState
from tests.doors.steps import count, heard, item_of, items_of, kept, not_registered, refused, register
from tests.world import EVERYONE, World

HERE = "claims-triage"


async def test_channels_that_cannot_be_used_say_what_to_do(world: World) -> None:
    for channel, why in (
            ("C0NOBOT00", "I am not in #no-bot. Type `/invite @Ground Crew` there, then press Create again."),
            ("C0ARCHIVE", "#archived is archived. Unarchive it or choose another channel."),
            ("C0LEGAL00", "I cannot see that channel. If it is private, type `/invite @Ground Crew` in it, then press Create "
                          "again.")):
        assert await not_registered(world, channel=channel) == {"channel": why}
    await world.sandbox.invite("priya", "no-bot", "groundcrew")  # and what it says works, in the very same form
    assert await register(world, channel="C0NOBOT00") == {}
    assert "Claims triage starts" in world.last("no-bot").plain


async def test_only_people_of_this_workspace_take_a_seat(world: World) -> None:
    errors = await not_registered(world, legal="U0GONEB00", security="U0STRAN00", data="U0GROUNDC", ml="USLACKBOT")
    app = "That is an app or somebody I cannot find. Pick a person of this workspace."
    assert errors == {
        "legal": "Ben Gone has left this workspace (or is a guest from another one). Pick somebody else.",
        "security": "Noor Aziz has left this workspace (or is a guest from another one). Pick somebody else.",
        "data": app, "ml": app}
    assert (await count(world, Pilot), await count(world, Item)) == (0, 0)

    await world.new_pilot(**EVERYONE)
    for line in ("/pilot assign w1-09 {}", "/pilot block w1-05 by {}", "/pilot team legal {}"):
        await refused(world, "priya", line.format("@ben"), "Ben Gone has left this workspace", "Pick somebody else")
        await refused(world, "priya", line.format("@noor"), "Noor Aziz has left this workspace (or is a guest", "Pick somebody else")
        await refused(world, "priya", line.format("@groundcrew"), "That is an app", "Pick a person of this workspace")


async def test_the_same_holds_for_people_picked_in_the_forms_of_an_item(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    for button, title in (("Hand over", "Hand over: W1-09"), ("Blocked", "Blocked: W1-09")):
        before = await kept(world)
        await world.type("priya", "/pilot item w1-09", HERE)
        await world.press("priya", button, HERE)
        form = world.sandbox.modal("priya")
        assert form is not None
        assert form.title == title
        for who, why in (("U0GONEB00", "Ben Gone has left"), ("U0STRAN00", "Noor Aziz has left"), ("U0GROUNDC", "That is an app")):
            await world.sandbox.submit("priya", who=who)
            refused_form = world.sandbox.modal("priya")
            assert refused_form is not None
            assert refused_form.errors is not None
            assert list(refused_form.errors) == ["who"]
            assert refused_form.errors["who"].startswith(why)
        await world.sandbox.close("priya")
        assert await kept(world) == before


async def test_somebody_who_leaves_shows_in_red_until_replaced(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.sandbox.remove_user("sam")
    await world.settle()
    assert "🔴 Engineering: Sam Okafor has left" in await world.type("priya", "/pilot status", HERE)
    assert "Sam Okafor (engineering, has left)" in await world.type("priya", "/pilot item w1-05", HERE)
    assert "Sam Okafor (engineering, has left)" in await world.type("priya", "/pilot items engineering", HERE)
    assert "🔴 *Engineering*: Sam Okafor has left" in await world.type("priya", "/pilot team", HERE)
    answer = await refused(world, "tom", "/pilot plan w1-05 fri", "Only the owner", "Ask Priya Shah")
    assert "Sam" not in answer
    before = len(world.sandbox.shown(world.sandbox.dm_id("sam")))
    await world.morning(7)
    assert len(world.sandbox.shown(world.sandbox.dm_id("sam"))) == before  # nobody writes to an empty desk

    await world.type("priya", "/pilot team engineering @ravi", HERE)
    assert "has left" not in await world.type("priya", "/pilot status", HERE)
    assert (await item_of(world, "W1-05")).owner_id == "slack:U0RAVIN00"


async def test_guests_from_another_workspace_read_nothing_and_change_nothing(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    before = await kept(world)
    assert "you are here as a guest from another one" in await heard(world, "noor", HERE, "@groundcrew status")
    kickoff = world.sandbox.shown(HERE)[0].ts
    for label in ("Accept my role", "Status", "Checklist", "Team"):
        await world.press("noor", label, HERE, kickoff)
        assert "you are here as a guest from another one" in world.last(HERE, "noor").plain
        assert "Please ask your contact in this channel" in world.last(HERE, "noor").plain
    assert await kept(world) == before


async def test_the_core_cut_is_nineteen_items_and_protection_answers_add_theirs(world: World) -> None:
    assert await register(world, cut="core") == {}
    core = await items_of(world)
    assert len(core) == 19
    assert {"W1-01", "W1-02", "W1-03", "R-05"} <= core.keys()
    assert all(item.weight == 5 for ref, item in core.items() if ref not in ("W1-01", "W1-02", "W1-03", "R-05"))
    assert "19 items" in world.last(HERE).plain

    assert await register(world, name="Quote drafter", cut="core", protection=["protected-data", "protected-judges"]) == {}
    added = {ref: item for ref, item in (await items_of(world, "Quote drafter")).items() if ref not in core}
    assert {ref: item.title for ref, item in added.items()} == {
        "PT-01": "Repeat the result on raw production data", "PT-03": "Add judges with no stake in the result"}
    assert (added["PT-03"].gate, added["PT-03"].owner_id) == ("build", "slack:U0MARTA00")


async def test_the_regulated_pack_asks_what_applies_and_adds_just_that(world: World) -> None:
    assert await not_registered(world, packs=["regulated"]) == {
        "conditions": "The pack regulated needs to know what applies. Tick at least one, or untick the pack."}
    assert await register(world, packs=["regulated"], conditions=["us-bank"]) == {}
    added = [ref for ref in await items_of(world) if ref.startswith("REG-")]
    assert 0 < len(added) < 18
    assert await register(world, name="Everything", packs=["regulated", "llm-assistant"],
                          conditions=["eu", "eu-high-risk", "personal-data", "us-bank", "iso42001"]) == {}
    assert len(await items_of(world, "Everything")) == 50 + 17 + 18


async def test_an_empty_form_is_stopped_before_it_is_sent(world: World) -> None:
    await world.sandbox.slash("priya", "general", "/pilot new")
    answer = await world.sandbox.submit("priya", name="", purpose="")
    form = world.sandbox.modal("priya")
    assert answer.error == "invalid_input"
    assert form is not None
    assert form.errors is not None
    assert form.errors.keys() >= {"name", "purpose", "sponsor"}
    assert await count(world, Pilot) == 0


async def test_a_channel_archived_or_left_later_does_not_stop_the_work(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    await world.sandbox.kick("priya", HERE, "groundcrew")
    assert "✓ done" in await world.type("jonas", "/pilot done claims w1-02 minutes in the wiki")
    await world.type("priya", '/pilot pause "claims triage" no budget')
    told = world.last(world.sandbox.dm_id("priya"))  # the lead registered it
    assert "I could not post about Claims triage in #claims-triage" in told.plain
    assert "Type `/invite @Ground Crew` there" in told.plain
    await world.sandbox.invite("priya", HERE, "groundcrew")
    await world.press("priya", "Try again", world.sandbox.dm_id("priya"))
    assert "Claims triage is paused" in world.last(HERE).plain
    assert (await item_of(world, "W1-02")).evidence == "minutes in the wiki"


async def test_accepting_every_seat_closes_the_item_that_asks_for_it(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    for who in ("marta", *EVERYONE.values()):
        await world.press(who, "Annehmen" if who == "lena" else "Accept", world.sandbox.dm_id(who))
    assert (await item_of(world, "IN-07")).evidence == "All 11 roles accepted in chat"
    assert "11 of 11 roles accepted" in await world.type("priya", "/pilot team", HERE)
    await refused(world, "priya", "/pilot team legal @jonas", "Jonas Brandt accepted: Legal of Claims triage", "Pick somebody else")
    async with world.parts.store.reading() as session:
        from storage import pilots
        seats = await pilots.seats_of(session, "slack:T0SANDBOX", 1)
    assert {seat.state for seat in seats.values()} == {SeatState.ACCEPTED}
