"""What does not fit a message: long code, wide tables, headings and addresses without end. Nothing is lost in silence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.cards import Buttons, Card, Code, Text, plain, plain_line
from handlers.runbooks.blocks import Kind, blocks
from handlers.runbooks.cards import CLOSEST, Answer, answer_card, whole_card
from handlers.runbooks.page_lines import path_of
from handlers.runbooks.passages import elements, excerpt, parts
from handlers.runbooks.values import Verdict
from handlers.slack.render import blocks as rendered
from tests.runbooks.shelf import Written, put
from tests.runbooks.test_answers_asked import HERE, answer
from tests.runbooks.test_answers_cards import NOW, OLD, PAGE, replace
from tests.world import EVERYONE, World

CODE = "```sh\n" + "\n".join(f"run --step {n} --of 'a & b' > <log>" for n in range(10_000)) + "\n```\n"
TABLE = "| Port | What it is | Who keeps it |\n|---|---|---|\n" + "\n".join(
    f"| {n} | service number {n}, with many words on what it does | team {n} |" for n in range(900))


def pressed(card: Card) -> list[str]:
    return [button.label for each in card.elements if isinstance(each, Buttons) for button in each.items]


def test_what_is_shown_in_full_is_not_called_the_beginning() -> None:
    rows = "\n".join(f"| {name} on call | at once, by phone, day and night | what happened, since when, whether it goes on |"
                     for name in ("Security", "Legal", "Product", "Support", "Data", "Platform"))
    table = blocks(f"| Role | When | Say |\n| --- | --- | --- |\n{rows}\n")
    assert len(table[0].text) > CLOSEST
    assert excerpt(table, CLOSEST) == (table, False)
    step = blocks("Do this:\n\n1. " + "Stop it now. " * 50 + "\n\n   ```sh\n   " + "x" * 200 + "\n   ```\n")
    assert excerpt(step, CLOSEST) == (step, False)
    card = answer_card(Answer(3, "whom?", Verdict.CLOSEST, NOW, OLD, shown=PAGE, passage=table))
    assert "This is the beginning of it." not in plain(card)


def test_one_line_of_code_without_end_leaves_room_for_what_can_be_pressed() -> None:
    passage = blocks("```json\n" + "{" + '"key":"value",' * 8000 + "}\n```\n")
    card = answer_card(Answer(3, "how?", Verdict.ANSWER, NOW, OLD, shown=PAGE, passage=passage))
    assert "This is the beginning of it." in plain(card)
    said = str(rendered(card))
    assert "Shortened" not in said
    assert "Nobody wrote this" in said


@pytest.mark.parametrize("markdown", [CODE, TABLE, "word & <sign>. " * 5000, "\n".join(f"{n}. Do it.\n\n   ```sh\n   go {n}\n   ```\n" for n in range(300))])
def test_a_whole_section_is_shown_part_by_part_to_its_end(markdown: str) -> None:
    found = blocks(markdown[:90_000])
    said = []
    for part in range(len(parts(found))):
        card = whole_card(PAGE, found, NOW, OLD, number=3, part=part)
        made = rendered(card, "modal")
        assert len(made) <= 100
        assert "Shortened" not in str(made)
        assert all(len(each["text"]["text"]) <= 3000 and not each["text"]["text"].endswith("…") for each in made if each["type"] == "section")
        said.append(plain(card))
        assert ("Next part ▶" in pressed(card)) == (part < len(parts(found)) - 1)
        assert ("◀ Back" in pressed(card)) == (part > 0)
    assert len(said) > 1
    words = "".join("".join(said).split())
    for block in found:
        for row in block.rows[1:] or ([block.text] if block.text else [plain_line(block.spans)]):
            assert all("".join(str(cell).split()) in words for cell in ([row] if isinstance(row, str) else row)[:1] if len(str(cell)) < 60)


def test_a_part_ends_with_no_step_whose_command_is_in_the_next() -> None:
    found = blocks("\n".join(f"{n}. Do it.\n\n   ```sh\n   go {n}\n   ```\n" for n in range(300)))
    assert all(part[-1].kind is Kind.CODE for part in parts(found))
    assert [each for part in parts(found) for each in part] == list(found)


def test_a_table_that_no_columns_hold_is_a_list_of_its_rows() -> None:
    narrow = blocks("| Code | Means |\n|---|---|\n| 429 | too many |\n")
    assert [type(each) for each in elements(narrow)] == [Code]
    host = "claims-triage-intake-worker.production.internal.example"
    wide = blocks(f"| Role | Host | Say |\n|---|---|---|\n| Security on call | `{host}` | {host}/what |\n| | | `get  it` |\n")
    [text] = elements(wide)
    assert isinstance(text, Text)
    assert [plain_line(each) for each in text.lines] == [f"• Security on call · Host: {host} · Say: {host}/what", "• get it"]


def test_a_section_keeps_its_own_name_however_long_its_page_is_called() -> None:
    page = replace(PAGE, title="Very long title " * 40, headings=("Very long title " * 40, "Between", "Roll back"))
    assert path_of(page).endswith("… › … › Roll back")
    assert len(path_of(page)) <= 300
    assert path_of(page, 75).endswith(" › Roll back")
    assert len(path_of(page, 75)) <= 75
    assert len(path_of(replace(PAGE, title="x", headings=("x", "y" * 900)), 75)) <= 75


def test_a_link_without_end_leaves_the_sentence_whole() -> None:
    found = blocks(f"1. Open [the board](https://grafana.example/explore?{'a' * 4000}) and look.\n")
    said = str(rendered(Card("t", tuple(elements(found)))))
    assert "the board (its address is too long to show here) and look." in said


@given(st.text("ab<&> .\n#-1)`*|[](\t", max_size=3000))
def test_no_section_is_cut_by_the_chat_service(markdown: str) -> None:
    found = blocks(markdown * 4)
    for part in parts(found):
        for each in rendered(Card("t", tuple(elements(part))), "modal")[1:]:
            if each["type"] == "section":
                assert len(each["text"]["text"]) <= 3000
                assert not each["text"]["text"].rstrip("`").endswith("…")


async def test_ten_thousand_lines_of_code_are_an_answer_with_all_of_it_in_a_window(seen: World) -> None:
    await seen.new_pilot(**EVERYONE)
    await put(seen, [Written("ops", "dump.md", f"# Dump restore\n\n## Dump restore procedure\n\nRun this:\n\n{CODE}")], version=2)
    await seen.parts.desk.tools.runbooks.keeper.look()
    await seen.parts.desk.tools.runbooks.keeper.settled()
    said = await seen.type("priya", "/runbook dump restore procedure", HERE)
    assert "run --step 0" in said
    assert "This is the beginning of it." in said
    await seen.press("priya", "Show whole section", HERE, answer(seen).ts)
    first: Any = seen.sandbox.modal("priya")
    assert "run --step 100 " in first.plain
    assert (await seen.sandbox.press("priya", view=first.id, label="Next part ▶")).error is None
    await seen.settle()
    second: Any = seen.sandbox.modal("priya")
    assert "Part 2 of" in second.plain
    assert "run --step 100 " not in second.plain
    assert "It goes on" not in second.plain
