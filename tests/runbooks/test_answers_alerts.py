"""Alerts carry their runbook: by its address, by name, then by what is written; the card shows the first step."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from handlers.runbooks import for_alert
from handlers.runbooks.values import Found, Verdict
from tests.alerts.stage import OPS, am, one, sent, source
from tests.runbooks.shelf import SITE, Written, put
from tests.runbooks.test_answers_asked import answer, asked
from tests.world import EVERYONE, World


def linked(url: str, name: str = "SomethingElse", **said: Any) -> dict[str, Any]:
    alert = one(name, **said)
    alert["annotations"] = {**alert["annotations"], "runbook_url": url}
    return alert


def card(world: World, room: str = OPS) -> Any:
    return [each for each in world.sandbox.shown(room) if "since" in each.plain][-1]


async def test_an_alert_shows_the_runbook_it_links_to_and_its_first_step(stocked: World) -> None:
    await source(stocked)
    await sent(stocked, am(linked(f"{SITE}rollback.html", summary="answers got worse")))
    shown = card(stocked)
    assert "*Runbook*: Rolling back a model › Steps" in shown.plain
    assert "First: Stop the rollout in the registry:" in shown.plain
    assert '```registry rollout pause --model claims --reason "bad answers"```' in shown.plain
    assert f"<{SITE}rollback.md#steps|Rolling back a model › Steps>" in str(shown.all_blocks)
    assert str(shown.all_blocks).count("rollback") == 1, "its link is not there twice"
    assert "Runbook" in shown.buttons


async def test_an_anchor_leads_to_its_section_and_an_unknown_address_stays_a_link(stocked: World) -> None:
    await source(stocked)
    await sent(stocked, am(linked(f"{SITE}latency.md#diagnosis", summary="slow")))
    assert "*Runbook*: Slow answers › Diagnosis" in card(stocked).plain
    await sent(stocked, am(linked("https://wiki.example/unknown", "FeatureDrift", summary="drift", uid="2")))
    shown = card(stocked)
    assert "<https://wiki.example/unknown|Runbook>" in str(shown.all_blocks)
    assert "*Runbook*: FeatureDrift › Mitigation" in shown.plain, "its name is known all the same"
    await sent(stocked, am(linked("https://wiki.example/unknown", "Zebra", summary="zebra", uid="3")))
    shown = card(stocked)
    assert "<https://wiki.example/unknown|Runbook>" in str(shown.all_blocks)
    assert "*Runbook*:" not in shown.plain


@pytest.mark.parametrize("name", ["FeatureDrift", "FeatureDriftHigh", "feature-drift", "Feature_Drift"])
async def test_an_alert_is_called_as_its_page_or_one_of_its_aliases(seen: World, name: str) -> None:
    await source(seen)
    await sent(seen, am(one(name, summary="tenure drifted")))
    assert "*Runbook*: FeatureDrift › Mitigation" in card(seen).plain
    assert "First: Compare the feature with its upstream table." in card(seen).plain


async def test_what_is_found_by_its_words_is_shown_only_if_that_is_an_answer(stocked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, calls = Verdict.CLOSEST, 0
    keeper = stocked.parts.desk.tools.alert_runbooks.runbooks.keeper
    real = type(keeper).find

    async def find(self: Any, question: str, **said: Any) -> Found:
        nonlocal calls
        calls += 1
        found = await real(self, "batch size queue", **said)
        return Found(found.hits, 0.5, verdict)

    monkeypatch.setattr(type(keeper), "find", find)
    await source(stocked)
    await sent(stocked, am(one("P95", summary="answers take long")))
    assert "*Runbook*:" not in card(stocked).plain
    verdict = Verdict.ANSWER
    await sent(stocked, am(one("P99", summary="answers take very long")))
    assert "*Runbook*: Slow answers › " in card(stocked).plain
    before = calls
    await sent(stocked, am(one("P99", summary="answers take very long", severity="critical")))
    assert calls == before, "looked for once, however often the card is composed"


async def test_a_page_of_another_pilot_is_none_of_an_alerts(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await put(stocked, [Written("invoices", "invoice-down.md", "# InvoiceDown\n\n## Steps\n\n1. Restart it.\n")])
    await source(stocked)
    await sent(stocked, am(one("ClaimsQueueIsStuck", pilot="Claims triage", summary="stuck")))
    assert "First: Restart the claims intake worker." in stocked.all_text("claims-triage")
    await sent(stocked, am(one("ClaimsQueueIsStuck", summary="stuck", uid="9")))
    assert "*Runbook*:" not in card(stocked).plain
    await sent(stocked, am(one("InvoiceDown", pilot="Claims triage", summary="down", uid="10")))
    assert "Restart it." not in stocked.all_text("claims-triage")


async def test_a_stub_is_said_to_be_one_on_the_card_too(seen: World) -> None:
    await source(seen)
    await sent(seen, am(one("PersonalDataLeak", summary="leak")))
    assert "*Runbook*: Personal data leak · nobody has written it yet" in card(seen).plain
    assert "First:" not in card(seen).plain


async def test_the_button_asks_about_the_alert_and_answers_in_its_thread(stocked: World) -> None:
    await stocked.new_pilot(**EVERYONE)
    await source(stocked)
    await sent(stocked, am(one("ClaimsQueueIsStuck", pilot="Claims triage", summary="stuck")))
    await stocked.press("ana", "Runbook", "claims-triage")
    said = answer(stocked, "ana", "claims-triage")
    assert said.plain.startswith("*Claims queue is stuck › What to do*")
    [row] = await asked(stocked)
    assert (row.alert_id, row.pilot_id, row.words) == (1, 1, "ClaimsQueueIsStuck: stuck")
    await stocked.press("ana", "Post to thread", "claims-triage", said.ts)
    posted = [each for each in stocked.sandbox.shown("claims-triage", "tom") if "asked: ClaimsQueueIsStuck" in each.plain]
    head = next(each for each in stocked.sandbox.shown("claims-triage", "tom") if "Runbook" in each.buttons)
    assert [each.thread_ts for each in posted] == [head.ts]


async def test_an_alert_goes_out_whatever_its_runbook_comes_to(seen: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> Found:
        raise RuntimeError("a bug of the index")

    monkeypatch.setattr(type(seen.parts.desk.tools.alert_runbooks.runbooks.keeper), "find", broken)
    await source(seen)
    await sent(seen, am(one("P95", summary="answers take long")))
    assert "answers take long" in card(seen).plain


async def test_without_sources_a_card_is_as_it_was(sqlite_url: str, clock: Any) -> None:
    from tests.world import world_on
    async with world_on(sqlite_url, clock, operations_channel="C0OPS0000") as world:
        await source(world)
        await sent(world, am(linked(f"{SITE}rollback.md", "FeatureDrift", summary="drift")))
        assert card(world).buttons == ["Acknowledge", "On it until…", "Silence", "False alarm", "Resolve"]
        assert f"<{SITE}rollback.md|Runbook>" in str(card(world).all_blocks)


async def test_a_card_costs_one_query_more_where_nothing_has_changed(seen: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await source(seen)
    await sent(seen, am(one("FeatureDrift", summary="drift")))
    runbooks = seen.parts.desk.tools.alert_runbooks.runbooks
    counted = []

    async def glance(session: Any, workspace: str) -> dict[str, int]:
        counted.append("versions")
        return await real(session, workspace)

    from handlers.runbooks import page_shelf
    real = page_shelf.runbooks.versions
    monkeypatch.setattr(page_shelf.runbooks, "versions", glance)
    for name in ("named", "sections"):
        monkeypatch.setattr(page_shelf.runbook_pages, name, lambda *_, name=name: counted.append(name))
    async with seen.parts.store.reading() as session:
        found = await runbooks.of(session, "slack:T0SANDBOX", for_alert.Signs("FeatureDrift", "drift"))
    assert found is not None
    assert counted == ["versions"]



async def test_an_alert_waits_for_no_index_that_is_being_made_and_is_looked_for_again_after(
        seen: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await source(seen)
    keeper = seen.parts.desk.tools.alert_runbooks.runbooks.keeper
    go_on, real = asyncio.Event(), type(keeper)._read

    async def slow(self: Any) -> None:
        await go_on.wait()
        await real(self)

    monkeypatch.setattr(type(keeper), "_read", slow)
    await put(seen, [Written("ops", "zebra.md", "# Zebra feed\n\n## Zebra feed is late\n\n1. Restart the zebra feed.\n")], version=2)
    runbooks = seen.parts.desk.tools.alert_runbooks.runbooks
    signs = for_alert.Signs("Z1", "the zebra feed is late")
    async with seen.parts.store.reading() as session:
        began = time.perf_counter()
        for at in range(10):
            assert await runbooks.of(session, "slack:T0SANDBOX", for_alert.Signs(f"Z{at}", "the zebra feed is late")) is None
        assert time.perf_counter() - began < 2.0, "half a second each would be five"
    go_on.set()
    await keeper.settled()
    async with seen.parts.store.reading() as session:
        found = await runbooks.of(session, "slack:T0SANDBOX", signs)
    assert found is not None, "what an index that was behind did not know was not remembered"
    assert found.kept.path == "zebra.md"
