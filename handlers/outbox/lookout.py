"""Looks whether a chat service that was silent answers again, with calls that show nothing.

A message that is sent into the silence may hang on when the service is back, and may stand there or not. So
something small is asked first: a call that hangs is not waited for, the next is sent a second later, and
whichever is answered first tells that messages may go out again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from handlers.chat.ports import ChatClient

PATIENCE_S: Final = 2.0
"""So long a message waits for an answer; then its room comes back later."""
APART_S: Final = 1.0
AT_ONCE: Final = 20
"""Calls to one workspace that may hang at a time, until their own time is over: a slow service is heard by
one of them."""


@dataclass(slots=True)
class _Asked:
    open: set[asyncio.Task[bool]] = field(default_factory=set)
    """What is not answered yet."""
    last_at: float = float("-inf")


@dataclass(slots=True)
class Lookout:
    _asked: dict[str, _Asked] = field(default_factory=dict)
    """By workspace."""

    async def answers(self, workspace: str, client: ChatClient) -> bool:
        """Whether the service says anything within two seconds, also to who asked before."""
        asked = self._asked.setdefault(workspace, _Asked())
        loop = asyncio.get_running_loop()
        ends = loop.time() + PATIENCE_S
        while (now := loop.time()) < ends:
            new = None
            if not asked.open or (now - asked.last_at >= APART_S and len(asked.open) < AT_ONCE):
                new, asked.last_at = asyncio.create_task(client.answers()), now
                asked.open.add(new)
            done, _ = await asyncio.wait(asked.open, return_when=asyncio.FIRST_COMPLETED,
                                         timeout=min(max(asked.last_at + APART_S - now, 0.05), ends - now))
            asked.open -= done
            said = [_is_yes(each) for each in done]
            if any(said):
                return True
            if new in done:  # there is no way through: that does not hang
                return False
        return False

    def end(self) -> None:
        """The bot stops: nobody waits for these any more."""
        for asked in self._asked.values():
            for each in asked.open:
                each.cancel()
        self._asked.clear()


def _is_yes(asked: asyncio.Task[bool]) -> bool:
    return not asked.cancelled() and asked.exception() is None and asked.result()
