"""One unit of work: rows, audit entries and promises, in ONE commit.

Every action runs in an `Entry`. Its delivery id is noted in the same transaction as its effect, so the
same request again has none; what it announces is written at its end, in one lock order.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import AlreadyDone
from handlers.chat.ports import Actor, Clock
from storage import audit, deliveries, outbox
from storage.engine import Store
from storage.models import AuditEntry, Delivery, Item, Pilot
from storage.pilots import Dossier


@dataclass(slots=True)
class Entry:
    """An action in progress."""

    session: AsyncSession
    now: datetime
    actor: Actor
    _promises: list[outbox.Promise] = field(default_factory=list)
    _changes: list[outbox.Change] = field(default_factory=list)

    async def note(self, pilot: Pilot, what: str, subject: str = "", *, before: dict[str, Any] | None = None,
                   after: dict[str, Any] | None = None) -> AuditEntry:
        """Write to the audit trail of `pilot`, which is locked."""
        return await audit.append(self.session, pilot, at=self.now, actor=self.actor.person,
                                  door=self.actor.door, what=what, subject=subject, before=before,
                                  after=after)

    def promise(self, promise: outbox.Promise) -> None:
        """Announce: will be shown after the commit, as things stand then."""
        self._promises.append(promise)

    def changed(self, change: outbox.Change) -> None:
        """What is shown already and speaks of this is brought up to date after the commit."""
        self._changes.append(change)

    async def announce(self) -> bool:
        await self.session.flush()
        await outbox.promise(self.session, self.actor.workspace, self._promises, self._changes, self.now)
        return bool(self._promises or self._changes)


@dataclass(frozen=True, slots=True)
class Changed:
    """What an action did to one pilot, just before it is committed."""

    dossier: Dossier
    items: Collection[Item]
    is_recast: bool
    """Who sits where, or whether it runs, is another than before."""


Follow = Callable[[Entry, Changed], Awaitable[None]]
"""What has to follow from a change, in its transaction."""


@dataclass(frozen=True, slots=True)
class Ledger:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    """Told after a commit that there is something to send."""
    follow: tuple[Follow, ...] = ()

    async def check_first(self, actor: Actor) -> None:
        """Raises AlreadyDone where this delivery was carried out.

        Asked before checks that its own effect would fail.
        """
        if actor.delivery is None:
            return
        async with self.store.reading() as session:
            if await session.get(Delivery, (actor.workspace, actor.delivery[:200])) is not None:
                raise AlreadyDone

    @asynccontextmanager
    async def entry(self, actor: Actor) -> AsyncIterator[Entry]:
        """A transaction on behalf of `actor`. Raises AlreadyDone where this delivery was carried out."""
        announced = False
        async with self.store.begin() as session:
            entry = Entry(session, self.clock(), actor)
            if actor.delivery is not None and not await deliveries.is_first(
                    session, actor.workspace, actor.delivery, entry.now):
                raise AlreadyDone
            yield entry
            announced = await entry.announce()
        if announced:
            self.wake()
