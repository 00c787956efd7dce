"""The escalation of one alert, as it was fixed when it opened: its levels, who was told, what is due when.

A level is a plain mapping, kept with the alert:

    to       a word of `escalation_policy.WHO`, ``channel:C1``, ``person:slack:U1``
    after    seconds since the level before it was told; of the first, since it opened
    working  whether they are counted in working time
    page     the target that is called too, where there is one
    due      when its turn comes, as far as that is known
    at       when its turn came
    told     who was told: person ids
    as       why these stand for it: ``operations``, ``lead`` where no rotation says who is on call
    nobody   True: nobody held it, and the admins were told instead
    skipped  why nobody was told by it: ``empty``, ``told before``
    paged    the round in which its target was called

The first level also holds ``sla``, the row of service levels that fits, and ``round``, how often it began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from handlers.alerts.escalation_policy import PERSON, EscalationPolicy, Level, SlaRow
from handlers.alerts.lifetime import RANK
from handlers.alerts.policy import Policy
from handlers.alerts.signals import Severity
from storage.alerting import Alert, AlertState

Entry = dict[str, Any]
_FIXED = ("to", "after", "working", "page", "paged", "sla", "round")
_INFO = RANK[Severity.INFO]


def snapshot(policy: EscalationPolicy, severity: str, row: SlaRow | None) -> list[Entry]:
    """The levels for an alert that opens with this severity, for which `row` holds."""
    rungs = policy.of(severity)
    levels, limit, at_once = rungs.levels, rungs.limit, rungs.at_once
    if row is not None:
        limit = row.ack or limit
        levels = levels or (Level("lead"),)
        if row.person is not None:
            levels, at_once = (Level(f"{PERSON}{row.person}"), *levels), True
    chain: list[Entry] = []
    for index, level in enumerate(levels):
        after = _after(index, level, limit, at_once=at_once, wait=rungs.wait)
        if after is None:
            break  # without a limit nobody is told after the first
        entry: Entry = {"to": level.to, "after": int(after.total_seconds()), "working": rungs.is_working}
        chain.append(entry | ({"page": level.page} if level.page is not None else {}))
    if chain and row is not None:
        chain[0]["sla"] = {"row": row.number, "text": row.text, "metric": row.metric}
    return chain


def _after(index: int, level: Level, limit: timedelta | None, *, at_once: bool,
           wait: timedelta) -> timedelta | None:
    if index == 0 and at_once:
        return timedelta()
    if index == (1 if at_once else 0):
        return level.wait or limit
    return None if limit is None else level.wait or wait


def is_held(alert: Alert) -> bool:
    """Silenced or inhibited: nobody is told."""
    return alert.silence_id is not None or alert.inhibited_by is not None


def was_told(alert: Alert) -> bool:
    """Whether anybody was told of it besides the channel it is in."""
    return alert.level >= 0


def told(alert: Alert) -> list[str]:
    """Who was told in this round, each once, in order."""
    return list(dict.fromkeys(person for entry in alert.chain for person in entry.get("told", ())))


def due(alert: Alert) -> datetime | None:
    """When the next level's turn comes; None: there is none, or it is not known."""
    index = alert.level + 1
    said = alert.chain[index].get("due") if index < len(alert.chain) else None
    return datetime.fromisoformat(said) if said is not None else None


def put(alert: Alert, index: int, **facts: Any) -> None:
    """Note something of a level. A new list, so that the change is seen."""
    alert.chain = [{**entry, **facts} if at == index else entry for at, entry in enumerate(alert.chain)]


def begin_anew(alert: Alert, chain: Sequence[Mapping[str, Any]] | None = None) -> None:
    """Forget who was told, so that the levels begin again; with another chain where one is given."""
    rounds = (alert.chain[0].get("round", 1) if alert.chain else 1) + 1
    sla = alert.chain[0].get("sla") if alert.chain else None
    fresh = [{key: entry[key] for key in _FIXED if key in entry} for entry in chain or alert.chain]
    if fresh:
        fresh[0]["round"] = rounds
        if sla is not None:
            fresh[0]["sla"] = sla
    alert.chain, alert.level = fresh, -1


def paged(alert: Alert) -> list[tuple[str, int]]:
    """The targets that were called for it, each with the round of the call."""
    found = {entry["page"]: entry["paged"] for entry in alert.chain if "paged" in entry}
    return list(found.items())


def round_of(alert: Alert) -> int:
    number: int = alert.chain[0].get("round", 1) if alert.chain else 1
    return number


def unacknowledged_at(alert: Alert, policy: EscalationPolicy) -> datetime | None:
    """When what was taken on and still fires begins again; not before whoever is on it expects to be done."""
    span = policy.of(alert.severity).unacknowledge
    if alert.state is not AlertState.ACKED or span is None or not alert.chain or alert.acked_at is None:
        return None
    if alert.is_event or alert.firing == 0:
        return None  # it does not go on: it happened
    return max(alert.acked_at + span, alert.eta_at or alert.acked_at)


def is_info_event(alert: Alert) -> bool:
    """The message was all there is to it: it closes by itself."""
    return alert.is_event and alert.rank == _INFO and not alert.is_storm


def next_look(alert: Alert, policy: EscalationPolicy, routing: Policy, heard_at: datetime,
              held_until: datetime | None = None) -> datetime | None:
    """When the sweep looks at an alert again; None: never, unless something happens to it.

    Args:
        heard_at: when one of its signals was last heard of.
        held_until: when it will not be held back any more, as far as that is known.
    """
    if alert.state is AlertState.RESOLVED:
        return None
    moments: list[datetime | None] = [unacknowledged_at(alert, policy)]
    if is_info_event(alert):
        moments.append(alert.changed_at + routing.reopen_within)
    if alert.is_flapping and alert.firing == 0:
        moments.append(alert.changed_at + routing.flapping_hold)
    if alert.state is AlertState.OPEN and (alert.firing or alert.is_storm) and alert.storm_id is None:
        moments.append(held_until if is_held(alert) else due(alert))
    if alert.stale_at is None and not alert.is_storm and alert.storm_id is None:
        moments.append(heard_at + routing.stale_after)
    return min((each for each in moments if each is not None), default=None)
