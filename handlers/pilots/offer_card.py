"""The message that somebody offers help with an item."""

from handlers.chat.cards import Bold, Button, Buttons, Card, Note, Text, line
from handlers.chat.wording import Words
from storage.models import AuditEntry, ItemState
from storage.pilots import Dossier


def offer_card(dossier: Dossier, entry: AuditEntry, words: Words, *, was_shown: bool) -> Card | None:
    """To whoever has the ball; None: it is settled before they heard."""
    item = dossier.item(entry.subject)
    if item is None:
        return None
    helper = dossier.people.get(entry.actor)
    name = helper.name if helper else words.text("Somebody")
    if item.state is not ItemState.OPEN:
        said = words.text("{person} had offered to help; {item} is settled", person=name, item=item.ref)
        return Card(said) if was_shown else None
    return Card(words.text("{person} offers to help with {item}", person=name, item=item.title), (
        Text((line(Bold(item.title), f" · {dossier.pilot.name} · {item.ref}"),
              line(words.text("Tell {person} what you need, or say here how it goes on.", person=name)))),
        Buttons((Button(words.text("Date"), f"plan:{item.id}"),
                 Button(words.text("Blocked"), f"block:{item.id}"),
                 Button(words.text("Hand over"), f"assign:{item.id}"))),
        Note(line(words.text("This comes once, because {person} pressed Offer help.", person=name)))))
