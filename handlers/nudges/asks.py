"""What a digest says about one item: how it stands, what hangs on it, and what is asked for at this step."""

from collections.abc import Mapping, Sequence
from datetime import date

from handlers.chat.cards import Line, Mono, line
from handlers.chat.wording import Words
from handlers.nudges import ladder
from handlers.nudges.circle import is_away
from handlers.nudges.matter import Matter, Telling
from handlers.nudges.mornings import Mornings
from handlers.nudges.policy import LADDER, Step, To
from handlers.nudges.rules import Point
from handlers.nudges.said import (
    People,
    clock_time,
    consequence,
    name_of,
    passed_slot,
    role_title,
    say_day,
    working_days,
)
from handlers.people.calendar import Calendar
from handlers.people.dates import late_by
from storage.models import Item, Person


def lines(point: Point, matter: Matter, reader: Person, people: People, mornings: Mornings,
          words: Words) -> tuple[Line, ...]:
    """The lines below an item's name."""
    why_them = _why_them(point, matter, reader, people, mornings.today, words)
    if point.step in (*LADDER, Step.STAND_IN):
        said = _heads_up(point, matter, people, mornings, words)
    else:
        said = line(" ".join((standing(point.item, mornings.today, mornings.calendar, words),
                              consequence(point.item, point.pilot, words),
                              _question(point, matter, reader, mornings, words))))
    return (said,) if why_them is None else (why_them, said)


def standing(item: Item, today: date, calendar: Calendar, words: Words) -> str:
    due = item.due_on or today
    if due == today:
        return words.text("Due today.")
    if due > today:
        return words.text("Due {day}.", day=say_day(due, today, words))
    if (today - due).days == 1:
        return words.text("Was due yesterday.")
    late = late_by(due, today, calendar)
    day = words.day(due, today)
    if not late:
        return words.text("Was due {day}.", day=day)
    return words.count("Was due {day}, {number} working day ago.",
                       "Was due {day}, {number} working days ago.", late, day=day)


# ---- to whoever is asked -----------------------------------------------------------------------------------


def _question(point: Point, matter: Matter, reader: Person, mornings: Mornings, words: Words) -> str:
    item, today = point.item, mornings.today
    if slot := passed_slot(item, mornings.now):
        return words.text("Its slot was {moment}: was it held, or is there a new one?",
                          moment=clock_time(slot, mornings.calendar, words))
    if point.step is Step.WARN:
        return _warning(matter, reader, today, words)
    if item.blocked_by == reader.id:
        return (words.text("Can it go on today?") if item.due_on == today
                else words.text("When can it go on?"))
    if item.plan_on == today:
        return words.text("You planned it for today: still right?")
    if item.plan_on is not None:
        return words.text("You had planned it for {day}: what is the new day?",
                          day=words.day(item.plan_on, today))
    match point.step:
        case Step.INTRODUCE:
            return words.text("It is yours. When will you do it?")
        case Step.FOLLOW_UP:
            return words.text("No slot is chosen yet: which half hour suits you?")
    if item.due_on is not None and item.due_on < today:
        return words.text("New date, blocked, or someone else?")
    return (words.text("When today will you do it?") if item.due_on == today
            else words.text("When will you do it?"))


def _warning(matter: Matter, reader: Person, today: date, words: Words) -> str:
    """Who hears next and when, unless something happens: nobody is told on before they were warned."""
    telling, on = ladder.next_telling(matter), ladder.next_telling_on(matter)
    if telling is None or on is None or telling.to.id == reader.id:
        return words.text("Nobody else hears of it: a new date, blocked, or someone else?")
    what = words.text("a slot") if matter.is_briefing else words.text("a date")
    return words.text("I will let {person} ({role}) know {day} unless this has {what}.",
                      person=telling.to.name, role=_office(telling, matter.item, words),
                      day=_on(on, today, words), what=what)


def _on(day: date, today: date, words: Words) -> str:
    if (day - today).days == 1:
        return words.text("tomorrow")
    return words.text("on {day}", day=words.day(day, today))


def _office(telling: Telling, item: Item, words: Words) -> str:
    if telling.missing is not None or telling.step is Step.LEAD:
        return words.text("pilot lead")
    if telling.step is Step.SPONSOR:
        return words.text("sponsor")
    return words.text("head of {role}", role=role_title(item, words))


def _why_them(point: Point, matter: Matter, reader: Person, people: People, today: date,
              words: Words) -> Line | None:
    """Why somebody hears of what is not theirs."""
    item = point.item
    if point.step in (*LADDER, Step.STAND_IN) or item.owner_id == reader.id:
        return None
    if item.blocked_by == reader.id:
        return line(words.text("{owner} waits for you with this.",
                               owner=name_of(item.owner_id, people, words=words)))
    first = people.get(item.blocked_by or item.owner_id or "")
    if first is None:
        return words.spans("Nobody has it yet. {command} gives the role to somebody.",
                           command=Mono(f"/pilot team {item.role} @who"))
    if not first.is_active:
        return words.spans("{person} has left this workspace. {command} gives it to somebody else.",
                           person=first.name, command=Mono(f"/pilot assign {item.ref} @who"))
    if is_away(first, matter.now) and first.away_until is not None:
        return line(words.text("You stand in for {person}, who is back on {day}.", person=first.name,
                               day=words.day(first.away_until, today)))
    return None


# ---- to others ---------------------------------------------------------------------------------------------


def _heads_up(point: Point, matter: Matter, people: People, mornings: Mornings, words: Words) -> Line:
    item = point.item
    owner = name_of(item.blocked_by or item.owner_id, people, words=words)
    if point.step is Step.STAND_IN:
        said = words.text("{owner} has chosen no slot for this briefing. Could somebody else hold it?",
                          owner=owner)
    else:
        said = words.text("Heads-up: {standing} {owner} has no date yet. {consequence}",
                          standing=standing(item, mornings.today, mornings.calendar, words), owner=owner,
                          consequence=consequence(item, point.pilot, words))
    missing = _missing(point, matter)
    return line(said) if missing is None else (said, " ", *_what_is_missing(missing, item, words))


def _missing(point: Point, matter: Matter) -> To | None:
    """Which role should hear it instead, and nobody holds."""
    if point.step is Step.STAND_IN:
        to = To.HEAD
    else:
        rung = matter.policy.ladder.get(point.step)
        if rung is None:
            return None
        to = rung.to
    return to if to in (To.HEAD, To.SPONSOR) and matter.circle.hears(to, matter.item) is None else None


def _what_is_missing(missing: To, item: Item, words: Words) -> Line:
    if missing is To.SPONSOR:
        return words.spans("This is for a sponsor, and there is none: {command} names one.",
                           command=Mono("/pilot team sponsor @who"))
    role = role_title(item, words)
    return words.spans("This is for whoever heads {role}, and I know nobody: {command} names them.",
                       role=role, command=Mono(f"/pilot head {item.role} @who"))


def copies(points: Sequence[Point], matters: Mapping[int, Matter], today: date, words: Words) -> list[Line]:
    """To somebody concerned: who was told of what, a line for each of those."""
    told: dict[tuple[str, str] | None, list[Point]] = {}
    for point in points:
        told.setdefault(_told(point, matters[point.item.id], words), []).append(point)
    return [line("→ ", said) for to, of in told.items() for said in _copies(to, of, matters, today, words)]


def _copies(to: tuple[str, str] | None, points: Sequence[Point], matters: Mapping[int, Matter], today: date,
            words: Words) -> list[str]:
    named = [words.text("{item} ({pilot})", item=p.item.title, pilot=p.pilot.name) for p in points]
    late = [late_by(p.item.due_on or today, today, matters[p.item.id].calendar) for p in points]
    if to is None:
        return named
    if len(points) > 1:
        items = [words.text("{item}, {late} late", item=each, late=working_days(days, words)) if days
                 else words.text("{item}, no date", item=each)
                 for each, days in zip(named, late, strict=True)]
        return [words.text("I told {person} ({role}) about {number} things: {items}", person=to[0],
                           role=to[1], number=len(items), items="; ".join(items))]
    if late[0]:
        return [words.text("I told {person} ({role}) that this is {late} late: {item}", person=to[0],
                           role=to[1], late=working_days(late[0], words), item=named[0])]
    return [words.text("I told {person} ({role}) that this has no date: {item}", person=to[0], role=to[1],
                       item=named[0])]


def _told(point: Point, matter: Matter, words: Words) -> tuple[str, str] | None:
    """Who was told, and as what."""
    item, circle = point.item, matter.circle
    rung = matter.policy.ladder.get(point.step)
    to = circle.hears(rung.to, item) if rung is not None else None
    to = to or circle.lead(item)
    if to is None:
        return None
    if rung is None or rung.to is To.LEAD or to is circle.lead(item):
        return to.name, words.text("pilot lead")
    if rung.to is To.SPONSOR:
        return to.name, words.text("sponsor")
    return to.name, words.text("head of {role}", role=role_title(item, words))
