"""What the workspace holds: people, rooms, messages and views, as everybody sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox import plain
from bot.sandbox.elements import State
from bot.sandbox.wire import JSON


@dataclass(slots=True)
class User:
    id: str
    handle: str
    name: str
    title: str
    tz: str
    email: str
    locale: str
    team_id: str
    is_bot: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False
    updated: int = 0
    dnd: tuple[datetime, datetime] | None = None  # do not disturb from, until


@dataclass(slots=True)
class File:
    id: str
    name: str
    mimetype: str
    size: int
    title: str
    by: str
    alt_txt: str | None = None
    content: bytes = b""
    received: bool = False  # the bytes have come
    shared: bool = False  # the upload was completed
    created: int = 0
    rooms: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """One message, as it looks now. `edited` is the mark people see, `deleted` a tombstone above replies."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[JSON] = field(default_factory=list)
    attachments: list[JSON] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    thread_ts: str | None = None
    ephemeral_for: str | None = None
    metadata: JSON | None = None
    edited: bool = False
    deleted: bool = False
    bot_id: str | None = None
    subtype: str | None = None
    updates: int = 0  # how often chat.update changed it
    broadcast: bool = False
    picks: dict[str, State] = field(default_factory=dict, repr=False)  # user -> what they picked here
    reactions: dict[str, list[str]] = field(default_factory=dict)
    _name_of: plain.NameOf = field(default=str, repr=False, compare=False)

    @property
    def plain(self) -> str:
        """All a person reads: the blocks' text, or the text where there are no blocks, and attachments."""
        parts = [plain.plain(self.blocks, self._name_of)] if self.blocks else [self.decoded_text]
        for attachment in self.attachments:
            parts += [
                plain.decode(str(attachment[key]), self._name_of)
                for key in ("pretext", "title", "text", "footer")
                if attachment.get(key)
            ]
            parts.append(plain.plain(attachment.get("blocks") or [], self._name_of))
        parts += [file.title or file.name for file in self.files]
        return "\n".join(part for part in parts if part)

    @property
    def decoded_text(self) -> str:
        """`text` as a notification shows it."""
        return plain.decode(self.text, self._name_of)

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return plain.labels(self.all_blocks)

    @property
    def all_blocks(self) -> list[JSON]:
        """Its blocks with those inside attachments."""
        return self.blocks + [b for a in self.attachments for b in a.get("blocks") or []]

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(float(self.ts), UTC)


@dataclass(slots=True)
class View:
    """A modal or a Home tab. `errors` are what the person sees under the inputs."""

    id: str
    user: str
    body: JSON  # type, title, blocks, submit, close, callback_id, private_metadata ... as accepted
    hash: str
    external_id: str = ""
    root_id: str = ""
    previous_id: str | None = None
    state: State = field(default_factory=dict)
    errors: dict[str, str] | None = None
    busy: bool = False
    channel: str | None = None  # the room the chain of triggers began in
    _name_of: plain.NameOf = field(default=str, repr=False, compare=False)

    @property
    def blocks(self) -> list[JSON]:
        blocks: list[JSON] = self.body["blocks"]
        return blocks

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def title(self) -> str:
        return str((self.body.get("title") or {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        return str(self.body.get("callback_id") or "")

    @property
    def private_metadata(self) -> str:
        return str(self.body.get("private_metadata") or "")

    @property
    def plain(self) -> str:
        """All a person reads: title, blocks, errors under inputs, the labels of submit and close."""
        frame = [self.title, plain.plain(self.blocks, self._name_of), *(self.errors or {}).values()]
        frame += [str((self.body.get(key) or {}).get("text", "")) for key in ("submit", "close")]
        return "\n".join(part for part in frame if part)

    @property
    def buttons(self) -> list[str]:
        return plain.labels(self.blocks)


@dataclass(slots=True)
class Conversation:
    """A channel, or the direct messages between one person and the app."""

    id: str
    name: str
    created: int
    creator: str
    topic: str = ""
    purpose: str = ""
    is_private: bool = False
    is_archived: bool = False
    with_user: str | None = None  # set: a DM with this person
    is_ext_shared: bool = False
    members: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    by_ts: dict[str, Message] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)  # user -> ts read up to
    topic_by: str = ""

    @property
    def is_im(self) -> bool:
        return self.with_user is not None

    @property
    def kind(self) -> str:
        """How scopes and events call it."""
        return "im" if self.is_im else "group" if self.is_private else "channel"

    def unread(self, user: str) -> int:
        since = self.read.get(user, "0")
        return sum(
            1
            for m in self.messages
            if m.ts > since
            and m.user != user
            and m.ephemeral_for in {None, user}
            and (m.thread_ts in {None, m.ts} or m.broadcast)
        )


@dataclass(slots=True)
class Trigger:
    id: str
    user: str
    until: datetime
    view_id: str | None = None
    channel: str | None = None
    spent: bool = False


@dataclass(slots=True)
class ResponseUrl:
    path: str
    channel: str
    user: str
    until: datetime
    message_ts: str | None = None
    thread_ts: str | None = None
    left: int = 5


Clock = Callable[[], datetime]
