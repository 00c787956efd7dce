"""Reads a typed line: which verb was meant, then its arguments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from handlers.chat.errors import Refused
from handlers.commands.line import LONGEST_NAME
from handlers.commands.reading import read_line
from handlers.commands.stretches import choices_of, raw, shown
from handlers.commands.verbs import COMMANDS, READING, Kind, Parsed, Verb, find_verb, verbs_of
from handlers.commands.words import (
    Word,
    fold,
    item_ref,
    most_like,
    nearest,
    normalised,
    pilot_ref,
    says_something,
    words_of,
)
from handlers.people.calendar import Calendar

LONGEST = 3000  # characters of one line
LONGEST_QUESTION = 40_000  # with a stack trace in it, of which the message is taken


def parse(command: str, text: str, *, today: date, calendar: Calendar) -> Parsed:
    """Read what was typed after the command; dates count from `today` in the person's calendar.

    Raises Refused, with the nearest lines as choices, where it is not a line of this grammar; ValueError
    where the command is none of ours.
    """
    if command not in COMMANDS:
        raise ValueError(f"no such command: {command}")
    line = normalised(text)
    if len(line) > (LONGEST_QUESTION if command in _TAKES_QUESTIONS else LONGEST):
        raise Refused(f"That is {len(line):,} characters, I read up to {LONGEST:,} at once. Put the long "
                      "part into a document and give me its link.")
    words = words_of(line)
    while words and fold(words[0].text).lstrip("/") == command[1:]:
        words = words[1:]
    verb, rest, guessed = _heard(command, line, words)
    if command in _TAKES_QUESTIONS and _is_question(verb, rest, line):
        return Parsed(_sure(command, ""), text=_said_after(command, line) if rest else "")
    if verb.name in {"status", "history"} and rest and not rest[0].is_quoted and item_ref(rest[0].text):
        verb, guessed = _sure(command, "item"), verb.name
    if verb.later is not None:
        return Parsed(verb, text=raw(line, rest), guessed=guessed)
    if verb.name == "help":
        return replace(_help(verb, " ".join(word.text for word in rest)), guessed=guessed)
    if _asks_for_help(verb, rest):
        return _help(_sure(command, "help"), verb.name)
    parsed = replace(read_line(verb, line, rest, today, calendar), guessed=guessed)
    if guessed and parsed.needs not in READING:
        meant = f"{verb.name} {raw(line, rest)}"
        raise Refused(f"I do not know `{shown(guessed)}`. Did you mean `{shown(meant)}`?",
                      choices=choices_of([meant], command))
    return parsed


# Which verb.

SHORT_FOR = {"mine": "items", "overdue": "items", "late": "items", "blocked": "items", "stuck": "list"}
_TAKES_QUESTIONS = {"/runbook"}
"""Whatever several words begin with, they may be a sentence."""
_Heard = tuple[Verb, Sequence[Word], str | None]


def _heard(command: str, line: str, words: Sequence[Word]) -> _Heard:
    if not says_something(line.replace("?", "a")) or not words:
        return _sure(command, ""), (), None
    first = fold(words[0].text)
    if is_cry_for_help(words[0].text):
        return _sure(command, "help"), words[1:], None
    if not words[0].is_quoted or len(words) > 1:
        two = f"{first} {fold(words[1].text)}" if len(words) > 1 else ""
        if two and (verb := find_verb(command, two)):
            return verb, words[2:], None
        if first and (verb := find_verb(command, first)):
            return verb, words[1:], None
    if command != "/pilot":
        return _heard_elsewhere(command, words, first)
    if item_ref(words[0].text):
        return _id_first(line, words)
    if first in SHORT_FOR:
        return _sure(command, SHORT_FOR[first]), words, words[0].text
    if pilot_ref(words[0].text) or words[0].is_quoted:
        return _pilot_first(words)
    return _misspelt(line, words, first) or _pilot_first(words)


def _heard_elsewhere(command: str, words: Sequence[Word], first: str) -> _Heard:
    """Commands other than /pilot: what is no verb is a question or a pilot, so belongs to the bare verb."""
    near = nearest(first, _names(command)) if len(first) > 2 and not words[0].is_quoted else []
    if len(near) == 1 and (len(words) == 1 or command not in _TAKES_QUESTIONS):
        return _sure(command, near[0]), words[1:], words[0].text
    return _sure(command, ""), words, None


def _id_first(line: str, words: Sequence[Word]) -> _Heard:
    """`W1-02` alone shows the item; `W1-02 done ...` has the words the wrong way round."""
    second = find_verb("/pilot", fold(words[1].text)) if len(words) > 1 else None
    if second is None or not any(arg.kind is Kind.ITEM for arg in second.args):
        rest = words[2:] if second else words[1:]
        return _sure("/pilot", "item"), (words[0], *rest), words[0].text
    if second.only_reads:
        return second, (words[0], *words[2:]), words[0].text
    right = " ".join(part for part in (second.name, words[0].text, raw(line, words[2:])) if part)
    raise Refused(f"The verb comes first: `{second.usage}`. Did you mean `{shown(right)}`?",
                  choices=choices_of([right]))


def _pilot_first(words: Sequence[Word]) -> _Heard:
    """A pilot's name alone means its status; a reading verb behind the name is taken as meant."""
    last = find_verb("/pilot", fold(words[-1].text)) if len(words) > 1 else None
    if last and last.name in {"status", "items", "team", "brief", "gate", "history"}:
        return last, words[:-1], " ".join(word.text for word in words)
    return _sure("/pilot", "status"), words, " ".join(word.text for word in words)


def _misspelt(line: str, words: Sequence[Word], first: str) -> _Heard | None:
    """The verb most likely meant; None where it may be a pilot's name. Raises Refused with proposals."""
    verbs = meant(first)
    if len(verbs) == 1 and verbs[0].only_reads:
        return verbs[0], words[1:], words[0].text
    may_be_pilot = (len(words) <= LONGEST_NAME and not line.endswith("?")
                    and not any(item_ref(word.text) for word in words))
    rest = raw(line, words[1:])
    if not verbs:
        names = _names("/pilot")
        near = nearest(first, names, within=2) if len(first) > 5 else []
        if may_be_pilot and not near:
            return None
        verbs = [_sure("/pilot", name) for name in near[:3] or most_like(first, names)]
        rest = rest if near else ""
    proposed = [f"{verb.name} {rest}".strip() for verb in verbs[:3]]
    if len(proposed) == 1:
        sentence = f"I do not know `{shown(words[0].text)}`. Did you mean `{verbs[0].name}`?"
    else:
        near_ones = ", ".join(f"`{verb.name}`" for verb in verbs[:3])
        sentence = (f"I do not know `{shown(words[0].text)}`. Nearest are {near_ones}. "
                    "`/pilot help` lists everything.")
    if may_be_pilot:
        proposed.append(f"status {raw(line, words)}")
    raise Refused(sentence, choices=choices_of(proposed))


def meant(first: str) -> list[Verb]:
    """The verbs one typo away, names before aliases, else those that begin so."""
    if len(first) < 3:
        return []
    names, aliases = _names("/pilot"), _names("/pilot", with_aliases=True)
    meant = nearest(first, names) or nearest(first, aliases)
    meant = meant or [name for name in names if len(name) > len(first) + 1 and name.startswith(first)]
    return list(dict.fromkeys(_sure("/pilot", name) for name in meant))


def _names(command: str, *, with_aliases: bool = False) -> list[str]:
    verbs = [verb for verb in verbs_of(command) if verb.name]
    aliases = [alias for verb in verbs for alias in verb.aliases if len(alias) > 1] if with_aliases else []
    return [verb.name for verb in verbs] + aliases


def _sure(command: str, name: str) -> Verb:
    verb = find_verb(command, name)
    if verb is None:
        raise KeyError(name)
    return verb


def is_cry_for_help(word: str) -> bool:
    bare = word.strip("/")
    return bool(bare) and (set(bare) <= set("?？") or bare.lstrip("-–—").casefold() in {"help", "hilfe"}
                           or bare.casefold() in {"-h", "–h", "—h"})


def _asks_for_help(verb: Verb, words: Sequence[Word]) -> bool:
    """`done ?`, `done --help`; `done help` too, for no item is called help."""
    if len(words) != 1 or not is_cry_for_help(words[0].text):
        return False
    return not words[0].text[:1].isalpha() or any(arg.required for arg in verb.args)


def _help(verb: Verb, topic: str) -> Parsed:
    name = " ".join(fold(part).lstrip("/") for part in topic.split()).strip()
    if f"/{name}" in COMMANDS and f"/{name}" != verb.command:
        return Parsed(verb, choice=f"/{name}")
    if not name or f"/{name}" == verb.command:
        return Parsed(verb)
    known, aliases = _names(verb.command), _names(verb.command, with_aliases=True)
    for wanted in (name, name.split()[0]):
        near_ones = [*nearest(wanted, known)[:1], *nearest(wanted, aliases)[:1]] if len(wanted) > 2 else []
        for candidate in (wanted, *near_ones):
            if found := find_verb(verb.command, candidate):
                return Parsed(verb, choice=found.name)
    like = most_like(name, known)
    near = ", ".join(f"`{entry}`" for entry in like)
    raise Refused(f"I do not know `{shown(topic)}`. Nearest are {near}. "
                  f"`{verb.command} help` lists everything.",
                  choices=choices_of([f"help {entry}" for entry in like], verb.command))


# Questions.


def _is_question(verb: Verb, rest: Sequence[Word], line: str) -> bool:
    """Whether the line is asked rather than commanded, whatever it begins with: "sources of latency?"."""
    if not verb.name:
        return True
    if verb.name == "help":
        return len(rest) > 2
    return bool(rest) and (line.endswith(("?", "？")) or (not verb.args and verb.later is None))


def _said_after(command: str, line: str) -> str:
    """The question as it was typed: quotes, punctuation and operators belong to it."""
    first, _, rest = line.partition(" ")
    return rest.strip() if first == command else line
