"""What answers what was typed, pressed or filled in: the shape of a feature's tables, and its tools."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from handlers.alerts.actions import Alerts
from handlers.alerts.drift_actions import DriftActions
from handlers.alerts.lists import AlertLists
from handlers.alerts.reports import Reports
from handlers.alerts.runbooks import AlertRunbooks
from handlers.alerts.silences import Silences
from handlers.briefings.actions import Briefings
from handlers.chat.cards import Card, Values
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor, Clock
from handlers.commands import forms
from handlers.commands.find import Finder, again
from handlers.commands.reply import Reply
from handlers.commands.verbs import Parsed
from handlers.nudges.channel_settings import ChannelSettings
from handlers.nudges.decisions import Decisions
from handlers.nudges.self_check import SelfChecks
from handlers.nudges.snoozing import Snoozes
from handlers.oncall.boards import OnCallDesk
from handlers.outbox.actions import Outbox
from handlers.people.actions import People, calendar_of
from handlers.people.calendar import Calendar
from handlers.people.heads import Heads
from handlers.pilots.create import Creation
from handlers.pilots.habits import Habits
from handlers.pilots.items import Items
from handlers.pilots.on_it import OnIt
from handlers.pilots.seats import Seats
from handlers.pilots.stages import Stages
from handlers.runbooks.asking import Asking
from handlers.runbooks.gaps import Gaps
from handlers.runbooks.listing import Listing as RunbookSources
from handlers.status.actions import Status
from storage.models import Person


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that was typed, with who typed it."""

    actor: Actor
    parsed: Parsed
    person: Person
    calendar: Calendar
    now: datetime

    @property
    def today(self) -> date:
        return self.calendar.today(self.now)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button, with what its value says behind the verb; whoever reads `args` may raise ValueError."""

    actor: Actor
    args: list[str]
    person: Person


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was submitted, with what its name says behind the verb."""

    actor: Actor
    args: list[str]
    values: Values
    person: Person

    @property
    def calendar(self) -> Calendar:
        return calendar_of(self.person)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the answers work with, and the cards that several of them end in."""

    clock: Clock
    people: People
    finder: Finder
    creation: Creation
    items: Items
    briefings: Briefings
    seats: Seats
    stages: Stages
    status: Status
    outbox: Outbox
    habits: Habits
    snoozes: Snoozes
    on_it: OnIt
    channel: ChannelSettings
    decisions: Decisions
    heads: Heads
    self_checks: SelfChecks
    alerts: Alerts
    silences: Silences
    oncall: OnCallDesk
    alert_lists: AlertLists
    alert_reports: Reports
    drift: DriftActions
    gaps: Gaps
    runbooks: Asking
    alert_runbooks: AlertRunbooks
    runbook_sources: RunbookSources

    async def status_card(self, actor: Actor, pilot_id: int) -> Card:
        return await self.status.status(actor.workspace, pilot_id, actor.person)

    async def item_card(self, actor: Actor, item_id: int) -> Card:
        return await self.status.item(actor.workspace, item_id, actor.person,
                                      is_admin=self.people.is_admin(actor.person))

    async def team_card(self, actor: Actor, pilot_id: int) -> Card:
        return await self.status.team(actor.workspace, pilot_id, actor.person,
                                      is_admin=self.people.is_admin(actor.person))

    async def gate_card(self, actor: Actor, pilot_id: int) -> Card:
        return await self.status.gate(actor.workspace, pilot_id, actor.person,
                                      is_admin=self.people.is_admin(actor.person))

    async def named(self, asked: Typed, *, pilot: int | None = None, item: int | None = None) -> Person:
        """The person named. Raises Refused, with the same line for each whom the name could mean."""
        try:
            return await self.people.find(asked.actor.workspace, asked.parsed.person or "")
        except Refused as refusal:
            raise Refused(str(refusal), choices=tuple(
                (name, again(replace(asked.parsed, person=mention), pilot=pilot, item=item))
                for name, mention in refusal.choices)) from refusal

    async def picked(self, filled: Filled) -> Person:
        """The person in the form's field `who`. Raises Refused at that field."""
        with wrong_at("who"):
            return await self.people.known(filled.actor.workspace, forms.text_of(filled.values, "who"))


@contextmanager
def wrong_at(name: str) -> Iterator[None]:
    """A refusal stands at this field of the form, unless it says itself which one is wrong."""
    try:
        yield
    except Refused as refusal:
        raise Refused(str(refusal), fields=refusal.fields or {name: str(refusal)}) from refusal


TypedAnswer = Callable[[Tools, Typed], Awaitable[Reply]]
PressedAnswer = Callable[[Tools, Pressed], Awaitable[Reply]]
FilledAnswer = Callable[[Tools, Filled], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Answers:
    """The tables of one feature.

    Attributes:
        typed: by the line a verb begins with, `/pilot done`; it is declared in `verbs.py`.
        pressed: by what stands before the first colon of a button's value.
        filled: by what stands before the first colon of a form's action.
    """

    typed: Mapping[str, TypedAnswer] = field(default_factory=dict)
    pressed: Mapping[str, PressedAnswer] = field(default_factory=dict)
    filled: Mapping[str, FilledAnswer] = field(default_factory=dict)
