"""Who does what to what, how surely, and on which condition: whether a sentence says it as its passage does.

A text is taken apart at its commas, at `and`, `then` and the like, and at what begins a condition. Each part
of a sentence must stand in one part of the passage, and say all of it:

- its words in the same order, and none left out but code and words of headings; in the passive voice, whoever
  does it behind `by` and what it is done to in front (`The gateway calls the database`: `The database is
  called by the gateway`). What happens somewhere is no order to do it;
- as strong: `may` and `can` are neither orders nor bare facts, `should` is no `must`, and `need not` no `must
  not`. An order may be put as `you must`, or as `you should` where it forbids nothing;
- `only`, `one` and `all` as they stand there;
- every condition that the part of the passage is under, whole: before it all that follow in the sentence or
  list, behind it all that stand before, up to a `then`.

Parts may be left out and change places (`call Ravi if ...`, `if ..., call Ravi`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from handlers.runbooks.written_parts import SPAN, Part, Strength, parts
from handlers.runbooks.written_words import EDGES

_KEPT_COUNTS: Final = frozenset(("only", "one"))


def is_in_order(sentence: str, units: Sequence[str], above: Collection[str]) -> bool:
    """Whether each part of the sentence stands in a part of these units, of one where it has a condition.

    `above`: words of headings, which may stand anywhere.
    """
    exact = frozenset(each.strip(EDGES) for each in sentence.replace("`", " ").split())
    asked = [each for each in parts(SPAN.sub(" ", sentence))
             if any(word not in above for word, _ in each.words)]
    known = [parts(unit) for unit in units]
    if not asked:  # nothing but code: of a line that is under no condition
        typed = [" ".join(each.split()) for each in SPAN.findall(sentence)]
        return not any(part.under for unit, them in zip(units, known, strict=True) for part in them
                       if not typed or any(each in unit for each in typed))
    if any(each.condition for each in asked):
        return any(_stands(asked, unit, above, exact) for unit in known)
    return _stands(asked, [part for unit in known for part in unit], above, exact)


def _stands(asked: Sequence[Part], known: Sequence[Part], above: Collection[str],
            exact: frozenset[str]) -> bool:
    def stands(part: Part, other: Part) -> bool:
        return _is_of(part, other, above, exact) and all(
            any(_is_of(each, condition, above, exact) for each in asked) for condition in other.under
            if condition.words)

    return all(any(stands(part, other) for other in known) for part in asked)


def _is_of(part: Part, other: Part, above: Collection[str], exact: frozenset[str]) -> bool:
    return (part.condition == other.condition and part.counts - {"any"} <= other.counts
            and other.counts & _KEPT_COUNTS <= part.counts and other.scope <= exact
            and _is_as_strong(part, other) and _says(part, other, above))


def _is_as_strong(part: Part, other: Part) -> bool:
    said, known, is_negated = part.strength, other.strength, other.is_negated
    same = {Strength.NEED: Strength.MUST, Strength.CAN: Strength.MAY}
    if said is known or (not is_negated and same.get(said, said) is same.get(known, known)):
        return True
    orders = {Strength.MUST, Strength.SHOULD} if is_negated else {
        Strength.MUST, Strength.NEED, Strength.SHOULD}
    if said is Strength.PLAIN:  # "you must do it": "do it"; what somebody else must do is not what they do
        return (known in orders and not part.is_state
                and (other.passive_at is not None or not (other.has_subject or other.is_state)))
    if known is Strength.PLAIN and said in orders - ({Strength.SHOULD} if is_negated else set()):
        return not other.is_state and (part.passive_at is not None or not (part.has_subject or part.is_state))
    return False


def _says(part: Part, other: Part, above: Collection[str]) -> bool:
    """Whether the same is said of the same, in the active voice or the passive, and nothing is left out."""
    is_turned = (part.passive_at is None) is not (other.passive_at is None)
    if is_turned and (part.is_state if part.passive_at is None else other.is_state):
        return False  # a state is nothing that is done
    if is_turned and other.passive_at is not None and other.by_at is None and (
            other.strength not in (Strength.MUST, Strength.NEED, Strength.SHOULD)):
        return False  # what is done is no order to do it
    said, known = range(len(part.words)), range(len(other.words))
    asked = part.active() if is_turned else list(said)
    there = other.active() if is_turned else list(known)
    words = [part.words[at] for at in asked]
    words = [each for each in words if each in other.words or each[0] not in above]
    left = iter([other.words[at] for at in there])
    return all(each in left for each in words) and all(
        other.words[at] in words or other.words[at][0] in above for at in there if other.needed[at])


def strange(sentence: str, whole: str) -> Iterator[str]:
    """Letters of other scripts, and signs that nobody sees, which are not in the passages."""
    for letter in sentence:
        if ord(letter) > 0x24F and letter not in whole and unicodedata.category(letter)[0] in "LMNC":
            yield letter
