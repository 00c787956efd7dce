"""What the outbox says about itself."""

from datetime import datetime

from handlers.chat.cards import Card, Moment, Mono, Text, line


def token_back_card(since: datetime, until: datetime) -> Card:
    """To an admin: for a while nothing could be said, and why."""
    return Card("Slack takes my messages again", (
        Text((line("It did not take my token from ", _moment(since), " to ", _moment(until), "."),
              line("Nothing was lost: what waited is being sent now, as things stand now. ",
                   Mono("groundcrew outbox list"), " shows what is left."))),))


def _moment(at: datetime) -> Moment:
    return Moment(at, f"{at:%Y-%m-%d %H:%M} UTC")
