"""What every proof stands on: the strict sandbox behind a watched wire, a database, and bots that are real processes.

What is promised here is a word: an audit entry with a reason of its own, announced in its pilot's channel. So what
arrived can be read off the rooms, by text and by the reference in the message's metadata.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import func, select

from bot.sandbox import Cast, Channel, Message, Person, Sandbox
from storage import audit, outbox
from storage.engine import Store, open_engine
from storage.models import Item, Lane, Pilot, Post
from storage.outbox import Promise
from tests.bench import databases, seed
from tests.proofs.clock import SharedClock
from tests.proofs.life import Life
from tests.proofs.wire import Wire
from tests.world import MANIFEST, SECRET

TOKEN = "xoxb-proof-0123456789"
_WORD = re.compile(r"\bword (\d+)\b")
_REF = re.compile(r"gc-(\d+)\b")


def promise_of(ref: str) -> int | None:
    """The number of the promise that a message's reference names."""
    found = _REF.match(ref)
    return None if found is None else int(found[1])


def promised_by(message: Message) -> int | None:
    """The number of the promise that a message keeps."""
    return promise_of(str((message.metadata or {}).get("event_payload", {}).get("ref")))


def room_of(number: int) -> str:
    """The channel of a pilot, as Slack calls it."""
    return f"C{number:08d}"


def cast_of(persons: int, rooms: int, zones: Sequence[tuple[str, str]]) -> Cast:
    """So many people and channels, called as the builders of tests.bench.seed call them."""
    return Cast(
        people=[Person(seed.user(n), f"priya{n}", f"Priya Raman {n}", "", *zones[n % len(zones)])
                for n in range(persons)],
        channels=[Channel(room_of(n), f"claims-{n}") for n in range(rooms)],
        team_id=seed.TEAM, newcomer="priya0")

MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""A Tuesday at nine where people are: whatever time it is for whoever runs this, messages may be said."""
PUT_OFF = timedelta(minutes=15)
"""What waits for longer waits for its reader's hours: no attempt that failed is put off so far."""


@dataclass
class Stage:
    sandbox: Sandbox
    wire: Wire
    clock: SharedClock
    store: Store
    url: str
    folder: Path
    rooms: int
    promised: dict[int, str] = field(default_factory=dict)
    """Each word's number and the channel it was promised in."""
    posts: dict[int, int] = field(default_factory=dict)
    """Each word's number and the number of its promise."""
    lives: list[Life] = field(default_factory=list)

    async def start(self, name: str = "bot", *, admins: str = "", **launch: str) -> Life:
        """Start a bot process. `launch` is for the launcher: die_at, sweep_s."""
        settings = {"database_url": self.url, "slack_mode": "http", "slack_bot_token": TOKEN, "port": "0",
                    "slack_signing_secret": SECRET, "slack_api_url": self.sandbox.api_url, "admins": admins}
        life = await Life.begin(self.folder / f"{name}.log", {
            **{f"GROUNDCREW_{key.upper()}": value for key, value in settings.items()},
            "PROOF_CLOCK": str(self.clock.path), **{f"PROOF_{key.upper()}": value for key, value in launch.items()}})
        self.lives.append(life)
        return life

    async def promise(self, count: int, *, urgency: int = 0, only: Sequence[int] | None = None) -> list[int]:
        """Promise so many further words, to the rooms in turn (or to `only` these); returns their numbers."""
        numbers = range(len(self.promised), len(self.promised) + count)
        rooms = only or range(self.rooms)
        now, posts = self.clock(), {}
        async with self.store.begin() as session:
            pilots = {pilot.id: pilot for pilot in await session.scalars(
                select(Pilot).where(Pilot.id <= self.rooms).order_by(Pilot.id).with_for_update())}
            entries = {}
            for n in numbers:
                pilot = pilots[rooms[n % len(rooms)] + 1]
                entries[n] = await audit.append(
                    session, pilot, at=now, actor=pilot.created_by, door="proof", what="pilot paused",
                    after={"reason": f"word {n}"})
            await session.flush()
            await outbox.promise(session, seed.WORKSPACE, [
                Promise(pilots[entry.pilot_id].room, "gate", entry.id, urgency=urgency) for entry in entries.values()],
                [], now)
            by_entry = {post.subject_id: post.id for post in await session.scalars(
                select(Post)
                .where(Post.kind == "gate", Post.subject_id.in_([entry.id for entry in entries.values()])))}
            posts = {n: by_entry[entry.id] for n, entry in entries.items()}
            for n, entry in entries.items():
                self.promised[n] = pilots[entry.pilot_id].room.removeprefix("slack:")
        self.posts.update(posts)
        return list(numbers)

    async def waiting(self) -> int:
        """How many promises are not kept yet that may be by now: what waits for its reader's hours does not count."""
        async with self.store.reading() as session:
            return await session.scalar(select(func.count()).select_from(Post).where(
                Post.wanted > Post.shown, Post.given_up_at.is_(None),
                Post.not_before <= self.clock() + PUT_OFF)) or 0

    async def drained(self, within_s: float) -> float:
        """Wait until nothing is promised for now that is not kept or given up; how long it took."""
        began = monotonic()
        while left := await self.waiting():
            assert monotonic() - began < within_s, f"{left} promises still wait: {await self.stuck()}"
            await asyncio.sleep(0.1)
        return monotonic() - began

    async def swept(self, within_s: float) -> float:
        """Wait until nothing is due that was not promised, and all of it is kept; how long it took."""
        began = monotonic()
        while left := await self._due():
            assert monotonic() - began < within_s, f"{left} items and pilots are still due"
            await asyncio.sleep(0.1)
        await self.drained(began + within_s - monotonic())
        return monotonic() - began

    async def _due(self) -> int:
        now = self.clock()
        async with self.store.reading() as session:
            items = await session.scalar(select(func.count()).select_from(Item).where(Item.next_at <= now))
            pilots = await session.scalar(select(func.count()).select_from(Pilot).where(Pilot.nudge_at <= now))
        return (items or 0) + (pilots or 0)

    async def stuck(self) -> list[str]:
        """Some of what is not done, for whoever reads of a failure."""
        async with self.store.reading() as session:
            posts = await session.scalars(select(Post).where(Post.wanted > Post.shown, Post.given_up_at.is_(None)).limit(5))
            return [f"{each.kind} {each.id} in {each.room}: attempts {each.attempts}, {each.last_error}, not before "
                    f"{each.not_before}, doubt {each.doubt_since}; now {self.clock()}" for each in posts]

    async def given_up(self) -> list[Post]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(Post).where(Post.given_up_at.is_not(None)).order_by(Post.id)))

    async def free(self, within_s: float = 5) -> None:
        """Assert that soon no room's lane is held by anybody; a lane whose name has a `!` is a limit and no room."""
        until = monotonic() + within_s
        while True:
            async with self.store.reading() as session:
                held = await session.scalar(select(func.count()).select_from(Lane).where(
                    Lane.leased_until.is_not(None), Lane.room.not_like("%:!%")))
            if not held:
                return
            assert monotonic() < until, f"{held} lanes are still leased"
            await asyncio.sleep(0.1)

    # ---- what the rooms show --------------------------------------------------------------------------------

    def messages(self) -> Iterable[tuple[str, Message]]:
        """Everything the bot said in channels and direct messages, with the room."""
        for room in self.sandbox.workspace.channels.values():
            yield from ((room.id, message) for message in room.messages)

    def words(self) -> dict[int, Counter[str]]:
        """How often each word stands in which room."""
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for room, message in self.messages():
            for number in _WORD.findall(message.plain):
                found[int(number)][room] += 1
        return found

    def kept(self) -> Counter[int | None]:
        """How many messages refer to each promise, by its number."""
        return Counter(promised_by(message) for _, message in self.messages())

    def assert_each_once(self, numbers: Iterable[int] | None = None) -> None:
        """Each word stands in its own room once, under its own promise's reference, and nowhere else."""
        words, kept = self.words(), self.kept()
        wanted = list(self.promised if numbers is None else numbers)
        lost = [n for n in wanted if not words[n]]
        wrong = {n: dict(words[n]) for n in wanted if words[n] and words[n] != Counter({self.promised[n]: 1})}
        assert (len(lost), wrong) == (0, {}), (lost[:10], list(wrong.items())[:10])
        twice = {post: times for post, times in kept.items() if times > 1}
        assert not twice, list(twice.items())[:10]
        assert all(kept[self.posts[n]] == 1 for n in wanted)


@asynccontextmanager
async def stage_on(url: str, folder: Path, *, rooms: int, persons: int, start: datetime | None = None,
                   tables: seed.Tables | None = None,
                   zones: Sequence[tuple[str, str]] = seed.ZONES) -> AsyncIterator[Stage]:
    """A workspace and its database, filled; every bot that was started is gone at the end.

    Args:
        start: where the clock begins; a working morning otherwise.
        tables: the rows, made by builders; pilots of 50 items with nothing due otherwise.
        zones: where the people are, in turn, as Slack tells it; `tables` must say the same.
    """
    clock = SharedClock(folder / "clock")
    clock.set(start or MORNING)
    if tables is None:
        tables = [*seed.people(persons, clock()), *seed.pilots(range(rooms), persons, clock())]
    await databases.fill(url, tables)
    sandbox = Sandbox(cast=cast_of(persons, rooms, zones), manifest=MANIFEST, bot_token=TOKEN, app_token="xapp-proof-0123456789",
                      signing_secret=SECRET, clock=clock)
    wire = Wire(sandbox.app, clock)
    in_front: Any = wire
    sandbox.app = in_front
    await sandbox.start()
    engine = open_engine(url)
    stage = Stage(sandbox, wire, clock, Store(engine), url, folder, rooms)
    try:
        yield stage
    finally:
        for life in stage.lives:
            await life.kill()
        await engine.dispose()
        await sandbox.stop()
