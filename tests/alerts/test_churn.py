"""A label that changes each time is noticed: an admin is told once a day which, and what to do about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.alerts.churn_rules import churning
from tests.alerts.held import ALEX, Held
from tests.alerts.stage import one
from tests.features.mornings import counted


@pytest.mark.parametrize(("sample", "ignored", "found"), [
    ([{"psi": str(n), "model": "m"} for n in range(20)], (), [("psi", 20)]),
    ([{"psi": str(n), "at": str(n // 2)} for n in range(20)], (), [("psi", 20), ("at", 10)]),
    ([{"psi": str(n), "model": "m"} for n in range(20)], ("psi",), []),
    ([{"zone": "abc"[n % 3]} for n in range(20)], (), []), ([{"a": "1"}, {"a": "2"}], (), []), ([], (), [])])
def test_the_labels_that_differ_most_are_named(sample: list[dict[str, str]], ignored: tuple[str, ...], found: list[tuple[str, int]]) -> None:
    assert [(each.label, each.values) for each in churning(sample, ignored)] == found


async def test_an_admin_is_told_once_a_day_which_label_changes_each_time(held: Held) -> None:
    for n in range(2):
        await held.take(*(one(model="churn", psi=f"0.{n}{k:03}") for k in range(4)))
        held.clock.advance(minutes=2)
    await held.take(one(model="churn", psi="0.9"))
    [card] = held.said(ALEX, "alert-churn")
    assert "FeatureDrift of prom made 8 new conditions within an hour" in card
    assert "psi: 8 different values in 8, such as 0.1003, 0.1002, 0.1001" in card
    assert "routing.ignore in the alert policy: psi" in card
    held.clock.advance(hours=24)
    await held.take(*(one(model="churn", psi=f"1.{k:03}") for k in range(8)))
    assert len(held.said(ALEX, "alert-churn")) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_ignored_already_or_tells_conditions_apart_is_not_told(held: Held) -> None:
    routing = replace(held.policies.routing, ignore=frozenset({"psi", "alertname"}))
    quiet = Held(held.store, held.clock, replace(held.policies, routing=routing))
    await quiet.take(*(one(model="churn", psi=str(n)) for n in range(8)))
    assert quiet.said(ALEX, "alert-churn") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_name_is_looked_at_once_a_minute_and_only_where_something_is_new(held: Held) -> None:
    await held.take(one(model="a"))
    with counted(held.store) as asked:
        await held.take(one(model="a"), show=False)
        await held.take(one(model="b"), show=False)
        assert not any("HAVING" in each for each in asked)
        held.clock.advance(minutes=1)
        await held.take(one(model="b"), show=False)
        assert not any("HAVING" in each for each in asked)
        await held.take(one(model="c"), show=False)
    assert sum("HAVING" in each for each in asked) == 1
