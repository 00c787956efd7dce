"""What happened before the demo begins: three pilots of different health, told by the bot's own actions."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.clock import MovableClock
from bot.sandbox import Sandbox
from bot.wiring import Parts
from handlers.chat.ports import Actor
from handlers.oncall.rules import Layer
from handlers.oncall.setting import Head
from handlers.people.calendar import Calendar
from handlers.people.roles import Role
from handlers.pilots.create import NewPilot
from handlers.runbooks.asking import HELPFUL
from storage import pilots, runbook_questions
from storage.models import ItemState
from storage.pilots import Dossier

HOME = Calendar("Europe/Berlin", "DE")
CAST = {Role.SPONSOR: "marta", Role.LEAD: "priya", Role.PRODUCT: "tom", Role.ENGINEERING: "sam",
        Role.DATA: "lena", Role.ML: "ravi", Role.OPERATIONS: "ana", Role.SECURITY: "ines",
        Role.LEGAL: "jonas", Role.COMPLIANCE: "carol", Role.CHANGE: "omar"}
WIKI = "https://wiki.northwind.example"
GOALS = {"Support copilot": "time to first answer 9 -> 4 h by the end of the quarter (baseline 9.2), "
                            "worth 190k a year",
         "Invoice match": "invoices matched by hand 61 -> 25 % by 30 June (baseline 61), worth 260k a year",
         "Claims triage": "handling time 34 -> 24 min by 31 March (baseline 34.2), worth 410k a year"}
RUNBOOKS = ("12 runbooks, source starters; Ana and Sam practised roll back and fail-over by them in build. "
            "Ask /runbook how do we roll back")


PRACTISED = ("How do we switch it off?", "How do we roll back?", "Whom do we call?")
MORNINGS_BEFORE = 4
"""So many mornings of nudges lie behind the first one that is watched: of what is stuck others know."""


Thread = AsyncIterator[datetime]
"""Part of the story: yields each next moment before what happens then."""


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return HOME.at(day, time(hour, minute))


@dataclass(frozen=True, slots=True)
class Teller:
    """Acts as the people of the story, at the times of the story."""

    parts: Parts
    sandbox: Sandbox
    clock: MovableClock

    def actor(self, handle: str) -> Actor:
        return Actor(f"slack:{self.parts.identity.team}", self._id(handle), "demo story")

    def _id(self, handle: str) -> str:
        return f"slack:{self.sandbox.user_id(handle)}"

    async def play(self, *threads: Thread) -> None:
        """Let all of it happen in the order of its moments: rooms and sweeps live in one time."""
        waiting: list[tuple[datetime, int]] = []
        for number, thread in enumerate(threads):
            waiting.append((await anext(thread), number))
        while waiting:
            moment, number = min(waiting)
            waiting.remove((moment, number))
            self.clock.set(max(moment, self.clock()))
            following = await anext(threads[number], None)
            await self.send()
            if following is not None:
                waiting.append((following, number))

    async def send(self) -> None:
        while await self.parts.outbox.deliver():
            self.clock.forward(timedelta(seconds=1))

    async def register(self, name: str, purpose: str, channel: str, kickoff: date, cast: Mapping[Role, str],
                       packs: tuple[str, ...] = (), conditions: frozenset[str] = frozenset()) -> int:
        return await self.parts.desk.tools.creation.create(self.actor(cast[Role.LEAD]), NewPilot(
            name=name, purpose=purpose, kickoff_on=kickoff, room=f"slack:{self.sandbox.channel_id(channel)}",
            packs=packs, conditions=conditions, cut="full",
            seats={role: self._id(handle) for role, handle in cast.items()}))

    async def accept(self, pilot: int, *handles: str) -> None:
        for handle in handles:
            await self.parts.desk.tools.seats.accept(self.actor(handle), pilot, None)

    async def on_call(self, pilot: int, name: str, monday: date, *handles: str) -> None:
        """They have a week each, in turn; the first had the week before."""
        people = tuple(self._id(handle) for handle in handles)
        layer = Layer(people, 7, time(9), monday - timedelta(days=7), 0)
        await self.parts.desk.tools.oncall.rotations.make(
            self.actor("priya"), Head(name, "Europe/Berlin", pilot_id=pilot), layer)

    async def dossier(self, pilot_id: int) -> Dossier:
        async with self.parts.store.reading() as session:
            pilot = await pilots.one(session, f"slack:{self.parts.identity.team}", pilot_id)
            assert pilot is not None
            return await pilots.dossier(session, pilot)

    async def ask(self, handle: str, pilot: int, question: str, *, said: str | None = None,
                  tell: bool = False) -> None:
        """Somebody of the pilot asks the runbooks, says what came of it, or has the owners told."""
        runbooks, actor = self.parts.desk.tools.runbooks, self.actor(handle)
        await runbooks.ask(actor, question, (await self.dossier(pilot)).pilot)
        async with self.parts.store.reading() as session:
            rows, _ = await runbook_questions.of_person(session, actor.workspace, actor.person, limit=1)
        if said is not None:
            await runbooks.judge(actor, rows[0].id, said)
        if tell:
            await runbooks.tell(actor, rows[0].id)

    async def done(self, pilot: int, ref: str, evidence: str | None = None) -> None:
        """The owner closes it, with a link into the wiki where nothing else is said."""
        found = await self.dossier(pilot)
        item = found.item(ref)
        assert item is not None
        assert item.owner_id is not None
        slug = found.pilot.name.lower().replace(" ", "-")
        if ref == "IN-02":
            evidence = GOALS[found.pilot.name]
        if ref == "B-10":
            evidence = RUNBOOKS
        owner = Actor(f"slack:{self.parts.identity.team}", item.owner_id, "demo story")
        await self.parts.desk.tools.items.done(owner, item.id,
                                         f"{WIKI}/{slug}/{ref.lower()}" if evidence is None else evidence)

    async def through(self, pilot: int, gate: str, last: date, lead: str = "priya") -> Thread:
        """Close everything that holds `gate` in the two weeks before `last`, and pass it."""
        holding = [item for item in (await self.dossier(pilot)).items
                   if item.gate == gate and item.state is ItemState.OPEN and not item.is_advice]
        for number, item in enumerate(holding):
            day = HOME.add(last, -1 - (len(holding) - number) * 8 // max(len(holding), 1))
            yield at(day, 10 + number % 6, 5 * number % 60)
            await self.done(pilot, item.ref)
        yield at(last, 15)
        await self.parts.desk.tools.stages.pass_gate(self.actor(lead), pilot)


async def tell(parts: Parts, sandbox: Sandbox, clock: MovableClock) -> None:
    """Three pilots: one in limited rollout, one stuck in build, one that starts its week one this morning."""
    begins = clock()
    monday = HOME.today(begins)
    teller = Teller(parts, sandbox, clock)
    clock.set(HOME.at(HOME.add(monday, -100), time(8)))
    await teller.play(_support_copilot(teller, monday), _invoice_match(teller, monday),
                      _claims_triage(teller, monday), _mornings(teller, monday))
    clock.set(begins)


async def _mornings(teller: Teller, monday: date) -> Thread:
    """What was said on the mornings before, in Berlin and then in London."""
    for back in range(MORNINGS_BEFORE, 0, -1):
        for hour in (9, 10):
            yield at(HOME.add(monday, -back), hour, 31)
            await teller.parts.nudges.sweep()


async def _support_copilot(teller: Teller, monday: date) -> Thread:
    """Healthy: an assistant for the service desk, twelve working days into its limited rollout."""
    start = HOME.add(monday, -85)
    yield at(HOME.add(start, -6), 11)
    pilot = await teller.register(
        "Support copilot", "Draft answers for the service desk so that agents only check and send",
        "support-copilot", start, CAST, packs=("llm-assistant",))
    await teller.accept(pilot, *(handle for role, handle in CAST.items() if role is not Role.LEAD))
    for gate, day in (("week_one", 0), ("build", 9), ("readiness_review", 52), ("limited_rollout", 73)):
        if gate == "readiness_review":
            yield at(HOME.add(start, 30), 14)
            for question in PRACTISED:
                await teller.ask("ana", pilot, question, said=HELPFUL)
        async for moment in teller.through(pilot, gate, HOME.add(start, day)):
            yield moment
    yield at(HOME.add(monday, -10), 11)
    await teller.done(pilot, "L-01", "12 of 140 agents in Leeds, billing questions only, since the 9th")
    yield at(HOME.add(monday, -4), 22, 40)
    await teller.ask("sam", pilot, "Where are the passwords of the fax gateway?", tell=True)
    yield at(HOME.add(monday, -3), 9, 20)
    await teller.ask("ana", pilot, "Where are the passwords of the fax gateway?")
    yield at(HOME.add(monday, -3), 16)
    await teller.done(pilot, "LLM-14", "0.07 per solved question against 3.10 by hand")


async def _invoice_match(teller: Teller, monday: date) -> Thread:
    """Stuck: in build for longer than it may be, nothing closed for weeks, the blocker outside the team."""
    start = HOME.add(monday, -68)
    cast = {**CAST, Role.LEAD: "tom", Role.PRODUCT: "tom", Role.CHANGE: "priya"}
    yield at(HOME.add(start, -4), 14)
    pilot = await teller.register("Invoice match",
                                  "Match supplier invoices to orders without touching them by hand",
                                  "invoice-match", start, cast)
    await teller.accept(pilot, *sorted(set(cast.values()) - {"tom"}))
    async for moment in teller.through(pilot, "week_one", HOME.add(start, 1), "tom"):
        yield moment
    async for moment in teller.through(pilot, "build", HOME.add(start, 10), "tom"):
        yield moment
    for day, ref in ((18, "B-01"), (24, "B-03"), (30, "B-05"), (34, "B-06"), (40, "B-11")):
        yield at(HOME.add(start, day), 11)
        await teller.done(pilot, ref, "" if ref == "B-06" else None)
    yield at(HOME.add(monday, -6), 10)
    dossier = await teller.dossier(pilot)
    blocked, blocker = dossier.item("B-04"), teller.actor("omar").person
    assert blocked is not None
    people = teller.parts.people
    await teller.parts.desk.tools.items.block(teller.actor("lena"), blocked.id,
                                        await people.known(teller.actor("lena").workspace, blocker),
                                        "read access to the ERP replica")


async def _claims_triage(teller: Teller, monday: date) -> Thread:
    """Starting: registered last week, week one begins today; two have not answered and a seat is empty."""
    cast: dict[Role, str] = {role: handle for role, handle in CAST.items() if role is not Role.CHANGE}
    yield at(HOME.add(monday, -3), 15)
    pilot = await teller.register("Claims triage",
                                  "Sort incoming claims so that simple ones are paid the same day",
                                  "claims-triage", monday, cast, conditions=frozenset({"protected-data"}))
    yield at(HOME.add(monday, -2), 10)
    await teller.accept(pilot, "marta", "tom", "sam", "lena", "ines", "carol", "ana")
    await teller.on_call(pilot, "Claims", monday, "sam", "ana")
    yield at(HOME.add(monday, -1), 11)
    await teller.done(pilot, "IN-01", "I fund production from the claims budget if the number holds")
    await teller.done(pilot, "IN-02")
    await teller.done(pilot, "IN-05")
    dossier = await teller.dossier(pilot)
    briefing = dossier.item("W1-01")
    assert briefing is not None
    wednesday: datetime = HOME.at(HOME.add(monday, 2), time(14))
    await teller.parts.desk.tools.briefings.slot(teller.actor("ines"), briefing.id, wednesday)
