"""Answers that are not Web API calls: what an ack carries, and what comes to a response_url."""

from __future__ import annotations

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox.api_chat import LONGEST_TEXT, check_blocks
from bot.sandbox.faults import Faults
from bot.sandbox.model import Message, ResponseUrl
from bot.sandbox.web_api import Drop
from bot.sandbox.wire import JSON, ApiError, Traffic
from bot.sandbox.workspace import Workspace


class Replies:
    def __init__(self, workspace: Workspace, traffic: Traffic, faults: Faults, drop: Drop) -> None:
        self._ws = workspace
        self._traffic = traffic
        self._faults = faults
        self._drop = drop

    def show(self, url: ResponseUrl, body: JSON) -> Message | None:
        """Show an answer where it belongs. Raises ApiError as Slack refuses it."""
        ws = self._ws
        room = ws.channels[url.channel]
        original = room.by_ts.get(url.message_ts or "")
        if body.get("delete_original"):
            if original is not None:
                ws.remove(room, original)
            return None
        text, blocks = str(body.get("text") or ""), body.get("blocks")
        attachments = body.get("attachments")
        if not text and not blocks and not attachments:
            raise ApiError("no_text")
        if blocks is not None and not isinstance(blocks, list):
            raise ApiError("invalid_blocks_format")
        check_blocks(blocks, attachments)
        text = text[:LONGEST_TEXT]
        if body.get("replace_original") and original is not None:
            original.text, original.blocks = text, ws.finished(blocks or [])
            original.attachments = attachments or []
            original.edited = original.edited or not blocks
            original.updates += 1
            ws.on_change(f"messages:{room.id}")
            return original
        public = body.get("response_type") == "in_channel"
        return ws.post(
            room, ws.bot, text, blocks=blocks, attachments=attachments or [],
            thread_ts=body.get("thread_ts") or (None if public else url.thread_ts),
            ephemeral_for=None if public else url.user, bot_id=ws.cast.bot_id,
        )  # fmt: skip

    async def answer(self, request: Request) -> Response:
        """A POST to a response_url: 5 within 30 minutes."""
        began = time.perf_counter()
        fault = self._faults.draw("response_url")
        raw = await request.body()
        sent: Any = {}
        if fault == "drop_connection":
            status, answer = 0, "connection dropped"
        elif fault in {"error_500", "rate_429"}:
            status, answer = (500, "internal_error") if fault == "error_500" else (429, "rate_limited")
        else:
            try:
                sent = json.loads(raw)
                status, answer = self._use(request.url.path, sent)
            except ValueError:
                status, answer = 400, "invalid_payload"
            if fault == "taken_500":
                status, answer = 500, "internal_error"
        ms = round((time.perf_counter() - began) * 1000)
        note = None if fault == "none" else f"fault: {fault.replace('_', ' ')}"
        self._traffic.record(
            "to_slack",
            "response_url",
            status=status,
            ms=ms,
            request=json.dumps(sent),
            response=answer,
            note=note,
        )
        if status == 0 or fault == "lost_reply":
            return await self._drop(request)
        if status == 200:
            return PlainTextResponse("ok")
        headers = {"retry-after": str(self._faults.retry_after_s)} if status == 429 else None
        return JSONResponse({"ok": False, "error": answer}, status, headers)

    def _use(self, path: str, body: Any) -> tuple[int, str]:
        url = self._ws.response_urls.get(path)
        if url is None or self._ws.watch() > url.until:
            return 404, "expired_url"
        if url.left < 1:
            return 404, "used_url"
        if not isinstance(body, dict):
            return 400, "invalid_payload"
        try:
            self.show(url, body)
        except ApiError as refused:
            return 400, refused.code
        url.left -= 1
        return 200, "ok"
