"""What was said to the bot, out of what Slack made of it."""

import re
from collections.abc import Sequence


def spoken(text: str, me: Sequence[str | None]) -> str:
    """What was said to us: the words behind our name, else those before it. Others' names stay."""
    names = "|".join(re.escape(each) for each in me if each)
    if not names:
        return text.strip()
    before, *rest = re.split(rf"<@(?:{names})(?:\|[^>]*)?>", text, maxsplit=1)
    behind = rest[0].strip() if rest else ""
    return behind if any(c.isalnum() or c == "?" for c in behind) else before.strip()


_LINK = re.compile(r"<((?:https?|mailto):[^|>\s]+)(?:\|[^>]*)?>")


def unescaped(text: str) -> str:
    """What was typed: Slack sends links in angle brackets and its three control characters as entities."""
    text = _LINK.sub(lambda found: found[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
