"""Answers about items: the list, one item, and all that may happen to it besides briefings."""

from handlers.chat.ports import Actor
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed
from handlers.commands.item_forms import changes, opens
from handlers.commands.reply import Reply

# ---- typed ---------------------------------------------------------------------------------------------


async def _items(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    return Reply(await tools.status.items(asked.actor.workspace, pilot.id, asked.actor.person,
                                          asked.parsed.choice or "open", 0), reads=True)


async def _item(tools: Tools, asked: Typed) -> Reply:
    return await _shown(tools, asked.actor, (await tools.finder.item(asked.actor, asked.parsed)).id)


async def _shown(tools: Tools, actor: Actor, item_id: int) -> Reply:
    return Reply(await tools.item_card(actor, item_id), reads=True)


async def _done(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    await tools.items.done(asked.actor, item.id, asked.parsed.text)
    return await _shown(tools, asked.actor, item.id)


async def _reopen(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    await tools.items.reopen(asked.actor, item.id, asked.parsed.text)
    return await _shown(tools, asked.actor, item.id)


async def _na(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    await tools.items.not_applicable(asked.actor, item.id, asked.parsed.text)
    return await _shown(tools, asked.actor, item.id)


async def _plan(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    assert asked.parsed.on is not None
    await tools.items.plan(asked.actor, item.id, asked.parsed.on)
    return await _shown(tools, asked.actor, item.id)


async def _snooze(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    assert asked.parsed.on is not None
    await tools.snoozes.snooze(asked.actor, item.id, asked.parsed.on)
    return await _shown(tools, asked.actor, item.id)


async def _due(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    assert asked.parsed.on is not None
    await tools.items.due(asked.actor, item.id, asked.parsed.on, asked.parsed.text)
    return await _shown(tools, asked.actor, item.id)


async def _waive(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    assert asked.parsed.on is not None
    await tools.items.waive(asked.actor, item.id, asked.parsed.on, asked.parsed.text)
    return await _shown(tools, asked.actor, item.id)


async def _block(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    who = await tools.named(asked, item=item.id) if asked.parsed.person else None
    await tools.items.block(asked.actor, item.id, who, asked.parsed.text)
    return await _shown(tools, asked.actor, item.id)


async def _assign(tools: Tools, asked: Typed) -> Reply:
    item = await tools.finder.item(asked.actor, asked.parsed)
    who = await tools.named(asked, item=item.id)
    await tools.items.assign(asked.actor, item.id, who)
    return await _shown(tools, asked.actor, item.id)


# ---- pressed -------------------------------------------------------------------------------------------


async def _press_items(tools: Tools, pressed: Pressed) -> Reply:
    page = int(pressed.args[2]) if len(pressed.args) > 2 else 0
    return Reply(await tools.status.items(pressed.actor.workspace, int(pressed.args[0]), pressed.actor.person,
                                          pressed.args[1], page), reads=True)


async def _press_item(tools: Tools, pressed: Pressed) -> Reply:
    return await _shown(tools, pressed.actor, int(pressed.args[0]))


async def _press_unblock(tools: Tools, pressed: Pressed) -> Reply:
    item_id = int(pressed.args[0])
    await tools.items.unblock(pressed.actor, item_id)
    return Reply(await tools.item_card(pressed.actor, item_id))


async def _press_snooze(tools: Tools, pressed: Pressed) -> Reply:
    item, calendar = await tools.snoozes.check(pressed.actor, int(pressed.args[0]))
    return Reply(form=forms.snooze_form(item, calendar, calendar.today(tools.clock())))


async def _press_offer(tools: Tools, pressed: Pressed) -> Reply:
    item_id = int(pressed.args[0])
    await tools.items.offer_help(pressed.actor, item_id)
    return Reply(await tools.item_card(pressed.actor, item_id))


# ---- filled in -----------------------------------------------------------------------------------------


async def _fill_done(tools: Tools, filled: Filled, item_id: int) -> None:
    await tools.items.done(filled.actor, item_id, forms.text_of(filled.values, "evidence"))


async def _fill_plan(tools: Tools, filled: Filled, item_id: int) -> None:
    await tools.items.plan(filled.actor, item_id, forms.day_of(filled.values, "on"))


async def _fill_snooze(tools: Tools, filled: Filled, item_id: int) -> None:
    other = filled.values.get("on")
    chosen = forms.day_of(filled.values, "on" if other else "until")
    await tools.snoozes.snooze(filled.actor, item_id, chosen)


async def _fill_block(tools: Tools, filled: Filled, item_id: int) -> None:
    who = await tools.picked(filled) if filled.values.get("who") else None
    await tools.items.block(filled.actor, item_id, who, forms.text_of(filled.values, "reason"))


async def _fill_assign(tools: Tools, filled: Filled, item_id: int) -> None:
    await tools.items.assign(filled.actor, item_id, await tools.picked(filled))


async def _fill_na(tools: Tools, filled: Filled, item_id: int) -> None:
    await tools.items.not_applicable(filled.actor, item_id, forms.text_of(filled.values, "reason"))


async def _fill_reopen(tools: Tools, filled: Filled, item_id: int) -> None:
    await tools.items.reopen(filled.actor, item_id, forms.text_of(filled.values, "reason"))


ANSWERS = Answers(
    typed={"/pilot items": _items, "/pilot item": _item, "/pilot done": _done, "/pilot reopen": _reopen,
           "/pilot na": _na, "/pilot plan": _plan, "/pilot snooze": _snooze, "/pilot due": _due,
           "/pilot block": _block, "/pilot assign": _assign, "/pilot waive": _waive},
    pressed={
        "items": _press_items, "item": _press_item, "unblock": _press_unblock,
        "snooze": _press_snooze, "offer": _press_offer,
        "done": opens("done", lambda item, _: forms.done_form(item)),
        "plan": opens("plan", forms.plan_form),
        "block": opens("block", lambda item, _: forms.block_form(item)),
        "assign": opens("assign", lambda item, _: forms.assign_form(item)),
        "na": opens("na", lambda item, _: forms.na_form(item)),
        "reopen": opens("reopen", lambda item, _: forms.reopen_form(item)),
    },
    filled={
        "done": changes("evidence", _fill_done), "plan": changes("on", _fill_plan),
        "snooze": changes("until", _fill_snooze),
        "block": changes("reason", _fill_block), "assign": changes("who", _fill_assign),
        "na": changes("reason", _fill_na), "reopen": changes("reason", _fill_reopen),
    })
