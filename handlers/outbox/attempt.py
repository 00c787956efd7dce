"""One try to keep one promise, on its way from the claim to the record; and who watches."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Later
from handlers.chat.ports import SendFailed
from handlers.outbox.rules import LEASE, SEND_AT_MOST
from storage.models import Post
from storage.outbox import Turn


class LookedUp(StrEnum):
    """What became of a first post whose answer had been lost."""

    FOUND = "found"
    MISSING = "posted again"
    UNSEEN = "posted unseen"
    """A page whose room's history may not be read: rather twice than not at all."""
    GIVEN_UP = "given up"


@dataclass(slots=True)
class Attempt:
    """What is tried in one room, and what came of it.

    Attributes:
        post: the promise as it was when its lane was claimed; None: nothing is due there after all.
        doubt_since: an earlier first post may be out there: it is looked up before anything is posted.
        claimed_at: when the lease began.
        held_up: a limit of the whole workspace, and until when it holds this up.
        was_refused: the workspace did not take our token when it was last asked.
        card: what it says; None: there is nothing to say, or nothing may be sent now.
        later: it may not be said now, but then.
        has_bug: its card could not be made or rendered.
        is_untried: nothing was sent, for a reason that passes; the lane goes back.
        looked_up: what became of the doubt.
        sent_at: when the call was made that shows it.
    """

    turn: Turn
    post: Post | None
    doubt_since: datetime | None
    message_id: str | None
    claimed_at: datetime
    held_up: tuple[str, datetime] | None = None
    was_refused: bool = False
    card: Card | None = None
    later: datetime | None = None
    failure: SendFailed | None = None
    has_bug: bool = False
    is_untried: bool = False
    looked_up: LookedUp | None = None
    sent_at: datetime | None = None

    @property
    def surface(self) -> str:
        return self.turn.room.partition(":")[0]

    @property
    def send_before(self) -> datetime:
        """Past this the lease would run out under way."""
        return self.claimed_at + LEASE - SEND_AT_MOST

    @property
    def is_to_be_composed(self) -> bool:
        return self.post is not None and self.held_up is None

    @property
    def is_to_be_sent(self) -> bool:
        return self.card is not None and self.failure is None and not self.is_untried

    @property
    def worked(self) -> bool:
        """Whether a call was made, and the service took it."""
        return self.sent_at is not None and self.failure is None


class Composing(Protocol):
    """Says what promises say."""

    async def compose(self, session: AsyncSession, post: Post, now: datetime) -> Card | Later | None:
        """The card as things stand now; None: there is nothing left to say. Or it is not the time yet."""
        ...

    async def read_ahead(self, session: AsyncSession, posts: list[Post]) -> object:
        """Read what these posts' cards are made of, in few queries; to be held while they are composed."""
        ...


class Watch(Protocol):
    """Counts, for whoever operates the bot."""

    def tried(self, outcome: str, late_by: timedelta | None) -> None:
        """An attempt ended so; `late_by`: what was shown had been due so long."""
        ...

    def resolved(self, doubt: LookedUp) -> None: ...

    def ticked(self, name: str) -> None:
        """A repeated job came to its end, as it should again soon."""
        ...


class NobodyWatches:
    def tried(self, outcome: str, late_by: timedelta | None) -> None:
        pass

    def resolved(self, doubt: LookedUp) -> None:
        pass

    def ticked(self, name: str) -> None:
        pass
