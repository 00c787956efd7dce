"""Tokens of Microsoft Entra ID, by which Azure's services prove who they are to a webhook.

A token is a JWT. It counts where the tenant's key signed it by RS256, whatever other algorithm it may name;
where it is of the source's tenant and for the source's application; and where the service that sends was
given it, with the role that Microsoft's instructions make for it: anybody may ask a tenant of their own for
tokens, and other services of the same tenant may have tokens for the same application.

Tokens have two versions: of the first, an address at sts.windows.net issues them and `appid` names the
service; of the second, an address at login.microsoftonline.com and `azp`. Each version has its own keys.
Entra ID changes its keys at any time, so they are asked for again every few minutes (`fetching`). This is
Azure's public cloud; its clouds for governments and for China issue tokens elsewhere.
Sources: https://learn.microsoft.com/entra/identity-platform/access-tokens (issuers, keys and whose they are),
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from handlers.alerts.vendors import proving
from handlers.alerts.vendors.contract import Incoming, Malformed, NotGenuine, Settings
from handlers.alerts.vendors.values import fields, read_json, rows

TENANT, AUDIENCE = "tenant", "audience"
OPTIONS: Final[Mapping[str, str]] = {
    TENANT: "the tenant's ID: the webhook's token of Entra ID is then asked for, and nothing else will do",
    AUDIENCE: "whom the token is for: the ID of your application in Entra ID, or its URI (api://…); several "
              "apart by spaces. Goes with `tenant`"}
LONGEST: Final = 16_384
"""Characters of a token."""
_SHORTEST_KEY: Final = 2048
"""Bits."""

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_LOGIN: Final = "https://login.microsoftonline.com"
_KEYS: Final = re.compile(rf"{re.escape(_LOGIN)}/{_ID}/discovery/(?:v2\.0/)?keys", re.ASCII)
_PART: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_REMEDY: Final = "This source takes a token of Entra ID alone, as `Authorization: Bearer TOKEN`"


@dataclass(frozen=True, slots=True)
class Sender:
    """A service of Azure's."""

    title: str
    app: str
    """Its application's ID, the same in every tenant of the public cloud."""
    role: str
    """What it has to be given by the application that it calls."""


@dataclass(frozen=True, slots=True)
class _Token:
    key: str
    """Which of the keys it says it is signed with."""
    issuer: str
    keys: str
    """Where the keys of its version are."""
    signed: bytes
    signature: bytes


def is_asked_for(settings: Settings) -> bool:
    """Whether a source takes tokens: once it has either option, no other proof counts."""
    return any(settings.options.get(each) is not None for each in OPTIONS)


def is_keys(address: str) -> bool:
    """Whether a tenant's keys lie there."""
    return _KEYS.fullmatch(address) is not None


def fault(options: Mapping[str, Any]) -> str | None:
    """What is wrong with a source's options, in one sentence."""
    tenant, audience = options.get(TENANT), options.get(AUDIENCE)
    if tenant is None and audience is None:
        return None
    if not (isinstance(tenant, str) and re.fullmatch(_ID, tenant.lower(), re.ASCII)):
        return (f"{TENANT} takes the tenant's ID, as Entra ID's overview shows it: "
                f"{TENANT}=8eaef023-2b34-4da1-9baa-8bc8c9d6a490.")
    if not _audiences(audience):
        return (f"{AUDIENCE} takes the ID of your application in Entra ID or its URI, and goes with "
                f"{TENANT}: {AUDIENCE}=api://6e74172b-be56-4843-9ff4-e66a39bb12e3.")
    return None


def needs(incoming: Incoming, settings: Settings, sender: Sender) -> str | None:
    """The address of the keys, once all the rest of the token is right. Raises NotGenuine."""
    return _read(incoming, settings, sender).keys if is_asked_for(settings) else None


def check(incoming: Incoming, settings: Settings, sender: Sender) -> None:
    """The token where the source asks for one, otherwise the source's secret. Raises NotGenuine."""
    if not is_asked_for(settings):
        proving.by_token(incoming, settings)
        return
    token = _read(incoming, settings, sender)
    known = list(_keys(incoming.fetched, token, str(settings.options[TENANT]).lower()))
    if not known:
        raise NotGenuine("The token is signed with a key that is none of the tenant's, or was none some "
                         "minutes ago.")
    if not any(_fits(key, token) for key in known):
        raise NotGenuine("The token's signature does not fit it.")


def _read(incoming: Incoming, settings: Settings, sender: Sender) -> _Token:
    """All of it but the signature. Raises NotGenuine."""
    if fault(settings.options) is not None:
        raise NotGenuine(f"This source's `{TENANT}` and `{AUDIENCE}` do not say whose token to take; an "
                         "admin adds it anew with both.")
    scheme, _, text = incoming.headers.get("authorization", "").strip().partition(" ")
    parts = text.strip().split(".")
    if scheme.lower() != "bearer" or len(text) > LONGEST or len(parts) != 3:
        raise NotGenuine(f"{_REMEDY}; in Azure, choose the secure webhook.")
    head, said, signature = _decoded(parts[0]), _decoded(parts[1]), _raw(parts[2])
    if head.get("alg") != "RS256" or "crit" in head:
        raise NotGenuine("The token is not signed by RS256, as those of Entra ID are.")
    key = head.get("kid")
    if not (isinstance(key, str) and key):
        raise NotGenuine("The token does not name the key that it is signed with.")
    tenant = str(settings.options[TENANT]).lower()
    first = f"https://sts.windows.net/{tenant}/"
    issuer = said.get("iss")
    if issuer not in (first, _issuer(tenant)) or said.get("tid", tenant) != tenant:
        raise NotGenuine(f"The token is not of this source's `{TENANT}`.")
    if said.get("aud") not in _audiences(settings.options.get(AUDIENCE)):
        raise NotGenuine(f"The token is for another application than this source's `{AUDIENCE}`.")
    _in_time(said, incoming.at)
    _sent_by(said, sender)
    version = "" if issuer == first else "v2.0/"
    return _Token(key, str(issuer), f"{_LOGIN}/{tenant}/discovery/{version}keys",
                  f"{parts[0]}.{parts[1]}".encode(), signature)


def _in_time(said: Mapping[str, Any], at: datetime) -> None:
    """Raises NotGenuine."""
    ends, begins = _moment(said.get("exp")), _moment(said.get("nbf", 0))
    if ends is None or begins is None:
        raise NotGenuine("The token does not say when it is valid.")
    if at >= ends + proving.SKEW:
        raise NotGenuine("The token has expired; if it is new, our clock or its is wrong.")
    if at < begins - proving.SKEW:
        raise NotGenuine("The token is not valid yet; is our clock or its wrong?")


def _sent_by(said: Mapping[str, Any], sender: Sender) -> None:
    """Raises NotGenuine."""
    named = [said[each] for each in ("azp", "appid") if each in said]
    if not named or any(each != sender.app for each in named):
        raise NotGenuine(f"The token was given to another service than {sender.title}.")
    if sender.role not in rows(said.get("roles")):
        raise NotGenuine(f"The token lacks the role {sender.role}: in Entra ID, assign it to {sender.title} "
                         "for your application.")


def _keys(fetched: bytes | None, token: _Token, tenant: str) -> Iterator[RSAPublicKey]:
    """The keys of that name whose issuer is the token's. Raises NotGenuine."""
    try:
        found = rows(fields(read_json(fetched or b"")).get("keys"))
    except Malformed:
        raise NotGenuine("The tenant's keys could not be read.") from None
    for each in map(fields, found):
        whose = each.get("issuer")
        if isinstance(whose, str) and whose.replace("{tenantid}", tenant) not in (token.issuer,
                                                                                  _issuer(tenant)):
            continue
        if each.get("kid") == token.key and each.get("kty") == "RSA" and each.get("use", "sig") == "sig":
            key = _key(each)
            if key is not None:
                yield key


def _key(said: Mapping[str, Any]) -> RSAPublicKey | None:
    try:
        n, e = (int.from_bytes(_raw(str(said.get(each) or ""))) for each in ("n", "e"))
        key = RSAPublicNumbers(e, n).public_key()
    except (NotGenuine, ValueError):
        return None
    return key if key.key_size >= _SHORTEST_KEY else None


def _fits(key: RSAPublicKey, token: _Token) -> bool:
    try:
        key.verify(token.signature, token.signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _issuer(tenant: str) -> str:
    """Of the second version; it is also what keys of the first are said to be of, where they say so."""
    return f"{_LOGIN}/{tenant}/v2.0"


def _audiences(said: object) -> list[str]:
    found = said.replace(",", " ").split() if isinstance(said, str) else said
    return [each for each in found if isinstance(each, str) and each] if isinstance(found, list) else []


def _moment(said: object) -> datetime | None:
    """Of whole epoch seconds."""
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said < 10**11:
        return None
    return datetime.fromtimestamp(said, UTC)


def _decoded(part: str) -> Mapping[str, Any]:
    """An object. Raises NotGenuine."""
    try:
        return fields(read_json(_raw(part)))
    except Malformed:
        raise NotGenuine(f"{_REMEDY}; what came is none.") from None


def _raw(part: str) -> bytes:
    """Base64 as addresses have it, without its padding. Raises NotGenuine."""
    if not _PART.fullmatch(part) or len(part) % 4 == 1:
        raise NotGenuine(f"{_REMEDY}; what came is none.")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
