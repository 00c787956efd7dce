"""What is said to the bot without a slash: which command's words they are."""

from __future__ import annotations

from typing import Final

from handlers.commands.grammar import SHORT_FOR, is_cry_for_help, meant
from handlers.commands.line import LONGEST_NAME
from handlers.commands.verbs import find_verb
from handlers.commands.words import Word, fold, item_ref, normalised, pilot_ref, words_of

_ASKING: Final = frozenset(
    word for line in (
        "how what what's whats which who whom whose where where's when can could should shall would does do",
        "did is are was were has have will must wie was wer wo wann warum wieso weshalb welche welcher",
        "welches kann können darf soll muss gibt") for word in line.split())
_ABOUT_ME: Final = frozenset({"i", "me", "my", "mine", "am", "ich", "mir", "mich"})
_SENTENCE: Final = 3
"""So many words at least, and what begins with a word that asks is a question."""


def command_of(text: str, *, has_runbooks: bool) -> tuple[str, str]:
    """The command that is meant, and what is said of it: /pilot, unless it is asked of the runbooks.

    `has_runbooks`: whether there are any to be asked; where not, everything belongs to /pilot.
    """
    line = normalised(text)
    words = words_of(line)
    if words and fold(words[0].text).lstrip("/") == "runbook" and not words[0].is_quoted:
        return "/runbook", line[words[0].end:].strip()
    if has_runbooks and words and _is_asked(line, words):
        return "/runbook", line
    return "/pilot", text


def _is_asked(line: str, words: list[Word]) -> bool:
    first = fold(words[0].text)
    second = fold(words[1].text) if len(words) > 1 else ""
    if is_cry_for_help(words[0].text) or item_ref(words[0].text) or pilot_ref(words[0].text):
        return False
    if first == "why":  # `/pilot why`, unless it is about something else than the bot's own messages
        return len(words) >= _SENTENCE and not _ABOUT_ME & {fold(word.text) for word in words}
    if first in SHORT_FOR or find_verb("/pilot", first) or find_verb("/pilot", f"{first} {second}"):
        return False
    asks = line.endswith(("?", "？")) and len(words) > 1
    if first in _ASKING and (asks or len(words) >= _SENTENCE):
        return True
    if meant(first):
        return False
    return asks or len(words) > LONGEST_NAME or "\n" in line
