"""What on-call looks like: who has it now and next, a rotation with its layers, what is to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Confirm,
    Element,
    Line,
    Moment,
    Mono,
    Note,
    Row,
    Span,
    Text,
    line,
    prose,
)
from handlers.chat.wording import Words
from handlers.oncall.provider_words import title_of
from handlers.oncall.records import UNMATCHED, layer_of
from handlers.oncall.rules import Layer, Shift
from handlers.oncall.standing import Standing, sentence
from handlers.people.dates import WEEKDAYS
from storage.alerting import Rotation, ShiftChange
from storage.models import Person, Pilot

SHOWN, UPCOMING = 10, 6

People = Mapping[str, Person]


@dataclass(frozen=True, slots=True)
class Board:
    """Rotations as one reader sees them.

    Attributes:
        asked: the pilot that was asked about; None: all.
        pilots: by number, those that the rotations are for.
        people: by id, whoever the standings name.
        said: what was just done, above everything.
    """

    standings: Sequence[Standing]
    people: People
    pilots: Mapping[int, Pilot]
    asked: Pilot | None = None
    said: str = ""

    def name(self, person_id: str) -> str:
        if person_id.startswith(UNMATCHED):
            return person_id.removeprefix(UNMATCHED)
        person = self.people.get(person_id)
        return person.name if person is not None else "somebody"

    def of(self, rotation: Rotation) -> str:
        """For whom a rotation is, unless its name says so."""
        pilot = self.pilots.get(rotation.pilot_id or 0)
        for_whom = "" if pilot is None or pilot.name == rotation.name else f" · {pilot.name}"
        whole = " · the whole workspace" if rotation.pilot_id is None else ""
        second = " · called second" if rotation.rank else ""
        return f"{for_whom}{whole}{second}"


def moment(at: datetime) -> Moment:
    return Moment(at, f"{at:%a %d %b %H:%M} UTC")


def board_card(board: Board) -> Card:
    """`/oncall`: who is on call now, until when, and who is next; an empty one is loud."""
    title = f"On call for {board.asked.name}" if board.asked else "On call"
    elements: list[Element] = [Text((prose(board.said),))] if board.said else []
    if not board.standings:
        new = f"oc-make:{board.asked.id if board.asked else 0}"
        elements += [Text((prose("🔴 Nobody is on call: no rotation is set up, so an alert wakes nobody. "
                                 "`/oncall rotation set` makes one."),)),
                     Buttons((Button("New rotation", new, "primary"),))]
        return Card(title, tuple(elements))
    if board.asked and all(each.rotation.pilot_id is None for each in board.standings):
        elements.append(Note(line("It has no rotation of its own, so the workspace's counts.")))
    for standing in board.standings[:SHOWN]:
        elements.append(Row(_lines(board, standing), _buttons(standing)))
    if len(board.standings) > SHOWN:
        more = len(board.standings) - SHOWN
        elements.append(Note(line(f"{more} more: ", Mono("/oncall NAME"), " shows one.")))
    return Card(title, tuple(elements))


def _lines(board: Board, standing: Standing) -> tuple[Line, ...]:
    rotation = standing.rotation
    lines = [line(Bold(rotation.name), board.of(rotation)), now_line(standing)]
    if standing.person is not None and standing.said:
        lines.append(prose(f"⚠ {sentence([standing.said])}"))
    if (following := standing.next) is not None:
        lines.append(line("Next: ", board.name(following.person), ", ", moment(following.begins), " to ",
                          moment(following.ends)))
    return tuple(lines)


def now_line(standing: Standing) -> Line:
    """Who has it now and until when, or why nobody."""
    if standing.person is None:
        return prose(f"🔴 Nobody is on call: {standing.said}.")
    spans: list[Span] = ["Now: ", Bold(standing.person.name)]
    if standing.until is not None:
        spans += [" until ", moment(standing.until)]
    else:
        spans.append(", and nobody after that")
    return tuple(spans)


def _buttons(standing: Standing) -> tuple[Button, ...]:
    rotation = standing.rotation
    return (
        Button("Take it", f"oc-take:{rotation.id}", says=f"Take the shift of {rotation.name}",
               confirm=Confirm("Take the shift?", "From now on you are on call until the present shift ends.",
                               "Take it")),
        Button("Hand over", f"oc-give:{rotation.id}", says=f"Hand over the shift of {rotation.name}"),
        Button("Details", f"oc-show:{rotation.id}", says=f"Layers and shifts of {rotation.name}"),
        Button("Calendar feed", f"oc-feed:{rotation.id}", says=f"Calendar feed of {rotation.name}"))


def rotation_card(board: Board, changes: Sequence[ShiftChange]) -> Card:
    """One rotation: its layers, what was changed, what is to come, and what may be done about it."""
    standing = board.standings[0]
    rotation = standing.rotation
    elements: list[Element] = [Text((prose(board.said),))] if board.said else []
    elements.append(Text((now_line(standing), *_kept(board, rotation))))
    coming = [_shift_line(board, each) for each in standing.following[:UPCOMING]]
    if coming:
        elements.append(Text((line(Bold("To come")), *coming)))
    if changes:
        made = [_change_line(board, each) for each in changes[-UPCOMING:]]
        elements.append(Text((line(Bold("Changes")), *made)))
    elements.append(Buttons(_edit_buttons(rotation)))
    return Card(f"{rotation.name}{board.of(rotation)}", tuple(elements))


def _kept(board: Board, rotation: Rotation) -> list[Line]:
    if rotation.provider:
        return [line(f"Kept by {title_of(rotation.provider)}, schedule ", Mono(rotation.provider["schedule"]),
                     "; what is changed here counts here only.")]
    lines = []
    for place, facts in enumerate(rotation.layers, 1):
        layer = layer_of(facts)
        names = ", ".join(board.name(each) for each in layer.people)
        lines.append(line(Bold(f"Layer {place}: "), names, f". {turns(layer)}, {rotation.zone}"))
    return lines


def turns(layer: Layer) -> str:
    """'Weekly, hand-over on Monday at 09:00, only Mon to Fri 09:00 to 17:00'."""
    every = {1: "Daily", 7: "Weekly"}.get(layer.every) or (
        f"Every {layer.every // 7} weeks" if layer.every % 7 == 0 else f"Every {layer.every} days")
    day = layer.anchor.weekday() if layer.every % 7 == 0 else None
    on = f" on {WEEKDAYS[day]}" if day is not None else ""
    said = f"{every}, hand-over{on} at {layer.at:%H:%M}"
    if layer.hours is None:
        return said
    days = " ".join(WEEKDAYS[day][:3] for day in sorted(layer.hours.days))
    return f"{said}, only {days} {layer.hours.begins:%H:%M} to {layer.hours.ends:%H:%M}"


def _edit_buttons(rotation: Rotation) -> tuple[Button, ...]:
    number, count = rotation.id, len(rotation.layers)
    if rotation.provider:
        shown = [Button("Edit", f"oc-kept:{number}"), Button("Keep it here", f"oc-edit:{number}:0")]
    else:
        shown = [Button("Edit", f"oc-edit:{number}:0")]
        shown += [Button(f"Edit layer {place + 1}", f"oc-edit:{number}:{place}") for place in range(1, count)]
        shown.append(Button("Add a layer", f"oc-edit:{number}:{count}"))
        if count > 1:
            shown.append(Button(f"Drop layer {count}", f"oc-drop:{number}:{count - 1}", "danger", Confirm(
                f"Drop layer {count}?", "The layers below it count again.", "Drop it")))
        shown.append(Button("Keep it elsewhere", f"oc-kept:{number}",
                            says="Have another system say who is on call"))
    return (*shown, Button("Calendar feed", f"oc-feed:{number}"), delete_button(rotation))


def delete_button(rotation: Rotation) -> Button:
    return Button("Delete", f"oc-delete:{rotation.id}", "danger", Confirm(
        f"Delete {rotation.name[:60]}?", "Its changes go too, and its calendar feed ends. Alerts then fall "
        "back on the workspace's rotation, if there is one.", "Delete"))


def _shift_line(board: Board, shift: Shift) -> Line:
    return line(board.name(shift.person), ": ", moment(shift.begins), " to ", moment(shift.ends),
                " (changed)" if shift.layer is None and not shift.person.startswith(UNMATCHED) else "")


def _change_line(board: Board, change: ShiftChange) -> Line:
    return line(board.name(change.person_id), ": ", moment(change.begins_at), " to ", moment(change.ends_at),
                f", by {board.name(change.made_by)}")


def next_card(board: Board, mine: Sequence[tuple[Rotation, Shift]]) -> Card:
    """`/oncall next`: the reader's next shifts anywhere, then those of the rotations asked about."""
    own = [line(Bold("Yours"))]
    own += [line(f"{rotation.name}: ", moment(shift.begins), " to ", moment(shift.ends))
            for rotation, shift in mine[:UPCOMING]]
    if not mine:
        own.append(line("none in the next 60 days"))
    elements: list[Element] = [Text(tuple(own))]
    for standing in board.standings[:SHOWN]:
        coming = [_shift_line(board, each) for each in standing.following[:UPCOMING]]
        rotation = standing.rotation
        elements.append(Text((line(Bold(rotation.name), board.of(rotation)),
                              *(coming or [prose(f"🔴 {sentence([standing.said])}")]))))
    return Card("Next shifts", tuple(elements))


def feed_card(rotation: Rotation, address: str, *, is_whole: bool) -> Card:
    """The address of a rotation's calendar, for the reader alone."""
    said = [line("Subscribe to this address in your calendar; it shows the next 90 days:"),
            line(Mono(address))]
    if not is_whole:
        said.append(prose("Put the address at which others reach me before it. An admin knows it, and can set"
                          " `GROUNDCREW_PUBLIC_URL` so that I do."))
    return Card(f"Calendar feed of {rotation.name}", (
        Text(tuple(said)),
        Note(line("Whoever has the address can read the shifts. A new one ends the old.")),
        Buttons((Button("New address", f"oc-renew:{rotation.id}", "danger",
                        Confirm("New address?", "Calendars that use the old one stop being updated.",
                                "Renew it")),))))


def notice_card(change: ShiftChange, rotation: Rotation, reader: str, names: People, words: Words) -> Card:
    """To somebody whose shift was changed by somebody else."""
    def name(person_id: str) -> str:
        person = names.get(person_id)
        return person.name if person is not None else words.text("Somebody")

    by, begins, ends = name(change.made_by), moment(change.begins_at), moment(change.ends_at)
    if change.person_id == reader:
        title = words.text("You are on call: {rotation}", rotation=rotation.name)
        said = words.spans("{by} put you on call from {begins} to {ends}.", by=by, begins=begins, ends=ends)
    else:
        who = name(change.person_id)
        title = words.text("Your shift was changed: {rotation}", rotation=rotation.name)
        said = words.spans("{who} is on call instead of you from {begins} to {ends}, by {by}.", who=who,
                           begins=begins, ends=ends, by=by)
    return Card(title, (
        Text((said,)),
        Buttons((Button(words.text("Show the rotation"), f"oc-show:{rotation.id}"),))))
