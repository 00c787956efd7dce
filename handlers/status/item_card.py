"""One item, with its last changes and what the reader may do with it."""

from collections.abc import Sequence

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Element,
    Facts,
    Heading,
    Line,
    Link,
    Mono,
    Note,
    Span,
    Text,
    line,
    prose,
)
from handlers.people.dates import say_date
from handlers.people.permissions import Hat
from handlers.pilots.answering import Answers
from handlers.pilots.cadence import planned_for
from handlers.status.cards import (
    View,
    halted,
    is_floor,
    item_buttons,
    open_pilot,
    role_title,
    role_word,
    short,
)
from handlers.status.history_card import changed
from storage.models import AuditEntry, Item, ItemKind, ItemState

_KINDS = {ItemKind.TASK: "Task", ItemKind.MEETING: "Meeting", ItemKind.SIGNOFF: "Sign-off",
          ItemKind.MEASURE: "Measurement"}


def item_card(view: View, item: Item, history: Sequence[AuditEntry], hats: frozenset[Hat],
              gap: Line | None = None, answers: Answers | None = None) -> Card:
    """The item; `history` is its last changes, newest first.

    Args:
        gap: what is said of the gap in the runbooks that it is to close.
        answers: what the runbooks say to the questions that it wants answered.
    """
    pilot, is_open = view.pilot, view.is_open(item)
    elements: list[Element] = [
        Text((line(Bold(_headline(view, item))),)),
        Facts((*_facts(view, item), *([("Runbook gap", gap)] if gap is not None else []))),
    ]
    if answers is not None:
        elements += _answers(item, answers)
    if history:
        elements += [Heading("Last changes"), Text(tuple(
            changed(entry, view.dossier.people, view.reader, pilot) for entry in history[:3]))]
    why_not = halted(pilot, view.reader.today)
    if why_not:
        elements.append(Note(line(f"{why_not}. Nothing in it can be changed now.")))
    buttons = item_buttons(item, pilot, hats, view.reader.id, is_open=is_open)
    around = (Button("All open items", f"items:{pilot.id}:open"), open_pilot(pilot, "Status"))
    if buttons:
        elements.append(Buttons(buttons))
    elements.append(Buttons(around))
    if item.source:
        elements.append(Note(line(f"Version {item.version} · from {', '.join(item.source)}")))
    return Card(f"{item.ref} · {item.title}", tuple(elements))


def _answers(item: Item, answers: Answers) -> list[Element]:
    """What the runbooks must answer, and whether they do."""
    if answers.wait:
        return [Text((line(Bold("The runbooks must answer, before it can be closed")),
                      *(line(f"– {each}") for each in item.answers or ()), prose(answers.wait)))]
    if not answers.has_sources:
        return [Text((line(Bold("The runbooks are to answer")),
                      *(line(f"– {each}") for each in item.answers or ()),
                      line("No runbooks are read for this pilot, so nothing is asked of them yet: ",
                           Mono("/runbook sources"), " says how to add them."),))]
    lines: list[Line] = [line(Bold("The runbooks must answer, before it can be closed"))]
    for each in answers.answers:
        if each.page is None:
            lines.append(line(f"○ {each.question} ", Bold("Nothing answers it yet.")))
        else:
            page: Span = Link(each.url, each.page) if each.url else Mono(each.page)
            lines.append(line(f"✓ {each.question} ", page))
    if answers.missing and answers.unread:
        lines.append(prose(answers.why_not))
    if answers.missing:
        lines.append(line("Write it down, then ", Mono("/runbook refresh"), "; or ask it in the pilot's "
                          "channel and press Helpful, where a page says it already."))
    return [Text(tuple(lines))]


def _headline(view: View, item: Item) -> str:
    """State and day in one: '▲ 3 working days late', '○ open, due Fri 27 Nov', '✓ done'."""
    if not view.is_open(item):
        return view.state(item)
    if view.is_blocked(item):
        return f"■ blocked, {view.due(item)}"
    return f"▲ {view.due(item)}" if view.late(item) else f"{view.state(item)}, {view.due(item)}"


def _facts(view: View, item: Item) -> list[tuple[str, Line]]:
    minutes = f", {item.minutes} minutes" if item.minutes else ""
    repeats = f", repeats every {_every(item.repeat)}" if item.repeat else ""
    facts = [("Pilot", line(f"{view.pilot.name}, {view.stage_title(item.stage)}")),
             ("Kind", line(f"{_KINDS[item.kind]}{minutes}{repeats}")),
             ("Why", line(item.why)),
             ("Evidence wanted", line(item.evidence_wanted)),
             ("Owner", line(_owner(view, item)))]
    if on_it := view.on_it(item):
        facts.append(("On it", line(on_it)))
    if item.due_on is not None:
        facts.append(("Due", line(say_date(item.due_on, view.reader.today))))
    if item.slot_at is not None:
        facts.append(("Slot", line(view.reader.moment(item.slot_at))))
    elif view.is_open(item) and (planned := planned_for(item, view.reader.today)) is not None:
        facts.append(("Planned for", line(say_date(planned, view.reader.today))))
    facts.append(("Gate", line(_gate(view, item))))
    if item.approvers:
        facts.append(("Signed by", line(", ".join(approvers(view, item)))))
    if view.is_blocked(item):
        how = view.blocked(item).removeprefix("blocked").lstrip(": ")
        facts.append(("Blocked", line(how or "since today")))
    if item.state is ItemState.DONE:
        facts.append(("Evidence", line(item.evidence or "none, so it counts half")))
    if item.state is ItemState.NOT_APPLICABLE:
        facts.append(("Not applicable because", line(item.na_reason or "no reason was given")))
    if item.closed_at is not None and item.state is not ItemState.OPEN:
        facts.append(("Closed", line(f"{view.reader.moment(item.closed_at)} by {view.name(item.closed_by)}")))
    return facts


def _owner(view: View, item: Item) -> str:
    alone = ", handed over for this item" if item.is_handed_over and item.owner_id else ""
    return f"{view.owner(item)}{alone}"


def _gate(view: View, item: Item) -> str:
    if item.is_advice:
        return "none: advice only, its rule applies to later go-lives"
    said = f"{view.stage_title(item.gate)} cannot begin without it" if item.gate else "holds no gate"
    return f"{said}. Safety floor: only its own role can set it aside" if is_floor(item) else said


def approvers(view: View, item: Item) -> list[str]:
    """'Operations: Ana Ruiz', for each role that has to agree."""
    names = []
    for role in item.approvers:
        person = view.dossier.holder(role)
        names.append(f"{role_title(role)}: {person.name}" if person else f"🔴 {role_title(role)}: nobody yet")
    return names


def _every(repeat: str) -> str:
    number, unit = repeat[:-2], repeat[-2:]
    word = {"wd": "working day", "mo": "month"}.get(unit, unit)
    return word if number == "1" else f"{number} {word}s"


def item_lines(view: View, item: Item) -> tuple[Line, ...]:
    """An item in a list: what it is, who has it, when, and what has become of it."""
    said = [view.owner(item), view.due(item)]
    if not view.is_open(item) or view.is_blocked(item):
        said.append(view.state(item))
    elif (planned := planned_for(item, view.reader.today)) is not None:
        said.append(f"plan: {say_date(planned, view.reader.today)}")
    if on_it := view.on_it(item):
        said.append(on_it)
    if item.kind is ItemKind.SIGNOFF and view.is_open(item):
        said.append(f"sign-off by {', '.join(role_word(role) for role in item.approvers) or 'its owner'}")
    if is_floor(item):
        said.append("safety floor")
    if item.is_advice:
        said.append("advice")
    return line(Bold(f"{item.ref} {short(item.title, 100)}")), line(" · ".join(said))
