"""When a direct message that nobody asked for may go out: in the reader's hours, and not too many a day."""

from datetime import date, datetime, time, timedelta

from handlers.nudges.circle import is_away
from handlers.nudges.mornings import Mornings
from handlers.nudges.policy import Policy
from handlers.nudges.standing import calendar_for
from storage.models import Person

BESIDES = frozenset({"offer", "self-check"})
"""Held to the same manners as what a policy names as immediate: a press sets it off, or how nudges help."""
INVITE = "invite"
_BRIEFING, _ABOUT_BRIEFINGS = "briefing", frozenset({"stand-in", "in-writing"})
"""What a policy says of the brief holds of what is asked about it later."""
_SAID_WITHIN = timedelta(days=14)
_DAY = timedelta(days=1)


def digest_waits_until(mornings: Mornings) -> datetime | None:
    """When a digest that nobody has seen may go out; None: now."""
    morning = mornings.first(mornings.today, ordinary=False)
    if morning is None:
        return mornings.now + _DAY
    return morning.at if morning.at > mornings.now else _rested(mornings.person, mornings.now)


def is_too_old(day: date, today: date) -> bool:
    """Whether a digest of that day is left unsaid: what it spoke of has come up anew since."""
    return today - day > _SAID_WITHIN


def counted(policy: Policy) -> frozenset[str]:
    """The kinds of messages of their own of which somebody gets only so many a day, in their hours."""
    return policy.immediate | BESIDES | (_ABOUT_BRIEFINGS if _BRIEFING in policy.immediate else frozenset())


def holds_invitations(policy: Policy) -> bool:
    return _BRIEFING in policy.immediate


def day_began(person: Person, now: datetime) -> datetime:
    calendar = calendar_for(person)
    return calendar.at(calendar.today(now), time.min)


def waits_until(person: Person, policy: Policy, now: datetime, said_today: int) -> datetime | None:
    """When a message of its own may go out: the first moment of theirs that allows it; None: now.

    Args:
        said_today: how many such messages they got on this day of theirs.
    """
    calendar = calendar_for(person)
    local = calendar.local(now)
    may_today = (calendar.is_working(local.date()) and not is_away(person, now)
                 and said_today < policy.budget.immediate_per_day and local.time() < policy.closes)
    if may_today and local.time() >= policy.opens:
        return _rested(person, now)
    day = local.date() if may_today else local.date() + _DAY
    if person.away_until is not None:
        day = max(day, person.away_until)
    return calendar.at(calendar.next_working(day), policy.opens)


def invitation_waits_until(person: Person, policy: Policy, now: datetime,
                           meeting_at: datetime | None) -> datetime | None:
    """The same of an invitation: there are as many as meetings, and none is told of after it began."""
    opens = waits_until(person, policy, now, 0)
    return None if opens is None or (meeting_at is not None and meeting_at <= opens) else opens


def _rested(person: Person, now: datetime) -> datetime | None:
    """Nobody is disturbed; None: they are not resting."""
    begins, ends = person.dnd_from, person.dnd_until
    if begins is None or ends is None or not begins <= now < ends:
        return None
    return ends
