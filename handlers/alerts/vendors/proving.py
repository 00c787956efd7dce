"""How senders prove who they are: compared in constant time, and nothing of what was expected is said."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from handlers.alerts.vendors.contract import Incoming, NotGenuine, Settings

SKEW = timedelta(minutes=5)
"""How far a signed moment may lie from ours."""


def by_token(incoming: Incoming, settings: Settings, *, header: str = "") -> None:
    """The secret as bearer token, as password of basic authentication, or as ``?token=`` of the address.

    `header` names one more in which it may stand alone. Raises NotGenuine.
    """
    offered = [*_tokens(incoming), *filter(None, [incoming.headers.get(header.lower(), "").strip()])]
    if not offered:
        alone = f" as the header {header}," if header else ""
        raise NotGenuine(f"This source needs its secret:{alone} as `Authorization: Bearer SECRET`, as the "
                         "password of basic authentication, or as ?token=SECRET at the end of the address.")
    if not any(_same(each, secret) for each in offered for secret in settings.secrets):
        raise NotGenuine("The secret is not this source's; `groundcrew alerts sources` rotates secrets.")


def _tokens(incoming: Incoming) -> Iterable[str]:
    scheme, _, rest = incoming.headers.get("authorization", "").strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "basic":
        try:
            user_and_password = base64.b64decode(rest, validate=True).decode()
        except (binascii.Error, ValueError):
            raise NotGenuine("The Authorization header is no valid basic authentication.") from None
        yield user_and_password.partition(":")[2]
    elif scheme and rest:
        yield rest
    elif scheme:
        yield scheme  # a bare token, as some senders put it
    for name in ("token", "auth_token", "access_token"):
        if incoming.query.get(name):
            yield incoming.query[name]


def by_signature(signed: bytes, offered: Iterable[str], secrets: Iterable[str], *, digest: str = "sha256",
                 encode: Callable[[bytes], str] = bytes.hex, header: str) -> None:
    """An HMAC over `signed`, with any of the secrets, among those that were offered. Raises NotGenuine."""
    given = [each.strip() for each in offered if each.strip()]
    if not given:
        raise NotGenuine(f"The header {header} is missing: this source signs what it sends.")
    made = [encode(hmac.digest(secret.encode(), signed, digest)) for secret in secrets]
    if not any(_same(each, right) for each in given for right in made):
        raise NotGenuine(f"The signature in {header} does not fit the body; is it made with this source's "
                         "secret?")


def in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def in_time(stamp: str, at: datetime, header: str) -> None:
    """A signed moment in epoch seconds that is not older or newer than SKEW. Raises NotGenuine."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
        raise NotGenuine(f"The header {header} holds no moment in seconds.")
    if abs(at - datetime.fromtimestamp(int(stamp), UTC)) > SKEW:
        raise NotGenuine(f"The moment in {header} is more than five minutes from our clock; is one of the "
                         "two wrong?")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))
