"""Which page is an alert's runbook, as far as names and links tell: nothing is guessed.

An alert has a runbook where a page's title, alias or file name is its name, or its own runbook link leads
to a page that we have. Case, spaces and dashes do not count: ``FeatureDrift`` is ``feature-drift.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from handlers.runbooks.page_shelf import address_key, page_name_key

RUNBOOK_LINK: Final = "runbook"
"""The kind of an alert's link that leads to its runbook."""


class PageNames(Protocol):
    """What is asked of a page."""

    @property
    def source(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def aliases(self) -> Sequence[str]: ...


@dataclass(slots=True)
class KnownPages:
    """Pages by their names and addresses, each as ``source/path``."""

    names: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """A name as compared, to (source, page)."""
    addresses: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, pages: Iterable[PageNames]) -> KnownPages:
        known = cls()
        for page in pages:
            key = f"{page.source}/{page.path}"
            file = page.path.rpartition("/")[2].rpartition(".")[0]
            for name in dict.fromkeys(page_name_key(each) for each in (*page.aliases, page.title, file)):
                if name:
                    known.names.setdefault(name, []).append((page.source, key))
            if page.url and (where := address_key(page.url)):
                known.addresses.setdefault(where, (page.source, key))
        return known

    def runbook_of(self, name: str, links: Iterable[Sequence[str]],
                   sources: Collection[str] | None = None) -> str | None:
        """The page of an alert, ``source/path``; its link goes before its name.

        `links`: its (kind, address). `sources`: only from these; None: from all.
        """
        for kind, url, *_ in links:
            found = self.addresses.get(address_key(url)) if kind == RUNBOOK_LINK else None
            if found is not None and (sources is None or found[0] in sources):
                return found[1]
        return next((key for source, key in self.names.get(page_name_key(name), ())
                     if sources is None or source in sources), None)


def foreign_link(links: Iterable[Sequence[str]]) -> str | None:
    """The runbook link that an alert brings along, wherever it leads."""
    return next((url for kind, url, *_ in links if kind == RUNBOOK_LINK and url), None)
