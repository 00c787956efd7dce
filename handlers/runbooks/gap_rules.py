"""What is missing in runbooks, the most harmful first.

A gap is one of five: a question that nothing answered helpfully, an alert without a runbook, a page that
nobody wrote (a stub), a page that nobody changed for long, a page whose commands name what is not there any
more.

**Expected harm** = need x weight x chance, so that all kinds stand in one list:

- *need*, how often it will be wanted: ``log2(1 + n)``, where each time counts one if it was now and half as
  much for every 30 days since (`HALF_LIFE`). Times are: a question asked in vain; an alert that opened; of
  a page, the questions that showed it and the alerts whose runbook it is, and 0.25 besides, because nobody
  asks for what they do not know of. The logarithm keeps a flapping alert from hiding all else.
- *weight*, how bad it is then: of an alert critical 4, error 3, warning 2, info 1 (`WEIGHTS`); of a
  question 2, asked from an alert that alert's weight, but no less; times ``1 + log2(people)/2``, because
  several who do not know are worse than one who asks again; of a page the heaviest alert it is for, 1 at
  least.
- *chance* that whoever needs it finds nothing right: a question without anything found or said to be
  written nowhere 1, shown what was not it 0.8, shown the closest 0.5, halved where it was answered since
  and nobody said whether that helped; an alert without a page 1, with a link to a page we do not read 0.3;
  a stub 0.9; a page naming what is gone 0.8, or 0.4 where it was never heard of; an old page ``0.5 x (1 -
  2^-(age/limit))``.

The numbers are judgement, not measurement; what they rank is what they are for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from math import log2
from types import MappingProxyType
from typing import Final

from handlers.runbooks.service_names import Gone
from storage.runbook_gaps import Asked, Fired, Shelved

LOOKED_BACK: Final = timedelta(days=90)
"""Questions asked before are left out."""
ALERTS_WITHIN: Final = timedelta(days=30)
HALF_LIFE: Final = timedelta(days=30)
WEIGHTS: Final = (4.0, 3.0, 2.0, 1.0)
"""By an alert's rank: critical, error, warning, info."""
_QUESTION: Final = 2.0
_UNHEARD: Final = 0.25
_LONGEST_KEY: Final = 250


class Kind(StrEnum):
    QUESTION = "question"
    ALERT = "alert"
    STUB = "stub"
    OLD = "page"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing."""

    kind: Kind
    key: str
    """As it is remembered: ``alert:12:FeatureDrift``."""
    words: str
    """What it is about: the question, the alert's name, the page's title."""
    harm: float
    times: int = 0
    """How often it was asked or opened; of a page, how often it was wanted."""
    people: int = 0
    """Who asked."""
    last_at: datetime | None = None
    """When it was last asked, opened, or the page changed."""
    rank: int | None = None
    """Of an alert, the worst severity."""
    pilot_id: int | None = None
    """None: it belongs to what is shared."""
    page: str | None = None
    """``source/path``."""
    url: str | None = None
    owner: str | None = None
    """Who keeps the page, as page or source says."""
    gone: tuple[Gone, ...] = ()
    link: str | None = None
    """Of an alert: a runbook link to what we do not read."""
    answered_at: datetime | None = None
    """It was answered since, and nobody said whether that helped."""
    is_written_nowhere: bool = False
    """Somebody said so."""
    alert_id: int | None = None
    """The newest alert of the name."""

    @property
    def mark(self) -> str:
        return mark_of(self.key)


@dataclass(frozen=True, slots=True)
class Closed:
    """A gap that is no more."""

    words: str
    """How, for a sentence: ``answered helpfully``."""
    at: datetime | None = None
    page: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What gaps are found in."""

    now: datetime
    stale_after: timedelta
    questions: Sequence[Asked] = ()
    """Of the last 90 days."""
    fired: Sequence[Fired] = ()
    """Of the last 30 days."""
    pages: Sequence[Shelved] = ()
    runbook_of: Mapping[tuple[int | None, str], str] = field(default_factory=lambda: MappingProxyType({}))
    """Pilot and name of an alert to its page."""
    links: Mapping[tuple[int | None, str], str] = field(default_factory=lambda: MappingProxyType({}))
    """The same to a runbook link that leads to no page of ours."""
    gone: Mapping[int, tuple[Gone, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By page."""
    pilot_of: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Source to the pilot it belongs to; a source without one is shared."""
    owner_of: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Source to who keeps it."""
    known: frozenset[str] = frozenset()
    """Names of sources that the policy has: pages of others are on their way out."""
    rank_of: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    """Severity of alerts that questions were asked from."""


def mark_of(key: str) -> str:
    """A gap's key as a button takes it: 15 hexadecimal digits."""
    return sha256(key.encode()).hexdigest()[:15]


def key_of(kind: Kind, *parts: object) -> str:
    """How a gap is remembered, in 250 characters at most."""
    key = ":".join([kind.value, *map(str, parts)])
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:_LONGEST_KEY - 33]}:{sha256(key.encode()).hexdigest()[:32]}"


def found(facts: Facts) -> list[Gap]:
    """All gaps, the most harmful first."""
    gaps = [*_questions(facts), *_alerts(facts), *_pages(facts)]
    return sorted(gaps, key=lambda gap: (-gap.harm, gap.kind, gap.words, gap.key))


# ---- questions ---------------------------------------------------------------------------------------------


def asked_in(facts: Facts) -> dict[tuple[int, str], list[Asked]]:
    """Pilot and key to what was asked, newest first."""
    groups: dict[tuple[int, str], list[Asked]] = {}
    for row in sorted(facts.questions, key=lambda row: (row.asked_at, row.id or 0), reverse=True):
        groups.setdefault((row.pilot_id or 0, row.key), []).append(row)
    return groups


def _questions(facts: Facts) -> Iterable[Gap]:
    urls = urls_of(facts)
    for (pilot_id, key), rows in asked_in(facts).items():
        vain = []
        for row in rows:  # newest first, down to the last that helped
            if row.said == "helpful":
                break
            if _chance(row):
                vain.append(row)
        if not vain or not key:
            continue
        newest = vain[0]
        since = next((row.asked_at for row in rows if row.asked_at > newest.asked_at
                      and row.verdict == "answer" and not _chance(row)), None)
        people = len({row.asked_by for row in vain})
        weight = max([_QUESTION, *(_weight(facts.rank_of.get(row.alert_id or 0)) for row in vain)])
        weight *= 1 + log2(people) / 2
        chance = max(map(_chance, vain)) * (0.5 if since is not None else 1)
        yield Gap(Kind.QUESTION, key_of(Kind.QUESTION, pilot_id, key), newest.words,
                  _need(facts, (row.asked_at for row in vain)) * weight * chance, len(vain), people,
                  newest.asked_at, pilot_id=pilot_id or None, page=page_of(newest),
                  url=urls.get(page_of(newest) or ""),
                  answered_at=since, is_written_nowhere=any(row.said == "nobody_wrote" for row in vain))


def _chance(row: Asked) -> float:
    """That whoever asks this again finds nothing right; 0: it was answered."""
    if row.said == "helpful":
        return 0.0
    if row.said == "nobody_wrote" or row.verdict == "nothing":
        return 1.0
    if row.said == "not_it":
        return 0.8
    return 0.5 if row.verdict == "closest" else 0.0


def page_of(row: Asked) -> str | None:
    return f"{row.source}/{row.path}" if row.source and row.path else None


def urls_of(facts: Facts) -> Mapping[str, str | None]:
    """The address of each page."""
    return {each.key: each.url for each in facts.pages}


# ---- alerts ------------------------------------------------------------------------------------------------


def _alerts(facts: Facts) -> Iterable[Gap]:
    for each in facts.fired:
        who = (each.pilot_id, each.name)
        if who in facts.runbook_of:
            continue
        link = facts.links.get(who)
        need = log2(1 + each.times * _decay(facts.now - each.last_at))
        yield Gap(Kind.ALERT, key_of(Kind.ALERT, each.pilot_id or 0, each.name), each.name,
                  need * _weight(each.rank) * (0.3 if link else 1.0), each.times, last_at=each.last_at,
                  rank=each.rank, pilot_id=each.pilot_id, link=link, alert_id=each.newest)


def _weight(rank: int | None) -> float:
    return 0.0 if rank is None else WEIGHTS[min(max(rank, 0), len(WEIGHTS) - 1)]


# ---- pages -------------------------------------------------------------------------------------------------


def _pages(facts: Facts) -> Iterable[Gap]:
    wanted: dict[str, list[datetime]] = {}
    for row in facts.questions:
        if (page := page_of(row)) is not None:
            wanted.setdefault(page, []).append(row.asked_at)
    weights: dict[str, float] = {}
    for each in facts.fired:
        page = facts.runbook_of.get((each.pilot_id, each.name))
        if page is not None:
            wanted.setdefault(page, []).extend([each.last_at] * each.times)
            weights[page] = max(weights.get(page, 1.0), _weight(each.rank))
    for page_row in facts.pages:
        if page_row.source not in facts.known:
            continue
        times = wanted.get(page_row.key, [])
        need = _UNHEARD + _need(facts, times)
        for kind, chance in _faults(page_row, facts):
            yield Gap(kind, key_of(kind, page_row.key), page_row.title,
                      need * weights.get(page_row.key, 1.0) * chance, len(times),
                      last_at=page_row.changed_at, pilot_id=facts.pilot_of.get(page_row.source),
                      page=page_row.key, url=page_row.url,
                      owner=page_row.owner or facts.owner_of.get(page_row.source),
                      gone=facts.gone.get(page_row.id, ()) if kind is Kind.SERVICE else ())


def _faults(page: Shelved, facts: Facts) -> Iterable[tuple[Kind, float]]:
    if page.is_stub:
        yield Kind.STUB, 0.9
        return
    if missing := facts.gone.get(page.id):
        yield Kind.SERVICE, 0.8 if any(each.last_at is not None for each in missing) else 0.4
    if page.changed_at is not None and (age := facts.now - page.changed_at) > facts.stale_after:
        yield Kind.OLD, 0.5 * (1 - 2 ** -(age / facts.stale_after))


def _need(facts: Facts, moments: Iterable[datetime]) -> float:
    return log2(1 + sum(_decay(facts.now - each) for each in moments))


def _decay(age: timedelta) -> float:
    return float(0.5 ** (max(age, timedelta()) / HALF_LIFE))
