"""`/pilot status`: a pilot in twelve lines.

Where and in what state, goal, next gate, who holds the ball, why it is risky, safety facts, empty seats.
"""

from collections.abc import Sequence
from datetime import datetime

from handlers.chat.cards import Bold, Button, Buttons, Card, Line, Mono, Span, Text, line
from handlers.people.dates import say_date
from handlers.people.roles import ROLES, Role
from handlers.pilots import gates, risk, schedule
from handlers.pilots.cadence import planned_for
from handlers.pilots.rules import BRIEFINGS
from handlers.status.cards import (
    View,
    age,
    either,
    gate_words,
    halted,
    is_over_limit,
    risk_words,
    role_title,
    role_word,
    short,
)
from storage.models import Item, ItemState, PilotState, SeatState

GOAL, SLA, OFF_SWITCH = "IN-02", "R-02", "R-05"
LIVE = schedule.STAGES[schedule.STAGES.index("limited_rollout"):]
"""Stages in which people work with it."""
ROWS = 2
"""Rows in full of what blocks; the rest shares one line."""
_REST = 3
READINGS = 3
"""So many failing readings are named."""


def status_card(view: View) -> Card:
    lines = [_state(view), _goal(view), *_gate(view), _risk(view.risk), _people(view), _safety(view),
             _seats(view), *_readings(view)]
    return Card(_where(view), (
        Text(tuple(each for each in lines if each)), Buttons(_buttons(view))))


def _where(view: View) -> str:
    pilot, total = view.pilot, view.risk.total
    number = schedule.number_of(pilot.stage)
    parts = [pilot.name, f"{view.stage_title(pilot.stage)} (stage {number} of {len(schedule.STAGES)})",
             age(pilot, view.reader.today), f"{risk_words(total)}{_trend(total, view.risk_before)}"]
    if pilot.state is not PilotState.ACTIVE:
        parts.insert(1, f"{'⏸' if pilot.state is PilotState.PAUSED else '⏹'} {pilot.state.upper()}")
    return " · ".join(parts)


def _trend(total: int, before: int | None) -> str:
    if before is None:
        return ""
    change = total - before
    if change == 0:
        return " ="
    return f" ▲ +{change}" if change > 0 else f" ▼ −{-change}"


def _state(view: View) -> Line:
    pilot, said = view.pilot, []
    if pilot.state is not PilotState.ACTIVE:
        said.append(halted(pilot, view.reader.today))
    if view.is_stuck():
        said.append(f"■ Stuck: {age(pilot, view.reader.today)}, and {_last_closed(view)}")
    elif is_over_limit(pilot, view.as_of):
        said.append(f"Over its limit, but moving: {_last_closed(view)}")
    if pilot.late_start and pilot.stage in schedule.STAGES[:3]:
        said.append("Late start: dates that had passed when it was registered were moved")
    return line(" · ".join(said)) if said else ()


def _last_closed(view: View) -> str:
    stage = schedule.stage_after(view.pilot.stage)
    closed = [item.closed_at for item in view.dossier.items
              if item.gate == stage and item.state is not ItemState.OPEN and item.closed_at is not None]
    if not closed:
        return "no item of the next gate is closed yet"
    return f"the last item of the next gate was closed {view.reader.day(max(closed))}"


def _goal(view: View) -> Line:
    item = view.dossier.item(GOAL)
    if item is None:
        return ()
    if view.is_open(item):
        return line(Bold("Goal: "), f"not stated yet ({GOAL}, {_who(view, item)}, {_when(view, item)})")
    if item.evidence:
        return line(Bold("Goal: "), short(item.evidence, 200))
    if item.state is ItemState.DONE:
        return line(Bold("Goal: "), f"{GOAL} is done, but nobody wrote the number down")
    return line(Bold("Goal: "), f"{GOAL} is {view.state(item)[2:]}")


def _gate(view: View) -> list[Line]:
    gate = view.gate
    held = _blocking(view, gate)
    if gate is None:
        head = line(Bold("Next gate: "), "none, this is the last stage")
    else:
        head = line(Bold("Next gate: "), f"{gate.title}, {gate_words(gate)}")
    if held:
        rows = [line(f"{number}  ", *_row(view, item)) for number, item in enumerate(held[:ROWS], 1)]
        return [head, line(Bold("Blocking now")), *rows, _rest(view, held[ROWS:])]
    if gate is None:
        return [head]
    if gate.is_open:
        return [head, line(Bold("Blocking now: "), "nothing, the gate is open")]
    # Nothing is late, so the clears come by day.
    return [head, line(Bold("Blocking now: "), "nothing is late. Next: ", *_row(view, gate.clears[0]))]


def _readings(view: View) -> list[Line]:
    """What is not known of it just now, because nobody answers."""
    found = []
    for row in view.failing[:READINGS]:
        since = row.details.get("failing_since")
        when = f" since {view.reader.moment(datetime.fromisoformat(since))}" if since else ""
        found.append(line(f"Reading {row.name} fails{when}: {short(row.error or 'no answer', 120)}"))
    left = len(view.failing) - READINGS
    return [*found, line(f"and {left} more readings fail")] if left > 0 else found


def _blocking(view: View, gate: gates.Gate | None) -> Sequence[Item]:
    """What is late or blocked, the next gate's first, each group most overdue first."""
    of_gate = {item.ref for item in gate.clears} if gate else set()
    held = [item for item in view.dossier.items if not item.is_advice and view.is_open(item)
            and (view.late(item) or view.is_blocked(item))]
    return sorted(held, key=lambda item: (item.ref not in of_gate, -view.late(item), item.position))


def _row(view: View, item: Item) -> Line:
    said = [_when(view, item)]
    if view.is_blocked(item):
        said.append(_in_short(view.blocked(item)))
    elif (planned := planned_for(item, view.reader.today)) is not None:
        said.append(f"plan: {say_date(planned, view.reader.today)}")
    if on_it := view.on_it(item):
        said.append(on_it)
    return line(Bold(f"{item.ref} {short(item.title, 60)}"), f": {view.owner(item)}, {', '.join(said)}")


def _rest(view: View, items: Sequence[Item]) -> Line:
    if not items:
        return ()
    said = [f"{short(item.title, 30)} {_lateness(view, item)}" for item in items[:_REST]]
    if len(items) > _REST:
        said.append(f"{len(items) - _REST} more")
    return line("+  ", " · ".join(said))


def _lateness(view: View, item: Item) -> str:
    late = f"{view.late(item)} wd" if view.late(item) else ""
    return ", ".join(part for part in (late, "blocked" if view.is_blocked(item) else "") if part)


def _when(view: View, item: Item) -> str:
    return _in_short(view.due(item))


def _in_short(words: str) -> str:
    return words.replace(" working days", " wd").replace(" working day", " wd")


def _who(view: View, item: Item) -> str:
    """The name alone, for a line that says the role already or needs none."""
    owner = view.dossier.owner(item)
    if owner is None or (view.public and (view.late(item) or view.is_blocked(item))):
        return role_word(item.role) if owner else f"🔴 nobody yet ({role_word(item.role)})"
    return owner.name


def _risk(found: risk.Risk) -> Line:
    parts = " · ".join(f"{part.title} {part.points}/{part.out_of}" for part in found.parts)
    said = f" (heuristic) = {parts}"
    if found.biggest and found.biggest.points:
        item = found.biggest.item
        said += f". Biggest cut: {item.ref} {short(item.title, 34)} (−{found.biggest.points})"
    return line(Bold(f"Risk {found.total}"), said)


def _people(view: View) -> Line:
    weakest = risk.weakest_role(view.pilot, view.dossier.items, view.as_of)
    weak = f"{role_word(weakest.role)} ({weakest.done:g} of {weakest.total})" if weakest else "none"
    return line(Bold("Weakest role: "), f"{weak} · ", Bold("Ops in team: "), f"{_operations(view)} · ",
                Bold("Last activity: "), view.reader.ago(view.pilot.last_activity_at))


def _operations(view: View) -> str:
    seat, person = view.dossier.seats.get(Role.OPERATIONS), view.dossier.holder(Role.OPERATIONS)
    if seat is None or person is None:
        return "no"
    return (f"yes ({person.name})" if seat.state is SeatState.ACCEPTED
            else f"asked ({person.name}), no answer yet")


def _safety(view: View) -> Line:
    said = [f"{role} {_briefing(view, item)}" for role, ref in BRIEFINGS.items()
            if (item := view.dossier.item(ref))]
    spans: list[Span] = [Bold("Week one: "), " · ".join(said), " · "] if said else []
    spans += [Bold("SLA: "), _settled(view, SLA), " · ", Bold("Off-switch: "), _settled(view, OFF_SWITCH)]
    return line(*spans, *_on_call(view))


def _on_call(view: View) -> Line:
    """Whom an alert wakes; that nobody is set up matters from the rollout on, that nobody answers always."""
    found = view.on_call
    if found is None or (found.rotation is None and view.pilot.stage not in LIVE):
        return ()
    if found.person is None:
        return line(" · ", Bold("On call: "), "🔴 nobody, ", Mono("/oncall"), " says why")
    return line(" · ", Bold("On call: "), found.person.name)


def _briefing(view: View, item: Item) -> str:
    if view.is_open(item):
        if item.slot_at is not None and view.reader.calendar.today(item.slot_at) >= view.as_of:
            return f"✗ on {view.reader.moment(item.slot_at)}"
        return f"✗ {_when(view, item)}"
    return "✓" if item.state is ItemState.DONE else view.state(item)


def _settled(view: View, ref: str) -> str:
    item = view.dossier.item(ref)
    if item is None or view.is_open(item):
        return "not yet"
    return "✓" if item.state is ItemState.DONE else view.state(item)


def _seats(view: View) -> Line:
    """Seats with nobody in them: red, and said."""
    empty = [role_title(role) for role in ROLES if role not in view.dossier.seats]
    gone = [f"🔴 {role_title(role)}: {person.name} has left" for role in ROLES
            if (person := view.dossier.holder(role)) and not person.is_active]
    if len(empty) > 3:
        return line(" · ".join([*gone, f"🔴 Nobody yet ({len(empty)} roles): {either(empty)}"]))
    return line(" · ".join([*gone, *(f"🔴 {title}: nobody yet" for title in empty)])) if gone or empty else ()


def _buttons(view: View) -> tuple[Button, ...]:
    number = view.pilot.id
    shown = [Button("What do I owe?", "mine:"), Button("Open items", f"items:{number}:open")]
    if view.has_runbooks and not view.public:
        shown.append(Button("Ask the runbook", f"rb-ask:{number}",
                            says=f"Ask the runbook of {view.pilot.name}"))
    if not view.public:
        says = f"Share the status of {view.pilot.name} in its channel"
        shown += [Button("Share", f"share:status:{number}", says=says), Button("Refresh", f"status:{number}")]
    return tuple(shown)
