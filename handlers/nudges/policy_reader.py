"""Reads the nudge policy: the default, and over it what an admin's file says, with all faults at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yaml import MappingNode, ScalarNode

from handlers.fields import Faults, Fields, FileErrors, put_over, quoted, read_root
from handlers.nudges.policy import Policies, Policy
from handlers.nudges.policy_sections import SECTIONS, read_policy
from storage.pilots import name_key

_OF_PILOTS: Final = ("skip", "cadence", "ladder", "snooze", "recognition", "self_check")
"""A pilot may differ in these; the others are about a person, who hears of several pilots at once."""
_TOP: Final = ("schema", "policy", *SECTIONS, "workspaces", "pilots")
_BUILT_IN: Final = "the built-in nudge policy"
_WORKSPACE: Final = "slack:T"


def read_policies(default: str, own: str | None = None, where: str = "") -> Policies:
    """The `default`, complete, with what an admin's `own` file says put over it.

    `where` names the admin's file in faults.

    Raises:
        FileErrors: with every fault of the admin's file.
    """
    faults = Faults(_BUILT_IN)
    bottom = _sections_of(_root(default, faults))
    if own is None:
        policies = Policies(read_policy(bottom, faults), {}, {})
    else:
        faults = Faults(where)
        policies = _read_own(_root(own, faults), bottom, faults)
    if faults.found:
        raise FileErrors(faults.found)
    return policies


def _root(text: str, faults: Faults) -> MappingNode:
    root = read_root(text, "nudge policy", "`schema: 1` and `policy: nudges`", faults)
    if root is None:
        raise FileErrors(faults.found)
    return root


def _read_own(root: MappingNode, bottom: MappingNode, faults: Faults) -> Policies:
    top = Fields(root, "The policy", _TOP, faults)
    top.need(("schema", "policy"))
    if top.says("schema") and top.raw("schema") != "1":
        top.wrong("schema", f"{quoted(top.raw('schema'))} is not a schema this bot reads; write `schema: 1`.")
    top.one_of("policy", ("nudges",), "policy")
    whole, before = put_over(_sections_of(root), bottom), len(faults.found)
    common = read_policy(whole, faults)
    base = whole if len(faults.found) == before else bottom
    starts, workspaces = [_Start(None, base)], dict[str, Policy]()
    for name, line, node in top.sections("workspaces"):
        start = _Start(name, put_over(_known(node, f"Workspace {quoted(name)}", SECTIONS, faults), base))
        before = len(faults.found)
        workspaces[name] = read_policy(start.sections, faults)
        if len(faults.found) == before:
            starts.append(start)
        if not name.startswith(_WORKSPACE):
            faults.add(line, f"Workspace {quoted(name)} is no workspace's id; write it as "
                             '`"slack:T012AB3CD"`. `groundcrew check` shows the id.')
    return Policies(common, workspaces, _read_pilots(top, starts, faults))


@dataclass(frozen=True, slots=True)
class _Start:
    """What pilots start from: everybody's policy, or that of a workspace which differs."""

    workspace: str | None
    sections: MappingNode


def _read_pilots(top: Fields, starts: Sequence[_Start],
                 faults: Faults) -> dict[tuple[str | None, str], Policy]:
    found: dict[tuple[str | None, str], Policy] = {}
    lines: dict[str, int] = {}
    for name, line, node in top.sections("pilots"):
        key = name_key(name)
        if key in lines:
            faults.add(line, f"Pilot {quoted(name)} stands twice, first on line {lines[key]}; keep one.")
            continue
        lines[key] = line
        own = _known(node, f"Pilot {quoted(name)}", _OF_PILOTS, faults)
        for start in starts:
            over = Faults(faults.where)  # what is wrong over one start mostly is over the others: said once
            found[start.workspace, key] = read_policy(put_over(own, start.sections), over)
            faults.found += [fault for fault in over.found if fault not in faults.found]
    return found


def _known(node: MappingNode, what: str, known: Sequence[str], faults: Faults) -> MappingNode:
    """The mapping with only the keys it may have; the others are noted."""
    Fields(node, what, known, faults)
    return _sections_of(node, known)


def _sections_of(node: MappingNode, known: Sequence[str] = SECTIONS) -> MappingNode:
    kept = {key.value: (key, value) for key, value in reversed(node.value)
            if isinstance(key, ScalarNode) and key.value in known}
    return MappingNode(node.tag, list(kept.values()), node.start_mark, node.end_mark)
