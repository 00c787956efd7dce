"""A pilot, people in its seats and its alerts, on a real database but without a chat service: who is shown what.

What is due is composed as the outbox does it and kept as text; the world's tests show that it arrives.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from handlers.alerts.actions import Alerts
from handlers.alerts.composing import AlertCards
from handlers.alerts.deciding import Deciding
from handlers.alerts.escalating import Escalation
from handlers.alerts.escalation_policy import EscalationPolicy
from handlers.alerts.intake import Intake
from handlers.alerts.policy import Policy
from handlers.alerts.reach import ByRoles, WhoIsOnCall
from handlers.alerts.signals import Severity, Signal, Status
from handlers.alerts.sweep import AlertSweep
from handlers.alerts.telling import Telling
from handlers.alerts.vendors.contract import Report
from handlers.chat.cards import Later, plain
from handlers.chat.ports import Actor
from handlers.chat.wording import Languages
from handlers.ledger import Ledger
from handlers.people.actions import People
from handlers.people.calendar import Calendar
from storage import people
from storage.alerting import Alert, AlertStep, Outgoing
from storage.alerting import Signal as Row
from storage.engine import Store
from storage.models import Post, Seat
from tests.conftest import FrozenClock
from tests.rules.make import WORKSPACE, person, person_id, pilot

ROOM, OPS = "slack:C1", "slack:C0OPS"
PAGED = {"duty": "pagerduty"}


@dataclass
class Ward:
    store: Store
    clock: FrozenClock
    policy: EscalationPolicy = field(default_factory=EscalationPolicy)
    who: WhoIsOnCall = field(default_factory=ByRoles)
    admins: tuple[str, ...] = ("alex",)
    routing: Policy = field(default_factory=Policy)
    rooms: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """By room and promise: what stands there, a line in a thread after an arrow."""
    urgencies: dict[str, int] = field(default_factory=dict)

    async def has(self, *, specials: dict[str, dict[str, Any]] | None = None, of_pilot: dict[str, Any] | None = None,
                  **seats: str) -> Ward:
        """The pilot Claims triage; `seats` by role, `specials` by person: what is special about them."""
        async with self.store.begin() as session:
            await people.ensure_workspace(session, WORKSPACE, "Northwind", self.clock())
            special = specials or {}
            session.add_all([person(who, **special.get(who, {})) for who in sorted({*seats.values(), *special, *self.admins})])
            session.add(pilot(**(of_pilot or {})))
            await session.flush()
            session.add_all([Seat(workspace_id=WORKSPACE, pilot_id=1, role=role, person_id=person_id(who), asked_by=person_id("priya"),
                                  asked_at=self.clock()) for role, who in seats.items()])
        return self

    @property
    def escalation(self) -> Escalation:
        return Escalation(Deciding(self.policy, self.routing, self.who, frozenset(map(person_id, self.admins)),
                                   Calendar("Europe/Berlin", "DE")), Telling(self.routing, PAGED.get))

    @property
    def sweep(self) -> AlertSweep:
        return AlertSweep(self.store, self.clock, lambda: None, self.routing, self.escalation)

    @property
    def alerts(self) -> Alerts:
        ledger = Ledger(self.store, self.clock, lambda: None)
        admins = frozenset(map(person_id, self.admins))
        directory: Any = None  # nobody is looked up here
        return Alerts(ledger, People(self.store, ledger, self.clock, directory, "UTC", None, admins), self.escalation)

    async def hear(self, *names: str, status: Status = Status.FIRING, severity: str = "critical", lapses: datetime | None = None,
                   **labels: str) -> None:
        """A sender reports, and what is soon due is shown; a label ``id`` tells conditions of one alert apart."""
        await self.take(*names, status=status, severity=severity, lapses=lapses, **labels)
        await self.deliver()

    async def take(self, *names: str, status: Status = Status.FIRING, severity: str = "critical", lapses: datetime | None = None,
                   **labels: str) -> None:
        """A report is taken in."""
        now = self.clock()
        labels = {"pilot": "Claims triage"} | labels
        signals = tuple(Signal(f"{name}/{labels.get('id')}", status, name, name, Severity(severity),
                               {each: value for each, value in labels.items() if value}, started_at=now, lapses_at=lapses)
                        for name in names or ("Down",))
        intake = Intake(self.store, self.clock, lambda: None, self.routing, OPS, self.escalation)
        await intake.take(WORKSPACE, "prom", Report(signals))

    async def over(self, *names: str, **said: Any) -> None:
        await self.hear(*names, status=Status.RESOLVED, **said)

    async def passes(self, **by: float) -> int:
        """Time passes, and the sweep runs; returns of how much it did something."""
        self.clock.advance(**by)
        done = await self.sweep.run()
        await self.deliver()
        return done

    async def takes(self, who: str, alert_id: int = 1) -> None:
        """Somebody presses Acknowledge."""
        await self.alerts.acknowledge(Actor(WORKSPACE, person_id(who), "test"), alert_id)
        await self.deliver()

    async def deliver(self) -> None:
        """What is due within five seconds is shown."""
        now, cards = self.clock() + timedelta(seconds=5), AlertCards(self.routing, Languages(), OPS)
        due = select(Post).where(Post.wanted > Post.shown, Post.not_before <= now).order_by(Post.kind, Post.id)
        async with self.store.begin() as session:
            for post in (await session.scalars(due)).all():
                await self._show(post, await cards.compose(session, post, now))

    async def _show(self, post: Post, card: Any) -> None:
        if isinstance(card, Later):
            return
        post.shown = post.wanted
        if card is not None:
            self.rooms[post.room][post.id] = ("↳ " if card.thread else "") + plain(replace(card))
            self.urgencies[post.room] = max(post.urgency, self.urgencies.get(post.room, 0))
            post.message_id = post.message_id or f"C/{post.id}"

    def card(self, room: str = ROOM) -> str:
        """The newest message in a room as it stands; a person's name means their direct messages."""
        return [text for text in self.shown(room) if not text.startswith("↳")][-1]

    def lines(self, room: str = ROOM) -> list[str]:
        return [text.removeprefix("↳ ") for text in self.shown(room) if text.startswith("↳")]

    def shown(self, room: str = ROOM) -> list[str]:
        return list(self.rooms.get(room if ":" in room else person_id(room), {}).values())

    async def one(self, alert_id: int = 1) -> Alert:
        async with self.store.reading() as session:
            found = await session.get(Alert, alert_id)
            assert found is not None
            return found

    async def steps(self) -> list[str]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(AlertStep.what).order_by(AlertStep.id)))

    async def owed(self) -> list[Outgoing]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(Outgoing).order_by(Outgoing.id)))

    async def signals(self) -> list[Row]:
        async with self.store.reading() as session:
            return list(await session.scalars(select(Row).order_by(Row.id)))
