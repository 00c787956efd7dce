"""What the outbox says about itself."""

from datetime import datetime

from handlers.chat.cards import Card, Moment, Mono, Text
from handlers.chat.wording import Words


def token_back_card(since: datetime, until: datetime, words: Words) -> Card:
    """To an admin: for a while nothing could be said, and why."""
    return Card(words.text("Slack takes my messages again"), (
        Text((words.spans("It did not take my token from {since} to {until}.", since=_moment(since),
                          until=_moment(until)),
              words.spans("Nothing was lost: what waited is being sent, as things stand now. {command} shows "
                          "what is left.", command=Mono("groundcrew outbox list")))),))


def _moment(at: datetime) -> Moment:
    return Moment(at, f"{at:%Y-%m-%d %H:%M} UTC")
