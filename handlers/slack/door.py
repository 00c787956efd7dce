"""What happens when the bot is spoken to in Slack: take the words out, ask the desk, show the answer.

Work is done before the ack: an acked press is a committed press.
"""

import asyncio
import json
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncAck

from handlers.chat.ports import Actor
from handlers.commands.desk import Desk
from handlers.commands.reply import Reply
from handlers.slack.inflight import InFlight
from handlers.slack.render import answers, card_modal
from handlers.slack.showing import WORKING, Body, Showing, message
from handlers.slack.spoken import spoken, unescaped


@dataclass(frozen=True, slots=True)
class Door:
    """The Slack side of one workspace."""

    desk: Desk
    showing: Showing
    team: str
    """The workspace that installed the bot: everybody else is an outsider."""
    work: InFlight = field(default_factory=InFlight)

    async def drained(self) -> None:
        """Wait for work that outlived its ack."""
        await self.work.drained()

    def actor(self, user: str, team: str | None, how: str, delivery: str | None, room: str | None,
              thread: str | None = None) -> Actor:
        """`thread`: the message in whose thread it was said, by its moment."""
        return Actor(workspace=f"slack:{self.team}", person=f"slack:{user}", door=f"slack {how}",
                     delivery=delivery, room=f"slack:{room}" if room else None,
                     thread=f"{room}/{thread}" if room and thread else None,
                     is_outsider=team not in (None, self.team))

    async def command(self, ack: AsyncAck, body: Body) -> None:
        actor = self.actor(body["user_id"], body.get("team_id"), "command",
                           f"command:{body.get('trigger_id')}", body.get("channel_id"))
        began = asyncio.get_running_loop().time()
        reply, task = await self.work.settled(
            self.desk.typed(body["command"], unescaped(body.get("text") or ""), actor))
        if reply is None:
            await ack(message(WORKING))
            self.work.later(task, lambda late: self.showing.followed(body, late))
        elif reply.form is not None:
            await self.work.in_time(self.showing.followed(body, reply), began)
            await ack("")
        else:
            await ack(message(reply.card) if reply.card else "")

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
                           None if is_direct else event["channel"], event.get("thread_ts") or event["ts"])
        began = asyncio.get_running_loop().time()
        reply, task = await self.work.settled(self.desk.spoken(unescaped(text), actor))
        if reply is None:
            self.work.later(task, lambda late: self._said_back(event, actor, late))
        else:
            await self.work.in_time(self._said_back(event, actor, reply), began)

    async def _said_back(self, event: Body, actor: Actor, reply: Reply) -> None:
        if not reply.twice and await self.desk.is_first_answer(actor):
            await self.showing.said_back(event, reply)

    async def press(self, ack: AsyncAck, body: Body) -> None:
        action = body["actions"][0]
        value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
        where, user = body.get("container") or {}, body["user"]
        thread = None if where.get("is_ephemeral") else where.get("thread_ts") or where.get("message_ts")
        actor = self.actor(user["id"], user.get("team_id") or (body.get("team") or {}).get("id"), "button",
                           f"press:{body.get('trigger_id')}", (body.get("channel") or {}).get("id"),
                           thread)
        began = asyncio.get_running_loop().time()
        reply, task = await self.work.settled(self.desk.pressed(value, actor))
        if reply is None:
            await ack()
            self.work.later(task, await self.showing.waiting(body, where))
            return
        await self.work.in_time(self.showing.shown(body, where, reply), began)
        await ack()

    async def submit(self, ack: AsyncAck, body: Body) -> None:
        view, user = body["view"], body["user"]
        metadata = json.loads(view.get("private_metadata") or "{}")
        if "a" not in metadata:  # a card shown as a modal has nothing to submit
            await ack()
            return
        actor = self.actor(user["id"], user.get("team_id") or (body.get("team") or {}).get("id"), "form",
                           f"view:{view['id']}", None)
        values = answers(view["state"]["values"])
        reply, task = await self.work.settled(self.desk.submitted(metadata["a"], values, actor))
        if reply is None:
            await ack(response_action="update", view=card_modal(WORKING))
            self.work.later(task, lambda late: self.showing.changed(body, view["id"], late, metadata))
        elif reply.refused is not None and (reply.refused.fields or _is_third(view)):
            known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
            errors = {f: text for f, text in reply.refused.fields.items() if f in known}
            await ack(response_action="errors", errors=errors or {min(known): str(reply.refused)})
        elif reply.refused is not None and reply.card is not None:
            await ack(response_action="push", view=card_modal(reply.card))
        else:
            if reply.card is not None and reply.window and "u" not in metadata and not metadata.get("p"):
                await ack(response_action="update", view=card_modal(reply.card))
                return
            await ack(response_action="clear" if metadata.get("p") else None)
            if metadata.get("u") and not reply.twice:
                self.work.later(task, lambda late: self.showing.respond(metadata["u"], late,
                                                                        replace="r" in metadata))

    async def home(self, body: Body) -> None:
        event = body["event"]
        if event.get("tab") not in (None, "home"):
            return
        actor = self.actor(event["user"], body.get("team_id"), "home", None, None)
        await self.work.guarded(self.desk.home_opened(actor))

    async def direct_message(self, body: Body) -> None:
        event = body["event"]
        if event.get("channel_type") == "im" and event.get("subtype") is None:
            await self.mention(body)

    async def changed_person(self, body: Body) -> None:
        await self.desk.person_changed(f"slack:{self.team}", f"slack:{body['event']['user']['id']}")


def _is_third(view: Body) -> bool:
    """Nothing can be pushed on it: Slack stacks three."""
    return view.get("previous_view_id") not in (None, view.get("root_view_id"))
