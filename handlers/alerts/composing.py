"""What promises about alerts say when they are delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import (
    cards,
    churn,
    escalation_cards,
    held_cards,
    holding,
    lines,
    outward_cards,
    reports,
)
from handlers.alerts.drift_composing import DriftCards
from handlers.alerts.drift_gate import DIGEST, WINDOW
from handlers.alerts.holding import is_held
from handlers.alerts.inhibition_policy import Inhibition
from handlers.alerts.policy import Policy
from handlers.alerts.reports import Reports
from handlers.alerts.runbooks import AlertRunbooks, button
from handlers.alerts.runbooks import elements as runbook_elements
from handlers.alerts.signals import Link as LinkKind
from handlers.chat.cards import Card, Later
from handlers.chat.wording import Languages, Words
from storage import alerts, outgoing, people, silences
from storage.alerting import Alert, AlertState, Silence
from storage.models import Post

KINDS = (alerts.CARD, alerts.LINE, outgoing.KIND, churn.KIND, DIGEST, *reports.KINDS)
MEMBERS_READ = 400
"""So many conditions of an alert are read for its card."""
_HEAD_FIRST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AlertCards:
    policy: Policy
    languages: Languages
    fallback: str | None = None
    inhibit: Inhibition = field(default_factory=Inhibition)
    reports: Reports | None = None
    drift: DriftCards = field(default_factory=DriftCards)
    runbooks: AlertRunbooks | None = None

    async def compose(self, session: AsyncSession, post: Post, now: datetime) -> Card | Later | None:
        """The card of a promise of KINDS; None: there is nothing left to say."""
        if post.kind in reports.KINDS:
            return await self.reports.compose(session, post, now) if self.reports is not None else None
        if post.kind == alerts.LINE:
            return await self._line(session, post, now)
        if post.kind == outgoing.KIND:
            return await self._outgoing(session, post)
        if post.kind == churn.KIND:
            reader = await people.one(session, post.workspace_id, post.room)
            words = self.languages.of(reader.locale if reader is not None else None)
            return await churn.compose(session, post, self.policy, words)
        if post.kind == DIGEST:
            reader = await people.one(session, post.workspace_id, post.room)
            words = self.languages.of(reader.locale if reader is not None else None)
            return await self.drift.day(session, post, now, words)
        alert = await alerts.one(session, post.workspace_id, post.subject_id)
        if alert is None or _is_news_no_more(post, alert):
            return None
        if is_held(alert) and post.message_id is None and post.doubt_since is None:
            return None  # shown when it is held back no longer, unless it is over by then
        view = await self.view(session, alert, post.room, now)
        if alert.drift is not None and not alert.is_storm:
            return await self.drift.card(session, view)
        return cards.alert_card(view)

    async def view(self, session: AsyncSession, alert: Alert, room: str, now: datetime) -> cards.View:
        """All that the card of an alert shows in a room."""
        signals, parts = [], []
        if alert.is_storm:
            parts = await alerts.parts_of(session, alert.workspace_id, alert.id)
        elif alert.total > 1:
            found = await alerts.signals_of(session, alert.workspace_id, {alert.id}, MEMBERS_READ)
            signals = found[alert.id]
        silence, holds = await self._held(session, alert)
        who = {each for each in (alert.acked_by, alert.resolved_by) if each is not None}
        who |= escalation_cards.people_of(alert)
        if silence is not None:
            who.add(silence.made_by)
        known = await people.several(session, alert.workspace_id, {*who, room})
        reader = known.get(room)
        words = self.languages.of(reader.locale if reader is not None else None)
        runbook = await self.runbooks.of(session, alert) if self.runbooks is not None else None
        asks = self.runbooks is not None and self.runbooks.is_connected and not alert.is_storm
        return cards.View(alert, signals, known, now, words, parts, self.policy.storm_shown,
                          self._where(alert, room, words),
                          more=[*runbook_elements(runbook, words),
                                *escalation_cards.elements(alert, known, room, words),
                                *held_cards.lines(silence, holds, known, words)],
                          buttons=[button(alert, words)] if asks else [],
                          linked=LinkKind.RUNBOOK.value if runbook is not None and runbook.by_address else "")

    async def _held(self, session: AsyncSession, alert: Alert) -> tuple[Silence | None, int]:
        """The silence it is under, and how many others it holds back."""
        if alert.state is AlertState.RESOLVED:
            return None, 0
        silence = None
        if alert.silence_id is not None:
            silence = await silences.one(session, alert.workspace_id, alert.silence_id)
        if not alert.is_storm and not holding.holds(alert, self.inhibit.rules):
            return silence, 0
        return silence, await silences.held_back(session, alert.workspace_id, alert)

    def _where(self, alert: Alert, room: str, words: Words) -> str | None:
        if alert.pilot_id is None and room == self.fallback and alert.state is not AlertState.RESOLVED:
            return words.text("Here because no route says where it goes.")
        return None

    async def _outgoing(self, session: AsyncSession, post: Post) -> Card | None:
        row = await outgoing.one(session, post.workspace_id, post.subject_id)
        reader = (await people.several(session, post.workspace_id, [post.room])).get(post.room)
        words = self.languages.of(reader.locale if reader is not None else None)
        return None if row is None else outward_cards.not_taken_card(row, words)

    async def _line(self, session: AsyncSession, post: Post, now: datetime) -> Card | Later | None:
        """A line in the thread of its alert's message; it waits until that is there."""
        step = await alerts.step(session, post.workspace_id, post.subject_id)
        alert = await alerts.one(session, post.workspace_id, step.alert_id) if step is not None else None
        if step is None or alert is None:
            return None
        heads = {each.room: each for each in await alerts.shown(session, post.workspace_id, {alert.id})}
        head = heads.get(post.room)
        if head is None or head.given_up_at is not None:
            return None
        if head.message_id is None:
            # Where its message has nothing left to say there is none, and no thread.
            return Later(now + _HEAD_FIRST) if head.wanted > head.shown else None
        known = await people.several(
            session, post.workspace_id, {each for each in (
                step.actor, step.to, post.room, alert.acked_by, step.details.get("was"),
                *step.details.get("people", ())) if each is not None})
        reader = known.get(post.room)
        words = self.languages.of(reader.locale if reader is not None else None)
        if step.what == WINDOW:
            return await self.drift.line(session, step, alert, words, head.message_id)
        return lines.line_card(step, alert, known, words, head.message_id, post.room)


def _is_news_no_more(post: Post, alert: Alert) -> bool:
    """It is over before somebody who was to be told of it saw it: then there is nothing to tell them."""
    was_never_shown = post.message_id is None and post.doubt_since is None
    return was_never_shown and alert.state is AlertState.RESOLVED and post.room != alert.room
