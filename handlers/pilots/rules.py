"""What may happen to an item, from values alone. Each `check_` raises Refused with what to do instead."""

from datetime import date, datetime, time

from handlers.chat.errors import Refused, inside
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from storage.models import Item, ItemKind, ItemState, Pilot, PilotState

SAFETY_FLOOR = frozenset({"W1-01", "W1-02", "W1-03", "R-05", "R-07", "LLM-04", "REG-02", "REG-04"})
"""Open, they keep `limited_rollout` shut whatever else is waived (readiness rules, safety floor)."""

BRIEFINGS = {"security": "W1-01", "legal": "W1-02", "compliance": "W1-03"}
"""The 30-minute meetings of week one, by the role that holds them."""

BRIEFED_FROM = time(9, 30)
"""On the day of the kickoff nobody gets their brief before the morning's messages go out."""

WORDS_AT_MOST = 2000
NAME_AT_MOST = 80
FURTHEST_DAYS = 730
WAIVED_WD = 30
"""So many working days a waiver runs at most."""


def is_briefed(item: Item, pilot: Pilot, reviewer: Calendar, now: datetime) -> bool:
    """Whether whoever holds this briefing is to have the brief: from the morning of the kickoff on."""
    return (item.ref in BRIEFINGS.values() and item.state is ItemState.OPEN
            and pilot.state is PilotState.ACTIVE and now >= reviewer.at(pilot.kickoff_on, BRIEFED_FROM))


def check_words(text: str, what: str) -> str:
    """The text without edges. Raises Refused where it is too long to be read."""
    text = text.strip()
    if len(text) > WORDS_AT_MOST:
        raise Refused(f"That {what} has {len(text):,} characters; I keep at most {WORDS_AT_MOST:,}. "
                      "Put the long version where your team keeps documents and give me the link.")
    return text


def closed_words(item: Item, by: str, today: date) -> str:
    """How and when it was closed."""
    when = f" on {say_date(item.closed_at.date(), today)}" if item.closed_at else ""
    match item.state:
        case ItemState.DONE:
            return f"{item.ref} is done already, by {by}{when}."
        case ItemState.NOT_APPLICABLE:
            return f"{item.ref} was marked not applicable by {by}{when}: {inside(item.na_reason or '')}."
        case ItemState.WAIVED:
            until = f" until {say_date(item.waived_until, today)}" if item.waived_until else ""
            return f"{item.ref} was waived{until}, by {by}{when}."
    return f"{item.ref} is open."


def check_open(item: Item, by: str, today: date) -> None:
    if item.state is not ItemState.OPEN:
        raise Refused(f"{closed_words(item, by, today)} `/pilot reopen {item.ref} reason` opens it again.")


def check_done(item: Item, evidence: str, by: str, today: date) -> None:
    check_open(item, by, today)
    if item.kind is ItemKind.SIGNOFF and not evidence:
        raise Refused(f"{item.ref} is a sign-off: say who agreed to what and when, or link it. "
                      f"`/pilot done {item.ref} agreed by Marta and Ana on 24 Nov, minutes in the wiki`")


def check_reopen(item: Item) -> None:
    if item.state is ItemState.OPEN:
        raise Refused(f"{item.ref} is open already. `/pilot item {item.ref}` shows it.")


def check_plan(item: Item, on: date, today: date, by: str) -> None:
    check_open(item, by, today)
    check_ahead(on, today, f"/pilot plan {item.ref} fri")


def check_ahead(on: date, today: date, example: str) -> None:
    """Raises Refused where `on` is past or absurdly far; `example` is a line that would do."""
    if on < today:
        raise Refused(f"{say_date(on, today)} is in the past. Give a day from today on, such as "
                      f"`{example}`.")
    if (on - today).days > FURTHEST_DAYS:
        raise Refused(f"{on.isoformat()} is more than two years away. Give a nearer day, such as "
                      f"`{example}`.")


def check_waiver(item: Item, until: date, today: date, by: str, calendar: Calendar) -> None:
    """Raises Refused where the gate may not be passed without `item` until then."""
    check_open(item, by, today)
    check_ahead(until, today, f"/pilot waive {item.ref} until fri reason")
    if calendar.between(today, until) > WAIVED_WD:
        last = say_date(calendar.add(today, WAIVED_WD), today)
        raise Refused(f"A waiver runs for {WAIVED_WD} working days at most: give a day up to {last}. If "
                      f"{item.ref} will never apply, `/pilot na {item.ref} reason` takes it out.")


def check_slot(item: Item, at: datetime, on: date, now: datetime, today: date, by: str) -> None:
    """Raises Refused where a meeting cannot be held at `at`, which is the day `on` for its owner."""
    check_open(item, by, today)
    kind = next((kind for kind, ref in BRIEFINGS.items() if ref == item.ref), None)
    check_ahead(on, today, f"/pilot brief {kind} slot fri 14:00" if kind else "fri 14:00")
    if at < now:
        held = f" If it was held, `/pilot brief {kind} held minutes` notes that." if kind else ""
        raise Refused(f"That hour has passed already. Give one from now on, such as `fri 14:00`.{held}")


def check_reason(reason: str, verb: str, item: Item) -> str:
    reason = check_words(reason, "reason")
    if not reason:
        raise Refused(f"Say why, in a few words: `/pilot {verb} {item.ref} reason`. It goes into the audit "
                      "trail.")
    return reason


def check_block(item: Item, blocker: str | None, reason: str, by: str, today: date) -> None:
    check_open(item, by, today)
    if blocker is None and not reason:
        raise Refused(f"Say who or what holds it: `/pilot block {item.ref} by @omar` or "
                      f"`/pilot block {item.ref} waiting for the CRM export`.")
    if blocker is not None and blocker == item.owner_id:
        raise Refused(f"The owner of {item.ref} cannot be its own blocker. Say what it waits for instead, or "
                      f"`/pilot assign {item.ref} @who` if somebody else should do it.")


def check_assign(item: Item, to: str, by: str, today: date) -> None:
    check_open(item, by, today)
    if item.owner_id == to:
        raise Refused(f"{item.ref} is theirs already. `/pilot item {item.ref}` shows it.")


def check_meeting(item: Item) -> None:
    if item.kind is not ItemKind.MEETING:
        raise Refused(f"{item.ref} is not a meeting, so it has no slot and no asks. "
                      f"`/pilot done {item.ref}` closes it.")


def check_held(item: Item, on: date, attendees: str, by: str, today: date) -> None:
    check_open(item, by, today)
    if on > today:
        raise Refused("That day has not come yet. Record the slot now and press Held afterwards.",
                      fields={"on": "This day has not come yet. Give the day on which it was held."})
    if (today - on).days > 365:
        raise Refused("That is over a year ago. Give the day on which it was held.",
                      fields={"on": "That is over a year ago. Give the day on which it was held."})
    if not attendees:
        raise Refused("Say who was there: names are what an auditor asks for.",
                      fields={"attendees": "Say who was there: names are what an auditor asks for."})


def leave_it(item: Item) -> None:
    """Nobody is on it any more: it is done, waits for somebody, or is somebody else's now."""
    item.on_it_by = item.on_it_at = None


def check_title(text: str) -> str:
    """One ask as an item's title. Raises Refused where it is too long for one."""
    text = inside(" ".join(text.split()))
    if len(text) > 200:
        raise Refused(f"“{text[:40]}…” is too long for one ask. Keep each line under 200 characters.",
                      fields={"blocking": "Keep each line under 200 characters.",
                              "other": "Keep each line under 200 characters."})
    return text


def next_ask_ref(refs: set[str]) -> str:
    """The id of the next ask of a briefing: A-01, A-02, ..."""
    return next_ref("A", refs)


def next_ref(begins: str, refs: set[str]) -> str:
    """The next free id that begins so: RB-01, RB-02, ..."""
    number = 1
    while f"{begins}-{number:02d}" in refs:
        number += 1
    return f"{begins}-{number:02d}"


def occurrence_ref(ref: str, refs: set[str]) -> str:
    """The id of the next occurrence of a repeating item: B-11 -> B-11#2 -> B-11#3."""
    base = ref.partition("#")[0]
    number = 2
    while f"{base}#{number}" in refs:
        number += 1
    return f"{base}#{number}"
