"""Statistics of alerts and the files that go with them: read, promised and composed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import exports, statistics
from handlers.alerts.drawing import drawn
from handlers.alerts.intake import PAGE
from handlers.alerts.listing import LIST, asked
from handlers.alerts.statistics import Figures
from handlers.alerts.stats_cards import Stats, alt_of, chart_of, stats_card
from handlers.alerts.stats_picture import Chart, stats_picture
from handlers.chat.cards import Button, Buttons, Card, Confirm, File, Later, Mono, Note, Text, line
from handlers.chat.errors import Refused
from handlers.chat.ports import CLOCK, Actor
from handlers.chat.wording import ENGLISH, Languages, Words
from handlers.ledger import Ledger
from handlers.people.calendar import Calendar, valid_zone
from storage import alert_figures, alert_lists, alerts, people, pilots
from storage.models import Person, Pilot, Post
from storage.outbox import Promise

log = logging.getLogger(__name__)

STATS = "alert-stats"
"""What the outbox calls a picture of statistics; it is about a `subject`."""
KINDS = (LIST, STATS)
COUNTED = 20_000
"""The newest so many alerts are looked at."""
STRETCHES = (7, 30)
_SOON = timedelta(seconds=1)
_EPOCH = date(2020, 1, 1)
_KEPT = 8


@dataclass(slots=True)
class Pictures:
    """Pictures being drawn or just drawn, each with the figures it shows; nobody waits for one in a sweep."""

    tasks: dict[tuple[str, int, str, int], tuple[Stats, asyncio.Task[bytes]]] = field(default_factory=dict)

    def draw(self, key: tuple[str, int, str, int], stats: Stats, chart: Chart) -> None:
        while len(self.tasks) >= _KEPT:
            del self.tasks[next(iter(self.tasks))]
        self.tasks[key] = stats, asyncio.ensure_future(drawn(stats_picture, chart))


@dataclass(frozen=True, slots=True)
class Reports:
    ledger: Ledger
    languages: Languages
    can_attach: bool = True
    """Whether files may be sent."""
    pictures: Pictures = field(default_factory=Pictures)

    async def card(self, actor: Actor, pilot: Pilot | None, days: int, reader: Person) -> Card:
        """The statistics for whoever asked, with a button that shows everybody the picture."""
        now = self.ledger.clock()
        calendar = _calendar(reader.zone, reader.country)
        async with self.ledger.store.reading() as session:
            today = calendar.today(now)
            stats = await self._stats(session, actor.workspace, pilot, days, calendar, today)
        card = stats_card(stats, ENGLISH)
        key = f"{pilot.id if pilot is not None else 0}:{days}"
        other = next(each for each in STRETCHES if each != days)
        words = f"run:/alerts stats{f' p:{pilot.id}' if pilot is not None else ''} {other}d"
        buttons = [Button(f"{other} days", words), *self._post_button(actor, key, stats)]
        how = line("Counted from when an alert opened, by my clock. What a rule has open: ",
                   Mono("/alerts name:RULE"))
        return Card(card.title, (*card.elements, Buttons(tuple(buttons)), Note(how)))

    def _post_button(self, actor: Actor, key: str, stats: Stats) -> list[Button]:
        if not self.can_attach or not stats.figures.alerts:
            return []
        if actor.room is None or actor.room.startswith("slack:D"):
            return [Button("Send me the picture", f"a-picture:{key}")]
        return [Button("Post the picture here", f"a-picture:{key}", confirm=Confirm(
            "Post it here?", "Everybody in this channel sees the picture and these numbers.", "Post it"))]

    async def post_picture(self, actor: Actor, pilot_id: int, days: int, today: date) -> None:
        """Show the picture where it was asked for, or to the person. Raises Refused."""
        if days not in STRETCHES:
            raise Refused("I count the last 7 or 30 days: `/alerts stats 7d`.")
        room = actor.room if actor.room is not None and not actor.room.startswith("slack:D") else actor.person
        async with self.ledger.entry(actor) as entry:
            if pilot_id and await pilots.one(entry.session, actor.workspace, pilot_id) is None:
                raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
            entry.promise(Promise(room, STATS, subject(pilot_id, days, today), urgency=PAGE))

    async def post_list(self, actor: Actor, storm_id: int) -> None:
        """Put the complete list of a storm into its thread, as it stands now. Raises Refused."""
        async with self.ledger.entry(actor) as entry:
            storm = await alerts.locked(entry.session, actor.workspace, storm_id)
            if storm is None or not storm.is_storm:
                raise Refused("That storm is not in my books any more. `/alerts` lists what is open.")
            for promise in await asked(entry.session, storm, entry.now, actor.person, entry.now):
                entry.promise(promise)

    async def compose(self, session: AsyncSession, post: Post, now: datetime) -> Card | Later | None:
        """What a promise of KINDS says; None: there is nothing left to say."""
        if not self.can_attach:
            return None
        if post.kind == LIST:
            return await self._list(session, post, now)
        return await self._picture(session, post, now)

    # ---- the list of a storm -------------------------------------------------------------------------------

    async def _list(self, session: AsyncSession, post: Post, now: datetime) -> Card | Later | None:
        step = await alerts.step(session, post.workspace_id, post.subject_id)
        storm = await alerts.one(session, post.workspace_id, step.alert_id) if step is not None else None
        if step is None or storm is None:
            return None
        heads = {each.room: each for each in await alerts.shown(session, post.workspace_id, {storm.id})}
        head = heads.get(post.room)
        if head is None or head.given_up_at is not None:
            return None
        if step.actor == CLOCK and await alerts.has_later(session, step):
            return None  # it grew tenfold before its list was shown: the next list is complete, too
        if head.message_id is None:
            return Later(now + _SOON)
        table, number = [exports.header()], 0
        async for batch in alert_lists.members(session, post.workspace_id, storm.id):
            table.append(exports.rows(batch))
            number += len(batch)
        words = await self._words(session, post)
        said = words.count("The complete list, as it stands now: {number} alert",
                           "The complete list, as it stands now: {number} alerts", number)
        file = File(f"storm-{storm.id}-{number}-alerts.csv", "".join(table).encode(), said)
        return Card(said, (Text((line(said),)),), bare_title=True, file=file, thread=head.message_id)

    # ---- the picture ---------------------------------------------------------------------------------------

    async def _picture(self, session: AsyncSession, post: Post, now: datetime) -> Card | Later | None:
        key = (post.workspace_id, post.subject_id, post.room, post.wanted)
        words = await self._words(session, post)
        if key not in self.pictures.tasks:
            pilot_id, days, today = read_subject(post.subject_id)
            pilot = await pilots.one(session, post.workspace_id, pilot_id) if pilot_id else None
            reader = await people.one(session, post.workspace_id, post.room)
            of = reader or pilot
            calendar = _calendar(of.zone, of.country) if of is not None else Calendar("UTC")
            stats = await self._stats(session, post.workspace_id, pilot, days, calendar, today)
            self.pictures.draw(key, stats, chart_of(stats, words))
        stats, task = self.pictures.tasks[key]
        if not task.done():
            return Later(now + _SOON)
        card = stats_card(stats, words)
        error = task.exception()
        if error is not None:
            log.error("the picture of statistics cannot be drawn", exc_info=error)
            note = Note(line(words.text("The picture could not be drawn; the log says why.")))
            return Card(card.title, (*card.elements, note))
        _, days, today = read_subject(post.subject_id)
        file = File(f"alerts-{days}d-{today.isoformat()}-{post.wanted}.png", task.result(), card.title,
                    alt=alt_of(stats, words))
        return Card(card.title, card.elements, file=file)

    async def _words(self, session: AsyncSession, post: Post) -> Words:
        reader = await people.one(session, post.workspace_id, post.room)
        return self.languages.of(reader.locale if reader is not None else None)

    async def _stats(self, session: AsyncSession, workspace: str, pilot: Pilot | None, days: int,
                     calendar: Calendar, today: date) -> Stats:
        shown = statistics.days_until(today, days)
        since = calendar.at(shown[0], time.min)
        until = calendar.at(today + timedelta(days=1), time.min)
        pilot_id = pilot.id if pilot is not None else None
        rows = await alert_figures.opened(session, workspace, since, until, pilot_id, COUNTED)
        silences, held = await alert_figures.held_back(session, workspace, since, pilot_id)

        def made() -> Figures:
            return statistics.figures(rows, shown, calendar.today, silences=silences, held=held,
                                      is_cut=len(rows) == COUNTED)
        figures = made() if len(rows) <= alert_figures.BATCH else await asyncio.to_thread(made)
        return Stats(figures, days, pilot.name if pilot is not None else None)


def subject(pilot_id: int, days: int, today: date) -> int:
    """One number for the statistics of a pilot (0: all) as of a day, by which the same are one message."""
    return (pilot_id * 100 + days) * 100_000 + (today - _EPOCH).days


def read_subject(number: int) -> tuple[int, int, date]:
    """Pilot (0: all), days, and the day, of a `subject`."""
    rest, day = divmod(number, 100_000)
    pilot_id, days = divmod(rest, 100)
    return pilot_id, days, _EPOCH + timedelta(days=day)


def _calendar(zone: str, country: str | None) -> Calendar:
    return Calendar(zone if valid_zone(zone) else "UTC", country)
