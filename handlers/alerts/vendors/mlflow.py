"""MLflow's webhooks of its registries (3.3 and later) and of budgets that are exceeded: each an event, none
of which ever ends.

A budget is exceeded once in each of its windows, of whose end nothing is said. MLflow announces that an alias
is deleted even where there was none, announces no change of a stage, and sends the same example whenever
somebody presses "Test".

Signed as ``v1,<base64 of HMAC-SHA256>`` over ``<delivery id>.<seconds>.<body>``.
Source: https://mlflow.org/docs/latest/ml/webhooks/ and the payloads of mlflow.webhooks, version 3.17.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from pydantic import BaseModel, Field

from handlers.alerts.signals import Link, Severity, Signal, Status
from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import (
    clean,
    identity,
    labels,
    links,
    moment,
    notes,
    number,
    read_as,
    read_json,
    text,
    title,
)

_SIGNATURE, _TIMESTAMP, _DELIVERY = "X-MLflow-Signature", "X-MLflow-Timestamp", "X-MLflow-Delivery-Id"
_EXAMPLE_BUDGET = "bp-abc123"
_EXAMPLE = frozenset({"example_model", "example_prompt"})

_TITLES = {
    "registered_model.created": "{model}: registered for the first time",
    "model_version.created": "{model}: version {version} is registered",
    "model_version_tag.set": "{model} {version}: tag {key} is now {value}",
    "model_version_tag.deleted": "{model} {version}: tag {key} is removed",
    "model_version_alias.created": "{model}: alias {alias} now means version {version}",
    "model_version_alias.deleted": "{model}: alias {alias} is removed",
}


class _Body(BaseModel):
    entity: str = Field(min_length=1, max_length=100)
    action: str = Field(min_length=1, max_length=100)
    timestamp: object = None
    data: dict[str, object]


def check(incoming: Incoming, settings: Settings) -> None:
    """Raises NotGenuine."""
    given, stamp, delivery = (incoming.headers.get(each.lower(), "")
                              for each in (_SIGNATURE, _TIMESTAMP, _DELIVERY))
    signed = f"{delivery}.{stamp}.".encode(errors="surrogatepass") + incoming.raw
    offered = [each.removeprefix("v1,") for each in given.split() if each.startswith("v1,")]
    proving.by_signature(signed, offered, settings.secrets, encode=proving.in_base64, header=_SIGNATURE)
    proving.in_time(stamp, incoming.at, _TIMESTAMP)


def parse(incoming: Incoming, settings: Settings) -> Report:
    """Raises Malformed."""
    body = read_as(_Body, read_json(incoming.body), "webhook of MLflow")
    delivery = clean(incoming.headers.get(_DELIVERY.lower(), ""), 200)
    if body.data.get("budget_policy_id"):
        return Report((_budget(body),), delivery=delivery or None)
    if not body.data.get("name"):
        raise Malformed("The body is no webhook of MLflow: data.name: no model is named.")
    return Report((_signal(body, settings),), delivery=delivery or None)


def _signal(body: _Body, settings: Settings) -> Signal:
    event, is_prompt = f"{body.entity}.{body.action}", body.entity.startswith("prompt")
    said = {each: clean(body.data[each], 100) for each in ("name", "version", "alias", "key", "value")
            if body.data.get(each) is not None}
    what = {"prompt" if is_prompt else "model": said["name"], **said}
    return Signal(
        key=identity(event, *(said.get(each, "") for each in ("name", "version", "alias", "key"))),
        status=Status.EVENT, severity=Severity.INFO, name=clean(event, 200), title=_title(event, what),
        labels=labels({"event": event, "tag": said.get("key"), **{each: what.get(each) for each in (
            "model", "prompt", "version", "alias")}}),
        notes=notes(description=body.data.get("description"), value=said.get("value"),
                    run_id=body.data.get("run_id"), summary=_remark(event, what)),
        links=links((Link.SOURCE, _address(what, settings))), started_at=moment(body.timestamp))


def _budget(body: _Body) -> Signal:
    """More was spent on models behind MLflow's gateway than its budget allows."""
    said = {name: text(body.data.get(name), 100) for name in (
        "budget_policy_id", "budget_unit", "duration_unit", "duration_value", "target_scope", "target_value",
        "workspace", "window_start")}
    spent, limit = (number(body.data.get(name)) for name in ("current_spend", "budget_amount"))
    whose = (said["target_value"] or said["workspace"] or said["target_scope"].lower()
             or said["budget_policy_id"] or "MLflow")
    how_much = "" if spent is None or limit is None else (
        f": {spent:.2f} of {limit:.2f} {said['budget_unit']}".rstrip())
    unit = said["duration_unit"].lower()
    per = f"{said['duration_value']} {unit}" if said["duration_value"] != "1" else unit.removesuffix("s")
    event = f"{body.entity}.{body.action}"
    is_example = said["budget_policy_id"] == _EXAMPLE_BUDGET
    about = f"{whose}: the budget is exceeded{how_much}"
    return Signal(
        key=identity(event, said["budget_policy_id"], said["target_value"], said["window_start"]),
        status=Status.EVENT, severity=Severity.INFO if is_example else Severity.WARNING,
        name=clean(event, 200), title=title(f"Test delivery: {about}" if is_example else about, "MLflow"),
        labels=labels({"event": event, "budget": said["budget_policy_id"], "workspace": said["workspace"],
                       "scope": said["target_scope"].lower(), "target": said["target_value"]}),
        notes=notes(value=how_much.removeprefix(": "), summary=f"Per {per}" if unit else None),
        started_at=moment(body.timestamp))


def _title(event: str, what: Mapping[str, str]) -> str:
    filled = {each: what.get(each, "?") for each in ("model", "version", "alias", "key", "value")}
    in_words = f"{what['name']}: {event.replace('_', ' ').replace('.', ' ')}"
    about = _TITLES[event].format(**filled) if event in _TITLES else in_words
    return title(f"Test delivery: {about}" if what["name"] in _EXAMPLE else about, "MLflow")


def _remark(event: str, what: Mapping[str, str]) -> str | None:
    if what["name"] in _EXAMPLE:
        return "This is what MLflow sends to try the connection out; nothing has changed."
    if event == "model_version_alias.deleted":
        return "MLflow reports this even where there was no such alias."
    return None


def _address(what: Mapping[str, str], settings: Settings) -> str | None:
    root = settings.options.get("url")
    if not isinstance(root, str) or "model" not in what:
        return None
    version = f"/versions/{quote(what['version'], safe='')}" if "version" in what else ""
    return f"{root.rstrip('/')}/#/models/{quote(what['model'], safe='')}{version}"


VENDOR = Vendor(
    "mlflow", "MLflow", check, parse,
    options={"url": "the address of MLflow's pages, for links to a model: https://mlflow.example.com"},
    setup='MlflowClient().create_webhook(name="groundcrew", url="ADDRESS", secret="SECRET", events=[\n'
          '    "registered_model.created", "model_version.created", "model_version_tag.set",\n'
          '    "model_version_tag.deleted", "model_version_alias.created", "model_version_alias.deleted",\n'
          '    "budget_policy.exceeded"])\n'
          "Where our address is a private one, MLflow needs MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS=true, and for\n"
          "plain http MLFLOW_WEBHOOK_ALLOWED_SCHEMES=http,https.")
