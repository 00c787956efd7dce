"""Saying in the channel that one is on an item, so that the others need not be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.people.actions import calendar_of
from handlers.people.dates import say_date
from handlers.people.permissions import Action
from handlers.pilots import rules
from handlers.pilots.items import Items, by_whom
from handlers.pilots.work import Work, item_in, work_on
from storage import people
from storage.models import Item


@dataclass(frozen=True, slots=True)
class OnIt:
    items: Items

    async def start(self, actor: Actor, item_id: int) -> None:
        """The actor is on it. Raises Refused, with what to do instead, where somebody is already."""
        async with self._on(actor, item_id) as (work, item):
            if item.on_it_by == actor.person:
                raise Refused(f"You are on {item.ref} {_since(work, item)}. The channel's nudge says so.",
                              choices=(("Not any more", f"/pilot on-it i:{item.id} leave"),))
            if item.on_it_by is not None:
                name = _name(work, item)
                raise Refused(f"{name} is on {item.ref} {_since(work, item)}. Join in, or take it over?",
                              choices=((f"Join {name}", f"/pilot on-it i:{item.id} join"),
                                       ("Take over", f"/pilot on-it i:{item.id} take")))
            await self._take(work, item)

    async def take(self, actor: Actor, item_id: int) -> None:
        """The actor is on it, whoever was before."""
        async with self._on(actor, item_id) as (work, item):
            if item.on_it_by == actor.person:
                raise Refused(f"You are on {item.ref} already, {_since(work, item)}.")
            await self._take(work, item)

    async def join(self, actor: Actor, item_id: int) -> None:
        """The actor is on it too."""
        async with self._on(actor, item_id) as (work, item):
            if item.on_it_by is None:
                await self._take(work, item)
            elif item.on_it_by == actor.person:
                raise Refused(f"You are on {item.ref} already, {_since(work, item)}.")
            else:
                item.active_at = work.entry.now
                work.change(item)
                await work.entry.note(work.dossier.pilot, "item joined", item.ref,
                                      after={"with": item.on_it_by})

    async def leave(self, actor: Actor, item_id: int) -> None:
        """The actor is not on it any more."""
        async with self._on(actor, item_id) as (work, item):
            if item.on_it_by != actor.person:
                raise Refused(f"You are not on {item.ref}. `/pilot on-it {item.ref}` says that you are.")
            before = {"by": item.on_it_by, "since": item.on_it_at}
            rules.leave_it(item)
            work.change(item)
            await work.entry.note(work.dossier.pilot, "item left", item.ref, before=before)

    async def _take(self, work: Work, item: Item) -> None:
        before = {"by": item.on_it_by, "since": item.on_it_at}
        item.on_it_by, item.on_it_at = work.entry.actor.person, work.entry.now
        item.active_at = work.entry.now
        work.change(item)
        await work.entry.note(work.dossier.pilot, "item on it", item.ref, before=before,
                              after={"by": item.on_it_by})

    @asynccontextmanager
    async def _on(self, actor: Actor, item_id: int) -> AsyncIterator[tuple[Work, Item]]:
        pilot_id = await self.items.pilot_of(actor.workspace, item_id)
        async with work_on(self.items.ledger, self.items.people, actor, pilot_id) as work:
            item = await item_in(work, item_id)
            work.check(Action.ITEM_ON_IT, item)
            work.check_running()
            rules.check_open(item, by_whom(work, item), work.today())
            me = await people.one(work.entry.session, actor.workspace, actor.person)
            if me is not None:
                await work.learn(me)
            yield work, item


def _name(work: Work, item: Item) -> str:
    person = work.dossier.people.get(item.on_it_by or "")
    return person.name if person else "Somebody"


def _since(work: Work, item: Item) -> str:
    """'since 10:02', on the actor's clock."""
    calendar = calendar_of(work.dossier.people.get(work.entry.actor.person), zone=work.dossier.pilot.zone)
    assert item.on_it_at is not None
    local, today = calendar.local(item.on_it_at), work.today(calendar)
    day = "" if local.date() == today else f"{say_date(local.date(), today)} "
    return f"since {day}{local:%H:%M}"
