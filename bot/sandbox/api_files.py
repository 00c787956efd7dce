"""files.*: the two-step upload, and what became of it."""

from __future__ import annotations

import mimetypes

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.sandbox.api_chat import LONGEST_TEXT, check_blocks, file_json, message_json
from bot.sandbox.model import Conversation, File
from bot.sandbox.web_api import Api, Call, Method
from bot.sandbox.wire import JSON, ApiError

LARGEST = 50_000_000


def get_upload_url(api: Api, call: Call) -> JSON:
    ws = api.ws
    if call.is_json:  # Slack reads a form here, and nothing else
        raise ApiError.with_messages("invalid_arguments", ["[ERROR] missing required field: filename"])
    name = call.required("filename")
    length = call.number("length", 0)
    if length < 1:
        raise ApiError("invalid_arguments")
    if length > LARGEST:
        raise ApiError("file_upload_size_restricted")
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    id_ = ws.new_id("F0")
    alt = call.text("alt_txt") or None
    ws.files[id_] = File(id_, name, mimetype, length, name, ws.bot, alt_txt=alt, created=ws.epoch())
    ticket = ws.token(40)
    api.uploads[ticket] = id_
    return {"upload_url": f"{api.url()}/upload/v1/{ticket}", "file_id": id_}


def complete_upload(api: Api, call: Call) -> JSON:
    ws = api.ws
    wanted = call.structure("files", list, "invalid_arguments")
    if not wanted or not all(isinstance(f, dict) for f in wanted):
        raise ApiError("invalid_arguments")
    files = []
    for one in wanted:
        file = ws.files.get(str(one.get("id")))
        if file is None or not file.received or file.shared:
            raise ApiError("file_not_found")
        files.append((file, one.get("title")))
    rooms = [_room(api, id_) for id_ in _room_ids(call)]
    blocks = call.structure("blocks", list, "invalid_blocks_format")
    check_blocks(blocks)
    thread = call.text("thread_ts")
    if thread and not rooms:
        raise ApiError.with_messages("invalid_arguments", ["[ERROR] thread_ts goes with channel_id"])
    for room in rooms:
        if thread and thread not in room.by_ts:
            raise ApiError("thread_not_found")
    for file, title in files:
        file.shared = True
        file.title = str(title or file.name)
        file.rooms = [room.id for room in rooms]
    shared = [file for file, _ in files]
    for room in rooms:
        parent = (room.by_ts[thread].thread_ts or thread) if thread else None
        if parent:
            room.by_ts[parent].thread_ts = parent
        message = ws.post(
            room, ws.bot, call.text("initial_comment")[:LONGEST_TEXT], blocks=blocks, files=shared,
            thread_ts=parent, bot_id=ws.cast.bot_id,
        )  # fmt: skip
        shown = message_json(ws, message)
        api.emit({**shown, "channel": room.id, "event_ts": message.ts, "channel_type": room.kind})
    return {"files": [file_json(ws, file) for file in shared]}


def _room_ids(call: Call) -> list[str]:
    ids = [call.text("channel_id"), *call.text("channels").split(",")]
    return [id_ for id_ in ids if id_]


def _room(api: Api, id_: str) -> Conversation:
    room = api.room(id_)
    if room.is_archived:
        raise ApiError("is_archived")
    if api.ws.bot not in room.members:
        raise ApiError("not_in_channel")
    return room


def info(api: Api, call: Call) -> JSON:
    file = api.ws.files.get(call.required("file", "file_not_found"))
    if file is None or not file.shared:
        raise ApiError("file_not_found")
    return {"file": file_json(api.ws, file), "comments": [], "response_metadata": {"next_cursor": ""}}


class Uploads:
    """Takes the bytes at an upload URL, once."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def answer(self, request: Request) -> Response:
        file_id = self._api.uploads.pop(request.path_params["ticket"], None)
        if file_id is None:
            return PlainTextResponse("not found", 404)
        file, content = self._api.ws.files[file_id], await request.body()
        if len(content) != file.size:
            return PlainTextResponse("error: wrong length", 400)
        file.content, file.received = content, True
        return PlainTextResponse(f"OK - {file.size}")


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",)),
    "files.info": Method(info, ("files:read",)),
}
