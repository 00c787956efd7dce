"""When a sponsor is asked for which decision, how long it waited, and what may be decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from handlers.chat.errors import Refused
from handlers.nudges.policy import Policy
from handlers.nudges.standing import calendar_for
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from handlers.pilots.rules import check_words
from handlers.pilots.schedule import GOLIVE, STAGES, limit_of, number_of
from storage.models import Item, ItemState, Person, Pilot, PilotState

WEEK = timedelta(days=7)
_WORKING_WEEK = 5


class Choice(StrEnum):
    """What a sponsor may decide; the value is what is stored and what a button brings back."""

    DATE = "date"
    REASSIGN = "reassign"
    WAIVE = "waive"
    PAUSE = "pause"
    STOP = "stop"


def is_needed(item: Item, pilot: Pilot) -> bool:
    """Whether there is still something to decide."""
    return item.state is ItemState.OPEN and pilot.state is PilotState.ACTIVE


def is_gate_due(item: Item, pilot: Pilot, today: date, calendar: Calendar, heavy: int) -> bool:
    """Whether a gate is due for which this is wanted, so that its decision does not wait for the week to end.

    It holds the next gate, or one that was passed without it; and the stage has lasted as long as it may, or
    the item itself is due and weighs so much (`heavy`, of the policy's cadence for gates) that the gate is.
    """
    if item.gate not in STAGES or item.is_advice or number_of(item.gate) > number_of(pilot.stage) + 1:
        return False
    limit = limit_of(pilot.stage, pilot.stages)
    if limit is not None and calendar.between(pilot.stage_entered_on, today) >= limit:
        return True
    return item.weight >= heavy and item.due_on is not None and item.due_on <= today


# ---- when to ask -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sponsor is to be asked about one pilot."""

    pilot_id: int
    since: datetime
    is_gate_due: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """What becomes of it now, by pilot."""

    joined: Mapping[int, datetime] = field(default_factory=dict)
    """It joins the card that was sent then."""
    sent: tuple[int, ...] = ()
    """A card is sent."""
    later: Mapping[int, datetime] = field(default_factory=dict)
    """It is looked at again then."""


def ask(wanted: Iterable[Wanted], open_cards: Mapping[int, datetime], recent: Sequence[datetime],
        sponsor: Person, policy: Policy, now: datetime) -> Asking:
    """Decide about everything that waits to be asked of one sponsor.

    Args:
        open_cards: by pilot, when the card was sent that still waits for an answer.
        recent: when cards were sent to them of late, over all pilots.
    """
    joined: dict[int, datetime] = {}
    sent: list[int] = []
    later: dict[int, datetime] = {}
    shut_until, sent_at = opens_at(sponsor, policy, now), list(recent)
    for each in sorted(wanted, key=lambda one: (not one.is_gate_due, one.since, one.pilot_id)):
        if each.pilot_id in open_cards:
            joined[each.pilot_id] = open_cards[each.pilot_id]
        elif shut_until is not None:
            later[each.pilot_id] = shut_until
        elif each.is_gate_due or (free := free_from(sent_at, sponsor, policy, now)) is None:
            sent.append(each.pilot_id)
            sent_at.append(now)
        else:
            later[each.pilot_id] = free
    return Asking(joined, tuple(sent), later)


def opens_at(sponsor: Person, policy: Policy, now: datetime) -> datetime | None:
    """When the sponsor may be asked anything at all; None: now."""
    calendar = calendar_for(sponsor)
    local, today = calendar.local(now), calendar.today(now)
    if sponsor.away_until is not None and today < sponsor.away_until:
        return calendar.at(calendar.next_working(sponsor.away_until), policy.digest_at)
    if calendar.is_working(today) and policy.opens <= local.time() < policy.closes:
        return None
    return calendar.next_moment(now, max(policy.digest_at, policy.opens))


def free_from(sent_at: Sequence[datetime], sponsor: Person, policy: Policy, now: datetime) -> datetime | None:
    """When the next card may be sent, a week after the one that used the week up; None: now."""
    calendar = calendar_for(sponsor)
    today = calendar.today(now)
    days = sorted(day for at in sent_at if (day := calendar.today(at)) + WEEK > today)
    if len(days) < policy.decisions_per_week:
        return None
    return calendar.at(calendar.next_working(days[-policy.decisions_per_week] + WEEK), policy.digest_at)


# ---- what it costs -----------------------------------------------------------------------------------------


def days_waited(item: Item, now: datetime, calendar: Calendar) -> int:
    """Working days since the item was due."""
    return 0 if item.due_on is None else max(0, calendar.between(item.due_on, calendar.today(now)))


def weeks_of(days: int) -> int:
    """Working days as weeks, to the nearest; 0: less than half of one."""
    return (days + _WORKING_WEEK // 2) // _WORKING_WEEK


# ---- what may be decided -----------------------------------------------------------------------------------


def planned_end(pilot: Pilot) -> date:
    """The day on which production begins if every stage from week one on takes as long as it may."""
    stages = STAGES[STAGES.index("week_one"):STAGES.index(GOLIVE) + 1]
    calendar = Calendar(pilot.zone, pilot.country)
    return calendar.add(pilot.kickoff_on, sum(limit_of(stage, pilot.stages) or 0 for stage in stages))


def check_reason(reason: str) -> str:
    """The reason without edges. Raises Refused where there is none, or a book."""
    try:
        reason = check_words(reason, "reason")
    except Refused as refusal:
        raise Refused(str(refusal), fields={"reason": str(refusal)}) from refusal
    if not reason:
        text = "Say why, in a few words. It is shown with the decision and stays in the audit trail."
        raise Refused(text, fields={"reason": text})
    return reason


def check_date(item: Item, on: date, pilot: Pilot, today: date) -> None:
    """Raises Refused where a new date decides nothing, or gives up the plan without saying so."""
    if on == item.due_on:
        raise Refused("That is its date already. Give a later one, or choose something else.")
    end = planned_end(pilot)
    if today <= end < on:
        raise Refused(f"{say_date(on, today)} is after the day on which {pilot.name} is planned to be in "
                      f"production ({say_date(end, today)}). Give an earlier day, or waive the item, pause "
                      "the pilot or stop it.")

