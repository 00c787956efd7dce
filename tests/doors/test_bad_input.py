"""What people type that no form expected: too long, too odd, too early, too late, and meant to do harm."""

from __future__ import annotations

import re
from datetime import date

import pytest

from storage.models import Item, ItemState, Pilot
from tests.doors.steps import (
    count,
    everything_sent,
    item_of,
    items_of,
    kept,
    markup_of,
    not_registered,
    pilot_called,
    refused,
    register,
    trail,
)
from tests.world import EVERYONE, World

HERE = "claims-triage"
NASTY = "<!channel> <@U0MARTA00> *bold* _it_ ~no~ `code` <https://evil.example|safe>"
ONES_OWN = re.compile(r"<(?!@U0[A-Z0-9]+>|!date\^)[^>]*>")
"""Angle brackets in markup that are not a mention or a moment of ours."""


async def test_nothing_typed_notifies_or_formats(world: World) -> None:
    world.sandbox.workspace.users["U0JONAS00"].name = f"Jonas {NASTY}"
    assert await register(world, name="<!channel> *Big* <@U0MARTA00>", purpose=f"> {NASTY}", legal="U0JONAS00",
                          engineering="U0SAMOK00", security="U0INESD00") == {}
    for who, line in (
            ("jonas", f"/pilot done w1-02 > {NASTY}"), ("jonas", f"/pilot reopen w1-02 {NASTY}"),
            ("jonas", f"/pilot na w1-02 {NASTY}"), ("priya", f"/pilot due w1-05 fri {NASTY}"),
            ("sam", f"/pilot block w1-06 by @omar {NASTY}"), ("sam", f"/pilot block w1-05 {NASTY}"),
            ("ines", f"/pilot brief security asks {NASTY}; !{NASTY}"), ("ines", f"/pilot brief security held {NASTY}"),
            ("priya", "/pilot assign w1-07 @jonas"), ("priya", "/pilot team"), ("priya", "/pilot history"),
            ("priya", "/pilot status"), ("priya", "/pilot items"), ("priya", "/pilot list"), ("jonas", "/pilot"),
            ("priya", "/pilot brief"), ("priya", "/pilot gate"), ("priya", f"/pilot status {NASTY}"),
            ("priya", f"/pilot {NASTY} now?"), ("priya", f"/pilot help {NASTY}"), ("priya", f"/pilot list {NASTY}"),
            ("priya", f"/pilot item {NASTY}"), ("priya", f"/pilot plan w1-05 {NASTY}"),
            ("priya", f"/pilot assign w1-05 {NASTY[28:]}"), ("priya", f"/pilot pause {NASTY}"),
            ("priya", "/pilot done w1-05 x"), ("priya", "/pilot resume"), ("priya", f"/pilot stop {NASTY}")):
        answer = await world.type(who, line, HERE)
        assert answer, line
        assert "Something broke" not in answer, line
    await world.sandbox.open_home("jonas")
    await world.settle()

    sent = everything_sent(world)
    markup = markup_of(sent)
    assert "&lt;!channel&gt; ∗Big∗ &lt;@U0MARTA00&gt;" in markup  # it is there, as letters
    assert markup.count("&lt;!channel&gt;") > 40
    assert "<!channel" not in markup
    assert ONES_OWN.findall(markup) == []
    assert "<@U0MARTA00>" not in markup
    assert "`code`" not in markup
    outside_code = re.sub(r"`[^`\n]*`", "", markup)
    assert re.findall(r"^.*(?:\*bold\*|_it_|~no~).*$|^&gt;.*$", outside_code, re.MULTILINE) == []
    texts = [str(message["text"]) for message in sent if "text" in message]
    assert [text for text in texts if re.search("<[!@#h]", text)] == []  # what notifications and old clients show
    assert "<!channel> ∗Big∗ <@U0MARTA00>" in world.last(HERE).plain  # and people read what was typed
    entry = next(each for each in await trail(world, "<!channel> *Big* <@U0MARTA00>") if each.what == "item done")
    assert entry.after["evidence"] == f"> {NASTY.replace('<https://evil.example|safe>', 'https://evil.example')}"


async def test_emoji_and_right_to_left_names_work_like_any_other(world: World) -> None:
    assert await register(world, name="🚀 Rocket", purpose="Faster 🚀🚀 than ever") == {}
    assert await register(world, name="فرز المطالبات", purpose="فرز المطالبات الواردة",
                          channel="C0INVOICE") == {}
    assert "🚀 Rocket starts" in world.last(HERE).plain
    assert "فرز المطالبات الواردة" in world.last("invoice-match").plain
    for said, name in (("🚀 rocket", "🚀 Rocket"), ("rocket", "🚀 Rocket"), ("فرز", "فرز المطالبات")):
        assert (await world.type("alex", f"/pilot status {said}")).startswith(f"*{name} · Intake"), said
    assert "✓ done" in await world.type("priya", "/pilot done w1-02 ✅ محضر الاجتماع 👍🏽", HERE)
    assert (await item_of(world, "W1-02", "🚀 Rocket")).evidence == "✅ محضر الاجتماع 👍🏽"
    errors = await not_registered(world, name="🚀🚀🚀")
    assert errors == {"name": "Give it a name that people can say and type, such as Claims triage."}
    await refused(world, "alex", "/pilot 💥", "I know no pilot called “💥”", "`/pilot list`", channel="general")


async def test_signs_that_nobody_sees_are_not_kept(world: World) -> None:
    hidden = "Cla\u200bims\u202e tri\x00age\u2066"
    assert await register(world, name=hidden, purpose="Sort\x00 in\u202ecoming claims") == {}
    pilot = await pilot_called(world)
    assert (pilot.name, pilot.purpose) == ("Claims triage", "Sort incoming claims")
    errors = await not_registered(world, name="Claims\u2060 triage")
    assert "There is a pilot called Claims triage already (active)" in errors["name"]
    await world.type("priya", "/pilot done w1-02 min\x00utes\u202e in the wiki", HERE)
    assert (await item_of(world, "W1-02")).evidence == "minutes in the wiki"


async def test_ten_thousand_characters_are_refused_with_what_to_do(world: World) -> None:
    await world.new_pilot(**EVERYONE)
    flood = "z" * 10_000
    for line in (f"/pilot {flood}", f"/pilot new {flood}", f"/pilot status {flood}", f"/pilot done w1-02 {flood}",
                 f"/pilot pause {flood}", f"/pilot assign w1-02 @{flood}", "/pilot " + "a b " * 2500):
        await refused(world, "priya", line, "characters, I read up to 3,000 at once", "give me its link")
    await refused(world, "priya", "/pilot done w1-02 " + "z" * 2500, "That evidence has 2,500 characters; I keep at most 2,000",
                  "give me the link")
    for line in ("/pilot due w1-02 fri", "/pilot na w1-09", "/pilot pause", "/pilot block w1-05"):
        await refused(world, "priya", f"{line} {'z' * 2500}", "That reason has 2,500 characters", "give me the link")
    await refused(world, "priya", "/pilot brief legal asks " + "z" * 250, "too long for one ask", "under 200 characters")
    await refused(world, "priya", "/pilot status " + "q" * 2900, "I know no pilot called “qqq", "`/pilot list`")
    longest = "y" * 2000
    assert "✓ done" in await world.type("priya", f"/pilot done w1-02 {longest}", HERE)
    assert (await item_of(world, "W1-02")).evidence == longest
    assert "yyy" in await world.type("priya", "/pilot history", HERE)


async def test_a_form_that_slack_let_through_too_long_is_refused_by_field(world: World) -> None:
    """Slack's own client stops at the limit; whoever sends the form past it is stopped here."""
    await world.sandbox.slash("priya", HERE, "/pilot new " + "n" * 200)
    form = world.sandbox.modal("priya")
    assert form is not None
    name = next(block["element"] for block in form.blocks if block["block_id"] == "name")
    assert len(name["initial_value"]) == name["max_length"] == 80
    for block in form.blocks:
        if block.get("element", {}).get("type") == "plain_text_input":
            block["element"]["max_length"] = 20_000
    before = await kept(world)
    errors = await world.submit("priya", name="n" * 10_000, purpose="p" * 10_000, sponsor="U0MARTA00",
                                channel="C0CLAIMS0")
    assert errors == {"name": "Keep the name under 80 characters; this has 10,000.",
                      "purpose": "Keep it to one line; this has 10,000 characters."}
    assert await kept(world) == before


@pytest.mark.parametrize("who", ["priya"])
async def test_past_and_absurd_dates_are_refused_with_one_that_would_do(world: World, who: str) -> None:
    await world.new_pilot(**EVERYONE)
    for line, why, instead in (
            ("/pilot plan w1-05 yesterday", "Sun 22 Nov is in the past", "`/pilot plan W1-05 fri`"),
            ("/pilot plan w1-05 20 nov", "Fri 20 Nov is in the past", "`/pilot plan W1-05 fri`"),
            ("/pilot due w1-05 2026-11-01 x", "Sun 1 Nov is in the past", "`/pilot due W1-05 fri reason`"),
            ("/pilot due w1-05 2036-11-01 x", "more than two years away", "`/pilot due W1-05 fri reason`"),
            ("/pilot due w1-05 9999-12-31 x", "the year must be from 2000 to 2099", "`2026-11-25`"),
            ("/pilot due w1-05 2026-13-45 x", "there is no month 13", "`2026-11-25`"),
            ("/pilot plan w1-05 31 feb", "“31 feb” is not a date", "`25 nov`"),
            ("/pilot plan w1-05 0000-00-00", "the year must be from 2000 to 2099", "`2026-11-25`"),
            ("/pilot plan w1-05 +99999999999d", "more than ten years away", "`25 nov`"),
            ("/pilot plan w1-05 +5000d", "more than ten years away", "`25 nov`"),
            ("/pilot plan w1-05 in 400 weeks", "more than two years away", "`/pilot plan W1-05 fri`"),
            ("/pilot brief legal slot 20 nov 10:00", "Fri 20 Nov is in the past", "`/pilot brief legal slot fri 14:00`"),
            ("/pilot brief legal slot today 06:00", "That hour has passed already", "`fri 14:00`"),
            ("/pilot brief legal slot 2099-01-01 10:00", "more than two years away", "`/pilot brief legal slot fri 14:00`"),
            ("/pilot quiet until 9999-12-31", "the year must be from 2000 to 2099", "`2026-11-25`")):
        await refused(world, who, line, why, instead)


async def test_ids_that_no_row_can_have_are_unknown_not_a_fault(world: World) -> None:
    await world.new_pilot()
    huge = "9" * 40
    for line in (f"/pilot item i:{huge}", f"/pilot status p:{huge}", "/pilot item i:999999999999999999",
                 "/pilot status p:999999999999999999", f"/pilot item W1-{huge}", "/pilot item i:-1", "/pilot status %",
                 "/pilot status _", "/pilot status \\", "/pilot item _", "/pilot status '; drop table pilot; --"):
        await refused(world, "priya", line, "`/pilot ", channel=HERE)
    assert "IN-08 · Budget 60% of cost" in await world.type("priya", "/pilot item %", HERE)  # a letter like any other
    assert await count(world, Pilot) == 1


async def test_a_name_that_is_taken_is_refused_however_it_is_written(world: World) -> None:
    await world.new_pilot()
    for name in ("Claims triage", "claims TRIAGE", "  Claims   triage ", "CLAIMS\u00a0TRIAGE"):
        errors = await not_registered(world, name=name)
        assert errors == {"name": "There is a pilot called Claims triage already (active). Choose another name, or "
                                  "`/pilot status Claims triage` to see that one."}, name
    assert (await count(world, Pilot), await count(world, Item)) == (1, 50)


async def test_a_kickoff_is_within_a_year(world: World) -> None:
    for day, why in (("2020-01-01", "That is over a year ago. For a pilot that runs already, give the day from which you "
                                    "want to track it."),
                     ("2036-01-01", "That is over a year away. Register it when it is nearer; a plan so far off only ages.")):
        assert await not_registered(world, kickoff=day) == {"kickoff": why}
    assert await count(world, Pilot) == 0


async def test_a_pilot_registered_late_does_not_begin_with_a_wall_of_red(world: World) -> None:
    assert await register(world, kickoff="2026-09-01") == {}
    items = (await items_of(world)).values()
    dated = [item for item in items if item.due_on is not None]
    assert len(dated) == 18
    assert {item.due_on for item in dated} == {date(2026, 11, 25)}  # two working days from Monday
    assert (await pilot_called(world)).late_start
    assert "so that nobody starts with a wall of red" in world.last(HERE).plain
    assert "no items late" in await world.type("priya", "/pilot items overdue", HERE)
    assert "Late start: dates that had passed when it was registered were moved" in await world.type("priya", "/pilot status", HERE)
    assert all(item.state is ItemState.OPEN for item in items)
