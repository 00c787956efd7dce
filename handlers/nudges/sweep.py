"""The sweep over due items: decides what is said, and writes it down with the promise to say it.

Locks are taken in one order: items (skipping what is held), then mornings, then lanes, sorted.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.nudges import heard, steps
from handlers.nudges.circle import Circle, Who
from handlers.nudges.gather import circle_of
from handlers.nudges.matter import Entry, Matter, Outcome, Telling
from handlers.nudges.mornings import Mornings
from handlers.nudges.policy import Policies, Policy, Step
from handlers.nudges.promises import promise
from handlers.nudges.standing import day_ends, is_briefing, is_open
from storage import nudges, pilots, told
from storage.models import Item, Nudge, Person, Pilot
from storage.nudges import Made, Move
from storage.outbox import Promise

DIGEST = "digest"
ITEMS_AT_ONCE = 250
"""And whatever else is due of their owners."""
CARRIED_OVER = timedelta(days=14)
"""What nobody saw for so long is not said any more."""

AskSponsor = Callable[[AsyncSession, Item, Pilot, str, datetime], Awaitable[Sequence[Promise] | None]]
"""Asks a sponsor to decide about an item; returns what it promises."""
LateBriefing = Callable[[AsyncSession, Item, Pilot, str, datetime], Awaitable[Sequence[Promise] | None]]
"""Told the step when a rung is reached for a briefing of week one; returns what it promises."""
_Morning = tuple[str, str, date]
"""A workspace, a person, and the day there."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a sweep goes by."""

    policies: Policies
    ask_sponsor: AskSponsor | None = None
    late_briefing: LateBriefing | None = None


@dataclass(slots=True)
class Diary:
    """Everybody's mornings, made once each."""

    circle: Circle
    policies: Policies
    made: dict[Who, dict[date, datetime]] = field(default_factory=dict)
    unseen: dict[Who, list[Made]] = field(default_factory=dict)
    _mornings: dict[Who, Mornings] = field(default_factory=dict)

    @classmethod
    def of(cls, circle: Circle, policies: Policies, made: Sequence[Made]) -> "Diary":
        diary = cls(circle, policies)
        for each in made:
            who = each.workspace_id, each.about
            is_closed = each.is_seen
            diary.made.setdefault(who, {})[each.day] = each.made_at if is_closed else circle.now
            if not each.is_seen:
                diary.unseen.setdefault(who, []).append(each)
        return diary

    def mornings(self, person: Person) -> Mornings:
        who = person.workspace_id, person.id
        found = self._mornings.get(who)
        if found is None:
            policy = self.policies.of(person.workspace_id)
            found = Mornings(person, policy, self.circle.now, self.made.get(who, {}))
            self._mornings[who] = found
        return found


@dataclass(slots=True)
class _Batch:
    """What one transaction decides."""

    session: AsyncSession
    rules: Rules
    circle: Circle
    diary: Diary
    entries: dict[_Morning, list[tuple[Item, Entry]]] = field(default_factory=lambda: defaultdict(list))
    moved: dict[Move, list[int]] = field(default_factory=lambda: defaultdict(list))
    promises: dict[str, list[Promise]] = field(default_factory=lambda: defaultdict(list))
    tellings: list[tuple[Item, Telling]] = field(default_factory=list)
    resolved: list[int] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.circle.now

    # ---- deciding --------------------------------------------------------------------------------------

    def decide(self, item: Item, before: Sequence[told.Telling]) -> None:
        policy = self._policy(item)
        matter = Matter(item, self.circle, policy, self.diary.mornings, heard.heard_of(item, before))
        outcome = steps.decide(matter)
        self.moved[outcome.step, outcome.step_on, outcome.next_at].append(item.id)
        for entry in self._entries(outcome):
            self.entries[item.workspace_id, entry.person.id, entry.morning.day].append((item, entry))
        if outcome.telling is not None:
            self.tellings.append((item, outcome.telling))

    def _policy(self, item: Item) -> Policy:
        policies = self.rules.policies
        key = self.circle.pilots[item.pilot_id].name_key if policies.of_pilots else None
        return policies.of(item.workspace_id, key)

    def _entries(self, outcome: Outcome) -> Sequence[Entry]:
        """What is a message of its own, a decision asked for or a stand-in, is no line in a digest."""
        telling = outcome.telling
        if telling is None:
            return outcome.entries
        if self._asks_sponsor(telling) or (
                telling.step is Step.STAND_IN and self.rules.late_briefing is not None):
            return [entry for entry in outcome.entries if entry.is_copy or entry.step is not telling.step]
        return outcome.entries

    def _asks_sponsor(self, telling: Telling) -> bool:
        return (telling.step is Step.SPONSOR and telling.missing is None
                and self.rules.ask_sponsor is not None)

    def resolve(self, item: Item, before: Sequence[told.Telling]) -> None:
        """It is closed: whoever was told that it is late hears of the end, once."""
        self.moved[item.step, item.step_on, None].append(item.id)
        owed = [each for each in before if each.step in heard.ESCALATIONS and each.resolved_at is None]
        self.resolved += [each.id for each in owed]
        for person_id in {each.person_id for each in owed if each.is_shown}:
            person = self.circle.person(item.workspace_id, person_id)
            if person is None or person_id in (item.closed_by, item.owner_id):
                continue
            mornings = self.diary.mornings(person)
            morning = mornings.first(mornings.today, ordinary=True)
            if morning is not None:
                entry = Entry(person, Step.RESOLVED, morning)
                self.entries[item.workspace_id, person_id, morning.day].append((item, entry))
        for each in owed:
            if each.is_shown:  # what they read then is edited, also where it is of an earlier day
                self.promises[item.workspace_id].append(
                    Promise(each.person_id, DIGEST, each.nudge_id, live_until=self._kept_until(each)))

    def _kept_until(self, telling: told.Telling) -> datetime:
        person = self.circle.people.get((telling.workspace_id, telling.person_id))
        if person is None:
            return self.now
        return max(self.now, day_ends(self.diary.mornings(person).calendar, telling.day))

    # ---- writing ---------------------------------------------------------------------------------------

    async def write(self) -> int:
        await nudges.move(self.session, self.moved)
        await told.resolve(self.session, self.resolved, self.now)
        await self._ask_others()
        await self._tell()
        return await promise(self.session, self.promises, self.now)

    async def _tell(self) -> None:
        wanted = [
            Nudge(workspace_id=workspace, kind=DIGEST, about=person, day=day,
                  made_at=max(self.now, said[0][1].morning.at))
            for (workspace, person, day), said in self.entries.items()]
        rows: list[dict[str, object]] = []
        adopted: dict[int, int] = {}
        for nudge, _ in await nudges.open_mornings(self.session, wanted):
            said = self.entries[nudge.workspace_id, nudge.about, nudge.day]
            rows += [self._row(nudge, item, entry) for item, entry in said]
            self.promises[nudge.workspace_id].append(self._promise(nudge, said[0][1]))
            if said[0][1].morning.at <= self.now:
                adopted |= self._unseen_before(nudge)
        await told.adopt(self.session, adopted, self.now - CARRIED_OVER)
        await told.write(self.session, rows)

    def _row(self, nudge: Nudge, item: Item, entry: Entry) -> dict[str, object]:
        return {"workspace_id": nudge.workspace_id, "person_id": nudge.about, "item_id": item.id,
                "pilot_id": item.pilot_id, "nudge_id": nudge.id, "step": entry.step.value, "at": self.now,
                "is_copy": entry.is_copy}

    def _promise(self, nudge: Nudge, entry: Entry) -> Promise:
        calendar = self.diary.mornings(entry.person).calendar
        rests_after = calendar.add(nudge.day, 1)  # who acts on it the day after sees that too
        return Promise(nudge.about, DIGEST, nudge.id, live_until=day_ends(calendar, rests_after),
                       not_before=entry.morning.at if entry.morning.at > self.now else None)

    def _unseen_before(self, nudge: Nudge) -> dict[int, int]:
        unseen = self.diary.unseen.get((nudge.workspace_id, nudge.about), [])
        return {each.id: nudge.id for each in unseen if each.day < nudge.day}

    async def _ask_others(self) -> None:
        """What a rung sets off besides a line in a digest: rare, so one at a time."""
        for item, telling in self.tellings:
            ask = self.rules.ask_sponsor if self._asks_sponsor(telling) else None
            late = self.rules.late_briefing if is_briefing(item) else None
            if ask is None and late is None:
                continue
            [(row, pilot)] = await pilots.several_items(self.session, item.workspace_id, [item.id])
            if ask is not None:
                made = await ask(self.session, row, pilot, telling.to.id, self.now)
                self.promises[item.workspace_id] += made or ()
            if late is not None:
                made = await late(self.session, row, pilot, telling.step.value, self.now)
                self.promises[item.workspace_id] += made or ()


async def batch(session: AsyncSession, now: datetime, rules: Rules) -> int | None:
    """Promise what is to be said of one batch of due items; returns how many messages. None: none is due."""
    due = await nudges.due_items(session, now, ITEMS_AT_ONCE)
    if not due:
        return None
    due = await nudges.with_the_rest(session, due, now)
    before = heard.by_item(await told.about(session, due, heard.ASKED_FOR))
    also = {(each.workspace_id, each.person_id) for item in due if not is_open(item)
            for each in before.get(item.id, ())}
    circle = await circle_of(session, due, now, also=also)
    monday = now.date() - timedelta(days=now.weekday() + 1)
    made = await nudges.digests_made(session, circle.people.keys(), monday, (now - CARRIED_OVER).date())
    one = _Batch(session, rules, circle, Diary.of(circle, rules.policies, made))
    for item in due:
        (one.decide if is_open(item) else one.resolve)(item, before.get(item.id, ()))
    return await one.write()
