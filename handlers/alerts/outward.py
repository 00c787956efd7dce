"""Calls that are owed to other systems: claimed, made, and what came of them kept.

A row is committed before a call as "being tried" and after it with its outcome. Who dies in between leaves it
to be tried again once the lease is over; that the same call made twice starts one thing is `outward_calls`'.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.actions import about
from handlers.alerts.circuits import Circuits
from handlers.alerts.intake import PAGE
from handlers.alerts.outward_calls import CALLS, Answered, Request
from handlers.alerts.outward_policy import Outward, Reach, Target
from handlers.alerts.outward_rules import Next, NotTaken, Outcome, Taken, Trouble, after
from handlers.chat.ports import Clock
from handlers.web.http import Http, NotReached, Rules
from storage import alerts, outbox, outgoing
from storage.alerting import Outgoing
from storage.engine import Store
from storage.outbox import Promise

log = logging.getLogger(__name__)

SENT, NOT_SENT = "sent-out", "not-sent"
"""Steps of the alert it is about."""
LEASE: Final = timedelta(minutes=4)
"""Longer than any call takes: three requests of a minute each at most."""
AT_ONCE: Final = 10
_BEHIND: Final = timedelta(seconds=5)
_ENDS: Final = "resolve"
_BEGINS: Final = ("trigger", "acknowledge")
"""What PagerDuty calls what is said of an alert; a request to train anew has no such word."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A call that was taken in hand, apart from its row."""

    id: int
    attempts: int
    key: str
    kind: str
    target: str
    body: dict[str, object]
    alert_id: int | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Outwards:
    store: Store
    clock: Clock
    wake: Callable[[], None]
    workspace: str
    policy: Outward
    http: Http
    secret: Callable[[str], str | None]
    """The value of an environment variable."""
    admins: Collection[str] = ()
    circuits: Circuits = field(default_factory=Circuits)

    async def send(self) -> int:
        """Make the calls that are due; returns how many were tried."""
        owed = await self._claim()
        await asyncio.gather(*(self._try(each) for each in owed))
        return len(owed)

    # ---- before -----------------------------------------------------------------------------------------

    async def _claim(self) -> list[Owed]:
        now, found = self.clock(), list[Owed]()
        async with self.store.glancing() as session:
            if not await outgoing.is_due(session, self.workspace, now):
                return found
        async with self.store.begin() as session:
            rows = await outgoing.due(session, self.workspace, now, limit=AT_ONCE)
            beside = defaultdict(list)
            for row in await outgoing.waiting_about(
                    session, self.workspace, {row.alert_id for row in rows if row.alert_id is not None}):
                beside[row.alert_id, row.target].append(row)
            for row in rows:
                if self._may_go(row, beside[row.alert_id, row.target], now):
                    row.attempts += 1
                    row.next_at = now + LEASE
                    found.append(Owed(row.id, row.attempts, row.key, row.kind, row.target, dict(row.body),
                                      row.alert_id, row.made_at))
        return found

    def _may_go(self, row: Outgoing, beside: Sequence[Outgoing], now: datetime) -> bool:
        """Whether a call is made now; otherwise it is put off, or dropped as its alert is over already."""
        action = row.body.get("action")
        if action in _BEGINS and any(
                each.id > row.id and each.body.get("action") == _ENDS for each in beside):
            row.next_at, row.done_at, row.answer = None, now, "not sent: it was over before"
            return False
        if action is not None and any(each.id < row.id and each.next_at is not None and "action" in each.body
                                      for each in beside):
            row.next_at = now + _BEHIND  # what was said before it goes first
            return False
        rests = self.circuits.rests_until(row.target, now)
        if rests is not None:
            row.next_at = rests
        return rests is None

    # ---- the call ---------------------------------------------------------------------------------------

    async def _try(self, owed: Owed) -> None:
        target = self.policy.targets.get(owed.target)
        try:
            outcome = await self._called(owed, target)
        except Exception:  # a bug of ours, or an answer nobody thought of: it is tried again
            log.exception("the call %s to %s failed", owed.id, owed.target)
            outcome = NotTaken("something went wrong on our side")
        answered = isinstance(outcome, Taken) or outcome.answered
        self.circuits.note(owed.target, self.clock(), answered=answered)
        await self._record(owed, after(outcome, owed.key, owed.attempts, owed.made_at, self.clock()))

    async def _called(self, owed: Owed, target: Target | None) -> Outcome:
        if target is None:
            return NotTaken(f"the alert policy has no target {owed.target} — name it under `outward`",
                            Trouble.FIXABLE)
        secret = self.secret(target.secret_env) if target.secret_env is not None else ""
        if secret is None or (target.secret_env is not None and not secret):
            return NotTaken(f"the environment variable {target.secret_env} is not set", Trouble.FIXABLE)
        dedup = owed.body.get("dedup_key") or f"groundcrew/{self.workspace}/{owed.alert_id or owed.key}"
        request = Request(target, owed.key, owed.body, self.clock(), secret, str(dedup)[:255])
        calling, rules = CALLS[target.kind](request), rules_of(target.reach)
        try:
            call = next(calling)
            while True:
                got = await self.http.ask(call.method, call.url, rules, headers=call.headers,
                                          content=call.body)
                call = calling.send(Answered(got.status, got.body, got.headers))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        except NotReached as error:
            return NotTaken(str(error), Trouble.FIXABLE if error.is_refused else Trouble.PASSING,
                            answered=error.is_refused)

    # ---- after ------------------------------------------------------------------------------------------

    async def _record(self, owed: Owed, then: Next) -> None:
        """What came of it; nothing where the lease ran out and another tries it."""
        now = self.clock()
        async with self.store.begin() as session:
            row = await outgoing.held(session, self.workspace, owed.id, owed.attempts)
            if row is None:
                return
            row.answer, row.next_at = then.answer, then.again_at
            if then.is_done:
                row.done_at = now
            elif then.is_given_up:
                row.given_up_at = now
            promises = await self._told(session, row, then, now)
            await outbox.promise(session, self.workspace, promises, [], now)
        log.log(logging.INFO if then.is_done else logging.WARNING, "call %s to %s, try %s: %s", owed.id,
                owed.target, owed.attempts, then.answer)
        if promises:
            self.wake()

    async def _told(self, session: AsyncSession, row: Outgoing, then: Next, now: datetime) -> list[Promise]:
        """Who hears of it: the alert's thread at the end, the admins of what they have to mend."""
        found = list[Promise]()
        alert = await alerts.one(session, self.workspace, row.alert_id) if row.alert_id is not None else None
        if alert is not None and (then.is_done or then.is_given_up):
            step = alerts.add_step(session, alert, now, SENT if then.is_done else NOT_SENT, "clock", details={
                "target": row.target, "kind": row.kind, "answer": then.answer,
                "action": str(row.body.get("action") or "")})
            await session.flush()
            found += await about(session, alert, now, step)
        known = await outbox.is_promised(session, self.workspace, outgoing.KIND, [row.id])
        if then.tells or known:
            found += [Promise(admin, outgoing.KIND, row.id, urgency=PAGE) for admin in sorted(self.admins)]
        return found


def rules_of(reach: Reach) -> Rules:
    return Rules(reach.allow_private, reach.allow_http, reach.timeout)
