"""The nudge policy as values: when whom is told what, how often at most, and where it ends.

Read from YAML by `policy_reader`; `library/nudge-policy.yaml` is the default. Days are working days of the
recipient; moments are on the recipient's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Final

from storage.models import Item


class Step(StrEnum):
    """What is said about an item, in the order in which it is said; the value is what is stored."""

    INTRODUCE = "introduce"
    FOLLOW_UP = "follow_up"     # briefings: no slot was chosen
    PLAN_PROMPT = "plan_prompt"
    DUE = "due"
    OVERDUE = "overdue"
    WARN = "warn"
    STAND_IN = "stand_in"       # briefings: the head of the function is asked for somebody else
    LEAD = "L1"
    HEAD = "L2"
    SPONSOR = "L3"
    STOP = "stop"
    # Outside the order, each when it comes up:
    PLANNED = "planned"         # the day came for which its owner planned it
    HELD = "held"               # a briefing's slot has passed: was it held, what do they ask for
    RESOLVED = "resolved"       # to everyone an escalation was told to
    CHANNEL = "channel"         # mentioned in the channel's nudge


ORDER = tuple(Step)[:tuple(Step).index(Step.STOP) + 1]
TO_OWNER = frozenset({Step.INTRODUCE, Step.FOLLOW_UP, Step.PLAN_PROMPT, Step.DUE, Step.OVERDUE, Step.WARN})
LADDER = (Step.LEAD, Step.HEAD, Step.SPONSOR)
"""Who hears when the owner does not answer; `STAND_IN` is a briefing's own rung."""


WHEN_ASSIGNED: Final = -10_000
"""The day of `INTRODUCE` for what is introduced as soon as somebody owns it, however far its due date is."""


class To(StrEnum):
    """Who hears a rung of the ladder."""

    OWNER = "owner"
    LEAD = "pilot_lead"
    HEAD = "function_head_of_owner"
    SPONSOR = "sponsor"


@dataclass(frozen=True, slots=True)
class Cadence:
    """On which working day after the anchor each step is said; a step that is missing is never said.

    The anchor is the due date; for a briefing of week one it is the kickoff. As read, the days of a cadence
    never decrease in the order of the steps, and each rung comes a day after what was said before it.
    """

    days: Mapping[Step, int]

    def day_of(self, step: Step) -> int | None:
        return self.days.get(step)


@dataclass(frozen=True, slots=True)
class Rung:
    to: To
    copies: tuple[To, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    per_day: int
    """Unasked direct messages to a person a day; what is more waits for the next digest."""
    per_week: int
    immediate_per_day: int
    """Messages that do not wait for a digest, outside the budget; what is more waits for the next day."""


@dataclass(frozen=True, slots=True)
class Snooze:
    per_item: int
    overdue_days: int
    """Working days at most once the item is overdue. A gate item is never snoozed past its due date."""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    window_days: int
    least_share: float
    """Below this share of nudges acted on within a working day the frequency is halved."""
    least_nudges: int
    """With fewer nudges in the window nothing is concluded."""


@dataclass(frozen=True, slots=True)
class Policy:
    opens: time
    closes: time
    """The window in which anything unasked may be said."""
    digest_at: time
    digest_days: frozenset[int]
    """Weekdays, 0 is Monday."""
    digest_items: int
    """So many items at most in one digest; the rest behind a button."""
    budget: Budget
    immediate: frozenset[str]
    """Kinds of promises (`Post.kind`) that do not wait for a digest."""
    skip_young_days: int
    """An item younger than this is not spoken of; 0: at once."""
    skip_active_days: int
    """Nor one that somebody did something about within so many working days."""
    normal: Cadence
    gate: Cadence
    gate_weight: int
    """From this weight on an item that holds a gate follows `gate`."""
    briefing: Cadence
    ladder: Mapping[Step, Rung]
    snooze: Snooze
    self_check: SelfCheck
    is_praising: bool
    """Fridays, in the channel: gates passed, briefings all held, weeks on time."""
    praise_free_misses: int
    decisions_per_week: int
    """Decision cards to a sponsor a week, unless a gate is due."""

    def cadence_of(self, item: Item, *, is_briefing: bool) -> Cadence:
        if is_briefing:
            return self.briefing
        holds_gate = item.gate is not None and not item.is_advice
        return self.gate if holds_gate and item.weight >= self.gate_weight else self.normal


@dataclass(frozen=True, slots=True)
class Policies:
    """The workspace's policy, and where single pilots differ from it."""

    workspace: Policy
    of_workspaces: Mapping[str, Policy]
    """By workspace id, where one bot serves several."""
    of_pilots: Mapping[tuple[str | None, str], Policy]
    """By workspace and the pilot's name as compared (`name_key`); None: any workspace that does not differ.

    What is about a person and not about an item (window, digest, budget, decisions) is the workspace's.
    """

    def of(self, workspace: str, name_key: str | None = None) -> Policy:
        common = self.of_workspaces.get(workspace, self.workspace)
        if name_key is None:
            return common
        return self.of_pilots.get((workspace if workspace in self.of_workspaces else None, name_key), common)
