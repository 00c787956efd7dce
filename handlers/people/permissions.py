"""Who may do what: one table, read by the desk before every action and by the texts that refuse one.

A hat is what somebody is towards the pilot or item in question; a person wears several at once. Whoever asks
works the hats out from stored rows, never from a payload. The table knows hats, not moments: that a gate has
open items, or that break-glass takes two people, is for the feature to check afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from handlers.chat.errors import Refused


class Hat(StrEnum):
    """What a person is towards one pilot or item."""

    ADMIN = "admin"             # of the workspace
    LEAD = "lead"
    SPONSOR = "sponsor"
    OWNER = "owner"             # of the item
    APPROVER = "approver"       # holds a role among the item's approvers; for break-glass: operations
    AUTHOR = "author"           # did the work, wrote the version or asked for the waiver up for approval
    TEAM = "team"               # any seat in the pilot, asked or accepted
    ASKED = "asked"             # to take this very seat
    MEMBER = "member"           # any active person of the workspace
    OUTSIDER = "outsider"       # stranger from a shared channel, or deactivated: nothing, whatever else


class Action(StrEnum):
    """What somebody wants to do."""

    READ = "read"
    CREATE_PILOT = "create_pilot"
    ITEM_DONE = "item_done"
    ITEM_REOPEN = "item_reopen"
    ITEM_PLAN = "item_plan"
    ITEM_SNOOZE = "item_snooze"
    ITEM_BLOCK = "item_block"
    ITEM_ASSIGN = "item_assign"
    ITEM_ON_IT = "item_on_it"
    ITEM_DUE = "item_due"
    ITEM_NOT_APPLICABLE = "item_not_applicable"
    SEAT_FILL = "seat_fill"
    SEAT_ACCEPT = "seat_accept"
    SEAT_HAND_BACK = "seat_hand_back"
    BRIEF_SLOT = "brief_slot"
    BRIEF_HELD = "brief_held"
    BRIEF_ANSWER = "brief_answer"
    GATE_PASS = "gate_pass"  # noqa: S105  # a gate, not a password
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CHANNEL_NUDGE = "channel_nudge"
    QUIET = "quiet"
    HISTORY = "history"
    SET_TEMPLATE = "set_template"
    ITEM_WAIVE = "item_waive"
    DECIDE = "decide"
    HEAD_NAME = "head_name"
    SIGN = "sign"
    GATE_OVERRIDE = "gate_override"
    EXPORT = "export"
    ALERT_TAKE = "alert_take"
    ALERT_SETTLE = "alert_settle"
    ALERT_HUSH = "alert_hush"
    ROTATION_SET = "rotation_set"
    SHIFT_TAKE = "shift_take"
    SHIFT_GIVE = "shift_give"
    ALERT_RETRAIN = "alert_retrain"
    GAP_GIVE = "gap_give"
    QUESTIONS = "questions"
    RUNBOOK_REFRESH = "runbook_refresh"


@dataclass(frozen=True, slots=True)
class _Rule:
    does: str                               # completes "Only the owner can ..."
    hats: frozenset[Hat]                    # any one of them is enough
    # Instead of `hats` on a safety-floor item, which no score and no rank gets round: only the function that
    # answers for it (readiness.md 3.4). None: the same as `hats`.
    floor: frozenset[Hat] | None = None
    barred: frozenset[Hat] = frozenset()    # one of them forbids, whatever else is worn


_EVERYONE: Final = frozenset(Hat) - {Hat.OUTSIDER}
_DOERS: Final = frozenset({Hat.OWNER, Hat.LEAD, Hat.ADMIN})
_RUNNERS: Final = frozenset({Hat.LEAD, Hat.SPONSOR, Hat.ADMIN})
_OWNER: Final = frozenset({Hat.OWNER})
_APPROVER: Final = frozenset({Hat.APPROVER})
_ASKED: Final = frozenset({Hat.ASKED})
_AUTHOR: Final = frozenset({Hat.AUTHOR})
_NOBODY: Final[frozenset[Hat]] = frozenset()

_TABLE: Final[Mapping[Action, _Rule]] = {
    Action.READ: _Rule("read this", _EVERYONE),
    Action.CREATE_PILOT: _Rule("start a pilot", _EVERYONE),
    Action.ITEM_DONE: _Rule("mark this done", _DOERS | _APPROVER),
    Action.ITEM_REOPEN: _Rule("reopen this", _DOERS | _APPROVER),
    Action.ITEM_PLAN: _Rule("say when this will be done", _DOERS),
    Action.ITEM_SNOOZE: _Rule("put this off", _DOERS),
    Action.ITEM_BLOCK: _Rule("say what blocks this", _DOERS),
    Action.ITEM_ASSIGN: _Rule("hand this over", _DOERS),
    Action.ITEM_ON_IT: _Rule("say that they are on this", _RUNNERS | {Hat.OWNER, Hat.TEAM}),
    Action.ITEM_DUE: _Rule("move the due date", _RUNNERS),
    Action.ITEM_NOT_APPLICABLE: _Rule("set this aside as not applicable", _DOERS, floor=_OWNER),
    Action.SEAT_FILL: _Rule("fill a seat of this pilot", _RUNNERS),
    Action.SEAT_ACCEPT: _Rule("take this seat", _ASKED),
    Action.SEAT_HAND_BACK: _Rule("hand this seat back", _ASKED),
    Action.BRIEF_SLOT: _Rule("choose the time of this briefing", _DOERS),
    Action.BRIEF_HELD: _Rule("record this briefing", _DOERS),
    Action.BRIEF_ANSWER: _Rule("answer for this review", _OWNER),
    Action.GATE_PASS: _Rule("take this pilot through a gate", _RUNNERS),
    Action.PAUSE: _Rule("pause this pilot", _RUNNERS),
    Action.RESUME: _Rule("resume this pilot", _RUNNERS),
    Action.STOP: _Rule("stop this pilot", _RUNNERS),
    Action.CHANNEL_NUDGE: _Rule("have nudges posted in the channel", _RUNNERS),
    Action.QUIET: _Rule("say when I may write to them", _EVERYONE),
    Action.HISTORY: _Rule("read the history", _EVERYONE),
    Action.SET_TEMPLATE: _Rule("change the checklist template", frozenset({Hat.LEAD, Hat.ADMIN})),
    Action.ITEM_WAIVE: _Rule("waive this", _RUNNERS | _APPROVER, floor=_OWNER | _APPROVER, barred=_AUTHOR),
    Action.DECIDE: _Rule("take this decision", frozenset({Hat.SPONSOR, Hat.ADMIN})),
    Action.HEAD_NAME: _Rule("name the head of a function", _RUNNERS),
    Action.SIGN: _Rule("sign this", _APPROVER, barred=_AUTHOR),
    Action.GATE_OVERRIDE: _Rule("open a gate that is not ready", _APPROVER | {Hat.SPONSOR}, floor=_NOBODY),
    Action.EXPORT: _Rule("export this pilot", _RUNNERS | {Hat.TEAM}),
    Action.ALERT_TAKE: _Rule("take this alert on", _EVERYONE),
    Action.ALERT_SETTLE: _Rule("say that this alert is over", _RUNNERS | {Hat.TEAM}),
    Action.ALERT_HUSH: _Rule("silence this pilot's alerts", _RUNNERS | {Hat.TEAM}),
    Action.ROTATION_SET: _Rule("change this rotation (so can whoever has the operations seat)", _RUNNERS),
    Action.SHIFT_TAKE: _Rule("take a shift here (so can everybody in the rotation)", _RUNNERS | {Hat.TEAM}),
    Action.SHIFT_GIVE: _Rule("give this shift to somebody (so can whoever has the operations seat)",
                             _RUNNERS | _OWNER),
    # The owner of a model is whoever has the seat for machine learning.
    Action.ALERT_RETRAIN: _Rule("have this model trained again", _DOERS),
    Action.GAP_GIVE: _Rule("give a runbook gap of this pilot to somebody", _RUNNERS | {Hat.TEAM}),
    Action.QUESTIONS: _Rule("read what this pilot's runbooks were asked", _RUNNERS | {Hat.TEAM}),
    Action.RUNBOOK_REFRESH: _Rule("have runbooks read again", frozenset({Hat.LEAD, Hat.ADMIN})),
}

# In the order in which a sentence names them.
_WORDS: Final[Mapping[Hat, str]] = {
    Hat.OWNER: "the owner",
    Hat.ASKED: "the person who was asked",
    Hat.TEAM: "anyone in the pilot's team",
    Hat.LEAD: "the pilot lead",
    Hat.SPONSOR: "the sponsor",
    Hat.ADMIN: "an admin",
    Hat.APPROVER: "one of its approvers",
    Hat.MEMBER: "a member of this workspace",
}
_NAMED: Final = 3              # people a refusal names
_STRANGER: Final = "I only work for active members of this workspace; please ask your contact there."


def may(action: Action, hats: frozenset[Hat], *, safety_floor: bool = False) -> bool:
    """Whether somebody who wears these hats may do that.

    Args:
        safety_floor: the item belongs to the safety floor; of a gate, such an item is still open.
    """
    rule = _TABLE[action]
    return Hat.OUTSIDER not in hats and not hats & rule.barred and bool(hats & _allowed(rule, safety_floor))


def check(action: Action, hats: frozenset[Hat], *, who_may: Sequence[str] = (),
          safety_floor: bool = False) -> None:
    """Raise Refused unless they may; it says why not and who can.

    Args:
        who_may: people to ask, as they are to be named: "Priya Shah (lead)"; three are. An outsider is
            told nobody.
    """
    if not may(action, hats, safety_floor=safety_floor):
        raise Refused(_why_not(action, hats, tuple(who_may), safety_floor))


def _allowed(rule: _Rule, safety_floor: bool) -> frozenset[Hat]:
    return rule.floor if safety_floor and rule.floor is not None else rule.hats


def _why_not(action: Action, hats: frozenset[Hat], who_may: tuple[str, ...], safety_floor: bool) -> str:
    if Hat.OUTSIDER in hats or not hats:
        return _STRANGER
    rule = _TABLE[action]
    allowed = _allowed(rule, safety_floor)
    if not allowed:
        return (f"Nobody can {rule.does} while an item of the safety floor is open. "
                "`/pilot items gate` shows which; close it first.")
    ask = f"Ask {_either(who_may[:_NAMED])}." if who_may else "`/pilot team` shows who that is."
    floor = "This belongs to the safety floor. " if allowed is not rule.hats else ""
    if hats & rule.barred and hats & allowed:
        return (f"This is your own work or request, so somebody else has to {rule.does}: "
                f"{_who(allowed)}. {ask}")
    return f"{floor}Only {_who(allowed)} can {rule.does}. {ask}"


def _who(hats: frozenset[Hat]) -> str:
    if Hat.MEMBER in hats:
        return _WORDS[Hat.MEMBER]
    shown = hats - {Hat.LEAD, Hat.SPONSOR} if Hat.TEAM in hats else hats
    return _either([word for hat, word in _WORDS.items() if hat in shown])


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
