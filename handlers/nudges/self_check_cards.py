"""What is said of how much nudges help: to the lead where that changes something, and when somebody asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from handlers.chat.cards import Bold, Card, Line, Mono, Note, Text, line
from handlers.chat.wording import Words, marked
from handlers.nudges.policy import SelfCheck, Step
from handlers.nudges.self_check_rules import RESTORED, Figures, Share, trend, weakest
from storage.models import AuditEntry, Pilot

_SAME = 3
"""Percentage points within which a trend is none."""
_STEPS: Mapping[str, str] = {
    Step.INTRODUCE: marked("says that something is theirs"),
    Step.FOLLOW_UP: marked("asks again for a slot"),
    Step.PLAN_PROMPT: marked("asks for a plan"),
    Step.DUE: marked("says that it is due"),
    Step.OVERDUE: marked("says that it was due"),
    Step.WARN: marked("warns that others will be told"),
    Step.PLANNED: marked("says that the planned day came"),
    Step.HELD: marked("asks whether a briefing was held"),
}
_RUNGS = ((Step.LEAD, marked("pilot lead")), (Step.HEAD, marked("head of the function")),
          (Step.SPONSOR, marked("sponsor")))


@dataclass(frozen=True, slots=True)
class Report:
    """What `/pilot report nudges` speaks of."""

    pilot: Pilot
    figures: Figures
    check: SelfCheck
    today: date
    put_off: int
    """How often somebody put an item off."""
    quiet: int
    """How many people of the pilot are on quiet just now."""
    cards: int
    """How many decisions the sponsor was asked for."""


# ---- to the lead -------------------------------------------------------------------------------------------


def change_card(pilot: Pilot, entry: AuditEntry, words: Words) -> Card:
    """That nudges come half as often from now on, or as before, and why; as it was found then."""
    share = Share(int(entry.after.get("acted_on", 0)), int(entry.after.get("nudges", 0)))
    days = int(entry.after.get("working_days", 0))
    steps = {step: Share(*found) for step, found in dict(entry.after.get("steps", {})).items()}
    named = {"pilot": pilot.name, "percent": share.percent}
    if entry.what == RESTORED:
        return Card(words.text("My nudges about {pilot} come as often as before: {percent} % were acted on",
                               **named), (
            Text((_counted(share, days, words),)), _more(words)))
    worst = weakest(steps)
    lines = [_counted(share, days, words), *_steps(steps, words)]
    if worst is not None:
        lines.append(words.spans(
            "Weakest wording: the one that {step}. An admin changes when it is said in the nudge policy, or "
            "its text in the catalogue.", step=Bold(words.term(_STEPS[worst]))))
    title = words.text("My nudges about {pilot} come half as often now: {percent} % were acted on", **named)
    return Card(title, (Text(tuple(lines)), _more(words)))


def _counted(share: Share, days: int, words: Words) -> Line:
    return line(words.text("{acted} of {nudges} nudges in {days} working days were acted on within a working "
                           "day of their reader.", acted=share.helped, nudges=share.of, days=days))


def _more(words: Words) -> Note:
    return Note(words.spans("You get this because you lead this pilot; it comes only when this changes. All "
                            "figures: {command}", command=Mono("/pilot report nudges")))


def _steps(steps: Mapping[str, Share], words: Words) -> list[Line]:
    return [words.spans("• The one that {step}: {acted} of {nudges}", step=words.term(_STEPS[step]),
                        acted=str(share.helped), nudges=str(share.of))
            for step, share in steps.items() if step in _STEPS]


# ---- to who asks -------------------------------------------------------------------------------------------


def report_card(report: Report, words: Words) -> Card:
    """How much nudges help in a pilot; short enough for a phone."""
    found, pilot = report.figures, report.pilot
    if not found.total.of:
        title = words.text("{pilot}: no nudge yet whose working day is over", pilot=pilot.name)
    else:
        title = words.text("{pilot}: {percent} % of nudges were acted on within a working day",
                           pilot=pilot.name, percent=found.total.percent)
    lines = [_counted(found.total, report.check.window_days, words), *_steps(found.steps, words),
             *_weeks(found, words), _escalations(report, words), _warned(found.warned, words),
             _people(report, words), *_standing(report, words)]
    return Card(title, (Text(tuple(lines)), Note(words.spans(
        "Under {limit} % I come half as often in this pilot, and tell its lead which wording fails. "
        "To quiet what comes to you: {command}", limit=str(round(100 * report.check.least_share)),
        command=Mono("/pilot quiet")))))


def _weeks(found: Figures, words: Words) -> list[Line]:
    said = [f"{week.percent} %" if week.of else "–" for week in found.weeks]
    change = trend(found.weeks)
    if change is None:
        going = words.text("too little to see a trend")
    elif abs(change) <= _SAME:
        going = words.text("steady")
    elif change > 0:
        going = words.text("better by {points} points", points=change)
    else:
        going = words.text("worse by {points} points", points=-change)
    return [line(words.text("Week by week, oldest first: {weeks} ({trend})", weeks=" · ".join(said),
                            trend=going))]


def _escalations(report: Report, words: Words) -> Line:
    counts = {**report.figures.told_on, Step.SPONSOR: max(report.cards, report.figures.told_on[Step.SPONSOR])}
    if not any(counts.values()):
        return line(words.text("Escalations: none"))
    said = [f"{words.term(name)} {counts[rung]}" for rung, name in _RUNGS if counts[rung]]
    return line(words.text("Escalations: {counts}", counts=", ".join(said)))


def _warned(warned: Share, words: Words) -> Line:
    if not warned.of:
        return line(words.text("Warnings: none that is settled yet"))
    return line(words.text("Warnings: {acted} of {warned} items moved before anybody else was told",
                           acted=warned.helped, warned=warned.of))


def _people(report: Report, words: Words) -> Line:
    put_off = words.count("put off once", "put off {number} times", report.put_off)
    quiet = words.count("one person is on quiet now", "{number} people are on quiet now", report.quiet)
    return line(words.text("Items {put_off}; {quiet}", put_off=put_off, quiet=quiet))


def _standing(report: Report, words: Words) -> list[Line]:
    lines: list[Line] = []
    if report.pilot.halved_on is not None:
        lines.append(line(words.text("They come half as often since {day}.",
                                     day=words.day(report.pilot.halved_on, report.today))))
    if report.figures.total.of < report.check.least_nudges:
        lines.append(line(words.text(
            "With fewer than {least} nudges this says little yet, and nothing follows from it.",
            least=report.check.least_nudges)))
    return lines
