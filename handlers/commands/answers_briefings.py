"""Answers about the briefings of security, legal and compliance: when, what they ask for, who stands in."""

from datetime import UTC, datetime, time

from handlers.briefings import forms as briefing_forms
from handlers.chat.cards import said
from handlers.chat.errors import Refused
from handlers.chat.wording import ENGLISH
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
    at = asked.calendar.at(asked.parsed.on, asked.parsed.at)
    await tools.briefings.slot(asked.actor, item.id, at)


async def _asks(tools: Tools, asked: Typed, item: Item) -> None:
    """Split what was typed into asks; one that begins with an exclamation mark blocks."""
    asks = [each.strip() for each in asked.parsed.text.replace("\n", ";").split(";") if each.strip(" !")]
    await tools.items.asks(asked.actor, item.id, [ask.lstrip("! ") for ask in asks if ask.startswith("!")],
                           [ask for ask in asks if not ask.startswith("!")])


async def _press_brief(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.status.briefings(pressed.actor.workspace, int(pressed.args[0]),
                                              pressed.actor.person), reads=True)


async def _press_pick(tools: Tools, pressed: Pressed) -> Reply:
    """One of the times on offer; who agreed on one outside working hours enters it in the form."""
    at = datetime.fromtimestamp(int(pressed.args[1]), UTC)
    await tools.briefings.slot(pressed.actor, int(pressed.args[0]), at)
    return Reply(await tools.item_card(pressed.actor, int(pressed.args[0])))


async def _press_times(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.briefings.times(pressed.actor, int(pressed.args[0])), reads=True)


async def _press_no_slot(tools: Tools, pressed: Pressed) -> Reply:
    await tools.briefings.call_off(pressed.actor, int(pressed.args[0]))
    return Reply(await tools.item_card(pressed.actor, int(pressed.args[0])))


async def _press_in_writing(tools: Tools, pressed: Pressed) -> Reply:
    await tools.briefings.offer_writing(pressed.actor, int(pressed.args[0]))
    return Reply(said("Offered. They got a message with the five questions, and can still pick a time."),
                 reads=True)


async def _press_written(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(form=await tools.briefings.written_form(pressed.actor, int(pressed.args[0])))


async def _press_stand_in(tools: Tools, pressed: Pressed) -> Reply:
    await tools.briefings.stand_in(pressed.actor, int(pressed.args[0]), pressed.person)
    return Reply(await tools.item_card(pressed.actor, int(pressed.args[0])))


async def _press_choose(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(form=await tools.briefings.stand_in_form(pressed.actor, int(pressed.args[0])))


async def _fill_slot(tools: Tools, filled: Filled, item_id: int) -> None:
    at = time.fromisoformat(forms.text_of(filled.values, "at") or "10:00")
    on = forms.day_of(filled.values, "on")
    agreed = briefing_forms.AGREED in forms.many_of(filled.values, briefing_forms.AGREED)
    await tools.briefings.slot(filled.actor, item_id, filled.calendar.at(on, at), agreed=agreed)


async def _fill_written(tools: Tools, filled: Filled, item_id: int) -> None:
    answers = {name: forms.text_of(filled.values, name) for name in briefing_forms.ANSWERS}
    await tools.briefings.answer(
        filled.actor, item_id, answers, finish=forms.text_of(filled.values, "then") == briefing_forms.FINISH,
        blocking=forms.lines_of(filled.values, "blocking"), other=forms.lines_of(filled.values, "other"))


async def _fill_choose(tools: Tools, filled: Filled, item_id: int) -> None:
    await tools.briefings.stand_in(filled.actor, item_id, await tools.picked(filled))


async def _fill_held(tools: Tools, filled: Filled, item_id: int) -> None:
    values = filled.values
    await tools.items.held(filled.actor, item_id, forms.day_of(values, "on"),
                           forms.text_of(values, "attendees"), forms.lines_of(values, "blocking"),
                           forms.lines_of(values, "other"))


ANSWERS = Answers(
    typed={"/pilot brief": _brief},
    pressed={"brief": _press_brief, "held": opens("held", forms.held_form),
             "slot": opens("slot", lambda item, today: briefing_forms.time_form(item, today, ENGLISH)),
             "pick": _press_pick, "times": _press_times, "noslot": _press_no_slot,
             "inwriting": _press_in_writing, "written": _press_written,
             "standin": _press_stand_in, "choose": _press_choose},
    filled={"slot": changes("on", _fill_slot), "held": changes("attendees", _fill_held),
            "written": changes("answer1", _fill_written), "choose": changes("who", _fill_choose)})
