"""How people of the month act: what they press stands on the message, and every fourth press goes all the way.

Every fourth, by its words, is a press in the sandbox: a signed request to the bot's door, the form it opens
filled in and submitted there. The others hand the same button's value and the same fields to the desk
directly, where the door would have handed them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox import SandboxError
from bot.sandbox.elements import elements
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from tests.month.cast import Member, share
from tests.world import TEAM, World

WHOLE_WAY = 0.25


@dataclass
class Hands:
    world: World
    done: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    log: list[tuple[datetime, str, str]] = field(default_factory=list)
    """When who pressed which button's value, and it was taken."""
    _number: int = 0

    async def press(self, who: Member, message: Any, value: str, /, **fields: Any) -> bool:
        """Press the button that brings back `value`, and fill in the form it opens; whether that was taken."""
        self._number += 1
        if share("way", who.handle, value, self._number) < WHOLE_WAY:
            refusal = await self._through_slack(who, message, value, fields)
        else:
            refusal = await self._at_the_desk(who, value, fields)
        self.done[value.partition(":")[0]] += refusal is None
        if refusal is None:
            self.log.append((self.world.clock(), who.handle, value))
        else:
            self.refused.append(f"{who.handle} {value}: {refusal}")
        return refusal is None

    async def _through_slack(self, who: Member, message: Any, value: str, fields: dict[str, Any]) -> str | None:
        sandbox = self.world.sandbox
        block, element = next((b, e) for b, e in elements(message.all_blocks) if e.get("value") == value)
        room, before = sandbox.workspace.channels[message.channel], len(sandbox.modals(who.handle))
        told = len(room.messages)
        try:
            await sandbox.press(who.handle, channel=message.channel, ts=message.ts, block_id=block["block_id"],
                                action_id=element["action_id"])
            await self.world.parts.door.drained()
            if len(sandbox.modals(who.handle)) > before:
                await sandbox.submit(who.handle, **fields)
                await self.world.parts.door.drained()
                view = sandbox.modal(who.handle)
                if view is not None:  # it stays open with what is wrong, or shows the answer
                    await sandbox.close(who.handle)
                    return "; ".join(view.errors.values()) if view.errors else None
            elif fields:
                return "; ".join(m.plain for m in room.messages[told:] if m.ephemeral_for) or "no form came"
        except SandboxError as error:
            return str(error)
        return None

    async def _at_the_desk(self, who: Member, value: str, fields: dict[str, Any]) -> str | None:
        desk, sandbox = self.world.parts.desk, self.world.sandbox
        try:
            reply = await desk.pressed(value, self._actor(who))
            if reply.form is not None:
                values = {f.id: f.initial for f in reply.form.fields} | {
                    name: f"slack:{sandbox.user_id(given)}" if name == "who" else given for name, given in fields.items()}
                await desk.submitted(reply.form.action, values, self._actor(who))
        except Refused as refusal:
            return "; ".join(refusal.fields.values()) or str(refusal)
        return None

    async def type(self, who: Member, line: str, channel: str = "general") -> str:
        """Type a command, all the way; what they alone see of it."""
        room = self.world.sandbox.workspace.channels[self.world.sandbox.channel_id(channel)]
        before = len(room.messages)
        await self.world.sandbox.slash(who.handle, channel, line)
        await self.world.parts.door.drained()
        self.done["typed"] += 1
        return "\n".join(m.plain for m in room.messages[before:] if m.ephemeral_for)

    def _actor(self, who: Member) -> Actor:
        self._number += 1
        return Actor(TEAM, f"slack:{who.id}", "slack button", f"month-{self._number}")
