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
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import ClientError
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.chat.cards import Button, Buttons, Card, Form, Text, prose, said
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
ANSWER_TRIES = 5
"""A message that was answered too fast for Slack's pace is answered again, so often."""
ACK_TIME_S = 2.7
"""By then Slack has its ack, whatever is still being shown."""
WORKING = said("Working on it. The answer follows here in a moment.")
TWICE = said("I got that twice and did it once.")
TOO_LATE = said("That took too long for Slack to open the form. Please do it once more.")

_LOST = (SlackApiError, SendFailed, ClientError, OSError, TimeoutError)

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
        return Actor(workspace=f"slack:{self.team}", person=f"slack:{user}", door=f"slack {how}",
                     delivery=delivery, room=f"slack:{room}" if room else None,
                     is_outsider=team not in (None, self.team))

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
            return Reply(card=said(
                f"Something broke on my side (ref {ref}). `/pilot` shows whether it was done; if not, please "
                "try again. If it stays, give the ref to your Ground Crew admin."), refused=Refused("bug"))

    def later(self, task: asyncio.Task[Reply], show: Show) -> None:
        """Show the answer of `task` once it is there."""
        async def follow() -> None:
            await show(await task)
        self._kept(follow())

    def _kept(self, showing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Go on showing an answer whatever becomes of the request; what failed is in the log."""
        async def shown() -> None:
            try:
                await showing
            except _LOST as error:
                log.warning("an answer did not arrive: %s", error)
            except Exception:
                log.exception("bug while showing an answer")
        task = asyncio.create_task(shown())
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task

    async def _in_time(self, showing: Coroutine[Any, Any, None], began: float) -> None:
        """Wait until the answer is shown, or the ack must not wait any longer."""
        left = began + ACK_TIME_S - asyncio.get_running_loop().time()
        await asyncio.wait({self._kept(showing)}, timeout=max(left, 0.0))

    async def drained(self) -> None:
        """Wait for work that outlived its ack."""
        while self.running:
            await asyncio.wait(set(self.running))

    # ---- typed -----------------------------------------------------------------------------------------

    async def command(self, ack: AsyncAck, body: Body) -> None:
        actor = self.actor(body["user_id"], body.get("team_id"), "command",
                           f"command:{body.get('trigger_id')}", body.get("channel_id"))
        began = asyncio.get_running_loop().time()
        reply, task = await self.settled(
            self.desk.typed(body["command"], unescaped(body.get("text") or ""), actor))
        if reply is None:
            await ack(message(WORKING))
            self.later(task, lambda late: self._followed(body, late))
        elif reply.form is not None:
            await self._in_time(self._followed(body, reply), began)
            await ack("")
        else:
            await ack(message(reply.card) if reply.card else "")

    async def _followed(self, body: Body, reply: Reply) -> None:
        """The answer to a command by its own way, where the ack cannot carry it."""
        card = reply.card
        if reply.form is not None:
            card = await self._opened(body["trigger_id"], reply.form, {"u": body["response_url"]})
        await self._respond(body["response_url"], Reply(card=card), replace=False)

    async def mention(self, body: Body) -> None:
        """``@Ground Crew status`` in a channel: the same words, answered to the speaker alone."""
        event = body["event"]
        if event.get("bot_id") or not event.get("user"):
            return
        me = [each.get("user_id") for each in body.get("authorizations") or ()]
        text = spoken(event.get("text") or "", me)
        is_direct = event.get("channel_type") == "im"
        actor = self.actor(event["user"], event.get("user_team") or event.get("team") or body.get("team_id"),
                           "message", f"message:{event['channel']}:{event['ts']}",
                           None if is_direct else event["channel"])
        began = asyncio.get_running_loop().time()
        reply, task = await self.settled(self.desk.typed("/pilot", unescaped(text), actor))
        if reply is None:
            self.later(task, lambda late: self._said_back(event, actor, late))
        else:
            await self._in_time(self._said_back(event, actor, reply), began)

    async def _said_back(self, event: Body, actor: Actor, reply: Reply) -> None:
        """Answer a message: in the same direct conversation, or for the speaker's eyes in a channel."""
        if reply.twice or not await self.desk.is_first_answer(actor):
            return
        card = reply.card if reply.form is None else said(
            "That opens a form, which only a command can. Type it as `/pilot` and the same words.")
        if card is None:
            return
        if event.get("channel_type") == "im":
            room, ref = f"slack:{event['channel']}", f"dm-{event['ts']}"
            await self._patiently(lambda: self.client.post(room, card, ref))
        else:
            await self._patiently(lambda: self.client.whisper(event["channel"], event["user"], card))

    async def _patiently(self, send: Callable[[], Awaitable[object]]) -> None:
        """Send an answer; where Slack asks for a pause, after it. Whoever writes fast is answered too."""
        for _ in range(ANSWER_TRIES):
            try:
                await send()
                return
            except SendFailed as error:
                log.warning("an answer did not go out: %s", error)
                if error.retry_after_s is None:
                    return
                await asyncio.sleep(error.retry_after_s)  # noqa: TID251  (Slack said how long; nothing tells)

    # ---- pressed ---------------------------------------------------------------------------------------

    async def press(self, ack: AsyncAck, body: Body) -> None:
        action = body["actions"][0]
        value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
        where, user = body.get("container") or {}, body["user"]
        actor = self.actor(user["id"], user.get("team_id") or (body.get("team") or {}).get("id"), "button",
                           f"press:{body.get('trigger_id')}", (body.get("channel") or {}).get("id"))
        began = asyncio.get_running_loop().time()
        reply, task = await self.settled(self.desk.pressed(value, actor))
        if reply is None:
            await ack()
            self.later(task, await self._waiting(body, where))
            return
        await self._in_time(self._shown(body, where, reply), began)
        await ack()

    async def _waiting(self, body: Body, where: Body) -> Show:
        """Say that it takes longer; returns what shows the answer in the end."""
        view = body.get("view") or {}
        try:
            if where.get("type") == "message":
                await self._respond(body["response_url"], Reply(card=WORKING), replace=False)
                return lambda late: self._shown(body, where, replace(
                    late, reads=True, twice=False, card=late.card or said("Done.")))
            if view.get("type") == "modal":
                await self.client.change_view(view["id"], card_modal(WORKING))
                return lambda late: self._changed(body, view["id"], late, {})
            waiting = await self.client.open_view(body["trigger_id"], card_modal(WORKING))
            return lambda late: self._changed(body, waiting, late, {})
        except _LOST as error:
            log.warning("that it takes longer could not be said: %s", error)
        return lambda late: self._told(body, late)

    async def _told(self, body: Body, reply: Reply) -> None:
        """The answer as a direct message, where nothing is left to show it on."""
        card = reply.card if reply.form is None else TOO_LATE
        if card is not None:
            await self.client.post(f"slack:{body['user']['id']}", card, f"answer-{body.get('trigger_id')}")

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
                late = await self._opened(body["trigger_id"], reply.form, {"p": "1"} if pushed else back,
                                          pushed=pushed)
                if late and on_message:
                    await self._respond(body["response_url"], Reply(card=late), replace=False)
                elif late:
                    await self._told(body, reply)
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
            if error.reason != "exchanged_trigger_id":  # that one: it is shown already
                await self._told(body, reply)

    async def _opened(self, trigger: str, form: Form, metadata: dict[str, str], *,
                      pushed: bool = False) -> Card | None:
        """Open the form; what to say instead where Slack would not have it any more.

        `metadata`: where the answer goes (``u``), whether it replaces what is there (``r``), whether the
        form lies on another modal (``p``).
        """
        try:
            if pushed:
                await self.client.push_view(trigger, modal(form, metadata))
            else:
                await self.client.open_view(trigger, modal(form, metadata))
        except SendFailed as error:
            log.warning("a form could not be opened: %s", error)
            return None if error.reason == "exchanged_trigger_id" else TOO_LATE  # that one: the form is open
        return None

    async def _respond(self, url: str, reply: Reply, *, replace: bool) -> None:
        card = TOO_LATE if reply.form is not None else reply.card
        if card is None:
            return
        answer = await AsyncWebhookClient(url).send_dict(
            {**message(card), "response_type": "ephemeral", "replace_original": replace})
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
            self.later(task, lambda late: self._changed(body, view["id"], late, metadata))
        elif reply.refused is not None and (reply.refused.fields or _is_third(view)):
            known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
            errors = {f: text for f, text in reply.refused.fields.items() if f in known}
            await ack(response_action="errors", errors=errors or {min(known): str(reply.refused)})
        elif reply.refused is not None and reply.card is not None:
            await ack(response_action="push", view=card_modal(reply.card))
        else:
            await ack(response_action="clear" if metadata.get("p") else None)
            if metadata.get("u") and not reply.twice:
                self.later(task, lambda late: self._respond(metadata["u"], late, replace="r" in metadata))

    async def _changed(self, body: Body, view_id: str, reply: Reply, metadata: dict[str, str]) -> None:
        """The waiting view becomes the answer; where it was closed meanwhile, a message does."""
        if reply.refused is not None and reply.card is not None and reply.refused.fields:
            wrong = [text for text in reply.refused.fields.values() if text != str(reply.refused)]
            reply = replace(reply, card=replace(reply.card, elements=(
                *reply.card.elements, *(Text((prose(text),)) for text in wrong))))
        try:
            await self.client.change_view(view_id, modal(reply.form, {}) if reply.form is not None
                                          else card_modal(reply.card or said("Done.")))
        except SendFailed as error:
            log.warning("a waiting view could not be changed: %s", error)
            if "u" not in metadata or reply.refused is not None:
                await self._told(body, reply)
        if "u" in metadata and reply.refused is None:
            await self._respond(metadata["u"], reply, replace="r" in metadata)

    async def home(self, body: Body) -> None:
        event = body["event"]
        if event.get("tab") not in (None, "home"):
            return
        actor = self.actor(event["user"], body.get("team_id"), "home", None, None)
        await self._guarded(self.desk.home_opened(actor))

    async def direct_message(self, body: Body) -> None:
        event = body["event"]
        if event.get("channel_type") == "im" and event.get("subtype") is None:
            await self.mention(body)

    async def changed_person(self, body: Body) -> None:
        await self.desk.person_changed(f"slack:{self.team}", f"slack:{body['event']['user']['id']}")


def _is_third(view: Body) -> bool:
    """Nothing can be pushed on it: Slack stacks three."""
    return view.get("previous_view_id") not in (None, view.get("root_view_id"))


def message(card: Card) -> dict[str, Any]:
    return {"text": fallback(card), "blocks": blocks(card), "mrkdwn": False}


def refusal_card(refusal: Refused) -> Card:
    """Why not, what to do instead, and what could be meant as buttons."""
    buttons = tuple(Button(label, f"run:{typed}") for label, typed in refusal.choices[:5])
    return said(str(refusal), *([Buttons(buttons)] if buttons else []))


def spoken(text: str, me: Sequence[str | None]) -> str:
    """What was said to us: the words behind our name, else those before it. Others' names stay."""
    names = "|".join(re.escape(each) for each in me if each)
    if not names:
        return text.strip()
    before, *rest = re.split(rf"<@(?:{names})(?:\|[^>]*)?>", text, maxsplit=1)
    behind = rest[0].strip() if rest else ""
    return behind if any(c.isalnum() or c == "?" for c in behind) else before.strip()


_LINK = re.compile(r"<((?:https?|mailto):[^|>\s]+)(?:\|[^>]*)?>")


def unescaped(text: str) -> str:
    """What was typed: Slack sends links in angle brackets and its three control characters as entities."""
    text = _LINK.sub(lambda found: found[1], text)
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
