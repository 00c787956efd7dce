"""Work that may outlast Slack's patience: what the desk answers in time, and what follows later.

Slack waits three seconds. The desk gets two: past that the person is told that it is being worked on,
the work goes on uncut, and the answer follows.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

from handlers.chat.cards import Button, Buttons, Card, said
from handlers.chat.errors import AlreadyDone, Refused
from handlers.chat.ports import SendFailed
from handlers.commands.reply import Reply

log = logging.getLogger(__name__)

DESK_TIME_S = 2.0
ACK_TIME_S = 2.7
"""By then Slack has its ack, whatever is still being shown."""
TWICE = said("I got that twice and did it once.")
LOST = (SlackApiError, SendFailed, ClientError, OSError, TimeoutError)
"""What may become of a call to Slack."""

Show = Callable[[Reply], Awaitable[None]]


@dataclass(slots=True)
class InFlight:
    running: set[asyncio.Task[Any]] = field(default_factory=set)
    """Work that outlived its ack; the loop alone would forget it."""

    async def settled(self, work: Coroutine[Any, Any, Reply]) -> tuple[Reply | None, asyncio.Task[Reply]]:
        """The answer if it comes in time, else None and the task that goes on."""
        task = asyncio.create_task(self.guarded(work))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        await asyncio.wait({task}, timeout=DESK_TIME_S)
        return (task.result() if task.done() else None), task

    async def guarded(self, work: Coroutine[Any, Any, Reply]) -> Reply:
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
            except LOST as error:
                log.warning("an answer did not arrive: %s", error)
            except Exception:
                log.exception("bug while showing an answer")
        task = asyncio.create_task(shown())
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task

    async def in_time(self, showing: Coroutine[Any, Any, None], began: float) -> None:
        """Wait until the answer is shown, or the ack must not wait any longer."""
        left = began + ACK_TIME_S - asyncio.get_running_loop().time()
        await asyncio.wait({self._kept(showing)}, timeout=max(left, 0.0))

    async def drained(self) -> None:
        """Wait for work that outlived its ack."""
        while self.running:
            await asyncio.wait(set(self.running))


def refusal_card(refusal: Refused) -> Card:
    """Why not, what to do instead, and what could be meant as buttons."""
    buttons = tuple(Button(label, f"run:{typed}") for label, typed in refusal.choices[:5])
    return said(str(refusal), *([Buttons(buttons)] if buttons else []))
