"""Finds sections by a question. Built once, never changed: another state of the pages is another index."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from handlers.runbooks.values import NOTHING_FOUND, Entry, Found, Hit, Verdict

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Index:
    entries: tuple[Entry, ...] = ()

    def ask(self, question: str, *, at_most: int = 10, sources: Collection[str] | None = None,
            cosines: Mapping[int, float] | None = None) -> Found:
        """What is found, at best `at_most` sections.

        `sources`: only from these; None: from all. `cosines`: how near each section's meaning is to the
        question's, by the section's number, -1 to 1; None: words alone decide.
        """
        words = {each.lower() for each in _WORD.findall(question)}
        hits = []
        for entry in self.entries:
            if sources is not None and entry.source not in sources:
                continue
            held = {each.lower() for each in _WORD.findall(" ".join((*entry.path, entry.text, entry.code)))}
            if words & held:
                hits.append(Hit(entry, len(words & held) / len(words)))
        if not hits:
            return NOTHING_FOUND
        hits.sort(key=lambda hit: -hit.score)
        best = hits[0].score
        verdict = Verdict.ANSWER if best > 0.6 else Verdict.CLOSEST if best > 0.3 else Verdict.NOTHING
        return Found(tuple(hits[:at_most]), best, verdict)

    def changed(self, gone: Collection[str], entries: Iterable[Entry]) -> Index:
        """Without the pages `gone`, and with these sections."""
        return Index((*(each for each in self.entries if each.page not in gone), *entries))


def built(entries: Iterable[Entry], synonyms: Sequence[Sequence[str]] = ()) -> Index:
    """An index of these sections. Takes a processor: call it off the event loop."""
    return Index(tuple(entries))
