"""What is asked of a sponsor who has chosen, before it counts."""

from collections.abc import Callable

from handlers.chat.cards import Field, Form, Note, Text, line
from handlers.chat.wording import Words
from handlers.nudges.decision_rules import Choice
from handlers.pilots.rules import WAIVED_WD, WORDS_AT_MOST
from storage.models import Item, Pilot
from storage.nudging import Decision

FIELDS = {Choice.DATE: "on", Choice.REASSIGN: "who", Choice.WAIVE: "until", Choice.PAUSE: "reason",
          Choice.STOP: "reason"}
"""The field at which a refusal stands that does not say itself which one is wrong."""

_Asked = tuple[str, tuple[Field, ...], str]
"""Title, what is asked besides the reason, the button."""


def decision_form(decision: Decision, choice: Choice, item: Item, pilot: Pilot, words: Words) -> Form:
    title, fields, submit = _FORMS[choice](words)
    is_about_pilot = choice in (Choice.PAUSE, Choice.STOP)
    about = pilot.name if is_about_pilot else f"{item.title} ({pilot.name})"
    reason = Field("reason", words.text("Why"), "lines", at_most=WORDS_AT_MOST,
                   hint=words.text("It is shown with the decision and stays in the audit trail."))
    return Form(f"decide:{decision.id}:{choice}", title, (*fields, reason), submit,
                (Text((line(about),)), Note(line(words.text(
                    "Recorded as your decision; everybody who was told that it waits hears of it.")))))


def _date(words: Words) -> _Asked:
    return (words.text("New date"), (Field("on", words.text("Due on"), "date"),), words.text("Set the date"))


def _reassign(words: Words) -> _Asked:
    return (words.text("Somebody else"),
            (Field("who", words.text("Who does it now"), "person",
                   hint=words.text("They get one message about it at once.")),), words.text("Hand over"))


def _waive(words: Words) -> _Asked:
    hint = words.text("{number} working days at most. On the day after it is open again.", number=WAIVED_WD)
    return (words.text("Waive"), (Field("until", words.text("Until"), "date", hint=hint),),
            words.text("Waive"))


def _pause(words: Words) -> _Asked:
    return words.text("Pause pilot"), (), words.text("Pause")


def _stop(words: Words) -> _Asked:
    return words.text("Stop pilot"), (), words.text("Stop it")


_FORMS: dict[Choice, Callable[[Words], _Asked]] = {
    Choice.DATE: _date, Choice.REASSIGN: _reassign, Choice.WAIVE: _waive, Choice.PAUSE: _pause,
    Choice.STOP: _stop}
