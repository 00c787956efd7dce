"""Other systems that we call: to page, to have a model trained again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from types import MappingProxyType
from typing import Final

from yaml import MappingNode, ScalarNode, safe_load

from handlers.fields import Fields, quoted
from handlers.web.addresses import Refused, target_of

KEYS: tuple[str, ...] = ("targets",)
_DEFAULT_URLS: Final = {"pagerduty": "https://events.pagerduty.com/v2/enqueue",
                        "opsgenie": "https://api.opsgenie.com"}
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "pagerduty": ("secret_env",), "opsgenie": ("secret_env",), "webhook": ("url", "secret_env"),
    "mlflow": ("url", "experiment"), "airflow": ("url", "dag"), "kubeflow": ("url", "pipeline")}
"""By kind, what there is no default of."""
RETRAINS: Final = ("mlflow", "airflow", "kubeflow")
"""Kinds that train a model again; a webhook may, too."""
PAGES: Final = ("pagerduty", "opsgenie")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "experiment": ("mlflow", "kubeflow"), "dag": ("airflow",), "api": ("airflow",), "pipeline": ("kubeflow",),
    "pipeline_version": ("kubeflow",), "parameters": (*RETRAINS, "webhook")}
_TARGET: Final = ("kind", "url", "secret_env", "allow_private", "allow_http", "timeout", *_OF_KIND)
NAME: Final = r"[a-z0-9][a-z0-9_-]{0,47}"
VARIABLE: Final = r"[A-Z][A-Z0-9_]{0,99}"
Value = str | int | float | bool
_PLAIN: Final = tuple(f"tag:yaml.org,2002:{each}" for each in ("bool", "int", "float"))
_ID: Final = r"[A-Za-z0-9_.:~+-]{1,200}"


@dataclass(frozen=True, slots=True)
class Reach:
    """How an address may be called."""

    allow_private: bool = False
    allow_http: bool = False
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Target:
    """Another system by a name of the admin's, with what is needed to call it."""

    name: str
    kind: str
    """pagerduty, opsgenie, webhook, mlflow, airflow, kubeflow."""
    url: str
    reach: Reach = field(default_factory=Reach)
    secret_env: str | None = None
    """The environment variable that holds its key, token, or ``user:password``."""
    experiment: str | None = None
    """MLflow's or Kubeflow's id of it."""
    dag: str | None = None
    api: str = "v2"
    """Of Airflow: v2 since version 3, v1 before."""
    pipeline: str | None = None
    pipeline_version: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    """What is passed on; ``$model`` is replaced by what the request says under `model`."""

    @property
    def retrains(self) -> bool:
        return self.kind in RETRAINS


@dataclass(frozen=True, slots=True)
class Outward:
    """The section `outward` of the alert policy."""

    targets: Mapping[str, Target] = field(default_factory=lambda: MappingProxyType({}))


def read(fields: Fields) -> Outward:
    found = {}
    for name, line, node in fields.sections("targets"):
        target = Fields(node, f"Target {quoted(name)}", _TARGET, fields.faults)
        if not _is(NAME, name):
            target.fault(line, "its name takes small letters, digits, - and _, 48 at most.")
        read_one = _target(name, target)
        if read_one is not None:
            found[name] = read_one
    return Outward(MappingProxyType(found))


def _target(name: str, fields: Fields) -> Target | None:
    """None: something is wrong with it, and noted."""
    fields.need(("kind",))
    kind = fields.one_of("kind", tuple(_NEEDS), "kind of target")
    if not kind:
        return None
    fields.need(_NEEDS[kind])
    for key, kinds in _OF_KIND.items():
        if fields.says(key) and kind not in kinds:
            fields.wrong(key, f"`{key}` means nothing to {kind}; remove it.")
    url, reach = read_address(fields, _DEFAULT_URLS.get(kind, ""))
    target = Target(
        name, kind, url, reach, read_variable(fields),
        experiment=_id(fields, "experiment"), dag=_id(fields, "dag"), pipeline=_id(fields, "pipeline"),
        pipeline_version=_id(fields, "pipeline_version"),
        api=fields.one_of("api", ("v1", "v2"), "version of Airflow's API") or "v2",
        parameters=MappingProxyType(_values(fields, "parameters")))
    return target if fields.is_fine else None


def read_address(fields: Fields, default: str = "") -> tuple[str, Reach]:
    """`url`, with how it may be called: allow_private, allow_http, timeout."""
    allow_http = fields.flag("allow_http")
    url = fields.text("url", 1000) if fields.says("url") else default
    if url:
        try:
            target_of(url, allow_http=allow_http)
        except Refused as refused:
            fields.wrong("url", f"the address {refused}.")
    seconds = fields.whole("timeout", 1, 60) if fields.says("timeout") else 10
    return url.rstrip("/"), Reach(fields.flag("allow_private"), allow_http, timedelta(seconds=seconds))


def read_variable(fields: Fields) -> str | None:
    """`secret_env`: the name of an environment variable; what looks like a secret itself is refused."""
    if not fields.says("secret_env"):
        return None
    if _is(VARIABLE, fields.peek("secret_env")):
        return fields.peek("secret_env")
    fields.wrong("secret_env", "`secret_env` takes the name of an environment variable, such as "
                               "PAGERDUTY_KEY, and never the secret itself.")
    return None


def _values(fields: Fields, key: str) -> dict[str, Value]:
    """Names and texts, numbers, true or false: as YAML has them, for who asks for them minds the type."""
    node, texts = fields.node(key), read_texts(fields, key)
    if not isinstance(node, MappingNode) or not fields.is_fine:
        return {}
    return {str(name.value): _typed(value, texts[str(name.value)]) for name, value in node.value}


def _typed(node: ScalarNode, text: str) -> Value:
    """Whatever JSON has no word for, such as a date or an infinity, stays a text."""
    read = safe_load(text) if node.tag in _PLAIN and len(text) < 40 else text
    is_plain = isinstance(read, bool | int) or (isinstance(read, float) and isfinite(read))
    return read if is_plain else text


def read_texts(fields: Fields, key: str) -> dict[str, str]:
    """Names and texts, such as labels."""
    node = fields.node(key)
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        fields.wrong(key, f"`{key}` takes names with a text each: {{model: churn, team: data}}.")
        return {}
    found = {}
    for name, value in node.value:
        if isinstance(name, ScalarNode) and isinstance(value, ScalarNode) and len(str(value.value)) <= 500:
            found[str(name.value)] = str(value.value)
        else:
            fields.wrong(key, f"`{key}` takes names with a text each: {{model: churn, team: data}}.")
    return found


def _id(fields: Fields, key: str) -> str | None:
    if not fields.says(key):
        return None
    advice = "write the id as that system shows it: letters, digits and . _ : ~ + -"
    return fields.match(key, _ID, advice) or None


def _is(form: str, text: str) -> bool:
    return re.fullmatch(form, text, re.ASCII) is not None
