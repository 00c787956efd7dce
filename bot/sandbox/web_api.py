"""The Web API's door: tokens, scopes, paces and faults in front of every method."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.sandbox.faults import Faults
from bot.sandbox.limits import Paces
from bot.sandbox.model import Conversation
from bot.sandbox.views import Views
from bot.sandbox.wire import JSON, ApiError, Traffic
from bot.sandbox.workspace import Workspace

Drop = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Call:
    """One call's arguments, JSON or form alike."""

    method: str
    args: JSON
    is_json: bool = False

    def text(self, name: str) -> str:
        value = self.args.get(name)
        return "" if value is None else str(value)

    def required(self, name: str, error: str = "invalid_arguments") -> str:
        value = self.text(name)
        if not value:
            if error == "invalid_arguments":
                raise ApiError.with_messages(error, [f"[ERROR] missing required field: {name}"])
            raise ApiError(error)
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.args.get(name, default)
        return value in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        value = self.args.get(name)
        if value in (None, ""):
            return default
        try:
            return int(str(value))
        except ValueError:
            raise ApiError("invalid_arguments") from None

    def structure(self, name: str, kind: type, error: str) -> Any:
        """A JSON argument, given as such or as a string; None when left out."""
        value = self.args.get(name)
        if isinstance(value, str):
            if not value.strip():
                return None
            try:
                value = json.loads(value)
            except ValueError:
                raise ApiError(error) from None
        if value is not None and not isinstance(value, kind):
            raise ApiError(error)
        return value


@dataclass(slots=True)
class Api:
    """What the methods work with."""

    ws: Workspace
    views: Views
    emit: Callable[[JSON], None]  # an event for the app, delivered on the side
    url: Callable[[], str]
    socket_ticket: Callable[[], str]
    uploads: dict[str, str] = field(default_factory=dict)  # upload ticket -> file id

    def room(self, id_: str, *, to_post: bool = False) -> Conversation:
        """A room the app can see. To post, a person's id opens their DM, as Slack does."""
        ws = self.ws
        if to_post and id_ in ws.users:
            user = ws.users[id_]
            if user.is_bot:
                raise ApiError("channel_not_found")
            return ws.dm(id_)
        room = ws.channels.get(id_)
        if room is None or (room.is_private and ws.bot not in room.members):
            raise ApiError("channel_not_found")
        return room

    def need(self, *scopes: str) -> None:
        """Any one of the scopes."""
        if not any(s in self.ws.scopes for s in scopes):
            raise ApiError(
                "missing_scope", needed=",".join(scopes), provided=",".join(sorted(self.ws.scopes))
            )

    def need_for(self, room: Conversation, verb: str, manage: bool = False) -> None:
        """The scope of the room's kind: channels:history for a public one, and so on."""
        if manage:
            self.need({"channel": "channels:manage", "group": "groups:write", "im": "im:write"}[room.kind])
        else:
            self.need({"channel": "channels", "group": "groups", "im": "im"}[room.kind] + ":" + verb)


Run = Callable[[Api, Call], JSON]


@dataclass(frozen=True, slots=True)
class Method:
    run: Run
    scopes: tuple[str, ...] = ()  # any one of them
    token: str = "bot"  # noqa: S105 - which kind: bot, app, none


class WebApi:
    def __init__(
        self, api: Api, methods: dict[str, Method], *, bot_token: str, app_token: str, faults: Faults,
        paces: Paces, traffic: Traffic, drop: Drop, closing: asyncio.Event,
    ) -> None:  # fmt: skip
        self._api = api
        self._methods = methods
        self._tokens = {"bot": bot_token, "app": app_token}
        self._faults = faults
        self._paces = paces
        self._traffic = traffic
        self._drop = drop
        self._closing = closing
        self.under_way = 0  # calls not answered yet

    async def answer(self, request: Request) -> Response:
        self.under_way += 1
        try:
            return await self._answer(request)
        finally:
            self.under_way -= 1

    async def _answer(self, request: Request) -> Response:
        began = time.perf_counter()
        name = request.path_params["method"]
        fault = self._faults.draw(name)
        if self._faults.slow_ms and await self._closing_within(self._faults.slow_ms / 1000):
            return await self._drop(request)
        args, token, bad = await _read(request)
        is_json = request.headers.get("content-type", "").startswith("application/json")
        sent = json.dumps(args)
        headers: dict[str, str] = {}
        note = None if fault == "none" else f"fault: {fault.replace('_', ' ')}"
        status, body = 200, {}
        if fault == "drop_connection":
            status = 0
        elif fault == "error_500":
            status, body = 500, {"ok": False, "error": "internal_error"}
        elif fault == "rate_429":
            status, body = 429, {"ok": False, "error": "ratelimited"}
            headers["retry-after"] = str(self._faults.retry_after_s)
        else:
            try:
                if bad:
                    raise ApiError(bad)
                body, wait = self._run(name, token, Call(name, args, is_json), headers)
                if wait is not None:
                    status, body, note = 429, {"ok": False, "error": "ratelimited"}, "429 by pace"
                    headers["retry-after"] = str(wait)
            except ApiError as refused:
                body = {"ok": False, "error": refused.code, **refused.more}
            if fault == "taken_500":
                status, body = 500, {"ok": False, "error": "internal_error"}
        ms = round((time.perf_counter() - began) * 1000)
        self._traffic.record("to_slack", name, status=status, ms=ms, request=sent, response=body, note=note)
        if status == 0 or fault == "lost_reply":
            return await self._drop(request)
        headers["date"] = format_datetime(self._api.ws.clock().astimezone(UTC), usegmt=True)
        return JSONResponse(body, status, headers)

    async def _closing_within(self, seconds: float) -> bool:
        """Wait; True when the workspace closes meanwhile."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _run(self, name: str, token: str, call: Call, headers: dict[str, str]) -> tuple[JSON, int | None]:
        method = self._methods.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        if method.token != "none":  # noqa: S105
            if not token:
                raise ApiError("not_authed")
            if token not in self._tokens.values():
                raise ApiError("invalid_auth")
            if token != self._tokens[method.token]:
                raise ApiError("not_allowed_token_type")
            if method.token == "bot" and self._faults.token_revoked:  # noqa: S105
                raise ApiError("token_revoked")
            if method.token == "bot":  # noqa: S105
                headers["x-oauth-scopes"] = ",".join(sorted(self._api.ws.scopes))
                headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        if method.scopes:
            self._api.need(*method.scopes)
        room = call.text("channel")
        if room in self._api.ws.users:
            room = self._api.ws.dm_id(room)
        wait = self._paces.check(name, room or None)
        if wait is not None:
            return {}, wait
        return {"ok": True, **method.run(self._api, call)}, None


_PACKED = {"view", "blocks", "attachments", "metadata", "files"}  # JSON within a form


def _unpacked(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value  # the method says what is wrong with it


async def _read(request: Request) -> tuple[JSON, str, str]:
    """Arguments, token, and the error when the body cannot be read."""
    args: JSON = dict(request.query_params)
    bad = ""
    if request.method == "POST":
        raw = await request.body()
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        if content_type == "application/json":
            try:
                sent = json.loads(raw or b"{}")
            except ValueError:
                sent, bad = {}, "invalid_json"
            if isinstance(sent, dict):
                args |= sent
            else:
                bad = "json_not_object"
        elif content_type in {"application/x-www-form-urlencoded", ""}:
            args |= dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
            args |= {name: _unpacked(args[name]) for name in _PACKED & set(args)}
        else:
            bad = "invalid_form_data"
    token = str(args.pop("token", "") or "")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = given.strip()
    return args, token, bad
