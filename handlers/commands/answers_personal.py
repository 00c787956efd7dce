"""Answers about the person who asks: what waits for them, why they were written to, quiet days, help."""

from handlers.chat.cards import Card, Mono, Note, Text, line, said
from handlers.chat.errors import Refused
from handlers.commands.answers import Answers, Pressed, Tools, Typed
from handlers.commands.help_cards import help_card
from handlers.commands.reply import Reply
from handlers.people.dates import say_date

LONGEST_QUIET_DAYS = 60


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
    await tools.items.quiet(asked.actor, until, today)
    if until == today:
        return Reply(said("Your morning messages come again from the next working day on."), reads=True)
    return Reply(Card(f"No morning message to you before {say_date(until, today)}", (
        Text((line("Pilot channels still show what is due, and ", Mono("/pilot"), " shows it any time."),)),
        Note(line(Mono("/pilot quiet off"), " ends it early.")))), reads=True)


async def _resend(tools: Tools, pressed: Pressed) -> Reply:
    await tools.outbox.resend(pressed.actor, int(pressed.args[0]))
    return Reply()


ANSWERS = Answers(
    typed={"/pilot": _mine, "/pilot why": _why, "/pilot quiet": _quiet, "/pilot help": _help,
           "/runbook help": _help, "/alerts help": _help, "/oncall help": _help},
    pressed={"mine": _mine, "why": _why, "help": _press_help, "resend": _resend})
