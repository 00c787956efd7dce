"""What is told to a sentence model of a section and of a question, and how near the two are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

from handlers.runbooks.model import Matrix, Model, NotThere, files
from handlers.runbooks.question import plain_question
from handlers.runbooks.values import Entry
from handlers.runbooks.vectors import Vectors, Windows, digest, packed

WINDOW: Final = 700
"""Characters of a section that are understood as one, besides the titles above it."""
OVERLAP: Final = 120
WINDOWS_AT_MOST: Final = 48
"""Of one section: what follows is found by its words alone."""
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
_VALUE: Final = re.compile(r"\S*\d\S*|\S+[/:=]\S*")
"""A number, an address, a name with one: what an alert is about this time, not what it means."""
_GAP: Final = re.compile(r"\s+")
_FEWEST_WORDS: Final = 3


class Meaning(Protocol):
    """A sentence model, at work in this process."""

    @property
    def name(self) -> str: ...

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """One row a text, each of length 1. Takes a processor."""
        ...


def told(entry: Entry) -> list[str]:
    """A section as a model reads it: windows, each under the page's title and the headings; at least one."""
    above = _split(". ".join(dict.fromkeys((entry.title, *entry.path))))
    body = _split("\n".join(each for each in (entry.text, entry.code) if each.strip()))
    return [f"{above}\n{each}" for each in _windows(body)] if body else [above]


def asked_text(question: str) -> str:
    """A question as a model reads it: without what varies from one case to the next, if enough is left."""
    plain = plain_question(question)
    constant = _GAP.sub(" ", _VALUE.sub(" ", plain)).strip()
    return _split(constant if len(constant.split()) >= _FEWEST_WORDS else plain)


def windows(entry: Entry) -> tuple[Windows, list[str]]:
    """A section's windows, and their texts."""
    texts = told(entry)
    return Windows(entry.id, entry.page, tuple(map(digest, texts))), texts


def meant(meaning: Meaning, entries: Iterable[Entry]) -> Vectors:
    """What these sections mean. Takes a processor, for long."""
    read = [windows(each) for each in sorted(entries, key=lambda one: (one.page, one.id))]
    texts = {key: text for one, texts in read for key, text in zip(one.digests, texts, strict=True)}
    known = dict(zip(texts, packed(meaning.vectors(list(texts.values()))), strict=True))
    return Vectors().changed((), [one for one, _ in read], known)


def meaning(folder: Path | None = None) -> Meaning | None:
    """The sentence model, in this process; None: the extra is not installed, or the folder holds none."""
    try:
        return Model(files(folder))
    except NotThere:
        return None


def _split(text: str) -> str:
    """With identifiers taken apart: a model has never seen `KubePodCrashLooping`, but each of its words."""
    return _HUMP.sub(" ", text)


def _windows(body: str) -> list[str]:
    """Cut between words; each begins a little before the last one's end."""
    found, begin = list[str](), 0
    while begin < len(body) and len(found) < WINDOWS_AT_MOST:
        end = _word_end(body, begin + WINDOW)
        found.append(body[begin:end].strip())
        if end >= len(body):
            break
        begin = max(_word_end(body, end - OVERLAP), begin + 1)
    return [each for each in found if each] or [""]


def _word_end(body: str, at: int) -> int:
    """The gap at or before a place; the place itself where a word is longer than any."""
    if at >= len(body):
        return len(body)
    for back in range(at, max(at - 60, 0), -1):
        if body[back].isspace():
            return back
    return at
