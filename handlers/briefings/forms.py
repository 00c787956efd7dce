"""What a reviewer is asked in a form: another time, the questions in writing, who stands in."""

from datetime import date

from handlers.briefings.brief import questions_of
from handlers.briefings.rules import ANSWER_AT_MOST, KINDS, QUESTIONS
from handlers.briefings.sheet import Sheet
from handlers.chat.cards import Field, Form, Note, Option, Text, line
from handlers.chat.wording import Words
from handlers.pilots.rules import WORDS_AT_MOST
from storage.models import Item

AGREED, FINISH, LATER = "agreed", "finish", "later"
ANSWERS = tuple(f"answer{number}" for number in range(1, QUESTIONS + 1))
"""The fields of the five questions."""


def time_form(item: Item, today: date, words: Words) -> Form:
    """Any time, also one outside working hours where both agreed on it."""
    return Form(f"slot:{item.id}", words.text("Choose a time"), (
        Field("on", words.text("Day"), "date", initial=max(item.due_on or today, today).isoformat()),
        Field("at", words.text("Time"), "time", initial="10:00",
              hint=words.text("In your own time zone; 30 minutes.")),
        Field(AGREED, words.text("Outside working hours"), "choices", required=False, options=(
            Option(words.text("Everybody agreed on this hour"), AGREED),),
            hint=words.text("Only needed where it is early, late, a day off or a holiday for somebody."))),
        words.text("Save"), (Text((line(item.title),)),))


def written_form(sheet: Sheet) -> Form:
    """The five questions; what was answered before stands in its field."""
    words, row = sheet.words, sheet.row
    kept = row.answers if row is not None else {}
    questions = questions_of(KINDS[sheet.item.ref], words)
    fields = [Field(name, question, "lines", required=False, initial=kept.get(name) or None,
                    at_most=ANSWER_AT_MOST, placeholder=words.text("Nothing to add"))
              for name, question in zip(ANSWERS, questions, strict=True)]
    return Form(f"written:{sheet.item.id}", words.text("Answer in writing"), (
        *fields,
        Field("blocking", words.text("What has to be done before the next stage"), "lines", required=False,
              at_most=WORDS_AT_MOST,
              hint=words.text("One a line; each becomes an item that holds the gate.")),
        Field("other", words.text("What else you ask for"), "lines", required=False, at_most=WORDS_AT_MOST,
              hint=words.text("One a line; each becomes an item.")),
        Field("then", words.text("And then"), "choice", initial=LATER, options=(
            Option(words.text("Keep this, I go on later"), LATER),
            Option(words.text("That is all: nothing to add where I left it empty"), FINISH)))),
        words.text("Save"), (
            Text((line(sheet.title),)),
            Note(line(words.text("Your answers are kept as the evidence of this review.")))))


def stand_in_form(sheet: Sheet) -> Form:
    words = sheet.words
    return Form(f"choose:{sheet.item.id}", words.text("Who stands in?"), (
        Field("who", words.text("Who holds it instead"), "person",
              hint=words.text("They get the brief and times to choose from now.")),),
        words.text("Hand over"), (Text((line(sheet.title),)),))
