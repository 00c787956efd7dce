"""Serving an ASGI app on loopback inside the running event loop: quick to start, quick and clean to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class LoopbackServer(uvicorn.Server):
    """uvicorn without signal handlers, without polling, and with a stop that waits for nobody in vain."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        # the protocol is named, else asyncio leaves Nagle on and every answer takes 40 ms
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        super().__init__(
            uvicorn.Config(
                app, host=host, port=port, http=H11Protocol, ws=WebSocketsSansIOProtocol, lifespan="off",
                log_config=None, access_log=False, server_header=False, date_header=False,
                proxy_headers=False, timeout_keep_alive=3600, ws_ping_interval=None,
            )
        )  # fmt: skip
        self._stop = asyncio.Event()
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def up(self) -> None:
        """Start and return once connections are accepted."""
        self._task = asyncio.ensure_future(self.serve(sockets=[self._socket]))
        up = asyncio.ensure_future(self._up.wait())
        try:
            await asyncio.wait({up, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                self._task.result()
        finally:
            up.cancel()

    async def down(self) -> None:
        """Hang up on everybody and return when no task and no socket is left."""
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None
        self._socket.close()

    def hang_up(self, client: tuple[str, int] | None) -> None:
        """Drop one connection without an answer, as a broken network does."""
        for connection in list(self.server_state.connections):
            if client is not None and getattr(connection, "client", None) == client:
                connection.transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the process's signals belong to the host

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    async def main_loop(self) -> None:
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = set(self.server_state.tasks)
        if tasks:  # streams end by themselves when the workspace closes; the rest gets a moment
            _, late = await asyncio.wait(tasks, timeout=0.2)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for server in self.servers:
            await server.wait_closed()
        await asyncio.sleep(0)
