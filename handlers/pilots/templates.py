"""Templates become a pilot's checklist: a base merged with its packs, then picked for one pilot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from handlers.fields import Fault, FileErrors, instead, listed
from handlers.pilots.schedule import number_of
from handlers.pilots.template_reader import (
    CATEGORIES,
    HEAVIEST,
    Stage,
    Template,
    TemplateItem,
    faults_of_order,
    parse,
)

__all__ = ["CATEGORIES", "CORE", "Checklist", "Cut", "Stage", "Template", "TemplateItem", "items_for",
           "parse", "resolve"]

CORE = ("W1-01", "W1-02", "W1-03", "R-05")
"""In the core cut whatever they weigh; so is every item of weight 5."""
Cut = Literal["full", "core"]

_PROTECTION = "PT-"
"""Opened by a yes in the protection test: in every cut."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A base and its packs merged: items by stage, each after those it names."""

    templates: tuple[str, ...]
    """What it was made of, the base first."""
    version: str
    stages: tuple[Stage, ...]
    weights: Mapping[str, int]
    items: tuple[TemplateItem, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """Every condition an item of it depends on."""
        return tuple(sorted({word for item in self.items for word in item.when}))


def resolve(library: Mapping[str, Template], names: Sequence[str]) -> Checklist:
    """Merge the named templates with all they extend.

    Raises:
        FileErrors: a name or parent is unknown, they go in a circle, stand on two bases, or two of
            their items have one id or wait for each other.
    """
    faults: list[Fault] = []
    if not names:
        faults.append(Fault(1, f"No template is chosen; choose from {listed(sorted(library))}."))
    chosen: dict[str, Template] = {}
    for name in names:
        chosen.update((template.name, template) for template in _ancestry(library, name, faults))
    bases = [template for template in chosen.values() if template.extends is None]
    if len(bases) > 1:
        faults.append(Fault(1, f"These stand on different bases, {listed(base.name for base in bases)}; "
                               "choose packs that extend one of them.", bases[1].where))
    items: dict[str, TemplateItem] = {}
    for item in (item for template in chosen.values() for item in template.items):
        if first := items.get(item.id):
            faults.append(Fault(item.line, f"Item {item.id}: this id is taken by line {first.line} of "
                                           f"{first.where}; give it another number.", item.where))
        items.setdefault(item.id, item)
    if not faults:
        faults.extend(faults_of_order(items.values(), is_whole=True))
    if faults:
        raise FileErrors(faults)
    base = bases[0]
    return Checklist(tuple(chosen), base.version, base.stages, base.weights or {}, _ordered(items.values()))


def _ancestry(library: Mapping[str, Template], name: str, faults: list[Fault]) -> list[Template]:
    """Return a template and all it extends, the base first; empty where a fault was noted."""
    line: list[Template] = []
    wanted: str | None = name
    while wanted is not None:
        if any(wanted == template.name for template in line):
            circle = [template.name for template in line]
            path = " extends ".join([*circle[circle.index(wanted):], wanted])
            fault = Fault(line[-1].extends_line, f"Templates extend each other in a circle: {path}; "
                                                 "remove one `extends`.", line[-1].where)
            if fault not in faults:
                faults.append(fault)
            return []
        if wanted not in library:
            text = f"There is no template `{wanted}`; {instead(wanted, library)}."
            faults.append(Fault(line[-1].extends_line, text, line[-1].where) if line else Fault(1, text))
            return []
        line.append(library[wanted])
        wanted = library[wanted].extends
    return line[::-1]


def _ordered(items: Iterable[TemplateItem]) -> tuple[TemplateItem, ...]:
    """Put items by stage, and in it as written save for what `after` moves."""
    waiting = sorted(items, key=lambda item: number_of(item.stage))
    done: dict[str, TemplateItem] = {}
    while waiting:
        item = next(item for item in waiting if all(other in done for other in item.after))
        waiting.remove(item)
        done[item.id] = item
    return tuple(done.values())


def items_for(checklist: Checklist, conditions: frozenset[str], golive_on: date,
              cut: Cut) -> list[TemplateItem]:
    """Pick the items of one pilot, marking as advice what its go-live comes too early for.

    The core cut keeps weight 5, the week-one briefings and the off-switch; the protection test's items
    are in every cut.
    """
    return [
        replace(item, is_advice=item.applies_from is not None and item.applies_from > golive_on)
        for item in checklist.items
        if (not item.when or conditions.intersection(item.when))
        and (cut == "full" or item.weight == HEAVIEST or item.id in CORE or item.id.startswith(_PROTECTION))
    ]
