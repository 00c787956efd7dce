"""The sandbox as its users hold it: start it, give it the bot, act as people, look at what they see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from bot.sandbox import api_chat, api_conversations, api_files, api_users, api_views
from bot.sandbox.cast import Cast
from bot.sandbox.deliver import Deliveries
from bot.sandbox.faults import Faults
from bot.sandbox.guard import Guard
from bot.sandbox.hub import Hub
from bot.sandbox.humans import Humans
from bot.sandbox.limits import Paces
from bot.sandbox.model import Message, View
from bot.sandbox.page_api import PageApi, PanelButton
from bot.sandbox.payloads import Payloads
from bot.sandbox.presses import Presses
from bot.sandbox.replies import Replies
from bot.sandbox.serve import LoopbackServer
from bot.sandbox.socket_mode import Sockets
from bot.sandbox.views import Views
from bot.sandbox.web_api import Api, WebApi
from bot.sandbox.wire import Answer, Exchange, Traffic
from bot.sandbox.workspace import Workspace


class _Dropped(Response):
    """No answer at all: the connection is cut."""

    def __init__(self, cut: Callable[[], None]) -> None:
        super().__init__()
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._cut()
        while (await receive())["type"] != "http.disconnect":
            pass


class Sandbox:
    """A workspace, its server, and its people.

    `bot` may be set after the start (the bot needs `api_url` first); None: Socket Mode only.
    """

    def __init__(
        self, *, cast: Cast, manifest: Mapping[str, Any], bot_token: str, app_token: str, signing_secret: str,
        clock: Callable[[], datetime], bot: httpx.AsyncClient | None = None,
        move_clock: Callable[[datetime], Awaitable[None]] | None = None, panel: Sequence[PanelButton] = (),
        watch: Callable[[], datetime] | None = None,
    ) -> None:  # fmt: skip
        self.bot = bot
        self.move_clock = move_clock
        self.panel = list(panel)
        self.faults = Faults()
        self.workspace = ws = Workspace(cast, manifest, clock, watch)
        self.paces = Paces(clock)
        self.recorder = Traffic(clock, [bot_token, app_token, signing_secret, ws.verification_token])
        self.sockets = Sockets(ws)
        self.deliveries = Deliveries(
            ws, self.recorder, self.faults, self.sockets, signing_secret, lambda: self.bot
        )
        self._server: LoopbackServer | None = None
        self._closing = asyncio.Event()
        self._views = Views(ws)
        payloads = Payloads(ws, self._views)
        self._replies = Replies(ws, self.recorder, self.faults, self._drop)
        self.humans = Humans(ws, self._views, payloads, self.deliveries, self._replies)
        self._presses = Presses(ws, self._views, payloads, self.deliveries, self.humans)
        api = Api(ws, self._views, self._emit, lambda: ws.url, self.sockets.ticket)
        methods = (
            api_chat.METHODS
            | api_views.METHODS
            | api_conversations.METHODS
            | api_users.METHODS
            | api_files.METHODS
        )
        self._web_api = WebApi(
            api, methods, bot_token=bot_token, app_token=app_token, faults=self.faults, paces=self.paces,
            traffic=self.recorder, drop=self._drop, closing=self._closing,
        )  # fmt: skip
        self._hub = Hub()
        ws.on_change, self.recorder.on_exchange = self._hub.changed, self._hub.exchanged
        page = PageApi(
            ws, self._views, self.humans, self._presses, self.deliveries, self.faults, self.recorder,
            self._hub, self.panel, self._is_online, lambda: self.bot is None, lambda: self.move_clock,
        )  # fmt: skip
        self.app = Starlette(
            middleware=[Middleware(Guard)],
            routes=[
                Route("/api/{method}", self._web_api.answer, methods=["GET", "POST"]),
                Route("/commands/{rest:path}", self._replies.answer, methods=["POST"]),
                Route("/actions/{rest:path}", self._replies.answer, methods=["POST"]),
                Route("/app/{rest:path}", self._replies.answer, methods=["POST"]),
                Route("/upload/v1/{ticket}", api_files.Uploads(api).answer, methods=["POST"]),
                WebSocketRoute("/sandbox/socket", self.sockets.serve),
                *page.routes(),
            ],
        )

    # -- serving -------------------------------------------------------------------------------
    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen inside this event loop. Sets `url` and `api_url`; port 0 takes a free one."""
        self._server = LoopbackServer(self.app, host, port)
        await self._server.up()
        self.workspace.url = f"http://{host}:{self._server.port}"

    async def stop(self) -> None:
        """Hang up, cancel what is on the way, leave nothing behind. A second call does nothing."""
        self._closing.set()
        self._hub.close()
        await self.deliveries.stop()
        if self._server is not None:
            await self._server.down()
            self._server = None

    @property
    def url(self) -> str:
        return self.workspace.url

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as base_url."""
        return self.url + "/api/"

    @property
    def traffic(self) -> list[Exchange]:
        """The last 500 exchanges with the bot, oldest first, without secrets."""
        return self.recorder.kept

    async def idle(self) -> None:
        """Wait until no delivery to the bot and no call of the bot is in flight.

        What a listener does after its ack is seen only while it calls us; retries still due are left out.
        """
        await asyncio.sleep(0)
        await self.deliveries.idle()
        while self._web_api.under_way:
            await asyncio.sleep(0.001)
            await self.deliveries.idle()

    async def verify_url(self) -> bool:
        """Do Slack's handshake for the request URL."""
        return await self.deliveries.verify_url()

    # -- acting as people ------------------------------------------------------------------------
    async def slash(self, user: str, channel: str, text: str) -> Answer:
        """Type a slash command, "/pilot status". Raises SandboxError where Slack would show an error."""
        return await self.humans.slash(user, channel, text)

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Send a message; returns its ts. "dm" is the room for the direct messages with the app."""
        return await self.humans.say(user, channel, text, thread_ts)

    async def press(
        self, user: str, *, channel: str | None = None, ts: str | None = None, view: str | None = None,
        label: str | None = None, action_id: str | None = None, block_id: str | None = None, pick: Any = None,
        state: Mapping[str, Any] | None = None,
    ) -> Answer:  # fmt: skip
        """Use an element of a message (`channel`, newest with that label unless `ts`) or of a view.

        Without a channel: of the view `view` ("home", an id), else the top modal, else the Home tab.
        `pick` is what selects, pickers and inputs yield: an option's value or label, a handle, a date.
        """
        id_ = self.humans.person(user)
        if channel is not None:
            place: Message | View = self._presses.message(id_, channel, ts, label)
        else:
            place = self._presses.view(id_, view or (None if self.modal(id_) else "home"))
        return await self._presses.press(
            id_, place, label=label, action_id=action_id, block_id=block_id, pick=pick, state=state
        )

    async def fill(self, user: str, view_id: str | None = None, **fields: Any) -> None:
        """Type and pick in a modal's inputs, by block_id, without submitting."""
        id_ = self.humans.person(user)
        await self._presses.fill(id_, self._presses.view(id_, view_id), fields)

    async def submit(self, user: str, view_id: str | None = None, **fields: Any) -> Answer:
        """Fill in by block_id and submit the top modal. Errors stay in the view (`modal(user).errors`)."""
        id_ = self.humans.person(user)
        view = self._presses.view(id_, view_id)
        await self._presses.fill(id_, view, fields)
        return await self._presses.submit(id_, view)

    async def close(self, user: str, view_id: str | None = None) -> Answer:
        """X or Cancel on the top modal."""
        id_ = self.humans.person(user)
        return await self._presses.close(id_, self._presses.view(id_, view_id))

    async def open_home(self, user: str) -> Answer:
        """Open the app's Home tab."""
        return await self.humans.open_home(user)

    async def join(self, user: str, channel: str) -> None:
        await self.humans.join(user, channel)

    async def leave(self, user: str, channel: str) -> None:
        await self.humans.leave(user, channel)

    async def invite(self, user: str, channel: str, whom: str) -> None:
        """Bring somebody or the app (its handle or id) into a room."""
        await self.humans.invite(user, channel, whom)

    async def kick(self, user: str, channel: str, whom: str) -> None:
        await self.humans.kick(user, channel, whom)

    async def archive(self, user: str, channel: str) -> None:
        await self.humans.archive(user, channel)

    async def unarchive(self, user: str, channel: str) -> None:
        await self.humans.archive(user, channel, back=True)

    async def remove_user(self, user: str) -> None:
        """Somebody leaves the workspace for good."""
        await self.humans.remove_user(user)

    # -- looking -------------------------------------------------------------------------------
    def channel_id(self, name: str) -> str:
        return self.workspace.channel_id(name)

    def user_id(self, handle: str) -> str:
        return self.workspace.user_id(handle)

    def dm_id(self, user: str) -> str:
        return self.workspace.dm(self.user_id(user)).id

    def shown(self, channel: str, user: str | None = None) -> list[Message]:
        """What stands in a room, oldest first, replies included; with `user`, their ephemerals too."""
        ws = self.workspace
        id_ = None if user is None else ws.user_id(user)
        room = self.humans.room(id_, channel) if id_ else ws.channels[ws.channel_id(channel)]
        return ws.visible(room, id_)

    def modal(self, user: str) -> View | None:
        """The modal on top of this person's stack."""
        stack = self.workspace.stacks.get(self.user_id(user))
        return stack[-1] if stack else None

    def modals(self, user: str) -> list[View]:
        """This person's stack, bottom first."""
        return list(self.workspace.stacks.get(self.user_id(user), []))

    def home(self, user: str) -> View | None:
        return self.workspace.homes.get(self.user_id(user))

    # ------------------------------------------------------------------------------------------
    def _emit(self, event: dict[str, Any]) -> None:
        ws = self.workspace
        room = ws.channels.get(str(event.get("channel")))
        if room is not None and ws.bot in room.members and self.deliveries.is_subscribed(event):
            self.deliveries.spawn(self.deliveries.event(event))

    def _is_online(self) -> bool:
        return self.deliveries.reached if self.bot is not None else self.sockets.count > 0

    async def _drop(self, request: Request) -> Response:
        client = request.client
        server = self._server

        def cut() -> None:
            if server is not None and client is not None:
                server.hang_up((client.host, client.port))

        return _Dropped(cut)
