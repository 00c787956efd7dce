"""The payloads Slack sends for what a person did."""

from __future__ import annotations

from bot.sandbox.api_chat import message_json
from bot.sandbox.elements import State
from bot.sandbox.model import Conversation, Message, ResponseUrl, Trigger, View
from bot.sandbox.views import Views
from bot.sandbox.wire import JSON
from bot.sandbox.workspace import Workspace


class Payloads:
    def __init__(self, workspace: Workspace, views: Views) -> None:
        self._ws = workspace
        self._views = views

    def command(
        self, user: str, room: Conversation, command: str, text: str, trigger: Trigger, url: ResponseUrl
    ) -> dict[str, str]:
        """The form of a slash command."""
        ws, cast = self._ws, self._ws.cast
        return {
            "token": ws.verification_token,
            "team_id": cast.team_id,
            "team_domain": cast.team_domain,
            "channel_id": room.id,
            "channel_name": _room_name(room),
            "user_id": user,
            "user_name": ws.users[user].handle,
            "command": command,
            "text": text,
            "api_app_id": cast.app_id,
            "is_enterprise_install": "false",
            "response_url": ws.url + url.path,
            "trigger_id": trigger.id,
        }

    def on_message(
        self, user: str, room: Conversation, message: Message, action: JSON, state: State, trigger: Trigger,
        url: ResponseUrl,
    ) -> JSON:  # fmt: skip
        """block_actions from a message. Ephemeral ones come without the message, as Slack leaves it out."""
        container: JSON = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": room.id,
            "is_ephemeral": message.ephemeral_for is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        body = {
            **self._head("block_actions", user),
            "container": container,
            "trigger_id": trigger.id,
            "channel": {"id": room.id, "name": _room_name(room)},
            "state": {"values": state},
            "response_url": self._ws.url + url.path,
            "actions": [action],
        }
        if message.ephemeral_for is None:
            body["message"] = message_json(self._ws, message, with_metadata=True)
        return body

    def on_view(self, user: str, view: View, action: JSON, trigger: Trigger) -> JSON:
        """block_actions from a modal or the Home tab."""
        return {
            **self._head("block_actions", user),
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": trigger.id,
            "view": self._views.to_json(view),
            "actions": [action],
        }

    def submission(self, user: str, view: View, trigger: Trigger, response_urls: list[JSON]) -> JSON:
        return {
            **self._head("view_submission", user),
            "trigger_id": trigger.id,
            "view": self._views.to_json(view),
            "response_urls": response_urls,
        }

    def closed(self, user: str, view: View, *, is_cleared: bool) -> JSON:
        return {
            **self._head("view_closed", user),
            "view": self._views.to_json(view),
            "is_cleared": is_cleared,
        }

    def suggestion(self, user: str, place: View | Message, block_id: str, element: JSON, typed: str) -> JSON:
        """What an external select asks for while somebody types."""
        body = {
            **self._head("block_suggestion", user),
            "action_id": element["action_id"],
            "block_id": block_id,
            "value": typed,
        }
        if isinstance(place, View):
            return {
                **body,
                "container": {"type": "view", "view_id": place.id},
                "view": self._views.to_json(place),
            }
        room = self._ws.channels[place.channel]
        ephemeral = place.ephemeral_for is not None
        container = {
            "type": "message",
            "message_ts": place.ts,
            "channel_id": room.id,
            "is_ephemeral": ephemeral,
        }
        body |= {"container": container, "channel": {"id": room.id, "name": _room_name(room)}}
        return body if ephemeral else {**body, "message": message_json(self._ws, place)}

    def _head(self, type_: str, user: str) -> JSON:
        ws, cast, who = self._ws, self._ws.cast, self._ws.users[user]
        domain = cast.team_domain if who.team_id == cast.team_id else who.team_id.lower()
        return {
            "type": type_,
            "user": {"id": user, "username": who.handle, "name": who.handle, "team_id": who.team_id},
            "team": {"id": who.team_id, "domain": domain},
            "api_app_id": cast.app_id,
            "token": ws.verification_token,
            "enterprise": None,
            "is_enterprise_install": False,
        }


def _room_name(room: Conversation) -> str:
    if room.is_im:
        return "directmessage"
    return "privategroup" if room.is_private else room.name
