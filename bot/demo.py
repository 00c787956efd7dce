"""`make demo`: the real bot against its built-in sandbox workspace, with three pilots to look at."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import SecretStr

from bot.clock import MovableClock, real_clock
from bot.demo_alerts import POLICY, Monitoring
from bot.demo_runbooks import lay_out
from bot.demo_story import tell
from bot.sandbox import Sandbox, default_cast
from bot.scheduler import Sender, running
from bot.serve import listening
from bot.settings import Settings
from bot.web import web_app
from bot.wiring import Parts, built
from handlers.alerts.sources import Sources
from handlers.people.calendar import Calendar
from storage.engine import open_engine
from storage.migrate import upgrade

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox-demo", "xapp-sandbox-demo", "sandbox-signing-secret"
HOME = Calendar("Europe/Berlin", "DE")
STEP = timedelta(minutes=30)
"""How far the time machine goes between two looks at what is due."""


def read_manifest() -> dict[str, Any]:
    """The manifest that is published, which is what the sandbox grants."""
    path = Path(str(resources.files("bot"))).parent / "manifest.yml"
    manifest: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return manifest


def first_morning(now: datetime) -> datetime:
    """09:05 on the Monday of this or the next working week, in Berlin."""
    day = HOME.today(now)
    while day.weekday() != 0 or not HOME.is_working(day):
        day += timedelta(days=1)
    return HOME.at(day, time(9, 5))


class TimeMachine:
    """Moves the bot's clock and lets everything happen that would have happened on the way."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.parts: Parts | None = None
        self.sender: Sender | None = None

    async def move(self, to: datetime) -> None:
        to = to.astimezone(UTC)
        assert self.sender is not None
        async with self.sender.still():  # what it had in hand at a jump would be sent half an hour late
            while (here := self.clock()) < to:
                self.clock.set(min(here + STEP, to))
                await self.look()

    async def look(self) -> None:
        """Run the ticks and keep every promise, a second of demo time for each message in a room."""
        assert self.parts is not None
        for tick in self.parts.ticks:
            if tick.name != "deliver":
                await tick.run()
        for _ in range(30):
            if not await self.parts.outbox.deliver():
                break
            self.clock.forward(timedelta(seconds=1))


@asynccontextmanager
async def demo(port: int, folder: Path) -> AsyncIterator[str]:
    """Everything up and seeded, kept in `folder`; yields the sandbox page's address."""
    database_url = f"sqlite+aiosqlite:///{folder}/demo.db"
    (folder / "alerts.yaml").write_text(POLICY, encoding="utf-8")
    lay_out(folder)
    clock = MovableClock(first_morning(real_clock()))
    machine, monitoring = TimeMachine(clock), Monitoring(clock)
    sandbox = Sandbox(cast=default_cast(), manifest=read_manifest(), bot_token=BOT_TOKEN, app_token=APP_TOKEN,
                      signing_secret=SIGNING_SECRET, clock=clock, move_clock=machine.move, watch=real_clock)
    sandbox.panel += monitoring.panel(sandbox)
    await sandbox.start(port)
    try:
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]  # the demo must not read a real workspace's settings
            database_url=database_url, slack_mode="http", slack_bot_token=SecretStr(BOT_TOKEN),
            slack_signing_secret=SecretStr(SIGNING_SECRET), slack_api_url=sandbox.api_url, port=0,
            log_level="WARNING", admins=(sandbox.user_id("alex"),), default_zone="Europe/Berlin",
            default_country="DE", templates_dir=folder)
        engine = open_engine(database_url)
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
        await engine.dispose()
        async with (built(settings, clock, monitoring.fetch) as parts,
                    listening(web_app(parts), "127.0.0.1", 0) as bot_url):
            machine.parts = parts
            await monitoring.register(Sources(parts.store, clock, f"slack:{parts.identity.team}"))
            await parts.reading.read_due()
            await parts.runbooks.look()
            await parts.runbooks.settled()  # people of the story ask
            await tell(parts, sandbox, clock)
            await machine.look()
            async with httpx.AsyncClient(base_url=bot_url, timeout=10) as http, running(parts) as sender:
                sandbox.bot, machine.sender, monitoring.http = http, sender, http
                await sandbox.verify_url()
                yield sandbox.url
                sandbox.bot = None
    finally:
        await sandbox.stop()


async def run(port: int) -> None:
    """Until Ctrl-C. The database is a SQLite file that goes with the demo."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    with tempfile.TemporaryDirectory(prefix="groundcrew-demo-") as folder:
        async with demo(port, Path(folder)) as url:
            print(f"Ground Crew sandbox: {url}", flush=True)
            await stop.wait()
    print("Demo ended; nothing was kept.", flush=True)
