"""A chat completions service on loopback that behaves, well or badly, as it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

GOOD = "Wait 5 minutes [1]. Roll back with `make rollback` [1]."


@dataclass
class Completions:
    """Answers every call alike until it is told otherwise."""

    says: str = GOOD
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Sent instead of a completion."""
    waits: float = 0
    usage: dict[str, Any] | None = field(default_factory=lambda: {"prompt_tokens": 300, "completion_tokens": 20})
    url: str = ""
    heard: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    """Path, headers, body of each call."""

    def _body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        answer: dict[str, Any] = {"id": "c1", "object": "chat.completion", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": self.says}, "finish_reason": "stop"}]}
        return json.dumps(answer | ({"usage": self.usage} if self.usage is not None else {})).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in head[1:] if row)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.heard.append((head[0].split()[1], headers, json.loads(body) if body else None))
            await asyncio.sleep(self.waits)
            sent = self._body()
            lines = [f"HTTP/1.1 {self.status} X", f"content-length: {len(sent)}", "connection: close", "content-type: application/json",
                     *(f"{name}: {value}" for name, value in self.headers.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @property
    def asked(self) -> list[dict[str, Any]]:
        """What it was asked in each call: the question with its passages."""
        found: list[dict[str, Any]] = [json.loads(body["messages"][1]["content"]) for _, _, body in self.heard]
        return found


@asynccontextmanager
async def completions(**said: Any) -> AsyncIterator[Completions]:
    service = Completions(**said)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield service
    finally:
        server.close()
        await server.wait_closed()
