"""The sweeps of the morning, and the composing of what they promised when that is delivered."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Later
from handlers.chat.ports import Clock
from handlers.chat.wording import Languages
from handlers.nudges import manners, material, sweep
from handlers.nudges.channel import Channels
from handlers.nudges.digest import Digests
from handlers.nudges.policy import Policies
from handlers.nudges.sweep import AskSponsor, LateBriefing
from storage import briefings, outbox, people
from storage.engine import Store
from storage.models import Nudge, Post

SIDE_BY_SIDE = 2
"""So many batches of digests at once."""

_Batch = Callable[[AsyncSession, datetime], Awaitable[int | None]]
"""Promises what is due of one batch; None: nothing was due."""


@dataclass(frozen=True, slots=True)
class Nudges:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    """Told after a commit that there is something to send."""
    policies: Policies
    languages: Languages = field(default_factory=Languages)
    ask_sponsor: AskSponsor | None = None
    late_briefing: LateBriefing | None = None

    @property
    def channels(self) -> Channels:
        return Channels(self.policies, self.languages)

    async def sweep(self) -> int:
        """Promise every channel nudge and digest that is due; returns how many. Run again, it promises none.

        It takes several short transactions; what another replica holds is left to it. Channels go first: of
        what somebody was mentioned for there, their digest need not speak.
        """
        now = self.clock()
        digests = partial(sweep.batch, rules=sweep.Rules(self.policies, self.ask_sponsor, self.late_briefing))
        made = await self._all(self.channels.batch, now)
        first = await self._one(digests, now)
        if first is None:
            return made
        # One decides while the database writes for the other; they share the work as replicas do.
        others = await asyncio.gather(*(self._all(digests, now) for _ in range(SIDE_BY_SIDE)))
        return made + first + sum(others)

    async def _all(self, batch: _Batch, now: datetime) -> int:
        made = 0
        while (promised := await self._one(batch, now)) is not None:
            made += promised
        return made

    async def _one(self, batch: _Batch, now: datetime) -> int | None:
        async with self.store.begin() as session:
            promised = await batch(session, now)
        if promised:
            self.wake()
        return promised

    async def waits_until(self, session: AsyncSession, post: Post, now: datetime) -> datetime | None:
        """When a direct message that nobody asked for may first be sent; None: now, or it is no such message.

        A digest decides that for itself.
        """
        policy = self.policies.of(post.workspace_id)
        kinds, is_invite = manners.counted(policy), post.kind == manners.INVITE
        if post.kind not in kinds and not (is_invite and manners.holds_invitations(policy)):
            return None
        person = await people.one(session, post.workspace_id, post.room)
        if person is None:
            return None
        if is_invite:
            row = await briefings.one(session, post.workspace_id, post.subject_id)
            return manners.invitation_waits_until(person, policy, now, row.invited_at if row else None)
        began = manners.day_began(person, now)
        said = await outbox.first_said_since(session, post.workspace_id, post.room, kinds, began)
        return manners.waits_until(person, policy, now, said)

    async def read_ahead(self, session: AsyncSession, workspace: str, digests: Collection[Nudge]) -> None:
        """Read in few queries what these digests are made of, so that composing them takes none."""
        await material.read_ahead(session, workspace, digests, self.clock())

    async def compose_digest(self, session: AsyncSession, workspace: str, nudge_id: int,
                             now: datetime) -> Card | Later | None:
        """A digest as things stand now; None: it is not to be sent, or no longer to be changed."""
        return await Digests(self.policies, self.languages).compose(session, workspace, nudge_id, now)

    async def compose_channel(self, session: AsyncSession, workspace: str, nudge_id: int,
                              now: datetime) -> Card | None:
        """A channel's nudge as things stand now; None: it is not to be posted."""
        return await self.channels.compose(session, workspace, nudge_id, now)
