"""Help, as cards: everything at a glance, or one verb with an example that works."""

from handlers.chat.cards import Bold, Button, Buttons, Card, Element, Line, Mono, Note, Text, line, prose
from handlers.commands.help import LATER, overview, verb_help
from handlers.commands.verbs import Parsed, find_verb

_TOLD_OF = {"/pilot": "done", "/alerts": "take"}
"""The verb that the overview of a command gives as an example of more help."""


def help_card(parsed: Parsed | None) -> Card:
    """The overview of a command, or all about the verb that was asked for."""
    command = parsed.verb.command if parsed else "/pilot"
    asked = parsed.choice if parsed else None
    if asked and not asked.startswith("/"):
        return _verb_card(command, asked)
    command = asked or command
    elements: list[Element] = []
    for group in overview(command):
        if group.title == LATER and command == "/pilot":
            continue  # what does not work yet is for whoever asks about it
        rows: list[Line] = [line(Bold(group.title))]
        rows += [line(Mono(usage), "  ", *prose(what)) for usage, what in group.lines]
        elements.append(Text(tuple(rows)))
    elements.append(Note(line(Mono(f"{command} help {_TOLD_OF.get(command, 'help')}"), " shows one verb with "
                              "an example. In a pilot's own channel its name may be left out.")))
    if command == "/pilot":
        elements.append(Buttons((Button("What waits for me", "mine:"), Button("Register a pilot", "new:"),
                                 Button("All pilots", "list:all:0"))))
    return Card(f"What you can say with {command}", tuple(elements))


def _verb_card(command: str, verb: str) -> Card:
    known = find_verb(command, verb)
    if known is None:
        return help_card(None)
    found = verb_help(known)
    rows: list[Line] = [prose(found.explanation + "."), line("Example: ", *_examples(found.examples))]
    rows += [line(f"{word}: ", ", ".join(options)) for word, options in found.choices]
    rows.append(prose(f"Who may: {found.who}."))
    if found.later:
        rows.append(prose(found.later))
    return Card(found.usage, (Text(tuple(rows)),))


def _examples(examples: tuple[str, ...]) -> Line:
    out: list[Mono | str] = []
    for example in examples:
        out += [", or "] if out else []
        out.append(Mono(example))
    return tuple(out)
