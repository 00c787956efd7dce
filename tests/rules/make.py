"""Valid rows with one thing said: each builder takes the fields a test is about and fills in the rest."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from storage.models import AuditEntry, Item, ItemKind, ItemState, Nudge, Person, Pilot, Seat, SeatState
from storage.pilots import Dossier, name_key

WORKSPACE = "slack:T1"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
"""A Wednesday."""
TODAY = NOW.date()

STAGES: list[dict[str, Any]] = [
    {"id": "intake", "title": "Intake", "limit_wd": 10, "exit": ""},
    {"id": "week_one", "title": "Week one", "limit_wd": 10, "exit": ""},
    {"id": "build", "title": "Build", "limit_wd": 40, "exit": ""},
    {"id": "readiness_review", "title": "Readiness review", "limit_wd": 10, "exit": ""},
    {"id": "limited_rollout", "title": "Limited rollout", "limit_wd": 30, "exit": ""},
    {"id": "production", "title": "Production", "limit_wd": 20, "exit": ""},
    {"id": "continuous_improvement", "title": "Continuous improvement", "limit_wd": None, "exit": ""},
]
WEIGHTS: dict[str, float] = {"integration": 40, "roi": 30, "organization": 20, "infrastructure": 10}

_ids = iter(range(1, 1_000_000))


def person(handle: str, name: str | None = None, **said: Any) -> Person:
    """Somebody in Berlin; their id is ``slack:U`` and the handle in capitals."""
    fields: dict[str, Any] = {
        "workspace_id": WORKSPACE, "id": person_id(handle), "name": name or handle.capitalize(), "handle": handle,
        "zone": "Europe/Berlin", "country": "DE", "seen_at": NOW}
    return Person(**(fields | said))


def person_id(handle: str) -> str:
    return f"slack:U{handle.upper()}"


def pilot(name: str = "Claims triage", **said: Any) -> Pilot:
    """An active pilot in its build stage since 2 November."""
    number = said.pop("id", 1)
    fields: dict[str, Any] = {
        "workspace_id": WORKSPACE, "name": name, "name_key": name_key(name), "purpose": "Sort claims faster",
        "room": "slack:C1", "room_name": "claims-triage", "zone": "Europe/Berlin", "country": "DE",
        "packs": ["ai-pilot-default"], "conditions": [], "kickoff_on": date(2026, 10, 19),
        "created_by": person_id("priya"), "created_at": datetime(2026, 10, 12, 8, 0, tzinfo=UTC), "stage": "build",
        "stage_entered_on": date(2026, 11, 2),
        "entered": {"intake": "2026-10-12", "kickoff": "2026-10-19", "week_one": "2026-10-19", "build": "2026-11-02"},
        "last_activity_at": NOW, "stages": STAGES, "weights": WEIGHTS}
    made = Pilot(**(fields | said))
    made.id = number
    return made


def item(ref: str = "B-02", **said: Any) -> Item:
    """An open task of the build stage that holds the readiness review, due on Friday 27 November."""
    number = said.pop("id", None) or next(_ids)
    fields: dict[str, Any] = {
        "workspace_id": WORKSPACE, "pilot_id": 1, "ref": ref, "position": number, "title": f"Title of {ref}",
        "kind": ItemKind.TASK, "stage": "build", "role": "engineering", "due_rule": "build+10wd",
        "category": "integration", "weight": 3, "evidence_wanted": "A link", "why": "Because it breaks otherwise",
        "gate": "readiness_review", "due_on": date(2026, 11, 27)}
    made = Item(**(fields | said))
    made.id = number
    return made


def done(ref: str, evidence: str | None = "https://wiki.example/page", **said: Any) -> Item:
    return item(ref, **({"state": ItemState.DONE, "evidence": evidence, "closed_at": NOW,
                         "closed_by": person_id("priya")} | said))


def seat(role: str, handle: str, **said: Any) -> Seat:
    """A seat that was accepted."""
    fields: dict[str, Any] = {
        "workspace_id": WORKSPACE, "pilot_id": 1, "role": role, "person_id": person_id(handle),
        "asked_by": person_id("priya"), "asked_at": datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        "state": SeatState.ACCEPTED, "accepted_at": datetime(2026, 11, 3, 9, 0, tzinfo=UTC)}
    return Seat(**(fields | said))


def asked(role: str, handle: str, **said: Any) -> Seat:
    """A seat that waits for an answer since Monday."""
    return seat(role, handle, **({"state": SeatState.ASKED, "accepted_at": None,
                                  "asked_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC)} | said))


def dossier(of: Pilot | None = None, items: Iterable[Item] = (), seats: Iterable[Seat] = (),
            people: Iterable[Person] = ()) -> Dossier:
    """A pilot with these items and seats; whoever is spoken of and not given gets a plain row."""
    of, items, seats = of or pilot(), list(items), list(seats)
    known = {each.id: each for each in people}
    spoken_of = {of.created_by, *(each.person_id for each in seats)}
    for each in items:
        spoken_of |= {who for who in (each.owner_id, each.blocked_by, each.closed_by) if who}
    for who in spoken_of - known.keys():
        known[who] = person(who.removeprefix("slack:U").lower())
    return Dossier(of, items, {each.role: each for each in seats}, known)


def entry(what: str, subject: str = "", **said: Any) -> AuditEntry:
    number = said.pop("id", None) or next(_ids)
    fields: dict[str, Any] = {
        "workspace_id": WORKSPACE, "pilot_id": 1, "seq": number, "at": NOW, "actor": person_id("priya"),
        "door": "slack command", "what": what, "subject": subject, "before": {}, "after": {}, "previous_hash": "",
        "hash": ""}
    made = AuditEntry(**(fields | said))
    made.id = number
    return made


def digest(day: date, item_ids: list[int], **said: Any) -> Nudge:
    fields: dict[str, Any] = {
        "workspace_id": WORKSPACE, "kind": "digest", "about": person_id("sam"), "day": day,
        "made_at": datetime(day.year, day.month, day.day, 8, 30, tzinfo=UTC), "item_ids": item_ids}
    return Nudge(**(fields | said))
