"""Tells the admins when a label changes each time, so that every evaluation makes a new condition."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.churn_rules import Churning, churning
from handlers.alerts.policy import Policy
from handlers.chat.cards import Bold, Card, Line, Mono, Note, Text, line
from handlers.chat.ports import Clock
from handlers.chat.wording import Words
from storage import churn, deliveries, outbox
from storage.engine import Store
from storage.models import Post
from storage.outbox import Promise

log = logging.getLogger(__name__)

KIND = "alert-churn"
"""What the outbox calls the message to an admin; it is about a signal, the newest of its name then."""
LOOKED_BACK = timedelta(hours=1)
LOOK_EVERY = timedelta(minutes=1)
SAMPLE = 200
_NAMES_KEPT = 2000


@dataclass(slots=True)
class _Looked:
    at: dict[tuple[str, str, str], datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Churn:
    """Looked at after a report with new conditions, outside its transaction; at most once a minute a name."""

    store: Store
    clock: Clock
    wake: Callable[[], None]
    policy: Policy
    admins: frozenset[str] = frozenset()
    _looked: _Looked = field(default_factory=_Looked)

    async def look(self, workspace: str, source: str, names: Iterable[str]) -> None:
        """Look at these names, in one query. Never fails: what it misses is said with the next report."""
        now = self.clock()
        due = {name for name in names if self._is_due((workspace, source, name), now)}
        if not due or not self.admins:
            return
        try:
            async with self.store.glancing() as session:
                above = await churn.above(session, workspace, source, due, now - LOOKED_BACK,
                                          self.policy.churn_per_hour)
            for name in sorted(above):
                await self._tell(workspace, source, name, now)
        except SQLAlchemyError as error:
            log.warning("label churn of %s could not be looked at: %s", source[:48], type(error).__name__)

    def _is_due(self, key: tuple[str, str, str], now: datetime) -> bool:
        last = self._looked.at.get(key)
        if last is not None and now - last < LOOK_EVERY:
            return False
        if len(self._looked.at) >= _NAMES_KEPT:
            self._looked.at.clear()
        self._looked.at[key] = now
        return True

    async def _tell(self, workspace: str, source: str, name: str, now: datetime) -> None:
        async with self.store.begin() as session:
            sample = await churn.newest(session, workspace, source, name, now, SAMPLE)
            if not churning([labels for _, labels in sample], self.policy.ignore):
                return  # what changes is ignored already, or nothing does each time: many things did fail
            day = f"churn:{sha256(f'{source} {name}'.encode()).hexdigest()[:32]}:{now:%Y-%m-%d}"
            if not await deliveries.is_first(session, workspace, day, now):
                return
            await outbox.promise(session, workspace, [Promise(room, KIND, sample[0][0], live_until=now)
                                                      for room in sorted(self.admins)], [], now)
        self.wake()


async def compose(session: AsyncSession, post: Post, policy: Policy, words: Words) -> Card | None:
    """The message of a promise of this kind; None: what it is about is gone."""
    signal = await churn.one(session, post.workspace_id, post.subject_id)
    if signal is None:
        return None
    new = await churn.begun(session, post.workspace_id, signal.source, signal.name,
                            post.made_at - LOOKED_BACK, post.made_at)
    sample = await churn.newest(session, post.workspace_id, signal.source, signal.name, post.made_at, SAMPLE)
    found = churning([labels for _, labels in sample], policy.ignore)
    return churn_card(signal.source, signal.name, new, len(sample), found, words) if found else None


def churn_card(source: str, name: str, new: int, sampled: int, found: list[Churning], words: Words) -> Card:
    """Which labels it is, and what to do."""
    rows: list[Line] = [
        words.spans("• {label}: {values} different values in {number}, such as {examples}",
                    label=Bold(each.label), values=str(each.values), number=str(sampled),
                    examples=", ".join(value[:40] or "–" for value in each.examples)) for each in found]
    ignore = ", ".join(sorted(each.label for each in found))
    return Card(words.text("{name} of {source} made {number} new conditions within an hour", name=name,
                           source=source, number=new), (
        Text((line(words.text("A label seems to change each time it is evaluated, so that each time one "
                              "condition ends and another begins:")), *rows)),
        Text((words.spans("Best: move what changes into an annotation of the rule. Or add to {setting} in "
                          "the alert policy: {labels}", setting=Mono("routing.ignore"), labels=Mono(ignore)),
              words.spans("If these labels do tell conditions apart, raise {setting} instead.",
                          setting=Mono("routing.churn_per_hour")))),
        Note(line(words.text("You get this as an admin, once a day for each rule.")))))
