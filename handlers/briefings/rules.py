"""What holds of a briefing, from values alone: when it begins, who is there, which times will do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from handlers.briefings.slots import DAWN, DUSK, HALF_HOUR, Attendee, find_slots, overlaps
from handlers.chat.errors import Refused
from handlers.people.actions import calendar_of
from handlers.people.calendar import Calendar, valid_zone
from handlers.people.dates import say_date
from handlers.people.roles import Role
from handlers.pilots.rules import BRIEFINGS, WORDS_AT_MOST
from storage.models import Item, ItemState, Person, Pilot, PilotState
from storage.pilots import Dossier

KINDS: Final = {ref: kind for kind, ref in BRIEFINGS.items()}
"""Which briefing an item is, by its ref."""
QUESTIONS: Final = 5
ANSWER_AT_MOST: Final = 500


class Stand(StrEnum):
    """Where a briefing is, for whoever holds it."""

    WITH_ANOTHER = "with another"
    CLOSED = "closed"
    HALTED = "halted"
    SET = "set"                 # for a time ahead
    PASSED = "passed"           # that time is over: was it held?
    UNSET = "unset"


def stand_of(item: Item, pilot: Pilot, reader_id: str, now: datetime) -> Stand:
    if item.state is not ItemState.OPEN:
        return Stand.CLOSED
    if item.owner_id != reader_id:
        return Stand.WITH_ANOTHER
    if pilot.state is not PilotState.ACTIVE:
        return Stand.HALTED
    if item.slot_at is None:
        return Stand.UNSET
    return Stand.SET if item.slot_at + HALF_HOUR > now else Stand.PASSED


def safe_calendar(person: Person) -> Calendar:
    """Their calendar; in UTC where their zone cannot be read."""
    return calendar_of(person) if valid_zone(person.zone) else Calendar("UTC", person.country)


def attendee_of(person: Person) -> Attendee:
    return Attendee(safe_calendar(person), person.away_until)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Who has to be there: the reviewer, who must hear the pilot's case, and the lead, who makes it."""

    item: Item
    reviewer: Person
    lead: Person | None

    @property
    def people(self) -> list[Person]:
        alone = self.lead is None or self.lead.id == self.reviewer.id
        return [self.reviewer] if alone or self.lead is None else [self.reviewer, self.lead]

    @property
    def ids(self) -> set[str]:
        return {person.id for person in self.people}

    def find(self, now: datetime, taken: Sequence[datetime]) -> list[datetime]:
        """Up to three times that suit both; none where no zone is known to tell by."""
        if not all(valid_zone(person.zone) for person in self.people):
            return []
        host, *others = (attendee_of(person) for person in self.people)
        return find_slots(host, others, now, self.item.due_on, taken)

    def still_suits(self, at: datetime, now: datetime, taken: Iterable[datetime]) -> bool:
        """Whether a time that was offered can be had: it lies ahead, both are there, nothing else is then."""
        return (at > now and all(attendee_of(person).is_there(at, DAWN, DUSK) for person in self.people)
                and not any(overlaps(at, other) for other in taken))


def meeting_of(dossier: Dossier, item: Item) -> Meeting | None:
    """None: nobody holds this briefing who could be met."""
    reviewer, lead = dossier.owner(item), dossier.holder(Role.LEAD)
    if reviewer is None or not reviewer.is_active:
        return None
    return Meeting(item, reviewer, lead if lead is not None and lead.is_active else None)


def guests_of(dossier: Dossier, item: Item) -> list[Person]:
    """Who is invited, the reviewer first: they, the lead, and whoever knows what it is for."""
    meeting = meeting_of(dossier, item)
    if meeting is None:
        return []
    product = dossier.holder(Role.PRODUCT)
    guests = [*meeting.people, *([product] if product is not None and product.is_active else [])]
    return list({person.id: person for person in guests}.values())


def is_on(item: Item, pilot: Pilot) -> bool:
    """Whether people are to come: at its time, which may have passed."""
    return item.state is ItemState.OPEN and pilot.state is not PilotState.STOPPED and item.slot_at is not None


def check_time(meeting: Meeting, at: datetime, *, agreed: bool) -> None:
    """Raises Refused where somebody does not work at `at`, unless all agreed on that hour."""
    if agreed:
        return
    for person in meeting.people:
        if why := _why_not(person, at):
            raise Refused(f"{_said(person, at)} does not suit: {why}. Choose a time in the working hours of "
                          "both. If you agreed on just this hour, press Other time and tick that you did.")


def _why_not(person: Person, at: datetime) -> str | None:
    attendee, day = attendee_of(person), safe_calendar(person).today(at)
    if person.away_until is not None and day < person.away_until:
        return f"{person.name} is away until {say_date(person.away_until, day)}"
    if (holiday := attendee.calendar.holiday_name(day)) is not None and not attendee.is_in_on(day):
        return f"it is {holiday} for {person.name}"
    if not attendee.is_in_on(day):
        return f"{person.name} does not work on that day"
    if not attendee.is_there(at, DAWN, DUSK):
        return f"it is {attendee.calendar.local(at):%H:%M} then for {person.name}"
    return None


def check_free(meeting: Meeting, at: datetime, others: Iterable[tuple[Item, Pilot]]) -> None:
    """Raises Refused where one of both is in another meeting then."""
    for other, pilot in others:
        if other.slot_at is not None and overlaps(at, other.slot_at):
            raise Refused(f"{_said(meeting.reviewer, at)} is taken: {other.title} of {pilot.name} is then. "
                          "Choose another time; the card shows times that are free for both.")


def check_news(item: Item, at: datetime, meeting: Meeting) -> None:
    """Raises Refused where it is set for just that time already."""
    if item.slot_at == at:
        raise Refused(f"It is set for {_said(meeting.reviewer, at)} already. Other time moves it.")


def _said(person: Person, at: datetime) -> str:
    local = safe_calendar(person).local(at)
    return f"{say_date(local.date(), local.date())} {local:%H:%M}"


def check_answers(answers: dict[str, str]) -> None:
    """Raises Refused, at its field, where an answer is too long to be read."""
    wrong = {name: f"This has {len(text):,} characters; keep it under {ANSWER_AT_MOST}, or give a link."
             for name, text in answers.items() if len(text) > ANSWER_AT_MOST}
    if wrong:
        raise Refused("Please shorten what is marked.", fields=wrong)


def check_asks(blocking: Sequence[str], other: Sequence[str]) -> None:
    """Raises Refused, at its field, where asks are too long or too many."""
    for name, lines in (("blocking", blocking), ("other", other)):
        if sum(map(len, lines)) > WORDS_AT_MOST:
            raise Refused("That is too much for one list of asks.", fields={
                name: f"Keep it under {WORDS_AT_MOST:,} characters: one short line for each ask."})


def is_stale(slots: Sequence[datetime], meeting: Meeting, now: datetime, taken: Sequence[datetime]) -> bool:
    """Whether other times have to be offered: there are none, or one of them cannot be had any more."""
    return not slots or not all(meeting.still_suits(at, now, taken) for at in slots)


def is_over(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


