"""A workspace on loopback with a real Bolt app behind it, the way the product runs against Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import httpx
import pytest
from sandbox_stage import BOT_TOKEN, SECRET, Clock, Stage, new_sandbox, web_app
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stage(clock: Clock) -> AsyncIterator[Stage]:
    sandbox = new_sandbox(clock)
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=sandbox.api_url, session=session, retry_handlers=[])
        app = AsyncApp(client=client, signing_secret=SECRET)
        transport = httpx.ASGITransport(web_app(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as bot:
            sandbox.bot = bot
            yield Stage(sandbox, app, client, clock)
            await sandbox.stop()
