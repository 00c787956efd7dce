"""What was asked of the runbooks, for the team of a pilot or for whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Bold, Button, Buttons, Card, Element, Note, Text, line
from handlers.chat.ports import Actor
from handlers.people.actions import calendar_of
from handlers.people.dates import say_date
from handlers.runbooks.page_lines import short
from storage import people, runbook_questions
from storage.models import Person, Pilot
from storage.shelf import RunbookQuestion

PAGE: Final = 10
_SAID: Final = {"helpful": "helpful", "not_it": "not it", "nobody_wrote": "nobody wrote it"}
_VERDICTS: Final = {"answer": "answered", "closest": "only the closest", "nothing": "nothing found"}


async def card(session: AsyncSession, actor: Actor, pilot: Pilot | None, page: int, now: datetime) -> Card:
    """A page of what was asked, newest first."""
    page = max(page, 0)
    if pilot is not None:
        rows, count = await runbook_questions.of_pilot(session, actor.workspace, pilot.id, limit=PAGE,
                                                       offset=page * PAGE)
    else:
        rows, count = await runbook_questions.of_person(session, actor.workspace, actor.person, limit=PAGE,
                                                        offset=page * PAGE)
    known = await people.several(session, actor.workspace, {actor.person, *(row.asked_by for row in rows)})
    reader = known.get(actor.person)
    number = pilot.id if pilot is not None else 0
    pager = [Button("◀ Newer", f"rb-history:{number}:{page - 1}")] if page else []
    if (page + 1) * PAGE < count:
        pager.append(Button("Older ▶", f"rb-history:{number}:{page + 1}"))
    questions = "1 question" if count == 1 else f"{count} questions"
    title = (f"{pilot.name}: {questions} to the runbooks, newest first" if pilot is not None
             else f"You asked the runbooks {questions}, newest first")
    note = ("The team of this pilot sees this and nobody else does; words that look like passwords or keys "
            "are not kept." if pilot is not None else
            "Only you see this list. What you asked in a pilot its team sees too.")
    return _card([_row(row, known.get(row.asked_by), reader, now) for row in rows], title, note, pager)


def _row(row: RunbookQuestion, asker: Person | None, reader: Person | None,
         now: datetime) -> tuple[str, str, str, str]:
    calendar = calendar_of(reader)
    local = calendar.local(row.asked_at)
    when = f"{say_date(local.date(), calendar.today(now))} {local:%H:%M}"
    became = _SAID.get(row.said or "") or _VERDICTS.get(row.verdict, row.verdict)
    if row.verdict == "nothing" and row.section is not None and row.said is None:
        became = "not written yet"
    place = f" ({' › '.join(row.headings)})" if row.headings and row.section is not None else ""
    told = ", owners told" if row.told_at is not None else ""
    return when, asker.name if asker is not None else "somebody", row.words, f"{became}{place}{told}"


def _card(rows: Sequence[tuple[str, str, str, str]], title: str, note: str, pager: Sequence[Button]) -> Card:
    """`rows`: (when, who, question, what became of it)."""
    made: list[Element] = [Text((line(Bold(short(asked, 300))), line(" · ".join((when, who, became)))))
                           for when, who, asked, became in rows]
    if not rows:
        made.append(Text((line("Nothing yet."),)))
    if pager:
        made.append(Buttons(tuple(pager)))
    return Card(title, (*made, Note(line(note))))
