"""Asks the runbooks of a pilot the questions that an item wants answered before it may be closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from handlers.chat.ports import Clock
from handlers.pilots.answering import NOTHING_ASKED, Answer, Answers
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.question import question_key
from handlers.runbooks.values import Found, Kept, Verdict
from storage import runbook_gaps, runbooks
from storage.engine import Store
from storage.models import Pilot
from storage.pilots import name_key
from storage.shelf import RunbookQuestion

VOUCHED_FOR: Final = timedelta(days=180)
"""So long does it count that somebody called the answer to the same question helpful."""
_VOUCHES: Final = 1000


@dataclass(frozen=True, slots=True)
class StandardQuestions:
    """An answer counts where the search is sure of it and the page is written, or where somebody of the pilot
    asked the same and called the answer helpful, and that page is still there."""

    store: Store
    clock: Clock
    keeper: Keeper

    async def ask(self, pilot: Pilot, questions: Sequence[str]) -> Answers:
        """What the shared runbooks and those of the pilot say to each.

        Raises Refused while they are being read for the first time.
        """
        owners = {source.pilot for source in self.keeper.policy.sources.values()}
        mine = [each for each in owners if each is not None and name_key(each) == pilot.name_key]
        if None not in owners and not mine:
            return NOTHING_ASKED
        async with self.store.reading() as session:
            vouched = await runbook_gaps.helpful(session, pilot.workspace_id, pilot.id,
                                                 self.clock() - VOUCHED_FOR, _VOUCHES)
            pages = {(page.source, page.path): page.url for page in await runbook_gaps.all_pages(
                session, pilot.workspace_id) if not page.is_stub} if vouched else {}
        answers = []
        for question in questions:
            found = await self.keeper.find(question, pilot=mine[0] if mine else pilot.name, at_most=1)
            kept = await self.keeper.kept([hit.entry.id for hit in found.hits[:1]])
            answers.append(_sure(question, found, kept) or _vouched(question, vouched, pages)
                           or Answer(question, confidence=found.confidence))
        unread = await self._unread(pilot, mine) if any(each.page is None for each in answers) else ()
        return Answers(tuple(answers), has_sources=True, pilot=pilot.name, unread=unread)

    async def _unread(self, pilot: Pilot, mine: Sequence[str]) -> tuple[str, ...]:
        """Names of the sources for this pilot that could not be read when they were read last."""
        policy = self.keeper.policy.sources
        async with self.store.reading() as session:
            rows = await runbooks.sources(session, pilot.workspace_id)
        return tuple(row.name for row in rows
                     if row.error and row.name in policy and policy[row.name].pilot in (None, *mine))


def _sure(question: str, found: Found, kept: Sequence[Kept]) -> Answer | None:
    if found.verdict is not Verdict.ANSWER or not kept or kept[0].is_stub:
        return None
    best = kept[0]
    return Answer(question, f"{best.source}/{best.path}", best.headings[-1] if best.headings else "",
                  best.url, found.confidence)


def _vouched(question: str, vouched: Sequence[RunbookQuestion],
             pages: Mapping[tuple[str, str], str | None]) -> Answer | None:
    key = question_key(question)
    for row in vouched:
        if row.key == key and row.source and row.path and (row.source, row.path) in pages:
            return Answer(question, f"{row.source}/{row.path}", row.headings[-1] if row.headings else "",
                          pages[row.source, row.path], row.confidence, is_vouched_for=True)
    return None
