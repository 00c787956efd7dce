"""`/pilot why`: the last messages to a person, the rule that caused each, and how to quiet them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handlers.chat.cards import Bold, Card, Line, Mono, Note, Text, line, prose
from handlers.people.dates import say_date
from handlers.pilots.cadence import DIGEST_TIME
from handlers.status.cards import Reader, either, short
from storage.models import AuditEntry, Item, Person, Pilot

# kind of promise: what it was, and the rule that sends it
_RULES = {
    "digest": ("Your morning message",
               f"once on a working day, at {DIGEST_TIME:%H:%M} on your clock, when an item takes its next "
               "step. A plan, a block or `/pilot snooze` keeps an item out; `/pilot digest weekly` and "
               "`/pilot quiet` hold the message back."),
    "channel": ("Mentioned in a pilot's channel",
                "in the channel's nudge, for what is due today or a briefing that is not held yet. The lead "
                "changes it with `/pilot channel-nudge`."),
    "offer": ("Somebody offers help", "at once and only once, when somebody presses Offer help."),
    "ask": ("Asked to take a role", "at once and only once, when somebody chooses you for a role."),
    "blocker": ("Something waits for you",
                "at once and only once, when you are named as what an item waits for."),
    "handed": ("An item was handed to you",
               "at once and only once, when somebody makes you the owner of an item."),
    "seat-back": ("A role was handed back", "at once, to the lead of the pilot, when a role is empty again."),
    "briefing": ("The brief for your review",
                 "once, on the morning of the kickoff, or when you get that review; then it is edited."),
    "invite": ("An invitation", "at once, when a briefing that needs you gets a time, another one, or none."),
    "stand-in": ("A stand-in is needed", "once, to who heads a function, two working days after the kickoff "
                                         "if a briefing has no time."),
    "in-writing": ("A review in writing", "once, three working days after the kickoff if a briefing has no "
                                          "time, or when the lead offers it."),
    "decision": ("A decision is wanted",
                 "to the sponsor of a pilot, when an item is long overdue although everybody below was told: "
                 "one card a week at most, more only where a gate is due."),
    "self-check": ("How my nudges help", "to the lead of a pilot, when so few nudges were acted on that they "
                                         "come half as often, and when they come as before."),
    "undelivered": ("A post did not go out", "at once, to whoever registered the pilot."),
}
KINDS = tuple(_RULES)
_LISTED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was sent."""

    kind: str
    at: datetime
    pilot: Pilot | None = None
    entry: AuditEntry | None = None
    by: str | None = None
    """Who caused it."""
    items: Sequence[tuple[Item, Pilot]] = field(default=())
    """What it spoke of."""
    rules: Sequence[str] = field(default=())
    """For each of these, the rule that brought it there."""


def why_card(reader: Reader, person: Person | None, told: Sequence[Told]) -> Card:
    """`told`: newest first."""
    if not told:
        return Card("I have not written to you yet", (
            Text((line("I write when somebody asks you for something, and on a working morning when an item "
                       "of yours is due."),)), Note(_quiet(reader, person))))
    count = len(told)
    return Card("Why you got my last message" if count == 1 else f"Why you got my last {count} messages", (
        *(Text(_lines(each, reader)) for each in told), Note(_quiet(reader, person))))


def _lines(told: Told, reader: Reader) -> tuple[Line, ...]:
    unknown = (told.kind.replace("-", " ").capitalize(), "at once, when it happened.")
    title, rule = _RULES.get(told.kind, unknown)
    about = _about(told)
    by = f", by {told.by}" if told.by else ""
    return (line(f"{reader.moment(told.at)} · ", Bold(title), f"{by}{': ' if about else ''}{about}"),
            *(line(f"• {item.ref}: {each}")
              for (item, _), each in list(zip(told.items, told.rules, strict=False))[:_LISTED] if each),
            prose(f"Rule: {rule}"))


def _about(told: Told) -> str:
    if told.items:
        named = [f"{item.ref} {short(item.title, 40)} ({pilot.name})" for item, pilot in told.items[:_LISTED]]
        if len(told.items) > _LISTED:
            named.append(f"{len(told.items) - _LISTED} more")
        return either(named)
    parts = [told.entry.subject if told.entry else "", told.pilot.name if told.pilot else ""]
    return " · ".join(part for part in parts if part)


def _quiet(reader: Reader, person: Person | None) -> Line:
    until = person.quiet_until if person else None
    if until is not None and until > reader.today:
        return line(f"You are on quiet: no morning message before {say_date(until, reader.today)}. ",
                    Mono("/pilot quiet off"), " ends it. What people ask of you still comes.")
    return line("No morning message for a while: ", Mono("/pilot quiet until DATE"), ". What people ask of "
                "you still comes. Say when you will do a thing with ", Mono("/pilot plan ID DATE"),
                " and I am silent about it until then.")
