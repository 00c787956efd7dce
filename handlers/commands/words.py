"""What a typed line is made of: words, quotes, item ids, mentions, and which known word one was meant."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

# Joiners (U+200C, U+200D) and direction marks (U+200E, U+200F, U+061C) stay: emoji and Persian need them.
# Direction overrides and isolates go: they could make an audit entry read as something else.
_UNSEEN = re.compile("[\u00ad\u180e\u200b\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f"
                     "\ufeff\ufff9-\ufffb]")
_QUOTES = {'"': '"”“', "“": '”"“', "”": '”"', "„": '“”"', "«": "»", "»": "«", "'": "'’", "‘": "’'", "’": "’'"}
_MARKUP = "*_~`()[]{}.,;:!?\"'“”„«»‘’"
_LONGEST_QUOTE = 300  # characters; a name or title, not a letter
_DASHES = re.compile("[‐‑‒–—―−﹣－_]")
_ITEM = re.compile(r"([A-Z][A-Z0-9]{0,3})-(\d{1,3})(#[1-9]\d{0,3})?")
_INTERNAL_ITEM = re.compile(r"i:\d{1,18}")
_INTERNAL_PILOT = re.compile(r"p:\d{1,18}")
_BRACKETED = re.compile(r"<[@#!][^<>\n]*>|<https?:[^<>\n]*>|<mailto:[^<>\n]*>")
_MENTION = re.compile(r"<@([^<>|\s]+)(?:\|[^<>]*)?>")
_CHANNEL = re.compile(r"<#([^<>|\s]+)(?:\|[^<>]*)?>")
# Look like an item id, but people write dates and periods this way: nov-27, mon-24, Q4-26, KW-47.
_NOT_ITEMS = re.compile(
    r"(JAN|FEB|MAR|MÄR|APR|MAY|MAI|JUNE?|JULY?|AUG|SEPT?|OCT|OKT|NOV|DEC|DEZ|MON|TUE|WED|THU|FRI|SAT|SUN"
    r"|Q[1-4]|H[12]|FY|KW|CW|WK)"
)
_OURS = {"IN", "W1", "B", "R", "L", "P", "C", "A", "LLM", "REG"}  # how the ids of our own templates begin


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line, or what stands between two quotes, and where it stood."""

    text: str
    start: int
    end: int
    is_quoted: bool = False


def normalised(text: str) -> str:
    """The line as it is kept: no control or invisible characters, plain spaces, line breaks as `\\n`."""
    text = re.sub("\r\n|\r|\u2028|\u2029", "\n", unicodedata.normalize("NFC", text))
    kept = []
    for char in _UNSEEN.sub("", text):
        if char == "\n":
            kept.append(char)
        elif char.isspace():
            kept.append(" ")
        elif unicodedata.category(char) not in {"Cc", "Cs"}:
            kept.append(char)
    return "".join(kept).strip()


def words_of(text: str) -> list[Word]:
    """Split a normalised line. A quote opens at the start of a word only, so "don't" stays one word."""
    found: list[Word] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = _quoted(text, at) or _plain(text, at)
        found.append(word)
        at = word.end
    return found


def fold(word: str) -> str:
    """The word for comparing: no case, width, accents of input methods, markup or punctuation around it."""
    wide = unicodedata.normalize("NFKC", word).casefold()
    seen = "".join(char for char in wide if unicodedata.category(char) != "Cf")
    return seen.strip(_MARKUP).strip()


def item_ref(word: str) -> str | None:
    """`W1-02`, `B-11#2`, `A-01` or `i:345` in one spelling; None where the word is no such id."""
    bare = "".join(c for c in unicodedata.normalize("NFKC", word) if unicodedata.category(c) != "Cf")
    bare = bare.strip(_MARKUP)
    if _INTERNAL_ITEM.fullmatch(bare.lower()):
        return bare.lower()
    found = _ITEM.fullmatch(_DASHES.sub("-", bare).upper())
    if found is None or _NOT_ITEMS.fullmatch(found[1]):
        return None
    if len(found[2]) == 1 and len(found[1]) > 2 and found[1] not in _OURS:
        return None  # W1-2 and LLM-1 are ids, gpt-4 is not
    return f"{found[1]}-{found[2].zfill(2)}{found[3] or ''}"


def is_like(ref: str, other: str) -> bool:
    """Whether an id may be one of the same checklist as the other: begins so, or as our own templates do."""
    begins = ref.partition("-")[0]
    return ref.startswith("i:") or begins in _OURS or begins == other.partition("-")[0]


def pilot_ref(word: str) -> str | None:
    """`p:12`, `<#C123>` or `#name` in one spelling, where the word can only mean a pilot; else None."""
    bare = word.strip(",;")
    if _INTERNAL_PILOT.fullmatch(bare.lower()):
        return bare.lower()
    if found := _CHANNEL.fullmatch(bare):
        return f"<#{found[1]}>"
    if bare.startswith("#") and len(bare) > 1 and not bare[1:].isdecimal():
        return "#" + bare[1:].casefold()
    return None


def mention(word: str) -> str | None:
    """`<@U123>` for an id, the name without `@` for a typed one; None where the word mentions nobody."""
    bare = word.rstrip(",;:.!")
    if found := _MENTION.fullmatch(bare):
        return f"<@{found[1]}>"
    if bare.startswith("@") and fold(bare[1:]):
        return bare[1:]
    return None


def nearest(word: str, options: Iterable[str], *, within: int = 1) -> list[str]:
    """The options at most `within` typos away (a swap of neighbours is one), nearest first."""
    scored = [(DamerauLevenshtein.distance(word, option), option) for option in dict.fromkeys(options)]
    return [option for distance, option in sorted(scored, key=lambda pair: pair[0]) if distance <= within]


def most_like(word: str, options: Sequence[str], count: int = 3) -> list[str]:
    """The `count` options most like the word, however far; a common beginning counts most."""
    def far(option: str) -> tuple[bool, float]:
        begins = len(word) > 1 and (option.startswith(word) or word.startswith(option))
        return not begins, DamerauLevenshtein.normalized_distance(word, option)

    return sorted(dict.fromkeys(options), key=far)[:count]


def unquoted(text: str) -> str:
    """The text without the one pair of quotes around the whole of it."""
    found = words_of(text)
    return found[0].text if len(found) == 1 and found[0].is_quoted else text


def says_something(text: str) -> bool:
    """Whether there is more than spaces and punctuation."""
    return any(unicodedata.category(char)[0] not in "PZC" for char in text)


def shortened(text: str, longest: int) -> str:
    """The text on one line, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _quoted(text: str, at: int) -> Word | None:
    closing = _QUOTES.get(text[at])
    if closing is None:
        return None
    for end in range(at + 1, min(len(text), at + _LONGEST_QUOTE)):
        follows = text[end + 1:end + 2]
        if text[end] in closing and (not follows or follows.isspace() or follows in ",.;:!?"):
            inner = text[at + 1:end].strip()
            stop = end + 1
            while stop < len(text) and text[stop] in ",.;:!?":
                stop += 1
            return Word(inner, at, stop, is_quoted=True) if inner else None
    return None


def _plain(text: str, at: int) -> Word:
    if found := _BRACKETED.match(text, at):
        end = found.end()
        while end < len(text) and not text[end].isspace():
            end += 1
        return Word(text[at:end], at, end)
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return Word(text[at:end], at, end)
