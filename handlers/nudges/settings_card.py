"""What the settings of a channel's nudge look like, and the form that changes them."""

from collections.abc import Callable, Mapping
from datetime import datetime

from handlers.chat.cards import (
    Button,
    Buttons,
    Card,
    Element,
    Facts,
    Field,
    Form,
    Line,
    Moment,
    Mono,
    Note,
    Option,
    Select,
    line,
)
from handlers.chat.wording import Words
from handlers.nudges.channel_cards import days_words
from handlers.people.calendar import Calendar
from handlers.pilots import rhythm
from handlers.pilots.rhythm import Naming, Part, Rhythm
from storage.models import Pilot, PilotState

_Say = Callable[[Words], str]

_NAMINGS: Mapping[Naming, _Say] = {
    Naming.MENTION: lambda words: words.text(
        "mentioned for what is due today and for their security or legal briefing, never for being late"),
    Naming.NAME: lambda words: words.text("by name, and nobody is notified"),
    Naming.ROLE: lambda words: words.text("not named, only their role"),
}
_PARTS: Mapping[Part, _Say] = {
    Part.ROLES: lambda words: words.text("roles nobody has"),
    Part.BRIEFINGS: lambda words: words.text("briefings not held yet"),
    Part.DUE: lambda words: words.text("what is due this week"),
    Part.LATE: lambda words: words.text("what is late, by role"),
}


def settings_card(pilot: Pilot, calendar: Calendar, now: datetime, words: Words, *,
                  may_change: bool) -> Card:
    """How a channel's nudge is set, when the next one comes, and what can be done about it."""
    settings, today = rhythm.rhythm_of(pilot), calendar.today(now)
    elements: list[Element] = [Facts(_facts(pilot, settings, calendar, now, words))]
    if pilot.halved_on is not None:
        elements.append(Note(line(words.text(
            "Every second one is left out since {day}, because too few of them helped.",
            day=words.day(pilot.halved_on, today)))))
    if may_change:
        elements += _controls(pilot, settings, words)
    title = (words.text("{pilot}: the nudge in #{channel}", pilot=pilot.name, channel=pilot.room_name)
             if settings.is_on else
             words.text("{pilot}: the nudge in #{channel} is off", pilot=pilot.name, channel=pilot.room_name))
    return Card(title, tuple(elements))


def _facts(pilot: Pilot, settings: Rhythm, calendar: Calendar, now: datetime,
           words: Words) -> tuple[tuple[str, Line], ...]:
    said = f"{settings.at:%H:%M}"
    shows = [say(words) for part, say in _PARTS.items() if part in settings.parts]
    return (
        (words.text("In week one"), line(words.text("{days} at {time}", time=said,
                                                    days=days_words(settings.week_one, words)))),
        (words.text("Later"), line(words.text("{days} at {time}", time=said,
                                              days=days_words(settings.later, words)))),
        (words.text("Clock"), line(settings.zone)),
        (words.text("Owners"), line(_NAMINGS[settings.naming](words))),
        (words.text("Shows"), line(words.listed(shows))),
        (words.text("Next"), _next(pilot, settings, calendar, now, words)))


def _next(pilot: Pilot, settings: Rhythm, calendar: Calendar, now: datetime, words: Words) -> Line:
    if pilot.state is PilotState.STOPPED:
        return line(words.text("never, the pilot was stopped"))
    if pilot.state is PilotState.PAUSED:
        return line(words.text("not while the pilot is paused"))
    at = rhythm.next_nudge(pilot, now)
    if not settings.is_on or at is None:
        return line(words.text("not until it is turned on") if not settings.is_on
                    else words.text("on no day of this stage"))
    local = calendar.local(at)
    moment = Moment(at, f"{words.day(local.date(), calendar.today(now))} {local:%H:%M}")
    return words.spans("{moment}, if something waits then", moment=moment)


def _controls(pilot: Pilot, settings: Rhythm, words: Words) -> list[Element]:
    switch = (Button(words.text("Turn off"), f"nudgeset:{pilot.id}:off") if settings.is_on
              else Button(words.text("Turn on"), f"nudgeset:{pilot.id}:on", "primary"))
    return [
        Select(f"nudgeset:{pilot.id}", words.text("Naming of owners"),
               tuple(Option(_short_naming(naming, words), naming.value) for naming in Naming)),
        Buttons((Button(words.text("Change"), f"nudging:{pilot.id}"), switch)),
        Note(words.spans("Or type it: {days}, {naming}, {parts}",
                         days=Mono("/pilot channel-nudge mon thu 9:30"), naming=Mono("role only"),
                         parts=Mono("without late")))]


def _short_naming(naming: Naming, words: Words) -> str:
    match naming:
        case Naming.MENTION:
            return words.text("Mention them")
        case Naming.NAME:
            return words.text("Their name, no mention")
    return words.text("Their role only")


def settings_form(pilot: Pilot, words: Words) -> Form:
    """All settings at once."""
    settings = rhythm.rhythm_of(pilot)
    days = tuple(Option(words.weekday(day), str(day)) for day in range(7))
    return Form(f"nudging:{pilot.id}", words.text("Channel nudge"), (
        Field("on", words.text("Nudge in the channel"), "choice", initial="on" if settings.is_on else "off",
              options=(Option(words.text("On"), "on"), Option(words.text("Off"), "off"))),
        Field("week_one", words.text("Days in week one"), "choices", required=False, options=days,
              initial=tuple(str(day) for day in sorted(settings.week_one)) or None),
        Field("later", words.text("Days after that"), "choices", required=False, options=days,
              initial=tuple(str(day) for day in sorted(settings.later)) or None,
              hint=words.text("Where most owners are off that day, it comes on the next day they work.")),
        Field("at", words.text("Time"), "time", initial=f"{settings.at:%H:%M}"),
        Field("zone", words.text("By the clock of"), initial=settings.zone, at_most=64,
              placeholder="Europe/Berlin", hint=words.text("A city such as Berlin, or Europe/Berlin.")),
        Field("naming", words.text("Owners are"), "choice", initial=settings.naming.value,
              options=tuple(Option(_short_naming(naming, words), naming.value) for naming in Naming),
              hint=words.text("Nobody is ever named for being late.")),
        Field("parts", words.text("It shows"), "choices", required=False,
              options=tuple(Option(say(words), part.value) for part, say in _PARTS.items()),
              initial=tuple(part.value for part in Part if part in settings.parts)),
    ), words.text("Save"))
