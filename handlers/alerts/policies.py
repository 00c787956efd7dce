"""All that an admin may set about alerts, section by section."""

from __future__ import annotations

from dataclasses import dataclass, field

from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.escalation_policy import EscalationPolicy
from handlers.alerts.inhibition_policy import Inhibition
from handlers.alerts.outward_policy import Outward
from handlers.alerts.policy import Policy
from handlers.alerts.pull_policy import Pulls


@dataclass(frozen=True, slots=True)
class Policies:
    """The alert policy as the bot runs by it."""

    routing: Policy = field(default_factory=Policy)
    inhibit: Inhibition = field(default_factory=Inhibition)
    escalation: EscalationPolicy = field(default_factory=EscalationPolicy)
    drift: DriftPolicy = field(default_factory=DriftPolicy)
    outward: Outward = field(default_factory=Outward)
    pull: Pulls = field(default_factory=Pulls)
