"""Reads what a line chooses: a filter, a seat with who gets it, a briefing with what happened to it."""

import re

from handlers.chat.errors import Refused
from handlers.commands.line import LONGEST_NAME, Line
from handlers.commands.stretches import choices_of, joined, plain_role, raw, role_of, shown
from handlers.commands.verbs import BRIEFINGS, ROLES, Arg
from handlers.commands.words import Word, fold, mention, most_like, nearest
from handlers.nudges.channel_words import begins_at
from handlers.people.roles import FUNCTIONS, Role

_OFTEN_SAID = {"ask": "asks", "late": "overdue", "my": "mine", "me": "mine", "minutes": "held",
               "slots": "slot", "blockers": "blocked", "gates": "gate", "week1": "week_one",
               "week_1": "week_one", "week": "7d", "month": "30d"}


def read_choice(line: Line) -> None:
    """Read the choice of the line's verb, each verb in its own way."""
    match line.verb.name:
        case "list":
            _filter_of_list(line)
        case "items":
            _edge_choice(line, line.verb.args[1])
        case "gate":
            _edge_choice(line, line.verb.args[0])
        case "quiet" | "away" if line.words and fold(line.words[0].text) in {"off", "resume", "back"}:
            line.set(choice="off")
            line.words = []
        case "digest":
            _edge_choice(line, line.verb.args[0])
        case "stats":
            _stretch(line)
        case "team":
            _seat(line)
        case "head":
            _head(line)
        case "brief":
            _briefing(line)
        case "channel-nudge":
            _settings(line)
        case "on-it":
            _on_it(line)
        case "next":
            _edge_choice(line, line.verb.args[0])
        case "rotation":
            _rotation(line)
        case _:
            pass


def _filter_of_list(line: Line) -> None:
    typed = joined([word for word in line.words if fold(word.text) not in {"all", "in", "stage"}])
    line.words = []
    if not fold(typed):
        return
    options = line.verb.args[0].options
    wanted = "_".join(fold(part) for part in typed.replace("-", " ").replace("_", " ").split())
    wanted = _OFTEN_SAID.get(wanted, wanted)
    begun = [option for option in options if len(wanted) > 2 and option.startswith(wanted)]
    near = [wanted] if wanted in options else begun or nearest(wanted, options)
    if len(near) != 1:
        known = ", ".join(f"`{option.replace('_', ' ')}`" for option in options)
        like = [option.replace("_", " ") for option in most_like(wanted, options)]
        raise Refused(f"I do not know the filter `{shown(typed)}`. I know {known}.",
                      choices=choices_of([f"list {option}" for option in like]))
    line.set(choice=near[0])


_DAYS = re.compile(r"\d+\s*d(ays?)?")


def _stretch(line: Line) -> None:
    """How far back statistics look."""
    _edge_choice(line, line.verb.args[1])
    asked = next((word.text for word in line.words if _DAYS.fullmatch(fold(word.text))), None)
    if asked is not None and line.found.choice is None and not any(word.is_quoted for word in line.words):
        raise Refused(f"I do not count `{shown(asked)}`, but the last 7 or 30 days: `{line.verb.usage}`.",
                      choices=choices_of([f"stats {each}" for each in line.verb.args[1].options], "/alerts"))


def _edge_choice(line: Line, arg: Arg) -> None:
    """A choice at the end, or at the beginning unless it may begin a name there ("Data quality")."""
    if not line.words:
        return
    for at in dict.fromkeys((len(line.words) - 1, 0)):
        if line.words[at].is_quoted:
            continue
        said = fold(line.words[at].text)
        option = _OFTEN_SAID.get(said, said)
        if option in arg.options and option not in ROLES:
            line.set(choice=option)
        elif role := _role_filter(line, arg, at):
            line.set(choice=role.value)
        else:
            continue
        line.words = line.words[:at] + line.words[at + 1:]
        return


def _role_filter(line: Line, arg: Arg, at: int) -> Role | None:
    if not set(ROLES) <= set(arg.options) or at < len(line.words) - 1:
        return None
    alone = len(line.words) == 1
    return plain_role(line.words[at]) or (role_of(line.words[at].text) if alone else None)


def _seat(line: Line) -> None:
    words = line.words
    if len(words) > 1 and fold(words[0].text) in {"add", "set", "seat", "give"}:
        words = words[1:]
    who = next((i for i, word in enumerate(words) if not word.is_quoted and mention(word.text)), None)
    joints = [i for i, word in enumerate(words[:5]) if word.text.casefold() in {"to", "is", "="}]
    joint = joints[0] if joints else 0
    if who is not None:
        _seat_for(line, words, who)
    elif joint and (role := role_of(joined(words[:joint]))) and len(words) > joint + 1:
        line.set(choice=role.value)
        line.words = words[joint + 1:]
        line.take_name()
    elif len(words) == 1 and (role := plain_role(words[0])):
        line.set(choice=role.value)
        line.words = []
    elif len(words) > 1 and line.found.pilot and (role := plain_role(words[0])):
        line.set(choice=role.value)
        line.words = words[1:]
        line.take_name()
    elif len(words) == 2 and (role := plain_role(words[0])):
        name = raw(line.source, words[1:])
        both = [f"team {role.value} @{name}", f'team "{joined(words)}"']
        raise Refused(f"Is `{shown(joined(words))}` a pilot, or does {shown(name)} get the "
                      f"{role.value} seat?", choices=choices_of(both))


def _seat_for(line: Line, words: list[Word], who: int) -> None:
    before = [word for word in words[:who] if fold(word.text) not in {"to", "is", "as", "for", "", "the"}]
    after = words[who + 1:]
    while after and fold(after[0].text) in {"as", "is", "for", "the", "to"}:
        after = after[1:]
    role, rest = _role_among(before)
    if role is None and after:
        role, rest = _role_among(after)
        rest = before + rest
    else:
        rest = rest + after
    if role is None:
        raise Refused(f"Which role is that? `{line.verb.usage}`, where ROLE is one of "
                      f"{', '.join(line.verb.args[0].options)}.")
    line.set(choice=role.value, person=mention(words[who].text))
    line.words = rest


def _role_among(words: list[Word]) -> tuple[Role | None, list[Word]]:
    """The role the words begin with, else the one they end in, and the other words."""
    for at in range(min(len(words), 4), 0, -1):
        if not words[0].is_quoted and (role := role_of(joined(words[:at]))):
            return role, words[at:]
    for at in range(1, len(words))[-4:]:
        if role := role_of(joined(words[at:])):
            return role, words[:at]
    return None, words


def _head(line: Line) -> None:
    """`legal @jonas`, `@jonas for legal`, `legal off`; a role alone shows them all."""
    words = [word for word in line.words if fold(word.text) not in {"of", "the", "set", "is", "to"}]
    if not words:
        line.words = []
        return
    is_off = fold(words[-1].text) in {"off", "none", "nobody"} and not words[-1].is_quoted
    words = words[:-1] if is_off else words
    who = next((at for at, word in enumerate(words) if not word.is_quoted and mention(word.text)), None)
    if who is not None and not is_off:
        _seat_for(line, words, who)
    else:
        role, rest = _role_among(words)
        if role is None:
            raise Refused(f"Which function is that? `{line.verb.usage}`, where ROLE is one of "
                          f"{', '.join(FUNCTIONS)}.")
        line.set(choice=role.value, kind="off" if is_off else None)
        line.words = rest
        if rest and not is_off:
            line.take_name()
    if line.words:
        raise Refused(f"I read one role and one person: `{line.verb.usage}`, for example "
                      f"`{line.verb.example}`.")


def _briefing(line: Line) -> None:
    head, tail = line.words, []
    for at, word in enumerate(line.words[: LONGEST_NAME + 2]):
        doing = _OFTEN_SAID.get(fold(word.text), fold(word.text))
        if not word.is_quoted and doing in {"slot", "held", "asks"}:
            line.set(choice=doing)
            head, tail = line.words[:at], line.words[at + 1:]
            break
    head = [word for word in head if word.is_quoted or fold(word.text) not in {"briefing", "briefings"}]
    for at in dict.fromkeys((0, len(head) - 1)):
        if head and not head[at].is_quoted and fold(head[at].text) in BRIEFINGS:
            line.set(kind=fold(head[at].text))
            head = head[:at] + head[at + 1:]
            break
    if line.found.choice is None:
        line.words = head
        return
    line.words = head
    line.trailing_pilot()
    line.words = tail
    if line.found.pilot is None and line.found.choice != "slot":
        line.leading_pilot(is_quote_enough=False)
    if line.found.kind is None:
        raise Refused(f"Say which briefing: `/pilot brief {BRIEFINGS[0]}|{BRIEFINGS[1]}|{BRIEFINGS[2]} "
                      f"{line.found.choice}`.",
                      choices=choices_of([f"brief {kind} {line.typed}" for kind in BRIEFINGS]))


def _settings(line: Line) -> None:
    """Where the settings begin; what stands before them, or all of it, names the pilot."""
    if len(line.words) > 1 and fold(line.words[0].text) in {"set", "change"}:
        line.words = line.words[1:]
        line.leading_pilot(is_quote_enough=True)
    line.reference_at_the_end()
    words = line.words
    if line.found.pilot is None and words:
        at = begins_at([word.text for word in words])
        line.words = words[:at]
        line.trailing_pilot()
        line.words = words[at:]
    if line.words:
        line.set(choice="set")


_HOW_ON_IT = {"join": "join", "too": "join", "take": "take", "takeover": "take", "over": "take",
              "leave": "leave", "off": "leave", "stop": "leave", "drop": "leave"}


def _on_it(line: Line) -> None:
    said = [_HOW_ON_IT.get(fold(word.text)) for word in line.words]
    if said and set(said) == {said[0]} and said[0] is not None:
        line.set(choice=said[0])
    elif line.words:
        raise Refused(f"I do not know `{shown(joined(line.words))}` here. `{line.verb.usage}`.",
                      choices=choices_of([f"on-it {line.found.item}"]))
    line.words = []


_HOW_ROTATION = {"set": "set", "new": "set", "add": "set", "make": "set", "create": "set", "edit": "set",
                 "change": "set", "delete": "delete", "remove": "delete"}


def _rotation(line: Line) -> None:
    """What is to be done stands in front; what follows names the rotation or its pilot."""
    how = _HOW_ROTATION.get(fold(line.words[0].text)) if line.words and not line.words[0].is_quoted else None
    if how is not None:
        line.set(choice=how)
        line.words = line.words[1:]
        line.leading_pilot(is_quote_enough=True)
