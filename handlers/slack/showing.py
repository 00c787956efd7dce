"""Shows an answer where its question came from: on the message, on the view, or beside it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.chat.cards import Card, Form, Text, prose, said
from handlers.chat.ports import SendFailed
from handlers.commands.reply import Reply
from handlers.slack.client import SlackClient
from handlers.slack.inflight import LOST, Show
from handlers.slack.render import blocks, card_modal, fallback, modal

log = logging.getLogger(__name__)

ANSWER_TRIES = 5
"""A message that was answered too fast for Slack's pace is answered again, so often."""
WORKING = said("Working on it. The answer follows here in a moment.")
TOO_LATE = said("That took too long for Slack to open the form. Please do it once more.")

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Showing:
    client: SlackClient

    async def followed(self, body: Body, reply: Reply) -> None:
        """The answer to a command by its own way, where the ack cannot carry it."""
        card = reply.card
        if reply.form is not None:
            card = await self._opened(body["trigger_id"], reply.form, {"u": body["response_url"]})
        await self.respond(body["response_url"], Reply(card=card), replace=False)

    async def said_back(self, event: Body, reply: Reply) -> None:
        """Answer a message: in the same direct conversation, or for the speaker's eyes in a channel."""
        card = reply.card if reply.form is None else said(
            "That opens a form, which only a command can. Type it as `/pilot` and the same words.")
        if card is None:
            return
        thread = event.get("thread_ts")
        if event.get("channel_type") == "im":
            room, ref = f"slack:{event['channel']}", f"dm-{event['ts']}"
            if thread is not None:
                card = replace(card, thread=f"{event['channel']}/{thread}")
            await self._patiently(lambda: self.client.post(room, card, ref))
        else:
            await self._patiently(lambda: self.client.whisper(event["channel"], event["user"], card, thread))

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

    async def waiting(self, body: Body, where: Body) -> Show:
        """Say that it takes longer; returns what shows the answer in the end."""
        view = body.get("view") or {}
        try:
            if where.get("type") == "message":
                await self.respond(body["response_url"], Reply(card=WORKING), replace=False)
                return lambda late: self.shown(body, where, replace(
                    late, reads=True, twice=False, window=False, card=late.card or said("Done.")))
            if view.get("type") == "modal":
                await self.client.change_view(view["id"], card_modal(WORKING))
                return lambda late: self.changed(body, view["id"], late, {})
            waiting = await self.client.open_view(body["trigger_id"], card_modal(WORKING))
            return lambda late: self.changed(body, waiting, late, {})
        except LOST as error:
            log.warning("that it takes longer could not be said: %s", error)
        return lambda late: self._told(body, late)

    async def _told(self, body: Body, reply: Reply) -> None:
        """The answer as a direct message, where nothing is left to show it on."""
        card = reply.card if reply.form is None else TOO_LATE
        if card is not None:
            await self.client.post(f"slack:{body['user']['id']}", card, f"answer-{body.get('trigger_id')}")

    async def shown(self, body: Body, where: Body, reply: Reply) -> None:
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
                    await self.respond(body["response_url"], Reply(card=late), replace=False)
                elif late:
                    await self._told(body, reply)
            elif reply.card is not None and reply.window and reply.refused is None:
                await self._over(body, reply.card, is_modal=view.get("type") == "modal")
            elif on_message:
                replace = bool(where.get("is_ephemeral")) and reply.refused is None
                if reply.instead and reply.card is not None and reply.refused is None and _is_direct(body):
                    room = body["channel"]["id"]
                    await self.client.update(f"slack:{room}", f"{room}/{where['message_ts']}", reply.card)
                elif replace or reply.reads or reply.refused is not None:
                    await self.respond(body["response_url"], reply, replace=replace)
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

    async def _over(self, body: Body, card: Card, *, is_modal: bool) -> None:
        """A card above what is on the screen."""
        if is_modal:
            await self.client.push_view(body["trigger_id"], card_modal(card))
        else:
            await self.client.open_view(body["trigger_id"], card_modal(card))

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

    async def respond(self, url: str, reply: Reply, *, replace: bool) -> None:
        card = TOO_LATE if reply.form is not None else reply.card
        if card is None:
            return
        answer = await AsyncWebhookClient(url).send_dict(
            {**message(card), "response_type": "ephemeral", "replace_original": replace})
        if answer.status_code >= 300:
            log.warning("response_url answered %s %s", answer.status_code, answer.body[:80])

    async def changed(self, body: Body, view_id: str, reply: Reply, metadata: dict[str, str]) -> None:
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
            await self.respond(metadata["u"], reply, replace="r" in metadata)


def _is_direct(body: Body) -> bool:
    """Whether it was pressed in a direct message, which nobody else reads."""
    return str((body.get("channel") or {}).get("id") or "").startswith("D")


def message(card: Card) -> dict[str, Any]:
    return {"text": fallback(card), "blocks": blocks(card), "mrkdwn": False}
