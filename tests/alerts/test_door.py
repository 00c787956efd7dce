"""The door of alerts: who is let in, and one sentence for everybody else."""

from __future__ import annotations

import gzip
import json

import pytest
from sqlalchemy import func, select, text

from handlers.alerts import hooks
from storage.alerting import Signal
from tests.alerts.bodies import case
from tests.alerts.stage import SECRET, am, one, post, send, source
from tests.world import World

BEARER = {"authorization": f"Bearer {SECRET}"}


def body(**said: str) -> bytes:
    return json.dumps(am(one(**said))).encode()  # type: ignore[arg-type]


async def kept(world: World) -> int:
    async with world.parts.store.reading() as session:
        return await session.scalar(select(func.count()).select_from(Signal)) or 0


async def test_a_source_that_is_unknown_is_not_found(seen: World) -> None:
    answer = await post(seen, "/alerts/nobody", body(), BEARER)
    assert (answer.status_code, answer.text) == (404, "There is no such source; `groundcrew alerts sources` lists them.")


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic !"}, {b"authorization": b"Bearer \xe9"}])
async def test_without_its_secret_nobody_is_let_in_and_nothing_is_kept(seen: World, headers: dict[str, str]) -> None:
    await source(seen)
    answer = await post(seen, "/alerts/prom", body(), headers)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert "\n" not in answer.text
    assert await kept(seen) == 0


async def test_a_secret_that_was_rotated_is_taken_for_a_day_more(seen: World) -> None:
    from handlers.alerts.sources import Sources
    from tests.world import TEAM
    await source(seen)
    row = await Sources(seen.parts.store, seen.clock, TEAM).rotate("prom")
    assert (await send(seen, am(one()))).status_code == 200
    assert (await send(seen, am(one()), secret=row.secret)).status_code == 200
    seen.clock.advance(hours=24, seconds=1)
    assert (await send(seen, am(one()))).status_code == 401
    assert (await send(seen, am(one()), secret=row.secret)).status_code == 200


@pytest.mark.parametrize(("raw", "more", "status"), [
    (b"x" * (1024 * 1024 + 1), {}, 413),
    (gzip.compress(b" " * (1024 * 1024 + 1)), {"content-encoding": "gzip"}, 413),
    (gzip.compress(body()), {"content-encoding": "gzip"}, 200),
    (body(), {"content-encoding": "gzip"}, 400),
    (body(), {"content-encoding": "br"}, 400),
    (b"{", {}, 400), (b"[]", {}, 400), (b'{"alerts": [{}]}', {}, 400), (b"[" * 50_000, {}, 400), (b"", {}, 400)])
async def test_what_cannot_be_read_is_answered_with_a_sentence(seen: World, raw: bytes, more: dict[str, str], status: int) -> None:
    await source(seen)
    answer = await post(seen, "/alerts/prom", raw, BEARER | more)
    assert answer.status_code == status, answer.text
    assert answer.text.count("\n") == 0
    assert answer.text.endswith(".")


async def test_too_much_at_once_is_asked_to_come_again_and_never_with_429(seen: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await source(seen)
    monkeypatch.setattr(hooks, "AT_ONCE", 0)
    answer = await send(seen, am(one()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert await kept(seen) == 0


async def test_what_the_database_does_not_take_is_asked_to_come_again(ops: World) -> None:
    await source(ops)
    async with ops.parts.store.begin() as session:
        await session.execute(text("ALTER TABLE signal RENAME TO signal_away"))
    answer = await send(ops, am(one()))
    async with ops.parts.store.begin() as session:
        await session.execute(text("ALTER TABLE signal_away RENAME TO signal"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert (await send(ops, am(one()))).status_code == 200


async def test_what_is_put_counts_as_what_is_posted(seen: World) -> None:
    """Grafana's contact point has a choice of the two."""
    await source(seen, "graf", "grafana")
    sent = case("grafana/firing_single")
    answer = await post(seen, "/alerts/graf", sent.raw, BEARER, method="PUT")
    assert (answer.status_code, answer.text) == (200, "1 taken in, 1 new.")
    assert (await post(seen, "/alerts/graf", sent.raw, {}, method="PUT")).status_code == 401


async def test_a_handshake_is_answered_without_being_an_alert(seen: World) -> None:
    await source(seen, "events", "cloudevents")
    answer = await post(seen, f"/alerts/events?token={SECRET}", b"", {"webhook-request-origin": "eventemitter.example.com"}, method="OPTIONS")
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventemitter.example.com"
    assert await kept(seen) == 0
