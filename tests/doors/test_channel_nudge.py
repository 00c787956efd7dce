"""The nudge in a pilot's channel at the door: set, shown, pressed on, from the signed request to what people see."""

from datetime import date

import pytest
from sqlalchemy import select

from handlers.pilots import rhythm
from storage.models import AuditEntry
from storage.nudging import Told
from tests.doors.hands import (
    FEW,
    ROOM,
    Wire,
    buttons,
    fill,
    forge,
    forge_form,
    give,
    item,
    newest,
    pilot,
    press,
    rows,
    settle_gate,
    sweep,
    trail,
    whispered,
)
from tests.doors.steps import kept
from tests.world import World

SET = "channel nudge set"


async def nudge(world: World, line: str, who: str = "priya", channel: str = ROOM) -> str:
    return await world.type(who, f"/pilot channel-nudge {line}".strip(), channel)


async def test_the_present_setting_is_shown_with_when_the_next_comes(world: World) -> None:
    await world.new_pilot(**FEW)
    said = await nudge(world, "")
    for part in ("Claims triage: the nudge in #claims-triage", "each working morning at 09:30",
                 "Monday and Thursday at 09:30", "Europe/London", "never for being late",
                 "roles nobody has, briefings not held yet, what is due this week and what is late, by role",
                 "if something waits then"):
        assert part in said, said
    assert {"nudging:1", "nudgeset:1:off"} <= set(buttons(newest(world, "priya", ROOM, "nudging:1")))
    said = await nudge(world, "claims triage", who="sam", channel="general")
    assert "each working morning" in said
    assert not [value for value in buttons(world.last("general", "sam")) if value.startswith("nudg")]


async def test_it_is_set_in_the_words_people_use_and_kept_for_the_record(world: World) -> None:
    await world.new_pilot(**FEW)
    said = await nudge(world, "weekdays in week one, mon and thu later at 10am, new york time, role only, without late")
    assert "10:00" in said
    assert "America/New_York" in said
    row = await pilot(world)
    assert (row.nudge_later, row.nudge_time, row.zone, row.country, row.nudge_mention, row.nudge_content) == (
        "mon,thu", "10:00", "America/New_York", "US", "role", "roles,briefings,due")
    assert row.nudge_at == rhythm.next_look(row, world.clock())
    [entry] = [each for each in await rows(world, select(AuditEntry).order_by(AuditEntry.seq)) if each.what == SET]
    assert entry.before == {"time": "09:30", "zone": "Europe/London", "owners_by": "mention",
                            "shows": ["roles", "briefings", "due", "late"]}
    assert entry.after == {"time": "10:00", "zone": "America/New_York", "owners_by": "role",
                           "shows": ["roles", "briefings", "due"]}
    assert "changed the channel's nudge" in await world.type("priya", "/pilot history", ROOM)
    await nudge(world, "role only")                # as it is: nothing to write down
    assert [what for what, _, _ in await trail(world)].count(SET) == 1


@pytest.mark.parametrize(("line", "says"), [
    ("foo", "I do not know `foo` here"), ("mon 3am", "too early or too late"), ("sat", "Saturday is not worked"),
    ("late", "`without late`"), ("berlin", "say `berlin time`"), ("without roles briefings due late", "Keep one of"),
    ("nowhere triage off", "A pilot's name comes first"), ("off claims triage", "I do not know `claims` here"),
    ('"claims triage" <!channel>', "I do not know"), ("mon " * 200, "")])
async def test_a_wrong_line_is_refused_and_changes_nothing(world: World, line: str, says: str) -> None:
    await world.new_pilot(**FEW)
    before = await kept(world)
    said = await nudge(world, line)
    assert says in said
    assert "broke on my side" not in said
    if says:
        assert await kept(world) == before


async def test_off_silences_the_channel_and_on_brings_it_back_as_it_was(world: World) -> None:
    await world.new_pilot(**FEW)
    await nudge(world, "only briefings, names")
    said = await nudge(world, "off")
    assert "the nudge in #claims-triage is off" in said
    assert "not until it is turned on" in said
    assert (await pilot(world)).nudge_at is None
    before = world.all_text(ROOM)
    await sweep(world, 24)
    assert world.all_text(ROOM) == before
    await press(world, "priya", "nudgeset:1:on")
    row = await pilot(world)
    assert (row.nudge_content, row.nudge_mention) == ("briefings", "name")
    assert row.nudge_at is not None
    await sweep(world, 25)
    assert "briefings to hold" in world.last(ROOM).plain


async def test_how_owners_are_named_is_chosen_at_once(world: World) -> None:
    await world.new_pilot(**FEW)
    await nudge(world, "")
    message = newest(world, "priya", ROOM, "nudging:1")
    answer = await world.sandbox.press("priya", channel=ROOM, ts=message.ts, label="Naming of owners",
                                       pick="Their role only")
    assert answer.error is None, answer
    await world.settle()
    assert (await pilot(world)).nudge_mention == "role"
    assert "not named, only their role" in world.last(ROOM, "priya").plain


async def test_the_form_says_at_each_field_what_is_wrong_and_keeps_the_rest(world: World) -> None:
    await world.new_pilot(**FEW)
    await nudge(world, "")
    await press(world, "priya", "nudging:1")
    for field, said, fields in (
            ("zone", "Type a city such as Berlin", {"zone": "Atlantis"}),
            ("at", "too early or too late", {"zone": "berlin", "at": "03:00"}),
            ("parts", "Keep one of roles", {"at": "10:15", "parts": []}),
            ("later", "Sunday is not worked", {"parts": ["due", "late"], "later": ["0", "6"]})):
        errors = await fill(world, "priya", **fields)
        assert errors and list(errors) == [field], errors
        assert said in errors[field]
    assert [what for what, _, _ in await trail(world)].count(SET) == 0
    assert await fill(world, "priya", later=["0", "2"], week_one=[], naming="name") is None
    row = await pilot(world)
    assert (row.nudge_week_one, row.nudge_later, row.nudge_time, row.nudge_mention, row.nudge_content) == (
        "", "mon,wed", "10:15", "name", "due,late")
    assert (await trail(world))[-1] == (SET, "", "priya")


async def test_who_may_not_set_it_is_told_who_can(world: World) -> None:
    await world.new_pilot(**FEW)
    before = await kept(world)
    for said in (await nudge(world, "off", who="sam"), await forge(world, "sam", "nudgeset:1:off"),
                 await forge(world, "sam", "nudging:1"),
                 await forge_form(world, "sam", "nudging:1", zone="Atlantis")):
        assert "Only the pilot lead, the sponsor or an admin" in said, said
    assert await kept(world) == before


@pytest.mark.parametrize("value", ["nudgeset:1:loud", "nudgeset:1", "nudgeset:x:on", "nudgeset:99:on", "nudging:99",
                                   "nudging:", "onit:", "onit:x", "onit:999999"])
async def test_a_forged_press_breaks_nothing(world: World, value: str) -> None:
    await world.new_pilot(**FEW)
    before = await kept(world)
    said = await forge(world, "priya", value)
    assert "broke on my side" not in said
    assert said
    assert await kept(world) == before


async def test_a_stopped_pilots_nudge_can_be_seen_and_not_set(world: World) -> None:
    await world.new_pilot(**FEW)
    await world.type("priya", "/pilot stop no budget", ROOM)
    assert "never, the pilot was stopped" in await nudge(world, "")
    assert "was stopped" in await nudge(world, "off")


# ---- on it -------------------------------------------------------------------------------------------------


async def nudged(world: World) -> int:
    """Sam's interface list is due today, and the channel's nudge is posted."""
    await world.new_pilot(**FEW, kickoff=date(2026, 11, 23))
    await settle_gate(world, "week_one", world.clock())
    await give(world, "sam", ["W1-06"], date(2026, 11, 24))
    await sweep(world, 24)
    number: int = (await item(world, "W1-06")).id
    newest(world, "sam", ROOM, f"onit:{number}")
    return number


async def test_on_it_tells_the_others_and_counts_as_activity(world: World) -> None:
    number = await nudged(world)
    at = world.clock()
    said = await whispered(world, "sam", press(world, "sam", f"onit:{number}"))
    assert "broke" not in said
    row = await item(world, "W1-06")
    assert (row.on_it_by, row.active_at) == (f"slack:{world.sandbox.user_id('sam')}", row.on_it_at)
    assert row.on_it_at is not None
    assert row.on_it_at >= at
    assert (await trail(world))[-1] == ("item on it", "W1-06", "sam")
    since = f"{world.clock():%H}"
    card = newest(world, "jonas", ROOM, f"onit:{number}")
    assert "Sam Okafor is on it since 09:" in card.plain, since
    assert "Sam Okafor is on it since 09:" in await world.type("priya", "/pilot item w1-06", ROOM)
    assert "Sam Okafor is on it since" in await world.type("priya", "/pilot items", ROOM)


async def test_somebody_else_is_told_who_is_on_it_and_may_join_or_take_over(world: World) -> None:
    number = await nudged(world)
    await press(world, "sam", f"onit:{number}")
    said = await whispered(world, "jonas", press(world, "jonas", f"onit:{number}"))
    assert "Sam Okafor is on W1-06 since" in said
    assert [what for what, _, _ in await trail(world)].count("item on it") == 1
    await press(world, "jonas", f"run:/pilot on-it i:{number} join")
    assert (await trail(world))[-1] == ("item joined", "W1-06", "jonas")
    assert "Sam Okafor and Jonas Brandt are on it since" in newest(world, "sam", ROOM, f"onit:{number}").plain
    said = await whispered(world, "marta", press(world, "marta", f"onit:{number}"))
    assert "Join in, or take it over?" in said
    await press(world, "marta", f"run:/pilot on-it i:{number} take")
    assert (await item(world, "W1-06")).on_it_by == f"slack:{world.sandbox.user_id('marta')}"
    card = newest(world, "sam", ROOM, f"onit:{number}").plain
    assert "Marta Keller is on it since" in card
    assert "Jonas" not in card.partition("is on it")[0].rpartition("·")[2]
    assert "You are on W1-06" in await whispered(world, "marta", press(world, "marta", f"onit:{number}"))
    await world.type("marta", "/pilot on-it W1-06 leave", ROOM)
    assert (await item(world, "W1-06")).on_it_by is None
    assert (await trail(world))[-1] == ("item left", "W1-06", "marta")
    assert "You are not on W1-06" in await world.type("marta", "/pilot on-it W1-06 leave", ROOM)


@pytest.mark.parametrize("line", ["/pilot done W1-06 in the wiki", "/pilot assign W1-06 @jonas",
                                  "/pilot block W1-06 by @omar CRM access", "/pilot na W1-06 not needed",
                                  "/pilot team engineering @omar"])
async def test_what_settles_an_item_clears_who_is_on_it(world: World, line: str) -> None:
    number = await nudged(world)
    await press(world, "sam", f"onit:{number}")
    await world.type("priya", line, ROOM)
    row = await item(world, "W1-06")
    assert (row.on_it_by, row.on_it_at) == (None, None)


async def test_who_is_not_of_the_team_is_told_who_is(world: World) -> None:
    number = await nudged(world)
    before = await kept(world)
    said = await whispered(world, "tom", press(world, "tom", f"onit:{number}"))
    assert "Only the owner, anyone in the pilot's team or an admin can say that they are on this" in said
    assert await kept(world) == before


async def test_a_closed_item_and_a_paused_pilot_have_nobody_on_them(world: World) -> None:
    number = await nudged(world)
    await world.type("sam", "/pilot done W1-06 in the wiki", ROOM)
    assert "W1-06 is done already" in await forge(world, "sam", f"onit:{number}")
    await world.type("priya", "/pilot pause budget round", ROOM)
    assert "is paused" in await world.type("sam", "/pilot on-it W1-06", ROOM)


async def test_the_same_press_twice_says_it_once(world: World) -> None:
    number = await nudged(world)
    wire = Wire(world)
    await press(world, "sam", f"onit:{number}")
    assert (await wire.again("block_actions")).status_code == 200
    await world.settle()
    assert [what for what, _, _ in await trail(world)].count("item on it") == 1


# ---- a week in the channel ---------------------------------------------------------------------------------


async def test_one_card_at_a_time_is_whole_in_the_channel(world: World) -> None:
    await world.new_pilot(**FEW, kickoff=date(2026, 11, 23))
    for day in (24, 25, 26):
        await sweep(world, day)
    said = [message.plain for message in world.sandbox.shown(ROOM) if "open items" in message.buttons
            or "Newer nudge below" in message.plain or "All open items" in message.buttons]
    assert len(said) == 3
    assert [each.partition(":")[0] for each in said[:2]] == ["Tue 24 Nov", "Wed 25 Nov"]
    assert all("done. Newer nudge below." in each for each in said[:2])
    assert "briefings to hold" in said[-1]


async def test_who_is_mentioned_in_the_channel_is_so_by_the_row_that_says_it(world: World) -> None:
    number = await nudged(world)
    card = newest(world, "sam", ROOM, f"onit:{number}")
    assert f"<@{world.sandbox.user_id('sam')}>" in str(card.blocks)
    told = await rows(world, select(Told).where(Told.item_id == number, Told.step == "channel"))
    assert [row.person_id for row in told] == [f"slack:{world.sandbox.user_id('sam')}"]


async def test_the_digest_leaves_out_what_its_reader_was_mentioned_for_in_the_channel(world: World) -> None:
    await world.new_pilot(**FEW, kickoff=date(2026, 11, 23))
    await settle_gate(world, "week_one", world.clock())
    await give(world, "sam", ["W1-06"], date(2026, 11, 24))
    await give(world, "sam", ["W1-05"], date(2026, 11, 25))
    await sweep(world, 24)
    in_channel, digest = world.last(ROOM), world.last(world.sandbox.dm_id("sam"))
    title = {ref: (await item(world, ref)).title for ref in ("W1-05", "W1-06")}
    assert f"<@{world.sandbox.user_id('sam')}> · due today" in str(in_channel.blocks)
    assert title["W1-06"] in in_channel.plain
    assert title["W1-05"] in digest.plain
    assert title["W1-06"] not in digest.plain
