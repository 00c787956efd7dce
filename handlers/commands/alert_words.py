"""What stands behind `/alerts`: filters in any order, and what is left names a pilot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from handlers.chat.errors import Refused
from handlers.commands.stretches import choices_of, shown
from handlers.commands.words import fold, most_like, nearest, pilot_ref, words_of

SEVERITIES = ("critical", "error", "warning", "info")
WORDS = ("mine", "all", "open", "untaken", *SEVERITIES)
LONGEST_PAGE = 4
"""Digits of a page's number."""
_OFTEN_SAID = {"my": "mine", "me": "mine", "unacked": "untaken", "unacknowledged": "untaken",
               "crit": "critical", "errors": "error", "warn": "warning", "warnings": "warning",
               "firing": "open"}
_LABEL = re.compile(r"([A-Za-z_][\w.\-/]{0,63})[:=](.+)")
_SEVERITY = ("severity", "sev")
_FILLERS = {"for", "of", "in", "the", "pilot", "alerts"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a line asks to see."""

    words: tuple[str, ...] = ()
    """Of WORDS."""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """With ``name``, the rule's, among them."""
    page: int = 0
    pilot: str | None = None

    @property
    def severity(self) -> str | None:
        return next((word for word in self.words if word in SEVERITIES), None)

    def line(self, *, page: int | None = None, pilot_id: int | None = None) -> str:
        """The same as something to type, with another page or the pilot said without doubt."""
        labels = [f'{name}:"{value}"' if " " in value else f"{name}:{value}"
                  for name, value in self.labels.items()]
        named = self.pilot if pilot_id is None else f"p:{pilot_id}"
        number = self.page if page is None else page
        return " ".join([*([named] if named else []), *self.words, *labels,
                         *([f"page {number + 1}"] if number else [])])


def read_filters(text: str) -> Asked:
    """Read what follows `/alerts`. Raises Refused where a severity is unknown, or there are two."""
    found, labels, rest, page = list[str](), dict[str, str](), list[str](), 0
    words = words_of(_unquoted_labels(text))
    while words:
        word, words = words[0], words[1:]
        said = fold(word.text)
        said = _OFTEN_SAID.get(said, said)
        label = None if pilot_ref(word.text) or word.is_quoted else _LABEL.fullmatch(word.text)
        if label is not None:
            name, value = label[1], label[2].replace(_SPACE, " ").strip('"“”')
            if name.casefold() in _SEVERITY:
                found.append(_severity(value))
            else:
                labels["name" if name.casefold() in ("name", "rule", "alertname") else name] = value
        elif word.is_quoted:
            rest.append(word.text)
        elif said == "page" and words and _is_page(words[0].text):
            page, words = int(words[0].text) - 1, words[1:]
        elif said in WORDS:
            found.append(said)
        elif said:
            rest.append(word.text.replace(_SPACE, " "))
    chosen = tuple(dict.fromkeys(word for word in found if word != "open"))
    if sum(word in SEVERITIES for word in chosen) > 1:
        raise Refused("One severity at a time, such as `/alerts critical`; the list begins with the worst "
                      "anyway.", choices=choices_of([w for w in chosen if w in SEVERITIES], "/alerts"))
    while len(rest) > 1 and fold(rest[0]) in _FILLERS:
        rest = rest[1:]
    return Asked(chosen, labels, max(page, 0), " ".join(rest) or None)


def filter_like(word: str) -> str | None:
    """The filter that a word may be a slip of; None: it is like none."""
    said = fold(word)
    if len(said) < _TOO_SHORT:
        return None
    near = nearest(said, (*WORDS, *_OFTEN_SAID), within=2 if len(said) >= _LONG else 1)
    return _OFTEN_SAID.get(near[0], near[0]) if near else None


_TOO_SHORT, _LONG = 4, 7
"""Letters: of fewer, nearly any word is a slip; of more, two may be wrong."""
_SPACE = "\ue000"
"""Stands for a space inside a quoted value: a character of nobody's."""
_QUOTED_VALUE = re.compile(r'(?<!\S)([A-Za-z_][\w.\-/]{0,63}[:=])["“]([^"“”]{1,200})["”]')


def _unquoted_labels(text: str) -> str:
    """`name:"Feature Drift"` as one word."""
    return _QUOTED_VALUE.sub(lambda found: found[1] + found[2].replace(" ", _SPACE), text)


def _is_page(word: str) -> bool:
    return word.isdecimal() and word.isascii() and 0 < len(word) <= LONGEST_PAGE


def _severity(value: str) -> str:
    said = _OFTEN_SAID.get(fold(value), fold(value))
    if said in SEVERITIES:
        return said
    like = most_like(said, SEVERITIES, 2)
    known = ", ".join(f"`{each}`" for each in SEVERITIES)
    raise Refused(f"I do not know the severity `{shown(value)}`. I know {known}.",
                  choices=choices_of(like, "/alerts"))
