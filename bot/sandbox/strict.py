"""What Slack refuses in messages and views: schemas, surfaces, and the rules across blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.elements import elements
from bot.sandbox.schemas import BLOCKS, GROUP, OPTION, plain_text
from bot.sandbox.shapes import Faults, anything, boolean, exactly_one, fault, items, record, string
from bot.sandbox.wire import JSON

TWO_TABLES = "only one table allowed"
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_TOGETHER = 12_000
TABLE_TOGETHER = 10_000
CHARTS = 2

_EVERYWHERE = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
SURFACES = {
    "message": {
        *_EVERYWHERE, "markdown", "table", "data_table", "data_visualization", "card", "carousel",
        "container", "plan", "task_card", "context_actions", "file", "call",
    },
    "modal": {*_EVERYWHERE, "alert"},
    # tables and charts: documented for the Home tab, but they do not render there reliably
    "home": {*_EVERYWHERE, "card", "carousel"},
}  # fmt: skip
_NOT_ON = {
    "message": {"email_text_input", "number_input", "url_text_input", "rich_text_input", "file_input"},
    "modal": {"workflow_button"},
    "home": {
        "email_text_input", "number_input", "url_text_input", "file_input", "datetimepicker",
        "workflow_button",
    },
}  # fmt: skip
_IN_CONTAINER = SURFACES["message"] - {"container", "carousel", "plan", "input"}

_VIEW_COMMON = {
    "callback_id": string(255, least=0), "private_metadata": string(3000, least=0),
    "external_id": string(255, least=0),
}  # fmt: skip
_VIEW = {
    "modal": record(
        {"type": anything, "title": plain_text(24), "blocks": anything},
        {
            **_VIEW_COMMON, "submit": plain_text(24), "close": plain_text(24), "clear_on_close": boolean,
            "notify_on_close": boolean, "submit_disabled": boolean,
        },
    ),
    "home": record({"type": anything, "blocks": anything}, _VIEW_COMMON),
}  # fmt: skip


def check_message(blocks: Any, root: str = "/blocks") -> Faults:
    """Every fault of a message's blocks, in Slack's words; empty: Slack takes them."""
    faults: Faults = []
    _check_blocks(blocks, "message", root, faults)
    if not faults:
        _check_tables(blocks, root, faults)
        texts = [b["text"] for b in _all(blocks) if b["type"] == "markdown"]
        if sum(map(len, texts)) > MARKDOWN_TOGETHER:
            fault(faults, f"markdown text must be less than {MARKDOWN_TOGETHER + 1} characters", root)
        if sum(b["type"] == "data_visualization" for b in _all(blocks)) > CHARTS:
            fault(faults, f"no more than {CHARTS} data_visualization blocks allowed", root)
    return faults


def check_view(body: Any, type_: str) -> Faults:
    """Every fault of a modal or Home tab."""
    faults: Faults = []
    if not isinstance(body, dict):
        fault(faults, "must provide an object", "/view")
        return faults
    if body.get("type") != type_:
        fault(faults, f"unsupported type: {body.get('type')}", "/view/type")
        return faults
    _VIEW[type_](body, "/view", faults)
    if "blocks" in body:
        _check_blocks(body["blocks"], type_, "/view/blocks", faults, least=1)
    if faults:
        return faults
    there = [block["type"] for block in body["blocks"]]
    if type_ == "modal" and "input" in there and not body.get("submit"):
        fault(faults, "missing required field: submit", "/view")
    focused = [e for _, e in elements(body["blocks"]) if e.get("focus_on_load")]
    if len(focused) > 1:
        fault(faults, "focus_on_load can only be set on one element", "/view")
    return faults


def check_suggestions(body: Any) -> Faults:
    """What a block_suggestion may be answered with."""
    faults: Faults = []
    record({}, {"options": items(OPTION, 0, 100), "option_groups": items(GROUP, 0, 100)})(body, "", faults)
    if not faults:
        exactly_one("options", "option_groups")(body, "", faults)
    return faults


def _check_blocks(blocks: Any, surface: str, root: str, faults: Faults, least: int = 0) -> None:
    if not isinstance(blocks, list):
        fault(faults, "must provide an array", root)
        return
    if len(blocks) < least:
        fault(faults, "must provide at least 1 item", root)
    if len(blocks) > MOST_BLOCKS[surface]:
        fault(faults, f"no more than {MOST_BLOCKS[surface]} items allowed", root)
        return
    for i, block in enumerate(blocks):
        _check_block(block, SURFACES[surface], f"{root}/{i}", faults)
    if faults:
        return
    _check_ids(blocks, root, faults)
    for i, block in enumerate(blocks):
        for _, element in elements([block]):
            if element["type"] in _NOT_ON[surface]:
                fault(faults, f"unsupported type: {element['type']}", f"{root}/{i}")


def _check_block(block: Any, allowed: set[str], at: str, faults: Faults) -> None:
    if not isinstance(block, dict):
        fault(faults, "must provide an object", at)
        return
    kind = block.get("type")
    if kind is None:
        fault(faults, "missing required field: type", at)
    elif not isinstance(kind, str) or kind not in allowed:
        fault(faults, f"unsupported type: {kind}", f"{at}/type")
    else:
        BLOCKS[kind](block, at, faults)
        if kind == "container" and isinstance(block.get("child_blocks"), list):
            for i, child in enumerate(block["child_blocks"]):
                _check_block(child, _IN_CONTAINER, f"{at}/child_blocks/{i}", faults)


def _check_ids(blocks: list[JSON], root: str, faults: Faults) -> None:
    seen: set[str] = set()
    for i, block in enumerate(blocks):
        for one in _all([block]):
            id_ = one.get("block_id")
            if id_ in seen:
                fault(faults, f"`block_id` already exists: {id_}", f"{root}/{i}/block_id")
            if id_:
                seen.add(id_)
        actions: set[tuple[int, str]] = set()
        for holder, element in elements([block]):
            name = element.get("action_id")
            if name and (id(holder), name) in actions:
                fault(faults, f"`action_id` already exists: {name}", f"{root}/{i}/elements")
            actions.add((id(holder), str(name or "")))


def _check_tables(blocks: list[JSON], root: str, faults: Faults) -> None:
    tables = [(i, b) for i, b in enumerate(blocks) if b["type"] in {"table", "data_table"}]
    nested = [b for b in _all(blocks) if b["type"] in {"table", "data_table"}]
    if len(nested) > 1:
        fault(faults, TWO_TABLES, root)
    for i, block in tables:
        at = f"{root}/{i}/rows"
        if sum(_length(cell) for row in block["rows"] for cell in row) > TABLE_TOGETHER:
            fault(faults, f"must be less than {TABLE_TOGETHER + 1} characters over all cells", at)
        if block["type"] == "data_table":
            if any(cell["type"] == "rich_text" for cell in block["rows"][0]):
                fault(faults, "unsupported type: rich_text", f"{at}/0")
            if len({len(row) for row in block["rows"]}) > 1:
                fault(faults, "all rows must have the same number of cells", at)


def _length(value: Any) -> int:
    """The characters of a cell, rich text included."""
    if isinstance(value, list):
        return sum(map(_length, value))
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_length(v) for v in value.values() if isinstance(v, (list, dict)))
    return 0


def _all(blocks: list[JSON]) -> Iterator[JSON]:
    for block in blocks:
        yield block
        for key in ("child_blocks", "tasks"):
            yield from _all(block.get(key) or [])
        if block["type"] == "carousel":
            yield from _all(block["elements"])
