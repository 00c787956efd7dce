"""Who has which role in a pilot, the briefings of its week one, and what clears its next gate."""

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Confirm,
    Element,
    Line,
    Mono,
    Note,
    Row,
    Text,
    line,
)
from handlers.people.permissions import Action, Hat, may
from handlers.people.roles import ROLES, Role
from handlers.pilots import gates
from handlers.pilots.hats import hats_of
from handlers.pilots.rules import BRIEFINGS
from handlers.status.cards import (
    View,
    either,
    gate_words,
    halted,
    is_floor,
    item_buttons,
    open_item,
    open_pilot,
    role_title,
    short,
    things,
)
from handlers.status.item_card import approvers, item_lines
from storage.models import Item, ItemKind, PilotState, SeatState

_GATE_ROWS = 12


def team_card(view: View) -> Card:
    """Every role with its person and state, and what this reader may do about it."""
    pilot, dossier = view.pilot, view.dossier
    accepted = sum(seat.state is SeatState.ACCEPTED for seat in dossier.seats.values())
    empty = sum(role not in dossier.seats for role in ROLES)
    said = f"{accepted} of {len(ROLES)} roles accepted"
    if empty:
        said += f", {empty} with nobody"
    elements: list[Element] = []
    for role in ROLES:
        choose, answer = _buttons(view, role)
        elements.append(Row(_role(view, role), buttons=answer, aside=choose))
    stopped = halted(pilot, view.reader.today)
    if stopped:
        elements.append(Note(line(stopped)))
    elements.append(Buttons((open_pilot(pilot, "Status"), Button("Open items", f"items:{pilot.id}:open"))))
    return Card(f"{pilot.name}: {said}", tuple(elements))


def _role(view: View, role: Role) -> tuple[Line, ...]:
    seat, person = view.dossier.seats.get(role), view.dossier.holder(role)
    if seat is None:
        said: Line = line("🔴 ", Bold(role.title), ": nobody yet")
    elif person is None or not person.is_active:
        said = line("🔴 ", Bold(role.title), f": {person.name if person else 'somebody'} has left")
    elif seat.state is SeatState.ACCEPTED:
        when = f" {view.reader.ago(seat.accepted_at)}" if seat.accepted_at else ""
        said = line("✅ ", Bold(role.title), f": {person.name}, accepted{when}")
    else:
        asked = view.reader.ago(seat.asked_at)
        said = line("⏳ ", Bold(role.title), f": {person.name}, asked {asked}, no answer yet")
    still = sum(item.role == role and view.is_open(item) for item in view.dossier.items)
    late = sum(item.role == role and view.late(item) > 0 for item in view.dossier.items)
    return said, line(f"{role.duty} {_open(still, late)}")


def _open(still: int, late: int) -> str:
    if not still:
        return "Nothing open."
    return f"{still} open{f', {late} late' if late else ''}."


def _buttons(view: View, role: Role) -> tuple[Button | None, tuple[Button, ...]]:
    """To choose somebody, beside the role; and to answer, below it."""
    pilot, reader = view.pilot, view.reader
    if pilot.state is not PilotState.ACTIVE or reader.id is None:
        return None, ()
    hats = hats_of(view.dossier, reader.id, is_admin=reader.is_admin, seat=role)
    seat, about = view.dossier.seats.get(role), f"{pilot.id}:{role}"
    choose = None
    if may(Action.SEAT_FILL, hats):
        label = "Change" if seat else "Choose"
        choose = Button(label, f"seat:{about}", says=f"{label} who is {role.title} of {pilot.name}")
    answer: tuple[Button, ...] = ()
    if seat is not None and seat.state is SeatState.ASKED and may(Action.SEAT_ACCEPT, hats):
        answer = seat_buttons(pilot.id, role, pilot.name)
    return choose, answer


def seat_buttons(pilot_id: int, role: Role, pilot: str) -> tuple[Button, ...]:
    return (Button("Accept", f"accept:{pilot_id}:{role}", "primary", says=f"Accept: {role.title} of {pilot}"),
            Button("Not me", f"notme:{pilot_id}:{role}", says=f"Not me: {role.title} of {pilot}"))


def briefings_card(view: View) -> Card:
    """The three meetings of week one: who, when, what came of them."""
    elements: list[Element] = []
    held = total = 0
    for role, ref in BRIEFINGS.items():
        item = view.dossier.item(ref)
        if item is None:
            continue
        total += 1
        held += not view.is_open(item)
        elements.append(Row(_briefing(view, item, role), _briefing_buttons(view, item), open_item(item)))
    if not total:
        return Card(f"{view.pilot.name} has no week-one briefings",
                    (Buttons((open_pilot(view.pilot, "Status"),)),))
    elements.append(Buttons((open_pilot(view.pilot, "Status"), Button("Team", f"team:{view.pilot.id}"))))
    return Card(f"{view.pilot.name}: {held} of {total} week-one briefings settled", tuple(elements))


def _briefing(view: View, item: Item, role: str) -> tuple[Line, ...]:
    said = view.state(item)
    if view.is_open(item):
        slot = f"slot {view.reader.moment(item.slot_at)}" if item.slot_at else "no slot yet"
        said = f"{view.owner(item)} · {slot} · {view.due(item)}"
    asks = [each for each in view.dossier.items if f"briefing:{item.ref}" in each.source]
    lines = [line(Bold(role_title(role)), f" · {item.ref} · {said}")]
    if item.evidence:
        lines.append(line(short(item.evidence, 200)))
    if asks:
        still = [each.ref for each in asks if view.is_open(each)]
        named = f": {', '.join(still)}" if still else ""
        lines.append(line(f"Asked for {things(len(asks))}, {len(still)} still open{named}"))
    return tuple(lines)


def _briefing_buttons(view: View, item: Item) -> tuple[Button, ...]:
    reader = view.reader
    if reader.id is None or not view.is_open(item):
        return ()
    hats = hats_of(view.dossier, reader.id, item, is_admin=reader.is_admin)
    return item_buttons(item, view.pilot, hats, reader.id, is_open=True, only=("slot", "held"))


def gate_card(view: View, hats: frozenset[Hat]) -> Card:
    """What clears the next gate; the way through it, once it is open and for whoever may."""
    pilot, gate = view.pilot, view.gate
    around = (open_pilot(pilot, "Status"), Button("All open items", f"items:{pilot.id}:open"))
    if gate is None:
        return Card(f"{pilot.name} is in its last stage: there is no gate ahead", (Buttons(around),))
    elements: list[Element] = [Text((line(gate_words(gate)),))]
    elements += [Row(_clears(view, item), aside=open_item(item)) for item in gate.clears[:_GATE_ROWS]]
    if len(gate.clears) > _GATE_ROWS:
        elements.append(Buttons((Button(f"{len(gate.clears) - _GATE_ROWS} more", f"items:{pilot.id}:gate"),)))
    passing, said = _passing(view, gate, hats)
    elements += [Text((said,)), Buttons((*passing, *around))]
    still = f"{gate.open} still open" if gate.clears else "nothing holds it"
    return Card(f"{pilot.name}: gate to {gate.title}, {still}", tuple(elements))


def _clears(view: View, item: Item) -> tuple[Line, ...]:
    lines = item_lines(view, item)
    if item.kind is not ItemKind.SIGNOFF:
        return lines
    return (*lines, line(f"Signed by {', '.join(approvers(view, item))}"))


def _passing(view: View, gate: gates.Gate, hats: frozenset[Hat]) -> tuple[tuple[Button, ...], Line]:
    pilot = view.pilot
    stopped = halted(pilot, view.reader.today)
    if stopped:
        return (), line(f"{stopped}. It passes no gate.")
    if not gate.is_open:
        floor = [item.ref for item in gate.clears if is_floor(item)]
        held = f" Safety floor, which only its own role can set aside: {either(floor)}." if floor else ""
        return (), line("Each must be done, not applicable or waived before ", Bold(gate.title),
                        f" can begin.{held}")
    if not may(Action.GATE_PASS, hats):
        who = [person.name for role in (Role.LEAD, Role.SPONSOR) if (person := view.dossier.holder(role))]
        return (), line(f"Ready. {either(who, 'or') or 'The pilot lead'} can pass it with ",
                        Mono("/pilot gate pass"), ".")
    text = (f"{pilot.name} leaves {view.stage_title(pilot.stage)}. The dates of the new stage count from "
            "today, and its channel is told.")
    confirm = Confirm(f"Enter {gate.title}?", text, "Pass the gate")
    says = f"Pass the gate: {pilot.name} enters {gate.title}"
    return ((Button("Pass the gate", f"gatepass:{pilot.id}:{gate.stage_to_enter}", "primary", confirm,
                    says),),
            line("Ready: every item is settled."))
