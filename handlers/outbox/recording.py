"""Writes down what came of attempts, many in one transaction, and gives their rooms back."""

import logging
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.ports import EVERYTHING, Clock
from handlers.outbox import telling
from handlers.outbox.attempt import Attempt, Watch
from handlers.outbox.reach import Reach
from handlers.outbox.rules import BUG, UNTRIED, Next, Step, opens_at, step_after
from storage import attempts as records
from storage import limits, outbox
from storage.attempts import Noted
from storage.engine import Store
from storage.limits import Limit
from storage.models import Post

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ending:
    """What is written of an attempt.

    Attributes:
        noted: the promise as it is now; None: as it was.
        open_at: when its room may be sent to again; None: it was not sent to.
        paused: a limit that was met, and until when.
    """

    attempt: Attempt
    outcome: str
    step: Step | None = None
    noted: Noted | None = None
    open_at: datetime | None = None
    paused: tuple[Limit, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    store: Store
    clock: Clock
    admins: frozenset[str]
    reach: Reach
    watch: Watch
    wake: Callable[[], None]
    """Told after a commit that there is something more to send."""
    chance: Callable[[], float] = random.random

    async def record(self, attempts: Sequence[Attempt]) -> datetime | None:
        """Returns when the first of these rooms is ready again; None: nothing waits there."""
        now = self.clock()
        endings = [self._ending(attempt, now) for attempt in attempts]
        lost = [ending for ending in endings if ending.step is not None and ending.step.next is Next.GIVE_UP]
        plain = [ending for ending in endings if ending not in lost]
        ready = [await self._write(plain, now)] if plain else []
        for ending in lost:  # each by itself: it locks further lanes, which has to be in order
            ready.append(await self._write_lost(ending, now))
        for workspace, surface in {(attempt.turn.workspace, attempt.surface) for attempt in attempts
                                   if attempt.was_refused and attempt.worked}:
            await self.token_works(workspace, surface)
        return min((at for at in ready if at is not None), default=None)

    # ---- what is written ---------------------------------------------------------------------------------

    def _ending(self, attempt: Attempt, now: datetime) -> _Ending:
        if attempt.post is None:
            return _Ending(attempt, "nothing due")
        if attempt.held_up is not None:
            return self._held_up(attempt, attempt.post, *attempt.held_up)
        if attempt.later is not None:
            noted = _noted(attempt.post, attempt, not_before=attempt.later)
            return _Ending(attempt, "postponed", noted=noted)
        step = self._step(attempt, attempt.post, now)
        if step is UNTRIED:
            noted = _noted(attempt.post, attempt, not_before=now + step.wait)
            return _Ending(attempt, "untried", step, noted)
        failure = attempt.failure
        paused = None
        if failure is not None and failure.limit is not None:
            until = now + timedelta(seconds=failure.retry_after_s or 0)
            paused = (attempt.turn.workspace, attempt.surface, failure.limit), until
        opens = None
        if attempt.card is not None:
            opens = (opens_at(attempt.turn.open_at, attempt.sent_at or now) if step.next is Next.SHOWN
                     else now + step.close_room)
        return _Ending(attempt, _outcome(attempt, step), step, _after(attempt.post, attempt, step, now),
                       opens, paused)

    def _held_up(self, attempt: Attempt, post: Post, limit: str, until: datetime) -> _Ending:
        if limit == EVERYTHING:
            self.reach.shut(attempt.turn.workspace, until)
            return _Ending(attempt, "held up")
        noted = _noted(post, attempt, not_before=max(post.not_before, until))
        return _Ending(attempt, "held up", noted=noted)

    def _step(self, attempt: Attempt, post: Post, now: datetime) -> Step:
        if attempt.is_untried:
            return UNTRIED
        if attempt.has_bug:
            return BUG
        return step_after(post.attempts + 1, attempt.failure, was_first_post=post.message_id is None,
                          away=self.reach.away(attempt.turn.workspace, now), chance=self.chance())

    # ---- writing it --------------------------------------------------------------------------------------

    async def _write(self, endings: Sequence[_Ending], now: datetime) -> datetime | None:
        async with self.store.begin() as session:
            held = await records.still_held(session, [each.attempt.turn for each in endings])
            ours = [each for each in endings if each.attempt.turn in held]
            ready = await self._write_held(session, ours, now)
        self._count(ours, now)
        await self._write_late([each for each in endings if each.attempt.turn not in held])
        return ready

    async def _write_held(self, session: AsyncSession, endings: Sequence[_Ending],
                          now: datetime) -> datetime | None:
        """Of lanes that are locked: what came of it, the lanes back, and limits that were met."""
        await records.note(session, [each.noted for each in endings if each.noted is not None])
        ready = await records.give_back(session, {each.attempt.turn: each.open_at for each in endings})
        met: dict[Limit, tuple[datetime, str]] = {}
        for each in endings:
            if each.paused is not None:
                (limit, until), failure = each.paused, each.attempt.failure
                assert failure is not None
                met[limit] = max(met.get(limit, (until, "")), (until, failure.reason))
        for limit in sorted(met):  # after all rooms: limits are locked last, everywhere
            await self._pause(session, limit, *met[limit], now)
        return ready

    async def _write_late(self, endings: Sequence[_Ending]) -> None:
        """Our lease ran out and somebody else has the lane: say only what they cannot know."""
        for each in endings:
            post, message_id = each.attempt.post, each.attempt.message_id
            self.watch.tried("late", None)
            if post is not None and post.message_id is None and message_id is not None:
                async with self.store.begin() as session:
                    await records.note_late(session, post.workspace_id, post.id, message_id)

    async def _write_lost(self, ending: _Ending, now: datetime) -> datetime | None:
        """What is given up, and who hears of it, in one commit."""
        attempt, post = ending.attempt, ending.attempt.post
        assert post is not None
        turn = attempt.turn
        async with self.store.begin() as session:
            tell = await telling.of_lost(session, post, self.admins)
            before = [each for each in tell if each.room < turn.room]
            await outbox.promise(session, turn.workspace, before, [], now)
            if not await records.still_held(session, [turn]):
                return None
            ready = await self._write_held(session, [ending], now)
            await outbox.promise(session, turn.workspace, tell[len(before):], [], now)
        log.warning("giving up on %s in %s: %s", post.kind, post.room,
                    attempt.failure.reason if attempt.failure else "")
        self._count([ending], now)
        if tell:
            self.wake()
        return ready

    async def _pause(self, session: AsyncSession, limit: Limit, until: datetime, reason: str,
                     now: datetime) -> None:
        """Hold back whatever counts against the same limit, in all rooms and replicas."""
        workspace, surface, name = limit
        is_token = name == EVERYTHING
        is_news = await limits.pause(session, workspace, surface, name, until, now, lasting=is_token)
        if is_token:
            self.reach.shut(workspace, until)
        if is_news and is_token:
            log.error("%s does not take our token (%s): nothing is lost, everything waits and one message is "
                      "tried every %.0f s; `groundcrew check` says what to do", workspace, reason,
                      (until - now).total_seconds())
        elif is_news:
            log.warning("%s: %s is limited, waiting %.0f s", workspace, name, (until - now).total_seconds())

    async def token_works(self, workspace: str, surface: str) -> None:
        """The token is taken: what waited goes on, and the admins hear since when it had not been."""
        everything = workspace, surface, EVERYTHING
        async with self.store.begin() as session:
            found = (await limits.met(session, [everything])).get(everything)
            if found is None:
                return
            admins = [admin for admin in self.admins if admin.startswith(f"{surface}:")]
            tell = telling.token_is_back(found.since, admins)
            await outbox.promise(session, workspace, tell, [], self.clock())
            if await limits.lift(session, *everything) is None:  # another call worked meanwhile, and said so
                await session.rollback()
                return
        self.reach.note(workspace, None, self.clock())
        log.warning("%s takes our token again, which it had not since %s: what waited is being sent",
                    workspace, found.since.isoformat(timespec="seconds"))
        self.wake()

    def _count(self, endings: Iterable[_Ending], now: datetime) -> None:
        for each in endings:
            post, late_by = each.attempt.post, None
            if post is not None and each.outcome == "shown":
                late_by = max(now - (post.not_before if post.shown else post.made_at), timedelta(0))
            self.watch.tried(each.outcome, late_by)
            if each.attempt.looked_up is not None:
                self.watch.resolved(each.attempt.looked_up)


def _noted(post: Post, attempt: Attempt, *, not_before: datetime) -> Noted:
    """A promise that was not tried: as it was, and not before that moment."""
    return Noted(post.workspace_id, post.id, post.shown, post.attempts, not_before, post.message_id,
                 attempt.doubt_since, post.last_error, post.given_up_at)


def _after(post: Post, attempt: Attempt, step: Step, now: datetime) -> Noted:
    """A promise after an attempt."""
    shown, tries, not_before, given_up_at = post.shown, post.attempts, now, None
    match step.next:
        case Next.SHOWN | Next.GONE:
            shown, tries = max(shown, post.wanted), 0
        case Next.GIVE_UP:
            given_up_at = now
        case Next.AGAIN | Next.IN_DOUBT:
            tries, not_before = tries + (not _is_obeyed(attempt)), now + step.wait
    return Noted(post.workspace_id, post.id, shown, tries, not_before, attempt.message_id,
                 _doubt(attempt), attempt.failure.reason if attempt.failure else None, given_up_at,
                 now if attempt.message_id is not None else None)


def _is_obeyed(attempt: Attempt) -> bool:
    """The service said when to come again: that is no failure, and what fails later is not the tenth."""
    return attempt.failure is not None and attempt.failure.retry_after_s is not None


def _doubt(attempt: Attempt) -> datetime | None:
    """Since when a first post may be out there, unknown to us."""
    if attempt.message_id is not None:
        return None
    if attempt.sent_at is None:
        return attempt.doubt_since
    if attempt.failure is not None and attempt.failure.in_doubt:
        return attempt.doubt_since or attempt.claimed_at
    # A clear answer: this post left nothing behind, and none was found of those before it.
    return attempt.doubt_since if attempt.looked_up is None else None


def _outcome(attempt: Attempt, step: Step) -> str:
    if attempt.has_bug:
        return "bug"
    if step.next is Next.SHOWN and attempt.card is None:
        return "nothing to say"
    return step.next.name.lower().replace("_", " ")
