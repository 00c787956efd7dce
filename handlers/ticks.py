"""What happens as the clock ticks: every repeated job, in one table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from handlers.alerts import presence
from handlers.alerts.outside import Outside
from handlers.alerts.silencing import SilenceTick
from handlers.alerts.sweep import AlertSweep
from handlers.alerts.user_group import UserGroup
from handlers.briefings.tick import BriefingTick
from handlers.ledger import Ledger
from handlers.nudges.actions import Nudges
from handlers.nudges.decisions import Decisions
from handlers.nudges.self_check import SelfChecks
from handlers.oncall.asking import Providers
from handlers.outbox.actions import Outbox
from handlers.people.actions import People
from handlers.pilots.items import Items
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.reading import Reading
from storage import deliveries

DELIVERIES_KEPT = timedelta(days=2)
"""Slack sends an event again for a day at most."""


@dataclass(frozen=True, slots=True)
class Tick:
    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


def ticks(nudges: Nudges, briefings: BriefingTick, decisions: Decisions, self_checks: SelfChecks,
          outbox: Outbox, people: People, items: Items, ledger: Ledger,
          outside: Outside, alert_sweep: AlertSweep, user_group: UserGroup,
          silencing: SilenceTick, providers: Providers, reading: Reading, runbooks: Keeper) -> list[Tick]:
    async def forget_deliveries() -> int:
        async with ledger.store.begin() as session:
            return await deliveries.forget_before(session, ledger.clock() - DELIVERIES_KEPT)

    return [
        Tick("deliver", timedelta(seconds=1), outbox.deliver),
        Tick("nudge", timedelta(seconds=30), nudges.sweep),
        Tick("briefings", timedelta(minutes=1), briefings.run),
        Tick("ask for decisions", timedelta(seconds=30), decisions.sweep),
        Tick("check nudges", timedelta(hours=1), self_checks.sweep),
        Tick("ask who is on call", timedelta(seconds=15), providers.sweep),
        Tick("end waivers", timedelta(minutes=10), items.end_waivers),
        Tick("refresh people", timedelta(minutes=10), people.refresh),
        Tick("refresh do not disturb", timedelta(minutes=10), people.refresh_rest),
        Tick("escalate alerts", timedelta(seconds=2), alert_sweep.run),
        Tick("keep the user group", timedelta(minutes=1), user_group.keep),
        Tick("forget deliveries", timedelta(hours=1), forget_deliveries),
        Tick("heartbeat", presence.EVERY, outside.heartbeat.beat),
        Tick("call other systems", timedelta(seconds=2), outside.outwards.send),
        Tick("ask for readings", timedelta(seconds=5), outside.pulling.ask),
        Tick("ask what fires", timedelta(seconds=30), outside.reconciling.run),
        Tick("look who is quiet", timedelta(minutes=10), outside.quiet.look),
        Tick("end silences", timedelta(seconds=3), silencing.run),
        Tick("forget inhibitors", timedelta(minutes=10), silencing.forget),
        Tick("look for changed runbooks", timedelta(seconds=10), runbooks.look),
        Tick("forget what runbooks meant", timedelta(hours=1), runbooks.forget),
        Tick("read runbooks", timedelta(seconds=5), reading.run),
    ]
