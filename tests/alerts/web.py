"""Other systems that the bot calls: small servers on loopback, which remember what they were asked."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from handlers.web.addresses import allowed
from handlers.web.http import Http, Rules

PRIVATE = Rules(allow_private=True, allow_http=True)


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))


Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]] | None
"""Status and body (bytes as they are, anything else as JSON), with headers; None: there is no answer at all."""


@dataclass
class Server:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    """What is answered in turn; the last of them from then on."""
    answer: Callable[[Asked], Reply] | None = None
    """Instead of these."""
    names: list[str | None] = field(default_factory=list)
    """Of TLS: what each connection was made for."""

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def _reply(self, asked: Asked) -> Reply:
        if self.answer is not None:
            return self.answer(asked)
        if not self.replies:
            return 200, {}
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in head[1:] if each)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, path, headers, body)
            self.asked.append(asked)
            reply = self._reply(asked)
            if reply is None:
                await reader.read()
                return
            status, said, more = (*reply, {})[:3]
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            sent = {"content-length": str(len(raw)), **more}
            lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in sent.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + raw)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def server(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    made = Server(replies=list(replies))
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: made.names.append(name)
    running = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.url = f"http{'s' if tls else ''}://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        running.close()


def names(**known: str | Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that knows these names, dots written as _; what it was asked is in `.asked`."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        found = known.get(host.replace(".", "_").replace("-", "__"))
        if found is None:
            raise OSError("no such name")
        return [found] if isinstance(found, str) else found

    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve


def http(*listed: str, **known: str | Sequence[str]) -> Http:
    return Http(allowed(listed), names(**known))
