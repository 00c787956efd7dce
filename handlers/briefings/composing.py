"""What each promise about a briefing says when it is delivered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.briefings import arrange, cards, help_cards, invite_cards
from handlers.briefings.rules import safe_calendar
from handlers.briefings.sheet import Sheet
from handlers.briefings.slots import HALF_HOUR
from handlers.chat.cards import Card
from handlers.chat.wording import Languages
from handlers.people.calendar import Calendar
from handlers.pilots.rhythm import channel_calendar
from storage import briefings, heads, people, pilots
from storage.models import Item, Post
from storage.pilots import Dossier

KINDS = (arrange.BRIEFING, arrange.SLOT, arrange.INVITE, arrange.STAND_IN, arrange.IN_WRITING)


@dataclass(frozen=True, slots=True)
class BriefingCards:
    languages: Languages
    can_attach: bool
    """Whether the chat service lets us send files; without, what is to be copied is said."""

    async def compose(self, session: AsyncSession, post: Post, now: datetime) -> Card | None:
        """The card of a promise of KINDS; None: there is nothing left to say."""
        item = await pilots.item(session, post.workspace_id, post.subject_id)
        pilot = await pilots.one(session, post.workspace_id, item.pilot_id) if item is not None else None
        if item is None or pilot is None:
            return None
        dossier, was_shown = await pilots.dossier(session, pilot), post.message_id is not None
        if post.kind == arrange.SLOT:
            sheet = await self._sheet(session, dossier, item, pilot.room, channel_calendar(pilot), None, now)
            return invite_cards.slot_card(sheet, was_shown=was_shown)
        reader = await people.one(session, post.workspace_id, post.room)
        if reader is None:
            return None
        dossier.people[reader.id] = reader
        sheet = await self._sheet(session, dossier, item, reader.id, safe_calendar(reader), reader.locale,
                                  now)
        match post.kind:
            case arrange.BRIEFING:
                return cards.briefing_card(sheet, was_shown=was_shown)
            case arrange.INVITE:
                return await self._invite(session, sheet, was_shown=was_shown)
            case arrange.STAND_IN:
                head = await heads.head_of(session, post.workspace_id, item.role)
                return help_cards.stand_in_card(sheet, head, was_shown=was_shown)
        return help_cards.in_writing_card(sheet, was_shown=was_shown)

    async def sheet_for(self, session: AsyncSession, dossier: Dossier, item: Item, reader_id: str,
                        now: datetime) -> Sheet:
        """The briefing for somebody who asks."""
        reader = await people.one(session, item.workspace_id, reader_id)
        calendar = safe_calendar(reader) if reader is not None else channel_calendar(dossier.pilot)
        locale = reader.locale if reader is not None else None
        return await self._sheet(session, dossier, item, reader_id, calendar, locale, now)

    async def _sheet(self, session: AsyncSession, dossier: Dossier, item: Item, reader_id: str,
                     calendar: Calendar, locale: str | None, now: datetime) -> Sheet:
        row = await briefings.one(session, item.workspace_id, item.id)
        if row is not None:
            strangers = set(row.attendees) - dossier.people.keys()
            dossier.people.update(await people.several(session, item.workspace_id, strangers))
        return Sheet(dossier, item, row, reader_id, calendar, self.languages.of(locale), now)

    async def _invite(self, session: AsyncSession, sheet: Sheet, *, was_shown: bool) -> Card | None:
        row = sheet.row
        if row is None or row.invited_at is None or row.invited_at + HALF_HOUR <= sheet.now:
            return None
        is_invited = sheet.reader_id in row.attendees
        if not is_invited and not was_shown:
            return None     # called off before they heard of it
        ids = row.attendees if is_invited else [sheet.reader_id]
        guests = [person for each in ids if (person := sheet.dossier.people.get(each)) is not None]
        if not is_invited and sheet.lead is not None and sheet.lead not in guests:
            guests.append(sheet.lead)
        invitation = invite_cards.invitation_of(sheet, guests)
        return invite_cards.invite_card(sheet, invitation, can_attach=self.can_attach)
