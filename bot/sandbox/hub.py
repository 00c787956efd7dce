"""Telling open pages what changed: server-sent events, gathered, and gone when the workspace closes."""

from __future__ import annotations

import asyncio
import contextlib
import json

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT_S = 15.0


class _Listener:
    def __init__(self) -> None:
        self.what: dict[str, None] = {}
        self.traffic = 0
        self.woken = asyncio.Event()

    def take(self) -> bytes:
        """All that came since the last time, as event-stream text."""
        lines = []
        if self.what:
            lines.append(f"event: changed\ndata: {json.dumps({'what': list(self.what)})}\n\n")
        if self.traffic:
            lines.append(f"event: traffic\ndata: {json.dumps({'n': self.traffic})}\n\n")
        self.what, self.traffic = {}, 0
        self.woken.clear()
        return "".join(lines).encode()


class Hub:
    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = False

    def changed(self, what: str) -> None:
        for listener in self._listeners:
            listener.what[what] = None
            listener.woken.set()

    def exchanged(self, n: int) -> None:
        for listener in self._listeners:
            listener.traffic = n
            listener.woken.set()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for listener in self._listeners:
            listener.woken.set()

    async def stream(self, send: Send, receive: Receive) -> None:
        """Send events until the page goes away or the workspace closes."""
        listener = _Listener()
        self._listeners.add(listener)
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await _chunk(send, b"retry: 1000\n\n")
            while not self._closed and not gone.done():
                woken = asyncio.ensure_future(listener.woken.wait())
                await asyncio.wait({woken, gone}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if not gone.done():
                    await _chunk(send, listener.take() or b": still here\n\n")
        finally:
            self._listeners.discard(listener)
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Stream(Response):
    """The answer to GET /sandbox/api/stream."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._hub.stream(send, receive)


async def _chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
