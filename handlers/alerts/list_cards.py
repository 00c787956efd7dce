"""Many alerts at a glance: what is open, what a storm consists of, one alert whole. For whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from handlers.alerts.cards import cut, duration, members_name, moment, shared_labels, sign_of
from handlers.alerts.lifetime import SEVERITIES
from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Confirm,
    Element,
    Heading,
    Line,
    Link,
    Mono,
    Note,
    Row,
    Span,
    Text,
    line,
)
from handlers.chat.wording import ENGLISH
from storage.alerting import Alert, AlertState, Signal, SignalState
from storage.alerts import Part
from storage.models import Person, Pilot

PAGE = 10
"""Alerts on one page: what a message of the chat service holds, and a person reads."""
NEWEST = 20
"""Members of a storm on one page."""
TITLE, LABELS = 140, 120
_SIGNALS = 15


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of alerts, with all that is said of them."""

    alerts: Sequence[Alert]
    counts: Mapping[int, int]
    """Open ones of each rank, on all pages."""
    ended: int
    """Those that are over, on all pages."""
    people: Mapping[str, Person]
    pilots: Mapping[int, Pilot]
    links: Mapping[int, str]
    """Where the alert's message is."""
    now: datetime
    about: str = ""
    """What was asked for, as part of a sentence: ``of Claims triage``."""
    here: Callable[[Alert], bool] | None = None
    """Whether it belongs where the question was asked; None: it was asked nowhere in particular."""
    page: int = 0
    line: Callable[[int], str] = field(default=lambda _: "")
    """What to type for a page of the same list, behind `/alerts`."""

    @property
    def pages(self) -> int:
        return max(-(-(sum(self.counts.values()) + self.ended) // PAGE), 1)


def open_card(listing: Listing) -> Card:
    """What is open, in groups, the worst first."""
    elements: list[Element] = []
    for title, alerts in groupby(listing.alerts, key=lambda alert: _group(alert, listing)):
        elements.append(Heading(title))
        elements += [_row(alert, listing) for alert in alerts]
    if not listing.alerts:
        elements.append(Text((_nothing(listing),)))
    buttons = [*_pager(listing), *_others(listing)]
    elements.append(Buttons(tuple(buttons)))
    if listing.pages > 1:
        elements.append(Note(line(f"Page {listing.page + 1} of {listing.pages}")))
    elif listing.alerts:
        elements.append(Note(line("One of them with its history: ", Mono("/alerts show ID"), ". Filters: ",
                                  Mono("/alerts help"))))
    return Card(_title(listing), tuple(elements))


def _title(listing: Listing) -> str:
    number = sum(listing.counts.values())
    what = {0: "No alert is open", 1: "1 alert is open"}.get(number, f"{number:,} alerts are open")
    about = f" {listing.about}" if listing.about else ""
    worst = ", ".join(f"{count:,} {SEVERITIES[rank]}" for rank, count in sorted(listing.counts.items()))
    ended = f"; {listing.ended:,} ended in the last 24 hours" if listing.ended else ""
    return f"{what}{about}{f': {worst}' if number > 1 else ''}{ended}"


def _nothing(listing: Listing) -> Line:
    if sum(listing.counts.values()) or listing.ended:
        return line("This page is empty: the list got shorter.")
    return line("What ended in the last 24 hours: ", Mono("/alerts all"), ". How fast alerts are taken on: ",
                Mono("/alerts stats"), ".")


def _group(alert: Alert, listing: Listing) -> str:
    what = "Over" if alert.state is AlertState.RESOLVED else SEVERITIES[alert.rank].capitalize()
    if listing.here is None:
        return what
    return f"{what}, here" if listing.here(alert) else f"{what}, elsewhere"


def _row(alert: Alert, listing: Listing) -> Row:
    standing: list[Span] = [*_where(alert, listing), *_taken(alert, listing)]
    lines = [_head(alert), (Mono(f"{alert.id}"), *_about(alert), " · since ", moment(alert.opened_at)),
             tuple(standing)]
    if alert.is_storm:
        return Row(tuple(lines), buttons=_storm_buttons(alert, listing))
    return Row(tuple(lines), aside=_row_button(alert, listing))


def _head(alert: Alert) -> Line:
    if alert.is_storm:
        return line(f"{sign_of(alert.severity)} ", Bold(f"Storm: {alert.total:,} alerts"),
                    f", {alert.firing:,} firing")
    sign = "✓" if alert.state is AlertState.RESOLVED else sign_of(alert.severity)
    number = f" · {alert.firing:,} of {alert.total:,} firing" if alert.total > 1 else ""
    return line(f"{sign} ", Bold(cut(alert.title, TITLE)), number)


def _about(alert: Alert) -> Line:
    if alert.is_storm:
        return ()
    labels = cut(" ".join(f"{name}={value}" for name, value in alert.labels.items()), LABELS)
    said = [each for each in (alert.name if alert.name != alert.title else "", labels) if each]
    flaps = [" · flapping"] if alert.is_flapping else []
    return tuple([f" · {each}" for each in said] + flaps)


def _where(alert: Alert, listing: Listing) -> list[Span]:
    pilot = listing.pilots.get(alert.pilot_id or 0)
    link = listing.links.get(alert.id)
    found: list[Span] = [f"{pilot.name} · "] if pilot is not None else []
    return [*found, Link(link, "Open in channel"), " · "] if link is not None else found


def _taken(alert: Alert, listing: Listing) -> Line:
    if alert.state is AlertState.RESOLVED:
        assert alert.resolved_at is not None
        return (f"over after {duration(alert.resolved_at - alert.opened_at, ENGLISH)}",)
    person = listing.people.get(alert.acked_by or "")
    if alert.state is AlertState.ACKED:
        until: Line = (", expected done ", moment(alert.eta_at)) if alert.eta_at is not None else ()
        return ("✓ ", person.name if person is not None else "somebody", " is on it", *until)
    waiting = duration(listing.now - alert.opened_at, ENGLISH)
    return (Bold("nobody is on it"), f", for {waiting} now")


def _row_button(alert: Alert, listing: Listing) -> Button:
    """What is most wanted of it: that somebody is on it, and then what happens."""
    if alert.state is AlertState.OPEN:
        return _acknowledge("Acknowledge", alert, listing)
    return Button("Show", f"run:/alerts show {alert.id}", says=f"Show {cut(alert.title, 60)}")


def _storm_buttons(alert: Alert, listing: Listing) -> tuple[Button, ...]:
    show = Button("Show them", f"a-list:{alert.id}:0")
    if alert.state is not AlertState.OPEN:
        return (show,)
    return _acknowledge("Acknowledge all", alert, listing), show


def _acknowledge(label: str, alert: Alert, listing: Listing) -> Button:
    """Answered by the same page as it stands then."""
    back = f"run:/alerts ack {alert.id} > {listing.line(listing.page)}"
    return Button(label, back, "primary", says=f"{label}: {cut(alert.title or 'storm', 60)}")


def _pager(listing: Listing) -> list[Button]:
    found = []
    if listing.page > 0:
        found.append(Button("◀ Back", f"run:/alerts {listing.line(listing.page - 1)}"))
    if listing.page + 1 < listing.pages:
        found.append(Button("More ▶", f"run:/alerts {listing.line(listing.page + 1)}"))
    return found


def _others(listing: Listing) -> list[Button]:
    return [Button("Refresh", f"run:/alerts {listing.line(listing.page)}".rstrip()),
            Button("Mine", "run:/alerts mine"), Button("Statistics", "run:/alerts stats")]


# ---- a storm -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gathered:
    """A storm with one page of its members, the newest first."""

    storm: Alert
    parts: Sequence[Part]
    members: Sequence[Alert]
    people: Mapping[str, Person]
    page: int
    can_attach: bool


def storm_list_card(found: Gathered) -> Card:
    """By name with counts, then the newest, one line each."""
    storm, pages = found.storm, max(-(-found.storm.total // NEWEST), 1)
    elements: list[Element] = []
    if found.page == 0:
        rows: list[Line] = [line(f"{sign_of(part.severity)} ", Bold(cut(part.name, 80)),
                                 f": {part.firing:,} firing of {part.alerts:,}")
                            for part in found.parts[:NEWEST]]
        left = len(found.parts) - NEWEST
        elements += [Text((line(Bold("By rule")), *rows,
                           *([line(f"and {left:,} rules more")] if left > 0 else [])))]
    elements.append(Text((line(Bold("The newest" if found.page == 0 else "Older ones")),
                          *(_member(each, found) for each in found.members))))
    buttons = []
    if found.page > 0:
        buttons.append(Button("◀ Back", f"a-list:{storm.id}:{found.page - 1}"))
    if found.page + 1 < pages:
        buttons.append(Button("More ▶", f"a-list:{storm.id}:{found.page + 1}"))
    if found.can_attach:
        buttons.append(Button("Post the complete list", f"a-file:{storm.id}", confirm=Confirm(
            "Post the list?", f"A file with all {storm.total:,} goes into the storm's thread, where "
            "everybody sees it.", "Post it")))
    if buttons:
        elements.append(Buttons(tuple(buttons)))
    elements.append(Note(line("One of them: ", Mono("/alerts show ID"),
                              f". Page {found.page + 1} of {pages}.")))
    title = f"{sign_of(storm.severity)} Storm: {storm.total:,} alerts, {storm.firing:,} firing"
    return Card(title, tuple(elements))


def _member(alert: Alert, found: Gathered) -> Line:
    person = found.people.get(alert.acked_by or "")
    state = {AlertState.RESOLVED: " · over", AlertState.OPEN: ""}.get(
        alert.state, f" · {person.name if person is not None else 'somebody'} is on it")
    sign = "✓" if alert.state is AlertState.RESOLVED else sign_of(alert.severity)
    return line(f"{sign} ", Mono(str(alert.id)), f" {cut(alert.title, 90)}{state} · ",
                moment(alert.opened_at))


# ---- one alert ---------------------------------------------------------------------------------------------


def whole_card(card: Card, alert: Alert, signals: Sequence[Signal], history: Sequence[Line],
               link: str | None) -> Card:
    """The alert's own card with what happened to it, its signals, and buttons that answer here."""
    kept = [each for each in card.elements if not isinstance(each, Buttons)]
    buttons = [_here(button, alert) for each in card.elements if isinstance(each, Buttons)
               for button in each.items]
    elements: list[Element] = [*kept, Text((line(Bold("What happened")), *history))]
    if signals:
        elements.append(Text((line(Bold("Its signals")), *_signals(alert, signals))))
    where: Line = (Link(link, "Open in channel"), " · ") if link is not None else ()
    elements.append(Text(((*where, "Alert ", Mono(str(alert.id))),)))
    if buttons:
        elements.append(Buttons(tuple(buttons)))
    return replace(card, elements=tuple(elements), file=None, thread=None)


def _here(button: Button, alert: Alert) -> Button:
    """A button whose answer is shown where it was pressed."""
    for verb, typed in (("a-ack", "ack"), ("a-resolve", "resolve")):
        if button.action == f"{verb}:{alert.id}":
            return replace(button, action=f"run:/alerts {typed} {alert.id} > show {alert.id}")
    return button


def _signals(alert: Alert, signals: Sequence[Signal]) -> list[Line]:
    rows, shared = list[Line](), alert.labels if len(signals) < 2 else shared_labels(signals)
    for signal in signals[:_SIGNALS]:
        sign = "✓" if signal.state is SignalState.RESOLVED else sign_of(SEVERITIES[signal.rank])
        often = f" · fired {signal.fired} times" if signal.fired > 1 else ""
        rows.append(line(f"{sign} {cut(members_name(signal, shared), 100)} · since ", moment(signal.first_at),
                         " · last heard ", moment(signal.last_at), often))
    left = alert.total - len(rows)
    return [*rows, *([line(f"and {left:,} more")] if left > 0 else [])]


# ---- all at once -------------------------------------------------------------------------------------------


def ask_all_card(number: int, about: str, key: str, at_most: int) -> Card:
    """Whether somebody is really on all of these."""
    if not number:
        return Card(f"No alert {about} waits for somebody", (Text((
            line("Each has somebody on it, or there is none. ", Mono("/alerts"), " shows them all."),)),))
    many = "1 alert" if number == 1 else f"{number:,} alerts"
    title = f"{many} {about} {'has nobody on it' if number == 1 else 'have nobody on them'}"
    rest = f" The first {at_most} are taken on; press again for more." if number > at_most else ""
    return Card(title, (
        Text((line("Say that you are on all of them? Each of their messages will name you." + rest),)),
        Buttons((Button(f"Acknowledge {many}", f"a-all:{key}", "primary", confirm=Confirm(
            f"Acknowledge {many}?", "Everybody sees that you are on them, and nobody else is called.",
            "Acknowledge")),
            Button("Show them first", "run:/alerts untaken")))))
