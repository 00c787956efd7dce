"""The runbook policy: where runbooks come from and how they are answered from, as an admin's file has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from handlers.runbooks.written_policy import OFF, WrittenPolicy


class Kind(StrEnum):
    FOLDER = "folder"
    GIT = "git"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Source:
    """One place that runbooks are kept in."""

    name: str
    kind: Kind
    where: str
    """A folder's path, a repository's address, an archive's or page's address."""
    pilot: str | None = None
    """The pilot it belongs to, by its name; None: shared by all."""
    owner: str | None = None
    """Who keeps it, where a page does not say: a person's or team's name."""
    branch: str | None = None
    """Of a repository; None: its own default."""
    path: str = ""
    """The folder within a repository or archive."""
    url: str | None = None
    """What a page's address begins with, to open it by; None: made of `where` if it can be."""
    token_env: str | None = None
    """The environment variable that holds the token to read it."""
    push_secret_env: str | None = None
    """The environment variable that holds the secret by which its host signs what it sends of a push."""
    every: timedelta = timedelta(minutes=10)
    is_internal: bool = False
    """Never sent to another service."""
    allow_private: bool = False
    allow_http: bool = False


@dataclass(frozen=True, slots=True)
class Policies:
    """All of `runbooks.yaml`."""

    sources: Mapping[str, Source] = field(default_factory=lambda: MappingProxyType({}))
    synonyms: tuple[tuple[str, ...], ...] = ()
    """Groups of words and phrases that mean the same here, beside those that come with the bot."""
    stale_after: timedelta = timedelta(days=180)
    """A page nobody changed for so long is said to be old, and trusted less."""
    written: WrittenPolicy = OFF
    """Which model may put answers into sentences."""

    @property
    def in_words(self) -> str:
        """How much of it there is: ``2 sources (git, folder), 3 groups of synonyms``."""
        number = len(self.sources)
        kinds = ", ".join(sorted({each.kind.value for each in self.sources.values()}))
        found = f"{number} source{'' if number == 1 else 's'}{f' ({kinds})' if kinds else ''}"
        groups = len(self.synonyms)
        return found + (f", {groups} group{'' if groups == 1 else 's'} of synonyms" if groups else "")
