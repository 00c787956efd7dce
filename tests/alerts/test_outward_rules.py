"""What follows from each try, what each kind of system is asked, and what an admin may write about them."""

from __future__ import annotations

import base64
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.library import read_alerts
from handlers.alerts.circuits import OPENS_AFTER, REST, Circuits
from handlers.alerts.outward_calls import CALLS, TAG, Answered, Call, Request
from handlers.alerts.outward_policy import Outward, Target
from handlers.alerts.outward_rules import (
    LONGEST,
    TRIED_AT_LEAST,
    NotTaken,
    Taken,
    Trouble,
    after,
    in_short,
    judged,
    pause,
    retry_after,
)
from handlers.alerts.pull_policy import Pulls
from handlers.alerts.sections import read_policies
from handlers.fields import FileErrors

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEFAULT = "schema: 1\npolicy: alerts\nrouting: {}\ninhibit: {}\nescalation: {}\ndrift: {}\noutward: {}\npull: {}\n"

# ---- after a try -----------------------------------------------------------------------------------------------------


def test_what_was_taken_is_done() -> None:
    assert after(Taken("run 7"), "k", 1, NOW, NOW).is_done


def test_pauses_grow_to_ten_minutes_and_differ_from_call_to_call() -> None:
    pauses = [pause("k", n).total_seconds() for n in range(1, 12)]
    assert 3.75 <= pauses[0] <= 6.25
    assert all(0.75 * min(5 * 2**n, 600) <= found <= 1.25 * min(5 * 2**n, 600) for n, found in enumerate(pauses))
    assert len({pause(f"k{n}", 1) for n in range(20)}) == 20
    assert pause("k", 10_000) <= LONGEST * 1.25


def test_what_passes_by_itself_is_tried_again_and_nobody_is_told() -> None:
    then = after(NotTaken("503"), "k", 3, NOW, NOW)
    assert then.again_at is not None
    assert then.again_at > NOW
    assert not then.tells


def test_what_somebody_has_to_mend_is_said_at_once_and_tried_on() -> None:
    then = after(NotTaken("401 — check the key", Trouble.FIXABLE), "k", 1, NOW, NOW)
    assert (then.tells, then.is_given_up) == (True, False)


def test_what_never_will_be_taken_is_given_up_and_said() -> None:
    then = after(NotTaken("400: no such action", Trouble.FINAL), "k", 1, NOW, NOW)
    assert (then.tells, then.is_given_up, then.answer) == (True, True, "400: no such action")


@pytest.mark.parametrize(("age", "attempts", "is_given_up"), [(23, 200, False), (24, TRIED_AT_LEAST, True), (50, 2, False)])
def test_after_a_day_it_is_given_up_but_not_before_it_was_tried_often(age: int, attempts: int, is_given_up: bool) -> None:
    then = after(NotTaken("503"), "k", attempts, NOW - timedelta(hours=age), NOW)
    assert (then.is_given_up, then.tells) == (is_given_up, is_given_up)


def test_a_retry_after_is_obeyed_up_to_an_hour() -> None:
    assert after(NotTaken("429", wait=timedelta(minutes=3)), "k", 1, NOW, NOW).again_at == NOW + timedelta(minutes=3)
    assert after(NotTaken("429", wait=timedelta(days=9)), "k", 1, NOW, NOW).again_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(("value", "seconds"), [
    ("120", 120), ("Tue, 24 Nov 2026 12:00:30 GMT", 30), ("Tue, 24 Nov 2026 11:00:00 GMT", 0), ("soon", None), ("", None), ("-1", None)])
def test_retry_after_is_seconds_or_a_date(value: str, seconds: int | None) -> None:
    found = retry_after(value, NOW)
    assert (found.total_seconds() if found is not None else None) == seconds


@pytest.mark.parametrize(("status", "trouble", "reason"), [
    (401, Trouble.FIXABLE, "401 — check the key"), (404, Trouble.FIXABLE, "404 — check the address"), (302, Trouble.FIXABLE, "302"),
    (429, Trouble.PASSING, "429: slow down"), (503, Trouble.PASSING, "503: slow down"), (400, Trouble.FINAL, "400: slow down"),
    (422, Trouble.FINAL, "422")])
def test_each_status_means_what_can_be_done_about_it(status: int, trouble: Trouble, reason: str) -> None:
    found = judged(status, b'{"message": "slow down"}', {}, NOW)
    assert found.trouble is trouble
    assert found.reason.startswith(reason)
    assert found.answered is (status < 500)


@pytest.mark.parametrize(("body", "said"), [
    (b'{"status": "invalid event", "errors": ["no routing_key", "x"]}', "no routing_key; x"),
    (b'{"message": "Event object is invalid", "errors": ["no severity", "x"]}', "Event object is invalid: no severity; x"),
    (b'{"message": "no", "errors": []}', "no"), (b'{"message": "no", "errors": {"alias": "long"}}', "no"),
    (b'{"detail": "DAG paused"}', "DAG paused"), (b'{"error": {"message": "deep"}}', ""), (b"plain\n text", "plain text"),
    (b"<html>long page</html>", ""), (b"\xff\x00", "\ufffd"), (b'{"message": "key s3cret is bad"}', "key … is bad"), (b"[" * 5000, "")])
def test_an_answer_is_said_in_one_line_without_the_secret(body: bytes, said: str) -> None:
    found = in_short(body, "s3cret")
    assert found == said or (not said and len(found) <= 200)
    assert len(in_short(b'{"message": "' + b"x" * 9000 + b'"}')) == 200


# ---- who does not answer is left alone -----------------------------------------------------------------------------------


def test_after_five_failures_in_a_row_nothing_is_tried_for_a_minute_and_then_one() -> None:
    circuits, at = Circuits(), NOW
    for _ in range(OPENS_AFTER - 1):
        circuits.note("pd", at, answered=False)
    assert circuits.rests_until("pd", at) is None
    circuits.note("pd", at, answered=False)
    assert circuits.rests_until("pd", at) == at + REST
    assert circuits.rests_until("another", at) is None
    at += REST
    assert circuits.rests_until("pd", at) is None, "one may try"
    assert circuits.rests_until("pd", at) == at + REST, "the others wait for it"
    circuits.note("pd", at, answered=False)
    assert circuits.rests_until("pd", at + REST / 2) is not None
    circuits.note("pd", at, answered=True)
    assert circuits.rests_until("pd", at) is None


# ---- what is asked of each kind -----------------------------------------------------------------------------------------


def played(target: Target, body: dict[str, Any], *answers: Answered, secret: str = "s3cret", key: str = "retrain:churn/7/drift/2026-11-24",
           ) -> tuple[list[Call], Any]:
    """Every call that is made when it is answered so, and the outcome."""
    calling, calls = CALLS[target.kind](Request(target, key, body, NOW, secret, "groundcrew-T1-9")), []
    try:
        calls.append(next(calling))
        for answer in answers:
            calls.append(calling.send(answer))
    except StopIteration as end:
        return calls, end.value
    return calls, None


def said(call: Call) -> Any:
    return json.loads(call.body or b"null")


PAGE = {"action": "trigger", "title": "Endpoint down", "severity": "critical", "source": "prom", "labels": {"model": "churn"},
        "links": [["runbook", "https://x.example/r"]]}


def test_a_page_to_pagerduty_is_known_again_by_its_dedup_key() -> None:
    pd = Target("pd", "pagerduty", "https://events.pagerduty.com/v2/enqueue", secret_env="K")
    calls, outcome = played(pd, PAGE, Answered(202, b'{"status":"success","message":"Event processed","dedup_key":"x"}'))
    event = said(calls[0])
    assert outcome == Taken("Event processed")
    assert (event["routing_key"], event["event_action"], event["dedup_key"]) == ("s3cret", "trigger", "groundcrew-T1-9")
    assert event["payload"]["summary"] == "Endpoint down"
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["custom_details"] == {"model": "churn"}
    assert event["links"] == [{"href": "https://x.example/r", "text": "Runbook"}]
    calls, _ = played(pd, {"action": "resolve"}, Answered(202))
    assert said(calls[0]) == {"routing_key": "s3cret", "event_action": "resolve", "dedup_key": "groundcrew-T1-9"}


def test_a_page_says_to_each_system_in_its_own_fields_what_is_broken_and_what_to_do() -> None:
    """The body that is sent is the one `paging` makes, whole."""
    page = {**PAGE, "name": "EndpointDown", "opened_at": "2026-11-24T11:58:00Z", "labels": {"model": "churn", "namespace": "ml-prod"},
            "notes": {"summary": "p99 is 3 s", "value": "3.1"}}
    (call,), _ = played(Target("pd", "pagerduty", "https://events.pagerduty.com/v2/enqueue"), page)
    assert said(call)["payload"] == {
        "summary": "Endpoint down", "source": "prom", "severity": "critical", "timestamp": "2026-11-24T11:58:00Z", "component": "churn",
        "group": "ml-prod", "class": "EndpointDown",
        "custom_details": {"model": "churn", "namespace": "ml-prod", "summary": "p99 is 3 s", "value": "3.1"}}
    (call,), _ = played(Target("og", "opsgenie", "https://api.opsgenie.com"), page)
    assert said(call)["description"] == "p99 is 3 s\nRunbook: https://x.example/r"
    assert (said(call)["entity"], said(call)["tags"]) == ("churn", ["critical"])


@pytest.mark.parametrize(("kind", "status", "answer"), [
    ("pagerduty", 400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]}),
    ("pagerduty", 400, {"status": "invalid event", "message": "Event object is invalid",
                        "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"]}),
    ("opsgenie", 422, {"message": "Key format is not valid!", "took": 0.0, "requestId": "a574"}), ("opsgenie", 401, {"message": "x"})])
def test_a_wrong_key_does_not_lose_the_page(kind: str, status: int, answer: Any) -> None:
    """Both systems say so with a status that they give a bad body too; an admin can mend it, and then it goes."""
    _, outcome = played(Target("t", kind, "https://x.example"), PAGE, Answered(status, json.dumps(answer).encode()))
    assert outcome == NotTaken(f"{status} — check the key", Trouble.FIXABLE)


def test_a_page_that_is_malformed_is_given_up_with_the_reason() -> None:
    answer = {"status": "invalid event", "message": "Event object is invalid", "errors": ["'payload.source' is missing or blank"]}
    _, outcome = played(Target("t", "pagerduty", "https://x.example"), PAGE, Answered(400, json.dumps(answer).encode()))
    assert outcome == NotTaken("400: Event object is invalid: 'payload.source' is missing or blank", Trouble.FINAL)


def test_a_page_to_opsgenie_is_closed_by_the_alias_it_was_made_with() -> None:
    og = Target("og", "opsgenie", "https://api.eu.opsgenie.com", secret_env="K")
    made, _ = played(og, PAGE, Answered(202, b'{"requestId": "r"}'))
    closed, _ = played(og, {"action": "resolve"}, Answered(202))
    assert made[0].headers["authorization"] == "GenieKey s3cret"
    alias = said(made[0])["alias"]
    assert said(made[0])["priority"] == "P1"
    assert closed[0].url == f"https://api.eu.opsgenie.com/v2/alerts/{alias}/close?identifierType=alias"
    assert said(closed[0]) == {"source": "Ground Crew"}
    acknowledged, _ = played(og, {"action": "acknowledge"}, Answered(202))
    assert acknowledged[0].url == closed[0].url.replace("close", "acknowledge")


@pytest.mark.parametrize("dedup", ["groundcrew/slack:T1/9", "groundcrew/slack:T1/retrain:churn/7/drift", "ü/?#%2F..", "x" * 255])
def test_an_alias_stands_in_an_address_as_it_is_and_no_two_are_the_same(dedup: str) -> None:
    """What has to be spelled otherwise there, servers and proxies spell back at different places, or refuse."""
    og = Target("og", "opsgenie", "https://api.opsgenie.com", secret_env="K")
    alias, other = (said(next(CALLS["opsgenie"](Request(og, "k", PAGE, NOW, "s", each))))["alias"] for each in (dedup, dedup + "-"))
    assert re.fullmatch(r"[A-Za-z0-9-]{1,200}", alias), alias
    assert alias != other


def test_a_webhook_is_signed_as_standard_webhooks_are_and_in_hexadecimal_besides() -> None:
    hook = Target("hook", "webhook", "https://x.example/h", secret_env="K")
    secret = f"whsec_{base64.b64encode(b'0123456789abcdef').decode()}"
    first, outcome = played(hook, {"model": "churn"}, Answered(204), secret=secret)
    again, _ = played(hook, {"model": "churn"}, secret=secret)
    sent, headers = first[0].body or b"", first[0].headers
    stamp = headers["webhook-timestamp"]
    right = hmac.digest(b"0123456789abcdef", f"{headers['webhook-id']}.{stamp}.".encode() + sent, "sha256")
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(right).decode()}"
    assert headers["x-groundcrew-signature"] == "sha256=" + hmac.digest(secret.encode(), f"{stamp}.".encode() + sent, "sha256").hex()
    assert again[0].headers["webhook-id"] == headers["webhook-id"], "each try of it has the same id"
    assert headers["idempotency-key"] == "retrain:churn/7/drift/2026-11-24"
    assert outcome == Taken("taken")
    assert b"whsec" not in sent


AIRFLOW = Target("af", "airflow", "https://af.example", secret_env="K", dag="retrain_churn", parameters={"m": "$model", "fixed": "1"})


def test_airflow_starts_one_run_for_a_key_and_a_second_counts_as_done() -> None:
    calls, outcome = played(AIRFLOW, {"model": "churn"}, Answered(200, b"{}"))
    run = said(calls[0])
    assert calls[0].url == "https://af.example/api/v2/dags/retrain_churn/dagRuns"
    assert run["conf"] == {"model": "churn", "m": "churn", "fixed": "1"}
    assert run["logical_date"] is None
    assert calls[0].headers["authorization"] == "Bearer s3cret"
    assert outcome == Taken(run["dag_run_id"])
    asked, second = played(AIRFLOW, {"model": "churn"}, Answered(409, b"{}"), Answered(200, b"{}"))
    assert second == Taken(f"{run['dag_run_id']}, which was started before")
    assert (asked[1].method, asked[1].url) == ("GET", f"{calls[0].url}/{run['dag_run_id']}")
    assert asked[1].headers["authorization"] == "Bearer s3cret"
    other, _ = played(AIRFLOW, {"model": "churn"}, key="retrain:churn/7/drift/2026-11-25")
    assert said(other[0])["dag_run_id"] != run["dag_run_id"]


def test_a_conflict_in_airflow_without_a_run_of_that_name_is_tried_again() -> None:
    """Version 2 answers 409 also where another run has the same logical date, version 3 at any conflict."""
    for api in ("v1", "v2"):
        target = Target("af", "airflow", "https://af.example", secret_env="K", dag="d", api=api)
        answer = json.dumps({"detail": "DAGRun with that logical date already exists"}).encode()
        _, outcome = played(target, {}, Answered(409, answer), Answered(404))
        assert outcome == NotTaken("409: DAGRun with that logical date already exists")
        _, outcome = played(target, {}, Answered(409, answer), Answered(403))
        assert isinstance(outcome, Taken), "it may start runs and not read them"


def test_airflow_3_gives_a_token_for_a_password_and_airflow_2_takes_the_password() -> None:
    calls, _ = played(AIRFLOW, {}, Answered(201, b'{"access_token": "jwt"}'), Answered(200), secret="bot:pw")
    assert (calls[0].url, said(calls[0])) == ("https://af.example/auth/token", {"username": "bot", "password": "pw"})
    assert calls[1].headers["authorization"] == "Bearer jwt"
    for none in (b"<html>", b"{}", b'{"access_token": null}', b'{"access_token": "a\\nb: c"}'):
        calls, outcome = played(AIRFLOW, {}, Answered(200, none), secret="bot:pw")
        assert (len(calls), outcome) == (1, NotTaken("its /auth/token gives no token — check the address", Trouble.FIXABLE))
    calls, _ = played(Target("af", "airflow", "https://af.example", secret_env="K", dag="d", api="v1"), {}, Answered(200), secret="bot:pw")
    assert calls[0].headers["authorization"] == f"Basic {base64.b64encode(b'bot:pw').decode()}"
    assert "logical_date" not in said(calls[0])


MLFLOW = Target("ml", "mlflow", "https://ml.example", experiment="1")


def test_mlflow_is_asked_for_a_run_of_that_request_before_one_is_made() -> None:
    calls, outcome = played(MLFLOW, {"model": "churn", "cause": "drift"}, Answered(200, b'{"runs": []}'),
                            Answered(200, b'{"run": {"info": {"run_id": "e84"}}}'), key="retrain:o'brien\\/1/x/d", secret="")
    assert said(calls[0])["filter"] == f"tags.`{TAG}` = 'retrain:obrien/1/x/d'"
    tags = {each["key"]: each["value"] for each in said(calls[1])["tags"]}
    assert tags[TAG] == "retrain:obrien/1/x/d"
    assert tags["groundcrew.model"] == "churn"
    assert outcome == Taken("run e84")
    assert "authorization" not in calls[0].headers
    calls, outcome = played(MLFLOW, {}, Answered(200, b'{"runs": [{"info": {"run_id": "e84"}}]}'))
    assert len(calls) == 1
    assert outcome == Taken("run e84")


def test_mlflow_gets_no_more_tags_than_any_of_its_storages_takes() -> None:
    """20 a request, as its REST API says; what the admin wants passed on comes first, and each is a text for people."""
    body = {"model": "churn", "version": "7", "cause": "drift", "current": {"rows": 9}, "features": [{"name": "tenure"}], "since": None,
            **{f"more{n}": n for n in range(30)}}
    target = Target("ml", "mlflow", "https://ml.example", experiment="1", parameters={f"p{n}": "$model" for n in range(10)})
    calls, _ = played(target, body, Answered(200, b"{}"))
    tags = {each["key"]: each["value"] for each in said(calls[1])["tags"]}
    assert len(tags) == 20
    assert {f"p{n}" for n in range(10)} | {TAG, "groundcrew.state", "groundcrew.model", "groundcrew.version", "groundcrew.cause"} <= tags.keys()
    assert not {"groundcrew.current", "groundcrew.features", "groundcrew.since"} & tags.keys()


def test_kubeflow_is_asked_for_a_run_of_that_name_before_one_is_made() -> None:
    kfp = Target("kf", "kubeflow", "https://kf.example/pipeline", pipeline="p-1", pipeline_version="v-2", experiment="e-3",
                 parameters={"model_name": "$model"})
    calls, outcome = played(kfp, {"model": "churn"}, Answered(200, b"{}"), Answered(200, b'{"run_id": "r-9"}'))
    asked = parse_qs(urlsplit(calls[0].url).query)
    name = json.loads(asked["filter"][0])["predicates"][0]["string_value"]
    assert (asked["experiment_id"], urlsplit(calls[0].url).path) == (["e-3"], "/pipeline/apis/v2beta1/runs")
    assert said(calls[1]) == {"display_name": name, "experiment_id": "e-3", "runtime_config": {"parameters": {"model_name": "churn"}},
                              "pipeline_version_reference": {"pipeline_id": "p-1", "pipeline_version_id": "v-2"}}
    assert outcome == Taken("run r-9")
    found = json.dumps({"runs": [{"run_id": "r-9", "display_name": name}]}).encode()
    calls, outcome = played(kfp, {"model": "churn"}, Answered(200, found))
    assert (len(calls), outcome) == (1, Taken("run r-9"))


def test_a_number_is_passed_on_as_a_number_for_a_pipeline_minds_the_type() -> None:
    """Kubeflow refuses a text where the pipeline has a number; MLflow's tags are texts."""
    written = """schema: 1
policy: alerts
outward:
  targets:
    kf: {kind: kubeflow, url: "https://k.example", pipeline: p, parameters: &p {
      epochs: 5, rate: 0.01, dry: true, "quoted": "5", model: $model, day: 2026-11-24, top: .inf, big: 1e3, on: yes, none: }}
    ml: {kind: mlflow, url: "https://m.example", experiment: "1", parameters: *p}
"""
    targets = read_policies(DEFAULT, written, "alerts.yaml").outward.targets
    calls, _ = played(targets["kf"], {"model": "churn"}, Answered(200, b"{}"))
    assert said(calls[1])["runtime_config"]["parameters"] == {
        "epochs": 5, "rate": 0.01, "dry": True, "quoted": "5", "model": "churn", "day": "2026-11-24", "top": ".inf", "big": "1e3", "on": True,
        "none": ""}
    calls, _ = played(targets["ml"], {"model": "churn"}, Answered(200, b"{}"))
    tags = {each["key"]: each["value"] for each in said(calls[1])["tags"]}
    assert (tags["epochs"], tags["dry"], tags["quoted"], tags["model"]) == ("5", "true", "5", "churn")


@pytest.mark.parametrize("target", [AIRFLOW, MLFLOW, Target("kf", "kubeflow", "https://k.example", pipeline="p")])
def test_a_refusal_on_the_way_is_the_outcome(target: Target) -> None:
    _, outcome = played(target, {}, Answered(401))
    assert outcome == NotTaken("401 — check the key", Trouble.FIXABLE)


@pytest.mark.parametrize("kind", [*CALLS])
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"runs": 3, "run": [], "message": {}}', b"\xff" * 9, b'{"runs": [7]}'])
def test_no_answer_breaks_a_call(kind: str, body: bytes) -> None:
    target = Target("t", kind, "https://x.example", experiment="1", dag="d", pipeline="p")
    played(target, {"model": None, "links": [], "labels": 7}, Answered(200, body), Answered(200, body), Answered(200, body))


# ---- what an admin may write ----------------------------------------------------------------------------------------------


def test_the_built_in_policy_says_what_holds_where_nothing_is_said() -> None:
    built_in = read_alerts(None)
    assert built_in.outward == Outward()
    assert built_in.pull == Pulls()


GOOD = """schema: 1
policy: alerts
outward:
  targets:
    pd: {kind: pagerduty, secret_env: PD_KEY}
    kfp: {kind: kubeflow, url: "http://10.0.0.5:8888/", allow_http: true, allow_private: true, pipeline: a-1, timeout: 30,
          parameters: {model_name: $model}}
pull:
  tell_after: 5
  readings:
    psi: {kind: prometheus, url: "https://prom.example", query: max(feature_psi), every: 30, pilot: Churn, no_data: fine,
          threshold: {above: 0.25, for_windows: 2}, severity: error, name: FeatureDrift, labels: {model: churn}}
    registry: {kind: mlflow, url: "https://ml.example", model: churn-xgb}
"""


def test_targets_and_readings_are_read_as_they_are_written() -> None:
    read = read_policies(DEFAULT, GOOD, "alerts.yaml")
    kfp, psi, registry = read.outward.targets["kfp"], read.pull.readings["psi"], read.pull.readings["registry"]
    assert read.outward.targets["pd"].url == "https://events.pagerduty.com/v2/enqueue"
    assert (kfp.url, kfp.reach.timeout, kfp.reach.allow_private, dict(kfp.parameters)) == (
        "http://10.0.0.5:8888", timedelta(seconds=30), True, {"model_name": "$model"})
    assert (psi.threshold.above, psi.threshold.for_windows, psi.every, psi.alert_name, psi.needs_data) == (
        0.25, 2, timedelta(seconds=30), "FeatureDrift", False)
    assert (registry.alias, registry.every, read.pull.tell_after) == ("champion", timedelta(minutes=10), 5)


@pytest.mark.parametrize(("line", "fault"), [
    ("    pd: {kind: pager, secret_env: K}", "`pager` is not a kind of target"),
    ("    pd: {kind: pagerduty}", "`secret_env` is missing; add it"),
    ("    pd: {kind: pagerduty, secret_env: 0f9a-b7}", "takes the name of an environment variable, such as PAGERDUTY_KEY, and never the secret"),
    ("    pd: {kind: pagerduty, secret_env: K, dag: x}", "`dag` means nothing to pagerduty; remove it"),
    ("    pd: {kind: airflow, url: 'http://a.example', dag: x}", "is not encrypted"),
    ("    pd: {kind: airflow, url: 'https://u:p@a.example', dag: x}", "holds a user or password"),
    ("    pd: {kind: airflow, url: 'https://a.example', dag: 'x/../y'}", "write the id as that system shows it"),
    ("    pd: {kind: webhook, url: 'https://a.example', secret_env: K, timeout: 90}", "write a whole number from 1 to 60"),
    ("    Pd: {kind: pagerduty, secret_env: K}", "its name takes small letters"),
    ("    pd: {kind: mlflow, url: 'https://a.example', experiment: '1', parameters: [a]}", "`parameters` takes names with a text each"),
])
def test_a_fault_of_a_target_is_said_with_its_line_and_what_to_write(line: str, fault: str) -> None:
    with pytest.raises(FileErrors) as faults:
        read_policies(DEFAULT, f"schema: 1\npolicy: alerts\noutward:\n  targets:\n{line}\n", "alerts.yaml")
    assert any(fault in str(each) and each.line == 5 for each in faults.value.faults), faults.value


@pytest.mark.parametrize(("fields", "fault"), [
    ("kind: prometheus, query: up", "`threshold` is missing"),
    ("kind: prometheus, query: up, threshold: {for_windows: 2}", "says neither `above` nor `below`"),
    ("kind: prometheus, query: up, threshold: {above: much}", "write a number such as 0.25"),
    ("kind: prometheus, query: up, threshold: {above: .inf}", "write a number such as 0.25"),
    ("kind: prometheus, query: up, threshold: {above: 1}, every: 1", "write a whole number from 10 to 86400"),
    ("kind: prometheus, query: up, threshold: {above: 1}, severity: bad", "is not a severity"),
    ("kind: mlflow, model: m, query: up", "`query` means nothing to mlflow"),
    ("kind: mlflow", "`model` is missing"),
])
def test_a_fault_of_a_reading_is_said_with_what_to_write(fields: str, fault: str) -> None:
    text = f"schema: 1\npolicy: alerts\npull:\n  readings:\n    psi: {{url: 'https://p.example', {fields}}}\n"
    with pytest.raises(FileErrors) as faults:
        read_policies(DEFAULT, text, "alerts.yaml")
    assert any(fault in str(each) for each in faults.value.faults), faults.value
