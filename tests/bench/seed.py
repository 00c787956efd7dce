"""Pilots, people and items in numbers, made from the bot's own template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table

from bot.library import read_library
from handlers.pilots import templates
from handlers.pilots.schedule import STAGES
from storage.models import (
    Item,
    ItemState,
    Nudge,
    Person,
    Pilot,
    PilotState,
    RiskPoint,
    Seat,
    SeatState,
    Workspace,
)
from storage.nudging import Told
from storage.pilots import name_key

TEAM = "T0BENCH00"
WORKSPACE = f"slack:{TEAM}"
ZONES = (("Europe/Berlin", "DE"), ("Europe/Paris", "FR"), ("Europe/Madrid", "ES"), ("Europe/Warsaw", "PL"))
"""All on one clock, so that one moment is everybody's morning."""
ROLES = ("sponsor", "lead", "product", "engineering", "data", "ml", "operations", "security", "legal", "compliance")
ITEMS = 50
AHEAD = timedelta(days=3)

Tables = list[tuple[Table, Sequence[dict[str, Any]]]]


def user(number: int) -> str:
    return f"U{number:08d}"


def pilot_name(number: int) -> str:
    return f"Claims triage {number:05d}"


def people(count: int, now: datetime) -> Tables:
    rows = [{"workspace_id": WORKSPACE, "id": f"slack:{user(n)}", "name": f"Priya Raman {n}", "handle": f"priya{n}",
             "zone": ZONES[n % len(ZONES)][0], "country": ZONES[n % len(ZONES)][1], "seen_at": now, "is_active": True,
             "home_opened_at": None, "quiet_until": None, "digest": "daily"} for n in range(count)]
    return [(_table(Workspace), [{"id": WORKSPACE, "name": "Bench", "created_at": now}]), (_table(Person), rows)]


def pilots(numbers: range, persons: int, now: datetime, *, due: Mapping[int, int] | None = None,
           nudged: int = 0, next_at: datetime | None = None) -> Tables:
    """Pilots of 50 items with ten seats each; ids are 1 for pilot 0, and so on.

    Args:
        persons: how many there are to own things.
        due: items that are due to be heard of, each with the number of its owner; others are days away.
        nudged: so many pilots are due their channel's nudge.
        next_at: since when what is due has been due.
    """
    checklist = templates.resolve(read_library(None), ["ai-pilot-default"])
    wanted = templates.items_for(checklist, frozenset(), date(2027, 6, 1), "full")[:ITEMS]
    assert len(wanted) == ITEMS
    stages = [stage.as_row() for stage in checklist.stages]
    made: dict[type, list[dict[str, Any]]] = {Pilot: [], Seat: [], Item: [], RiskPoint: []}
    today = now.date()
    for n in numbers:
        stage, entered = STAGES[n % 5], today - timedelta(days=10 + n % 50)
        made[Pilot].append({
            "id": n + 1, "workspace_id": WORKSPACE, "name": pilot_name(n), "name_key": name_key(pilot_name(n)),
            "purpose": "Sort incoming claims", "room": f"slack:C{n:08d}", "room_name": f"claims-{n}",
            "zone": "Europe/Berlin", "country": "DE", "packs": list(checklist.templates), "conditions": [],
            "kickoff_on": entered, "created_by": f"slack:{user(n % persons)}", "created_at": now - timedelta(days=60),
            "stage": stage, "stage_entered_on": entered, "entered": {"kickoff": entered.isoformat(), stage: entered.isoformat()},
            "last_activity_at": now - timedelta(hours=n % 90), "stages": stages, "weights": dict(checklist.weights),
            "state": PilotState.ACTIVE, "state_reason": None, "state_since": None, "late_start": False,
            "nudge_week_one": "mon,tue,wed,thu,fri", "nudge_later": "mon,tue,wed,thu,fri", "nudge_time": "09:30",
            "nudge_at": next_at if n < nudged else now + AHEAD, "risk": n % 100, "audit_seq": 0, "audit_head": ""})
        made[Seat] += [{"workspace_id": WORKSPACE, "pilot_id": n + 1, "role": role,
                        "person_id": f"slack:{user((n + k) % persons)}", "asked_by": f"slack:{user(n % persons)}",
                        "asked_at": now - timedelta(days=20), "state": SeatState.ACCEPTED, "accepted_at": now - timedelta(days=19)}
                       for k, role in enumerate(ROLES)]
        made[RiskPoint] += [{"workspace_id": WORKSPACE, "pilot_id": n + 1, "day": today - timedelta(days=back),
                             "score": (n + back) % 100} for back in (1, 2, 3)]
        for position, item in enumerate(wanted):
            number = n * ITEMS + position + 1
            row = _item(item, n, number, position, persons, today)
            if due is not None and number in due:
                row |= {"state": ItemState.OPEN, "closed_at": None, "closed_by": None, "evidence": None,
                        "blocked_at": None, "blocked_by": None, "blocked_reason": None, "plan_on": None,
                        "due_on": today - timedelta(days=number % 6), "owner_id": f"slack:{user(due[number])}",
                        "next_at": next_at}
            elif row["state"] is ItemState.OPEN:
                row["next_at"] = now + AHEAD + timedelta(hours=number % 400)
            made[Item].append(row)
    return [(_table(kind), rows) for kind, rows in made.items()]


def _item(item: templates.TemplateItem, n: int, number: int, position: int, persons: int, today: date) -> dict[str, Any]:
    is_done, is_blocked = (position + n) % 5 < 2, number % 29 == 4
    k = ROLES.index(item.owner) if item.owner in ROLES else 0
    owner = f"slack:{user((n + k) % persons)}"
    closed_at = datetime.combine(today - timedelta(days=number % 20), time(8), UTC)
    return {
        "id": number, "workspace_id": WORKSPACE, "pilot_id": n + 1, "position": position, "title": item.title,
        "ref": item.id, "kind": item.kind, "stage": item.stage,
        "role": item.owner, "due_rule": item.due, "category": item.category, "weight": item.weight,
        "evidence_wanted": item.evidence, "why": item.why, "gate": item.gate, "is_advice": False,
        "approvers": list(item.approvers), "source": list(item.source), "minutes": item.minutes, "repeat": item.repeat,
        "owner_id": owner, "is_handed_over": False, "due_on": today + timedelta(days=number % 70 - 15),
        "plan_on": today + timedelta(days=4) if number % 7 == 0 else None, "slot_at": None,
        "blocked_at": None if is_done or not is_blocked else closed_at,
        "blocked_by": None if is_done or not is_blocked else f"slack:{user((n + 3) % persons)}",
        "blocked_reason": None if is_done or not is_blocked else "waiting for the data owner",
        "state": ItemState.DONE if is_done else ItemState.OPEN, "closed_at": closed_at if is_done else None,
        "closed_by": owner if is_done else None,
        "evidence": "https://wiki.example/page" if is_done and number % 3 else None, "na_reason": None,
        "waived_until": None, "next_at": None, "version": 1, "snoozes": 0}


def digests(count: int, day: date, now: datetime) -> Tables:
    """A digest of this morning for each of so many persons, of five items each."""
    rows = [{"id": n + 1, "workspace_id": WORKSPACE, "kind": "digest", "about": f"slack:{user(n)}", "day": day,
             "made_at": now, "pilot_id": None, "item_ids": []} for n in range(count)]
    said = [{"workspace_id": WORKSPACE, "person_id": f"slack:{user(n)}", "item_id": item, "pilot_id": (item - 1) // ITEMS + 1,
             "nudge_id": n + 1, "step": "overdue", "at": now, "is_copy": False}
            for n in range(count) for item in (n + 1 + k * count for k in range(5))]
    return [(_table(Nudge), rows), (_table(Told), said)]


def _table(kind: type) -> Table:
    table: Table = kind.__table__  # type: ignore[attr-defined]
    return table
