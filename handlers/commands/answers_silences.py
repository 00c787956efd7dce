"""Answers about silences: from an alert's card, typed, listed, ended."""

from dataclasses import replace

from handlers.alerts import held_cards, silence_forms, silence_words
from handlers.chat.cards import said
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed
from handlers.commands.reply import Reply
from handlers.commands.verbs import Parsed
from storage.models import Pilot


async def _silence(tools: Tools, asked: Typed) -> Reply:
    wanted = silence_words.read(asked.parsed.text, asked.now, asked.calendar)
    here = await _pilot(tools, asked.actor, asked.parsed, wanted.pilot)
    silence, quiet = await tools.silences.make(asked.actor, wanted, here)
    return Reply(held_cards.made_card(silence, quiet, asked.now), reads=True)


async def _pilot(tools: Tools, actor: Actor, parsed: Parsed, name: str | None) -> Pilot | None:
    """The pilot that is named, or whose channel it is; None: neither."""
    if name == silence_words.NOBODYS:
        return None
    if name is not None:
        return await tools.finder.pilot(actor, replace(parsed, pilot=name))
    return await tools.finder.of_room(actor)


async def _silences(tools: Tools, asked: Typed) -> Reply:
    return await _list(tools, asked.actor)


async def _unsilence(tools: Tools, asked: Typed) -> Reply:
    digits = asked.parsed.text.strip().lstrip("#")
    if not digits.isdecimal() or len(digits) > 15:
        raise Refused("Say which silence, by its number: `/alerts unsilence 12`. `/alerts silences` lists "
                      "them.")
    silence = await tools.silences.end(asked.actor, int(digits))
    return Reply(said(f"Silence {silence.id} is over. It held back {silence.held} signal"
                      f"{'' if silence.held == 1 else 's'}; what still fires is shown now."), reads=True)


async def _list(tools: Tools, actor: Actor) -> Reply:
    listed = await tools.silences.all(actor.workspace)
    return Reply(held_cards.list_card(listed.silences, listed.people, listed.pilots), reads=True)


async def _press_silence(tools: Tools, pressed: Pressed) -> Reply:
    alert = await tools.alerts.one(pressed.actor, int(pressed.args[0]))
    return Reply(form=silence_forms.silence_form(alert, tools.clock(), pressed.person))


async def _fill_silence(tools: Tools, filled: Filled) -> Reply:
    until = silence_forms.until_in(filled.values, filled.calendar, tools.clock())
    await tools.silences.of_alert(
        filled.actor, int(filled.args[0]), forms.many_of(filled.values, "labels"), until,
        forms.text_of(filled.values, "reason"))
    return Reply()


async def _press_unsilence(tools: Tools, pressed: Pressed) -> Reply:
    await tools.silences.end_of_alert(pressed.actor, int(pressed.args[0]))
    return Reply()


async def _press_end(tools: Tools, pressed: Pressed) -> Reply:
    await tools.silences.end(pressed.actor, int(pressed.args[0]))
    return await _list(tools, pressed.actor)


ANSWERS = Answers(
    typed={"/alerts silence": _silence, "/alerts silences": _silences, "/alerts unsilence": _unsilence},
    pressed={"a-silence": _press_silence, "a-unsilence": _press_unsilence, "s-end": _press_end},
    filled={"a-silence": _fill_silence})
