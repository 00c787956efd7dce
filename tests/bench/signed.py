"""Slash commands as Slack sends them: signed, over HTTP, on a connection that is kept."""

from __future__ import annotations

import hashlib
import hmac
from itertools import count
from time import perf_counter, time
from urllib.parse import urlencode

from aiohttp import ClientSession

from tests.bench.bare import SECRET
from tests.bench.seed import TEAM, user

_triggers = count(1)


async def command(http: ClientSession, url: str, text: str, person: int, *, respond: str = "http://127.0.0.1:9/respond",
                  channel: str = "C99999999", name: str = "/pilot") -> tuple[float, bytes]:
    """Type ``/pilot text``, or another command; how many seconds the answer took, and what it was."""
    body = urlencode({
        "token": "x", "team_id": TEAM, "team_domain": "bench", "channel_id": channel, "channel_name": "somewhere",
        "user_id": user(person), "user_name": f"priya{person}", "command": name, "text": text, "api_app_id": "A1",
        "is_enterprise_install": "false", "response_url": respond, "trigger_id": f"1.2.{next(_triggers)}"}).encode()
    stamp = str(int(time()))
    signature = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": stamp,
               "X-Slack-Signature": f"v0={signature}"}
    begun = perf_counter()
    async with http.post(f"{url}/slack/events", data=body, headers=headers) as answer:
        said = await answer.read()
        took = perf_counter() - begun
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {said[:200]!r}")
    return took, said
