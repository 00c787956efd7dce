"""Runs the bot: HTTP server, Socket Mode where chosen, ticks and courier, until a signal ends it."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from starlette.types import ASGIApp

from bot.clock import real_clock
from bot.scheduler import running
from bot.settings import Settings
from bot.web import web_app
from bot.wiring import Parts, built

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """A server inside our own loop: signals are ours to handle."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(app: ASGIApp, host: str, port: int) -> AsyncIterator[str]:
    """Serve `app`; yields its address. Raises OSError where the port is taken."""
    # TCP is named because asyncio turns Nagle's delay off only where it is: 40 ms an answer with a body.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    server = _Server(uvicorn.Config(app, log_level="warning", log_config=None, access_log=False,
                                    lifespan="off", timeout_graceful_shutdown=5))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
            await asyncio.sleep(0.01)
        yield f"http://{host}:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        bound.close()


@asynccontextmanager
async def connected(parts: Parts) -> AsyncIterator[None]:
    """In socket mode: a connection to Slack that keeps itself up."""
    settings = parts.settings
    if settings.slack_mode != "socket":
        yield
        return
    assert settings.slack_app_token is not None
    handler = AsyncSocketModeHandler(parts.slack, settings.slack_app_token.get_secret_value(),
                                     web_client=parts.slack.client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        with suppress(asyncio.CancelledError):
            await handler.close_async()  # type: ignore[no-untyped-call]


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises what keeps it from starting."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with (built(settings, real_clock) as parts,
                listening(web_app(parts), settings.host, settings.port) as url,
                connected(parts), running(parts)):
        log.info("Ground Crew is ready: %s mode, workspace %s, health at %s/healthz", settings.slack_mode,
                 parts.identity.team, url)
        await stop.wait()
        log.info("stopping: finishing what is under way")
