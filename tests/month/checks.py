"""What the policy promises about each message, judged by what was shown and when: one function for each promise.

Nothing here asks the product's rules. Who works when comes from the story and the holidays' own library, what
a message says from its words. Each function returns the violations, in words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from tests.month import voice
from tests.month.cast import Member
from tests.month.record import Row, Said, rows_of
from tests.month.run import Month

OPENS, CLOSES = time(9), time(16, 30)
DIGESTS_A_DAY, DIGESTS_A_WEEK, IMMEDIATE_A_DAY, ROWS = 1, 5, 2, 5


def unasked(month: Month) -> Iterator[tuple[Member, Said]]:
    for said in month.said:
        if said.to is not None and said.is_unasked:
            yield said.to, said


def rows(month: Month, *, asks: bool = False) -> Iterator[tuple[Member, Said, Row]]:
    """What digests spoke of; `asks`: only what the reader is asked to do."""
    for to, said in unasked(month):
        for row in said.rows:
            if said.kind == "digest" and (not asks or row.step in voice.ASKS):
                yield to, said, row


def everybody_is_recognised(month: Month) -> list[str]:
    """Every message is of a kind that is known, and every row says something that is known."""
    found = [f"{_where(said)} is of no kind: {said.text[:300]!r}" for said in month.said if said.kind == "?"]
    return found + [f"{_where(said)} says of {row.key} something unknown: {row.text!r}"
                    for _, said, row in rows(month) if row.step == "?"]


def digests_stay_in_budget(month: Month) -> list[str]:
    days: Counter[tuple[str, date]] = Counter()
    weeks: Counter[tuple[str, date]] = Counter()
    for to, said in unasked(month):
        if said.kind == "digest":
            days[to.handle, said.day] += 1
            weeks[to.handle, said.day - timedelta(days=said.day.weekday())] += 1
    return ([f"{who} got {n} digests on {day}" for (who, day), n in days.items() if n > DIGESTS_A_DAY]
            + [f"{who} got {n} digests in the week of {day}" for (who, day), n in weeks.items() if n > DIGESTS_A_WEEK])


def immediate_ones_stay_in_budget(month: Month) -> list[str]:
    days: dict[tuple[str, date], list[str]] = defaultdict(list)
    for to, said in unasked(month):
        if said.kind in voice.IMMEDIATE - {"invite"}:  # a calendar's entry: as many as there are meetings
            days[to.handle, said.day].append(said.kind)
    return [f"{who} got {len(kinds)} messages besides the digest on {day}: {' '.join(kinds)}"
            for (who, day), kinds in days.items() if len(kinds) > IMMEDIATE_A_DAY]


def nobody_is_disturbed(month: Month) -> list[str]:
    """Not at night, on a weekend or holiday, while away, in do not disturb, or after they left."""
    found = []
    for to, said in unasked(month):
        local = to.local(said.at)
        if said.kind == "invite" and _begins_before_they_open(to, said):
            continue  # later, it would be news of a meeting that is over
        why = ("at night" if not OPENS <= local.time() < CLOSES else "on a day off" if not to.works(local.date())
               else "while away" if to.is_away(local.date())
               else "in do not disturb" if any(begins <= said.at < ends for begins, ends in to.dnd)
               else "after they left" if to.leaves is not None and said.at > to.leaves else None)
        if why is not None:
            found.append(f"{_where(said)} came {why}: {said.title}")
    return found


_MEETING = re.compile(r"(\d{1,2})\.? \w+\.?,? (\d\d):(\d\d)")


def _begins_before_they_open(to: Member, said: Said) -> bool:
    """The meeting of an invitation comes before the reader's next opening."""
    found = _MEETING.search(said.title)
    if found is None:
        return False
    local, (day, hour, minute) = to.local(said.at), map(int, found.groups())
    begins = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    begins += timedelta(days=begins < local)
    if begins.day != day:
        return False
    opens = local.replace(hour=OPENS.hour, minute=OPENS.minute, second=0)
    while opens < local or not to.works(opens.date()) or to.is_away(opens.date()):
        opens += timedelta(days=1)
    return begins <= opens


def messages_are_short(month: Month) -> list[str]:
    found = []
    for _, said in unasked(month):
        with_buttons = sum(bool(row.labels) for row in said.rows)
        if said.kind == "digest" and with_buttons > ROWS:
            found.append(f"{_where(said)} has {with_buttons} rows with buttons")
    return found


def messages_say_why(month: Month) -> list[str]:
    """Each says why it came, and either how to quiet it or that it comes once."""
    found = []
    for said in month.said:
        if said.kind in ("invite", "undelivered") or (said.to is None and said.kind != "nudge"):
            continue  # a calendar entry; a fault; a channel is told what happened there
        if not voice.says(said.text, voice.WHY):
            found.append(f"{_where(said)} does not say why it came: {said.title}")
        if not (voice.COMMAND.search(said.text) or voice.ONCE.search(said.text)):
            found.append(f"{_where(said)} does not say how to quiet it: {said.title}")
    return found


def nothing_is_said_twice(month: Month) -> list[str]:
    """No item by the same step to the same person twice for one due date, one owner, one time of waiting."""
    first: dict[tuple[object, ...], Said] = {}
    found = []
    anew = _begins_anew(month)
    for to, said, row in rows(month):
        if row.step in ("held", "planned", "replan", "ended") or row.facts is None:
            continue  # a slot is asked about until it is recorded, each planned day has its question
        key = to.handle, row.key, row.step, row.facts.due, row.facts.since, row.facts.blocked_by, _sentence(row), \
            sum(at < said.at for at in anew.get(row.facts.number, ()))
        if key in first:
            found.append(f"{_where(said)} says again {row.step!r} of {row.key}, as on {first[key].day}")
        first.setdefault(key, said)
    return found


def _begins_anew(month: Month) -> dict[int, list[datetime]]:
    """When an item was unblocked, opened again or waived for a while: its steps begin anew then."""
    found = defaultdict(list)
    for number, at in month.waived:
        found[number].append(at)
    for at, _, value in month.log:
        verb, _, number = value.partition(":")
        if verb in ("unblock", "reopen"):
            found[int(number)].append(at)
    return found


def _sentence(row: Row) -> str:
    """Of a telling: to which rung it is, as far as its reader can tell."""
    if row.step == "copy":
        return " ".join(voice.found(row.text, (*voice.COPY, *voice.COPIES), "person"))
    return " ".join(part for words in (voice.NO_SPONSOR, voice.NO_HEAD) for part in voice.found(row.text, words, "command"))


def channel_and_digest_do_not_repeat_each_other(month: Month) -> list[str]:
    asked = {(to.handle, said.day, row.key): said for to, said, row in rows(month, asks=True) if row.step != "warn"}
    found = []
    for said, row, who in mentions(month):
        key = who.handle, who.local(said.at).date(), row.key
        if key in asked:
            found.append(f"#{said.room} mentions {who.handle} of {row.key} on {key[1]}, and so does their digest")
    return found


def mentions(month: Month) -> Iterator[tuple[Said, Row, Member]]:
    pilots = _pilots_by_room(month)
    for said in month.said:
        if said.kind == "nudge":
            for row in said.rows:
                for handle, who in month.company.members.items():
                    if f"@{handle}" in row.text.replace(",", " ").split():
                        yield said, Row(row.title, pilots.get(said.room, ""), row.step, row.text), who


def _pilots_by_room(month: Month) -> dict[str, str]:
    return {said.room: next(voice.found(said.text.replace("*", ""), voice.KINDS["kickoff"], "pilot"), "")
            for said in month.said if said.kind == "kickoff"}


def channels_name_nobody_late(month: Month) -> list[str]:
    """Neither when it is posted nor as it stands now."""
    found = []
    for said in month.said:
        if said.kind != "nudge":
            continue
        for text in _late_texts(said):
            bare = _FOR_SOMEBODY.sub("", voice.without(text, voice.ON_IT))
            named = [each.handle for each in month.company.members.values()
                     if each.name in bare or f"@{each.handle}" in bare.split()]
            if named:
                found.append(f"#{said.room} names {', '.join(named)} as late: {text!r}")
    return found


_FOR_SOMEBODY = re.compile(r"^A diagram of the data for [^·\n]*")
"""What was asked for is named by who asked; that says nothing of who is late."""


def _late_texts(said: Said) -> Iterable[str]:
    """The rows and lines about something late, as posted and as they stand."""
    shown = [row.text for row in said.rows]
    if said.message is not None:
        shown += [row.text for row in rows_of(said.message.all_blocks, str)] + said.message.plain.split("\n")
    return [text for text in shown + said.text.split("\n") if voice.says(text, voice.LATE)
            and not text.startswith("*As of")]


def blocked_owners_are_left_alone(month: Month) -> list[str]:
    """Who waits for a person hears nothing; who waits for a thing only the warning."""
    found = []
    for to, said, row in rows(month, asks=True):
        if row.facts is None or row.facts.owner != f"slack:{to.id}" or not row.facts.is_blocked:
            continue
        if row.facts.blocked_by not in (None, row.facts.owner) or (row.facts.blocked_by is None and row.step != "warn"):
            found.append(f"{_where(said)} asks {to.handle} for {row.key}, which is blocked")
    return found


def _where(said: Said) -> str:
    if said.to is None:
        return f"{said.kind} in #{said.room} at {said.at:%a %d %b %H:%M} UTC"
    return f"{said.kind} to {said.to.handle} at {said.to.local(said.at):%a %d %b %H:%M} {said.to.city}"


CHECKS = (everybody_is_recognised, digests_stay_in_budget, immediate_ones_stay_in_budget, nobody_is_disturbed,
          messages_are_short, messages_say_why, nothing_is_said_twice, channel_and_digest_do_not_repeat_each_other,
          channels_name_nobody_late, blocked_owners_are_left_alone)
