"""What people do about messages that could not be shown: try them again, or drop them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor, Clock
from handlers.outbox import telling
from handlers.outbox.sending import IN_DOUBT
from storage import audit, outbox, pilots, queue
from storage.engine import Store
from storage.models import DROPPED, Pilot, Post
from storage.outbox import Promise

ADMIN, COMMAND_LINE = "admin", "command line"
"""Who drops a message at the command line, and by which door, for the audit trail."""


@dataclass(frozen=True, slots=True)
class Mending:
    store: Store
    clock: Clock
    admins: frozenset[str] = frozenset()

    async def resend(self, actor: Actor, post_id: int) -> None:
        """Try once more what was given up in a room. Raises Refused for anybody but those who can mend it."""
        async with self.store.begin() as session:
            post = await outbox.one(session, actor.workspace, post_id)
            if post is None or post.given_up_at is None:
                raise Refused("That message was delivered meanwhile, or is on its way; there is nothing to "
                              "send again.")
            pilot = await telling.pilot_of(session, post)
            if pilot is not None and actor.person not in (pilot.created_by, *self.admins):
                raise Refused("Only who registered the pilot, or an admin, can send it again.")
            lost = await outbox.given_up_in(session, actor.workspace, post.room)
            await self._again(session, [each for each in lost if not _is_dropped(each)],
                              telling.about_lost(pilot, post, self.admins) if pilot is not None else [])

    async def retry(self, post_id: int) -> str:
        """An admin has it tried now; returns what will happen. Raises Refused where nothing waits."""
        async with self.store.begin() as session:
            post = await self._unkept(session, post_id)
            was_in_doubt = post.last_error == IN_DOUBT
            await self._again(session, [post], await self._told(session, post))
        if was_in_doubt:
            return (f"Message {post_id} is posted again now. Its first answer was lost and the room may not "
                    "be read, so it may stand there twice.")
        return f"Message {post_id} is tried now."

    async def retry_all(self) -> int:
        """An admin has all tried that was given up; returns how many these are."""
        async with self.store.begin() as session:
            lost = await queue.given_up(session)
            for workspace in sorted({post.workspace_id for post in lost}):
                here = [post for post in lost if post.workspace_id == workspace]
                told = [promise for post in here for promise in await self._told(session, post)]
                await self._again(session, here, told)
        return len(lost)

    async def drop(self, post_id: int, reason: str) -> Post:
        """An admin decides that it is not shown; a pilot's trail says so. Raises Refused where it may be."""
        now = self.clock()
        async with self.store.begin() as session:
            post = await self._unkept(session, post_id)
            if _is_dropped(post):
                raise Refused(f"Message {post_id} was dropped already ({post.last_error}).")
            pilot = await telling.pilot_of(session, post)
            if pilot is not None:
                await self._note(session, pilot, post, reason)
            told = await self._told(session, post)
            before = [promise for promise in told if promise.room < post.room]
            await outbox.promise(session, post.workspace_id, before, [], now)  # rooms are locked in order
            if not await outbox.locked_at_rest(session, post.workspace_id, post.room, now):
                raise Refused(f"Message {post_id} may be on its way just now. Try again in a minute.")
            await session.refresh(post)
            post.given_up_at, post.last_error = now, f"{DROPPED}{reason}"
            await session.flush()
            await outbox.promise(session, post.workspace_id, told[len(before):], [], now)
        return post

    async def _again(self, session: AsyncSession, lost: Sequence[Post], told: Iterable[Promise]) -> None:
        """Promise these once more, at once, and bring up to date what was said about them."""
        for each in lost:
            if each.last_error == IN_DOUBT:
                each.doubt_since = None  # a person looked, and says that it is not there
        await session.flush()
        again = [Promise(each.room, each.kind, each.subject_id, each.pilot_id, each.live_until, each.urgency)
                 for each in lost]
        if lost:
            await outbox.promise(session, lost[0].workspace_id, [*again, *told], [], self.clock())

    async def _unkept(self, session: AsyncSession, post_id: int) -> Post:
        post = await queue.one(session, post_id)
        if post is None:
            raise Refused(f"There is no message {post_id}: `groundcrew outbox list --all` shows those there "
                          "are.")
        if post.wanted <= post.shown:
            raise Refused(f"Message {post_id} is shown as it should be: nothing waits there.")
        return post

    async def _told(self, session: AsyncSession, post: Post) -> list[Promise]:
        """The messages that say of this one that it could not be shown."""
        rooms = await outbox.rooms_of(session, post.workspace_id, telling.UNDELIVERED, post.id)
        return [Promise(room, telling.UNDELIVERED, post.id) for room in sorted(rooms)]

    async def _note(self, session: AsyncSession, pilot: Pilot, post: Post, reason: str) -> None:
        locked = await pilots.locked(session, pilot.workspace_id, pilot.id)
        assert locked is not None
        await session.refresh(locked)
        await audit.append(session, locked, at=self.clock(), actor=ADMIN, door=COMMAND_LINE,
                           what="message dropped", subject=post.kind,
                           after={"room": post.room, "reason": reason})


def _is_dropped(post: Post) -> bool:
    return post.given_up_at is not None and (post.last_error or "").startswith(DROPPED)
