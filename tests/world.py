"""The whole product in one process: the real bot on a real database, against the strict sandbox workspace."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from bot.sandbox import Cast, Sandbox, default_cast
from bot.settings import Settings
from bot.web import web_app
from bot.wiring import Parts, built
from storage import outbox

TEAM = "slack:T0SANDBOX"
SECRET = "0123456789abcdef0123456789abcdef"
MANIFEST = yaml.safe_load((Path(__file__).parent.parent / "manifest.yml").read_text(encoding="utf-8"))


@dataclass
class World:
    sandbox: Sandbox
    parts: Parts
    clock: Any

    async def settle(self) -> None:
        """Let everything promised arrive: deliveries of Slack's, then ours, a second at a time for the pace."""
        await self.sandbox.idle()
        await self.parts.door.drained()  # on a busy machine even a quick answer may follow its ack
        for _ in range(60):
            if not await self._waiting():
                break
            await self.parts.outbox.deliver()
            await self.sandbox.idle()
            self.clock.advance(seconds=1)
        await self.sandbox.idle()

    async def _waiting(self) -> bool:
        """Whether anything is to be sent soon; what was put off to another hour is left for then."""
        soon = self.clock() + timedelta(minutes=5)
        async with self.parts.store.reading() as session:
            return bool(await outbox.waiting(session, soon))

    async def type(self, who: str, line: str, channel: str = "general") -> str:
        """Type a slash command; what the person then sees of it, in words."""
        before = {m.ts for m in self.sandbox.shown(channel, who)}
        answer = await self.sandbox.slash(who, channel, line)
        assert answer.error is None, answer
        await self.settle()
        new = [m for m in self.sandbox.shown(channel, who) if m.ts not in before and m.ephemeral_for]
        return new[-1].plain if new else ""

    def last(self, channel: str, who: str | None = None) -> Any:
        return self.sandbox.shown(channel, who)[-1]

    def all_text(self, channel: str, who: str | None = None) -> str:
        return "\n---\n".join(m.plain for m in self.sandbox.shown(channel, who))

    async def press(self, who: str, label: str, channel: str, ts: str | None = None) -> None:
        """Press a button with that label on the newest message that has it."""
        if ts is None:
            ts = next(m.ts for m in reversed(self.sandbox.shown(channel, who)) if label in m.buttons)
        answer = await self.sandbox.press(who, channel=channel, ts=ts, label=label)
        assert answer.error is None, answer
        await self.settle()

    async def submit(self, who: str, **fields: Any) -> dict[str, str] | None:
        """Submit the newest modal; its errors if it stays open with any."""
        answer = await self.sandbox.submit(who, **fields)
        assert answer.error is None, answer
        await self.settle()
        view = self.sandbox.modal(who)
        return view.errors if view is not None else None

    async def new_pilot(self, name: str = "Claims triage", channel: str = "claims-triage", lead: str = "priya",
                        kickoff: date | None = None, **people: str) -> int:
        """Register a pilot through the form; returns its number."""
        roles = {"sponsor": "marta", "lead": lead, **people}
        for _ in range(3):  # on a busy machine a form may come too late for Slack to open it: then one types it again
            assert (await self.sandbox.slash(lead, channel, f"/pilot new {name}")).error is None
            if self.sandbox.modal(lead) is not None:
                break
        fields: dict[str, Any] = {"purpose": "Sort incoming claims", "channel": self.sandbox.channel_id(channel),
                                  "kickoff": (kickoff or self.clock().date()).isoformat()}
        fields |= {role: self.sandbox.user_id(who) for role, who in roles.items()}
        errors = await self.submit(lead, **fields)
        assert not errors, errors
        from storage import pilots
        async with self.parts.store.reading() as session:
            pilot = await pilots.named_exactly(session, TEAM, name)
            assert pilot is not None
            return pilot.id

    async def morning(self, days: int = 1) -> None:
        """The next mornings, 09:31 in Berlin, with the sweep run."""
        for _ in range(days):
            now = self.clock()
            self.clock.now = (now + timedelta(days=1)).replace(hour=8, minute=31, second=0)
            await self.parts.nudges.sweep()
            await self.settle()


ANY_HOUR = Path(__file__).parent / "any_hour"
EVERYONE = {"product": "tom", "engineering": "sam", "data": "lena", "ml": "ravi", "operations": "ana",
            "security": "ines", "legal": "jonas", "compliance": "carol", "change": "omar"}


@asynccontextmanager
async def world_on(database_url: str, clock: Any, *, minds_hours: bool = False, cast: Cast | None = None,
                   **settings: Any) -> AsyncIterator[World]:
    """The bot as it is set up; what people ask of each other comes at any hour unless the test `minds_hours`."""
    sandbox = Sandbox(cast=cast or default_cast(), manifest=MANIFEST, bot_token="xoxb-sandbox-1", app_token="xapp-sandbox-1",
                      signing_secret=SECRET, clock=clock)
    await sandbox.start()
    if not minds_hours:
        folder = settings.setdefault("templates_dir", ANY_HOUR)
        if not (folder / "nudge-policy.yaml").exists():
            shutil.copy(ANY_HOUR / "nudge-policy.yaml", folder)
    chosen = Settings(_env_file=None, database_url=database_url, slack_mode="http", slack_bot_token="xoxb-sandbox-1",
                      slack_signing_secret=SECRET, slack_api_url=sandbox.api_url, **settings)
    try:
        async with built(chosen, clock) as parts:
            transport = httpx.ASGITransport(web_app(parts))
            async with httpx.AsyncClient(transport=transport, base_url="http://bot") as http:
                sandbox.bot = http
                yield World(sandbox, parts, clock)
                sandbox.bot = None
                await parts.door.drained()
    finally:
        await sandbox.stop()
