"""What follows from an attempt to send: when to try again, when to look first, when to give up."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from handlers.chat.ports import EVERYTHING, SendFailed

PACE = timedelta(seconds=1)
"""Between two messages in one room (Slack: about 1 message per second and channel)."""
LEASE = timedelta(seconds=60)
"""How long a lane belongs to a sender: longer than everything it does for one promise."""
SEND_AT_MOST = timedelta(seconds=45)
"""For all calls to the chat service about one promise, looking up a lost answer included."""
LONGEST_WAIT_S = 60.0
PAGE = 10
"""From this urgency on, saying it twice is better than not at all."""


class Next(Enum):
    """What becomes of a promise after an attempt."""

    SHOWN = auto()
    AGAIN = auto()
    IN_DOUBT = auto()
    """No answer came to a first post: look it up before posting again."""
    GONE = auto()
    """Somebody deleted the message: nothing to edit, and nothing to say again."""
    GIVE_UP = auto()


@dataclass(frozen=True, slots=True)
class Step:
    next: Next
    wait: timedelta = timedelta(0)
    """Before this promise is tried again."""
    close_room: timedelta = PACE
    """Before anything else is sent to the room."""


BUG = Step(Next.AGAIN, timedelta(minutes=10), timedelta(0))
"""A card that cannot be made or rendered: the room's other promises go on, this one waits."""


def step_after(attempt: int, failure: SendFailed | None, *, was_first_post: bool) -> Step:
    """Decide after the `attempt`-th try (from 1); `failure` None: it worked.

    Never waits less than the service asked for; a failure that may pass is never given up.
    """
    if failure is None:
        return Step(Next.SHOWN)
    if failure.gone:
        return Step(Next.GONE)
    if failure.final:
        return Step(Next.GIVE_UP)
    if failure.retry_after_s is not None:
        asked = timedelta(seconds=failure.retry_after_s)
        only_this_kind = failure.limit not in (None, EVERYTHING)
        return Step(Next.AGAIN, asked, PACE if only_this_kind else max(asked, PACE))
    wait = timedelta(seconds=min(2.0 ** min(attempt, 10), LONGEST_WAIT_S))
    if failure.in_doubt and was_first_post:
        return Step(Next.IN_DOUBT, wait)
    return Step(Next.AGAIN, wait)
