"""A week's mornings on real databases: rows to begin with, and a room that shows what was promised."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Later, plain
from handlers.nudges.actions import Nudges
from storage import outbox
from storage.base import Base
from storage.engine import Store
from storage.models import Item, Nudge, Person, Pilot, Post, Workspace
from storage.outbox import Change
from tests.conftest import FrozenClock
from tests.rules.make import WORKSPACE, person
from tests.rules.policies import POLICIES

MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in range(23, 28))
SAM, ANA = person("sam", "Sam"), person("ana", "Ana", zone="America/New_York", country="US")


def berlin(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour - 1, minute, tzinfo=UTC)


class Room:
    """The outbox in small: shows what was promised, edits what it showed."""

    def __init__(self, store: Store, clock: FrozenClock) -> None:
        self.store, self.clock = store, clock
        self.woken = 0
        self.nudges = Nudges(store, clock, self.wake, POLICIES)
        self.shown: dict[str, list[Card]] = {}

    def wake(self) -> None:
        self.woken += 1

    async def sweep(self, at: datetime) -> int:
        self.clock.now = at
        return await self.nudges.sweep()

    async def deliver(self) -> None:
        async with self.store.begin() as session:
            for post in await session.scalars(
                    select(Post).where(Post.wanted > Post.shown, Post.not_before <= self.clock())
                    .order_by(Post.message_id.is_not(None), Post.id)):
                card = await self._compose(session, post)
                if isinstance(card, Later):
                    assert card.at > self.clock(), "it would be composed for ever"
                    post.not_before = card.at
                    continue
                post.shown = post.wanted
                await session.flush()
                if card is not None and post.message_id is None:
                    self.shown.setdefault(post.room, []).append(card)
                    post.message_id = str(len(self.shown[post.room]) - 1)
                elif card is not None:
                    self.shown[post.room][int(post.message_id or 0)] = card

    async def _compose(self, session: AsyncSession, post: Post) -> Card | Later | None:
        compose = self.nudges.compose_digest if post.kind == "digest" else self.nudges.compose_channel
        return await compose(session, post.workspace_id, post.subject_id, self.clock())

    async def morning(self, day: date, hour: int = 9, minute: int = 30) -> int:
        """Sweep and deliver at that moment in Berlin; how many promises were made."""
        made = await self.sweep(berlin(day, hour, minute))
        await self.deliver()
        return made

    def says(self, room: str) -> str:
        return plain(self.shown[room][-1])


async def has(store: Store, *rows: Base) -> None:
    """Put rows into the database, parents first."""
    parents = (Workspace, Person, Pilot, Item, Nudge)
    async with store.begin() as session:
        for kind in (*parents, Base):
            for row in rows:
                if type(row) is kind or (kind is Base and type(row) not in parents):
                    await session.merge(row)
            await session.flush()


def workspace(name: str = WORKSPACE) -> Workspace:
    return Workspace(id=name, name=name, created_at=berlin(MON, 8))


async def all_of(store: Store, kind: Any) -> list[Any]:
    async with store.reading() as session:
        return list(await session.scalars(select(kind).order_by(*kind.__table__.primary_key.columns)))


async def change(store: Store, kind: Any, key: Any, **said: Any) -> None:
    """What an action would do: change a row and have what shows it brought up to date."""
    async with store.begin() as session:
        row = await session.get(kind, key)
        for name, value in said.items():
            setattr(row, name, value)
        await session.flush()
        await outbox.promise(session, WORKSPACE, [], [Change(1, frozenset({SAM.id, ANA.id}))], datetime(2026, 11, 23, 8, 30, tzinfo=UTC))


class counted:  # noqa: N801  # reads as a word: with counted(store) as statements
    """The statements sent to the database meanwhile."""

    def __init__(self, store: Store) -> None:
        self.engine = store.engine.sync_engine
        self.statements: list[str] = []

    def note(self, _c: object, _k: object, statement: str, *_: Iterable[object]) -> None:
        self.statements.append(statement)

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self.note)
        return self.statements

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self.note)
        self.statements[:] = [each for each in self.statements if not each.startswith("BEGIN")]
