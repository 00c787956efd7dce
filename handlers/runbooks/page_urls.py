"""Where a person opens a page: made of where its source is, or of the address the policy gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from handlers.runbooks.policy import Kind, Source

_SHAPES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("github",), "blob/{branch}/"), (("gitlab",), "-/blob/{branch}/"), (("bitbucket",), "src/{branch}/"),
    (("gitea", "codeberg", "forgejo"), "src/branch/{branch}/"))
"""By a part of the host's name, what code hosts put between a repository and a file."""


def page_url(source: Source, branch: str | None = None) -> Callable[[str], str | None]:
    """What makes the address of a page of its path in the source; None: there is none to open.

    `branch`: the one that was read.
    """
    prefix = _prefix(source, branch)
    if source.kind is Kind.HTTP and source.url is None:
        return lambda path: source.where if _is_page_itself(source, path) else None
    return lambda path: f"{prefix}{quote(path)}" if prefix is not None else None


def is_gitlab(source: Source) -> bool:
    """Whether anchors are made as GitLab makes them."""
    return "gitlab" in (urlsplit(source.url or source.where).hostname or "")


def _prefix(source: Source, branch: str | None) -> str | None:
    if source.url is not None:
        return source.url
    if source.kind is not Kind.GIT or branch is None:
        return None
    parts = urlsplit(source.where)
    host = parts.hostname or ""
    for names, shape in _SHAPES:
        if any(name in host for name in names):
            base = source.where.rstrip("/").removesuffix(".git")
            folder = f"{quote(source.path)}/" if source.path else ""
            return f"{base}/{shape.format(branch=quote(branch))}{folder}"
    return None


def _is_page_itself(source: Source, path: str) -> bool:
    """Whether the source's address is that of this one page, not of an archive."""
    return name_of_page(source.where) == path


def name_of_page(where: str) -> str:
    """What the page at an address is called as a file: ``psi.md`` for ``https://host/psi`` too."""
    last = urlsplit(where).path.rstrip("/").rpartition("/")[2] or "page"
    return last if last.lower().endswith((".md", ".markdown", ".mdown", ".mkd", ".mdx")) else f"{last}.md"
