"""A channel's nudge as its team has set it: shown, and changed in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handlers.chat.cards import Card
from handlers.chat.ports import Actor
from handlers.chat.wording import Languages
from handlers.ledger import Ledger
from handlers.nudges import channel_words, settings_card
from handlers.people.actions import People, calendar_of
from handlers.people.permissions import Action, may
from handlers.pilots import rhythm
from handlers.pilots.hats import hats_of
from handlers.pilots.rhythm import Rhythm
from handlers.pilots.work import Work, looked_at, work_on
from storage.models import Person, Pilot, PilotState

Change = Callable[[Rhythm, Pilot], Rhythm]
"""What becomes of the settings of a pilot. Raises Refused where it cannot be."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    ledger: Ledger
    people: People
    languages: Languages

    async def card(self, actor: Actor, person: Person, pilot_id: int) -> Card:
        """How the channel's nudge is set, with what this person may do about it."""
        async with looked_at(self.ledger, self.people, actor, pilot_id) as work:
            work.check(Action.READ)
            hats = hats_of(work.dossier, actor.person, is_admin=self.people.is_admin(actor.person),
                           is_outsider=actor.is_outsider)
            pilot = work.dossier.pilot
            may_change = may(Action.CHANNEL_NUDGE, hats) and pilot.state is not PilotState.STOPPED
            return settings_card.settings_card(pilot, calendar_of(person), work.entry.now,
                                               self.languages.of(person.locale), may_change=may_change)

    async def open(self, actor: Actor, pilot_id: int) -> Pilot:
        """The pilot that a form is to change. Raises Refused where submitting it would be in vain."""
        async with looked_at(self.ledger, self.people, actor, pilot_id) as work:
            _check(work)
            return work.dossier.pilot

    async def change(self, actor: Actor, pilot_id: int, change: Change) -> None:
        """Set it anew; the next nudge comes by the new settings, today's is not said again."""
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            _check(work)
            pilot, now = work.dossier.pilot, work.entry.now
            was = rhythm.rhythm_of(pilot)
            wanted = change(was, pilot)
            if wanted == was:
                return
            rhythm.keep(pilot, wanted)
            calendar = rhythm.channel_calendar(pilot)
            channel_words.check(wanted, calendar, calendar.today(now))
            pilot.nudge_at = rhythm.next_look(pilot, now)
            before, after = _facts(was), _facts(wanted)
            changed = [name for name in after if after[name] != before[name]]
            await work.entry.note(pilot, "channel nudge set", before={name: before[name] for name in changed},
                                  after={name: after[name] for name in changed})


def _check(work: Work) -> None:
    work.check(Action.CHANNEL_NUDGE)
    if work.dossier.pilot.state is PilotState.STOPPED:
        work.check_running()




def _facts(settings: Rhythm) -> dict[str, Any]:
    """The settings as the audit trail keeps them."""
    return {
        "nudge": "on" if settings.is_on else "off", "days_in_week_one": rhythm.said_days(settings.week_one),
        "days_later": rhythm.said_days(settings.later), "time": f"{settings.at:%H:%M}",
        "zone": settings.zone, "owners_by": settings.naming.value,
        "shows": [part.value for part in rhythm.Part if part in settings.parts]}
