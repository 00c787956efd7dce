"""Monitoring systems that call the bot, over HTTP and with their secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from bot.web import web_app
from handlers.alerts.sources import Sources
from tests.alerts.bodies import Case, case
from tests.world import TEAM, World

SECRET = "a-secret-of-alertmanager"
OPS = "ops"


async def source(world: World, name: str = "prom", vendor: str = "alertmanager", secret: str = SECRET, **options: Any) -> None:
    """Let a sender report."""
    await Sources(world.parts.store, world.clock, TEAM).add(name, vendor, secret=secret, options=options)


async def post(world: World, path: str, body: bytes, headers: Mapping[str, str] | None = None, method: str = "POST") -> httpx.Response:
    """Call the bot as a sender does."""
    transport = httpx.ASGITransport(web_app(world.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as http:
        return await http.request(method, path, content=body, headers=dict(headers or {}))


async def send(world: World, body: Any, name: str = "prom", secret: str = SECRET) -> httpx.Response:
    """A body as a sender with the source's secret posts it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await post(world, f"/alerts/{name}", raw, {"authorization": f"Bearer {secret}"})


async def sent(world: World, body: Any, name: str = "prom") -> None:
    """The same, taken in and shown."""
    answer = await send(world, body, name)
    assert answer.status_code == 200, answer.text
    await settled(world)


async def settled(world: World) -> None:
    """What is to be shown within a few seconds is shown."""
    for _ in range(4):
        world.clock.advance(seconds=2)
        await world.settle()


def am(*alerts: dict[str, Any]) -> dict[str, Any]:
    """A webhook of Alertmanager."""
    return {"version": "4", "status": "firing", "alerts": list(alerts)}


def one(name: str = "FeatureDrift", status: str = "firing", at: datetime | str = "2026-11-23T06:59:00Z",
        fingerprint: str | None = None, summary: str | None = None, severity: str = "warning", **labels: str) -> dict[str, Any]:
    """An alert in it."""
    began = at if isinstance(at, str) else at.isoformat()
    named = {"alertname": name, "severity": severity, **labels}
    return {"status": status, "labels": named, "annotations": {"summary": summary} if summary else {}, "startsAt": began,
            "endsAt": began if status == "resolved" else "0001-01-01T00:00:00Z",
            "fingerprint": fingerprint or "-".join([name, *map(str, labels.values())])}


def several(count: int, **said: Any) -> Sequence[dict[str, Any]]:
    return [one(fingerprint=f"f{n}", uid=f"u-{n:06}", **said) for n in range(count)]


def body(name: str) -> Any:
    return case(name).body


__all__ = ["OPS", "SECRET", "Case", "am", "body", "one", "post", "send", "sent", "settled", "several", "source"]
