"""Small checks to build Slack's schemas from; each fault carries Slack's words and a JSON pointer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

Faults = list[str]
Check = Callable[[Any, str, Faults], None]


def fault(faults: Faults, message: str, pointer: str) -> None:
    faults.append(f"[ERROR] {message} [json-pointer:{pointer}]")


def string(most: int = 0, least: int = 1, choices: Collection[str] = (), pattern: str = "") -> Check:
    """A string; `most` 0 is no limit."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, str):
            fault(faults, "must provide a string", at)
        elif len(value) < least:
            fault(faults, f"must be more than {least - 1} characters", at)
        elif most and len(value) > most:
            fault(faults, f"must be less than {most + 1} characters", at)
        elif choices and value not in choices:
            fault(faults, f"must be one of: {', '.join(sorted(choices))}", at)
        elif compiled is not None and not compiled.fullmatch(value):
            fault(faults, "must match the format of this field", at)

    return check


def url(most: int = 3000) -> Check:
    return string(most, pattern=r"[a-z][a-z0-9+.-]*:\S+")


def boolean(value: Any, at: str, faults: Faults) -> None:
    if not isinstance(value, bool):
        fault(faults, "must provide a boolean", at)


def integer(least: int | None = None, most: int | None = None) -> Check:
    def check(value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            fault(faults, "must provide an integer", at)
        elif least is not None and value < least:
            fault(faults, f"must be more than {least - 1}", at)
        elif most is not None and value > most:
            fault(faults, f"must be less than {most + 1}", at)

    return check


def anything(value: Any, at: str, faults: Faults) -> None:
    """For what is not Slack's concern, or not known well enough to refuse."""


def items(of: Check, least: int = 1, most: int = 0) -> Check:
    """An array of `least` to `most` items; `most` 0 is no limit."""

    def check(value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, list):
            fault(faults, "must provide an array", at)
            return
        if len(value) < least:
            fault(faults, f"must provide at least {least} item{'s' if least > 1 else ''}", at)
        if most and len(value) > most:
            fault(faults, f"no more than {most} items allowed", at)
            return
        for i, item in enumerate(value):
            of(item, f"{at}/{i}", faults)

    return check


def record(
    required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *, open_: bool = False
) -> Check:
    """An object with exactly these keys; `open_` lets unknown ones through."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, dict):
            fault(faults, "must provide an object", at)
            return
        for key in required:
            if key not in value:
                fault(faults, f"missing required field: {key}", at)
        for key, inner in value.items():
            of = known.get(key)
            if of is not None:
                of(inner, f"{at}/{key}", faults)
            elif not open_:
                fault(faults, f"invalid additional property: {key}", at)

    return check


def by_type(kinds: Mapping[str, Check], allowed: Collection[str] | None = None) -> Check:
    """An object whose `type` says which schema it follows."""
    offered = set(kinds) if allowed is None else set(allowed)

    def check(value: Any, at: str, faults: Faults) -> None:
        if not isinstance(value, dict):
            fault(faults, "must provide an object", at)
        elif "type" not in value:
            fault(faults, "missing required field: type", at)
        elif not isinstance(value["type"], str) or value["type"] not in offered:
            fault(faults, f"unsupported type: {value['type']}", f"{at}/type")
        else:
            kinds[value["type"]](value, at, faults)

    return check


def both(*checks: Check) -> Check:
    """All of them, one after the other while nothing is wrong."""

    def check(value: Any, at: str, faults: Faults) -> None:
        before = len(faults)
        for one in checks:
            if len(faults) == before:
                one(value, at, faults)

    return check


def exactly_one(*keys: str) -> Check:
    def check(value: Any, at: str, faults: Faults) -> None:
        given = [key for key in keys if key in value]
        if len(given) != 1:
            fault(faults, f"must define either `{'` or `'.join(keys)}`", at)

    return check


def any_of(*keys: str) -> Check:
    def check(value: Any, at: str, faults: Faults) -> None:
        if not any(key in value for key in keys):
            fault(faults, f"must define either `{'` or `'.join(keys)}`", at)

    return check
