"""An action on one pilot in progress: locked and loaded at its start, settled at its end."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from handlers.chat.errors import Refused, inside
from handlers.chat.ports import CLOCK, Actor
from handlers.ledger import Changed, Entry, Ledger
from handlers.people.actions import People, calendar_of, personal_rooms
from handlers.people.calendar import Calendar
from handlers.people.permissions import Action, check
from handlers.people.roles import Role
from handlers.pilots import aftermath, cadence, risk
from handlers.pilots.hats import OWN_ROLE, hats_of, who_may_instead
from handlers.pilots.rules import SAFETY_FLOOR
from storage import pilots
from storage.models import AuditEntry, Item, ItemState, Person, PilotState, Post
from storage.outbox import Change, Promise
from storage.pilots import Dossier

OWN_MESSAGES = ("blocker", "handed", "offer", "seat-back")
"""Kinds about one audit entry, each a message of its own: edited when what they speak of is changed."""


@dataclass(slots=True)
class Work:
    entry: Entry
    dossier: Dossier
    people: People
    _changed: dict[int, Item] = field(default_factory=dict)
    _acted: set[int] = field(default_factory=set)
    _before: dict[int, "_Before"] = field(default_factory=dict)
    _also_told: set[str] = field(default_factory=set)
    _answered: set[str] = field(default_factory=set)
    _is_recast: bool = False

    def __post_init__(self) -> None:
        self._before = {item.id: _Before.of(item) for item in self.dossier.items if item.id is not None}

    @property
    def pilot_calendar(self) -> Calendar:
        return Calendar(self.dossier.pilot.zone, self.dossier.pilot.country)

    def calendar(self, item: Item) -> Calendar:
        """The owner's calendar, the pilot's where nobody owns it."""
        owner = self.dossier.owner(item)
        return self.pilot_calendar if owner is None else calendar_of(owner)

    def today(self, calendar: Calendar | None = None) -> date:
        return (calendar or self.pilot_calendar).today(self.entry.now)

    def check(self, action: Action, item: Item | None = None, *, seat: str | None = None) -> None:
        """Raises Refused where the actor may not do this here."""
        actor = self.entry.actor
        hats = hats_of(self.dossier, actor.person, item, is_admin=self.people.is_admin(actor.person),
                       is_outsider=actor.is_outsider, seat=seat, action=action,
                       today=self.today(self.calendar(item)) if item is not None else None)
        floor = item is not None and item.ref in SAFETY_FLOOR
        check(action, hats, who_may=who_may_instead(self.dossier, action, item, safety_floor=floor),
              safety_floor=floor)
        if floor and item is not None and action in OWN_ROLE:
            self._check_own_role(item, "waive it" if action is Action.ITEM_WAIVE else "set it aside")

    def _check_own_role(self, item: Item, verb: str) -> None:
        """The safety floor is its own role's to set aside; whoever was handed an item of it only does it."""
        seat, holder = self.dossier.seats.get(item.role), self.dossier.holder(item.role)
        if seat is not None and seat.person_id == self.entry.actor.person:
            return
        ask = f"`/pilot team {item.role} @who` fills that seat."
        if holder is not None and holder.is_active:
            ask = f"Ask {holder.name}."
        raise Refused(f"{item.ref} belongs to the safety floor: only whoever is {Role(item.role).title} here "
                      f"can {verb}, not somebody it was handed to. {ask}")

    def check_running(self) -> None:
        """Raises Refused where the pilot is paused or stopped."""
        pilot = self.dossier.pilot
        why = inside(pilot.state_reason or "")
        if pilot.state is PilotState.PAUSED:
            raise Refused(f"{pilot.name} is paused ({why}). `/pilot resume` starts it again; then this "
                          "works.")
        if pilot.state is PilotState.STOPPED:
            raise Refused(f"{pilot.name} was stopped ({why}). Its record stays readable with "
                          "`/pilot history`, nothing in it changes any more.")

    def change(self, item: Item, *, acted: bool = True) -> None:
        """Say that `item` was changed: its next nudge, its version and all that shows it follow.

        Args:
            acted: somebody did something about it; it did not just follow a seat or a gate.
        """
        self._changed[item.id] = item
        if acted:
            self._acted.add(item.id)
        if item.owner_id:
            self._also_told.add(item.owner_id)

    def recast(self) -> None:
        """Say that who sits where, or whether the pilot runs, was changed."""
        self._is_recast = True

    @property
    def changed(self) -> Collection[Item]:
        return self._changed.values()

    def tell(self, person_id: str) -> None:
        """Bring this person's Home and digest up to date too: they had a part in it until now."""
        self._also_told.add(person_id)

    def answers(self, subject: str) -> None:
        """Messages of their own about `subject`, an item's ref or a role, say what became of it."""
        self._answered.add(subject)

    async def retell(self) -> None:
        """Messages of their own about what was changed, a hand-over, a block or an empty seat, follow it."""
        subjects = self._answered | {item.ref for item in self._changed.values()}
        pilot, session = self.dossier.pilot, self.entry.session
        if not subjects:
            return
        told = await session.scalars(
            select(Post).join(AuditEntry, AuditEntry.id == Post.subject_id)
            .where(Post.workspace_id == pilot.workspace_id, Post.pilot_id == pilot.id,
                   Post.kind.in_(OWN_MESSAGES), AuditEntry.workspace_id == pilot.workspace_id,
                   AuditEntry.subject.in_(sorted(subjects))))
        for post in told:
            self.entry.promise(Promise(post.room, post.kind, post.subject_id, pilot.id, self.entry.now))

    async def follow(self, ledger: Ledger) -> None:
        """Let everything that is arranged around the pilot follow what was changed."""
        changed = Changed(self.dossier, list(self._changed.values()), self._is_recast)
        for follow in ledger.follow:
            await follow(self.entry, changed)

    async def learn(self, person: Person) -> None:
        """Make a person known to the dossier, who was not part of the pilot."""
        self.dossier.people[person.id] = person

    def settle(self) -> None:
        """Bring everything that follows from the change up to date, in the same transaction."""
        pilot, now = self.dossier.pilot, self.entry.now
        for item in self._changed.values():
            item.version += 1
            self._begin_anew(item)
            self.schedule(item)
        if self.entry.actor.person != CLOCK:
            pilot.last_activity_at = now
        involved = self._also_told | {seat.person_id for seat in self.dossier.seats.values()}
        involved |= {item.owner_id for item in self.dossier.items if item.owner_id}
        self.entry.changed(Change(pilot.id, personal_rooms(sorted(involved))))

    def schedule(self, item: Item) -> None:
        """Set when the sweep next looks at `item`."""
        item.next_at = cadence.next_look(
            item, self.calendar(item), self.entry.now,
            is_active_pilot=self.dossier.pilot.state is PilotState.ACTIVE)

    def _begin_anew(self, item: Item) -> None:
        """Another owner or date, reopened, or free to go on: what was said before does not count any more."""
        now, before = self.entry.now, self._before.get(item.id)
        if item.id in self._acted:
            item.active_at = now
        if before is None or item.owner_id != before.owner_id:
            item.owner_since, item.active_at = (now if item.owner_id else None), None
            item.snoozed_until, item.snoozes = None, 0
        if before is not None and item.state is ItemState.OPEN and before.is_over(item):
            item.step = item.step_on = item.snoozed_until = None

    def risk(self) -> int:
        pilot = self.dossier.pilot
        return risk.score(self.dossier.items, pilot.weights, self.today(), self.calendar).total


@dataclass(frozen=True, slots=True)
class _Before:
    """What an item's steps of the nudge policy belong to, as it was when the work began."""

    owner_id: str | None
    due_on: date | None
    is_open: bool
    is_blocked: bool

    @classmethod
    def of(cls, item: Item) -> "_Before":
        return cls(item.owner_id, item.due_on, item.state is ItemState.OPEN, item.blocked_at is not None)

    def is_over(self, item: Item) -> bool:
        """Whether what was said then is about something else now."""
        return (item.owner_id != self.owner_id or item.due_on != self.due_on or not self.is_open
                or (self.is_blocked and item.blocked_at is None))


@asynccontextmanager
async def taken_up(ledger: Ledger, people: People, actor: Actor, pilot_id: int) -> AsyncIterator[Work]:
    """Lock the pilot and load all of it. Raises Refused where there is none, AlreadyDone on a replay."""
    async with ledger.entry(actor) as entry:
        pilot = await pilots.locked(entry.session, actor.workspace, pilot_id)
        if pilot is None:
            raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
        yield Work(entry, await pilots.dossier(entry.session, pilot), people)


@asynccontextmanager
async def work_on(ledger: Ledger, people: People, actor: Actor, pilot_id: int) -> AsyncIterator[Work]:
    """The same to change it: whatever follows from the change is done at the end, in the same commit."""
    async with taken_up(ledger, people, actor, pilot_id) as work:
        before = aftermath.Before.of(work.dossier)
        yield work
        await work.retell()
        await aftermath.follow(work.entry, work.dossier, work.changed, before)
        await work.follow(ledger)
        work.settle()
        await pilots.note_risk(work.entry.session, work.dossier.pilot, work.entry.now, work.risk())


@asynccontextmanager
async def looked_at(ledger: Ledger, people: People, actor: Actor, pilot_id: int) -> AsyncIterator[Work]:
    """The same for a look: nothing is locked, nothing is kept."""
    async with ledger.store.reading() as session:
        pilot = await pilots.one(session, actor.workspace, pilot_id)
        if pilot is None:
            raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
        yield Work(Entry(session, ledger.clock(), actor), await pilots.dossier(session, pilot), people)


async def item_in(work: Work, item_id: int) -> Item:
    """The item of the pilot at work. Raises Refused where it is gone."""
    for item in work.dossier.items:
        if item.id == item_id:
            return item
    raise Refused("That item is gone. `/pilot items` shows those there are.")
