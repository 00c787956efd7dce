"""The faults panel of the sandbox page, in a real browser: each fault there is can be set, and all be switched off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.clock import real_clock
from bot.sandbox import Faults, Sandbox, default_cast
from tests.browser.test_walk import CHROMIUM, QUIET, pytestmark
from tests.world import MANIFEST, SECRET

__all__ = ["pytestmark"]
SWITCHES = {"down", "token_revoked"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(cast=default_cast(), manifest=MANIFEST, bot_token="xoxb-sandbox-1", app_token="xapp-sandbox-1",
                   signing_secret=SECRET, clock=real_clock)
    await made.start()
    yield made
    await made.stop()


async def test_every_fault_can_be_set_and_all_be_switched_off(sandbox: Sandbox) -> None:
    from playwright.async_api import async_playwright
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page: Any = await browser.new_page()
        page.set_default_timeout(15_000)
        await page.goto(sandbox.url)
        await page.get_by_test_id("inspector-toggle").click()
        await page.get_by_test_id("drawer-faults").click()
        for name in Faults().to_json():
            control = page.get_by_test_id(f"fault-{name}")
            if name in SWITCHES:
                await control.check()
            else:
                await control.fill({"slow_ms": "250", "retry_after_s": "30"}.get(name, "0.05"))
        await _until(lambda: all(sandbox.faults.to_json().values()) and sandbox.faults.retry_after_s == 30)
        assert await page.get_by_text(re.compile(r"^30 s$")).count() == 1
        await page.get_by_test_id("faults-reset").click()
        await _until(lambda: sandbox.faults.to_json() == Faults().to_json())
        await browser.close()


async def _until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)
