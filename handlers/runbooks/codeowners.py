"""Who keeps a file, as a CODEOWNERS file says: the last pattern that fits wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS",
                 ".gitea/CODEOWNERS")
_MOST: Final = 2000
_LONGEST, _OWNERS = 300, 300
"""Characters of a pattern, and of whom it names."""


def owner_of(text: str) -> Callable[[str], str | None]:
    """What gives the owners of a path from the repository's root, as written there: ``@acme/ops, @ana``."""
    rules: list[tuple[list[str], str]] = []
    for line in text.replace("\0", "\ufffd").splitlines()[:_MOST]:
        words = line.partition(" #")[0].split()
        if not words or words[0].startswith(("#", "[", "^[")) or len(words[0]) > _LONGEST:
            continue
        rules.append((_pattern(words[0]), ", ".join(words[1:])[:_OWNERS]))
    rules.reverse()

    def owner(path: str) -> str | None:
        parts = path.split("/")
        return next((who or None for pattern, who in rules if _fits(pattern, parts, "**", _fits_part)), None)

    return owner


def _pattern(said: str) -> list[str]:
    """The folders that a path leads through, ``**`` for any number of them."""
    body = said.strip("/").split("/")
    is_anchored = "/" in said.rstrip("/")
    made = body if is_anchored else ["**", *body]
    if said.endswith("/"):
        return [*made, "*", "**"]
    if body[-1] == "**" and is_anchored:
        return [*made[:-1], "*", "**"]
    return made if body[-1].endswith("*") and is_anchored else [*made, "**"]


def _fits_part(pattern: str, part: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == part
    return _fits(pattern, part, "*", lambda sign, letter: sign in ("?", letter))


def _fits(pattern: Sequence[str], given: Sequence[str], many: str,
          is_same: Callable[[str, str], bool]) -> bool:
    """Whether all that is given fits, where `many` stands for any number.

    Takes as many steps as the product of both, at most: only the last `many` that was passed is tried anew,
    since an earlier one that takes more gains nothing.
    """
    at, there, last, tried = 0, 0, -1, 0
    while there < len(given):
        if at < len(pattern) and pattern[at] == many:
            last, tried, at = at, there, at + 1
        elif at < len(pattern) and is_same(pattern[at], given[there]):
            at, there = at + 1, there + 1
        elif last >= 0:
            tried += 1
            at, there = last + 1, tried
        else:
            return False
    return all(each == many for each in pattern[at:])
