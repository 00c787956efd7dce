"""The nudge policy as it comes with the bot, as values; builders change what a test is about."""

from dataclasses import replace
from datetime import time
from typing import Any

from handlers.nudges.policy import Budget, Cadence, Policies, Policy, Rung, SelfCheck, Snooze, Step, To

POLICY = Policy(
    opens=time(9), closes=time(16, 30), digest_at=time(9, 30), digest_days=frozenset(range(5)), digest_items=5,
    budget=Budget(per_day=1, per_week=5, immediate_per_day=2), immediate=frozenset(), skip_young_days=1,
    skip_active_days=1,
    normal=Cadence({Step.PLAN_PROMPT: -3, Step.DUE: 0, Step.OVERDUE: 1, Step.WARN: 3, Step.LEAD: 4, Step.HEAD: 6,
                    Step.SPONSOR: 10, Step.STOP: 15}),
    gate=Cadence({Step.PLAN_PROMPT: -3, Step.DUE: 0, Step.OVERDUE: 1, Step.WARN: 1, Step.LEAD: 2, Step.HEAD: 4,
                  Step.SPONSOR: 7, Step.STOP: 12}),
    gate_weight=4,
    briefing=Cadence({Step.INTRODUCE: 0, Step.FOLLOW_UP: 1, Step.WARN: 2, Step.STAND_IN: 2, Step.LEAD: 3,
                      Step.SPONSOR: 4, Step.STOP: 15}),
    ladder={Step.LEAD: Rung(To.LEAD, (To.OWNER,)), Step.HEAD: Rung(To.HEAD, (To.OWNER, To.LEAD)),
            Step.SPONSOR: Rung(To.SPONSOR, (To.OWNER, To.LEAD))},
    snooze=Snooze(per_item=2, overdue_days=1), self_check=SelfCheck(20, 0.3, 20), is_praising=True,
    praise_free_misses=1, decisions_per_week=1)


def policies(**said: Any) -> Policies:
    return Policies(replace(POLICY, **said), {}, {})


POLICIES = policies()
