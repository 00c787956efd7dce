"""What an answer from the runbooks looks like: the passage itself, where it stands, how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from handlers.chat.cards import (
    Button,
    Buttons,
    Card,
    Element,
    Line,
    Link,
    Mono,
    Note,
    Span,
    Text,
    line,
    prose,
)
from handlers.runbooks.blocks import Block
from handlers.runbooks.page_lines import about_line, address_of, path_of, short
from handlers.runbooks.passages import elements, excerpt, parts
from handlers.runbooks.values import Kept, Verdict

OFFERED: Final = 2
"""Further candidates, as buttons."""
CLOSEST: Final = 700
"""Characters of what is only near: enough to tell whether it is it."""
_STUB: Final = 300
_EMPTY: Final = Text((line("There is a heading and nothing below it."),))
_NAMED: Final = 6
"""Words of a question that are named as found or not."""


class Post(Enum):
    """Where an answer can be shown to others."""

    NOWHERE = "nowhere"
    THREAD = "thread"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with what is shown to whoever asked it."""

    number: int
    """Of the question."""
    asked: str
    verdict: Verdict
    now: datetime
    stale_after: timedelta
    pilot: str | None = None
    """Whose runbooks were asked besides the shared ones."""
    shown: Kept | None = None
    passage: Sequence[Block] = ()
    others: Sequence[Kept] = ()
    is_first: bool = True
    """Nothing was turned down before it."""
    is_alike: bool = False
    """Several pages have a section that is called just what was asked."""
    matched: Sequence[str] = ()
    missing: Sequence[str] = ()
    corrected: Sequence[Sequence[str]] = ()
    was_trace: bool = False
    post: Post = Post.NOWHERE
    is_posted: bool = False
    said: str | None = None
    """helpful, not_it, nobody_wrote."""
    told: Sequence[str] | None = None
    """Names of whom was told that nothing answers it; None: nobody."""
    written: Sequence[tuple[str, int]] = field(default=())
    """An answer in sentences, with the number of the source each rests on."""
    written_note: str = ""
    """That a written answer was left out."""
    sources: Sequence[Kept] = ()
    """What these numbers count, from 0."""
    may_sum_up: bool = False
    """A model may be asked to put it into sentences."""


def answer_card(answer: Answer) -> Card:
    """The card for whoever asked."""
    shown = answer.shown
    if shown is not None and shown.is_stub:
        return _stub_card(answer, shown)
    if shown is None or answer.said == "nobody_wrote" or (
            answer.verdict is Verdict.NOTHING and answer.is_first):
        return _nothing_card(answer)
    is_answer = answer.verdict is Verdict.ANSWER and answer.is_first
    passage, is_cut = excerpt(answer.passage) if is_answer else excerpt(answer.passage, CLOSEST)
    made: list[Element] = []
    if is_answer:
        title = path_of(shown)
    elif answer.is_first:
        title = f"Closest runbook, perhaps not the answer: {path_of(shown)}"
        made.append(Text(_why_closest(answer)))
    else:
        title = f"Another candidate: {path_of(shown)}"
    made.append(Text((about_line(shown, answer.now, answer.stale_after),)))
    made += _written(answer)
    made += elements(passage) or [_EMPTY]
    if is_cut:
        made.append(Note(line("This is the beginning of it.")))
    made += _candidates(answer, of=shown)
    made.append(Buttons(tuple(_looking(answer, shown))))
    made += _judging(answer)
    if answer.post is Post.NOWHERE:
        made.append(Note(line("To show it to others, ask in a channel of theirs: there the answer can be "
                              "posted.")))
    made += _notes(answer)
    return Card(title, tuple(made))


# ---- kinds of answers ----------------------------------------------------------------------------------


def _why_closest(answer: Answer) -> tuple[Line, ...]:
    """What of the question it has, and what nobody wrote about."""
    if answer.is_alike:
        return (line("Several runbooks have a section that is called so; this is one of them. "
                     "Say also what it is about, and you get the right one."),)
    lines = [line("Nothing answers this in so many words; this comes nearest. "
                  "Check that it is about your case before you follow it.")]
    if answer.matched:
        lines.append(line("It has ", *_listed(answer.matched), "."))
    if answer.missing:
        lines.append(line("No runbook has ", *_listed(answer.missing), "."))
    return tuple(lines)


def _listed(words: Sequence[str]) -> Line:
    spans: list[Span] = []
    for word in words[:_NAMED]:
        spans += [", ", Mono(short(word, 40))] if spans else [Mono(short(word, 40))]
    return (*spans, f" and {len(words) - _NAMED} more") if len(words) > _NAMED else tuple(spans)


def _stub_card(answer: Answer, stub: Kept) -> Card:
    said: list[Line] = [line("There is a page, but nobody has written it yet."),
                        about_line(stub, answer.now, answer.stale_after)]
    made: list[Element] = [Text(tuple(said))]
    passage = elements(excerpt(answer.passage, _STUB)[0])
    if any(isinstance(span, Link) for each in passage if isinstance(each, Text)
           for row in each.lines for span in row):  # it leads to where it is written, perhaps
        made += [Text((line("All that stands there:"),)), *passage]
    made += _candidates(answer)
    made += _telling(answer)
    return Card(f"Not written yet: {path_of(stub)}", (*made, *_notes(answer)))


def _nothing_card(answer: Answer) -> Card:
    said = [line(f"Asked: {short(answer.asked, 200)}")]
    is_judged = answer.said == "nobody_wrote" or not answer.is_first
    if answer.said == "nobody_wrote":
        said.append(line("Noted: somebody has yet to write this down."))
    elif is_judged:
        said.append(line("That was the last one that came near."))
    else:
        if answer.missing:
            said.append(line("No runbook has ", *_listed(answer.missing), "."))
        said.append(line("I would rather say so than guess."))
    made: list[Element] = [Text(tuple(said))]
    if not is_judged:
        made += _candidates(answer, "These have some of the same words, no more:")
    title = "Then no runbook answers this" if is_judged else "No runbook answers this"
    return Card(title, (*made, *_telling(answer), *_notes(answer)))


def _written(answer: Answer) -> list[Element]:
    """The written answer, each sentence with the number of what it rests on."""
    if not answer.written:
        return [Note(line(answer.written_note))] if answer.written_note else []
    spans: list[Span] = []
    for sentence, number in answer.written:
        spans += [" "] if spans else []
        spans += [*prose(sentence), f" [{number + 1}]"]
    cited = sorted({number for _, number in answer.written if number < len(answer.sources)})
    named: list[Span] = []
    for number in cited:
        kept = answer.sources[number]
        address = address_of(kept)
        named += [" · "] if named else []
        named += [f"[{number + 1}] ", Link(address, path_of(kept)) if address else path_of(kept)]
    below = " Its passage stands below." if cited == [0] else ""
    return [Text((tuple(spans),)), Note(line("Written by a model from: ", *named, f".{below}"))]


# ---- what can be pressed -------------------------------------------------------------------------------


def _looking(answer: Answer, shown: Kept) -> list[Button]:
    found = [Button("Show whole section", f"rb-whole:{answer.number}:{shown.section_id}",
                    says=f"Show the whole section {path_of(shown, 52)}")]
    if answer.may_sum_up and answer.verdict is Verdict.ANSWER and answer.is_first:
        found.append(Button("Sum it up", f"rb-sum:{answer.number}",
                            says="Have a model sum it up, with the passage of each sentence"))
    if answer.post is not Post.NOWHERE and not answer.is_posted:
        label = "Post to thread" if answer.post is Post.THREAD else "Post to channel"
        found.append(Button(label, f"rb-post:{answer.number}:{shown.section_id}"))
    return found


def _judging(answer: Answer) -> list[Element]:
    if answer.said == "helpful":
        return [Note(line("Noted as helpful. Thank you."))]
    number = answer.number
    return [Buttons((Button("Helpful", f"rb-said:{number}:helpful"),
                     Button("Not it", f"rb-said:{number}:not_it"),
                     Button("Nobody wrote this", f"rb-said:{number}:nobody_wrote")))]


def _telling(answer: Answer) -> list[Element]:
    if answer.told is not None:
        who = ", ".join(answer.told) or "The owners"
        return [Note(line(f"{who} {'knows' if len(answer.told) == 1 else 'know'} that this is missing."))]
    return [Buttons((Button("Tell the owners", f"rb-tell:{answer.number}", "primary",
                            says="Tell the owners that no runbook answers this"),))]


def _candidates(answer: Answer, lead: str = "", of: Kept | None = None) -> list[Element]:
    """`of`: the section they stand below."""
    others = answer.others[:OFFERED]
    if not others:
        return []
    buttons = tuple(Button(_named(each, of, 75), f"rb-see:{answer.number}:{each.section_id}",
                           says=f"Show {_named(each, of, 70)}") for each in others)
    return [Text((line(lead or "Or one of these:"),)), Buttons(buttons)]


def _named(kept: Kept, beside: Kept | None, at_most: int) -> str:
    """A section on a button. Its last heading stands whole, since that tells it from its neighbours."""
    headings = list(dict.fromkeys((kept.title, *kept.headings)))[1:]
    if headings and beside is not None and (beside.source, beside.path) == (kept.source, kept.path):
        return short(f"Same page: {' › '.join(headings)}", at_most)
    return path_of(kept, at_most)


def _notes(answer: Answer) -> list[Element]:
    said: list[Line] = []
    if answer.is_posted:
        said.append(line("It comes into the thread in a moment." if answer.post is Post.THREAD
                         else "It comes into this channel in a moment."))
    if answer.was_trace:
        said.append(line(f"Of the stack trace I took its message: {short(answer.asked, 200)}"))
    for typed, taken in answer.corrected:
        said.append(line("I read ", Mono(short(typed, 40)), " as ", Mono(short(taken, 40)), "."))
    if answer.pilot is not None:
        pilot = answer.pilot.replace("`", " ")
        said.append(prose(f"Asked of {pilot} and the shared runbooks. Its team sees what was asked and by "
                          "whom: `/runbook history`."))
    else:
        said.append(line("Asked of the shared runbooks. To ask a pilot's too, type it in its channel, or ",
                         Mono('/runbook in "pilot" …'), "."))
    return [Note(each) for each in said]


# ---- beside the answer ---------------------------------------------------------------------------------


def whole_card(kept: Kept, passage: Sequence[Block], now: datetime, stale_after: timedelta, *,
               number: int = 0, part: int = 0, is_cut: bool = False) -> Card:
    """The whole section with all below it, part by part where no window holds it.

    `number`: of the question it is shown for. `is_cut`: it goes on for longer than is shown.
    """
    found = parts(passage)
    part = min(max(part, 0), len(found) - 1)
    made = [Text((about_line(kept, now, stale_after),)), *elements(found[part])]
    if not passage:
        made.append(_EMPTY)
    if is_cut and part == len(found) - 1:
        made.append(Note(line("It goes on for longer than I can show; the rest is on the page itself.")))
    if len(found) > 1:
        made.append(Note(line(f"Part {part + 1} of {len(found)}.")))
    turns = [Button(label, f"rb-part:{number}:{kept.section_id}:{at}")
             for label, at in (("◀ Back", part - 1), ("Next part ▶", part + 1)) if 0 <= at < len(found)]
    return Card(path_of(kept), (*made, *([Buttons(tuple(turns))] if turns else [])))
