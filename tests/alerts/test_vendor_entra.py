"""Tokens of Entra ID: what Azure's services prove themselves by is checked to the last claim, and nothing else lets in."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.web import web_app
from handlers.alerts.fetching import KEYS_AGAIN, KEYS_FRESH, KEYS_KEPT, Fetching
from handlers.alerts.hooks import Hooks
from handlers.alerts.sources import Sources
from handlers.alerts.vendors import VENDORS, azure_monitor, entra, event_grid
from handlers.alerts.vendors.contract import NotGenuine
from handlers.chat.errors import Refused
from handlers.web.http import STRICT, Got, NotReached, Rules
from tests.alerts.bodies import NOON, case
from tests.alerts.books import Books
from tests.alerts.calling import SECRET, incoming, settings
from tests.alerts.stage import OPS, settled, source
from tests.alerts.test_fetching import Web
from tests.alerts.web import http
from tests.conftest import FrozenClock
from tests.world import TEAM, World

TENANT, OTHER = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", "72f988bf-86f1-41af-91ab-2d7cd011db47"
APP = "6e74172b-be56-4843-9ff4-e66a39bb12e3"
SET = {"tenant": TENANT, "audience": f"{APP} api://{APP}"}
KEYS = f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"
MINE, ANOTHER = generate_private_key(65537, 2048), generate_private_key(65537, 2048)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk(key: RSAPrivateKey, kid: str = "k1", **said: Any) -> dict[str, Any]:
    """As Entra ID shows its keys."""
    numbers = key.public_key().public_numbers()
    n, e = (b64(each.to_bytes((each.bit_length() + 7) // 8)) for each in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "n": n, "e": e,
            "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", **said}


def keys(*found: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(found or (jwk(MINE),))}).encode()


def claims(at: Any = NOON, sender: entra.Sender = azure_monitor.SENDER, **said: Any) -> dict[str, Any]:
    """Of a token of the second version; what is None is left out."""
    now = int(at.timestamp())
    found = {"aud": APP, "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "iat": now, "nbf": now, "exp": now + 4500,
             "azp": sender.app, "azpacr": "2", "roles": [sender.role], "tid": TENANT, "ver": "2.0", **said}
    return {name: value for name, value in found.items() if value is not None}


def of_version_1(**said: Any) -> dict[str, Any]:
    return claims(azp=None, appid=azure_monitor.SENDER.app, iss=f"https://sts.windows.net/{TENANT}/", aud=f"api://{APP}", ver="1.0", **said)


def token(said: Mapping[str, Any], key: RSAPrivateKey = MINE, **head: Any) -> str:
    signed = f"{b64(json.dumps({'typ': 'JWT', 'alg': 'RS256', 'kid': 'k1', **head}).encode())}.{b64(json.dumps(said).encode())}"
    return f"{signed}.{b64(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def refusal(text: str, fetched: bytes | None = None, at: Any = NOON, options: Mapping[str, Any] = SET) -> str | None:
    """Why a request of Azure Monitor is refused; None: it is let in."""
    vendor = VENDORS["azure_monitor"]
    asked = incoming({}, headers=bearer(text), query={"token": SECRET}, at=at, fetched=keys() if fetched is None else fetched)
    try:
        vendor.needs(asked, settings(options))
        vendor.check(asked, settings(options))
    except NotGenuine as error:
        assert SECRET not in str(error)
        return str(error)
    return None


# ---- what lets in


@pytest.mark.parametrize(("said", "where"), [(claims(), KEYS), (of_version_1(), KEYS.replace("v2.0/", "")), (claims(aud=f"api://{APP}"), KEYS)])
def test_a_token_of_either_version_proves_azure_monitor_by_the_keys_of_its_version(said: dict[str, Any], where: str) -> None:
    vendor = VENDORS["azure_monitor"]
    asked = incoming({}, headers=bearer(token(said)), fetched=keys())
    assert vendor.needs(asked, settings(SET)) == where
    vendor.check(asked, settings(SET))


def test_event_grid_is_proved_in_the_same_way_and_neither_passes_for_the_other() -> None:
    grid, said = VENDORS["event_grid"], claims(sender=event_grid.SENDER)
    grid.check(incoming([], headers=bearer(token(said)), fetched=keys()), settings(SET))
    with pytest.raises(NotGenuine, match="another service than Microsoft"):
        grid.check(incoming([], headers=bearer(token(claims())), fetched=keys()), settings(SET))
    assert "another service" in (refusal(token(said)) or "")


def test_the_secret_counts_only_where_no_tenant_is_set() -> None:
    for name in ("azure_monitor", "event_grid"):
        asked = incoming({}, query={"token": SECRET})
        assert VENDORS[name].needs(asked, settings()) is None
        VENDORS[name].check(asked, settings())
        for options in (SET, {"tenant": TENANT}, {"audience": APP}, {"tenant": "common", "audience": APP}):
            for step in (VENDORS[name].needs, VENDORS[name].check):
                with pytest.raises(NotGenuine):
                    step(asked, settings(options))


@pytest.mark.parametrize("shift", [-4, 4, 79])
def test_a_clock_may_be_some_minutes_off(shift: int) -> None:
    assert refusal(token(claims()), at=NOON + timedelta(minutes=shift)) is None


# ---- what does not


@pytest.mark.parametrize(("said", "why"), [
    (claims(aud="00000003-0000-0000-c000-000000000000"), "another application"), (claims(aud=[APP]), "another application"),
    (claims(aud=None), "another application"), (claims(aud=APP.upper()), "another application"),
    (claims(iss=f"https://login.microsoftonline.com/{OTHER}/v2.0", tid=OTHER), "not of this source's `tenant`"),
    (claims(tid=OTHER), "not of this source's `tenant`"), (claims(iss=None), "not of this source's `tenant`"),
    (claims(iss=f"https://login.microsoftonline.com.evil.example/{TENANT}/v2.0"), "not of this source's `tenant`"),
    (claims(azp=APP), "another service"), (claims(azp=None), "another service"), (claims(appid=APP), "another service"),
    (claims(roles=["Reader"]), "role ActionGroupsSecureWebhook"), (claims(roles=None), "role ActionGroupsSecureWebhook"),
    (claims(roles="ActionGroupsSecureWebhook"), "role ActionGroupsSecureWebhook"),
    (claims(exp=None), "does not say when"), (claims(exp="1795520000"), "does not say when"), (claims(exp=True), "does not say when"),
    (claims(exp=1e9), "does not say when"), (claims(exp=10**400), "does not say when"), (claims(nbf="x"), "does not say when"),
    (claims(NOON - timedelta(hours=2)), "expired"), (claims(NOON + timedelta(minutes=6)), "not valid yet")])
def test_a_token_that_is_another_s_or_out_of_date_is_refused_and_its_keys_are_not_fetched(said: dict[str, Any], why: str) -> None:
    assert why in (refusal(token(said)) or "")
    with pytest.raises(NotGenuine, match=why):
        VENDORS["azure_monitor"].needs(incoming({}, headers=bearer(token(said))), settings(SET))


def test_a_token_signed_with_another_key_is_refused() -> None:
    assert refusal(token(claims(), ANOTHER)) == "The token's signature does not fit it."
    assert "none of the tenant's" in (refusal(token(claims(), kid="k2")) or "")
    for none in (None, "", ["k1"]):
        assert "does not name the key" in (refusal(token(claims(), kid=none), keys(jwk(MINE, none))) or "")  # type: ignore[arg-type]


def test_a_word_that_was_changed_after_signing_is_noticed() -> None:
    head, _, signature = token(claims(roles=["Reader"])).split(".")
    assert refusal(f"{head}.{b64(json.dumps(claims()).encode())}.{signature}") == "The token's signature does not fit it."


def test_no_algorithm_but_rs256_counts_whatever_the_token_says() -> None:
    """Unsigned; signed by HMAC with the public key in each of its spellings; signed by RSA with another digest."""
    said, public = b64(json.dumps(claims()).encode()), MINE.public_key()
    for alg in ("none", "None", "", None, ["RS256"]):
        head = b64(json.dumps({"alg": alg, "kid": "k1"}).encode())
        for signature in ("", "AA", b64(MINE.sign(f"{head}.{said}".encode(), PKCS1v15(), SHA256()))):
            assert refusal(f"{head}.{said}.{signature}") is not None
    shared = [public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo) for encoding in (Encoding.PEM, Encoding.DER)]
    for secret in (*shared, jwk(MINE)["n"].encode(), SECRET.encode()):
        for alg in ("HS256", "RS256"):
            signed = f"{b64(json.dumps({'alg': alg, 'kid': 'k1'}).encode())}.{said}"
            assert refusal(f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}") is not None
    signed = f"{b64(json.dumps({'alg': 'RS512', 'kid': 'k1'}).encode())}.{said}"
    assert "RS256" in (refusal(f"{signed}.{b64(MINE.sign(signed.encode(), PKCS1v15(), SHA512()))}") or "")
    assert "RS256" in (refusal(token(claims(), crit=["exp"])) or "")


def test_a_key_in_the_token_itself_is_not_looked_at() -> None:
    """Neither is one that the token says lies elsewhere."""
    forged = token(claims(), ANOTHER, jwk=jwk(ANOTHER), jku="https://evil.example/keys", x5u="https://evil.example/x.pem")
    assert refusal(forged) == "The token's signature does not fit it."
    assert VENDORS["azure_monitor"].needs(incoming({}, headers=bearer(forged)), settings(SET)) == KEYS


@pytest.mark.parametrize("found", [
    jwk(MINE, issuer=f"https://login.microsoftonline.com/{OTHER}/v2.0"), jwk(MINE, use="enc"), jwk(MINE, kty="oct"), jwk(MINE, n="AQAB"),
    jwk(MINE, n=""), jwk(MINE, e="!"), jwk(MINE, n=None), jwk(generate_private_key(65537, 1024)), {}])
def test_a_key_that_is_for_something_else_does_not_count(found: dict[str, Any]) -> None:
    assert "none of the tenant's" in (refusal(token(claims()), keys(found)) or "")
    assert refusal(token(claims()), keys(found, jwk(MINE))) is None


@pytest.mark.parametrize("text", ["", "x", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "e30.e30.e30", "bnVsbA.bnVsbA.AA", "x" * 20_000,
                                  f"{b64(b'[' * 5000)}.e30.AA", f"{b64(bytes(range(128, 250)))}.e30.AA"])
def test_what_is_no_token_is_refused_in_one_sentence(text: str) -> None:
    said = refusal(text)
    assert said is not None and said.count(". ") == 0 and len(said) < 200
    assert refusal(token(claims()), b"<html>") == "The tenant's keys could not be read."


@pytest.mark.parametrize("header", ["{}", "Basic {}", "Token {}", "Bearer", "Bearer {} {}"])
def test_a_token_stands_behind_bearer_and_nowhere_else(header: str) -> None:
    right = token(claims())
    for asked in (incoming({}, headers={"authorization": header.format(right, right)}, fetched=keys()),
                  incoming({}, query={"token": right, "access_token": right}, fetched=keys())):
        with pytest.raises(NotGenuine, match="takes a token of Entra ID alone"):
            VENDORS["azure_monitor"].check(asked, settings(SET))


def test_a_token_longer_than_any_is_not_read() -> None:
    assert refusal(token(claims(groups=["x" * 1000] * 11))) is None
    assert "takes a token of Entra ID alone" in (refusal(token(claims(groups=["x" * 1000] * 13))) or "")


# ---- keys that change


class Slow(Web):
    """Others may ask while it answers."""

    async def ask(self, method: str, url: str, rules: Rules = STRICT) -> Got:
        await asyncio.sleep(0)
        return await super().ask(method, url, rules)


def fetching(clock: Any, *answers: Got | NotReached) -> tuple[Fetching, Web]:
    web = Slow(*answers)
    return Fetching(web, clock), web  # type: ignore[arg-type]


async def test_keys_are_fetched_once_in_five_minutes_however_many_ask_at_once() -> None:
    clock = FrozenClock()
    fetch, web = fetching(clock, Got(200, keys()), Got(200, keys(jwk(ANOTHER, "k2"))))
    assert await asyncio.gather(*(fetch(KEYS) for _ in range(20))) == [keys()] * 20
    clock.now += KEYS_FRESH - timedelta(seconds=1)
    await fetch(KEYS)
    assert web.asked == [KEYS]
    clock.now += timedelta(seconds=1)
    assert await fetch(KEYS) == keys(jwk(ANOTHER, "k2")), "a new key is known five minutes later"
    assert len(web.asked) == 2


async def test_the_last_keys_count_for_a_day_while_their_address_does_not_answer() -> None:
    clock = FrozenClock()
    fetch, web = fetching(clock, Got(200, keys()), NotReached("login.microsoftonline.com does not answer"))
    await fetch(KEYS)
    clock.now += KEYS_FRESH
    for _ in range(5):
        assert await fetch(KEYS) == keys()
    assert len(web.asked) == 2, "after a failure it is left alone for half a minute"
    clock.now += KEYS_AGAIN
    assert await fetch(KEYS) == keys()
    assert len(web.asked) == 3
    clock.now += KEYS_KEPT
    for _ in range(2):
        with pytest.raises(NotReached, match="does not answer"):
            await fetch(KEYS)
    assert len(web.asked) == 4


@pytest.mark.parametrize("answer", [Got(404, keys()), Got(302, b"", {"location": "https://evil.example/"}), Got(200, b"<html>"), Got(200, b"[]"),
                                    Got(200, b'{"keys": []}'), Got(200, b'{"keys": {}}'), Got(200, b"[" * 100_000)])
async def test_what_are_no_keys_is_not_kept(answer: Got) -> None:
    clock = FrozenClock()
    fetch, _ = fetching(clock, answer, Got(200, keys()))
    with pytest.raises(NotReached):
        await fetch(KEYS)
    clock.now += KEYS_AGAIN
    assert await fetch(KEYS) == keys()


@pytest.mark.parametrize("url", [KEYS.replace("https", "http"), KEYS.replace(".com", ".com.evil.example"), KEYS.replace(TENANT, "common"),
                                 KEYS.replace(TENANT, ".."), f"{KEYS}?appid=1", f"{KEYS}#x", KEYS.replace("login", "user@login")])
async def test_keys_are_fetched_from_a_tenant_s_own_address_alone(url: str) -> None:
    fetch, web = fetching(FrozenClock(), Got(200, keys()))
    with pytest.raises(NotReached, match="no vendor's"):
        await fetch(url)
    assert web.asked == []


async def test_a_name_that_leads_into_our_own_network_is_not_asked() -> None:
    fetch = Fetching(http(login_microsoftonline_com="169.254.169.254"), FrozenClock())
    with pytest.raises(NotReached, match="where machines keep secrets"):
        await fetch(KEYS)


# ---- at the door


async def arrived(books: Books, fetch: Any, text: str = "") -> Any:
    hooks = Hooks(books.store, books.clock, books.intake, TEAM, fetch)
    body = json.dumps(case("azure_monitor/metric_fired").body).encode()
    return await hooks.received("azure", "POST", bearer(text) if text else {}, {"token": SECRET}, body)


async def test_a_secure_webhook_is_taken_in_and_one_without_a_token_is_not(books: Books) -> None:
    await books.source("azure", "azure_monitor", **SET)
    fetch, web = fetching(books.clock, Got(200, keys()))
    for text in ("", SECRET, token(claims(books.clock(), roles=[]))):
        answer = await arrived(books, fetch, text)
        assert answer.status == 401 and answer.body.endswith(".") and "\n" not in answer.body
    assert web.asked == [], "nobody has us ask Microsoft who does not at least claim the right things"
    assert await books.alerts() == []
    answer = await arrived(books, fetch, token(claims(books.clock())))
    assert (answer.status, answer.body) == (200, "1 taken in, 1 new.")
    assert web.asked == [KEYS]


async def test_over_http_a_token_opens_the_door_and_the_alert_is_shown(seen: World) -> None:
    """As the bot is wired; only the network is ours."""
    await source(seen, "azure", "azure_monitor", **SET)
    assert isinstance(seen.parts.hooks.fetch, Fetching)
    fetch, web = fetching(seen.clock, Got(200, keys()))
    parts = replace(seen.parts, hooks=replace(seen.parts.hooks, fetch=fetch))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web_app(parts)), base_url="https://bot") as client:
        def call(headers: dict[str, str]) -> Any:
            return client.post(f"/alerts/azure?token={SECRET}", json=case("azure_monitor/metric_fired").body, headers=headers)

        assert (await call({})).status_code == 401
        assert (await call(bearer(token(claims(seen.clock()), ANOTHER)))).status_code == 401
        answer = await call(bearer(token(claims(seen.clock()))))
    assert (answer.status_code, answer.text, web.asked) == (200, "1 taken in, 1 new.", [KEYS])
    await settled(seen)
    assert any("p99 latency above 500 ms" in each.plain for each in seen.sandbox.shown(OPS))


async def test_made_up_keys_have_us_ask_once(books: Books) -> None:
    await books.source("azure", "azure_monitor", **SET)
    fetch, web = fetching(books.clock, Got(200, keys()))
    for n in range(20):
        assert (await arrived(books, fetch, token(claims(books.clock()), ANOTHER, kid=f"made-up-{n}"))).status == 401
    assert web.asked == [KEYS]


async def test_where_the_keys_cannot_be_had_azure_is_asked_to_send_again(books: Books) -> None:
    """503 and not 401: Azure tries again after the one, and gives up after the other."""
    await books.source("azure", "azure_monitor", **SET)
    fetch, _ = fetching(books.clock, NotReached("login.microsoftonline.com does not answer"), Got(200, keys()))
    answer = await arrived(books, fetch, token(claims(books.clock())))
    assert answer.status == 503 and answer.headers["retry-after"] == "30"
    books.clock.advance(seconds=30)
    assert (await arrived(books, fetch, token(claims(books.clock())))).status == 200


@pytest.mark.parametrize(("options", "says"), [
    ({"tenant": TENANT}, "audience takes the ID of your application"), ({"audience": APP}, "tenant takes the tenant's ID"),
    ({"tenant": "contoso.onmicrosoft.com", "audience": APP}, "tenant takes the tenant's ID"), ({"tenant": 7, "audience": APP}, "tenant takes"),
    ({"tenant": TENANT, "audience": ""}, "audience takes"), ({"tenant": TENANT, "audience": 7}, "audience takes")])
async def test_half_of_it_is_refused_when_the_source_is_added(books: Books, options: dict[str, Any], says: str) -> None:
    sources = Sources(books.store, books.clock, TEAM)
    with pytest.raises(Refused, match=says):
        await sources.add("azure", "azure_monitor", options=options)
    await sources.add("azure", "azure_monitor", options={"tenant": TENANT.upper(), "audience": [APP, f"api://{APP}"]})
    fetch, _ = fetching(books.clock, Got(200, keys()))
    assert (await arrived(books, fetch, token(claims(books.clock())))).status == 200
