"""Keeps a user group of the workspace in step: it holds whoever is on call, so that they can be mentioned."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from handlers.alerts.reach import WhoIsOnCall
from handlers.chat.ports import Clock, Groups, SendFailed
from storage.engine import Store

log = logging.getLogger(__name__)

WRITE_GROUPS = "usergroups:write"
"""The scope it takes; it is optional."""


@dataclass(slots=True)
class _Kept:
    people: tuple[str, ...] = ()
    """Whom the group holds, as far as we set it."""
    failure: str | None = None
    """What was said in the log last."""


@dataclass(frozen=True, slots=True)
class UserGroup:
    store: Store
    clock: Clock
    groups: Groups
    who: WhoIsOnCall
    workspace: str
    group: str | None
    """``S1``; None: the policy names none, or the scope was not granted."""
    _kept: _Kept = field(default_factory=_Kept)

    async def keep(self) -> bool:
        """Put whoever is on call for the workspace into the group; whether that was a change.

        What it holds is remembered by each process, so that each sets it once after its start. A group cannot
        be empty: while nobody is on call it stays as it is.
        """
        if self.group is None:
            return False
        async with self.store.reading() as session:
            shift = await self.who.on_call(session, self.workspace, None, self.clock())
        people = shift.people[:1]
        if not people:
            self._say("nobody is on call for the workspace")
            return False
        if people == self._kept.people:
            return False
        try:
            await self.groups.set_group(self.group, people)
        except SendFailed as error:
            self._say(error.reason)
            return False
        self._kept.people, self._kept.failure = people, None
        return True

    def _say(self, failure: str) -> None:
        """A failure is said once, not each minute."""
        if failure != self._kept.failure:
            log.warning("the user group %s is not in step with who is on call: %s", self.group, failure)
            self._kept.failure = failure
