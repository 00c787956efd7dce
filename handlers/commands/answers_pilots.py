"""Answers about a whole pilot: registering it, where it stands, its gate, its history, pausing and ending."""

from handlers.chat.ports import Actor
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed
from handlers.commands.reply import Reply
from handlers.people.actions import calendar_of
from handlers.people.roles import Role
from handlers.pilots.create import NewPilot

# ---- registering ---------------------------------------------------------------------------------------


async def _new(tools: Tools, asked: Typed) -> Reply:
    return Reply(form=forms.new_form(asked.parsed.text, asked.today, asked.actor.person,
                                     tools.creation.packs(), tools.creation.conditions(), asked.actor.room))


async def _press_new(tools: Tools, pressed: Pressed) -> Reply:
    today = calendar_of(pressed.person).today(tools.clock())
    return Reply(form=forms.new_form("", today, pressed.actor.person, tools.creation.packs(),
                                     tools.creation.conditions(), pressed.actor.room))


async def _fill_new(tools: Tools, filled: Filled) -> Reply:
    values = filled.values
    new = NewPilot(
        name=forms.text_of(values, "name"), purpose=forms.text_of(values, "purpose"),
        kickoff_on=forms.day_of(values, "kickoff"), room=forms.text_of(values, "channel"),
        packs=forms.many_of(values, "packs"),
        conditions=frozenset(forms.many_of(values, "conditions") + forms.many_of(values, "protection")),
        cut="core" if forms.text_of(values, "cut") == "core" else "full",
        seats={role: person for role in Role if (person := forms.text_of(values, role.value))})
    pilot_id = await tools.creation.create(filled.actor, new)
    return Reply(await tools.status_card(filled.actor, pilot_id))


# ---- looking -------------------------------------------------------------------------------------------


async def _list(tools: Tools, asked: Typed) -> Reply:
    return Reply(await tools.status.list(asked.actor.workspace, asked.actor.person,
                                         asked.parsed.choice or "all", 0), reads=True)


async def _press_list(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.status.list(pressed.actor.workspace, pressed.actor.person, pressed.args[0],
                                         int(pressed.args[1])), reads=True)


async def _status(tools: Tools, asked: Typed) -> Reply:
    async with tools.finder.store.reading() as session:  # asked most of all: found and read in one look
        pilot = await tools.finder.pilot_in(session, asked.actor, asked.parsed)
        return Reply(await tools.status.compose_status(session, pilot, asked.person), reads=True)


async def _press_status(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.status_card(pressed.actor, int(pressed.args[0])), reads=True)


async def _history(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    return await _history_of(tools, asked.actor, pilot.id, 0)


async def _press_history(tools: Tools, pressed: Pressed) -> Reply:
    page = int(pressed.args[1]) if len(pressed.args) > 1 else 0
    return await _history_of(tools, pressed.actor, int(pressed.args[0]), page)


async def _history_of(tools: Tools, actor: Actor, pilot_id: int, page: int) -> Reply:
    return Reply(await tools.status.history(actor.workspace, pilot_id, page, actor.person), reads=True)


async def _press_share(tools: Tools, pressed: Pressed) -> Reply:
    pilot_id = int(pressed.args[1])
    await tools.stages.share(pressed.actor, pilot_id)
    return Reply(await tools.status_card(pressed.actor, pilot_id))


# ---- the gate ------------------------------------------------------------------------------------------


async def _gate(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    if asked.parsed.choice == "pass":
        await tools.stages.pass_gate(asked.actor, pilot.id)
        return Reply(await tools.status_card(asked.actor, pilot.id), reads=True)
    return Reply(await tools.gate_card(asked.actor, pilot.id), reads=True)


async def _press_gate(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.gate_card(pressed.actor, int(pressed.args[0])), reads=True)


async def _press_pass(tools: Tools, pressed: Pressed) -> Reply:
    pilot_id = int(pressed.args[0])
    await tools.stages.pass_gate(pressed.actor, pilot_id, pressed.args[1] if len(pressed.args) > 1 else None)
    return Reply(await tools.status_card(pressed.actor, pilot_id))


# ---- pausing and ending --------------------------------------------------------------------------------


async def _pause(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    await tools.stages.pause(asked.actor, pilot.id, asked.parsed.text)
    return Reply(await tools.status_card(asked.actor, pilot.id), reads=True)


async def _resume(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    await tools.stages.resume(asked.actor, pilot.id, asked.parsed.text)
    return Reply(await tools.status_card(asked.actor, pilot.id), reads=True)


async def _stop(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    await tools.stages.stop(asked.actor, pilot.id, asked.parsed.text)
    return Reply(await tools.status_card(asked.actor, pilot.id), reads=True)


ANSWERS = Answers(
    typed={"/pilot new": _new, "/pilot list": _list, "/pilot status": _status, "/pilot history": _history,
           "/pilot gate": _gate, "/pilot pause": _pause, "/pilot resume": _resume, "/pilot stop": _stop},
    pressed={"new": _press_new, "list": _press_list, "status": _press_status, "history": _press_history,
             "share": _press_share, "gate": _press_gate, "gatepass": _press_pass},
    filled={"new": _fill_new})
