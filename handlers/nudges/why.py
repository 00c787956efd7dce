"""Which rule of the policy a step follows, in words: for whoever asks why they got a message."""

from collections.abc import Callable, Mapping
from typing import Final

from handlers.nudges.policy import Policies, Policy, Step
from handlers.nudges.standing import is_briefing
from storage.models import Item, Pilot

RuleOf = Callable[[Item, Pilot, str], str]

_SAID: Final[Mapping[Step, str]] = {
    Step.INTRODUCE: "it came to you",
    Step.FOLLOW_UP: "no slot was chosen",
    Step.PLAN_PROMPT: "asked for a plan",
    Step.DUE: "due",
    Step.OVERDUE: "late",
    Step.WARN: "warned before others hear",
    Step.STAND_IN: "the head of the function is asked for somebody else",
    Step.LEAD: "the pilot lead hears",
    Step.HEAD: "the head of the function hears",
    Step.SPONSOR: "the sponsor decides",
    Step.PLANNED: "the day came for which it was planned",
    Step.HELD: "its slot has passed: every other working day until it is recorded",
    Step.RESOLVED: "you had been told that it is late, and it ended",
    Step.CHANNEL: "mentioned in the pilot's channel",
}


def rules_of(policies: Policies, built_in: Policy) -> RuleOf:
    """Words for a step of an item: what it was, when the policy says it, and whose policy that is."""
    def rule(item: Item, pilot: Pilot, step: str) -> str:
        if step not in tuple(Step):
            return ""
        policy = policies.of(pilot.workspace_id, pilot.name_key)
        days = policy.cadence_of(item, is_briefing=is_briefing(item)).day_of(Step(step))
        said = _SAID.get(Step(step), step)
        if days is None or step == Step.INTRODUCE:
            return said
        return f"{said}, {_when(days, is_briefing(item))} ({_whose(policies, policy, pilot, built_in)})"
    return rule


def _when(days: int, from_kickoff: bool) -> str:
    anchor = "the kickoff" if from_kickoff else "it is due"
    if days == 0:
        return f"on the day of {anchor}" if from_kickoff else f"on the day {anchor}"
    number = f"{abs(days)} working day{'' if abs(days) == 1 else 's'}"
    if from_kickoff:
        return f"{number} {'after' if days > 0 else 'before'} {anchor}"
    return f"{number} after it was due" if days > 0 else f"{number} before {anchor}"


def _whose(policies: Policies, policy: Policy, pilot: Pilot, built_in: Policy) -> str:
    if policy is not policies.of(pilot.workspace_id):
        return f"nudge-policy.yaml, as it is set for {pilot.name}"
    return "nudge-policy.yaml as it comes" if policy == built_in else "nudge-policy.yaml of this workspace"
