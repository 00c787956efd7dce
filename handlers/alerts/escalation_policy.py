"""Reads the section `escalation` of the alert policy: who is told when nobody takes an alert on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Final

from yaml import MappingNode, ScalarNode

from handlers.alerts.patterns import Unfit, compiled, fits
from handlers.alerts.signals import Severity
from handlers.fields import Fields, listed, nearest, quoted, span_of, span_shown
from handlers.people.roles import ROLES

ON_CALL, SECONDARY, ADMINS = "on_call", "secondary", "admins"
CHANNEL, PERSON = "channel:", "person:"
WHO: Final = (ON_CALL, SECONDARY, ADMINS, *(role.value for role in ROLES))
NEVER: Final = "never"
KEYS: tuple[str, ...] = (*(severity.value for severity in Severity), "hours", "sla", "user_group")
_OF_SEVERITY: Final = ("limit", "time", "first", "levels", "wait", "unacknowledge")
_OF_LEVEL: Final = ("to", "wait", "page")
_OF_ROW: Final = ("match", "metric", "text", "ack", "person")
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=14)
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,20}", re.ASCII)
_PERSON_ID = r"[UW][A-Z0-9]{2,20}"
_MOST_LEVELS: Final = 10


@dataclass(frozen=True, slots=True)
class Level:
    """One step of an escalation.

    Attributes:
        to: a word of WHO, ``channel:C1`` or ``person:slack:U1``.
        wait: so long after the level before it; None: what the severity says.
        page: the target in the section `outward` that is called too; None: chat is enough.
    """

    to: str
    wait: timedelta | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Rungs:
    """Who is told of alerts of one severity, and when.

    Attributes:
        limit: somebody has to have taken it on by then; None: nobody has to.
        is_working: `limit` and the waits are counted in the pilot's working hours.
        at_once: the first level is told as soon as it begins, not only when the limit is over.
        unacknowledge: an alert that was taken on and still fires after so long begins again; None: never.
    """

    limit: timedelta | None = None
    is_working: bool = False
    at_once: bool = False
    levels: tuple[Level, ...] = ()
    wait: timedelta = timedelta(minutes=15)
    unacknowledge: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SlaRow:
    """What was promised about some alerts: a row of the pilot's service levels, as its runbook has it."""

    number: int
    """From 1, as it stands in the file."""
    match: Mapping[str, re.Pattern[str]]
    text: str
    metric: str = ""
    ack: timedelta | None = None
    """Goes before the severity's limit."""
    person: str | None = None
    """Told first: ``slack:U1``."""


_CHAIN = (Level(ON_CALL), Level(SECONDARY), Level("lead"), Level("sponsor"))
_CRITICAL = Rungs(timedelta(minutes=5), at_once=True, levels=_CHAIN, wait=timedelta(minutes=15),
                  unacknowledge=timedelta(hours=4))
_ERROR = Rungs(timedelta(minutes=15), at_once=True, levels=_CHAIN, wait=timedelta(minutes=30),
               unacknowledge=timedelta(hours=8))
_WARNING = Rungs(timedelta(hours=4), is_working=True, levels=(Level("lead"),), wait=timedelta(hours=4))


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """The section `escalation` of the alert policy."""

    critical: Rungs = _CRITICAL
    error: Rungs = _ERROR
    warning: Rungs = _WARNING
    info: Rungs = Rungs()
    opens: time = time(9)
    closes: time = time(17)
    """Working hours, for what is counted in them."""
    sla: tuple[SlaRow, ...] = field(default=())
    user_group: str | None = None
    """The workspace's group that holds whoever is on call: ``S1``."""

    def of(self, severity: str) -> Rungs:
        found: Rungs = getattr(self, Severity(severity).value)
        return found

    def row(self, labels: Mapping[str, str]) -> SlaRow | None:
        """The first row that fits these labels, of which a missing one counts as empty."""
        return next((row for row in self.sla if all(
            fits(pattern, labels.get(name, "")) for name, pattern in row.match.items())), None)


def read(fields: Fields) -> EscalationPolicy:
    hours = fields.fields("hours", "`hours`", ("opens", "closes"))
    opens, closes = time(9), time(17)
    if hours is not None:
        hours.need(("opens", "closes"))
        opens, closes = hours.moment("opens"), hours.moment("closes")
        if hours.is_fine and opens >= closes:
            hours.wrong("closes", f'`closes` is "{closes:%H:%M}", which is not after `opens`; write a later '
                                  "time of the same day.")
    return EscalationPolicy(
        **{severity.value: _rungs(fields, severity) for severity in Severity}, opens=opens, closes=closes,
        sla=_rows(fields), user_group=_group(fields))


def _rungs(top: Fields, severity: Severity) -> Rungs:
    fields = top.fields(severity.value, f"`{severity}`", _OF_SEVERITY)
    if fields is None:
        return Rungs()
    levels = _levels(fields)
    limit = _span(fields, "limit")
    if levels and fields.is_fine and limit is None and fields.peek("first") != "at once":
        fields.wrong("limit", "without a limit none of its `levels` would ever be told; write a time such as "
                              "`15m`, or `first: at once`.")
    return Rungs(
        limit=limit, is_working=fields.one_of("time", ("wall", "working"), "kind of time") == "working",
        at_once=fields.one_of("first", ("at once", "after the limit"), "moment") == "at once",
        levels=levels, wait=_span(fields, "wait") or Rungs().wait,
        unacknowledge=_span(fields, "unacknowledge"))


def _levels(fields: Fields) -> tuple[Level, ...]:
    if fields.is_empty("levels"):
        return ()
    found = []
    for node in fields.nodes("levels"):
        line = node.start_mark.line + 1
        if isinstance(node, MappingNode):
            level = fields.inner(node, "A level", _OF_LEVEL)
            level.need(("to",))
            to = _who(level, level.line_of("to"), level.raw("to")) if level.says("to") else ON_CALL
            found.append(Level(to, _span(level, "wait"), level.text("page", 48) or None))
        else:
            found.append(Level(_who(fields, line, node.value if isinstance(node, ScalarNode) else "")))
    if len(found) > _MOST_LEVELS:
        fields.wrong("levels", f"`levels` has {len(found)} entries; keep the first {_MOST_LEVELS} at most.")
    return tuple(found)


def _who(fields: Fields, line: int, word: str) -> str:
    if word in WHO:
        return word
    kind, _, rest = word.partition(":")
    if kind == "channel" and _CHANNEL_ID.fullmatch(rest):
        return word
    if re.fullmatch(_PERSON_ID, word, re.ASCII):
        return f"{PERSON}slack:{word}"
    guess = nearest(word, WHO)
    advice = f"write `{guess}`" if guess else "write one of them"
    shown = quoted(word) if word else "an empty entry"
    fields.fault(line, f"`levels` cannot hold {shown}; {advice}. Valid are {listed(WHO)}, a channel "
                       "such as `channel:C0123ABCD`, and a person's member id.")
    return ON_CALL


def _rows(top: Fields) -> tuple[SlaRow, ...]:
    if top.is_empty("sla"):
        return ()
    rows = []
    for number, fields in enumerate(top.entries("sla", "SLA row", _OF_ROW), 1):
        fields.need(("match", "text", "ack"))
        person = fields.match("person", _PERSON_ID, "write the member id of a person, such as `U0123ABCD` "
                                                    "(in Slack: their profile, ⋮, Copy member ID)")
        rows.append(SlaRow(number, _patterns(fields), fields.text("text", 300), fields.text("metric", 80),
                           _span(fields, "ack"), f"slack:{person}" if person else None))
    return tuple(rows)


def _patterns(fields: Fields) -> dict[str, re.Pattern[str]]:
    found = {}
    for name, line, pattern in fields.pairs("match"):
        try:
            found[name] = compiled(pattern)
        except Unfit as error:
            fields.fault(line, f"the pattern of `{name}` {error}.")
    if fields.says("match") and fields.is_fine and not found:
        fields.wrong("match", "`match` names no label, so the row would be about every alert; write at least "
                              "one, such as `{model: churn-.*}`.")
    return found


def _group(fields: Fields) -> str | None:
    if not fields.has("user_group"):
        return None
    return fields.match("user_group", "S[A-Z0-9]{2,20}", "write the id of a user group, such as `S0123ABCD`, "
                        "or leave it out") or None


def _span(fields: Fields, key: str) -> timedelta | None:
    """A length of time; None: never, or not said."""
    if not fields.has(key) or fields.peek(key) == NEVER:
        return None
    found = span_of(fields.raw(key))
    if found is None or not _SHORTEST <= found <= _LONGEST:
        shown = quoted(fields.peek(key)) if fields.peek(key) else "empty"
        fields.wrong(key, f"`{key}` is {shown}; write a time from {span_shown(_SHORTEST)} to "
                          f"{span_shown(_LONGEST)}, such as `5m` or `4h`, or `{NEVER}`.")
        return None
    return found
