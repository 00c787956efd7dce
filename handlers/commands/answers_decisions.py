"""Answers to a sponsor who decides: the card, the form behind a choice, the choice."""

from handlers.chat.errors import Refused
from handlers.commands import forms
from handlers.commands.answers import Answers, Filled, Pressed, Tools, wrong_at
from handlers.commands.reply import Reply
from handlers.nudges.decision_forms import FIELDS
from handlers.nudges.decision_rules import Choice
from handlers.nudges.decisions import Answer


async def _press_decision(tools: Tools, pressed: Pressed) -> Reply:
    return Reply(await tools.decisions.card(pressed.actor, int(pressed.args[0])), reads=True)


async def _press_decide(tools: Tools, pressed: Pressed) -> Reply:
    decision_id, choice = int(pressed.args[0]), Choice(pressed.args[1])
    return Reply(form=await tools.decisions.form(pressed.actor, decision_id, choice))


async def _fill_decide(tools: Tools, filled: Filled) -> Reply:
    decision_id, choice = _chosen(filled)
    with wrong_at(FIELDS[choice]):
        await tools.decisions.decide(filled.actor, decision_id, choice, await _answer(tools, filled, choice))
    return Reply()


def _chosen(filled: Filled) -> tuple[int, Choice]:
    """Which decision, and what was chosen. Raises Refused where that can be no longer."""
    try:
        return int(filled.args[0]), Choice(filled.args[1])
    except (ValueError, IndexError) as error:
        raise Refused("That form belongs to an older message of mine. Type `/pilot` for what is "
                      "current.") from error


async def _answer(tools: Tools, filled: Filled, choice: Choice) -> Answer:
    reason = forms.text_of(filled.values, "reason")
    match choice:
        case Choice.DATE | Choice.WAIVE:
            return Answer(reason, on=forms.day_of(filled.values, FIELDS[choice]))
        case Choice.REASSIGN:
            return Answer(reason, who=await tools.picked(filled))
    return Answer(reason)


ANSWERS = Answers(pressed={"decision": _press_decision, "decide": _press_decide},
                  filled={"decide": _fill_decide})
