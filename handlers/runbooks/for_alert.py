"""The runbook of an alert: by the address it carries, by its name, then by its words, if that is sure."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Line
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.page_shelf import Pages
from handlers.runbooks.passages import first_step
from handlers.runbooks.progress import StillReading
from handlers.runbooks.values import Kept, Verdict

log = logging.getLogger(__name__)

_REMEMBERED: Final = 2000
"""Alerts whose runbook is kept in mind until a page changes: a card is composed again with every change."""


@dataclass(frozen=True, slots=True)
class Signs:
    """By what the runbook of an alert is found."""

    name: str
    title: str
    addresses: Sequence[str] = ()
    """Of runbooks, as its sender gave them."""
    pilot: str | None = None
    """By its name as the policy has it."""


@dataclass(frozen=True, slots=True)
class Runbook:
    """What an alert's card shows of it."""

    kept: Kept
    step: Line = ()
    """What is to be done first; empty: no step is written down."""
    command: str = ""
    """What is to be typed for it, where it stands below the step."""
    by_address: bool = False
    """The alert carries its address."""


@dataclass(slots=True)
class ForAlert:
    keeper: Keeper
    pages: Pages
    _known: dict[tuple[object, ...], Runbook | None] = field(default_factory=dict)
    _versions: object = None

    async def of(self, session: AsyncSession, workspace: str, signs: Signs) -> Runbook | None:
        """None: there is none, or none that is sure. One query where nothing has changed since the last look.

        Never raises: an alert goes out whatever its runbook comes to.
        """
        if not self.keeper.policy.sources:
            return None
        try:
            shelf = await self.pages.shelf(session, workspace)
            if shelf.versions != self._versions:
                self._known.clear()
                self._versions = shelf.versions
            key = (workspace, signs.name, signs.title, tuple(signs.addresses), signs.pilot)
            if key not in self._known:
                found = await self._found(session, workspace, signs)
                if not self.keeper.knows(shelf.versions):
                    return found  # of an index that is behind: looked for again with the next change
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = found
            return self._known[key]
        except StillReading:
            return None
        except Exception:
            log.exception("bug: the runbook of an alert could not be told; its card goes out without")
            return None

    async def _found(self, session: AsyncSession, workspace: str, signs: Signs) -> Runbook | None:
        by_address = False
        section = None
        for address in signs.addresses:
            section = section or await self.pages.section_at(session, workspace, address, signs.pilot)
            by_address = section is not None
        for name in dict.fromkeys((signs.name, signs.title)):
            if section is None and name:
                section = await self.pages.section_called(session, workspace, name, signs.pilot)
        if section is None and not signs.addresses:
            section = await self._retrieved(signs)
        kept = await self.keeper.kept([section]) if section is not None else []
        if not kept:
            return None
        if kept[0].is_stub:
            return Runbook(kept[0], by_address=by_address)
        step = first_step(await self.pages.passage(session, workspace, kept[0]))
        if step is None:
            step = first_step((await self.pages.whole(session, workspace, kept[0])).blocks)
        spans, command = step or ((), "")
        return Runbook(kept[0], spans, command, by_address)

    async def _retrieved(self, signs: Signs) -> int | None:
        """What answers the alert's own words, where that is as sure as an answer to a person.

        An alert waits for no index that is being made.
        """
        asked = signs.name if signs.title == signs.name else f"{signs.name}: {signs.title}"
        found = await self.keeper.find(asked, pilot=signs.pilot, at_most=1, patience_s=0)
        if found.verdict is not Verdict.ANSWER or not found.hits or found.hits[0].entry.is_stub:
            return None
        return found.hits[0].entry.id
