"""No query crosses workspaces: each function alone on two that look the same, and every statement of a whole run."""

import inspect
from collections.abc import AsyncIterator
from contextvars import ContextVar
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import (
    Delete,
    Select,
    TextClause,
    Update,
    delete,
    event,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from storage import (
    alert_sweeps,
    attempts,
    audit,
    briefings,
    channels,
    circles,
    decisions,
    deliveries,
    heads,
    limits,
    nudge_figures,
    nudges,
    oncall,
    outbox,
    outgoing,
    people,
    pilots,
    presence,
    pulls,
    told,
)
from storage.alerting import (
    Alert,
    DriftWindow,
    Outgoing,
    Presence,
    Pull,
    Rotation,
    ShiftChange,
    Signal,
    SignalState,
    Silence,
)
from storage.attempts import Noted
from storage.base import Base
from storage.engine import Store
from storage.models import AuditEntry, Delivery, Item, ItemKind, Lane, Nudge, Pilot, Post, Seat, Workspace
from storage.nudging import Briefing, Decision, FunctionHead, Told
from storage.outbox import Change, Promise, Turn
from tests.conftest import FrozenClock
from tests.rules.make import NOW, item, person, pilot
from tests.storage.whose import names_no_workspace, rows_of, workspaces_in
from tests.world import EVERYONE, World, world_on

MODULES: tuple[ModuleType, ...] = (alert_sweeps, attempts, audit, briefings, channels, circles, decisions, deliveries, heads, limits,
                                   nudge_figures, nudges, oncall, outbox, outgoing, people, pilots, presence, pulls, told)
MINE, OTHER = "slack:T1", "slack:T2"
SAM, PRIYA, ROOM = "slack:USAM", "slack:UPRIYA", "slack:C1"
TODAY = NOW.date()

SWEEPS = {
    "alert_sweeps.due_alerts": "the sweep finds what is due of alerts anywhere, by the index on the moment",
    "alert_sweeps.due_members": "the same for members of storms, by their numbers",
    "alert_sweeps.lapsing": "the same for signals whose sender stopped repeating them",
    "channels.locked_items": "locks the items whose owners the sweep is about to mention, by their numbers",
    "channels.digested": "what digests of the day say of these items, by their numbers",
    "audit.verify": "an admin's command proves the trails of all workspaces",
    "audit._verify_one": "its part for one pilot",
    "briefings.to_begin": "the tick finds whose pilot kicks off, anywhere",
    "briefings.just_over": "the tick finds which meeting is over, anywhere",
    "decisions.sponsors_to_ask": "the sweep finds whose week allows to be asked, anywhere, by the index on the moment",
    "deliveries.forget_before": "old notes go in all workspaces at once",
    "nudges.due_items": "the morning's sweep finds what is due anywhere, by the index on the moment",
    "nudges.due_pilots": "the same for channels",
    "nudges.move": "sets step and next moment of items that the sweep holds locked, by their numbers",
    "told.write": "adds rows of the mornings that the sweep has just opened, each with its workspace",
    "told.adopt": "moves what nobody saw between mornings of one person, by the numbers the sweep holds",
    "told.resolve": "notes the end of escalations of items that the sweep holds locked, by their numbers",
    "oncall.by_feed": "a calendar's address names its rotation by a secret of 256 bits, and no workspace",
    "oncall.to_ask": "the tick finds which providers are to be asked, anywhere, by the index on the moment",
    "outbox.claim": "a sender takes ready lanes of any workspace; all that follows names the lane's workspace",
    "outbox.next_ready": "when to look again for any of them",
    "outbox.waiting": "a gauge over all",
    "people.to_ask_for_rest": "the refresh asks for the rest of people of any workspace",
    "nudge_figures.pilots_to_check": "once a week every running pilot is looked at, by its number",
    "pilots.waived_before": "waivers end in all workspaces, by the index on their last day",
    "people.stale": "the refresh looks again at people of any workspace",
}
"""What spans workspaces on purpose, each with its reason. Nothing else may."""

OF_SEVERAL = {"heads.heads_of", "nudges.digests_made", "circles.pilots_of", "circles.seats_in", "circles.heads_in",
              "circles.people_among", "told.about", "nudges.with_the_rest", "nudges.open_mornings", "outbox.first_in_each", "outbox.doubt", "limits.met",
              "people.in_many", "pilots.of_items", "pilots.dossiers", "attempts.still_held", "attempts.give_back", "attempts.note"}
"""Take rows of several workspaces and keep them apart: tested one by one below."""

OF_A_ROW = {"audit.append", "briefings.opened", "decisions.card_of", "oncall.remove", "people.save",
            "pilots.dossier", "pilots.note_risk", "pilots.risk_before"}
"""Take a row, and with it its workspace: tested below."""


def _functions() -> dict[str, Any]:
    return {f"{module.__name__.removeprefix('storage.')}.{name}": function for module in MODULES
            for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
            if function.__module__ == module.__name__}


def _of_workspace() -> list[str]:
    return [name for name, function in _functions().items() if "workspace" in inspect.signature(function).parameters]


# ---- two workspaces that look the same -----------------------------------------------------------------------


async def _fill(session: AsyncSession, workspace: str) -> None:
    """The same names, rooms, people and refs in each; only the numbers differ."""
    first = 1 if workspace == MINE else 2
    session.add(Workspace(id=workspace, name="Northwind", created_at=NOW))
    await session.flush()
    session.add_all([person(name, workspace_id=workspace, seen_at=NOW - timedelta(days=3)) for name in ("sam", "priya")])
    row = pilot(id=first, workspace_id=workspace, nudge_at=NOW)
    session.add(row)
    await session.flush()
    session.add_all([
        item("W1-02", id=first + 30, workspace_id=workspace, pilot_id=first, owner_id=SAM, kind=ItemKind.MEETING,
             slot_at=NOW + timedelta(days=1), due_on=None),
        item("W1-01", id=first + 40, workspace_id=workspace, pilot_id=first, owner_id=SAM, kind=ItemKind.MEETING, due_on=None),
        Seat(workspace_id=workspace, pilot_id=first, role="legal", person_id=SAM, asked_by=PRIYA, asked_at=NOW),
        item("B-02", id=first, workspace_id=workspace, pilot_id=first, owner_id=SAM, next_at=NOW),
        item("B-03", id=first + 10, workspace_id=workspace, pilot_id=first, owner_id=PRIYA, blocked_by=SAM,
             blocked_at=NOW),
        item("B-04", id=first + 20, workspace_id=workspace, pilot_id=first, owner_id=PRIYA, kind=ItemKind.SIGNOFF,
             approvers=["legal"], due_on=TODAY),
        Nudge(workspace_id=workspace, kind="digest", about=SAM, day=TODAY, made_at=NOW, item_ids=[first]),
        Lane(workspace_id=workspace, room=ROOM, ready_at=NOW), Lane(workspace_id=workspace, room=SAM, ready_at=NOW),
        Lane(workspace_id=workspace, room="slack:!chat.update", open_at=NOW - timedelta(minutes=1), leased_until=NOW),
        Post(workspace_id=workspace, kind="digest", subject_id=1, room=SAM, made_at=NOW, not_before=NOW, pilot_id=first,
             first_shown_at=NOW,
             shown=1, message_id="D1/1"),
        Post(workspace_id=workspace, kind="nudge", subject_id=1, room=ROOM, made_at=NOW, not_before=NOW, pilot_id=first,
             given_up_at=NOW)])
    await session.flush()
    digest = (await session.scalars(select(Nudge).where(Nudge.workspace_id == workspace))).one()
    nudge = Nudge(workspace_id=workspace, kind="channel", about=str(first), day=TODAY, made_at=NOW, pilot_id=first)
    session.add_all([nudge, *(Told(workspace_id=workspace, person_id=SAM, item_id=first, pilot_id=first,
                                   nudge_id=digest.id, step=step, at=NOW) for step in ("due", "warn", "channel"))])
    await session.flush()
    session.add_all([
        Post(workspace_id=workspace, kind="nudge", subject_id=nudge.id, room="slack:C2", made_at=NOW,
             not_before=NOW, pilot_id=first, shown=1, message_id="C2/1"),
        FunctionHead(workspace_id=workspace, role="legal", person_id=SAM, set_by=PRIYA, set_at=NOW),
        Decision(workspace_id=workspace, pilot_id=first, item_id=first, sponsor_id=SAM, made_at=NOW, asked_at=NOW),
        Post(workspace_id=workspace, kind="decision", subject_id=1, room=SAM, made_at=NOW, not_before=NOW, pilot_id=first,
             shown=1)])
    await session.flush()
    session.add_all([Briefing(workspace_id=workspace, item_id=each, pilot_id=first, uid="u", made_at=NOW, slots=[NOW.isoformat()])
                     for each in (first, first + 40)])
    await session.flush()
    await _fill_alerts(session, workspace, first)
    rotation = Rotation(workspace_id=workspace, name="Claims", name_key="claims", zone="UTC", made_by=SAM, made_at=NOW, pilot_id=first)
    session.add(rotation)
    await session.flush()
    session.add(ShiftChange(workspace_id=workspace, rotation_id=rotation.id, person_id=SAM, begins_at=NOW, ends_at=NOW + timedelta(hours=1),
                            made_by=SAM, made_at=NOW))
    await audit.append(session, row, at=NOW, actor=SAM, door="test", what="item done", subject="B-02")
    await pilots.note_risk(session, row, NOW - timedelta(days=1), 40 + first)


async def _fill_alerts(session: AsyncSession, workspace: str, pilot_id: int) -> None:
    alert = Alert(workspace_id=workspace, key="k", source="prom", name="Down", title="Down", severity="error", rank=1, room=ROOM, opened_at=NOW,
                  changed_at=NOW, next_at=NOW, pilot_id=pilot_id)
    session.add_all([alert, Silence(workspace_id=workspace, matchers={}, begins_at=NOW, ends_at=NOW, made_by=SAM, reason="r")])
    await session.flush()
    session.add_all([
        Outgoing(workspace_id=workspace, key="page", kind="webhook", target="hook", body={}, made_at=NOW, alert_id=alert.id, next_at=NOW, attempts=1),
        Pull(workspace_id=workspace, name="Claims triage", next_at=NOW, asked_at=NOW, answered_at=NOW, failures=1,
             details={"pilot_id": pilot_id, "model": {"model": "churn"}}),
        Presence(workspace_id=workspace, began_at=NOW - timedelta(hours=2), alive_at=NOW - timedelta(hours=1)),
        DriftWindow(workspace_id=workspace, key="page", window="w", at=NOW, verdict="fine", drift={}, source="prom"),
        Signal(workspace_id=workspace, fingerprint="f", source="prom", state=SignalState.FIRING, name="Down", title="Down", rank=1, first_at=NOW,
               last_at=NOW, alert_id=alert.id, lapses_at=NOW)])
    await session.flush()


@pytest.fixture
async def twins(store: Store) -> AsyncIterator[Store]:
    async with store.begin() as session:
        await _fill(session, MINE)
        await _fill(session, OTHER)
    yield store


async def _number(session: AsyncSession, table: Any, workspace: str) -> int:
    found = await session.scalar(select(table.id).where(table.workspace_id == workspace).order_by(table.id).limit(1))
    assert isinstance(found, int)
    return found


async def _arguments(session: AsyncSession, name: str, of: str) -> dict[str, Any]:
    """What each function is asked with: everything that a caller of workspace `of` could know."""
    number = await _number(session, Pilot, of)
    known = {
        "pilot_id": number, "item_id": await _number(session, Item, of), "nudge_id": await _number(session, Nudge, of),
        "entry_id": await _number(session, AuditEntry, of), "decision_id": await _number(session, Decision, of), "post_id": await _number(session, Post, of),
        "person_id": SAM, "person": SAM, "owner": SAM, "about": SAM, "room": SAM if name in ("outbox.posts_to", "outbox.first_said_since") else ROOM,
        "ref": "B-02", "subject": "B-02", "limit": 9, "kind": "digest", "day": TODAY, "now": NOW, "at": NOW,
        "subject_id": 1, "subject_ids": [1], "kinds": ["digest"], "until": TODAY if name == "pilots.signoffs_wanted" else NOW, "delivery": "press:1",
        "surface": "slack", "newer": [Promise(ROOM, "nudge", 9, number)], "today": TODAY,
        "promises": [Promise(ROOM, "nudge", 1, number)], "changes": [Change(number, frozenset({SAM}))],
        "ids": [SAM, PRIYA] if name == "people.several" else [number],
        "name": {"people.named": "sam", "people.ensure_workspace": "X"}.get(name, "Claims triage"),
        "pilot_ids": [number], "pilot": number, "before": TODAY, "whats": ["item done"], "moment": NOW,
        "stretch": (NOW, NOW + timedelta(hours=1)), "gates": [(number, "readiness_review")],
        "sponsor": PRIYA if name == "decisions.hand_over" else SAM, "since": NOW,
        "alert_ids": [await _number(session, Alert, of)], "silence_ids": [await _number(session, Silence, of)],
        "people": [SAM], "after": NOW, "but": 999, "item_ids": [number], "steps": ["warn"], "role": "legal", "by": SAM,
    }
    if name.partition(".")[0] in ("outgoing", "pulls", "presence"):
        known |= {"prefix": "page", "number": await _number(session, Outgoing, of), "alert_ids": [await _number(session, Alert, of)], "alert_id": await _number(session, Alert, of) if name == "outgoing.of_alert" else None, "attempts": 1,
                  "key": "another" if name == "outgoing.owe" else "page", "kind": "webhook", "target": "hook", "body": {}, "asked_at": NOW,
                  "model": "churn", "names": ["Down"] if name == "presence.firing_titles" else [], "sources": ["prom"], "source": "prom",
                  "began": NOW - timedelta(hours=2), "before": NOW}
    if name == "alert_sweeps.free":
        known["ids"] = known["alert_ids"]
    known |= {"rotation_id": await _number(session, Rotation, of), "change_id": await _number(session, ShiftChange, of)}
    if name.startswith("oncall."):
        known["key"] = "claims"
    known["rotation_ids"] = [known["rotation_id"]]
    if name == "oncall.changes":
        known["since"] = NOW - timedelta(hours=1)
    if name == "channels.is_followed":
        known |= {"kind": "nudge", "day": TODAY - timedelta(days=1)}
    if name in ("nudges.several", "told.in_nudges"):
        known["ids"] = [known["nudge_id"]]
    if name in ("limits.pause", "limits.lift"):
        known["limit"] = "chat.update"
    if name == "attempts.note_late":
        known["post_id"], known["message_id"] = known["post_id"] + 1, "C1/9"
    if name == "audit.several":
        known["ids"] = [known["entry_id"]]
    wanted = inspect.signature(_functions()[name]).parameters
    missing = [p for p in wanted if p not in known and p not in ("session", "workspace")
               and wanted[p].default is inspect.Parameter.empty]
    assert not missing, f"teach this test what {name} takes: {missing}"
    return {p: known[p] for p in wanted if p in known and wanted[p].default is inspect.Parameter.empty}


def test_every_query_is_of_one_workspace_or_named_here() -> None:
    named = {*SWEEPS, *OF_SEVERAL, *OF_A_ROW}
    private = {"outbox._wake", "outbox._write"}      # told the workspace, called by `promise` alone
    assert set(_functions()) - private == (set(_of_workspace()) | named) - private
    assert not set(_of_workspace()) & named


WRITES = {"people.note_rest", "pilots.look_at", "outbox.promise", "limits.pause", "limits.lift", "attempts.note_late", "people.ensure_workspace", "outbox._write", "deliveries.is_first",
          "outgoing.owe", "pulls.keep_only", "presence.beat", "presence.forget_before", "outbox._wake", "decisions.settle", "decisions.hand_over", "told.act", "heads.set_head", "heads.remove_head"}


ONE_BY_ONE = {"briefings.lock_calendars", "decisions.cards_at_rest"}
"""Answers only once nothing is left to decide, or never: tested below."""


@pytest.mark.parametrize("name", [name for name in _of_workspace() if name not in WRITES | ONE_BY_ONE])
async def test_a_query_answers_with_its_own_workspace_alone(twins: Store, name: str) -> None:
    function = _functions()[name]
    async with twins.begin() as session:
        before = await rows_of(session, OTHER)
        for workspace in (MINE, OTHER):
            answer = await function(session, workspace=workspace, **await _arguments(session, name, workspace))
            found = set(workspaces_in(answer))
            assert found <= {workspace}
            assert found or answer, f"{name} found nothing: the data does not prove anything"
        foreign = await _arguments(session, name, OTHER)
        answer = await function(session, workspace=MINE, **foreign)
        assert set(workspaces_in(answer)) <= {MINE}
        if foreign != await _arguments(session, name, MINE):
            assert not answer, f"{name} knows the other workspace's numbers: {answer!r}"
        assert await rows_of(session, OTHER) == before


@pytest.mark.parametrize("name", sorted(WRITES - {"outbox._wake", "outbox._write"}))
async def test_writing_in_one_workspace_leaves_the_other_alone(twins: Store, name: str) -> None:
    async with twins.begin() as session:
        mine, other = await rows_of(session, MINE), await rows_of(session, OTHER)
        await _functions()[name](session, workspace=MINE, **await _arguments(session, name, MINE))
        await session.flush()
        assert await rows_of(session, OTHER) == other
        foreign = await _arguments(session, name, OTHER)
        await _functions()[name](session, workspace=MINE, **foreign)
        assert await rows_of(session, OTHER) == other
        assert name == "people.ensure_workspace" or await rows_of(session, MINE) != mine


async def test_heads_are_kept_apart_by_workspace(twins: Store) -> None:
    async with twins.reading() as session:
        assert set(await heads.heads_of(session, [MINE, OTHER])) == {(MINE, "legal"), (OTHER, "legal")}
        assert set(await heads.heads_of(session, [MINE])) == {(MINE, "legal")}


async def test_cards_at_rest_are_those_of_the_own_workspace(twins: Store) -> None:
    async with twins.begin() as session:
        assert await decisions.cards_at_rest(session, MINE, 1) == []
        for workspace, pilot_id in ((MINE, 1), (OTHER, 2)):
            await decisions.settle(session, workspace, pilot_id, None, NOW)
        assert [post.workspace_id for post in await decisions.cards_at_rest(session, MINE, 1)] == [MINE]
        assert await decisions.cards_at_rest(session, MINE, 2) == []


async def test_what_goes_by_a_row_stays_in_the_rows_workspace(twins: Store) -> None:
    async with twins.begin() as session:
        other = await rows_of(session, OTHER)
        mine = await pilots.one(session, MINE, 1)
        assert mine is not None
        assert set(workspaces_in(await pilots.dossier(session, mine))) == {MINE}
        assert await pilots.risk_before(session, mine, NOW) == 41
        await pilots.note_risk(session, mine, NOW, 77)
        asked = await decisions.one(session, MINE, 1)
        assert asked is not None
        assert [each.workspace_id for each in await decisions.card_of(session, asked)] == [MINE]
        await audit.append(session, mine, at=NOW, actor=SAM, door="d", what="w")
        assert set(workspaces_in(await briefings.opened(session, (await pilots.items_of(session, MINE, 1))[0], "u", NOW))) == {
            MINE}
        await briefings.lock_calendars(session, MINE, [SAM])
        rotation = await oncall.named(session, MINE, "claims")
        assert rotation is not None
        await oncall.remove(session, rotation)
        await people.save(session, person("sam", "Sam Other", workspace_id=MINE))
        assert await attempts.still_held(session, [Turn(MINE, ROOM, 0), Turn(MINE, SAM, 7)]) == {Turn(MINE, ROOM, 0)}
        await attempts.give_back(session, {Turn(MINE, ROOM, 0): NOW})
        post = await outbox.one(session, MINE, await _number(session, Post, MINE))
        assert post is not None
        await outbox.doubt(session, [post], NOW)
        await attempts.note(session, [Noted(MINE, await _number(session, Post, OTHER), 9, 9, NOW, "C9/9", NOW, "x", NOW)])
        await session.flush()
        assert await rows_of(session, OTHER) == other


async def test_what_takes_several_workspaces_keeps_them_apart(twins: Store) -> None:
    async with twins.begin() as session:
        due = await nudges.due_items(session, NOW, 9)
        assert {each.workspace_id for each in due} == {MINE, OTHER}
        only = [each for each in due if each.workspace_id == MINE]
        rest = await nudges.with_the_rest(session, only, NOW)
        assert {each.workspace_id for each in rest} == {MINE}
        around = await circles.pilots_of(session, rest, lean=True)
        assert {each.workspace_id for each in around.values()} == {MINE}
        assert {number for number, _ in await circles.seats_in(session, around.values(), ["legal"])} == set(around)
        assert set(await circles.heads_in(session, {MINE})) == {(MINE, "legal")}
        assert set(await circles.people_among(session, {(MINE, SAM)})) == {(MINE, SAM)}
        assert {each.workspace_id for each in await told.about(session, rest, ["due"])} == {MINE}
        made = await nudges.digests_made(session, {(MINE, SAM)}, TODAY, TODAY)
        assert {each.workspace_id for each in made} == {MINE}
        assert set(workspaces_in(await pilots.of_items(session, only))) == {MINE}
        both = [p for p in [await pilots.one(session, MINE, 1), await pilots.one(session, OTHER, 2)] if p is not None]
        for dossier in await pilots.dossiers(session, both):
            assert set(workspaces_in(dossier)) == {dossier.pilot.workspace_id}
        known = await people.in_many(session, {(MINE, SAM)})
        assert {key: row.workspace_id for key, row in known.items()} == {(MINE, SAM): MINE}
        opened = await nudges.open_mornings(session, [
            Nudge(workspace_id=MINE, kind="channel", about="7", day=TODAY, made_at=NOW)])
        assert [nudge.workspace_id for nudge, _ in opened] == [MINE]
        turns = await outbox.claim(session, NOW, timedelta(seconds=60), 9)
        await outbox.promise(session, OTHER, [Promise(ROOM, "nudge", 5)], [], NOW)
        mine = [turn for turn in turns if turn.workspace == MINE]
        assert await outbox.first_in_each(session, mine, NOW) == {}
        await limits.pause(session, OTHER, "slack", "*", NOW + timedelta(hours=1), NOW)
        assert await limits.met(session, [(MINE, "slack", "*")]) == {}
        assert await limits.met(session, [(OTHER, "slack", "*")])


def test_every_table_carries_the_workspace() -> None:
    without = {table.name for table in Base.metadata.sorted_tables if "workspace_id" not in table.c}
    assert without == {"workspace"}
    for table in Base.metadata.sorted_tables:
        if table.name != "workspace":
            [key] = table.c.workspace_id.foreign_keys
            assert key.column.table.name == "workspace"


async def test_the_same_delivery_in_two_workspaces_is_two(twins: Store) -> None:
    async with twins.begin() as session:
        assert await deliveries.is_first(session, MINE, "press:1", NOW)
        assert await deliveries.is_first(session, OTHER, "press:1", NOW)
        assert not await deliveries.is_first(session, MINE, "press:1", NOW)
        assert len((await session.scalars(select(Delivery))).all()) == 2


# ---- every statement of a whole run --------------------------------------------------------------------------

_ASKING: ContextVar[tuple[str, ...]] = ContextVar("_ASKING", default=())
_FLUSHING: ContextVar[bool] = ContextVar("_FLUSHING", default=False)
"""Rows that are written one by one, by their key, were read by their workspace before."""


def test_the_guard_sees_what_it_is_meant_to_see() -> None:
    inner = select(Item.pilot_id).where(Item.workspace_id == MINE)
    assert names_no_workspace(select(Pilot))
    assert names_no_workspace(select(Pilot).where(Pilot.id == 1))
    assert names_no_workspace(select(Pilot).where(Pilot.id.in_(inner)))
    assert names_no_workspace(select(Pilot).where(Pilot.workspace_id == MINE, Pilot.id.in_(select(Item.pilot_id))))
    assert names_no_workspace(select(select(Pilot).subquery()))
    assert names_no_workspace(select(Pilot).join(Item, (Item.pilot_id == Pilot.id) & (Item.workspace_id == MINE)))
    assert names_no_workspace(update(Pilot).where(Pilot.id == 1).values(risk=1))
    assert names_no_workspace(delete(Delivery))
    assert names_no_workspace(text("SELECT 1 FROM pilot"))
    assert not names_no_workspace(select(Pilot).where(Pilot.workspace_id == MINE, Pilot.id.in_(inner)))
    assert not names_no_workspace(select(select(Pilot).where(Pilot.workspace_id == MINE).subquery()))


async def _walk(world: World) -> None:
    """Everything the product does, once."""
    await world.new_pilot(**EVERYONE)
    await world.press("jonas", "Accept", world.sandbox.dm_id("jonas"))
    await world.sandbox.open_home("sam")
    for line in ("", "status", "list", "list mine", "list stuck", "items", "items overdue", "item w1-02", "team", "gate",
                 "brief", "history", "why", "help", "plan w1-02 fri", "block w1-02 by @sam", "due w1-02 +9d the law",
                 "assign w1-02 @sam", "na w1-02 not ours", "reopen w1-02 it is", "done IN-01 see the wiki",
                 "quiet until fri", "quiet off"):
        await world.type("priya", f"/pilot {line}", "claims-triage")
    await world.sandbox.kick("alex", "claims-triage", "groundcrew")
    await world.type("priya", '/pilot pause "Claims triage" budget', "ops")
    await world.sandbox.invite("priya", "claims-triage", "groundcrew")
    await world.press("priya", "Try again", world.sandbox.dm_id("priya"))
    await world.type("priya", '/pilot resume "Claims triage"', "ops")
    await world.morning(4)
    world.clock.advance(days=20, hours=3)
    await world.parts.nudges.sweep()
    await world.settle()
    await world.type("priya", "/pilot list stuck", "ops")
    await world.type("priya", "/pilot why", "ops")
    await world.sandbox.remove_user("tom")
    for tick in world.parts.ticks:
        await tick.run()
    await world.settle()
    await world.type("priya", '/pilot stop "Claims triage" enough', "ops")
    async with world.parts.store.reading() as session:
        assert (await audit.verify(session)).broken == ()


async def test_every_statement_of_a_whole_run_says_whose_rows_it_wants(
        sqlite_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    for full, function in _functions().items():
        module = next(m for m in MODULES if m.__name__ == f"storage.{full.partition('.')[0]}")
        monkeypatch.setattr(module, full.partition(".")[2], _named(full, function))
    unsaid: dict[str, set[str]] = {}
    seen = 0

    def look(_connection: Any, statement: Any, *_more: Any) -> None:
        nonlocal seen
        if isinstance(statement, (Select, Update, Delete, TextClause)) and not _FLUSHING.get():
            seen += 1
            if names_no_workspace(statement):
                unsaid.setdefault((_ASKING.get() or ("nobody",))[-1], set()).add(str(statement))

    begun, ended = lambda *_: _FLUSHING.set(True), lambda *_: _FLUSHING.set(False)
    for name, listener in (("before_flush", begun), ("after_flush", ended), ("after_soft_rollback", ended)):
        event.listen(Session, name, listener)
    try:
        async with world_on(sqlite_url, clock, admins="U0ALEXA00") as world:
            event.listen(world.parts.store.engine.sync_engine, "before_execute", look)
            await _walk(world)
    finally:
        for name, listener in (("before_flush", begun), ("after_flush", ended), ("after_soft_rollback", ended)):
            event.remove(Session, name, listener)
    assert seen > 500
    assert set(unsaid) <= set(SWEEPS), {name: found for name, found in unsaid.items() if name not in SWEEPS}
    assert set(unsaid) >= {"outbox.claim", "nudges.due_items", "nudges.due_pilots", "people.stale"}, "the guard is blind"


def _named(name: str, function: Any) -> Any:
    async def asked(*args: Any, **more: Any) -> Any:
        token = _ASKING.set((*_ASKING.get(), name))
        try:
            return await function(*args, **more)
        finally:
            _ASKING.reset(token)
    asked.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return asked
