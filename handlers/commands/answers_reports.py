"""Answers with reports: how much the nudges in a pilot help."""

from handlers.commands.answers import Answers, Tools, Typed
from handlers.commands.reply import Reply


async def _nudges(tools: Tools, asked: Typed) -> Reply:
    pilot = await tools.finder.pilot(asked.actor, asked.parsed)
    return Reply(await tools.self_checks.report(asked.actor.workspace, pilot, asked.person), reads=True)


ANSWERS = Answers(typed={"/pilot report nudges": _nudges})
