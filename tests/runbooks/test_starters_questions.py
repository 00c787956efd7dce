"""Questions as people type them at night find the right starter, and those that none answers are not answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.demo_alerts import PAGES, bodies
from bot.runbooks_starters import starters
from handlers.alerts.signals import Link
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Incoming, Settings
from handlers.runbooks.index import Index, built
from handlers.runbooks.markdown import read_page
from handlers.runbooks.values import Entry, Verdict

ROWS: list[dict[str, Any]] = [json.loads(line) for line in (Path(__file__).parent / "starter_questions.jsonl")
                              .read_text(encoding="utf-8").splitlines()]
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUESTIONS = [row for row in ROWS if row["page"] and not row["id"].startswith("name-")]
NAMED = [row for row in ROWS if row["id"].startswith("name-")]
UNANSWERABLE = [row for row in ROWS if row["page"] is None]


def entries() -> Iterator[Entry]:
    number = 0
    for name, text in starters().items():
        page = read_page(text, name)
        aliases = tuple(yaml.safe_load(text.split("---\n")[1])["aliases"])
        for section in page.sections:
            number += 1
            yield Entry(number, f"starters/{name}", page.title, section.path, section.text, section.code, "starters",
                        aliases, page.is_stub)


@cache
def index() -> Index:
    return built(entries())


def first(row: dict[str, Any]) -> tuple[str, str]:
    hits = index().ask(row["query"], at_most=10).hits
    return (hits[0].entry.page.removeprefix("starters/"), hits[0].entry.path[-1]) if hits else ("nothing", "")


def missed(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['query']}: {first(row)[0]} instead of {row['page']}" for row in rows if first(row)[0] != row["page"]]


def test_the_set_is_large_and_even() -> None:
    per_page = {name: sum(row["page"] == name for row in QUESTIONS) for name in starters()}

    assert min(per_page.values()) >= 3
    assert len(QUESTIONS) >= 36
    assert len(NAMED) >= 12
    assert len(UNANSWERABLE) >= 12
    assert len({row["id"] for row in ROWS}) == len({row["query"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("rows", "bound"), [(QUESTIONS, .85), (NAMED, .85)], ids=["questions", "names"])
def test_the_right_page_comes_first(rows: list[dict[str, Any]], bound: float) -> None:
    wrong = missed(rows)

    assert 1 - len(wrong) / len(rows) >= bound, "\n".join(wrong)


def test_every_alias_finds_its_page() -> None:
    rows = [{"query": alias, "page": name} for name, text in starters().items()
            for alias in yaml.safe_load(text.split("---\n")[1])["aliases"]]
    wrong = missed(rows)

    assert len(wrong) <= len(rows) * .05, "\n".join(wrong)


SENT = {"airflow": "retrain", "alertmanager": "latency", "aws_eventbridge": "schema-change",
        "aws_sns": "feature-drift", "azure_monitor": "latency", "cloudevents": "feature-drift",
        "datadog": "feature-drift", "event_grid": "feature-drift", "evidently": "feature-drift",
        "gcp_monitoring": "latency", "generic": "late-data-feed", "grafana": "feature-drift", "kubeflow": "retrain",
        "mlflow": "rollback", "nannyml": "feature-drift", "pagerduty": "feature-drift", "prometheus": "latency",
        "sentry": "rollback", "wandb": "evaluation-regression"}
"""Which runbook a person would open at the alert that each of the demo's senders sends."""


def led_to(vendor: str) -> tuple[str, str]:
    """The runbook of a sender's alert, and by what: its link, its name, its words."""
    body = bodies()[vendor]
    raw = json.dumps(body["fires"]).encode()
    headers = {name.lower(): value for name, value in body.get("headers", {}).items()}
    signal = VENDORS[vendor].parse(Incoming("POST", headers, {}, raw, raw, NOW), Settings(vendor)).signals[0]
    linked = [url.rpartition("/")[2] for kind, url in signal.links if kind is Link.RUNBOOK]
    if linked:
        return linked[0], "link"
    named = {alias.casefold(): name for name, text in starters().items()
             for alias in yaml.safe_load(text.split("---\n")[1])["aliases"]}
    if signal.name.casefold() in named:
        return named[signal.name.casefold()].removesuffix(".md"), "name"
    hits = index().ask(f"{signal.name} {signal.title}").hits
    return hits[0].entry.page.removeprefix("starters/").removesuffix(".md"), "words"


def test_every_alert_of_the_demo_leads_to_its_runbook() -> None:
    assert set(SENT) == set(bodies())
    wrong = {vendor: led_to(vendor) for vendor, page in SENT.items() if led_to(vendor)[0] != page}

    assert wrong == {}
    assert {by for _, by in map(led_to, SENT)} == {"link", "name", "words"}  # else this proves less than it says


def test_the_pages_of_the_demo_are_names_of_runbooks() -> None:
    named = {alias for text in starters().values() for alias in yaml.safe_load(text.split("---\n")[1])["aliases"]}

    assert set(PAGES) <= named


def test_what_no_starter_answers_is_not_answered() -> None:
    answered = [row["query"] for row in UNANSWERABLE if index().ask(row["query"]).verdict is Verdict.ANSWER]

    assert len(answered) <= len(UNANSWERABLE) * .25, answered


def test_most_questions_are_answered_and_not_only_pointed_at() -> None:
    shy = [row["query"] for row in QUESTIONS if index().ask(row["query"]).verdict is Verdict.NOTHING]

    assert len(shy) <= len(QUESTIONS) * .10, shy


ASKING_WHOM = ["whom do we call when {}?", "{}, who do i page", "who is on call for {}", "who should we contact about {}", "who do we ring at {}", "{} who to escalate to",
               "phone number for {}", "who gets paged at {}", "contact for {}", "who needs to know of {}"]
ABOUT = {"provider-outage": "provider outage", "pii-leak": "a pii leak", "cost-spike": "a cost spike", "feature-drift": "feature drift", "latency": "high latency", "schema-change": "schema change"}


@pytest.mark.parametrize("asking", ASKING_WHOM)
def test_whom_to_call_is_answered_however_it_is_asked(asking: str) -> None:
    for page, about in ABOUT.items():
        found = index().ask(asking.format(about))
        assert found.verdict is Verdict.ANSWER, about
        assert (found.hits[0].entry.page, found.hits[0].entry.path[-1]) == (f"starters/{page}.md", "Whom to call")


def test_whom_to_call_for_what_nobody_wrote_about_is_not_answered() -> None:
    for about in ("the coffee machine", "payroll", "the fax", "a burst pipe in the cellar"):
        for asking in ASKING_WHOM:
            assert index().ask(asking.format(about)).verdict is not Verdict.ANSWER, asking.format(about)


@pytest.mark.parametrize(("typed", "page"), [("openai 503s everywhere", "provider-outage"), ("nulls everywhere in a col", "schema-change"), ("vector idx stale", "bad-retrieval")])
def test_words_that_only_say_where_and_short_forms_do_not_hide_a_page(typed: str, page: str) -> None:
    found = index().ask(typed)
    assert found.hits[0].entry.page == f"starters/{page}.md"
    assert found.verdict is not Verdict.NOTHING
    assert not found.missing
