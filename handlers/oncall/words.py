"""Stretches of on-call as people type them: `until fri 10:00`, `sat 9:00 until sun 9:00`, `for 2h`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from handlers.chat.errors import Refused, inside
from handlers.oncall.records import plan_of
from handlers.oncall.rules import handover
from handlers.oncall.shifts import Stretch, Until
from handlers.people.calendar import Calendar
from handlers.people.dates import read_date, read_moment, shown, simplified
from storage.alerting import Rotation

_REF: Final = re.compile(r'(?:^|\s)(?:(?:in|of|for)\s+)?'
                         r'(?P<ref>[rp]:\d{1,15}|<#[^<>\s]+>|#[^\s\d]\S*|"[^"]+"|“[^”]+”)')
_ENDS: Final = re.compile(r"(?:^|\s)(?P<word>until|till|til|bis|for|to)\s+(?P<rest>.+)$",
                          re.IGNORECASE | re.DOTALL)
_SPAN: Final = re.compile(r"(?:\+|in |for )?\s*(?P<number>\d{1,4}) ?"
                          r"(?P<unit>m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)")
_TIME: Final = re.compile(r"(?:at )?(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>[ap]\.?m\.?)?")
_NAMED: Final = re.compile(r"\s(?:in|of) (?P<name>[^\d+\s].*)$", re.IGNORECASE)
_FILLERS: Final = {"for", "of", "in", "the", "shift", "it", "from", "now", "over", "rotation", "on", "call"}
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1),
                 "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Said:
    """What was typed.

    Attributes:
        name: which rotation or pilot, by name or reference; None: the one of the place.
        rest: the words without it, to be offered again.
    """

    name: str | None
    stretch: Stretch
    rest: str


@dataclass(frozen=True, slots=True)
class Here:
    """On whose clock it is typed, and when."""

    calendar: Calendar
    now: datetime


def read_until(text: str, here: Here) -> Said:
    """`[NAME] [until MOMENT]`. Raises Refused."""
    name, rest = _reference(text)
    before, ends = _halves(rest, here)
    words = [word for word in before.split() if word.casefold().strip(".,") not in _FILLERS]
    if name is None and words:
        name = " ".join(words)
    elif words:
        raise Refused(f"I do not understand `{inside(shown(' '.join(words)))}` here. Say until when, as in "
                      "`/oncall take until fri 10:00`.")
    return Said(name, Stretch(None, _moment(ends, here) if ends else None), f"until {ends}" if ends else "")


def read_stretch(text: str, here: Here) -> Said:
    """`FROM until TO [in NAME]`. Raises Refused where one of both moments is missing."""
    name, rest = _reference(text)
    if name is None and (found := _NAMED.search(rest)):
        name, rest = found["name"].strip(), rest[:found.start()]
    before, ends = _halves(rest, here)
    begins = re.sub(r"^from\s+", "", before.strip(), flags=re.IGNORECASE)
    if not ends or not begins:
        raise Refused("Say from when until when, as in `/oncall override @ana sat 9:00 until sun 9:00`; "
                      "`now` is a beginning too.")
    return Said(name, Stretch(_moment(begins, here), _moment(ends, here)), f"{begins} until {ends}")


def _reference(text: str) -> tuple[str | None, str]:
    """What names a rotation or pilot without doubt, without its quotes, and the rest."""
    found = _REF.search(text)
    if found is None:
        return None, text
    return found["ref"].strip('"“”'), f"{text[:found.start()]} {text[found.end():]}".strip()


def _halves(text: str, here: Here) -> tuple[str, str]:
    """What stands before `until` and what behind; `for 2 hours` is an end too, `for claims` is none."""
    found = _ENDS.search(text)
    while found is not None and found["word"].casefold() in ("for", "to") and not _is_moment(
            found["rest"], here):
        found = _ENDS.search(text, found.start("rest") - 1)
    return (text, "") if found is None else (text[:found.start()], found["rest"].strip())


def _is_moment(typed: str, here: Here) -> bool:
    try:
        _read(typed, here.calendar, here.now, lambda _: here.now)
    except Refused:
        return False
    return True


def _moment(typed: str, here: Here) -> Until:
    """Reads a moment after another. A time alone is the next such time, a day alone its hand-over.

    It counts from now, and from the other where that would be before it: `fri 9:00 until 17:00`; a span
    always counts from the other. Raises Refused at once where the words are none.
    """
    def read(rotation: Rotation, after: datetime) -> datetime:
        def by_hand(day: date) -> datetime:
            return handover(plan_of(rotation).schedule, day)

        if not _SPAN.fullmatch(simplified(typed)):
            found = _read(typed, here.calendar, here.now, by_hand)
            if found > after or after <= here.now:
                return found
        return _read(typed, here.calendar, after, by_hand)

    _read(typed, here.calendar, here.now, lambda _: here.now)
    return read


def _read(typed: str, calendar: Calendar, after: datetime, by_hand: Callable[[date], datetime]) -> datetime:
    plain, today = simplified(typed), calendar.today(after)
    if plain in ("now", "jetzt"):
        return after
    if span := _SPAN.fullmatch(plain):
        return _later(calendar, after, int(span["number"]), span["unit"][0])
    if (clock := _TIME.fullmatch(plain)) and (clock["minute"] or clock["half"]):
        return _next_time(calendar, after, clock, typed)
    try:
        return calendar.at(*read_moment(typed, today, calendar))
    except Refused as refusal:
        try:
            return by_hand(read_date(typed, today, calendar))
        except Refused:
            raise refusal from None


def _later(calendar: Calendar, after: datetime, number: int, unit: str) -> datetime:
    """So much later; days and weeks end at the same time on the clock."""
    if unit in "mh":
        return after + number * _UNITS[unit]
    local = calendar.local(after)
    return calendar.at(local.date() + number * _UNITS[unit], local.time().replace(tzinfo=None))


def _next_time(calendar: Calendar, after: datetime, clock: re.Match[str], typed: str) -> datetime:
    hour, minute = int(clock["hour"]), int(clock["minute"] or 0)
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"].startswith("p") else 0) if 1 <= hour <= 12 else 99
    if hour > 23 or minute > 59:
        raise Refused(f"“{shown(typed)}” is no time of a day. Write it like `16:30`.")
    today = calendar.today(after)
    at = calendar.at(today, time(hour, minute))
    return at if at > after else calendar.at(today + timedelta(days=1), time(hour, minute))
