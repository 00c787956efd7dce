"""What is said of the runbooks unasked: an answer shown to a room, a runbook that somebody missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.chat.cards import Bold, Button, Buttons, Card, Element, Note, Text, line
from handlers.chat.wording import Words
from handlers.runbooks.blocks import Block
from handlers.runbooks.page_lines import about_line, path_of, short
from handlers.runbooks.passages import elements, excerpt
from handlers.runbooks.values import Kept


def posted_card(kept: Kept, passage: Sequence[Block], asker: str, asked: str, number: int, now: datetime,
                stale_after: timedelta, *, thread: str | None, is_answer: bool, words: Words) -> Card:
    """An answer that its asker shows to a room."""
    shown, is_cut = excerpt(passage)
    lead = words.text("{person} asked: {question}", person=asker, question=short(asked, 300))
    made: list[Element] = [Text((line(lead),))]
    if not is_answer:
        made.append(Text((line(words.text("The closest runbook; check that it is about your case.")),)))
    made.append(Text((about_line(kept, now, stale_after, words),)))
    made += elements(shown)
    if is_cut:
        made.append(Note(line(words.text("This is the beginning of it."))))
    whole = Button(words.text("Show whole section"), f"rb-whole:{number}:{kept.section_id}")
    made.append(Buttons((whole,)))
    return Card(path_of(kept), tuple(made), thread=thread)


def gone_card(title: str, words: Words) -> Card:
    """What was to be shown to a room was changed meanwhile."""
    return Card(words.text("The page {title} was changed before I could show it. Ask once more.",
                           title=title))


def wanted_card(asker: str, asked: str, pilot: str | None, stub: str | None, times: int, people: int,
                words: Words) -> Card:
    """To whoever keeps the runbooks: somebody needed one that there is not."""
    where = (words.text("in {pilot}", pilot=pilot) if pilot is not None
             else words.text("of the shared runbooks"))
    said = [words.spans("{person} asked {where}: {question}", person=Bold(asker), where=where,
                        question=short(asked, 500))]
    said.append(line(words.text("There is a page, {title}, but nobody has written it yet.", title=stub)
                     if stub is not None else words.text("No runbook answers it.")))
    if times > 1:
        said.append(line(words.count("{number} person asked this {times} times in the last 30 days.",
                                     "{number} people asked this {times} times in the last 30 days.", people,
                                     times=times)))
    gaps = f'run:/runbook gaps "{pilot}"' if pilot is not None and '"' not in pilot else "run:/runbook gaps"
    return Card(words.text("A runbook is missing"), (
        Text(tuple(said)), Buttons((Button(words.text("What is missing"), gaps),)),
        Note(line(words.text("You hear of it once: you keep these runbooks, by your seat or as their "
                             "owner.")))))
