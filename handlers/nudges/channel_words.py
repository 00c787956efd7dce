"""A channel's nudge as people type it: days, a time, a zone, whom it names, what it shows, on and off.

One grammar: the line is cut into phrases, longest first (`_PHRASES`), and each phrase changes the settings. A
word that is in none of them is refused with what to type. Days apply to the stage the pilot is in and to all
that follow, unless `week one` or `later` stands beside them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Final

from handlers.chat.errors import Refused, inside
from handlers.people.calendar import Calendar
from handlers.people.countries import zone_called
from handlers.people.dates import WEEKDAYS, simplified
from handlers.pilots.rhythm import Naming, Part, Rhythm, weekend

COMMAND: Final = "/pilot channel-nudge"
EXAMPLES: Final = "`mon thu 9:30`, `weekdays 10am`, `berlin time`, `role only`, `without late`, `off`"
EARLIEST, LATEST = time(6), time(20)
"""Nobody is spoken to at night."""

_WORKDAYS: Final = frozenset(range(5))
_FILLERS: Final = frozenset({"on", "at", "every", "each", "and", "the", "in", "to", "please", "for", "as",
                             "und", "am", "um"})
_LONGEST: Final = 5      # words of a phrase
_SPAN: Final = re.compile(r"(?:from )?([a-z]+) ?(?:-|to|till|until|through|bis) ?([a-z]+)")
_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm|a\.m\.?|p\.m\.?|h|uhr|o'clock)?")


@dataclass(slots=True)
class Reading:
    """What a line has changed so far."""

    was: Rhythm
    is_week_one: bool
    """The pilot is in week one, or before it."""
    now: Rhythm
    days: frozenset[int] | None = None
    """Days that no `week one` or `later` was said of yet."""
    scope: str | None = None
    """The one that was said before its days."""
    only: set[Part] = field(default_factory=set)


def begins_at(words: Sequence[str]) -> int:
    """At which of these words the settings begin; what stands before is a pilot's name."""
    plain = [simplified(word).strip(",;:.") for word in words]
    for at in range(len(words)):
        if _part(plain[at]) is None and _phrase(plain[at:]) is not None:
            while at and plain[at - 1] in _FILLERS:
                at -= 1
            return at
    return len(words)


def read_settings(text: str, was: Rhythm, *, is_week_one: bool) -> Rhythm:
    """The settings as `text` changes them. Raises Refused with the first word that says nothing here."""
    reading = Reading(was, is_week_one, was)
    words = _words(text)
    while words:
        if words[0] in _FILLERS and _phrase(words) is None:
            words = words[1:]
            continue
        found = _phrase(words)
        if found is None:
            raise _unknown(words)
        count, change = found
        change(reading, words[:count])
        words = words[count:]
    _take_days(reading)
    if reading.only:
        reading.now = replace(reading.now, parts=frozenset(reading.only))
    return reading.now


def check_words(text: str) -> None:
    """Raises Refused with the first word that says nothing here."""
    words = _words(text)
    for at, word in enumerate(words):
        if word not in _FILLERS and (_part(word) is not None or _phrase(words[at:]) is None):
            raise _unknown(words[at:])


def check(rhythm: Rhythm, calendar: Calendar, today: date) -> None:
    """Raises Refused, with what is wrong at which field of the form, where these settings cannot be.

    `calendar` is the channel's, as they make it.
    """
    wrong = {}
    if not EARLIEST <= rhythm.at < LATEST:
        wrong["at"] = (f"{rhythm.at:%H:%M} is too early or too late to speak to people. Give a time from "
                       f"{EARLIEST:%H:%M} to {LATEST:%H:%M}, such as `9:30`.")
    if not rhythm.parts:
        wrong["parts"] = ("Then nothing would be left to show. Keep one of roles, briefings, due and late; "
                          f"`{COMMAND} off` silences it.")
    if not rhythm.week_one and not rhythm.later:
        wrong["later"] = f"Say on which days, such as `mon thu`; `{COMMAND} off` silences it."
    free = weekend(calendar, today)
    for field_id, days in (("week_one", rhythm.week_one), ("later", rhythm.later)):
        if days & free:
            names = " and ".join(WEEKDAYS[day] for day in sorted(days & free))
            wrong[field_id] = (f"{names} is not worked where the channel is ({rhythm.zone}). Choose other "
                               "days, such as `mon thu`.")
    if wrong:
        raise Refused(" ".join(dict.fromkeys(wrong.values())), fields=wrong)


def _words(text: str) -> list[str]:
    plain = simplified(text.replace("(", " ").replace(")", " "))
    plain = re.sub(r"\s*&\s*|\s*\+\s*", " and ", plain)
    return [word for raw in plain.split() if (word := raw.strip(",;:.") or "")]


_Change = Callable[[Reading, Sequence[str]], None]


def _phrase(words: Sequence[str]) -> tuple[int, _Change] | None:
    """The longest phrase that these words begin with: how many words it takes and what it does."""
    for count in range(min(_LONGEST, len(words)), 0, -1):
        said = " ".join(words[:count])
        for reads in _READERS:
            if (change := reads(said)) is not None:
                return count, change
    return None


def _unknown(words: Sequence[str]) -> Refused:
    word = inside(words[0][:40])
    if any(word in said for said in _PARTS.values()):
        return Refused(f"Should `{word}` be shown or not? Say `with {word}`, `without {word}` or `only "
                       f"{word}`. So that nobody is named: `role only`.")
    if zone_called(word) is not None:
        return Refused(f"If you mean the hours of {word.title()}, say `{word} time`.",
                       choices=((f"{word.title()} time", f"{COMMAND} {word} time"),))
    if word.isdecimal() or _CLOCK.fullmatch(word):
        return Refused(f"`{word}` is no time of the day. Say `9:30`, `10am` or `at 10`.")
    return Refused(f"I do not know `{word}` here. I know days, a time, a place, whom to name and what to "
                   f"show: {EXAMPLES}. A pilot's name comes first, in quotes where it is not clear.",
                   choices=(("Show the settings", COMMAND),))


# ---- days --------------------------------------------------------------------------------------------------

_SPANS: Final = {
    "weekdays": _WORKDAYS, "weekday": _WORKDAYS, "workdays": _WORKDAYS, "workday": _WORKDAYS,
    "working days": _WORKDAYS, "working day": _WORKDAYS, "working morning": _WORKDAYS,
    "working mornings": _WORKDAYS, "daily": _WORKDAYS, "morning": _WORKDAYS, "mornings": _WORKDAYS,
    "day": _WORKDAYS, "every day": _WORKDAYS, "every morning": _WORKDAYS, "each morning": _WORKDAYS,
    "every working day": _WORKDAYS, "every weekday": _WORKDAYS, "every workday": _WORKDAYS,
    "weekly": frozenset({0}), "once a week": frozenset({0}), "twice a week": frozenset({0, 3}),
}
_SCOPES: Final = {
    "week one": "week_one", "week 1": "week_one", "first week": "week_one", "in week one": "week_one",
    "during week one": "week_one", "in the first week": "week_one", "weekone": "week_one",
    "later": "later", "after": "later", "afterwards": "later", "after that": "later", "then": "later",
    "after week one": "later", "from then on": "later", "after the first week": "later",
}


def _day(word: str) -> int | None:
    bare = word.removesuffix("s") if len(word) > 4 else word
    found = [n for n, name in enumerate(WEEKDAYS) if len(bare) >= 3 and name.casefold().startswith(bare)]
    return found[0] if len(found) == 1 else {"mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "weds": 2}.get(word)


def _reads_days(said: str) -> _Change | None:
    days = _SPANS.get(said)
    if days is None and (day := _day(said)) is not None:
        days = frozenset({day})
    if days is None and (ends := _SPAN.fullmatch(said)):
        first, last = _day(ends[1]), _day(ends[2])
        if first is not None and last is not None:
            days = frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))
    if days is None and "/" in said and all(part for part in said.split("/")):
        each = [_day(part) for part in said.split("/")]
        days = frozenset(day for day in each if day is not None) if None not in each else None
    if days is None:
        return None
    wanted = days

    def change(reading: Reading, _: Sequence[str]) -> None:
        reading.days = wanted | (reading.days or frozenset())

    return change


def _reads_scope(said: str) -> _Change | None:
    scope = _SCOPES.get(said)
    if scope is None:
        return None

    def change(reading: Reading, _: Sequence[str]) -> None:
        if reading.days is not None and reading.scope is None:      # "weekdays in week one"
            _set_days(reading, scope)
        else:                                                       # "week one: weekdays"
            _take_days(reading)
            reading.scope = scope

    return change


def _take_days(reading: Reading) -> None:
    """Days go to what was said before them; with nothing said, to the present stage and all that follow."""
    if reading.days is None:
        return
    if reading.scope is not None:
        _set_days(reading, reading.scope)
        return
    days = reading.days
    if reading.is_week_one:
        _set_days(reading, "week_one")
    reading.days = days
    _set_days(reading, "later")


def _set_days(reading: Reading, scope: str) -> None:
    assert reading.days is not None
    _change(reading, is_on=True, **{scope: reading.days})
    reading.days, reading.scope = None, None


# ---- time and place ----------------------------------------------------------------------------------------

_NAMED_TIMES: Final = {"noon": time(12), "midday": time(12)}


def read_clock(said: str) -> time | None:
    """'9:30', '9.30', '10am', '10 uhr'; a bare number is no time."""
    if said in _NAMED_TIMES:
        return _NAMED_TIMES[said]
    match = _CLOCK.fullmatch(said)
    if match is None or (match[2] is None and match[3] is None):
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "")[:1]
    if half in ("a", "p") and match[3] not in ("h",):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _reads_time(said: str) -> _Change | None:
    begun = said.removeprefix("at ").removeprefix("um ")
    at = read_clock(begun)
    if at is None and begun != said and begun.isdecimal() and len(begun) <= 2 and int(begun) < 24:
        at = time(int(begun))
    if at is None:
        return None
    wanted = at
    return lambda reading, _: _change(reading, at=wanted)


def read_zone(said: str) -> str | None:
    """The zone that is meant: its own name in any case, or the city that its name ends in."""
    return zone_called(said.removesuffix(" time").removesuffix(" zeit").strip())


def _reads_zone(said: str) -> _Change | None:
    is_named = said.endswith((" time", " zeit")) or "/" in said or said in ("utc", "gmt")
    zone = read_zone(said) if is_named else None
    if zone is None:
        return None
    return lambda reading, _: _change(reading, zone=zone)


# ---- whom it names, what it shows, on and off --------------------------------------------------------------

_NAMINGS: Final = {
    Naming.MENTION: ("mention", "mentions", "with mentions", "with mention", "mention owners",
                     "mention people", "mention them", "ping", "pings", "with pings", "by mention",
                     "@mentions", "@mention"),
    Naming.NAME: ("name", "names", "names only", "name only", "by name", "with names", "only names",
                  "no mentions", "no mention", "without mentions", "without mention", "no pings", "no ping",
                  "without pings", "do not mention", "don't mention", "use names"),
    Naming.ROLE: ("role only", "by role", "no names", "without names", "only role", "only the role",
                  "roles not names", "no name", "use roles"),
}
_PARTS: Final = {
    Part.ROLES: ("roles", "missing roles", "empty roles", "empty seats", "seats", "role gaps"),
    Part.BRIEFINGS: ("briefings", "briefing", "the briefings"),
    Part.DUE: ("due", "due items", "what is due", "what's due"),
    Part.LATE: ("late", "overdue", "late items", "overdue items", "what is late", "what's late"),
}
_ON: Final = ("on", "start", "resume", "turn on", "switch on", "again", "unmute")
_OFF: Final = ("off", "stop", "never", "none", "turn off", "switch off", "mute", "no nudges", "no nudge",
               "aus")
_EVERYTHING: Final = ("everything", "all", "show everything", "with everything", "show all")


def _reads_naming(said: str) -> _Change | None:
    naming = next((each for each, phrases in _NAMINGS.items() if said in phrases), None)
    return None if naming is None else lambda reading, _: _change(reading, naming=naming)


def _reads_parts(said: str) -> _Change | None:
    if said in _EVERYTHING:
        return lambda reading, _: _change(reading, parts=frozenset(Part))
    verb, _, what = said.partition(" ")
    part = _part(what)
    if part is None:
        return None
    if verb in ("with", "show", "add", "mit", "include"):
        return lambda reading, _: _change(reading, parts=reading.now.parts | {part})
    if verb in ("without", "no", "not", "hide", "ohne", "except", "skip"):
        return lambda reading, _: _change(reading, parts=reading.now.parts - {part})
    if verb == "only":
        return lambda reading, _: reading.only.add(part)
    return None


def _reads_more(said: str) -> _Change | None:
    """Behind `only due` or `without late`, `and briefings` goes the same way."""
    verb, _, what = said.partition(" ")
    part = _part(what) if verb in ("and", "or", "nor") else _part(said)
    if part is None:
        return None

    def change(reading: Reading, words: Sequence[str]) -> None:
        if reading.only:
            reading.only.add(part)
        elif reading.now.parts < reading.was.parts:
            _change(reading, parts=reading.now.parts - {part})
        elif reading.now.parts > reading.was.parts:
            _change(reading, parts=reading.now.parts | {part})
        else:
            raise _unknown(words[-1:])

    return change


def _part(said: str) -> Part | None:
    return next((part for part, phrases in _PARTS.items() if said in phrases), None)


def _reads_switch(said: str) -> _Change | None:
    if said in _ON:
        return lambda reading, _: _change(reading, is_on=True)
    if said in _OFF:
        return lambda reading, _: _change(reading, is_on=False)
    return None


def _change(reading: Reading, **values: object) -> None:
    reading.now = replace(reading.now, **values)  # type: ignore[arg-type]


_READERS: Final = (_reads_days, _reads_scope, _reads_time, _reads_naming, _reads_parts, _reads_more,
                   _reads_switch, _reads_zone)
