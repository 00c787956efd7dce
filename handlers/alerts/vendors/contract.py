"""What every vendor's module gives: how its requests are proved genuine, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from handlers.alerts.signals import NOTHING, Signal

DELIVERY = 120
"""Characters of a sending's id that are kept beside the name of its source."""


class Malformed(Exception):
    """The body is not what this vendor sends. The message is one sentence for whoever set the sender up."""


class NotGenuine(Exception):
    """The request is not proved to be the source's. The message is one sentence and gives no secret away."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it arrived."""

    method: str
    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str]
    raw: bytes
    """The bytes as they came over the wire: what signatures are made over."""
    body: bytes
    """The same, inflated where they came compressed."""
    at: datetime
    """When it was received."""
    url: str = ""
    """The address it was sent to, where a signature covers that too."""
    fetched: bytes | None = None
    """What was found at the address that `Vendor.needs` asked for."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the admin has set for one source."""

    source: str
    secrets: tuple[str, ...] = ()
    """The present one, and during a rotation the former one. Never empty where the vendor has any secret."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The vendor's own, each named in `Vendor.options`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handshake wants back instead of the usual answer."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Report:
    """What one request says."""

    signals: tuple[Signal, ...] = ()
    delivery: str | None = None
    """The sender's id of this sending, the same when it is sent again."""
    answer: Answer | None = None
    visit: str | None = None
    """An address the vendor wants opened to confirm a subscription, already checked to be the vendor's."""
    absent: int = 0
    """How many signals the sender says it left out."""

    def __post_init__(self) -> None:
        """A long id of a sending is its digest: cut, two that begin alike would be taken for one."""
        said = self.delivery
        if said is not None and len(said) > DELIVERY:
            said = sha256(said.encode(errors="surrogatepass")).hexdigest()
        object.__setattr__(self, "delivery", said or None)


@dataclass(frozen=True, slots=True)
class Vendor:
    """One kind of sender.

    `check(incoming, settings)` raises NotGenuine; `parse(incoming, settings)` raises Malformed. Both are
    plain functions of values: what has to be fetched first, `needs(incoming, settings)` names, raising
    NotGenuine where the address is not the vendor's.
    """

    name: str
    """As in the address: ``/alerts/<source>`` of a source of this vendor."""
    title: str
    check: Callable[[Incoming, Settings], None]
    parse: Callable[[Incoming, Settings], Report]
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What an admin may set, each with one line that says what it does."""
    needs: Callable[[Incoming, Settings], str | None] = lambda _incoming, _settings: None
    fault: Callable[[Mapping[str, Any]], str | None] = lambda _options: None
    """What is wrong with the options an admin gives it, in one sentence; None: nothing."""
    setup: str = ""
    """Some lines of plain text that say what to enter at the sender's side."""
