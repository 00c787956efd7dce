"""Patterns for labels: regular expressions that stay cheap whatever a sender puts into a label.

Python's engine tries one way of matching after another, so a pattern such as ``(a+)+`` runs for years over a
value made for it. A time limit cannot stop it from inside the process. So patterns are a subset whose number
of ways is counted when the file is read, and what could take too many is refused there: no value makes the
rest slow. Values are looked at up to LONGEST_VALUE characters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LONGEST: Final = 200
"""Characters of a pattern."""
LONGEST_VALUE: Final = 200
"""Characters of a label that are looked at."""
MOST_WAYS: Final = 100_000
"""Ways of matching that may have to be tried: about a millisecond in the worst case."""
_COUNT = re.compile(r"\{(?:(\d+)|(\d*),(\d*))\}", re.ASCII)
_ESCAPES: Final = "dDwWsSbBAZ"


class Unfit(Exception):
    """A pattern that cannot be used; the message completes "this pattern ..." and says what to write."""


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, which a whole value has to fit. Raises Unfit."""
    if len(pattern) > LONGEST:
        raise Unfit(f"has {len(pattern)} characters; cut it to {LONGEST}")
    try:
        found = re.compile(pattern, re.DOTALL)
    except (re.error, OverflowError) as error:
        raise Unfit(f"is no regular expression ({error}); write a plain value, or something such as "
                    "`churn-.*` or `prod|staging`") from error
    if _Reader(pattern).ways() > MOST_WAYS:
        raise Unfit("could take very long on some values; write at most two of `.*`, `.+`, `[...]*` in it, "
                    "and no repeat around a choice or another repeat")
    return found


def fits(pattern: re.Pattern[str], value: str) -> bool:
    """Whether the whole of a label's value, as far as it is looked at, fits."""
    return pattern.fullmatch(value[:LONGEST_VALUE]) is not None


class _Reader:
    """Counts in how many ways a pattern that compiles can match one value, at most."""

    def __init__(self, pattern: str) -> None:
        self._text, self._at = pattern, 0

    def ways(self) -> int:
        return self._choice()

    def _choice(self) -> int:
        """``a|b``: one after the other."""
        total = self._sequence()
        while self._peek() == "|":
            self._at += 1
            total += self._sequence()
        return _capped(total)

    def _sequence(self) -> int:
        total = 1
        while self._peek() not in ("", "|", ")"):
            is_any, start = self._peek() == ".", self._at
            one = self._atom()
            low, high = self._repeat()
            if is_any and high >= LONGEST_VALUE and self._is_at_the_end():
                continue  # ``.*`` at the end takes whatever is left, at the first try
            total = _capped(total * _repeated(one, low, high))
            assert self._at > start
        return total

    def _atom(self) -> int:
        match self._take():
            case "\\":
                self._escape()
            case "[":
                self._set()
            case "(":
                return self._group()
        return 1

    def _escape(self) -> None:
        letter = self._take()
        if letter.isdigit() or (letter.isalpha() and letter not in _ESCAPES and letter not in "nrtfv"):
            raise Unfit(f"holds `\\{letter}`, which I do not take; of the escapes \\d, \\w, \\s and those "
                        "before signs work")

    def _set(self) -> None:
        if self._peek() == "^":
            self._at += 1
        is_first = True
        while is_first or self._peek() != "]":
            is_first = False
            if self._take() == "\\":
                self._take()
        self._at += 1

    def _group(self) -> int:
        if self._text.startswith("?", self._at):
            if not self._text.startswith("?:", self._at):
                raise Unfit("holds a group that begins with `(?`, of which I only take `(?:`")
            self._at += 2
        found = self._choice()
        self._at += 1
        return found

    def _repeat(self) -> tuple[int, int]:
        """How often at least and at most what was just read may stand there."""
        counted = _COUNT.match(self._text, self._at)
        sign = self._peek()
        if counted is not None:
            self._at = counted.end()
            exact, least, most = counted.groups()
            found = (int(exact or least or 0), int(exact or most or LONGEST_VALUE))
        elif sign and sign in "*+?":
            self._at += 1
            found = {"*": (0, LONGEST_VALUE), "+": (1, LONGEST_VALUE), "?": (0, 1)}[sign]
        else:
            return 1, 1
        if self._peek() in ("?", "+"):
            self._at += 1
        return found

    def _is_at_the_end(self) -> bool:
        return self._at == len(self._text)

    def _peek(self) -> str:
        return self._text[self._at:self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._text[self._at - 1:self._at]


def _repeated(one: int, low: int, high: int) -> int:
    """Ways of so many in a row, each of which has `one` way by itself."""
    low, high = min(low, LONGEST_VALUE), min(high, LONGEST_VALUE)
    if one == 1:
        return max(high - low + 1, 1)
    total = 0
    for count in range(low, high + 1):
        total = _capped(total + one ** min(count, 40))
    return max(total, 1)


def _capped(ways: int) -> int:
    return min(ways, MOST_WAYS + 1)
