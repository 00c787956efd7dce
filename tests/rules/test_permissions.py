"""Who may do what, cell by cell; and the roles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.errors import Refused
from handlers.people.permissions import Action, Hat, check, may
from handlers.people.roles import ROLES, Role, read_role

# One row per action, one column per hat; + may, . may not. Whoever changes the table says so here as well.
COLUMNS = "admin lead sponsor owner approver author team asked member outsider"
TABLE = """
read                 +    +    +       +     +        +      +    +     +      .
create_pilot         +    +    +       +     +        +      +    +     +      .
item_done            +    +    .       +     +        .      .    .     .      .
item_reopen          +    +    .       +     +        .      .    .     .      .
item_plan            +    +    .       +     .        .      .    .     .      .
item_snooze          +    +    .       +     .        .      .    .     .      .
item_block           +    +    .       +     .        .      .    .     .      .
item_assign          +    +    .       +     .        .      .    .     .      .
item_on_it           +    +    +       +     .        .      +    .     .      .
item_due             +    +    +       .     .        .      .    .     .      .
item_not_applicable  +    +    .       +     .        .      .    .     .      .
seat_fill            +    +    +       .     .        .      .    .     .      .
seat_accept          .    .    .       .     .        .      .    +     .      .
seat_hand_back       .    .    .       .     .        .      .    +     .      .
brief_slot           +    +    .       +     .        .      .    .     .      .
brief_held           +    +    .       +     .        .      .    .     .      .
brief_answer         .    .    .       +     .        .      .    .     .      .
gate_pass            +    +    +       .     .        .      .    .     .      .
pause                +    +    +       .     .        .      .    .     .      .
resume               +    +    +       .     .        .      .    .     .      .
stop                 +    +    +       .     .        .      .    .     .      .
channel_nudge        +    +    +       .     .        .      .    .     .      .
quiet                +    +    +       +     +        +      +    +     +      .
history              +    +    +       +     +        +      +    +     +      .
set_template         +    +    .       .     .        .      .    .     .      .
item_waive           +    +    +       .     +        .      .    .     .      .
head_name            +    +    +       .     .        .      .    .     .      .
decide               +    .    +       .     .        .      .    .     .      .
sign                 .    .    .       .     +        .      .    .     .      .
gate_override        .    .    +       .     +        .      .    .     .      .
export               +    +    +       .     .        .      +    .     .      .
alert_take           +    +    +       +     +        +      +    +     +      .
alert_settle         +    +    +       .     .        .      +    .     .      .
alert_hush           +    +    +       .     .        .      +    .     .      .
rotation_set         +    +    +       .     .        .      .    .     .      .
shift_take           +    +    +       .     .        .      +    .     .      .
shift_give           +    +    +       +     .        .      .    .     .      .
alert_retrain        +    +    .       +     .        .      .    .     .      .
gap_give             +    +    +       .     .        .      +    .     .      .
questions            +    +    +       .     .        .      +    .     .      .
runbook_refresh      +    +    .       .     .        .      .    .     .      .
"""
# On a safety-floor item these differ; every other row stays as it is.
FLOOR = """
item_not_applicable  .    .    .       +     .        .      .    .     .      .
item_waive           .    .    .       +     +        .      .    .     .      .
gate_override        .    .    .       .     .        .      .    .     .      .
"""


def rows(table):
    return {line.split()[0]: line.split()[1:] for line in table.strip().splitlines()}


CELLS = [(action, hat, cell == "+") for action, cells in rows(TABLE).items()
         for hat, cell in zip(COLUMNS.split(), cells, strict=True)]
FLOOR_CELLS = [(action, hat, cell == "+") for action, cells in (rows(TABLE) | rows(FLOOR)).items()
               for hat, cell in zip(COLUMNS.split(), cells, strict=True)]


def test_the_table_has_a_cell_for_every_action_and_hat():
    assert {(action, hat) for action, hat, _ in CELLS} == {(action, hat) for action in Action for hat in Hat}
    assert len(CELLS) == len(Action) * len(Hat)


@pytest.mark.parametrize(("action", "hat", "allowed"), CELLS)
def test_each_cell(action, hat, allowed):
    assert may(Action(action), frozenset({Hat(hat)})) is allowed


@pytest.mark.parametrize(("action", "hat", "allowed"), FLOOR_CELLS)
def test_each_cell_on_the_safety_floor(action, hat, allowed):
    assert may(Action(action), frozenset({Hat(hat)}), safety_floor=True) is allowed


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("safety_floor", [False, True])
def test_an_outsider_may_nothing_whatever_else_they_wear(action, safety_floor):
    assert not may(action, frozenset(Hat), safety_floor=safety_floor)
    assert not may(action, frozenset(), safety_floor=safety_floor)


@pytest.mark.parametrize("action", [Action.SIGN, Action.ITEM_WAIVE])
@pytest.mark.parametrize("safety_floor", [False, True])
def test_nobody_approves_own_work_or_own_waiver(action, safety_floor):
    everything = frozenset(Hat) - {Hat.OUTSIDER}
    assert not may(action, everything, safety_floor=safety_floor)
    assert may(action, everything - {Hat.AUTHOR}, safety_floor=safety_floor)


@given(st.sampled_from(Action), st.frozensets(st.sampled_from(Hat)), st.booleans())
def test_several_hats_add_up_and_check_agrees(action, hats, safety_floor):
    bar = {Hat.OUTSIDER} | ({Hat.AUTHOR} if action in (Action.SIGN, Action.ITEM_WAIVE) else set())
    expected = not hats & bar and any(may(action, frozenset({hat}), safety_floor=safety_floor) for hat in hats)
    assert may(action, hats, safety_floor=safety_floor) is expected
    try:
        check(action, hats, safety_floor=safety_floor)
    except Refused as refused:
        assert not expected
        assert str(refused)
    else:
        assert expected


@pytest.mark.parametrize(("action", "hats", "who_may", "floor", "says"), [
    ("item_done", {"member"}, ["Priya Shah (lead)"], False,
     "Only the owner, the pilot lead, an admin or one of its approvers can mark this done. Ask Priya Shah (lead)."),
    ("item_due", {"member", "owner"}, [], False,
     "Only the pilot lead, the sponsor or an admin can move the due date. `/pilot team` shows who that is."),
    ("seat_accept", {"member", "lead"}, ["Ana Ruiz"], False,
     "Only the person who was asked can take this seat. Ask Ana Ruiz."),
    ("export", {"member"}, ["A", "B", "C", "D"], False,
     "Only anyone in the pilot's team or an admin can export this pilot. Ask A, B or C."),
    ("item_not_applicable", {"lead"}, ["Sam Okoro (owner)"], True,
     "This belongs to the safety floor. Only the owner can set this aside as not applicable. Ask Sam Okoro (owner)."),
    ("sign", {"approver", "author"}, ["Ana Ruiz (operations)"], False,
     "This is your own work or request, so somebody else has to sign this: one of its approvers. "
     "Ask Ana Ruiz (operations)."),
    ("gate_override", {"sponsor"}, ["Ana Ruiz"], True,
     "Nobody can open a gate that is not ready while an item of the safety floor is open. "
     "`/pilot items gate` shows which; close it first."),
])
def test_a_refusal_says_why_and_whom_to_ask(action, hats, who_may, floor, says):
    with pytest.raises(Refused) as refused:
        check(Action(action), frozenset(map(Hat, hats)), who_may=who_may, safety_floor=floor)
    assert str(refused.value) == says


def test_outsiders_get_the_same_sentence_whatever_they_try():
    said = set()
    for action in Action:
        for hats in (frozenset({Hat.OUTSIDER}), frozenset({Hat.OUTSIDER, Hat.ADMIN}), frozenset[Hat]()):
            for floor in (False, True):
                with pytest.raises(Refused) as refused:
                    check(action, hats, who_may=["Priya Shah (lead)"], safety_floor=floor)
                said.add(str(refused.value))
    assert said == {"I only work for active members of this workspace; please ask your contact there."}


# Roles

def test_there_are_eleven_roles_each_with_a_title_and_a_duty():
    assert [str(role) for role in ROLES] == ["sponsor", "lead", "product", "engineering", "data", "ml", "operations",
                                             "security", "legal", "compliance", "change"]
    assert Role.ML.title == "Machine learning"
    assert len({role.title for role in ROLES}) == len({role.duty for role in ROLES}) == 11
    assert all(role.duty.endswith(".") and len(role.duty) < 90 and "\n" not in role.duty for role in ROLES)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_read_by_its_name_and_its_title(role):
    for text in (role, role.title, role.upper(), f" the {role} team ", f"“{role}”", f"@{role}"):
        assert read_role(text) is role


@pytest.mark.parametrize(("text", "role"), [
    ("ops", "operations"), ("SRE", "operations"), ("devops", "operations"), ("on-call", "operations"),
    ("infosec", "security"), ("sec", "security"), ("ciso", "security"), ("InfoSec team", "security"),
    ("dpo", "legal"), ("privacy", "legal"), ("counsel", "legal"), ("lawyer", "legal"),
    ("eng", "engineering"), ("dev", "engineering"), ("engineer", "engineering"), ("developer", "engineering"),
    ("pm", "product"), ("product owner", "product"), ("product_manager", "product"),
    ("change management", "change"), ("change-management", "change"), ("adoption", "change"),
    ("ml engineer", "ml"), ("machine  learning", "ml"), ("data science", "ml"), ("data scientist", "ml"),
    ("data engineer", "data"), ("exec", "sponsor"), ("project lead", "lead"), ("risk", "compliance"),
    # one typo
    ("secruity", "security"), ("legl", "legal"), ("enginering", "engineering"), ("produkt", "product"),
    ("complience", "compliance"), ("sponsors", "sponsor"), ("operation", "operations"), ("chnage", "change"),
    ("ｏｐｓ", "operations"),
])
def test_a_role_is_read_by_what_people_call_it(text, role):
    assert read_role(text) is Role(role)


@pytest.mark.parametrize(("text", "says"), [
    ("leed", "“leed” is not a role. Did you mean `lead`?"),          # too short for a typo to be certain
    ("secrutiyy", "“secrutiyy” is not a role. Did you mean `security`?"),
    ("banana", "“banana” is not a role."),
    ("x" * 50, f"“{'x' * 39}…” is not a role."),
    ("", "A role is missing."),
    (" @ ", "A role is missing."),
])
def test_what_is_no_role_is_refused_with_the_nearest_and_the_list(text, says):
    with pytest.raises(Refused) as refused:
        read_role(text)
    assert str(refused.value) == (f"{says} The roles: sponsor, lead, product, engineering, data, ml, operations, "
                                  "security, legal, compliance, change.")


@given(st.text(max_size=60))
def test_any_text_is_a_role_or_refused(text):
    try:
        read_role(text)
    except Refused as refused:
        assert len(str(refused)) < 300
