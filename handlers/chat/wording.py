"""Words in the reader's language: texts from a catalogue, plurals, dates.

English texts stand in the code and are the keys (as gettext has it); another language is one file,
`<language>.po`. What stands in braces is filled in literally: a value is never parsed, a translator can only
move it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from gettext import c2py
from typing import Final

from babel import Locale
from babel.dates import format_skeleton
from babel.messages import Catalog

from handlers.chat.cards import Line, Span, plain_line

_HOLE: Final = re.compile(r"\{(\w+)\}")
_HOLE_AND_STOP: Final = re.compile(r"\{(\w+)\}(\.?)")
_FAR: Final = timedelta(days=183)
"""Beyond this a date in another year is said with its year."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Texts that its catalogue lacks are said in English."""

    language: str = "en"
    texts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    plural: Callable[[int], int] = field(default=lambda number: int(number != 1))

    def text(self, english: str, **values: object) -> str:
        """`english` in this language, its ``{holes}`` filled."""
        return _filled(self._form(english), values)

    def term(self, english: str) -> str:
        """A text that does not stand where it is said, such as a role's title; see `marked`."""
        return self._form(english)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The form of a counted text that fits `number`, which fills ``{number}``."""
        found = self.texts.get(one)
        if isinstance(found, tuple):
            said = found[min(self.plural(number), len(found) - 1)]
        else:
            said = one if number == 1 else many
        return _filled(said, {"number": number, **values})

    def spans(self, english: str, **values: Span) -> Line:
        """The same as a line of a card, where a value may be bold, a mention or something to type."""
        spans: list[Span] = []
        for at, part in enumerate(_HOLE.split(self._form(english))):
            span = values.get(part, f"{{{part}}}") if at % 2 else part
            if span == part and spans and plain_line((spans[-1],)).endswith("."):
                span = part.removeprefix(".")
            if span != "":
                spans.append(span)
        return tuple(spans)

    def day(self, day: date, today: date) -> str:
        """'Fri 27 Nov', 'Fr., 27. Nov.'; with the year where it is another one and over six months away."""
        is_far = day.year != today.year and abs(day - today) > _FAR
        if self.language == "en":
            return f"{day:%a} {day.day} {day:%b}{f' {day.year}' if is_far else ''}"
        return format_skeleton("yMMMEd" if is_far else "MMMEd", day, locale=Locale.parse(self.language))

    def weekday(self, number: int) -> str:
        """0 is 'Monday'."""
        return str(Locale.parse(self.language).days["stand-alone"]["wide"][number])

    def listed(self, parts: list[str]) -> str:
        """'a, b and c'"""
        if len(parts) < 2:
            return "".join(parts)
        return _filled(self.term(marked("{some} and {last}")),
                       {"some": ", ".join(parts[:-1]), "last": parts[-1]})

    def _form(self, english: str) -> str:
        found = self.texts.get(english, english)
        return found if isinstance(found, str) else found[0]


ENGLISH: Final = Words()


def marked(english: str) -> str:
    """A text as it is, marked for the catalogues; `Words.term` says it where it is used."""
    return english


def holes_of(text: str) -> set[str]:
    """The names of what is filled into a text."""
    return set(_HOLE.findall(text))


@dataclass(frozen=True, slots=True)
class Languages:
    """Every language there is a catalogue of; English is always there."""

    known: Mapping[str, Words] = field(default_factory=dict)
    """By language in small letters: de, pt_br."""
    default: str = "en"

    def of(self, locale: str | None) -> Words:
        """The words for a locale as the chat service names it (de-DE); the default's where it says nothing.

        A locale that there is no catalogue of gets English.
        """
        asked = (locale or self.default).replace("-", "_").casefold()
        return self.known.get(asked) or self.known.get(asked.partition("_")[0]) or ENGLISH


def words_of(language: str, catalogue: Catalog) -> Words:
    """A catalogue as read; what is untranslated or marked fuzzy is left to English."""
    texts: dict[str, str | tuple[str, ...]] = {}
    for message in catalogue:
        key = message.id[0] if isinstance(message.id, (list, tuple)) else message.id
        said = tuple(message.string) if isinstance(message.string, (list, tuple)) else message.string
        if key and said and not message.fuzzy and all(said if isinstance(said, tuple) else (said,)):
            texts[key] = said
    return Words(language, texts, c2py(catalogue.plural_expr))


def _filled(text: str, values: Mapping[str, object]) -> str:
    """The text with its holes filled; after a value that ends with a full stop there is no second one."""
    def put(hole: re.Match[str]) -> str:
        said = str(values.get(hole[1], f"{{{hole[1]}}}"))
        return said if said.endswith(".") else said + hole[2]

    return _HOLE_AND_STOP.sub(put, text)
