"""The workspace's state: people, rooms, messages, views, files. Nothing here speaks HTTP."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.cast import Cast
from bot.sandbox.elements import elements
from bot.sandbox.model import Clock, Conversation, File, Message, ResponseUrl, Trigger, User, View
from bot.sandbox.wire import JSON, SandboxError

SLACKBOT = "USLACKBOT"
_ALPHABET = string.ascii_uppercase + string.digits
_TYPED_MENTION = re.compile(r"(?<![\w<@#/])([@#])([A-Za-z0-9][\w.-]*\w|[A-Za-z0-9])")
_TYPED_LINK = re.compile(r"(?<![<|\w])(https?://[^\s<>|]*[^\s<>|.,;:!?)\]'\"])")
TRIGGER_LIVES = timedelta(seconds=3)
RESPONSE_URL_LIVES = timedelta(minutes=30)


class Workspace:
    """`scopes` is what the bot's token was granted; take one out to play an admin who declined it.

    `watch` says how long triggers and response_urls live; the clock, unless that jumps under people's hands.
    """

    def __init__(self, cast: Cast, manifest: Mapping[str, Any], clock: Clock, watch: Clock | None = None,
                 seed: int = 7) -> None:
        self.cast = cast
        self.manifest = manifest
        self.clock = clock
        self.watch = watch or clock
        self.random = random.Random(seed)  # noqa: S311 - ids that repeat in tests, no secrets
        granted = manifest.get("oauth_config", {}).get("scopes", {})
        self.scopes: set[str] = {*granted.get("bot", []), *granted.get("bot_optional", [])}
        self.app_name = str(manifest.get("display_information", {}).get("name", "App"))
        self.verification_token = self.token()  # the deprecated one Slack still sends along
        self.users: dict[str, User] = {}
        self.channels: dict[str, Conversation] = {}
        self.files: dict[str, File] = {}
        self.homes: dict[str, View] = {}
        self.stacks: dict[str, list[View]] = {}
        self.views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.usergroups: dict[str, JSON] = {}
        self.url = "http://127.0.0.1:0"  # where this workspace is served, known after the start
        self.on_change: Callable[[str], None] = lambda what: None
        self._last_us = 0
        self._populate()

    # -- ids and time --------------------------------------------------------------------------
    def now(self) -> datetime:
        return self.clock()

    def epoch(self) -> int:
        return int(self.clock().timestamp())

    def new_ts(self) -> str:
        """A message time: the injected clock's, unique and increasing even while that clock stands still."""
        self._last_us = max(round(self.clock().timestamp() * 1_000_000), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        return prefix + "".join(self.random.choices(_ALPHABET, k=10))

    def token(self, length: int = 24) -> str:
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=length))

    # -- people and rooms ----------------------------------------------------------------------
    @property
    def bot(self) -> str:
        return self.cast.bot_user_id

    def user_id(self, handle: str) -> str:
        """The id for a handle, `@handle` or an id."""
        wanted = handle.removeprefix("@")
        if wanted in self.users:
            return wanted
        for user in self.users.values():
            if user.handle == wanted:
                return user.id
        raise SandboxError("user_not_found", f"Nobody here is called {handle!r}")

    def channel_id(self, name: str) -> str:
        """The id for a room's name, `#name` or an id; for a DM, the id only."""
        wanted = name.removeprefix("#")
        if wanted in self.channels:
            return wanted
        for channel in self.channels.values():
            if channel.name == wanted and not channel.is_im:
                return channel.id
        raise SandboxError("channel_not_found", f"There is no room {name!r}")

    def dm_id(self, user: str) -> str:
        return "D" + user[1:]

    def dm(self, user: str) -> Conversation:
        """The direct messages between the app and a person, opened if need be."""
        id_ = self.dm_id(user)
        if id_ not in self.channels:
            self.channels[id_] = Conversation(
                id_, "directmessage", self.epoch(), self.bot, is_private=True, with_user=user,
                members=[user, self.bot],
            )  # fmt: skip
            self.on_change("state")
        return self.channels[id_]

    def name_of(self, id_: str) -> str:
        """What people read for an id in a mention."""
        if id_ in self.users:
            return "@" + self.users[id_].handle
        if id_ in self.channels:
            return "#" + self.channels[id_].name
        return id_

    def sees(self, user: str, channel: Conversation) -> bool:
        """Whether this person can open the room."""
        if user in channel.members:
            return True
        return (
            not channel.is_private and not self.users[user].is_stranger and not self.users[user].is_restricted
        )

    def expand_mentions(self, text: str, *, for_command: bool) -> str:
        """Typed `@handle` and `#room` as Slack sends them; unknown names stay as typed."""

        def swapped(match: re.Match[str]) -> str:
            sign, name = match[1], match[2]
            if sign == "@":
                if not for_command and name in {"here", "channel", "everyone"}:
                    return f"<!{name}>"
                for user in self.users.values():
                    if user.handle == name:
                        return f"<@{user.id}|{name}>" if for_command else f"<@{user.id}>"
            else:
                for channel in self.channels.values():
                    if channel.name == name and not channel.is_im:
                        return f"<#{channel.id}|{name}>"
            return match[0]

        return _TYPED_MENTION.sub(swapped, text)

    def expand_links(self, text: str) -> str:
        return _TYPED_LINK.sub(r"<\1>", text)

    def has_feature(self, *path: str) -> bool:
        value: Any = self.manifest.get("features", {})
        for key in path:
            value = value.get(key, {}) if isinstance(value, Mapping) else {}
        return bool(value)

    def command(self, name: str) -> Mapping[str, Any] | None:
        for command in self.manifest.get("features", {}).get("slash_commands", []):
            if command["command"] == name:
                found: Mapping[str, Any] = command
                return found
        return None

    # -- messages ------------------------------------------------------------------------------
    def post(
        self, channel: Conversation, user: str, text: str, *, blocks: list[JSON] | None = None,
        ephemeral_for: str | None = None, **more: Any,
    ) -> Message:  # fmt: skip
        """Show a message. The blocks must have been checked; ids they lack are given here."""
        message = Message(
            channel.id, self.new_ts(), user, text, self.finished(blocks or []), ephemeral_for=ephemeral_for,
            _name_of=self.name_of, **more,
        )  # fmt: skip
        channel.messages.append(message)
        channel.by_ts[message.ts] = message
        self.on_change(f"messages:{channel.id}")
        return message

    def remove(self, channel: Conversation, message: Message) -> None:
        """Take a message away; above replies a tombstone stays."""
        if message.ephemeral_for is None and self.replies(channel, message.ts):
            message.text, message.blocks, message.attachments, message.files = (
                "This message was deleted.",
                [],
                [],
                [],
            )
            message.deleted, message.user, message.bot_id, message.subtype = True, SLACKBOT, None, "tombstone"
        else:
            channel.messages.remove(message)
            del channel.by_ts[message.ts]
        self.on_change(f"messages:{channel.id}")

    def replies(self, channel: Conversation, ts: str) -> list[Message]:
        return [m for m in channel.messages if m.thread_ts == ts and m.ts != ts and m.ephemeral_for is None]

    def visible(self, channel: Conversation, user: str | None) -> list[Message]:
        """What stands there, oldest first: for a person with their ephemerals, else without any."""
        return [m for m in channel.messages if m.ephemeral_for is None or m.ephemeral_for == user]

    def finished(self, blocks: list[JSON]) -> list[JSON]:
        """Blocks as Slack stores them: with ids, `emoji` and `verbatim` filled in. Changes them in place."""
        for block in _with_nested(blocks):
            if not block.get("block_id"):
                block["block_id"] = self.token(5)
        for _, element in elements(blocks):
            if not element.get("action_id") and element.get("type") != "image":
                element["action_id"] = self.token(5)
        _fill_texts(blocks)
        return blocks

    # -- triggers and response_urls --------------------------------------------------------------
    def new_trigger(self, user: str, *, view_id: str | None = None, channel: str | None = None) -> Trigger:
        id_ = f"{self.random.randrange(10**12, 10**13)}.{self.cast.team_id}.{self.token(32).lower()}"
        now = self.watch()
        if len(self.triggers) > 1000:
            self.triggers = {k: t for k, t in self.triggers.items() if t.until + TRIGGER_LIVES > now}
        self.triggers[id_] = Trigger(id_, user, now + TRIGGER_LIVES, view_id, channel)
        return self.triggers[id_]

    def new_response_url(
        self, kind: str, channel: str, user: str, message_ts: str | None = None, thread_ts: str | None = None
    ) -> ResponseUrl:
        path = f"/{kind}/{self.cast.team_id}/{self.random.randrange(10**12, 10**13)}/{self.token()}"
        now = self.watch()
        if len(self.response_urls) > 1000:
            self.response_urls = {k: u for k, u in self.response_urls.items() if u.until > now}
        url = ResponseUrl(path, channel, user, now + RESPONSE_URL_LIVES, message_ts, thread_ts)
        self.response_urls[path] = url
        return url

    # -- setting the stage -----------------------------------------------------------------------
    def _populate(self) -> None:
        cast = self.cast
        for person in cast.people:
            self.users[person.id] = User(
                person.id, person.handle, person.name, person.title, person.tz, person.email, person.locale,
                person.team_id or cast.team_id, is_admin=person.is_admin, is_owner=person.is_owner,
                is_restricted=person.is_restricted, is_stranger=person.is_stranger, deleted=person.deleted,
                updated=self.epoch(),
            )  # fmt: skip
        display = self.manifest.get("features", {}).get("bot_user", {}).get("display_name", self.app_name)
        for id_, handle, name in (
            (cast.bot_user_id, cast.bot_handle, display),
            (SLACKBOT, "slackbot", "Slackbot"),
        ):
            self.users[id_] = User(
                id_, handle, name, "", "Etc/UTC", "", "en-US", cast.team_id, is_bot=True, updated=self.epoch()
            )  # fmt: skip
        everybody = [p.id for p in cast.people if not p.deleted and not p.is_stranger]
        for room in cast.channels:
            ids = everybody if room.members is None else [self.user_id(h) for h in room.members]
            guests = [self.user_id(h) for h in room.guests]
            self.channels[room.id] = Conversation(
                room.id, room.name, self.epoch(), ids[0] if ids else SLACKBOT, topic=room.topic,
                is_private=room.is_private, is_archived=room.is_archived, is_ext_shared=bool(guests),
                members=[*ids, *guests, *([self.bot] if room.has_bot else [])],
            )  # fmt: skip


def _with_nested(blocks: Iterable[JSON]) -> Iterable[JSON]:
    for block in blocks:
        yield block
        if block.get("type") in {"container", "carousel"}:
            yield from _with_nested(block.get("child_blocks") or block.get("elements") or [])


def _fill_texts(value: Any) -> None:
    if isinstance(value, list):
        for inner in value:
            _fill_texts(inner)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        else:
            for inner in value.values():
                if isinstance(inner, (list, dict)):
                    _fill_texts(inner)
