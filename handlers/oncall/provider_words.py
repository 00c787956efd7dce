"""Systems that can keep a rotation instead of us: how they are called, where they answer, what they need."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from handlers.chat.errors import Refused

TOKEN_NAME: Final = re.compile(r"ONCALL_[A-Z0-9_]{1,50}")
"""Environment variables that may be named: any other might be a secret of something else, which is sent."""
_HOST: Final = re.compile(r"[a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Vendor:
    """One of these systems.

    Attributes:
        base_url: where it answers unless the rotation says otherwise; None: it has to.
        hosts: the ends of the host names that its token is sent to, and no others.
        schedule: what names a schedule there.
    """

    title: str
    base_url: str | None
    hosts: tuple[str, ...]
    schedule: str


VENDORS: Final[Mapping[str, Vendor]] = {
    "pagerduty": Vendor("PagerDuty", "https://api.pagerduty.com",
                        ("api.pagerduty.com", "api.eu.pagerduty.com"),
                        "a schedule's id (PI7DH85), or policy: and an escalation policy's id"),
    "opsgenie": Vendor("Opsgenie", "https://api.opsgenie.com", ("api.opsgenie.com", "api.eu.opsgenie.com"),
                       "a schedule's name or id"),
    "grafana": Vendor("Grafana Cloud IRM", None, (".grafana.net",), "a schedule's id (SBM7DV7BKFUYU)"),
}


def title_of(provider: Mapping[str, Any] | None) -> str:
    vendor = VENDORS.get((provider or {}).get("kind", ""))
    return vendor.title if vendor is not None else "The other system"


def read_provider(kind: str, schedule: str, token_env: str, base_url: str,
                  stack_url: str = "") -> dict[str, Any]:
    """What a rotation keeps of its provider. Raises Refused at the field that is wrong."""
    vendor = VENDORS.get(kind)
    if vendor is None:
        raise _wrong("kind", "Pick one.")
    if not 1 <= len(schedule) <= 200 or not schedule.isprintable():
        raise _wrong("schedule", f"Give {vendor.schedule}.")
    if not TOKEN_NAME.fullmatch(token_env):
        raise _wrong("token_env", "Give the name of an environment variable of mine that holds the token, "
                                  "never the token. It begins with ONCALL_: ONCALL_PAGERDUTY_TOKEN.")
    url = (base_url or vendor.base_url or "").rstrip("/")
    if not url:
        raise _wrong("base_url", "Give the API address that Grafana shows under IRM, Admin & API, such as "
                                 "https://oncall-prod-us-central-0.grafana.net/oncall.")
    if not is_vendors(vendor, url):
        hosts = ", ".join(f"*{host}" if host.startswith(".") else host for host in vendor.hosts)
        raise _wrong("base_url", f"{vendor.title}'s token is sent to {hosts} by https only.")
    stack = stack_url.rstrip("/") if kind == "grafana" else ""
    if stack and not (is_vendors(vendor, stack) and not urlsplit(stack).path):
        raise _wrong("stack_url", "Give the address of your Grafana as you open it: https://NAME.grafana.net.")
    return {"kind": kind, "schedule": schedule, "token_env": token_env, "base_url": url,
            **({"stack_url": stack} if stack else {})}


def is_vendors(vendor: Vendor, url: str) -> bool:
    """Whether the vendor's token may be sent to that address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    is_plain = (parts.scheme == "https" and port in (None, 443) and _HOST.fullmatch(host) is not None
                and not (parts.username or parts.password or parts.query or parts.fragment))
    return is_plain and any(host == each or (each.startswith(".") and host.endswith(each))
                            for each in vendor.hosts)


def _wrong(field: str, said: str) -> Refused:
    return Refused(said, fields={field: said})
