"""Intake, cards, silences and their tick on a database, without Slack: what would be shown is composed and kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from handlers.alerts.churn import Churn
from handlers.alerts.composing import AlertCards
from handlers.alerts.intake import Intake, Taken
from handlers.alerts.policies import Policies
from handlers.alerts.silences import Silences
from handlers.alerts.silencing import SilenceTick
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Incoming, Settings
from handlers.chat.cards import Buttons, Card, plain
from handlers.chat.ports import Actor
from handlers.chat.wording import Languages
from handlers.ledger import Ledger
from handlers.people.actions import People
from storage.engine import Store
from storage.models import Post, Workspace
from tests.alerts.nobody import nobody_is_told
from tests.alerts.stage import am
from tests.conftest import FrozenClock
from tests.rules.make import WORKSPACE, person, person_id, pilot, seat

OPS, CLAIMS = "slack:COPS", "slack:C1"
ALEX = person_id("alex")
SMALL = replace(Policies(), routing=replace(Policies().routing, storm_per_minute=3, churn_per_hour=6))
"""So that a few alerts are a storm, and a few conditions churn."""


@dataclass
class Held:
    """Alex is the admin; Priya leads Claims triage, Sam is in its team, Tom is not."""

    store: Store
    clock: FrozenClock
    policies: Policies = field(default_factory=lambda: SMALL)
    shown: dict[int, tuple[str, str, Card]] = field(default_factory=dict)
    """By the promise: room, kind, card."""

    def __post_init__(self) -> None:
        routing, inhibit = self.policies.routing, self.policies.inhibit
        ledger = Ledger(self.store, self.clock, lambda: None)
        people = People(self.store, ledger, self.clock, None, "UTC", None, frozenset({ALEX}))  # type: ignore[arg-type]
        self.intake = Intake(self.store, self.clock, lambda: None, routing, OPS, nobody_is_told(routing), inhibit,
                             Churn(self.store, self.clock, lambda: None, routing, frozenset({ALEX})))
        self.tick = SilenceTick(self.store, self.clock, lambda: None, WORKSPACE, self.intake)
        self.silences = Silences(ledger, people, self.tick.run)
        self.composer = AlertCards(routing, Languages({}, "en"), OPS, inhibit)

    async def open(self) -> None:
        async with self.store.begin() as session:
            session.add(Workspace(id=WORKSPACE, name="Northwind", created_at=self.clock()))
            await session.flush()
            session.add_all([person(name, name=f"{name.capitalize()}") for name in ("alex", "priya", "sam", "tom")])
            session.add(pilot(room=CLAIMS))
            await session.flush()
            session.add_all([seat("lead", "priya"), seat("engineering", "sam")])

    async def take(self, *alerts: dict[str, Any], show: bool = True) -> Taken:
        """A webhook of Alertmanager, taken in and shown."""
        raw = json.dumps(am(*alerts)).encode()
        report = VENDORS["alertmanager"].parse(Incoming("POST", {}, {}, raw, raw, self.clock()), Settings("prom"))
        taken = await self.intake.take(WORKSPACE, "prom", report)
        if show:
            await self.show()
        return taken

    async def ticked(self) -> None:
        await self.tick.run()
        await self.show()

    async def show(self) -> None:
        """What is promised for the next few seconds is shown, heads before lines."""
        self.clock.advance(seconds=4)
        async with self.store.begin() as session:
            posts = await session.scalars(select(Post).where(Post.wanted > Post.shown).order_by(Post.kind, Post.id))
            for post in posts.all():
                card = await self.composer.compose(session, post, self.clock())
                if isinstance(card, Card):
                    self.shown[post.id] = post.room, post.kind, card
                    post.message_id = post.message_id or f"{post.room}/{post.id}"
                    await session.flush()
                post.shown = post.wanted

    def said(self, room: str = OPS, kind: str = "alert") -> list[str]:
        return [plain(card) for where, what, card in self.shown.values() if (where, what) == (room, kind)]

    def buttons(self) -> list[str]:
        return [button.label for _, _, card in self.shown.values() for element in card.elements
                if isinstance(element, Buttons) for button in element.items]


def by(name: str) -> Actor:
    return Actor(WORKSPACE, person_id(name), "slack command")
