"""What tests at the door need: hands that press and forge, eyes for rows, and a wire that remembers."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus, urlencode

import httpx
from sqlalchemy import select, update

from bot.sandbox.deliver import sign
from bot.sandbox.elements import elements
from bot.sandbox.payloads import Payloads
from bot.sandbox.views import Views
from storage import pilots
from storage.models import AuditEntry, Item, ItemState, Pilot, Post, Seat
from tests.world import SECRET, TEAM, World

ROOM = "claims-triage"
FEW = {"engineering": "sam", "legal": "jonas"}
"""With Priya, who leads, and Marta, who sponsors: enough people for most promises."""


# ---- hands -------------------------------------------------------------------------------------------------

def buttons(place: Any) -> dict[str, str]:
    """Of a message or a view: what each button brings back -> its label."""
    blocks = place.all_blocks if hasattr(place, "all_blocks") else place.blocks
    return {e["value"]: e["text"]["text"] for _, e in elements(blocks) if e["type"] == "button"}


def _element(place: Any, value: str) -> dict[str, str]:
    blocks = place.all_blocks if hasattr(place, "all_blocks") else place.blocks
    for block, element in elements(blocks):
        if element.get("value") == value:
            return {"block_id": block["block_id"], "action_id": element["action_id"]}
    raise AssertionError(f"no button {value!r}; there is {buttons(place)}")


def newest(world: World, who: str, channel: str, value: str) -> Any:
    """The newest message of `channel` with that button, as `who` sees it."""
    for message in reversed(world.sandbox.shown(channel, who)):
        if value in buttons(message):
            return message
    raise AssertionError(f"{who} sees no button {value!r} in {channel}:\n{world.all_text(channel, who)}")


async def press(world: World, who: str, value: str, channel: str | None = ROOM, ts: str | None = None) -> None:
    """Press the button that brings back `value`: on a message, or with no channel on the top modal or Home."""
    if channel is None:
        place = world.sandbox.modal(who) or world.sandbox.home(who)
        assert place is not None
        answer = await world.sandbox.press(who, view=place.id, **_element(place, value))
    else:
        shown = world.sandbox.shown(channel, who)
        message = next(m for m in shown if m.ts == ts) if ts else newest(world, who, channel, value)
        answer = await world.sandbox.press(who, channel=channel, ts=message.ts, **_element(message, value))
    assert answer.error is None, answer
    await calm(world)


async def fill(world: World, person: str, /, **fields: Any) -> dict[str, str] | None:
    """Fill in and submit the top modal; None: it was taken, else what is wrong with which field."""
    form = world.sandbox.modal(person)
    assert form is not None, "no form is open"
    answer = await world.sandbox.submit(person, form.id, **fields)
    assert answer.error in (None, "invalid_input"), answer
    await calm(world)
    return form.errors


async def calm(world: World) -> None:
    """Everything under way has arrived."""
    await world.parts.door.drained()
    await world.settle()


async def whispered(world: World, who: str, doing: Any, channel: str = ROOM) -> str:
    """What `who` alone newly sees in `channel` by `doing`, several joined; '' for nothing."""
    before = {m.ts for m in world.sandbox.shown(channel, who)}
    await doing
    return "\n".join(m.plain for m in world.sandbox.shown(channel, who) if m.ts not in before and m.ephemeral_for)


async def until(what: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait for what a listener does after its ack."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.01)
    return found


async def opened_home(world: World, who: str) -> Any:
    """Open the Home tab; the view that is published then."""
    before = world.sandbox.home(who)
    stamp = before.hash if before else None
    await world.sandbox.open_home(who)

    async def published() -> None:
        while (now := world.sandbox.home(who)) is None or now.hash == stamp:
            await asyncio.sleep(0.01)
            await world.settle()
    await asyncio.wait_for(published(), 20)
    return world.sandbox.home(who)


async def sweep(world: World, day: int, hour: int = 9, minute: int = 31) -> None:
    """The morning of a day in November 2026, UTC, with what it brings."""
    world.clock.now = world.clock.now.replace(day=day, hour=hour, minute=minute, second=0)
    await world.parts.nudges.sweep()
    await world.settle()


# ---- eyes --------------------------------------------------------------------------------------------------

async def rows(world: World, query: Any) -> list[Any]:
    async with world.parts.store.reading() as session:
        return list(await session.scalars(query))


async def item(world: World, ref: str, pilot: int = 1) -> Item:
    found: Item = (await rows(world, select(Item).where(Item.pilot_id == pilot, Item.ref == ref)))[0]
    return found


async def seat(world: World, role: str, pilot: int = 1) -> Seat | None:
    found = await rows(world, select(Seat).where(Seat.pilot_id == pilot, Seat.role == role))
    return found[0] if found else None


async def pilot(world: World, number: int = 1) -> Pilot:
    found: Pilot = (await rows(world, select(Pilot).where(Pilot.id == number)))[0]
    return found


async def trail(world: World, pilot: int = 1) -> list[tuple[str, str, str]]:
    """(what, about what, by whom) of a pilot's audit trail, oldest first."""
    names = {f"slack:{user.id}": user.handle for user in world.sandbox.workspace.users.values()}
    found = await rows(world, select(AuditEntry).where(AuditEntry.pilot_id == pilot).order_by(AuditEntry.seq))
    return [(entry.what, entry.subject, names.get(entry.actor, entry.actor)) for entry in found]


async def posts(world: World, kind: str) -> list[Post]:
    return await rows(world, select(Post).where(Post.kind == kind).order_by(Post.id))


def copy_of(row: Any) -> dict[str, Any]:
    """A row's values, to make another one like it."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key != "id"}


async def give(world: World, who: str, refs: list[str], due: date) -> None:
    """Set the stage: `who` owns these items, due that day and to be heard of now."""
    await change_items(world, refs, owner_id=f"slack:{world.sandbox.user_id(who)}", due_on=due, plan_on=None,
                       next_at=world.clock())


async def change_items(world: World, refs: list[str], **values: Any) -> None:
    """Set the stage: these items are so."""
    async with world.parts.store.begin() as session:
        await session.execute(update(Item).where(Item.ref.in_(refs)).values(**values))


async def settle_gate(world: World, gate: str, at: datetime) -> None:
    """Set the stage: nothing holds this gate any more."""
    async with world.parts.store.begin() as session:
        await session.execute(update(Item).where(Item.gate == gate).values(
            state=ItemState.DONE, evidence="in the wiki", closed_at=at, closed_by="slack:U0PRIYA00", next_at=None))


class Held:
    """A pilot's row, locked by somebody else until `release`: actions on it have to wait."""

    def __init__(self, world: World, pilot: int = 1) -> None:
        self.world, self.pilot = world, pilot
        self._release, self._locked = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> "Held":
        self._task = asyncio.create_task(self._hold())
        await self._locked.wait()
        return self

    async def _hold(self) -> None:
        async with self.world.parts.store.begin() as session:
            await pilots.locked(session, TEAM, self.pilot)
            self._locked.set()
            await self._release.wait()

    async def release(self) -> None:
        self._release.set()
        await self._task

    async def __aexit__(self, *_: object) -> None:
        await self.release()


# ---- the wire ----------------------------------------------------------------------------------------------

class Wire(httpx.AsyncBaseTransport):
    """Between Slack and the bot: remembers each request, byte for byte, and sends it again when asked."""

    def __init__(self, world: World) -> None:
        assert world.sandbox.bot is not None
        self.inner = world.sandbox.bot
        self.sent: list[tuple[bytes, dict[str, str]]] = []
        world.sandbox.bot = httpx.AsyncClient(transport=self, base_url="http://bot")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        self.sent.append((body, dict(request.headers)))
        return await self.inner.post("/slack/events", content=body, headers=dict(request.headers))

    async def again(self, kind: str) -> httpx.Response:
        """Send the last request of that kind once more: a command, what somebody said, or by its type."""
        mark = {"command": "command=", "said": '"client_msg_id"'}.get(kind, f'"type": "{kind}"')
        body, headers = next(each for each in reversed(self.sent) if mark in unquote_plus(each[0].decode()))
        return await self.inner.post("/slack/events", content=body, headers=headers)


async def send(world: World, body: bytes, *, secret: str = SECRET, stamp: str | None = None,
               kind: str = "application/x-www-form-urlencoded", **headers: str) -> httpx.Response:
    """A request to the bot's door as anybody could make it; signed rightly unless told otherwise."""
    stamp = str(int(time.time())) if stamp is None else stamp
    assert world.sandbox.bot is not None
    return await world.sandbox.bot.post("/slack/events", content=body, headers={
        "content-type": kind, "x-slack-request-timestamp": stamp,
        "x-slack-signature": sign(secret, stamp, body), **headers})


def press_body(world: World, who: str, value: str, channel: str = ROOM) -> dict[str, Any]:
    """What Slack would send for a press of a button that may not exist."""
    ws = world.sandbox.workspace
    user, room = ws.user_id(who), ws.channels[ws.channel_id(channel)]
    message = next(m for m in room.messages if m.ephemeral_for is None)
    url = ws.new_response_url("actions", room.id, user, message.ts)
    action = {"type": "button", "action_id": "gc.x.0", "block_id": "b", "value": value, "action_ts": "1.0"}
    return Payloads(ws, Views(ws)).on_message(user, room, message, action, {}, ws.new_trigger(user), url)


async def forge(world: World, who: str, value: str, channel: str = ROOM) -> str:
    """Send a press with any value, signed, as `who`; what they alone then see."""
    body = urlencode({"payload": json.dumps(press_body(world, who, value, channel))}).encode()

    async def sent() -> None:
        answer = await send(world, body)
        assert answer.status_code == 200, answer.text
        await calm(world)
    return await whispered(world, who, sent(), channel)


async def forge_form(world: World, person: str, action: str, /, **values: str) -> str:
    """Send a form with any address and any values, signed, as `person`; everything the answer says."""
    ws = world.sandbox.workspace
    user = ws.users[ws.user_id(person)]
    view = {"id": ws.new_id("V0"), "type": "modal", "callback_id": "gc", "private_metadata": json.dumps({"a": action}),
            "blocks": [{"type": "input", "block_id": name} for name in values],
            "state": {"values": {name: {"v": _given(value)} for name, value in values.items()}}}
    payload = {"type": "view_submission", "user": {"id": user.id, "team_id": user.team_id},
               "team": {"id": user.team_id}, "api_app_id": ws.cast.app_id, "view": view}
    answer = await send(world, urlencode({"payload": json.dumps(payload)}).encode())
    assert answer.status_code == 200, answer.text
    await calm(world)
    return " ".join(_texts(answer.json())) if answer.text else ""


def _given(value: str) -> dict[str, str]:
    if value[:2] in ("U0", "W0"):
        return {"type": "users_select", "selected_user": value}
    if value[:2] == "20" and value[4:5] == "-":
        return {"type": "datepicker", "selected_date": value}
    return {"type": "plain_text_input", "value": value}


def _texts(answer: Any) -> Iterator[str]:
    """Every text of an answer: errors of fields, and the words of a pushed card."""
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, dict):
        for value in answer.values():
            yield from _texts(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _texts(value)


async def forge_command(world: World, who: str, line: str) -> httpx.Response:
    """Type a command that Slack would not let this person type."""
    ws = world.sandbox.workspace
    user, room = ws.users[ws.user_id(who)], ws.channels[ws.channel_id(ROOM)]
    trigger, url = ws.new_trigger(user.id), ws.new_response_url("commands", room.id, user.id)
    name, _, rest = line.partition(" ")
    form = Payloads(ws, Views(ws)).command(user.id, room, name, rest, trigger, url)
    return await send(world, urlencode({**form, "team_id": user.team_id}).encode())


def in_days(world: World, days: int) -> str:
    return (world.clock().date() + timedelta(days=days)).isoformat()
