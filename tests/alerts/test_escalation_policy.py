"""The section `escalation` of an admin's file: what it says, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.library import File, alert_policies_of
from handlers.alerts import working
from handlers.alerts.chains import snapshot
from handlers.alerts.escalation_policy import EscalationPolicy, Level
from handlers.fields import FileErrors
from handlers.people.calendar import Calendar


def read(text: str) -> EscalationPolicy:
    return alert_policies_of(File("alerts.yaml", f"schema: 1\npolicy: alerts\nescalation:\n{text}")).escalation


def faults(text: str) -> list[str]:
    with pytest.raises(FileErrors) as found:
        read(text)
    return [str(fault) for fault in found.value.faults]


def test_the_file_that_comes_with_the_bot_says_what_the_code_does() -> None:
    assert alert_policies_of(None).escalation == EscalationPolicy()


def test_an_admin_says_only_what_is_different() -> None:
    policy = read("""
  critical:
    levels: [on_call, {to: lead, wait: 10m, page: duty}, "channel:C0123ABCD", U0123ABCD]
    unacknowledge: never
  user_group: S0123ABCD
""")
    assert policy.critical.levels == (Level("on_call"), Level("lead", timedelta(minutes=10), "duty"),
                                      Level("channel:C0123ABCD"), Level("person:slack:U0123ABCD"))
    assert policy.critical.unacknowledge is None
    assert policy.critical.limit == timedelta(minutes=5)
    assert policy.error == EscalationPolicy().error
    assert policy.user_group == "S0123ABCD"


def test_a_row_of_service_levels_fits_whole_values() -> None:
    policy = read("""
  sla:
    - {match: {model: "churn-.*", severity: critical}, metric: AUC, text: "Roll back below 0.7", ack: 30m, person: U0123ABCD}
    - {match: {model: churn-xgb}, text: "Ana looks", ack: 4h}
""")
    first, second = policy.sla
    assert (first.number, first.metric, first.ack, first.person) == (1, "AUC", timedelta(minutes=30), "slack:U0123ABCD")
    assert policy.row({"model": "churn-xgb", "severity": "critical"}) == first
    assert policy.row({"model": "churn-xgb", "severity": "error"}) == second
    assert policy.row({"model": "my-churn-xgb"}) is None


@pytest.mark.parametrize(("text", "said"), [
    ("  critical: {limit: 5 minutes}", "`limit` is `5 minutes`; write a time from 1m to 14d, such as `5m` or `4h`, or `never`."),
    ("  critical: {limit: 2s}", "`limit` is `2s`; write a time from 1m to 14d"),
    ("  critical: {levels: [on-call]}", "`levels` cannot hold `on-call`; write `on_call`. Valid are `on_call`, `secondary`"),
    ("  critical: {levels: [{wait: 5m}]}", "A level: `to` is missing; add it."),
    ("  critical: {levels: [[lead]]}", "`levels` cannot hold an empty entry"),
    ("  warning: {limit: never}", "without a limit none of its `levels` would ever be told; write a time such as `15m`"),
    ("  warning: {time: office}", "`office` is not a kind of time"),
    ("  warning: {first: later}", "`later` is not a moment"),
    ('  hours: {opens: "17:00", closes: "09:00"}', '`closes` is "09:00", which is not after `opens`'),
    ("  sla: [{match: {model: a}, ack: 4h}]", "SLA row 1: `text` is missing; add it."),
    ("  sla: [{match: {}, text: x, ack: 4h}]", "`match` names no label, so the row would be about every alert"),
    ('  sla: [{match: {model: "(a+)+"}, text: x, ack: 4h}]', "the pattern of `model` could take very long"),
    ("  sla: [{match: {model: a}, text: x, ack: 4h, person: Ana}]", "write the member id of a person"),
    ("  user_group: oncall", "write the id of a user group, such as `S0123ABCD`"),
    ("  fatal: {limit: 5m}", "`fatal` is not a key here"),
])
def test_a_fault_is_one_sentence_that_says_what_to_write(text: str, said: str) -> None:
    [fault] = faults(text)
    assert said in fault
    assert fault.startswith("alerts.yaml, line 4: `") or "SLA row" in fault or "A level" in fault


def test_the_waits_of_a_chain_follow_limit_and_wait() -> None:
    policy = EscalationPolicy()
    assert [entry["after"] for entry in snapshot(policy, "critical", None)] == [0, 300, 900, 900]
    assert [entry["after"] for entry in snapshot(policy, "warning", None)] == [4 * 3600]
    assert snapshot(policy, "info", None) == []


# ---- working time ----------------------------------------------------------------------------------------------

BERLIN, OPENS, CLOSES = Calendar("Europe/Berlin", "DE"), time(9), time(17)


@pytest.mark.parametrize(("since", "hours", "at"), [
    ("2026-11-23T07:00", 4, "2026-11-23T12:00"),   # Monday, 08:00 in Berlin: counted from 09:00
    ("2026-11-23T15:00", 1, "2026-11-23T16:00"),   # ends with the day
    ("2026-11-23T15:00", 4, "2026-11-24T11:00"),   # goes on the next morning
    ("2026-11-27T18:00", 1, "2026-11-30T09:00"),   # Friday evening: Monday
    ("2026-12-24T12:00", 8, "2026-12-28T12:00"),   # over Christmas
])
def test_working_time_is_counted_in_working_hours(since: str, hours: int, at: str) -> None:
    def utc(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    assert working.after(BERLIN, utc(since), timedelta(hours=hours), OPENS, CLOSES) == utc(at)


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)), st.integers(1, 40 * 60), st.integers(1, 40 * 60))
def test_working_time_adds_up_and_always_ends_in_working_hours(since: datetime, one: int, other: int) -> None:
    begun = since.replace(tzinfo=UTC)
    first = working.after(BERLIN, begun, timedelta(minutes=one), OPENS, CLOSES)
    local = BERLIN.local(first)
    assert first > begun
    assert BERLIN.is_working(local.date())
    assert OPENS <= local.time() <= CLOSES
    both = working.after(BERLIN, begun, timedelta(minutes=one + other), OPENS, CLOSES)
    assert working.after(BERLIN, first, timedelta(minutes=other), OPENS, CLOSES) == both
