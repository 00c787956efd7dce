"""`/pilot head`: who heads which function, and where nobody does."""

from handlers.chat.cards import Bold, Card, Line, Mono, Note, Text, line
from handlers.people.dates import say_date
from handlers.people.heads import Headed
from handlers.people.roles import FUNCTIONS, Role
from handlers.status.cards import Reader


def heads_card(headed: Headed, reader: Reader) -> Card:
    missing = [role for role in FUNCTIONS if role not in headed.by_role]
    title = "Every function has a head"
    if missing:
        title = "1 function has no head" if len(missing) == 1 else f"{len(missing)} functions have no head"
    example = missing[0] if missing else FUNCTIONS[0]
    return Card(title, (
        Text(tuple(_line(headed, role, reader) for role in FUNCTIONS)),
        Note(line("A head hears, by direct message, when an item of their function is long late and neither "
                  "its owner nor the pilot lead moved it. Where there is none, the lead is told instead. ",
                  Mono(f"/pilot head {example} @who"), " names one, ", Mono(f"/pilot head {example} off"),
                  " takes them off."))))


def _line(headed: Headed, role: Role, reader: Reader) -> Line:
    head = headed.by_role.get(role)
    if head is None:
        return line("🔴 ", Bold(role.title), ": nobody yet")
    person, by = headed.names.get(head.person_id), headed.names.get(head.set_by)
    name = person.name if person else "somebody unknown"
    if person is not None and not person.is_active:
        return line("🔴 ", Bold(role.title), f": {name} has left, name somebody else")
    since = say_date(reader.calendar.today(head.set_at), reader.today)
    return line(Bold(role.title), f": {name}, named by {by.name if by else 'somebody'} on {since}")
