"""Answers about the heads of functions: who they are, naming one, taking one off."""

from handlers.commands.answers import Answers, Tools, Typed
from handlers.commands.reply import Reply
from handlers.people.roles import Role
from handlers.status.cards import reader_of
from handlers.status.heads_card import heads_card


async def _head(tools: Tools, asked: Typed) -> Reply:
    if asked.parsed.kind is not None:
        await tools.heads.take_off(asked.actor, Role(asked.parsed.choice or ""))
    elif asked.parsed.person is not None:
        await tools.heads.name(asked.actor, Role(asked.parsed.choice or ""), await tools.named(asked))
    headed = await tools.heads.all(asked.actor.workspace)
    return Reply(heads_card(headed, reader_of(asked.person, asked.now)), reads=True)


ANSWERS = Answers(typed={"/pilot head": _head})
