"""The wire between the bots and the workspace: who called what when, and a kill at the two points that lie on it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ON_THE_WIRE = ("before Slack", "taken by Slack")
"""The call is out but Slack has not taken it; Slack has taken it and its answer is not out."""


@dataclass(slots=True)
class Call:
    method: str
    began: datetime
    room: str = ""
    ref: str = ""
    status: int = 0
    """0: no answer went out."""


@dataclass
class Wire:
    """Middleware in front of the sandbox, so outside the bot's process.

    `kill_at` is a point of ON_THE_WIRE, `left` at which passing of it, `pid` whom.
    """

    app: ASGIApp
    clock: Callable[[], datetime]
    calls: list[Call] = field(default_factory=list)
    kill_at: str = ""
    left: int = 0
    pid: int = 0

    def arm(self, point: str, nth: int, pid: int) -> None:
        self.kill_at, self.left, self.pid = point, nth, pid

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        call = Call(scope["path"].removeprefix("/api/"), self.clock())
        self.calls.append(call)
        is_post = call.method == "chat.postMessage"
        body = await _whole(receive)
        _read(call, scope, body)
        if is_post and self._kills("before Slack"):
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                if is_post and call.status == 200:
                    self._kills("taken by Slack")
            await send(message)

        is_read = False

        async def again() -> Message:
            nonlocal is_read
            if is_read:
                return await receive()
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, answered)

    def _kills(self, point: str) -> bool:
        if point != self.kill_at:
            return False
        self.left -= 1
        if self.left != 0:
            return False
        os.kill(self.pid, signal.SIGKILL)
        return True


async def _whole(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _read(call: Call, scope: Scope, body: bytes) -> None:
    headers = dict(scope["headers"])
    if headers.get(b"content-type", b"").startswith(b"application/json"):
        sent = json.loads(body or b"{}")
        call.room = str(sent.get("channel") or "")
        call.ref = str(((sent.get("metadata") or {}).get("event_payload") or {}).get("ref") or "")
