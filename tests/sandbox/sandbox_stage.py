"""What the sandbox's tests share: a manifest, a clock, a Bolt app to talk to, small blocks."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot.sandbox import Sandbox, default_cast

BOT_TOKEN = "xoxb-sandbox-0123456789"
APP_TOKEN = "xapp-sandbox-0123456789"
SECRET = "0123456789abcdef0123456789abcdef"
MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Ground Crew"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "groundcrew", "always_online": True},
        "slash_commands": [
            {"command": "/pilot", "description": "Pilots", "usage_hint": "status", "should_escape": True},
            {"command": "/raw", "description": "Unescaped"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": ["commands", "chat:write", "app_mentions:read", "im:write", "im:history", "users:read"],
            "bot_optional": [
                "channels:read", "groups:read", "channels:history", "groups:history", "channels:join",
                "channels:manage", "users:read.email", "files:write", "files:read", "dnd:read", "team:read",
                "reactions:write", "usergroups:read", "usergroups:write", "im:read", "reactions:read",
            ],
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened", "app_mention", "message.channels", "message.im", "member_joined_channel",
                "user_change", "channel_archive",
            ]
        },
        "interactivity": {"is_enabled": True},
    },
}  # fmt: skip


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 8, 55, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how_far: float) -> None:
        self.now += timedelta(**how_far)


@dataclass
class Stage:
    sandbox: Sandbox
    app: AsyncApp
    client: AsyncWebClient
    clock: Clock
    heard: list[dict[str, Any]] = field(default_factory=list)  # for tests to note what the bot was told


def new_sandbox(clock: Clock, **more: Any) -> Sandbox:
    manifest = more.pop("manifest", None) or copy.deepcopy(MANIFEST)
    return Sandbox(
        cast=default_cast(), manifest=manifest, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SECRET,
        clock=clock, **more,
    )  # fmt: skip


def web_app(app: AsyncApp) -> Starlette:
    handler = AsyncSlackRequestHandler(app)
    return Starlette(routes=[Route("/slack/events", handler.handle, methods=["POST"])])


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def section(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}, **more}


def button(label: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": text(label), "action_id": action_id, **more}


def typed(block_id: str, **element: Any) -> dict[str, Any]:
    inner = {"type": "plain_text_input", "action_id": "v", **element}
    return {"type": "input", "block_id": block_id, "label": text(block_id.title()), "element": inner}


def modal(*blocks: dict[str, Any], title: str = "A form", **more: Any) -> dict[str, Any]:
    body = {"type": "modal", "callback_id": "form", "title": text(title), "submit": text("Send")}
    return {**body, "blocks": list(blocks), **more}


def option(label: str, value: str) -> dict[str, Any]:
    return {"text": text(label), "value": value}


async def heard(stage: Stage, count: int) -> list[Any]:
    """Listeners run after their ack; wait for what they note."""
    for _ in range(200):
        if len(stage.heard) >= count:
            return stage.heard
        await asyncio.sleep(0.005)
    raise AssertionError(f"heard {len(stage.heard)} of {count}")


async def until(true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("did not come true")
