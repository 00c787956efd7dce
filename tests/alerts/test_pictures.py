"""Pictures are drawn beside the bot, whatever stands in their texts, and never keep a message waiting."""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from handlers.alerts import pictures
from handlers.alerts.pictures import Bar, Order, Pictures, drawn_by_program

ORDER = Order("churn · 7", "limit", (Bar("tenure", 0.31, 0.2, "PSI 0.31"), Bar("region", 0.01, 0.2, "PSI 0.01")),
              (("2026-11-23T00:00:00+00:00", 0.04), ("2026-11-24T00:00:00+00:00", 0.31)), "PSI of tenure, 30 days", 0.2,
              ("2026-10-25T00:00:00+00:00", "2026-11-24T00:00:00+00:00"), (("2026-11-23T00:00:00+00:00", "23 Nov"),))


def size_of(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


async def test_texts_are_no_formulas_and_what_cannot_be_drawn_spoils_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """`$\\frac` would end matplotlib with an error where it took texts for formulas. One program draws them all."""
    monkeypatch.setenv("GROUNDCREW_SLACK_BOT_TOKEN", "xoxb-secret")
    evil = replace(ORDER, title="$\\frac{$ _x_ ^y ~\n<b>", bars=(Bar("$\\undefined{tenure_$" * 40, 1e9, 1e-9, "$x"),) * 300)
    broken = replace(ORDER, course=(("no moment", 0.1),))
    empty = replace(ORDER, course=(), course_limit=None)
    found = await drawn_by_program([ORDER, evil, broken, empty])
    assert found[2] is None
    for picture in (found[0], found[1], found[3]):
        assert size_of(picture) == (990, 396)
        assert len(picture or b"") < 150_000


def test_the_program_gets_no_setting_of_ours() -> None:
    given = pictures._environment({"PATH": "/bin", "GROUNDCREW_SLACK_BOT_TOKEN": "xoxb-secret", "PG_URL": "postgres://u:p@h"})
    assert given == {"PATH": "/bin", "MPLBACKEND": "Agg"}


async def test_what_is_asked_for_meanwhile_is_drawn_together(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []
    go = asyncio.Event()

    async def slowly(orders: Sequence[Order]) -> list[bytes | None]:
        rounds.append(len(orders))
        await go.wait()
        return [each.title.encode() for each in orders]

    monkeypatch.setattr(pictures, "drawn_by_program", slowly)
    painter = Pictures()
    first = asyncio.create_task(painter.drawn(ORDER))
    while not rounds:
        await asyncio.sleep(0)
    more = [asyncio.create_task(painter.drawn(replace(ORDER, title=str(n)))) for n in range(9)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(first, *more) == [b"churn \xc2\xb7 7", *(str(n).encode() for n in range(9))]
    assert rounds == [1, 9]


async def test_a_message_goes_without_a_picture_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_orders: Sequence[Order]) -> list[bytes | None]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(pictures, "drawn_by_program", never)
    painter = Pictures(patience_s=0.02)
    assert await asyncio.gather(painter.drawn(ORDER), painter.drawn(ORDER)) == [None, None]
    assert painter._wanted == []


async def test_where_no_program_can_be_started_messages_go_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await Pictures().drawn(ORDER) is None
