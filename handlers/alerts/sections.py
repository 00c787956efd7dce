"""The sections of the alert policy's file, each read by the module that uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from yaml import MappingNode

from handlers.alerts import (
    drift_policy,
    escalation_policy,
    inhibition_policy,
    outward_policy,
    pull_policy,
    routing_policy,
)
from handlers.alerts.policies import Policies
from handlers.fields import Faults, Fields, FileErrors, put_over, quoted, read_root

READERS: Final[Mapping[str, Callable[[Fields], Any]]] = {
    "routing": routing_policy.read,
    "inhibit": inhibition_policy.read,
    "escalation": escalation_policy.read,
    "drift": drift_policy.read,
    "outward": outward_policy.read,
    "pull": pull_policy.read,
}
"""By the section's key; what each gives back is the field of `Policies` of that name."""
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "routing": routing_policy.KEYS,
    "inhibit": inhibition_policy.KEYS,
    "escalation": escalation_policy.KEYS,
    "drift": drift_policy.KEYS,
    "outward": outward_policy.KEYS,
    "pull": pull_policy.KEYS,
}
_TOP: Final = ("schema", "policy", *READERS)
BUILT_IN: Final = "the built-in alert policy"


def read_policies(default: str, own: str | None = None, where: str = "") -> Policies:
    """The `default` file, with what an admin's `own` file says put over it.

    Raises FileErrors with every fault of the admin's file.
    """
    faults = Faults(BUILT_IN if own is None else where)
    bottom = _root(default, Faults(BUILT_IN))
    root = bottom if own is None else _root(own, faults)
    top = Fields(root, "The alert policy", _TOP, faults)
    top.need(("schema", "policy"))
    if top.says("schema") and top.raw("schema") != "1":
        top.wrong("schema", f"{quoted(top.raw('schema'))} is not a schema this bot reads; write `schema: 1`.")
    top.one_of("policy", ("alerts",), "policy")
    whole = Fields(put_over(root, bottom), "The alert policy", _TOP, Faults(where))
    found = {}
    for name, read in READERS.items():
        fields = whole.under(name, f"`{name}`", KEYS[name], faults)
        if fields is not None:
            found[name] = read(fields)
    if faults.found:
        raise FileErrors(faults.found)
    return Policies(**found)


def _root(text: str, faults: Faults) -> MappingNode:
    root = read_root(text, "alert policy", "`schema: 1` and `policy: alerts`", faults)
    if root is None:
        raise FileErrors(faults.found)
    return root
