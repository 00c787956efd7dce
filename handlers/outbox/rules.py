"""What follows from an attempt to send: when to try again, when to look first, when to give up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from handlers.chat.ports import EVERYTHING, SendFailed

PACE = timedelta(seconds=1)
"""Between two messages in one room (Slack: about 1 message per second and channel, short bursts allowed)."""
BEAT = timedelta(milliseconds=200)
"""A message that is so late at most does not move the room's next one: a busy room keeps its full pace."""
LEASE = timedelta(seconds=60)
"""How long a lane belongs to a sender: longer than everything it does for one promise."""
SEND_AT_MOST = timedelta(seconds=45)
"""For all calls to the chat service about one promise, looking up a lost answer included."""
CLOCKS_DIFFER = timedelta(minutes=10)
"""By so much the chat service's clock may be behind ours for a lost message to be found."""
SHORTEST_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0
REFUSED_AT_MOST = 10
"""So often the service may say no for a reason that we do not know: then we believe it (some 6 minutes)."""
SOON_AGAIN, SOONEST_AGAIN_S = 60, 1.0
"""While the service is away, each wait is this part of the time it has been away: 1 s in the first minute."""
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
UNTRIED = Step(Next.AGAIN, timedelta(seconds=SHORTEST_WAIT_S), timedelta(0))
"""Nothing was sent: it was too late to be done within the lease, or the database did not answer."""


def step_after(attempt: int, failure: SendFailed | None, *, was_first_post: bool,
               away: timedelta | None = None, chance: float = 0.5) -> Step:
    """Decide after the `attempt`-th try (from 1); `failure` None: it worked.

    Never waits less than the service asked for; a failure that may pass is never given up.

    Args:
        away: how long the service has answered nobody; None: it answers.
        chance: 0 to 1, by which waits are spread so that rooms do not come back all at once.
    """
    if failure is None:
        return Step(Next.SHOWN)
    if failure.gone:
        return Step(Next.GONE)
    if failure.final or (failure.is_refusal and attempt >= REFUSED_AT_MOST):
        return Step(Next.GIVE_UP)
    if failure.retry_after_s is not None:
        asked = timedelta(seconds=failure.retry_after_s)
        if failure.limit is None:
            return Step(Next.AGAIN, asked, max(asked, PACE))
        # What counts against the same limit is held back by it, and goes on as soon as it is lifted.
        return Step(Next.AGAIN, timedelta(0) if failure.limit == EVERYTHING else asked)
    wait = _spread(wait_s(attempt, away if failure.down else None), chance)
    if failure.in_doubt and was_first_post:
        return Step(Next.IN_DOUBT, wait)
    return Step(Next.AGAIN, wait)


def wait_s(attempt: int, away: timedelta | None) -> float:
    """Seconds to wait; while nobody is answered, what counts is for how long, not this promise's attempts."""
    if away is None:
        return min(SHORTEST_WAIT_S ** min(attempt, 10), LONGEST_WAIT_S)
    return min(max(SOONEST_AGAIN_S, away.total_seconds() / SOON_AGAIN), LONGEST_WAIT_S)


def _spread(wait: float, chance: float) -> timedelta:
    """Up to a quarter more or less."""
    return timedelta(seconds=wait * (0.75 + chance / 2))


def opens_at(open_since: datetime | None, sent_at: datetime) -> datetime:
    """When a room may be sent to again, which was open since `open_since` and sent to at `sent_at`."""
    if open_since is not None and timedelta(0) <= sent_at - open_since <= BEAT:
        return open_since + PACE
    return sent_at + PACE
