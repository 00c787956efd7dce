"""The nudge policy: what an admin's file changes, what is wrong with it, and what it does in words."""

from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.fields import FileErrors
from handlers.nudges import policy, policy_reader
from handlers.nudges.policy import Budget, Policies, Rung, Step, To
from handlers.nudges.policy_words import in_words

DEFAULT = (Path(policy.__file__).parent / "library" / "nudge-policy.yaml").read_text("utf-8")
HEAD = "schema: 1\npolicy: nudges\n"


def read(own: str | None) -> Policies:
    return policy_reader.read_policies(DEFAULT, own, "own.yaml")


def own(text: str) -> Policies:
    return read(HEAD + text)


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(FileErrors) as errors:
        own(text)
    assert all(fault.where == "own.yaml" for fault in errors.value.faults)
    return [(fault.line, fault.text) for fault in errors.value.faults]


# ---- what it says ------------------------------------------------------------------------------------------------


def test_the_default_is_complete_and_promises_what_it_should() -> None:
    found = read(None).workspace
    assert (found.opens, found.closes, found.digest_at) == (time(9), time(16, 30), time(9, 30))
    assert (found.digest_days, found.digest_items) == (frozenset(range(5)), 5)
    assert found.budget == Budget(per_day=1, per_week=5, immediate_per_day=2)
    assert found.immediate == {"ask", "handed", "seat-back", "blocker", "briefing", "decision", "undelivered"}
    assert found.gate.days == found.normal.days | {Step.WARN: 1, Step.LEAD: 2, Step.HEAD: 4, Step.SPONSOR: 7, Step.STOP: 12}
    assert found.briefing.day_of(Step.STAND_IN) == 2
    assert found.briefing.day_of(Step.HEAD) is None
    assert found.ladder[Step.HEAD] == Rung(To.HEAD, (To.OWNER, To.LEAD))
    assert (found.gate_weight, found.self_check.least_share, found.is_praising) == (4, 0.3, True)


@pytest.mark.parametrize("section", ["window", "digest", "budget", "immediate", "skip", "cadence", "ladder", "decisions",
                                     "snooze", "recognition", "self_check"])
def test_the_default_may_leave_nothing_out(section: str) -> None:
    without = yaml.safe_load(DEFAULT)
    del without[section]
    with pytest.raises(FileErrors, match=f"`{section}` is missing"):
        policy_reader.read_policies(yaml.safe_dump(without))


def test_a_copy_of_the_default_changes_nothing() -> None:
    assert read(DEFAULT) == read(None) == own("")


def test_a_file_changes_only_what_it_names() -> None:
    found = own('digest: {at: 10:15, days: [mon, thu]}\ncadence: {gate: {L3: never}}\nimmediate: []\n'
                "recognition: {friday: false}\nladder: {L1: {copies: []}}\n").workspace
    default = read(None).workspace
    gate = {step: day for step, day in default.gate.days.items() if step is not Step.SPONSOR}
    assert found == replace(
        default, digest_at=time(10, 15), digest_days=frozenset({0, 3}), gate=policy.Cadence(gate), immediate=frozenset(),
        is_praising=False, ladder=default.ladder | {Step.LEAD: Rung(To.LEAD)})


def test_workspaces_and_pilots_differ_in_what_they_name_over_the_file_and_over_each_other() -> None:
    found = own('cadence: {normal: {stop: 30}}\n'
                'workspaces: {"slack:T1": {cadence: {normal: {L3: 12}}, budget: {per_week: 3}}}\n'
                'pilots: {"Claims  Triage": {cadence: {normal: {L1: 5}}}}\n')

    def days(workspace: str, pilot: str | None = None) -> list[int | None]:
        cadence = found.of(workspace, pilot).normal
        return [cadence.day_of(step) for step in (Step.LEAD, Step.SPONSOR, Step.STOP)]

    assert days("slack:T2") == days("slack:T2", "quote drafter") == [4, 10, 30]
    assert days("slack:T1") == days("slack:T1", "quote drafter") == [4, 12, 30]
    assert days("slack:T2", "claims triage") == [5, 10, 30]
    assert days("slack:T1", "claims triage") == [5, 12, 30]
    assert found.of("slack:T1", "claims triage").budget.per_week == 3


# ---- what is wrong with it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "line", "says"), [
    ("cadense: {}", 3, "`cadense` is not a key here; write `cadence`"),
    ("digest: {att: '09:30'}", 3, "`att` is not a key here; write `at`"),
    ("digest: {max_items: 5, max_items: 6}", 3, "the key `max_items` stands twice, first on line 3; keep one"),
    ("budget: {per_day: 1}\nbudget: {per_day: 1}", 4, "the key `budget` stands twice, first on line 3"),
    ("cadence:\n  normal:\n    wern: 4", 5, "`wern` is not a key here; write `warn`"),
    ("cadence: {normal: {follow_up: 1}}", 3, "`follow_up` is not a key here"),
    ("cadence: {slow: {warn: 4}}", 3, "`slow` is not a key here; remove it, or use one of `normal`, `gate`, `briefing`"),
    ("immediate: [role_askd]", 3, "`immediate` cannot hold `role_askd`; write `role_asked`"),
    ("immediate: [decision, decision]", 3, "names `decision` twice"),
    ("digest: {days: [mon, tusday]}", 3, "`days` cannot hold `tusday`; write"),
    ("digest: {days: [on]}", 3, "`days` cannot hold `on`; write `mon`"),
    ("digest: {days: []}", 3, "`days` takes a list that is not empty"),
    ("digest: {days: mon}", 3, "`days` takes a list"),
    ("digest: null", 3, "`digest` takes keys of its own"),
    ("budget: {per_day: 0}", 3, "`per_day` is `0`; write a whole number from 1 to 20"),
    ("budget: {per_day: -1}", 3, "`per_day` is `-1`"),
    ("budget: {per_day: 9}", 3, "5 a week is less than 9 a day; raise `per_week`"),
    ("self_check: {least_share: 30%}", 3, "`least_share` is `30%`; write a number from 0 to 1, such as 0.30"),
    ("self_check: {least_share: 1.1}", 3, "write a number from 0 to 1"),
    ("self_check: {least_share: -0.1}", 3, "write a number from 0 to 1"),
    ("recognition: {friday: off}", 3, "`friday` is `off`; write `true` or `false`"),
    ("recognition: {friday: Yes}", 3, "`friday` is `yes`; write `true` or `false`"),
    ("window: {closes: 990}", 3, '`closes` is `990`; write "16:30", between double quotes: without them YAML takes it'),
    ("digest: {at: half past nine}", 3, 'write a time such as "09:30"'),
    ("digest: {at: '24:00'}", 3, 'write a time such as "09:30"'),
    ("digest: {at: '08:00'}", 3, "the digest at 08:00 lies outside the window of 09:00 to 16:30; move one of them"),
    ("window: {closes: '09:30'}", 3, "the digest at 09:30 lies outside the window of 09:00 to 09:30"),
    ("window: {opens: '17:00'}", 3, "it closes at 16:30 and opens at 17:00, so nothing could ever be said"),
    ("cadence:\n  normal:\n    L2: 3", 5, "`L2` on day 3 is too early: `L1` comes before it, on day 4. Write 5 or more"),
    ("cadence:\n  normal:\n    warn: 4", 5, "`L1` on day 4 is too early: `warn` comes before it, on day 4, and nobody is told"),
    ("cadence:\n  gate:\n    stop: 7", 5, "`stop` on day 7 is too early: `L3` comes before it, on day 7, and the end comes after"),
    ("cadence: {briefing: {follow_up: 3}}", 3, "The cadence `briefing`: `warn` on day 2 is too early: `follow_up`"),
    ("cadence: {normal: {warn: never}}", 3, "`L1` tells of somebody who was not warned; give `warn` a day before it, or"),
    ("cadence: {normal: {stop: never}}", 3, "the messages would never end"),
    ("cadence: {normal: {L1: off}}", 3, "`L1` is `off`; write a whole number of working days up to 250, or `never`"),
    ("cadence: {normal: {plan_prompt: 3}}", 3, "write working days before the due date with a minus, such as `-3`, or"),
    ("cadence: {normal: {due: 2}}", 3, "`due` is `2`; write `0`, the due date itself, or `never`"),
    ("cadence: {normal: {introduce: 0}}", 3, "`introduce` is `0`; write `assigned` or `never`"),
    ("cadence: {gate: {from_weight: 9}}", 3, "`from_weight` is `9`; write a whole number from 1 to 5"),
    ("ladder:\n  L2: never", 4, "The cadence `normal`: it has a day for `L2`, but the ladder has nobody who hears it"),
    ("cadence: {normal: {L2: never}, gate: {L2: never}}", 3, "no cadence has a day for `L2`; give it one, or write"),
    ("ladder: {L1: {to: pilot_led}}", 3, "`pilot_led` is not a recipient of a rung; write `pilot_lead`"),
    ("ladder: {L1: {to: owner}}", 3, "`owner` is not a recipient of a rung"),
    ("ladder: {L3: {copies: [sponsor]}}", 3, "`copies` names `sponsor`, whom the rung is for; take it out"),
    ("ladder: {L4: {to: sponsor}}", 3, "`L4` is not a key here"),
    ("pilots: {A: {digest: {at: '10:00'}}}", 3, "Pilot `A`: `digest` is not a key here"),
    ("pilots:\n  A: {}\n  a: {}", 5, "Pilot `a` stands twice, first on line 4; keep one"),
    ("pilots: [A]", 3, "`pilots` takes names, each with keys of its own"),
    ("pilots: {A: 1}", 3, "`pilots` takes names, each with keys of its own"),
    ("pilots:\n  A:\n    cadence: {normal: {L1: 2}}", 5, "`L1` on day 2 is too early: `warn` comes before it"),
    ("workspaces: {T1: {}}", 3, "Workspace `T1` is no workspace's id; write it as `\"slack:T012AB3CD\"`"),
    ("workspaces:\n  'slack:T1':\n    budget: {per_day: 0}\npilots: {A: {}}", 5, "`per_day` is `0`"),
])
def test_each_fault_is_said_with_its_line_and_what_to_write(text: str, line: int, says: str) -> None:
    found = faults(text)
    assert found[0][0] == line, found
    assert says in found[0][1]
    assert len(found) <= 2, "one mistake is not said over and over"


def test_all_faults_come_at_once_even_those_of_how_values_fit_together() -> None:
    found = faults("budget: {per_day: 0}\ndigest: {at: '08:00'}\ncadence: {gate: {L2: 2}}\n"
                   "workspaces: {T1: {skip: {younger_than: x}}}\npilots: {A: {snooze: {per_item: -1}}}\n")
    assert [line for line, _ in found] == [3, 4, 5, 6, 6, 7]


@pytest.mark.parametrize(("text", "line", "says"), [
    ("", 1, "A nudge policy is a list of keys; begin it with `schema: 1` and `policy: nudges`"),
    ("policy: nudges\n", 1, "`schema` is missing"),
    ("schema: 1\ndigest: {}\n", 1, "`policy` is missing"),
    ("schema: 2\npolicy: nudges\n", 1, "`2` is not a schema this bot reads"),
    ("schema: 1\npolicy: nudge\n", 2, "`nudge` is not a policy; write `nudges`"),
    ("schema: 1\npolicy: a: b\n", 2, "This is not YAML"),
])
def test_what_is_no_policy_is_said(text: str, line: int, says: str) -> None:
    with pytest.raises(FileErrors) as errors:
        read(text)
    assert (errors.value.faults[0].line, says in errors.value.faults[0].text) == (line, True), errors.value


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["window", "digest", "cadence", "ladder", "immediate", "pilots", "workspaces", "snooze"]),
       st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
       | st.sampled_from(["[]", "{}", "~", "[[]]", "{a: b}", "&a [*a]", "&a {normal: *a}", "{? [a] : b}", "{L1: {to: [a]}}",
                          "{A: &a {cadence: *a}}", "{at: [1]}", "99999999999999999999", "{normal: {warn: 1e9}}"]))
def test_no_value_brings_the_reader_down(key: str, value: str) -> None:
    try:
        own(f"{key}: {value}\n")
    except FileErrors as errors:
        assert errors.faults


@given(st.dictionaries(st.sampled_from([step.value for step in policy.ORDER[4:]]),
                       st.integers(0, 20).map(str) | st.just("never"), max_size=6))
@settings(deadline=None, max_examples=200)
def test_whatever_is_read_warns_before_it_tells_and_ends_after_it_told(days: dict[str, str]) -> None:
    said = ", ".join(f"{step}: {day}" for step, day in days.items() if step != "stand_in")
    try:
        cadence = own(f"cadence: {{normal: {{{said}}}}}\n").workspace.normal.days
    except FileErrors:
        return
    rungs = [cadence[step] for step in policy.LADDER if step in cadence]
    assert rungs == sorted(set(rungs))
    assert not rungs or cadence[Step.WARN] < rungs[0] <= rungs[-1] < cadence[Step.STOP]


# ---- in words ----------------------------------------------------------------------------------------------------


def test_a_policy_in_words_says_which_day_who_hears() -> None:
    said = in_words(own('pilots: {Claims triage: {cadence: {gate: {L2: never}}}}\n'))
    first, second = said.split("\n\n")
    assert "Digest at 09:30 on mon tue wed thu fri, with 5 items at most." in first
    assert "  L2           day 6           day 4           -           head of the owner's function, copy to owner and pilot lead" in first
    assert "  introduce    when assigned   when assigned   day 0       owner" in first
    assert second.startswith("Pilot claims triage:\n")
    assert "  L2           day 6           -               -  " in second
