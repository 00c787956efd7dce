"""All that goes out to other systems for alerts, and what is noted of ourselves, built together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from handlers.alerts.intake import Intake
from handlers.alerts.outward import Outwards
from handlers.alerts.policies import Policies
from handlers.alerts.presence import Heartbeat
from handlers.alerts.pulling import Pulling
from handlers.alerts.quiet import Quiet
from handlers.alerts.reconciling import Reconciling
from handlers.web.http import Http


@dataclass(frozen=True, slots=True)
class Outside:
    outwards: Outwards
    pulling: Pulling
    reconciling: Reconciling
    heartbeat: Heartbeat
    quiet: Quiet


def outside(intake: Intake, workspace: str, policies: Policies, http: Http,
            secret: Callable[[str], str | None], admins: Collection[str]) -> Outside:
    """All of it over one intake.

    Args:
        secret: the value of an environment variable; None: it is not set.
    """
    store, clock = intake.store, intake.clock
    return Outside(
        Outwards(store, clock, intake.wake, workspace, policies.outward, http, secret, admins),
        Pulling(store, intake, workspace, policies.pull, http, secret),
        Reconciling(store, intake, workspace, http, secret),
        Heartbeat(store, clock, workspace),
        Quiet(store, intake, workspace))
