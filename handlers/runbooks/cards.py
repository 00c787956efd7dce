"""What an answer from the runbooks looks like: the passage itself, where it stands, how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from handlers.chat.cards import (
    Bold,
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
from handlers.chat.wording import ENGLISH, Words
from handlers.runbooks.blocks import Block
from handlers.runbooks.passages import elements, excerpt
from handlers.runbooks.values import Kept, Verdict

OFFERED: Final = 2
"""Further candidates, as buttons."""
CLOSEST: Final = 700
"""Characters of what is only near: enough to tell whether it is it."""
_TITLE: Final = 120
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
    made += elements(passage) or [Text((line("There is a heading and nothing below it."),))]
    if is_cut:
        made.append(Note(line("This is the beginning of it.")))
    made += _candidates(answer, of=shown)
    made.append(Buttons(tuple(_looking(answer, shown))))
    made += _judging(answer)
    made += _notes(answer)
    return Card(title, tuple(made))


def path_of(kept: Kept) -> str:
    """The page's title and the headings down to the section, each once."""
    parts = list(dict.fromkeys((kept.title, *kept.headings)))
    return short(" › ".join(parts), 300)


def about_line(kept: Kept, now: datetime, stale_after: timedelta, words: Words = ENGLISH) -> Line:
    """Where it stands, who keeps it, when it was last changed, whose it is."""
    place = f"{kept.source}/{kept.path}"
    spans: list[Span] = [Link(address, short(kept.title, _TITLE)), f" ({place})"] if (
        address := address_of(kept)) else [Bold(short(kept.title, _TITLE)), f" ({place})"]
    owner = words.text("kept by {owner}", owner=kept.owner) if kept.owner else words.text("no owner named")
    spans += [" · ", owner, " · "]
    if kept.changed_at is None:
        spans.append(words.text("nobody knows when it was last changed"))
    elif now - kept.changed_at > stale_after:
        spans.append(Bold(words.text("⚠ old: last changed {ago}", ago=ago(now - kept.changed_at, words))))
    else:
        spans.append(words.text("changed {ago}", ago=ago(now - kept.changed_at, words)))
    spans += [" · ", kept.pilot if kept.pilot is not None else words.text("shared")]
    return tuple(spans)


def address_of(kept: Kept) -> str | None:
    """The section's own address."""
    if kept.url is None or not kept.url.startswith(("http://", "https://")):
        return None
    return f"{kept.url.partition('#')[0]}#{kept.anchor}" if kept.anchor else kept.url


def ago(since: timedelta, words: Words = ENGLISH) -> str:
    """'today', '3 days ago', '3 weeks ago', '5 months ago', '2 years ago'"""
    days = max(since.days, 0)
    if days == 0:
        return words.text("today")
    if days < 14:
        return words.count("{number} day ago", "{number} days ago", days)
    if days < 60:
        return words.count("{number} week ago", "{number} weeks ago", days // 7)
    if days < 730:
        return words.count("{number} month ago", "{number} months ago", round(days / 30.44))
    return words.count("{number} year ago", "{number} years ago", days // 365)


def short(text: str, at_most: int) -> str:
    found = " ".join(text.split())
    return found if len(found) <= at_most else found[:at_most - 1].rstrip() + "…"


# ---- kinds of answers ----------------------------------------------------------------------------------


def _why_closest(answer: Answer) -> tuple[Line, ...]:
    """What of the question it has, and what nobody wrote about."""
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
    made: list[Element] = [Text(tuple(said)), *_candidates(answer)]
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
                    says=short(f"Show the whole section {path_of(shown)}", 75))]
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
    title, *headings = dict.fromkeys((kept.title, *kept.headings))
    if headings and beside is not None and (beside.source, beside.path) == (kept.source, kept.path):
        return short(f"Same page: {' › '.join(headings)}", at_most)
    whole = path_of(kept)
    if len(whole) <= at_most or not headings:
        return short(whole, at_most)
    last = short(headings[-1], at_most - 20)
    return f"{short(title, at_most - len(last) - 3)} › {last}"


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


def whole_card(kept: Kept, passage: Sequence[Block], now: datetime, stale_after: timedelta) -> Card:
    """The whole section with all below it."""
    return Card(path_of(kept), (Text((about_line(kept, now, stale_after),)), *elements(passage)))
