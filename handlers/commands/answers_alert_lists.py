"""Answers to `/alerts`: what is open, one alert whole, taking on and settling by number, statistics."""

from __future__ import annotations

import re
from dataclasses import replace

from handlers.alerts.lifetime import SEVERITIES
from handlers.chat.cards import Card, Note, line
from handlers.chat.errors import Refused, inside
from handlers.commands.alert_words import Asked, filter_like, read_filters
from handlers.commands.answers import Answers, Pressed, Tools, Typed
from handlers.commands.reply import Reply
from handlers.commands.stretches import choices_of, shown
from handlers.commands.words import fold
from handlers.people.actions import calendar_of
from storage.alert_lists import Which
from storage.models import Pilot

DAYS = {"7d": 7, "30d": 30}
_AND_BACK = re.compile(r"(\d{1,15}) > ?(.*)", re.DOTALL)
"""What a button of ours says behind the verb: the alert, and what is to be shown then."""


async def _open(tools: Tools, asked: Typed) -> Reply:
    return Reply(await _list(tools, asked, asked.parsed.text), reads=True)


async def _list(tools: Tools, asked: Typed, text: str) -> Card:
    wanted = read_filters(text)
    pilot = await _pilot(tools, asked, wanted, wanted.pilot) if wanted.pilot is not None else None
    pilot_id = pilot.id if pilot is not None else None
    labels = dict(wanted.labels)
    severity = wanted.severity
    which = Which(
        pilot_id=pilot_id, taken_by=asked.actor.person if "mine" in wanted.words else None,
        rank=SEVERITIES.index(severity) if severity is not None else None, name=labels.pop("name", None),
        labels=labels, is_untaken="untaken" in wanted.words)
    return await tools.alert_lists.open(
        asked.actor, which, _about(wanted, pilot), wanted.page,
        lambda page: wanted.line(page=page, pilot_id=pilot_id), with_ended="all" in wanted.words)


async def _pilot(tools: Tools, asked: Typed, wanted: Asked, name: str) -> Pilot:
    """The pilot named. Raises Refused, with the same filters for each that it could be."""
    like = filter_like(name)
    if like is not None and not await tools.finder.knows(asked.actor, name):
        others = [each for each in wanted.words
                  if each != like and not (like in SEVERITIES and each in SEVERITIES)]
        meant = replace(wanted, pilot=None, words=(like, *others)).line()
        raise Refused(f"I know no pilot called “{inside(name)}”. Did you mean `/alerts {shown(meant)}`? "
                      "`/alerts help` lists the filters, `/pilot list` the pilots.",
                      choices=choices_of([meant], "/alerts"))
    rest = replace(wanted, pilot=None).line()
    return await tools.finder.pilot(asked.actor, replace(asked.parsed, pilot=name, text=rest))


def _about(wanted: Asked, pilot: Pilot | None) -> str:
    said = [f"of {pilot.name}"] if pilot is not None else []
    said += ["with you on it"] if "mine" in wanted.words else []
    said += ["with nobody on it"] if "untaken" in wanted.words else []
    labels = " ".join(f"{name}:{value}" for name, value in wanted.labels.items())
    said += [f"with {labels}"] if labels else []
    said += [f"of severity {wanted.severity}"] if wanted.severity is not None else []
    return " ".join(said)


async def _show(tools: Tools, asked: Typed) -> Reply:
    alert_id = await tools.alert_lists.named(asked.actor, "show", asked.parsed.text)
    return Reply(await tools.alert_lists.show(asked.actor, alert_id), reads=True)


async def _take(tools: Tools, asked: Typed) -> Reply:
    alert_id, back = await _meant(tools, asked)
    await tools.alerts.take_over(asked.actor, alert_id)
    return await _after(tools, asked, alert_id, back)


async def _ack(tools: Tools, asked: Typed) -> Reply:
    if fold(asked.parsed.text) in ("all", "everything"):
        return Reply(await tools.alert_lists.ask_all(asked.actor), reads=True)
    alert_id, back = await _meant(tools, asked)
    await tools.alerts.acknowledge(asked.actor, alert_id)
    return await _after(tools, asked, alert_id, back)


async def _resolve(tools: Tools, asked: Typed) -> Reply:
    alert_id, back = await _meant(tools, asked)
    await tools.alerts.settle(asked.actor, alert_id)
    return await _after(tools, asked, alert_id, back)


async def _meant(tools: Tools, asked: Typed) -> tuple[int, str | None]:
    """The alert, and what a button of ours wants to be shown after; None: it was typed."""
    pressed = _AND_BACK.fullmatch(asked.parsed.text)
    if pressed is not None:
        return int(pressed[1]), pressed[2]
    return await tools.alert_lists.named(asked.actor, asked.parsed.verb.name, asked.parsed.text), None


async def _after(tools: Tools, asked: Typed, alert_id: int, back: str | None) -> Reply:
    """The list again, or the alert as it stands now."""
    if back is not None and not back.startswith("show "):
        return Reply(await _list(tools, asked, back), reads=True)
    return Reply(await tools.alert_lists.show(asked.actor, alert_id), reads=True)


async def _stats(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed) if asked.parsed.pilot is not None else None
    days = DAYS[asked.parsed.choice or "30d"]
    return Reply(await tools.alert_reports.card(asked.actor, pilot, days, asked.person), reads=True)


# ---- buttons -----------------------------------------------------------------------------------------------


async def _press_list(tools: Tools, pressed: Pressed) -> Reply:
    page = int(pressed.args[1]) if len(pressed.args) > 1 else 0
    return Reply(await tools.alert_lists.storm(pressed.actor, int(pressed.args[0]), page), reads=True)


async def _press_file(tools: Tools, pressed: Pressed) -> Reply:
    storm_id = int(pressed.args[0])
    await tools.alert_reports.post_list(pressed.actor, storm_id)
    card = await tools.alert_lists.storm(pressed.actor, storm_id)
    note = Note(line("The complete list comes into the storm's thread in a moment."))
    return Reply(replace(card, elements=(*card.elements, note)), reads=True)


async def _press_all(tools: Tools, pressed: Pressed) -> Reply:
    pilot_id = int(pressed.args[0]) or None
    if pilot_id is None and pressed.actor.room is None:
        raise Refused("All of which channel? Type `/alerts ack all` in a pilot's channel.")
    number = await tools.alerts.acknowledge_all(pressed.actor, pilot_id)
    said = {0: "Nothing waited for somebody any more", 1: "You are on 1 alert now"}.get(
        number, f"You are on {number} alerts now")
    return Reply(Card(said, (Note(line("Each of their messages says so.")),) if number else ()), reads=True)


async def _press_picture(tools: Tools, pressed: Pressed) -> Reply:
    pilot_id, days = int(pressed.args[0]), int(pressed.args[1])
    today = calendar_of(pressed.person).today(tools.clock())
    await tools.alert_reports.post_picture(pressed.actor, pilot_id, days, today)
    return Reply(Card("The picture is being drawn and comes in a few seconds"), reads=True)


ANSWERS = Answers(
    typed={"/alerts": _open, "/alerts show": _show, "/alerts take": _take, "/alerts ack": _ack,
           "/alerts resolve": _resolve, "/alerts stats": _stats},
    pressed={"a-list": _press_list, "a-file": _press_file, "a-all": _press_all, "a-picture": _press_picture})
