"""Makes rooms show what they were promised, as things stand at the moment of showing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.chat.ports import Actor, ChatClient, Clock
from handlers.outbox.attempt import Composing, NobodyWatches, Watch
from handlers.outbox.claims import Claims
from handlers.outbox.courier import BATCH, Courier
from handlers.outbox.lookout import Lookout
from handlers.outbox.mending import Mending
from handlers.outbox.reach import Reach
from handlers.outbox.recording import Recording
from handlers.outbox.sending import Sending
from storage.engine import Store
from storage.outbox import Within


@dataclass(frozen=True, slots=True)
class Outbox:
    store: Store
    clock: Clock
    chat: Mapping[str, ChatClient]
    """By the prefix of a room: slack, teams."""
    composer: Composing
    admins: frozenset[str] = frozenset()
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    watch: Watch = field(default_factory=NobodyWatches)
    reach: Reach = field(default_factory=Reach)
    lookout: Lookout = field(default_factory=Lookout)

    def wake(self) -> None:
        """Something was promised: do not wait for the next look."""
        self.woken.set()

    async def run(self, ending: asyncio.Event) -> None:
        """Keep promises as they come, until `ending`. Any number of replicas may run it."""
        try:
            await Courier(self.clock, self._claims(), self._sending(), self._recording(), self.reach,
                          self.woken).run(ending)
        finally:
            self.lookout.end()

    async def deliver(self) -> int:
        """Keep one promise in each ready room, once; returns in how many."""
        attempts, _ = await self._claims().take(BATCH, Within(shut=self.reach.shut_now(self.clock())))
        sending = self._sending()
        await sending.compose(attempts)
        async with asyncio.TaskGroup() as group:
            for attempt in attempts:
                if attempt.is_to_be_sent:
                    group.create_task(sending.send(attempt))
        if attempts:
            await self._recording().record(attempts)
        return len(attempts)

    async def token_works(self, workspace: str, surface: str = "slack") -> None:
        """The chat service took our token just now: nothing waits for it any longer."""
        await self._recording().token_works(workspace, surface)

    async def resend(self, actor: Actor, post_id: int) -> None:
        """Try once more what was given up in a room. Raises Refused for anybody but those who can mend it."""
        await Mending(self.store, self.clock, self.admins).resend(actor, post_id)
        self.wake()

    def _claims(self) -> Claims:
        return Claims(self.store, self.clock, self.chat)

    def _sending(self) -> Sending:
        return Sending(self.store, self.clock, self.chat, self.composer, self.reach, self.lookout)

    def _recording(self) -> Recording:
        return Recording(self.store, self.clock, self.admins, self.reach, self.watch, self.wake)
