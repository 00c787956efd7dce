"""Answers about alerts: taking them on and settling them, by the buttons of their messages."""

from handlers.alerts import forms as alert_forms
from handlers.chat.cards import Form
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools
from handlers.commands.reply import Reply


async def _press_ack(tools: Tools, pressed: Pressed) -> Reply:
    await tools.alerts.acknowledge(pressed.actor, int(pressed.args[0]))
    return Reply()


async def _press_take(tools: Tools, pressed: Pressed) -> Reply:
    await tools.alerts.take_over(pressed.actor, int(pressed.args[0]))
    return Reply()


async def _press_resolve(tools: Tools, pressed: Pressed) -> Reply:
    await tools.alerts.settle(pressed.actor, int(pressed.args[0]))
    return Reply()


async def _press_eta(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(form=await _form(tools, pressed, alert_forms.eta_form))


async def _press_false(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(form=await _form(tools, pressed, alert_forms.false_form))


async def _form(tools: Tools, pressed: Pressed, make: alert_forms.Make) -> Form:
    alert = await tools.alerts.one(pressed.actor, int(pressed.args[0]))
    return make(alert, tools.clock(), pressed.person)


async def _fill_eta(tools: Tools, filled: Filled) -> Reply:
    until = alert_forms.until_of(filled.values, filled.calendar, tools.clock())
    await tools.alerts.acknowledge(filled.actor, int(filled.args[0]), until)
    return Reply()


async def _fill_false(tools: Tools, filled: Filled) -> Reply:
    await tools.alerts.false_alarm(filled.actor, int(filled.args[0]), forms.text_of(filled.values, "reason"),
                                   alert_forms.cause_of(filled.values))
    return Reply()


ANSWERS = Answers(
    pressed={"a-ack": _press_ack, "a-take": _press_take, "a-eta": _press_eta, "a-false": _press_false,
             "a-resolve": _press_resolve},
    filled={"a-eta": _fill_eta, "a-false": _fill_false})
