"""The morning's sweep, and the composing of what it promised when that is delivered."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.ports import Clock
from handlers.chat.wording import Languages
from handlers.nudges import cards, rules
from handlers.nudges.channel import Channels
from handlers.nudges.policy import Policies
from handlers.nudges.promises import promise
from storage import nudges, outbox, people, pilots
from storage.engine import Store
from storage.models import Nudge
from storage.outbox import Promise

DIGEST = "digest"

ITEMS_AT_ONCE = 250
"""And whatever else is due of their owners."""

_Batch = Callable[[AsyncSession, datetime], Awaitable[int | None]]
"""Promises what is due of one batch; None: nothing was due."""
_Who = tuple[str, str]
"""A workspace and a person of it."""
_Morning = tuple[str, str, date]
"""A workspace, whom or what it is about, and the day there."""


@dataclass(frozen=True, slots=True)
class Nudges:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    """Told after a commit that there is something to send."""
    policies: Policies
    languages: Languages = field(default_factory=Languages)

    @property
    def channels(self) -> Channels:
        return Channels(self.policies, self.languages)

    async def sweep(self) -> int:
        """Promise every digest and channel nudge that is due; returns how many. Run again, it promises none.

        It takes several short transactions; what another replica holds is left to it.
        """
        now = self.clock()
        # Channels first: a digest leaves out what its reader is told there.
        return await self._all(self.channels.batch, now) + await self._all(_digests, now)

    async def _all(self, batch: _Batch, now: datetime) -> int:
        made = 0
        while True:
            async with self.store.begin() as session:
                promised = await batch(session, now)
            if promised is None:
                return made
            if promised:
                self.wake()
            made += promised

    async def compose_digest(self, session: AsyncSession, workspace: str, nudge_id: int,
                             now: datetime) -> Card | None:
        """A digest as things stand now; None: it is not to be sent, or no longer to be changed."""
        nudge = await nudges.one(session, workspace, nudge_id)
        person = await people.one(session, workspace, nudge.about) if nudge is not None else None
        if nudge is None or person is None:
            return None
        is_shown = await outbox.is_shown(session, workspace, DIGEST, nudge_id)
        if not is_shown and not rules.may_begin_digest(nudge, person, now):
            return None
        pairs = await pilots.several_items(session, workspace, nudge.item_ids)
        names = {who for item, _ in pairs for who in (item.owner_id, item.closed_by, item.blocked_by) if who}
        return cards.digest_card(rules.digest_of(pairs, person, now), person,
                                 await people.several(session, workspace, names), now, is_shown=is_shown)

    async def compose_channel(self, session: AsyncSession, workspace: str, nudge_id: int,
                              now: datetime) -> Card | None:
        """A channel's nudge as things stand now; None: it is not to be posted."""
        return await self.channels.compose(session, workspace, nudge_id, now)


# ---- the sweep, a batch in a transaction -------------------------------------------------------------------
# Locks are taken in one order: items or pilots (skipping what is held), then mornings, then lanes, sorted.


async def _digests(session: AsyncSession, now: datetime) -> int | None:
    """Promise the digests of one batch of due items; None: nothing is due."""
    due = await nudges.due_items(session, now, ITEMS_AT_ONCE)
    if not due:
        return None
    due = await nudges.with_the_rest(session, due, now)
    of_pilots = await pilots.of_items(session, due)
    owners = await people.in_many(session, {(item.workspace_id, item.owner_id)
                                            for item in due if item.owner_id})
    mornings: dict[_Who, rules.Morning] = {}
    said: dict[_Morning, list[int]] = defaultdict(list)
    moved: dict[datetime | None, list[int]] = defaultdict(list)
    for item in due:
        who = item.workspace_id, item.owner_id or ""
        morning = mornings.get(who) or mornings.setdefault(who, rules.morning_of(owners.get(who), now))
        pilot = of_pilots[item.pilot_id]
        if morning.may_hear and rules.waits(item, pilot, morning.calendar, morning.today):
            said[*who, morning.today].append(item.id)
        moved[rules.next_at(item, pilot, morning)].append(item.id)
    await nudges.move(session, moved)
    promises: dict[str, list[Promise]] = defaultdict(list)
    for nudge, is_new in await nudges.open_mornings(session, [
            Nudge(workspace_id=workspace, kind=DIGEST, about=person, day=day, made_at=now, item_ids=ids)
            for (workspace, person, day), ids in said.items()]):
        ids = said[nudge.workspace_id, nudge.about, nudge.day]
        if is_new or not set(ids) <= set(nudge.item_ids):
            nudge.item_ids = sorted({*nudge.item_ids, *ids})
            calendar = mornings[nudge.workspace_id, nudge.about].calendar
            promises[nudge.workspace_id].append(
                Promise(nudge.about, DIGEST, nudge.id, live_until=rules.day_ends(calendar, nudge.day)))
    return await promise(session, promises, now)
