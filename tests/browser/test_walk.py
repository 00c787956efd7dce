"""A newcomer's first ten minutes, in a real browser against `python -m bot demo` as it is shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
         "--disable-component-update", "--disable-sync"]
SCREENS = os.environ.get("SCREENS")
"""A folder for the screenshots of the README; none are taken without."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the page was not walked in a browser"),
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("browser"),
]


@contextmanager
def demo_of_its_own() -> Iterator[str]:
    """The demo as a process of its own; its page's address. It ends cleanly and has nothing to complain about."""
    with subprocess.Popen([sys.executable, "-m", "bot", "demo"], cwd=Path(__file__).parents[2],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Ground Crew sandbox: http://127.0.0.1:"), (line, process.communicate(timeout=20))
            yield line.split()[-1]
        finally:
            process.terminate()
            _, complaints = process.communicate(timeout=20)
    assert process.returncode == 0
    assert complaints == ""


@pytest.fixture
def demo() -> Iterator[str]:
    """One that nobody has touched."""
    with demo_of_its_own() as url:
        yield url


@pytest.fixture(scope="session")
def shared_demo() -> Iterator[str]:
    """One for all who only look or say something that is theirs: living through its story takes seconds each time."""
    with demo_of_its_own() as url:
        yield url


@asynccontextmanager
async def page_at(url: str) -> AsyncIterator[Any]:
    """A browser that shows it; nothing may go wrong in it."""
    from playwright.async_api import async_playwright
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.set_default_timeout(15_000)
        await page.goto(url)
        yield page
        await browser.close()
    assert wrong == []


@pytest.fixture
async def fresh_page(demo: str) -> AsyncIterator[Any]:
    async with page_at(demo) as page:
        yield page


@pytest.fixture
async def page(shared_demo: str) -> AsyncIterator[Any]:
    async with page_at(shared_demo) as page:
        yield page


async def picture(page: Any, name: str) -> None:
    if SCREENS:
        await page.wait_for_timeout(400)
        await page.screenshot(path=f"{SCREENS}/{name}.png")


async def act_as(page: Any, name: str) -> None:
    box = page.get_by_test_id("act-as")
    value = await box.evaluate("(s, name) => [...s.options].find(o => o.text.includes(name)).value", name)
    await box.select_option(value)


async def pick(page: Any, field: str, name: str) -> None:
    """Choose in a person or channel field of the modal by typing, as a person would."""
    await page.locator(f'[data-block-id="{field}"] input[role="combobox"]').fill(name)
    await page.locator('.listbox:visible [role="option"]').filter(has_text=name).first.click()


def message(page: Any, text: str) -> Any:
    """The newest message that shows `text`."""
    return page.get_by_test_id("message").filter(has_text=text).last


async def say(page: Any, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")


async def test_a_newcomer_sees_the_main_job_work(fresh_page: Any) -> None:
    page = fresh_page
    # Open the page: three pilots are there.
    await page.get_by_test_id("channel-claims-triage").click()
    await message(page, "Claims triage starts").wait_for()
    await picture(page, "1-kickoff")

    # Create a pilot.
    await page.get_by_test_id("channel-ops").click()
    await say(page, "/pilot new Fraud notes")
    modal = page.get_by_test_id("modal")
    await modal.wait_for()
    await modal.locator('[data-block-id="purpose"] input').fill("Summarise suspicious claims for the investigators")
    await pick(page, "sponsor", "Marta Keller")
    await pick(page, "security", "Ines Duarte")
    await pick(page, "legal", "Jonas Brandt")
    await picture(page, "2-register")
    await page.get_by_test_id("modal-submit").click()
    await modal.wait_for(state="hidden")
    await message(page, "Fraud notes starts").wait_for()
    await message(page, "Operations: nobody yet").wait_for()

    # Accept a role, from the one message that asks.
    await act_as(page, "Jonas Brandt")
    await page.get_by_test_id("dm-groundcrew").click()
    asked = page.get_by_test_id("message").filter(has_text="Legal for Fraud notes: is that you?")
    await asked.get_by_role("button", name="Accept").click()
    await message(page, "You are Legal of Fraud notes. Thank you.").wait_for()

    # Tick an item.
    await act_as(page, "Priya Shah")
    await page.get_by_test_id("channel-ops").click()
    await say(page, "/pilot item IN-07")
    card = message(page, "Evidence wanted")
    await card.wait_for()
    await picture(page, "3-item")
    await say(page, "/pilot brief legal held Jonas Brandt and Priya Shah, no asks")
    await message(page, "Held on").wait_for()

    # The next morning: a nudge in the channel, a digest by direct message.
    await page.get_by_test_id("time-morning").click()
    await page.get_by_test_id("channel-claims-triage").click()
    await message(page, "briefing").wait_for()
    await picture(page, "4-morning")

    # Act on the digest.
    await act_as(page, "Sam Okafor")
    await page.get_by_test_id("dm-groundcrew").click()
    digest = message(page, "This comes on working days")
    await digest.wait_for()
    await digest.get_by_role("button", name="Done").first.click()
    await modal.locator('[data-block-id="evidence"] textarea').fill("https://wiki.northwind.example/readiness")
    await page.get_by_test_id("modal-submit").click()
    await modal.wait_for(state="hidden")
    await message(page, "✓").wait_for()
    await picture(page, "5-digest")

    # Read the status.
    await act_as(page, "Priya Shah")
    await page.get_by_test_id("channel-invoice-match").click()
    await say(page, "/pilot status")
    status = message(page, "Build (stage 3 of 7)")
    await status.wait_for()
    assert "Biggest cut" in await status.inner_text()
    await picture(page, "6-status")
    await page.get_by_test_id("home").click()
    await page.get_by_text("Your pilots").first.wait_for()
    await picture(page, "7-home")


async def test_a_narrow_window_keeps_everything_in_reach(page: Any) -> None:
    await page.set_viewport_size({"width": 400, "height": 760})
    assert await page.evaluate("document.documentElement.scrollWidth") == 400

    await page.get_by_test_id("menu").click()
    await page.get_by_test_id("channel-ops").click()
    await page.get_by_test_id("channel-ops").wait_for(state="hidden")
    await say(page, "/pilot help")
    await message(page, "What you can say").wait_for()


async def test_a_long_answer_is_shown_from_its_beginning(page: Any) -> None:
    await page.get_by_test_id("channel-claims-triage").click()
    await say(page, "/pilot help")
    answer = message(page, "What you can say")
    await answer.wait_for()
    await page.wait_for_timeout(300)

    pane = await page.locator("#messages").bounding_box()
    shown = await answer.bounding_box()
    assert shown["height"] > pane["height"]  # else this proves nothing
    assert pane["y"] - 1 < shown["y"] < pane["y"] + 60


@pytest.mark.parametrize(("pixel", "drawn"), [("[0, 0, 0, 255]", True), ("[214, 59, 50, 255]", False)],
                         ids=["no emoji font", "an emoji font"])
async def test_states_are_told_apart_on_a_machine_without_an_emoji_font(page: Any, pixel: str,
                                                                        drawn: bool) -> None:
    await page.add_init_script(
        f"CanvasRenderingContext2D.prototype.getImageData = () => ({{ data: {pixel} }})")
    await page.reload()
    await page.get_by_test_id("channel-claims-triage").click()
    await message(page, "🔴 Change management: nobody yet").wait_for()  # either way it can be copied

    assert bool(await page.locator(".sign .sign-bad").count()) is drawn
