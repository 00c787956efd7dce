"""Looks once a week whether nudges help; where too few do, they come half as often and the lead is told."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.ports import CLOCK
from handlers.chat.wording import Languages
from handlers.ledger import Ledger
from handlers.nudges import self_check_rules as rules
from handlers.nudges.decision_rules import opens_at
from handlers.nudges.policy import Policies, SelfCheck
from handlers.nudges.promises import promise
from handlers.nudges.self_check_cards import Report, report_card
from handlers.nudges.self_check_rules import HALVED, RESTORED, Figures, Nudged, Verdict
from handlers.people.calendar import Calendar, valid_zone
from handlers.people.roles import Role
from storage import audit, nudge_figures, people, pilots
from storage.models import AuditEntry, Person, Pilot
from storage.outbox import Promise

KIND = "self-check"
"""What the outbox calls the message to the lead; it is about the audit entry of the change."""
PILOTS_AT_ONCE = 50
EVERY = timedelta(days=7)
PUT_OFF = "item put off"


@dataclass(frozen=True, slots=True)
class SelfChecks:
    ledger: Ledger
    policies: Policies
    languages: Languages

    async def sweep(self) -> int:
        """Check every pilot whose week is over; returns in how many something changed.

        Run again, it changes nothing. What another replica holds is left to it.
        """
        now, after, changed = self.ledger.clock(), 0, 0
        while True:
            async with self.ledger.store.begin() as session:
                due = await nudge_figures.pilots_to_check(session, (now - EVERY).date(), after,
                                                          PILOTS_AT_ONCE)
                promised = await self._check(session, due, now)
            if not due:
                return changed
            if promised:
                self.ledger.wake()
            after, changed = due[-1].id, changed + promised

    async def _check(self, session: AsyncSession, due: Sequence[Pilot], now: datetime) -> int:
        promises: dict[str, list[Promise]] = defaultdict(list)
        for pilot in due:
            promises[pilot.workspace_id] += await self._check_one(session, pilot, now)
        return await promise(session, promises, now)

    async def _check_one(self, session: AsyncSession, pilot: Pilot, now: datetime) -> list[Promise]:
        """Check one pilot, which is locked. Where something changes, that waits for its lead's hours."""
        check = self.policies.of(pilot.workspace_id, pilot.name_key).self_check
        found = await self._figures(session, pilot, check, now, is_since_halved=True)
        verdict = rules.verdict(found, check, is_halved=pilot.halved_on is not None)
        calendar = _calendar(pilot.zone, pilot.country)
        if verdict is Verdict.FINE:
            pilot.checked_on = calendar.today(now)
            return []
        lead = await self._lead(session, pilot)
        if lead is not None and opens_at(lead, self.policies.of(pilot.workspace_id), now) is not None:
            return []
        pilot.checked_on = calendar.today(now)
        pilot.halved_on = calendar.today(now) if verdict is Verdict.HALVE else None
        entry = await self._note(session, pilot, verdict, found, check, now)
        return [] if lead is None else [Promise(lead.id, KIND, entry.id, live_until=now)]

    async def _note(self, session: AsyncSession, pilot: Pilot, verdict: Verdict, found: Figures,
                    check: SelfCheck, now: datetime) -> AuditEntry:
        entry = await audit.append(
            session, pilot, at=now, actor=CLOCK, door=CLOCK,
            what=HALVED if verdict is Verdict.HALVE else RESTORED,
            after={"acted_on": found.total.helped, "nudges": found.total.of,
                   "working_days": check.window_days,
                   "steps": {step: [share.helped, share.of] for step, share in found.steps.items()}})
        await session.flush()
        return entry

    async def _lead(self, session: AsyncSession, pilot: Pilot) -> Person | None:
        seat = (await pilots.seats_of(session, pilot.workspace_id, pilot.id)).get(Role.LEAD)
        lead = await people.one(session, pilot.workspace_id, seat.person_id if seat else pilot.created_by)
        return lead if lead is not None and lead.is_active else None

    async def _figures(self, session: AsyncSession, pilot: Pilot, check: SelfCheck, now: datetime, *,
                       is_since_halved: bool = False) -> Figures:
        """Of the window; where nudges were halved meanwhile, of what was said since if that is asked for."""
        calendar = _calendar(pilot.zone, pilot.country)
        since, today = _since(pilot, check, now), calendar.today(now)
        if is_since_halved and pilot.halved_on is not None:
            since = max(since, calendar.at(pilot.halved_on, time.min))
        told = await nudge_figures.told_in(session, pilot.workspace_id, pilot.id, since)
        nudged = [Nudged(row, _calendar(zone or pilot.zone, country)) for row, zone, country in told]
        return rules.figures(nudged, now, today, calendar, check.window_days)

    async def report(self, workspace: str, pilot: Pilot, reader: Person) -> Card:
        """How much nudges help in a pilot."""
        now = self.ledger.clock()
        check = self.policies.of(workspace, pilot.name_key).self_check
        since, today = _since(pilot, check, now), _calendar(pilot.zone, pilot.country).today(now)
        async with self.ledger.store.reading() as session:
            found = await self._figures(session, pilot, check, now)
            put_off = await audit.since(session, workspace, pilot.id, [PUT_OFF], since)
            cards = await nudge_figures.cards_in(session, workspace, pilot.id, since)
            dossier = await pilots.dossier(session, pilot)
        team = {seat.person_id for seat in dossier.seats.values()}
        team |= {item.owner_id for item in dossier.items if item.owner_id}
        quiet = sum(person.quiet_until is not None and person.quiet_until > today
                    for person in dossier.people.values() if person.id in team)
        report = Report(pilot, found, check, today, len(put_off), quiet, cards)
        return report_card(report, self.languages.of(reader.locale))


def _since(pilot: Pilot, check: SelfCheck, now: datetime) -> datetime:
    calendar = _calendar(pilot.zone, pilot.country)
    return calendar.at(calendar.add(calendar.today(now), -check.window_days), time.min)


def _calendar(zone: str, country: str | None) -> Calendar:
    return Calendar(zone if valid_zone(zone) else "UTC", country)
