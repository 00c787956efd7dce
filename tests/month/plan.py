"""What happens in the month whatever people do: forty pilots, who has which role, and what befalls them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.month.cast import share

BEGINS = date(2027, 3, 8)
"""A Monday. In the month lie Holi, Good Friday and Easter Monday, and the clocks change in New York, then in
Berlin and London, then in Sydney."""

_POOLS = {
    "lead": "priya nils isla ruth dana lola esha kate bia yuki",
    "product": "tom anke hugh faye max gita duda rina",
    "engineering": "sam frank ben gus nina pia dev hari liam kenji",
    "data": "lena petra nora hope asha caio",
    "ml": "ravi uwe ivan otis taro",
    "operations": "ana katrin callum june indu mia",
    "security": "sabine kai callum jai",
    "compliance": "carol eli stefan",
    "change": "zora jack petra ivan",
}
_SPONSORS = "greg hiro olivia dieter"
_NAMES = ("Claims triage", "Invoice match", "Support copilot", "Quote drafter", "Fraud notes", "Contract search",
          "Demand plan", "Route planner", "Meter reader", "Policy finder", "Mail sorter", "Field notes",
          "Parts lookup", "Price check", "Shift planner", "Risk memo", "Audit trail", "Call summary",
          "Tender draft", "Damage photos", "Return desk", "Lab journal", "Stock watch", "Credit memo",
          "Case notes", "Visit report", "Supplier check", "Energy forecast", "Crew roster", "Menu planner",
          "Ticket router", "Handover notes", "Site survey", "Bill review", "Churn radar", "Onboarding guide",
          "Translation desk", "Safety walk", "Fleet health", "Order intake")


WHOLE, WHOLE_DAYS = range(len(_NAMES)), 31
SHARE, SHARE_DAYS = (1, 3, 5, 6, 9, 12, 30), 12
"""Pilots with a full list, a role that nobody holds, a pause, a sponsor who leaves, a stop, a late start."""
FEW, FEW_DAYS = (3, 5, 6), 6


@dataclass(frozen=True)
class PilotPlan:
    number: int
    name: str
    room: str
    kickoff: date
    registered: date
    cut: str
    packs: tuple[str, ...]
    roles: dict[str, str] = field(default_factory=dict)


def pilots(numbers: Iterable[int]) -> list[PilotPlan]:
    return [_pilot(number) for number in numbers]


def _pilot(number: int) -> PilotPlan:
    kickoff = _working(BEGINS + timedelta(days=1), number % 8)
    registered = _working(kickoff, 6) if number in (30, 31, 32, 33) else max(BEGINS, kickoff - timedelta(days=2))
    roles = {role: _one_of(names, role, number) for role, names in _POOLS.items()}
    roles["legal"] = "jonas" if number % 8 in (0, 3, 5) else _one_of("eli sabine carol", "legal", number)
    roles["sponsor"] = "marta" if number % 10 in (1, 4, 8) else _one_of(_SPONSORS, "sponsor", number)
    if number == 6:
        roles["sponsor"] = "ben"      # who leaves in week two
    if number == 12:
        del roles["data"]             # nobody holds these
    if number == 3:
        del roles["operations"]
    packs = {0: ("llm-assistant",), 5: ("regulated",), 7: ("llm-assistant", "regulated")}.get(number % 9, ())
    name = _NAMES[number]
    return PilotPlan(number, name, name.lower().replace(" ", "-"), kickoff, registered,
                     "full" if number % 4 == 1 else "core", packs, roles)


def _one_of(names: str, role: str, number: int) -> str:
    listed = names.split()
    return listed[int(share(role, number) * len(listed))]


def _working(day: date, n: int) -> date:
    """The n-th day from Monday to Friday after `day`."""
    while n or day.weekday() > 4:
        day += timedelta(days=1)
        n -= day.weekday() <= 4 and n > 0
    return day


HEADS = {"security": "jai", "legal": "sabine", "engineering": "hugh", "product": "anke"}
"""Who heads a function; of the others nobody is known."""

PAUSED, RESUMED, STOPPED = (5, BEGINS + timedelta(days=8)), (5, BEGINS + timedelta(days=14)), (9, BEGINS + timedelta(days=10))
"""A pilot's number, and when."""
