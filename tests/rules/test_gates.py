"""What holds a gate, and the sentence a person reads when it is shut."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.chat.errors import Refused
from handlers.people.calendar import Calendar
from handlers.pilots import gates
from storage.models import Item, ItemKind, ItemState, PilotState
from tests.rules.make import TODAY, done, item, pilot

PLAIN = Calendar("UTC")
FLOOR = ("W1-01", "W1-02", "W1-03", "R-05", "R-07", "LLM-04", "REG-02", "REG-04")


def wd(n: int) -> Any:
    return PLAIN.add(TODAY, n)


def gate_of(items: list[Item], **said: Any) -> gates.Gate:
    gate = gates.next_gate(pilot(**said), items, TODAY, lambda _: PLAIN)
    assert gate is not None
    return gate


def refusal(items: list[Item], **said: Any) -> str:
    with pytest.raises(Refused) as refused:
        gates.check_pass(pilot(**said), items, TODAY)
    return str(refused.value)


def waived(ref: str, days: int, **said: Any) -> Item:
    return item(ref, state=ItemState.WAIVED, waived_until=wd(days), **said)


@pytest.mark.parametrize(("it", "holds"), [
    (item(), True),
    (item(blocked_at=None, plan_on=TODAY), True),
    (done("B-02"), False),
    (done("B-02", None), False),                                    # unproven, but done
    (item(state=ItemState.NOT_APPLICABLE, na_reason="no users"), False),
    (waived("B-02", 3), False),
    (item(state=ItemState.WAIVED, waived_until=TODAY), False),      # its last day
    (waived("B-02", -1), True),
    (item(state=ItemState.WAIVED), True),                           # a waiver without an end is none
    (item(is_advice=True), False),
    (item(kind=ItemKind.SIGNOFF, approvers=["sponsor"]), True),
    (item(gate="build", stage="week_one"), True),                   # left open by an earlier gate
    (item(gate="limited_rollout"), False),
    (item(gate=None), False),
    (item("R-05", gate="limited_rollout"), False),                  # the floor matters from go-live on
])
def test_what_holds_the_next_gate(it: Item, holds: bool) -> None:
    gate = gate_of([it])
    assert [held is it for held in gate.clears] == [True] * holds
    assert gate.is_open is not holds
    if holds:
        assert it.ref in refusal([it])
    else:
        assert gates.check_pass(pilot(), [it], TODAY) == "readiness_review"


def test_a_gate_counts_its_items() -> None:
    gate = gate_of([
        done("B-01", None), done("B-03"), item("B-05", state=ItemState.NOT_APPLICABLE), waived("B-06", 4),
        item("B-02", due_on=wd(-2)), item("B-04", due_on=TODAY), item("B-07", due_on=wd(4)), waived("B-08", -1, due_on=wd(-9)),
        item("W1-05", gate="build", due_on=None), done("W1-06", gate="build"), item("R-01", gate="limited_rollout"),
        item("REG-12", is_advice=True)])
    assert (gate.stage_to_enter, gate.title) == ("readiness_review", "Readiness review")
    assert [it.ref for it in gate.items] == ["B-01", "B-03", "B-05", "B-06", "B-02", "B-04", "B-07", "B-08", "W1-05"]
    assert (gate.done, gate.unproven, gate.open, gate.late, gate.waived) == (3, 1, 5, 2, 1)
    assert [it.ref for it in gate.clears] == ["B-08", "B-02", "B-04", "B-07", "W1-05"]


def test_lateness_is_by_each_owners_calendar() -> None:
    """Both were due on Wednesday before Thanksgiving; on Friday one owner has worked a day more."""
    here, there = item("B-01", due_on=TODAY, position=2), item("B-02", due_on=TODAY, position=1)
    by = {"B-01": PLAIN, "B-02": Calendar("America/New_York", "US")}
    gate = gates.next_gate(pilot(), [here, there], TODAY + timedelta(1), lambda it: by[it.ref])
    assert gate is not None
    assert [it.ref for it in gate.clears] == ["B-01", "B-02"]
    assert gate.late == 1


def test_an_empty_gate_is_open() -> None:
    assert gate_of([]).is_open
    assert gates.check_pass(pilot(), [], TODAY) == "readiness_review"


def test_after_the_last_stage_there_is_no_gate() -> None:
    last = pilot(stage="continuous_improvement")
    assert gates.next_gate(last, [item()], TODAY, lambda _: PLAIN) is None
    with pytest.raises(Refused, match="last stage, Continuous improvement"):
        gates.check_pass(last, [], TODAY)


@pytest.mark.parametrize(("state", "says"), [
    (PilotState.PAUSED, "Claims triage is paused (budget freeze), and passes no gate until `/pilot resume`."),
    (PilotState.STOPPED, "Claims triage was stopped (budget freeze), and passes no more gates. `/pilot new` starts another pilot."),
])
def test_a_pilot_that_does_not_run_passes_no_gate(state: PilotState, says: str) -> None:
    it = pilot(state=state, state_reason="budget freeze")
    for check in (gates.check_pass, gates.check_override):
        with pytest.raises(Refused) as refused:
            check(it, [], TODAY)
        assert str(refused.value) == says


def test_a_refusal_names_what_is_due_first_with_its_role_and_counts_the_rest() -> None:
    items = [item(f"B-{n:02}", title=f"Thing {n}", role="data", due_on=wd(-n)) for n in range(1, 8)]
    assert refusal(items) == (
        "Readiness review cannot begin. Still open: B-07 Thing 7 (data), B-06 Thing 6 (data), B-05 Thing 5 (data), "
        "B-04 Thing 4 (data) and 3 more. Each must be done, not applicable or waived first; "
        "`/pilot items gate` shows them all.")


def test_a_refusal_says_that_a_waiver_ran_out() -> None:
    assert "B-02 Load (data, its waiver ran out)." in refusal([waived("B-02", -1, title="Load", role="data")])


@pytest.mark.parametrize("ref", FLOOR)
@pytest.mark.parametrize("stage", ["readiness_review", "limited_rollout", "production"])
@pytest.mark.parametrize("gate", ["limited_rollout", "build", None])
def test_no_waiver_or_override_goes_live_without_the_safety_floor(ref: str, stage: str, gate: str | None) -> None:
    items = [item(ref, title="Switch", role="operations", gate=gate), waived("R-01", 9, gate="limited_rollout")]
    says = refusal(items, stage=stage)
    assert f"no waiver opens this gate while {ref} Switch (operations) is open." in says
    with pytest.raises(Refused, match=f"no override opens this gate while {ref} "):
        gates.check_override(pilot(stage=stage), items, TODAY)
    assert [it.ref for it in gate_of(items, stage=stage).clears] == [ref]


def test_a_refusal_names_all_of_the_floor_and_then_the_rest() -> None:
    items = [item(ref, title="T", role="security", due_on=wd(n), gate="limited_rollout")
             for n, ref in enumerate(("W1-01", "R-05", "R-07", "R-01", "R-02"), start=1)]
    assert refusal(items, stage="readiness_review") == (
        "Limited rollout cannot begin: no waiver opens this gate while W1-01 T (security), R-05 T (security) and "
        "R-07 T (security) are open. Also open: R-01 T (security) and R-02 T (security). `/pilot items gate` shows them all.")


def test_the_floor_may_be_waived_or_not_apply() -> None:
    """Who may waive it is the permission table's matter."""
    items = [waived("R-05", 5, gate="limited_rollout"), item("R-07", state=ItemState.NOT_APPLICABLE),
             item("REG-02", is_advice=True)]
    assert gates.check_pass(pilot(stage="readiness_review"), items, TODAY) == "limited_rollout"
    assert gates.floor_of(pilot(stage="readiness_review"), items, TODAY) == ()


def test_an_override_passes_what_is_not_of_the_floor() -> None:
    items = [item("R-01", gate="limited_rollout"), item("B-02"), done("R-05", gate="limited_rollout")]
    assert gates.check_override(pilot(stage="readiness_review"), items, TODAY) == "limited_rollout"
    assert gates.check_override(pilot(stage="week_one"), [item("W1-01", gate="build")], TODAY) == "build"


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ItemState), st.sampled_from(["build", "readiness_review", "limited_rollout", None]),
                          st.integers(-20, 20), st.booleans()), max_size=10))
def test_the_gate_shown_and_the_gate_checked_agree(facts: list[tuple[ItemState, str | None, int, bool]]) -> None:
    items = [item(f"X-{n:02}", state=state, gate=gate, due_on=TODAY + timedelta(days), is_advice=is_advice,
                  waived_until=TODAY + timedelta(days)) for n, (state, gate, days, is_advice) in enumerate(facts)]
    gate = gate_of(items)
    assert gate.done + gate.open + gate.waived == len(gate.items)
    assert gate.late <= gate.open
    if gate.is_open:
        gates.check_pass(pilot(), items, TODAY)
    else:
        assert gate.clears[0].ref in [it.ref for it in gate.items]
        refusal(items)
