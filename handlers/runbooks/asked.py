"""What is kept of a question: what was found for it, what of that is shown, where others could see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.runbooks.cards import Post
from handlers.runbooks.question_reading import Question
from handlers.runbooks.values import Found, Kept
from storage.models import Pilot
from storage.shelf import RunbookQuestion


def candidates(found: Found, known: int | None) -> list[int]:
    """The best section and up to two more, of other pages first: they are other answers, not other parts."""
    hits = [hit.entry for hit in found.hits]
    first = [known] if known is not None else [hits[0].id] if hits else []
    first_page = next((entry.page for entry in hits if first and entry.id == first[0]), None)
    rest, pages = [entry for entry in hits if entry.id not in first], {first_page}
    elsewhere = []
    for entry in rest:
        if entry.page not in pages:
            pages.add(entry.page)
            elsewhere.append(entry.id)
    same = [entry.id for entry in rest if entry.id not in elsewhere]
    return [*first, *[*elsewhere, *same][:2]]


def details_of(found: Found, question: Question) -> dict[str, Any]:
    said: dict[str, Any] = {"matched": list(found.matched), "missing": list(found.missing),
                            "corrected": [list(each) for each in found.corrected],
                            "was_trace": question.was_trace, "alike": found.is_alike}
    return {name: value for name, value in said.items() if value}


def show(row: RunbookQuestion, kept: Kept) -> None:
    row.section, row.source, row.path, row.headings = (kept.section_id, kept.source, kept.path,
                                                       list(kept.headings))


def turn_to(row: RunbookQuestion, section: int | None, kept: Sequence[Kept]) -> None:
    """From now on this section is shown; the page that helps in the end is the one that is remembered."""
    row.section = section
    shown = next((each for each in kept if each.section_id == section), None)
    if shown is not None:
        show(row, shown)


def is_another(row: RunbookQuestion, kept: Kept) -> bool:
    """Whether what stands at the place of the section that was shown is called otherwise by now.

    A section keeps its number while its page has one at its place, whatever it says.
    """
    return row.section == kept.section_id and (
        (row.source, row.path) != (kept.source, kept.path) or list(row.headings or ()) != list(kept.headings))


def place_of(row: RunbookQuestion) -> Post:
    """Where others could see the answer: not in direct messages, nor from a form over the Home tab."""
    if row.room is None or not row.room.partition(":")[2].startswith(("C", "G")):
        return Post.NOWHERE
    return Post.CHANNEL if row.thread is None else Post.THREAD


def again(asked: RunbookQuestion | str, pilot: Pilot | None) -> tuple[tuple[str, str], ...]:
    """A button that asks the same of the same pilot, wherever it is pressed."""
    words = asked if isinstance(asked, str) else asked.words
    where = f'in "{pilot.name}" ' if pilot is not None and '"' not in pilot.name else ""
    return (("Ask again", f"/runbook {where}{words}"),)

