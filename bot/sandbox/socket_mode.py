"""Socket Mode: envelopes over WebSockets, each acked by its id; several connections at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.sandbox.wire import JSON
from bot.sandbox.workspace import Workspace

MOST = 10
PATH = "/sandbox/socket"
LIVES_S = 3600


class NoConnection(Exception):
    """Nobody is connected, or the connection went before the ack."""


class Sockets:
    """The app's open connections. Each envelope goes to one of them, in turn."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace
        self._open: list[WebSocket] = []
        self._tickets: set[str] = set()
        self._acks: dict[str, tuple[WebSocket, asyncio.Future[Any]]] = {}
        self._turn = 0

    @property
    def count(self) -> int:
        return len(self._open)

    def ticket(self) -> str:
        """A connection may be opened once with it."""
        ticket = self._ws.token(32)
        self._tickets.add(ticket)
        return ticket

    async def request(self, type_: str, payload: JSON, retry: tuple[int, str] | None) -> Any:
        """Send an envelope and wait for its ack; returns the ack's payload ("" for a bare one)."""
        if not self._open:
            raise NoConnection
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        id_ = f"{self._ws.token(8)}-{self._ws.token(4)}-{self._ws.token(12)}".lower()
        envelope: JSON = {
            "envelope_id": id_,
            "type": type_,
            "payload": payload,
            "accepts_response_payload": type_ != "events_api",
        }
        if type_ == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[id_] = (socket, future)
        try:
            await socket.send_text(json.dumps(envelope))
            return await future
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise NoConnection from gone
        finally:
            self._acks.pop(id_, None)

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from hello to its end."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets or len(self._open) >= MOST:
            await socket.close(4003)
            return
        self._tickets.discard(ticket)
        await socket.accept()
        self._open.append(socket)
        hello = {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {
                "host": "sandbox", "build_number": 1, "approximate_connection_time": LIVES_S,
                "started": self._ws.now().isoformat(),
            },
            "connection_info": {"app_id": self._ws.cast.app_id},
        }  # fmt: skip
        self._ws.on_change("state")
        try:
            await socket.send_text(json.dumps(hello))
            while True:
                self._acked(await socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            self._gone(socket)
            for of, future in self._acks.values():
                if of is socket and not future.done():
                    future.set_exception(NoConnection())
            self._ws.on_change("state")

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to reconnect, as Slack does now and then; "warning" only announces it.

        Nothing more is sent over them. They are left for the client to close, as slack_sdk does.
        """
        for socket in list(self._open):
            if socket.application_state is WebSocketState.CONNECTED:
                await socket.send_text(json.dumps({"type": "disconnect", "reason": reason}))
                if reason != "warning":
                    self._gone(socket)

    def _gone(self, socket: WebSocket) -> None:
        if socket in self._open:
            self._open.remove(socket)

    def _acked(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        waiting = self._acks.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(ack.get("payload") or "")
