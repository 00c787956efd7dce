"""Every form of the bot: what is asked, with which hints, and how the answers are read."""

from collections.abc import Sequence
from datetime import date

from handlers.chat.cards import Field, Form, Line, Note, Option, Text, Values, line
from handlers.chat.errors import Refused
from handlers.chat.wording import ENGLISH
from handlers.commands.words import normalised
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from handlers.people.roles import ROLES, Role
from handlers.pilots import conditions as known
from handlers.pilots.templates import Template
from storage.models import Item, ItemKind, Pilot


def new_form(name: str, today: date, lead: str, packs: Sequence[Template], conditions: Sequence[str],
             room: str | None) -> Form:
    """Registering a pilot."""
    titles, labels = known.packs(ENGLISH), known.applicable(ENGLISH)
    options = []
    for pack in packs:
        title, hint = titles.get(pack.name, (pack.name, f"{len(pack.items)} items"))
        options.append(Option(title, pack.name, hint))
    applies = []
    for word in conditions:
        label, meaning = labels.get(word, (word, None))
        applies.append(Option(label, word, meaning))
    fields = [
        Field("name", "Name", initial=name or None, at_most=80, placeholder="Claims triage",
              hint="Short enough to type: people will use it in commands."),
        Field("purpose", "Purpose, in one line", at_most=300,
              placeholder="Sort incoming claims so that simple ones are paid the same day"),
        Field("kickoff", "Kickoff", "date", initial=today.isoformat(),
              hint="The first day of week one. A past day is fine for a pilot that runs already."),
        Field("channel", "Channel", "channel", initial=room,
              hint="Kickoff, nudges and gates are posted there. I must be a member: /invite @Ground Crew"),
    ]
    if options:
        fields.append(Field("packs", "Packs", "choices", required=False, options=tuple(options),
                            hint="Items on top of the default checklist."))
    if applies:
        fields.append(Field("conditions", "What applies", "choices", required=False, options=tuple(applies),
                            hint="Needed for the regulated pack: only the items that apply are added."))
    fields += [
        Field("protection", "Protection test: is any of this true?", "choices", required=False,
              options=tuple(Option(text, word) for word, text in known.protections(ENGLISH).items()),
              hint="Each yes hides a problem that production will show. It opens an item to end it."),
        Field("cut", "Size", "choice", initial="full", options=(
            Option("Full checklist", "full", "For anything meant for production"),
            Option("Core", "core", "The heaviest items, briefings and the off-switch"))),
    ]
    for role in ROLES:
        fields.append(Field(role.value, role.title, "person", required=role in (Role.SPONSOR, Role.LEAD),
                            initial=lead if role is Role.LEAD else None, hint=role.duty))
    return Form("new", "Register a pilot", tuple(fields), "Create")


def done_form(item: Item) -> Form:
    required = item.kind is ItemKind.SIGNOFF
    return Form(f"done:{item.id}", f"Done: {item.ref}", (
        Field("evidence", "Evidence", "lines", required=required, at_most=2000,
              placeholder="A link, or one line",
              hint="Who agreed to what and when." if required else
              "Without it the item counts half: somebody's word alone."),), "Mark done", _about(item))


def plan_form(item: Item, today: date) -> Form:
    return Form(f"plan:{item.id}", f"When: {item.ref}", (
        Field("on", "I will do it on", "date", initial=(item.plan_on or item.due_on or today).isoformat()
              if (item.plan_on or item.due_on or today) >= today else today.isoformat(),
              hint="Until that day nobody asks you about it."),), "Save plan", _about(item))


def snooze_form(item: Item, calendar: Calendar, today: date) -> Form:
    days = {calendar.add(today, 1): "Tomorrow", calendar.add(today, 3): "In 3 working days"}
    if (item.due_on or today) > today:
        days.setdefault(item.due_on or today, "When it is due")
    options = tuple(Option(f"{label}, {say_date(day, today)}", day.isoformat())
                    for day, label in sorted(days.items()))
    return Form(f"snooze:{item.id}", f"Later: {item.ref}", (
        Field("until", "Not before", "choice", initial=options[0].value, options=options),
        Field("on", "Or another day", "date", required=False,
              hint="Until then nobody reminds you of it; it stays due when it is.")), "Put off", _about(item))


def block_form(item: Item) -> Form:
    return Form(f"block:{item.id}", f"Blocked: {item.ref}", (
        Field("who", "It waits for this person", "person", required=False, initial=item.blocked_by,
              hint="They are told once; you are not asked about it any more."),
        Field("reason", "What is missing", "lines", required=False, initial=item.blocked_reason, at_most=500,
              hint="One of the two is needed.")), "Save", _about(item))


def assign_form(item: Item) -> Form:
    return Form(f"assign:{item.id}", f"Hand over: {item.ref}", (
        Field("who", "New owner", "person", hint="They get one message about it now."),),
        "Hand over", _about(item))


def na_form(item: Item) -> Form:
    return Form(f"na:{item.id}", f"Not applicable: {item.ref}", (
        Field("reason", "Why it does not apply", "lines", at_most=500,
              hint="One line; it stays in the audit trail."),), "Not applicable", _about(item))


def reopen_form(item: Item) -> Form:
    return Form(f"reopen:{item.id}", f"Reopen: {item.ref}", (
        Field("reason", "Why it is open again", "lines", at_most=500),), "Reopen", _about(item))


def held_form(item: Item, today: date) -> Form:
    return Form(f"held:{item.id}", "Briefing held", (
        Field("on", "Held on", "date", initial=today.isoformat()),
        Field("attendees", "Who was there", at_most=500, placeholder="Jonas Brandt, Priya Shah"),
        Field("blocking", "Asks that block the next stage", "lines", required=False, at_most=2000,
              hint="One a line; each becomes an item that holds the next gate."),
        Field("other", "Other asks", "lines", required=False, at_most=2000,
              hint="One a line; each becomes an item.")),
        "Save", _about(item))


def seat_form(pilot: Pilot, role: Role, holder: str | None) -> Form:
    return Form(f"seat:{pilot.id}:{role.value}", f"{role.title}"[:24], (
        Field("who", f"Who is {role.title} of {pilot.name}?", "person", initial=holder,
              hint=f"{role.duty} They are asked to accept."),), "Ask them")


def _about(item: Item) -> tuple[Text | Note, ...]:
    wanted: Line = line("Wanted as evidence: ", item.evidence_wanted)
    return Text((line(item.title),)), Note(wanted)


def text_of(values: Values, field: str) -> str:
    """What was filled in, without what nobody sees: a form takes no more than a command does."""
    value = values.get(field)
    return normalised(value) if isinstance(value, str) else ""


def many_of(values: Values, field: str) -> tuple[str, ...]:
    value = values.get(field)
    return value if isinstance(value, tuple) else ()


def day_of(values: Values, field: str) -> date:
    """The day in a date field. Raises Refused where it is missing or no date."""
    try:
        return date.fromisoformat(text_of(values, field))
    except ValueError as error:
        raise Refused("Pick a day.", fields={field: "Pick a day."}) from error


def lines_of(values: Values, field: str) -> list[str]:
    """A many-line field, one entry a line, list marks taken off."""
    return [clean for each in text_of(values, field).splitlines()
            if (clean := each.strip().lstrip("-•* ").strip())]
