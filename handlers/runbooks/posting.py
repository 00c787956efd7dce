"""Whether an answer can be shown to others where it was asked."""

from __future__ import annotations

from handlers.chat.errors import Refused
from handlers.chat.ports import Directory, SendFailed


async def check_posting(directory: Directory, room: str) -> None:
    """Raises Refused where the bot cannot write: a command is heard in channels that it has not joined.

    Where that cannot be told, the post itself will tell.
    """
    try:
        channel = await directory.channel(room)
    except SendFailed:
        return
    if channel is not None and channel.is_archived:
        raise Refused("This channel is archived, so nothing can be posted in it.")
    if channel is None or not channel.is_member:
        raise Refused("I am not in this channel, so I cannot post here. Type `/invite @Ground Crew`, then "
                      "press the button again.")
