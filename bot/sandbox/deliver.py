"""Deliveries to the bot: signed HTTP or Socket Mode, 3 seconds to ack, events tried again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.sandbox.faults import Faults
from bot.sandbox.socket_mode import NoConnection, Sockets
from bot.sandbox.wire import JSON, Answer, Traffic
from bot.sandbox.workspace import Workspace

log = logging.getLogger(__name__)
PATH = "/slack/events"
_ENVELOPES = {"command": "slash_commands", "interactive": "interactive", "event": "events_api"}


def sign(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class Deliveries:
    """Sends to the bot as Slack does. `ack_within_s`, `retry_after_s`: real seconds, for tests to shorten."""

    def __init__(
        self, workspace: Workspace, traffic: Traffic, faults: Faults, sockets: Sockets, signing_secret: str,
        bot: Callable[[], httpx.AsyncClient | None],
    ) -> None:  # fmt: skip
        self._ws = workspace
        self._traffic = traffic
        self._faults = faults
        self._sockets = sockets
        self._secret = signing_secret
        self._bot = bot
        self.ack_within_s = 3.0
        self.retry_after_s: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.reached = True  # the last delivery found somebody at the other end
        self._under_way: set[asyncio.Task[Any]] = set()
        self._waiting: set[asyncio.Task[Any]] = set()  # retries that sit out their delay

    async def command(self, form: dict[str, str]) -> Answer:
        return await self._send("command", form["command"], form)

    async def interactive(self, payload: JSON) -> Answer:
        return await self._send("interactive", payload["type"], payload)

    async def event(self, event: JSON) -> Answer | None:
        """Deliver if the app subscribed; returns the first try's answer, later ones run on their own."""
        if not self.is_subscribed(event):
            return None
        payload = self._event_payload(event)
        answer = await self._send("event", f"event {event['type']}", payload)
        if answer.error is not None:
            self._retry(payload, answer)
        return answer

    def spawn(self, work: Coroutine[Any, Any, Any], *, waiting: bool = False) -> None:
        """Run on the side; `idle` waits for it unless it only waits for its next try."""
        task = asyncio.ensure_future(work)
        tasks = self._waiting if waiting else self._under_way
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def idle(self) -> None:
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def stop(self) -> None:
        tasks = self._under_way | self._waiting
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------------------------------------
    async def _send(
        self, kind: str, name: str, payload: JSON, retry: tuple[int, str] | None = None
    ) -> Answer:
        began = time.perf_counter()
        sent = json.dumps(payload)
        if self._faults.down:
            answer = Answer(0, None, 0, "service_unavailable")
        else:
            task = asyncio.ensure_future(self._exchange(kind, payload, sent, retry))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            # never cancelled: Slack hangs up after 3 s, the bot works on
            done, _ = await asyncio.wait({task}, timeout=self.ack_within_s)
            ms = round((time.perf_counter() - began) * 1000)
            if not done:
                answer = Answer(0, None, ms, "operation_timeout")
            elif task.cancelled():  # the workspace closes
                answer = Answer(0, None, ms, "service_unavailable")
            else:
                status, body = task.result()
                answer = Answer(status, body, ms, None if 200 <= status < 300 else _error(status))
        self.reached = answer.error not in {"dispatch_failed", "service_unavailable"}
        note = f"retry {retry[0]} ({retry[1]})" if retry else None
        if answer.error == "operation_timeout":
            note = f"no ack within {self.ack_within_s:g} s"
        self._traffic.record(
            "to_bot",
            name,
            status=answer.status,
            ms=answer.ms,
            request=sent,
            response=answer.body,
            note=note,
        )
        return answer

    async def _exchange(
        self, kind: str, payload: JSON, sent: str, retry: tuple[int, str] | None
    ) -> tuple[int, Any]:
        client = self._bot()
        if client is None:
            try:
                return 200, await self._sockets.request(_ENVELOPES[kind], payload, retry)
            except NoConnection:
                return 0, None
        if kind == "event":
            body, content_type = sent.encode(), "application/json"
        else:
            form = payload if kind == "command" else {"payload": sent}
            body, content_type = urlencode(form).encode(), "application/x-www-form-urlencoded"
        timestamp = str(int(time.time()))  # the bot checks it against its own wall clock
        headers = {
            "content-type": content_type,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": sign(self._secret, timestamp, body),
        }
        if retry:
            headers |= {"x-slack-retry-num": str(retry[0]), "x-slack-retry-reason": retry[1]}
        try:
            response = await client.post(PATH, content=body, headers=headers, timeout=60)
        except httpx.HTTPError as failed:
            log.info("the bot could not be reached: %r", failed)
            return 0, None
        except Exception:  # ASGITransport lets the bot's own bugs through; over a wire they are a 500
            log.exception("the bot raised")
            return 500, None
        if response.headers.get("x-slack-no-retry") == "1" and kind == "event":
            return (response.status_code if response.status_code < 300 else 299), response.text
        return response.status_code, _parsed(response)

    async def verify_url(self) -> bool:
        """The handshake Slack does when the request URL is saved."""
        challenge = self._ws.token(40)
        payload = {"type": "url_verification", "token": self._ws.verification_token, "challenge": challenge}
        answer = await self._send("event", "url_verification", payload)
        body = answer.body.get("challenge") if isinstance(answer.body, dict) else answer.body
        return answer.status == 200 and body == challenge

    def _retry(self, payload: JSON, answer: Answer, number: int = 1) -> None:
        """Plan the next try, if one is left; one that is due at once counts as in flight."""
        if number <= len(self.retry_after_s):
            delay = self.retry_after_s[number - 1]
            self.spawn(self._try_again(payload, answer, number, delay), waiting=delay > 0)

    async def _try_again(self, payload: JSON, answer: Answer, number: int, delay: float) -> None:
        reasons = {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}
        reason = reasons.get(answer.error or "", "http_error")
        await asyncio.sleep(delay)
        again = await self._send("event", f"event {payload['event']['type']}", payload, (number, reason))
        if again.error is not None:
            self._retry(payload, again, number + 1)

    def is_subscribed(self, event: JSON) -> bool:
        """Whether the manifest asks for this event and the token may have it."""
        wanted = self._ws.manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", [])
        name, scopes = event["type"], self._ws.scopes
        needed = _EVENT_SCOPES.get(name)
        if name == "message":
            kind = {"im": "im", "channel": "channels", "group": "groups"}[event["channel_type"]]
            name, needed = f"message.{kind}", {f"{kind}:history"}
        return name in wanted and (needed is None or bool(needed & scopes))

    def _event_payload(self, event: JSON) -> JSON:
        ws, cast = self._ws, self._ws.cast
        channel = event.get("channel")
        room = ws.channels.get(channel) if isinstance(channel, str) else None
        who = {
            "enterprise_id": None, "team_id": cast.team_id, "user_id": cast.bot_user_id, "is_bot": True,
            "is_enterprise_install": False,
        }  # fmt: skip
        return {
            "token": ws.verification_token,
            "team_id": cast.team_id,
            "context_team_id": cast.team_id,
            "context_enterprise_id": None,
            "api_app_id": cast.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": ws.new_id("Ev0"),
            "event_time": ws.epoch(),
            "authorizations": [who],
            "is_ext_shared_channel": bool(room and room.is_ext_shared),
            "event_context": f"4-{ws.token(60)}",
        }


_EVENT_SCOPES: dict[str, set[str]] = {
    "app_mention": {"app_mentions:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "member_left_channel": {"channels:read", "groups:read"},
    "channel_archive": {"channels:read"},
    "channel_unarchive": {"channels:read"},
    "channel_created": {"channels:read"},
    "group_archive": {"groups:read"},
    "group_unarchive": {"groups:read"},
    "user_change": {"users:read"},
    "team_join": {"users:read"},
    "reaction_added": {"reactions:read"},
    "file_shared": {"files:read"},
}


def _error(status: int) -> str:
    if status == 0:
        return "dispatch_failed"
    return "http_service_error" if status >= 500 else "http_client_error"


def _parsed(response: httpx.Response) -> Any:
    if response.headers.get("content-type", "").startswith("application/json"):
        try:
            return response.json()
        except ValueError:
            return response.text
    return response.text
