"""Literal text inside Slack's mrkdwn: what somebody typed is shown, never obeyed."""

import re

_LOOK_ALIKES = str.maketrans({"*": "∗", "_": "＿", "~": "∼", "`": "ˋ"})
_PAIRED = re.compile(r"(?<![^\W_])([*_~`])(?=\S).*?(?<=\S)\1(?![^\W_])", re.DOTALL)
"""What Slack would take for bold, italic, struck or code. It knows no way to escape these."""
_QUOTED = re.compile(r"^>", re.MULTILINE)
"""At the start of a line Slack takes even the escaped bracket for a quotation."""


def escape(text: str) -> str:
    """Make `text` mean its own letters: no mention, no link, no formatting.

    Slack's three control characters become entities; formatting marks that would pair up become their
    look-alikes, for there is no escape for them. ``snake_case`` and a lone star stay as they are.
    """
    text = _PAIRED.sub(lambda pair: pair[0].translate(_LOOK_ALIKES), text)
    return entities(_QUOTED.sub("＞", text))


def entities(text: str) -> str:
    """Slack's own escaping: ampersand and angle brackets."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """Text for between backticks."""
    return entities(text.replace("`", "ˋ"))
