"""On-call kept by another system: each vendor's answer read, and every way in which it does not come is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from handlers.chat.errors import Refused
from handlers.oncall.asking import Providers
from handlers.oncall.forms import provider_in
from handlers.oncall.provider_words import VENDORS, is_vendors, read_provider
from handlers.oncall.providers import NoAnswer, There, ask
from handlers.oncall.standing import on_call
from storage import oncall
from storage.alerting import Rotation
from tests.world import TEAM, World

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
ENDS = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
PAGERDUTY = {"kind": "pagerduty", "schedule": "PI7DH85", "token_env": "ONCALL_PD", "base_url": "https://api.pagerduty.com"}
OPSGENIE = {"kind": "opsgenie", "schedule": "Claims / first", "token_env": "ONCALL_OG", "base_url": "https://api.opsgenie.com"}
GRAFANA = {"kind": "grafana", "schedule": "SBM7DV7BKFUYU", "token_env": "ONCALL_GF", "base_url": "https://oncall.grafana.net/oncall"}
Handler = Callable[[httpx.Request], httpx.Response]


def entry(name: str, begins: str | None, ends: str | None, level: int = 1, **user: str) -> dict[str, Any]:
    """One entry of PagerDuty's answer, of its documented shape."""
    return {"user": {"id": "PT23IWX", "type": "user_reference", "summary": name, **user}, "schedule": {"id": "PI7DH85"},
            "escalation_policy": {"id": "PT20YPA"}, "escalation_level": level, "start": begins, "end": ends}


async def asked(provider: dict[str, Any], handler: Handler, rank: int = 0, token: str = "s3cret") -> list[There]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        return await ask(http, provider, token, NOW, rank)


async def test_pagerduty_is_read_over_all_pages_and_for_good_where_it_says_no_end() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        first = request.url.params["offset"] == "0"
        whole = {"type": "user", "email": "ana@x"} if request.url.params.get("include[]") == "users" else {}
        page = [entry("Ana Ruiz", "2026-11-23T09:00:00+01:00", "2026-11-24T17:00:00+01:00", **whole)] if first else [
            entry("Tom Weber", None, None)]
        return httpx.Response(200, json={"oncalls": page, "limit": 100, "offset": 0, "more": first, "total": None})

    found = await asked(PAGERDUTY, handler)
    assert [each.others for each in found] == [("ana@x",), ()]
    assert [(each.name, each.begins, each.ends) for each in found] == [
        ("Ana Ruiz", datetime(2026, 11, 23, 8, tzinfo=UTC), ENDS), ("Tom Weber", None, None)]
    assert [(request.url.params["offset"], request.url.params["schedule_ids[]"]) for request in seen] == [
        ("0", "PI7DH85"), ("1", "PI7DH85")]
    assert seen[0].headers["authorization"] == "Token token=s3cret"
    assert seen[0].headers["accept"] == "application/vnd.pagerduty+json;version=2"
    policy = {**PAGERDUTY, "schedule": "policy:PT20YPA"}
    levels = {"oncalls": [entry("Ana", None, None, 1), entry("Tom", None, None, 2)], "more": False}
    assert [each.name for each in await asked(policy, lambda _: httpx.Response(200, json=levels), rank=1)] == ["Tom"]


async def test_opsgenie_tells_who_and_not_until_when() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path == (b"/v2/schedules/Claims%20%2F%20first/on-calls?scheduleIdentifierType=name&flat=true")
        assert request.headers["authorization"] == "GenieKey s3cret"
        return httpx.Response(200, json={"data": {"_parent": {"id": "d8", "name": "Claims / first", "enabled": True},
                                                  "onCallRecipients": ["ana@northwind.example"]}, "took": 0.1, "requestId": "x"})

    assert await asked(OPSGENIE, handler) == [There("ana@northwind.example", (), None, None, None)]


def grafana(request: httpx.Request) -> httpx.Response:
    """As its documentation has it: addresses end in a slash, but for the shifts; a token of a service account needs its stack."""
    token, stack = request.headers["authorization"], request.headers.get("x-grafana-url")
    if (token, stack) not in (("s3cret", None), ("glsa_s3cret", "https://northwind.grafana.net"),
                              ("Bearer glsa_another", "https://northwind.grafana.net")):
        return httpx.Response(403, json={"detail": "Invalid token."})
    path = request.url.path.removeprefix("/oncall/api/v1/")
    if not path.endswith(("/", "/final_shifts")):
        return httpx.Response(301, headers={"location": f"{request.url.path}/"})
    shift = {"user_pk": "U4DNY931HHJS5", "user_email": "a@x", "user_username": "ana", "shift_start": "2026-11-24T08:00:00Z",
             "shift_end": "2026-11-24T16:00:00Z"}
    paging = {"current_page_number": 1, "page_size": 50, "total_pages": 1}
    return httpx.Response(200, json={
        "schedules/SBM7DV7BKFUYU": {"id": "SBM7DV7BKFUYU", "on_call_now": ["U4DNY931HHJS5"]},
        "schedules/SBM7DV7BKFUYU/final_shifts": {"count": 1, "next": None, "previous": None, "results": [shift], **paging},
        "users/U4DNY931HHJS5": {"id": "U4DNY931HHJS5", "email": "a@x", "username": "ana",
                                "slack": [{"user_id": "U0ANARZ00", "team_id": "T0SANDBOX"}]}}[path.rstrip("/")])


async def test_grafana_tells_the_id_in_slack() -> None:
    ana = There("ana", ("a@x",), "U0ANARZ00", datetime(2026, 11, 24, 8, tzinfo=UTC), ENDS)
    assert await asked(GRAFANA, grafana) == [ana]
    stack = {**GRAFANA, **read_provider(**GRAFANA, stack_url="https://northwind.grafana.net/")}
    assert await asked(stack, grafana, token="glsa_s3cret") == [ana]
    assert await asked(stack, grafana, token="glsa_another") == [ana], "one that is only taken behind Bearer"
    for provider, token in ((stack, "glsa_wrong"), (GRAFANA, "wrong")):
        with pytest.raises(NoAnswer, match="403: it does not take the token in ONCALL_GF"):
            await asked(provider, grafana, token=token)


async def test_a_token_of_grafana_s_service_account_is_said_to_need_the_stack_before_it_is_sent() -> None:
    with pytest.raises(NoAnswer, match="goes with the address of your Grafana"):
        await asked(GRAFANA, lambda _: pytest.fail("it was asked"), token="glsa_s3cret")


def _slow(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


def _down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(("answer", "why"), [
    (httpx.Response(401, json={"error": {"code": 2006}}), "401: it does not take the token in ONCALL_PD"),
    (httpx.Response(404), "404: it has no schedule “PI7DH85”"),
    (httpx.Response(429, headers={"retry-after": "30"}), "429: it was asked too often"),
    (httpx.Response(302, headers={"location": "http://169.254.169.254/"}), "302: it sent us elsewhere"),
    (httpx.Response(500), "status 500"),
    (httpx.Response(200, html="<html>maintenance</html>"), "it answered text/html instead of JSON"),
    (httpx.Response(200, json=[]), "not of the shape"), (httpx.Response(200, json={}), "not of the shape"),
    (httpx.Response(200, json={"oncalls": [{"user": None}]}), "not of the shape"),
    (httpx.Response(200, json={"oncalls": [entry("Ana", "yesterday", None)]}), "not of the shape"),
    (_slow, "no answer within 5 seconds"), (_down, "no connection: ConnectError"),
])
async def test_what_is_no_answer_is_said(answer: httpx.Response | Handler, why: str) -> None:
    with pytest.raises(NoAnswer) as error:
        await asked(PAGERDUTY, answer if callable(answer) else lambda _: answer)
    assert why in str(error.value)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("url", [
    "http://api.pagerduty.com", "https://evil.example", "https://api.pagerduty.com.evil.example", "https://api.pagerduty.com@evil.example",
    "https://api.pagerduty.com:8443", "https://169.254.169.254", "https://evil.example\\.grafana.net", "https://grafana.net", "https://[::1", ""])
async def test_a_token_goes_to_its_vendor_and_nowhere_else(url: str) -> None:
    assert not any(is_vendors(vendor, url) for vendor in VENDORS.values())
    with pytest.raises(NoAnswer):
        await asked({**PAGERDUTY, "base_url": url}, lambda _: pytest.fail("it was asked"))


@pytest.mark.parametrize(("field", "value"), [
    ("kind", "zabbix"), ("schedule", ""), ("token_env", "GROUNDCREW_SLACK_BOT_TOKEN"), ("token_env", "u+abcdefg"), ("token_env", ""),
    ("base_url", "https://evil.example"), ("base_url", "http://api.pagerduty.com")])
def test_a_provider_that_cannot_be_is_refused_at_its_field(field: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        read_provider(**{**PAGERDUTY, field: value})  # type: ignore[arg-type]
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize("url", ["https://evil.example", "http://northwind.grafana.net", "https://northwind.grafana.net/d/1", "northwind"])
def test_the_stack_of_grafana_is_one_of_its_own_and_other_systems_have_none(url: str) -> None:
    with pytest.raises(Refused) as refused:
        read_provider(**GRAFANA, stack_url=url)
    assert set(refused.value.fields) == {"stack_url"}
    assert "stack_url" not in read_provider(**PAGERDUTY, stack_url=url)
    filled = {**GRAFANA, "stack_url": "https://northwind.grafana.net", "people": ""}
    assert provider_in(filled)[0] == {**GRAFANA, "stack_url": "https://northwind.grafana.net"}
    assert provider_in({**filled, "stack_url": ""})[0] == GRAFANA


async def test_the_last_answer_counts_as_far_as_it_reaches_and_that_is_said(ops: World) -> None:
    """Asked once a minute; nothing waits for it; what is said of a token is its name."""
    state: dict[str, Any] = {"answer": {"oncalls": [
        entry("Ana Ruiz", "2026-11-24T08:00:00Z", "2026-11-24T16:00:00Z"), entry("Ben, elsewhere", "2026-11-24T16:00:00Z", None)],
        "more": False}, "asked": 0, "token": "s3cret"}

    def handler(request: httpx.Request) -> httpx.Response:
        state["asked"] += 1
        return httpx.Response(200, json=state["answer"]) if state["answer"] else httpx.Response(503)

    parts = ops.parts
    for who in ("ana", "tom"):
        await parts.people.known(TEAM, f"slack:{ops.sandbox.user_id(who)}")
    ops.clock.now = NOW
    async with parts.store.begin() as session:
        session.add(Rotation(workspace_id=TEAM, name="Claims", name_key="claims", zone="Europe/Berlin", made_by="slack:U1", made_at=NOW,
                             provider={**PAGERDUTY, "people": {}}, ask_at=NOW))
    providers = Providers(parts.store, ops.clock, parts.people, lambda name: state["token"] if name == "ONCALL_PD" else None,
                          lambda: httpx.AsyncClient(transport=httpx.MockTransport(handler)))

    async def now() -> tuple[str | None, str]:
        async with parts.store.reading() as session:
            found = await on_call(session, TEAM, None, ops.clock())
            return found.person and found.person.name, found.said

    assert await now() == (None, "PagerDuty was not asked yet.")
    assert await providers.sweep() == 1
    assert await now() == ("Ana Ruiz", "")
    assert (await providers.sweep(), state["asked"]) == (0, 1), "once a minute"
    ops.clock.now = NOW + timedelta(minutes=2)
    state["answer"] = None
    await providers.sweep()
    failing = "PagerDuty does not answer since 14:02 (Europe/Berlin) (status 503)"
    assert await now() == ("Ana Ruiz", f"{failing}; as of then Ana Ruiz was on call until 17:00 (Europe/Berlin).")
    ops.clock.now = ENDS + timedelta(minutes=1)
    await providers.sweep()
    who, said = await now()
    assert who is None
    assert said.startswith(failing)
    assert "PagerDuty says that Ben, elsewhere is on call in “Claims”, and I do not know who that is here" in said
    ops.clock.now = ENDS + timedelta(hours=13)
    state["token"] = None
    await providers.sweep()
    assert await now() == (None, "PagerDuty does not answer since 14:02 (Europe/Berlin) (ONCALL_PD is not set where I run), and what it "
                                 "said before does not reach until now.")
    # Whoever is named otherwise there is found by the rotation's own list; a change of ours goes over it.
    state["answer"] = {"oncalls": [entry("t.weber", None, None)], "more": False}
    state["token"] = "s3cret"
    async with parts.store.begin() as session:
        row = (await oncall.rotations(session, TEAM))[0]
        row.provider, row.ask_at = {**PAGERDUTY, "people": {"t.weber": f"slack:{ops.sandbox.user_id('tom')}"}}, ops.clock()
    await providers.sweep()
    assert await now() == ("Tom Weber", "")
    shown = await ops.type("tom", "/oncall rotation claims")
    assert "Kept by PagerDuty, schedule `PI7DH85`" in shown
    assert "s3cret" not in json.dumps((row.provider, row.heard))
