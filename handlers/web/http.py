"""Calls to other systems, by addresses that admins and senders write: guarded, small, and not for long.

A name is resolved here, each of its addresses is judged, and the connection goes to one of just these, with
the name kept for the Host header and the certificate: a name that stands for another address a moment later
gains nothing. Nothing is taken from the environment: no proxy, no .netrc; no cookie is kept.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from handlers.web import addresses
from handlers.web.addresses import Address, Allowed, Refused, Target

LARGEST: Final = 1024 * 1024
"""Bytes of an answer."""
CONNECT: Final = timedelta(seconds=3)
TOTAL: Final = timedelta(seconds=10)
REDIRECTS: Final = 3
ADDRESSES: Final = 3
"""So many addresses of a name are tried."""
AGENT: Final = "groundcrew"
_PLAIN: Final = frozenset({"accept", "accept-encoding", "user-agent"})
"""Headers that may follow a redirect to another host: none of them says who we are."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a name. Raises OSError where it has none."""


class NotReached(OSError):
    """There was no answer. The message says why, and never holds a secret."""

    def __init__(self, said: str, *, is_refused: bool = False) -> None:
        super().__init__(said)
        self.is_refused = is_refused
        """It was not tried, because the address may not be called: trying again changes nothing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one call may do."""

    allow_private: bool = False
    allow_http: bool = False
    timeout: timedelta = TOTAL
    at_most: int = LARGEST
    follows: bool = True
    """Whether a redirect is followed; otherwise it is the answer."""


STRICT: Final = Rules()


@dataclass(frozen=True, slots=True)
class Got:
    """An answer, whatever its status."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""

    @property
    def is_fine(self) -> bool:
        return 200 <= self.status < 300


async def resolved(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@cache
def _web_context() -> ssl.SSLContext:
    """Certificates as the web has them; reading them takes long, so it is done once, when first needed."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Http:
    """Asks by HTTP. One for the whole process; it holds no connection."""

    allowed: Allowed = field(default_factory=Allowed)
    resolve: Resolve = resolved
    context: Callable[[], ssl.SSLContext] = _web_context

    async def ask(self, method: str, url: str, rules: Rules = STRICT, *,
                  headers: Mapping[str, str] | None = None, content: bytes | None = None) -> Got:
        """The answer at an address. Raises NotReached."""
        sent = {"user-agent": AGENT, **{name.lower(): value for name, value in (headers or {}).items()},
                "accept-encoding": "identity"}
        try:
            async with asyncio.timeout(rules.timeout.total_seconds()):
                return await self._followed(method, url, rules, sent, content)
        except TimeoutError:
            raise NotReached(f"no answer within {rules.timeout.total_seconds():g} seconds") from None

    async def _followed(self, method: str, url: str, rules: Rules, headers: Mapping[str, str],
                        content: bytes | None) -> Got:
        first: Target | None = None
        for _ in range(REDIRECTS + 1):
            target, found = await self.checked(url, rules)
            if first is not None and target.origin != first.origin:
                if method not in ("GET", "HEAD"):
                    raise NotReached("it redirects what is sent to another host, which is not followed")
                headers = {name: value for name, value in headers.items() if name in _PLAIN}
            first = first or target
            got = await self._asked(method, url, target, found, rules, headers, content)
            onward = got.headers.get("location")
            if got.status not in _REDIRECTS or not onward or not rules.follows:
                return got
            if got.status < 307 and method not in ("GET", "HEAD"):
                return got  # a browser would ask anew without the body: what was sent is not taken
            try:
                url = urljoin(url, onward)
            except ValueError:
                raise NotReached("it redirects to what is no address") from None
        raise NotReached(f"it redirects more than {REDIRECTS} times")

    async def checked(self, url: str, rules: Rules) -> tuple[Target, list[Address]]:
        """An address with where to connect to. Raises NotReached."""
        try:
            target = addresses.target_of(url, allow_http=rules.allow_http)
            written = addresses.literal(target.host)
            found = [written] if written is not None else await self._found(target)
            if not self.allowed.has_host(target.host):
                for each in found:  # one bad among them is enough: no name of the web has such
                    addresses.check(each, self.allowed, allow_private=rules.allow_private)
        except Refused as refused:
            raise NotReached(f"the address {refused}", is_refused=True) from None
        return target, found

    async def _found(self, target: Target) -> list[Address]:
        try:
            found = await self.resolve(target.host, target.port)
        except (OSError, UnicodeError):
            raise NotReached(f"{target.host} is not found") from None
        if not found:
            raise NotReached(f"{target.host} is not found")
        return [ip_address(each.partition("%")[0]) for each in found]

    async def _asked(self, method: str, url: str, target: Target, found: Sequence[Address], rules: Rules,
                     headers: Mapping[str, str], content: bytes | None) -> Got:
        """Ask at the first address that can be connected to."""
        problem: Exception | None = None
        for address in found[:ADDRESSES]:
            try:
                at = _at(url, target, address)
                return await self._exchanged(method, at, target, rules, headers, content)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                problem = error
            except httpx.HTTPError as error:
                raise NotReached(_why(error, target)) from None
            except httpx.InvalidURL:
                raise NotReached("the address is none that can be asked") from None
        raise NotReached(_why(problem, target)) from None

    async def _exchanged(self, method: str, url: str, target: Target, rules: Rules,
                         headers: Mapping[str, str], content: bytes | None) -> Got:
        timeout = httpx.Timeout(rules.timeout.total_seconds(), connect=CONNECT.total_seconds())
        # No connection is kept: one to this address, made for this name, must not serve another name.
        transport = httpx.AsyncHTTPTransport(
            verify=self.context(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        async with httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False) as client:
            request = client.build_request(
                method, url, headers={**headers, "host": _host(target)}, content=content,
                extensions={"sni_hostname": target.host})
            answer = await client.send(request, stream=True)
            try:
                return Got(answer.status_code, await _body(answer, rules.at_most),
                           {name.lower(): value for name, value in answer.headers.items()})
            finally:
                await answer.aclose()


async def _body(answer: httpx.Response, at_most: int) -> bytes:
    """Raises NotReached where it is too large, or compressed, by which a small one becomes large."""
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotReached("its answer is compressed although it was asked not to be")
    found = bytearray()
    async for chunk in answer.aiter_raw():
        found += chunk
        if len(found) > at_most:
            raise NotReached(f"its answer is larger than {at_most // 1024} KiB")
    return bytes(found)


def _at(url: str, target: Target, address: Address) -> str:
    """The same address of the web with the host in numbers."""
    parts = urlsplit(url)
    host = f"[{address}]" if address.version == 6 else str(address)
    return urlunsplit((parts.scheme, f"{host}:{target.port}", parts.path or "/", parts.query, ""))


def _host(target: Target) -> str:
    """The Host header: the port only where it is an unusual one."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return host if target.port == usual else f"{host}:{target.port}"


def _why(error: Exception | None, target: Target) -> str:
    match error:
        case httpx.ConnectTimeout():
            return f"{target.host} does not answer"
        case httpx.ConnectError() if "certificate" in str(error).lower():
            return f"the certificate of {target.host} is not valid"
        case httpx.ConnectError():
            return f"no connection to {target.host}"
        case httpx.TimeoutException():
            return f"{target.host} took too long"
    return f"the connection to {target.host} broke off"
