"""What people look at, fetched in few queries. Nothing here writes.

An answer goes out inside the ack, so every view is one read transaction and a handful of queries: the
status takes three (with rotations three more), Home eight at most.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card, Line
from handlers.chat.errors import Refused
from handlers.chat.ports import Clock
from handlers.oncall.standing import on_call
from handlers.people.calendar import Calendar
from handlers.people.roles import Role
from handlers.pilots.answering import Answers, Ask, no_runbooks
from handlers.pilots.hats import hats_of
from handlers.pilots.schedule import STAGES, limit_of, title_of
from handlers.status.cards import PAGE, Reader, View, is_over_limit, pages_of, reader_of
from handlers.status.history_card import history_card, people_in
from handlers.status.home_card import PILOTS, SIGNOFF_AHEAD_WD, Desk, bare_card, home_card
from handlers.status.item_card import item_card
from handlers.status.list_cards import items_card, pilots_card
from handlers.status.status_card import status_card
from handlers.status.team_card import briefings_card, gate_card, team_card
from handlers.status.why_card import KINDS, Told, why_card
from storage import audit, decisions, outbox, people, pilots, pulls
from storage import told as told_rows
from storage.engine import Store
from storage.models import Item, Person, Pilot, Post
from storage.pilots import Dossier

_WHY, _HISTORY = 5, 3
_MINE_AT_MOST, _DECISIONS = 200, 20
_NO_PILOT = "There is no such pilot any more. `/pilot list` shows those there are."


GapOf = Callable[[AsyncSession, Item, Calendar, datetime], Awaitable[Line | None]]


def _no_rule(_item: Item, _pilot: Pilot, _step: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Status:
    store: Store
    clock: Clock
    rule_of: Callable[[Item, Pilot, str], str] = _no_rule
    """Which rule of the nudge policy a step of an item follows."""
    ask_runbooks: Ask = no_runbooks
    """What the runbooks say to the questions that an item wants answered."""
    gap_of: GapOf | None = None
    """What is said of the gap in the runbooks that an item is to close."""
    has_runbooks: bool = False
    """Whether there are runbooks to be asked."""
    has_readings: bool = False
    """Whether monitoring systems are asked for anything; where not, no query looks for what fails."""

    async def status(self, workspace: str, pilot_id: int, reader_id: str | None, *,
                     public: bool = False) -> Card:
        """A pilot in twelve lines.

        Args:
            public: for a channel: in its own time, with roles instead of the names of who is late.
        """
        reader = None if public else reader_id
        async with self.store.reading() as session:
            view = await self._view(session, workspace, pilot_id, reader, public=public)
            if self.has_readings:
                view = replace(view, failing=await pulls.failing(session, workspace, pilot_id))
            return status_card(await self._with_on_call(session, view))

    async def compose_status(self, session: AsyncSession, pilot: Pilot, reader: Person) -> Card:
        """The same for a reader, of a pilot that the caller has just read."""
        view = await self._view(session, pilot.workspace_id, pilot, reader.id, known=[reader])
        return status_card(await self._with_on_call(session, view))

    async def compose_shared(self, session: AsyncSession, dossier: Dossier, now: datetime) -> Card:
        """The status as a channel sees it, from a dossier that is read already."""
        before = await pilots.risk_before(session, dossier.pilot, now)
        reader = reader_of(None, now, dossier.pilot)
        view = View(dossier, reader, public=True, risk_before=before)
        return status_card(await self._with_on_call(session, view))

    async def _with_on_call(self, session: AsyncSession, view: View) -> View:
        """The view with whom an alert of the pilot wakes; one query where no rotation is set up."""
        pilot = view.pilot
        return replace(view, on_call=await on_call(session, pilot.workspace_id, pilot.id, view.reader.now))

    async def items(self, workspace: str, pilot_id: int, reader_id: str, which: str = "open",
                    page: int = 0) -> Card:
        """A page of a pilot's items: open, mine, overdue, gate, blocked, all, or of one role."""
        async with self.store.reading() as session:
            return items_card(await self._view(session, workspace, pilot_id, reader_id), which, page)

    async def item(self, workspace: str, item_id: int, reader_id: str, *, is_admin: bool = False) -> Card:
        async with self.store.reading() as session:
            found = await pilots.item(session, workspace, item_id)
            if found is None:
                raise Refused("That item is gone. `/pilot items` shows those there are.")
            view = await self._view(session, workspace, found.pilot_id, reader_id, is_admin=is_admin,
                                    closers=True)
            history = await audit.about(session, workspace, found.pilot_id, found.ref, _HISTORY)
            await self._learn(session, view.dossier, people_in(history))
            hats = hats_of(view.dossier, reader_id, found, is_admin=is_admin, today=view.reader.today)
            gap = (await self.gap_of(session, found, view.reader.calendar, view.reader.now)
                   if self.gap_of is not None else None)
        answers: Answers | None = None
        if found.answers and view.is_open(found):
            try:
                answers = await self.ask_runbooks(view.pilot, found.answers)
            except Refused as refused:  # they are being read for the first time: the card comes all the same
                answers = Answers(wait=str(refused))
        return item_card(view, found, history, hats, gap, answers)

    async def team(self, workspace: str, pilot_id: int, reader_id: str, *, is_admin: bool = False) -> Card:
        async with self.store.reading() as session:
            return team_card(await self._view(session, workspace, pilot_id, reader_id, is_admin=is_admin))

    async def briefings(self, workspace: str, pilot_id: int, reader_id: str, *,
                        is_admin: bool = False) -> Card:
        """The three meetings of week one."""
        async with self.store.reading() as session:
            view = await self._view(session, workspace, pilot_id, reader_id, is_admin=is_admin)
            return briefings_card(view)

    async def gate(self, workspace: str, pilot_id: int, reader_id: str, *, is_admin: bool = False) -> Card:
        async with self.store.reading() as session:
            view = await self._view(session, workspace, pilot_id, reader_id, is_admin=is_admin)
            return gate_card(view, hats_of(view.dossier, reader_id, is_admin=is_admin))

    async def history(self, workspace: str, pilot_id: int, page: int = 0,
                      reader_id: str | None = None) -> Card:
        """A page of the audit trail in words, newest first; in the pilot's time where no reader is given."""
        async with self.store.reading() as session:
            pilot = await self._pilot(session, workspace, pilot_id)
            page = min(max(page, 0), pages_of(pilot.audit_seq) - 1)
            before = pilot.audit_seq - page * PAGE + 1
            entries = await audit.newest(session, workspace, pilot_id, PAGE, before)
            spoken_of = people_in(entries) | ({reader_id} if reader_id else set())
            names = await people.several(session, workspace, spoken_of)
            reader = reader_of(names.get(reader_id or ""), self.clock(), pilot)
            return history_card(pilot, entries, names, reader, page)

    async def list(self, workspace: str, reader_id: str, which: str = "all", page: int = 0) -> Card:
        """A page of the workspace's pilots: all, mine, stuck, or those in one stage, riskiest first.

        Whether one is stuck takes its items, so only pilots over their stage's limit are looked at, and of
        these only the page's: `stuck` lists those over the limit and marks which are.
        """
        async with self.store.reading() as session:
            reader = reader_of(await people.one(session, workspace, reader_id), self.clock())
            if which == "mine":
                mine = await pilots.of_person(session, workspace, reader_id, _MINE_AT_MOST)
                page = min(max(page, 0), pages_of(len(mine)) - 1)
                rows, count = mine[page * PAGE:(page + 1) * PAGE], len(mine)
            else:
                stage = which if which in STAGES else None
                if stage is None and which not in ("all", "stuck"):
                    stages = ", ".join(title_of(each, ()) for each in STAGES)
                    raise Refused(f"I cannot list “{which[:40]}”. `/pilot list` takes mine, stuck, or a "
                                  f"stage: {stages}.")
                over = (await _over_limit(session, workspace, reader.today)
                        if which == "stuck" else None)
                page = max(page, 0)
                rows, count = await pilots.page(session, workspace, stage=stage, over=over,
                                                offset=page * PAGE, limit=PAGE)
            stuck = await self._stuck(session, workspace, rows, reader)
            return pilots_card(rows, stuck, reader, which, page, count)

    async def _stuck(self, session: AsyncSession, workspace: str, rows: Iterable[Pilot],
                     reader: Reader) -> frozenset[int]:
        over = {pilot.id: pilot for pilot in rows if is_over_limit(pilot, reader.today)}
        items = await pilots.items_of_several(session, workspace, over)
        return frozenset(number for number, pilot in over.items()
                         if View(Dossier(pilot, items.get(number, []), {}), reader).is_stuck())

    async def bare(self, workspace: str, reader_id: str) -> Card:
        """`/pilot` alone: what waits for the reader over all pilots."""
        async with self.store.reading() as session:
            return bare_card(await self._desk(session, workspace, reader_id, self.clock()))

    async def home(self, workspace: str, person_id: str) -> Card:
        async with self.store.reading() as session:
            return await self.compose_home(session, workspace, person_id, self.clock())

    async def compose_home(self, session: AsyncSession, workspace: str, person_id: str,
                           now: datetime) -> Card:
        """The Home tab, in the caller's transaction."""
        return home_card(await self._desk(session, workspace, person_id, now))

    async def why(self, workspace: str, reader_id: str) -> Card:
        """The last messages to the reader and the rule that caused each."""
        async with self.store.reading() as session:
            posts = await outbox.posts_to(session, workspace, reader_id, KINDS, _WHY)
            told = [await self._told(session, workspace, post) for post in posts]
            told = sorted([*told, *await self._mentions(session, workspace, reader_id)],
                          key=lambda each: each.at, reverse=True)[:_WHY]
            person = await people.one(session, workspace, reader_id)
            return why_card(reader_of(person, self.clock()), person, told)

    async def _told(self, session: AsyncSession, workspace: str, post: Post) -> Told:
        match post.kind:
            case "digest":
                rows = await told_rows.in_nudge(session, workspace, post.subject_id)
                steps = {row.item_id: row.step for row in rows}
                items = await pilots.several_items(session, workspace, steps)
                rules = [self.rule_of(item, pilot, steps[item.id]) for item, pilot in items]
                return Told(post.kind, post.made_at, items=items, rules=rules)
            case "ask":
                pilot = await pilots.one(session, workspace, post.subject_id)
                seats = await pilots.seats_of(session, workspace, post.subject_id)
                askers = [seat.asked_by for seat in seats.values() if seat.person_id == post.room]
                by = await self._name(session, workspace, *askers)
                return Told(post.kind, post.made_at, pilot=pilot, by=by)
            case "decision":
                decision = await decisions.one(session, workspace, post.subject_id)
                items = await pilots.several_items(session, workspace, [decision.item_id] if decision else ())
                return Told(post.kind, post.made_at, items=items)
            case "blocker" | "handed" | "seat-back" | "self-check":
                entry = await audit.one(session, workspace, post.subject_id)
                if entry is not None:
                    pilot = await pilots.one(session, workspace, entry.pilot_id)
                    by = await self._name(session, workspace, entry.actor)
                    return Told(post.kind, post.made_at, pilot, entry, by)
            case "briefing" | "invite" | "stand-in" | "in-writing":
                items = await pilots.several_items(session, workspace, [post.subject_id])
                return Told(post.kind, post.made_at, items=items)
        return Told(post.kind, post.made_at)

    async def _mentions(self, session: AsyncSession, workspace: str, reader_id: str) -> Sequence[Told]:
        rows = await told_rows.mentions(session, workspace, reader_id, _WHY)
        pairs = {item.id: (item, pilot) for item, pilot in await pilots.several_items(
            session, workspace, {row.item_id for row in rows})}
        return [Told("channel", row.at, items=[pairs[row.item_id]],
                     rules=[self.rule_of(*pairs[row.item_id], row.step)])
                for row in rows if row.item_id in pairs]

    # ---- what views are made from ----------------------------------------------------------------------

    async def _pilot(self, session: AsyncSession, workspace: str, pilot_id: int) -> Pilot:
        pilot = await pilots.one(session, workspace, pilot_id)
        if pilot is None:
            raise Refused(_NO_PILOT)
        return pilot

    async def _view(self, session: AsyncSession, workspace: str, pilot: int | Pilot, reader_id: str | None, *,
                    is_admin: bool = False, public: bool = False, closers: bool = False,
                    known: Iterable[Person] = ()) -> View:
        now = self.clock()
        found = await pilots.looked_at(session, workspace, pilot, now, closers=closers, known=known,
                                   also=[reader_id] if reader_id else ())
        if found is None:
            raise Refused(_NO_PILOT)
        dossier, risk_before = found
        reader = reader_of(dossier.people.get(reader_id or ""), now, dossier.pilot, person_id=reader_id,
                           is_admin=is_admin)
        return View(dossier, reader, public, risk_before, has_runbooks=self.has_runbooks)

    async def _learn(self, session: AsyncSession, dossier: Dossier, ids: Iterable[str]) -> None:
        """Add people to the dossier whom it does not know; no query where it knows them all."""
        dossier.people.update(await people.several(
            session, dossier.pilot.workspace_id, set(ids) - dossier.people.keys()))

    async def _name(self, session: AsyncSession, workspace: str, *ids: str) -> str | None:
        found = await people.several(session, workspace, ids[:1])
        return next((person.name for person in found.values()), None)

    async def _desk(self, session: AsyncSession, workspace: str, person_id: str, now: datetime) -> Desk:
        """Everything on one person's desk, in eight queries at most."""
        person = await people.one(session, workspace, person_id)
        reader = reader_of(person, now)
        seats = await pilots.seats_held(session, workspace, person_id)
        owned = await pilots.items_owned(session, workspace, person_id)
        waited_for = await pilots.items_blocked_by(session, workspace, person_id)
        until = reader.calendar.add(reader.today, SIGNOFF_AHEAD_WD)
        signoffs = await pilots.signoffs_wanted(session, workspace, person_id, until) if seats else ()
        mine = await pilots.of_person(session, workspace, person_id, PILOTS + 1)
        sponsors = any(seat.role == Role.SPONSOR for seat, _ in seats)
        wanted = await decisions.waiting_for(session, workspace, person_id, _DECISIONS) if sponsors else ()
        spoken_of = {seat.asked_by for seat, _ in seats} | {item.owner_id for item, _ in waited_for}
        spoken_of |= {item.blocked_by for item, _ in owned}
        names = await people.several(session, workspace, {who for who in spoken_of if who})
        return Desk(reader, person, owned, waited_for, signoffs, seats, mine, wanted, names,
                    has_runbooks=self.has_runbooks)


async def _over_limit(session: AsyncSession, workspace: str, today: date) -> list[int]:
    """Numbers of the running pilots that are over their stage's limit.

    Limits are each pilot's own and count its own working days, so this looks at a few columns of every
    running pilot; no items are read.
    """
    found = []
    for number, stage, entered, stages, zone, country in await pilots.stages_entered_before(
            session, workspace, today - timedelta(days=1)):
        limit = limit_of(stage, stages)
        # Calendar days first: they are at least as many as working days, and cost nothing.
        if (limit is not None and (today - entered).days > limit
                and Calendar(zone, country).between(entered, today) > limit):
            found.append(number)
    return found
