"""The desk: what was typed, pressed or submitted becomes one call and one card, on every surface."""

from dataclasses import dataclass, replace

from handlers.chat.cards import Mono, Note, Values, line, said
from handlers.chat.errors import AlreadyDone, Refused
from handlers.chat.ports import Actor
from handlers.commands import (
    answers_alert_lists,
    answers_alerts,
    answers_briefings,
    answers_channel,
    answers_decisions,
    answers_drift,
    answers_heads,
    answers_items,
    answers_oncall,
    answers_personal,
    answers_pilots,
    answers_reports,
    answers_runbook_gaps,
    answers_runbook_sources,
    answers_runbooks,
    answers_seats,
    answers_silences,
)
from handlers.commands.answers import Filled, Pressed, Tools, Typed
from handlers.commands.grammar import parse
from handlers.commands.hearing import command_of
from handlers.commands.reply import Reply
from handlers.commands.verbs import COMMANDS
from handlers.people.actions import calendar_of

LONGEST_ID = 15
"""Longer numbers are no id of ours, and more than a database takes."""
OLD_BUTTON = Refused("That button belongs to an older message of mine. Type `/pilot` for what is current.")

FEATURES = (answers_personal.ANSWERS, answers_pilots.ANSWERS, answers_seats.ANSWERS, answers_items.ANSWERS,
            answers_briefings.ANSWERS, answers_channel.ANSWERS, answers_decisions.ANSWERS,
            answers_heads.ANSWERS, answers_reports.ANSWERS, answers_alerts.ANSWERS,
            answers_silences.ANSWERS, answers_oncall.ANSWERS,
            answers_alert_lists.ANSWERS, answers_drift.ANSWERS,
            answers_runbook_sources.ANSWERS, answers_runbooks.ANSWERS,
            answers_runbook_gaps.ANSWERS)
"""All that can be asked of this release; each line, button and form is answered by one of them."""
_TYPED = {line: answer for feature in FEATURES for line, answer in feature.typed.items()}
_PRESSED = {verb: answer for feature in FEATURES for verb, answer in feature.pressed.items()}
_FILLED = {verb: answer for feature in FEATURES for verb, answer in feature.filled.items()}


@dataclass(frozen=True, slots=True)
class Desk:
    tools: Tools

    async def typed(self, command: str, text: str, actor: Actor) -> Reply:
        """Carry out a slash command, or explain. Raises Refused with what to type instead."""
        person = await self.tools.people.meet(actor)
        calendar, now = calendar_of(person), self.tools.clock()
        parsed = parse(command, text, today=calendar.today(now), calendar=calendar)
        if parsed.verb.later is not None:
            return Reply(said(parsed.verb.later), reads=True)
        reply = await _TYPED[parsed.verb.begins](self.tools, Typed(actor, parsed, person, calendar, now))
        if parsed.guessed and reply.card is not None:
            understood = Note(line("Understood as ", Mono(f"{command} {parsed.verb.name}"), "."))
            reply = replace(reply, card=replace(reply.card, elements=(*reply.card.elements, understood)))
        return reply

    async def spoken(self, text: str, actor: Actor) -> Reply:
        """Carry out what was said without a slash: a line of /pilot, or a question to the runbooks."""
        command, rest = command_of(text, has_runbooks=self.tools.runbooks.is_connected)
        return await self.typed(command, rest, actor)

    async def pressed(self, action: str, actor: Actor) -> Reply:
        """Carry out a button. Raises Refused where it may not be, or the button is out of date."""
        verb, _, rest = action.partition(":")
        if verb == "run":
            command, _, text = rest.partition(" ")
            return await self.typed(command if command in COMMANDS else "/pilot", text, actor)
        person = await self.tools.people.meet(actor)
        args = rest.split(":") if rest else []
        if verb not in _PRESSED or any(len(arg) > LONGEST_ID for arg in args):
            raise OLD_BUTTON
        try:
            return await _PRESSED[verb](self.tools, Pressed(actor, args, person))
        except (ValueError, IndexError) as error:
            raise OLD_BUTTON from error

    async def submitted(self, action: str, values: Values, actor: Actor) -> Reply:
        """Carry out a form. Raises Refused, with the fields that are wrong where it is about fields."""
        person = await self.tools.people.meet(actor)
        verb, _, rest = action.partition(":")
        if verb not in _FILLED:
            raise OLD_BUTTON
        return await _FILLED[verb](self.tools, Filled(actor, rest.split(":"), values, person))

    async def home_opened(self, actor: Actor) -> Reply:
        """Somebody looks at their Home: from now on it is kept up to date."""
        await self.tools.people.meet(actor)
        await self.tools.people.opened_home(actor)
        return Reply()

    async def is_first_answer(self, actor: Actor) -> bool:
        """False: what `actor` said was delivered before, and answered."""
        try:
            async with self.tools.people.ledger.entry(replace(actor, delivery=f"answer:{actor.delivery}")):
                return True
        except AlreadyDone:
            return False

    async def person_changed(self, workspace: str, person_id: str) -> None:
        """The chat service says that somebody's name, zone or account changed; strangers to us stay so."""
        await self.tools.people.look_again(workspace, person_id)
