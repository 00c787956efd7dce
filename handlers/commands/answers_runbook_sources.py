"""Answers about where runbooks come from: how reading them goes, and reading them again."""

from __future__ import annotations

from handlers.commands.answers import Answers, Tools, Typed
from handlers.commands.reply import Reply


async def _sources(tools: Tools, asked: Typed) -> Reply:
    return Reply(await tools.runbook_sources.sources(asked.actor), reads=True)


async def _refresh(tools: Tools, asked: Typed) -> Reply:
    name = asked.parsed.text.strip().strip("\"'“”") or None
    return Reply(await tools.runbook_sources.refresh(asked.actor, name), reads=True)


ANSWERS = Answers(typed={"/runbook sources": _sources, "/runbook refresh": _refresh})
