"""Reads a template from YAML, checking every value and how they fit, with all faults at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from yaml import MappingNode, ScalarNode

from handlers.fields import (
    Fault,
    Faults,
    Fields,
    FileErrors,
    line_of,
    listed,
    nearest,
    quoted,
    read_root,
)
from handlers.people.roles import Role
from handlers.pilots.schedule import KICKOFF, STAGES, number_of, split_due, split_repeat
from storage.models import ItemKind

CATEGORIES = ("integration", "roi", "organization", "infrastructure")
HEAVIEST = 5

_KINDS = tuple(kind.value for kind in ItemKind)
_ROLES = tuple(role.value for role in Role)
_ID = r"[A-Z][A-Z0-9]{0,5}-[0-9]{2,3}"
_SLUG = r"[a-z0-9][a-z0-9-]{0,39}"
_SLUG_ADVICE = "write a word in small letters, digits and dashes, such as `llm-assistant`"
_TOP = ("schema", "template", "extends", "version", "not_legal_advice", "review_by", "weights", "stages",
        "items")
_STAGE = ("id", "title", "limit_wd", "exit")
_ITEM_NEEDS = ("id", "title", "stage", "owner", "kind", "due", "gate", "evidence", "why", "category",
               "weight")
_ITEM = (*_ITEM_NEEDS, "source", "when", "applies_from", "approvers", "minutes", "repeat", "after",
         "answers")


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    title: str
    limit_wd: int | None
    """Working days it may take; None: no limit."""
    exit: str
    """What is true when it is left."""

    def as_row(self) -> dict[str, Any]:
        """As a pilot keeps it."""
        return {"id": self.id, "title": self.title, "limit_wd": self.limit_wd, "exit": self.exit}


@dataclass(frozen=True, slots=True)
class TemplateItem:
    id: str
    title: str
    stage: str
    owner: str
    """A role."""
    kind: ItemKind
    due: str
    gate: str | None
    """The stage that cannot be entered before it is done."""
    evidence: str
    why: str
    category: str
    weight: int
    source: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    """Conditions, one of which must hold; empty: always."""
    applies_from: date | None = None
    approvers: tuple[str, ...] = ()
    minutes: int | None = None
    repeat: str | None = None
    after: tuple[str, ...] = ()
    """Items of the same or an earlier stage it is listed after; it does not wait for them."""
    answers: tuple[str, ...] = ()
    """Questions that the runbooks must answer before it may be closed."""
    is_advice: bool = False
    """Its rule begins only after the planned go-live, so it blocks nothing. Set by `items_for`."""
    line: int = 1
    where: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One file as read: a base with stages and weights, or a pack that extends another."""

    name: str
    version: str
    items: tuple[TemplateItem, ...]
    extends: str | None = None
    stages: tuple[Stage, ...] = ()
    weights: Mapping[str, int] | None = None
    not_legal_advice: bool = False
    review_by: date | None = None
    where: str = ""
    extends_line: int = 1


def parse(text: str, where: str) -> Template:
    """Read one template; `where` names it in faults.

    Raises:
        FileErrors: with every fault of the file.
    """
    faults = Faults(where)
    root = read_root(text, "template", "`schema: 1` and `template: its-name`", faults)
    if root is None:
        raise FileErrors(faults.found)
    top = Fields(root, "The template", _TOP, faults)
    is_pack = top.says("extends")
    top.need(("schema", "template", "version", "items") if is_pack else
             ("schema", "template", "version", "weights", "stages", "items"))
    if top.says("schema") and top.raw("schema") != "1":
        top.wrong("schema", f"{quoted(top.raw('schema'))} is not a schema this bot reads; write `schema: 1`.")
    for key in ("weights", "stages"):
        if is_pack and top.says(key):
            top.wrong(key, f"a pack takes `{key}` from the base it extends; remove it.")
    template = Template(
        name=top.match("template", _SLUG, _SLUG_ADVICE),
        version=top.text("version", 40),
        items=_read_items(top, faults),
        extends=top.match("extends", _SLUG, _SLUG_ADVICE) if is_pack else None,
        stages=() if is_pack else _read_stages(top, faults),
        weights=None if is_pack else _read_weights(top),
        not_legal_advice=top.flag("not_legal_advice"),
        review_by=top.day("review_by"),
        where=where,
        extends_line=top.line_of("extends"),
    )
    for fault in faults_of_order(template.items, is_whole=not is_pack):
        faults.add(fault.line, fault.text)
    if faults.found:
        raise FileErrors(faults.found)
    return template


def _read_weights(top: Fields) -> dict[str, int]:
    fields = top.fields("weights", "The weights", CATEGORIES)
    if fields is None:
        return {}
    fields.need(CATEGORIES)
    weights = {category: fields.whole(category, 0, 100) for category in CATEGORIES if fields.says(category)}
    if len(weights) == len(CATEGORIES) and sum(weights.values()) != 100:
        fields.fault(fields.line, f"they sum to {sum(weights.values())}; make them sum to 100.")
    return weights


def _read_stages(top: Fields, faults: Faults) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    nodes = top.nodes("stages")
    for node in nodes:
        if not isinstance(node, MappingNode):
            faults.add(line_of(node), f"A stage has keys; write {{{', '.join(_STAGE)}}} with a value each.")
            continue
        fields = Fields(node, "A stage", _STAGE, faults)
        fields.need(_STAGE)
        name = fields.one_of("id", STAGES, "stage")
        limit = fields.whole("limit_wd", 1, 999) if name != STAGES[-1] or fields.has("limit_wd") else None
        stage = Stage(name, fields.text("title", 60), limit, fields.text("exit", 300))
        if name and any(name == other.id for other in stages):
            fields.fault(fields.line, f"`{name}` stands twice; keep one.")
        elif name:
            stages.append(stage)
    ids = [stage.id for stage in stages]
    if nodes and (missing := [name for name in STAGES if name not in ids]):
        top.wrong("stages", f"the stages lack {listed(missing)}; list all of {listed(STAGES)}.")
    elif ids != sorted(ids, key=number_of):
        top.wrong("stages", f"the stages are out of order; write them as {listed(STAGES)}.")
    return tuple(stages)


def _read_items(top: Fields, faults: Faults) -> tuple[TemplateItem, ...]:
    items: list[TemplateItem] = []
    lines: dict[str, int] = {}
    for number, node in enumerate(top.nodes("items"), start=1):
        if not isinstance(node, MappingNode):
            faults.add(line_of(node), f"Item {number} has no keys; write {{{', '.join(_ITEM_NEEDS)}}}, "
                                      "each with a value.")
            continue
        item = _read_item(Fields(node, _name_of(node, number), _ITEM, faults), faults.where)
        if item.id in lines:
            faults.add(item.line, f"Item {item.id}: this id stands twice, first on line {lines[item.id]}; "
                                  "give one of them another number.")
        elif item.id:
            lines[item.id] = item.line
            items.append(item)
    return tuple(items)


def _name_of(node: MappingNode, number: int) -> str:
    for key, value in node.value:
        if key.value == "id" and isinstance(value, ScalarNode) and value.value:
            return f"Item {quoted(value.value)[1:-1]}"
    return f"Item {number}"


def _read_item(fields: Fields, where: str) -> TemplateItem:
    fields.need(_ITEM_NEEDS)
    item = TemplateItem(
        id=fields.match("id", _ID, "write capitals, a dash and two or three digits, such as `ACME-01`"),
        title=fields.text("title", 120),
        stage=fields.one_of("stage", STAGES, "stage"),
        owner=fields.one_of("owner", _ROLES, "role"),
        kind=ItemKind(fields.one_of("kind", _KINDS, "kind") or ItemKind.TASK),
        due=_read_due(fields),
        gate=fields.one_of("gate", STAGES, "stage to gate") if fields.has("gate") else None,
        evidence=fields.text("evidence", 500),
        why=fields.text("why", 500),
        category=fields.one_of("category", CATEGORIES, "category"),
        weight=fields.whole("weight", 1, HEAVIEST),
        source=fields.words("source", r"\S[^\r\n]{0,79}", "name a source in brief, such as \"policy:12\""),
        when=fields.words("when", _SLUG, "write it in small letters and dashes, such as `personal-data`"),
        applies_from=fields.day("applies_from"),
        approvers=fields.words("approvers", ".*", "name roles", known=_ROLES),
        minutes=fields.whole("minutes", 5, 480) if fields.says("minutes") else None,
        repeat=_read_repeat(fields),
        after=fields.words("after", _ID, "write ids of other items, such as [IN-02]"),
        answers=fields.words("answers", r"\S[^\r\n]{0,199}",
                             'write questions, such as ["How do we roll back?"]'),
        line=fields.line,
        where=where,
    )
    _check_item(fields, item)
    return item


def _read_due(fields: Fields) -> str:
    due = fields.text("due", 200)
    try:
        if due:
            split_due(due)
    except ValueError:
        start = due.replace("-", "+").split("+")[0].strip()
        known = (KICKOFF, *STAGES)
        guess = start if start in known else nearest(start, known) or KICKOFF
        fields.wrong("due", f"`due: {quoted(due)[1:-1]}` is not understood; write `{guess}+5wd`, five "
                            f"working days after it, or `kickoff-3wd`. It counts from {listed(known)}.")
        return ""
    return due


def _read_repeat(fields: Fields) -> str | None:
    if not fields.says("repeat"):
        return None
    repeat = fields.text("repeat", 200)
    try:
        if repeat:
            split_repeat(repeat)
    except ValueError:
        fields.wrong("repeat", f"`repeat: {quoted(repeat)[1:-1]}` is not understood; write `15wd` for "
                               "every 15 working days, or `1mo` for every month.")
    return repeat


def _check_item(fields: Fields, item: TemplateItem) -> None:
    """Note what is wrong between the item's values."""
    if item.gate and item.stage and number_of(item.gate) <= number_of(item.stage):
        later = STAGES[number_of(item.stage):]
        advice = f"write one of {listed(later)}, or null" if later else "write `gate: null`"
        fields.wrong("gate", f"it belongs to `{item.stage}`, so it cannot hold `{item.gate}`, which is "
                             f"entered no later; {advice}.")
    elif item.gate and item.due:
        start, _ = split_due(item.due)
        if start != KICKOFF and number_of(start) >= number_of(item.gate):
            fields.wrong("due", f"it is due after `{start}` is entered, but holds `{item.gate}` shut; "
                                f"count from an earlier stage, such as `{item.stage}+5wd`.")
    if fields.peek("kind") not in _KINDS:
        return
    if fields.says("minutes") and item.kind is not ItemKind.MEETING:
        fields.wrong("minutes", "only a meeting has `minutes`; remove it, or write `kind: meeting` "
                                f"instead of `kind: {item.kind}`.")
    if fields.says("approvers") and item.kind is not ItemKind.SIGNOFF:
        fields.wrong("approvers", "only a signoff has `approvers`; remove it, or write `kind: signoff` "
                                  f"instead of `kind: {item.kind}`.")
    if not fields.says("approvers") and item.kind is ItemKind.SIGNOFF:
        fields.fault(fields.line, "a signoff needs `approvers`; add the roles that sign, such as "
                                  "`approvers: [sponsor, operations]`.")


def faults_of_order(items: Iterable[TemplateItem], *, is_whole: bool) -> list[Fault]:
    """Find `after`s that are unknown (where all items are at hand), point forward or go in a circle."""
    known = {item.id: item for item in items}
    faults: list[Fault] = []

    def wrong(item: TemplateItem, text: str) -> None:
        faults.append(Fault(item.line, f"Item {item.id}: {text}", item.where))

    for item in known.values():
        for name in item.after:
            other = known.get(name)
            if other is None and is_whole:
                guess = nearest(name, known)
                wrong(item, f"`after` names `{name}`, which is no item; "
                            f"{f'write `{guess}`' if guess else 'remove it'}.")
            elif other and item.stage and other.stage and number_of(other.stage) > number_of(item.stage):
                wrong(item, f"it belongs to `{item.stage}` and cannot come after {name} of `{other.stage}`; "
                            f"remove {name} from `after`.")
    for circle in _circles({item.id: [name for name in item.after if name in known]
                            for item in known.values()}):
        path = " after ".join([*circle, circle[0]])
        wrong(known[circle[0]], f"items come after each other in a circle, {path}; "
                                "remove one of these from `after`.")
    return faults


def _circles(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    left = dict(edges)
    circles: list[list[str]] = []
    while left:
        free = [name for name, others in left.items() if not any(other in left for other in others)]
        if not free:
            free = [next(iter(left))]
            while (following := next(other for other in left[free[-1]] if other in left)) not in free:
                free.append(following)
            free = free[free.index(following):]
            circles.append(free)
        for name in free:
            del left[name]
    return circles
