"""Splits what people and runbooks write into words that compare: identifiers into parts, words to stems."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import snowballstemmer

_CHUNK: Final = re.compile(r"[^\W_]+(?:[._'’\-]+[^\W_]+)*")
_SEGMENT: Final = re.compile(r"[^\W_]+")
_PART: Final = re.compile(r"[A-Z]{2,}s(?![A-Za-z])|[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_MIXED_WHOLE: Final = 4
"""A segment of letters and digits up to this long is one word: p99, s3, k8s, 5xx."""
LONGEST: Final = 40
"""No word is longer: what is longer is a hash, a token or an encoded blob."""

_NO_WEIGHT: Final = """
    a about after again all also am an and any anybody anyone anywhere are as at be because been before being
    both but by can cannot could couldn did didn do does doesn doing don done each either else ever
    every everywhere few for from further get gets getting give given go goes going got had has hasn have
    haven having he hello help her here hers hey hi him his how however i if in into is isn it its itself
    just know let like ll look may maybe me might mine more most much must my need needs neither nor
    now of often on once one only onto or other others our ours please pls plz put re really s say says see
    seem seems she should shouldn since so some somebody someone something somehow somewhere such t tell than
    thank thanks that the their theirs them then there these they thing things this those though
    through to too toward u under until upon us use used using usually ve very via want wants was
    wasn way we well were weren what whatever when where whether which while who whom whose why will
    with within without won would wouldn wtf yet you your yours
"""
STOP: Final = frozenset(_NO_WEIGHT.split())
"""Words that say nothing of what is asked."""

_stemmer = snowballstemmer.stemmer("english")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The part of a lower-case English word that its forms share; other languages' words as they are."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    return str(_stemmer.stemWord(word))


def plain(text: str) -> str:
    """With accents, ligatures and full-width letters as their plain selves."""
    if text.isascii():
        return text
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


def chunks(text: str) -> Iterator[str]:
    """Runs that hold together: ``kube-state-metrics``, ``KubePodCrashLooping``, ``don't``, ``10.0.3.7``."""
    for found in _CHUNK.finditer(text):
        yield found[0]


def all_chunks(text: str) -> list[str]:
    """The same at once: of a long text in a third of the time."""
    found: list[str] = _CHUNK.findall(text)
    return found


def parts(chunk: str) -> list[str]:
    """The words that a chunk is made of, in lower case and in order; nothing but separators is lost."""
    found: list[str] = []
    for segment in _SEGMENT.findall(chunk):
        if len(segment) <= _MIXED_WHOLE and not segment.isalpha():
            found.append(segment.lower())
            continue
        for part in _PART.findall(segment):
            found.append(part[:-1].lower() if len(part) > 2 and part[-1] == "s" and part[:-1].isupper()
                         else part.lower())
    return found


def joined(chunk: str) -> str:
    """A name without its separators and capitals: two spellings of one identifier are the same."""
    return "".join(_SEGMENT.findall(chunk)).lower()


def terms(text: str) -> list[str]:
    """What a text is indexed by: stems of its words, and each identifier of several parts as a whole too."""
    found: list[str] = []
    for chunk in chunks(plain(text)):
        found += terms_of(chunk)
    return found


@lru_cache(maxsize=65536)
def terms_of(chunk: str) -> tuple[str, ...]:
    """The terms of one chunk: its parts' stems without words of no weight, then its whole if it has some."""
    words = parts(chunk)
    found = [stem(each) for each in words if is_weighty(each)]
    whole = whole_of(chunk, words)
    return (*found, whole) if whole else tuple(found)


def is_weighty(word: str) -> bool:
    return word not in STOP and len(word) <= LONGEST


def whole_of(chunk: str, words: Sequence[str]) -> str | None:
    """An identifier of several parts as one term; None: it is a single word, or no identifier."""
    if len(words) < 2:
        return None
    whole = joined(chunk)
    return whole if 4 < len(whole) <= 2 * LONGEST and not whole.isdigit() else None


@lru_cache(maxsize=65536)
def spelled(chunk: str) -> tuple[str, ...]:
    """The words of a chunk as they are spelled, in lower case: what a typing error may be meant to be."""
    return tuple(word for word in parts(chunk) if 3 < len(word) <= LONGEST and word.isalpha())
