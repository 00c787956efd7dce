"""The page's own JSON API: what it shows, what a person does there, the time machine, faults, traffic."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox.deliver import Deliveries
from bot.sandbox.elements import STATE
from bot.sandbox.faults import Faults
from bot.sandbox.hub import Hub, Stream
from bot.sandbox.humans import Humans
from bot.sandbox.model import Message, View
from bot.sandbox.presses import Presses
from bot.sandbox.views import Views
from bot.sandbox.wire import JSON, SandboxError, Traffic
from bot.sandbox.workspace import Workspace

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
MORNING = (9, 31)
_STATIC_TYPES = {  # by name: with nosniff a wrong guess of the operating system would leave the page blank
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
    ".png": "image/png", ".woff2": "font/woff2", ".ico": "image/x-icon", ".json": "application/json",
}  # fmt: skip
_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


@dataclass(frozen=True, slots=True)
class PanelButton:
    """An extra button of the page, for what the host can make happen."""

    id: str
    label: str
    group: str
    description: str
    run: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class PageApi:
    """Everything under /sandbox/, and the page itself."""

    ws: Workspace
    views: Views
    humans: Humans
    presses: Presses
    deliveries: Deliveries
    faults: Faults
    traffic: Traffic
    hub: Hub
    panel: list[PanelButton]
    is_online: Callable[[], bool]
    is_socket: Callable[[], bool]
    move_clock: Callable[[], Callable[[datetime], Awaitable[None]] | None]

    def routes(self) -> list[Route]:
        api = "/sandbox/api"
        return [
            Route("/", self.page),
            Route("/static/{name:path}", self.static),
            Route(f"{api}/state", self._told(self.state)),
            Route(f"{api}/messages", self._told(self.messages)),
            Route(f"{api}/traffic", self._told(self.exchanges)),
            Route(f"{api}/stream", self.stream),
            Route(f"{api}/act", self._done(self.act), methods=["POST"]),
            Route(f"{api}/suggest", self._done(self.suggest), methods=["POST"]),
            Route(f"{api}/time", self._done(self.time), methods=["POST"]),
            Route(f"{api}/faults", self._done(self.change_faults), methods=["POST"]),
            Route(f"{api}/panel", self._done(self.press_panel), methods=["POST"]),
            Route("/sandbox/files/{id}", self.file),
        ]

    # -- files of the page ---------------------------------------------------------------------
    async def page(self, request: Request) -> Response:
        return _static_file("index.html")

    async def static(self, request: Request) -> Response:
        return _static_file(request.path_params["name"])

    async def file(self, request: Request) -> Response:
        """An uploaded file: pictures inline, the rest to save; nothing in it ever runs."""
        file = self.ws.files.get(request.path_params["id"])
        if file is None or not file.shared:
            return PlainTextResponse("There is no such file.", 404)
        inline = file.mimetype in _INLINE
        name = "".join(c if c.isalnum() or c in "._- " else "_" for c in file.name)
        name = name.encode("ascii", "replace").decode().replace("?", "_")
        headers = {
            "content-disposition": f'{"inline" if inline else "attachment"}; filename="{name}"',
            "content-security-policy": "sandbox; default-src 'none'",
        }
        media_type = file.mimetype if inline else "application/octet-stream"
        return Response(file.content, media_type=media_type, headers=headers)

    async def stream(self, request: Request) -> Response:
        return Stream(self.hub)

    # -- what is shown -------------------------------------------------------------------------
    async def state(self, asked: JSON) -> JSON:
        ws, me = self.ws, self._viewer(asked)
        home = ws.homes.get(me)
        return {
            "now": ws.now().isoformat(),
            "clock_moves": self.move_clock() is not None,
            "team": {"id": ws.cast.team_id, "name": ws.cast.team_name},
            "app": {"name": ws.app_name, "user": ws.bot},
            "me": me,
            "mode": "socket" if self.is_socket() else "http",
            "bot_online": self.is_online(),
            "users": [
                {
                    "id": u.id, "name": u.handle, "real_name": u.name, "title": u.title, "tz": u.tz,
                    "is_bot": u.is_bot, "deleted": u.deleted, "is_stranger": u.is_stranger,
                }
                for u in ws.users.values()
            ],
            "channels": [
                {
                    "id": r.id, "name": r.name, "is_private": r.is_private, "is_archived": r.is_archived,
                    "is_member": me in r.members, "bot_is_member": ws.bot in r.members, "topic": r.topic,
                    "unread": r.unread(me) if me in r.members else 0, "members": list(r.members),
                }
                for r in ws.channels.values()
                if not r.is_im and ws.sees(me, r)
            ],
            "dms": [{"id": ws.dm(me).id, "user": ws.bot, "unread": ws.dm(me).unread(me)}],
            "home": {"view": self._view(home) if home else None},
            "modals": [self._view(v) for v in ws.stacks.get(me, [])],
            "commands": [
                {
                    "command": c["command"], "description": c.get("description", ""),
                    "usage_hint": c.get("usage_hint", ""),
                }
                for c in ws.manifest.get("features", {}).get("slash_commands", [])
            ],
            "faults": self.faults.to_json(),
            "panel": [
                {"id": b.id, "label": b.label, "group": b.group, "description": b.description}
                for b in self.panel
            ],
        }  # fmt: skip

    async def messages(self, asked: JSON) -> JSON:
        me = self._viewer(asked)
        room = self.humans.room(me, _text(asked, "channel"))
        thread = asked.get("thread_ts")
        seen = [
            m
            for m in self.ws.visible(room, me)
            if (thread in {m.ts, m.thread_ts} if thread else m.thread_ts in {None, m.ts} or m.broadcast)
        ]
        return {"messages": [self._message(m) for m in seen]}

    async def exchanges(self, asked: JSON) -> JSON:
        after = int(asked.get("after") or 0)
        kept = self.traffic.kept
        return {
            "next": kept[-1].n if kept else after,
            "exchanges": [e.to_json() for e in kept if e.n > after],
        }

    # -- what is done --------------------------------------------------------------------------
    async def act(self, asked: JSON) -> JSON:
        """One thing a person does."""
        humans, user, type_ = self.humans, _text(asked, "as"), _text(asked, "type")
        me = humans.person(user)
        channel = str(asked.get("channel") or "")
        match type_:
            case "message":
                await self._say(me, channel, _text(asked, "text"), asked.get("thread_ts"))
            case "press":
                await self._press(me, asked)
            case "submit":
                view = self.presses.view(me, _text(asked, "view_id"))
                await self.presses.submit(me, view, _dict(asked, "state"))
            case "close":
                await self.presses.close(me, self.presses.view(me, _text(asked, "view_id")))
            case "home":
                await humans.open_home(me)
            case "read":
                humans.mark_read(me, channel)
            case "join":
                await humans.join(me, channel)
            case "leave":
                await humans.leave(me, channel)
            case "invite":
                await humans.invite(me, channel, _text(asked, "user"))
            case "dismiss":
                humans.dismiss(me, channel, _text(asked, "ts"))
            case "archive" | "unarchive":
                await humans.archive(me, channel, back=type_ == "unarchive")
            case "remove_user":
                await humans.remove_user(_text(asked, "user"))
            case _:
                raise ValueError(f"unknown type {type_!r}")
        return {"ok": True}

    async def _say(self, me: str, channel: str, text: str, thread_ts: str | None) -> None:
        if not text.startswith("/"):
            await self.humans.say(me, channel, text, thread_ts)
        elif thread_ts:
            raise SandboxError("not_in_threads", f"{text.split()[0]} is not supported in threads. Sorry!")
        else:
            await self.humans.slash(me, channel, text)

    async def _press(self, me: str, asked: JSON) -> None:
        where, action = _dict(asked, "where"), _dict(asked, "action")
        place: Message | View
        if where.get("view_id"):
            place = self.presses.view(me, where["view_id"])
        else:
            place = self.presses.message(me, _text(where, "channel"), _text(where, "message_ts"), None)
        kind = str(action.get("type", ""))
        pick = action.get(STATE[kind][0]) if kind in STATE else action.get("selected_option")
        state = _dict(asked, "state") if asked.get("state") else None
        await self.presses.press(
            me, place, label=None, action_id=_text(asked, "action_id"), block_id=_text(asked, "block_id"),
            pick=pick, state=state,
        )  # fmt: skip

    async def suggest(self, asked: JSON) -> JSON:
        me = self.humans.person(_text(asked, "as"))
        place: Message | View
        if asked.get("view_id"):
            place = self.presses.view(me, asked["view_id"])
        else:
            place = self.presses.message(me, _text(asked, "channel"), _text(asked, "message_ts"), None)
        block_id, action_id = _text(asked, "block_id"), _text(asked, "action_id")
        offered = await self.presses.suggest(me, place, block_id, action_id, str(asked.get("value") or ""))
        return {"ok": True, "options": [], "option_groups": [], **offered}

    async def time(self, asked: JSON) -> JSON:
        """The time machine: move the injected clock on and let the host run what became due."""
        move = self.move_clock()
        if move is None:
            raise SandboxError("clock_does_not_move", "This workspace runs on real time")
        person = self.ws.users.get(str(asked.get("as") or ""))
        to = _later(_text(asked, "to"), self.ws.now(), ZoneInfo((person and person.tz) or self.ws.cast.tz))
        await move(to)
        self.ws.on_change("clock")
        return {"ok": True, "now": self.ws.now().isoformat()}

    async def change_faults(self, asked: JSON) -> JSON:
        self.faults.change(asked)
        self.ws.on_change("state")
        return {"ok": True, "faults": self.faults.to_json()}

    async def press_panel(self, asked: JSON) -> JSON:
        for button in self.panel:
            if button.id == asked.get("id"):
                try:
                    await button.run()
                except Exception as failed:  # the host's code, behind a door: the page must hear of it
                    log.exception("panel button %s", button.id)
                    raise SandboxError("panel_failed", f"{button.label}: {failed}") from failed
                return {"ok": True}
        raise SandboxError("no_such_button", "The host offers no such button")

    # ------------------------------------------------------------------------------------------
    def _viewer(self, asked: JSON) -> str:
        """Whose eyes: any person, also one who left, never the app; unnamed, the newcomer's."""
        id_ = self.ws.user_id(str(asked.get("as") or self.ws.cast.newcomer))
        if self.ws.users[id_].is_bot:
            raise SandboxError("user_not_found", "Act as a person")
        return id_

    def _view(self, view: View) -> JSON:
        return {**self.views.to_json(view), "errors": view.errors, "busy": view.busy}

    def _message(self, m: Message) -> JSON:
        replies = self.ws.replies(self.ws.channels[m.channel], m.ts) if m.thread_ts == m.ts else []
        return {
            "ts": m.ts, "user": m.user, "text": m.text, "blocks": m.blocks, "attachments": m.attachments,
            "files": [
                {
                    "id": f.id, "name": f.name, "mimetype": f.mimetype, "url": f"/sandbox/files/{f.id}",
                    "alt_txt": f.alt_txt, "title": f.title, "size": f.size,
                }
                for f in m.files
            ],
            "thread_ts": m.thread_ts, "reply_count": len(replies), "edited": m.edited,
            "ephemeral": m.ephemeral_for is not None, "deleted": m.deleted, "when": m.when.isoformat(),
            "metadata": m.metadata, "reactions": [{"name": n, "users": u} for n, u in m.reactions.items()],
        }  # fmt: skip

    def _told(self, answer: Callable[[JSON], Awaitable[JSON]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await _answered(answer, dict(request.query_params), 404)

        return endpoint

    def _done(self, act: Callable[[JSON], Awaitable[JSON]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                asked = json.loads(await request.body() or b"{}")
            except ValueError:
                asked = None
            if not isinstance(asked, dict):
                return JSONResponse({"ok": False, "error": "bad_request", "detail": "Send an object"}, 400)
            return await _answered(act, asked, 200)

        return endpoint


async def _answered(answer: Callable[[JSON], Awaitable[JSON]], asked: JSON, refused: int) -> Response:
    try:
        return JSONResponse(await answer(asked))
    except SandboxError as error:
        return JSONResponse({"ok": False, "error": error.code, "detail": error.detail}, refused)
    except ValueError as wrong:
        return JSONResponse({"ok": False, "error": "bad_request", "detail": str(wrong)}, 400)


def _text(asked: JSON, key: str) -> str:
    value = asked.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is missing")
    return value


def _dict(asked: JSON, key: str) -> JSON:
    value: Any = asked.get(key) or {}
    if not isinstance(value, dict):
        raise ValueError(f"{key} must be an object")
    return value


def _static_file(name: str) -> Response:
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file():
        return PlainTextResponse("There is no such page.", 404)
    media_type = _STATIC_TYPES.get(path.suffix, "application/octet-stream")
    return Response(path.read_bytes(), media_type=media_type)


def _later(to: str, now: datetime, zone: ZoneInfo) -> datetime:
    if to == "hour":
        return now + timedelta(hours=1)
    if to == "day":
        return now + timedelta(days=1)
    if to not in {"morning", "monday"}:
        raise ValueError(f"unknown time {to!r}")
    local = now.astimezone(zone)
    morning = local.replace(hour=MORNING[0], minute=MORNING[1], second=0, microsecond=0)
    while morning <= local or morning.weekday() > 4 or (to == "monday" and morning.weekday() != 0):
        morning += timedelta(days=1)
    return morning.astimezone(now.tzinfo)
