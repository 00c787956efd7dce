"""To whoever can help a briefing along: that a stand-in is needed, that it may be done in writing."""

from handlers.briefings.sheet import Sheet
from handlers.chat.cards import Button, Buttons, Card, Mono, Note, Text, line
from handlers.people.roles import Role
from storage.models import ItemState, PilotState


def stand_in_card(sheet: Sheet, head_id: str | None, *, was_shown: bool) -> Card | None:
    """To the head of the function, or to the lead where none is known: somebody else is needed."""
    words, item, owner = sheet.words, sheet.item, sheet.dossier.owner(sheet.item)
    role = words.term(Role(item.role).title)
    if not _still_waits(sheet):
        said = words.text("{title} needs no stand-in any more. Thank you.", title=sheet.title)
        return Card(said) if was_shown else None
    lines = [line(words.text("{owner} has not chosen a time for it yet.", owner=sheet.name(owner))),
             line(words.text("Half an hour now keeps the review from holding up the launch."))]
    if head_id != sheet.reader_id:
        lines.append(words.spans("I ask you, because I do not know who heads {role}: {command} tells me.",
                                 role=role, command=Mono(f"/pilot head {item.role} @who")))
    why = (words.text("You get this once, because you head {role}.", role=role)
           if head_id == sheet.reader_id else
           words.text("You get this once, because you lead this pilot."))
    take = () if owner is not None and owner.id == sheet.reader_id else (
        Button(words.text("I take it"), f"standin:{item.id}", "primary"),)
    return Card(words.text("{title}: who can stand in?", title=sheet.title), (
        Text(tuple(lines)),
        Buttons((*take, Button(words.text("Choose somebody"), f"choose:{item.id}"),
                 Button(words.text("Open"), f"item:{item.id}"))),
        Note(line(why))))


def in_writing_card(sheet: Sheet, *, was_shown: bool) -> Card | None:
    """To the lead: whether to offer that it is done in writing. To the reviewer: that it may be."""
    words, item, owner = sheet.words, sheet.item, sheet.dossier.owner(sheet.item)
    if not _still_waits(sheet):
        said = words.text("{title} is arranged. Thank you.", title=sheet.title)
        return Card(said) if was_shown else None
    if owner is not None and owner.id == sheet.reader_id:
        return Card(words.text("{title}: answer in writing instead?", title=sheet.title), (
            Text((line(words.text("{lead} offers that you answer the five questions here, with no meeting.",
                                  lead=sheet.name(sheet.lead))),)),
            Buttons((Button(words.text("Answer in writing"), f"written:{item.id}", "primary"),
                     Button(words.text("Pick a time"), f"times:{item.id}"))),
            Note(line(words.text("You get this once, because you hold this review. What you leave out is "
                                 "kept open; you can go on later.")))))
    return Card(words.text("{title} still has no time", title=sheet.title), (
        Text((line(words.text("{owner} can answer the five questions in writing, if you offer it.",
                              owner=sheet.name(owner))),)),
        Buttons((Button(words.text("Offer it in writing"), f"inwriting:{item.id}", "primary"),
                 Button(words.text("Pick a time"), f"times:{item.id}"),
                 Button(words.text("Hand over"), f"assign:{item.id}"))),
        Note(line(words.text("You get this once, because you lead this pilot.")))))


def _still_waits(sheet: Sheet) -> bool:
    return (sheet.item.state is ItemState.OPEN and sheet.item.slot_at is None
            and sheet.pilot.state is PilotState.ACTIVE)
