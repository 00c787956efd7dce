"""What is asked again and again: series against thresholds, silence that is no zero, and failures that are said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handlers.alerts.outward_policy import Reach
from handlers.alerts.pull_policy import Pulls, Reading, Threshold
from handlers.alerts.pull_rules import Answer, Sample, Unreadable, judged, read_answer
from handlers.alerts.pulling import Pulling, jittered
from handlers.alerts.signals import Status
from handlers.alerts.vendors.contract import Report
from handlers.web.http import Http
from storage import pulls
from storage.alerting import Pull
from storage.alerting import Signal as Row
from storage.engine import Store
from tests.alerts.bodies import case
from tests.alerts.books import Books
from tests.alerts.stage import settled
from tests.alerts.test_lifetime import cards
from tests.alerts.web import Asked, Server, server
from tests.world import TEAM, World

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LOCAL = Reach(allow_private=True, allow_http=True, timeout=timedelta(seconds=2))
PROMETHEUS = case("prometheus_api/http_api_answers").body
MLFLOW = case("mlflow/rest_api_answers").body
PSI = Reading("psi", "prometheus", "https://p.example", query="feature_psi", threshold=Threshold(above=0.25, for_windows=2),
              alert_name="FeatureDrift", pilot="Claims triage")


def recorded(name: str) -> tuple[int, bytes]:
    return PROMETHEUS[name]["status"], json.dumps(PROMETHEUS[name]["response"]).encode()


# ---- what an answer says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "values"), [
    ("query_vector", [0.04, 0.31]), ("query_scalar", [0.31]), ("query_histogram_quantile", [0.5]), ("query_empty", []), ("query_at_time", [0.04, 0.31])])
def test_recorded_answers_are_read(name: str, values: list[float]) -> None:
    assert [sample.value for sample in read_answer(*recorded(name)).samples] == values


def test_the_name_of_a_metric_is_no_label_of_its_series() -> None:
    assert dict(read_answer(*recorded("query_vector")).samples[1].labels) == {
        "feature": "tenure", "instance": "127.0.0.1:22701", "job": "ml-exporter", "model": "churn-xgb", "model_version": "7"}


@pytest.mark.parametrize(("name", "said"), [
    ("query_bad", "bad_data: invalid parameter"), ("query_range", "the query gives a matrix"), ("query_range_too_many_points", "bad_data: exceeded")])
def test_a_refusal_is_said_in_the_servers_words(name: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_answer(*recorded(name))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"status":"success"}', b'{"status":"success","data":{"resultType":"vector","result":3}}',
                                  b'{"status":"success","data":{"resultType":"vector","result":[{"value":[1,2]}]}}',
                                  b'{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"x"]}]}}',
                                  b'{"status":"success","data":{"resultType":"scalar","result":null}}'])
def test_what_is_no_answer_is_said_so(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_answer(200, body)


def test_more_series_than_anybody_could_look_at_are_refused() -> None:
    rows = [{"metric": {"n": str(n)}, "value": [1, "1"]} for n in range(201)]
    with pytest.raises(Unreadable, match="aggregate it"):
        read_answer(200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": rows}}).encode())


def test_warnings_are_kept() -> None:
    body = {"status": "success", "warnings": ["one store is away"], "data": {"resultType": "vector", "result": []}}
    assert read_answer(200, json.dumps(body).encode()).warnings == ["one store is away"]


# ---- against the threshold -----------------------------------------------------------------------------------------------


def walked(reading: Reading, *rounds: dict[str, float]) -> list[list[tuple[str, Status]]]:
    """What fires and ends in each round of values by feature."""
    before: dict[str, Any] = {}
    found, now = [], NOW
    for values in rounds:
        result = judged(reading, Answer([Sample({"feature": name}, value) for name, value in values.items()]), before, now)
        before, now = json.loads(json.dumps(result.series)), now + timedelta(minutes=1)
        found.append([(signal.labels["feature"], signal.status) for signal in result.signals])
    return found


FIRES, ENDS = Status.FIRING, Status.RESOLVED


def test_a_series_fires_once_it_was_over_in_so_many_readings_in_a_row() -> None:
    assert walked(PSI, {"a": 0.3}, {"a": 0.1}, {"a": 0.3}, {"a": 0.3}, {"a": 0.4}, {"a": 0.2}, {"a": 0.2}) == [
        [], [], [], [("a", FIRES)], [("a", FIRES)], [("a", ENDS)], []]


def test_each_series_is_a_condition_of_its_own() -> None:
    assert walked(PSI, {"a": 0.3, "b": 0.3}, {"a": 0.3, "b": 0.1}) == [[], [("a", FIRES)]]


def test_no_data_is_not_zero() -> None:
    low = replace(PSI, threshold=Threshold(below=0.5))
    assert walked(low, {}, {"a": float("nan")}, {"a": 0.0}) == [[], [], [("a", FIRES)]]
    assert walked(PSI, {"a": 0.3}, {"a": 0.3}, {}, {"a": float("nan")}, {"a": 0.1}) == [[], [("a", FIRES)], [], [], [("a", ENDS)]]
    assert judged(PSI, Answer([]), {}, NOW).value is None


def test_infinity_is_more_than_any_limit() -> None:
    found = judged(replace(PSI, threshold=Threshold(above=1)), Answer([Sample({}, float("inf"))]), {}, NOW)
    assert [signal.title for signal in found.signals] == ["FeatureDrift: is +inf, above 1"]
    assert found.value is None, "no database keeps infinity"


def test_a_signal_says_what_is_how_far_beyond_what() -> None:
    found = judged(replace(PSI, threshold=Threshold(above=0.25)), Answer([Sample({"feature": "tenure"}, 0.31415)]), {}, NOW).signals[0]
    assert found.title == "FeatureDrift: tenure is 0.314, above 0.25"
    assert found.labels == {"feature": "tenure", "pilot": "Claims triage"}
    assert found.started_at == NOW


def test_readings_are_not_all_asked_for_in_the_same_second() -> None:
    waits = {jittered(replace(PSI, name=f"r{n}"), NOW).total_seconds() for n in range(20)}
    assert len(waits) == 20
    assert 54 <= min(waits) <= max(waits) <= 66


# ---- end to end ----------------------------------------------------------------------------------------------------------


def pulling(books: Books | World, *readings: Reading, tell_after: int = 2) -> Pulling:
    store, intake = (books.store, books.intake) if isinstance(books, Books) else (books.parts.store, books.parts.hooks.intake)
    return Pulling(store, intake, TEAM, Pulls(tell_after, {each.name: each for each in readings}), Http(), {"TOKEN": "t0ken"}.get)


async def asked(world: World, pull: Pulling, minutes: float = 1.2) -> None:
    world.clock.advance(minutes=minutes)
    await pull.ask()
    await settled(world)


async def row(store: Store, name: str) -> Pull:
    async with store.reading() as session:
        found = await session.scalar(select(Pull).where(Pull.name == name))
        assert found is not None
        return found


def vector(*values: tuple[str, str]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": [
        {"metric": {"feature": feature}, "value": [1795188817.6, value]} for feature, value in values]}}


async def test_a_reading_is_an_alert_of_its_pilot_and_that_it_fails_is_said_too(seen: World) -> None:
    await seen.new_pilot()
    status = replace(seen.parts.desk.tools.status, has_readings=True)
    async with server((200, vector(("tenure", "0.31"), ("charge", "0.04")))) as web:
        pull = pulling(seen, replace(PSI, url=web.url, reach=LOCAL, secret_env="TOKEN", query="max by (feature) (feature_psi)"))
        await asked(seen, pull)
        assert not any("tenure" in card for card in cards(seen, "claims-triage")), "one reading is not enough"
        await asked(seen, pull)
        assert cards(seen, "claims-triage")[-1].startswith("🟠 Warning: FeatureDrift: tenure is 0.31, above 0.25")
        web.replies[:] = [(503, {"status": "error", "errorType": "timeout", "error": "query timed out"})]
        await asked(seen, pull)
        assert await _status(seen, status) == "Reading psi fails since Mon 23 Nov 07:03: timeout: query timed out"
        await asked(seen, pull)
        assert cards(seen, "claims-triage")[-1].startswith("🟠 Warning: Reading psi fails: timeout: query timed out")
        assert "🟠 Warning: FeatureDrift" in seen.all_text("claims-triage"), "nothing is known of it, so it is not over"
        web.replies[:] = [(200, vector(("tenure", "0.1"), ("charge", "0.04")))]
        await asked(seen, pull)
        assert await _status(seen, status) == ""
        assert [card[:10] for card in cards(seen, "claims-triage")[-2:]] == ["✓ Resolved", "✓ Resolved"]


async def _status(world: World, status: Any) -> str:
    card = await status.status(TEAM, 1, f"slack:{world.sandbox.user_id('priya')}")
    lines = ["".join(span if isinstance(span, str) else getattr(span, "text", "") for span in each)
             for element in card.elements if hasattr(element, "lines") for each in element.lines]
    return next((each for each in lines if each.startswith("Reading")), "")


async def test_what_is_asked_is_posted_and_what_came_is_kept(books: Books) -> None:
    async with server((200, vector(("tenure", "0.31"), ("charge", "0.04"))), (200, vector()), (200, vector(("tenure", "NaN")))) as web:
        pull = pulling(books, replace(PSI, url=web.url, reach=LOCAL, secret_env="TOKEN", query="max by (feature) (feature_psi)"))
        await pull.ask()
        sent = web.asked[0]
        assert (sent.method, sent.path, sent.form["query"]) == ("POST", "/api/v1/query", "max by (feature) (feature_psi)")
        assert sent.headers["authorization"] == "Bearer t0ken"
        known = await row(books.store, "psi")
        assert (known.value, known.failures, known.error) == (0.31, 0, None)
        for failures in (1, 2):
            books.clock.advance(minutes=1.2)
            await pull.ask()
            known = await row(books.store, "psi")
            assert (known.value, known.failures, known.error) == (None, failures, "there is no data")
        assert [alert.title for alert in await books.alerts()] == ["Reading psi fails: there is no data"]


async def test_who_does_not_answer_is_not_asked_by_every_reading(books: Books) -> None:
    async with server((200, vector())) as web:
        gone = web.url
    pull = pulling(books, *(replace(PSI, name=f"r{n}", url=gone, reach=LOCAL, pilot=None) for n in range(6)))
    assert await pull.ask() == 6
    books.clock.advance(seconds=30)
    assert await pull.ask() == 0, "its host rests"
    assert (await row(books.store, "r0")).error == "no connection to 127.0.0.1"


async def test_two_replicas_ask_once_and_a_reading_taken_out_is_forgotten(books: Books) -> None:
    async with server((200, vector(("a", "0.1")))) as web:
        first, second = (pulling(books, replace(PSI, url=web.url, reach=LOCAL, pilot=None)) for _ in range(2))
        assert [await first.ask(), await second.ask()] == [1, 0]
    assert await pulling(books).ask() == 0
    async with books.store.reading() as session:
        assert (await session.scalars(select(Pull))).all() == []


async def test_what_is_said_twice_counts_once(books: Books) -> None:
    """It dies after the alert was taken in and before that was noted: the next reading says it again."""
    async with server((200, vector(("tenure", "0.31")))) as web:
        reading = replace(PSI, url=web.url, reach=LOCAL, pilot=None, threshold=Threshold(above=0.25))
        dying = pulling(books, reading)
        claimed = await dying._claim()
        came = await dying._came(claimed[0])
        await dying.intake.take(TEAM, "pull:psi", Report(came.signals))
        books.clock.advance(minutes=1.2)
        assert await pulling(books, reading).ask() == 1
        assert len(await books.alerts()) == 1
        async with books.store.reading() as session:
            assert [each.fired for each in (await session.scalars(select(Row))).all()] == [1]


# ---- the registry --------------------------------------------------------------------------------------------------------


def registry(web: Server, alias: Any = MLFLOW["alias_get"]["response"]) -> None:
    """Answers as MLflow did."""
    run = json.loads(json.dumps(MLFLOW["runs_search"]["response"]["runs"][0]))
    run["info"] |= {"status": "FINISHED", "end_time": 1795188999000}

    def answer(sent: Asked) -> tuple[int, Any]:
        if sent.path.startswith("/api/2.0/mlflow/registered-models/alias"):
            if sent.query["name"] != "churn-xgb":
                return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"Registered Model with name={sent.query['name']} not found"}
            return 200, alias
        if sent.path.startswith("/api/2.0/mlflow/runs/get"):
            return 200, MLFLOW["run_get"]["response"]
        return 200, {"runs": [run]}

    web.answer = answer


async def test_the_champion_and_the_last_retraining_are_known_by_the_model(books: Books) -> None:
    async with server() as web:
        registry(web)
        pull = pulling(books, Reading("registry", "mlflow", web.url, LOCAL, model="churn-xgb"))
        await pull.ask()
        async with books.store.reading() as session:
            assert (await pulls.latest(session, TEAM, "churn-xgb") or {})["deployed_at"] is None, "it was so before we asked"
        moved = json.loads(json.dumps(MLFLOW["alias_get"]["response"]).replace('"version": "1"', '"version": "2"'))
        registry(web, moved)
        books.clock.advance(minutes=12)
        await pull.ask()
        since = books.clock().isoformat()
        books.clock.advance(minutes=12)
        await pull.ask()
    async with books.store.reading() as session:
        found = await pulls.latest(session, TEAM, "churn-xgb")
        assert await pulls.latest(session, TEAM, "another") is None
        assert await pulls.latest(session, "slack:T2", "churn-xgb") is None
    assert found is not None
    assert (found["version"], found["alias"], found["tags"]) == ("2", "champion", {"validation_status": "approved"})
    assert found["deployed_at"] == since
    assert datetime.fromisoformat(found["last_retrain_at"]) == datetime.fromtimestamp(1795188999, UTC)
    assert web.asked[-1].json["experiment_ids"] == ["1"]


async def test_a_model_that_is_not_there_fails_in_the_registrys_words(books: Books) -> None:
    async with server() as web:
        registry(web)
        await pulling(books, Reading("registry", "mlflow", web.url, LOCAL, model="no")).ask()
    known = await row(books.store, "registry")
    assert (known.failures, known.error) == (1, "RESOURCE_DOES_NOT_EXIST: Registered Model with name=no not found")
