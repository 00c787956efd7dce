"""Questions that the runbooks must answer before an item may be closed, and its gate be passed.

Pilots know no runbooks: what answers is given by whoever puts the parts together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.chat.errors import Refused, inside
from storage.models import Item, ItemState, Pilot


@dataclass(frozen=True, slots=True)
class Answer:
    """What the runbooks say to one question."""

    question: str
    page: str | None = None
    """Where the answer stands, ``ops/rollback.md``; None: nothing answers it."""
    heading: str = ""
    url: str | None = None
    confidence: float = 0.0
    """0 to 1."""
    is_vouched_for: bool = False
    """Somebody of the pilot asked it and called the answer helpful."""

    @property
    def said(self) -> str:
        """``ops/rollback.md, Roll back (0.82)``, for the audit trail."""
        how = "called helpful" if self.is_vouched_for else f"{self.confidence:.2f}"
        heading = f", {self.heading}" if self.heading else ""
        return f"{self.page}{heading} ({how})"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the runbooks of a pilot say to the questions of an item."""

    answers: tuple[Answer, ...] = ()
    has_sources: bool = False
    """Whether any runbooks are read for the pilot, its own or shared ones; if not, nothing is asked for."""
    wait: str = ""
    """Why nothing can be said yet."""
    pilot: str = ""
    """Whose runbooks were asked besides the shared ones, by name."""
    unread: tuple[str, ...] = ()
    """Names of sources that cannot be read at present: what stands there may answer, and cannot be asked."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Questions that nothing answers, though there are runbooks."""
        return tuple(each.question for each in self.answers if each.page is None) if self.has_sources else ()

    @property
    def record(self) -> dict[str, Any]:
        """What was asked and what answered, for the audit trail; empty: nothing was asked."""
        if not self.has_sources or not self.answers:
            return {}
        return {"answers": {each.question: each.said for each in self.answers if each.page is not None}}

    def of(self, questions: Iterable[str]) -> Answers:
        """Only those to these questions."""
        wanted = set(questions)
        return Answers(tuple(each for each in self.answers if each.question in wanted), self.has_sources,
                       pilot=self.pilot, unread=self.unread)

    @property
    def why_not(self) -> str:
        """What of the runbooks could not be asked, a sentence; empty: all could."""
        if not self.unread:
            return ""
        names = ", ".join(inside(each) for each in self.unread[:3])
        more = f" and {len(self.unread) - 3} more" if len(self.unread) > 3 else ""
        return (f"Could not be asked, because it cannot be read at present: {names}{more}. An admin sees why "
                "in `/runbook sources`.")


NOTHING_ASKED = Answers()
Ask = Callable[[Pilot, Sequence[str]], Awaitable[Answers]]
"""What the runbooks of a pilot say to these questions. Asked while no transaction is open."""


async def no_runbooks(_pilot: Pilot, _questions: Sequence[str]) -> Answers:
    """There are none, so nothing can be asked of them."""
    return NOTHING_ASKED


def questions_of(items: Iterable[Item]) -> tuple[str, ...]:
    """What these items want answered, each question once."""
    return tuple(dict.fromkeys(question for item in items for question in item.answers or ()))


def asking(items: Iterable[Item], gate: str | None) -> list[Item]:
    """Of a gate's items, those that were closed because the runbooks answer their questions."""
    return [item for item in items if item.gate == gate and gate is not None
            and item.state is ItemState.DONE and item.answers and not item.is_advice]


def check_item(item: Item, answers: Answers) -> None:
    """Raises Refused where the runbooks do not answer what the item asks."""
    missing = answers.of(item.answers or ()).missing
    if missing:
        raise Refused(f"{item.ref} cannot be closed yet: no runbook answers {_named(missing)}. "
                      f"{_what_to_do(missing, answers)}", choices=_choices(missing, answers.pilot))


def check_gate(title: str, items: Iterable[Item], answers: Answers) -> None:
    """Raises Refused where what a gate's items asked is not answered any more."""
    for item in items:
        missing = answers.of(item.answers or ()).missing
        if missing:
            raise Refused(f"{title} cannot begin: {item.ref} asks that the runbooks answer "
                          f"{_named(missing)}, and none does any more. {_what_to_do(missing, answers)}",
                          choices=_choices(missing, answers.pilot))


def _named(questions: Sequence[str]) -> str:
    said = [f"“{inside(each)}”" for each in questions]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _what_to_do(questions: Sequence[str], answers: Answers) -> str:
    each, pilot = "it" if len(questions) == 1 else "each", answers.pilot
    sources = "" if answers.unread else "; `/runbook sources` shows what could be read"
    first = f"{answers.why_not} Otherwise write {each}" if answers.unread else f"Write {each}"
    return (f"{first} down where your runbooks are kept and type `/runbook refresh`{sources}. If a page says "
            f"it already, ask it, `{inside(_asked(questions[0], pilot))}`, and press Helpful on the answer.")


def _choices(questions: Sequence[str], pilot: str) -> tuple[tuple[str, str], ...]:
    return tuple((each if len(each) <= 60 else f"{each[:59].rstrip()}…", _asked(each, pilot))
                 for each in questions[:5])


def _asked(question: str, pilot: str) -> str:
    """As a line that asks it of this pilot, wherever it is typed: what helps elsewhere does not count."""
    return f'/runbook in "{pilot}" {question}' if pilot and '"' not in pilot else f"/runbook {question}"
