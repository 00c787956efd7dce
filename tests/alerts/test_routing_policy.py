"""The sections `routing` and `inhibit`: what a file changes, what is wrong with it, and patterns that stay cheap."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.alerts import sections
from handlers.alerts.grouping import Place, sent, wanted_pilot
from handlers.alerts.inhibition_policy import Inhibition
from handlers.alerts.patterns import Unfit, compiled, fits
from handlers.alerts.policies import Policies
from handlers.alerts.policy import Policy
from handlers.alerts.signals import Severity, Signal, Status
from handlers.fields import FileErrors

DEFAULT = (Path(sections.__file__).parent / "library" / "alerts.yaml").read_text("utf-8")


def own(text: str) -> Policies:
    return sections.read_policies(DEFAULT, f"schema: 1\npolicy: alerts\n{text}", "own.yaml")


def faults(text: str) -> list[str]:
    with pytest.raises(FileErrors) as errors:
        own(text)
    assert all(fault.where == "own.yaml" for fault in errors.value.faults)
    return [f"{fault.line}: {fault.text}" for fault in errors.value.faults]


def signal(name: str = "FeatureDrift", severity: Severity = Severity.WARNING, **labels: str) -> Signal:
    return Signal("k", Status.FIRING, name, "tenure drifted", severity, labels)


# ---- what it says ------------------------------------------------------------------------------------------------


def test_the_built_in_file_says_what_the_code_takes_for_granted() -> None:
    found = sections.read_policies(DEFAULT)
    assert found.routing == Policy()
    assert found.inhibit == Inhibition()


ROUTED = """
routing:
  operations: C012AB3CD
  routes:
    - {name: churn, match: {model: churn-.*, env: prod|production}, pilot: Churn forecast}
    - name: loud
      match: {severity: critical|error}
      channel: C0LOUD0000
      group_by: "..."
  debounce: 0
  stale_after: 3d
  flapping: {turns: 8}
"""


def test_a_file_changes_what_it_says_and_leaves_the_rest() -> None:
    found = own(ROUTED).routing
    assert found.operations == "slack:C012AB3CD"
    assert (found.debounce, found.stale_after) == (timedelta(), timedelta(days=3))
    assert (found.flapping_turns, found.flapping_hold, found.edit_every) == (8, timedelta(minutes=5), timedelta(seconds=3))
    assert [route.name for route in found.routes] == ["churn", "loud"]
    assert own("inhibit: {rules: []}").inhibit.rules == ()


@pytest.mark.parametrize(("given", "route"), [
    (signal(model="churn-xgb", env="prod"), "churn"), (signal(model="churn-xgb", env="test"), None),
    (signal(model="a-churn-xgb", env="prod"), None), (signal(severity=Severity.ERROR, model="churn-x"), "loud"),
    (signal(severity=Severity.CRITICAL, model="churn-x", env="production"), "churn"), (signal(), None)])
def test_the_first_route_whose_patterns_all_fit_the_whole_value_takes_it(given: Signal, route: str | None) -> None:
    found, _ = wanted_pilot(given, "prom", own(ROUTED).routing)
    assert (found.name if found else None) == route


def test_an_ignored_label_is_never_part_of_what_an_alert_is() -> None:
    policy = own('routing: {group_by: ["..."], ignore: [pod]}').routing
    keys = [sent(signal(model="m", pod=pod), "prom", None, Place("slack:C1"), policy).key for pod in ("a", "b")]
    other = sent(signal(model="n", pod="a"), "prom", None, Place("slack:C1"), policy).key
    assert keys[0] == keys[1] != other


def test_conditions_without_labels_are_alerts_of_their_own_where_everything_counts() -> None:
    policy = own('routing: {group_by: ["..."]}').routing
    keys = {sent(Signal(key, Status.FIRING, "X", "x"), "prom", None, Place("slack:C1"), policy).key for key in "ab"}
    assert len(keys) == 2


@pytest.mark.parametrize(("text", "said"), [
    ("routing: {operations: ops}", "3: `routing`: `operations: ops` is not understood; write the channel's id"),
    ("routing: {debounce: soon}", "3: `routing`: `debounce` is `soon`; write a time from 0s to 1m, such as `1.5s`"),
    ("routing: {debounce: 5m}", "`debounce` is `5m`; write a time from 0s to 1m"),
    ("routing: {stale_after: }", "`stale_after` is empty; write a time from 10m to 30d"),
    ("routing: {debunce: 1s}", "`debunce` is not a key here; write `debounce`"),
    ("routing: {storm: {per_minute: 0}}", "`per_minute` is `0`; write a whole number from 1 to 60"),
    ("routing: {group_by: [model, \"...\"]}", "`group_by` has `...`, which means every label, and others"),
    ("routing: {group_by: [a b]}", "`group_by` holds `a b`; write the label's name"),
    ("routing:\n  routes:\n    - name: a\n      match: {x: y}", "5: Route `a`: it says nothing of where alerts go"),
    ("routing:\n  routes:\n    - {name: a, match: {x: y}, pilot: P, channel: C012AB3CD}", "it has both `pilot` and `channel`; keep one"),
    ("routing:\n  routes:\n    - {name: a, pilot: P}", "`match` is missing; add it"),
    ("routing:\n  routes:\n    - {name: a, match: {}, pilot: P}", "`match` is empty; name a label"),
    ("routing:\n  routes:\n    - {match: {x: y}, pilot: P}", "Route 1: `name` is missing"),
    ("routing:\n  routes:\n    - {name: a, match: {x: y}, pilot: P}\n    - {name: a, match: {x: z}, pilot: P}",
     "6: Route `a`: there is a route `a` already, on line 5"),
    ("routing:\n  routes:\n    - {name: a, pilot: P, match: {x: '('}}", "the pattern of `x`, `(`, is no regular expression"),
    ("routing:\n  routes:\n    - {name: a, pilot: P, match: {x: '(a+)+'}}", "the pattern of `x`, `(a+)+`, could take very long on some"),
    ("routing:\n  routes:\n    - {name: a, pilot: P, match: {x: " + "y" * 201 + "}}", "has 201 characters; cut it to 200"),
    ("routing:\n  routes:\n    - {name: a, pilot: P, match: {'x y': z}}", "`x y`, which is no label"),
    ("routing:\n  routes:\n    - {name: a, pilot: P, match: {x: [z]}}", "`match` takes names, each with one value"),
    ("routing:\n  routes: {a: b}", "`routes` takes a list"),
    ("routing:\n  routes: [a]", "entry 1 of `routes` takes keys of its own"),
    ("inhibit:\n  rules:\n    - {name: a, source: {x: y}, target: {x: z}}", "`equal` is missing"),
    ("inhibit:\n  rules:\n    - {name: a, source: {x: y}, target: {x: z}, equal: []}", "`equal` takes a list that is not empty"),
    ("inhibit:\n  rules:\n    - {name: a, source: {x: '*'}, target: {x: z}, equal: [m]}", "Inhibition rule `a`: the pattern of `x`"),
])
def test_each_fault_is_a_sentence_with_its_line(text: str, said: str) -> None:
    assert any(said in fault for fault in faults(text)), faults(text)


# ---- patterns ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pattern", "value", "does"), [
    ("churn-.*", "churn-xgb", True), ("churn-.*", "my churn-xgb", False), (".*foo.*bar.*", "a foo b bar c", True), ("prod|staging", "staging", True),
    ("(api|web)-[0-9]+", "web-12", True), (r"v\d{1,3}(-rc)?", "v12-rc", True), ("[^]]+", "x", True), ("x{,3}", "xxxx", False), (".*", "a\nb", True)])
def test_patterns_that_people_write_are_taken(pattern: str, value: str, does: bool) -> None:
    assert fits(compiled(pattern), value) is does


@pytest.mark.parametrize("pattern", [
    "(a+)+", "(a|a)*b", "a?" * 30 + "a" * 30, "(.*a){3}", ".*a.*b.*c.*", "(a*a*)*", "(a?){200}b", "(a|a){300}", "((a{0,20}){0,5}){2}", "(a*){,}b",
    r"(a)\1", "(?=a)b", "(?i)a", "(?P<x>a)", r"(a|a){1000}", "(", "a**"])
def test_patterns_that_some_value_could_make_slow_are_refused(pattern: str) -> None:
    with pytest.raises(Unfit):
        compiled(pattern)


@settings(max_examples=25, deadline=None)
@given(st.recursive(st.sampled_from(["a", "b", ".", "[ab]", "\\w"]), lambda inner: st.one_of(
    st.builds("{}{}".format, inner, inner), st.builds("({}|{})".format, inner, inner),
    st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2,9}", "{,4}"])),
    st.builds(lambda one, sign: f"(?:{one}){sign}", inner, st.sampled_from(["*", "+?"]))), max_leaves=8))
def test_no_pattern_that_is_taken_is_slow_on_any_value(pattern: str) -> None:
    try:
        taken = compiled(pattern)
    except Unfit:
        return
    began = process_time()
    for value in ("a" * 199 + "!", "ab" * 99 + "!!", "b" * 200):
        fits(taken, value)
    assert process_time() - began < 0.2


def test_only_the_first_200_characters_of_a_value_are_looked_at() -> None:
    assert fits(compiled("a+"), "a" * 200 + "b" * 1_000_000)
