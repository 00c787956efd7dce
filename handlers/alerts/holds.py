"""What of a report is held back: read in one query, decided by the rules, noted beside its alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.holding import holds, is_held, is_held_by, silenced_by
from handlers.alerts.inhibition_policy import Rule
from handlers.alerts.lifetime import Taking
from storage import alerts, silences
from storage.alerting import Alert, AlertState
from storage.outbox import Promise
from storage.silences import Holder, Standing


@dataclass(slots=True)
class Holds:
    """The silences and holders that a report meets, and what they do to its alerts."""

    taking: Taking
    mine: Sequence[Alert]
    """Those it is decided for, the worst first: they may hold others."""
    standing: Standing
    sources: dict[str, set[str]]
    """Of each alert of the report, by its key: the keys of what it holds back."""
    targets: dict[str, list[str]]
    """The same for that by which it may be held back."""
    by_new: list[tuple[Alert, Alert]] = field(default_factory=list)
    """Alerts that are held back by one of the same report, which has no number yet."""
    _waiting: set[str] = field(default_factory=set)
    """The keys of those."""
    telling: dict[int, Holder] = field(default_factory=dict)
    """Holders whose card counts another number than before."""
    _may_hold: list[Alert] = field(init=False)

    def __post_init__(self) -> None:
        self._may_hold = [alert for alert in self.mine if self.sources[alert.key]]

    def decide(self) -> None:
        """Say of each alert whether it is held back."""
        self.telling |= self.standing.known
        for alert in self.mine:
            silence = silenced_by(alert, self.standing.silences)
            alert.silence_id = silence.id if silence is not None else None
            self._inhibit(alert)
            if is_held(alert) or alert.key in self._waiting:
                self.taking.held.add(alert.key)

    def _inhibit(self, alert: Alert) -> None:
        """What is shown already stays; only what begins is held back."""
        was, alert.inhibited_by = alert.inhibited_by, None
        keys = self.targets[alert.key]
        if not keys or (was is None and alert.key not in self.taking.began):
            return
        holders = {number: holder for key in keys
                   for number, holder in self.standing.holders.get(key, {}).items()}
        if holders:
            number = was if was in holders else min(holders)
            alert.inhibited_by, self.telling[number] = number, holders[number]
            return
        for other in self._may_hold:
            if other is not alert and other.inhibited_by is None and other.key not in self._waiting and (
                    not self.sources[other.key].isdisjoint(keys)):
                self.by_new.append((alert, other))
                self._waiting.add(alert.key)
                return

    async def write(self, session: AsyncSession) -> None:
        """Note it, once the report's alerts have their numbers."""
        workspace = self.taking.workspace
        for alert, other in self.by_new:
            alert.inhibited_by = other.id
        pairs = [(key, alert.id) for alert in self.mine for key in self.sources[alert.key]
                 if alert.inhibited_by is None and alert.state is not AlertState.RESOLVED
                 and alert.id not in self.standing.holders.get(key, {})]
        await silences.hold_others(session, workspace, pairs)
        held = Counter[int]()
        for alert in self.mine:
            if alert.silence_id is not None:
                held[alert.silence_id] += self.taking.joined[alert.key]
        for silence_id, signals in sorted(held.items()):
            if signals:
                await silences.count_held(session, workspace, silence_id, signals)

    def promises(self, at: datetime) -> list[Promise]:
        """That holders' cards say how many they hold back."""
        return [Promise(each.room, alerts.CARD, each.storm_id or each.id, not_before=at,
                        keeps_earlier=True)
                for each in self.telling.values()]


async def met(session: AsyncSession, taking: Taking, rules: Sequence[Rule]) -> Holds | None:
    """What the alerts of a report meet, decided; None: nothing about any of them has changed."""
    touched = [alert for alert in taking.touched.values() if not alert.is_storm]
    mine = sorted((alert for alert in touched if alert.state is not AlertState.RESOLVED
                   or alert.key in taking.began), key=lambda each: each.rank)
    known = {alert.inhibited_by for alert in touched if alert.inhibited_by is not None}
    if not mine and not known:
        return None
    sources = {alert.key: holds(alert, rules) for alert in mine}
    targets = {alert.key: is_held_by(alert, rules) for alert in mine}
    keys = {key for each in mine for key in (*sources[each.key], *targets[each.key])}
    with session.no_autoflush:
        standing = await silences.standing(session, taking.workspace, taking.now, keys, known)
    found = Holds(taking, mine, standing, sources, targets)
    found.decide()
    return found
