"""Addresses of messages, made without asking Slack: its pages have one form for all."""

from collections.abc import Callable


def permalinks(workspace_url: str) -> Callable[[str], str | None]:
    """From a message's id, ``C1/1761.0001``, to its page: ``<workspace_url>archives/C1/p17610001``.

    None where the id is no message's, or Slack did not say under which address the workspace is found.
    """
    def permalink(message_id: str) -> str | None:
        channel, is_message, ts = message_id.partition("/")
        if not is_message or not workspace_url.startswith("https://"):
            return None
        return f"{workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"

    return permalink
