"""Reads one whole policy out of its sections, checking every value and how they fit together."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from yaml import MappingNode, Mark

from handlers.fields import Faults, Fields, listed, quoted
from handlers.nudges.policy import (
    LADDER,
    ORDER,
    WHEN_ASSIGNED,
    Budget,
    Cadence,
    Policy,
    Rung,
    SelfCheck,
    Snooze,
    Step,
    To,
)
from handlers.people.dates import WEEKDAYS
from handlers.pilots.template_reader import HEAVIEST

SECTIONS: Final = ("window", "digest", "budget", "immediate", "skip", "cadence", "ladder", "decisions",
                   "snooze", "recognition", "self_check")
NEVER: Final = "never"
IMMEDIATE: Final = {"role_asked": "ask", "handed_over": "handed", "role_handed_back": "seat-back",
                    "you_are_the_blocker": "blocker", "briefing": "briefing", "decision": "decision",
                    "undelivered": "undelivered"}
"""What need not wait for a digest: as the file calls it, and the kind of promise."""

_DAYS: Final = tuple(day[:3].casefold() for day in WEEKDAYS)
_FROM_DUE: Final = (Step.INTRODUCE, Step.PLAN_PROMPT, Step.DUE, Step.OVERDUE, Step.WARN, *LADDER, Step.STOP)
_FROM_KICKOFF: Final = (Step.INTRODUCE, Step.FOLLOW_UP, Step.WARN, Step.STAND_IN, *LADDER, Step.STOP)
CADENCES: Final[Mapping[str, Sequence[Step]]] = {
    "normal": _FROM_DUE, "gate": _FROM_DUE, "briefing": _FROM_KICKOFF}
_LATEST: Final = 250
"""Working days: about a year."""
_LATER: Final = f"a whole number of working days up to {_LATEST}"
_DAY_OF: Final = {
    Step.PLAN_PROMPT: (-60, -1, "working days before the due date with a minus, such as `-3`"),
    Step.DUE: (0, 0, "`0`, the due date itself")}
_REASONS: Final = {Step.LEAD: ", and nobody is told on before they were warned",
                   Step.STOP: ", and the end comes after the last rung"}
_TELLS: Final = (To.LEAD, To.HEAD, To.SPONSOR)
_BEGIN: Final = Mark("", 0, 0, 0, "", 0)
_NOTHING: Final = MappingNode("tag:yaml.org,2002:map", [], _BEGIN, _BEGIN)


def read_policy(sections: MappingNode, faults: Faults) -> Policy:
    """Read a mapping that holds all sections; where a fault was noted, what comes back is not to be used."""
    top = Fields(sections, "The policy", SECTIONS, faults)
    top.need(SECTIONS)
    window = _section(top, "window", ("opens", "closes"))
    digest = _section(top, "digest", ("at", "days", "max_items"))
    skip = _section(top, "skip", ("younger_than", "active_within"))
    snooze = _section(top, "snooze", ("per_item", "overdue_days"))
    praise = _section(top, "recognition", ("friday", "free_misses"))
    cadences, ladder = _cadences(top), _section(top, "ladder", LADDER, needed=())
    read = {name: _read_cadence(fields, CADENCES[name]) for name, fields in cadences.items()}
    immediate = top.words("immediate", ".*", "", known=tuple(IMMEDIATE), or_none=True)
    policy = Policy(
        opens=window.moment("opens"), closes=window.moment("closes"), digest_at=digest.moment("at"),
        digest_days=frozenset(_DAYS.index(day) for day in digest.words("days", ".*", "", known=_DAYS)),
        digest_items=digest.whole("max_items", 1, 20),
        budget=_read_budget(top), immediate=frozenset(IMMEDIATE[kind] for kind in immediate),
        skip_young_days=skip.whole("younger_than", 0, 30),
        skip_active_days=skip.whole("active_within", 0, 30),
        normal=read["normal"], gate=read["gate"], briefing=read["briefing"],
        gate_weight=cadences["gate"].whole("from_weight", 1, HEAVIEST), ladder=_read_ladder(ladder),
        snooze=Snooze(snooze.whole("per_item", 0, 20), snooze.whole("overdue_days", 0, 20)),
        self_check=_read_self_check(top),
        is_praising=praise.flag("friday"), praise_free_misses=praise.whole("free_misses", 0, 50),
        decisions_per_week=_section(top, "decisions", ("per_week",)).whole("per_week", 1, 20))
    if window.is_fine and digest.is_fine:
        _check_times(window, digest, policy)
    if ladder.is_fine and all(fields.is_fine for fields in cadences.values()):
        _check_rungs(ladder, cadences, policy.ladder)
    return policy


def _section(top: Fields, key: str, known: Sequence[str], needed: Sequence[str] | None = None, *,
             what: str = "") -> Fields:
    """The mapping under a key; one without values where there is none, which is noted."""
    fields = top.fields(key, what or f"`{key}`", known)
    if fields is None:
        nothing = Fields(_NOTHING, key, (), Faults(""))
        nothing.is_fine = False
        return nothing
    fields.need(known if needed is None else needed)
    return fields


def _cadences(top: Fields) -> dict[str, Fields]:
    fields = _section(top, "cadence", tuple(CADENCES))
    return {name: _section(fields, name, (*steps, *extra), needed=extra, what=f"The cadence `{name}`")
            for name, steps in CADENCES.items() for extra in [("from_weight",) if name == "gate" else ()]}


def _read_cadence(fields: Fields, steps: Sequence[Step]) -> Cadence:
    said = {step: _read_day(fields, step, steps) for step in steps if fields.says(step)}
    days = {step: day for step, day in said.items() if day is not None}
    if fields.is_fine:
        _check_order(fields, days)
    return Cadence(days)


def _read_day(fields: Fields, step: Step, steps: Sequence[Step]) -> int | None:
    """The day of a step; None: it is never said."""
    said = fields.raw(step)
    if said == NEVER:
        return None
    if step is Step.INTRODUCE and steps is _FROM_DUE:
        if said != "assigned":
            fields.wrong(step, f"`{step}` is {quoted(said)}; write `assigned` or `{NEVER}`.")
        return WHEN_ASSIGNED
    low, high, advice = _DAY_OF.get(step, (0 if steps is _FROM_KICKOFF else 1, _LATEST, _LATER))
    if re.fullmatch(r"-?\d{1,9}", said, re.ASCII) and low <= int(said) <= high:
        return int(said)
    fields.wrong(step, f"`{step}` is {quoted(said)}; write {advice}, or `{NEVER}`.")
    return None


def _read_ladder(fields: Fields) -> dict[Step, Rung]:
    asked = [step for step in LADDER if fields.says(step) and fields.peek(step) != NEVER]
    rungs = {step: fields.fields(step, f"Rung `{step}`", ("to", "copies")) for step in asked}
    return {step: _read_rung(rung) for step, rung in rungs.items() if rung is not None}


def _read_rung(fields: Fields) -> Rung:
    fields.need(("to",))
    to = fields.one_of("to", _TELLS, "recipient of a rung")
    copies = fields.words("copies", ".*", "", known=tuple(To), or_none=True)
    if to in copies:
        fields.wrong("copies", f"`copies` names `{to}`, whom the rung is for; take it out.")
    return Rung(To(to or To.LEAD), tuple(To(copy) for copy in copies))


def _read_budget(top: Fields) -> Budget:
    fields = _section(top, "budget", ("per_day", "per_week", "immediate_per_day"))
    budget = Budget(fields.whole("per_day", 1, 20), fields.whole("per_week", 1, 100),
                    fields.whole("immediate_per_day", 1, 20))
    if fields.is_fine and budget.per_week < budget.per_day:
        fields.fault(max(fields.line_of("per_day"), fields.line_of("per_week")),
                     f"{budget.per_week} a week is less than {budget.per_day} a day; raise `per_week` or "
                     "lower `per_day`.")
    return budget


def _read_self_check(top: Fields) -> SelfCheck:
    fields = _section(top, "self_check", ("window", "least_share", "least_nudges"))
    return SelfCheck(fields.whole("window", 1, 120), fields.share("least_share"),
                     fields.whole("least_nudges", 1, 10_000))


# ---- how values fit together -------------------------------------------------------------------------------


def _check_times(window: Fields, digest: Fields, policy: Policy) -> None:
    opens, closes, at = (f"{time:%H:%M}" for time in (policy.opens, policy.closes, policy.digest_at))
    line = max(window.line_of("opens"), window.line_of("closes"))
    if policy.opens >= policy.closes:
        window.fault(line, f"it closes at {closes} and opens at {opens}, so nothing could ever be said; let "
                           "it close later on the same day.")
    elif not policy.opens <= policy.digest_at < policy.closes:
        digest.fault(max(line, digest.line_of("at")),
                     f"the digest at {at} lies outside the window of {opens} to {closes}; move one of them.")


def _check_order(fields: Fields, days: Mapping[Step, int]) -> None:
    """Each step in its order, each rung a day after what came before, nobody unwarned, and an end."""
    told = [step for step in (Step.STAND_IN, *LADDER) if step in days]
    if told and Step.WARN not in days:
        fields.wrong(told[0], f"`{told[0]}` tells of somebody who was not warned; give `warn` a day before "
                              f"it, or write `{NEVER}` for {listed(told)}.")
    if Step.STOP not in days:
        fields.wrong(Step.STOP, "the messages would never end; write the day on which they `stop`.")
    for earlier, later in pairwise(step for step in ORDER if step in days):
        least = days[earlier] + (later in (*LADDER, Step.STOP))
        if days[later] < least:
            fields.fault(max(fields.line_of(earlier), fields.line_of(later)),
                         f"`{later}` on day {days[later]} is too early: `{earlier}` comes before it, on day "
                         f"{days[earlier]}{_REASONS.get(later, '')}. Write {least} or more for `{later}`, "
                         f"or move `{earlier}`.")


def _check_rungs(ladder: Fields, cadences: Mapping[str, Fields], rungs: Mapping[Step, Rung]) -> None:
    for step in LADDER:
        saying = [fields for fields in cadences.values() if fields.says(step) and fields.peek(step) != NEVER]
        if step in rungs and not saying:
            ladder.fault(max(fields.line_of(step) for fields in (ladder, *cadences.values())),
                         f"no cadence has a day for `{step}`; give it one, or write `{step}: {NEVER}` here "
                         "too.")
        for fields in saying if step not in rungs else ():
            fields.fault(max(ladder.line_of(step), fields.line_of(step)),
                         f"it has a day for `{step}`, but the ladder has nobody who hears it; write "
                         f"`{step}: {{to: {To.LEAD}}}` there, or `{step}: {NEVER}` here.")
