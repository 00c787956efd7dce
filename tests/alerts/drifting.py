"""Windows of a model's data as a monitoring job reports them, and the bot's core that takes them in, without a chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from handlers.alerts.composing import AlertCards
from handlers.alerts.deciding import Deciding
from handlers.alerts.drift_composing import DriftCards
from handlers.alerts.drift_gate import Deployed, DriftGate
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.escalating import Escalation
from handlers.alerts.escalation_policy import EscalationPolicy
from handlers.alerts.intake import Intake
from handlers.alerts.policy import Policy
from handlers.alerts.reach import ByRoles
from handlers.alerts.telling import Telling
from handlers.alerts.vendors import VENDORS
from handlers.chat.cards import Buttons, Card, plain
from handlers.chat.wording import Languages
from handlers.people.calendar import Calendar
from storage import people
from storage.alerting import Alert
from storage.engine import Store
from storage.models import Post
from tests.alerts.asking import said
from tests.conftest import FrozenClock

HERE, ROOM = "slack:T1", "slack:C1"


def report(at: datetime, rows: int | None = 5000, model: str = "churn-xgb", method: str = "psi", quality: tuple[str, ...] = (),
           version: str = "7", **figures: float) -> dict[str, Any]:
    """A report of Evidently's whose window ends at that moment."""
    kind = {"type": "evidently:metric_v2:ValueDrift"}
    metrics = [{"metric_name": f"ValueDrift(column={name},method={method},threshold=0.1)", "value": value,
                "config": {**kind, "column": name, "method": method, "threshold": 0.1}} for name, value in figures.items()]
    tests = [{"name": each, "description": each, "status": "FAIL", "metric_config": {"params": {"type": "evidently:metric_v2:MissingValueCount"}}}
             for each in quality]
    return {"model": model, "version": version, "environment": "production", "importance": {"tenure": 0.4, "noise": 0.01},
            "current": {"begins": (at - timedelta(hours=1)).isoformat(), "ends": at.isoformat(), "rows": rows},
            "reference": {"begins": "2026-10-01", "ends": "2026-10-31", "rows": 100_000},
            "report": {"metrics": metrics, "tests": tests}}


def _escalation() -> Escalation:
    """Nobody is told besides the room."""
    return Escalation(Deciding(EscalationPolicy(), Policy(), ByRoles(), frozenset(), Calendar("UTC")), Telling(Policy(), lambda _name: None))


@dataclass
class Core:
    """Takes reports in, and says what its messages would say."""

    store: Store
    clock: FrozenClock
    policy: DriftPolicy = field(default_factory=DriftPolicy)
    known: Deployed | None = None

    async def begin(self) -> Core:
        async with self.store.begin() as session:
            await people.ensure_workspace(session, HERE, "Here", self.clock())
        return self

    async def _latest(self, _session: Any, _workspace: str, _model: str) -> Deployed | None:
        return self.known

    async def take(self, body: Any, vendor: str = "evidently") -> None:
        gate = DriftGate(self.policy, self._latest)
        intake = Intake(self.store, self.clock, lambda: None, Policy(), ROOM, _escalation(), drift=gate)
        await intake.take(HERE, "drift", said(VENDORS[vendor], body, at=self.clock()))

    async def window(self, **said: Any) -> None:
        """The next hour's window is reported."""
        self.clock.advance(hours=1)
        await self.take(report(self.clock(), **said))

    async def rows(self, table: Any) -> list[Any]:
        async with self.store.reading() as session:
            return list((await session.scalars(select(table).order_by(table.id))).all())

    async def shown(self, kind: str) -> list[Card]:
        """What the messages of a kind say now, in the order in which they were promised."""
        cards = AlertCards(Policy(), Languages(), drift=DriftCards(self.policy, can_attach=True, latest=self._latest))
        found: list[Card] = []
        async with self.store.begin() as session:
            for post in (await session.scalars(select(Post).order_by(Post.id))).all():
                post.message_id = post.message_id or f"C1/{post.id}"
                await session.flush()
                if post.kind == kind:
                    card = await cards.compose(session, post, self.clock())
                    found += [card] if isinstance(card, Card) else []
        return found

    async def heads(self) -> list[str]:
        return [plain(card) for card in await self.shown("alert")]

    async def lines(self) -> list[str]:
        return [plain(card) for card in await self.shown("alert-line")]

    async def buttons(self) -> Sequence[str]:
        (card,) = await self.shown("alert")
        return [button.label for each in card.elements if isinstance(each, Buttons) for button in each.items]

    async def alert(self) -> Alert:
        (alert,) = await self.rows(Alert)
        return alert  # type: ignore[no-any-return]
