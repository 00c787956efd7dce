"""What the desk hands back to a door."""

from dataclasses import dataclass

from handlers.chat.cards import Card, Form
from handlers.chat.errors import Refused


@dataclass(frozen=True, slots=True)
class Reply:
    """A card to show or a form to ask; neither: nothing to say, what is on the screen is edited."""

    card: Card | None = None
    form: Form | None = None
    reads: bool = False
    """The card is what was asked for, so it is shown wherever the press came from."""
    refused: Refused | None = None
    instead: bool = False
    """The card takes the place of the one that was pressed, where only its reader sees that."""
    window: bool = False
    """The card opens over what is on the screen, which stays."""
    twice: bool = False
    """The same delivery came before."""
