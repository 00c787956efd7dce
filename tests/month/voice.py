"""Recognises by its words, in English and German, what a message is and what it asks: as a reader would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

import handlers.chat

_CATALOGUE = Path(handlers.chat.__file__).parent / "locale" / "de.po"

DAILY = ("This comes on working days at {time} when there is news about something of yours. {why} says more; "
         "{weekly} brings it once a week, {quiet} holds it back.")
WEEKLY = ("This comes once a week at {time}, in between only where something cannot wait. {why} says more; "
          "{daily} brings it each working day, {quiet} holds it back.")
REVIEW = ("You get this once, because you hold this review. {by} Not yours? {command} gives it to somebody else.")

KINDS: dict[str, tuple[str, ...]] = {
    "digest": (DAILY, WEEKLY),
    "ask": ("{roles} for {pilot}: is that you?",),
    "handed": ("{name} handed you {item} for {pilot}",),
    "blocker": ("{name} says this waits for you",),
    "offer": ("{person} offers to help with {item}",),
    "seat-back": ("{name} is not the right person for {role} of {pilot}",),
    "stand-in": ("{title}: who can stand in?",),
    "in-writing": ("{title} still has no time", "{title}: answer in writing instead?"),
    "invite": ("Invitation: {title}, {time}", "Called off: {title}, {time}"),
    "decision": ("Decision wanted: {pilot} has waited {number} working day for “{item}”",
                 "Decision wanted: {pilot} has waited {number} working days for “{item}”",
                 "Decision wanted: {pilot} waits for “{item}”"),
    "briefing": (REVIEW,),
    "undelivered": ("I could not post about {pilot} in {where}",),
    "nudge": ("Posted {days} at {time} while something waits, and kept up to date.",),
    "kickoff": ("{pilot} starts: everyone who can say no is asked in week one",),
    "gate": ("{pilot} passed the gate to {stage}",),
    "halt": ("{pilot} is paused", "{pilot} goes on", "{pilot} was stopped"),
    "praise": ("{pilot}: good news",),
    "self-check": ("My nudges about {pilot} come half as often now: {percent} % were acted on",
                   "My nudges about {pilot} come as often as before: {percent} % were acted on"),
    "slot": ("{briefing}: {time}, {reviewer} with {lead}", "{briefing}: {time}, {reviewer}"),
}
"""Kinds of messages, each with words that only it has; the first that fits is it."""
IN_CHANNELS = frozenset({"nudge", "kickoff", "gate", "halt", "praise", "slot"})
IMMEDIATE = frozenset({"ask", "handed", "blocker", "offer", "seat-back", "stand-in", "in-writing", "decision",
                       "briefing", "undelivered", "invite"})
"""Direct messages that nobody who gets them asked for, each of its own."""

STEPS: dict[str, tuple[str, ...]] = {
    "stand-in": ("{owner} has chosen no slot for this briefing. Could somebody else hold it?",),
    "told": ("Heads-up: {standing} {owner} has no date yet. {consequence}",),
    "warn": ("I will let {person} ({role}) know {day} unless this has {what}.",
             "Nobody else hears of it: a new date, blocked, or someone else?"),
    "held": ("Its slot was {moment}: was it held, or is there a new one?",),
    "planned": ("You planned it for today: still right?",),
    "go-on-today": ("Can it go on today?",),
    "go-on": ("When can it go on?",),
    "replan": ("You had planned it for {day}: what is the new day?",),
    "introduce": ("It is yours. When will you do it?",),
    "follow-up": ("No slot is chosen yet: which half hour suits you?",),
    "due": ("When today will you do it?",),
    "overdue": ("New date, blocked, or someone else?",),
    "plan": ("When will you do it?",),
}
"""What a row of a digest says, by the step of the policy; the first that fits is it."""
TOLD = frozenset({"told", "stand-in"})
ASKS = frozenset(STEPS) - TOLD

COPY = ("I told {person} ({role}) that this is {late} late: {item}", "I told {person} ({role}) that this has no date: {item}")
ENDED = ("Held, by {person}: {item}", "Done, by {person}: {item}", "Not applicable, says {person}: {item}",
         "Waived: {item}", "Waived until {day}: {item}")
COPIES = ("I told {person} ({role}) about {number} things: {items}",)
NO_SPONSOR = ("This is for a sponsor, and there is none: {command} names one.",)
NO_HEAD = ("This is for whoever heads {role}, and I know nobody: {command} names them.",)
LATE = ("{number} working day late", "{number} working days late", "was due {day}")
ON_IT = ("{person} is on it since {time}", "{people} are on it since {time}")
HOLDS_NO_GATE = ("it holds none; the pilot can go on without it", "{stage} cannot begin without it; that gate comes later")
MORE_MATTERS = ("Also waiting for your decision",)
WHY = (
    DAILY, WEEKLY, REVIEW, "Posted {days} at {time} while something waits, and kept up to date.",
    "{name} asked you to take this. What is due comes in one message on working mornings; {command} pauses it.",
    "You get this once, because you lead this pilot. The role's items wait without an owner until then.",
    "You get this once, because you lead this pilot.",
    "You get this because you lead this pilot; it comes only when this changes. All figures: {command}",
    "You get this once, because you head {role}.",
    "You get this once, because you were named as what it waits for.",
    "You get this once. From then on it is in your morning message until it is done.",
    "This comes once, because {person} pressed Offer help.",
    "You get this once, because you hold this review. What you leave out is kept open; you can go on later.",
    "You get this because you sponsor this pilot and nobody else could settle it. One such card a week at most, more "
    "only where a gate is due; nothing more comes about it until you decide. Why you get messages: {command}")
"""Sentences that say why a message came."""
ONCE = re.compile(r"\b(once|einmal|nothing more comes|nichts weiter)\b")
COMMAND = re.compile(r"`/pilot [a-z]")
BACK = ("You stand in for {person}, who is back on {day}.",)


def kind_of(text: str) -> str:
    """What a message is; "?" where nobody could tell."""
    return next((kind for kind, words in KINDS.items() if says(text, words)), "?")


def step_of(text: str) -> str:
    """What a row asks or tells; "?" where nobody could tell."""
    return next((step for step, words in STEPS.items() if says(text, words)), "?")


def says(text: str, words: Iterable[str]) -> bool:
    return any(pattern.search(text) for each in words for pattern in _patterns(each))


def found(text: str, words: Iterable[str], name: str) -> Iterator[str]:
    """What stands in place of {name}, wherever one of the sentences is."""
    for each in words:
        for pattern in _patterns(each):
            if name in pattern.groupindex:
                yield from (match[name].strip() for match in pattern.finditer(text))


def without(text: str, words: Iterable[str]) -> str:
    for each in words:
        for pattern in _patterns(each):
            text = pattern.sub("", text)
    return text


@cache
def _patterns(words: str) -> tuple[re.Pattern[str], ...]:
    """The sentence in each language it is said in."""
    return tuple(re.compile(_as_pattern(each)) for each in {words, *_translated().get(words, ())})


def _as_pattern(words: str) -> str:
    parts, seen = re.split(r"\{(\w+)\}", words), set[str]()
    made = ""
    for number, part in enumerate(parts):
        if number % 2 == 0:
            made += re.escape(part)
        elif part in seen or part == "number":
            made += r"[^\n]*?"
        else:
            seen.add(part)
            made += rf"(?P<{part}>[^\n]{'+' if number == len(parts) - 2 and not parts[-1] else '*?'})"
    return made


@lru_cache(maxsize=1)
def _translated() -> dict[str, tuple[str, ...]]:
    with _CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    found = {}
    for message in catalogue:
        if message.id:
            several = isinstance(message.id, (tuple, list))
            strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
            for id_ in message.id if several else (message.id,):
                found[str(id_)] = tuple(str(each) for each in strings if each)
    return found
