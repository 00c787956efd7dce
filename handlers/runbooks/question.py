"""What of a pasted text is the question: chat's marks, addresses and stack traces undone, kept short."""

from __future__ import annotations

import re
from typing import Final

from handlers.runbooks.synonyms import Synonyms, built_in
from handlers.runbooks.tokens import chunks, is_weighty, parts, plain, stem
from handlers.runbooks.traces import gist_of, without_plain_classes

LONGEST: Final = 2000
"""Characters that are looked at; whoever pastes more has said it by then."""
_READ_AT_MOST: Final = 20_000
KEY_AT_MOST: Final = 200

_MENTION: Final = re.compile(r"<[@!][^<>]*>")
_LINK: Final = re.compile(r"<(?:#\w+|[a-z][a-z0-9+.\-]*:[^<>|\s]+)\|([^<>]*)>")
_BRACKETED: Final = re.compile(r"<([a-z][a-z0-9+.\-]*:[^<>|\s]+)>")
_CHANNEL: Final = re.compile(r"<#\w+>")
_ADDRESS: Final = re.compile(
    r"\b[a-z][a-z0-9+.\-]{1,20}://(?:[^\s/?#<>\"']*@)?[^\s/?#<>\"']*(?P<path>[^\s?#<>\"']*)[^\s<>\"')\]]*")
_ENDING: Final = re.compile(r"\.(?:md|markdown|html?|txt|rst)$")
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain_question(text: str) -> str:
    """The question that a text asks: one line, at most `LONGEST` characters, in the words it was put in.

    Of an address its path's words stay, of a stack trace what it says happened, of code all words.
    """
    text = gist_of(text)[0][:_READ_AT_MOST]
    text = _LINK.sub(r" \1 ", _CHANNEL.sub(" ", _MENTION.sub(" ", text)))
    text = _ADDRESS.sub(_words_of_address, _BRACKETED.sub(r" \1 ", text))
    for entity, meant in _ENTITIES:
        text = text.replace(entity, meant)
    return without_plain_classes(" ".join(text.split()))[:LONGEST]


def question_key(question: str, synonyms: Synonyms | None = None) -> str:
    """What questions have in common that ask the same in other words of no weight: at most 200 characters.

    Stems without order and words of no weight, synonyms as one, and what kind of answer is wanted where it is
    not simply what to do. Empty: nothing is asked.
    """
    known = synonyms or built_in()
    words = [part for chunk in chunks(plain(plain_question(question))) for part in parts(chunk)]
    stems = [stem(each) for each in words]
    taken, found = [False] * len(words), set[str]()
    for begin, end, intent in known.intents_in(stems):
        taken[begin:end] = [True] * (end - begin)
        if intent:
            found.add(f"?{min(known.intents[intent].headings)}")
    for begin, end, group in sorted(known.groups_in(stems), key=lambda one: (one[0] - one[1], one)):
        if not any(taken[begin:end]):
            taken[begin:end] = [True] * (end - begin)
            found.add("-".join(known.groups[group][0]))
    found |= {stems[at] for at, word in enumerate(words) if not taken[at] and is_weighty(word)}
    if named := {stems[at] for at in known.kinds_named(stems)} if _is_only_a_kind(found) else set():
        found = named
    return " ".join(sorted(found))[:KEY_AT_MOST].rstrip()


def _is_only_a_kind(key: set[str]) -> bool:
    """At most what kind of answer is wanted is asked for."""
    return all(each.startswith("?") for each in key)


def _words_of_address(found: re.Match[str]) -> str:
    return " " + _ENDING.sub("", found["path"].rstrip("/.,;:!)")).replace("/", " ") + " "
