"""What handlers need from outside; bot/ gives it, tests fake it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handlers.chat.cards import Card, File

Clock = Callable[[], datetime]
"""The present moment, aware, in UTC."""


EVERYTHING = "*"
"""The limit that every call counts against: the service does not take us at all."""


class SendFailed(Exception):
    """The chat service did not take a message.

    Attributes:
        retry_after_s: seconds it asked us to wait; None where it gave none.
        final: True where no retry can help (no such room, not a member).
        in_doubt: True where it may have taken the message all the same (no answer came).
        gone: the message to be edited does not exist any more.
        limit: the limit of the whole workspace that is used up for `retry_after_s`: its name, or EVERYTHING;
            None where only this room has to wait.
        down: the service did not answer at all, which has nothing to do with this room.
        is_refusal: it answered and said no, in words that nobody here knows.
    """

    def __init__(self, reason: str, *, retry_after_s: float | None = None, final: bool = False,
                 in_doubt: bool = False, gone: bool = False, limit: str | None = None, down: bool = False,
                 is_refusal: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.final = final
        self.in_doubt = in_doubt
        self.gone = gone
        self.limit = limit
        self.down = down
        self.is_refusal = is_refusal


class ChatClient(Protocol):
    """One chat service. Rooms are ``slack:C1``, ``slack:U1`` (a person's DM), ``slack:home:U1``."""

    async def post(self, room: str, card: Card, ref: str) -> str:
        """Show `card` in `room`; returns the message's id. Raises SendFailed.

        `ref` is printed or attached so that `find` can tell this very post later.
        """
        ...

    async def update(self, room: str, message_id: str, card: Card) -> None:
        """Replace a message that was posted. Raises SendFailed."""
        ...

    async def attach(self, message_id: str, file: File) -> None:
        """Show `file` in the thread of a message, unless it is there already. Raises SendFailed."""
        ...

    async def find(self, room: str, ref: str, since: datetime, thread: str | None = None) -> str | None:
        """The id of the message posted with `ref`; None: no such message. Raises SendFailed if unknowable.

        `thread`: the message in whose thread it would be.
        """
        ...

    async def answers(self) -> bool:
        """Whether the service answers anything at all, even that it has trouble; shows nothing."""
        ...

    def limit(self, room: str, message_id: str | None, *, in_doubt: bool) -> str | None:
        """The workspace's limit that the next call for this message counts against.

        None: only the room's own.
        """
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as the chat service knows them."""

    id: str
    """``slack:U1``"""
    name: str
    handle: str
    zone: str | None
    is_active: bool
    is_bot: bool
    is_outsider: bool
    locale: str | None = None
    """``de-DE``; None: not told."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as the chat service knows it."""

    room: str
    name: str
    is_member: bool
    is_archived: bool


class Directory(Protocol):
    """Who is who and which channel is which, asked of the chat service."""

    async def person(self, person_id: str) -> Profile | None:
        """None where there is no such person. Raises SendFailed where it cannot be told."""
        ...

    async def channel(self, room: str) -> Channel | None:
        """None where there is no such channel, or none to be seen. Raises SendFailed if it cannot be told."""
        ...

    async def do_not_disturb(self, person_ids: Sequence[str]) -> dict[str, tuple[datetime, datetime] | None]:
        """The present or next do-not-disturb stretch of each, None: they have none.

        Whom the service says nothing about is left out. Raises SendFailed where it cannot be told.
        """
        ...


class Groups(Protocol):
    """Groups of people that can be mentioned as one."""

    async def set_group(self, group: str, person_ids: Sequence[str]) -> None:
        """From now on `group` holds just these people, one at least. Raises SendFailed."""
        ...


CLOCK = "clock"
"""Who does what nobody asked for just then, and by which door."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, from where: taken from what the chat service signed, never from what a payload claims."""

    workspace: str
    """``slack:T1``"""
    person: str
    """``slack:U1``"""
    door: str
    """How it came in, for the audit trail: ``slack command``, ``slack button``, ``clock``."""
    delivery: str | None = None
    """The delivery's id; the same id twice has an effect once. None: reading, or our own clock."""
    room: str | None = None
    """The channel it was said in."""
    thread: str | None = None
    """The message there in whose thread it was said, or that was spoken or pressed: ``C1/1761.0001``."""
    is_outsider: bool = False
