"""What we call may not be what only we can reach, however it is written; and nobody's answer can hold us up."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from handlers.web import addresses, http
from handlers.web.addresses import Refused, allowed, check
from handlers.web.http import Http, NotReached, Rules
from tests.alerts.web import PRIVATE, names, server
from tests.alerts.web import http as http_knowing

INSIDE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8", "198.18.0.1", "168.63.129.16", "100.100.100.200",
    "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "fec0::1", "2001:db8::1",
]
OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "64:ff9b::808:808"]
NEVER = ["169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254", "255.255.255.255",
         "168.63.129.16", "100.100.100.200"]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_on_the_public_internet_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        check(ip_address(address), allowed(()), allow_private=False)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_may_be_called(address: str) -> None:
    check(ip_address(address), allowed(()), allow_private=False)


@pytest.mark.parametrize("address", NEVER)
def test_where_clouds_keep_secrets_is_refused_even_where_private_addresses_are_allowed(address: str) -> None:
    with pytest.raises(Refused):
        check(ip_address(address), allowed(("10.0.0.0/8",)), allow_private=True)


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "fd12::1", "192.168.0.9"])
def test_a_target_may_be_allowed_its_own_network(address: str) -> None:
    check(ip_address(address), allowed(()), allow_private=True)


def test_a_listed_network_is_allowed_and_its_neighbour_is_not() -> None:
    known = allowed(("10.1.0.0/16", "fd12::/32"))
    check(ip_address("10.1.2.3"), known, allow_private=False)
    check(ip_address("::ffff:10.1.2.3"), known, allow_private=False)
    with pytest.raises(Refused):
        check(ip_address("10.2.0.1"), known, allow_private=False)


@pytest.mark.parametrize("listed", ["http://x", "10.0.0.0/40", "a b", "", "0x7f.1"])
def test_the_setting_takes_only_hosts_and_networks(listed: str) -> None:
    with pytest.raises(ValueError, match="is no host name"):
        allowed((listed,))


WRITTEN_ODDLY = [
    "https://2130706433/", "https://0177.0.0.1/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://127.1/", "https://017700000001/",
    "https://127.0.0.1./", "https://1.2.3.4.5/", "https://[fe80::1%25eth0]/", "https://user:pass@example.org/", "https://user@example.org/",
    "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org/", "example.org", "https:///x", "https://",
    "https://ex ample.org/", "https://example.org\\@127.0.0.1/", "https://example.org:0/", "https://example.org:99999/",
    "https://exämple.org/", "https://[::1", "https://-x.org/", "https://a..b/", "http://example.org/", "https://example.org/\r\nHost: x"]


@pytest.mark.parametrize("url", WRITTEN_ODDLY)
async def test_an_address_written_oddly_is_not_called(url: str) -> None:
    asking = http_knowing(**dict.fromkeys(("127_0_0_1_", "127_1", "example_org"), "93.184.215.14"))
    with pytest.raises(NotReached) as refused:
        await asking.ask("GET", url)
    assert refused.value.is_refused, "it would have been connected to"


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:10.0.0.1"], ["169.254.169.254"]])
async def test_a_name_is_judged_by_all_it_stands_for(found: list[str]) -> None:
    with pytest.raises(NotReached, match="leads to") as refused:
        await http_knowing(evil_example=found).ask("GET", "https://evil.example/")
    assert refused.value.is_refused


async def test_a_name_that_is_not_found_is_said_plainly() -> None:
    with pytest.raises(NotReached, match=r"^nowhere\.example is not found$"):
        await http_knowing().ask("GET", "https://nowhere.example/")


async def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """A resolver that answers otherwise the second time is never asked a second time."""
    async with server((200, {"a": 1})) as web:
        resolve = names(prom_internal="127.0.0.1")
        got = await Http(allowed(("prom.internal",)), resolve).ask(
            "GET", f"http://prom.internal:{web.port}/x?y=1", Rules(allow_http=True))
        assert (got.status, got.body) == (200, b'{"a": 1}')
        assert resolve.asked == ["prom.internal"]  # type: ignore[attr-defined]
        assert web.asked[0].headers["host"] == f"prom.internal:{web.port}"
        assert web.asked[0].path == "/x?y=1"


def _certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key, subject, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, SHA256()))
    pem = made.public_bytes(Encoding.PEM)
    (folder / "pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "pem")
    asking = ssl.create_default_context(cadata=pem.decode())
    return serving, asking


async def test_the_certificate_is_the_names_and_not_the_addresses(tmp_path: Path) -> None:
    serving, asking = _certificate("hooks.example", tmp_path)
    async with server((200, {}), tls=serving) as web:
        client = Http(allowed(("hooks.example", "other.example")), names(hooks_example="127.0.0.1", other_example="127.0.0.1"), lambda: asking)
        assert (await client.ask("GET", f"https://hooks.example:{web.port}/")).is_fine
        assert web.names == ["hooks.example"]
        with pytest.raises(NotReached, match=r"certificate of other\.example is not valid"):
            await client.ask("GET", f"https://other.example:{web.port}/")


# ---- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "file:///etc/passwd",
                                "http://[::1]/", "http://inside.example/"])
async def test_a_redirect_is_judged_as_any_address(to: str) -> None:
    async with server((302, b"", {"location": to})) as web:
        asking = http_knowing("start.example", start_example="127.0.0.1", inside_example="192.168.0.1")
        with pytest.raises(NotReached) as refused:
            await asking.ask("GET", f"http://start.example:{web.port}/", Rules(allow_http=True))
        assert refused.value.is_refused


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async with server(*[(302, b"", {"location": f"/{n}"}) for n in range(3)], (200, {})) as web:
        assert (await http_knowing().ask("GET", f"{web.url}/start", PRIVATE)).is_fine
        assert [each.path for each in web.asked] == ["/start", "/0", "/1", "/2"]
    async with server((302, b"", {"location": "/again"})) as web:
        with pytest.raises(NotReached, match="more than 3 times"):
            await http_knowing().ask("GET", web.url, PRIVATE)
        assert len(web.asked) == 4


async def test_no_credential_goes_to_another_host_even_on_the_way_back() -> None:
    async with server((200, {})) as other, server((302, b"", {"location": f"{other.url}/x"})) as web:
        await http_knowing().ask("GET", web.url, PRIVATE, headers={"Authorization": "Bearer s", "X-Api-Key": "s", "Cookie": "s"})
        assert web.asked[0].headers["authorization"] == "Bearer s"
        assert set(other.asked[0].headers) <= {"host", "accept", "accept-encoding", "user-agent", "connection"}
        web.replies[:] = [(302, b"", {"location": f"{other.url}/x"}), (200, {})]
        other.replies[:] = [(302, b"", {"location": f"{web.url}/back"})]
        await http_knowing().ask("GET", web.url, PRIVATE, headers={"Authorization": "Bearer s"})
        assert web.asked[-1].path == "/back"
        assert "authorization" not in web.asked[-1].headers


async def test_what_is_sent_is_not_passed_on_to_another_host() -> None:
    async with server((200, {})) as other, server((307, b"", {"location": other.url})) as web:
        with pytest.raises(NotReached, match="redirects what is sent"):
            await http_knowing().ask("POST", web.url, PRIVATE, content=b"a key")
        assert other.asked == []


async def test_what_is_sent_is_sent_again_where_the_same_host_says_so() -> None:
    async with server((308, b"", {"location": "/v2"}), (202, {})) as web:
        got = await http_knowing().ask("POST", web.url, PRIVATE, content=b"body", headers={"Authorization": "s"})
        assert (got.status, [each.body for each in web.asked]) == (202, [b"body", b"body"])
    async with server((302, b"", {"location": "/login"})) as web:
        assert (await http_knowing().ask("POST", web.url, PRIVATE, content=b"body")).status == 302


# ---- answers that would hold us up -----------------------------------------------------------------------------------


async def test_an_answer_over_the_limit_is_cut_off() -> None:
    async with server((200, b"x" * 5000)) as web:
        with pytest.raises(NotReached, match="larger than 1 KiB"):
            await http_knowing().ask("GET", web.url, Rules(allow_private=True, allow_http=True, at_most=1024))


async def test_a_compressed_answer_is_not_inflated() -> None:
    async with server((200, gzip.compress(b"0" * 100_000), {"content-encoding": "gzip"})) as web:
        with pytest.raises(NotReached, match="compressed"):
            await http_knowing().ask("GET", web.url, PRIVATE)
        assert web.asked[0].headers["accept-encoding"] == "identity"


async def test_whoever_does_not_answer_is_not_waited_for() -> None:
    async with server(None) as web:
        quick = Rules(allow_private=True, allow_http=True, timeout=timedelta(seconds=0.05))
        with pytest.raises(NotReached, match=r"within 0\.05 seconds"):
            await http_knowing().ask("GET", web.url, quick)


async def test_whoever_does_not_listen_is_named() -> None:
    async with server() as web:
        port = web.port
    await asyncio.sleep(0)
    with pytest.raises(NotReached, match=r"no connection to 127\.0\.0\.1"):
        await http_knowing().ask("GET", f"http://127.0.0.1:{port}/", PRIVATE)


async def test_a_second_address_is_tried_where_the_first_does_not_listen() -> None:
    async with server() as web:
        asking = Http(allowed(("two.example",)), names(two_example=["127.0.0.2", "127.0.0.1"]))
        assert (await asking.ask("GET", f"http://two.example:{web.port}/", Rules(allow_http=True))).is_fine


async def test_no_proxy_and_no_cookie_is_taken(monkeypatch: Any) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with server((200, {}, {"set-cookie": "a=b"})) as web:
        client = http_knowing()
        for _ in range(2):
            assert (await client.ask("GET", web.url, PRIVATE)).is_fine
        assert "cookie" not in web.asked[1].headers


def test_the_limits_are_as_documented() -> None:
    assert http.LARGEST == 2**20
    assert http.REDIRECTS == 3
    assert (http.CONNECT.total_seconds(), http.TOTAL.total_seconds()) == (3, 10)
    assert addresses.literal("93.184.215.14") == ip_address("93.184.215.14")
