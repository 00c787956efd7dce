"""Dates as people type them, and as we say them back.

One grammar: `_READERS`, a list of shapes tried in turn. Words without the shape of a date are None; words
that have it but name no day, two days or a span ("31 feb", "03/04", "next week") are refused with the reason.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Final

from handlers.chat.errors import Refused
from handlers.people.calendar import Calendar

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
                 "October", "November", "December")

_DAY: Final = timedelta(days=1)
_LOOK_BACK: Final = timedelta(days=30)       # "20 nov" typed on 21 Nov was yesterday, not next year
_FAR: Final = timedelta(days=183)            # beyond this a date in another year is said with its year
_FURTHEST_DAYS: Final = 3660                 # "+3d" up to ten years
_YEARS: Final = range(2000, 2100)
_LONGEST: Final = 8                          # words: "on fri , the 27th of november 2026"
_SHOWN: Final = 40                           # characters of what was typed that a refusal repeats


def read_date(text: str, today: date, calendar: Calendar) -> date:
    """The day that `text` names; all of it must be the date.

    A weekday is the next such day after today. A day and month without a year is the next such date from 30
    days ago on, so what has just passed reads as past. Raises Refused with what was typed and what works.
    """
    try:
        found = _find(simplified(text), today, calendar)
    except _Wrong as wrong:
        raise _refused(text, wrong, today, calendar) from None
    if found is None:
        raise _refused(text, None, today, calendar)
    return found


def read_leading_date(words: Sequence[str], today: date, calendar: Calendar) -> tuple[date, int] | None:
    """The date that `words` begin with and how many of them it takes; None if they begin with none.

    The longest reading wins: in "27 nov 2026 because" the year belongs to the date. Raises Refused where the
    words have the shape of a date but name no single day.
    """
    for count in range(min(len(words), _LONGEST), 0, -1):
        typed = " ".join(words[:count])
        try:
            found = _find(simplified(typed), today, calendar)
        except _Wrong as wrong:
            raise _refused(typed, wrong, today, calendar) from None
        if found is not None:
            return found, count
    return None


def read_moment(text: str, today: date, calendar: Calendar) -> tuple[date, time]:
    """The day and wall-clock time that `text` names, in either order: "fri 14:30", "27 nov at 2pm".

    The time belongs to whoever's calendar it is: `calendar.at(*read_moment(...))` is the moment.
    """
    plain = simplified(text)
    match = _TIME_LAST.fullmatch(plain) or _TIME_FIRST.fullmatch(plain)
    try:
        day = _find(match["day"] if match else plain, today, calendar)
        if day is not None and match is not None:
            return day, _time(match["hour"], match["minute"], match["half"])
    except _Wrong as wrong:
        raise _refused(text, wrong, today, calendar, at=" 14:30") from None
    raise _refused(text, _Wrong("the time is missing") if day else None, today, calendar, at=" 14:30")


def say_date(day: date, today: date) -> str:
    """'Fri 27 Nov', with the year where it is another one and over six months away."""
    said = f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"
    return f"{said} {day.year}" if day.year != today.year and abs(day - today) > _FAR else said


def say_due(due: date, today: date, calendar: Calendar) -> str:
    """'today', 'tomorrow', 'yesterday', 'Fri 27 Nov', '8 working days late'.

    A due date that only a weekend or holidays have followed is not late: it is said as its date.
    """
    match (due - today).days:
        case 0:
            return "today"
        case 1:
            return "tomorrow"
        case -1:
            return "yesterday"
    late = late_by(due, today, calendar)
    if late:
        return f"{late} working day{'s' if late > 1 else ''} late"
    return say_date(due, today)


def late_by(due: date, today: date, calendar: Calendar) -> int:
    """Working days between the due date and today; 0 when due today, later, or just before a weekend."""
    return max(0, calendar.between(due, today))


def shown(text: str) -> str:
    """What somebody typed as a refusal repeats it: on one line, nothing invisible, at most 40 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:400]).split())
    return line if len(line) <= _SHOWN else line[:_SHOWN - 1].rstrip() + "…"


def simplified(text: str) -> str:
    """Lower case, ASCII digits and dashes, single spaces; no commas, quotes, brackets or invisible signs."""
    signs = []
    for sign in unicodedata.normalize("NFKC", text[:400]):
        if sign.isdecimal():
            signs.append(str(unicodedata.decimal(sign)))
        elif unicodedata.category(sign) == "Pd" or sign == "\N{MINUS SIGN}":
            signs.append("-")
        elif sign in ",;":
            signs.append(" ")
        elif unicodedata.category(sign) not in ("Cf", "Cc") or sign.isspace():
            signs.append(sign)
    return " ".join("".join(signs).casefold().split()).strip(" \"'`“”‘’„«»()[]<>*_!:")


class _Wrong(ValueError):
    """Shaped like a date, but none; says why, to go after "is not a date: "."""


class _Ambiguous(_Wrong):
    """Two dates; says which, to go after what was typed."""


@dataclass(frozen=True, slots=True)
class _Here:
    """Where and when it is typed."""

    today: date
    calendar: Calendar


_Reader = Callable[[re.Match[str], _Here], date | None]


def _find(plain: str, today: date, calendar: Calendar) -> date | None:
    """The date of exactly these words; None if they have no such shape."""
    if not plain or len(plain) > 60:
        return None
    here = _Here(today, calendar)
    for pattern, reader in _READERS:
        match = pattern.fullmatch(plain) or pattern.fullmatch(plain.rstrip("."))
        if match and (found := reader(match, here)) is not None:
            return found
    return None


def _refused(text: str, wrong: _Wrong | None, today: date, calendar: Calendar, at: str = "") -> Refused:
    typed = shown(text)
    if isinstance(wrong, _Ambiguous):
        return Refused(f"“{typed}” {wrong}")
    what = "a day and a time" if at else "a date"
    day = calendar.next_working(today + 2 * _DAY)
    weekday, month = WEEKDAYS[day.weekday()][:3].lower(), MONTHS[day.month - 1][:3].lower()
    works = f"Write it like `{weekday}{at}`, `{day.day} {month}{at}` or `{day}{at}`."
    if not typed:
        return Refused(f"{what.capitalize()} is missing. {works}")
    return Refused(f"“{typed}” is not {what}: {wrong}. {works}" if wrong else
                   f"I cannot read “{typed}” as {what}. {works}")


# What each shape means. None: not that shape after all; _Wrong: that shape, but no day.

def _named(match: re.Match[str], here: _Here) -> date:
    return here.today + _NAMES[match[0]] * _DAY


def _weekday(match: re.Match[str], here: _Here) -> date | None:
    wanted = _lookup(match["weekday"], WEEKDAYS)
    if wanted is None:
        return None
    return here.today + ((wanted - here.today.weekday() - 1) % 7 + 1) * _DAY


def _weekday_next_week(match: re.Match[str], here: _Here) -> date | None:
    wanted = _lookup(match["weekday"], WEEKDAYS)
    if wanted is None:
        return None
    return here.today + (7 - here.today.weekday() + wanted) * _DAY


def _weekday_and_date(match: re.Match[str], here: _Here) -> date | None:
    wanted = _lookup(match["weekday"], WEEKDAYS)
    if wanted is None:
        return None
    for pattern, reader in _DATES:
        if (rest := pattern.fullmatch(match["rest"])) and (found := reader(rest, here)) is not None:
            if found.weekday() != wanted:
                # Without a year it may be the next one: at the new year, "Wed 2 Dec" is not a month ago.
                later = reader(rest, replace(here, today=found + _LOOK_BACK + _DAY))
                if later is not None and later.weekday() == wanted:
                    return later
                raise _Wrong(f"{found.day} {MONTHS[found.month - 1]} {found.year} is a "
                             f"{WEEKDAYS[found.weekday()]}, not a {WEEKDAYS[wanted]}")
            return found
    return None


def _month_end(match: re.Match[str], here: _Here) -> date:
    return here.today.replace(day=monthrange(here.today.year, here.today.month)[1])


def _week_end(match: re.Match[str], here: _Here) -> date:
    return here.today + (4 - here.today.weekday()) % 7 * _DAY


def _span(match: re.Match[str], here: _Here) -> date:
    raise _Wrong("it is several days, name one of them")


def _ahead(match: re.Match[str], here: _Here) -> date:
    number = match["number"]
    n = _NUMBERS.get(number) or int(number)
    unit = match.lastgroup or ""
    if n * _UNIT_DAYS[unit] > _FURTHEST_DAYS:
        raise _Wrong("it is more than ten years away")
    if unit == "working":
        return here.calendar.add(here.today, n)
    if unit == "months":
        year, month = divmod(here.today.year * 12 + here.today.month - 1 + n, 12)
        return date(year, month + 1, min(here.today.day, monthrange(year, month + 1)[1]))
    return here.today + n * _UNIT_DAYS[unit] * _DAY


def _iso(match: re.Match[str], here: _Here) -> date:
    return _on(int(match["day"]), int(match["month"]), int(match["year"]))


def _dotted(match: re.Match[str], here: _Here) -> date:
    day, month = int(match["day"]), int(match["month"])
    return _on(day, month, _century(match["year"])) if match["year"] else _next(day, month, here.today)


def _month_named(match: re.Match[str], here: _Here) -> date | None:
    month = _lookup(match["month"], MONTHS)
    if month is None:
        return None
    day = int(match["day"])
    year = match["year"]
    return _on(day, month + 1, _century(year)) if year else _next(day, month + 1, here.today)


def _slashed(match: re.Match[str], here: _Here) -> date:
    """Nobody can tell day and month apart in 03/04: read only where one of both readings is a date."""
    readings = []
    for day, month in ((match["a"], match["b"]), (match["b"], match["a"])):
        try:
            readings.append(_on(int(day), int(month), _century(match["year"])) if match["year"]
                            else _next(int(day), int(month), here.today))
        except _Wrong as wrong:
            why = wrong
    if not readings:
        raise why
    if readings[0] != readings[-1]:
        spoken = " or ".join(f"{day.day} {MONTHS[day.month - 1]}" for day in readings)
        raise _Ambiguous(f"can mean {spoken}. Write `{readings[0]}` or `{readings[1]}`.")
    return readings[0]


def _next(day: int, month: int, today: date) -> date:
    """The first such date from 30 days ago on; 29 February may be up to eight years off."""
    first = today - _LOOK_BACK
    if month == 2 and day > 29:
        raise _Wrong("February has at most 29 days")
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(2000, month)[1]:
        return _on(day, month, 2000)             # refuses it
    for year in range(first.year, first.year + 9):
        if day <= monthrange(year, month)[1] and (found := date(year, month, day)) >= first:
            return found
    raise _Wrong("there is no such day within eight years")


def _on(day: int, month: int, year: int) -> date:
    if year not in _YEARS:
        raise _Wrong(f"the year must be from {_YEARS[0]} to {_YEARS[-1]}")
    if not 1 <= month <= 12:
        raise _Wrong(f"there is no month {month}")
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        of = f" {year}" if (month, day) == (2, 29) else ""
        raise _Wrong(f"{MONTHS[month - 1]}{of} has {last} days")
    return date(year, month, day)


def _time(hour: str, minute: str | None, half: str | None) -> time:
    h, m = int(hour), int(minute or 0)
    if half:
        if not 1 <= h <= 12:
            raise _Wrong(f"there is no {h} o'clock {half[0]}m")
        h = h % 12 + (12 if half[0] == "p" else 0)
    if h > 23 or m > 59:
        raise _Wrong(f"there is no time {h}:{m:02}")
    return time(h, m)


def _century(year: str) -> int:
    return int(year) + (2000 if len(year) == 2 else 0)


def _lookup(word: str, names: Sequence[str]) -> int | None:
    """Which of the names that word is or begins, from three letters on."""
    word = word.removesuffix(".")
    if word == "weds":
        word = "wed"
    found = [n for n, name in enumerate(names) if len(word) >= 3 and name.lower().startswith(word)]
    return found[0] if len(found) == 1 else None


_NAMES: Final = {"yesterday": -1, "today": 0, "tomorrow": 1, "tmrw": 1, "tmr": 1,
                 "day after tomorrow": 2, "the day after tomorrow": 2}
_NUMBERS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
                   "seven": 7, "eight": 8, "nine": 9, "ten": 10}

_UNIT: Final = (r"(?:(?P<working>wds?|bds?|(?:working|business)[ -]?days?|workdays?)"
                r"|(?P<days>d|days?)|(?P<weeks>w|wks?|weeks?)|(?P<months>mo|months?))")
_UNIT_DAYS: Final = {"working": 1, "days": 1, "weeks": 7, "months": 30}      # at least
_WEEKDAY: Final = r"(?:on )?(?P<weekday>[a-z]{3,9})\.?"


def _shapes(*shapes: tuple[str, _Reader]) -> tuple[tuple[re.Pattern[str], _Reader], ...]:
    return tuple((re.compile(pattern, re.ASCII), reader) for pattern, reader in shapes)


_DATES: Final = _shapes(
    (r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})", _iso),
    (r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?: ?(?P<year>\d{4}|\d\d))?", _dotted),
    (r"(?P<day>\d\d)\.(?P<month>\d\d)(?P<year>)", _dotted),          # "1.5 days" is a number, "27.11" a date
    (r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<year>\d{4}|\d\d))?", _slashed),
    (r"(?P<a>\d{1,2})-(?P<b>\d{1,2})-(?P<year>\d{4}|\d\d)", _slashed),
    (r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?[-/ ]?(?:of )?(?P<month>[a-z]{3,9})\.?"
     r"(?:[-/ ]?(?P<year>(?:19|20)\d\d))?", _month_named),
    (r"(?P<day>\d{1,2})[-/](?P<month>[a-z]{3,9})[-/](?P<year>\d\d)", _month_named),
    (r"(?P<month>[a-z]{3,9})\.?[-/ ]?(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?"
     r"(?:[-/ ](?P<year>(?:19|20)\d\d))?", _month_named),
)
_READERS: Final = (
    *_shapes(
        ("|".join(_NAMES), _named),
        (r"(?:(?:on|this|next|coming) )*(?P<weekday>[a-z]{3,9})", _weekday),
        (_WEEKDAY + r" (?:of )?next week", _weekday_next_week),
        (r"next week (?:on )?(?P<weekday>[a-z]{3,9})", _weekday_next_week),
        (r"(?:this|next) (?:week|month|quarter|year)", _span),
        (r"(?:the )?end of (?:the |this )?month|eom|month end", _month_end),
        (r"(?:the )?end of (?:the |this )?week|eow", _week_end),
        (rf"(?:\+ ?|in )?(?P<number>\d+) ?{_UNIT}", _ahead),
        (rf"in (?P<number>{'|'.join(_NUMBERS)}) {_UNIT}", _ahead),
    ),
    *((re.compile("(?:on )?" + pattern.pattern, re.ASCII), reader) for pattern, reader in _DATES),
    *_shapes((_WEEKDAY + r" (?P<rest>.+)", _weekday_and_date)),
)

_CLOCK: Final = (r"(?=\d+:|\d+ ?[ap])(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?"
                 r"(?: ?(?P<half>[ap]\.?m\.?))?")
_TIME_LAST: Final = re.compile(rf"(?P<day>.*?)(?:(?<=\d)t| (?:at |@ ?)?){_CLOCK}", re.ASCII)
_TIME_FIRST: Final = re.compile(rf"(?:at )?{_CLOCK} (?P<day>.*)", re.ASCII)
