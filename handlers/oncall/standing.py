"""Who is on call, as stored and in words: for cards, for escalations, for user groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.errors import inside
from handlers.oncall.provider_words import title_of
from handlers.oncall.records import LOOK_AHEAD, UNMATCHED, Plan, moment_of, plan_of
from handlers.oncall.rules import Shift
from handlers.people.actions import calendar_of
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from storage import oncall, people
from storage.alerting import Rotation
from storage.models import Person

NO_ROTATION = "no rotation is set up, so nobody is on call; `/oncall rotation set` makes one"


@dataclass(frozen=True, slots=True)
class Standing:
    """One rotation at one moment.

    Attributes:
        following: who has it from that moment on, in order, cut there; the first may be `shift`.
        shift: the present shift from its own beginning to its own end; None: nobody has it.
        person: who can be called; None: nobody, and `said` is why.
        said: why nobody can be called, or what is doubtful about who is; "" where all is well.
    """

    rotation: Rotation
    plan: Plan
    at: datetime
    following: Sequence[Shift]
    shift: Shift | None
    person: Person | None
    said: str

    @property
    def until(self) -> datetime | None:
        """When whoever has it now is relieved; None where nobody has it, or nobody relieves them in sight."""
        if self.shift is None or self.following[0].ends >= self.at + LOOK_AHEAD:
            return None
        return self.following[0].ends

    @property
    def next(self) -> Shift | None:
        """The first shift of somebody else, or after a gap."""
        rest = self.following[1:] if self.shift is not None else self.following
        return rest[0] if rest else None


@dataclass(frozen=True, slots=True)
class OnCall:
    """Whom to call.

    Attributes:
        person: None: nobody.
        rotation: the one that the person is from, or the last that was looked at; None: there is none.
        said: why nobody is there, or why it is not who it should be, as a sentence; "" where all is well.
        until: when the person is relieved.
    """

    person: Person | None
    rotation: Rotation | None
    said: str
    until: datetime | None = None


async def on_call(session: AsyncSession, workspace: str, pilot_id: int | None, at: datetime,
                  rank: int = 0) -> OnCall:
    """Whom to call for a pilot at that moment: by its own rotation, else by the workspace's, else nobody.

    Somebody who left the workspace or is away cannot be called: the next rotation is asked, and `said`
    tells why. It asks no other system: a provider's last answer counts (see `asking.py`).

    Args:
        pilot_id: None: what belongs to no pilot.
        rank: 0: who is called first, 1: who is called second.
    """
    rotations = [each for each in await oncall.for_pilot(session, workspace, pilot_id) if each.rank == rank]
    said: list[str] = []
    for standing in await standings(session, workspace, rotations, at):
        if standing.said:
            said.append(standing.said)
        if standing.person is not None:
            return OnCall(standing.person, standing.rotation, sentence(said), standing.until)
    return OnCall(None, rotations[-1] if rotations else None, sentence(said or [NO_ROTATION]))


async def chain_people(session: AsyncSession, workspace: str, pilot_id: int | None,
                       at: datetime) -> tuple[OnCall, OnCall]:
    """Who is called first and who second. The second is nobody where it would be the first once more."""
    first = await on_call(session, workspace, pilot_id, at)
    second = await on_call(session, workspace, pilot_id, at, rank=1)
    if first.person is not None and second.person is not None and first.person.id == second.person.id:
        said = f"{inside(second.person.name)} is called first and second; one person cannot be both"
        second = OnCall(None, second.rotation, sentence([said]))
    return first, second


async def members_now(session: AsyncSession, workspace: str, at: datetime) -> tuple[str, ...]:
    """The ids of all who are called first in any rotation of the workspace, each once, sorted."""
    rotations = [each for each in await oncall.rotations(session, workspace) if each.rank == 0]
    found = await standings(session, workspace, rotations, at)
    return tuple(sorted({each.person.id for each in found if each.person is not None}))


async def standings(session: AsyncSession, workspace: str, rotations: Sequence[Rotation],
                    at: datetime) -> list[Standing]:
    """Each rotation as it stands at that moment, in two queries."""
    changes = await oncall.changes(session, workspace, [each.id for each in rotations], at)
    plans = [plan_of(each, changes[each.id]) for each in rotations]
    following = [plan.following(at) for plan in plans]
    named = {shift.person for found in following for shift in found if not shift.person.startswith(UNMATCHED)}
    known = await people.several(session, workspace, named)
    return [standing(rotation, plan, found, known, at)
            for rotation, plan, found in zip(rotations, plans, following, strict=True)]


def standing(rotation: Rotation, plan: Plan, following: Sequence[Shift], known: Mapping[str, Person],
             at: datetime) -> Standing:
    """One rotation, judged: who can be called, or why nobody."""
    shift = plan.now(at)
    doubt = _doubt(rotation, following[0] if shift is not None else None, known)
    if shift is None:
        person, said = None, doubt or _gap(rotation, following, at)
    else:
        person = known.get(shift.person)
        why = _why_not(rotation, shift, person, at)
        said = "; ".join(part for part in (doubt, why) if part)
        person = None if why else person
    return Standing(rotation, plan, at, following, shift, person, said)


def _why_not(rotation: Rotation, shift: Shift, person: Person | None, at: datetime) -> str:
    """Why whoever has the shift cannot be called; "" where they can."""
    name = inside(rotation.name)
    if shift.person.startswith(UNMATCHED):
        there = inside(shift.person.removeprefix(UNMATCHED))
        return (f"{title_of(rotation.provider)} says that {there} is on call in “{name}”, and I do not know "
                "who that is here; Edit in `/oncall` says which names there belong to whom here")
    if person is None:
        return f"whoever is on call in “{name}” is not known to me"
    if not person.is_active:
        return f"{inside(person.name)} is on call in “{name}” but has left the workspace"
    today = calendar_of(person).today(at)
    if person.away_until is not None and today < person.away_until:
        back = say_date(person.away_until, today)
        return f"{inside(person.name)} is on call in “{name}” but is away, back on {back}"
    return ""


def _gap(rotation: Rotation, following: Sequence[Shift], at: datetime) -> str:
    name = inside(rotation.name)
    if following:
        return f"“{name}” has nobody until {clock(rotation, following[0].begins, at)}"
    if rotation.provider:
        return f"{title_of(rotation.provider)} names nobody for “{name}”"
    return f"“{name}” has nobody planned"


def _doubt(rotation: Rotation, shift: Shift | None, known: Mapping[str, Person]) -> str:
    """What is to be said of a provider that does not answer."""
    if not rotation.provider:
        return ""
    heard, title = rotation.heard or {}, title_of(rotation.provider)
    if (since := moment_of(heard.get("failing_since"))) is None:
        return "" if heard.get("answered_at") else f"{title} was not asked yet"
    answered = moment_of(heard.get("answered_at"))
    why = inside(heard.get("error") or "no answer")
    if answered is None:
        return f"{title} has not answered yet ({why})"
    said = f"{title} does not answer since {clock(rotation, since, since)} ({why})"
    if shift is None:
        return f"{said}, and what it said before does not reach until now"
    person = known.get(shift.person)
    name = inside(person.name if person is not None else shift.person.removeprefix(UNMATCHED))
    return f"{said}; as of then {name} was on call until {clock(rotation, shift.ends, since)}"


def clock(rotation: Rotation, moment: datetime, now: datetime) -> str:
    """'17:00' today, 'Mon 30 Nov 09:00' on another day, on the rotation's clock, with its zone."""
    calendar = Calendar(rotation.zone)
    local, today = calendar.local(moment), calendar.today(now)
    day = "" if local.date() == today else f"{say_date(local.date(), today)} "
    return f"{day}{local:%H:%M} ({rotation.zone})"


def sentence(parts: Sequence[str]) -> str:
    """The parts as sentences."""
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in parts)
