"""Knows a page that nobody has written yet: a link, a "TODO", headings with nothing under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from handlers.runbooks.values import Section

_TODO: Final = re.compile(
    r"\b(?:todo|tbd|tba|tbc|fixme|wip|n/a|lorem ipsum|placeholder|stub|coming soon|under construction|"
    r"work in progress|"
    r"to be (?:written|done|documented|defined|decided|added|completed|determined|filled(?: in| out)?)|"
    r"(?:not|nothing)(?: yet)? (?:written|documented|here)(?: yet)?|"
    r"(?:please )?(?:fill (?:me|this) in|add content)(?: here)?|"
    r"no (?:runbook|content|documentation)(?: yet)?|noch zu (?:schreiben|dokumentieren)|in arbeit)\b",
    re.IGNORECASE)
_MARKS: Final = ("todo", "tbd", "tba", "tbc", "fixme", "wip", "n/a", "lorem ipsum", "placeholder", "stub",
                 "coming soon", "under construction", "in progress", "to be ", "written", "documented",
                 "here", "fill ", "content", "no runbook", "documentation", "noch zu ", "in arbeit")
"""One of these is in whatever `_TODO` finds, as a glance tells: most pages have code and none of them."""
_URL: Final = re.compile(r"\bhttps?://\S+|\bwww\.\S+")
_WORD: Final = re.compile(r"\w[\w'’-]*")
_MOVED: Final = 8
"""Words beside a link with which a page says no more than where to read on."""
_UNSAID: Final = 12
"""Words beside a "TODO" with which it says nothing yet."""
_LITTLE: Final = 3
"""Words by themselves that say nothing."""
_MUCH: Final = 20_000
"""Letters beside its links that no page has which says nothing: it need not be looked through."""


def is_stub(sections: Sequence[Section], links: Sequence[str]) -> bool:
    """Whether a page says nothing of its own.

    `links`: the words of each link on it. Code is something, except on a page that says "TODO" and has a line
    of it at most.
    """
    text = " ".join(each.text for each in sections)
    if len(text) - sum(map(len, links)) > _MUCH:
        return False
    code = "\n".join(each.code for each in sections).strip()
    lowered = text.lower()
    if code and not any(mark in lowered for mark in _MARKS):
        return False
    without_links, had_link = text, bool(links) or _URL.search(text) is not None
    for label in links:
        without_links = without_links.replace(label, " ", 1) if label else without_links
    without_links = _URL.sub(" ", without_links)
    rest, marks = _TODO.subn(" ", without_links)
    words = len(_WORD.findall(rest))
    if marks:
        return words <= _UNSAID and code.count("\n") == 0
    if code:
        return False
    return words <= (_MOVED if had_link else _LITTLE)
