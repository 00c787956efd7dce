"""What promises about runbooks say when they are delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.chat.wording import Languages, Words
from handlers.runbooks.asked import is_another
from handlers.runbooks.asking import POSTED, WANTED
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.page_shelf import Pages
from handlers.runbooks.told_cards import gone_card, posted_card, wanted_card
from handlers.runbooks.values import Verdict
from storage import people, pilots, runbook_questions
from storage.models import Post
from storage.shelf import RunbookQuestion

KINDS = (WANTED, POSTED)
_COUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RunbookCards:
    keeper: Keeper
    pages: Pages
    languages: Languages

    async def compose(self, session: AsyncSession, post: Post, now: datetime) -> Card | None:
        """The card of a promise of KINDS; None: there is nothing left to say."""
        row = await runbook_questions.one(session, post.workspace_id, post.subject_id)
        if row is None:
            return None
        known = await people.several(session, post.workspace_id, {row.asked_by, post.room})
        asker, reader = known.get(row.asked_by), known.get(post.room)
        words = self.languages.of(reader.locale if reader is not None else None)
        name = asker.name if asker is not None else words.text("Somebody")
        if post.kind == POSTED:
            return await self._posted(session, row, name, words, now)
        return await self._wanted(session, row, name, words, now)

    async def _posted(self, session: AsyncSession, row: RunbookQuestion, asker: str, words: Words,
                      now: datetime) -> Card:
        kept = await self.keeper.kept([row.section]) if row.section is not None else []
        if not kept or is_another(row, kept[0]):
            return gone_card(row.headings[0] if row.headings else row.path or "", words)
        passage = await self.pages.passage(session, row.workspace_id, kept[0])
        is_answer = row.said == "helpful" or (row.verdict == Verdict.ANSWER and not row.details.get("tried")
                                              and not row.details.get("looked"))
        return posted_card(kept[0], passage, asker, row.words, row.id, now, self.keeper.policy.stale_after,
                           thread=row.thread, is_answer=is_answer, words=words)

    async def _wanted(self, session: AsyncSession, row: RunbookQuestion, asker: str, words: Words,
                      now: datetime) -> Card:
        pilot = await pilots.one(session, row.workspace_id, row.pilot_id) if (
            row.pilot_id is not None) else None
        kept = await self.keeper.kept([row.section]) if row.section is not None else []
        times, askers = await runbook_questions.asked_alike(session, row.workspace_id, row.key,
                                                            row.pilot_id, now - _COUNTED)
        stub = kept[0].title if kept and kept[0].is_stub else None
        name = pilot.name if pilot is not None else None
        return wanted_card(asker, row.words, name, stub, times, askers, words)
