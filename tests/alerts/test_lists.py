"""`/alerts`: what is open, worst first, and what is done about it by number, title or button."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from handlers.alerts import exports
from handlers.alerts.storms import is_to_be_listed
from handlers.chat.errors import Refused
from handlers.commands.alert_words import Asked, filter_like, read_filters
from handlers.commands.verbs import find_verb
from handlers.slack.links import permalinks
from storage import alerts
from storage.alerting import Alert, AlertState
from storage.outbox import Promise, promise
from tests.alerts.stage import OPS, am, one, send, sent, settled, source
from tests.alerts.test_lifetime import cards
from tests.doors.steps import refused
from tests.rules.make import NOW
from tests.world import EVERYONE, TEAM, World

HERE = "claims-triage"


async def some(world: World) -> None:
    """A warning of nobody's, one of Claims triage, and a critical one of nobody's."""
    await world.new_pilot(**EVERYONE)
    await source(world)
    for each in (one("FeatureDrift", model="churn", summary="tenure drifted"),
                 one("Latency", pilot="Claims triage", model="claims", summary="p95 over 2 s"),
                 one("Down", severity="critical", summary="the model does not answer")):
        await send(world, am(each))
        world.clock.advance(seconds=1)
    await settled(world)


EXAMPLES = ("/alerts", "/alerts claims triage", "/alerts mine", "/alerts critical", "/alerts name:FeatureDrift model:churn",
            "/alerts all", "/alerts show 12", "/alerts show tenure drifted", "/alerts take 12", "/alerts take tenure drifted",
            "/alerts ack 12", "/alerts ack all", "/alerts resolve 12", "/alerts stats", "/alerts stats claims triage 7d",
            "/alerts help take")
"""Each is typed below, with a number that there is."""


def test_no_example_of_alerts_is_left_out_here() -> None:
    mine = ("", "show", "take", "ack", "resolve", "stats", "help")
    assert {line for name in mine for line in find_verb("/alerts", name).examples} == set(EXAMPLES)  # type: ignore[union-attr]


def before(first: str, second: str, text: str) -> bool:
    return 0 <= text.find(first) < text.find(second)


def answer(world: World, room: str) -> Any:
    """What Tom alone sees in a room, the newest."""
    return [each for each in world.sandbox.shown(room, "tom") if each.ephemeral_for][-1]


async def test_what_is_open_is_listed_and_dealt_with_by_whoever_looks(ops: World) -> None:
    await some(ops)
    assert "Sam Okafor took it on" in await ops.type("sam", "/alerts ack 1")
    listed = await ops.type("tom", "/alerts")
    assert listed.startswith("*3 alerts are open: 1 critical, 2 warning*")
    assert before("the model does not answer", "p95 over 2 s", listed)
    assert "✓ Sam Okafor is on it" in listed
    assert "`2` · Latency · model=claims · since" in listed
    assert "Claims triage · Open in channel · *nobody is on it*, for" in listed

    at_home = await ops.type("tom", "/alerts", HERE)
    assert before("p95 over 2 s", "the model does not answer", at_home), "what belongs here comes first"
    assert before("Warning, here", "Critical, elsewhere", at_home)

    # Filters, alone and together.
    assert "1 alert is open with you on it" in await ops.type("sam", "/alerts mine")
    assert "No alert is open with you on it" in await ops.type("tom", "/alerts mine")
    assert "1 alert is open of severity critical" in await ops.type("tom", "/alerts critical")
    assert "2 alerts are open with nobody on it" in await ops.type("tom", "/alerts untaken")
    assert "tenure" in await ops.type("tom", "/alerts name:FeatureDrift model:churn")
    named = await ops.type("tom", "/alerts name:featuredrift model:CHURN")
    assert "1 alert is open with name:featuredrift model:CHURN" in named
    assert "tenure drifted" in named
    assert "No alert is open with model:other" in await ops.type("tom", "/alerts model:other")
    assert "1 alert is open of Claims triage" in await ops.type("tom", "/alerts claims triage")
    assert "No alert is open of Claims triage with you on it" in await ops.type("tom", "/alerts claims mine")

    # One of them, by number and by a part of its title that only one has.
    shown = await ops.type("tom", "/alerts show tenure drifted")
    assert "Alert `1`" in shown
    assert "it began, as warning now" in shown
    assert await ops.type("tom", "/alerts show #1") == shown
    assert "Tom Weber took it over" in await ops.type("tom", "/alerts take tenure drifted")
    assert "✓ Tom Weber is on it" in next(card for card in cards(ops) if "tenure" in card)
    await refused(ops, "tom", "/alerts take 1", "You are on it already")
    await refused(ops, "sam", "/alerts ack 1", "Tom Weber is on this already. Take it over?")
    assert "Sam Okafor took it over" in await ops.type("sam", "/alerts take 1")
    assert "✓ Resolved after" in await ops.type("sam", "/alerts resolve 1")
    await refused(ops, "sam", "/alerts resolve 1", "This alert is over already")
    await refused(ops, "omar", "/alerts resolve 99", "That alert is not in my books any more")

    # What ended of late is in it where that is asked for, at the end.
    assert "tenure" not in await ops.type("tom", "/alerts")
    everything = await ops.type("tom", "/alerts all")
    assert "2 alerts are open: 1 critical, 1 warning; 1 ended in the last 24 hours" in everything
    assert before("p95", "✓ *tenure drifted*", everything)

    # What cannot be read, or does not fit, is answered with what would.
    await refused(ops, "tom", "/alerts tkae 2", "I do not know `tkae`. Did you mean `take 2`?")
    await refused(ops, "tom", "/alerts take", "Say which alert: `/alerts take ID`, for example `/alerts take 12`")
    await refused(ops, "tom", "/alerts zebra", "I know no pilot called “zebra”")
    await refused(ops, "tom", "/alerts opne", "no pilot called “opne”. Did you mean `/alerts open`?", "`/pilot list`")
    await refused(ops, "tom", "/alerts critical eror", "Did you mean `/alerts error`?")
    await refused(ops, "tom", "/alerts mine mien", "Did you mean `/alerts mine`?")
    await refused(ops, "tom", "/alerts mine crtiical", "Did you mean `/alerts critical mine`?")
    await refused(ops, "tom", "/alerts unaknowledged", "Did you mean `/alerts untaken`?")
    await refused(ops, "tom", "/alerts show zebra", "No alert has “zebra” in its title")
    await refused(ops, "tom", "/alerts show e", "fits several alerts. Which?")
    await refused(ops, "tom", "/alerts critical info", "One severity at a time")
    await refused(ops, "tom", "/alerts severity:red", "I do not know the severity `red`")
    await refused(ops, "tom", f"/alerts show {'9' * 15}", "not in my books")
    await refused(ops, "tom", f"/alerts show {'9' * 40}", "No alert has")
    assert "What you can say with /alerts" in await ops.type("tom", "/alerts help")
    assert "Take an alert on" in await ops.type("tom", "/alerts help take")


async def test_a_press_in_the_list_takes_one_on_and_shows_the_list_as_it_stands_then(ops: World) -> None:
    await some(ops)
    await ops.type("tom", "/alerts", HERE)
    listed = answer(ops, HERE)
    assert (await ops.sandbox.press("tom", channel=HERE, ts=listed.ts, action_id="gc.run.0")).error is None
    await ops.settle()
    again = answer(ops, HERE)
    assert "3 alerts are open" in again.plain, "the list stands where it stood"
    assert "✓ Tom Weber is on it" in again.plain
    await ops.press("tom", "Statistics", HERE, again.ts)
    assert "Alerts of the last 30 days" in answer(ops, HERE).plain


async def test_all_of_a_channel_are_taken_on_only_after_a_question_and_no_others(ops: World) -> None:
    await some(ops)
    await refused(ops, "tom", "/alerts ack all", "All of which channel?", channel="dm")
    await ops.type("tom", "/alerts ack all", HERE)
    asked = answer(ops, HERE)
    assert "1 alert of Claims triage has nobody on it" in asked.plain
    await ops.press("tom", "Acknowledge 1 alert", HERE, asked.ts)
    assert "You are on 1 alert now" in answer(ops, HERE).plain
    assert "✓ *Tom Weber* is on it" in ops.all_text(HERE)
    assert not any("Tom Weber" in card for card in cards(ops)), "those of other channels wait still"
    assert "No alert of Claims triage waits for somebody" in await ops.type("tom", "/alerts ack all", HERE)
    await ops.type("tom", "/alerts ack all", OPS)
    await ops.press("tom", "Acknowledge 2 alerts", OPS, answer(ops, OPS).ts)
    assert all("✓ Tom Weber is on it" in card for card in cards(ops))


async def test_a_storm_is_one_line_its_members_a_list_and_all_of_them_a_file(ops: World) -> None:
    await source(ops)
    await sent(ops, am(*(one(f"Rule{n}", summary=f"=rule {n}, \"{n}\"") for n in range(40))))
    storm = next(each for each in ops.sandbox.shown(OPS) if "Storm" in each.plain)
    [file] = [file for each in ops.sandbox.shown(OPS) if each.thread_ts == storm.ts for file in each.files]
    rows = list(csv.DictReader(io.StringIO(content(ops, file).removeprefix("\ufeff"))))
    assert len(rows) == 34
    assert set(rows[0]) == set(exports.HEADER)
    assert rows[0]["title"].startswith("'=rule"), "a spreadsheet calculates nothing of it"
    assert "34" in file.name

    listed = await ops.type("tom", "/alerts")
    assert "Storm: 34 alerts*, 34 firing" in listed
    assert listed.count("Rule") < 20, "members are not listed beside their storm"
    await ops.press("tom", "Show them", OPS, storm.ts)
    card = answer(ops, OPS).plain
    assert "Storm: 34 alerts, 34 firing" in card
    assert "*Rule10*: 1 firing of 1" in card
    assert card.count("=rule") == 20
    await ops.press("tom", "More ▶", OPS, answer(ops, OPS).ts)
    assert answer(ops, OPS).plain.count("=rule") == 14

    # More of it: no second file until it is ten times as large, unless somebody asks.
    await sent(ops, am(*(one(f"Rule{n}") for n in range(40, 60))))
    assert len(files(ops, storm)) == 1
    await ops.press("tom", "Post the complete list", OPS, answer(ops, OPS).ts)
    assert len(files(ops, storm)) == 2
    assert "54" in files(ops, storm)[1].name

    # One of them has a message of its own by now, in somebody's direct messages.
    member = 25
    async with ops.parts.store.begin() as session:
        await promise(session, TEAM, [Promise(f"slack:{ops.sandbox.user_id('ravi')}", alerts.CARD, member)], [], ops.clock())
    await settled(ops)
    dm = ops.sandbox.dm_id("ravi")
    assert "is on it" not in ops.all_text(dm)
    await ops.press("sam", "Acknowledge all", OPS, storm.ts)
    async with ops.parts.store.reading() as session:
        found = await alerts.members_of(session, TEAM, (await alerts.one(session, TEAM, member)).storm_id, limit=99)  # type: ignore[union-attr,arg-type]
    assert {each.state for each in found} == {AlertState.ACKED}
    assert {each.acked_by for each in found} == {f"slack:{ops.sandbox.user_id('sam')}"}
    assert "✓ *Sam Okafor* is on it" in ops.all_text(dm)
    assert "the complete list was put into the thread" in await ops.type("sam", f"/alerts show {found[0].storm_id}")
    assert "Sam Okafor took its storm on" in await ops.type("sam", "/alerts show 25")
    await refused(ops, "sam", f"/alerts resolve {found[0].storm_id}", "A storm is over once each of its alerts is")


def files(world: World, head: Any) -> list[Any]:
    return [file for each in world.sandbox.shown(OPS) if each.thread_ts == head.ts for file in each.files]


def content(world: World, file: Any) -> str:
    return world.sandbox.workspace.files[file.id].content.decode()


# ---- pure ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "asked"), [
    ("", Asked()),
    ("open", Asked()),
    ("mine critical", Asked(("mine", "critical"))),
    ("claims triage open", Asked(pilot="claims triage")),
    ("for the claims triage", Asked(pilot="claims triage")),
    ("all <#C1>", Asked(("all",), pilot="<#C1>")),
    ("p:12 unacked page 3", Asked(("untaken",), page=2, pilot="p:12")),
    ('name:"Feature Drift" model=churn', Asked(labels={"name": "Feature Drift", "model": "churn"})),
    ("alertname:X sev:crit", Asked(("critical",), {"name": "X"})),
    ("page x", Asked(pilot="page x")),
    ("page 99999", Asked(pilot="page 99999")),
    (":: , .", Asked()),
])
def test_filters_stand_in_any_order_and_the_rest_names_a_pilot(line: str, asked: Asked) -> None:
    assert read_filters(line) == asked


@pytest.mark.parametrize(("word", "filter_"), [
    ("opne", "open"), ("opens", "open"), ("critcal", "critical"), ("unackd", "untaken"), ("erors", "error"), ("fireing", "open"),
    ("all", None), ("alk", None), ("zebra", None), ("claims", None), ("wire", None), ("💥", None), ("", None), ("o" * 3000, None),
])
def test_a_slip_of_a_filter_is_known_and_a_name_is_not_taken_for_one(word: str, filter_: str | None) -> None:
    assert filter_like(word) == filter_


@pytest.mark.parametrize("line", ["mine critical", 'name:"Feature Drift" model:churn', "p:12 all", "claims triage untaken"])
def test_a_button_to_the_next_page_asks_the_same(line: str) -> None:
    asked = read_filters(line)
    again = read_filters(asked.line(page=4))
    assert (again.words, again.labels, again.pilot, again.page) == (asked.words, asked.labels, asked.pilot, 4)


def test_two_severities_are_refused_with_each_as_a_choice() -> None:
    with pytest.raises(Refused) as refusal:
        read_filters("critical warning")
    assert [line for _, line in refusal.value.choices] == ["/alerts critical", "/alerts warning"]


async def test_a_storm_that_grows_before_its_list_is_shown_is_listed_once(ops: World) -> None:
    await source(ops)
    await send(ops, am(*(one(f"Rule{n}") for n in range(12))))
    await send(ops, am(*(one(f"Rule{n}") for n in range(12, 60))))
    await settled(ops)
    [storm] = [each for each in ops.sandbox.shown(OPS) if "Storm" in each.plain]
    [file] = files(ops, storm)
    assert "54" in file.name


def test_a_storm_is_listed_once_and_again_each_time_it_grew_tenfold() -> None:
    storm = Alert(workspace_id=TEAM, key="k", source="", name="storm", title="", severity="warning", rank=2, room=OPS,
                  opened_at=NOW, changed_at=NOW, is_storm=True)
    due = []
    for total in (0, 3, 29, 30, 299, 300, 301, 5000):
        storm.total = total
        if is_to_be_listed(storm):
            due.append(total)
    assert due == [3, 30, 300, 5000]


def test_a_row_of_the_list_is_text_to_a_spreadsheet_whatever_it_says() -> None:
    row = (1, "+Rule", "a\n\"b\",c", "info", AlertState.RESOLVED, NOW, NOW + timedelta(hours=1), {"z": "1", "=a": "-2"})
    [read] = csv.reader(io.StringIO(exports.rows([row])))
    assert read == ["1", "'+Rule", "a\n\"b\",c", "info", "resolved", NOW.isoformat(), (NOW + timedelta(hours=1)).isoformat(),
                    "'=a=-2 z=1"]


def test_a_messages_address_is_made_without_asking() -> None:
    link = permalinks("https://northwind.slack.com/")
    assert link("C1/1761200000.000100") == "https://northwind.slack.com/archives/C1/p1761200000000100"
    assert link("home") is None
    assert permalinks("")("C1/1.2") is None
