"""Each judge of the month sees what it is there for: a fragment that keeps the promise passes, one that breaks it is caught."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.month import checks, ladder, plan, snapshots, voice
from tests.month.cast import Member, company
from tests.month.record import Facts, Row, Said
from tests.month.run import Closed, Month, Open

PEOPLE = company(plan.BEGINS)
TOM, PRIYA, MARTA, KATRIN, BEN, GUS = (PEOPLE.members[each] for each in ("tom", "priya", "marta", "katrin", "ben", "gus"))
MON = date(2027, 3, 15)
ITEM, PILOT = "List every interface", "Claims triage"
FOOT = ("This comes on working days at 09:30 when there is news about something of yours. `/pilot why` says more; "
        "`/pilot digest weekly` brings it once a week, `/pilot quiet until DATE` holds it back.")
WARNING = "Was due Fri 12 Mar. I will let Priya Shah (pilot lead) know tomorrow unless this has a date."
HEADS_UP = "Heads-up: Was due Fri 12 Mar. Tom Weber has no date yet. Build cannot start without it."
QUESTION = "Due Thu 18 Mar. Build cannot start without it. When will you do it?"
END = f"✓ Done, by Tom Weber: {ITEM} ({PILOT}). The gate to Build has 1 item left. Thank you."
DUE = Facts(f"slack:{TOM.id}", date(2027, 3, 12), 5, True, since=datetime(2027, 3, 1, tzinfo=UTC), number=7)


def at(who: Member, day: int = 0, hour: int = 9, minute: int = 31) -> datetime:
    """That time of the n-th day from Monday the 15th, on their clock."""
    on = MON + timedelta(days=day)
    utc = datetime(on.year, on.month, on.day, hour, minute, tzinfo=UTC)
    return utc - (who.local(utc).utcoffset() or timedelta())


def row(text: str = QUESTION, *, step: str | None = None, facts: Facts = DUE, buttons: bool = True) -> Row:
    return Row(ITEM, PILOT, step or voice.step_of(text), text, ("done:7",) if buttons else (), facts)


def digest(who: Member, *rows: Row, day: int = 0, hour: int = 9, text: str = FOOT) -> Said:
    return Said(at(who, day, hour), who, "directmessage", "digest", text, list(rows))


def direct(who: Member, kind: str, *, day: int = 0, hour: int = 10, text: str = "You get this. Do it.") -> Said:
    return Said(at(who, day, hour), who, "directmessage", kind, text)


def nudge(text: str, *, day: int = 0) -> list[Said]:
    opened = Said(at(TOM, day - 7), None, "claims-triage", "kickoff", f"*{PILOT} starts: everyone who can say no is asked in week one*")
    return [opened, Said(at(TOM, day), None, "claims-triage", "nudge", "Claims triage, Build: 1 late", [row(text)])]


def month(*said: Said, **more: Any) -> Month:
    begins = datetime(2027, 3, 8, tzinfo=UTC)
    return Month(PEOPLE, list(said), begins, begins + timedelta(days=31), **more)


LATE_ROW = "Engineering · 1 working day late · no new date yet"
CLOSED = {(ITEM, PILOT): Closed(at(TOM, 2), f"slack:{TOM.id}", f"slack:{TOM.id}")}
LEFT_OPEN = {(ITEM, PILOT): Open(replace(DUE, due=date(2027, 3, 10)), "marta", at(TOM, -7), is_quiet=False)}
GATELESS = "Decision wanted: X has waited 10 working days for Y\nGate: it holds none; the pilot can go on without it"
GATED = "Decision wanted: X has waited 10 working days for Y\nGate: Build cannot start without it"
NO_SPONSOR = f"{HEADS_UP} This is for a sponsor, and there is none: `/pilot team sponsor @who` names one."

KEEPS = {
    "everybody_is_recognised": month(digest(TOM, row())),
    "digests_stay_in_budget": month(*(digest(TOM, row(), day=n) for n in range(5))),
    "immediate_ones_stay_in_budget": month(direct(TOM, "ask"), direct(TOM, "handed"), direct(TOM, "ask", day=1)),
    "nobody_is_disturbed": month(digest(TOM, row()), digest(GUS, row(), day=8)),
    "messages_are_short": month(digest(TOM, *[row()] * 5, row(END, step="ended", buttons=False))),
    "messages_say_why": month(digest(TOM, row()), direct(TOM, "handed", text="You get this once. From then on it is in your "
                                                                             "morning message until it is done.")),
    "nothing_is_said_twice": month(digest(TOM, row()), digest(TOM, row(WARNING), day=1),
                                   digest(TOM, row(facts=replace(DUE, due=date(2027, 3, 20))), day=2)),
    "channel_and_digest_do_not_repeat_each_other": month(*nudge("Product: @tom · due Thu 18 Mar"), digest(TOM, row(WARNING)),
                                                         digest(TOM, row(), day=1)),
    "channels_name_nobody_late": month(*nudge(f"{LATE_ROW} · Tom Weber is on it since 10:02")),
    "blocked_owners_are_left_alone": month(digest(TOM, row(WARNING, facts=replace(DUE, is_blocked=True)))),
    "warned_before_others_hear": month(digest(TOM, row(WARNING)), digest(PRIYA, row(HEADS_UP), day=1)),
    "told_hear_the_end_once": month(digest(PRIYA, row(HEADS_UP)), digest(PRIYA, row(END, step="ended"), day=3), closed=CLOSED),
    "sponsors_are_asked_once_a_week": month(direct(MARTA, "decision", text=GATED), direct(MARTA, "decision", day=2, text=GATED),
                                            direct(MARTA, "decision", day=9, text=GATELESS)),
    "what_is_late_reaches_a_decision": month(direct(MARTA, "decision", text=f"{PILOT} has waited for {ITEM}"), open=LEFT_OPEN),
}
BREAKS = {
    "everybody_is_recognised": [month(direct(TOM, "?")), month(digest(TOM, row("Do it at once.")))],
    "digests_stay_in_budget": [month(digest(TOM), digest(TOM, hour=11)), month(*(digest(TOM, day=n) for n in range(6)))],
    "immediate_ones_stay_in_budget": [month(*(direct(TOM, "ask", hour=9 + n) for n in range(3)))],
    "nobody_is_disturbed": [
        month(digest(TOM, hour=8)), month(direct(TOM, "ask", hour=17)), month(digest(TOM, day=5)),  # night, evening, Saturday
        month(digest(TOM, day=14)), month(digest(PEOPLE.members["dev"], day=7)),                    # Easter Monday, Holi
        month(digest(KATRIN, day=3)), month(direct(BEN, "ask", day=3)),                             # away, gone
        month(direct(PRIYA, "invite", hour=20)),
        *(month(Said(begins + timedelta(minutes=31), who, "d", "digest", FOOT))
          for who in PEOPLE.members.values() for begins, _ in who.dnd[:1])],
    "messages_are_short": [month(digest(TOM, *[row()] * 6))],
    "messages_say_why": [month(digest(TOM, text="Do it.")), month(direct(TOM, "seat-back")), month(*nudge(LATE_ROW))],
    "nothing_is_said_twice": [month(digest(TOM, row()), digest(TOM, row(), day=1)),
                              month(digest(PRIYA, row(HEADS_UP)), digest(PRIYA, row(HEADS_UP), day=1))],
    "channel_and_digest_do_not_repeat_each_other": [month(*nudge("Product: @tom · due Thu 18 Mar"), digest(TOM, row()))],
    "channels_name_nobody_late": [month(*nudge(f"Engineering: @tom · {LATE_ROW}")), month(*nudge(f"Tom Weber · {LATE_ROW}"))],
    "blocked_owners_are_left_alone": [
        month(digest(TOM, row(facts=replace(DUE, is_blocked=True)))),
        month(digest(TOM, row(WARNING, facts=replace(DUE, is_blocked=True, blocked_by=f"slack:{PRIYA.id}"))))],
    "warned_before_others_hear": [
        month(digest(PRIYA, row(HEADS_UP))), month(digest(TOM, row(WARNING)), digest(PRIYA, row(HEADS_UP), hour=15)),
        month(digest(TOM, row(WARNING, facts=replace(DUE, due=MON))), digest(PRIYA, row(HEADS_UP), day=2))],
    "told_hear_the_end_once": [
        month(digest(PRIYA, row(HEADS_UP)), closed=CLOSED),
        month(digest(PRIYA, row(HEADS_UP)), *(digest(PRIYA, row(END, step="ended"), day=n) for n in (3, 4)), closed=CLOSED)],
    "sponsors_are_asked_once_a_week": [month(direct(MARTA, "decision", text=GATED), direct(MARTA, "decision", day=6, text=GATELESS))],
    "what_is_late_reaches_a_decision": [
        month(open=LEFT_OPEN), month(digest(PRIYA, row(HEADS_UP)), open=LEFT_OPEN)],
}
JUDGES = {check.__name__: check for check in (*checks.CHECKS, *ladder.CHECKS)}


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_passes_what_keeps_the_promise(name: str) -> None:
    assert JUDGES[name](KEEPS[name]) == []


@pytest.mark.parametrize(("name", "number"), [(name, n) for name, broken in BREAKS.items() for n in range(len(broken))])
def test_a_judge_catches_each_way_to_break_the_promise(name: str, number: int) -> None:
    assert JUDGES[name](BREAKS[name][number])


def test_every_judge_is_put_to_the_test() -> None:
    assert JUDGES.keys() == KEEPS.keys() == BREAKS.keys()


def test_a_lead_who_heard_that_there_is_no_sponsor_counts_as_asked() -> None:
    assert ladder.what_is_late_reaches_a_decision(month(digest(PRIYA, row(NO_SPONSOR)), open=LEFT_OPEN)) == []


@pytest.mark.parametrize("text", [FOOT, *(text.replace("{", "").replace("}", "") for text in voice.WHY)])
def test_a_reason_is_heard_in_what_is_said(text: str) -> None:
    assert voice.says(text, voice.WHY)


def test_german_is_understood_as_english_is() -> None:
    assert voice.kind_of("*Sponsor für Meter reader: Sind Sie das?*\nSponsor: ...") == "ask"
    assert voice.kind_of("*Guten Morgen*") == "?"


def test_a_month_that_went_another_way_is_shown_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "FOLDER", tmp_path)
    monkeypatch.setenv("UPDATE_SNAPSHOTS", "1")
    snapshots.check("some.txt", "09:31 BER @tom digest\n09:31 LON @sam digest\n")
    monkeypatch.delenv("UPDATE_SNAPSHOTS")
    snapshots.check("some.txt", "09:31 BER @tom digest\n09:31 LON @sam digest\n")
    with pytest.raises(AssertionError, match=r"(?s)-09:31 LON @sam digest\n\+19:31 LON @sam digest"):
        snapshots.check("some.txt", "09:31 BER @tom digest\n19:31 LON @sam digest\n")
