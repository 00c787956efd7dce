"""What the grammar says about itself: the overview, one verb in full, `docs/commands.md`, the usage hints."""

import re
from dataclasses import dataclass

from handlers.commands.verbs import COMMANDS, Kind, Verb, verbs_of
from handlers.people.permissions import Action, Hat, may

_GROUPS = (
    ("See", ("", "status", "list", "items", "item", "history", "report nudges",
             "show", "stats")),
    ("Work on an item", ("done", "plan", "snooze", "due", "block", "assign", "on-it", "na", "waive",
                         "reopen")),
    ("Start, team, gates", ("new", "team", "head", "brief", "gate", "channel-nudge", "pause", "resume",
                            "stop")),
    ("Act", ("take", "ack", "resolve", "hand over", "override", "next", "rotation")),
    ("Runbooks", ("gaps", "sources", "refresh")),
    ("Silence alerts", ("silence", "silences", "unsilence")),
    ("For me", ("quiet", "away", "digest", "why", "help")),
)
_HATS = {
    Hat.OWNER: "the item's owner", Hat.APPROVER: "an approver", Hat.TEAM: "the team",
    Hat.LEAD: "the pilot lead", Hat.SPONSOR: "the sponsor", Hat.ADMIN: "an admin",
}
_OPTIONAL = re.compile(r" \[[^\]]*\]")
LATER = "In a later release"
_HINTED = ("", "status", "new", "items", "done", "plan", "block", "show", "take", "ack", "silence", "stats",
           "hand over", "override", "next", "rotation", "gaps", "help")
_HOW_THINGS_ARE_NAMED = (
    ("An item", "its id in any case (`w1-02`, `B-11#2`), or a part of its title, in quotes when more "
                'follows: `/pilot done "legal briefing" minutes are in the wiki`'),
    ("A pilot", "its name or the beginning of it, or its #channel: before the item's id "
                "(`/pilot done claims W1-02`) or at the end (`/pilot status claims`). In a pilot's own "
                "channel leave it out. With `pause`, `resume` and `stop` in quotes: "
                '`/pilot stop "Claims triage" no budget`'),
    ("A date", "`fri`, `27 nov`, `2026-11-27`, `+3d`"),
    ("A person", "`@name`, or the name"),
    ("A typo", "in a verb that only shows something is corrected; in one that changes something I ask first"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of the overview that belong together: (usage, what it does)."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class VerbHelp:
    """Everything about one verb.

    Attributes:
        who: who may, as a sentence.
        choices: what a word in capitals or with bars may be: (word, the options).
        later: None, or what to use until it works.
    """

    usage: str
    explanation: str
    examples: tuple[str, ...]
    who: str
    aliases: tuple[str, ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    later: str | None


def overview(command: str) -> tuple[Group, ...]:
    """All verbs of a command in groups, those of a later release last; empty for an unknown command."""
    return tuple(Group(title, tuple((verb.usage, verb.help) for verb in verbs))
                 for title, verbs in _grouped(command))


def verb_help(verb: Verb) -> VerbHelp:
    """All about one verb."""
    choices = tuple((arg.word, tuple(option.replace("_", " ") for option in arg.options))
                    for arg in verb.args if arg.kind is Kind.CHOICE and len(arg.options) > 1)
    return VerbHelp(verb.usage, verb.help, verb.examples, _who(verb), verb.aliases, choices, verb.later)


def usage_hint(command: str) -> str:
    """The grey words behind the command while it is typed: one line, the verbs people use most."""
    verbs = [verb for verb in verbs_of(command) if verb.later is None and verb.name in _HINTED
             and (verb.name or any(arg.required for arg in verb.args))]
    return " | ".join(_OPTIONAL.sub("", verb.usage).removeprefix(f"{command} ") for verb in sorted(
        verbs, key=lambda verb: _HINTED.index(verb.name)))


def commands_markdown() -> str:
    """`docs/commands.md`, whole."""
    page = ["# What people type", "",
            "Generated from `handlers/commands/verbs.py`; change it there.", "",
            "`[x]` may be left out, `a|b` is a or b, words in capitals stand for yours."]
    page += ["", "## How things are named", ""]
    page += [f"- **{what}:** {how}." for what, how in _HOW_THINGS_ARE_NAMED]
    for command, summary in COMMANDS.items():
        page += ["", f"## {command}", "", f"{summary}."]
        for title, verbs in _grouped(command):
            page += ["", f"### {title}"]
            for verb in verbs:
                page += _section(verb_help(verb))
    return "\n".join(page) + "\n"


def _section(about: VerbHelp) -> list[str]:
    page = ["", f"**`{about.usage}`**  ", f"{about.explanation}."]
    if about.later is not None:
        return [*page, f"_{about.later}_"]
    page += ["", *(f"- {word}: {', '.join(options)}" for word, options in about.choices),
             "- For example: " + ", ".join(f"`{example}`" for example in about.examples),
             f"- Who may: {about.who}"]
    if about.aliases:
        page.append("- Also understood: " + ", ".join(f"`{alias}`" for alias in about.aliases))
    return page


def _grouped(command: str) -> list[tuple[str, list[Verb]]]:
    verbs = verbs_of(command)
    groups = [(title, [verb for name in names for verb in verbs if verb.name == name and verb.later is None])
              for title, names in _GROUPS]
    groups.append((LATER, [verb for verb in verbs if verb.later is not None]))
    return [(title, members) for title, members in groups if members]


def _who(verb: Verb) -> str:
    """Everybody, or the hats that are enough; with what a choice of the verb asks for besides."""
    said = _hats(verb.needs)
    extra = dict.fromkeys(action for _, action in verb.needs_with if _hats(action) != said)
    for action in extra:
        options = [option for option, needed in verb.needs_with if needed is action]
        what = "/".join(f"`{option}`" for option in options) if len(options) < 4 else "to change it"
        said += f"; {what}: {_hats(action)}"
    return said


def _hats(action: Action) -> str:
    if may(action, frozenset({Hat.MEMBER})):
        return "everybody"
    names = [name for hat, name in _HATS.items() if may(action, frozenset({hat}))]
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nobody"
