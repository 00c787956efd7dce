"""Where a person opens a page: made of where its source is, or of the address the policy gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from handlers.runbooks.fetched import is_page
from handlers.runbooks.policy import Kind, Source

_SHAPES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("github",), "blob/{branch}/"), (("gitlab",), "-/blob/{branch}/"), (("bitbucket",), "src/{branch}/"),
    (("gitea", "codeberg", "forgejo"), "src/branch/{branch}/"))
"""By a part of the host's name, what code hosts put between a repository and a file."""
_DATA_CENTER: Final = re.compile(r"(?P<above>.*)/scm/(?P<project>~?[^/]+)/(?P<name>[^/]+)")
"""The path of a clone on a Bitbucket of one's own, whose pages are shown elsewhere."""


def page_url(source: Source, branch: str | None = None) -> Callable[[str], str | None]:
    """What makes the address of a page of its path in the source; None: there is none to open.

    `branch`: the one that was read.
    """
    if source.url is not None:
        begin: str | None = source.url
        end = ""
    elif source.kind is Kind.HTTP:
        return lambda path: source.where if name_of_page(source.where) == path else None
    else:
        begin, end = _around(source, branch)
    return lambda path: f"{begin}{quote(path)}{end}" if begin is not None else None


def is_gitlab(source: Source) -> bool:
    """Whether anchors are made as GitLab makes them."""
    return "gitlab" in (urlsplit(source.url or source.where).hostname or "")


def _around(source: Source, branch: str | None) -> tuple[str | None, str]:
    """What the address of a file in a repository begins with, None where that is not known, and ends with."""
    parts = urlsplit(source.where)
    if source.kind is not Kind.GIT or branch is None or parts.scheme not in ("http", "https"):
        return None, ""
    host, folder = parts.hostname or "", f"{quote(source.path)}/" if source.path else ""
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('.git')}"
    own = _DATA_CENTER.fullmatch(urlsplit(base).path) if "bitbucket" in host else None
    if own is not None:
        project = own["project"]
        owner = f"users/{project[1:]}" if project.startswith("~") else f"projects/{project}"
        begin = f"{parts.scheme}://{parts.netloc}{own['above']}/{owner}/repos/{own['name']}/browse/{folder}"
        return begin, f"?at={quote(branch, safe='')}"
    for names, shape in _SHAPES:
        if any(name in host for name in names):
            return f"{base}/{shape.format(branch=quote(branch))}{folder}", ""
    return None, ""


def name_of_page(where: str) -> str:
    """What the page at an address is called as a file: ``psi.md`` for ``https://host/psi`` too."""
    last = unquote(urlsplit(where).path.rstrip("/").rpartition("/")[2]).replace("/", "-") or "page"
    return last if is_page(last) else f"{last}.md"
