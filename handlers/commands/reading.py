"""Reads the arguments of one line, by the verb's declaration.

How a line names things: an item by its id in any case (`w1-02`, `B-11#2`, `i:345`) or by a part of its
title, in quotes when more follows; a pilot by name, `p:12` or #channel, before the item's id or at the end.
Where a reason follows with no id between (`stop`, `pause`, `resume`), a pilot's name must be in quotes, for a
bare name cannot be told from a reason: `/pilot stop "Claims triage" no budget`.
"""

from collections.abc import Sequence
from datetime import date

from handlers.chat.errors import Refused
from handlers.commands.choices import read_choice
from handlers.commands.line import Line
from handlers.commands.stretches import shown
from handlers.commands.verbs import Arg, Kind, Parsed, Verb
from handlers.commands.words import Word
from handlers.people.calendar import Calendar
from handlers.people.permissions import Action


def read_line(verb: Verb, source: str, words: Sequence[Word], today: date, calendar: Calendar) -> Parsed:
    """Read the words behind the verb. Raises Refused with what is missing or not understood."""
    line = Line(verb, source, words, today, calendar)
    kinds = {arg.kind for arg in line.verb.args}
    if kinds & {Kind.PILOT, Kind.ITEM}:
        line.leading_pilot(is_quote_enough=Kind.ITEM not in kinds)
    if Kind.PILOT in kinds and Kind.TEXT not in kinds:
        line.reference_at_the_end()
    if Kind.ITEM in kinds:
        line.take_item()
    read_choice(line)
    for arg in line.applying():
        match arg.kind:
            case Kind.DATE:
                line.take_date()
            case Kind.MOMENT:
                line.take_moment()
            case Kind.PERSON if line.verb.name not in ("team", "head"):
                line.take_person()
            case Kind.TEXT:
                line.take_text()
            case _:
                pass
    is_id_alone = line.verb.name == "item" and line.found.pilot is None and not line.has_title
    if Kind.PILOT in kinds or is_id_alone:
        line.trailing_pilot()
    elif line.words:
        line.take_text()
    _check(line)
    return line.found


def _check(line: Line) -> None:
    found = {Kind.PILOT: line.found.pilot, Kind.ITEM: line.found.item, Kind.DATE: line.found.on,
             Kind.MOMENT: line.found.on, Kind.PERSON: line.found.person, Kind.CHOICE: line.found.choice,
             Kind.TEXT: line.found.text}
    for arg in line.applying():
        if arg.required and not found[arg.kind]:
            raise Refused(_what_is_missing(line, arg))
    if line.verb.either and not any(found[kind] for kind in line.verb.either):
        either = [arg for arg in line.verb.args if arg.kind in line.verb.either]
        raise Refused(_what_is_missing(line, either[-1]))


def _what_is_missing(line: Line, arg: Arg) -> str:
    has_no_end = bool(line.verb.either) and Kind.PERSON not in line.verb.either
    if arg.kind is Kind.ITEM or not line.typed or has_no_end:
        return f"Say {arg.ask}: `{line.verb.usage}`, for example `{line.verb.example}`."
    begun = shown(f"{line.verb.command} {line.verb.name} {line.typed}")
    required = [other.word for other in line.applying() if other.required]
    end = f"by @who` or `{begun} reason"
    if arg.required:
        end = " ".join(required[required.index(arg.word):])
    sentence = f"Say {arg.ask}: `{begun} {end}`"
    if line.has_title and " " in (line.found.item or ""):
        quoted = line.verb.usage.replace("ID", '"legal briefing"')
        sentence += f'. If not all of it is the title, put the title in quotes: `{quoted}`'
    elif line.verb.needs in {Action.PAUSE, Action.STOP} and line.found.pilot:
        sentence += ". Words in quotes name the pilot"
    return sentence + "."
