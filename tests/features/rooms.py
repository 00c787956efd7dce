"""The streaming courier over rooms of a chat service of our own, on a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from handlers.chat.cards import Card
from handlers.chat.ports import SendFailed
from handlers.outbox.actions import Outbox
from handlers.outbox.attempt import LookedUp
from storage import outbox, people
from storage.engine import Store, open_engine
from storage.models import Post
from storage.outbox import Promise
from tests.conftest import FrozenClock
from tests.features.courier import Says

MINE, OTHER = "slack:T1", "slack:T2"


@dataclass
class Chat:
    """Remembers what stands in which room; rooms may hang, and the whole of it may be away."""

    clock: FrozenClock
    shown: list[tuple[datetime, str, str]] = field(default_factory=list)
    """When, where, what."""
    refs: dict[str, str] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    on_the_way: Counter[str] = field(default_factory=Counter)
    most: int = 0
    tries: int = 0
    takes_s: Callable[[str], float] = lambda _room: 0.0
    """How long a call takes, in real seconds."""
    failure: Callable[[str], SendFailed | None] = lambda _room: None
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    looked_up: int = 0
    asked: int = 0
    """How often it was only asked whether it is there."""
    asking_takes_s: float = 0.0
    is_there: bool = True

    async def post(self, room: str, card: Card, ref: str) -> str:
        self.tries += 1
        self.on_the_way[room] += 1
        self.most = max(self.most, self.on_the_way.total())
        try:
            if room in self.hanging:
                await self.may_go_on.wait()
            await asyncio.sleep(self.takes_s(room))
            failure = self.failure(room)
            if failure is not None:
                raise failure
            self.shown.append((self.clock(), room, card.title))
            self.refs[ref] = f"{room}/{len(self.shown)}"
            return self.refs[ref]
        finally:
            self.on_the_way[room] -= 1

    async def update(self, room: str, message_id: str, card: Card) -> None:
        await self.post(room, card, "update")

    async def find(self, room: str, ref: str, since: datetime, thread: str | None = None) -> str | None:
        self.looked_up += 1
        return self.refs.get(ref)

    async def answers(self) -> bool:
        self.asked += 1
        if self.hanging:
            await self.may_go_on.wait()
        await asyncio.sleep(self.asking_takes_s)
        return self.is_there

    def limit(self, room: str, message_id: str | None, *, in_doubt: bool) -> str | None:
        return "chat.update" if message_id is not None else None

    def rooms(self) -> list[str]:
        return [room for _, room, _ in self.shown]


@dataclass
class Seen:
    """Watches the courier."""

    looks: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    late_by: list[float] = field(default_factory=list)

    def tried(self, outcome: str, late_by: timedelta | None) -> None:
        self.outcomes[outcome] += 1
        if late_by is not None:
            self.late_by.append(late_by.total_seconds())

    def resolved(self, doubt: LookedUp) -> None:
        self.doubts[doubt] += 1

    def ticked(self, _name: str) -> None:
        self.looks += 1


@dataclass
class Rooms:
    store: Store
    clock: FrozenClock
    chat: Chat
    says: Says
    outbox: Outbox
    seen: Seen

    async def promise(self, *rooms: str, subject: int = 1, urgency: int = 0, workspace: str = MINE) -> None:
        async with self.store.begin() as session:
            await outbox.promise(session, workspace, [
                Promise(room, "note", subject, urgency=urgency) for room in rooms], [], self.clock())
        self.outbox.wake()

    async def until(self, holds: Callable[[], bool], within_s: float = 10.0) -> None:
        """Give the courier real time until something holds."""
        async with asyncio.timeout(within_s):
            while not holds():
                await asyncio.sleep(0.005)

    async def seconds(self, count: int, step: float = 1.0) -> None:
        """Let the clock go on, step by step; in each the courier does all that there is to do."""
        for _ in range(count):
            self.clock.advance(seconds=step)
            await self.quiet()

    async def quiet(self) -> None:
        """Until the courier has looked twice and nothing came of it."""
        before = -1
        async with asyncio.timeout(20):
            while before != self.chat.tries + self.seen.outcomes.total():
                before = self.chat.tries + self.seen.outcomes.total()
                looks = self.seen.looks
                self.outbox.wake()
                while self.seen.looks < looks + 2:
                    await asyncio.sleep(0.002)
                    self.outbox.wake()

    async def posts(self) -> list[Post]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(Post).order_by(Post.id)))

    async def recorded(self) -> None:
        """Until nothing is wanted that is not shown."""
        async with asyncio.timeout(10):
            while any(post.wanted > post.shown and post.given_up_at is None for post in await self.posts()):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def rooms_on(url: str, clock: FrozenClock) -> AsyncIterator[Rooms]:
    """Everything but the running courier."""
    engine = open_engine(url)
    store, says, chat = Store(engine), Says(), Chat(clock)
    async with store.begin() as session:
        for workspace in (MINE, OTHER):
            await people.ensure_workspace(session, workspace, workspace, clock())
    composer: Any = says
    seen = Seen()
    yield Rooms(store, clock, chat, says, Outbox(store, clock, {"slack": chat}, composer, watch=seen), seen)
    await engine.dispose()


@asynccontextmanager
async def running(rooms: Rooms) -> AsyncIterator[asyncio.Task[None]]:
    """The courier runs; at the end it finishes what it began."""
    ending = asyncio.Event()
    task = asyncio.create_task(rooms.outbox.run(ending))
    try:
        yield task
    finally:
        rooms.chat.may_go_on.set()
        ending.set()
        rooms.outbox.wake()
        if not task.done():
            async with asyncio.timeout(10):
                await task
