"""The month: the real bot and the sandbox on one clock, stepped from hour to hour, with everybody in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.sandbox import SandboxError
from storage.models import Item, ItemState, Lane, Pilot
from storage.nudging import Decision
from tests.month import plan
from tests.month.cast import DEFAULT_COUNTRY, DEFAULT_ZONE, Company, Member, company
from tests.month.hands import Hands
from tests.month.personas import Crowd
from tests.month.plan import PilotPlan
from tests.month.record import Facts, Recorder, Said
from tests.world import TEAM, World, world_on

HOUR = timedelta(hours=1)
LOOKS_EVERY = 4
"""Hours: so often the ticks run even where nothing is due, to see that they say nothing."""
SOON = timedelta(seconds=90)
"""What a room or the workspace waits for so long is Slack's pace; what waits longer waits for a morning."""


@dataclass
class Closed:
    """An item that is settled: when, and by whom."""

    at: datetime
    by: str | None
    owner: str | None = None


@dataclass
class Open:
    """An item that is not, with where it stands."""

    facts: Facts
    sponsor: str | None
    since: datetime
    is_quiet: bool


@dataclass
class Month:
    """One month as it went, for everybody to judge."""

    company: Company
    said: list[Said]
    begins: datetime
    ends: datetime
    closed: dict[tuple[str, str], Closed] = field(default_factory=dict)
    open: dict[tuple[str, str], Open] = field(default_factory=dict)
    acted: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    waived: list[tuple[int, datetime]] = field(default_factory=list)
    """Items by number that a sponsor waived for a while, and when."""
    log: list[tuple[datetime, str, str]] = field(default_factory=list)
    """When who pressed which button's value, and it was taken."""


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Story:
    world: World
    clock: Clock
    people: Company
    pilots: list[PilotPlan]
    recorder: Recorder
    crowd: Crowd
    _ticked: dict[str, datetime] = field(default_factory=dict)
    _seen: int = 0

    @property
    def hands(self) -> Hands:
        return self.crowd.hands

    async def hour(self, at: datetime) -> None:
        """What is due is said; then whoever is at work answers."""
        self.clock.now = at
        await self._befall(at)
        if at.hour % LOOKS_EVERY == 0 or await self._is_anything_due():
            await self._tick()
            await self.quiet()
        if await self.crowd.act(self.clock()):
            await self.quiet()

    async def _is_anything_due(self) -> bool:
        """Whether a tick would find anything to do; at other hours it may as well be left out."""
        earliest = (func.min(Item.next_at), func.min(Pilot.nudge_at), func.min(Lane.ready_at), func.min(Decision.ask_at))
        async with self.world.parts.store.reading() as session:
            for moment in earliest:
                at = await session.scalar(select(moment))
                if at is not None and at <= self.clock():
                    return True
        return False

    async def _tick(self) -> None:
        for tick in self.world.parts.ticks:
            if tick.name != "deliver" and self.clock() - self._ticked.get(tick.name, self.clock() - tick.every) >= tick.every:
                self._ticked[tick.name] = self.clock()
                await tick.run()

    async def quiet(self) -> None:
        """Deliver, second after second, until no room has anything to be shown now."""
        for _ in range(2000):
            if await self.world.parts.outbox.deliver():
                self.clock.advance(seconds=1)
                continue
            following = await self._next_ready()
            if following is None or following > self.clock() + SOON:
                break
            self.clock.now = max(self.clock() + timedelta(seconds=1), following)
        else:
            raise AssertionError("the outbox does not come to rest")
        await self._note_facts()

    async def _next_ready(self) -> datetime | None:
        async with self.world.parts.store.reading() as session:
            return await session.scalar(select(func.min(Lane.ready_at)))

    async def _note_facts(self) -> None:
        """How each item stood of which something was said just now."""
        new, self._seen = self.recorder.said[self._seen:], len(self.recorder.said)
        rows = [row for said in new for row in said.rows if said.kind in ("digest", "nudge")]
        if rows:
            async with self.world.parts.store.reading() as session:
                known = await items_by_name(session, {row.title for row in rows})
            for said in new:
                for row in said.rows:
                    row.facts = known.get((row.title, row.pilot or self._pilot_in(said.room)))
        for said in new:
            self.crowd.read(said)

    def _pilot_in(self, room: str) -> str:
        return next((pilot.name for pilot in self.pilots if pilot.room == room), "")

    # ---- what befalls them ---------------------------------------------------------------------------------

    async def _befall(self, at: datetime) -> None:
        for pilot in self.pilots:
            lead = self.people.members[pilot.roles["lead"]]
            if lead.local(at).date() == pilot.registered and lead.local(at).hour == 10 + pilot.number % 4:
                await self.register(pilot, lead)
        for (number, day), line in ((plan.PAUSED, "pause waiting for the budget round"), (plan.RESUMED, "resume the budget is there"),
                                    (plan.STOPPED, "stop the vendor is gone")):
            pilot = next((each for each in self.pilots if each.number == number), None)
            if pilot is not None and at.date() == day and at.hour == 13:
                await self.hands.type(self.people.members[pilot.roles["sponsor"]], f"/pilot {line}", pilot.room)
        for who in self.people.members.values():
            await self._comes_and_goes(who, at)

    async def _comes_and_goes(self, who: Member, at: datetime) -> None:
        local = who.local(at)
        user = self.world.sandbox.workspace.users[who.id]
        user.dnd = next((each for each in who.dnd if each[0] - timedelta(hours=12) <= at < each[1]), None)
        for begins, back in who.away:
            if local.date() == begins - timedelta(days=1 if begins.weekday() else 3) and local.hour == 17:
                to = f" to @{who.delegate}" if who.delegate else ""
                await self.hands.type(who, f"/pilot away until {back.isoformat()}{to}")
        if who.leaves is not None and at - HOUR < who.leaves <= at:
            await self.world.sandbox.remove_user(who.handle)

    async def register(self, pilot: PilotPlan, lead: Member) -> None:
        """Register a pilot through the form."""
        sandbox = self.world.sandbox
        await sandbox.slash(lead.handle, pilot.room, f"/pilot new {pilot.name}")
        fields: dict[str, Any] = {"purpose": "See whether it helps", "channel": sandbox.channel_id(pilot.room),
                                  "kickoff": pilot.kickoff.isoformat(), "cut": pilot.cut, "packs": list(pilot.packs)}
        if "regulated" in pilot.packs:
            fields["conditions"] = ["eu"]
        fields |= {role: sandbox.user_id(who) for role, who in pilot.roles.items()}
        answer = await sandbox.submit(lead.handle, **fields)
        view = sandbox.modal(lead.handle)
        if answer.error is not None or view is not None:
            raise AssertionError(f"{pilot.name}: {answer} {view.errors if view else ''}")
        await self.world.parts.door.drained()

    async def name_heads(self) -> None:
        alex = self.people.members["alex"]
        for role, handle in plan.HEADS.items():
            try:
                await self.hands.type(alex, f"/pilot head {role} @{handle}")
            except SandboxError as error:
                self.hands.refused.append(f"head of {role}: {error}")


async def items_by_name(session: Any, titles: set[str] | None = None) -> dict[tuple[str, str], Facts]:
    query = select(Item, Pilot.name).join(Pilot, Pilot.id == Item.pilot_id).where(Item.workspace_id == TEAM)
    rows = await session.execute(query.where(Item.title.in_(titles)) if titles is not None else query)
    return {(item.title, name): facts_of(item) for item, name in rows}


def facts_of(item: Item) -> Facts:
    holds = item.gate is not None and not item.is_advice
    return Facts(item.owner_id, item.due_on, item.weight, holds, item.blocked_by, item.blocked_at is not None,
                 item.owner_since, item.id)


@asynccontextmanager
async def story(url: str, numbers: Iterable[int]) -> AsyncIterator[Story]:
    people, pilots = company(plan.BEGINS), plan.pilots(numbers)
    clock = Clock(datetime.combine(plan.BEGINS, time(), UTC))
    cast = people.cast([pilot.room for pilot in pilots])
    async with world_on(url, clock, minds_hours=True, cast=cast, admins=people.members["alex"].id, default_zone=DEFAULT_ZONE,
                        default_country=DEFAULT_COUNTRY) as world:
        hands = Hands(world)
        yield Story(world, clock, people, pilots, Recorder(world.sandbox, people), Crowd(people, hands))


async def lived(url: str, numbers: Iterable[int], days: int) -> Month:
    """So many days, with the pilots of these numbers."""
    async with story(url, numbers) as told:
        begins = told.clock() + timedelta(minutes=31)
        await told.name_heads()
        for n in range(days * 24):
            await told.hour(begins + n * HOUR)
        month = Month(told.people, told.recorder.said, begins, told.clock(), acted=dict(told.hands.done), refused=told.hands.refused,
                      log=told.hands.log)
        await _note_ends(told, month)
        return month


async def _note_ends(told: Story, month: Month) -> None:
    async with told.world.parts.store.reading() as session:
        waived = select(Decision.item_id, Decision.closed_at).where(Decision.workspace_id == TEAM, Decision.choice == "waive")
        month.waived = [(number, at) for number, at in await session.execute(waived) if at is not None]
        rows = await session.execute(select(Item, Pilot).join(Pilot, Pilot.id == Item.pilot_id).where(Item.workspace_id == TEAM))
        for item, pilot in rows:
            key = item.title, pilot.name
            if item.state is not ItemState.OPEN and item.closed_at is not None:
                month.closed[key] = Closed(item.closed_at, item.closed_by, item.owner_id)
            elif item.due_on is not None and item.state is ItemState.OPEN:
                plan_of = next(each for each in told.pilots if each.name == pilot.name)
                is_quiet = pilot.state.value != "active" or item.plan_on is not None or item.snoozed_until is not None
                month.open[key] = Open(facts_of(item), plan_of.roles.get("sponsor"), item.active_at or pilot.created_at, is_quiet)


