"""What is said about a pilot by itself: kickoff, the ask to take a role, hand-overs, stage changes."""

from datetime import date, datetime

from handlers.chat.cards import Bold, Button, Buttons, Card, Confirm, Element, Line, Mono, Note, Text, line
from handlers.people.actions import calendar_of
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from handlers.people.roles import ROLES, Role
from handlers.pilots import schedule
from storage.models import AuditEntry, Item, ItemState, Pilot, PilotState, Post, SeatState
from storage.pilots import Dossier

ORIGINALLY_ASKED = "asked you to take"


def kickoff_card(dossier: Dossier, now: datetime) -> Card:
    """The one card that opens a pilot in its channel; it shows the roles fill up."""
    pilot = dossier.pilot
    today = Calendar(pilot.zone, pilot.country).today(now)
    asked = sum(1 for seat in dossier.seats.values() if seat.state is SeatState.ASKED)
    elements: list[Element] = [
        Text((line(pilot.purpose),)),
        Text((line("Kickoff ", Bold(say_date(pilot.kickoff_on, today)),
                   f" · {len(dossier.items)} items · next gate: ", Bold(_next_gate(pilot))),)),
        Text(tuple(_role_line(dossier, role) for role in ROLES)),
    ]
    if pilot.late_start:
        elements.append(Note(line("Registered after its kickoff: what was due before today is due in two "
                                  "working days, so that nobody starts with a wall of red.")))
    if asked and pilot.state is PilotState.ACTIVE:
        elements.append(Buttons((Button("Accept my role", f"accept:{pilot.id}:*", "primary"),
                                 Button("Not me", f"notme:{pilot.id}:*"))))
    elements.append(Buttons((Button("Status", f"status:{pilot.id}"),
                             Button("Checklist", f"items:{pilot.id}:open"),
                             Button("Team", f"team:{pilot.id}"))))
    return Card(f"{pilot.name} starts: everyone who can say no is asked in week one", tuple(elements))


def _next_gate(pilot: Pilot) -> str:
    following = schedule.stage_after(pilot.stage)
    return schedule.title_of(following, pilot.stages) if following else "none"


def _role_line(dossier: Dossier, role: Role) -> Line:
    person, seat = dossier.holder(role), dossier.seats.get(role)
    if seat is None:
        return line("🔴 ", Bold(role.title), ": nobody yet")
    name = person.name if person else "somebody unknown"
    if person is not None and not person.is_active:
        return line("🔴 ", Bold(role.title), f": {name} left the workspace, choose somebody else")
    if seat.state is SeatState.ACCEPTED:
        return line("✅ ", Bold(role.title), f": {name}")
    return line("⏳ ", Bold(role.title), f": {name}, asked")


def ask_card(dossier: Dossier, person_id: str, now: datetime, *, was_shown: bool) -> Card | None:
    """One message to one person for all roles they are asked to take in a pilot; None: nothing to ask."""
    pilot, me = dossier.pilot, dossier.people.get(person_id)
    mine = [(role, dossier.seats[role]) for role in ROLES
            if role in dossier.seats and dossier.seats[role].person_id == person_id]
    asked = [role for role, seat in mine if seat.state is SeatState.ASKED]
    taken = [role for role, seat in mine if seat.state is SeatState.ACCEPTED]
    if not mine:
        return Card(f"You have no role in {pilot.name} any more. Thank you.") if was_shown else None
    if me is None or (not asked and not was_shown):
        return None
    if asked and pilot.state is not PilotState.ACTIVE:
        return Card(f"{pilot.name} is {pilot.state}: nothing is asked of you there "
                    f"{'now' if pilot.state is PilotState.PAUSED else 'any more'}.") if was_shown else None
    today = calendar_of(me).today(now)
    elements: list[Element] = []
    if asked:
        elements.append(Text(tuple(line(Bold(role.title), f": {role.duty}") for role in asked)))
    owned = sorted((i for i in dossier.items if i.owner_id == person_id and i.state is ItemState.OPEN
                    and i.due_on is not None), key=lambda i: (i.due_on or today, -i.weight))
    if owned:
        elements.append(Text((line("First for you:"),
                              *(_first(item, today) for item in owned[:3]))))
    if asked:
        elements.append(Buttons((
            Button("Accept", f"accept:{pilot.id}:*", "primary", says=f"Accept your role in {pilot.name}"),
            Button("Not me", f"notme:{pilot.id}:*", says=f"Hand the role in {pilot.name} back to the lead"))))
        by = dossier.people.get(next(seat.asked_by for _, seat in mine))
        elements.append(Note(line(f"{by.name if by else 'The pilot lead'} {ORIGINALLY_ASKED} this. What is "
                                  "due comes in one message on working mornings; ",
                                  Mono("/pilot quiet until fri"), " pauses it.")))
        return Card(f"{_roles(asked)} for {pilot.name}: is that you?", tuple(elements))
    elements.append(Buttons((Button("Open checklist", f"items:{pilot.id}:mine"),
                             Button("Status", f"status:{pilot.id}"))))
    return Card(f"You are {_roles(taken)} of {pilot.name}. Thank you.", tuple(elements))


def _first(item: Item, today: date) -> Line:
    """With the date itself: the message stays, and what was "tomorrow" is not for long."""
    assert item.due_on is not None
    return line("• ", Bold(item.title), f", due {say_date(item.due_on, today)}")


def _roles(roles: list[Role]) -> str:
    titles = [role.title for role in roles]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def seat_back_card(dossier: Dossier, entry: AuditEntry) -> Card | None:
    """To the lead: a role was handed back. Once the seat is filled again it says so."""
    pilot, role = dossier.pilot, Role(entry.subject)
    who = dossier.people.get(entry.actor)
    name = who.name if who else "The person asked"
    if dossier.seats.get(role):
        holder = dossier.holder(role)
        return Card(f"{role.title} of {pilot.name} is filled again: {holder.name if holder else 'somebody'}.")
    if pilot.state is PilotState.STOPPED:
        return None
    return Card(f"{name} is not the right person for {role.title} of {pilot.name}", (
        Text((line(role.duty),)),
        Buttons((Button("Choose somebody", f"seat:{pilot.id}:{role.value}", "primary"),
                 Button("Team", f"team:{pilot.id}"))),
        Note(line("You get this because you lead this pilot. Its items wait without an owner until then."))))


def _item(dossier: Dossier, entry: AuditEntry) -> Item | None:
    return dossier.item(entry.subject)


def blocker_card(dossier: Dossier, entry: AuditEntry, person_id: str, now: datetime) -> Card | None:
    """To whoever holds something up: what waits, for whom, what it opens."""
    item, who = _item(dossier, entry), dossier.people.get(entry.actor)
    if item is None:
        return None
    name = who.name if who else "Somebody"
    if item.state is not ItemState.OPEN or item.blocked_by != person_id:
        return Card(f"No longer waiting for you: {item.title} ({dossier.pilot.name}). Thank you.")
    lines = [line("Waiting: ", Bold(item.title), f" of {dossier.pilot.name} ({item.ref})")]
    if item.blocked_reason:
        lines.append(line("Why: ", item.blocked_reason))
    if item.gate:
        opens = schedule.title_of(item.gate, dossier.pilot.stages)
        lines.append(line(f"It has to be done before the gate to {opens} opens."))
    return Card(f"{name} says this waits for you", (
        Text(tuple(lines)),
        Buttons((Button("It need not wait any more", f"unblock:{item.id}", "primary"),
                 Button("Open", f"item:{item.id}"))),
        Note(line("You get this once, because you were named as what it waits for."))))


def handed_card(dossier: Dossier, entry: AuditEntry, person_id: str, now: datetime) -> Card | None:
    """To the new owner of one item."""
    item, who, me = _item(dossier, entry), dossier.people.get(entry.actor), dossier.people.get(person_id)
    if item is None or me is None:
        return None
    name = who.name if who else "Somebody"
    if item.state is not ItemState.OPEN:
        return Card(f"Done: {item.title} ({dossier.pilot.name}). Thank you.")
    if item.owner_id != person_id:
        return Card(f"{item.title} ({dossier.pilot.name}) is with somebody else now.")
    due = "" if item.due_on is None else f" Due {say_date(item.due_on, calendar_of(me).today(now))}."
    opens = f" It opens {schedule.title_of(item.gate, dossier.pilot.stages)}." if item.gate else ""
    return Card(f"{name} handed you {item.title} for {dossier.pilot.name}", (
        Text((line(f"{item.why}.{due}{opens}"), line("Wanted as evidence: ", item.evidence_wanted))),
        Buttons((Button("When?", f"plan:{item.id}", "primary"), Button("Done", f"done:{item.id}"),
                 Button("Hand over", f"assign:{item.id}"))),
        Note(line("You get this once. From then on it is in your morning message until it is done."))))


def stage_card(dossier: Dossier, entry: AuditEntry) -> Card:
    """To the channel: a gate was passed, the pilot was paused, resumed or stopped."""
    pilot = dossier.pilot
    who = dossier.people.get(entry.actor)
    name = who.name if who else "Ground Crew"
    reason = str(entry.after.get("reason") or "")
    buttons = Buttons((Button("Status", f"status:{pilot.id}"), Button("Checklist", f"items:{pilot.id}:open")))
    match entry.what:
        case "gate passed":
            title = schedule.title_of(entry.subject, pilot.stages)
            exit_line = next((str(row["exit"]) for row in pilot.stages if row["id"] == entry.subject), "")
            return Card(f"{pilot.name} passed the gate to {title}", (
                Text((line(f"Opened by {name}. This stage ends when: ", Bold(exit_line), "."),)), buttons))
        case "pilot paused":
            return Card(f"{pilot.name} is paused", (
                Text((line(f"By {name}: {reason}"),
                      line("No nudges until ", Mono("/pilot resume"),
                           "; open dates move by as many working days."))),))
        case "pilot resumed":
            moved = entry.after.get("dates_moved_wd") or 0
            moved_line = f"Open dates moved by {moved} working days." if moved else "Dates stay as they were."
            return Card(f"{pilot.name} goes on", (Text((line(f"Resumed by {name}. {moved_line}"),)), buttons))
    return Card(f"{pilot.name} was stopped", (
        Text((line(f"By {name}: {reason}"),
              line("A decision to stop is a good outcome too. The record stays in ",
                   Mono("/pilot history"), "."))),))


def undelivered_card(pilot: Pilot | None, lost: Post) -> Card:
    """To whoever registered the pilot: the channel does not show what it should, and what to do."""
    name = pilot.name if pilot else "your pilot"
    where = f"#{pilot.room_name}" if pilot and lost.room == pilot.room else "a direct message"
    why = {"not_in_channel": f"I am not in {where}. Type /invite @Ground Crew there.",
           "channel_not_found": f"I cannot see {where}. If it is private, type /invite @Ground Crew there.",
           "is_archived": f"{where} is archived. Unarchive it, or stop the pilot and register it in another "
                          "channel.",
           "in_doubt": f"Slack did not answer when I posted in {where}, and I may not look there whether it "
                       "arrived. Please look; if it is there, leave this as it is.",
           }.get(lost.last_error or "", f"Slack answered {lost.last_error}.")
    return Card(f"I could not post about {name} in {where}", (
        Text((line(why), line("Then press the button and I will post it."))),
        Buttons((Button("Try again", f"resend:{lost.id}", "primary",
                        confirm=Confirm("Post it now?", "I will try once more right away.", "Try again")),))))
