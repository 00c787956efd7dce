"""conversations.*: rooms, their members, and what was said in them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.api_chat import message_json
from bot.sandbox.model import Conversation, Message
from bot.sandbox.web_api import Api, Call, Method
from bot.sandbox.wire import JSON, ApiError
from bot.sandbox.workspace import Workspace

T = TypeVar("T")
_NAME = re.compile(r"[\w-]+")


def page(call: Call, items: Sequence[T], *, default: int, most: int = 1000) -> tuple[Sequence[T], JSON]:
    """One page of a list and the response_metadata that leads to the next."""
    limit = call.number("limit", default)
    if limit < 1 or limit > most:
        raise ApiError("invalid_limit")
    start = 0
    if call.text("cursor"):
        try:
            start = int(base64.urlsafe_b64decode(call.text("cursor")).decode().removeprefix("at:"))
        except ValueError:
            raise ApiError("invalid_cursor") from None
    more = start + limit < len(items)
    cursor = base64.urlsafe_b64encode(f"at:{start + limit}".encode()).decode() if more else ""
    return items[start : start + limit], {"response_metadata": {"next_cursor": cursor}}


def channel_json(ws: Workspace, room: Conversation, *, num_members: bool = False) -> JSON:
    """A channel object."""
    if room.is_im and room.with_user is not None:
        return {
            "id": room.id, "created": room.created, "is_archived": False, "is_im": True,
            "is_org_shared": False, "context_team_id": ws.cast.team_id, "user": room.with_user,
            "priority": 0, "is_open": True,
            "is_user_deleted": ws.users[room.with_user].deleted,
        }  # fmt: skip
    topic = {"value": room.topic, "creator": room.topic_by or room.creator, "last_set": room.created}
    body = {
        "id": room.id, "name": room.name, "is_channel": not room.is_private, "is_group": room.is_private,
        "is_im": False, "is_mpim": False, "is_private": room.is_private, "created": room.created,
        "is_archived": room.is_archived, "is_general": room.name == "general", "unlinked": 0,
        "name_normalized": room.name, "is_shared": room.is_ext_shared, "is_org_shared": False,
        "is_pending_ext_shared": False, "pending_shared": [], "context_team_id": ws.cast.team_id,
        "updated": room.created * 1000, "parent_conversation": None, "creator": room.creator,
        "is_ext_shared": room.is_ext_shared, "shared_team_ids": _teams(ws, room),
        "pending_connected_team_ids": [], "is_member": ws.bot in room.members, "topic": topic,
        "purpose": {"value": room.purpose, "creator": room.creator, "last_set": room.created},
        "previous_names": [],
    }  # fmt: skip
    if num_members:
        body["num_members"] = sum(1 for m in room.members if not ws.users[m].is_bot)
    return body


def _teams(ws: Workspace, room: Conversation) -> list[str]:
    return list(dict.fromkeys([ws.cast.team_id, *(ws.users[m].team_id for m in room.members)]))


def open_(api: Api, call: Call) -> JSON:
    ws = api.ws
    if call.text("channel"):
        room = api.room(call.text("channel"))
        if not room.is_im:
            raise ApiError("method_not_supported_for_channel_type")
    else:
        ids = [u for u in call.text("users").split(",") if u]
        if not ids:
            raise ApiError("users_list_not_supplied")
        if len(ids) > 1:
            api.need("mpim:write")
            raise ApiError("invalid_user_combination")
        user = ws.users.get(ids[0])
        if user is None:
            raise ApiError("user_not_found")
        if user.deleted:
            raise ApiError("user_disabled")
        if user.is_bot:
            raise ApiError("cannot_dm_bot")
        known = ws.dm_id(user.id) in ws.channels
        room = ws.dm(user.id)
        if known:
            return {"no_op": True, "already_open": True, "channel": _opened(api, call, room)}
    return {"channel": _opened(api, call, room)}


def _opened(api: Api, call: Call, room: Conversation) -> JSON:
    return channel_json(api.ws, room) if call.flag("return_im") else {"id": room.id}


def info(api: Api, call: Call) -> JSON:
    api.need("channels:read", "groups:read", "mpim:read", "im:read")
    room = api.room(call.required("channel", "channel_not_found"))
    api.need_for(room, "read")
    return {"channel": channel_json(api.ws, room, num_members=call.flag("include_num_members"))}


def list_(api: Api, call: Call) -> JSON:
    ws = api.ws
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    wanted = set()
    for type_ in (call.text("types") or "public_channel").split(","):
        if type_.strip() not in kinds:
            raise ApiError("invalid_types")
        wanted.add(kinds[type_.strip()])
    scopes = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}
    for kind in sorted(wanted):
        api.need(scopes[kind])
    rooms = [
        r
        for r in ws.channels.values()
        if r.kind in wanted
        and (not r.is_private or ws.bot in r.members)
        and not (r.is_archived and call.flag("exclude_archived"))
    ]
    shown, meta = page(call, rooms, default=100)
    return {"channels": [channel_json(ws, r, num_members=True) for r in shown], **meta}


def history(api: Api, call: Call) -> JSON:
    api.need("channels:history", "groups:history", "mpim:history", "im:history")
    room = _readable(api, call)
    messages = [m for m in room.messages if _in_history(m) and _in_range(call, m)]
    shown, meta = page(call, messages[::-1], default=100, most=999)
    more = bool(meta["response_metadata"]["next_cursor"])
    body: JSON = {"messages": _listed(api, call, shown), "has_more": more, "pin_count": 0}
    return {**body, **(meta if more else {"response_metadata": {"next_cursor": ""}})}


def replies(api: Api, call: Call) -> JSON:
    api.need("channels:history", "groups:history", "mpim:history", "im:history")
    room = _readable(api, call)
    asked = room.by_ts.get(call.required("ts", "thread_not_found"))
    if asked is None or asked.ephemeral_for is not None:
        raise ApiError("thread_not_found")
    parent = room.by_ts[asked.thread_ts or asked.ts]
    thread = [parent, *(m for m in api.ws.replies(room, parent.ts) if _in_range(call, m))]
    shown, meta = page(call, thread, default=1000)
    more = bool(meta["response_metadata"]["next_cursor"])
    return {"messages": _listed(api, call, shown), "has_more": more, **meta}


def _readable(api: Api, call: Call) -> Conversation:
    room = api.room(call.required("channel", "channel_not_found"))
    api.need_for(room, "history")
    if api.ws.bot not in room.members:
        raise ApiError("not_in_channel")
    return room


def _in_history(message: Message) -> bool:
    top = message.thread_ts in {None, message.ts} or message.broadcast
    return message.ephemeral_for is None and top


def _in_range(call: Call, message: Message) -> bool:
    try:
        oldest = float(call.text("oldest") or 0)
        latest = float(call.text("latest") or "inf")
    except ValueError:
        raise ApiError("invalid_ts_oldest") from None
    ts = float(message.ts)
    return oldest <= ts <= latest if call.flag("inclusive") else oldest < ts < latest


def _listed(api: Api, call: Call, messages: Sequence[Message]) -> list[JSON]:
    metadata = call.flag("include_all_metadata")
    return [message_json(api.ws, m, with_metadata=metadata) for m in messages]


def members(api: Api, call: Call) -> JSON:
    api.need("channels:read", "groups:read", "mpim:read", "im:read")
    room = api.room(call.required("channel", "channel_not_found"))
    api.need_for(room, "read")
    shown, meta = page(call, room.members, default=100)
    return {"members": list(shown), **meta}


def join(api: Api, call: Call) -> JSON:
    ws = api.ws
    room = api.room(call.required("channel", "channel_not_found"))
    if room.is_private:
        raise ApiError("method_not_supported_for_channel_type")
    if room.is_archived:
        raise ApiError("is_archived")
    if ws.bot in room.members:
        more = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
        return {"channel": channel_json(ws, room), **more}
    room.members.append(ws.bot)
    ws.on_change("state")
    api.emit(joined(ws, room, ws.bot))
    return {"channel": channel_json(ws, room)}


def joined(ws: Workspace, room: Conversation, user: str, inviter: str | None = None) -> JSON:
    """The event that somebody joined."""
    event = {"type": "member_joined_channel", "user": user, "channel": room.id, "team": ws.cast.team_id}
    if inviter:
        event["inviter"] = inviter
    return {**event, "channel_type": "G" if room.is_private else "C", "event_ts": ws.new_ts()}


def invite(api: Api, call: Call) -> JSON:
    ws = api.ws
    api.need("channels:manage", "channels:write.invites", "groups:write", "groups:write.invites")
    room = _managed(api, call)
    ids = [u for u in call.text("users").split(",") if u]
    if not ids:
        raise ApiError("no_user")
    for id_ in ids:
        if id_ == ws.bot:
            raise ApiError("cant_invite_self")
        user = ws.users.get(id_)
        if user is None:
            raise ApiError("user_not_found")
        if user.deleted or user.is_stranger:
            raise ApiError("cant_invite")
        if id_ in room.members:
            raise ApiError("already_in_channel")
    for id_ in ids:
        room.members.append(id_)
        api.emit(joined(ws, room, id_, ws.bot))
    ws.on_change("state")
    return {"channel": channel_json(ws, room)}


def create(api: Api, call: Call) -> JSON:
    ws = api.ws
    private = call.flag("is_private")
    api.need("groups:write" if private else "channels:manage")
    name = call.required("name", "invalid_name_required")
    if len(name) > 80:
        raise ApiError("invalid_name_maxlength")
    if not _NAME.fullmatch(name) or name != name.lower():
        raise ApiError("invalid_name_specials")
    if any(r.name == name for r in ws.channels.values() if not r.is_im):
        raise ApiError("name_taken")
    room = Conversation(ws.new_id("C0"), name, ws.epoch(), ws.bot, is_private=private, members=[ws.bot])
    ws.channels[room.id] = room
    ws.on_change("state")
    return {"channel": channel_json(ws, room)}


def set_topic(api: Api, call: Call) -> JSON:
    api.need("channels:manage", "channels:write.topic", "groups:write", "groups:write.topic")
    room = _managed(api, call)
    topic = call.text("topic")
    if len(topic) > 250:
        raise ApiError("too_long")
    room.topic, room.topic_by = topic, api.ws.bot
    api.ws.on_change("state")
    return {"channel": channel_json(api.ws, room)}


def _managed(api: Api, call: Call) -> Conversation:
    room = api.room(call.required("channel", "channel_not_found"))
    if room.is_im:
        raise ApiError("method_not_supported_for_channel_type")
    if room.is_archived:
        raise ApiError("is_archived")
    if api.ws.bot not in room.members:
        raise ApiError("not_in_channel")
    return room


METHODS = {
    "conversations.open": Method(open_, ("im:write", "mpim:write", "channels:manage", "groups:write")),
    "conversations.info": Method(info),
    "conversations.list": Method(list_),
    "conversations.history": Method(history),
    "conversations.replies": Method(replies),
    "conversations.members": Method(members),
    "conversations.join": Method(join, ("channels:join",)),
    "conversations.invite": Method(invite),
    "conversations.create": Method(create, ("channels:manage", "groups:write")),
    "conversations.setTopic": Method(set_topic),
}
