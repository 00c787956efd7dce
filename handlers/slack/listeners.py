"""What happens when the bot is spoken to in Slack: take the words out, ask the desk, show the answer.

Slack waits three seconds. The desk gets two: past that the person is told that it is being worked on,
the work goes on uncut, and the answer follows. Work is done before the ack: an acked press is a
committed press.
"""

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.chat.cards import Button, Buttons, Card, Form, said
from handlers.chat.errors import AlreadyDone, Refused
from handlers.chat.ports import Actor, SendFailed
from handlers.commands.desk import COMMANDS, Desk
from handlers.commands.reply import Reply
from handlers.slack.client import SlackClient
from handlers.slack.render import answers, blocks, card_modal, fallback, modal

log = logging.getLogger(__name__)

EVENTS = frozenset({"app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked",
                    "user_change"})
"""What `register` listens to; the manifest subscribes to just these."""
DESK_TIME_S = 2.0
WORKING = said("Working on it. The answer follows here in a moment.")
TWICE = said("I got that twice and did it once.")

Body = dict[str, Any]
Show = Callable[[Reply], Awaitable[None]]


@dataclass(slots=True)
class Door:
    """The Slack side of one workspace."""

    desk: Desk
    client: SlackClient
    team: str
    """The workspace that installed the bot: everybody else is an outsider."""
    running: set[asyncio.Task[Any]] = field(default_factory=set)
    """Work that outlived its ack; the loop alone would forget it."""

    # ---- who and what ----------------------------------------------------------------------------------

    def actor(self, user: str, team: str | None, how: str, delivery: str | None, room: str | None) -> Actor:
        return Actor(workspace=f"slack:{self.team}", person=f"slack:{user}", door=f"slack {how}", delivery=delivery,
                     room=f"slack:{room}" if room else None, is_outsider=team not in (None, self.team))

    async def settled(self, work: Coroutine[Any, Any, Reply]) -> tuple[Reply | None, asyncio.Task[Reply]]:
        """The answer if it comes in time, else None and the task that goes on."""
        task = asyncio.create_task(self._guarded(work))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        await asyncio.wait({task}, timeout=DESK_TIME_S)
        return (task.result() if task.done() else None), task

    async def _guarded(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        """Whatever happens becomes something to show."""
        try:
            return await work
        except Refused as refusal:
            return Reply(card=refusal_card(refusal), refused=refusal)
        except AlreadyDone:
            return Reply(card=TWICE, twice=True)
        except Exception:
            ref = secrets.token_hex(2).upper()
            log.exception("bug, ref %s", ref)
            return Reply(card=Card(f"Something broke on my side (ref {ref}). Nothing was changed. Please try again; "
                                   "if it stays, give the ref to your Ground Crew admin."), refused=Refused("bug"))

    def later(self, task: asyncio.Task[Reply], show: Show) -> None:
        """Show the answer of `task` once it is there."""
        async def follow() -> None:
            try:
                await show(await task)
            except (SlackApiError, SendFailed, OSError, TimeoutError) as error:
                log.warning("a late answer did not arrive: %s", error)
        following = asyncio.create_task(follow())
        self.running.add(following)
        following.add_done_callback(self.running.discard)

    async def drained(self) -> None:
        """Wait for work that outlived its ack."""
        while self.running:
            await asyncio.wait(set(self.running))

    # ---- typed -----------------------------------------------------------------------------------------

    async def command(self, ack: AsyncAck, body: Body) -> None:
        actor = self.actor(body["user_id"], body.get("team_id"), "command", f"command:{body.get('trigger_id')}",
                           body.get("channel_id"))
        reply, task = await self.settled(self.desk.typed(body["command"], body.get("text") or "", actor))
        if reply is None:
            await ack(message(WORKING))
            self.later(task, lambda late: self._respond(body["response_url"], late, replace=False))
        elif reply.form is not None:
            late = await self._opened(body["trigger_id"], reply.form, {"u": body["response_url"]})
            await ack(message(late) if late else "")
        else:
            await ack(message(reply.card) if reply.card else "")

    async def mention(self, body: Body) -> None:
        """``@Ground Crew status`` in a channel: the same words, answered to the speaker alone."""
        event = body["event"]
        if event.get("bot_id") or not event.get("user"):
            return
        text = re.sub(r"<@[A-Z0-9]+(\|[^>]*)?>", "", event.get("text") or "", count=1).strip()
        is_direct = event.get("channel_type") == "im"
        actor = self.actor(event["user"], event.get("user_team") or event.get("team") or body.get("team_id"), "message",
                           f"message:{event['channel']}:{event['ts']}", None if is_direct else event["channel"])
        reply = await self._guarded(self.desk.typed("/pilot", unescaped(text), actor))
        if reply.twice:
            return
        card = reply.card if reply.form is None else said(
            "That opens a form, which only a command can. Type it as `/pilot` and the same words.")
        if card is None:
            return
        if is_direct:
            await self.client.post(f"slack:{event['channel']}", card, f"dm-{event['ts']}")
        else:
            await self.client.whisper(event["channel"], event["user"], card)

    # ---- pressed ---------------------------------------------------------------------------------------

    async def press(self, ack: AsyncAck, body: Body) -> None:
        action = body["actions"][0]
        value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
        where, user = body.get("container") or {}, body["user"]
        actor = self.actor(user["id"], user.get("team_id") or (body.get("team") or {}).get("id"), "button",
                           f"press:{body.get('trigger_id')}", (body.get("channel") or {}).get("id"))
        reply, task = await self.settled(self.desk.pressed(value, actor))
        show: Show = lambda late: self._shown(body, where, late)  # noqa: E731  (one shape for now and later)
        if reply is None:
            await ack()
            self.later(task, show)
            return
        await show(reply)
        await ack()

    async def _shown(self, body: Body, where: Body, reply: Reply) -> None:
        """Put the answer to a press where the press came from."""
        if reply.twice or (reply.card is None and reply.form is None):
            return
        view = body.get("view") or {}
        on_message = where.get("type") == "message"
        try:
            if reply.form is not None:
                pushed = view.get("type") == "modal"
                back = {"u": body["response_url"], "r": "1"} if where.get("is_ephemeral") else {}
                late = await self._opened(body["trigger_id"], reply.form, {"p": "1"} if pushed else back, pushed=pushed)
                if late and on_message:
                    await self._respond(body["response_url"], Reply(card=late), replace=False)
            elif on_message:
                replace = bool(where.get("is_ephemeral")) and reply.refused is None
                if replace or reply.reads or reply.refused is not None:
                    await self._respond(body["response_url"], reply, replace=replace)
            elif reply.card is not None and view.get("type") == "modal":
                if reply.refused is not None:
                    await self.client.push_view(body["trigger_id"], card_modal(reply.card))
                else:
                    await self.client.change_view(view["id"], card_modal(reply.card))
            elif reply.card is not None and (reply.reads or reply.refused is not None):
                await self.client.open_view(body["trigger_id"], card_modal(reply.card))
        except SendFailed as error:
            log.warning("the answer to a press could not be shown: %s", error)

    async def _opened(self, trigger: str, form: Form, metadata: dict[str, str], *, pushed: bool = False) -> Card | None:
        """Open the form; what to say instead where Slack would not have it any more.

        `metadata`: where the answer goes (``u``), whether it replaces what is there (``r``), whether the
        form lies on another modal (``p``).
        """
        try:
            await (self.client.push_view if pushed else self.client.open_view)(trigger, modal(form, metadata))
        except SendFailed as error:
            log.warning("a form could not be opened: %s", error)
            return Card("That took too long for Slack to open the form. Please do it once more.")
        return None

    async def _respond(self, url: str, reply: Reply, *, replace: bool) -> None:
        if reply.card is None:
            return
        answer = await AsyncWebhookClient(url).send_dict(
            {**message(reply.card), "response_type": "ephemeral", "replace_original": replace})
        if answer.status_code >= 300:
            log.warning("response_url answered %s %s", answer.status_code, answer.body[:80])

    # ---- submitted -------------------------------------------------------------------------------------

    async def submit(self, ack: AsyncAck, body: Body) -> None:
        view, user = body["view"], body["user"]
        metadata = json.loads(view.get("private_metadata") or "{}")
        if "a" not in metadata:  # a card shown as a modal has nothing to submit
            await ack()
            return
        actor = self.actor(user["id"], user.get("team_id") or (body.get("team") or {}).get("id"), "form",
                           f"view:{view['id']}", None)
        values = answers(view["state"]["values"])
        reply, task = await self.settled(self.desk.submitted(metadata["a"], values, actor))
        if reply is None:
            await ack(response_action="update", view=card_modal(WORKING))
            self.later(task, lambda late: self._changed(view["id"], late, metadata))
        elif reply.refused is not None and reply.refused.fields:
            known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
            errors = {f: text for f, text in reply.refused.fields.items() if f in known}
            await ack(response_action="errors", errors=errors or {min(known): str(reply.refused)})
        elif reply.refused is not None and reply.card is not None:
            await ack(response_action="push", view=card_modal(reply.card))
        else:
            await ack(response_action="clear" if metadata.get("p") else None)
            if metadata.get("u") and not reply.twice:
                self.later(task, lambda late: self._respond(metadata["u"], late, replace="r" in metadata))

    async def _changed(self, view_id: str, reply: Reply, metadata: dict[str, str]) -> None:
        """The waiting view becomes the answer."""
        await self.client.change_view(view_id, card_modal(reply.card or Card("Done.")))
        if "u" in metadata and reply.refused is None:
            await self._respond(metadata["u"], reply, replace="r" in metadata)

    async def home(self, body: Body) -> None:
        event = body["event"]
        if event.get("tab") not in (None, "home"):
            return
        actor = self.actor(event["user"], body.get("team_id"), "home", None, None)
        await self._guarded(self.desk.home_opened(actor))

    async def changed_person(self, body: Body) -> None:
        await self.desk.person_changed(f"slack:{self.team}", f"slack:{body['event']['user']['id']}")


def message(card: Card) -> dict[str, Any]:
    return {"text": fallback(card), "blocks": blocks(card), "mrkdwn": False}


def refusal_card(refusal: Refused) -> Card:
    """Why not, what to do instead, and what could be meant as buttons."""
    buttons = tuple(Button(label, f"run:{typed}") for label, typed in refusal.choices[:5])
    return said(str(refusal), *([Buttons(buttons)] if buttons else []))


def unescaped(text: str) -> str:
    """What was typed: Slack sends messages with its three control characters as entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


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

    @app.event("app_home_opened")
    async def home_opened(body: Body) -> None:
        await door.home(body)

    @app.event("app_mention")
    async def mentioned(body: Body) -> None:
        await door.mention(body)

    @app.event("message")
    async def said(body: Body) -> None:
        event = body["event"]
        if event.get("channel_type") == "im" and event.get("subtype") is None:
            await door.mention(body)

    @app.event("user_change")
    async def person_changed(body: Body) -> None:
        await door.changed_person(body)

    @app.event(re.compile(r"^(app_uninstalled|tokens_revoked)$"))
    async def removed(body: Body) -> None:
        log.error("Slack says %s: nothing can be sent until the app is installed again", body["event"]["type"])


def _typed(door: Door) -> Callable[..., Awaitable[None]]:
    async def typed(ack: AsyncAck, body: Body) -> None:
        await door.command(ack, body)
    return typed
