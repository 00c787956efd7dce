"""Calls that are owed are made once, whatever dies in between, and who can mend what is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handlers.alerts.outward import LEASE, Outwards
from handlers.alerts.outward_policy import Outward, Reach, Target
from handlers.alerts.outward_rules import Next
from handlers.web.http import Http
from storage import outgoing
from storage.alerting import Alert, AlertStep, Outgoing
from storage.engine import Store
from storage.models import Post
from tests.alerts.books import Books
from tests.alerts.stage import OPS, am, one, sent, source
from tests.alerts.web import Server, server
from tests.doors.decided import dm
from tests.world import TEAM, World

ADMIN = "slack:U0ALEXA00"
LOCAL = Reach(allow_private=True, allow_http=True, timeout=timedelta(seconds=2))
KEYS = {"PD_KEY": "r0uting-key", "AF": "token"}


@dataclass
class Stage:
    store: Store
    clock: Any
    web: Server
    targets: dict[str, Target]
    woken: list[int] = field(default_factory=list)

    def replica(self) -> Outwards:
        return Outwards(self.store, self.clock, lambda: self.woken.append(1), TEAM, Outward(self.targets), Http(), KEYS.get, (ADMIN,))

    async def owe(self, key: str, kind: str = "pagerduty", target: str = "pd", *, alert: int | None = None, **body: Any) -> None:
        async with self.store.begin() as session:
            await outgoing.owe(session, TEAM, key, kind, target, body, self.clock(), alert_id=alert, at=self.clock())

    async def row(self, key: str) -> Outgoing:
        async with self.store.reading() as session:
            found = await session.scalar(select(Outgoing).where(Outgoing.key == key))
            assert found is not None
            return found

    async def told(self) -> list[Post]:
        async with self.store.reading() as session:
            return list((await session.scalars(select(Post).where(Post.kind == outgoing.KIND))).all())


@asynccontextmanager
async def staged(store: Store, clock: Any, *replies: Any) -> AsyncIterator[Stage]:
    async with server(*replies) as web:
        yield Stage(store, clock, web, {
            "pd": Target("pd", "pagerduty", web.url, LOCAL, "PD_KEY"),
            "af": Target("af", "airflow", web.url, LOCAL, "AF", dag="retrain"),
            "unset": Target("unset", "webhook", web.url, LOCAL, "NO_SUCH_KEY"),
            "inside": Target("inside", "webhook", "https://10.0.0.1/", Reach(), "AF")})


@pytest.fixture
def known(books: Books) -> Store:
    return books.store


async def test_what_is_owed_is_called_once_and_its_answer_kept(known: Store, clock: Any) -> None:
    async with staged(known, clock, (202, {"message": "Event processed"})) as stage:
        for _ in range(2):
            await stage.owe("page:1:trigger", action="trigger", title="Down", dedup_key="groundcrew/T/1")
        outwards = stage.replica()
        assert await outwards.send() == 1
        assert await outwards.send() == 0
        row = await stage.row("page:1:trigger")
        assert (row.done_at, row.answer, row.attempts) == (clock(), "Event processed", 1)
        assert len(stage.web.asked) == 1
        assert stage.web.asked[0].headers["idempotency-key"] == "page:1:trigger"
        assert stage.web.asked[0].json["dedup_key"] == "groundcrew/T/1", "what the page itself says it is about"
        assert await stage.told() == []


async def test_two_replicas_share_what_is_owed(known: Store, clock: Any) -> None:
    async with staged(known, clock, (202, {})) as stage:
        for n in range(8):
            await stage.owe(f"k{n}", action="trigger")
        counts = await asyncio.gather(stage.replica().send(), stage.replica().send())
        assert sum(counts) == 8 == len(stage.web.asked)


async def test_who_dies_while_calling_leaves_the_call_to_be_made_again(known: Store, clock: Any) -> None:
    async with staged(known, clock, (200, {})) as stage:
        await stage.owe("retrain:churn", "airflow", "af")
        dying = stage.replica()
        owed = await dying._claim()
        await dying._called(owed[0], stage.targets["af"])  # it was started there; then the process is gone
        assert await stage.replica().send() == 0, "somebody is at it"
        clock.advance(seconds=LEASE.total_seconds())
        stage.web.replies[:] = [(409, {"detail": "DAGRun already exists"})]
        assert await stage.replica().send() == 1
        row = await stage.row("retrain:churn")
        assert row.done_at is not None
        assert "which was started before" in (row.answer or "")
        assert stage.web.asked[0].json["dag_run_id"] == stage.web.asked[1].json["dag_run_id"]
        await dying._record(owed[0], Next("late", again_at=clock()))
        assert (await stage.row("retrain:churn")).next_at is None, "whose lease ran out may not undo what another did"


async def test_what_fails_is_tried_again_later_and_asked_to_wait_it_waits(known: Store, clock: Any) -> None:
    async with staged(known, clock, (503, b""), (429, b"", {"retry-after": "120"}), (202, {})) as stage:
        await stage.owe("k", action="trigger")
        outwards = stage.replica()
        await outwards.send()
        row = await stage.row("k")
        assert row.next_at is not None
        assert timedelta(seconds=3) < row.next_at - clock() < timedelta(seconds=7)
        clock.advance(seconds=7)
        await outwards.send()
        assert (await stage.row("k")).next_at == clock() + timedelta(seconds=120)
        clock.advance(seconds=120)
        await outwards.send()
        assert (await stage.row("k")).done_at == clock()
        assert await stage.told() == [], "what passed by itself is nobody's business"


async def test_a_target_that_does_not_answer_is_left_alone_and_then_tried_once(known: Store, clock: Any) -> None:
    async with staged(known, clock, (500, b"")) as stage:
        outwards = stage.replica()
        for n in range(12):
            await stage.owe(f"k{n}", action="trigger")
        assert await outwards.send() == 10
        assert await outwards.send() == 0, "the other two are not tried just now"
        assert (await stage.row("k11")).attempts == 0
        clock.advance(seconds=61)
        stage.web.asked.clear()
        await outwards.send()
        assert len(stage.web.asked) == 1
        stage.web.replies[:] = [(202, {})]
        clock.advance(seconds=61)
        await outwards.send()
        clock.advance(seconds=61)
        assert await outwards.send() == 10, "it answers again, so nobody waits any more"


@pytest.mark.parametrize(("target", "reason"), [
    ("unset", "the environment variable NO_SUCH_KEY is not set"), ("nowhere", "the alert policy has no target nowhere"),
    ("inside", "the address leads to 10.0.0.1, which is not on the public internet")])
async def test_what_an_admin_has_to_mend_is_told_to_them_once(known: Store, clock: Any, target: str, reason: str) -> None:
    async with staged(known, clock) as stage:
        await stage.owe("k", "webhook", target)
        outwards = stage.replica()
        for _ in range(3):
            await outwards.send()
            clock.advance(minutes=11)
        row = await stage.row("k")
        assert (row.answer or "").startswith(reason)
        assert row.next_at is not None
        assert [(post.room, post.subject_id) for post in await stage.told()] == [(ADMIN, row.id)]
        assert stage.web.asked == []
        assert stage.woken


async def test_a_page_that_is_over_is_not_sent_after_all(known: Store, clock: Any) -> None:
    """The alert ended while PagerDuty could not be reached: nobody is woken for it."""
    async with staged(known, clock, (503, b""), (202, {})) as stage:
        async with known.begin() as session:
            session.add(_alert(clock()))
        await stage.owe("page:1:trigger", alert=1, action="trigger", title="Down")
        outwards = stage.replica()
        await outwards.send()
        await stage.owe("page:1:resolve", alert=1, action="resolve")
        await outwards.send()
        assert [each.json["event_action"] for each in stage.web.asked] == ["trigger"], "the end waits for what was said before"
        clock.advance(seconds=20)
        await outwards.send()
        await outwards.send()
        clock.advance(seconds=20)
        await outwards.send()
        assert [each.json["event_action"] for each in stage.web.asked] == ["trigger", "resolve"]
        assert (await stage.row("page:1:trigger")).answer == "not sent: it was over before"


async def test_no_secret_is_logged_or_kept(known: Store, clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with staged(known, clock, (400, {"message": "bad key r0uting-key"})) as stage:
        await stage.owe("k", action="trigger")
        await stage.replica().send()
        row = await stage.row("k")
        assert row.given_up_at == clock()
        assert row.answer == "400: bad key …"
        assert "r0uting-key" not in caplog.text


def _alert(at: datetime) -> Alert:
    return Alert(workspace_id=TEAM, key="k", source="prom", name="Down", title="Down", severity="critical", rank=0, room="slack:C1",
                 opened_at=at, changed_at=at)


# ---- as people see it ------------------------------------------------------------------------------------------------


def thread(world: World) -> list[str]:
    return [each.plain for each in world.sandbox.shown(OPS) if each.thread_ts and each.thread_ts != each.ts]


async def test_what_is_not_taken_is_said_in_the_thread_and_to_the_admins_and_mended_when_it_is(seen: World) -> None:
    await source(seen)
    await sent(seen, am(one(summary="tenure drifted")))
    async with staged(seen.parts.store, seen.clock, (401, {"message": "no"}), (202, {"message": "Event processed"})) as stage:
        await stage.owe("page:1:trigger", alert=1, action="trigger", title="Down")
        outwards = stage.replica()
        await outwards.send()
        await seen.settle()
        assert thread(seen) == [], "it is tried on"
        assert "⚠ The page to pd was not taken: 401 — check the key" in seen.all_text(dm(seen, "alex"), "alex")
        seen.clock.advance(seconds=30)
        await outwards.send()
        await seen.settle()
        assert thread(seen) == ["Paged through pd"]
        told = seen.all_text(dm(seen, "alex"), "alex")
        assert "✓ Paged through pd" in told
        assert "401" not in told, "the message is edited"


async def test_what_is_given_up_is_said_where_the_alert_is(seen: World) -> None:
    await source(seen)
    await sent(seen, am(one(summary="tenure drifted")))
    async with staged(seen.parts.store, seen.clock, (422, {"detail": "no such dag"})) as stage:
        await stage.owe("retrain:churn", "retrain", "af", alert=1, model="churn")
        await stage.replica().send()
        await seen.settle()
        assert thread(seen) == ["The request to train again was not taken by af: 422: no such dag"]
        assert "I tried 1 time and have given up" in seen.all_text(dm(seen, "alex"), "alex")
        async with seen.parts.store.reading() as session:
            steps = (await session.scalars(select(AlertStep).where(AlertStep.alert_id == 1))).all()
        assert [(step.what, step.actor) for step in steps] == [("not-sent", "clock")]
