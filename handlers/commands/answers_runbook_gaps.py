"""Answers about what the runbooks lack: the list, giving a gap to somebody, laying it aside."""

from __future__ import annotations

from handlers.chat.errors import Refused
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed, wrong_at
from handlers.commands.reply import Reply
from handlers.runbooks.gap_cards import NOBODYS
from handlers.runbooks.gap_words import ASIDE, OPEN

_OLD_FORM = Refused("That form belongs to an older message of mine. `/runbook gaps` shows what is current.")


async def _gaps(tools: Tools, asked: Typed) -> Reply:
    """Of the pilot that is named, or whose channel it is; without either, of all."""
    pilot = (await tools.finder.pilot(asked.actor, asked.parsed) if asked.parsed.pilot is not None
             else await tools.finder.of_room(asked.actor))
    return Reply(await tools.gaps.card(asked.actor, asked.person, pilot.id if pilot is not None else None),
                 reads=True)


async def _press_gaps(tools: Tools, pressed: Pressed) -> Reply:
    pilot_id, page, which = int(pressed.args[0]), int(pressed.args[1]), pressed.args[2]
    if which not in (OPEN, ASIDE):
        raise ValueError
    return Reply(await tools.gaps.card(pressed.actor, pressed.person, pilot_id or None, page, which),
                 reads=True, instead=True)


async def _press_give(tools: Tools, pressed: Pressed) -> Reply:
    mark, pilot_id = pressed.args[0], int(pressed.args[1])
    return Reply(form=await tools.gaps.give_form(pressed.actor, pressed.person, mark, pilot_id))


async def _press_aside(tools: Tools, pressed: Pressed) -> Reply:
    mark, pilot_id = pressed.args[0], int(pressed.args[1])
    return Reply(form=await tools.gaps.aside_form(pressed.actor, mark, pilot_id))


async def _fill_give(tools: Tools, filled: Filled) -> Reply:
    mark, pilot_id = _of(filled)
    due = forms.day_of(filled.values, "due")
    to = await tools.picked(filled)
    with wrong_at("who"):
        return Reply(await tools.gaps.give(filled.actor, mark, pilot_id, to, due))


async def _fill_aside(tools: Tools, filled: Filled) -> Reply:
    mark, pilot_id = _of(filled)
    reason = forms.text_of(filled.values, "reason")
    with wrong_at("reason"):
        return Reply(await tools.gaps.lay_aside(filled.actor, mark, pilot_id, reason))


def _of(filled: Filled) -> tuple[str, int]:
    """The gap's mark, and the pilot: of the form, or as it was chosen in it."""
    try:
        mark, pilot_id = filled.args[0], int(filled.args[1])
        chosen = forms.text_of(filled.values, "pilot")
        return mark, pilot_id if pilot_id != NOBODYS else int(chosen or NOBODYS)
    except (ValueError, IndexError) as error:
        raise _OLD_FORM from error


ANSWERS = Answers(
    typed={"/runbook gaps": _gaps},
    pressed={"gaps": _press_gaps, "gap-give": _press_give, "gap-aside": _press_aside},
    filled={"gap-give": _fill_give, "gap-aside": _fill_aside})
