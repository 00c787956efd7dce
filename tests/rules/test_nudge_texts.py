"""What the steps of the nudge policy say, word by word, in English and German: polite, short, never a reminder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.library import read_languages
from handlers.chat.cards import Buttons, plain
from handlers.nudges import cards
from handlers.nudges.decision_cards import decision_card
from storage.models import ItemState, Person
from tests.rules.ladder import PRIYA
from tests.rules.make import item as sponsored
from tests.rules.test_decision_rules import sheet
from tests.rules.test_nudge_rules import SAM, digest_of, half_past_nine, sams

WORDS = read_languages(None, "en")
WED = date(2026, 11, 25)
THING = "Interface list · Claims triage · B-02"


def said(locale: str, step: str, *, reader: Person = SAM, copy: bool = False, **of: Any) -> list[str]:
    """The title, the row or the line, and the note of a digest about one item."""
    item = sams(title="Interface list", **of)
    digest, reading = digest_of([item], half_past_nine(WED), step=step, reader=reader, copy=copy)
    if item.state is not ItemState.OPEN:
        reading = replace(reading, left_at_gates={(item.pilot_id, "readiness_review"): 1})
    return plain(cards.digest_card(digest, replace(reading, words=WORDS.of(locale)))).splitlines()


def days(number: int) -> date:
    return date(2026, 11, 25 + number)


SAYINGS: list[tuple[str, dict[str, Any], str, str]] = [
    ("introduce", {"due_on": days(5)},
     "Due Mon 30 Nov. Readiness review cannot start without it. It is yours. When will you do it?",
     "Fällig: Mo., 30. Nov. Ohne das kann Readiness review nicht beginnen. Es liegt bei Ihnen. Wann erledigen Sie es?"),
    ("plan_prompt", {"due_on": days(2)},
     "Due Fri 27 Nov. Readiness review cannot start without it. When will you do it?",
     "Fällig: Fr., 27. Nov. Ohne das kann Readiness review nicht beginnen. Wann erledigen Sie es?"),
    ("plan_prompt", {"due_on": days(1)},
     "Due tomorrow. Readiness review cannot start without it. When will you do it?",
     "Fällig: morgen. Ohne das kann Readiness review nicht beginnen. Wann erledigen Sie es?"),
    ("due", {"due_on": days(0)},
     "Due today. Readiness review cannot start without it. When today will you do it?",
     "Heute fällig. Ohne das kann Readiness review nicht beginnen. Wann erledigen Sie es heute?"),
    ("overdue", {"due_on": days(-1)},
     "Was due yesterday. Readiness review cannot start without it. New date, blocked, or someone else?",
     "War gestern fällig. Ohne das kann Readiness review nicht beginnen. Neuer Termin, blockiert oder jemand anderes?"),
    ("warn", {"due_on": days(-5)},
     "Was due Fri 20 Nov, 3 working days ago. Readiness review cannot start without it. I will let Priya (pilot lead) know "
     "tomorrow unless this has a date.",
     "War am Fr., 20. Nov. fällig, vor 3 Arbeitstagen. Ohne das kann Readiness review nicht beginnen. Fehlt bis dahin ein "
     "Termin, gebe ich Priya (Pilotleitung) morgen Bescheid."),
]


@pytest.mark.parametrize(("step", "of", "english", "german"), SAYINGS, ids=[f"{step} {of}" for step, of, *_ in SAYINGS])
def test_an_owner_reads_how_it_stands_what_hangs_on_it_and_one_question(
        step: str, of: dict[str, Any], english: str, german: str) -> None:
    assert said("en-GB", step, **of)[1:3] == [THING, english]
    assert said("de-DE", step, **of)[1:3] == [THING, german]


def test_the_lead_hears_what_is_late_and_the_owner_that_the_lead_was_told() -> None:
    late = {"due_on": date(2026, 11, 23)}
    assert said("en", "L1", reader=PRIYA, **late)[2] == (
        "Heads-up: Was due Mon 23 Nov, 2 working days ago. Sam has no date yet. Readiness review cannot start without it.")
    assert said("de", "L1", reader=PRIYA, **late)[2] == (
        "Zur Information: War am Mo., 23. Nov. fällig, vor 2 Arbeitstagen. Sam hat noch keinen neuen Termin genannt. "
        "Ohne das kann Readiness review nicht beginnen.")


def test_the_owner_reads_whose_head_was_told() -> None:
    late = {"due_on": date(2026, 11, 23), "copy": True}
    assert said("en", "L2", **late)[1] == (
        "→ I told Helen (head of Engineering) that this is 2 working days late: Interface list (Claims triage)")
    assert said("de", "L2", **late)[1] == (
        "→ Ich habe Helen (Leitung Entwicklung) informiert, überfällig seit 2 Arbeitstagen: Interface list (Claims triage)")


def test_whoever_was_told_hears_the_end_and_what_is_left() -> None:
    ended = {"due_on": date(2026, 11, 23), "state": ItemState.DONE, "closed_by": SAM.id, "closed_at": half_past_nine(WED)}
    assert said("en", "resolved", reader=PRIYA, **ended)[1] == (
        "✓ Done, by Sam: Interface list (Claims triage). The gate to Readiness review has 1 item left. Thank you.")
    assert said("de", "resolved", reader=PRIYA, **ended)[1] == (
        "✓ Erledigt von Sam: Interface list (Claims triage). Zur Freigabe für Readiness review fehlt noch 1 Punkt. "
        "Vielen Dank.")


def test_a_digest_says_in_the_readers_language_why_it_came_and_how_to_quiet_it() -> None:
    english, german = said("en", "due", due_on=WED), said("de", "due", due_on=WED)
    assert (english[0], german[0]) == ("This waits for you: Interface list (Claims triage), due today",
                                       "Das wartet auf Sie: Interface list (Claims triage), heute fällig")
    assert english[-1] == ("This comes on working days at 09:30 when there is news about something of yours. /pilot why says "
                           "more; /pilot digest weekly brings it once a week, /pilot quiet until DATE holds it back.")
    assert german[-1] == ("Das kommt an Arbeitstagen um 09:30 Uhr, wenn es zu Ihren Punkten etwas gibt. Mehr dazu: "
                          "/pilot why. Nur einmal pro Woche: /pilot digest weekly. Zurückhalten: /pilot quiet until DATE")


def test_the_sponsor_reads_who_has_the_ball_what_waiting_costs_and_what_can_be_chosen() -> None:
    waits = sheet(sponsored("W1-02", id=1, title="Legal briefing", role="legal", gate="build", due_on=date(2026, 11, 12),
                            owner_id=SAM.id), people=(SAM,))
    english, german = (decision_card(waits, WORDS.of(locale)) for locale in ("en", "de"))
    assert english is not None
    assert german is not None
    assert english.title == "Decision wanted: Claims triage has waited 7 working days for “Legal briefing”"
    assert german.title == "Entscheidung nötig: Claims triage wartet seit 7 Arbeitstagen auf „Legal briefing“"
    assert plain(german).splitlines()[1:5] == [
        "Am Zug: Sam (Recht), ohne neuen Termin",
        "Bisher unternommen: nichts, was erfasst ist",
        "Was das Warten kostet: bisher etwa eine Woche (7 Arbeitstage nach dem Termin; fünf sind eine Woche)",
        "Freigabe: Build kann ohne das nicht beginnen, und sonst steht nichts im Weg"]
    [choices] = [element for element in german.elements if isinstance(element, Buttons)]
    assert [button.label for button in choices.items] == [
        "Neuer Termin", "Jemand anderes", "Ausnahme zulassen", "Pilot pausieren", "Pilot beenden", "Öffnen"]


@pytest.mark.parametrize("locale", ["en", "de"])
def test_no_language_nags(locale: str) -> None:
    everything = " ".join(" ".join(said(locale, step, **of)) for step, of, *_ in SAYINGS).casefold()
    for word in ("just a reminder", "kindly", "asap", "🚨", "nur zur erinnerung", "dringend", "bitte umgehend", "mahnung"):
        assert word not in everything
