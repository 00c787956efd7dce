"""Makes rooms show what they were promised, as things stand at the moment of showing."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.chat.cards import Card
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor, ChatClient, Clock, SendFailed
from handlers.outbox.compose import Composer
from handlers.outbox.rules import LEASE, PAGE, Next, Step, step_after
from storage import outbox, pilots
from storage.engine import Store
from storage.models import Post
from storage.outbox import Promise, Turn

log = logging.getLogger(__name__)

LANES_AT_ONCE = 32
UNDELIVERED = "undelivered"


@dataclass(slots=True)
class _Attempt:
    post: Post
    card: Card | None
    message_id: str | None
    failure: SendFailed | None = None
    found: bool = False


@dataclass(frozen=True, slots=True)
class Outbox:
    store: Store
    clock: Clock
    chat: Mapping[str, ChatClient]
    """By the prefix of a room: slack, teams."""
    composer: Composer
    admins: frozenset[str] = frozenset()
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Something was promised: do not wait for the next look."""
        self.woken.set()

    async def deliver(self) -> int:
        """Keep one promise in each room that is ready; returns in how many. Any number of replicas may run it."""
        async with self.store.begin() as session:
            turns = await outbox.claim(session, self.clock(), LEASE, LANES_AT_ONCE)
        if not turns:
            return 0
        async with asyncio.TaskGroup() as group:
            for turn in turns:
                group.create_task(self._take(turn))
        return len(turns)

    async def _take(self, turn: Turn) -> None:
        """One promise of one room. What goes wrong here must not stop the other rooms."""
        try:
            attempt = await self._prepare(turn)
            if attempt is not None and attempt.card is not None:
                await self._send(turn, attempt)
            await self._record(turn, attempt)
        except Exception:  # a bug in one card; its lane comes back when the lease ends
            log.exception("delivery to %s failed", turn.room)

    async def _prepare(self, turn: Turn) -> _Attempt | None:
        now = self.clock()
        async with self.store.reading() as session:
            post = await outbox.next_in(session, turn, now)
            if post is None:
                return None
            return _Attempt(post, await self.composer.compose(session, post, now), post.message_id)

    async def _send(self, turn: Turn, attempt: _Attempt) -> None:
        """Talk to the chat service; no transaction is open."""
        client = self.chat[turn.room.partition(":")[0]]
        post, card, ref = attempt.post, attempt.card, f"gc-{attempt.post.id}"
        assert card is not None
        try:
            if attempt.message_id is None and post.doubt_since is not None:
                attempt.message_id = await self._look_up(client, post, ref)
                attempt.found = attempt.message_id is not None
            if attempt.message_id is None:
                attempt.message_id = await client.post(post.room, card, ref)
            else:
                await client.update(post.room, attempt.message_id, card)
        except SendFailed as error:
            attempt.failure = error

    async def _look_up(self, client: ChatClient, post: Post, ref: str) -> str | None:
        """The message of an attempt whose answer was lost. Raises SendFailed where it must not be posted again."""
        assert post.doubt_since is not None
        try:
            return await client.find(post.room, ref, post.doubt_since)
        except SendFailed as error:
            if error.final and post.urgency >= PAGE:
                return None
            raise

    async def _record(self, turn: Turn, attempt: _Attempt | None) -> None:
        now = self.clock()
        async with self.store.begin() as session:
            lane = await outbox.locked_lane(session, turn)
            step = Step(Next.SHOWN)
            if attempt is not None:
                post = await outbox.locked_post(session, turn.workspace, attempt.post.id)
                assert post is not None
                if lane is None and post.message_id is not None:
                    return  # our lease ran out and somebody else posted it
                step = step_after(post.attempts + 1, attempt.failure, was_first_post=post.message_id is None)
                self._note(post, attempt, step, now)
                if step.next is Next.GIVE_UP:
                    log.warning("giving up on %s in %s: %s", post.kind, post.room, post.last_error)
                    promise = await self._tell_somebody(post, await pilots.one(session, turn.workspace,
                                                                               post.pilot_id or 0))
                    if promise is not None:
                        await outbox.promise(session, turn.workspace, [promise], [], now)
            if lane is not None:
                await session.flush()
                sent = attempt is not None and attempt.card is not None
                await outbox.give_back(session, lane, now + step.close_room if sent else None)

    async def resend(self, actor: Actor, post_id: int) -> None:
        """Try once more what was given up. Raises Refused for anybody but those who can mend it."""
        now = self.clock()
        async with self.store.begin() as session:
            post = await outbox.locked_post(session, actor.workspace, post_id)
            if post is None or post.given_up_at is None:
                raise Refused("That message was delivered meanwhile; there is nothing to send again.")
            pilot = await pilots.one(session, actor.workspace, post.pilot_id or 0)
            if pilot is not None and actor.person not in (pilot.created_by, *self.admins):
                raise Refused("Only who registered the pilot, or an admin, can send it again.")
            again = Promise(post.room, post.kind, post.subject_id, post.pilot_id, post.live_until, post.urgency)
            await outbox.promise(session, actor.workspace, [again], [], now)
        self.wake()

    def _note(self, post: Post, attempt: _Attempt, step: Step, now: datetime) -> None:
        seen = attempt.post.wanted
        post.last_error = str(attempt.failure) if attempt.failure else None
        if attempt.message_id is not None:
            post.message_id, post.doubt_since = attempt.message_id, None
        match step.next:
            case Next.SHOWN | Next.GONE:
                post.shown, post.attempts, post.not_before = max(post.shown, seen), 0, now
            case Next.GIVE_UP:
                post.given_up_at = now
            case Next.AGAIN | Next.IN_DOUBT:
                post.attempts += 1
                post.not_before = now + step.wait
                if step.next is Next.IN_DOUBT and post.doubt_since is None:
                    post.doubt_since = now - LEASE

    async def _tell_somebody(self, post: Post, pilot: object) -> Promise | None:
        """Who is told that a channel does not show what it should: whoever registered the pilot."""
        creator = getattr(pilot, "created_by", None)
        if creator is None or post.kind == UNDELIVERED or post.room == creator:
            return None
        return Promise(creator, UNDELIVERED, post.id)
