"""What people look at about alerts: one read transaction each, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import list_cards
from handlers.alerts.actions import ALL_AT_ONCE, GONE, all_of
from handlers.alerts.cards import alert_card, cut
from handlers.alerts.composing import AlertCards
from handlers.alerts.journal import history
from handlers.alerts.list_cards import PAGE, Gathered, Listing
from handlers.chat.cards import Card
from handlers.chat.errors import Refused, inside
from handlers.chat.ports import Actor, Clock
from storage import alert_lists, alerts, people, pilots
from storage.alert_lists import Here, Which
from storage.alerting import Alert
from storage.engine import Store
from storage.models import Pilot

Permalink = Callable[[str], str | None]
"""The address of a message, by its id; None: it has none."""
ENDED_WITHIN = timedelta(hours=24)
OFFERED = 5
_LONGEST_ID = 15
_SIGNALS = 60


@dataclass(frozen=True, slots=True)
class AlertLists:
    store: Store
    clock: Clock
    cards: AlertCards
    permalink: Permalink
    can_attach: bool = True

    async def open(self, actor: Actor, which: Which, about: str, page: int, line: Callable[[int], str], *,
                   with_ended: bool = False) -> Card:
        """A page of what is asked for; in a pilot's channel, what belongs there first."""
        now = self.clock()
        async with self.store.reading() as session:
            here = await self._here(session, actor)
            counts = await alert_lists.counted(session, actor.workspace, which)
            shown = replace(which, ended_since=now - ENDED_WITHIN) if with_ended else which
            total = sum(counts.values())
            if with_ended:
                total = sum((await alert_lists.counted(session, actor.workspace, shown)).values())
            page = min(page, max(-(-total // PAGE) - 1, 0))
            rows = await alert_lists.listed(session, actor.workspace, shown, here, PAGE, page * PAGE)
            by_id = await self._pilots(session, actor.workspace, rows)
            known = await people.several(session, actor.workspace, taken_by(rows))
            links = await self._links(session, actor.workspace, rows)
        splits = bool(here.pilot_ids) and which.pilot_id is None
        return list_cards.open_card(Listing(
            rows, counts, total - sum(counts.values()), known, by_id, links, now, about,
            (lambda alert: _belongs(alert, here)) if splits else None, page, line))

    async def storm(self, actor: Actor, storm_id: int, page: int = 0) -> Card:
        """A page of a storm's members. Raises Refused."""
        async with self.store.reading() as session:
            storm = await alerts.one(session, actor.workspace, storm_id)
            if storm is None or not storm.is_storm:
                raise GONE
            page = min(max(page, 0), max(-(-storm.total // list_cards.NEWEST) - 1, 0))
            parts = await alerts.parts_of(session, actor.workspace, storm_id)
            rows = await alert_lists.listed(session, actor.workspace, Which(storm_id=storm_id), Here(),
                                            list_cards.NEWEST, page * list_cards.NEWEST)
            known = await people.several(session, actor.workspace, taken_by(rows))
        return list_cards.storm_list_card(Gathered(storm, parts, rows, known, page, self.can_attach))

    async def show(self, actor: Actor, alert_id: int) -> Card:
        """One alert with its journal and its signals. Raises Refused."""
        now = self.clock()
        async with self.store.reading() as session:
            alert = await alerts.one(session, actor.workspace, alert_id)
            if alert is None:
                raise GONE
            view = await self.cards.view(session, alert, actor.person, now)
            steps = await alerts.steps_of(session, actor.workspace, alert_id)
            signals = (await alerts.signals_of(session, actor.workspace, {alert_id}, _SIGNALS))[alert_id]
            named = {each for step in steps for each in (step.actor, step.to) if each is not None}
            known = await people.several(session, actor.workspace, {*named, alert.acked_by or ""})
            link = (await self._links(session, actor.workspace, [alert])).get(alert_id)
        return list_cards.whole_card(alert_card(view), alert, signals, history(alert, steps, known), link)

    async def named(self, actor: Actor, verb: str, text: str) -> int:
        """The number of the alert meant: `12`, `#12`, or a part of a title that only one has.

        Raises Refused with those it could be.
        """
        said = text.strip().lstrip("#")
        if said.isdecimal() and said.isascii() and len(said) <= _LONGEST_ID:
            return int(said)
        async with self.store.reading() as session:
            found = await alert_lists.titled(session, actor.workspace, said, OFFERED + 1) if said else []
        if len(found) == 1:
            return found[0].id
        shown = inside(cut(said, 40))
        if not found:
            raise Refused(f"No alert has “{shown}” in its title. Take its number from `/alerts`: `/alerts "
                          f"{verb} 12`.", choices=(("What is open", "/alerts"),))
        raise Refused(f"“{shown}” fits several alerts. Which?", choices=tuple(
            (f"{row.id}: {cut(row.title, 60)}", f"/alerts {verb} {row.id}") for row in found[:OFFERED]))

    async def ask_all(self, actor: Actor) -> Card:
        """Whether the actor is on all that nobody is on, where they ask. Raises Refused anywhere else."""
        async with self.store.reading() as session:
            here = await self._here(session, actor)
            if here.room is None:
                raise Refused("All of which channel? Type it in a pilot's channel, or take them on one by "
                              "one: `/alerts untaken`.", choices=(("Nobody is on these", "/alerts untaken"),))
            [pilot_id] = here.pilot_ids if len(here.pilot_ids) == 1 else [None]
            counts = await alert_lists.counted(session, actor.workspace, all_of(pilot_id, here.room))
            pilot = await pilots.one(session, actor.workspace, pilot_id) if pilot_id is not None else None
        about = f"of {pilot.name}" if pilot is not None else "in this channel"
        return list_cards.ask_all_card(sum(counts.values()), about, str(pilot_id or 0), ALL_AT_ONCE)

    async def _here(self, session: AsyncSession, actor: Actor) -> Here:
        """What belongs where the actor is; a conversation with the bot alone is nowhere."""
        if actor.room is None or actor.room.startswith("slack:D"):
            return Here()
        found = await pilots.in_room(session, actor.workspace, actor.room)
        return Here(frozenset(pilot.id for pilot in found), actor.room)

    async def _pilots(self, session: AsyncSession, workspace: str, rows: Iterable[Alert]) -> dict[int, Pilot]:
        found = {}
        for pilot_id in sorted({row.pilot_id for row in rows if row.pilot_id is not None}):
            pilot = await pilots.one(session, workspace, pilot_id)
            if pilot is not None:
                found[pilot_id] = pilot
        return found

    async def _links(self, session: AsyncSession, workspace: str, rows: Iterable[Alert]) -> dict[int, str]:
        """Where each of these is shown in its own room."""
        rooms = {row.id: row.room for row in rows}
        messages = await alert_lists.messages_of(session, workspace, rooms)
        found = {alert_id: self.permalink(messages[alert_id, room]) for alert_id, room in rooms.items()
                 if (alert_id, room) in messages}
        return {alert_id: link for alert_id, link in found.items() if link is not None}


def taken_by(rows: Iterable[Alert]) -> set[str]:
    """Who is on these."""
    return {row.acked_by for row in rows if row.acked_by is not None}


def _belongs(alert: Alert, here: Here) -> bool:
    return alert.pilot_id in here.pilot_ids or alert.room == here.room
