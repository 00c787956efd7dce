"""What messages about drift are made of: read within the outbox's look at the database, drawn after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import retraining
from handlers.alerts.cards import View
from handlers.alerts.drift_cards import drift_card
from handlers.alerts.drift_gate import Latest
from handlers.alerts.drift_lines import digest_card, first_of, window_line
from handlers.alerts.drift_picture import DAYS, alt_of, order_of
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_rules import JUDGED, Verdict
from handlers.alerts.drift_steps import About
from handlers.alerts.drift_values import figure_key, report_of, standing_of
from handlers.alerts.pictures import Order, Pictures
from handlers.chat.cards import Card, File, Text
from handlers.chat.wording import Words
from storage import drift_windows, outgoing, people, pilots
from storage.alerting import Alert, AlertStep, DriftWindow
from storage.models import Post

POINTS: Final = 1000
"""At most so many windows of a figure's course are drawn."""
_OF_A_DAY: Final = 200


@dataclass(frozen=True, slots=True)
class DriftCards:
    policy: DriftPolicy = field(default_factory=DriftPolicy)
    can_attach: bool = False
    """Whether the chat service lets us send files; without, there are no pictures, and all is said."""
    latest: Latest | None = None
    pictures: Pictures = field(default_factory=Pictures)

    async def card(self, session: AsyncSession, view: View) -> Card:
        """The card of an alert that carries drift."""
        alert = view.alert
        assert alert.drift is not None
        standing = standing_of(alert.drift)
        asked = await outgoing.of_alert(session, alert.workspace_id, alert.id, retraining.PREFIX)
        askers = await people.several(session, alert.workspace_id,
                                      {each.asked_by for each in asked if each.asked_by is not None})
        pilot = await pilots.one(session, alert.workspace_id, alert.pilot_id) if (
            alert.pilot_id is not None) else None
        known = await self.latest(session, alert.workspace_id, standing.drift.model) if (
            self.latest is not None) else None
        about = About(standing, self.policy.of(standing.drift), pilot.name if pilot is not None else None,
                      asked, known.deployed_at if known is not None else None,
                      known.retrained_at if known is not None else standing.retrained_at)
        return drift_card(replace(view, people={**view.people, **askers}), about)

    async def line(self, session: AsyncSession, step: AlertStep, alert: Alert, words: Words,
                   thread: str) -> Card | None:
        """A window's line in its alert's thread, with its picture."""
        row = await drift_windows.one(session, step.workspace_id, step.details["window"])
        if row is None:
            return None
        card = Card("", (Text((window_line(row, words),)),), bare_title=True, thread=thread)
        if not self.can_attach:
            return card
        return replace(card, file=await self._picture(session, row, alert, words))

    async def day(self, session: AsyncSession, post: Post, now: datetime, words: Words) -> Card | None:
        """What was seen of one day and is no alert."""
        day = date.fromordinal(post.subject_id)
        begins = datetime.combine(day, time(), UTC)
        rows = await drift_windows.of_room(session, post.workspace_id, post.room, begins,
                                           begins + timedelta(days=1), _OF_A_DAY)
        return digest_card(rows, day, now.date(), self.policy, words)

    async def _picture(self, session: AsyncSession, row: DriftWindow, alert: Alert,
                       words: Words) -> File | None:
        subject = first_of(row)
        if subject is None or Verdict(row.verdict) not in JUDGED:
            return None
        since = row.at - timedelta(days=DAYS)
        course = await drift_windows.course(session, row.workspace_id, row.key, figure_key(subject), since,
                                            row.at, POINTS)
        order = order_of(row, course, self.policy.of(report_of(row.drift["report"])), words)
        if order is None:
            return None
        return File(f"drift-{alert.id}-{row.id}.png", self._drawing(order), order.title, alt_of(order, words))

    def _drawing(self, order: Order) -> Callable[[], Awaitable[bytes | None]]:
        async def draw() -> bytes | None:
            return await self.pictures.drawn(order)

        return draw
