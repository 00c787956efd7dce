"""To whoever is invited: the calendar entry. To the pilot's channel: who meets whom, and when."""

from handlers.briefings.brief import questions_of
from handlers.briefings.invitation import Guest, Invitation, as_ics
from handlers.briefings.rules import KINDS, is_on
from handlers.briefings.sheet import Sheet
from handlers.chat.cards import Bold, Card, Code, File, Line, Moment, Note, Text, line
from storage.models import ItemState, Person


def invitation_of(sheet: Sheet, guests: list[Person]) -> Invitation:
    """The calendar entry; whoever leads the pilot invites."""
    assert sheet.row is not None
    assert sheet.row.invited_at is not None
    is_cancelled = sheet.reader_id not in sheet.row.attendees
    lead = sheet.lead
    ordered = sorted(guests, key=lambda person: lead is None or person.id != lead.id)
    names = ", ".join(person.name for person in ordered)
    questions = "\n".join(f"- {each}" for each in questions_of(KINDS[sheet.item.ref], sheet.words))
    text = "\n".join((sheet.pilot.purpose, sheet.words.text("With: {names}", names=names),
                      sheet.words.text("Channel: #{room}", room=sheet.pilot.room_name), "", questions))
    workspace = sheet.pilot.workspace_id
    return Invitation(
        sheet.row.uid, sheet.row.sequence, sheet.row.invited_at, sheet.title, text,
        tuple(Guest(workspace, person.id, person.name) for person in ordered), is_cancelled)


def invite_card(sheet: Sheet, invitation: Invitation, *, can_attach: bool) -> Card:
    """The invitation, or that it is called off, with the file that tells the reader's calendar."""
    words, time = sheet.words, sheet.moment(invitation.starts_at)
    title = words.text("Invitation: {title}, {time}", title=sheet.title, time=time)
    if invitation.is_cancelled:
        title = words.text("Called off: {title}, {time}", title=sheet.title, time=time)
    names = words.listed([guest.name for guest in invitation.guests])
    who = line(words.text("30 minutes: {names}.", names=names))
    if not can_attach:
        said = words.text("For your calendar:")
        return Card(title, (Text((who, line(said))), Code(_to_copy(sheet, invitation, names))))
    how = (words.text("The file in this thread takes it out of your calendar.") if invitation.is_cancelled
           else words.text("The file in this thread puts it into your calendar; it replaces an earlier one."))
    return Card(title, (Text((who,)), Note(line(how))),
                file=File(invitation.file_name, as_ics(invitation, sheet.now), f"{sheet.title} {time}"))


def _to_copy(sheet: Sheet, invitation: Invitation, names: str) -> str:
    calendar = sheet.calendar
    begins, ends = calendar.local(invitation.starts_at), calendar.local(invitation.ends_at)
    return "\n".join((sheet.title, f"{begins.date()} {begins:%H:%M} - {ends:%H:%M} ({calendar.zone})", names))


def slot_card(sheet: Sheet, *, was_shown: bool) -> Card | None:
    """When it is and who meets whom, where the pilot's team reads it; None: nothing is arranged."""
    words, item, briefing = sheet.words, sheet.item, Bold(sheet.short_title)
    if is_on(item, sheet.pilot):
        return _plainly(sheet, _meets(sheet, briefing))
    if not was_shown:
        return None
    if item.state is ItemState.DONE:
        return _plainly(sheet, words.spans("{briefing}: done", briefing=briefing))
    if item.state is not ItemState.OPEN:
        return _plainly(sheet, words.spans("{briefing}: not needed", briefing=briefing))
    return _plainly(sheet, words.spans("{briefing}: called off, no time yet", briefing=briefing))


def _meets(sheet: Sheet, briefing: Bold) -> Line:
    words, at, lead = sheet.words, sheet.item.slot_at, sheet.lead
    assert at is not None
    owner, time = sheet.dossier.owner(sheet.item), Moment(at, sheet.moment(at))
    if lead is None or lead is owner:
        return words.spans("{briefing}: {time}, {reviewer}", briefing=briefing, time=time,
                           reviewer=sheet.name(owner))
    return words.spans("{briefing}: {time}, {reviewer} with {lead}", briefing=briefing, time=time,
                       reviewer=sheet.name(owner), lead=lead.name)


def _plainly(sheet: Sheet, said: Line) -> Card:
    return Card(sheet.short_title, (Text((said,)),), bare_title=True)
