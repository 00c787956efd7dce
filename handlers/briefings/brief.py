"""The one-page brief: what a reviewer has to know of a pilot, and the five questions of their role."""

from handlers.chat.cards import Line, line
from handlers.chat.wording import Words
from handlers.people.roles import Role
from handlers.pilots.conditions import applicable, packs, protections
from storage.models import Item, ItemState
from storage.pilots import Dossier

LONGEST = 300
"""Characters of one fact."""


def title_of(kind: str, words: Words) -> str:
    match kind:
        case "security":
            return words.text("Security briefing")
        case "legal":
            return words.text("Legal briefing")
    return words.text("Compliance briefing")


def questions_of(kind: str, words: Words) -> tuple[str, ...]:
    """What the reviewer is asked; five, so that half an hour is enough."""
    match kind:
        case "security":
            return (
                words.text("Which data and systems must it never reach, and who grants access?"),
                words.text("How do people and services sign in, and where are secrets kept?"),
                words.text("Which attacks worry you most: injected prompts, leaked data, suppliers?"),
                words.text("What has to be logged, and who hears of an incident?"),
                words.text("What do you need to see before real users get it?"))
        case "legal":
            return (
                words.text("May this data be used for this: consent, contract, copyright?"),
                words.text("Is personal data processed, and is an impact assessment needed?"),
                words.text("Who answers for it when a result is wrong?"),
                words.text("Which contracts with vendors or customers have to change?"),
                words.text("What do you need to see before real users get it?"))
    return (
        words.text("Which laws, policies and standards apply?"),
        words.text("Which review does each ask for, and how long does it take?"),
        words.text("Which risk class is it, and which records have to be kept?"),
        words.text("Do people have to be told that they deal with AI, or be able to object?"),
        words.text("What do you need to see before real users get it?"))


def facts_of(dossier: Dossier, words: Words) -> tuple[tuple[str, Line], ...]:
    """The pilot's facts by label; what is not on record yet says who will know."""
    known = (
        (words.text("What for"), _short(dossier.pilot.purpose)),
        (words.text("Goal"), _evidence(dossier, "IN-02", words)),
        (words.text("Who it affects"), _evidence(dossier, "IN-05", words)),
        (words.text("Data and rules"), _rules(dossier, words)),
        (words.text("Where it runs"), _where(dossier, words)),
        (words.text("Protected from reality"), _protection(dossier, words)),
        (words.text("Pilot lead"), _holder(dossier, Role.LEAD, words)),
        (words.text("Sponsor"), _holder(dossier, Role.SPONSOR, words)))
    return tuple((label, line(fact)) for label, fact in known if fact)


def _evidence(dossier: Dossier, ref: str, words: Words) -> str:
    """What an item's evidence says; nothing where the template has no such item."""
    item = dossier.item(ref)
    if item is None or item.state is ItemState.NOT_APPLICABLE:
        return ""
    if item.state is ItemState.DONE and item.evidence:
        return _short(item.evidence)
    return _not_yet(dossier, item, words)


def _not_yet(dossier: Dossier, item: Item, words: Words) -> str:
    owner = dossier.owner(item)
    if owner is None:
        return words.text("Not on record yet ({item})", item=item.ref)
    return words.text("Not on record yet; {owner} has it ({item})", owner=owner.name, item=item.ref)


def _rules(dossier: Dossier, words: Words) -> str:
    labels, titles = applicable(words), packs(words)
    said = [labels[each][1] if each in labels else each for each in dossier.pilot.conditions
            if each not in protections(words)]
    said += [words.text("pack {name}", name=titles[each][0])
             for each in dossier.pilot.packs if each in titles]
    return "; ".join(said) or words.text("Nothing was ticked when it was registered")


def _where(dossier: Dossier, words: Words) -> str:
    architecture = _evidence(dossier, "W1-05", words)
    if "protected-infrastructure" in dossier.pilot.conditions:
        today = words.text("Today apart from the real systems.")
        return f"{today} {architecture}".strip()
    return architecture


def _protection(dossier: Dossier, words: Words) -> str:
    yes = [text for word, text in protections(words).items() if word in dossier.pilot.conditions]
    return "; ".join(yes) or words.text("No: nothing of the protection test was ticked")


def _holder(dossier: Dossier, role: Role, words: Words) -> str:
    person = dossier.holder(role)
    return person.name if person is not None else words.text("Nobody yet")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST - 1].rstrip() + "…"
