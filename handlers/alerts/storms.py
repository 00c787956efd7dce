"""When too much begins in one room at once: one rolling card for all that comes on top."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from handlers.alerts.lifetime import PAGES, SEVERITIES, Taking, resolve
from storage.alerting import Alert, AlertState

MINUTE = timedelta(minutes=1)
TENFOLD = 10
_LISTED = "listed"
_OF_A_STORM = 2
"""Messages: its card and its list, which are among those that a room gets a minute."""
_ONE_FREE_IN = 5
"""Where a storm begins, one message in five of the minute's is not used: at one a second all of it stands the
sooner."""


def storm_key(room: str, *, is_page: bool) -> str:
    """Pages have a storm of their own, so that none of them drowns among warnings."""
    return sha256(f"storm\x00{room}\x00{is_page}".encode()).hexdigest()[:32]


def is_page(alert: Alert) -> bool:
    return alert.rank <= PAGES


def keys_of(taking: Taking) -> set[str]:
    """The storms that alerts which are new would join."""
    return {storm_key(alert.room, is_page=is_page(alert)) for alert in taking.to_show}


def unsettled(taking: Taking, storms: Mapping[str, Alert]) -> set[str]:
    """Rooms in which it depends on how much began of late whether what is new joins a storm."""
    return {alert.room for alert in taking.to_show
            if (storm := storms.get(storm_key(alert.room, is_page=is_page(alert)))) is None
            or _is_calm(storm, taking)}


def gather(taking: Taking, storms: Mapping[str, Alert],
           lately: Mapping[tuple[str, bool], int]) -> list[Alert]:
    """Decide which new alerts join a storm; returns the storms that begin.

    Args:
        storms: open ones by key, locked.
        lately: how many alerts with a message of their own began within the last minute, by room and page,
            in the rooms of `unsettled`.
    """
    begun: list[Alert] = []
    by_place: dict[tuple[str, bool], list[Alert]] = defaultdict(list)
    for alert in taking.to_show:
        by_place[alert.room, is_page(alert)].append(alert)
    for (room, page), alerts in by_place.items():
        key = storm_key(room, is_page=page)
        storm = storms.get(key)
        if storm is not None and _is_calm(storm, taking):
            storm = None
        free = taking.policy.storm_per_minute - lately.get((room, page), 0)
        if len(alerts) > free:
            free -= _OF_A_STORM + taking.policy.storm_per_minute // _ONE_FREE_IN
        joining = alerts if storm is not None else alerts[max(free, 0):]
        if not joining:
            continue
        if storm is None:
            storm = storms.get(key) or _begun(taking, alerts[0], key)
            if key not in storms:
                begun.append(storm)
        _join(taking, storm, joining)
    return begun


def _is_calm(storm: Alert, taking: Taking) -> bool:
    return taking.now - storm.changed_at > taking.policy.storm_over


def _begun(taking: Taking, like: Alert, key: str) -> Alert:
    return Alert(workspace_id=taking.workspace, key=key, source="", name="storm", title="",
                 severity=like.severity, rank=like.rank, room=like.room, pilot_id=like.pilot_id,
                 opened_at=taking.now, changed_at=taking.now, is_storm=True)


def _join(taking: Taking, storm: Alert, alerts: list[Alert]) -> None:
    for alert in alerts:
        taking.in_storm.append((alert, storm))
        taking.touched.pop(alert.key, None)
        if alert.rank < storm.rank:
            storm.rank, storm.severity = alert.rank, SEVERITIES[alert.rank]
    taking.touched[storm.key] = storm


def is_to_be_listed(storm: Alert) -> bool:
    """Whether its complete list is worth a file: once it has begun, and again each time it grew tenfold.

    How many there were the last time stands in `storm.notes`, which a storm has no other use for.
    """
    listed = int(storm.notes.get(_LISTED, 0))
    if storm.total < max(listed * TENFOLD, 1):
        return False
    storm.notes = {_LISTED: str(storm.total)}
    return True


def grow(storm: Alert, joined: Iterable[Alert], now: datetime) -> None:
    """These are new members, and nothing else about it changed."""
    new = list(joined)
    firing = sum(alert.state is not AlertState.RESOLVED for alert in new)
    recount(storm, storm.total + len(new), storm.firing + firing, now)


def recount(storm: Alert, total: int, firing: int, now: datetime) -> None:
    """So many members it has, and so many are not over; when all are, it is."""
    storm.total, storm.firing, storm.changed_at = total, firing, now
    if firing == 0 and storm.state is not AlertState.RESOLVED:
        resolve(storm, now, "sender")
