"""Stretches of a typed line: as they stood, as roles, as what a button can say again."""

from collections.abc import Sequence

from handlers.chat.errors import Refused
from handlers.commands.verbs import ROLES
from handlers.commands.words import Word, fold, shortened
from handlers.people.roles import Role, read_role

_UNITS = ("day", "week", "month", "work")
_LONGEST_CHOICE = 1900  # a button of Slack carries 2,000


def raw(source: str, words: Sequence[Word]) -> str:
    """The stretch of the line from the first of the words to the last, as typed."""
    return source[words[0].start:words[-1].end].strip() if words else ""


def is_span(texts: Sequence[str]) -> bool:
    """`30 days` inside a title is no date there; `+30 days` is."""
    return len(texts) > 1 and texts[0].isdecimal() and fold(texts[1]).startswith(_UNITS)


def joined(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def role_of(words: str) -> Role | None:
    """The role meant, however it is called."""
    try:
        return read_role(words)
    except Refused:
        return None


def plain_role(word: Word) -> Role | None:
    """The role by its own name only, where the word may belong to a pilot's name ("Customer support")."""
    said = {"ops": "operations", "eng": "engineering"}.get(fold(word.text), fold(word.text))
    return Role(said) if said in ROLES and not word.is_quoted else None


def shown(text: str) -> str:
    """Typed words as a sentence may quote them between backticks."""
    return shortened(text.replace("`", "'"), 80)


def choices_of(lines: Sequence[str], command: str = "/pilot") -> tuple[tuple[str, str], ...]:
    return tuple((shortened(line, 60), f"{command} {line}") for line in lines if len(line) < _LONGEST_CHOICE)
