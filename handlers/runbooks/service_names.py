"""Names of services that the commands of a page speak of, and which of them are no longer there.

Conservative on purpose: a page that is blamed without reason teaches people not to look. A name counts only
where a command or a label selector says what it names (``-n payments``, ``deployment/scorer``,
``{service="scorer"}``); placeholders, variables and patterns do not count. It is gone only by one of these:

- its label carried it before, nothing has for `QUIET` (90 days), and at least `KNOWN` values of that label
  were carried since, so the label itself is still in use;
- its label never carried it, while signals have been heard for `QUIET`, at least `MANY` values of that
  label are known, and at least half of what all pages name by it is among them: pages and labels speak of
  the same things.

A name never carried that is part of one that is, or has one as its part, is not gone: ``scorer`` lives in
``scorer-canary``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

QUIET: Final = timedelta(days=90)
KNOWN: Final = 5
MANY: Final = 20
SPEAKS: Final = 0.5
"""So much of all names of a kind must labels know, before one that they never carried counts as gone."""

SERVICE: Final = "service"
NAMESPACE: Final = "namespace"
LABELS: Final[Mapping[str, str]] = {
    "service": SERVICE, "service_name": SERVICE, "job": SERVICE, "app": SERVICE, "deployment": SERVICE,
    "statefulset": SERVICE, "daemonset": SERVICE, "container": SERVICE,
    "namespace": NAMESPACE, "exported_namespace": NAMESPACE, "kubernetes_namespace": NAMESPACE}
"""Labels that name something that runs, by what they name."""

_NAME: Final = r"([A-Za-z0-9][A-Za-z0-9._-]*)"
_END: Final = r"(?![\w.${<*/%{-])"
_SELECTOR: Final = re.compile(rf"\b({'|'.join(LABELS)})\s*=~?\s*\\?([\"'])([^\"'\\]*)\\?\2")
_BARE: Final = re.compile(rf"(?:-l|--selector)[ =]+({'|'.join(LABELS)})==?{_NAME}{_END}")
_KUBE_NAMESPACE: Final = re.compile(
    rf"\b(?:kubectl|helm|k9s|stern|oc)\b[^\n|;&]*?(?:\s-n[ =]?|\s--namespace[ =]){_NAME}{_END}")
_RESOURCE: Final = re.compile(
    rf"\b(?:deploy(?:ment)?s?|statefulsets?|sts|daemonsets?|ds|svc|services?)(?:\.apps)?/{_NAME}{_END}")
_KUBE: Final = re.compile(r"\b(?:kubectl|oc)\b")
_SYSTEMD: Final = re.compile(
    rf"\bsystemctl\s+(?:--\S+\s+)*(?:restart|start|stop|status|reload)\s+{_NAME}{_END}")
_NO_NAME: Final = re.compile(
    r"(?:^(?:my|your|the|some|a|an|old|new|test|foo|bar|baz|example|sample|demo|xxx+|name|namespace|ns|service|"
    r"svc|job|app|deployment|default|all|none|true|false)$)|(?:^(?:my|your|example|sample|some)[-_.])|"
    r"(?:[-_.](?:name|here|xxx+|example)$)|^\d+(?:\.\d+)*$", re.IGNORECASE)
_SHOUTED: Final = re.compile(r"^[A-Z][A-Z0-9_-]*$")
_EVERYWHERE: Final = frozenset({
    "kube-system", "kube-public", "monitoring", "prometheus", "grafana", "alertmanager", "docker", "nginx",
    "kubelet", "sshd", "cron", "systemd-resolved", "postgresql"})
"""What is there without ever being in a label of an alert."""


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """A name as a page's code has it."""

    kind: str
    """service, namespace."""
    name: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A name that nothing carries any more."""

    name: str
    last_at: datetime | None
    """When a label last carried it; None: none ever did."""


@dataclass(frozen=True, slots=True)
class Census:
    """The names that labels have carried, and when last."""

    seen: Mapping[str, Mapping[str, datetime]]
    """By kind: name to the last moment."""
    since: datetime | None
    """Since when anything was heard at all."""


def names_in(code: str) -> frozenset[Named]:
    """What the code of a page says that it works on."""
    found: set[Named] = set()
    for label, _, value in _SELECTOR.findall(code):
        found |= {Named(LABELS[label], each) for each in value.split("|")}
    for label, name in _BARE.findall(code):
        found.add(Named(LABELS[label], name))
    for line in code.splitlines():
        found |= {Named(NAMESPACE, name) for name in _KUBE_NAMESPACE.findall(line)}
        if _KUBE.search(line):
            found |= {Named(SERVICE, name) for name in _RESOURCE.findall(line)}
        found |= {Named(SERVICE, name.removesuffix(".service")) for name in _SYSTEMD.findall(line)}
    return frozenset(each for each in found if _is_name(each.name))


def _is_name(name: str) -> bool:
    return (re.fullmatch(_NAME, name) is not None and len(name) > 2 and _NO_NAME.search(name) is None
            and _SHOUTED.match(name) is None and name.casefold() not in _EVERYWHERE)


def gone(pages: Mapping[int, Iterable[Named]], census: Census, now: datetime) -> dict[int, tuple[Gone, ...]]:
    """What each page names that is no longer there; pages without such are left out."""
    kinds = {kind: _Kind.of(kind, pages, census, now) for kind in census.seen}
    found = {}
    for page, names in pages.items():
        missing = [Gone(each.name, kinds[each.kind].last_at(each.name)) for each in sorted(names)
                   if each.kind in kinds and kinds[each.kind].is_gone(each.name)]
        if missing:
            found[page] = tuple(missing)
    return found


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is known of the names of one kind."""

    present: frozenset[str]
    """Carried within `QUIET`."""
    seen: Mapping[str, datetime]
    knows_before: bool
    knows_all: bool

    @classmethod
    def of(cls, kind: str, pages: Mapping[int, Iterable[Named]], census: Census, now: datetime) -> _Kind:
        seen = {name.casefold(): at for name, at in census.seen.get(kind, {}).items()}
        present = frozenset(name for name, at in seen.items() if now - at <= QUIET)
        said = {each.name.casefold() for names in pages.values() for each in names if each.kind == kind}
        known = sum(1 for name in said if name in seen)
        has_history = census.since is not None and now - census.since >= QUIET
        return cls(present, seen, len(present) >= KNOWN,
                   has_history and len(present) >= MANY and bool(said) and known / len(said) >= SPEAKS)

    def last_at(self, name: str) -> datetime | None:
        return self.seen.get(name.casefold())

    def is_gone(self, name: str) -> bool:
        plain = name.casefold()
        if plain in self.seen:
            return self.knows_before and plain not in self.present
        return self.knows_all and not any(plain in other or other in plain for other in self.present)
