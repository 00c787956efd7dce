"""The two clocks there are: the real one, and one that a time machine moves."""

from datetime import UTC, datetime, timedelta


def real_clock() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


class MovableClock:
    """Runs like the real clock, from another moment on; only the demo uses it."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - real_clock()

    def __call__(self) -> datetime:
        return real_clock() + self._ahead

    def set(self, moment: datetime) -> None:
        """Go to `moment` and run on from there."""
        self._ahead = moment - real_clock()

    def forward(self, by: timedelta) -> None:
        self._ahead += by
