"""Templates: what is wrong with one is said with its line and a remedy; packs merge into a checklist."""

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.fields import FileErrors
from handlers.pilots import templates
from handlers.pilots.templates import Checklist, Template
from storage.models import ItemKind

LIBRARY = Path(templates.__file__).parent / "library"
SOON = date(2027, 2, 15)

HEAD = """\
schema: 1
template: acme
version: "1"
"""
WEIGHTS = "weights: {integration: 40, roi: 30, organization: 20, infrastructure: 10}\n"
STAGES = """\
stages:
  - {id: intake, title: Intake, limit_wd: 10, exit: x}
  - {id: week_one, title: Week one, limit_wd: 10, exit: x}
  - {id: build, title: Build, limit_wd: 40, exit: x}
  - {id: readiness_review, title: Review, limit_wd: 10, exit: x}
  - {id: limited_rollout, title: Rollout, limit_wd: 30, exit: x}
  - {id: production, title: Production, limit_wd: 20, exit: x}
  - {id: continuous_improvement, title: Improvement, limit_wd: null, exit: x}
"""
BASE = HEAD + WEIGHTS + STAGES + "items:\n"
VALUES = {
    "id": "X-01", "title": "Do it", "stage": "build", "owner": "engineering", "kind": "task", "due": "build+5wd",
    "gate": "readiness_review", "evidence": "A link", "why": "Because", "category": "roi", "weight": "3"}


def entry(without: str = "", **said: str) -> str:
    """One item, each key on a line of its own: `id` on the first, `title` on the second and so on."""
    lines = [f"{key}: {value}" for key, value in (VALUES | said).items() if key not in without.split()]
    return "  - " + "\n    ".join(lines) + "\n"


def parsed(*items: str, head: str = BASE) -> Template:
    return templates.parse(head + "".join(items), "acme.yaml")


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(FileErrors) as errors:
        templates.parse(text, "acme.yaml")
    assert all(fault.where == "acme.yaml" for fault in errors.value.faults)
    return [(fault.line, fault.text) for fault in errors.value.faults]


def pack(name: str, extends: str, *items: str) -> Template:
    head = f"schema: 1\ntemplate: {name}\nextends: {extends}\nversion: '1'\nitems:\n"
    return templates.parse(head + "".join(items), f"{name}.yaml")


def library(*packs: Template) -> dict[str, Template]:
    return {template.name: template for template in packs}


@cache
def shipped() -> dict[str, Template]:
    return library(*(templates.parse(path.read_text("utf-8"), path.name) for path in sorted(LIBRARY.glob("*.yaml"))))


# The library

def test_the_library_is_whole() -> None:
    counts = {name: len(template.items) for name, template in shipped().items()}
    assert counts == {"ai-pilot-default": 50, "llm-assistant": 17, "regulated": 18, "protections": 4}


def test_the_85_ids_and_the_protection_tests_are_different() -> None:
    ids = [item.id for name, template in shipped().items() if name != "protections" for item in template.items]
    assert len(ids) == len(set(ids)) == 85
    assert len(templates.resolve(shipped(), list(shipped())).items) == 89


def test_each_gate_of_the_default_template_has_as_many_items_as_readiness_says() -> None:
    assert Counter(item.gate for item in shipped()["ai-pilot-default"].items) == {
        "week_one": 5, "build": 12, "readiness_review": 13, "limited_rollout": 11, "production": 4,
        "continuous_improvement": 2, None: 3}


def test_values_are_read_as_they_are_meant() -> None:
    default, regulated = shipped()["ai-pilot-default"], shipped()["regulated"]
    assert [(stage.id, stage.limit_wd) for stage in default.stages] == [
        ("intake", 10), ("week_one", 10), ("build", 40), ("readiness_review", 10), ("limited_rollout", 30),
        ("production", 20), ("continuous_improvement", None)]
    assert default.stages[0].as_row() == {"id": "intake", "title": "Intake", "limit_wd": 10,
                                          "exit": "A named sponsor, a number to move, a team"}
    assert default.weights == {"integration": 40, "roi": 30, "organization": 20, "infrastructure": 10}
    assert (default.version, default.extends, regulated.extends) == ("2026.11", None, "ai-pilot-default")
    assert (regulated.not_legal_advice, regulated.review_by) == (True, date(2027, 2, 28))
    items = {item.id: item for template in shipped().values() for item in template.items}
    assert (items["W1-01"].kind, items["W1-01"].minutes) == (ItemKind.MEETING, 30)
    assert items["IN-04"].approvers == ("sponsor", "operations", "engineering")
    assert (items["B-11"].repeat, items["C-03"].repeat, items["C-01"].gate) == ("15wd", "12mo", None)
    assert (items["REG-05"].applies_from, items["REG-05"].when) == (date(2027, 12, 2), ("eu-high-risk",))
    assert items["REG-18"].when == ("eu", "us-bank", "iso42001")
    assert items["IN-01"].source == ("founding:004", "founding:002", "nist:GOVERN 2.3")


def test_nothing_of_the_nudge_policy_is_left_in_the_library() -> None:
    assert not any("\nnudge" in path.read_text("utf-8") for path in LIBRARY.glob("*.yaml"))


# Faults of one file

def test_a_good_template_has_no_fault() -> None:
    assert parsed(entry()).items[0].line == 14


@pytest.mark.parametrize(("said", "line", "says"), [
    ({"id": "x-01"}, 14, "`id: x-01` is not understood; write capitals, a dash and two or three digits, such as `ACME-01`"),
    ({"id": "LONGLONG-01"}, 14, "write capitals"),
    ({"id": "X-1"}, 14, "write capitals"),
    ({"id": "X-0001"}, 14, "write capitals"),
    ({"id": "X-٠١"}, 14, "write capitals"),
    ({"title": ""}, 15, "`title` is empty; write a text"),
    ({"title": '"  "'}, 15, "`title` is empty"),
    ({"title": "a" * 121}, 15, "`title` has 121 characters; cut it to 120"),
    ({"title": '"two\\nlines"'}, 15, "write it on one line"),
    ({"title": "[a, b]"}, 15, "`title` takes one value; write it without brackets"),
    ({"stage": "bulid"}, 16, "`bulid` is not a stage; write `build`. Valid are `intake`, `week_one`, `build`,"),
    ({"stage": "7"}, 16, "`7` is not a stage; write one of `intake`,"),
    ({"owner": "enginering"}, 17, "`enginering` is not a role; write `engineering`. Valid are `sponsor`, `lead`,"),
    ({"owner": "Legal"}, 17, "write `legal`"),
    ({"kind": "meting"}, 18, "`meting` is not a kind; write `meeting`. Valid are `task`, `meeting`, `signoff`, `measure`"),
    ({"due": "buid+5wd"}, 19, "`due: buid+5wd` is not understood; write `build+5wd`"),
    ({"due": "build+5d"}, 19, "write `build+5wd`, five working days after it, or `kickoff-3wd`"),
    ({"due": "tomorrow"}, 19, "It counts from `kickoff`, `intake`,"),
    ({"due": "readiness_review+1wd"}, 19, "holds `readiness_review` shut; count from an earlier stage, such as `build+5wd`"),
    ({"gate": "golive"}, 20, "`golive` is not a stage to gate"),
    ({"gate": "build"}, 20, "it belongs to `build`, so it cannot hold `build`, which is entered no later; write one of"),
    ({"gate": "week_one"}, 20, "`readiness_review`, `limited_rollout`, `production`, `continuous_improvement`, or null"),
    ({"stage": "continuous_improvement", "gate": "production"}, 20, "write `gate: null`"),
    ({"evidence": "null"}, 21, "`evidence` is empty"),
    ({"why": ""}, 22, "`why` is empty"),
    ({"category": "organisation"}, 23, "`organisation` is not a category; write `organization`. Valid are `integration`"),
    ({"weight": "0"}, 24, "`weight` is `0`; write a whole number from 1 to 5"),
    ({"weight": "6"}, 24, "write a whole number from 1 to 5"),
    ({"weight": "3.5"}, 24, "write a whole number from 1 to 5"),
    ({"weight": "heavy"}, 24, "`weight` is `heavy`; write a whole number"),
    ({"weight": ""}, 24, "`weight` is empty; write a whole number"),
    ({"minutes": "30"}, 25, "only a meeting has `minutes`; remove it, or write `kind: meeting` instead of `kind: task`"),
    ({"kind": "meeting", "minutes": "half an hour"}, 25, "write a whole number from 5 to 480"),
    ({"approvers": "[legal]"}, 25, "only a signoff has `approvers`; remove it, or write `kind: signoff`"),
    ({"kind": "signoff"}, 14, "a signoff needs `approvers`; add the roles that sign"),
    ({"kind": "signoff", "approvers": "[legal, finance]"}, 25, "`approvers` cannot hold `finance`; write one of `sponsor`"),
    ({"kind": "signoff", "approvers": "[legal, legal]"}, 25, "`approvers` names `legal` twice; keep one"),
    ({"kind": "signoff", "approvers": "[]"}, 25, "`approvers` takes a list that is not empty"),
    ({"kind": "signoff", "approvers": "legal"}, 25, "`approvers` takes a list that is not empty; write [one, two]"),
    ({"when": "eu"}, 25, "`when` takes a list"),
    ({"when": "[EU law]"}, 25, "`when` holds `EU law`; write it in small letters and dashes, such as `personal-data`"),
    ({"when": "[{a: 1}]"}, 25, "`when` holds ``; write"),
    ({"applies_from": "next year"}, 25, '`applies_from` is `next year`; write a date such as "2026-12-02"'),
    ({"applies_from": "2026-02-30"}, 25, "write a date"),
    ({"repeat": "weekly"}, 25, "`repeat: weekly` is not understood; write `15wd` for every 15 working days, or `1mo`"),
    ({"repeat": "0wd"}, 25, "`repeat: 0wd` is not understood"),
    ({"source": "[]"}, 25, "`source` takes a list that is not empty"),
    ({"after": "[the others]"}, 25, "`after` holds `the others`; write ids of other items"),
    ({"after": "[X-02]"}, 14, "`after` names `X-02`, which is no item; write `X-01`"),
    ({"after": "[X-01]"}, 14, "items come after each other in a circle, X-01 after X-01; remove one"),
    ({"ownr": "legal"}, 25, "`ownr` is not a key here; remove it, or use one of"),
    ({"wen": "[eu]"}, 25, "`wen` is not a key here; write `when`"),
    ({"<<": "{a: 1}"}, 25, "`<<` is not a key here"),
])
def test_each_fault_is_said_with_its_line_and_what_to_write(said: dict[str, str], line: int, says: str) -> None:
    found = faults(BASE + entry(**said))
    assert len(found) == 1, found
    assert found[0][0] == line
    assert says in found[0][1]
    assert found[0][1].startswith("Item ")


def test_missing_keys_are_named_together() -> None:
    assert faults(BASE + entry(without="owner gate weight")) == [
        (14, "Item X-01: `owner`, `gate`, `weight` are missing; add them.")]
    assert faults(BASE + entry(without="id")) == [(14, "Item 1: `id` is missing; add it.")]


@pytest.mark.parametrize(("text", "line", "says"), [
    ("", 1, "begin it with `schema: 1`"),
    ("# nothing\n", 1, "begin it with `schema: 1`"),
    ("- a\n- b\n", 1, "A template is a list of keys"),
    ("schema: 1\ntemplate: a: b\n", 2, "This is not YAML: mapping values are not allowed here. Put a text with a colon"),
    ("schema: 1\n\titems: []\n", 2, "Indent with spaces"),
    ("schema: 1\nitems: [a, b\n", 3, "Close the bracket"),
    ("schema: 1\ntitle: \"open\n", 3, "Close the quotes"),
    ("schema: 1\n---\nschema: 1\n", 2, "one file holds one document"),
    ("schema: 1\nitems: *nothing\n", 2, "Write the value itself"),
    ("schema: 1\ntemplate: a\x07\n", 2, "the invisible character U+0007"),
    ("[" * 500, 1, "nested hundreds deep"),
    ("x" * 200_001, 1, "200000 at most are read"),
])
def test_what_is_not_yaml_is_said_with_its_line(text: str, line: int, says: str) -> None:
    found = faults(text)
    assert [at for at, _ in found] == [line]
    assert says in found[0][1]


@pytest.mark.parametrize(("old", "new", "line", "says"), [
    ("schema: 1", "schema: 2", 1, "`2` is not a schema this bot reads; write `schema: 1`"),
    ("schema: 1", "schema: [1]", 1, "`schema`"),
    ("schema: 1", "schema: 1\nschema: 1", 2, "the key `schema` stands twice, first on line 1; keep one"),
    ("template: acme", "template: Acme pilots", 2, "`template: Acme pilots` is not understood; write a word in small letters"),
    ("template: acme", "tmplate: acme", 2, "`tmplate` is not a key here; write `template`"),
    ("template: acme", "template: acme\nnudge: {}", 3, "`nudge` is not a key here; remove it"),
    ("roi: 30", "roi: 20", 4, "The weights: they sum to 90; make them sum to 100"),
    ("roi: 30", "roi: -30", 4, "`roi` is `-30`; write a whole number from 0 to 100"),
    ("roi: 30", "value: 30", 4, "`value` is not a key here"),
    ("organization", "organisation", 4, "`organisation` is not a key here; write `organization`"),
    (WEIGHTS, "weights: 100\n", 4, "`weights` takes keys of its own"),
    ("limit_wd: 40", "limit_wd: null", 8, "`limit_wd` is empty; write a whole number from 1 to 999"),
    ("limit_wd: 40, ", "", 8, "`limit_wd` is missing"),
    ("{id: build,", "{id: bild,", 8, "`bild` is not a stage; write `build`"),
    ("{id: build,", "{id: intake,", 8, "`intake` stands twice; keep one"),
    ("  - {id: build, title: Build, limit_wd: 40, exit: x}\n", "", 6, "the stages lack `build`; list all of"),
    ("{id: build, title: Build, limit_wd: 40, exit: x}", "build", 8, "A stage has keys"),
    ("template: acme", "template: acme\nnot_legal_advice: maybe", 3, "write `true` or `false`"),
    ("template: acme", "template: acme\nreview_by: soon", 3, "write a date"),
])
def test_faults_of_the_head(old: str, new: str, line: int, says: str) -> None:
    found = faults(BASE.replace(old, new, 1) + entry())
    assert any(at == line and says in text for at, text in found), found


def test_stages_out_of_order_are_put_right() -> None:
    lines = STAGES.splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    [(line, text)] = faults(HEAD + WEIGHTS + "".join(lines) + "items:\n" + entry())
    assert line == 6
    assert "out of order; write them as `intake`, `week_one`, `build`" in text


def test_items_must_be_there_and_have_keys() -> None:
    assert faults(BASE + "  []\n")[0] == (14, "The template: `items` takes a list that is not empty; write [one, two], "
                                              "or each entry on its own line after a dash.")
    assert faults(BASE + "  - X-01\n")[0][1].startswith("Item 1 has no keys; write {id, title,")


def test_an_id_stands_once() -> None:
    assert faults(BASE + entry() + entry()) == [
        (25, "Item X-01: this id stands twice, first on line 14; give one of them another number.")]


def test_a_pack_takes_stages_and_weights_from_its_base() -> None:
    found = faults(BASE.replace("version", "extends: base\nversion") + entry())
    assert found == [(5, "The template: a pack takes `weights` from the base it extends; remove it."),
                     (7, "The template: a pack takes `stages` from the base it extends; remove it.")]


def test_a_broken_template_shows_all_faults_at_once_with_the_right_lines() -> None:
    text = """\
schema: 1
template: acme
version: ""
weights: {integration: 50, roi: 30, organization: 20, infrastructure: 10}
""" + STAGES + """\
items:
  - {id: A-01, title: "", stage: build, owner: lawyer, kind: task,
     due: build, gate: readiness_review, evidence: x, why: x, category: roi, weight: 9}
  - {id: A-01, title: Again, stage: build, owner: legal, kind: signoff,
     due: build+1wd, gate: intake, evidence: x, why: x, category: roi, weight: 3, wieght: 3}

  - id: A-02
    title: Fine 🛫 <!channel> *bold* مرحبا
    stage: build
    stage: build
    owner: legal
    kind: meeting
    minutes: 1
    due: build+1wd
    gate: ~
    why: x
    category: roi
    weight: 3
"""
    found = faults(text)
    assert [(line, next(word for word in said.split("`")[1::2])) for line, said in found if "`" in said] == [
        (3, "version"), (14, "title"), (14, "lawyer"), (15, "due: build"), (15, "weight"), (16, "approvers"),
        (17, "wieght"), (17, "build"), (19, "evidence"), (22, "stage"), (25, "minutes")]
    assert [line for line, said in found if "`" not in said] == [4, 16]
    assert "they sum to 110" in found[1][1]


def test_the_error_reads_as_a_list() -> None:
    with pytest.raises(FileErrors) as errors:
        templates.parse(BASE.replace("schema: 1", "schema: 9") + entry(weight="7"), "acme.yaml")
    assert str(errors.value).splitlines()[0].startswith("acme.yaml, line 1: The template: `9` is not a schema")
    assert len(str(errors.value).splitlines()) == 2


@pytest.mark.parametrize("title", ["🛫 Fly", "*bold* <!channel> & `code`", "שלום עולם", "مرحبا", "null and void", "1e3", "Yes"])
def test_any_writing_is_a_fine_title(title: str) -> None:
    assert parsed(entry(title=f'"{title}"')).items[0].title == title


def test_a_bare_word_that_yaml_would_convert_stays_as_written() -> None:
    item = parsed(entry(title="No", evidence="2026.10", applies_from="2026-12-02")).items[0]
    assert (item.title, item.evidence, item.applies_from) == ("No", "2026.10", date(2026, 12, 2))


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=300))
def test_no_text_brings_the_reader_down(text: str) -> None:
    with pytest.raises(FileErrors) as errors:
        templates.parse(text, "x")
    assert all(1 <= fault.line <= len(text) + 1 for fault in errors.value.faults)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(sorted(VALUES)), st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
       | st.sampled_from(["[]", "{}", "~", "[[]]", "{a: b}", "&a [*a]", "!!python/object:os.system x", "? [a]", "|\n      x"]))
def test_no_value_brings_the_reader_down(key: str, value: str) -> None:
    try:
        parsed(entry(**{key: value}))
    except FileErrors as errors:
        assert errors.faults


# Merging

def base(*items: str) -> Template:
    return parsed(*(items or (entry(),)))


def resolve_faults(packs: dict[str, Template], *names: str) -> list[tuple[str, int, str]]:
    with pytest.raises(FileErrors) as errors:
        templates.resolve(packs, names)
    return [(fault.where, fault.line, fault.text) for fault in errors.value.faults]


def test_packs_are_merged_into_the_base_by_stage() -> None:
    packs = library(base(entry(id="X-01", stage="intake"), entry(id="X-02")),
                    pack("one", "acme", entry(id="Y-01"), entry(id="Y-02", stage="intake")),
                    pack("two", "one", entry(id="Z-01", stage="week_one")))
    checklist = templates.resolve(packs, ["two", "one"])
    assert checklist.templates == ("acme", "one", "two")
    assert [item.id for item in checklist.items] == ["X-01", "Y-02", "Z-01", "X-02", "Y-01"]
    assert checklist.weights == {"integration": 40, "roi": 30, "organization": 20, "infrastructure": 10}
    assert len(checklist.stages) == 7


def test_an_item_is_listed_after_those_it_names() -> None:
    packs = library(
        base(entry(id="X-01", after="[X-03]"), entry(id="X-02"), entry(id="X-03", after="[X-02]")),
        pack("one", "acme", entry(id="Y-01", after="[X-02]"), entry(id="Y-02", stage="week_one")))
    assert [item.id for item in templates.resolve(packs, ["one"]).items] == ["Y-02", "X-02", "X-03", "X-01", "Y-01"]


def test_a_circle_of_templates_is_named() -> None:
    packs = library(pack("a", "b", entry()), pack("b", "c", entry(id="Y-01")), pack("c", "a", entry(id="Z-01")))
    assert resolve_faults(packs, "a") == [
        ("c.yaml", 3, "Templates extend each other in a circle: a extends b extends c extends a; remove one `extends`.")]
    assert "circle: a extends a;" in resolve_faults(library(pack("a", "a", entry())), "a")[0][2]


def test_unknown_templates_get_the_nearest_name() -> None:
    packs = library(base(), pack("one", "acne", entry(id="Y-01")))
    assert resolve_faults(packs, "one") == [("one.yaml", 3, "There is no template `acne`; write `acme`.")]
    assert resolve_faults(packs, "acm") == [("", 1, "There is no template `acm`; write `acme`.")]
    assert resolve_faults(packs, "zzz") == [("", 1, "There is no template `zzz`; write one of `acme`, `one`.")]
    assert resolve_faults(packs) == [("", 1, "No template is chosen; choose from `acme`, `one`.")]


def test_two_bases_do_not_mix() -> None:
    other = templates.parse(BASE.replace("acme", "other") + entry(id="Y-01"), "other.yaml")
    assert resolve_faults(library(base(), other), "acme", "other") == [
        ("other.yaml", 1, "These stand on different bases, `acme`, `other`; choose packs that extend one of them.")]


def test_one_id_in_two_packs_is_a_fault() -> None:
    packs = library(base(), pack("one", "acme", entry(id="Y-01"), entry(id="X-01")), pack("two", "acme", entry(id="Y-01")))
    assert resolve_faults(packs, "one", "two") == [
        ("one.yaml", 17, "Item X-01: this id is taken by line 14 of acme.yaml; give it another number."),
        ("two.yaml", 6, "Item Y-01: this id is taken by line 6 of one.yaml; give it another number.")]
    assert len(templates.resolve(packs, ["two"]).items) == 2


def test_a_circle_of_items_is_named() -> None:
    [(line, text)] = faults(BASE + entry(id="X-01", after="[X-03]") + entry(id="X-02", after="[X-01]")
                            + entry(id="X-03", after="[X-02]"))
    assert line == 14
    assert text == ("Item X-01: items come after each other in a circle, X-01 after X-03 after X-02 after X-01; "
                    "remove one of these from `after`.")


def test_a_pack_may_name_items_of_its_base_but_no_strangers_or_later_ones() -> None:
    packs = library(base(), pack("one", "acme", entry(id="Y-01", after="[X-01]")),
                    pack("two", "acme", entry(id="Y-01", after="[X-09]")),
                    pack("early", "acme", entry(id="Y-01", stage="intake", after="[X-01]")))
    assert [item.id for item in templates.resolve(packs, ["one"]).items] == ["X-01", "Y-01"]
    assert resolve_faults(packs, "two") == [
        ("two.yaml", 6, "Item Y-01: `after` names `X-09`, which is no item; write `X-01`.")]
    assert resolve_faults(packs, "early") == [
        ("early.yaml", 6, "Item Y-01: it belongs to `intake` and cannot come after X-01 of `build`; "
                          "remove X-01 from `after`.")]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, 7), max_size=3, unique=True), min_size=1, max_size=8))
def test_any_after_is_either_kept_or_refused(names: list[list[int]]) -> None:
    """A reference: no circle if and only if the graph can be peeled."""
    wanted = {n: [m for m in others if m < len(names)] for n, others in enumerate(names)}
    items = [entry(id=f"X-{n:02}", **({"after": f"[{', '.join(f'X-{m:02}' for m in others)}]"} if others else {}))
             for n, others in wanted.items()]
    left = dict(wanted)
    while free := [n for n, others in left.items() if not any(m in left for m in others)]:
        for n in free:
            del left[n]
    if left:
        assert all("circle" in text for _, text in faults(BASE + "".join(items)))
    else:
        order = [item.id for item in templates.resolve(library(parsed(*items)), ["acme"]).items]
        assert all(order.index(f"X-{m:02}") < order.index(f"X-{n:02}") for n, others in wanted.items() for m in others)


# One pilot's items

@cache
def whole() -> Checklist:
    return templates.resolve(shipped(), ["ai-pilot-default", "llm-assistant", "regulated", "protections"])


def ids(conditions: set[str], cut: templates.Cut = "full", checklist: Checklist | None = None) -> list[str]:
    return [item.id for item in templates.items_for(checklist or whole(), frozenset(conditions), SOON, cut)]


def test_the_core_cut_of_the_default_template_is_19_items() -> None:
    got = ids(set(), "core", templates.resolve(shipped(), ["ai-pilot-default"]))
    assert got == ["IN-01", "IN-02", "IN-04", "IN-07", "W1-01", "W1-02", "W1-03", "W1-04", "W1-05", "W1-06", "W1-07",
                   "B-01", "B-02", "B-04", "R-02", "R-05", "R-07", "L-02", "L-04"]


@pytest.mark.parametrize(("conditions", "added"), [
    (set(), 0), ({"mars"}, 0), ({"personal-data"}, 1), ({"eu"}, 5), ({"us-bank"}, 5), ({"iso42001"}, 2),
    ({"eu-high-risk"}, 7), ({"eu", "us-bank"}, 9), ({"protected-data"}, 1),
    ({"protected-data", "protected-team", "protected-judges", "protected-infrastructure"}, 4),
])
def test_items_come_with_any_of_their_conditions(conditions: set[str], added: int) -> None:
    assert len(ids(conditions)) == 67 + added


def test_a_yes_in_the_protection_test_is_kept_in_the_core_cut() -> None:
    assert set(ids({"protected-team"}, "core")) - set(ids(set(), "core")) == {"PT-02"}
    assert "REG-03" not in ids({"eu"}, "core")
    assert {"REG-01", "REG-02"} <= set(ids({"eu"}, "core"))


@pytest.mark.parametrize(("golive", "is_advice"), [(date(2027, 12, 1), True), (date(2027, 12, 2), False),
                                                  (date(2028, 1, 1), False)])
def test_a_law_that_begins_after_golive_is_advice(golive: date, is_advice: bool) -> None:
    items = {item.id: item for item in templates.items_for(whole(), frozenset({"eu-high-risk"}), golive, "full")}
    assert items["REG-05"].is_advice is is_advice
    assert not items["LLM-13"].is_advice
    assert not items["B-02"].is_advice


def test_a_checklist_knows_the_conditions_to_ask_for() -> None:
    assert whole().conditions == (
        "eu", "eu-high-risk", "iso42001", "personal-data", "protected-data", "protected-infrastructure",
        "protected-judges", "protected-team", "us-bank")
