"""The section `sources` of the runbook policy: where runbooks are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePath
from typing import Final
from urllib.parse import urlsplit

from handlers.fields import Fields, quoted
from handlers.runbooks.policy import Kind, Source
from handlers.web.addresses import Refused, target_of

NAME: Final = r"[a-z0-9][a-z0-9_-]{0,47}"
VARIABLE: Final = r"[A-Z][A-Z0-9_]{0,99}"
_BRANCH: Final = r"(?!-)[\w./+@-]{1,200}"
_OFTEN: Final = timedelta(minutes=10)
_EVERY: Final = (timedelta(minutes=1), timedelta(days=7))
_OF_KIND: Final[Mapping[str, tuple[Kind, ...]]] = {
    "branch": (Kind.GIT,), "path": (Kind.GIT, Kind.HTTP), "token_env": (Kind.GIT, Kind.HTTP),
    "push_secret_env": (Kind.GIT, Kind.HTTP), "allow_private": (Kind.GIT, Kind.HTTP),
    "allow_http": (Kind.GIT, Kind.HTTP)}
KEYS: Final = ("kind", "where", "pilot", "owner", "url", "every", "internal", *_OF_KIND)


def read(top: Fields, where: str) -> dict[str, Source]:
    """The sources by name; what is wrong with any is noted.

    `where`: the file they stand in. A folder's path that is not absolute begins where that file is.
    """
    found: dict[str, Source] = {}
    for name, line, node in top.sections("sources"):
        fields = Fields(node, f"Source {quoted(name)}", KEYS, top.faults)
        if re.fullmatch(NAME, name, re.ASCII) is None:
            fields.fault(line, "its name takes small letters, digits, - and _, 48 at most.")
        if name in found:
            fields.fault(line, "this name stands twice; give each source one of its own.")
        source = _source(name, fields, where)
        if source is not None:
            found[name] = source
    return found


def _source(name: str, fields: Fields, file: str) -> Source | None:
    """None: something is wrong with it, and noted."""
    fields.need(("kind", "where"))
    said = fields.one_of("kind", [each.value for each in Kind], "kind of source")
    if not said:
        return None
    kind = Kind(said)
    for key, kinds in _OF_KIND.items():
        if fields.says(key) and kind not in kinds:
            fields.wrong(key, f"`{key}` means nothing to a {kind}; remove it.")
    allow_http, allow_private = fields.flag("allow_http"), fields.flag("allow_private")
    source = Source(
        name, kind, _where(fields, kind, file, allow_http=allow_http, allow_private=allow_private),
        pilot=fields.text("pilot", 80) or None, owner=fields.text("owner", 80) or None,
        branch=_branch(fields), path=_path(fields), url=_url(fields),
        token_env=_variable(fields, "token_env"),
        push_secret_env=_variable(fields, "push_secret_env"),
        every=fields.span("every", *_EVERY) if fields.says("every") else _OFTEN,
        is_internal=fields.flag("internal"), allow_private=allow_private, allow_http=allow_http)
    return source if fields.is_fine else None


def _where(fields: Fields, kind: Kind, file: str, *, allow_http: bool, allow_private: bool) -> str:
    """A path, or an address that may be called; noted where it is neither."""
    said = fields.text("where", 1000)
    if not said:
        return ""
    if kind is Kind.FOLDER:
        if "://" in said:
            fields.wrong("where", "a folder takes a path on this machine; for an address write `kind: git` "
                                  "or `kind: http`.")
        path = PurePath(said)
        return str(path if path.is_absolute() or not file else PurePath(file).parent / path)
    if kind is Kind.GIT and said.startswith("file://"):
        if not allow_private:
            fields.wrong("where", "a repository on this machine takes `allow_private: true` beside it.")
        return said
    if kind is Kind.GIT and (said.startswith("ssh://") or re.match(r"[\w.-]+@[\w.-]+:", said)):
        fields.wrong("where", "keys of SSH are not used; write the address that begins with https://, and "
                              "the name of the variable with a token as `token_env`.")
        return said
    try:
        target_of(said, allow_http=allow_http)
        if urlsplit(said).fragment:
            fields.wrong("where", "the address holds a #; remove what begins there.")
    except Refused as refused:
        fields.wrong("where", f"the address {refused}.")
    return said


def _branch(fields: Fields) -> str | None:
    if not fields.says("branch"):
        return None
    found = fields.match("branch", _BRANCH, "write the name of a branch or tag, such as main or release/2.1")
    if ".." in found or found.endswith((".lock", "/", ".")) or "//" in found or "@{" in found:
        fields.wrong("branch", f"{quoted(found)} is no name that git gives a branch.")
    return found or None


def _path(fields: Fields) -> str:
    if not fields.says("path"):
        return ""
    said = fields.text("path", 400).strip("/")
    if "\\" in said or any(part in ("", ".", "..") for part in said.split("/")):
        fields.wrong("path", "`path` is a folder within the source, such as docs/runbooks, without . and .. "
                             "in it.")
    return said


def _url(fields: Fields) -> str | None:
    if not fields.says("url"):
        return None
    said = fields.text("url", 500)
    try:
        target_of(said, allow_http=True)
    except Refused as refused:
        fields.wrong("url", f"the address {refused}.")
    return f"{said.rstrip('/')}/"


def _variable(fields: Fields, key: str) -> str | None:
    """The name of an environment variable; what looks like a secret itself is refused, and not shown."""
    if not fields.says(key):
        return None
    if re.fullmatch(VARIABLE, fields.peek(key), re.ASCII):
        return fields.peek(key)
    fields.wrong(key, f"`{key}` takes the name of an environment variable, such as RUNBOOKS_TOKEN, and never "
                      "the secret itself.")
    return None
