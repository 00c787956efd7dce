"""What is asked of each kind of system, and what its answers mean. Nothing is sent from here.

A kind is a generator: it gives a `Call`, is handed the answer, may give another, and ends with the outcome.
The same request made twice starts one thing: each kind says by what its system knows it again.

Sources: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/,
https://docs.opsgenie.com/docs/alert-api, https://www.standardwebhooks.com,
https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html,
https://airflow.apache.org/docs/apache-airflow-providers-fab/stable/auth-manager/token.html,
https://mlflow.org/docs/latest/rest-api.html,
https://www.kubeflow.org/docs/components/pipelines/reference/api/kubeflow-pipeline-api-spec/
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode

from handlers.alerts import paging
from handlers.alerts.outward_policy import Target, Value
from handlers.alerts.outward_rules import NotTaken, Outcome, Taken, Trouble, judged
from handlers.alerts.paging import Event

TAG: Final = "groundcrew.request"
"""MLflow's tag of a run that was asked for: its value is the request's key."""
_TAGS: Final = 20
"""So many tags of a run does every storage of MLflow take."""
_NO_KEY: Final = re.compile(rb"(?i)routing[ _]key|key format")


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        return 200 <= self.status < 300

    def read(self) -> dict[str, Any]:
        """An empty object where it is anything else."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Request:
    """A call that is owed, with what its target needs."""

    target: Target
    key: str
    body: Mapping[str, Any]
    now: datetime
    secret: str = ""
    dedup: str = ""
    """What PagerDuty and Opsgenie know the alert by: the same for all that is said of it."""

    def said(self, name: str) -> str:
        value = self.body.get(name)
        return value if isinstance(value, str) else "" if value is None else str(value)

    @property
    def slug(self) -> str:
        return _slug(self.key)

    def call(self, method: str, path: str = "", body: object = None, **headers: str) -> Call:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"accept": "application/json", "idempotency-key": quote(self.key, safe=":/._-"), **named}
        if body is None:
            return Call(method, self.target.url + path, sent)
        return Call(method, self.target.url + path, {**sent, "content-type": "application/json"},
                    json.dumps(body).encode())

    def refused(self, got: Answered) -> NotTaken:
        return judged(got.status, got.body, got.headers, self.now, secret=self.secret)

    def parameters(self) -> dict[str, Value]:
        """The target's own, with ``$model`` and its like replaced by what the request says."""
        return {name: self.said(value[1:]) if isinstance(value, str) and value.startswith("$") else value
                for name, value in self.target.parameters.items()}


def _slug(key: str) -> str:
    """A key in letters, digits and dashes, made unique by its digest."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", key.removeprefix("groundcrew")).strip("-")[:80]
    return f"groundcrew-{plain}-{sha256(key.encode()).hexdigest()[:12]}"


Calling = Generator[Call, Answered, Outcome]


def _pagerduty(request: Request) -> Calling:
    """Known again by `dedup_key`."""
    event = paging.body(paging.PAGERDUTY, _facts(request))
    got = yield request.call("POST", body={"routing_key": request.secret, **event})
    return Taken(str(got.read().get("message") or "taken")[:100]) if got.is_fine else _refused(request, got)


def _opsgenie(request: Request) -> Calling:
    """Known again by `alias`, which has nothing in it that an address would have to spell otherwise.

    It answers before it has looked: 202 means that it will, also where no alert has that alias.
    """
    alert = paging.body(paging.OPSGENIE, {**_facts(request), "dedup_key": _slug(request.dedup)})
    key = f"GenieKey {request.secret}"
    action = request.said("action") or Event.TRIGGER
    if action == Event.TRIGGER:
        got = yield request.call("POST", "/v2/alerts", alert, authorization=key)
    else:
        verb = "close" if action == Event.RESOLVE else "acknowledge"
        path = f"/v2/alerts/{alert['alias']}/{verb}?identifierType=alias"
        got = yield request.call("POST", path, {"source": alert["source"]}, authorization=key)
    return Taken(str(got.read().get("requestId") or "taken")[:100]) if got.is_fine else _refused(request, got)


def _refused(request: Request, got: Answered) -> NotTaken:
    """A key that is none is 400 "Invalid routing key" to PagerDuty, and 422 "Key format is not valid!" to
    Opsgenie: neither is about the page, which goes once somebody has mended the key."""
    if got.status in (400, 422) and _NO_KEY.search(got.body[:20_000]):
        return NotTaken(f"{got.status} — check the key", Trouble.FIXABLE)
    return request.refused(got)


def _facts(request: Request) -> paging.Facts:
    """As `paging` gives them, whoever asked."""
    def texts(name: str) -> dict[str, str]:
        found = request.body.get(name)
        pairs = found.items() if isinstance(found, dict) else ()
        return {str(key): str(value)[:1000] for key, value in pairs}

    severity, links = request.said("severity"), request.body.get("links")
    return {"action": request.said("action") or Event.TRIGGER, "dedup_key": request.dedup,
            "title": request.said("title") or "An alert", "name": request.said("name"),
            "severity": severity if severity in paging.PRIORITY else "error",
            "source": request.said("source") or paging.CLIENT,
            "opened_at": request.said("opened_at") or request.now.isoformat(),
            "labels": texts("labels"), "notes": texts("notes"),
            "links": [pair for pair in links if isinstance(pair, list | tuple) and len(pair) == 2]
            if isinstance(links, list | tuple) else []}


def _webhook(request: Request) -> Calling:
    """Known again by ``webhook-id``: the same for each try of one request."""
    body = json.dumps({**request.body, **request.parameters(), "key": request.key}).encode()
    proof = signed(request.slug, body, request.now, request.secret)
    got = yield Call("POST", request.target.url, {**request.call("POST", body={}).headers, **proof}, body)
    return Taken("taken") if got.is_fine else request.refused(got)


def signed(number: str, body: bytes, now: datetime, secret: str) -> dict[str, str]:
    """Two signatures, by either of which the receiver knows us.

    ``webhook-signature`` is that of Standard Webhooks: over id, moment and body. ``x-groundcrew-signature``
    is over moment and body, in hexadecimal, for whoever writes the check by hand.
    """
    stamp = str(int(now.timestamp()))
    ours = hmac.digest(secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
    standard = hmac.digest(_key(secret), f"{number}.{stamp}.".encode() + body, "sha256")
    return {"webhook-id": number, "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(standard).decode()}",
            "x-groundcrew-signature": f"sha256={ours}"}


def _key(secret: str) -> bytes:
    """A secret of Standard Webhooks is base64 behind whsec_; any other counts as it is."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()


def _airflow(request: Request) -> Calling:
    """Known again by `dag_run_id`: a second one is refused with 409, as is any conflict in its database.

    Version 3 takes tokens alone, and a run there has to say its `logical_date`, which may be null.
    """
    target, path = request.target, f"/api/{request.target.api}"
    user, is_pair, password = request.secret.partition(":")
    token = bearer(request.secret)
    if is_pair and target.api == "v2":
        got = yield request.call("POST", "/auth/token", {"username": user, "password": password})
        if not got.is_fine:
            return request.refused(got)
        given = got.read().get("access_token")
        if not (isinstance(given, str) and given.isascii() and given.isprintable() and given):
            return NotTaken("its /auth/token gives no token — check the address", Trouble.FIXABLE)
        token = f"Bearer {given}"
    body: dict[str, Any] = {"dag_run_id": request.slug, "conf": {**request.body, **request.parameters()}}
    if target.api == "v2":
        body["logical_date"] = None
    path, headers = f"{path}/dags/{target.dag}/dagRuns", _authorization(token)
    got = yield request.call("POST", path, body, **headers)
    if got.status == 409:
        found = yield request.call("GET", f"{path}/{request.slug}", **headers)
        if found.status != 404:  # a token that may start runs need not be one that may read them
            return Taken(f"{request.slug}, which was started before")
        return NotTaken(request.refused(got).reason)
    return Taken(request.slug) if got.is_fine else request.refused(got)


def _mlflow(request: Request) -> Calling:
    """Known again by a tag. MLflow starts nothing itself: a job of yours watches for runs with it."""
    path, headers = "/api/2.0/mlflow/runs", _authorization(bearer(request.secret))
    wanted = request.key.replace("\\", "").replace("'", "")
    got = yield request.call("POST", f"{path}/search", {
        "experiment_ids": [request.target.experiment], "max_results": 1,
        "filter": f"tags.`{TAG}` = '{wanted}'"}, **headers)
    if not got.is_fine:
        return request.refused(got)
    found = _first(got.read(), "runs")
    if not found:
        tags = {TAG: wanted, "groundcrew.state": "requested", "mlflow.runName": request.slug,
                **{name: value if isinstance(value, str) else json.dumps(value)
                   for name, value in request.parameters().items()}}
        for name, value in request.body.items():  # lists and objects are no text; `alert` leads to them
            if isinstance(value, str | int | float) and len(tags) < _TAGS:
                tags.setdefault(f"groundcrew.{name}", str(value)[:500])
        got = yield request.call("POST", f"{path}/create", {
            "experiment_id": request.target.experiment, "start_time": int(request.now.timestamp() * 1000),
            "tags": [{"key": name, "value": value} for name, value in tags.items()]}, **headers)
        if not got.is_fine:
            return request.refused(got)
        run = got.read().get("run")
        found = run if isinstance(run, dict) else {}
    info = found.get("info")
    number = info.get("run_id") if isinstance(info, dict) else None
    return Taken(f"run {number}"[:100]) if number else NotTaken("its answer names no run", Trouble.FIXABLE)


def _kubeflow(request: Request) -> Calling:
    """Known again by its display name, which is looked for first.

    Each parameter has to be of the type that the pipeline gives it, a number no text.
    """
    target, headers = request.target, _authorization(bearer(request.secret))
    wanted = {"predicates": [{"key": "display_name", "operation": "EQUALS", "string_value": request.slug}]}
    query = {"page_size": "1", "filter": json.dumps(wanted)}
    if target.experiment is not None:
        query["experiment_id"] = target.experiment
    got = yield request.call("GET", f"/apis/v2beta1/runs?{urlencode(query)}", **headers)
    if not got.is_fine:
        return request.refused(got)
    found = _first(got.read(), "runs")
    if found.get("display_name") != request.slug:
        version = {"pipeline_id": target.pipeline}
        if target.pipeline_version is not None:
            version["pipeline_version_id"] = target.pipeline_version
        body: dict[str, Any] = {"display_name": request.slug, "pipeline_version_reference": version,
                                "runtime_config": {"parameters": request.parameters()}}
        if target.experiment is not None:
            body["experiment_id"] = target.experiment
        got = yield request.call("POST", "/apis/v2beta1/runs", body, **headers)
        if not got.is_fine:
            return request.refused(got)
        found = got.read()
    return Taken(f"run {found.get('run_id') or request.slug}"[:100])


def _first(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = answer.get(name)
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def bearer(secret: str) -> str:
    """``user:password`` as basic authentication, anything else as a token; "" for none."""
    if ":" in secret:
        return f"Basic {base64.b64encode(secret.encode()).decode()}"
    return f"Bearer {secret}" if secret else ""


def _authorization(value: str) -> dict[str, str]:
    return {"authorization": value} if value else {}


CALLS: Final[Mapping[str, Callable[[Request], Calling]]] = {
    "pagerduty": _pagerduty, "opsgenie": _opsgenie, "webhook": _webhook, "airflow": _airflow,
    "mlflow": _mlflow, "kubeflow": _kubeflow}
