"""Questions to the runbooks: answered from them, kept, judged, shown to others, told to their keepers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from handlers.chat.cards import Card
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor, Directory
from handlers.ledger import Entry, Ledger
from handlers.people.actions import People
from handlers.people.permissions import Action, Hat, check
from handlers.pilots.hats import hats_of
from handlers.runbooks import history
from handlers.runbooks.asked import again, candidates, details_of, is_another, place_of, show, turn_to
from handlers.runbooks.blocks import Block
from handlers.runbooks.cards import Answer, Post, answer_card, whole_card
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.owners import others_of
from handlers.runbooks.page_shelf import Pages, asked_as
from handlers.runbooks.posting import check_posting
from handlers.runbooks.progress import StillReading
from handlers.runbooks.question_reading import Question, read_question
from handlers.runbooks.values import Found, Kept, Verdict
from handlers.runbooks.writers import Writes, Written
from storage import pilots, runbook_questions
from storage.models import Pilot
from storage.outbox import Promise
from storage.shelf import RunbookQuestion

WANTED, POSTED = "runbook-wanted", "runbook-answer"
"""What the outbox calls the message that a runbook is missing, and an answer that is shown to a room."""
HELPFUL, NOT_IT, NOBODY_WROTE = "helpful", "not_it", "nobody_wrote"
ONCE_IN: Final = timedelta(days=30)
"""Who keeps the runbooks is told of one question so often at most."""
_LOOKED_AT: Final = 8
"""Sections that are looked through for three that stand on different pages, if there are."""
NO_SOURCES: Final = Refused(
    "No runbooks are connected yet: an admin says in `runbooks.yaml` where they are kept. Until then put the "
    "link down as evidence, `/pilot done B-10 link`.")
_GONE: Final = "That page was changed or taken away since. Ask once more, then it is as it stands now."
_NOT_YOURS: Final = Refused("Only whoever asked can say that. Ask it yourself with `/runbook` and your "
                            "question.")
_NO_QUESTION: Final = Refused("That question is not in my books any more. Ask it again with `/runbook`.")


@dataclass(frozen=True, slots=True)
class Asking:
    ledger: Ledger
    people: People
    keeper: Keeper
    pages: Pages
    write: Writes | None = None
    directory: Directory | None = None
    """Tells whether the bot may post where it is asked; None: the first post will tell."""

    @property
    def is_connected(self) -> bool:
        """Whether there is anything to ask."""
        return bool(self.keeper.policy.sources)

    # ---- asking --------------------------------------------------------------------------------------------

    async def ask(self, actor: Actor, text: str, pilot: Pilot | None = None, *, alert_id: int | None = None,
                  known: int | None = None) -> Card:
        """What the shared runbooks and those of `pilot` say.

        `known`: the section that answers without being looked for: an alert's own runbook.
        Raises Refused where nothing is asked, or nothing can be looked for yet.
        """
        check(Action.READ, _hats(actor))
        if not self.is_connected:
            raise NO_SOURCES
        question = read_question(text)
        name = asked_as(self.keeper.policy, pilot)
        if known is None and question.url is not None:
            known = await self.pages.at_address(actor.workspace, question.url, name)
        if known is None and " " not in question.words:
            known = await self.pages.named(actor.workspace, question.words, name)
        found = await self._found(question, name, pilot)
        kept = await self.keeper.kept(candidates(found, known))
        verdict: Verdict = found.verdict if kept else Verdict.NOTHING
        shown: Kept | None
        if kept and kept[0].section_id == known:
            verdict = Verdict.ANSWER
        if kept and kept[0].is_stub and verdict is not Verdict.NOTHING:
            verdict, shown = Verdict.NOTHING, kept[0]  # a page that nobody has written is no answer
        else:
            shown = None if verdict is Verdict.NOTHING else kept[0]
        row = RunbookQuestion(
            workspace_id=actor.workspace, pilot_id=pilot.id if pilot is not None else None,
            asked_by=actor.person, asked_at=self.ledger.clock(), words=question.kept, key=question.key,
            verdict=verdict.value, confidence=found.confidence, room=actor.room, alert_id=alert_id,
            thread=actor.thread, others=[each.section_id for each in kept if each is not shown],
            details=details_of(found, question))
        if shown is not None:
            show(row, shown)
        async with self.ledger.entry(actor) as entry:
            row.asked_at = entry.now
            await runbook_questions.add(entry.session, row)
        return await self._card(row, pilot, kept)

    async def _found(self, question: Question, name: str | None, pilot: Pilot | None) -> Found:
        try:
            return await self.keeper.find(question.words, pilot=name, at_most=_LOOKED_AT)
        except StillReading as error:
            raise Refused(f"{error} `/runbook sources` shows where they are kept.",
                          choices=again(question.words, pilot)) from error

    async def _card(self, row: RunbookQuestion, pilot: Pilot | None, kept: Sequence[Kept], *,
                    written: Written | None = None, sources: Sequence[Kept] = ()) -> Card:
        """A question as it stands, with the section that is shown and what is offered besides."""
        shown = next((each for each in kept if each.section_id == row.section), None)
        if row.said != NOBODY_WROTE:
            _check_there(row, kept, pilot)
        passage: tuple[Block, ...] = ()
        if shown is not None:
            async with self.ledger.store.reading() as session:
                passage = await self.pages.passage(session, row.workspace_id, shown)
        details, tried = row.details, set(row.details.get("tried", ()))
        others = [each for each in kept if each.section_id != row.section and each.section_id not in tried]
        return answer_card(Answer(
            row.id, row.words, Verdict(row.verdict), self.ledger.clock(), self.keeper.policy.stale_after,
            pilot=pilot.name if pilot is not None else None, shown=shown, passage=passage, others=others,
            is_first=not tried and not details.get("looked"), is_alike=bool(details.get("alike")),
            matched=details.get("matched", ()), missing=details.get("missing", ()),
            corrected=details.get("corrected", ()), was_trace=bool(details.get("was_trace")),
            post=place_of(row),
            is_posted=bool(details.get("posted")), said=row.said,
            told=details.get("told") if row.told_at is not None else None,
            written=written.sentences if written is not None else (),
            written_note=written.note if written is not None else "",
            sources=sources, may_sum_up=self.write is not None and not sources and any(_may_leave(kept))))

    async def sum_up(self, actor: Actor, number: int) -> Card:
        """The answer in sentences, each with the passage it rests on, above the passage itself.

        It is asked for by a press, because a model takes seconds and the passage need not wait for it.
        """
        pilot, kept = await self._stand(actor, number)
        row = await self._mine(actor, number)
        shown = [each for each in kept if each.section_id == row.section]
        sources = _may_leave([*shown, *(each for each in kept if each not in shown)])
        if self.write is None or not sources:
            raise Refused("Nothing is written for this question: no model is connected, or the passages must "
                          "not leave. The passage stands as it is.")
        written = await self.write.written(row.words, sources)
        if written is None:
            raise Refused("The model gave no answer just now, or its limit for today is reached. The passage "
                          "above stands as it is; its whole section is one press away.")
        return await self._card(row, pilot, kept, written=written, sources=sources)

    # ---- what is said of an answer -------------------------------------------------------------------------

    async def judge(self, actor: Actor, number: int, said: str) -> Card:
        """Its asker says whether it helped; what is not it gives way to the next candidate."""
        pilot, kept = await self._stand(actor, number)
        async with self.ledger.entry(actor) as entry:
            row = await self._own(entry, number)
            if said == HELPFUL:
                _check_there(row, kept, pilot)
            row.said, row.said_at = said, entry.now
            if said == NOT_IT and row.section is not None:
                tried = [*row.details.get("tried", ()), row.section]
                row.details = {**row.details, "tried": tried}
                turn_to(row, next((each for each in row.others if each not in tried), None), kept)
        return await self._card(row, pilot, kept)

    async def see(self, actor: Actor, number: int, section: int) -> Card:
        """Another candidate instead of the one that is shown."""
        pilot, kept = await self._stand(actor, number)
        async with self.ledger.entry(actor) as entry:
            row = await self._own(entry, number)
            if section not in {each.section_id for each in kept}:
                raise Refused(_GONE, choices=again(row, pilot))
            if row.section is not None and row.section not in row.others:
                row.others = [*row.others, row.section]
            row.details = {**row.details, "looked": True}
            turn_to(row, section, kept)
        return await self._card(row, pilot, kept)

    async def _stand(self, actor: Actor, number: int) -> tuple[Pilot | None, Sequence[Kept]]:
        """The pilot of a question, and the sections that were found for it as far as they are there still."""
        async with self.ledger.store.reading() as session:
            row = await runbook_questions.one(session, actor.workspace, number)
            if row is None:
                raise _NO_QUESTION
            pilot = await pilots.one(session, actor.workspace, row.pilot_id) if (
                row.pilot_id is not None) else None
        own = [row.section] if row.section is not None and row.section not in row.others else []
        return pilot, await self.keeper.kept([*own, *row.others])

    # ---- to others -----------------------------------------------------------------------------------------

    async def whole(self, actor: Actor, number: int, section: int, part: int = 0) -> Card:
        """A whole section with all below it, or a part of it; whoever sees the button may look.

        `number`: of the question that it was shown for.
        """
        check(Action.READ, _hats(actor))
        kept = await self.keeper.kept([section])
        async with self.ledger.store.reading() as session:
            row = await runbook_questions.one(session, actor.workspace, number)
            if not kept or (row is not None and is_another(row, kept[0])):
                raise Refused(_GONE)
            whole = await self.pages.whole(session, actor.workspace, kept[0])
        return whole_card(kept[0], whole.blocks, self.ledger.clock(), self.keeper.policy.stale_after,
                          number=number, part=part, is_cut=whole.is_cut)

    async def post(self, actor: Actor, number: int, section: int) -> Card:
        """Shown to the room where it was asked, in its thread where it was asked in one."""
        pilot, kept = await self._stand(actor, number)
        asked_in = (await self._mine(actor, number)).room
        if asked_in is not None and self.directory is not None:
            await check_posting(self.directory, asked_in)
        async with self.ledger.entry(actor) as entry:
            row = await self._own(entry, number)
            if place_of(row) is Post.NOWHERE or row.room is None:
                raise Refused("It was asked where nobody else reads along, so there is nowhere to post it.")
            if section != row.section:
                raise Refused(_GONE, choices=again(row, pilot))
            _check_there(row, kept, pilot)
            entry.promise(Promise(row.room, POSTED, row.id, live_until=entry.now))
            row.details = {**row.details, "posted": True}
        return await self._card(row, pilot, kept)

    async def tell(self, actor: Actor, number: int) -> Card:
        """Whoever keeps the runbooks hears what was asked and is not answered; of one question once."""
        pilot, kept = await self._stand(actor, number)
        async with self.ledger.entry(actor) as entry:
            row = await self._own(entry, number, with_pilot=True)
            if row.told_at is None:
                before = await runbook_questions.last_told(
                    entry.session, row.workspace_id, row.key, row.pilot_id, entry.now - ONCE_IN)
                if before is not None:
                    row.told_at, names = before.told_at, before.details.get("told", [])
                else:
                    names = await self._tell(entry, row, kept)
                row.details = {**row.details, "told": names}
        return await self._card(row, pilot, kept)

    async def _tell(self, entry: Entry, row: RunbookQuestion, kept: Sequence[Kept]) -> list[str]:
        shown = next((each for each in kept if each.section_id == row.section), None)
        others = await others_of(entry.session, row, shown, self.keeper.policy, self.people.admins)
        row.told_at = entry.now
        for person in others:
            entry.promise(Promise(person.id, WANTED, row.id, live_until=entry.now))
        pilot = await pilots.locked(entry.session, row.workspace_id, row.pilot_id) if (
            row.pilot_id is not None) else None
        if pilot is not None:
            await entry.note(pilot, "runbook wanted", after={"question": row.words, "people": [
                person.id for person in others]})
        return [person.name for person in others]

    # ---- what was asked ------------------------------------------------------------------------------------

    async def history(self, actor: Actor, pilot_id: int | None, page: int = 0) -> Card:
        """What was asked in a pilot, for its team; None: what the actor asked, anywhere."""
        async with self.ledger.store.reading() as session:
            pilot = await pilots.one(session, actor.workspace, pilot_id) if pilot_id is not None else None
            if pilot_id is not None:
                if pilot is None:
                    raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
                dossier = await pilots.dossier(session, pilot)
                hats = hats_of(dossier, actor.person, is_admin=self.people.is_admin(actor.person),
                               is_outsider=actor.is_outsider)
                check(Action.QUESTIONS, hats)
            return await history.card(session, actor, pilot, page, self.ledger.clock())

    async def pilot(self, workspace: str, pilot_id: int) -> Pilot | None:
        async with self.ledger.store.reading() as session:
            return await pilots.one(session, workspace, pilot_id)

    # ---- common --------------------------------------------------------------------------------------------

    async def _mine(self, actor: Actor, number: int) -> RunbookQuestion:
        """The actor's own question, to look at."""
        async with self.ledger.store.reading() as session:
            return _of(actor, await runbook_questions.one(session, actor.workspace, number))

    async def _own(self, entry: Entry, number: int, *, with_pilot: bool = False) -> RunbookQuestion:
        """The actor's own question, locked; with what else asks the same, where one is told of all."""
        check(Action.READ, _hats(entry.actor))
        session, workspace = entry.session, entry.actor.workspace
        row = _of(entry.actor, await runbook_questions.one(session, workspace, number))
        if with_pilot:
            if row.pilot_id is not None:
                await pilots.locked(session, workspace, row.pilot_id)
            await runbook_questions.lock_alike(session, workspace, row.key, row.pilot_id)
        found = await runbook_questions.locked(session, workspace, number)
        assert found is not None
        return found


def _of(actor: Actor, row: RunbookQuestion | None) -> RunbookQuestion:
    """Raises Refused where it is not there, or somebody else's."""
    if row is None:
        raise _NO_QUESTION
    if row.asked_by != actor.person:
        raise _NOT_YOURS
    return row


def _check_there(row: RunbookQuestion, kept: Sequence[Kept], pilot: Pilot | None) -> None:
    """Raises Refused where the section that is shown is not there any more, or is another one."""
    shown = next((each for each in kept if each.section_id == row.section), None)
    if row.section is not None and (shown is None or is_another(row, shown)):
        raise Refused(_GONE, choices=again(row, pilot))


def _may_leave(kept: Sequence[Kept]) -> list[Kept]:
    """What may be sent to a model: written, and not for inside alone."""
    return [each for each in kept if not each.is_internal and not each.is_stub]


def _hats(actor: Actor) -> frozenset[Hat]:
    return frozenset({Hat.OUTSIDER if actor.is_outsider else Hat.MEMBER})
