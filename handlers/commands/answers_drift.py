"""Answers about models that drift: having them trained again, how to go back."""

from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools
from handlers.commands.reply import Reply


async def _press_retrain(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(form=await tools.drift.form(pressed.actor, int(pressed.args[0])))


async def _fill_retrain(tools: Tools, filled: Filled) -> Reply:
    await tools.drift.ask(filled.actor, int(filled.args[0]), forms.text_of(filled.values, "why"))
    return Reply()


async def _press_confirm(tools: Tools, pressed: Pressed) -> Reply:
    await tools.drift.confirm(pressed.actor, int(pressed.args[0]))
    return Reply()


async def _press_rollback(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.drift.way_back(pressed.actor, int(pressed.args[0])), reads=True)


ANSWERS = Answers(
    pressed={"a-retrain": _press_retrain, "a-retrain-ok": _press_confirm, "a-rollback": _press_rollback},
    filled={"a-retrain": _fill_retrain})
