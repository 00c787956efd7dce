"""Answers from the runbooks: to a command, a mention, a form or an alert's button; what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers.chat.cards import Field, Form, Note, Option, line
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed, wrong_at
from handlers.commands.reply import Reply
from handlers.commands.words import fold, pilot_ref, shortened, words_of
from handlers.runbooks.asking import HELPFUL, NO_SOURCES, NOBODY_WROTE, NOT_IT
from storage import pilots
from storage.models import Pilot

OFFERED = 20
_JUDGED = (HELPFUL, NOT_IT, NOBODY_WROTE)
_BEFORE_PILOT = {"in", "for"}
_SHARED = "0"


async def _ask(tools: Tools, asked: Typed) -> Reply:
    text = asked.parsed.text
    if not text and asked.actor.door == "slack message":
        raise Refused("Ask with the question behind it, as in `runbook how do we roll the model back?`")
    if not text:
        return Reply(form=await _form(tools, asked.actor))
    pilot, question = await _meant(tools, asked, text)
    return Reply(await tools.runbooks.ask(asked.actor, question, pilot), reads=True)


async def _meant(tools: Tools, asked: Typed, text: str) -> tuple[Pilot | None, str]:
    """Whose runbooks besides the shared ones, and the question: the pilot named, else the channel's."""
    words = words_of(text)
    at = 1 if len(words) > 1 and fold(words[0].text) in _BEFORE_PILOT else 0
    word = words[at]
    name = pilot_ref(word.text) or (word.text if word.is_quoted and at else None)
    if name is not None and len(words) > at + 1 and await tools.finder.knows(asked.actor, name):
        rest = text[word.end:].lstrip(" ,:")
        return await tools.finder.pilot(asked.actor, replace(asked.parsed, pilot=name, text=rest)), rest
    return await _here(tools, asked.actor), text


async def _here(tools: Tools, actor: Actor) -> Pilot | None:
    """The channel's pilot; where none is at home, the only one of whoever asks."""
    here: Sequence[Pilot] = ()
    async with tools.finder.store.glancing() as session:
        if actor.room is not None:
            here = await pilots.in_room(session, actor.workspace, actor.room)
        if not here:
            here = await pilots.of_person(session, actor.workspace, actor.person, 2)
    return here[0] if len(here) == 1 else None


async def _form(tools: Tools, actor: Actor, pilot_id: int | None = None) -> Form:
    if not tools.runbooks.is_connected:
        raise NO_SOURCES
    here = await tools.runbooks.pilot(actor.workspace, pilot_id) if pilot_id is not None else (
        await _here(tools, actor))
    async with tools.finder.store.reading() as session:
        mine = await pilots.of_person(session, actor.workspace, actor.person, OFFERED)
    known = {each.id: each for each in (*([here] if here is not None else []), *mine)}
    options = (*(Option(shortened(each.name, 75), str(each.id)) for each in known.values()),
               Option("Only the shared runbooks", _SHARED))
    fields = [Field("question", "What do you want to know?", "lines", at_most=3000,
                    placeholder="How do we roll the model back?",
                    hint="A question, the name of an alert, or an error as it stands: of a stack trace I "
                         "take the message.")]
    if known:
        fields.append(Field("pilot", "Whose runbooks, besides the shared ones?", "choice", options=options,
                            initial=str(here.id) if here is not None else _SHARED))
    return Form(_form_name(actor), "Ask the runbook", tuple(fields), "Ask", (Note(line(
        "Only you see the answer. What is asked of a pilot's runbooks its team sees in its history.")),))


def _form_name(actor: Actor) -> str:
    """With the channel it is opened in, and the message it is opened from: there the answer may be posted.

    A form that comes back says neither; its name is ours, and comes back as it was.
    """
    if actor.room is None:
        return "rb-ask"
    return f"rb-ask:{actor.room}:{actor.thread or ''}"


def _opened_in(filled: Filled) -> Actor:
    """Whoever filled in the form, there where they opened it."""
    *room, thread = filled.args
    return replace(filled.actor, room=":".join(room), thread=thread or None) if room else filled.actor


async def _press_ask(tools: Tools, pressed: Pressed) -> Reply:
    pilot_id = int(pressed.args[0]) if pressed.args else None
    return Reply(form=await _form(tools, pressed.actor, pilot_id))


async def _fill_ask(tools: Tools, filled: Filled) -> Reply:
    chosen = forms.text_of(filled.values, "pilot")
    pilot = None
    if chosen.isdecimal() and len(chosen) <= 15 and chosen != _SHARED:
        pilot = await tools.runbooks.pilot(filled.actor.workspace, int(chosen))
    with wrong_at("question"):
        card = await tools.runbooks.ask(_opened_in(filled), forms.text_of(filled.values, "question"), pilot)
    return Reply(card, reads=True, window=True)


async def _press_alert(tools: Tools, pressed: Pressed) -> Reply:
    """The runbook of an alert: its own, else what its name and title find."""
    alert = await tools.alerts.one(pressed.actor, int(pressed.args[0]))
    pilot = await tools.runbooks.pilot(alert.workspace_id, alert.pilot_id) if (
        alert.pilot_id is not None) else None
    known = await tools.alert_runbooks.section(alert)
    text = alert.name if alert.title == alert.name else f"{alert.name}: {alert.title}"
    card = await tools.runbooks.ask(pressed.actor, text[:900], pilot, alert_id=alert.id, known=known)
    return Reply(card, reads=True)


async def _press_whole(tools: Tools, pressed: Pressed) -> Reply:
    number, section = int(pressed.args[0]), int(pressed.args[1])
    return Reply(await tools.runbooks.whole(pressed.actor, number, section), reads=True, window=True)


async def _press_part(tools: Tools, pressed: Pressed) -> Reply:
    """Another part of a section, in the window that it is in already."""
    number, section, part = (int(each) for each in pressed.args[:3])
    return Reply(await tools.runbooks.whole(pressed.actor, number, section, part), reads=True)


async def _press_said(tools: Tools, pressed: Pressed) -> Reply:
    number, said = int(pressed.args[0]), pressed.args[1]
    if said not in _JUDGED:
        raise ValueError(said)
    return Reply(await tools.runbooks.judge(pressed.actor, number, said), reads=True, instead=True)


async def _press_see(tools: Tools, pressed: Pressed) -> Reply:
    number, section = int(pressed.args[0]), int(pressed.args[1])
    return Reply(await tools.runbooks.see(pressed.actor, number, section), reads=True, instead=True)


async def _press_sum(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.runbooks.sum_up(pressed.actor, int(pressed.args[0])), reads=True, instead=True)


async def _press_post(tools: Tools, pressed: Pressed) -> Reply:
    number, section = int(pressed.args[0]), int(pressed.args[1])
    return Reply(await tools.runbooks.post(pressed.actor, number, section), reads=True, instead=True)


async def _press_tell(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.runbooks.tell(pressed.actor, int(pressed.args[0])), reads=True, instead=True)


async def _history(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed) if asked.parsed.pilot is not None else (
        await tools.finder.of_room(asked.actor))
    pilot_id = pilot.id if pilot is not None else None
    return Reply(await tools.runbooks.history(asked.actor, pilot_id), reads=True)


async def _press_history(tools: Tools, pressed: Pressed) -> Reply:
    number, page = int(pressed.args[0]), int(pressed.args[1])
    return Reply(await tools.runbooks.history(pressed.actor, number or None, page), reads=True, instead=True)


ANSWERS = Answers(
    typed={"/runbook": _ask, "/runbook history": _history},
    pressed={"rb-ask": _press_ask, "rb-alert": _press_alert, "rb-whole": _press_whole, "rb-part": _press_part,
             "rb-said": _press_said,
             "rb-see": _press_see, "rb-sum": _press_sum, "rb-post": _press_post, "rb-tell": _press_tell,
             "rb-history": _press_history},
    filled={"rb-ask": _fill_ask})
