"""Reads a catalogue, the texts of one language as a gettext `.po` file, and says what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO

from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po

from handlers.chat.wording import Words, holes_of, words_of


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A file as read; `words` says what is untranslated in English."""

    words: Words
    faults: tuple[tuple[int, str], ...] = field(default=())
    """Line and what is wrong there; with any the words are not to be used."""


def read_catalogue(language: str, text: str) -> Catalogue:
    """Read the catalogue of a language, named as its file is: ``de``, ``pt_BR``."""
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Catalogue(Words(), ((1, f"`{language}` is no language; name the file by a code, such as "
                                       "`fr.po` or `pt_BR.po`."),))
    try:
        catalogue = read_po(StringIO(text), locale=locale, ignore_obsolete=True, abort_invalid=True)
        words = words_of(str(locale), catalogue)
    except PoFileError as error:
        return Catalogue(Words(), ((error.lineno or 1, f"This is not a .po file: {error}."),))
    except (ValueError, UnicodeError) as error:
        return Catalogue(Words(), ((1, f"The header cannot be read: {error}."),))
    return Catalogue(words, tuple(sorted(_faults(catalogue))))


def _faults(catalogue: Catalog) -> Iterator[tuple[int, str]]:
    for message in catalogue:
        if message.id and not message.fuzzy:
            for form in _forms(message.string):
                if form and (wrong := _wrong_holes(message, form)):
                    yield message.lineno or 1, wrong


def _wrong_holes(message: Message, form: str) -> str | None:
    """What a form fills in must be what the code gives; a counted one may leave the number out."""
    wanted = {hole for text in _forms(message.id) for hole in holes_of(text)}
    optional = {"number"} if isinstance(message.id, (list, tuple)) else set()
    said = holes_of(form)
    if unknown := said - wanted:
        return f"“{form}” has {_listed(unknown)}, which nothing fills; the English has {_listed(wanted)}."
    if missing := wanted - said - optional:
        return f"“{form}” lacks {_listed(missing)}; put it where it belongs in the sentence."
    return None


def _forms(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def _listed(holes: set[str]) -> str:
    return ", ".join(f"{{{hole}}}" for hole in sorted(holes)) or "none"
