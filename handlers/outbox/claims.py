"""Takes rooms whose turn it is, and the first promise of each: many in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.chat.ports import EVERYTHING, ChatClient, Clock
from handlers.outbox.attempt import Attempt
from handlers.outbox.rules import LEASE
from storage import limits, outbox
from storage.engine import Store
from storage.limits import Held, Limit
from storage.models import Post
from storage.outbox import Turn, Within


@dataclass(frozen=True, slots=True)
class Claims:
    store: Store
    clock: Clock
    chat: Mapping[str, ChatClient]

    async def take(self, limit: int, within: Within) -> tuple[list[Attempt], datetime | None]:
        """Up to `limit` rooms; and, where no more are ready, when the next will be.

        A first post is noted as in doubt before it is sent: whoever comes after a crash looks it up first.
        """
        async with self.store.begin() as session:
            now = self.clock()
            turns = await outbox.claim(session, now, LEASE, limit, within)
            if not turns:
                return [], await outbox.next_ready(session, now)
            posts = await outbox.first_in_each(session, turns, now)
            wanted = {turn: self._limits(turn, post) for turn, post in posts.items()}
            met = await limits.met(session, {each for of in wanted.values() for each in of})
            attempts = [_attempt(turn, posts.get(turn), wanted.get(turn, []), met, now) for turn in turns]
            await outbox.doubt(session, [
                attempt.post for attempt in attempts
                if attempt.post is not None and attempt.message_id is None
                and attempt.doubt_since is None and attempt.held_up is None], now)
            following = await outbox.next_ready(session, now) if len(turns) < limit else None
        return attempts, following

    def _limits(self, turn: Turn, post: Post) -> list[Limit]:
        """What the next call for this promise counts against, besides its room's pace."""
        surface = turn.room.partition(":")[0]
        own = self.chat[surface].limit(post.room, post.message_id, in_doubt=post.doubt_since is not None)
        return [(turn.workspace, surface, limit) for limit in (EVERYTHING, own) if limit is not None]


def _attempt(turn: Turn, post: Post | None, wanted: list[Limit], met: Mapping[Limit, Held],
             now: datetime) -> Attempt:
    if post is None:
        return Attempt(turn, None, None, None, now)
    holding = [(limit[2], met[limit].until) for limit in wanted if limit in met and met[limit].until > now]
    was_refused = any(limit[2] == EVERYTHING and limit in met for limit in wanted)
    return Attempt(turn, post, post.doubt_since, post.message_id, now,
                   max(holding, key=lambda each: each[1], default=None), was_refused)
