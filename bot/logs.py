"""Logging: one line an event, with tokens and secrets taken out whatever they slipped into."""

import logging
import re
import sys
from typing import TextIO

_SECRET = re.compile(r"xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|"
                     r"(?<=hooks\.slack\.com/)\S+|(?<=/sandbox/response/)\S+|(?<=[?&]token=)[^&\s]+|"
                     r"(?<=auth_token=)[^&\s]+|(?<=access_token=)[^&\s]+")


def redacted(text: str) -> str:
    """`text` without anything that looks like a token, a password in an address or an answer address."""
    return _SECRET.sub("***", text)


class Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment: an exchanged stream may be closed."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


def configure(level: str) -> None:
    """Log to standard error. Called once, by the command line."""
    handler = _ToStandardError()
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("alembic", "apscheduler", "slack_bolt", "slack_sdk", "aiosqlite", "httpx"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # It warns whenever a tick takes longer than its interval, as reading many pages does. That one does not
    # come to its end at all is told by its age, in /metrics.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
