"""What is said about a pilot by itself: kickoff, the ask to take a role, hand-overs, stage changes."""

from datetime import date, datetime

from handlers.chat.cards import Bold, Button, Buttons, Card, Confirm, Element, Line, Mono, Note, Text, line
from handlers.chat.wording import Words
from handlers.people.actions import calendar_of
from handlers.people.calendar import Calendar
from handlers.people.roles import ROLES, Role
from handlers.pilots import schedule
from storage.models import DROPPED, AuditEntry, Item, ItemState, Pilot, PilotState, Post, SeatState
from storage.pilots import Dossier


def kickoff_card(dossier: Dossier, now: datetime, words: Words) -> Card:
    """The one card that opens a pilot in its channel; it shows the roles fill up."""
    pilot = dossier.pilot
    today = Calendar(pilot.zone, pilot.country).today(now)
    asked = sum(1 for seat in dossier.seats.values() if seat.state is SeatState.ASKED)
    elements: list[Element] = [
        Text((line(pilot.purpose),)),
        Text((words.spans("Kickoff {day} · {items} · next gate: {gate}",
                          day=Bold(words.day(pilot.kickoff_on, today)),
                          items=words.count("{number} item", "{number} items", len(dossier.items)),
                          gate=Bold(_next_gate(pilot, words))),)),
        Text(tuple(_role_line(dossier, role, words) for role in ROLES)),
    ]
    if pilot.late_start:
        elements.append(Note(words.spans(
            "Registered after its kickoff: what was due before today is due in two working days, so that "
            "nobody starts with a wall of red.")))
    if asked and pilot.state is PilotState.ACTIVE:
        elements.append(Buttons((Button(words.text("Accept my role"), f"accept:{pilot.id}:*", "primary"),
                                 Button(words.text("Not me"), f"notme:{pilot.id}:*"))))
    elements.append(Buttons((*_pilot_buttons(pilot, words), Button(words.text("Team"), f"team:{pilot.id}"))))
    title = words.text("{pilot} starts: everyone who can say no is asked in week one", pilot=pilot.name)
    return Card(title, tuple(elements))


def _pilot_buttons(pilot: Pilot, words: Words) -> tuple[Button, Button]:
    return (Button(words.text("Status"), f"status:{pilot.id}"),
            Button(words.text("Checklist"), f"items:{pilot.id}:open"))


def _next_gate(pilot: Pilot, words: Words) -> str:
    following = schedule.stage_after(pilot.stage)
    return schedule.title_of(following, pilot.stages) if following else words.text("none")


def _role_line(dossier: Dossier, role: Role, words: Words) -> Line:
    person, seat = dossier.holder(role), dossier.seats.get(role)
    title = Bold(words.term(role.title))
    if seat is None:
        return words.spans("🔴 {role}: nobody yet", role=title)
    name = person.name if person else words.text("somebody unknown")
    if person is not None and not person.is_active:
        return words.spans("🔴 {role}: {name} left the workspace, choose somebody else", role=title,
                           name=name)
    if seat.state is SeatState.ACCEPTED:
        return words.spans("✅ {role}: {name}", role=title, name=name)
    return words.spans("⏳ {role}: {name}, asked", role=title, name=name)


def ask_card(dossier: Dossier, person_id: str, now: datetime, words: Words, *,
             was_shown: bool) -> Card | None:
    """One message to one person for all roles they are asked to take in a pilot; None: nothing to ask."""
    pilot, me = dossier.pilot, dossier.people.get(person_id)
    mine = [(role, dossier.seats[role]) for role in ROLES
            if role in dossier.seats and dossier.seats[role].person_id == person_id]
    asked = [role for role, seat in mine if seat.state is SeatState.ASKED]
    if not mine:
        text = words.text("You have no role in {pilot} any more. Thank you.", pilot=pilot.name)
        return Card(text) if was_shown else None
    if me is None or (not asked and not was_shown):
        return None
    if asked and pilot.state is not PilotState.ACTIVE:
        return Card(_not_asked(pilot, words)) if was_shown else None
    first = _first_items(dossier, person_id, calendar_of(me).today(now), words)
    if asked:
        return _asking(dossier, asked, first, words)
    taken = [role for role, seat in mine if seat.state is SeatState.ACCEPTED]
    return Card(
        words.text("You are {roles} of {pilot}. Thank you.", roles=_roles(taken, words), pilot=pilot.name),
        (*first, Buttons((Button(words.text("Open checklist"), f"items:{pilot.id}:mine"),
                          Button(words.text("Status"), f"status:{pilot.id}")))))


def _asking(dossier: Dossier, asked: list[Role], first: tuple[Text, ...], words: Words) -> Card:
    pilot = dossier.pilot
    by = dossier.people.get(dossier.seats[asked[0]].asked_by)
    duties = Text(tuple(line(Bold(words.term(role.title)), f": {words.term(role.duty)}") for role in asked))
    buttons = Buttons((
        Button(words.text("Accept"), f"accept:{pilot.id}:*", "primary",
               says=words.text("Accept your role in {pilot}", pilot=pilot.name)),
        Button(words.text("Not me"), f"notme:{pilot.id}:*",
               says=words.text("Hand the role in {pilot} back to the lead", pilot=pilot.name))))
    note = Note(words.spans(
        "{name} asked you to take this. What is due comes in one message on working mornings; {command} "
        "pauses it.", name=by.name if by else words.text("The pilot lead"),
        command=Mono("/pilot quiet until fri")))
    title = words.text("{roles} for {pilot}: is that you?", roles=_roles(asked, words), pilot=pilot.name)
    return Card(title, (duties, *first, buttons, note))


def _not_asked(pilot: Pilot, words: Words) -> str:
    if pilot.state is PilotState.PAUSED:
        return words.text("{pilot} is paused: nothing is asked of you there now.", pilot=pilot.name)
    return words.text("{pilot} is stopped: nothing is asked of you there any more.", pilot=pilot.name)


def _first_items(dossier: Dossier, person_id: str, today: date, words: Words) -> tuple[Text, ...]:
    """The three items that come first for somebody; nothing where they own none.

    With the dates themselves: the message stays, and what was "tomorrow" is not for long.
    """
    owned = [(item.due_on, item) for item in dossier.items
             if item.owner_id == person_id and item.state is ItemState.OPEN and item.due_on is not None]
    first = sorted(owned, key=lambda pair: (pair[0], -pair[1].weight))[:3]
    if not first:
        return ()
    return (Text((words.spans("First for you:"),
                  *(words.spans("• {item}, due {day}", item=Bold(item.title), day=words.day(due, today))
                    for due, item in first))),)


def _roles(roles: list[Role], words: Words) -> str:
    return words.listed([words.term(role.title) for role in roles])


def seat_back_card(dossier: Dossier, entry: AuditEntry, words: Words) -> Card | None:
    """To the lead: a role was handed back. Once the seat is filled again it says so."""
    pilot, role = dossier.pilot, Role(entry.subject)
    title = words.term(role.title)
    who = dossier.people.get(entry.actor)
    if dossier.seats.get(role):
        holder = dossier.holder(role)
        return Card(words.text("{role} of {pilot} is filled again: {name}.", role=title, pilot=pilot.name,
                               name=holder.name if holder else words.text("somebody")))
    if pilot.state is PilotState.STOPPED:
        return None
    name = who.name if who else words.text("The person asked")
    return Card(
        words.text("{name} is not the right person for {role} of {pilot}", name=name, role=title,
                   pilot=pilot.name), (
            Text((line(words.term(role.duty)),)),
            Buttons((Button(words.text("Choose somebody"), f"seat:{pilot.id}:{role.value}", "primary"),
                     Button(words.text("Team"), f"team:{pilot.id}"))),
            Note(words.spans("You get this once, because you lead this pilot. The role's items wait "
                             "without an owner until then."))))


def blocker_card(dossier: Dossier, entry: AuditEntry, person_id: str, words: Words, *,
                 was_shown: bool) -> Card | None:
    """To whoever holds something up: what waits, for whom, what it opens; None: it need not be said."""
    item, pilot = dossier.item(entry.subject), dossier.pilot
    if item is None:
        return None
    if item.state is not ItemState.OPEN or item.blocked_by != person_id:
        return None if not was_shown else Card(
            words.text("No longer waiting for you: {item} ({pilot}). Thank you.", item=item.title,
                       pilot=pilot.name))
    lines = [words.spans("Waiting: {item} of {pilot} ({ref})", item=Bold(item.title), pilot=pilot.name,
                         ref=item.ref)]
    if item.blocked_reason:
        lines.append(words.spans("Why: {reason}", reason=item.blocked_reason))
    if item.gate:
        lines.append(words.spans("It has to be done before the gate to {stage} opens.",
                                 stage=schedule.title_of(item.gate, pilot.stages)))
    return Card(words.text("{name} says this waits for you", name=_actor(dossier, entry, words)), (
        Text(tuple(lines)),
        Buttons((Button(words.text("It need not wait any more"), f"unblock:{item.id}", "primary"),
                 Button(words.text("Open"), f"item:{item.id}"))),
        Note(words.spans("You get this once, because you were named as what it waits for."))))


def _actor(dossier: Dossier, entry: AuditEntry, words: Words) -> str:
    who = dossier.people.get(entry.actor)
    return who.name if who else words.text("Somebody")


def handed_card(dossier: Dossier, entry: AuditEntry, person_id: str, now: datetime, words: Words, *,
                was_shown: bool) -> Card | None:
    """To the new owner of one item; None: it need not be said any more."""
    item, pilot, me = dossier.item(entry.subject), dossier.pilot, dossier.people.get(person_id)
    if item is None or me is None:
        return None
    is_moot = item.state is not ItemState.OPEN or item.owner_id != person_id
    if is_moot and not was_shown:
        return None
    if item.state is not ItemState.OPEN:
        return Card(words.text("Done: {item} ({pilot}). Thank you.", item=item.title, pilot=pilot.name))
    if item.owner_id != person_id:
        return Card(words.text("{item} ({pilot}) is with somebody else now.", item=item.title,
                               pilot=pilot.name))
    title = words.text("{name} handed you {item} for {pilot}", name=_actor(dossier, entry, words),
                       item=item.title, pilot=pilot.name)
    return Card(title, (
        Text((line(_why(item, pilot, calendar_of(me).today(now), words)),
              words.spans("Wanted as evidence: {evidence}", evidence=item.evidence_wanted))),
        Buttons((Button(words.text("When?"), f"plan:{item.id}", "primary"),
                 Button(words.text("Done"), f"done:{item.id}"),
                 Button(words.text("Hand over"), f"assign:{item.id}"))),
        Note(words.spans("You get this once. From then on it is in your morning message until it is done."))))


def _why(item: Item, pilot: Pilot, today: date, words: Words) -> str:
    """Why it is wanted, when it is due and what it opens, a sentence each."""
    said = [item.why if item.why.endswith(".") else f"{item.why}."]
    if item.due_on is not None:
        said.append(words.text("Due {day}.", day=words.day(item.due_on, today)))
    if item.gate:
        stage = schedule.title_of(item.gate, pilot.stages)
        said.append(words.text("It opens {stage}.", stage=stage))
    return " ".join(said)


def stage_card(dossier: Dossier, entry: AuditEntry, words: Words) -> Card:
    """To the channel: a gate was passed, the pilot was paused, resumed or stopped."""
    pilot, who = dossier.pilot, dossier.people.get(entry.actor)
    name = who.name if who else "Ground Crew"
    by = words.spans("By {name}: {reason}", name=name, reason=str(entry.after.get("reason") or ""))
    match entry.what:
        case "gate passed":
            return _gate_passed(pilot, entry.subject, name, words)
        case "pilot paused":
            return Card(words.text("{pilot} is paused", pilot=pilot.name), (Text((
                by, words.spans("No nudges until {command}; open dates move by as many working days.",
                                command=Mono("/pilot resume")))),))
        case "pilot resumed":
            moved = int(entry.after.get("dates_moved_wd") or 0)
            dates = words.count("Open dates moved by {number} working day.",
                                "Open dates moved by {number} working days.",
                                moved) if moved else words.text("Dates stay as they were.")
            return Card(words.text("{pilot} goes on", pilot=pilot.name), (
                Text((words.spans("Resumed by {name}. {dates}", name=name, dates=dates),)),
                Buttons(_pilot_buttons(pilot, words))))
    return Card(words.text("{pilot} was stopped", pilot=pilot.name), (Text((
        by, words.spans("A decision to stop is a good outcome too. The record stays in {command}.",
                        command=Mono("/pilot history")))),))


def _gate_passed(pilot: Pilot, stage: str, name: str, words: Words) -> Card:
    exit_line = next((str(row["exit"]) for row in pilot.stages if row["id"] == stage), "")
    return Card(
        words.text("{pilot} passed the gate to {stage}", pilot=pilot.name,
                   stage=schedule.title_of(stage, pilot.stages)), (
            Text((words.spans("Opened by {name}. This stage ends when: {exit}.", name=name,
                              exit=Bold(exit_line)),)),
            Buttons(_pilot_buttons(pilot, words))))


def undelivered_card(pilot: Pilot | None, lost: Post, words: Words) -> Card:
    """To whoever registered the pilot: the channel does not show what it should, and what to do."""
    is_channel = pilot is not None and lost.room == pilot.room
    where = f"#{pilot.room_name}" if pilot is not None and is_channel else words.text("a direct message")
    title = words.text("I could not post about {pilot} in {where}", where=where,
                       pilot=pilot.name if pilot else words.text("your pilot"))
    if lost.last_error is not None and lost.last_error.startswith(DROPPED):
        reason = lost.last_error.removeprefix(DROPPED)
        why = words.spans("An admin decided that it stays so: {reason}", reason=reason)
        return Card(title, (Text((why,)),))
    return Card(title, (
        Text((_why_lost(lost.last_error or "", where, words),
              words.spans("Then press the button and I will post it."))),
        Buttons((Button(words.text("Try again"), f"resend:{lost.id}", "primary",
                        confirm=Confirm(words.text("Post it now?"),
                                        words.text("I will try once more right away."),
                                        words.text("Try again"), words.text("Cancel"))),))))


def resending_card(words: Words) -> Card:
    """In its place once the button was pressed."""
    return Card(words.text("I am posting it now. If that fails once more, this message says so."))


def _why_lost(error: str, where: str, words: Words) -> Line:
    match error:
        case "not_in_channel":
            return words.spans("I am not in {where}. Type {command} there.", where=where,
                               command=Mono("/invite @Ground Crew"))
        case "channel_not_found":
            return words.spans("I cannot see {where}. If it is private, type {command} there.", where=where,
                               command=Mono("/invite @Ground Crew"))
        case "is_archived":
            return words.spans("{where} is archived. Unarchive it, or stop the pilot and register it in "
                               "another channel.", where=where)
        case "in_doubt":
            return words.spans("Slack did not answer when I posted in {where}, and I may not look there "
                               "whether it arrived. Please look; if it is there, leave this as it is.",
                               where=where)
    return words.spans("Slack answered {error}.", error=error)
