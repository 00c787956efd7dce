"""What somebody asks, out of what they typed or pasted: no secrets, of a stack trace its message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from handlers.chat.errors import Refused
from handlers.runbooks.masking import masked
from handlers.runbooks.question import question_key
from handlers.runbooks.traces import gist_of

AT_MOST: Final = 1000
"""Characters of a question, after a stack trace was taken down to its message."""
KEPT: Final = 500
_EXAMPLE: Final = "`/runbook how do we roll the model back?`"

_URL: Final = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Question:
    words: str
    """What is looked for: masked, no stack frames."""
    key: str
    url: str | None = None
    """All that was asked is this address."""
    was_trace: bool = False
    """Only the message of a stack trace is left of it."""

    @property
    def kept(self) -> str:
        """As it is stored and shown: on one line."""
        line = " ".join(self.words.split())
        return line if len(line) <= KEPT else line[:KEPT - 1].rstrip() + "…"


def read_question(text: str) -> Question:
    """Raises Refused where nothing is asked, or so much that nobody could say what."""
    gist, was_trace = gist_of(text, AT_MOST)
    if was_trace and not gist:
        raise Refused("That is a stack trace without its error. Paste the line that names the error too: "
                      "it is what I look for.")
    words = masked(gist).strip()
    if len(words) > AT_MOST:
        raise Refused(f"That is {len(text):,} characters; ask in a sentence or two, {AT_MOST:,} characters "
                      "at most. Of a stack trace I take its message, so paste the error itself.")
    url = _URL.fullmatch(words)
    key = question_key(words)
    if not any(char.isalnum() for char in words):
        raise Refused(f"Ask in words, or with the name of an alert: {_EXAMPLE}.")
    if all(part.startswith("?") for part in key.split()):  # at most what kind of answer is wanted
        raise Refused("Those are words that every page has, so they point at none. Say what it is about: "
                      f"a service, an alert, what is wrong, as in {_EXAMPLE}.")
    return Question(words, key, url[0] if url else None, was_trace)
