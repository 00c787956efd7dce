"""Lists: a pilot's items, the workspace's pilots."""

from collections.abc import Callable, Mapping, Sequence

from handlers.chat.cards import Bold, Button, Buttons, Card, Element, Heading, Line, Note, Row, Text, line
from handlers.chat.errors import Refused
from handlers.people.roles import ROLES
from handlers.pilots import schedule
from handlers.pilots.risk import QUIET_WD
from handlers.status.cards import (
    PAGE,
    Reader,
    View,
    halted,
    is_over_limit,
    open_item,
    open_pilot,
    pager,
    pages_of,
    risk_words,
    role_title,
    where,
    working_days,
)
from handlers.status.item_card import item_lines
from storage.models import Item, ItemState, Pilot

Which = Callable[[View, Item], bool]
_FILTERS: Mapping[str, tuple[str, str, Which]] = {
    "open": ("open", "Everything is closed.", lambda view, item: view.is_open(item)),
    "mine": ("open and yours", "You owe nothing here.",
             lambda view, item: view.is_open(item) and item.owner_id == view.reader.id),
    "overdue": ("late", "Nothing is late.", lambda view, item: view.late(item) > 0),
    "blocked": ("blocked", "Nothing is blocked.", lambda view, item: view.is_blocked(item)),
    "all": ("in all", "There are no items.", lambda view, item: True),
}
_OTHERS = {"mine": "Mine", "overdue": "Overdue", "gate": "Next gate", "open": "All open"}
WHICH_ITEMS = (*_FILTERS, "gate", *ROLES)
"""Which items can be asked for."""


def items_card(view: View, which: str, page: int) -> Card:
    """One page of a pilot's items by stage. Raises Refused where `which` is none of `WHICH_ITEMS`."""
    chosen, said, none = _chosen(view, which)
    number, pages = view.pilot.id, pages_of(len(chosen))
    page = min(max(page, 0), pages - 1)
    elements: list[Element] = []
    stage = None
    for item in chosen[page * PAGE:(page + 1) * PAGE]:
        if item.stage != stage:
            stage = item.stage
            elements.append(Heading(view.stage_title(stage)))
        elements.append(Row(item_lines(view, item), aside=open_item(item)))
    if not chosen:
        elements.append(Text((line(none),)))
    others = [Button(label, f"items:{number}:{key}") for key, label in _OTHERS.items() if key != which]
    elements.append(Buttons((*pager(f"items:{number}:{which}", page, pages), *others,
                             open_pilot(view.pilot, "Status"))))
    if pages > 1:
        elements.append(Note(line(f"Page {page + 1} of {pages}")))
    return Card(f"{view.pilot.name}: {said}", tuple(elements))


def _chosen(view: View, which: str) -> tuple[list[Item], str, str]:
    """The items, what to say of how many, and what to say of none."""
    items = view.dossier.items
    if which == "gate":
        gate = view.gate
        if gate is None:
            return [], "no gate is ahead", "This is the last stage."
        clears = {item.ref for item in gate.clears}
        return (_by_stage([item for item in items if item.ref in clears]),
                f"{_count(len(clears))} before {gate.title} can begin",
                f"Nothing holds the gate to {gate.title}.")
    if which in ROLES:
        held = [item for item in items if item.role == which]
        still = [item for item in held if view.is_open(item)]
        closed = sum(item.state in (ItemState.DONE, ItemState.NOT_APPLICABLE) for item in held)
        title = role_title(which)
        return (_by_stage(still), f"{_count(len(still))} open for {title}, {closed} of {len(held)} closed",
                f"Nothing is open for {title}.")
    if which not in _FILTERS:
        raise Refused(f"I cannot list “{which[:40]}”. `/pilot items` takes {', '.join(WHICH_ITEMS)}.")
    word, none, is_wanted = _FILTERS[which]
    chosen = _by_stage([item for item in items if is_wanted(view, item)])
    return chosen, f"{_count(len(chosen))} {word}", none


def _count(number: int) -> str:
    return f"{number or 'no'} {'item' if number == 1 else 'items'}"


def _by_stage(items: Sequence[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (schedule.number_of(item.stage), item.position))


def pilots_card(pilots: Sequence[Pilot], stuck: frozenset[int], reader: Reader, which: str, page: int,
                count: int) -> Card:
    """One page of pilots; `count` is how many there are in all, `stuck` the ids among these that are."""
    pages = pages_of(count)
    elements: list[Element] = [
        Row(pilot_lines(pilot, reader, is_stuck=pilot.id in stuck), aside=open_pilot(pilot))
        for pilot in pilots]
    if which == "stuck":
        elements.append(Note(line("Stuck: over its stage's limit, and no item of the next gate closed in "
                                  f"{working_days(QUIET_WD)}.")))
    others = [Button(key.capitalize(), f"list:{key}:0") for key in ("all", "mine", "stuck") if key != which]
    elements.append(Buttons((*pager(f"list:{which}", page, pages), *others, Button("New pilot", "new:"))))
    if pages > 1:
        elements.append(Note(line(f"Page {page + 1} of {pages}")))
    return Card(_headline(which, count, stuck, pages), tuple(elements))


def _headline(which: str, count: int, stuck: frozenset[int], pages: int) -> str:
    noun = "pilot" if count == 1 else "pilots"
    match which:
        case "all":
            return f"{count} {noun}, riskiest first" if count else "No pilot yet"
        case "mine":
            return (f"{count} {noun} with a part for you, riskiest first" if count
                    else "You have no part in any pilot")
        case "stuck":
            here = " on this page" if pages > 1 else ""
            return (f"{count} {noun} over the stage limit, {len(stuck)} stuck{here}" if count
                    else "No pilot is over its stage limit")
    title = schedule.title_of(which, ())
    return f"{count} {noun} in {title}, riskiest first" if count else f"No pilot is in {title}"


def pilot_lines(pilot: Pilot, reader: Reader, *, is_stuck: bool = False) -> tuple[Line, ...]:
    """A pilot in one line."""
    said = [where(pilot, reader.today)]
    if pilot.risk is not None:
        said.append(risk_words(pilot.risk))
    if is_stuck:
        said.append("■ stuck")
    elif is_over_limit(pilot, reader.today):
        said.append("over its limit")
    stopped = halted(pilot, reader.today)
    if stopped:
        said.append(stopped)
    return (line(Bold(pilot.name), f" · {' · '.join(said)}"),)
