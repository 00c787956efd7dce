"""The tick that asks other systems who is on call, and keeps what they say beside the rotation.

Nobody who needs to know waits for another system: what it said last counts, at most a minute old. Where it
does not answer, what it said before goes on counting as far as it reaches, and that is said.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from handlers.chat.errors import Refused
from handlers.chat.ports import Clock
from handlers.oncall.providers import NoAnswer, There, ask
from handlers.oncall.records import UNMATCHED
from handlers.people.actions import People
from storage import oncall, people
from storage.alerting import Rotation
from storage.engine import Store

log = logging.getLogger(__name__)

AGAIN: Final = timedelta(minutes=1)
AT_ONCE: Final = 20
_ERROR_AT_MOST: Final = 200

Token = Callable[[str], str | None]
"""The value of an environment variable; None: it is not set."""


@dataclass(frozen=True, slots=True)
class Providers:
    store: Store
    clock: Clock
    people: People
    token: Token
    client: Callable[[], httpx.AsyncClient]
    """A client for one round of questions."""

    async def sweep(self) -> int:
        """Ask for every rotation whose answer is a minute old; how many were asked for."""
        async with self.store.begin() as session:
            due = await oncall.to_ask(session, self.clock(), AGAIN, AT_ONCE)
        if due:
            async with self.client() as http:
                for rotation in due:
                    await self._ask(http, rotation)
        return len(due)

    async def _ask(self, http: httpx.AsyncClient, rotation: Rotation) -> None:
        provider = rotation.provider or {}
        said, why = None, ""
        try:
            token = self.token(provider["token_env"])
            if not token:
                raise NoAnswer(f"{provider['token_env']} is not set where I run")
            said = await ask(http, provider, token, self.clock(), rotation.rank)
        except NoAnswer as error:
            why = str(error)[:_ERROR_AT_MOST]
            log.warning("%s: rotation %s: %s: %s", rotation.workspace_id, rotation.id, provider["kind"], why)
        who = {there: await self._who(rotation, there) for there in said or ()}
        async with self.store.begin() as session:
            row = await oncall.locked(session, rotation.workspace_id, rotation.id)
            if row is None or row.provider != rotation.provider:
                return  # it was changed meanwhile, and is asked for anew
            row.heard = _failed(row.heard, why, self.clock()) if said is None else {
                "answered_at": self.clock().isoformat(), "failing_since": None, "error": None,
                "shifts": [{"who": who[each], "begins": _iso(each.begins), "ends": _iso(each.ends)}
                           for each in said]}

    async def _who(self, rotation: Rotation, there: There) -> str:
        """Who that is here: as the rotation says, else by Slack id, else by the very same name or handle.

        Nobody is guessed by a part of a name: a wrong person would be woken, and the right one not.
        """
        mapped = (rotation.provider or {}).get("people", {})
        for name in (there.name, *there.others):
            if name.casefold() in mapped:
                return str(mapped[name.casefold()])
        if there.slack_id is not None:
            try:
                return (await self.people.known(rotation.workspace_id, f"slack:{there.slack_id}")).id
            except Refused:
                pass  # an account of another workspace, or of somebody who left: the name may still fit
        async with self.store.reading() as session:
            found = await people.named(session, rotation.workspace_id, there.name)
        exact = [each for each in found if there.name.casefold() in (each.name.casefold(),
                                                                     each.handle.casefold())]
        return exact[0].id if len(exact) == 1 else f"{UNMATCHED}{there.name[:100]}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _failed(heard: Mapping[str, Any] | None, why: str, now: datetime) -> dict[str, Any]:
    """What it said before, and since when it does not answer."""
    was = dict(heard or {})
    return {**was, "failing_since": was.get("failing_since") or now.isoformat(), "error": why}
