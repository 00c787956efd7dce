"""Answers about the briefings of legal, security and operations: the slot, the minutes, the asks."""

from datetime import UTC, time

from handlers.chat.errors import Refused
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed
from handlers.commands.item_forms import changes, opens
from handlers.commands.reply import Reply
from handlers.pilots.rules import BRIEFINGS
from storage import pilots
from storage.models import Item, Pilot


async def _brief(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    if asked.parsed.kind is None:
        return Reply(await tools.status.briefings(asked.actor.workspace, pilot.id, asked.actor.person),
                     reads=True)
    item = await _briefing(tools, pilot, asked.parsed.kind)
    match asked.parsed.choice:
        case "slot":
            await _slot(tools, asked, item)
        case "held" if asked.parsed.text:
            await tools.items.held(asked.actor, item.id, asked.today, asked.parsed.text, [], [])
        case "held":
            return Reply(form=forms.held_form(item, asked.today))
        case "asks":
            await _asks(tools, asked, item)
            return Reply(await tools.status.items(asked.actor.workspace, pilot.id, asked.actor.person,
                                                  "open", 0), reads=True)
    return Reply(await tools.item_card(asked.actor, item.id), reads=True)


async def _briefing(tools: Tools, pilot: Pilot, kind: str) -> Item:
    async with tools.finder.store.reading() as session:
        items = await pilots.items_of(session, pilot.workspace_id, pilot.id)
    item = next((each for each in items if each.ref == BRIEFINGS[kind]), None)
    if item is None:
        raise Refused(f"The template of {pilot.name} has no {kind} briefing. `/pilot items` shows "
                      "what it has.")
    return item


async def _slot(tools: Tools, asked: Typed, item: Item) -> None:
    assert asked.parsed.on is not None
    assert asked.parsed.at is not None
    await tools.items.slot(asked.actor, item.id, asked.calendar.at(asked.parsed.on, asked.parsed.at))


async def _asks(tools: Tools, asked: Typed, item: Item) -> None:
    """Split what was typed into asks; one that begins with an exclamation mark blocks."""
    asks = [each.strip() for each in asked.parsed.text.replace("\n", ";").split(";") if each.strip(" !")]
    await tools.items.asks(asked.actor, item.id, [ask.lstrip("! ") for ask in asks if ask.startswith("!")],
                           [ask for ask in asks if not ask.startswith("!")])


async def _press_brief(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.status.briefings(pressed.actor.workspace, int(pressed.args[0]),
                                              pressed.actor.person), reads=True)


async def _fill_slot(tools: Tools, filled: Filled, item_id: int) -> None:
    at = time.fromisoformat(forms.text_of(filled.values, "at") or "10:00")
    on = forms.day_of(filled.values, "on")
    await tools.items.slot(filled.actor, item_id, filled.calendar.at(on, at).astimezone(UTC))


async def _fill_held(tools: Tools, filled: Filled, item_id: int) -> None:
    values = filled.values
    await tools.items.held(filled.actor, item_id, forms.day_of(values, "on"),
                           forms.text_of(values, "attendees"), forms.lines_of(values, "blocking"),
                           forms.lines_of(values, "other"))


ANSWERS = Answers(
    typed={"/pilot brief": _brief},
    pressed={"brief": _press_brief, "slot": opens("slot", forms.slot_form),
             "held": opens("held", forms.held_form)},
    filled={"slot": changes("on", _fill_slot), "held": changes("attendees", _fill_held)})
