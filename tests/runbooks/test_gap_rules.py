"""What counts as a gap, how harmful each is, and which names in a page's commands are gone: values alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.runbooks.alert_pages import KnownPages
from handlers.runbooks.gap_rules import Facts, Gap, Kind, found, key_of, mark_of
from handlers.runbooks.service_names import NAMESPACE, QUIET, SERVICE, Census, Gone, Named, gone, names_in
from storage.runbook_gaps import Fired, Shelved
from storage.shelf import RunbookQuestion
from tests.rules.make import NOW, WORKSPACE

DAY = timedelta(days=1)


def question(key: str = "roll back", verdict: str = "nothing", said: str | None = None, who: str = "ana", days: float = 0, **more: Any) -> RunbookQuestion:
    at = NOW - days * DAY
    return RunbookQuestion(**({"workspace_id": WORKSPACE, "pilot_id": 1, "asked_by": who, "asked_at": at, "words": key, "key": key, "verdict": verdict,
                               "confidence": 0.5, "said": said, "said_at": at if said else None} | more))


def fired(name: str = "Down", times: int = 1, rank: int = 2, days: float = 0, pilot: int | None = 1) -> Fired:
    return Fired(pilot, name, times, rank, NOW - days * DAY, 1)


def shelved(path: str = "a.md", number: int = 1, days: float | None = 3, *, is_stub: bool = False, aliases: tuple[str, ...] = (),
            url: str | None = None, title: str = "A", source: str = "ops") -> Shelved:
    return Shelved(number, source, path, title, url, None, None if days is None else NOW - days * DAY, is_stub, "d", aliases)


def gaps(**facts: Any) -> list[Gap]:
    return found(Facts(NOW, timedelta(days=180), **({"known": frozenset({"ops"})} | facts)))


def harm(**facts: Any) -> float:
    [gap] = gaps(**facts)
    return gap.harm


# ---- questions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verdict", "said", "is_gap"), [
    ("nothing", None, True), ("closest", None, True), ("answer", None, False), ("answer", "helpful", False), ("closest", "helpful", False),
    ("nothing", "helpful", False), ("answer", "not_it", True), ("answer", "nobody_wrote", True), ("closest", "nobody_wrote", True)])
def test_which_questions_are_gaps(verdict: str, said: str | None, is_gap: bool) -> None:
    assert bool(gaps(questions=[question(verdict=verdict, said=said)])) is is_gap


def test_what_was_asked_in_vain_before_it_helped_does_not_count() -> None:
    before, after = question(days=5), question(days=1)
    helped = question(verdict="answer", said="helpful", days=3)
    assert gaps(questions=[before, helped]) == []
    [gap] = gaps(questions=[before, helped, after])
    assert (gap.times, gap.last_at) == (1, after.asked_at)


def test_the_same_question_of_another_pilot_is_another_gap() -> None:
    assert {gap.pilot_id for gap in gaps(questions=[question(), question(pilot_id=2), question(pilot_id=None)])} == {1, 2, None}


def test_more_often_by_more_people_and_more_lately_is_more_harm() -> None:
    once = harm(questions=[question()])
    assert harm(questions=[question(), question(days=1)]) > once
    assert harm(questions=[question(), question(who="sam")]) > harm(questions=[question(), question()])
    assert harm(questions=[question(days=30)]) < once
    assert harm(questions=[question(verdict="closest")]) < harm(questions=[question(verdict="answer", said="not_it")]) < once
    assert harm(questions=[question(alert_id=7)], rank_of={7: 0}) > once
    assert harm(questions=[question(days=2), question(verdict="answer", days=1)]) < harm(questions=[question(days=2)])


def test_one_question_in_vain_has_just_the_harm_that_is_written_down() -> None:
    assert harm(questions=[question()]) == pytest.approx(2.0)                       # log2(1 + 1) x 2 x 1
    assert harm(questions=[question(verdict="closest", days=30)]) == pytest.approx(0.5849625)  # log2(1.5) x 2 x 0.5
    assert harm(fired=[fired(times=7, rank=0)]) == pytest.approx(12.0)              # log2(1 + 7) x 4
    assert harm(pages=[shelved(is_stub=True)]) == pytest.approx(0.225)              # 0.25 x 1 x 0.9
    assert harm(pages=[shelved(days=360)]) == pytest.approx(0.09375)                # 0.25 x 0.5 x (1 - 1/4)


# ---- alerts and pages ----------------------------------------------------------------------------------------------------


def test_an_alert_with_a_page_is_no_gap_and_one_with_a_foreign_link_half_of_one() -> None:
    assert gaps(fired=[fired()], runbook_of={(1, "Down"): "ops/a.md"}) == []
    assert harm(fired=[fired()], links={(1, "Down"): "https://wiki.example/x"}) < harm(fired=[fired()])


def test_a_page_is_the_more_harmful_the_more_it_is_wanted_and_the_worse_its_alerts() -> None:
    stub = [shelved(is_stub=True)]
    alone = harm(pages=stub)
    wanted = harm(pages=stub, questions=[question(verdict="answer", source="ops", path="a.md")])
    assert wanted > alone
    assert harm(pages=stub, fired=[fired(times=5, rank=0)], runbook_of={(1, "Down"): "ops/a.md"}) > harm(
        pages=stub, fired=[fired(times=5, rank=3)], runbook_of={(1, "Down"): "ops/a.md"}) > alone


@pytest.mark.parametrize(("days", "is_old"), [(179, False), (180, False), (181, True), (None, False)])
def test_a_page_is_old_after_the_limit_and_never_where_its_age_is_not_known(days: float | None, is_old: bool) -> None:
    assert [gap.kind for gap in gaps(pages=[shelved(days=days)])] == ([Kind.OLD] if is_old else [])


def test_a_stub_is_a_stub_and_not_also_old() -> None:
    assert [gap.kind for gap in gaps(pages=[shelved(days=999, is_stub=True)])] == [Kind.STUB]


def test_pages_of_a_source_that_the_policy_has_no_more_are_left_out() -> None:
    assert gaps(pages=[shelved(is_stub=True, source="former")]) == []


@given(st.lists(st.tuples(st.sampled_from(["roll back", "switch off", "who"]), st.sampled_from(["nothing", "closest", "answer"]),
                          st.sampled_from([None, "helpful", "not_it", "nobody_wrote"]), st.floats(0, 90), st.sampled_from(["ana", "sam"])), max_size=12))
def test_the_list_is_sorted_names_each_gap_once_and_all_harm_is_finite(rows: Sequence[tuple[str, str, str | None, float, str]]) -> None:
    listed = gaps(questions=[question(key, verdict, said, who, days) for key, verdict, said, days, who in rows], fired=[fired("A", 3), fired("B", 9, 0)])
    assert [gap.harm for gap in listed] == sorted((gap.harm for gap in listed), reverse=True)
    assert len({gap.key for gap in listed}) == len(listed)
    assert all(0 < gap.harm < 1000 for gap in listed)


@given(st.text(min_size=1, max_size=600), st.text(min_size=1, max_size=600))
def test_keys_fit_their_column_and_buttons_and_differ(first: str, other: str) -> None:
    keys = [key_of(Kind.ALERT, 1, each) for each in (first, other)]
    assert all(len(key) <= 250 for key in keys)
    assert (keys[0] == keys[1]) is (first == other)
    assert all(len(mark_of(key)) == 15 for key in keys)


# ---- which page is an alert's --------------------------------------------------------------------------------------------


PAGES = [shelved("alerts/feature-drift.md", title="When features drift"), shelved("b.md", 2, title="Latency High", url="https://git.example/b.md"),
         shelved("c.md", 3, title="C", aliases=("ModelDown", "model.gone"))]


@pytest.mark.parametrize(("name", "links", "page"), [
    ("FeatureDrift", [], "ops/alerts/feature-drift.md"), ("feature_drift", [], "ops/alerts/feature-drift.md"), ("LatencyHigh", [], "ops/b.md"),
    ("ModelDown", [], "ops/c.md"), ("ModelGone", [], "ops/c.md"), ("Drift", [], None), ("FeatureDriftHigh", [], None),
    ("Other", [["runbook", "https://GIT.example/b.md#what-to-do"]], "ops/b.md"), ("Other", [["dashboard", "https://git.example/b.md"]], None),
    ("ModelDown", [["runbook", "https://git.example/b.md"]], "ops/b.md"), ("ModelDown", [["runbook", "https://wiki.example/x"]], "ops/c.md"),
    ("", [], None), ("---", [["runbook", "::not a link"]], None)])
def test_a_name_or_a_link_leads_to_a_page_and_nothing_is_guessed(name: str, links: list[list[str]], page: str | None) -> None:
    assert KnownPages.of(PAGES).runbook_of(name, links) == page
    assert KnownPages.of(PAGES).runbook_of(name, links, {"elsewhere"}) is None


# ---- names of services ---------------------------------------------------------------------------------------------------


NAMED = {
    "kubectl -n payments rollout undo deployment/scorer": {Named(NAMESPACE, "payments"), Named(SERVICE, "scorer")},
    "kubectl --namespace=payments get svc/scorer-api": {Named(NAMESPACE, "payments"), Named(SERVICE, "scorer-api")},
    'rate(errors{service="scorer", namespace="ml-prod"}[5m])': {Named(SERVICE, "scorer"), Named(NAMESPACE, "ml-prod")},
    "up{job=~\"scorer|ranker\"}": {Named(SERVICE, "scorer"), Named(SERVICE, "ranker")},
    "kubectl logs -l app=claims-web --tail 5": {Named(SERVICE, "claims-web")},
    "sudo systemctl restart batch-import.service": {Named(SERVICE, "batch-import")},
}
UNNAMED = [
    "kubectl -n $NS get pods", "kubectl -n <namespace> get pods", "kubectl -n ${NS} get deploy/$APP", "kubectl -n {{ ns }} get deploy/{{ app }}",
    "kubectl get deploy/scorer-{{ color }}", "echo -n payments", "head -n 20 file", "kubectl -n NAMESPACE get svc/SERVICE", "up{job=~\"scorer.*\"}",
    'up{job="$job"}', "kubectl -n kube-system get pods", "git checkout deploy/main", "docker run -n x", "service scorer", "kubectl -n my-namespace get pods",
    "kubectl -n example-ns get svc/your-service", "kubectl get pods", "the deployment/scorer is prose without a command", "systemctl restart <unit>",
    "kubectl -n 10 get svc/1.2.3",
]


@pytest.mark.parametrize("code", NAMED)
def test_a_command_that_says_what_it_works_on_names_it(code: str) -> None:
    assert names_in(code) == NAMED[code]


@pytest.mark.parametrize("code", UNNAMED)
def test_placeholders_patterns_and_other_words_name_nothing(code: str) -> None:
    assert names_in(code) == frozenset()


@given(st.text(max_size=400))
def test_any_code_is_read(code: str) -> None:
    assert all(each.kind in (SERVICE, NAMESPACE) and each.name for each in names_in(code))


def census(present: int = 25, gone_at: Mapping[str, float] | None = None, since: float = 400, **extra: float) -> Census:
    """So many services heard of yesterday, and others so many days ago."""
    seen: dict[str, datetime] = {f"svc{number}": NOW - DAY for number in range(present)}
    seen |= {name.replace("_", "-"): NOW - days * DAY for name, days in {**(gone_at or {}), **extra}.items()}
    return Census({SERVICE: seen, NAMESPACE: {}}, NOW - since * DAY)


def missing(names: Sequence[str], known: Census) -> tuple[Gone, ...]:
    return gone({1: [Named(SERVICE, each) for each in names]}, known, NOW).get(1, ())


def test_a_service_that_no_label_has_carried_for_90_days_is_gone() -> None:
    assert missing(["scorer"], census(scorer=91)) == (Gone("scorer", NOW - 91 * DAY),)
    assert missing(["scorer"], census(scorer=90)) == ()
    assert missing(["Scorer"], census(scorer=91)) == (Gone("Scorer", NOW - 91 * DAY),)
    assert missing(["scorer"], census(scorer=91, scorer_v2=1)) == (Gone("scorer", NOW - 91 * DAY),), "renamed"


def test_nothing_is_gone_while_too_few_labels_are_known() -> None:
    assert missing(["scorer"], census(4, scorer=200)) == ()
    assert missing(["scorer"], census(5, scorer=200)) != ()
    assert missing(["scorer"], Census({}, NOW - QUIET * 2)) == ()


def test_a_name_never_heard_of_is_gone_only_where_pages_and_labels_speak_of_the_same() -> None:
    pages = ["svc1", "svc2", "feature-store"]
    assert missing(pages, census()) == (Gone("feature-store", None),)
    assert missing(pages, census(19)) == (), "too few are known"
    assert missing(pages, census(since=89)) == (), "too little was heard"
    assert missing(["svc1", "feature-store", "vault"], census()) == (), "the labels do not know most of what pages name"
    assert missing([*pages, "svc3-canary"], census()) == (Gone("feature-store", None),), "part of what is there"
    assert missing(["svc1", "svc2", "svc"], census()) == ()


def test_what_is_healthy_and_has_another_kind_of_name_is_not_blamed() -> None:
    """A namespace of the pages is compared with namespaces, never with services."""
    assert gone({1: [Named(NAMESPACE, "payments")]}, census(payments=200), NOW) == {}
