"""To the reviewer: the brief, the times, and what became of it."""

from datetime import datetime

from handlers.briefings.brief import facts_of, questions_of
from handlers.briefings.rules import KINDS, QUESTIONS, Stand, stand_of
from handlers.briefings.sheet import Sheet
from handlers.chat.cards import Bold, Button, Buttons, Card, Element, Facts, Line, Mono, Note, Text, line
from handlers.people.calendar import valid_zone
from handlers.pilots.schedule import title_of
from storage.models import ItemState, PilotState


def briefing_card(sheet: Sheet, *, was_shown: bool) -> Card | None:
    """The brief and what it waits for; None: there is nothing to say to this reader."""
    stand = stand_of(sheet.item, sheet.pilot, sheet.reader_id, sheet.now)
    if stand in (Stand.UNSET, Stand.SET, Stand.PASSED):
        asks = {Stand.UNSET: _choose, Stand.SET: _is_set, Stand.PASSED: _was_held}[stand]
        title, below = asks(sheet)
        brief = Facts(facts_of(sheet.dossier, sheet.words))
        return Card(title, (brief, _questions(sheet), *below, _why(sheet)))
    return _over(sheet, stand) if was_shown else None


def times_card(sheet: Sheet) -> Card:
    """The times alone, in answer to somebody who asked for them."""
    title, below = _choose(sheet)
    return Card(title, tuple(below))


def _over(sheet: Sheet, stand: Stand) -> Card:
    words, item = sheet.words, sheet.item
    if stand is Stand.WITH_ANOTHER:
        owner = sheet.dossier.owner(item)
        if owner is None:
            return Card(words.text("{title} is not with you any more. Thank you.", title=sheet.title))
        return Card(words.text("{title} is with {owner} now. Thank you.", title=sheet.title,
                               owner=owner.name))
    if stand is Stand.HALTED:
        if sheet.pilot.state is PilotState.PAUSED:
            return Card(words.text("{title}: the pilot is paused, nothing is asked of you now.",
                                   title=sheet.title))
        return Card(words.text("{title}: the pilot was stopped, nothing is asked of you any more.",
                               title=sheet.title))
    if item.state is not ItemState.DONE:
        return Card(words.text("{title} is not needed: {reason}", title=sheet.title,
                               reason=item.na_reason or words.text("waived")))
    asks = [each.ref for each in sheet.dossier.items if f"briefing:{item.ref}" in each.source]
    asked = words.text("What you asked for: {asks}.", asks=words.listed(asks)) if asks else words.text(
        "You asked for nothing.")
    return Card(words.text("{title} is done. Thank you.", title=sheet.title), (
        Text((line(item.evidence or ""), line(asked))),
        Buttons((Button(words.text("Open"), f"item:{item.id}"),))))


def _questions(sheet: Sheet) -> Text:
    asked = questions_of(KINDS[sheet.item.ref], sheet.words)
    return Text((line(Bold(sheet.words.text("What we ask of you"))),
                 *(line(f"{number}. {question}") for number, question in enumerate(asked, 1))))


def _choose(sheet: Sheet) -> tuple[str, list[Element]]:
    words, slots = sheet.words, sheet.slots()
    title = words.text("{title}: pick 30 minutes", title=sheet.title)
    picks = tuple(Button(sheet.moment(at), f"pick:{sheet.item.id}:{int(at.timestamp())}",
                         says=words.text("Hold it on {time}", time=sheet.moment(at))) for at in slots)
    others = [Button(words.text("Other time"), f"slot:{sheet.item.id}")]
    if not slots and sheet.row is not None and sheet.row.slots:
        others.insert(0, Button(words.text("New times"), f"times:{sheet.item.id}", "primary"))
    if _may_write(sheet):
        others.append(Button(words.text("Answer in writing"), f"written:{sheet.item.id}"))
    others.append(Button(words.text("Hand over"), f"assign:{sheet.item.id}"))
    rows = [Buttons(picks)] if picks else []
    return title, [Text((*_answered(sheet), _offer(sheet, slots))), *rows, Buttons(tuple(others))]


def _answered(sheet: Sheet) -> tuple[Line, ...]:
    """How far it was answered in writing."""
    done = sum(map(bool, sheet.row.answers.values())) if sheet.row is not None else 0
    if not done:
        return ()
    return (line(sheet.words.text("{done} of {all} questions are answered in writing and kept.", done=done,
                                  all=QUESTIONS)),)


def _offer(sheet: Sheet, slots: list[datetime]) -> Line:
    words, owner, lead = sheet.words, sheet.dossier.owner(sheet.item), sheet.lead
    if slots:
        if lead is None or owner is None or lead.id == owner.id:
            return line(words.text("These times suit you:"))
        return words.spans("These times suit you and {lead}, on your clock:", lead=Bold(lead.name))
    if sheet.row is not None and sheet.row.slots:
        return line(words.text("The times that were on offer have passed."))
    unclear = [person for person in (owner, lead) if person is not None and not valid_zone(person.zone)]
    if unclear:
        return line(words.text(
            "I do not know the time zone of {name}, so I cannot tell which hours suit. Choose a time that "
            "you both agree on, or answer the questions in writing.", name=unclear[0].name))
    if lead is not None and owner is not None and lead.id != owner.id:
        return line(words.text(
            "Your working hours and those of {lead} do not meet in the next weeks. Agree on an hour outside "
            "them and enter it with Other time, or answer the questions in writing.", lead=lead.name))
    return line(words.text("I found no free half hour. Enter one with Other time, or answer in writing."))


def _may_write(sheet: Sheet) -> bool:
    """In writing once that was offered, or where no meeting can be had."""
    return sheet.row is not None and (sheet.row.async_asked_at is not None or not sheet.row.slots
                                      or bool(sheet.row.answers))


def _is_set(sheet: Sheet) -> tuple[str, list[Element]]:
    words, item = sheet.words, sheet.item
    assert item.slot_at is not None
    title = words.text("{title}: {time}", title=sheet.title, time=sheet.moment(item.slot_at))
    invited = words.text("The invitation for your calendar is a message of its own here.")
    return title, [
        Text((_with(sheet), line(invited))),
        Buttons((Button(words.text("Held"), f"held:{item.id}"),
                 Button(words.text("Move it"), f"slot:{item.id}"),
                 Button(words.text("Call it off"), f"noslot:{item.id}")))]


def _with(sheet: Sheet) -> Line:
    others = [person.name for guest in (sheet.row.attendees if sheet.row else ())
              if (person := sheet.dossier.people.get(guest)) is not None and guest != sheet.reader_id]
    if not others:
        return line(sheet.words.text("30 minutes."))
    return line(sheet.words.text("30 minutes with {names}.", names=sheet.words.listed(others)))


def _was_held(sheet: Sheet) -> tuple[str, list[Element]]:
    words, item = sheet.words, sheet.item
    assert item.slot_at is not None
    title = words.text("{title}: held? What do you ask for?", title=sheet.title)
    return title, [
        Text((line(words.text("It was set for {time}.", time=sheet.moment(item.slot_at))),)),
        Buttons((Button(words.text("Held, note what I ask for"), f"held:{item.id}", "primary"),
                 Button(words.text("Not held, new time"), f"noslot:{item.id}"),
                 Button(words.text("Answer in writing"), f"written:{item.id}")))]


def _why(sheet: Sheet) -> Note:
    command = Mono(f"/pilot assign {sheet.item.ref} @who")
    return Note(sheet.words.spans(
        "You get this once, because you hold this review. {by} Not yours? {command} gives it to somebody "
        "else.", by=_by(sheet), command=command))


def _by(sheet: Sheet) -> str:
    words, item = sheet.words, sheet.item
    if item.due_on is None:
        return ""
    if item.gate is None:
        return words.text("It is due {day}.", day=sheet.day(item.due_on))
    stage = title_of(item.gate, sheet.pilot.stages)
    return words.text("It is due {day}; {stage} cannot begin without it.", day=sheet.day(item.due_on),
                      stage=stage)
