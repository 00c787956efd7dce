"""Asks PagerDuty, Opsgenie or Grafana Cloud IRM who is on call, by HTTP.

Sources: https://developer.pagerduty.com/api-reference/, "List all of the on-calls";
https://docs.opsgenie.com/docs/who-is-on-call-api;
https://grafana.com/docs/oncall/latest/oncall-api-reference/, schedules and users, which since OnCall became a
part of IRM is https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/reference/oncall-api/.
Every answer is read with suspicion: what lacks what we need is no answer.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from handlers.oncall.provider_words import VENDORS, is_vendors

TIMEOUT_S: Final = 5
AHEAD: Final = timedelta(days=30)
PAGES_AT_MOST, PER_PAGE, PEOPLE_AT_MOST = 10, 100, 20
BODY_AT_MOST: Final = 2 * 1024 * 1024
_SERVICE_ACCOUNT: Final = "glsa_"
"""So the tokens of Grafana's service accounts begin."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NoAnswer(Exception):
    """The other system did not say who is on call; the text is why, to stand in brackets."""


class _TokenRefused(NoAnswer):
    """It did answer, and does not know the token."""


@dataclass(frozen=True, slots=True)
class There:
    """A shift as the other system has it.

    Attributes:
        name: what the person is called there.
        others: further names of theirs there, such as an address.
        slack_id: their id in our chat where that system knows it, ``U012AB3CD``.
        begins, ends: None: it does not say.
    """

    name: str
    others: tuple[str, ...]
    slack_id: str | None
    begins: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Asking:
    """One system being asked for one schedule."""

    http: httpx.AsyncClient
    provider: Mapping[str, Any]
    token: str
    now: datetime
    level: int
    """Of an escalation policy: 1 is called first."""

    async def get(self, path: str, headers: Mapping[str, str],
                  params: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        """Raises NoAnswer unless it is a JSON object that was answered in time."""
        try:
            answer = await self.http.get(f"{self.provider['base_url']}{path}", headers=headers,
                                         params=httpx.QueryParams(tuple(params)),
                                         timeout=TIMEOUT_S, follow_redirects=False)
        except httpx.TimeoutException:
            raise NoAnswer(f"no answer within {TIMEOUT_S} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(f"no connection: {type(error).__name__}") from None
        if answer.status_code != 200:
            is_token = answer.status_code in (401, 403)
            raise (_TokenRefused if is_token else NoAnswer)(_meaning(answer, self.provider))
        if len(answer.content) > BODY_AT_MOST:
            raise NoAnswer("its answer is over 2 MiB")
        try:
            found = answer.json()
        except ValueError:
            kind = answer.headers.get("content-type", "").partition(";")[0] or "something else"
            raise NoAnswer(f"it answered {kind} instead of JSON") from None
        if not isinstance(found, dict):
            raise NoAnswer("its answer is not of the shape it documents")
        return found


async def ask(http: httpx.AsyncClient, provider: Mapping[str, Any], token: str, now: datetime,
              rank: int = 0) -> list[There]:
    """Who is on call there now and, where it tells, in the next 30 days; whom it names first counts.

    Raises NoAnswer. The token is sent to the vendor's own hosts and nowhere else.
    """
    vendor = VENDORS.get(provider["kind"])
    if vendor is None or not is_vendors(vendor, provider["base_url"]):
        raise NoAnswer("its address is none of the vendor's")
    try:
        return await _ASK[provider["kind"]](Asking(http, provider, token, now, rank + 1))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoAnswer("its answer is not of the shape it documents") from None


def _meaning(answer: httpx.Response, provider: Mapping[str, Any]) -> str:
    match answer.status_code:
        case 401 | 403:
            return f"{answer.status_code}: it does not take the token in {provider['token_env']}"
        case 404:
            return f"404: it has no schedule “{str(provider['schedule'])[:60]}”"
        case 429:
            return "429: it was asked too often"
        case code if 300 <= code < 400:
            return f"{code}: it sent us elsewhere, and the token does not go there"
    return f"status {answer.status_code}"


async def _pagerduty(asking: Asking) -> list[There]:
    """`more` is true as long as there are further pages; no start or end means that it is for good.

    A schedule counts as far as an escalation policy uses it. Of each person there is a reference only, which
    has no address, unless the whole of them is asked for.
    """
    schedule = str(asking.provider["schedule"])
    policy = schedule.removeprefix("policy:") if schedule.startswith("policy:") else None
    named = ("escalation_policy_ids[]", policy) if policy is not None else ("schedule_ids[]", schedule)
    headers = {"Authorization": f"Token token={asking.token}",
               "Accept": "application/vnd.pagerduty+json;version=2"}
    found, offset = list[There](), 0
    for _ in range(PAGES_AT_MOST):
        answer = await asking.get("/oncalls", headers, [
            named, ("include[]", "users"), ("since", asking.now.isoformat()),
            ("until", (asking.now + AHEAD).isoformat()), ("limit", str(PER_PAGE)), ("offset", str(offset))])
        entries = answer["oncalls"]
        for each in entries:
            if policy is None or each["escalation_level"] == asking.level:
                found.append(There(str(each["user"]["summary"]), _texts(each["user"].get("email")), None,
                                   _moment(each.get("start")), _moment(each.get("end"))))
        if not answer.get("more") or not entries:
            break
        offset += len(entries)
    return list(dict.fromkeys(found))


async def _opsgenie(asking: Asking) -> list[There]:
    """It tells who is on call now, by address, and not until when."""
    schedule = str(asking.provider["schedule"])
    kind = "id" if _UUID.fullmatch(schedule.lower()) else "name"
    answer = await asking.get(
        f"/v2/schedules/{quote(schedule, safe='')}/on-calls", {"Authorization": f"GenieKey {asking.token}"},
        [("scheduleIdentifierType", kind), ("flat", "true")])
    return [There(str(each), (), None, None, None) for each in answer["data"]["onCallRecipients"]]


async def _grafana(asking: Asking) -> list[There]:
    """Shifts by person, and for each person their id in Slack where they connected it.

    The token stands alone in its header. One of OnCall's own is known with its stack; one of a service
    account, which Grafana recommends, takes the stack's address beside it. Of Grafana's pages some write that
    one behind "Bearer" and some alone, so what is not taken in one way is tried in the other.
    """
    stack, schedule = asking.provider.get("stack_url"), quote(str(asking.provider["schedule"]), safe="")
    if asking.token.startswith(_SERVICE_ACCOUNT) and not stack:
        raise NoAnswer("a service account's token goes with the address of your Grafana: name it in the form")
    headers = {"Authorization": asking.token, **({"X-Grafana-URL": stack} if stack else {})}
    try:
        now = await asking.get(f"/api/v1/schedules/{schedule}/", headers)
    except _TokenRefused:
        if not stack:
            raise
        headers["Authorization"] = f"Bearer {asking.token}"
        now = await asking.get(f"/api/v1/schedules/{schedule}/", headers)
    rows: list[dict[str, Any]] = []
    for page in range(1, PAGES_AT_MOST + 1):
        answer = await asking.get(f"/api/v1/schedules/{schedule}/final_shifts", headers, [
            ("start_date", f"{asking.now.astimezone(UTC):%Y-%m-%d}"),
            ("end_date", f"{(asking.now + AHEAD).astimezone(UTC):%Y-%m-%d}"), ("page", str(page))])
        rows += answer["results"]
        if not answer.get("next"):
            break
    shifts = [(row["user_pk"], _moment(row["shift_start"]), _moment(row["shift_end"])) for row in rows]
    on_now = [str(each) for each in now.get("on_call_now") or ()]
    told = {pk for pk, begins, ends in shifts if begins and ends and begins <= asking.now < ends}
    shifts = [(pk, None, None) for pk in on_now if pk not in told] + sorted(
        shifts, key=lambda shift: (shift[0] not in on_now, str(shift[1])))
    people: dict[str, There] = {}
    for pk in list(dict.fromkeys(pk for pk, _, _ in shifts))[:PEOPLE_AT_MOST]:
        user = await asking.get(f"/api/v1/users/{quote(str(pk), safe='')}/", headers)
        people[pk] = There(str(user["username"]), _texts(user.get("email")), _slack(user.get("slack")),
                           None, None)
    return [There(people[pk].name, people[pk].others, people[pk].slack_id, begins, ends)
            for pk, begins, ends in shifts if pk in people]


def _slack(said: Any) -> str | None:
    """The id in Slack: a list of accounts, or one."""
    first = said[0] if isinstance(said, list) and said else said
    found = first.get("user_id") if isinstance(first, dict) else None
    return found if isinstance(found, str) and re.fullmatch(r"[UW][A-Z0-9]{2,30}", found) else None


def _texts(*said: Any) -> tuple[str, ...]:
    return tuple(each for each in said if isinstance(each, str) and each)


def _moment(said: str | None) -> datetime | None:
    if said is None:
        return None
    moment = datetime.fromisoformat(said)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)


_ASK: Final[Mapping[str, Callable[[Asking], Awaitable[list[There]]]]] = {
    "pagerduty": _pagerduty, "opsgenie": _opsgenie, "grafana": _grafana}
