"""A chat service of our own: the few methods of Slack's that the bot calls, after a pause of our choosing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from aiohttp import web

from tests.bench.seed import TEAM


@dataclass
class Chat:
    pause_s: float = 0.0
    url: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    _ts: count[int] = field(default_factory=lambda: count(1))

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] += 1
        given = dict(await request.post()) if request.content_type != "application/json" else await request.json()
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        reply: dict[str, object] = {"ok": True}
        match method:
            case "auth.test":
                reply |= {"team_id": TEAM, "bot_id": "B0BENCH", "user_id": "U0BENCH"}
            case "users.info":
                reply["user"] = {"id": given["user"], "name": str(given["user"]).lower(), "tz": "Europe/Berlin",
                                 "real_name": f"Person {given['user']}"}
            case "conversations.info":
                reply["channel"] = {"id": given["channel"], "name": "bench", "is_member": True}
            case "chat.postMessage" | "chat.update":
                reply |= {"channel": given["channel"], "ts": f"1.{next(self._ts):06d}"}
            case "views.open" | "views.publish" | "views.update":
                reply["view"] = {"id": "V1"}
        return web.Response(text=json.dumps(reply), content_type="application/json",
                            headers={"x-oauth-scopes": "commands,chat:write,users:read"})

    async def respond(self, _request: web.Request) -> web.Response:
        """A response_url."""
        self.calls["response_url"] += 1
        return web.Response(text="ok")


@asynccontextmanager
async def listening(pause_s: float = 0.0) -> AsyncIterator[Chat]:
    chat = Chat(pause_s)
    app = web.Application()
    app.router.add_post("/api/{method}", chat.answer)
    app.router.add_post("/respond", chat.respond)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    chat.url = f"http://{host}:{port}"
    try:
        yield chat
    finally:
        await runner.cleanup()
