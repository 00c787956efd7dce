"""The outbox with the real Slack client against the sandbox; only what it says is the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select

from bot.sandbox import Sandbox, default_cast
from bot.sandbox.limits import _Bucket
from handlers.chat.cards import Card
from handlers.chat.ports import EVERYTHING
from handlers.outbox.actions import Outbox
from handlers.slack.client import SlackClient
from storage import outbox, people
from storage.engine import Store, open_engine
from storage.models import Lane, Post
from storage.outbox import Promise
from tests.conftest import FrozenClock
from tests.world import MANIFEST, SECRET, TEAM

TOKEN = "xoxb-sandbox-1"
GENERAL, OPS = "slack:C0GENERAL", "slack:C0OPS0000"
SAM = "slack:U0SAMOK00"
__all__ = ["EVERYTHING", "GENERAL", "OPS", "SAM", "TEAM", "TOKEN", "Courier", "courier_on"]


@dataclass
class Says:
    """What each subject says just now: words, None for nothing any more, or an exception for a bug."""

    now: dict[int, str | Exception | None] = field(default_factory=dict)

    async def compose(self, _session: object, post: Post, _now: datetime) -> Card | None:
        words = self.now.get(post.subject_id, f"about {post.subject_id}")
        if isinstance(words, Exception):
            raise words
        return None if words is None else Card(words)

    async def read_ahead(self, _session: object, _posts: list[Post]) -> None:
        return None


@dataclass
class Courier:
    sandbox: Sandbox
    store: Store
    clock: FrozenClock
    web: AsyncWebClient
    says: Says
    outbox: Outbox
    url: str
    stack: AsyncExitStack

    def sender(self, client: SlackClient | None = None, store: Store | None = None) -> Outbox:
        """A further sender, as another replica would be."""
        composer: Any = self.says
        return Outbox(store or self.store, self.clock, {"slack": client or SlackClient(self.web)}, composer)

    def other_store(self) -> Store:
        """The same database over connections of its own."""
        engine = open_engine(self.url)
        self.stack.push_async_callback(engine.dispose)
        return Store(engine)

    async def promise(self, room: str, subject: int = 1, *, urgency: int = 0) -> None:
        async with self.store.begin() as session:
            await outbox.promise(session, TEAM, [Promise(room, "note", subject, urgency=urgency)], [], self.clock())

    async def rounds(self, times: int = 4, *, seconds: float = 1) -> None:
        """Deliver, second after second."""
        for _ in range(times):
            await self.outbox.deliver()
            self.clock.advance(seconds=seconds)

    def shows(self, room: str) -> list[str]:
        """What stands in a room; for a person, in their direct messages."""
        name = room.removeprefix("slack:")
        channel = self.sandbox.dm_id(name) if name[0] == "U" else name
        return [message.decoded_text for message in self.sandbox.shown(channel)]

    def calls(self, method: str) -> int:
        """How often the bot called it."""
        return sum(exchange.name == method for exchange in self.sandbox.traffic)

    async def post(self, subject: int = 1) -> Post:
        async with self.store.reading() as session:
            return (await session.scalars(select(Post).where(Post.subject_id == subject))).one()

    async def lane(self, room: str) -> Lane:
        async with self.store.reading() as session:
            return (await session.scalars(select(Lane).where(Lane.room == room))).one()

    async def waiting(self) -> int:
        async with self.store.reading() as session:
            return await outbox.waiting(session)

    def limit_room(self, room: str, seconds: int) -> None:
        """Slack will say 429 to the next message there and ask for so many seconds."""
        self.sandbox.paces._buckets["room", room.removeprefix("slack:")] = _Bucket(1.0 - seconds, self.clock())

    def limit_method(self, method: str, seconds: int, per_minute: int) -> None:
        """Slack will say 429 to the method, in every room, and ask for so many seconds."""
        self.sandbox.paces._buckets["method", method] = _Bucket(1.0 - seconds * per_minute / 60, self.clock())


@asynccontextmanager
async def courier_on(url: str, clock: FrozenClock) -> AsyncIterator[Courier]:
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(cast=default_cast(), manifest=MANIFEST, bot_token=TOKEN, app_token="xapp-sandbox-1",
                          signing_secret=SECRET, clock=clock)
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        session = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=5)))
        web = AsyncWebClient(token=TOKEN, base_url=sandbox.api_url, session=session, retry_handlers=[])
        engine = open_engine(url)
        stack.push_async_callback(engine.dispose)
        store, says = Store(engine), Says()
        async with store.begin() as opened:
            await people.ensure_workspace(opened, TEAM, TEAM, clock())
        composer: Any = says
        yield Courier(sandbox, store, clock, web, says,
                      Outbox(store, clock, {"slack": SlackClient(web)}, composer), url, stack)
