"""What people do in rooms: type commands and messages, come, go, open the Home tab."""

from __future__ import annotations

from bot.sandbox.api_chat import message_json
from bot.sandbox.api_conversations import joined
from bot.sandbox.api_users import user_json
from bot.sandbox.deliver import Deliveries
from bot.sandbox.model import Conversation, Message
from bot.sandbox.payloads import Payloads
from bot.sandbox.replies import Replies
from bot.sandbox.views import Views
from bot.sandbox.wire import JSON, Answer, ApiError, SandboxError
from bot.sandbox.workspace import Workspace


class Humans:
    """`escape_links`: with should_escape Slack also wraps links of a command in <>; off here, as typed."""

    def __init__(
        self, workspace: Workspace, views: Views, payloads: Payloads, deliver: Deliveries, replies: Replies
    ) -> None:
        self._ws = workspace
        self._views = views
        self._payloads = payloads
        self._deliver = deliver
        self._replies = replies
        self.escape_links = False

    def person(self, user: str) -> str:
        """The id of somebody who can act."""
        id_ = self._ws.user_id(user)
        found = self._ws.users[id_]
        if found.deleted:
            raise SandboxError("account_inactive", f"{found.name} is no longer in this workspace")
        if found.is_bot:
            raise SandboxError("not_allowed", "The app acts through the Web API, not here")
        return id_

    def room(self, user: str, channel: str) -> Conversation:
        """A room this person can open; a person's or the app's handle means the DM with the app."""
        ws = self._ws
        if channel.removeprefix("@") in {"dm", ws.cast.bot_handle, ws.bot}:
            return ws.dm(user)
        room = ws.channels[ws.channel_id(channel)]
        if not ws.sees(user, room):
            raise SandboxError("channel_not_found", "You cannot see that channel")
        return room

    # -- typing --------------------------------------------------------------------------------
    async def slash(self, user: str, channel: str, text: str) -> Answer:
        """Type a slash command. What the ack shows becomes a message."""
        ws = self._ws
        user = self.person(user)
        room = self.room(user, channel)
        name, _, rest = text.strip().partition(" ")
        command = ws.command(name)
        if command is None or "commands" not in ws.scopes:
            raise SandboxError("unknown_command", f"{name} is not a valid command")
        if ws.users[user].is_stranger:
            raise SandboxError("not_allowed", f"{name} is only for members of {ws.cast.team_name}")
        self._check_can_write(user, room)
        rest = rest.strip()
        if command.get("should_escape"):
            if self.escape_links:
                rest = ws.expand_links(rest)
            rest = ws.expand_mentions(rest, for_command=True)
        trigger = ws.new_trigger(user, channel=room.id)
        url = ws.new_response_url("commands", room.id, user)
        answer = await self._deliver.command(self._payloads.command(user, room, name, rest, trigger, url))
        if answer.error is not None:
            raise SandboxError(answer.error, f'{name} failed with the error "{answer.error}"', answer)
        body = {"text": answer.body} if isinstance(answer.body, str) else answer.body
        if isinstance(body, dict) and (body.get("text") or body.get("blocks") or body.get("attachments")):
            try:
                self._replies.show(url, {**body, "replace_original": False, "delete_original": False})
            except ApiError as refused:
                detail = f"{refused.code}: {refused.more.get('errors', '')}"
                raise SandboxError("invalid_command_response", detail, answer) from refused
        return answer

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Send a message; returns its ts once the app's event was delivered a first time."""
        ws = self._ws
        user = self.person(user)
        room = self.room(user, channel)
        self._check_can_write(user, room)
        if not text.strip():
            raise SandboxError("no_text", "An empty message is not sent")
        if thread_ts is not None:
            above = room.by_ts.get(thread_ts)
            if above is None or above.ephemeral_for is not None:
                raise SandboxError("thread_not_found", "There is no such thread")
            thread_ts = above.thread_ts or above.ts
            room.by_ts[thread_ts].thread_ts = thread_ts
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        typed = ws.expand_mentions(ws.expand_links(escaped), for_command=False)
        message = ws.post(room, user, typed, thread_ts=thread_ts)
        room.read[user] = message.ts
        if ws.bot in room.members:
            await self._tell(room, message)
        return message.ts

    async def _tell(self, room: Conversation, message: Message) -> None:
        event = {
            **message_json(self._ws, message),
            "client_msg_id": self._ws.token(32).lower(),
            "channel": room.id,
            "event_ts": message.ts,
        }
        await self._deliver.event({**event, "channel_type": room.kind})
        if not room.is_im and f"<@{self._ws.bot}>" in message.text:
            await self._deliver.event({**event, "type": "app_mention"})

    def _check_can_write(self, user: str, room: Conversation) -> None:
        if room.is_archived:
            raise SandboxError("is_archived", f"#{room.name} is archived")
        if user not in room.members:
            raise SandboxError("not_in_channel", f"Join #{room.name} first")
        app_home = self._ws.manifest.get("features", {}).get("app_home", {})
        if room.is_im and app_home.get("messages_tab_read_only_enabled"):
            raise SandboxError("messages_tab_disabled", "Sending messages to this app has been turned off")

    # -- the Home tab --------------------------------------------------------------------------
    async def open_home(self, user: str) -> Answer:
        """Open the app's Home tab: app_home_opened, with the view that was last published."""
        ws = self._ws
        user = self.person(user)
        if not ws.has_feature("app_home", "home_tab_enabled"):
            raise SandboxError("not_enabled", "This app has no Home tab")
        home = ws.homes.get(user)
        event: JSON = {"type": "app_home_opened", "user": user, "channel": ws.dm(user).id, "tab": "home"}
        if home is not None:
            event["view"] = self._views.to_json(home)
        answer = await self._deliver.event({**event, "event_ts": ws.new_ts()})
        return answer or Answer(0, None, 0, "not_subscribed")

    # -- coming and going ----------------------------------------------------------------------
    async def join(self, user: str, channel: str) -> None:
        user = self.person(user)
        room = self.room(user, channel)
        if room.is_archived:
            raise SandboxError("is_archived", f"#{room.name} is archived")
        if user not in room.members:
            await self._add(room, user, None)

    async def leave(self, user: str, channel: str) -> None:
        user = self.person(user)
        await self._take_out(self.room(user, channel), user)

    async def invite(self, user: str, channel: str, whom: str) -> None:
        """Bring somebody, or the app, into a room."""
        ws = self._ws
        by, id_ = self.person(user), ws.user_id(whom)
        room = self.room(by, channel)
        self._check_can_write(by, room)
        if room.is_im:
            raise SandboxError("not_allowed", "Nobody can be added to direct messages")
        if ws.users[id_].deleted:
            raise SandboxError("cant_invite", f"{ws.users[id_].name} is deactivated")
        if id_ not in room.members:
            await self._add(room, id_, by)

    async def kick(self, user: str, channel: str, whom: str) -> None:
        """Take somebody, or the app, out of a room."""
        room = self.room(self.person(user), channel)
        await self._take_out(room, self._ws.user_id(whom))

    async def archive(self, user: str, channel: str, *, back: bool = False) -> None:
        """Archive a room; `back` brings it back."""
        user = self.person(user)
        room = self.room(user, channel)
        if room.is_im:
            raise SandboxError("not_allowed", "Direct messages cannot be archived")
        if room.is_archived is not back:
            return
        room.is_archived = not back
        self._ws.on_change("state")
        kind = "group" if room.is_private else "channel"
        event = {"type": f"{kind}_{'un' if back else ''}archive", "channel": room.id, "user": user}
        if self._ws.bot in room.members:
            await self._deliver.event({**event, "event_ts": self._ws.new_ts()})

    async def remove_user(self, user: str) -> None:
        """Somebody leaves the workspace for good: deactivated, out of every room, their modals gone."""
        ws = self._ws
        id_ = self.person(user)
        ws.users[id_].deleted = True
        ws.users[id_].updated = ws.epoch()
        for room in ws.channels.values():
            if id_ in room.members and not room.is_im:
                room.members.remove(id_)
        self._views.clear(id_)
        ws.on_change("state")
        event = {"type": "user_change", "user": user_json(ws, ws.users[id_]), "cache_ts": ws.epoch()}
        await self._deliver.event({**event, "event_ts": ws.new_ts()})

    def mark_read(self, user: str, channel: str) -> None:
        user = self.person(user)
        room = self.room(user, channel)
        if room.messages and room.unread(user):
            room.read[user] = room.messages[-1].ts
            self._ws.on_change("state")

    def dismiss(self, user: str, channel: str, ts: str) -> None:
        """Hide a message only this person sees."""
        user = self.person(user)
        room = self.room(user, channel)
        message = room.by_ts.get(ts)
        if message is None or message.ephemeral_for != user:
            raise SandboxError("message_not_found", "Only your own ephemeral messages can be dismissed")
        self._ws.remove(room, message)

    async def _add(self, room: Conversation, user: str, by: str | None) -> None:
        room.members.append(user)
        self._ws.on_change("state")
        if self._ws.bot in room.members:
            await self._deliver.event(joined(self._ws, room, user, by))

    async def _take_out(self, room: Conversation, user: str) -> None:
        ws = self._ws
        if room.is_im or user not in room.members:
            raise SandboxError("not_in_channel", f"{ws.name_of(user)} is not in there")
        told = ws.bot in room.members
        room.members.remove(user)
        ws.on_change("state")
        event = {"type": "member_left_channel", "user": user, "channel": room.id, "team": ws.cast.team_id}
        event["channel_type"] = "G" if room.is_private else "C"
        if told:
            await self._deliver.event({**event, "event_ts": ws.new_ts()})
