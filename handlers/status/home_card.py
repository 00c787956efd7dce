"""What waits for one person over all their pilots: the Home tab, and `/pilot` alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Divider,
    Element,
    Heading,
    Line,
    Mono,
    Note,
    Row,
    Text,
    line,
)
from handlers.people.dates import say_date
from handlers.people.permissions import Hat
from handlers.people.roles import ROLES, Role
from handlers.pilots import schedule
from handlers.pilots.cadence import DIGEST_TIME, ask_from, planned_for
from handlers.status.cards import (
    Reader,
    View,
    either,
    is_briefing,
    item_buttons,
    open_item,
    open_pilot,
    role_title,
    short,
    things,
    working_days,
)
from handlers.status.list_cards import pilot_lines
from handlers.status.team_card import seat_buttons
from storage.models import Item, Person, Pilot, Seat, SeatState
from storage.nudging import Decision
from storage.pilots import Dossier

TURN, OTHERS, SEATS, PILOTS = 5, 3, 4, 10
SIGNOFF_AHEAD_WD = 5
IN_CHAT = 2
"""Of seats, blocks and sign-offs `/pilot` shows so many: a message holds less than the Home tab."""
NEWS = timedelta(days=7)
NOTHING = "Nothing needs you today."

Work = Sequence[tuple[Item, Pilot]]


@dataclass(frozen=True, slots=True)
class Desk:
    """All that lies on one person's desk."""

    reader: Reader
    person: Person | None
    owned: Work = ()
    """Their open items that have a date."""
    waited_for: Work = ()
    """Items of others that wait for them."""
    signoffs: Work = ()
    """Open sign-offs of others that need their agreement."""
    seats: Sequence[tuple[Seat, Pilot]] = ()
    """Every seat of theirs, asked or accepted."""
    pilots: Sequence[Pilot] = ()
    decisions: Sequence[tuple[Decision, Item, Pilot]] = ()
    """What they were asked to decide as sponsor, longest first."""
    names: Mapping[str, Person] = field(default_factory=dict)
    has_runbooks: bool = False
    """There is something to ask about."""

    @property
    def turn(self) -> list[tuple[Item, Pilot]]:
        """What is theirs to do now: just what the morning message asks about, most urgent first."""
        today = self.reader.today
        asked = [(item, pilot) for item, pilot in self.owned
                 if (start := ask_from(item, self.reader.calendar)) is not None and start <= today]
        return sorted(asked, key=lambda pair: _urgency(pair[0], pair[1], today))

    @property
    def later(self) -> tuple[Item, Pilot] | None:
        """What comes next, of what is not asked about yet."""
        now = {item.id for item, _ in self.turn}
        rest = [pair for pair in self.owned if pair[0].id not in now and pair[0].blocked_at is None]
        return min(rest, key=lambda pair: (pair[0].plan_on or pair[0].due_on or date.max, pair[0].id),
                   default=None)

    @property
    def blocked(self) -> list[tuple[Item, Pilot]]:
        return [pair for pair in self.owned if pair[0].blocked_at is not None]

    @property
    def asked(self) -> list[tuple[Seat, Pilot]]:
        return [pair for pair in self.seats if pair[0].state is SeatState.ASKED]

    @property
    def count(self) -> int:
        return (len(self.turn) + len(self.waited_for) + len(self.signoffs) + len(self.asked)
                + len(self.decisions))

    def view(self, item: Item, pilot: Pilot) -> View:
        me = {self.person.id: self.person} if self.person else {}
        return View(Dossier(pilot, [item], {}, {**self.names, **me}), self.reader)


def _urgency(item: Item, pilot: Pilot, today: date) -> tuple[bool, bool, date, int, int]:
    """In the order of the morning message: what holds a gate, then what is late, then what is due soonest."""
    holds = (item.gate in schedule.STAGES and not item.is_advice
             and schedule.number_of(item.gate or "") <= schedule.number_of(pilot.stage) + 1)
    due = item.due_on or date.max
    return not holds, due >= today, due, -item.weight, item.id


def home_card(desk: Desk) -> Card:
    """The Home tab."""
    elements: list[Element] = [Text((line(Bold(desk.person.name if desk.person else "You"), _roles(desk)),)),
                               Note(_digest(desk))]
    elements += _decisions(desk)
    elements += _turn(desk, ("plan", "done", "block", "assign"), ("slot", "held", "block", "assign"))
    elements += _asked(desk)
    elements += _waited_for(desk)
    elements += _signoffs(desk)
    elements += _blocked(desk)
    elements += _pilots(desk)
    elements += _news(desk)
    footer = (*([Button("Ask the runbook", "rb-ask:")] if desk.has_runbooks else []),
              Button("All pilots", "list:all:0"), Button("Why do I get messages?", "why:"),
              Button("Help", "help:"))
    return Card(_title(desk), (*elements, Divider(), Buttons(footer)))


def bare_card(desk: Desk) -> Card:
    """`/pilot` alone."""
    elements = [*_decisions(desk), *_turn(desk, ("plan", "done", "block"), ("slot", "held", "block")),
                *_asked(desk, IN_CHAT),
                *_waited_for(desk, IN_CHAT), *_signoffs(desk, IN_CHAT)]
    if not desk.pilots:
        elements.append(Text((line("You have no part in any pilot yet. ", Mono("/pilot new"),
                                   " registers one; ", Mono("/pilot list"), " shows all of them."),)))
    buttons = [Button("Status", f"status:{desk.pilots[0].id}")] if len(desk.pilots) == 1 else []
    if len(desk.pilots) > 1:
        buttons.append(Button("My pilots", "list:mine:0"))
    elements.append(Buttons((*buttons, Button("New pilot", "new:"), Button("Help", "help:"))))
    return Card(_title(desk), tuple(elements))


def _title(desk: Desk) -> str:
    if not desk.count:
        return NOTHING
    return f"{things(desk.count)} {'needs' if desk.count == 1 else 'need'} you today"


def _roles(desk: Desk) -> str:
    """' · Legal and Compliance of Claims triage', ' · Legal of 3 pilots'."""
    held: dict[str, set[str]] = {}
    for seat, pilot in desk.seats:
        if seat.state is SeatState.ACCEPTED:
            held.setdefault(seat.role, set()).add(pilot.name)
    where: dict[str, list[str]] = {}
    for role in (role for role in ROLES if role in held):
        names = held[role]
        of = next(iter(names)) if len(names) == 1 else f"{len(names)} pilots"
        where.setdefault(of, []).append(role_title(role))
    said = [f"{either(titles)} of {short(of, 40)}" for of, titles in where.items()]
    more = f" · and {len(said) - 3} more" if len(said) > 3 else ""
    return f" · {' · '.join(said[:3])}{more}" if said else ""


def _digest(desk: Desk) -> Line:
    until = desk.person.quiet_until if desk.person else None
    if until is not None and until > desk.reader.today:
        return line(f"Quiet until {say_date(until, desk.reader.today)}. ", Mono("/pilot quiet off"),
                    " ends it.")
    return line(f"One message on working mornings, {DIGEST_TIME:%H:%M}, when something of yours is due. ",
                Mono("/pilot quiet until fri"), " pauses it.")


def _section(title: str, rows: Iterable[Element], more: int = 0, less: str = "") -> list[Element]:
    shown = list(rows)
    if not shown:
        return []
    return [Heading(title), *shown, *([Note(line(f"and {more} more{less}"))] if more > 0 else [])]


def _turn(desk: Desk, usual: tuple[str, ...], briefing: tuple[str, ...]) -> list[Element]:
    turn = desk.turn
    if turn:
        rows = [Row(_lines(desk, item, pilot), item_buttons(
            item, pilot, frozenset({Hat.OWNER}), desk.reader.id, is_open=True,
            only=briefing if is_briefing(item) else usual)) for item, pilot in turn[:TURN]]
        return _section("Your turn", rows, len(turn) - TURN, ", less urgent")
    if desk.later is None:
        return []
    item, pilot = desk.later
    planned = planned_for(item, desk.reader.today)
    when = (f"planned for {say_date(planned, desk.reader.today)}" if planned
            else desk.view(item, pilot).due(item))
    what = Bold(f"{item.ref} {short(item.title, 90)}")
    return [Row((line("Next for you: ", what, f" · {pilot.name} · {when}"),), aside=open_item(item))]


def _lines(desk: Desk, item: Item, pilot: Pilot) -> tuple[Line, ...]:
    view = desk.view(item, pilot)
    said = [view.due(item)]
    if item.plan_on is not None:
        said.append(f"you planned {say_date(item.plan_on, desk.reader.today)}")
    if item.gate:
        said.append(f"opens {schedule.title_of(item.gate, pilot.stages)}")
    return line(Bold(short(item.title, 90))), line(f"{item.ref} · {pilot.name} · {', '.join(said)}")


def _asked(desk: Desk, at_most: int = SEATS) -> list[Element]:
    asked = desk.asked
    rows = []
    for seat, pilot in asked[:at_most]:
        role, by = Role(seat.role), desk.names.get(seat.asked_by)
        rows.append(Row((
            line(Bold(f"{role.title} of {pilot.name}"),
                 f" · {by.name if by else 'somebody'} asked you {desk.reader.ago(seat.asked_at)}"),
            line(role.duty)), seat_buttons(pilot.id, role, pilot.name)))
    return _section("You are asked to take", rows, len(asked) - at_most)


def _decisions(desk: Desk) -> list[Element]:
    rows = []
    for decision, item, pilot in desk.decisions[:OTHERS]:
        asked = f"asked {desk.reader.ago(decision.asked_at)}" if decision.asked_at else ""
        rows.append(Row((line(Bold(f"{pilot.name}: {short(item.title, 90)}")),
                         line(" · ".join(part for part in (item.ref, desk.view(item, pilot).due(item), asked)
                                         if part))),
                        aside=Button("Decide", f"decision:{decision.id}",
                                     says=f"Decide about {item.ref} {short(item.title, 50)}")))
    return _section("Decisions for you", rows, len(desk.decisions) - OTHERS)


def _waited_for(desk: Desk, at_most: int = OTHERS) -> list[Element]:
    rows = []
    for item, pilot in desk.waited_for[:at_most]:
        owner = desk.names.get(item.owner_id or "")
        why = f": {short(item.blocked_reason, 120)}" if item.blocked_reason else ""
        rows.append(Row((
            line(Bold(short(item.title, 90)), f" · {pilot.name} · {item.ref}"),
            line(f"{owner.name if owner else 'Its owner'} waits for you{_since(desk, item)}{why}")),
            (Button("It need not wait any more", f"unblock:{item.id}",
                    says=f"{item.ref} need not wait for me any more"), open_item(item))))
    return _section("Others wait for you", rows, len(desk.waited_for) - at_most)


def _since(desk: Desk, item: Item) -> str:
    calendar = desk.reader.calendar
    days = calendar.between(calendar.today(item.blocked_at), desk.reader.today) if item.blocked_at else 0
    return f", {working_days(days)}" if days > 0 else " since today"


def _signoffs(desk: Desk, at_most: int = OTHERS) -> list[Element]:
    rows = [Row((line(Bold(short(item.title, 90))),
                 line(f"{item.ref} · {pilot.name} · {desk.view(item, pilot).due(item)}")),
                aside=open_item(item))
            for item, pilot in desk.signoffs[:at_most]]
    return _section("Waiting for your sign-off", rows, len(desk.signoffs) - at_most)


def _blocked(desk: Desk) -> list[Element]:
    rows = []
    for item, pilot in desk.blocked[:OTHERS]:
        blocker = desk.names.get(item.blocked_by or "")
        who = blocker.name if blocker else short(item.blocked_reason, 120) or "somebody"
        rows.append(Row((
            line(Bold(short(item.title, 90)), f" · {pilot.name} · {item.ref}"),
            line(f"waits for {who}{_since(desk, item)}")),
            aside=Button("Unblocked", f"unblock:{item.id}",
                         says=f"Unblocked: {item.ref} {short(item.title, 50)}")))
    return _section("Waiting on others for you", rows, len(desk.blocked) - OTHERS)


def _pilots(desk: Desk) -> list[Element]:
    rows: list[Element] = [Row(pilot_lines(pilot, desk.reader), aside=open_pilot(pilot))
                           for pilot in desk.pilots[:PILOTS]]
    if not rows:
        rows = [Text((line("You have no part in any pilot yet. Register one, or look at all of them."),))]
    elements = _section("Your pilots", rows, len(desk.pilots) - PILOTS)
    return [*elements, Buttons((Button("New pilot", "new:"),))]


def _news(desk: Desk) -> list[Element]:
    """Gates that the person's pilots passed this week."""
    today, lines = desk.reader.today, []
    for pilot in desk.pilots:
        for stage in schedule.STAGES[1:]:
            day = pilot.entered.get(stage)
            if day and today - NEWS <= date.fromisoformat(day) <= today:
                title = schedule.title_of(stage, pilot.stages)
                lines.append(line(f"✅ {pilot.name} passed the gate to {title} "
                                  f"({say_date(date.fromisoformat(day), today)})"))
    return [Heading("Good news this week"), Text(tuple(lines[:5]))] if lines else []
