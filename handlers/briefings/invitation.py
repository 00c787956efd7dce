"""A briefing as a calendar file (RFC 5545): the invitation, its changes, its cancellation.

The bot knows nobody's email address and asks for no scope to learn it. People are named (CN) and addressed
by their Slack link: a cal-address may be any URI, this one is true, and no calendar sends mail to it. Answers
are not asked for (RSVP=FALSE), because they could not arrive. Who is there stands in the description as well,
for calendars that drop people without an address.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, vCalAddress

PRODID: Final = "-//Ground Crew//Briefings//EN"
HALF_HOUR: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is invited: ``slack:U1`` of the workspace ``slack:T1``."""

    workspace: str
    id: str
    name: str

    @property
    def address(self) -> str:
        return f"slack://user?team={self.workspace.partition(':')[2]}&id={self.id.partition(':')[2]}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What goes into everybody's calendar. The first of `guests` leads the pilot and invites."""

    uid: str
    sequence: int
    starts_at: datetime
    title: str
    text: str
    guests: tuple[Guest, ...]
    is_cancelled: bool = False

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + HALF_HOUR

    @property
    def file_name(self) -> str:
        """Another one for each change: whether a thread shows this very file can be told by its name."""
        return f"briefing-{self.uid}-{self.sequence}.ics"


def as_ics(invitation: Invitation, now: datetime) -> bytes:
    """The file; a calendar that knows an earlier one of the same UID replaces that."""
    lead, *others = invitation.guests
    event = Event()
    event.add("uid", f"{invitation.uid}@groundcrew")
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", invitation.starts_at)
    event.add("dtend", invitation.ends_at)
    event.add("summary", _printable(invitation.title))
    event.add("description", _printable(invitation.text, keep="\n"))
    event.add("status", "CANCELLED" if invitation.is_cancelled else "CONFIRMED")
    event.add("organizer", _address(lead))
    event.add("attendee", _address(lead, ROLE="CHAIR", PARTSTAT="ACCEPTED", RSVP="FALSE"))
    for guest in others:
        event.add("attendee", _address(guest, ROLE="REQ-PARTICIPANT", PARTSTAT="NEEDS-ACTION", RSVP="FALSE"))
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if invitation.is_cancelled else "REQUEST")
    calendar.add_component(event)
    file: bytes = calendar.to_ical()
    return file


def _address(guest: Guest, **parameters: str) -> vCalAddress:
    address = vCalAddress(guest.address)
    # Parameters know no escape for a quotation mark that every calendar reads.
    address.params["CN"] = _printable(guest.name).replace('"', "'")
    address.params.update(parameters)
    return address


def _printable(text: str, keep: str = "") -> str:
    """Without control characters, which no value may hold."""
    return "".join(char if char in keep or unicodedata.category(char) != "Cc" else " " for char in text)
