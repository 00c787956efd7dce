"""Which addresses may be called: the web's, and of one's own network only what an admin has allowed.

Whoever may name an address could otherwise have us ask what only we can reach: a cloud's metadata, a
database, ourselves. Names are judged by every address they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_METADATA: Final = tuple(map(ip_network, (
    "169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128", "168.63.129.16/32",
    "100.100.100.200/32", "192.0.0.192/32")))
"""Where clouds keep credentials of the machine, and all that is local to one link."""
_OF_PROTOCOLS: Final = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
"""What `is_global` takes for public in some versions of Python."""
_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = IPv6Network("::/96")
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
_NUMERIC: Final = re.compile(r"(0x[0-9a-f]*|\d+)", re.ASCII)


class Refused(OSError):
    """An address that must not be called. The message is the rest of a sentence: "is ..."."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at: where to connect to, and what to ask for there."""

    scheme: str
    host: str
    """As it is named, in small letters: for the Host header and the certificate."""
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an admin has allowed besides the web: hosts by name, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def has_host(self, host: str) -> bool:
        return host.rstrip(".") in self.hosts

    def has(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def allowed(listed: Iterable[str]) -> Allowed:
    """Names and networks such as ``prometheus.internal``, ``10.1.0.0/16``. Raises ValueError."""
    hosts, networks = set[str](), list[Network]()
    for each in listed:
        said = each.strip().lower().rstrip(".")
        try:
            networks.append(ip_network(said, strict=False))
        except ValueError:
            if not _NAME.fullmatch(said) or _is_numeric(said):
                raise ValueError(f"{each} is no host name and no network; give such as "
                                 "prometheus.internal or 10.1.0.0/16") from None
            hosts.add(said)
    return Allowed(frozenset(hosts), tuple(networks))


def target_of(url: str, *, allow_http: bool) -> Target:
    """The parts of an address. Raises Refused where it is none that may be called."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Refused("is no plain address of the web")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("is no address of the web") from None
    if parts.scheme not in ("http", "https"):
        raise Refused("begins neither with https:// nor with http://")
    if parts.scheme == "http" and not allow_http:
        raise Refused("is not encrypted: it takes https://, or `allow_http: true` beside it")
    if parts.username is not None or parts.password is not None:
        raise Refused("holds a user or password; they belong in the environment")
    host = (parts.hostname or "").lower()
    if not host:
        raise Refused("names no host")
    if port == 0:
        raise Refused("names the port 0")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80))


def literal(host: str) -> Address | None:
    """The address that a host is written as; None: it is a name. Raises Refused for neither."""
    if "%" in host:
        raise Refused("names a network interface")
    try:
        return ip_address(host)
    except ValueError:
        pass
    if _is_numeric(host):  # 2130706433, 0177.0.0.1, 0x7f.1: resolvers take them for addresses, each its own
        raise Refused("writes an IP address in an unusual way; write 192.0.2.1")
    if not _NAME.fullmatch(host):
        raise Refused("holds no valid host name")
    return None


def _is_numeric(host: str) -> bool:
    """Whether its last part is a number, which no name of the web has."""
    return _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None


def check(address: Address, known: Allowed, *, allow_private: bool) -> None:
    """Raises Refused where an address is not the web's and nobody has allowed it.

    Args:
        allow_private: one's own networks and this machine are fine; what is local to a link, where clouds
            keep credentials, has to be listed by itself.
    """
    for each in _meant(address):
        if known.has(each):
            continue
        if each.is_multicast or each.is_unspecified or (isinstance(each, IPv4Address) and each.is_reserved):
            raise Refused(f"leads to {address}, which nobody may be called at")
        if any(each in network for network in _METADATA):
            raise Refused(f"leads to {address}, where machines keep secrets")
        if not _is_public(each) and not allow_private:
            raise Refused(f"leads to {address}, which is not on the public internet: `allow_private: true` "
                          "beside it, or GROUNDCREW_ALLOW_PRIVATE_URLS, allows that")


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address.is_global and not address.is_site_local
    return address.is_global and not any(address in network for network in _OF_PROTOCOLS)


def _meant(address: Address) -> list[Address]:
    """An address, and each IPv4 address that is wrapped in it: what connects may unwrap it."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    found: list[Address] = [address]
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found += address.teredo
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return found
