"""What is missing in runbooks, as a list to work through, with the forms that give a gap to somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Element,
    Field,
    Form,
    Heading,
    Line,
    Link,
    Mono,
    Note,
    Option,
    Row,
    Span,
    Text,
    line,
)
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from handlers.runbooks.gap_rules import Gap, Kind
from handlers.runbooks.gap_words import (
    ASIDE,
    OPEN,
    PAGE,
    TITLE,
    WORDS,
    GapList,
    Held,
    closed_line,
    count,
    due_of,
    headline,
    name_of,
    open_item,
    owner_name,
    reasons,
)
from handlers.runbooks.page_lines import short
from storage.models import Item, ItemState, Person, Pilot

NOBODYS: Final = 0
"""In a button's value: of no pilot."""
_PILOTS: Final = 100
"""What a choice of the chat service holds."""
_DUE_IN: Final = 5


def gaps_card(listed: GapList) -> Card:
    """One page, the most harmful first."""
    page = min(max(listed.page, 0), listed.pages - 1)
    elements: list[Element] = []
    if not listed.has_sources:
        elements.append(Text((line("No runbooks are read here yet, so every question and alert is a gap. ",
                                   Mono("/runbook sources"), " says how to add them."),)))
    for at, gap in enumerate(listed.shown[page * PAGE:(page + 1) * PAGE], page * PAGE + 1):
        elements.append(_row(at, gap, listed))
    if listed.which == OPEN and page == listed.pages - 1 and listed.over:
        elements.append(Heading("Closed"))
        elements += [_over(held, listed) for held in listed.over[:PAGE]]
    if not listed.shown and not listed.over and not listed.hidden:
        elements.append(Text((line("Every question of the last 90 days was answered, every alert of the last "
                                   "30 has a runbook, and no page is empty or old."
                                   if listed.which == OPEN else "Nothing is laid aside."),)))
    if buttons := _around(listed, page):
        elements.append(Buttons(tuple(buttons)))
    elements.append(Note(line(_below(listed, page))))
    return Card(_title(listed), tuple(elements))


def _title(listed: GapList) -> str:
    of = f"{listed.pilot.name}: " if listed.pilot is not None else ""
    number = len(listed.shown)
    if listed.which == ASIDE:
        return f"{of}{count(number, 'runbook gap')} laid aside"
    if not number:
        return f"{of}no runbook gap is known"
    free = sum(1 for gap in listed.gaps if open_item(gap, listed) is None)
    left = f"{free:,} with nobody on {'it' if free == 1 else 'them'}" if free else "each with somebody on it"
    return f"{of}{count(number, 'runbook gap')}, {left}"


def _below(listed: GapList, page: int) -> str:
    pages = f"Page {page + 1} of {listed.pages}. " if listed.pages > 1 else ""
    what = ("Ranked by expected harm: how often it is needed, how bad it is then, how likely nothing right "
            "is found.")
    shared = " Gaps of shared runbooks are listed too." if listed.pilot is not None else ""
    hidden = (f" {count(listed.hidden, 'question')} of pilots that you have no part in "
              f"{'is' if listed.hidden == 1 else 'are'} shown to their teams only.") if listed.hidden else ""
    return f"{pages}{what}{shared}{hidden}"


def _around(listed: GapList, page: int) -> list[Button]:
    pilot = listed.pilot.id if listed.pilot is not None else NOBODYS
    found = []
    if page > 0:
        found.append(Button("◀ Back", f"gaps:{pilot}:{page - 1}:{listed.which}"))
    if page + 1 < listed.pages:
        found.append(Button("More ▶", f"gaps:{pilot}:{page + 1}:{listed.which}"))
    if listed.which == ASIDE:
        return [*found, Button("What is open", f"gaps:{pilot}:0:{OPEN}")]
    if listed.aside:
        found.append(Button(f"Laid aside ({len(listed.aside)})", f"gaps:{pilot}:0:{ASIDE}"))
    if listed.pilot is not None:
        found.append(Button("Gaps of all pilots", f"gaps:{NOBODYS}:0:{OPEN}"))
    return found


# ---- one gap -----------------------------------------------------------------------------------------------


def _row(at: int, gap: Gap, listed: GapList) -> Row:
    item = open_item(gap, listed)
    held = listed.held.get(gap.key)
    lines: list[Line] = [line(Bold(f"{at}. {headline(gap)}")), _why(gap, listed)]
    if item is not None:
        lines.append(line(f"▸ {item.ref} is with {owner_name(item, listed)}{due_of(item, listed)}"))
    elif held is not None and held.row.laid_aside:
        lines.append(line(f"Laid aside by {name_of(held.row.by, listed)} on {listed.day(held.row.at)}: "
                          f"{short(held.row.reason or '', WORDS)}"))
    elif held is not None and held.item is not None:
        lines.append(line(f"▸ {held.item.ref} is closed, but this is still so"))
    return Row(tuple(lines), _buttons(gap, item, held, listed))


def _buttons(gap: Gap, item: Item | None, held: Held | None, listed: GapList) -> tuple[Button, ...]:
    words = short(gap.words, 60)
    found = []
    if item is not None:
        found.append(Button(f"Open {item.ref}", f"item:{item.id}"))
    else:
        pilot = listed.pilot.id if listed.pilot is not None else NOBODYS
        found.append(Button("Assign", f"gap-give:{gap.mark}:{pilot}", says=f"Assign: {words}"))
        if held is None or not held.row.laid_aside:
            found.append(Button("Not needed", f"gap-aside:{gap.mark}:{pilot}", says=f"Not needed: {words}"))
    if gap.alert_id is not None:
        found.append(Button("Show the alert", f"run:/alerts show {gap.alert_id}", says=f"Show alert {words}"))
    return tuple(found)


def _why(gap: Gap, listed: GapList) -> Line:
    said: list[Line] = [(each,) for each in reasons(gap, listed)]
    if gap.page is not None:
        named = short(gap.page, WORDS)
        shown: Span = Link(gap.url, named) if gap.url else Mono(named)
        said.append(("closest was ", shown) if gap.kind is Kind.QUESTION else (shown,))
    pilot = listed.pilots.get(gap.pilot_id or 0)
    if listed.pilot is None or gap.pilot_id is None:
        said.append((pilot.name if pilot is not None else "shared",))
    spans: list[Span] = []
    for each in said:
        spans += [" · ", *each] if spans else each
    return tuple(spans)


def _over(held: Held, listed: GapList) -> Row:
    assert held.closed is not None
    at = f" on {listed.day(held.closed.at)}" if held.closed.at is not None else ""
    lines: list[Line] = [line(f"✓ {short(held.row.words, TITLE)}"), closed_line(held.closed, at)]
    item = held.item
    if item is None:
        return Row(tuple(lines))
    if item.state is ItemState.OPEN:
        lines.append(line(f"▸ {item.ref} is still open, with {owner_name(item, listed)}: it can be closed"))
    return Row(tuple(lines), (Button(f"Open {item.ref}", f"item:{item.id}"),))


# ---- forms -------------------------------------------------------------------------------------------------


def give_form(gap: Gap, pilot: Pilot | None, pilots: Sequence[Pilot], owner: Person | None,
              calendar: Calendar, today: date) -> Form:
    """To whom and by when; of a gap that hangs on no pilot, also on which."""
    fields = [
        *_which_pilot(pilot, pilots),
        Field("who", "Who writes it", "person", initial=owner.id if owner is not None else None,
              hint="They get one message about it now, and are reminded as of any item."),
        Field("due", "Due", "date", initial=calendar.add(today, _DUE_IN).isoformat())]
    return Form(f"gap-give:{gap.mark}:{pilot.id if pilot is not None else NOBODYS}", "Assign a runbook gap",
                tuple(fields), "Assign", _about(gap, pilot))


def aside_form(gap: Gap, pilot: Pilot | None, pilots: Sequence[Pilot]) -> Form:
    """Why nothing is to be written."""
    return Form(f"gap-aside:{gap.mark}:{pilot.id if pilot is not None else NOBODYS}", "Not needed", (
        *_which_pilot(pilot, pilots),
        Field("reason", "Why nothing is to be written", "lines", at_most=500,
              hint="It stays in the audit trail; the gap can be taken up again."),),
        "Lay aside", (Text((line(headline(gap)),)),))


def _which_pilot(pilot: Pilot | None, pilots: Sequence[Pilot]) -> list[Field]:
    if pilot is not None:
        return []
    return [Field("pilot", "Pilot", "choice", options=tuple(
        Option(short(each.name, 70), str(each.id)) for each in pilots[:_PILOTS]),
        hint="This belongs to no pilot alone; an item needs one to hang on.")]


def _about(gap: Gap, pilot: Pilot | None) -> tuple[Element, ...]:
    about: list[Element] = [Text((line(headline(gap)),))]
    if pilot is not None:
        about.append(Note(line(f"It becomes an item of {pilot.name}.")))
    return tuple(about)


def given_card(item: Item, to: Person, pilot: Pilot, today: date, *, is_self: bool) -> Card:
    """That it is an item now."""
    due = f", due {say_date(item.due_on, today)}" if item.due_on is not None else ""
    heard = "" if is_self else f" {to.name} hears of it now."
    return Card(f"{item.ref} is with {to.name}{due}", (
        Text((line(item.title), line(f"An item of {pilot.name} like any other.{heard}"))),
        Buttons((Button(f"Open {item.ref}", f"item:{item.id}"),
                 Button("Back to the gaps", f"gaps:{pilot.id}:0:{OPEN}")))))


def aside_card(words: str, pilot: Pilot) -> Card:
    return Card("Laid aside", (
        Text((line(f"“{short(words, TITLE)}” is not listed any more, until somebody takes it up again."),)),
        Buttons((Button("Back to the gaps", f"gaps:{pilot.id}:0:{OPEN}"),
                 Button("What is laid aside", f"gaps:{pilot.id}:0:{ASIDE}")))))
