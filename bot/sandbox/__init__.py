"""A Slack-compatible workspace on loopback: where a newcomer meets the bot and what the tests run against.

Decisions that bind this package:
- It imports nothing of ours. The bot meets it through Slack's protocol only.
- What real Slack would refuse it refuses, with the same error code and shape.
- Message times and paces follow the injected clock; acks and signatures follow real time, because the bot on
  the other side measures those with its own watch. Triggers and response_urls follow the clock too, unless a
  host whose clock jumps gives them a watch: who pressed a button just before a jump has waited no half hour.
"""

from bot.sandbox.cast import Cast, Channel, Person, default_cast
from bot.sandbox.faults import Faults
from bot.sandbox.model import Message, View
from bot.sandbox.page_api import PanelButton
from bot.sandbox.server import Sandbox
from bot.sandbox.wire import Answer, Exchange, SandboxError
from bot.sandbox.workspace import Workspace

__all__ = [
    "Answer",
    "Cast",
    "Channel",
    "Exchange",
    "Faults",
    "Message",
    "PanelButton",
    "Person",
    "Sandbox",
    "SandboxError",
    "View",
    "Workspace",
    "default_cast",
]
