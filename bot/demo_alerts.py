"""The demo's monitoring systems: each sends its real body, with its real proof, to the bot's real door."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from hashlib import sha256
from importlib import resources
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from bot.sandbox import PanelButton, Sandbox
from handlers.alerts.sources import Sources
from handlers.alerts.vendors import VENDORS
from handlers.chat.ports import Clock

SECRET = "a-secret-of-the-demo"  # noqa: S105  (the demo lives on this machine alone)
STORM = 200
PAGES = ("EndpointDown", "ErrorRateHigh", "LatencyP99High")
AWAY = timedelta(seconds=60)
WINDOW = timedelta(hours=1)
POLICY = """\
schema: 1
policy: alerts
routing:
  operations: C0OPS0000
  routes:
    - {name: the claims model, match: {model: "churn-.*"}, pilot: Claims triage}
escalation:
  sla:
    - match: {model: "churn-.*", name: ".*[Dd]rift.*"}
      metric: PSI
      text: Ana checks within 4 h, roll back if above 0.40
      ack: 4h
drift:
  rollback:
    - Set the alias champion back to the version before
    - Restart the scoring service
    - Watch the error rate for 15 minutes
"""
"""Where the demo's alerts go."""
_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_SIGNED_SNS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_GROUPS = {"Machine learning": ("evidently", "nannyml", "mlflow", "wandb", "airflow", "kubeflow"),
           "Clouds": ("aws_sns", "aws_eventbridge", "azure_monitor", "event_grid", "gcp_monitoring")}


@dataclass(slots=True)
class Monitoring:
    """All senders at once. A press on one of them fires its alert, the next press ends it."""

    clock: Clock
    http: httpx.AsyncClient | None = None
    firing: set[str] = field(default_factory=set)
    began: dict[str, datetime] = field(default_factory=dict)
    """When each was made to fire last."""
    sent: int = 0
    amazon: Amazon = field(default_factory=lambda: Amazon())

    async def fetch(self, address: str) -> bytes:
        """What the demo's Amazon has at an address. Raises OSError for any other."""
        if "amazonaws.com" in address:
            return self.amazon.certificate
        raise OSError("the demo reaches nothing outside this machine")

    async def register(self, sources: Sources) -> None:
        """Let each of them report."""
        for vendor in bodies():
            options = {"topics": [bodies()[vendor]["fires"]["TopicArn"]]} if vendor == "aws_sns" else {}
            await sources.add(vendor, vendor, secret=SECRET, options=options)

    def panel(self, sandbox: Sandbox) -> list[PanelButton]:
        """The buttons of the sandbox's page."""
        group_of = {vendor: group for group, vendors in _GROUPS.items() for vendor in vendors}
        found = []
        for vendor, body in sorted(bodies().items()):
            does = "fires; pressed again, it ends" if "ends" in body else "reports an event"
            found.append(PanelButton(f"alert-{vendor}", VENDORS[vendor].title,
                                     group_of.get(vendor, "Monitoring"), does, partial(self.press, vendor)))
        found.sort(key=lambda button: (button.group != "Monitoring", button.group))
        return [
            PanelButton("alert-storm", f"Storm of {STORM}", "Alerts at once",
                        f"{STORM} alerts in one second; pressed again, they end", self.storm),
            PanelButton("alert-pages", "Three pages", "Alerts at once", "three critical alerts of one model",
                        self.pages),
            PanelButton("alert-cut", "Cut Slack off for 60 s", "Alerts at once",
                        "what comes meanwhile is shown afterwards", partial(self.cut, sandbox)), *found]

    async def press(self, vendor: str) -> None:
        body = bodies()[vendor]
        ends = vendor in self.firing and "ends" in body
        (self.firing.discard if ends else self.firing.add)(vendor)
        began = newest(body["fires"])
        if not ends:
            self.began[vendor] = self.clock()
        for before in range(0 if ends else body.get("windows", 1) - 1, -1, -1):  # drift takes two in a row
            back = WINDOW * before
            said = shifted(body["ends" if ends else "fires"], self.clock() - back, began,
                           self.began[vendor] - back)
            await self.post(vendor, self._named(said) if "windows" in body else said, body.get("headers", {}))

    def _named(self, said: Any) -> Any:
        """With an id of its own: what is sent again under the same is taken in once."""
        if isinstance(said, list):
            return [self._named(each) for each in said]
        return {**said, "id": f"{said['id']}-{self.sent}"} if "id" in said else said

    async def storm(self) -> None:
        ends = "storm" in self.firing
        (self.firing.discard if ends else self.firing.add)("storm")
        alerts = [self._alert(f"QueueLag{n % 20}", "warning", ends=ends, service=f"shard-{n:03}")
                  for n in range(STORM)]
        for first in range(0, STORM, 64):
            await self.post("alertmanager", {"version": "4", "alerts": alerts[first:first + 64]})

    async def pages(self) -> None:
        await self.post("alertmanager", {"version": "4", "alerts": [
            self._alert(name, "critical", ends=False, model="churn-xgb", env="prod") for name in PAGES]})

    async def cut(self, sandbox: Sandbox) -> None:
        sandbox.faults.change({"down": True})
        asyncio.get_running_loop().call_later(AWAY.total_seconds(), sandbox.faults.change, {"down": False})

    def _alert(self, name: str, severity: str, *, ends: bool, **labels: str) -> dict[str, Any]:
        now = self.clock().isoformat()
        return {"status": "resolved" if ends else "firing", "startsAt": now, "endsAt": now if ends else None,
                "labels": {"alertname": name, "severity": severity, **labels}, "annotations": {},
                "fingerprint": sha256(f"{name}{sorted(labels.items())}".encode()).hexdigest()[:16]}

    async def post(self, vendor: str, body: Any, headers: dict[str, str] | None = None) -> None:
        """Send as this vendor does. Raises what keeps it from being taken, for whoever pressed."""
        assert self.http is not None
        self.sent += 1
        if vendor == "aws_sns":
            body = self.amazon.signed(body | {"MessageId": f"demo-{self.sent}"})
        raw = json.dumps(body).encode()
        proof = PROOFS.get(vendor, _bearer)(raw, self.clock(), self.sent)
        path = f"/alerts/{vendor}" + ("/api/v2/alerts" if vendor == "prometheus" else "")
        answer = await self.http.post(path, content=raw, headers={
            "content-type": "application/json", **(headers or {}), **proof})
        if answer.status_code >= 300:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")


_READ: dict[str, Any] = {}


def bodies() -> dict[str, Any]:
    """By vendor: what it sends when it fires and, where it does, when that is over; `windows`: so often."""
    if not _READ:
        folder = resources.files("bot").joinpath("demo_bodies")
        _READ.update({each.name.removesuffix(".json"): json.loads(each.read_text(encoding="utf-8"))
                      for each in folder.iterdir() if each.name.endswith(".json")})
    return _READ


def newest(body: Any) -> datetime | None:
    """The last moment that a body speaks of."""
    return max((_moment(found[0]) for found in _MOMENT.finditer(json.dumps(body))), default=None)


def shifted(body: Any, now: datetime, began: datetime | None, fired_at: datetime) -> Any:
    """The body as if sent now: what it says of its beginning lies where it fired, its end lies now."""
    last = newest(body)
    if last is None or began is None:
        return body

    def moved(found: re.Match[str]) -> str:
        at = _moment(found[0])
        by = fired_at - began if at <= began else now - last
        return (at + by).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    return json.loads(_MOMENT.sub(moved, json.dumps(body)))


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


# ---- proofs ------------------------------------------------------------------------------------------------


def _hmac(raw: bytes) -> str:
    return hmac.digest(SECRET.encode(), raw, "sha256").hex()


def _bearer(_raw: bytes, _now: datetime, _number: int) -> dict[str, str]:
    return {"authorization": f"Bearer {SECRET}"}


def _grafana(raw: bytes, _now: datetime, _number: int) -> dict[str, str]:
    return {"x-grafana-alerting-signature": _hmac(raw)}


def _pagerduty(raw: bytes, _now: datetime, _number: int) -> dict[str, str]:
    return {"x-pagerduty-signature": f"v1={_hmac(raw)}"}


def _sentry(raw: bytes, _now: datetime, _number: int) -> dict[str, str]:
    return {"sentry-hook-signature": _hmac(raw)}


def _mlflow(raw: bytes, now: datetime, number: int) -> dict[str, str]:
    delivery, stamp = f"demo-{number}", str(int(now.timestamp()))
    digest = hmac.digest(SECRET.encode(), f"{delivery}.{stamp}.".encode() + raw, "sha256")
    return {"x-mlflow-delivery-id": delivery, "x-mlflow-timestamp": stamp,
            "x-mlflow-signature": "v1," + base64.b64encode(digest).decode()}


def _wandb(raw: bytes, _now: datetime, _number: int) -> dict[str, str]:
    return {"x-wandb-signature": _hmac(raw), "authorization": f"Bearer {SECRET}"}


def _amazon(_raw: bytes, _now: datetime, _number: int) -> dict[str, str]:
    return {}


PROOFS: dict[str, Callable[[bytes, datetime, int], dict[str, str]]] = {
    "grafana": _grafana, "pagerduty": _pagerduty, "sentry": _sentry, "mlflow": _mlflow, "wandb": _wandb,
    "aws_sns": _amazon}


class Amazon:
    """Signs as Amazon SNS does, with a key of its own."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
                .public_key(self._key.public_key()).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
                .not_valid_after(datetime(2060, 1, 1, tzinfo=UTC)).sign(self._key, hashes.SHA256()))
        return made.public_bytes(serialization.Encoding.PEM)

    def signed(self, message: dict[str, Any]) -> dict[str, Any]:
        said = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED_SNS if name in message)
        signature = self._key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
        return message | {"SignatureVersion": "2", "Signature": base64.b64encode(signature).decode()}
