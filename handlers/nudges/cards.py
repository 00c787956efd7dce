"""What a digest looks like: one row for each thing to do, in the words of its step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from handlers.chat.cards import Bold, Button, Card, Element, Line, Mono, Note, Row, Text, line
from handlers.chat.wording import Words
from handlers.nudges import asks
from handlers.nudges.matter import Matter
from handlers.nudges.mornings import WEEKLY, Mornings
from handlers.nudges.policy import LADDER, Step
from handlers.nudges.rules import Digest, Point
from handlers.nudges.said import People, capped, item_button, settled, when
from handlers.people.calendar import Calendar
from handlers.pilots.schedule import title_of
from storage.models import Person

NEVER_LEFT_OUT = frozenset({Step.WARN, Step.STAND_IN, *LADDER})
"""Steps that what comes next counts on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Whoever reads it, and what they read it with."""

    person: Person
    mornings: Mornings
    matters: Mapping[int, Matter]
    people: People
    words: Words
    left_at_gates: Mapping[tuple[int, str], int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.mornings.now

    @property
    def calendar(self) -> Calendar:
        return self.mornings.calendar

    @property
    def today(self) -> date:
        return self.mornings.today


def digest_card(digest: Digest, reading: Reading) -> Card:
    """What waits for a person, to be planned, done or passed on; then what they are only told."""
    words = reading.words
    rows, lines, more = _parted(digest.todo, reading.mornings.policy.digest_items)
    elements: list[Element] = [_row(point, reading) for point in rows]
    elements += [Text(_lines(point, reading)) for point in lines]
    if more:
        elements.append(Row((line(words.text("and {number} more", number=more)),),
                            aside=Button(words.text("Show all"), "mine:")))
    # Whoever was told that something is late hears its end for certain.
    if digest.ended:
        elements.append(Text(tuple(_ended(point, reading) for point in digest.ended)))
    told = asks.copies(digest.copies, reading.matters, reading.today, words)
    told += [settled(point.item, point.pilot, reading.calendar, reading.people, reading.now,
                     reader=reading.person, words=words) for point in digest.settled]
    if told:
        elements.append(Text(capped(told, words)))
    elements.append(Note(_why(reading)))
    return Card(_title(digest, reading), tuple(elements))


def _title(digest: Digest, reading: Reading) -> str:
    words = reading.words
    if digest.todo:
        first = digest.todo[0]
        return words.count(
            "This waits for you: {item} ({pilot}), {when}",
            "{number} things wait for you, first: {item} ({pilot}), {when}", len(digest.todo),
            item=first.item.title, pilot=first.pilot.name,
            when=when(first.item, reading.today, reading.calendar, words))
    if digest.copies:
        return words.text("Nothing waits for you; I told others about something of yours")
    if digest.ended:
        return words.text("Done: {item} ({pilot})", item=digest.ended[0].item.title,
                          pilot=digest.ended[0].pilot.name)
    return words.text("Nothing from this morning waits for you any more")


def _parted(todo: Sequence[Point], shown: int) -> tuple[list[Point], list[Point], int]:
    """What gets a row with buttons, what stands below them in words alone, and how many more there are.

    A warning and what tells of somebody's delay come first and are never left out: the next step counts on
    their having been read.
    """
    must = [point for point in todo if point.step in NEVER_LEFT_OUT]
    rest = [point for point in todo if point.step not in NEVER_LEFT_OUT]
    rows = (must + rest)[:shown]
    rows.sort(key=todo.index)
    return rows, must[shown:], len(todo) - len(rows) - len(must[shown:])


def _row(point: Point, reading: Reading) -> Row:
    return Row(_lines(point, reading), buttons=_buttons(point, reading.matters[point.item.id], reading))


def _lines(point: Point, reading: Reading) -> tuple[Line, ...]:
    item, pilot = point.item, point.pilot
    return (line(Bold(item.title), f" · {pilot.name} · {item.ref}"),
            *asks.lines(point, reading.matters[item.id], reading.person, reading.people, reading.mornings,
                        reading.words))


def _buttons(point: Point, matter: Matter, reading: Reading) -> tuple[Button, ...]:
    item, words = point.item, reading.words
    done, date_ = item_button(words.text("Done"), "done", item), item_button(words.text("Date"), "plan", item)
    blocked = item_button(words.text("Blocked"), "block", item)
    hand_over = item_button(words.text("Hand over"), "assign", item)
    later = item_button(words.text("Later"), "snooze", item)
    if item.blocked_by == reading.person.id:
        return item_button(words.text("Not blocked any more"), "unblock", item), later
    match point.step:
        case Step.LEAD | Step.HEAD | Step.SPONSOR:
            return (item_button(words.text("Offer help"), "offer", item),
                    item_button(words.text("Reassign"), "assign", item),
                    item_button(words.text("Wait until…"), "plan", item))
        case Step.STAND_IN:
            return (item_button(words.text("Reassign"), "assign", item),)
        case Step.HELD:
            return (item_button(words.text("Held"), "held", item),
                    item_button(words.text("Record slot"), "slot", item), hand_over)
    if matter.is_briefing:
        return (item_button(words.text("Pick a slot"), "times", item),
                item_button(words.text("Held"), "held", item), hand_over)
    return date_, done, blocked, hand_over, later


def _ended(point: Point, reading: Reading) -> Line:
    """To whoever had been told that it is late: how it ended, and what is left."""
    words, item = reading.words, point.item
    end = settled(item, point.pilot, reading.calendar, reading.people, reading.now, reader=reading.person,
                  words=words)
    left = reading.left_at_gates.get((item.pilot_id, item.gate or ""), 0)
    if item.gate is None or item.is_advice:
        return (*end, ". ", words.text("Thank you."))
    gate = title_of(item.gate, point.pilot.stages)
    rest = (words.count("The gate to {gate} has {number} item left.", "The gate to {gate} has {number} items "
                        "left.", left, gate=gate) if left
            else words.text("Nothing holds the gate to {gate} any more.", gate=gate))
    return (*end, ". ", rest, " ", words.text("Thank you."))


def _why(reading: Reading) -> Line:
    """Why it came, and how to quiet it."""
    words, at = reading.words, f"{reading.mornings.policy.digest_at:%H:%M}"
    why, quiet = Mono("/pilot why"), Mono("/pilot quiet until DATE")
    if reading.person.digest == WEEKLY:
        return words.spans(
            "This comes once a week at {time}, in between only where something cannot wait. {why} says more; "
            "{daily} brings it each working day, {quiet} holds it back.",
            time=at, why=why, daily=Mono("/pilot digest daily"), quiet=quiet)
    return words.spans(
        "This comes on working days at {time} when there is news about something of yours. {why} says more; "
        "{weekly} brings it once a week, {quiet} holds it back.",
        time=at, why=why, weekly=Mono("/pilot digest weekly"), quiet=quiet)
