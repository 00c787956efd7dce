"""Answers about on-call: who has it, taking and giving shifts, rotations and their feeds."""

from dataclasses import replace

from handlers.chat.cards import Buttons, Form, said
from handlers.chat.errors import inside
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed, wrong_at
from handlers.commands.reply import Reply
from handlers.oncall import forms as oncall_forms
from handlers.oncall.cards import delete_button
from handlers.oncall.shifts import NOW, Stretch
from handlers.oncall.words import Here, Said, read_stretch, read_until
from handlers.people.actions import calendar_of
from storage.alerting import Rotation
from storage.models import Pilot

# ---- typed -------------------------------------------------------------------------------------------------


async def _board(tools: Tools, asked: Typed) -> Reply:
    rotation, pilot = await _named(tools, asked, asked.parsed.pilot)
    if rotation is not None:
        return Reply(await tools.oncall.boards.board(asked.actor, rotation_id=rotation.id), reads=True)
    return Reply(await tools.oncall.boards.board(asked.actor, pilot=pilot), reads=True)


async def _take(tools: Tools, asked: Typed) -> Reply:
    meant = read_until(asked.parsed.text, _here(asked))
    rotation = await _chosen(tools, asked, meant, "/oncall take")
    done = await tools.oncall.shifts.take(asked.actor, asked.person, rotation.id, meant.stretch)
    return await _done(tools, asked, rotation, done)


async def _hand_over(tools: Tools, asked: Typed) -> Reply:
    meant = read_until(asked.parsed.text, _here(asked))
    who = await tools.named(asked)
    rotation = await _chosen(tools, asked, meant, f"/oncall hand over {_mention(who.id)}")
    done = await tools.oncall.shifts.hand_over(asked.actor, rotation.id, who, meant.stretch)
    return await _done(tools, asked, rotation, done)


async def _override(tools: Tools, asked: Typed) -> Reply:
    meant = read_stretch(asked.parsed.text, _here(asked))
    who = await tools.named(asked)
    rotation = await _chosen(tools, asked, meant, f"/oncall override {_mention(who.id)}")
    done = await tools.oncall.shifts.override(asked.actor, rotation.id, who, meant.stretch)
    return await _done(tools, asked, rotation, done)


async def _next(tools: Tools, asked: Typed) -> Reply:
    mine = asked.parsed.choice == "mine"
    rotation, pilot = (None, None) if mine else await _named(tools, asked, asked.parsed.pilot)
    number = rotation.id if rotation is not None else None
    return Reply(await tools.oncall.boards.next(asked.actor, pilot, number, mine=mine), reads=True)


async def _rotation(tools: Tools, asked: Typed) -> Reply:
    name, how = asked.parsed.pilot, asked.parsed.choice
    if how == "set":
        return Reply(form=await _set_form(tools, asked, name))
    rotation = await _chosen(tools, asked, Said(name, NOW, ""), f"/oncall rotation {how or ''}".strip())
    if how == "delete":
        question = f"Delete the rotation “{inside(rotation.name)}” with all that was changed in it?"
        return Reply(said(question, Buttons((delete_button(rotation),))), reads=True)
    return Reply(await tools.oncall.boards.rotation(asked.actor, rotation.id), reads=True)


async def _set_form(tools: Tools, asked: Typed, name: str | None) -> Form:
    """The form of the rotation that is called so; of a new one where none is, or no name was given."""
    rotation = await tools.oncall.boards.named(asked.actor, name) if name is not None else None
    if rotation is not None:
        return await _layer_form(tools, asked, rotation.id, 0)
    here, own = await tools.oncall.boards.mine(asked.actor)
    if name is not None and await tools.finder.knows(asked.actor, name):
        here = await tools.finder.pilot(asked.actor, asked.parsed)
        if (number := await tools.oncall.boards.own_of(asked.actor, here)) is not None:
            return await _layer_form(tools, asked, number, 0)
        own = [here, *(each for each in own if each.id != here.id)]
    return oncall_forms.new_form(own, here, asked.person.zone, asked.today)


def _here(asked: Typed) -> Here:
    return Here(asked.calendar, asked.now)


def _mention(person_id: str) -> str:
    return f"<@{person_id.partition(':')[2]}>"


async def _named(tools: Tools, asked: Typed, name: str | None) -> tuple[Rotation | None, Pilot | None]:
    """What is meant: a rotation, else a pilot, else the pilot of the room; neither: everything."""
    if name is None:
        return None, await tools.oncall.boards.here(asked.actor)
    rotation = await tools.oncall.boards.named(asked.actor, name)
    if rotation is not None:
        return rotation, None
    return None, await tools.finder.pilot(asked.actor, replace(asked.parsed, pilot=name))


async def _chosen(tools: Tools, asked: Typed, meant: Said, begun: str) -> Rotation:
    """The one rotation to act on. Raises Refused with those that could be meant."""
    typed = replace(asked, parsed=replace(asked.parsed, text=meant.rest))
    rotation, pilot = await _named(tools, typed, meant.name)
    return rotation or await tools.oncall.boards.choose(asked.actor, pilot, begun, meant.rest)


async def _done(tools: Tools, asked: Typed | Filled | Pressed, rotation: Rotation, what: str) -> Reply:
    card = await tools.oncall.boards.board(asked.actor, rotation_id=rotation.id, said=what)
    return Reply(card, reads=True)


# ---- pressed -----------------------------------------------------------------------------------------------


async def _press_take(tools: Tools, pressed: Pressed) -> Reply:
    rotation = await tools.oncall.boards.row(pressed.actor, int(pressed.args[0]))
    done = await tools.oncall.shifts.take(pressed.actor, pressed.person, rotation.id)
    return await _done(tools, pressed, rotation, done)


async def _press_give(tools: Tools, pressed: Pressed) -> Reply:
    rotation = await tools.oncall.boards.row(pressed.actor, int(pressed.args[0]))
    return Reply(form=oncall_forms.give_form(rotation))


async def _press_show(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.oncall.boards.rotation(pressed.actor, int(pressed.args[0])), reads=True)


async def _press_make(tools: Tools, pressed: Pressed) -> Reply:
    number = int(pressed.args[0])
    here, own = await tools.oncall.boards.mine(pressed.actor)
    here = next((each for each in own if each.id == number), here if number else None)
    today = calendar_of(pressed.person).today(tools.clock())
    return Reply(form=oncall_forms.new_form(own, here, pressed.person.zone, today))


async def _press_edit(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(form=await _layer_form(tools, pressed, int(pressed.args[0]), int(pressed.args[1])))


async def _layer_form(tools: Tools, asked: Typed | Pressed, rotation_id: int, place: int) -> Form:
    rotation = await tools.oncall.rotations.check_open(asked.actor, rotation_id)
    return oncall_forms.layer_form(rotation, place, tools.clock())


async def _press_kept(tools: Tools, pressed: Pressed) -> Reply:
    rotation = await tools.oncall.rotations.check_open(pressed.actor, int(pressed.args[0]))
    tools.oncall.rotations.check_admin(pressed.actor)
    return Reply(form=oncall_forms.provider_form(rotation))


async def _press_drop(tools: Tools, pressed: Pressed) -> Reply:
    number = int(pressed.args[0])
    await tools.oncall.rotations.drop_layer(pressed.actor, number, int(pressed.args[1]))
    return Reply(await tools.oncall.boards.rotation(pressed.actor, number, "The layer is gone."), reads=True)


async def _press_delete(tools: Tools, pressed: Pressed) -> Reply:
    name = await tools.oncall.rotations.delete(pressed.actor, int(pressed.args[0]))
    return Reply(await tools.oncall.boards.board(pressed.actor, said=f"The rotation “{name}” is deleted."),
                 reads=True)


async def _press_feed(tools: Tools, pressed: Pressed) -> Reply:
    return await _feed(tools, pressed, renew=False)


async def _press_renew(tools: Tools, pressed: Pressed) -> Reply:
    return await _feed(tools, pressed, renew=True)


async def _feed(tools: Tools, pressed: Pressed, *, renew: bool) -> Reply:
    rotation = await tools.oncall.boards.row(pressed.actor, int(pressed.args[0]))
    key = await tools.oncall.rotations.feed_key(pressed.actor, rotation.id, renew=renew)
    return Reply(tools.oncall.boards.feed(rotation, key), reads=True)


# ---- filled in ---------------------------------------------------------------------------------------------


async def _fill_new(tools: Tools, filled: Filled) -> Reply:
    head, layer = oncall_forms.head_of(filled.values), oncall_forms.layer_in(filled.values)
    number = await tools.oncall.rotations.make(filled.actor, head, layer)
    return await _shown(tools, filled, number)


async def _fill_layer(tools: Tools, filled: Filled) -> Reply:
    number, place = int(filled.args[0]), int(filled.args[1])
    head = oncall_forms.head_of(filled.values) if place == 0 else None
    layer = oncall_forms.layer_in(filled.values)
    await tools.oncall.rotations.set_layer(filled.actor, number, place, layer, head)
    return await _shown(tools, filled, number)


async def _fill_give(tools: Tools, filled: Filled) -> Reply:
    who, typed = await tools.picked(filled), forms.text_of(filled.values, "until")
    rotation = await tools.oncall.boards.row(filled.actor, int(filled.args[0]))
    with wrong_at("until" if typed else "who"):
        stretch = _until(typed, Here(filled.calendar, tools.clock()))
        done = await tools.oncall.shifts.hand_over(filled.actor, rotation.id, who, stretch)
    return await _done(tools, filled, rotation, done)


def _until(typed: str, here: Here) -> Stretch:
    if not typed:
        return NOW
    is_whole = typed.casefold().startswith(("until ", "for "))
    return read_until(typed if is_whole else f"until {typed}", here).stretch


async def _fill_kept(tools: Tools, filled: Filled) -> Reply:
    number = int(filled.args[0])
    facts, named = oncall_forms.provider_in(filled.values)
    who = {}
    with wrong_at("people"):
        for there, typed in named:
            who[there] = (await tools.people.find(filled.actor.workspace, typed)).id
    await tools.oncall.rotations.keep_elsewhere(filled.actor, number, {**facts, "people": who})
    return await _shown(tools, filled, number)


async def _shown(tools: Tools, filled: Filled, number: int) -> Reply:
    return Reply(await tools.oncall.boards.rotation(filled.actor, number, "Saved."), reads=True)


ANSWERS = Answers(
    typed={"/oncall": _board, "/oncall take": _take, "/oncall hand over": _hand_over,
           "/oncall override": _override, "/oncall next": _next, "/oncall rotation": _rotation},
    pressed={"oc-take": _press_take, "oc-give": _press_give, "oc-show": _press_show, "oc-make": _press_make,
             "oc-edit": _press_edit, "oc-kept": _press_kept, "oc-drop": _press_drop,
             "oc-delete": _press_delete, "oc-feed": _press_feed, "oc-renew": _press_renew},
    filled={"oc-new": _fill_new, "oc-layer": _fill_layer, "oc-give": _fill_give, "oc-elsewhere": _fill_kept})
