"""The audit trail: append-only, each entry chained to the one before it by hash.

The chain: ``hash = SHA-256(previous_hash + canonical JSON of the entry)``, from the empty string on, one
chain per pilot. The pilot keeps number and hash of its newest entry, so a cut-off tail shows too. The
database itself refuses UPDATE and DELETE on the table (triggers of the first migration).
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.held import held_of
from storage.models import AuditEntry, Pilot


def stable(value: Any) -> Any:
    """`value` as JSON gives it back on every database: what is hashed now is what is read later.

    Raises:
        TypeError: something that JSON has no one way of writing.
        ValueError: a naive moment, or a number that is none.
    """
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case float():
            raise ValueError(f"{value} is no number that JSON knows")
        case datetime() if value.tzinfo is None:
            raise ValueError("naive datetime; give an aware one")
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Enum():
            return stable(value.value)
        case str():  # PostgreSQL keeps no NUL, UTF-8 no half of a pair
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise TypeError("keys of facts are words")
            return {str(stable(key)): stable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [stable(inner) for inner in value]
        case set() | frozenset():
            return sorted(stable(inner) for inner in value)
    raise TypeError(f"a fact cannot be a {type(value).__name__}")


def hash_of(entry: AuditEntry) -> str:
    """What the entry's hash must be, from its own content and the previous hash it names."""
    body = json.dumps({
        "workspace": entry.workspace_id, "pilot": entry.pilot_id, "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(), "actor": entry.actor, "door": entry.door,
        "what": entry.what, "subject": entry.subject, "before": entry.before, "after": entry.after,
    }, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((entry.previous_hash + body).encode()).hexdigest()


async def append(session: AsyncSession, pilot: Pilot, *, at: datetime, actor: str, door: str, what: str,
                 subject: str = "", before: dict[str, Any] | None = None,
                 after: dict[str, Any] | None = None) -> AuditEntry:
    """Add an entry to `pilot`, whose row the caller has locked (or just made)."""
    pilot.audit_seq += 1
    entry = AuditEntry(
        workspace_id=pilot.workspace_id, pilot_id=pilot.id, seq=pilot.audit_seq, at=at, actor=actor,
        door=door, what=what, subject=stable(subject), before=stable(before or {}), after=stable(after or {}),
        previous_hash=pilot.audit_head, hash="")
    entry.hash = pilot.audit_head = hash_of(entry)
    session.add(entry)
    return entry


async def newest(session: AsyncSession, workspace: str, pilot_id: int, limit: int,
                 before_seq: int | None = None) -> Sequence[AuditEntry]:
    """The newest entries of a pilot, newest first; `before_seq` turns the page."""
    query = select(AuditEntry).where(AuditEntry.workspace_id == workspace, AuditEntry.pilot_id == pilot_id)
    if before_seq is not None:
        query = query.where(AuditEntry.seq < before_seq)
    return (await session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit))).all()


async def about(session: AsyncSession, workspace: str, pilot_id: int, subject: str,
                limit: int) -> Sequence[AuditEntry]:
    """The newest entries about one subject (an item's ref), newest first."""
    return (await session.scalars(
        select(AuditEntry)
        .where(AuditEntry.workspace_id == workspace, AuditEntry.pilot_id == pilot_id,
               AuditEntry.subject == subject)
        .order_by(AuditEntry.seq.desc()).limit(limit))).all()


async def since(session: AsyncSession, workspace: str, pilot_id: int, whats: Iterable[str],
                moment: datetime) -> Sequence[AuditEntry]:
    """The entries of a pilot with one of these verbs, from `moment` on, oldest first."""
    return (await session.scalars(
        select(AuditEntry)
        .where(AuditEntry.workspace_id == workspace, AuditEntry.pilot_id == pilot_id,
               AuditEntry.what.in_(list(whats)), AuditEntry.at >= moment)
        .order_by(AuditEntry.seq))).all()


async def at_moment(session: AsyncSession, workspace: str, pilot_id: int,
                    moment: datetime) -> Sequence[AuditEntry]:
    """What one transaction wrote down about a pilot, in its order."""
    return (await session.scalars(
        select(AuditEntry)
        .where(AuditEntry.workspace_id == workspace, AuditEntry.pilot_id == pilot_id, AuditEntry.at == moment)
        .order_by(AuditEntry.seq))).all()


async def one(session: AsyncSession, workspace: str, entry_id: int) -> AuditEntry | None:
    return held_of(session, workspace, AuditEntry, entry_id) or await session.scalar(
        select(AuditEntry).where(AuditEntry.workspace_id == workspace, AuditEntry.id == entry_id))


async def several(session: AsyncSession, workspace: str, ids: Sequence[int]) -> Sequence[AuditEntry]:
    return (await session.scalars(
        select(AuditEntry).where(AuditEntry.workspace_id == workspace, AuditEntry.id.in_(ids)))).all()


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where a chain does not hold."""

    pilot_id: int
    pilot: str
    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    pilots: int
    entries: int
    broken: tuple[Broken, ...]


async def verify(session: AsyncSession, page: int = 1000) -> Verified:
    """Walk every chain of every workspace, `page` entries at a time.

    Within a session of `Store.reading`: entries written meanwhile are not seen, nor taken for missing.
    """
    pilots = entries = last = 0
    broken: list[Broken] = []
    while rows := (await session.scalars(
            select(Pilot).where(Pilot.id > last).order_by(Pilot.id).limit(page))).all():
        for pilot in rows:
            count, fault = await _verify_one(session, pilot, page)
            entries += count
            if fault:
                broken.append(fault)
        pilots, last = pilots + len(rows), rows[-1].id
    return Verified(pilots, entries, tuple(broken))


async def _verify_one(session: AsyncSession, pilot: Pilot, page: int) -> tuple[int, Broken | None]:
    """Number of entries, and the first place that does not hold."""
    seq, head = 0, ""
    while True:
        rows = (await session.scalars(
            select(AuditEntry)
            .where(AuditEntry.workspace_id == pilot.workspace_id, AuditEntry.pilot_id == pilot.id,
                   AuditEntry.seq > seq)
            .order_by(AuditEntry.seq).limit(page))).all()
        for entry in rows:
            why = None
            if entry.seq != seq + 1:
                why = f"entry {seq + 1} is missing"
            elif entry.previous_hash != head:
                why = "it does not follow the entry before it"
            elif entry.hash != hash_of(entry):
                why = "its content was changed"
            if why:
                return seq, Broken(pilot.id, pilot.name, seq + 1, why)
            seq, head = entry.seq, entry.hash
        session.expunge_all()
        if len(rows) < page:
            break
    if seq != pilot.audit_seq:
        return seq, Broken(pilot.id, pilot.name, seq + 1,
                           f"the newest entries are missing: {pilot.audit_seq} were written, {seq} are there")
    if head != pilot.audit_head:
        return seq, Broken(pilot.id, pilot.name, seq, "it is not the entry that was written last")
    return seq, None
