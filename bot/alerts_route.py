"""`groundcrew alerts route`: where each signal of a body would go, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.grouping import PILOT_LABEL, Place, Sent, sent, wanted_pilot
from handlers.alerts.held_cards import in_words
from handlers.alerts.holding import is_held_by, silenced_by
from handlers.alerts.lifetime import RANK
from handlers.alerts.patterns import fits
from handlers.alerts.policies import Policies
from handlers.alerts.policy import Policy, Route, value_of
from handlers.alerts.signals import Signal, Status
from storage import alerts, silences
from storage.alerting import Alert
from storage.models import Pilot
from storage.pilots import name_key

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Situation:
    """What is needed besides the body: where things go, and what is held back just now."""

    session: AsyncSession
    workspace: str
    source: str
    policies: Policies
    fallback: str | None
    now: datetime


async def explained(signals: Sequence[Signal], at: Situation) -> list[str]:
    """For each signal: which route fits, where it goes, what it is grouped by, whether it is held back."""
    if not signals:
        return ["Nothing that is an alert."]
    routes = [wanted_pilot(signal, at.source, at.policies.routing) for signal in signals]
    pilots = await alerts.pilots_named(at.session, at.workspace,
                                       {name_key(name) for _, name in routes if name is not None})
    found: list[str] = []
    for signal, (route, name) in zip(signals, routes, strict=True):
        found += [f"{signal.status.value} {signal.severity.value} {signal.name}: {signal.title}"]
        found += [f"  {line}" for line in await _one(signal, route, name, pilots, at)]
    return found


async def _one(signal: Signal, route: Route | None, name: str | None, pilots: Mapping[str, Pilot],
               at: Situation) -> list[str]:
    pilot = pilots.get(name_key(name)) if name is not None else None
    lines = [*_why_not(signal, route, at), *_route(signal, route, at.policies.routing)]
    place, where = _place(route, name, pilot, at)
    lines.append(f"goes to {where}")
    if place is None:
        return lines
    whole = sent(signal, at.source, route, place, at.policies.routing)
    labels = " ".join(f"{label}={value}" for label, value in whole.labels.items())
    lines.append(f"one alert with what agrees in source, name, room{' and ' + labels if labels else ''}")
    if signal.status is not Status.RESOLVED:
        lines += await _held(whole, at)
    return lines


def _why_not(signal: Signal, route: Route | None, at: Situation) -> list[str]:
    """Each earlier route with the first label that keeps it from fitting."""
    found = []
    for each in at.policies.routing.routes:
        if each is route:
            break
        label, pattern = next((label, pattern) for label, pattern in each.match.items()
                              if not fits(pattern, value_of(signal, at.source, label)))
        value = value_of(signal, at.source, label)
        has = f"is {value[:_SHOWN]!r}" if value else "is missing"
        found.append(f"not {each.name}: {label} {has}, which does not fit {pattern.pattern!r}")
    return found


def _route(signal: Signal, route: Route | None, policy: Policy) -> list[str]:
    if route is not None:
        by = ", ".join(f"{label}={pattern.pattern}" for label, pattern in route.match.items())
        return [f"route {route.name}: {by}"]
    if PILOT_LABEL in signal.labels:
        return [f"no route fits; its label {PILOT_LABEL} names a pilot"]
    return ["no route fits" if policy.routes else "there are no routes"]


def _place(route: Route | None, name: str | None, pilot: Pilot | None,
           at: Situation) -> tuple[Place | None, str]:
    """Where it is shown, and in words; None: nowhere."""
    if route is not None and route.channel is not None:
        return Place(route.channel), f"channel {route.channel.removeprefix('slack:')}"
    if pilot is not None:
        return Place(pilot.room, pilot.id), f"pilot {pilot.name}, channel #{pilot.room_name}"
    unknown = f" (no pilot is called {name!r})" if name is not None else ""
    if at.fallback is None:
        return None, (f"nowhere{unknown}: there is no operations channel, and the sender gets 503 until "
                      "routing.operations or GROUNDCREW_OPERATIONS_CHANNEL is set")
    room = at.fallback.removeprefix("slack:")
    kind = "the operations channel" if room[:1] in "CG" else "an admin"
    return Place(at.fallback), f"{kind}, {room}{unknown}"


async def _held(whole: Sent, at: Situation) -> list[str]:
    """Which open silence or alert would keep it quiet, were it a new alert."""
    signal = whole.signal
    alert = Alert(workspace_id=at.workspace, key=whole.key, source=at.source, name=signal.name,
                  title=signal.title, severity=signal.severity.value, rank=RANK[signal.severity],
                  room=whole.place.room, opened_at=at.now, changed_at=at.now, labels=dict(whole.labels),
                  pilot_id=whole.place.pilot_id)
    keys = is_held_by(alert, at.policies.inhibit.rules)
    standing = await silences.standing(at.session, at.workspace, at.now, keys, ())
    silence = silenced_by(alert, standing.silences)
    if silence is not None:
        return [f"kept quiet by silence {silence.id} ({in_words(silence.matchers)}) until "
                f"{silence.ends_at:%Y-%m-%d %H:%M} UTC"]
    holders = sorted(number for key in keys for number in standing.holders.get(key, ()))
    if holders:
        return [f"held back by alert {holders[0]} while that lasts"]
    return ["shown: no open silence and no other alert holds it back"]
