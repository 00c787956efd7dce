"""What the policy promises about telling others: who was warned before, who decides, who hears the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

from tests.month import voice
from tests.month.cast import Member
from tests.month.checks import rows, unasked
from tests.month.record import Facts, Said
from tests.month.run import Month

SPONSOR_AFTER = {True: 7, False: 10}
"""Working days after the due date on which the sponsor is asked: of heavy gate items, of all others."""
HEAVY = 4
GRACE = 3
"""Working days for what lies between: a rung a day, and each hears on a morning of theirs."""
Key = tuple[str, str]


def warned_before_others_hear(month: Month) -> list[str]:
    """Whoever is told on was warned, for this due date and as its owner, at least one working day earlier."""
    warned: dict[tuple[Key, date | None], list[tuple[Member, date]]] = defaultdict(list)
    found = []
    for to, said, row in rows(month):
        if row.facts is None:
            continue
        key = row.key, row.facts.due
        if row.step == "warn" or (row.step == "overdue" and row.facts.owner != f"slack:{to.id}"):
            warned[key].append((to, said.day))  # a lead who stands in for somebody gone is told by being asked
        elif row.step in ("told", "copy") and not any(
                who.working_days(day, who.local(said.at).date()) >= 1 for who, day in warned[key]):
            found.append(f"{to.handle} is told of {row.key} on {said.day}, due {row.facts.due}; warned: "
                         f"{[(who.handle, str(day)) for who, day in warned[key]]}")
    return found


def told_hear_the_end_once(month: Month) -> list[str]:
    """Whoever was told that something is late hears in one digest that it is settled."""
    told: dict[tuple[str, Key], Said] = {}
    ends: Counter[tuple[str, Key]] = Counter()
    found = []
    for to, said, row in rows(month):
        if row.step in ("told", "stand-in", "copy"):
            told.setdefault((to.handle, row.key), said)
        elif row.step == "ended":
            ends[to.handle, row.key] += 1
    for (who, key), said in told.items():
        closed, member = month.closed.get(key), month.company.members[who]
        if closed is None or closed.at <= said.at or not _should_hear(month, member, key, closed.at):
            continue
        if ends[who, key] != 1:
            found.append(f"{who} was told of {key} on {said.day} and heard its end {ends[who, key]} times; "
                         f"it was settled on {closed.at:%a %d %b %H:%M} UTC")
    return found + [f"{who} heard twice that {key} is settled" for (who, key), n in ends.items() if n > 1]


def _should_hear(month: Month, who: Member, key: Key, at: datetime) -> bool:
    """Not what they did themselves; and there was a morning for it."""
    if month.closed[key].by == f"slack:{who.id}" or month.closed[key].owner == f"slack:{who.id}":
        return False
    day, last = who.local(at).date(), who.local(month.ends).date()
    mornings = [day + timedelta(days=n) for n in range(1, (last - day).days)]
    return sum(who.works(each) and not who.is_away(each) for each in mornings) >= 3 and who.leaves is None


def sponsors_are_asked_once_a_week(month: Month) -> list[str]:
    """A second card within a week only where a gate is due: it does not say that none is.

    Of a card with several matters only the first one's gate can be read: such a card is not judged.
    """
    last: dict[str, Said] = {}
    found = []
    for to, said in unasked(month):
        if said.kind != "decision":
            continue
        before = last.get(to.handle)
        is_soon = before is not None and said.day - before.day < timedelta(days=7)
        has_no_gate = voice.says(said.text, voice.HOLDS_NO_GATE) and not voice.says(said.text, voice.MORE_MATTERS)
        if before is not None and is_soon and has_no_gate:
            found.append(f"{to.handle} got a card on {said.day} and one on {before.day}, and no gate is due: {said.title}")
        last[to.handle] = said
    return found


def what_is_late_reaches_a_decision(month: Month) -> list[str]:
    """Open past the ladder: on a sponsor's card, or the lead was told that there is no sponsor to ask."""
    cards = [(to, said) for to, said in unasked(month) if said.kind == "decision"]
    helpless = {row.key for _, _, row in rows(month) if voice.says(row.text, voice.NO_SPONSOR)}
    found = []
    for key, left in month.open.items():
        if left.is_quiet or left.facts.due is None or not left.facts.holds_gate or key in helpless:
            continue
        sponsor = month.company.members.get(left.sponsor or "")
        days = _days_past(month, left.facts)
        if days <= SPONSOR_AFTER[left.facts.weight >= HEAVY] + GRACE or _touched(month, left.since):
            continue
        is_on_card = any(key[0] in _now(said) and key[1] in _now(said) for _, said in cards)
        if not is_on_card and not _was_week_used(month, sponsor, cards):
            found.append(f"{key} is {days} working days late (due {left.facts.due}, sponsor {left.sponsor}) and on no card")
    return found


def _now(said: Said) -> str:
    return str(said.message.plain) if said.message is not None else said.text


def _days_past(month: Month, facts: Facts) -> int:
    owner = next((each for each in month.company.members.values() if f"slack:{each.id}" == facts.owner), None)
    owner = owner or month.company.members["alex"]
    assert facts.due is not None
    return owner.working_days(facts.due, owner.local(month.ends).date())


def _touched(month: Month, since: datetime) -> bool:
    """Somebody did something about it of late, which holds the ladder back."""
    return month.ends - since < timedelta(days=14)


def _was_week_used(month: Month, sponsor: Member | None, cards: list[tuple[Member, Said]]) -> bool:
    """The sponsor got another card in the last week of the month, or was not there to get one."""
    if sponsor is None or sponsor.leaves is not None:
        return False
    return any(to is sponsor and month.ends - said.at < timedelta(days=8) for to, said in cards)


CHECKS = (warned_before_others_hear, told_hear_the_end_once, sponsors_are_asked_once_a_week, what_is_late_reaches_a_decision)
