"""Composes cards and talks to the chat service; no transaction is open while it does."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Later
from handlers.chat.ports import ChatClient, Clock, SendFailed
from handlers.outbox.attempt import Attempt, Composing, LookedUp
from handlers.outbox.lookout import Lookout
from handlers.outbox.reach import Reach
from handlers.outbox.rules import CLOCKS_DIFFER, PAGE, SEND_AT_MOST
from storage.engine import Store
from storage.models import Post

log = logging.getLogger(__name__)

IN_DOUBT = "in_doubt"
"""Why a promise was given up whose first answer was lost and that cannot be looked up."""
_UNREADABLE = ("missing_scope", "history_too_long")


@dataclass(frozen=True, slots=True)
class Sending:
    store: Store
    clock: Clock
    chat: Mapping[str, ChatClient]
    composer: Composing
    reach: Reach
    lookout: Lookout

    async def compose(self, attempts: Sequence[Attempt]) -> None:
        """Make the cards of all these in one look at the database."""
        wanted = [attempt for attempt in attempts if attempt.is_to_be_composed]
        if not wanted:
            return
        try:
            async with self.store.reading() as session:
                held = await self.composer.read_ahead(session, [_post(attempt) for attempt in wanted])
                for attempt in wanted:
                    await self._make(session, attempt)
                del held
        except (SQLAlchemyError, OSError):  # what failed for one has broken the look for all
            for attempt in wanted:
                await self._make_alone(attempt)

    async def _make_alone(self, attempt: Attempt) -> None:
        try:
            async with self.store.reading() as session:
                await self._make(session, attempt)
        except (SQLAlchemyError, OSError) as error:
            attempt.is_untried = not await self._database_answers()
            if not attempt.is_untried:
                _has_bug(attempt, error, "said")

    async def _database_answers(self) -> bool:
        try:
            async with self.store.glancing() as session:
                await session.execute(select(1))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def _make(self, session: AsyncSession, attempt: Attempt) -> None:
        """One card. A bug in it must not stop the others of its batch or its room."""
        try:
            composed = await self.composer.compose(session, _post(attempt), self.clock())
            attempt.card = None if isinstance(composed, Later) else composed
            attempt.later = composed.at if isinstance(composed, Later) else None
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:
            _has_bug(attempt, error, "said")

    async def send(self, attempt: Attempt) -> None:
        """Say it in its room, within SEND_AT_MOST; what came of it is noted in the attempt.

        A service that was away is asked first whether it is back, but by pages: what is sent to it and hangs
        would hang on, hold its room, and be in doubt.
        """
        if self.clock() > attempt.send_before:
            attempt.is_untried = True  # it would not be done within the lease
            return
        try:
            await self._check_there(attempt)
            async with asyncio.timeout(SEND_AT_MOST.total_seconds()):
                await self._say(attempt)
        except SendFailed as error:
            attempt.failure = error
        except TimeoutError:
            attempt.failure = SendFailed("timeout", in_doubt=True, down=True)
        except Exception as error:  # the renderer could not show it: nothing went out
            _has_bug(attempt, error, "shown")
            return
        self.reach.note(attempt.turn.workspace, attempt.failure, self.clock())

    async def _check_there(self, attempt: Attempt) -> None:
        """Raises SendFailed where the service was away, and is: nothing was sent then."""
        workspace = attempt.turn.workspace
        if attempt.turn.urgency < PAGE and self.reach.away(workspace, self.clock()) is not None \
                and not await self.lookout.answers(workspace, self.chat[attempt.surface]):
            raise SendFailed("still_away", down=True)

    async def _say(self, attempt: Attempt) -> None:
        client, post, card = self.chat[attempt.surface], _post(attempt), attempt.card
        assert card is not None
        if attempt.message_id is None and attempt.doubt_since is not None:
            await self._look_up(client, attempt)
        attempt.sent_at = self.clock()
        if attempt.message_id is None:
            attempt.message_id = await client.post(post.room, card, ref_of(post))
        else:
            await client.update(post.room, attempt.message_id, card)
        if card.file is not None:   # the message is noted by now: what fails from here on posts nothing twice
            await client.attach(card.thread or attempt.message_id, card.file)

    async def _look_up(self, client: ChatClient, attempt: Attempt) -> None:
        """Find the message of an attempt whose answer was lost.

        Raises SendFailed where it must not be posted again.
        """
        post = _post(attempt)
        assert attempt.doubt_since is not None
        try:
            since = attempt.doubt_since - CLOCKS_DIFFER
            attempt.message_id = await client.find(post.room, ref_of(post), since,
                                                     attempt.card.thread if attempt.card else None)
            attempt.looked_up = LookedUp.FOUND if attempt.message_id else LookedUp.MISSING
        except SendFailed as error:
            if error.final and post.urgency >= PAGE:
                attempt.looked_up = LookedUp.UNSEEN
                return
            if error.reason in _UNREADABLE:
                attempt.looked_up = LookedUp.GIVEN_UP
                raise SendFailed(IN_DOUBT, final=True) from error
            raise


def ref_of(post: Post) -> str:
    """By what the message of a promise is told from all others, of another installation's bot too."""
    return f"gc-{post.id}-{post.made_at.timestamp():.0f}"


def _post(attempt: Attempt) -> Post:
    assert attempt.post is not None
    return attempt.post


def _has_bug(attempt: Attempt, error: Exception, how: str) -> None:
    post = _post(attempt)
    log.error("%s %s for %s cannot be %s", post.kind, post.subject_id, post.room, how, exc_info=error)
    attempt.failure, attempt.has_bug = SendFailed("bug"), True
