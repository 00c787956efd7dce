"""Reads `runbooks.yaml`, section by section; each is read by a function that the table names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from yaml import ScalarNode, SequenceNode

from handlers.fields import Faults, Fields, FileErrors, line_of, quoted, read_root
from handlers.runbooks import source_policy, written_policy
from handlers.runbooks.policy import Policies

_STALE: Final = (timedelta(days=1), timedelta(days=3650))
_SECRET: Final = re.compile(
    r"gh[pousr]_\w{16,}|github_pat_\w{16,}|gl(?:pat|dt|rt|ft)-[\w-]{16,}|xox[abpr]-[\w-]{10,}|AKIA[0-9A-Z]{12,}|"
    r"AIza[\w-]{30,}|sk-[\w-]{20,}|ATBB\w{20,}|-----BEGIN [A-Z ]*PRIVATE KEY|[?&](?:access_|private_|auth_)?"
    r"(?:token|sig|signature|api_?key|secret|password)=[^&\s]{6,}|://[^/\s:@]+:[^/\s@]+@", re.IGNORECASE)
"""What nobody writes into a file but a secret itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the file, whose keys are known."""

    keys: tuple[str, ...]
    read: Callable[[Fields], Any]


PARTS: Final[Mapping[str, Part]] = MappingProxyType({
    "written": Part(written_policy.KEYS, written_policy.read)})
"""Sections with keys of their own; what each gives back is the field of `Policies` of that name."""
_TOP: Final = ("schema", "policy", "sources", "synonyms", "stale_after", *PARTS)


def read_policies(text: str, where: str = "") -> Policies:
    """The runbook policy in a file. Raises FileErrors with every fault of it."""
    faults = Faults(where)
    root = read_root(text, "runbook policy", "`schema: 1` and `policy: runbooks`", faults)
    if root is None:
        raise FileErrors(faults.found)
    _refuse_secrets(text, faults)
    top = Fields(root, "The runbook policy", _TOP, faults)
    top.need(("schema", "policy"))
    if top.says("schema") and top.raw("schema") != "1":
        top.wrong("schema", f"{quoted(top.raw('schema'))} is not a schema this bot reads; write `schema: 1`.")
    top.one_of("policy", ("runbooks",), "policy")
    found: dict[str, Any] = {"sources": MappingProxyType(source_policy.read(top, where)),
                             "synonyms": _synonyms(top)}
    if top.says("stale_after"):
        found["stale_after"] = top.span("stale_after", *_STALE)
    for name, part in PARTS.items():
        fields = top.fields(name, f"`{name}`", part.keys)
        if fields is not None:
            found[name] = part.read(fields)
    if faults.found:
        raise FileErrors(faults.found)
    return Policies(**found)


def _refuse_secrets(text: str, faults: Faults) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if _SECRET.search(line):
            faults.add(number, "This looks like a secret itself. Put it into an environment variable, and "
                               "write that variable's name here, as in `token_env: RUNBOOKS_TOKEN`.")


def _synonyms(top: Fields) -> tuple[tuple[str, ...], ...]:
    """Groups of words and phrases that mean the same."""
    found = []
    for node in top.nodes("synonyms"):
        entries = node.value if isinstance(node, SequenceNode) else []
        words = [str(each.value).strip() for each in entries if isinstance(each, ScalarNode)]
        if len(words) < 2 or len(words) != len(entries) or any(not 0 < len(word) <= 80 for word in words):
            top.fault(line_of(node), "`synonyms` takes groups of two words or phrases and more that mean the "
                                     "same, each of 80 letters at most: - [oom, out of memory].")
        else:
            found.append(tuple(words))
    return tuple(found)
