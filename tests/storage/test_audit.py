"""The audit trail: every change of a pilot is in it, and whatever is done to it afterwards shows."""

import asyncio
import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.cli import main
from handlers.briefings.actions import Briefings
from handlers.chat.ports import Actor
from handlers.people.roles import Role
from handlers.pilots.items import Items
from handlers.pilots.seats import Seats
from handlers.pilots.stages import Stages
from storage import audit, pilots
from storage.engine import Store, open_engine
from storage.models import AuditEntry, Item, ItemState, Pilot, Seat, Workspace
from storage.nudging import Briefing
from tests.conftest import FrozenClock
from tests.rules.make import NOW, WORKSPACE, pilot
from tests.world import TEAM, World

DERIVED = {"nudge_at", "risk", "last_activity_at", "audit_seq", "audit_head", "next_at", "version"}
"""Columns that follow from others, or from the trail itself."""


# ---- what is in it -------------------------------------------------------------------------------------------


async def _state(store: Store) -> list[tuple[Any, ...]]:
    async with store.reading() as session:
        return [tuple((name, repr(value)) for name, value in row._mapping.items() if name not in DERIVED)
                for table in (Pilot, Seat, Item, Briefing)
                for row in await session.execute(select(*table.__table__.columns).order_by(*table.__table__.primary_key))]


async def _entries(store: Store) -> list[AuditEntry]:
    async with store.reading() as session:
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.pilot_id, AuditEntry.seq)))


WALKED = ["accept", "fill", "hand_back", "assign", "plan", "due", "block", "offer_help", "unblock", "slot", "call_off", "offer_writing",
          "stand_in", "answer", "asks", "held", "done", "reopen", "not_applicable", "waive", "pause", "resume", "share",
          "pass_gate", "stop"]
NO_CHANGE_OF_A_PILOT = {"pilot_of", "look", "check", "check_fill", "stand_in_form", "written_form", "times",
                        "on", "add", "ask", "close", "on_step"}
"""Questions; what other actions consist of; and what the sweep does."""
INSIDE_OTHERS = {"move_due", "hand_over", "waive_in", "pause_in", "stop_in"}
"""What these and a sponsor's decision do of a pilot at work."""
BY_THE_CLOCK = {"end_waivers"}


def test_the_walk_below_knows_every_action() -> None:
    public = {name for part in (Items, Seats, Stages, Briefings) for name, _ in inspect.getmembers(part, inspect.isfunction)
              if not name.startswith("_")}
    assert public == set(WALKED) | NO_CHANGE_OF_A_PILOT | INSIDE_OTHERS | BY_THE_CLOCK


async def test_every_change_of_a_pilot_writes_who_did_what_and_how(world: World) -> None:
    desk, store = world.parts.desk.tools, world.parts.store
    number = await world.new_pilot(legal="jonas", compliance="carol")
    [created] = await _entries(store)
    assert (created.what, created.actor, created.door) == ("pilot created", "slack:U0PRIYA00", "slack form")
    alex = Actor(TEAM, "slack:U0ALEXA00", "slack command")
    jonas = Actor(TEAM, "slack:U0JONAS00", "slack button")
    sam_pressing = Actor(TEAM, "slack:U0SAMOK00", "slack form")
    sam, lena = [await desk.people.known(TEAM, f"slack:{user}") for user in ("U0SAMOK00", "U0LENAF00")]
    async with store.reading() as session:
        ids = {item.ref: item.id for item in await pilots.items_of(session, TEAM, number)}
    day = date(2026, 11, 27)

    async def settle_the_gate() -> str:
        async with store.reading() as session:
            items = await pilots.items_of(session, TEAM, number)
        for item in items:
            if item.gate and item.state is ItemState.OPEN:
                await desk.items.done(alex, item.id, "https://wiki.example/evidence")
        return await desk.stages.pass_gate(alex, number)

    walk: dict[str, Callable[[], Awaitable[object]]] = {
        "accept": lambda: desk.seats.accept(jonas, number, None),
        "fill": lambda: desk.seats.fill(alex, number, Role.ENGINEERING, sam),
        "hand_back": lambda: desk.seats.hand_back(jonas, number, Role.LEGAL),
        "assign": lambda: desk.items.assign(alex, ids["IN-01"], sam),
        "plan": lambda: desk.items.plan(alex, ids["IN-01"], day),
        "due": lambda: desk.items.due(alex, ids["IN-01"], day, "the auditor is ill"),
        "block": lambda: desk.items.block(alex, ids["IN-01"], lena, "waits for a contract"),
        "offer_help": lambda: desk.items.offer_help(alex, ids["IN-01"]),
        "unblock": lambda: desk.items.unblock(alex, ids["IN-01"]),
        "slot": lambda: desk.briefings.slot(alex, ids["W1-03"], datetime(2026, 11, 25, 14, tzinfo=UTC)),
        "call_off": lambda: desk.briefings.call_off(alex, ids["W1-03"]),
        "offer_writing": lambda: desk.briefings.offer_writing(alex, ids["W1-03"]),
        "stand_in": lambda: desk.briefings.stand_in(alex, ids["W1-03"], sam),
        "answer": lambda: desk.briefings.answer(
            sam_pressing, ids["W1-03"], {}, finish=True, blocking=["name a processor"], other=[]),
        "asks": lambda: desk.items.asks(alex, ids["W1-02"], ["name a processor"], ["tell the works council"]),
        "held": lambda: desk.items.held(alex, ids["W1-02"], date(2026, 11, 23), "jonas, priya", ["sign it"], []),
        "done": lambda: desk.items.done(alex, ids["IN-01"], "https://wiki.example/one"),
        "reopen": lambda: desk.items.reopen(alex, ids["IN-01"], "the wrong page"),
        "not_applicable": lambda: desk.items.not_applicable(alex, ids["IN-01"], "we have no such thing"),
        "waive": lambda: desk.items.waive(alex, ids["IN-03"], day, "the baseline is measured next week"),
        "pause": lambda: desk.stages.pause(alex, number, "budget"),
        "resume": lambda: desk.stages.resume(alex, number, "money is back"),
        "share": lambda: desk.stages.share(alex, number),
        "pass_gate": settle_the_gate,
        "stop": lambda: desk.stages.stop(alex, number, "enough"),
    }
    assert list(walk) == WALKED
    for name, act in walk.items():
        world.clock.advance(minutes=1)
        before, known = await _state(store), len(await _entries(store))
        await act()
        new = (await _entries(store))[known:]
        assert new, f"{name} wrote nothing"
        assert {entry.actor for entry in new} <= {alex.person, jonas.person, sam.id}, name
        assert all(entry.at == world.clock() for entry in new), name
        assert name in ("share", "offer_help") or await _state(store) != before, f"{name} did nothing"
    async with store.reading() as session:
        verified = await audit.verify(session)
    assert (verified.pilots, verified.broken) == (1, ())
    assert verified.entries >= len(WALKED)


# ---- how it is written ---------------------------------------------------------------------------------------


async def _seed(store: Store, count: int = 4, name: str = "Claims triage", number: int = 1) -> None:
    async with store.begin() as session:
        if number == 1:
            session.add(Workspace(id=WORKSPACE, name="Northwind", created_at=NOW))
            await session.flush()
        row = pilot(name, id=number)
        session.add(row)
        await session.flush()
        for step in range(count):
            await audit.append(session, row, at=NOW + timedelta(minutes=step), actor="slack:UPRIYA", door="test",
                               what="item done", subject=f"B-{step:02}", before={"state": ItemState.OPEN},
                               after={"state": ItemState.DONE, "evidence": "“ünïcode”", "n": step})


async def test_each_entry_carries_the_hash_of_the_one_before_it_as_documented(store: Store) -> None:
    await _seed(store)
    head = ""
    for entry in await _entries(store):
        body = json.dumps({
            "workspace": entry.workspace_id, "pilot": entry.pilot_id, "seq": entry.seq, "at": entry.at.isoformat(),
            "actor": entry.actor, "door": entry.door, "what": entry.what, "subject": entry.subject,
            "before": entry.before, "after": entry.after}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert entry.previous_hash == head
        head = hashlib.sha256((head + body).encode()).hexdigest()
        assert entry.hash == head
    async with store.reading() as session:
        row = await pilots.one(session, WORKSPACE, 1)
    assert row is not None
    assert (row.audit_seq, row.audit_head) == (4, head)


async def test_facts_of_any_kind_read_back_as_they_were_hashed(store: Store) -> None:
    await _seed(store, 0)
    facts = {"moment": datetime(2026, 11, 25, 10, tzinfo=timezone(timedelta(hours=1))), "day": date(2026, 11, 25),
             "state": ItemState.DONE, "states": [ItemState.OPEN, (1, 2)], "z": {"b": {"c": date(2026, 1, 2)}, "a": 0.1},
             "set": {"b", "a"}, "big": 2**70, "nul": "a\0b", "half": "\ud800", "none": None, "yes": True, "1": 1e-9}
    async with store.begin() as session:
        row = await pilots.locked(session, WORKSPACE, 1)
        assert row is not None
        await audit.append(session, row, at=NOW, actor="a", door="d", what="w", subject="a\0b", before=facts, after=facts)
    [entry] = await _entries(store)
    assert entry.before == entry.after == audit.stable(facts)
    assert (entry.before["moment"], entry.before["states"]) == ("2026-11-25T09:00:00+00:00", ["open", [1, 2]])
    async with store.reading() as session:
        assert (await audit.verify(session)).broken == ()


@pytest.mark.parametrize("fact", [datetime(2026, 1, 1), float("nan"), float("inf"), b"bytes", {1: "a"}, object()],
                         ids=["naive", "nan", "inf", "bytes", "number as key", "object"])
def test_a_fact_that_would_not_read_back_is_refused(fact: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        audit.stable({"deep": [fact]})


async def test_two_writers_make_one_line(database_url: str) -> None:
    first, second = Store(open_engine(database_url)), Store(open_engine(database_url))
    await _seed(first, 1)
    locked = asyncio.Event()

    async def write(store: Store, what: str) -> None:
        async with store.begin() as session:
            locked.set()
            row = await pilots.locked(session, WORKSPACE, 1)
            assert row is not None
            await audit.append(session, row, at=NOW, actor="a", door="d", what=what)

    try:
        async with first.begin() as session:
            row = await pilots.locked(session, WORKSPACE, 1)
            assert row is not None
            other = asyncio.create_task(write(second, "second"))
            await locked.wait()
            await asyncio.sleep(0.2)
            assert not other.done()
            await audit.append(session, row, at=NOW, actor="a", door="d", what="first")
        await other
        assert [(entry.seq, entry.what) for entry in await _entries(first)] == [
            (1, "item done"), (2, "first"), (3, "second")]
        async with first.reading() as session:
            assert (await audit.verify(session)).broken == ()
    finally:
        await first.engine.dispose()
        await second.engine.dispose()


# ---- what shows afterwards -----------------------------------------------------------------------------------


async def _tamper(store: Store, *statements: str) -> None:
    """As somebody with the database's password: the triggers go first."""
    async with store.engine.begin() as connection:
        if store.engine.dialect.name == "sqlite":
            await connection.execute(text("DROP TRIGGER IF EXISTS audit_entry_no_update"))
            await connection.execute(text("DROP TRIGGER IF EXISTS audit_entry_no_delete"))
        else:
            await connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        for statement in statements:
            await connection.execute(text(statement))


async def _cli(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    monkeypatch.setenv("GROUNDCREW_DATABASE_URL", database_url)
    monkeypatch.setenv("GROUNDCREW_SLACK_BOT_TOKEN", "xoxb-1")
    status = await asyncio.to_thread(main, ["verify-audit"])
    return status, capsys.readouterr().out


TAMPERED = {
    "changed": ("UPDATE audit_entry SET actor = 'slack:UNOBODY' WHERE seq = 2", 2, "its content was changed"),
    "changed fact": ("UPDATE audit_entry SET after = '{\"n\": 99}' WHERE seq = 3", 3, "its content was changed"),
    "backdated": ("UPDATE audit_entry SET at = '2020-01-01 00:00:00' WHERE seq = 2", 2, "its content was changed"),
    "removed": ("DELETE FROM audit_entry WHERE seq = 2", 2, "entry 2 is missing"),
    "removed first": ("DELETE FROM audit_entry WHERE seq = 1", 1, "entry 1 is missing"),
    "cut tail": ("DELETE FROM audit_entry WHERE seq > 2", 3, "4 were written, 2 are there"),
    "all of it": ("DELETE FROM audit_entry", 1, "4 were written, 0 are there"),
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_verify_audit_finds_what_was_tampered_with(
        store: Store, database_url: str, how: str, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    await _seed(store)
    await _seed(store, 3, "Invoice match", 2)
    assert await _cli(database_url, monkeypatch, capsys) == (
        0, "All 2 audit trails hold: 7 entries, none changed, none missing.\n")
    statement, where, why = TAMPERED[how]
    glue = " AND " if "WHERE" in statement else " WHERE "
    await _tamper(store, statement + glue + "pilot_id = 1")
    status, said = await _cli(database_url, monkeypatch, capsys)
    assert status == 1
    assert f"BROKEN  Claims triage (pilot 1), entry {where}: " in said
    assert why in said
    assert "1 of 2 audit trails do not hold" in said


@pytest.mark.parametrize(("seq", "found_at", "why"), [
    (2, 3, "does not follow the entry before it"), (4, 4, "not the entry that was written last")])
async def test_an_entry_that_was_changed_and_hashed_again_shows(
        store: Store, seq: int, found_at: int, why: str) -> None:
    await _seed(store)
    forged = (await _entries(store))[seq - 1]
    forged.actor = "slack:UNOBODY"
    await _tamper(store, f"UPDATE audit_entry SET actor = 'slack:UNOBODY', hash = '{audit.hash_of(forged)}' "
                         f"WHERE seq = {seq}")
    async with store.reading() as session:
        [broken] = (await audit.verify(session)).broken
    assert (broken.seq, why in broken.why) == (found_at, True), broken


async def test_verifying_is_not_confused_by_what_is_written_meanwhile(store: Store, clock: FrozenClock) -> None:
    await _seed(store)
    async with store.reading() as looking:
        await looking.execute(select(Workspace))
        async with store.begin() as session:
            row = await pilots.locked(session, WORKSPACE, 1)
            assert row is not None
            await audit.append(session, row, at=NOW, actor="a", door="d", what="meanwhile")
        verified = await audit.verify(looking, page=1)
    assert (verified.entries, verified.broken) == (4, ())
    async with store.reading() as later:
        assert (await audit.verify(later, page=2)).entries == 5
