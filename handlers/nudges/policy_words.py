"""A nudge policy in words, for the admin who wrote it."""

from collections.abc import Iterator

from handlers.nudges.policy import LADDER, ORDER, TO_OWNER, Cadence, Policies, Policy, Step, To
from handlers.nudges.policy_sections import IMMEDIATE
from handlers.people.dates import WEEKDAYS

_WHO = {To.OWNER: "owner", To.LEAD: "pilot lead", To.HEAD: "head of the owner's function",
        To.SPONSOR: "sponsor"}
_WIDTHS = (13, 16, 16, 12)


def in_words(policies: Policies) -> str:
    """What the bot will do, and to whom; then the same of each workspace and pilot that differs."""
    parts = [_policy(policies.workspace)]
    parts += [f"Workspace {name}:\n{_policy(policy)}" for name, policy in policies.of_workspaces.items()]
    parts += [f"Pilot {name}{f' in {workspace}' if workspace else ''}:\n{_items(policy)}"
              for (workspace, name), policy in policies.of_pilots.items()]
    return "\n\n".join(parts)


def _policy(policy: Policy) -> str:
    days = " ".join(WEEKDAYS[day][:3].casefold() for day in sorted(policy.digest_days))
    budget = policy.budget
    at_once = ", ".join(name for name, kind in IMMEDIATE.items() if kind in policy.immediate)
    return "\n".join([
        f"Unasked only from {policy.opens:%H:%M} to {policy.closes:%H:%M}, on working days of who hears it.",
        f"Digest at {policy.digest_at:%H:%M} on {days}, with {policy.digest_items} items at most.",
        f"To one person at most: messages a day {budget.per_day}, a week {budget.per_week}.",
        f"Besides these at most {budget.immediate_per_day} a day of: {at_once or 'nothing'}.",
        f"Decision cards to one sponsor a week: {policy.decisions_per_week}, more only where a gate is due.",
        _items(policy)])


def _items(policy: Policy) -> str:
    return "\n".join([
        f"An item may be put off this often: {policy.snooze.per_item}; once late by working days: "
        f"{policy.snooze.overdue_days}.",
        f"Silent about an item younger than (working days): {policy.skip_young_days}; acted on within: "
        f"{policy.skip_active_days}.",
        "Days are working days after the due date; for briefings of week one, after the kickoff:",
        *_table(policy)])


def _table(policy: Policy) -> Iterator[str]:
    yield _row("", "normal", f"gate, weight {policy.gate_weight}+", "briefing", "who hears")
    for step in ORDER:
        cadences = (policy.normal, policy.gate, policy.briefing)
        if any(step in cadence.days for cadence in cadences):
            yield _row(step, *(_day(cadence, step) for cadence in cadences), _hears(policy, step))


def _row(*cells: str) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=False)]
    return f"  {''.join(padded)}{cells[-1]}".rstrip()


def _day(cadence: Cadence, step: Step) -> str:
    day = cadence.day_of(step)
    if day is None:
        return "-"
    return "when assigned" if step is Step.INTRODUCE and day < 0 else f"day {day}"


def _hears(policy: Policy, step: Step) -> str:
    if step in LADDER:
        rung = policy.ladder[step]
        copies = f", copy to {' and '.join(_WHO[copy] for copy in rung.copies)}" if rung.copies else ""
        return f"{_WHO[rung.to]}{copies}"
    if step is Step.STAND_IN:
        return "head of the function, for a stand-in"
    return _WHO[To.OWNER] if step in TO_OWNER else "nobody: no more messages, it is listed as stuck"
