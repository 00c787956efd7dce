"""What stands before a page: front matter in YAML or TOML, of which little is believed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

import yaml

_YAML: Final = re.compile(r"---[ \t]*\n(?:(.*?)\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML: Final = re.compile(r"\+\+\+[ \t]*\n(?:(.*?)\n)??\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_LONGEST: Final = 32_768
"""Characters."""
_LOOKED_AT: Final = 4 * _LONGEST
"""Characters that are searched for its end."""
_KEYS, _ENTRIES, _LETTERS = 50, 100, 500
_DEEPEST: Final = 20
_NAMES: Final = ("aliases", "alias", "alerts", "alert", "alert_names", "alertname", "alertnames")
_OWNERS: Final = ("owner", "owners", "team", "maintainer", "maintainers")
_CHANGED: Final = ("lastmod", "last_modified", "last_updated", "last_update", "updated", "last_reviewed",
                   "reviewed")


@dataclass(frozen=True, slots=True)
class Front:
    """What front matter says, bounded: texts and lists of texts alone."""

    lines: int = 0
    """So many lines it takes, its fences among them."""
    values: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    faults: tuple[str, ...] = ()

    @property
    def title(self) -> str | None:
        found = self.values.get("title")
        return found if isinstance(found, str) else None

    @property
    def owner(self) -> str | None:
        """Who keeps the page; several are listed."""
        return next((", ".join(_many(self.values[key])) for key in _OWNERS if self.values.get(key)), None)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of the page: an old address counts by its last part."""
        found = (each.strip("/").rpartition("/")[2] if each.startswith("/") else each
                 for key in _NAMES for each in _many(self.values.get(key, ())))
        return tuple(dict.fromkeys(each for each in found if each))

    @property
    def changed_on(self) -> date | None:
        """When somebody last went over the page, as it says itself."""
        for key in _CHANGED:
            said = self.values.get(key)
            if isinstance(said, str):
                try:
                    return date.fromisoformat(said[:10])
                except ValueError:
                    continue
        return None


def front(source: str) -> Front:
    """The front matter at a text's beginning, ``\\n`` as its line ends. Never raises.

    What is between the fences and no mapping is none: then it is a page that begins with a rule.
    """
    begin = source[:_LOOKED_AT]
    found = _YAML.match(begin) or _TOML.match(begin)
    if found is None or _LOOKED_AT <= found.end() < len(source):
        return Front()
    text, lines = found[1] or "", found[0].count("\n") + (not found[0].endswith("\n"))
    if not text.strip():
        return Front(lines)
    is_yaml = source.startswith("---")
    if len(text) > _LONGEST:
        return Front(lines, faults=(f"its front matter is over {_LONGEST // 1024} KiB and was left out",))
    try:
        read = _yaml(text) if is_yaml else tomllib.loads(text)
        values = _bounded(read) if isinstance(read, Mapping) else None
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError, TypeError) as error:
        if not re.search(r"^[\w-]+\s*[:=]", text, re.MULTILINE):
            return Front()  # prose between two rules
        name = "YAML" if is_yaml else "TOML"
        return Front(lines, faults=(f"its front matter is not {name} and was left out{_where(error)}",))
    if values is None:
        return Front()
    return Front(lines, MappingProxyType(values))


def _yaml(text: str) -> object:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("an alias could make much of little")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError("what is nested so deep takes minutes to read")
    return yaml.safe_load(text)


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 2})" if mark is not None else ""


def _bounded(read: Mapping[object, object]) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    for key, value in list(read.items())[:_KEYS]:
        if isinstance(value, list | tuple | set):
            said: str | tuple[str, ...] = tuple(filter(None, map(_text, list(value)[:_ENTRIES])))
        elif isinstance(value, Mapping):
            continue
        else:
            said = _text(value)
        if said:
            found[_text(key).lower().replace("-", "_")] = said
    return found


def _text(value: object) -> str:
    """In letters that every database takes. Raises ValueError for a number without end."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        said = str(value).replace("\0", " ").encode("utf-8", "replace").decode()
        return " ".join(said.split())[:_LETTERS]
    return str(value).lower() if isinstance(value, bool) else ""


def _many(said: str | Iterable[str]) -> tuple[str, ...]:
    if isinstance(said, str):
        return tuple(each.strip() for each in said.split(",") if each.strip())
    return tuple(said)


def jsonable(front: Front) -> dict[str, Any]:
    """Its values as JSON holds them."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in front.values.items()}
