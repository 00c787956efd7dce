"""Answers about a pilot's channel: how it is nudged, and who is on what it speaks of."""

from dataclasses import replace
from datetime import time

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed
from handlers.commands.reply import Reply
from handlers.nudges import channel_words, settings_card
from handlers.people.dates import simplified
from handlers.pilots import rhythm
from handlers.pilots.rhythm import Naming, Part, Rhythm
from storage.models import Person, Pilot

# ---- how it is nudged ------------------------------------------------------------------------------------


async def _nudge(tools: Tools, asked: Typed) -> Reply:
    name, text = asked.parsed.pilot, asked.parsed.text
    if name is not None and not await tools.finder.knows(asked.actor, name):
        channel_words.check_words(f"{name} {text}")
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    if text:
        await tools.channel.change(asked.actor, pilot.id, lambda was, of: channel_words.read_settings(
            text, was, is_week_one=of.stage in rhythm.WEEK_ONE))
    return await _shown(tools, asked.actor, asked.person, pilot.id)


async def _shown(tools: Tools, actor: Actor, person: Person, pilot_id: int) -> Reply:
    return Reply(await tools.channel.card(actor, person, pilot_id), reads=True)


async def _press_set(tools: Tools, pressed: Pressed) -> Reply:
    """On, off, or how owners are named: one word, chosen instead of typed."""
    pilot_id, word = int(pressed.args[0]), pressed.args[1]

    def change(was: Rhythm, _: Pilot) -> Rhythm:
        return replace(was, is_on=word == "on") if word in ("on", "off") else replace(
            was, naming=Naming(word))

    await tools.channel.change(pressed.actor, pilot_id, change)
    return await _shown(tools, pressed.actor, pressed.person, pilot_id)


async def _press_change(tools: Tools, pressed: Pressed) -> Reply:
    pilot = await tools.channel.open(pressed.actor, int(pressed.args[0]))
    return Reply(form=settings_card.settings_form(pilot, tools.channel.languages.of(pressed.person.locale)))


async def _fill_settings(tools: Tools, filled: Filled) -> Reply:
    pilot_id = int(filled.args[0])
    await tools.channel.open(filled.actor, pilot_id)
    wanted = _wanted(filled)
    await tools.channel.change(filled.actor, pilot_id, lambda was, of: wanted)
    return Reply(await tools.channel.card(filled.actor, filled.person, pilot_id))


def _wanted(filled: Filled) -> Rhythm:
    """The settings as filled in. Raises Refused at the field that cannot be read."""
    values = filled.values
    typed_zone = forms.text_of(values, "zone")
    zone = channel_words.read_zone(simplified(typed_zone))
    if zone is None:
        raise Refused("I do not know that zone.", fields={
            "zone": "I do not know that zone. Type a city such as Berlin, or Europe/Berlin."})
    try:
        at = time.fromisoformat(forms.text_of(values, "at"))
    except ValueError as error:
        raise Refused("Pick a time.", fields={"at": "Pick a time."}) from error
    return Rhythm(
        week_one=_days(forms.many_of(values, "week_one")), later=_days(forms.many_of(values, "later")), at=at,
        zone=zone,
        naming=next((each for each in Naming if each == forms.text_of(values, "naming")), Naming.MENTION),
        parts=frozenset(part for part in Part if part in forms.many_of(values, "parts")),
        is_on=forms.text_of(values, "on") != "off")


def _days(chosen: tuple[str, ...]) -> frozenset[int]:
    return frozenset(day for day in range(7) if str(day) in chosen)


# ---- who is on it ----------------------------------------------------------------------------------------


async def _on_it(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    act = {"join": tools.on_it.join, "take": tools.on_it.take, "leave": tools.on_it.leave}.get(
        asked.parsed.choice or "", tools.on_it.start)
    await act(asked.actor, item.id)
    return Reply(await tools.item_card(asked.actor, item.id), reads=True)


async def _press_on_it(tools: Tools, pressed: Pressed) -> Reply:
    item_id = int(pressed.args[0])
    await tools.on_it.start(pressed.actor, item_id)
    return Reply(await tools.item_card(pressed.actor, item_id))


ANSWERS = Answers(
    typed={"/pilot channel-nudge": _nudge, "/pilot on-it": _on_it},
    pressed={"nudgeset": _press_set, "nudging": _press_change, "onit": _press_on_it},
    filled={"nudging": _fill_settings})
