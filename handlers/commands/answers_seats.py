"""Answers about a pilot's team: who sits where, filling a seat, taking it or handing it back."""

from handlers.chat.errors import Refused
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, Typed, wrong_at
from handlers.commands.reply import Reply
from handlers.people.roles import Role, read_role
from storage import pilots


async def _team(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    if asked.parsed.choice and asked.parsed.person:
        who = await tools.named(asked, pilot=pilot.id)
        await tools.seats.fill(asked.actor, pilot.id, read_role(asked.parsed.choice), who)
    return Reply(await tools.team_card(asked.actor, pilot.id), reads=True)


async def _press_team(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.team_card(pressed.actor, int(pressed.args[0])), reads=True)


async def _press_accept(tools: Tools, pressed: Pressed) -> Reply:
    await tools.seats.accept(pressed.actor, int(pressed.args[0]), _role(pressed))
    return Reply(await tools.team_card(pressed.actor, int(pressed.args[0])))


async def _press_not_me(tools: Tools, pressed: Pressed) -> Reply:
    await tools.seats.hand_back(pressed.actor, int(pressed.args[0]), _role(pressed))
    return Reply(await tools.team_card(pressed.actor, int(pressed.args[0])))


def _role(pressed: Pressed) -> Role | None:
    """The seat meant; None: all that the person was asked to take."""
    return None if pressed.args[1] == "*" else Role(pressed.args[1])


async def _press_seat(tools: Tools, pressed: Pressed) -> Reply:
    """The form that fills a seat. Raises Refused at once where submitting it would be in vain."""
    pilot_id, role = int(pressed.args[0]), Role(pressed.args[1])
    await tools.seats.check_fill(pressed.actor, pilot_id)
    async with tools.finder.store.reading() as session:
        pilot = await pilots.one(session, pressed.actor.workspace, pilot_id)
        seats = await pilots.seats_of(session, pressed.actor.workspace, pilot_id)
    if pilot is None:
        raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
    seat = seats.get(role)
    return Reply(form=forms.seat_form(pilot, role, seat.person_id if seat else None))


async def _fill_seat(tools: Tools, filled: Filled) -> Reply:
    pilot_id, role = int(filled.args[0]), Role(filled.args[1])
    who = await tools.picked(filled)
    with wrong_at("who"):
        await tools.seats.fill(filled.actor, pilot_id, role, who)
    return Reply(await tools.team_card(filled.actor, pilot_id))


ANSWERS = Answers(
    typed={"/pilot team": _team},
    pressed={"team": _press_team, "accept": _press_accept, "notme": _press_not_me, "seat": _press_seat},
    filled={"seat": _fill_seat})
