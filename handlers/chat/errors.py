"""Errors that a person in chat is meant to read."""

from collections.abc import Mapping


class Refused(Exception):
    """A request that cannot be carried out; the text says why and what to do instead.

    Attributes:
        choices: (label, command line) pairs offered as buttons, e.g. the pilots a name could mean.
        fields: in answer to a form, what is wrong with which field.
    """

    def __init__(self, text: str, *, choices: tuple[tuple[str, str], ...] = (),
                 fields: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.choices = choices
        self.fields = dict(fields or {})


def inside(text: str) -> str:
    """Somebody's words for the inside of a sentence, in which backticks mean something to type."""
    return text.replace("`", "'")


class AlreadyDone(Exception):
    """A delivery that was carried out before: Slack or the network sent it again."""
