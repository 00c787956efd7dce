"""Connects what Slack sends to the door: every command, button, form and event of the manifest."""

import logging
import re
from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncAck, AsyncApp

from handlers.commands.verbs import COMMANDS
from handlers.slack.door import Door
from handlers.slack.showing import Body

log = logging.getLogger(__name__)

EVENTS = frozenset({"app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked",
                    "user_change"})
"""What `register` listens to; the manifest subscribes to just these."""


def register(app: AsyncApp, door: Door) -> None:
    """Connect every command, button, form and event of the manifest."""
    for name in COMMANDS:
        app.command(name)(_typed(door))

    @app.action(re.compile(r"^gc\."))
    async def pressed(ack: AsyncAck, body: Body) -> None:
        await door.press(ack, body)

    @app.view("gc")
    async def submitted(ack: AsyncAck, body: Body) -> None:
        await door.submit(ack, body)

    # Bolt acks an event before it runs the listener. What an event asks for is therefore done in the
    # listener's middleware, which runs before: an acked event is a committed one.
    _on(app, "app_home_opened", door.home)
    _on(app, "app_mention", door.mention)
    _on(app, "message", door.direct_message)
    _on(app, "user_change", door.changed_person)

    @app.event(re.compile(r"^(app_uninstalled|tokens_revoked)$"))
    async def removed(body: Body) -> None:
        log.error("Slack says %s: nothing can be sent until the app is installed again",
                  body["event"]["type"])


def _on(app: AsyncApp, event: str, work: Callable[[Body], Awaitable[None]]) -> None:
    # `next` is Bolt's name for it
    async def before_the_ack(body: Body, next: Callable[[], Awaitable[None]]) -> None:
        await work(body)
        await next()

    async def listener() -> None:
        """Nothing is left to do."""

    app.event(event, middleware=[before_the_ack])(listener)


def _typed(door: Door) -> Callable[..., Awaitable[None]]:
    async def typed(ack: AsyncAck, body: Body) -> None:
        await door.command(ack, body)
    return typed
