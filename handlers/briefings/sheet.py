"""One briefing as it is read: by whom, in which language, on whose clock."""

from dataclasses import dataclass
from datetime import date, datetime

from handlers.briefings.brief import title_of
from handlers.briefings.rules import KINDS
from handlers.briefings.slots import utc
from handlers.chat.wording import Words
from handlers.people.calendar import Calendar
from handlers.people.roles import Role
from storage.models import Item, Person, Pilot
from storage.nudging import Briefing
from storage.pilots import Dossier


@dataclass(frozen=True, slots=True)
class Sheet:
    """One briefing, and who reads of it when."""

    dossier: Dossier
    item: Item
    row: Briefing | None
    reader_id: str
    """Who reads it; for a channel, the room."""
    calendar: Calendar
    words: Words
    now: datetime

    @property
    def pilot(self) -> Pilot:
        return self.dossier.pilot

    @property
    def title(self) -> str:
        """'Legal briefing for Claims triage'"""
        return self.words.text("{briefing} for {pilot}", briefing=self.short_title, pilot=self.pilot.name)

    @property
    def short_title(self) -> str:
        return title_of(KINDS[self.item.ref], self.words)

    @property
    def lead(self) -> Person | None:
        return self.dossier.holder(Role.LEAD)

    def day(self, day: date) -> str:
        return self.words.day(day, self.calendar.today(self.now))

    def moment(self, at: datetime) -> str:
        """'Fri 27 Nov 14:00' on the reader's clock."""
        local = self.calendar.local(at)
        return f"{self.day(local.date())} {local:%H:%M}"

    def name(self, person: Person | None) -> str:
        return person.name if person is not None else self.words.text("somebody")

    def slots(self) -> list[datetime]:
        """The times on offer that have not passed."""
        return [at for at in utc(self.row.slots if self.row else ()) if at > self.now]
