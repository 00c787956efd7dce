"""What fires at a source and what is open here become the same, though never on half an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.alerts.reconciling import Reconciling
from handlers.alerts.signals import fingerprint
from handlers.alerts.sources import check_options
from handlers.alerts.vendors import VENDORS, reconciling
from handlers.alerts.vendors.contract import Incoming, Malformed, Settings
from handlers.chat.errors import Refused
from handlers.web.http import Http
from storage import alerts
from tests.alerts.bodies import NOON, case
from tests.alerts.books import Books
from tests.alerts.stage import am, one, sent, settled, source
from tests.alerts.test_lifetime import cards
from tests.alerts.web import Reply, Server, server
from tests.world import TEAM, World

RECORDED = case("alertmanager/api_v2_alerts_inhibited_and_silenced").body


def at_source(name: str = "FeatureDrift", state: str = "active", receiver: str = "bot", **labels: str) -> dict[str, Any]:
    """An alert as Alertmanager's API gives it, of what `one` is in its webhook."""
    hook = one(name, **labels)
    return {**{each: hook[each] for each in ("labels", "annotations", "startsAt", "fingerprint")}, "endsAt": "2026-11-23T23:00:00Z",
            "receivers": [{"name": receiver}], "status": {"state": state, "silencedBy": [], "inhibitedBy": []}}


def reconciler(books: Books) -> Reconciling:
    return Reconciling(books.store, books.intake, TEAM, Http(), {"AM": "bot:pw"}.get)


async def asked(books: Books, by: Reconciling) -> dict[str, str]:
    books.clock.advance(minutes=6)
    await by.run()
    return await books.standing()


async def told(books: Books, *hooked: dict[str, Any]) -> None:
    assert (await books.sent(json.dumps(am(*hooked)).encode())).status == 200


async def alertmanager(books: Books, web: Server, **options: Any) -> None:
    await books.source(reconcile_url=web.url, reconcile_private=True, **options)


async def test_what_was_missed_is_taken_in_and_told_again_by_its_sender_it_is_the_same(books: Books) -> None:
    async with server((200, [at_source()])) as web:
        await alertmanager(books, web, reconcile_secret_env="AM")
        await reconciler(books).run()
        assert await books.standing() == {"FeatureDrift": "open"}
        assert web.asked[0].path == "/api/v2/alerts?active=true&silenced=true&inhibited=true"
        assert web.asked[0].headers["authorization"].startswith("Basic ")
        await told(books, one())
        assert [alert.total for alert in await books.alerts()] == [1]


async def test_what_is_gone_there_twice_in_a_row_is_over_here(books: Books) -> None:
    async with server((200, [])) as web:
        await alertmanager(books, web)
        await told(books, one(), one("Other"))
        by = reconciler(books)
        assert await asked(books, by) == {"FeatureDrift": "open", "Other": "open"}, "one that has just started knows nothing for a minute"
        web.replies[:] = [(200, [at_source("Other")])]
        assert await asked(books, by) == {"FeatureDrift": "gone", "Other": "open"}


async def test_it_is_shown_that_it_is_gone(seen: World) -> None:
    async with server((200, [])) as web:
        await source(seen, reconcile_url=web.url, reconcile_private=True)
        await sent(seen, am(one()))
        for _ in range(2):
            seen.clock.advance(minutes=6)
            await seen.parts.outside.reconciling.run()
        await settled(seen)
        assert "✓ Over after 12 min: FeatureDrift. It is gone at its source" in cards(seen)[0]


async def test_nothing_follows_from_an_answer_that_is_not_whole(books: Books) -> None:
    replies: list[Reply] = [(500, []), (200, b"[{"), (200, b"[]", {"content-length": "99"})]
    async with server((200, [])) as web:
        await alertmanager(books, web)
        await told(books, one())
        by = reconciler(books)
        for reply in replies:
            web.replies[:] = [(200, [])]
            assert await asked(books, by) == {"FeatureDrift": "open"}, "it counts anew after a bad answer"
            web.replies[:] = [reply]
            assert await asked(books, by) == {"FeatureDrift": "open"}, reply


@pytest.mark.parametrize("body", [b"", b"{}", b'{"alerts": []}', b'[{"no": "labels"}]', b'[{"labels": {"a": "b"}}]', b"[7]", b'[{"labels": 3}]'])
def test_what_is_no_list_of_alerts_is_not_taken_for_an_empty_one(body: bytes) -> None:
    with pytest.raises(Malformed):
        reconciling.present(VENDORS["alertmanager"], body, Settings("prom"), NOON)


async def test_what_was_heard_just_now_is_not_gone(books: Books) -> None:
    async with server((200, [])) as web:
        await alertmanager(books, web)
        by = reconciler(books)
        for _ in range(3):
            await told(books, one(at=books.clock()))
            books.clock.advance(seconds=30)
            await by.run()
            books.clock.advance(minutes=6)
        assert await books.standing() == {"FeatureDrift": "open"}


async def test_what_is_silenced_there_or_goes_elsewhere_is_neither_taken_in_nor_gone(books: Books) -> None:
    there = [at_source("Quiet", "suppressed"), at_source("Quieter", "suppressed"), at_source("Theirs", receiver="others"), at_source("Ours")]
    async with server((200, there)) as web:
        await alertmanager(books, web, reconcile_receiver="bot")
        await told(books, one("Quiet"))
        by = reconciler(books)
        for _ in range(3):
            assert await asked(books, by) == {"Quiet": "open", "Ours": "open"}


async def test_sources_are_asked_at_the_start_and_then_every_five_minutes_and_that_is_not_being_heard_of(books: Books) -> None:
    async with server((200, [])) as web:
        await alertmanager(books, web)
        by = reconciler(books)
        for _ in range(21):
            await by.run()
            books.clock.advance(seconds=30)
        assert len(web.asked) == 3
    async with books.store.reading() as session:
        row = await alerts.source(session, TEAM, "prom")
    assert row is not None
    assert row.heard_at is None


# ---- the vendors' keys ---------------------------------------------------------------------------------------------------


def test_the_recorded_answer_has_one_of_three_that_would_be_sent() -> None:
    found = reconciling.present(VENDORS["alertmanager"], json.dumps(RECORDED).encode(), Settings("prom"), NOON)
    assert len(found.keys) == 3
    assert [(signal.key, signal.title) for signal in found.wanted] == [("6c89902ebcb49e52", "predict of fraud drifted from its training baseline")]


def test_an_alert_of_prometheus_has_the_same_key_asked_for_as_told() -> None:
    told = VENDORS["prometheus"].parse(Incoming("POST", {}, {}, raw := json.dumps([
        {"labels": RECORDED[0]["labels"], "annotations": {}, "startsAt": "2026-11-24T11:00:00Z", "endsAt": "2026-11-24T13:00:00Z"}]).encode(), raw, NOON),
        Settings("prom")).signals[0]
    there = [{**RECORDED[0], "endsAt": "2026-11-24T13:00:00Z"}]
    assert reconciling.present(VENDORS["prometheus"], json.dumps(there).encode(), Settings("prom"), NOON).keys == {told.key}


def test_an_alert_of_grafana_has_the_same_key_asked_for_as_told() -> None:
    sent_body = case("grafana/firing_datasource_error")
    told = VENDORS["grafana"].parse(Incoming("POST", {}, {}, sent_body.raw, sent_body.raw, NOON), Settings("g")).signals[0]
    hook = sent_body.body["alerts"][0]
    there = [{"labels": {**hook["labels"], "__alert_rule_uid__": hook["ruleUID"], "__grafana_receiver__": "x"}, "annotations": hook["annotations"],
              "fingerprint": hook["fingerprint"], "startsAt": hook["startsAt"], "endsAt": "2026-11-24T13:00:00Z", "status": {"state": "active"}}]
    found = reconciling.present(VENDORS["grafana"], json.dumps(there).encode(), Settings("g"), NOON)
    assert found.keys == {told.key}
    assert fingerprint("g", found.wanted[0].key) == fingerprint("g", told.key)
    assert found.wanted[0].labels == told.labels


def test_more_than_could_be_whole_is_refused() -> None:
    with pytest.raises(Malformed):
        reconciling.present(VENDORS["alertmanager"], b"[" + b"{}," * 10_000 + b"{}]", Settings("prom"), NOON)


@pytest.mark.parametrize(("options", "said"), [
    ({"reconcile_url": "http://am:9093"}, "is not encrypted"), ({"reconcile_url": "am:9093"}, "begins neither with"),
    ({"reconcile_secret_env": "glsa_abc"}, "never the secret itself"), ({"quiet_after": "soon"}, "takes a number of days"),
    ({"quiet_after": 0}, "takes a number of days"), ({"quiet_after": True}, "takes a number of days")])
def test_an_option_that_cannot_work_is_refused_when_it_is_set(options: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        check_options(VENDORS["alertmanager"], options)
