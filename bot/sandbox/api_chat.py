"""chat.*: posting, editing, deleting, whispering, linking; reactions."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox import strict
from bot.sandbox.model import Conversation, File, Message
from bot.sandbox.web_api import Api, Call, Method
from bot.sandbox.wire import JSON, ApiError
from bot.sandbox.workspace import Workspace

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000
LONGEST_MARKDOWN = 12_000
LARGEST_BLOCKS = 13_200
LARGEST_METADATA = 8_000  # Slack publishes no number; error metadata_too_large


def message_json(ws: Workspace, message: Message, *, with_metadata: bool = False) -> JSON:
    """A message as history, payloads and answers give it."""
    body: JSON = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    if message.subtype:
        body["subtype"] = message.subtype
    if message.bot_id:
        body |= {
            "bot_id": message.bot_id,
            "app_id": ws.cast.app_id,
            "bot_profile": {
                "id": message.bot_id, "app_id": ws.cast.app_id, "user_id": ws.bot, "name": ws.app_name,
                "icons": {}, "deleted": False, "updated": ws.users[ws.bot].updated,
                "team_id": ws.cast.team_id,
            },
        }  # fmt: skip
    body["team"] = ws.users[message.user].team_id
    if message.blocks:
        body["blocks"] = message.blocks
    if message.attachments:
        body["attachments"] = message.attachments
    if message.files:
        body["files"] = [file_json(ws, f) for f in message.files]
    if message.edited:
        body["edited"] = {"user": message.user, "ts": message.ts}
    if message.reactions:
        body["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in message.reactions.items()]
    if message.thread_ts:
        body["thread_ts"] = message.thread_ts
        if message.thread_ts == message.ts:
            replies = ws.replies(ws.channels[message.channel], message.ts)
            users = list(dict.fromkeys(r.user for r in replies))
            body |= {"reply_count": len(replies), "reply_users_count": len(users), "reply_users": users}
            if replies:
                body["latest_reply"] = replies[-1].ts
    if with_metadata and message.metadata:
        body["metadata"] = message.metadata
    return body


def file_json(ws: Workspace, file: File) -> JSON:
    url = f"{ws.url}/sandbox/files/{file.id}"
    return {
        "id": file.id, "created": file.created, "timestamp": file.created, "name": file.name,
        "title": file.title, "mimetype": file.mimetype, "filetype": file.name.rpartition(".")[2],
        "user": file.by, "size": file.size, "mode": "hosted", "is_external": False, "is_public": True,
        "url_private": url, "url_private_download": url, "permalink": url, "alt_txt": file.alt_txt,
        "channels": [c for c in file.rooms if c[0] == "C"], "ims": [c for c in file.rooms if c[0] == "D"],
    }  # fmt: skip


def content(call: Call) -> JSON:
    """text, blocks and attachments of a message, checked as strictly as Slack does."""
    text = call.text("text")
    blocks = call.structure("blocks", list, "invalid_blocks_format")
    attachments = call.structure("attachments", list, "invalid_attachments")
    markdown = call.text("markdown_text")
    if markdown:
        if text or blocks:
            raise ApiError("markdown_text_conflict")
        if len(markdown) > LONGEST_MARKDOWN:
            raise ApiError("msg_too_long")
        text = markdown
    check_blocks(blocks, attachments)
    return {"text": text, "blocks": blocks, "attachments": attachments}


def check_blocks(blocks: list[Any] | None, attachments: list[Any] | None = None) -> None:
    """Raise what Slack raises for blocks that do not fit a message."""
    faults = strict.check_message(blocks or [])
    for i, attachment in enumerate(attachments or []):
        if not isinstance(attachment, dict):
            raise ApiError("invalid_attachments")
        faults += strict.check_message(attachment.get("blocks") or [], f"/attachments/{i}/blocks")
    if len(attachments or []) > 100:
        raise ApiError("too_many_attachments")
    if faults:
        code = "only_one_table_allowed" if strict.TWO_TABLES in faults[0] else "invalid_blocks"
        raise ApiError.with_messages(code, faults)
    if blocks and len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > LARGEST_BLOCKS:
        raise ApiError("msg_blocks_too_long")


def _metadata(call: Call) -> JSON | None:
    metadata: JSON | None = call.structure("metadata", dict, "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > LARGEST_METADATA:
        raise ApiError("metadata_too_large")
    return metadata


def _writable(api: Api, channel: str) -> Conversation:
    """A room the app may post to."""
    room = api.room(channel, to_post=True)
    if room.is_archived:
        raise ApiError("is_archived")
    if room.is_im and not api.ws.has_feature("app_home", "messages_tab_enabled"):
        raise ApiError("messages_tab_disabled")
    return room


def _parent(api: Api, room: Conversation, thread_ts: str) -> str | None:
    """The thread to put a reply in; None outside threads. A reply's own ts leads to its parent."""
    if not thread_ts:
        return None
    above = room.by_ts.get(thread_ts)
    if above is None or above.ephemeral_for is not None:
        raise ApiError("thread_not_found")
    parent = above.thread_ts or above.ts
    room.by_ts[parent].thread_ts = parent
    return parent


def post_message(api: Api, call: Call) -> JSON:
    ws = api.ws
    room = _writable(api, call.required("channel", "channel_not_found"))
    if ws.bot not in room.members and "chat:write.public" not in ws.scopes:
        raise ApiError("not_in_channel")
    if call.text("username") or call.text("icon_emoji") or call.text("icon_url"):
        api.need("chat:write.customize")
    said = content(call)
    if not said["text"] and not said["blocks"] and not said["attachments"]:
        raise ApiError("no_text")
    metadata = _metadata(call)
    parent = _parent(api, room, call.text("thread_ts"))
    more: JSON = {}
    if len(said["text"]) > LONGEST_TEXT:
        said["text"] = said["text"][:LONGEST_TEXT]
        more = {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    broadcast = bool(parent) and call.flag("reply_broadcast")
    message = ws.post(
        room, ws.bot, said["text"], blocks=said["blocks"], attachments=said["attachments"] or [],
        thread_ts=parent, metadata=metadata, bot_id=ws.cast.bot_id, broadcast=broadcast,
        subtype="thread_broadcast" if broadcast else None,
    )  # fmt: skip
    shown = message_json(ws, message, with_metadata=True)
    api.emit({**shown, "channel": room.id, "event_ts": message.ts, "channel_type": room.kind})
    return {"channel": room.id, "ts": message.ts, "message": shown, **more}


def update(api: Api, call: Call) -> JSON:
    ws = api.ws
    room = api.room(call.required("channel", "channel_not_found"))
    message = _own(ws, room, call.required("ts", "message_not_found"), "cant_update_message")
    if room.is_archived:
        raise ApiError("is_archived")
    said = content(call)
    if said["text"] == "" and said["blocks"] is None and said["attachments"] is None:
        raise ApiError("no_text")
    if len(said["text"]) > LONGEST_UPDATE:
        raise ApiError("msg_too_long")
    metadata = _metadata(call)
    before = message_json(ws, message)
    has_text = call.args.get("text") is not None or bool(call.text("markdown_text"))
    if has_text:
        message.text = said["text"]
    if said["blocks"] is not None:
        message.blocks = ws.finished(said["blocks"])
    elif has_text:
        message.blocks = []  # text without blocks takes the old blocks away
    if said["attachments"] is not None:
        message.attachments = said["attachments"]
    if metadata is not None:
        message.metadata = metadata
    message.edited = message.edited or not said["blocks"]  # with blocks Slack shows no "(edited)"
    message.updates += 1
    ws.on_change(f"messages:{room.id}")
    now = message_json(ws, message)
    api.emit({
        "type": "message", "subtype": "message_changed", "channel": room.id, "ts": ws.new_ts(),
        "hidden": True,
        "message": now, "previous_message": before, "event_ts": message.ts, "channel_type": room.kind,
    })  # fmt: skip
    return {"channel": room.id, "ts": message.ts, "text": message.text, "message": now}


def delete(api: Api, call: Call) -> JSON:
    ws = api.ws
    room = api.room(call.required("channel", "channel_not_found"))
    message = _own(ws, room, call.required("ts", "message_not_found"), "cant_delete_message")
    ws.remove(room, message)
    api.emit({
        "type": "message", "subtype": "message_deleted", "channel": room.id, "ts": ws.new_ts(),
        "hidden": True,
        "deleted_ts": message.ts, "event_ts": message.ts, "channel_type": room.kind,
    })  # fmt: skip
    return {"channel": room.id, "ts": message.ts}


def _own(ws: Workspace, room: Conversation, ts: str, error: str) -> Message:
    message = room.by_ts.get(ts)
    if message is None or message.ephemeral_for is not None or message.deleted:
        raise ApiError("message_not_found")
    if message.user != ws.bot:
        raise ApiError(error)
    return message


def post_ephemeral(api: Api, call: Call) -> JSON:
    ws = api.ws
    room = _writable(api, call.required("channel", "channel_not_found"))
    if ws.bot not in room.members and "chat:write.public" not in ws.scopes:
        raise ApiError("not_in_channel")
    user = call.required("user")
    if user not in ws.users or user not in room.members or ws.users[user].deleted:
        raise ApiError("user_not_in_channel")
    said = content(call)
    if not said["text"] and not said["blocks"] and not said["attachments"]:
        raise ApiError("no_text")
    parent = _parent(api, room, call.text("thread_ts"))
    message = ws.post(
        room, ws.bot, said["text"][:LONGEST_TEXT], blocks=said["blocks"],
        attachments=said["attachments"] or [], thread_ts=parent, ephemeral_for=user, bot_id=ws.cast.bot_id,
    )  # fmt: skip
    return {"message_ts": message.ts}


def get_permalink(api: Api, call: Call) -> JSON:
    room = api.room(call.required("channel", "channel_not_found"))
    message = room.by_ts.get(call.required("message_ts", "message_not_found"))
    if message is None or message.ephemeral_for is not None:
        raise ApiError("message_not_found")
    link = f"https://{api.ws.cast.team_domain}.slack.com/archives/{room.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={room.id}"
    return {"channel": room.id, "permalink": link}


def add_reaction(api: Api, call: Call) -> JSON:
    ws = api.ws
    room = api.room(call.required("channel", "channel_not_found"))
    message = room.by_ts.get(call.text("timestamp"))
    name = call.required("name", "invalid_name").strip(":")
    if message is None or message.ephemeral_for is not None:
        raise ApiError("message_not_found")
    if ws.bot not in room.members:
        raise ApiError("not_in_channel")
    users = message.reactions.setdefault(name, [])
    if ws.bot in users:
        raise ApiError("already_reacted")
    users.append(ws.bot)
    ws.on_change(f"messages:{room.id}")
    return {}


METHODS = {
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",)),
    "chat.getPermalink": Method(get_permalink),
    "reactions.add": Method(add_reaction, ("reactions:write",)),
}
