"""Makes rooms show what they were promised, as things stand at the moment of showing."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.errors import Refused
from handlers.chat.ports import EVERYTHING, Actor, ChatClient, Clock, SendFailed
from handlers.outbox.compose import UNDELIVERED, Composer
from handlers.outbox.rules import BUG, LEASE, PAGE, SEND_AT_MOST, Next, Step, step_after
from storage import outbox
from storage.engine import Store
from storage.models import Post
from storage.outbox import Promise, Turn

log = logging.getLogger(__name__)

LANES_AT_ONCE = 32
IN_DOUBT = "in_doubt"
"""Why a promise was given up whose first answer was lost and that cannot be looked up."""


@dataclass(slots=True)
class _Attempt:
    """What is tried for one promise, and what came of it.

    Attributes:
        post: the promise as it was when its lane was claimed.
        doubt_since: an earlier first post may be out there: it is looked up before anything is posted.
        send_before: past this the lease would run out under way.
        held_up: a limit of the whole workspace, and until when it holds this up.
        card: what it says; None: there is nothing to say, or nothing may be sent now.
        has_bug: its card could not be made or rendered.
    """

    post: Post
    doubt_since: datetime | None
    message_id: str | None
    send_before: datetime
    held_up: tuple[str, datetime] | None = None
    card: Card | None = None
    failure: SendFailed | None = None
    has_bug: bool = False


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
        """Keep one promise in each ready room; returns in how many. Any number of replicas may run it."""
        attempts = await self._claim()
        if not attempts:
            return 0
        async with asyncio.TaskGroup() as group:
            for turn, attempt in attempts.items():
                group.create_task(self._take(turn, attempt))
        return len(attempts)

    async def _claim(self) -> dict[Turn, _Attempt | None]:
        """Take lanes and the first promise of each.

        A first post is noted as in doubt before it is sent: whoever comes after a crash looks it up first.
        """
        attempts: dict[Turn, _Attempt | None] = {}
        async with self.store.begin() as session:
            now = self.clock()
            turns = await outbox.claim(session, now, LEASE, LANES_AT_ONCE)
            posts = await outbox.first_in_each(session, turns, now)
            limits = {turn: self._limits(turn, post) for turn, post in posts.items()}
            paused = await outbox.pauses(session, (each for of in limits.values() for each in of), now)
            for turn in turns:
                post = posts.get(turn)
                if post is None:
                    attempts[turn] = None
                    continue
                held_up = max(((limit[2], paused[limit]) for limit in limits[turn] if limit in paused),
                              key=lambda each: each[1], default=None)
                attempts[turn] = _Attempt(post, post.doubt_since, post.message_id,
                                          now + LEASE - SEND_AT_MOST, held_up)
                if post.message_id is None and post.doubt_since is None and held_up is None:
                    post.doubt_since = now
        return attempts

    def _limits(self, turn: Turn, post: Post) -> list[tuple[str, str, str]]:
        """What the next call for this promise counts against, besides its room's pace."""
        surface = turn.room.partition(":")[0]
        own = self.chat[surface].limit(post.room, post.message_id, in_doubt=post.doubt_since is not None)
        return [(turn.workspace, surface, limit) for limit in (EVERYTHING, own) if limit is not None]

    async def _take(self, turn: Turn, attempt: _Attempt | None) -> None:
        """One promise of one room. What goes wrong here must not stop the other rooms."""
        try:
            if attempt is not None and attempt.held_up is None:
                await self._compose(attempt)
                if attempt.card is not None:
                    if self.clock() > attempt.send_before:
                        return  # too late to be done within the lease: whoever has the lane next sends
                    await self._send(turn, attempt)
            await self._record(turn, attempt)
        except Exception:  # the database went away, or a bug of ours; the lane comes back when the lease ends
            log.exception("delivery to %s failed", turn.room)

    async def _compose(self, attempt: _Attempt) -> None:
        post = attempt.post
        async with self.store.reading() as session:
            try:
                attempt.card = await self.composer.compose(session, post, self.clock())
            except Exception:  # one card must not stop the others of its room
                log.exception("%s %s for %s cannot be said", post.kind, post.subject_id, post.room)
                attempt.failure, attempt.has_bug = SendFailed("bug"), True

    async def _send(self, turn: Turn, attempt: _Attempt) -> None:
        """Talk to the chat service, for SEND_AT_MOST; no transaction is open."""
        client = self.chat[turn.room.partition(":")[0]]
        post, card, ref = attempt.post, attempt.card, f"gc-{attempt.post.id}"
        assert card is not None
        try:
            async with asyncio.timeout(SEND_AT_MOST.total_seconds()):
                if attempt.message_id is None and attempt.doubt_since is not None:
                    attempt.message_id = await self._look_up(client, post, ref, attempt.doubt_since)
                if attempt.message_id is None:
                    attempt.message_id = await client.post(post.room, card, ref)
                else:
                    await client.update(post.room, attempt.message_id, card)
        except SendFailed as error:
            attempt.failure = error
        except TimeoutError:
            attempt.failure = SendFailed("timeout", in_doubt=True)
        except Exception:  # the renderer could not show it: nothing went out
            log.exception("%s %s cannot be shown in %s", post.kind, post.subject_id, post.room)
            attempt.failure, attempt.has_bug = SendFailed("bug"), True

    async def _look_up(self, client: ChatClient, post: Post, ref: str, since: datetime) -> str | None:
        """The message of an attempt whose answer was lost.

        Raises SendFailed where it must not be posted again.
        """
        try:
            return await client.find(post.room, ref, since - LEASE)  # clocks differ a little
        except SendFailed as error:
            if not error.final:
                raise
            if post.urgency >= PAGE:
                return None
            if error.reason in ("missing_scope", "history_too_long"):
                raise SendFailed(IN_DOUBT, final=True) from error
            raise

    async def _record(self, turn: Turn, attempt: _Attempt | None) -> None:
        now = self.clock()
        gives_up = attempt is not None and attempt.failure is not None and attempt.failure.final
        async with self.store.begin() as session:
            tell = (await self._whom_to_tell(session, attempt.post)
                    if attempt is not None and gives_up else None)
            if tell is not None and tell.room < turn.room:  # lanes are locked in one order, everywhere
                await outbox.promise(session, turn.workspace, [tell], [], now)
            lane = await outbox.locked_lane(session, turn)
            open_at = None
            if attempt is not None:
                post = await outbox.locked_post(session, turn.workspace, attempt.post.id)
                assert post is not None
                if lane is None:
                    self._note_late(post, attempt)
                    return
                open_at = await self._note(session, turn, post, attempt, now)
            if lane is not None:
                await session.flush()
                await outbox.give_back(session, lane, open_at)
            if tell is not None and tell.room >= turn.room:
                await outbox.promise(session, turn.workspace, [tell], [], now)
        if tell is not None:
            self.wake()

    def _note_late(self, post: Post, attempt: _Attempt) -> None:
        """Our lease ran out and somebody else has the lane: say only what they cannot know."""
        if post.message_id is None and attempt.message_id is not None:
            post.message_id, post.doubt_since = attempt.message_id, None

    async def _note(self, session: AsyncSession, turn: Turn, post: Post, attempt: _Attempt,
                    now: datetime) -> datetime | None:
        """Record what came of it; returns when the room may be sent to again, None: it was not sent to."""
        if attempt.held_up is not None:
            limit, until = attempt.held_up
            post.not_before = max(post.not_before, until)
            return until if limit == EVERYTHING else None
        step = BUG if attempt.has_bug else step_after(post.attempts + 1, attempt.failure,
                                                      was_first_post=post.message_id is None)
        self._note_post(post, attempt, step, now)
        if step.next is Next.GIVE_UP:
            log.warning("giving up on %s in %s: %s", post.kind, post.room, post.last_error)
        if attempt.failure is not None and attempt.failure.limit is not None:
            await self._pause(session, turn, attempt.failure, now, step.wait)
        return now + step.close_room if attempt.card is not None else None

    def _note_post(self, post: Post, attempt: _Attempt, step: Step, now: datetime) -> None:
        post.last_error = attempt.failure.reason if attempt.failure else None
        if attempt.message_id is not None:
            post.message_id, post.doubt_since = attempt.message_id, None
        elif attempt.failure is None or not attempt.failure.in_doubt:
            post.doubt_since = attempt.doubt_since  # this attempt left nothing behind
        match step.next:
            case Next.SHOWN | Next.GONE:
                post.shown, post.attempts, post.not_before = max(post.shown, attempt.post.wanted), 0, now
            case Next.GIVE_UP:
                post.given_up_at = now
            case Next.AGAIN | Next.IN_DOUBT:
                post.attempts += 1
                post.not_before = now + step.wait

    async def _pause(self, session: AsyncSession, turn: Turn, failure: SendFailed, now: datetime,
                     wait: timedelta) -> None:
        """Hold back whatever counts against the same limit, in all rooms and replicas."""
        assert failure.limit is not None
        surface = turn.room.partition(":")[0]
        is_news = await outbox.pause(session, turn.workspace, surface, failure.limit, now + wait, now)
        if is_news and failure.limit == EVERYTHING:
            log.error("%s does not take our token (%s): everything waits and is tried again in %.0f s; "
                      "`groundcrew check` says what to do", turn.workspace, failure.reason,
                      wait.total_seconds())
        elif is_news:
            log.warning("%s: %s is limited, waiting %.0f s", turn.workspace, failure.limit,
                        wait.total_seconds())

    async def _whom_to_tell(self, session: AsyncSession, post: Post) -> Promise | None:
        """Whoever registered the pilot hears that a room does not show what it should: once a room."""
        pilot = await self.composer.pilot_of(session, post)
        if pilot is None or post.kind == UNDELIVERED or post.room == pilot.created_by:
            return None
        if not await outbox.is_promised(session, post.workspace_id, UNDELIVERED, [post.id]):
            others = [each.id for each in await outbox.given_up_in(session, post.workspace_id, post.room)
                      if each.id != post.id]
            if await outbox.is_promised(session, post.workspace_id, UNDELIVERED, others):
                return None
        return Promise(pilot.created_by, UNDELIVERED, post.id)

    async def resend(self, actor: Actor, post_id: int) -> None:
        """Try once more what was given up in a room. Raises Refused for anybody but those who can mend it."""
        now = self.clock()
        async with self.store.begin() as session:
            post = await outbox.one(session, actor.workspace, post_id)
            if post is None or post.given_up_at is None:
                raise Refused("That message was delivered meanwhile, or is on its way; there is nothing to "
                              "send again.")
            pilot = await self.composer.pilot_of(session, post)
            if pilot is not None and actor.person not in (pilot.created_by, *self.admins):
                raise Refused("Only who registered the pilot, or an admin, can send it again.")
            lost = await outbox.given_up_in(session, actor.workspace, post.room)
            again = [Promise(each.room, each.kind, each.subject_id, each.pilot_id, each.live_until,
                             each.urgency) for each in lost]
            if pilot is not None:
                again.append(Promise(pilot.created_by, UNDELIVERED, post.id))
            for each in lost:
                if each.last_error == IN_DOUBT:
                    each.doubt_since = None  # a person looked, and says that it is not there
            await session.flush()
            await outbox.promise(session, actor.workspace, again, [], now)
        self.wake()
