"""What is said of alerts that are held back: on their cards, and in the list of silences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers.alerts.cards import cut, moment
from handlers.alerts.holding import PATTERN, PILOT
from handlers.chat.cards import Bold, Button, Card, Element, Line, Mono, Note, Row, Text, line, said
from handlers.chat.wording import Words
from storage.alerting import Silence
from storage.models import Person, Pilot

SHOWN = 20
_REASON = 160


def lines(silence: Silence | None, held_back: int, people: Mapping[str, Person],
          words: Words) -> tuple[Element, ...]:
    """What an alert's card says below its facts: that it is silenced, and what it holds back."""
    found: list[Line] = []
    if silence is not None:
        person = people.get(silence.made_by)
        found.append(words.spans("🔕 Silenced until {moment} by {person}: {reason}",
                                 moment=moment(silence.ends_at), reason=cut(silence.reason, _REASON),
                                 person=person.name if person is not None else words.text("somebody")))
    if held_back:
        found.append(line(words.count("Holds back {number} alert, which is shown if it outlasts this one",
                                      "Holds back {number} alerts, which are shown if they outlast this one",
                                      held_back)))
    return (Text(tuple(found)),) if found else ()


def in_words(matchers: Mapping[str, str]) -> str:
    """``name=FeatureDrift model=~churn-.*``, as it can be typed."""
    return " ".join("pilot=none" if label == PILOT and not value else _typed(label, value)
                    for label, value in matchers.items())


def _typed(label: str, value: str) -> str:
    sign, wanted = ("=~", value.removeprefix(PATTERN)) if value.startswith(PATTERN) else ("=", value)
    is_plain = wanted and " " not in wanted and "," not in wanted
    return f"{label}{sign}{wanted}" if is_plain else f'{label}{sign}"{wanted}"'


# ---- answers, in English -----------------------------------------------------------------------------------


def list_card(open_ones: Sequence[Silence], people: Mapping[str, Person],
              pilots: Mapping[int, Pilot]) -> Card:
    """Who keeps what quiet, why, until when, and how much it held back."""
    if not open_ones:
        return said("Nothing is silenced. `/alerts silence name=FeatureDrift for 4h reason` does it; every "
                    "silence ends by itself.")
    rows: list[Element] = [_row(each, people, pilots) for each in open_ones[:SHOWN]]
    left = len(open_ones) - SHOWN
    if left > 0:
        rows.append(Note(line(f"and {left} more, which end later")))
    number = len(open_ones)
    return Card(f"{number} silence{'' if number == 1 else 's'}, the next to end first", (
        *rows, Note(line("What still fires when its silence ends is shown then. End one early: ",
                         Mono("/alerts unsilence ID")))))


def _row(silence: Silence, people: Mapping[str, Person], pilots: Mapping[int, Pilot]) -> Row:
    pilot = pilots.get(silence.pilot_id or 0)
    whose = f" of {pilot.name}" if pilot is not None else ""
    person = people.get(silence.made_by)
    held = f"held back {silence.held} signal{'' if silence.held == 1 else 's'}"
    return Row((line(Bold(f"#{silence.id}"), " ", Mono(cut(in_words(silence.matchers), 300)), whose),
                line("until ", moment(silence.ends_at), f" by {person.name if person else 'somebody'}: "
                     f"{cut(silence.reason, _REASON)}"),
                line(held)),
               aside=Button("End", f"s-end:{silence.id}", says=f"End silence {silence.id}"))


def made_card(silence: Silence, alerts: int, now: datetime) -> Card:
    """What a silence that was just made does."""
    quiet = (f"{alerts} open alert{' is' if alerts == 1 else 's are'} quiet now" if alerts
             else "No open alert matches it now; it counts for what begins")
    return Card(f"Silence {silence.id} holds until {_utc(silence.ends_at, now)}", (
        Text((line(Mono(in_words(silence.matchers))),
              line(f"{quiet}. Signals are taken in and counted; what still fires when it ends is shown."))),
        Note(line("End it early: ", Mono(f"/alerts unsilence {silence.id}")))))


def _utc(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"
