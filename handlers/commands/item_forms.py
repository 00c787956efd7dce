"""The form behind a button on an item, and the item as the form left it: for every answer about items."""

from collections.abc import Awaitable, Callable
from datetime import date

from handlers.chat.cards import Form
from handlers.chat.errors import Refused
from handlers.commands.answers import Filled, FilledAnswer, Pressed, PressedAnswer, Tools, wrong_at
from handlers.commands.reply import Reply
from handlers.people.actions import calendar_of
from storage import pilots
from storage.models import Item


def opens(verb: str, form: Callable[[Item, date], Form]) -> PressedAnswer:
    """A button that opens a form on an item; refused at once where submitting it would be in vain."""
    async def answer(tools: Tools, pressed: Pressed) -> Reply:
        item = await _item(tools, pressed.actor.workspace, int(pressed.args[0]))
        await tools.items.check(pressed.actor, item, verb)
        return Reply(form=form(item, calendar_of(pressed.person).today(tools.clock())))
    return answer


def changes(field: str, change: Callable[[Tools, Filled, int], Awaitable[None]]) -> FilledAnswer:
    """A form that changes an item and shows it then; what is refused stands at `field`."""
    async def answer(tools: Tools, filled: Filled) -> Reply:
        item_id = int(filled.args[0])
        with wrong_at(field):
            await change(tools, filled, item_id)
        return Reply(await tools.item_card(filled.actor, item_id))
    return answer


async def _item(tools: Tools, workspace: str, item_id: int) -> Item:
    async with tools.finder.store.reading() as session:
        item = await pilots.item(session, workspace, item_id)
    if item is None:
        raise Refused("That item is gone. `/pilot items` shows those there are.")
    return item
