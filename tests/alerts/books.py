"""Alerts as they stand in the database, with nobody to show them to: for what does not depend on how they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from handlers.alerts.hooks import Hooks
from handlers.alerts.intake import Intake
from handlers.alerts.policy import Policy
from handlers.alerts.sources import Sources
from storage.alerting import Alert, AlertState
from storage.engine import Store
from tests.alerts.nobody import nobody_is_told
from tests.alerts.stage import SECRET
from tests.world import TEAM

ROOM = "slack:C0OPS0000"


@dataclass
class Books:
    store: Store
    clock: Any

    @property
    def intake(self) -> Intake:
        return Intake(self.store, self.clock, lambda: None, Policy(), ROOM, nobody_is_told(Policy()))

    async def source(self, name: str = "prom", vendor: str = "alertmanager", **options: Any) -> None:
        await Sources(self.store, self.clock, TEAM).add(name, vendor, secret=SECRET, options=options)

    async def sent(self, body: bytes, name: str = "prom", fetch: Any = None) -> Any:
        """A request of a source, answered."""
        hooks = Hooks(self.store, self.clock, self.intake, TEAM, fetch)
        return await hooks.received(name, "POST", {"authorization": f"Bearer {SECRET}"}, {}, body)

    async def alerts(self) -> Sequence[Alert]:
        async with self.store.reading() as session:
            return (await session.scalars(select(Alert).order_by(Alert.id))).all()

    async def standing(self) -> dict[str, str]:
        """By name, whether it is open or how it ended."""
        return {each.name: each.resolved_how or "" if each.state is AlertState.RESOLVED else "open" for each in await self.alerts()}
