"""What is said of a gap in runbooks, and all that a list of them is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from handlers.chat.cards import Line, Link, Mono, Span, line
from handlers.chat.errors import inside
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from handlers.runbooks.gap_rules import Closed, Gap, Kind
from handlers.runbooks.page_lines import short
from storage.models import Item, ItemState, Person, Pilot
from storage.shelf import RunbookGap

PAGE: Final = 8
"""Gaps on one page: what a message of the chat service holds, and a person reads."""
TITLE, WORDS = 160, 120
OPEN, ASIDE = "open", "aside"
_SEVERITIES: Final = ("critical", "error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Held:
    """A gap that somebody was given, or that was laid aside."""

    row: RunbookGap
    item: Item | None
    closed: Closed | None = None
    """How it ended; None: it is still there."""


@dataclass(frozen=True, slots=True)
class GapList:
    """Everything that is said of gaps on one page."""

    gaps: Sequence[Gap]
    """All of them, the most harmful first, those that were laid aside left out."""
    over: Sequence[Held]
    """Those that were given to somebody and are no more."""
    held: Mapping[str, Held]
    """What was given to somebody or laid aside, by key."""
    aside: Sequence[Gap]
    calendar: Calendar
    """Of whoever looks."""
    now: datetime
    pilot: Pilot | None = None
    """Whose gaps they are, with those of what is shared; None: everybody's."""
    pilots: Mapping[int, Pilot] = field(default_factory=lambda: MappingProxyType({}))
    people: Mapping[str, Person] = field(default_factory=lambda: MappingProxyType({}))
    has_sources: bool = True
    hidden: int = 0
    """Questions of pilots that whoever looks has no part in: what was asked is for their teams."""
    stale_days: int = 180
    page: int = 0
    which: str = OPEN

    @property
    def shown(self) -> Sequence[Gap]:
        return self.aside if self.which == ASIDE else self.gaps

    @property
    def pages(self) -> int:
        return max(-(-len(self.shown) // PAGE), 1)

    def day(self, moment: datetime) -> str:
        return say_date(self.calendar.today(moment), self.calendar.today(self.now))


def headline(gap: Gap) -> str:
    """What is missing, in a line."""
    words = short(gap.words, TITLE)
    match gap.kind:
        case Kind.QUESTION:
            return f"No answer: “{words}”"
        case Kind.ALERT:
            return f"No runbook for the alert {words}"
        case Kind.STUB:
            return f"Not written yet: {words}"
        case Kind.OLD:
            return f"Old: {words}"
        case Kind.SERVICE:
            return f"Names what is gone: {words}"


def reasons(gap: Gap, listed: GapList) -> list[str]:
    """The facts that its rank is made of."""
    last = listed.day(gap.last_at) if gap.last_at is not None else ""
    match gap.kind:
        case Kind.QUESTION:
            said = [f"asked {times(gap.times)} by {people(gap.people)}, last on {last}"]
            if gap.is_written_nowhere:
                said.append("somebody said that nobody wrote this")
            if gap.answered_at is not None:
                said.append(f"answered on {listed.day(gap.answered_at)}, nobody said whether that helped")
            return said
        case Kind.ALERT:
            said = [f"{count(gap.times, 'alert')} in 30 days, last on {last}",
                    f"worst {_SEVERITIES[min(max(gap.rank or 0, 0), 3)]}"]
            if gap.link is not None:
                said.append("its runbook link leads to a page that I do not read")
            return said
        case Kind.SERVICE:
            return [f"its commands name {_gone(gap, listed)}", *_wanted(gap)]
        case Kind.STUB:
            return ["there is a page, but nothing stands on it", *_wanted(gap)]
        case Kind.OLD:
            days = (listed.now - gap.last_at).days if gap.last_at is not None else 0
            return [f"not changed for {days:,} days ({listed.stale_days} are the limit)", *_wanted(gap)]


def _gone(gap: Gap, listed: GapList) -> str:
    last = [(each.name, f"last heard of on {listed.day(each.last_at)}" if each.last_at else "never seen")
            for each in gap.gone[:3]]
    said = [f"{name} ({when})" for name, when in last]
    more = f" and {len(gap.gone) - 3} more" if len(gap.gone) > 3 else ""
    return f"{', '.join(said)}{more}, which no alert speaks of any more"


def _wanted(gap: Gap) -> list[str]:
    return [f"wanted {times(gap.times)} in 90 days"] if gap.times else []


def closed_line(closed: Closed, at: str) -> Line:
    """'answered helpfully on Fri 27 Nov · ops/rollback.md'."""
    if closed.page is None:
        return line(f"{closed.words}{at}")
    named = short(closed.page, WORDS)
    page: Span = Link(closed.url, named) if closed.url else Mono(named)
    return line(f"{closed.words}{at} · ", page)


def item_line(held: Held, calendar: Calendar, now: datetime) -> Line:
    """What the card of its item says of the gap."""
    if held.closed is None:
        return line("still there: ", Mono("/runbook gaps"), " shows it among the others")
    day = say_date(calendar.today(held.closed.at), calendar.today(now)) if held.closed.at else ""
    return line("✓ closed, ", *closed_line(held.closed, f" on {day}" if day else ""))


# ---- what an item is made of -------------------------------------------------------------------------------


def title_of(gap: Gap) -> str:
    """The title of the item that closes it."""
    words = inside(short(gap.words, 120))
    match gap.kind:
        case Kind.QUESTION:
            return f"Write the runbook that answers “{words}”"
        case Kind.ALERT:
            return f"Write the runbook for the alert {words}"
        case Kind.STUB:
            return f"Write the page “{words}”"
        case Kind.OLD:
            return f"Check the page “{words}” and bring it up to date"
        case Kind.SERVICE:
            names = inside(short(", ".join(each.name for each in gap.gone), 50))
            return f"Correct the page “{words}”: it names {names}"


def why_of(gap: Gap, listed: GapList) -> str:
    """Why it is to be done, a sentence."""
    said = "; ".join(reasons(gap, listed))
    return f"{said[:1].upper()}{said[1:]}"


def evidence_of(gap: Gap) -> str:
    return ("Link to the page; for a page that was right already, who checked it and when"
            if gap.kind in (Kind.OLD, Kind.SERVICE) else "Link to the page that answers it")


def weight_of(gap: Gap) -> int:
    """By its harm: 2 to 4 of the 5 that an item may weigh."""
    return 4 if gap.harm >= 8 else 3 if gap.harm >= 3 else 2


# ---- words -------------------------------------------------------------------------------------------------


def open_item(gap: Gap, listed: GapList) -> Item | None:
    held = listed.held.get(gap.key)
    return held.item if held is not None and held.item is not None and (
        held.item.state in (ItemState.OPEN, ItemState.WAIVED)) else None


def owner_name(item: Item, listed: GapList) -> str:
    return name_of(item.owner_id, listed) if item.owner_id else "nobody yet"


def name_of(person: str | None, listed: GapList) -> str:
    found = listed.people.get(person or "")
    return found.name if found is not None else "somebody"


def due_of(item: Item, listed: GapList) -> str:
    today = listed.calendar.today(listed.now)
    return f", due {say_date(item.due_on, today)}" if item.due_on is not None else ""


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def people(number: int) -> str:
    return "one person" if number == 1 else f"{number:,} people"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
