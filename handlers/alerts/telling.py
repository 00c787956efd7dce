"""Says what was decided about alerts: steps, promises, and calls to other systems; and who hears the end."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import chains, paging
from handlers.alerts.deciding import Tell, Why
from handlers.alerts.lifetime import PAGES
from handlers.alerts.policy import Policy
from handlers.chat.ports import CLOCK
from storage import alerts, outgoing
from storage.alerting import Alert
from storage.models import Post
from storage.outbox import Promise

log = logging.getLogger(__name__)

PAGE = 10
"""The outbox's urgency of what somebody must see now."""
OVER, TOLD, UNACKED, AGAIN, STALE = "over", "told", "unacked", "again", "stale"
"""What happened, as steps have it."""
KindOf = Callable[[str], str | None]
"""The kind of a target of the section `outward`: pagerduty, opsgenie, webhook; None: there is none of it."""


@dataclass(frozen=True, slots=True)
class Telling:
    routing: Policy
    kind_of: KindOf

    async def said(self, session: AsyncSession, tells: Sequence[Tell], now: datetime) -> list[Promise]:
        """Write down what was decided about alerts that have numbers by now; gives what is to be shown."""
        heads = await heads_of(session, [tell.alert for tell in tells if tell.why is not Why.OPENED])
        steps = []
        for tell in tells:
            await self._page(session, tell, now)
            what, actor = _step(tell)
            steps.append(alerts.add_step(session, tell.alert, now, what, actor, to=_to(tell),
                                         details=_details(tell)))
        if steps:
            await session.flush()
        return [promise for tell, step in zip(tells, steps, strict=True)
                for promise in self._promises(tell, heads[tell.alert.id], step.id, now)]

    def _promises(self, tell: Tell, heads: Sequence[Post], step_id: int, now: datetime) -> list[Promise]:
        """The card for whoever is told, edited wherever it stands; a line where that is not seen."""
        alert, is_new = tell.alert, tell.why is Why.OPENED
        urgency = PAGE if alert.rank <= PAGES else 0
        told = [*tell.people, *([tell.room] if tell.room is not None else [])]
        if is_new:  # the card itself says who was told
            at = now + self.routing.debounce
            return [Promise(room, alerts.CARD, alert.id, urgency=urgency, not_before=at, keeps_earlier=True)
                    for room in told]
        shown = {alert.room, *(head.room for head in heads)}
        found = [Promise(room, alerts.CARD, alert.id, urgency=urgency, keeps_earlier=True,
                         not_before=now + self.routing.edit_every if room in shown else now)
                 for room in sorted(shown | set(told))]
        seen = {head.room for head in heads if _is_out(head)}
        rooms = {alert.room} | (seen if tell.why is Why.AGAIN else seen & set(told))
        return found + [Promise(room, alerts.LINE, step_id, urgency=urgency, not_before=now)
                        for room in sorted(rooms)]

    async def over(self, session: AsyncSession, ended: Iterable[Alert], now: datetime) -> list[Promise]:
        """Everybody who was told of these hears that they are over, where they were told."""
        about = [alert for alert in ended if chains.was_told(alert) or alert.acked_by is not None]
        heads = await heads_of(session, about)
        told = [(alert, alerts.add_step(session, alert, now, OVER, _source(alert),
                                        details={"how": alert.resolved_how or ""}))
                for alert in about if any(map(_is_out, heads[alert.id]))]
        if told:
            await session.flush()
        found = [Promise(head.room, alerts.LINE, step.id, not_before=now)
                 for alert, step in told for head in heads[alert.id] if _is_out(head)]
        for alert in about:
            await self.ended(session, alert, now)
            found += [self._edit(alert, head, now) for head in heads[alert.id]]
        return found

    async def up_to_date(self, session: AsyncSession, about: Sequence[Alert],
                         now: datetime) -> list[Promise]:
        """Whoever was told of these sees how they stand, but not each change by itself."""
        heads = await heads_of(session, about)
        return [self._edit(alert, head, now) for alert in about for head in heads[alert.id]]

    def _edit(self, alert: Alert, head: Post, now: datetime) -> Promise:
        return Promise(head.room, alerts.CARD, alert.id, urgency=head.urgency, keeps_earlier=True,
                       not_before=now + self.routing.edit_every)

    # ---- other systems -------------------------------------------------------------------------------------

    async def taken_on(self, session: AsyncSession, alert: Alert, now: datetime) -> None:
        await self._call(session, alert, paging.Event.ACKNOWLEDGE, now)

    async def ended(self, session: AsyncSession, alert: Alert, now: datetime) -> None:
        await self._call(session, alert, paging.Event.RESOLVE, now)

    async def _page(self, session: AsyncSession, tell: Tell, now: datetime) -> None:
        target = tell.alert.chain[tell.level].get("page") if tell.level >= 0 else None
        if target is not None:
            chains.put(tell.alert, tell.level, paged=chains.round_of(tell.alert))
            await self._call(session, tell.alert, paging.Event.TRIGGER, now, (target,))

    async def _call(self, session: AsyncSession, alert: Alert, event: paging.Event, now: datetime,
                    only: Collection[str] | None = None) -> None:
        """Owe a call to every target that was paged; the same call again is none."""
        for target, number in chains.paged(alert):
            kind = self.kind_of(target)
            if only is not None and target not in only:
                continue
            if kind not in paging.KINDS:
                log.warning("the escalation pages %s, which the section `outward` cannot page", target)
                continue
            await outgoing.owe(session, alert.workspace_id, paging.key(alert, event, target, number), kind,
                               target, paging.facts(event, alert), now, alert_id=alert.id, at=now)


async def heads_of(session: AsyncSession, about: Sequence[Alert]) -> dict[int, list[Post]]:
    """Every message about these alerts that was not given up, by the alert's number."""
    found: dict[int, list[Post]] = defaultdict(list)
    by_workspace: dict[str, set[int]] = defaultdict(set)
    for alert in about:
        by_workspace[alert.workspace_id].add(alert.id)
    for workspace, ids in sorted(by_workspace.items()):
        for post in await alerts.shown(session, workspace, ids):
            if post.given_up_at is None:
                found[post.subject_id].append(post)
    return found


def _is_out(head: Post) -> bool:
    return head.message_id is not None


def _source(alert: Alert) -> str:
    return f"source:{alert.source}"[:64] if alert.source else CLOCK


def _step(tell: Tell) -> tuple[str, str]:
    """What happened, and who did it."""
    if tell.why is Why.AGAIN:
        return AGAIN, _source(tell.alert)
    return (UNACKED if tell.was_acked_by is not None else TOLD), CLOCK


def _to(tell: Tell) -> str | None:
    return tell.people[0] if tell.people else tell.room


def _details(tell: Tell) -> dict[str, object]:
    entry = tell.alert.chain[tell.level] if tell.level >= 0 else {}
    said: dict[str, object] = {
        "why": tell.why.value, "role": entry.get("to"), "as": entry.get("as"), "nobody": entry.get("nobody"),
        "page": entry.get("page"), "people": list(tell.people), "room": tell.room,
        "skipped": [list(each) for each in tell.skipped], "was": tell.was_acked_by,
        "waited": int(tell.waited.total_seconds()),
        "severity": tell.alert.severity if tell.why is Why.WORSE else None}
    return {"level": tell.level, **{name: value for name, value in said.items() if value}}
