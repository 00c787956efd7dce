"""Who keeps a file, as a CODEOWNERS file says: the last pattern that fits wins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS",
                 ".gitea/CODEOWNERS")
_MOST: Final = 2000


def owner_of(text: str) -> Callable[[str], str | None]:
    """What gives the owners of a path from the repository's root, as written there: ``@acme/ops, @ana``."""
    rules: list[tuple[re.Pattern[str], str]] = []
    for line in text.splitlines()[:_MOST]:
        words = line.partition(" #")[0].split()
        if not words or words[0].startswith(("#", "[", "^[")) or len(words[0]) > 300:
            continue
        rules.append((_pattern(words[0]), ", ".join(words[1:])))

    def owner(path: str) -> str | None:
        return next((who or None for pattern, who in reversed(rules) if pattern.fullmatch(path)), None)

    return owner


def _pattern(said: str) -> re.Pattern[str]:
    anchored = "/" in said.rstrip("/")
    body = said.strip("/")
    made = []
    for part in re.split(r"(\*\*/|/\*\*|\*\*|\*|\?)", body):
        made.append({"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part)
                    or re.escape(part))
    below = "(?:/.*)" if said.endswith("/") else "" if body.endswith("*") and anchored else "(?:/.*)?"
    return re.compile(("" if anchored else "(?:.*/)?") + "".join(made) + below)
