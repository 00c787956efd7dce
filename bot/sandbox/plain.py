"""Blocks as a person reads them: all visible text, and the labels of what can be pressed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox.wire import JSON

NameOf = Callable[[str], str]  # an id -> "@handle" or "#room"
_ANGLE = re.compile(r"<([^<>\n]+)>")


def decode(text: str, name_of: NameOf) -> str:
    """mrkdwn as it is read: mentions by name, links by their label, entities as characters."""

    def shown(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target.startswith("@"):
            return name_of(target[1:])
        if target.startswith("#"):
            return name_of(target[1:])
        if target.startswith("!date^"):
            return label
        if target.startswith("!subteam^"):
            return label or "@" + target.removeprefix("!subteam^")
        if target.startswith("!"):
            return "@" + target[1:].partition("^")[0]
        return label or target.removeprefix("mailto:")

    decoded = _ANGLE.sub(shown, text)
    return decoded.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(blocks: list[JSON], name_of: NameOf) -> str:
    """All visible text of the blocks, one piece a line."""
    return "\n".join(text for text in _texts(blocks, name_of) if text)


def labels(blocks: list[JSON]) -> list[str]:
    """The labels of every button, in reading order."""
    return [
        str(node["text"]["text"])
        for node in _walk(blocks)
        if node.get("type") in {"button", "workflow_button"} and isinstance(node.get("text"), dict)
    ]


def _walk(value: Any) -> Iterator[JSON]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


# What is read, in the order it stands on the page. `value`, ids, urls and state are not visible.
_VISIBLE = (
    "icon", "title", "subtitle", "label", "caption", "text", "body", "fields", "rows", "element", "accessory",
    "elements", "actions", "child_blocks", "tasks", "details", "output", "placeholder", "options",
    "option_groups", "hint", "description", "alt_text", "initial_value",
)  # fmt: skip


def _texts(value: Any, name_of: NameOf) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner, name_of)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind == "plain_text":
            yield str(value.get("text", ""))
        elif kind in {"mrkdwn", "raw_text", "markdown"}:
            yield decode(str(value.get("text", "")), name_of)
        elif kind in {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}:
            yield "".join(_inline(node, name_of) for node in value.get("elements", []))
        elif kind == "data_visualization":
            yield from _chart(value)
        else:
            for key in _VISIBLE:
                if key in value:
                    yield from _texts(value[key], name_of)


def _inline(node: JSON, name_of: NameOf) -> str:
    kind = node.get("type")
    if kind == "user":
        return name_of(node["user_id"])
    if kind == "channel":
        return name_of(node["channel_id"])
    if kind == "link":
        return str(node.get("text") or node["url"])
    if kind == "emoji":
        return f":{node['name']}:"
    if kind == "broadcast":
        return "@" + str(node["range"])
    if kind == "date":
        return str(node.get("fallback") or node.get("timestamp"))
    return str(node.get("text", ""))


def _chart(block: JSON) -> Iterator[str]:
    yield str(block.get("title", ""))
    for node in _walk(block.get("chart") or block.get("data") or []):
        if isinstance(node.get("label"), str):
            yield f"{node['label']} {node.get('value', '')}".strip()
