"""Answers about the person who asks: what waits for them, why they were written to, quiet days, help."""

from datetime import date

from handlers.chat.cards import Card, Mono, Note, Text, line, said
from handlers.chat.errors import Refused
from handlers.commands.answers import Answers, Pressed, Tools, Typed
from handlers.commands.help_cards import help_card
from handlers.commands.reply import Reply
from handlers.people.dates import say_date
from storage.models import Person

LONGEST_QUIET_DAYS = 60
LONGEST_AWAY_DAYS = 183


async def _mine(tools: Tools, asked: Typed | Pressed) -> Reply:
    return Reply(await tools.status.bare(asked.actor.workspace, asked.actor.person), reads=True)


async def _why(tools: Tools, asked: Typed | Pressed) -> Reply:
    return Reply(await tools.status.why(asked.actor.workspace, asked.actor.person), reads=True)


async def _help(_: Tools, asked: Typed) -> Reply:
    return Reply(help_card(asked.parsed), reads=True)


async def _press_help(_: Tools, _pressed: Pressed) -> Reply:
    return Reply(help_card(None), reads=True)


async def _quiet(tools: Tools, asked: Typed) -> Reply:
    today = asked.today
    until = today if asked.parsed.choice == "off" else asked.parsed.on
    assert until is not None
    if until < today:
        raise Refused(f"{say_date(until, today)} is in the past. Give a day from tomorrow on, such as "
                      "`/pilot quiet until fri`, or `/pilot quiet off`.")
    if (until - today).days > LONGEST_QUIET_DAYS:
        raise Refused("Two months is the longest I keep quiet; after that people wait for you in vain. "
                      "Hand your items over instead: `/pilot assign ID @who`.")
    await tools.habits.quiet(asked.actor, until, today)
    if until == today:
        return Reply(said("Your morning messages come again from the next working day on."), reads=True)
    return Reply(Card(f"No morning message to you before {say_date(until, today)}", (
        Text((line("Pilot channels still show what is due, and ", Mono("/pilot"), " shows it any time."),)),
        Note(line(Mono("/pilot quiet off"), " ends it early.")))), reads=True)


async def _digest(tools: Tools, asked: Typed) -> Reply:
    how_often = asked.parsed.choice
    assert how_often is not None
    await tools.habits.digest(asked.actor, how_often)
    if how_often == "daily":
        return Reply(said("Your morning message comes on every working day on which there is something to "
                          "say."), reads=True)
    return Reply(Card("Your morning message comes once a week, on its first working day", (
        Text((line("In between I write only where something cannot wait: a warning before I tell somebody "
                   "else, a gate that waits for you, and what people ask of you."),)),
        Note(line(Mono("/pilot digest daily"), " brings it back to every working day.")))), reads=True)


async def _away(tools: Tools, asked: Typed) -> Reply:
    if asked.parsed.choice == "off":
        await tools.habits.back(asked.actor)
        return Reply(said("Welcome back. What is yours comes to you again from the next working morning on."),
                     reads=True)
    today, until = asked.today, asked.parsed.on
    assert until is not None
    if until <= today:
        raise Refused(f"{say_date(until, today)} is not ahead. Give the first day on which you are back, "
                      "such as `/pilot away until mon`, or `/pilot away off`.")
    if (until - today).days > LONGEST_AWAY_DAYS:
        raise Refused("Half a year is the longest somebody stands in for you. Hand your items over instead: "
                      "`/pilot assign ID @who`, and the lead fills your seat with `/pilot team ROLE @who`.")
    delegate = await tools.named(asked) if asked.parsed.person else None
    count = await tools.habits.away(asked.actor, until, today, delegate)
    return Reply(_away_card(until, today, delegate, count), reads=True)


def _away_card(until: date, today: date, delegate: Person | None, count: int) -> Card:
    to = delegate.name if delegate is not None else "the lead of each pilot"
    has = "Nothing of yours is open now" if not count else (
        "One item of yours is open" if count == 1 else f"{count} items of yours are open")
    return Card(f"You are away until {say_date(until, today)}", (
        Text((line(f"{has}; what comes up of yours goes to {to}, who can plan, close and hand it over for "
                   "you."),
              line("I write nothing to you until then. What others ask of you in the meantime waits for your "
                   "first morning back."))),
        Note(line(Mono("/pilot away off"), " ends it early. What should change hands for good: ",
                  Mono("/pilot assign ID @who")))))


async def _resend(tools: Tools, pressed: Pressed) -> Reply:
    await tools.outbox.resend(pressed.actor, int(pressed.args[0]))
    return Reply()


ANSWERS = Answers(
    typed={"/pilot": _mine, "/pilot why": _why, "/pilot quiet": _quiet, "/pilot away": _away,
           "/pilot digest": _digest, "/pilot help": _help,
           "/runbook help": _help, "/alerts help": _help, "/oncall help": _help},
    pressed={"mine": _mine, "why": _why, "help": _press_help, "resend": _resend})
