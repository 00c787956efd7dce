"""Sends cards to Slack, looks a lost message up, and asks who is who.

Slack's limits: `chat.postMessage` is counted for each channel, so a 429 closes that room alone (where it was
the workspace's several hundred a minute after all, each room learns it from its own 429). Every other method
is counted for the whole workspace: its 429 names the method as the `limit`, and the outbox holds back all
that counts against it, in every room and replica, by one row a method. A refused token is the limit
EVERYTHING: nothing is lost, nothing is tried for five minutes.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientConnectionError, ClientConnectorError, ClientError, ConnectionTimeoutError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.chat.cards import Card, File
from handlers.chat.ports import EVERYTHING, Channel, Profile, SendFailed
from handlers.slack.render import blocks, cut, fallback

ALT_AT_MOST = 1000
"""Characters of a picture's description."""
FINAL = frozenset({
    "channel_not_found", "not_in_channel", "is_archived", "invalid_blocks", "msg_too_long",
    "msg_blocks_too_long", "no_text", "restricted_action", "cant_update_message", "edit_window_closed",
    "user_not_found", "user_disabled", "cannot_dm_bot", "missing_scope", "invalid_arguments",
    "messages_tab_disabled", "user_not_visible", "not_allowed_token_type", "file_uploads_disabled",
    "file_upload_size_restricted"})
"""No retry helps: something has to be changed first."""
TOKEN = frozenset({"invalid_auth", "token_revoked", "token_expired", "account_inactive", "not_authed"})
"""The token is not taken. That is mended by an admin, and no promise is dropped until it is."""
TOKEN_WAIT_S = 300.0
UNSURE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Slack says itself that some of it may have happened."""
GONE = frozenset({"message_not_found", "thread_not_found"})
FORM_ONLY = frozenset({"users.info", "conversations.info", "conversations.history", "conversations.replies",
                       "files.getUploadURLExternal"})
"""Methods that take no JSON body."""
LIMITS = tuple(("slack", limit) for limit in (
    EVERYTHING, "chat.update", "views.publish", "conversations.history", "conversations.open",
    "conversations.replies", "files.getUploadURLExternal", "files.completeUploadExternal"))
"""What a send may be held up by, in a whole workspace."""
HISTORY_PAGES = 5
DND_AT_ONCE = 50
"""So many people one call tells about."""
EVENT_TYPE = "groundcrew_post"

_Lost = (ClientError, TimeoutError, asyncio.TimeoutError, SlackClientError, ValueError)
"""No answer, or none that can be read."""
_NEVER_SENT = (ClientConnectorError, ConnectionTimeoutError)
"""There was no connection to send it over: refused, no such host, no way through, no valid certificate."""


def _failed(method: str, error: Exception) -> SendFailed:
    if not isinstance(error, SlackApiError):
        return SendFailed(type(error).__name__, in_doubt=not isinstance(error, _NEVER_SENT), down=True)
    response = error.response  # the SDK's or, where the body was no JSON at all, the HTTP library's
    headers: dict[str, Any] = getattr(response, "headers", None) or {}
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    data = getattr(response, "data", None)
    told = data.get("error") if isinstance(data, dict) else None
    code = str(told or f"http_{status}")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait = str(headers.get("Retry-After") or headers.get("retry-after") or "")
        return SendFailed("ratelimited", retry_after_s=float(wait) if wait.isdecimal() else 30.0,
                          limit=None if method == "chat.postMessage" else method)
    if code in TOKEN:
        return SendFailed(code, retry_after_s=TOKEN_WAIT_S, limit=EVERYTHING)
    no_answer = told is None or status >= 500
    in_doubt = no_answer or code in UNSURE
    return SendFailed(code, final=code in FINAL, in_doubt=in_doubt, gone=code in GONE, down=no_answer,
                      is_refusal=not in_doubt)


class SlackClient:
    """ChatClient, Directory and Groups over the Web API.

    The SDK's own retries must be off: they would post twice.
    """

    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web

    async def post(self, room: str, card: Card, ref: str) -> str:
        target = room.removeprefix("slack:")
        if target.startswith("home:"):
            return await self._publish(target.removeprefix("home:"), card)
        reply = await self._call("chat.postMessage", {
            "channel": target, "text": fallback(card), "mrkdwn": False, "blocks": blocks(card),
            "unfurl_links": False, "unfurl_media": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"ref": ref}},
            **({"thread_ts": card.thread.partition("/")[2]} if card.thread is not None else {})})
        channel, ts = reply.get("channel"), reply.get("ts")
        if not channel or not ts:
            raise SendFailed("no_ts_in_reply", in_doubt=True)
        return f"{channel}/{ts}"

    def limit(self, room: str, message_id: str | None, *, in_doubt: bool) -> str | None:
        if room.startswith("slack:home:"):
            return "views.publish"
        if message_id is not None:
            return "chat.update"
        return "conversations.history" if in_doubt else None

    async def answers(self) -> bool:
        try:
            await self._web.api_call("auth.test")
        except (ClientConnectionError, TimeoutError):
            return False
        except (SlackApiError, *_Lost):
            return True
        return True

    async def update(self, room: str, message_id: str, card: Card) -> None:
        target = room.removeprefix("slack:")
        if target.startswith("home:"):
            await self._publish(target.removeprefix("home:"), card)
            return
        channel, _, ts = message_id.partition("/")
        await self._call("chat.update", {"channel": channel, "ts": ts, "text": fallback(card),
                                         "blocks": blocks(card)})

    async def attach(self, message_id: str, file: File) -> None:
        """Only the last of its calls shows anything: what was lost on the way is uploaded once more."""
        channel, _, ts = message_id.partition("/")
        if await self._shows(channel, ts, file.name):
            return
        content = file.content if isinstance(file.content, bytes) else await file.content()
        if content is None:
            return
        about = {"alt_txt": cut(file.alt, ALT_AT_MOST)} if file.alt is not None else {}
        place = await self._call("files.getUploadURLExternal", {
            "filename": file.name, "length": len(content), **about})
        await self._upload(str(place["upload_url"]), content)
        await self._call("files.completeUploadExternal", {
            "files": [{"id": place["file_id"], "title": file.title}], "channel_id": channel, "thread_ts": ts})

    async def _shows(self, channel: str, ts: str, name: str) -> bool:
        thread = await self._call("conversations.replies", {"channel": channel, "ts": ts, "limit": 200})
        return any(each.get("name") == name for message in thread["messages"]
                   for each in message.get("files") or ())

    async def _upload(self, url: str, content: bytes) -> None:
        assert self._web.session is not None
        try:
            async with self._web.session.post(url, data=content) as answer:
                if answer.status != 200:
                    raise SendFailed(f"upload_http_{answer.status}")
        except _Lost as error:
            raise _failed("upload", error) from error

    async def _publish(self, user: str, card: Card) -> str:
        await self._call("views.publish", {
            "user_id": user, "view": {"type": "home", "callback_id": "gc", "blocks": blocks(card, "home")}})
        return "home"

    async def find(self, room: str, ref: str, since: datetime, thread: str | None = None) -> str | None:
        target = room.removeprefix("slack:")
        if target.startswith("home:"):
            return None
        channel = target if target[:1] in "CGD" else (await self._call(
            "conversations.open", {"users": target}))["channel"]["id"]
        cursor, method = "", "conversations.history" if thread is None else "conversations.replies"
        where = {} if thread is None else {"ts": thread.partition("/")[2]}
        for _ in range(HISTORY_PAGES):
            page = await self._call(method, {
                "channel": channel, **where, "oldest": f"{since.timestamp():.6f}", "inclusive": True,
                "limit": 200, "include_all_metadata": True, **({"cursor": cursor} if cursor else {})})
            for message in page["messages"]:
                if _is_ours(message, ref):
                    return f"{channel}/{message['ts']}"
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
        raise SendFailed("history_too_long", final=True)  # it may be further back: not known

    async def person(self, person_id: str) -> Profile | None:
        try:
            reply = await self._call("users.info", {
                "user": person_id.removeprefix("slack:"), "include_locale": True})
        except SendFailed as error:
            if error.reason in ("user_not_found", "user_not_visible", "users_not_found"):
                return None
            raise
        user = reply["user"]
        profile = user.get("profile") or {}
        name = (profile.get("real_name") or user.get("real_name") or profile.get("display_name")
                or user.get("name"))
        return Profile(
            id=person_id, name=str(name or person_id), handle=str(user.get("name") or person_id),
            zone=user.get("tz"), is_active=not user.get("deleted", False),
            is_bot=bool(user.get("is_bot")) or user.get("id") == "USLACKBOT",
            is_outsider=bool(user.get("is_stranger")), locale=str(user.get("locale") or "")[:16] or None)

    async def do_not_disturb(self, person_ids: Sequence[str]) -> dict[str, tuple[datetime, datetime] | None]:
        found: dict[str, tuple[datetime, datetime] | None] = {}
        for first in range(0, len(person_ids), DND_AT_ONCE):
            users = [each.removeprefix("slack:") for each in person_ids[first:first + DND_AT_ONCE]]
            reply = await self._call("dnd.teamInfo", {"users": ",".join(users)})
            for user, said in (reply.get("users") or {}).items():
                found[f"slack:{user}"] = _stretch(said)
        return found

    async def set_group(self, group: str, person_ids: Sequence[str]) -> None:
        users = ",".join(each.removeprefix("slack:") for each in person_ids)
        await self._call("usergroups.users.update", {"usergroup": group, "users": users})

    async def channel(self, room: str) -> Channel | None:
        try:
            reply = await self._call("conversations.info", {"channel": room.removeprefix("slack:")})
        except SendFailed as error:
            if error.reason == "channel_not_found":
                return None
            raise
        channel = reply["channel"]
        return Channel(room, str(channel.get("name") or room), bool(channel.get("is_member")),
                       bool(channel.get("is_archived")))

    async def whisper(self, channel: str, user: str, card: Card, thread: str | None = None) -> None:
        """Say something that only `user` sees; `thread`: the message in whose thread."""
        await self._call("chat.postEphemeral", {"channel": channel, "user": user, "text": fallback(card),
                                                "blocks": blocks(card),
                                                **({"thread_ts": thread} if thread is not None else {})})

    async def open_view(self, trigger: str, view: dict[str, Any]) -> str:
        """Open a modal; returns its id, to change it by."""
        reply = await self._call("views.open", {"trigger_id": trigger, "view": view})
        return str(reply["view"]["id"])

    async def push_view(self, trigger: str, view: dict[str, Any]) -> None:
        await self._call("views.push", {"trigger_id": trigger, "view": view})

    async def change_view(self, view_id: str, view: dict[str, Any]) -> None:
        await self._call("views.update", {"view_id": view_id, "view": view})

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call, no retry. Raises SendFailed."""
        try:
            if method in FORM_ONLY:
                reply = await self._web.api_call(method, data=body)
            else:
                reply = await self._web.api_call(method, json=body)
        except (SlackApiError, *_Lost) as error:
            raise _failed(method, error) from error
        data = reply.data
        if not isinstance(data, dict):
            raise SendFailed("no_json_in_reply", in_doubt=True, down=True)
        return data


def _stretch(said: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Slack gives 1 for both where somebody has no such hours."""
    begins, ends = int(said.get("next_dnd_start_ts") or 0), int(said.get("next_dnd_end_ts") or 0)
    if not said.get("dnd_enabled") or ends <= begins:
        return None
    return datetime.fromtimestamp(begins, UTC), datetime.fromtimestamp(ends, UTC)


def _is_ours(message: dict[str, Any], ref: str) -> bool:
    metadata = message.get("metadata") or {}
    return (metadata.get("event_type") == EVENT_TYPE
            and (metadata.get("event_payload") or {}).get("ref") == ref)


