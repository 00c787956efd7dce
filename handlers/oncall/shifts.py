"""What people do with shifts: take one, hand one over, put somebody else on call. One transaction each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor
from handlers.ledger import Ledger
from handlers.oncall.records import LOOK_AHEAD, UNMATCHED, Plan
from handlers.oncall.rules import Shift, shifts
from handlers.oncall.standing import clock, sentence
from handlers.oncall.work import Work, work_on
from handlers.people.actions import People, calendar_of
from handlers.people.dates import say_date
from handlers.people.permissions import Action
from storage import oncall, people
from storage.alerting import Rotation, ShiftChange
from storage.models import Person
from storage.outbox import Promise

KIND = "oncall"
"""What the outbox calls the message to somebody whose shift was changed by somebody else."""
LONGEST = timedelta(days=92)
FURTHEST = timedelta(days=366)
IN_A_GAP = timedelta(hours=24)
"""How long somebody has it who takes it while nobody is planned, unless they say."""

Until = Callable[[Rotation, datetime], datetime]
"""The end of a stretch, from the rotation and the stretch's beginning. Raises Refused."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch as typed: from a moment to another, each still to be read for the rotation and now."""

    begins: Until | None
    """None: now."""
    ends: Until | None
    """None: as long as the present shift lasts."""


NOW = Stretch(None, None)


@dataclass(frozen=True, slots=True)
class Shifts:
    ledger: Ledger
    people: People

    async def take(self, actor: Actor, person: Person, rotation_id: int, stretch: Stretch = NOW) -> str:
        """The actor is on call from now on. Raises Refused where they may not, are already, or are away."""
        async with work_on(self.ledger, self.people, actor, rotation_id) as work:
            work.check(Action.SHIFT_TAKE)
            _check_there(person, work.entry.now, is_actor=True)
            begins, ends = self._stretch(work, stretch)
            on = work.plan.now(begins)
            if on is not None and on.person == person.id and ends <= _relieved(work.plan, begins):
                raise Refused(f"You are on call in “{inside(work.rotation.name)}” already, until "
                              f"{clock(work.rotation, _relieved(work.plan, begins), work.entry.now)}.")
            return await self._put(work, person, begins, ends, "shift taken")

    async def hand_over(self, actor: Actor, rotation_id: int, to: Person, stretch: Stretch = NOW) -> str:
        """`to` is on call from now on instead of whoever is; the present one or the lead may say so."""
        async with work_on(self.ledger, self.people, actor, rotation_id) as work:
            on = work.plan.now(work.entry.now)
            is_own = on is not None and on.person == actor.person
            work.check(Action.SHIFT_TAKE if to.id == actor.person else Action.SHIFT_GIVE, owns=is_own)
            _check_there(to, work.entry.now, is_actor=to.id == actor.person)
            if on is not None and on.person == to.id and stretch.ends is None:
                raise Refused(f"{inside(to.name)} is on call in “{inside(work.rotation.name)}” already.")
            begins, ends = self._stretch(work, stretch)
            return await self._put(work, to, begins, ends, "shift handed over")

    async def override(self, actor: Actor, rotation_id: int, who: Person, stretch: Stretch) -> str:
        """`who` has the stretch, whoever would have had it."""
        async with work_on(self.ledger, self.people, actor, rotation_id) as work:
            begins, ends = self._stretch(work, stretch)
            had = shifts(work.plan.schedule, work.plan.changes, begins, ends)
            is_own = bool(had) and all(each.person == actor.person for each in had)
            work.check(Action.SHIFT_TAKE if who.id == actor.person else Action.SHIFT_GIVE, owns=is_own)
            _check_there(who, begins, is_actor=who.id == actor.person)
            return await self._put(work, who, begins, ends, "on-call override")

    def _stretch(self, work: Work, stretch: Stretch) -> tuple[datetime, datetime]:
        """From when to when. Raises Refused where it is over, has no length, or is too long or too far."""
        now, rotation = work.entry.now, work.rotation
        begins = stretch.begins(rotation, now) if stretch.begins is not None else now
        ends = stretch.ends(rotation, begins) if stretch.ends is not None else _natural_end(work.plan, now)
        if ends <= now:
            raise Refused(f"That is over already: it ends {clock(rotation, ends, now)}. Who was on call "
                          "cannot be changed afterwards; give an end that is to come.")
        if ends <= begins:
            raise Refused(f"That would end ({clock(rotation, ends, now)}) before it begins "
                          f"({clock(rotation, begins, now)}). Give a later end.")
        if ends - begins > LONGEST or begins - now > FURTHEST:
            raise Refused("One change covers up to 92 days and begins within a year. For longer, change the "
                          "rotation itself: `/oncall rotation`.")
        return max(begins, now), ends

    async def _put(self, work: Work, person: Person, begins: datetime, ends: datetime, what: str) -> str:
        """Note the change and tell whom it concerns; what it came to, in a sentence or two."""
        actor, rotation, now = work.entry.actor, work.rotation, work.entry.now
        before = shifts(work.plan.schedule, work.plan.changes, begins, ends)
        changes = (await oncall.changes(work.session, actor.workspace, [rotation.id], begins))[rotation.id]
        under = [each for each in changes if each.begins_at < ends and each.person_id != person.id]
        row = ShiftChange(workspace_id=actor.workspace, rotation_id=rotation.id, person_id=person.id,
                          begins_at=begins, ends_at=ends, made_by=actor.person, made_at=now)
        work.session.add(row)
        await work.session.flush()
        concerned = {person.id, *(each.person for each in before)} - {actor.person}
        for each in sorted(each for each in concerned if not each.startswith(UNMATCHED)):
            work.entry.promise(Promise(each, KIND, row.id, rotation.pilot_id, live_until=now))
        await work.note(what, person=person.id, begins=begins.isoformat(), ends=ends.isoformat())
        return sentence([self._said(work, person, begins, ends), *await self._goes_over(work, under, ends)])

    def _said(self, work: Work, person: Person, begins: datetime, ends: datetime) -> str:
        rotation, now = work.rotation, work.entry.now
        who = "you are" if person.id == work.entry.actor.person else f"{inside(person.name)} is"
        since = "" if begins <= now else f" from {clock(rotation, begins, now)}"
        return f"{who} on call in “{inside(rotation.name)}”{since} until {clock(rotation, ends, now)}"

    async def _goes_over(self, work: Work, under: Sequence[ShiftChange],
                         ends: datetime) -> list[str]:
        """That an earlier change is covered is said: the later made wins."""
        ids = {each.person_id for each in under}
        known = await people.several(work.session, work.rotation.workspace_id, ids)
        said = []
        for each in under[:3]:
            name = inside(known[each.person_id].name) if each.person_id in known else "somebody"
            to = clock(work.rotation, min(each.ends_at, ends), work.entry.now)
            said.append(f"that goes over the earlier change for {name} until {to}: the later made wins")
        return said


def _check_there(person: Person, at: datetime, *, is_actor: bool) -> None:
    """Raises Refused where the person cannot be called at that moment."""
    today = calendar_of(person).today(at)
    if person.away_until is None or today >= person.away_until:
        return
    back = say_date(person.away_until, today)
    if is_actor:
        raise Refused(f"You said that you are away until {back}. `/pilot away off` ends that; then take it.")
    raise Refused(f"{inside(person.name)} is away, back on {back}. Pick somebody who is there.")


def _relieved(plan: Plan, at: datetime) -> datetime:
    following = plan.following(at)
    return following[0].ends if following and following[0].begins <= at else at


def _natural_end(plan: Plan, now: datetime) -> datetime:
    """The end of the present shift; in a gap the beginning of the next, at most a day ahead."""
    on: Shift | None = plan.now(now)
    if on is not None:
        return min(on.ends, now + LOOK_AHEAD)
    following = plan.following(now)
    return min([now + IN_A_GAP, *(each.begins for each in following[:1])])
