"""Where a signal is shown, and which alert it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from handlers.alerts.policy import EVERY, Policy, Route
from handlers.alerts.signals import Signal, fingerprint

PILOT_LABEL = "pilot"
"""A label of this name says which pilot a signal is about where no route does."""


@dataclass(frozen=True, slots=True)
class Place:
    """A pilot's channel, or any other."""

    room: str
    pilot_id: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A signal with where it goes."""

    signal: Signal
    source: str
    fingerprint: str
    place: Place
    key: str
    """The alert's: what signals have in common that are shown together."""
    labels: Mapping[str, str]
    """What they have in common."""
    route: str = ""


def wanted_pilot(signal: Signal, source: str, policy: Policy) -> tuple[Route | None, str | None]:
    """The route that fits, and the name of the pilot it means; both None: nothing says where it goes."""
    for route in policy.routes:
        if route.fits(signal, source):
            return route, route.pilot
    return None, signal.labels.get(PILOT_LABEL)


def sent(signal: Signal, source: str, route: Route | None, place: Place, policy: Policy) -> Sent:
    """`signal` with what it is grouped by."""
    by = route.group_by if route is not None and route.group_by is not None else policy.group_by
    stable = {name: value for name, value in signal.labels.items() if name not in policy.ignore}
    common = stable if EVERY in by else {name: stable[name] for name in by if name in stable}
    said = sorted(common.items())
    if EVERY in by and not said:
        said = [("key", signal.key)]
    whole = "\x00".join([source, place.room, signal.name, *(f"{name}\x01{value}" for name, value in said)])
    key = sha256(whole.encode()).hexdigest()[:32]
    return Sent(signal, source, fingerprint(source, signal.key), place, key, common,
                route.name if route is not None else "")
