"""Each kind of answer as a card in words, kept beside the tests; and where a passage is cut."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import unified_diff
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.cards import Buttons, Card, Code, Link, Mono, Text, plain
from handlers.chat.wording import ENGLISH
from handlers.runbooks.blocks import Block, Kind, blocks
from handlers.runbooks.cards import Answer, Post, answer_card, whole_card
from handlers.runbooks.passages import EXCERPT, chunks, elements, excerpt, first_step
from handlers.runbooks.told_cards import posted_card, wanted_card
from handlers.runbooks.values import Kept, Verdict

KEPT = Path(__file__).parent / "snapshots" / "answers.txt"
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
OLD = timedelta(days=180)
MARKDOWN = "Before you begin, take a breath.\n\n1. Stop it:\n\n   ```sh\n   stop --all\n   ```\n\n2. Tell the channel.\n"
PAGE = Kept(7, "ops", "rollback.md", "Rolling back", ("Rolling back", "Steps"), "steps", MARKDOWN, "https://wiki.example/rollback", "Ana Ruiz",
            NOW - timedelta(days=21), False, False)
OTHER = replace(PAGE, section_id=8, path="drift.md", title="Drift", headings=("Drift",), pilot="Claims", owner=None, changed_at=None)


def cards() -> dict[str, Card]:
    answer = Answer(3, "how do we roll back?", Verdict.ANSWER, NOW, OLD, pilot="Claims", shown=PAGE, passage=blocks(MARKDOWN),
                    others=[OTHER], post=Post.THREAD)
    stub = replace(PAGE, is_stub=True, changed_at=NOW - timedelta(days=900))
    return {
        "answer": answer_card(answer),
        "written": answer_card(replace(answer, written=[("Stop it.", 0), ("Then tell the channel.", 0)], sources=[PAGE])),
        "closest": answer_card(replace(answer, verdict=Verdict.CLOSEST, matched=("roll", "back"), missing=("helm",), corrected=[("bakc", "back")])),
        "nothing": answer_card(replace(answer, verdict=Verdict.NOTHING, shown=None, missing=("helm",), pilot=None)),
        "stub": answer_card(replace(answer, verdict=Verdict.NOTHING, shown=stub, others=())),
        "turned down": answer_card(replace(answer, shown=OTHER, others=(), is_first=False)),
        "none left": answer_card(replace(answer, shown=None, others=(), is_first=False)),
        "told": answer_card(replace(answer, verdict=Verdict.NOTHING, shown=None, others=(), told=["Ana Ruiz"])),
        "whole": whole_card(PAGE, blocks(MARKDOWN), NOW, OLD),
        "posted": posted_card(PAGE, blocks(MARKDOWN), "Priya", "how?", 3, NOW, OLD, thread=None, is_answer=False, words=ENGLISH),
        "wanted": wanted_card("Priya", "how do we helm?", "Claims", None, 4, 2, ENGLISH),
    }


def test_each_kind_of_answer_looks_as_it_did() -> None:
    said = []
    for name, card in cards().items():
        pressed = [f"[{button.label}]" for each in card.elements if isinstance(each, Buttons) for button in each.items]
        said += [f"== {name}", *plain(card).splitlines(), " ".join(pressed), ""]
    text = "\n".join(said)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(text, encoding="utf-8")
    kept = KEPT.read_text(encoding="utf-8") if KEPT.exists() else ""
    diff = "\n".join(list(unified_diff(kept.splitlines(), text.splitlines(), "as kept", "as said now", "", "", 1, ""))[:60])
    assert text == kept, f"cards look another way; if that is right, run again with UPDATE_SNAPSHOTS=1\n{diff}"


def test_of_a_page_that_moved_the_link_is_shown_where_it_leads() -> None:
    moved = replace(PAGE, is_stub=True)
    card = answer_card(Answer(3, "queue is stuck", Verdict.NOTHING, NOW, OLD, shown=moved, passage=blocks("Moved to [the wiki](https://wiki.example/queue).")))
    links = [span for each in card.elements if isinstance(each, Text) for row in each.lines for span in row if isinstance(span, Link)]
    assert Link("https://wiki.example/queue", "the wiki") in links
    for nothing in ((), blocks("TODO")):
        assert "All that stands there" not in plain(answer_card(Answer(3, "queue is stuck", Verdict.NOTHING, NOW, OLD, shown=moved, passage=nothing)))


STEPS = "\n".join(f"{n}. Step {n} {'of many words ' * 12}:\n\n   ```sh\n   run --step {n}\n   ```\n" for n in range(1, 20))


def test_a_passage_is_cut_behind_a_step_with_its_command() -> None:
    shown, is_cut = excerpt(blocks(STEPS))
    assert is_cut
    assert shown[-1].kind is Kind.CODE
    assert [each.number for each in shown if each.kind is Kind.STEP] == list(range(1, len(shown) // 2 + 1))


def test_one_long_paragraph_is_cut_behind_a_sentence_and_code_behind_a_line() -> None:
    shown, is_cut = excerpt(blocks("This is a sentence. " * 200))
    assert is_cut
    assert str(shown[0].spans[-1]).rstrip().endswith("sentence.")
    shown, is_cut = excerpt((Block(Kind.CODE, text="\n".join(f"command --number {n}" for n in range(300))),))
    assert is_cut
    assert shown[0].text.splitlines()[-1].startswith("command --number ")
    assert len(shown[0].text) <= EXCERPT


@given(st.text(max_size=9000))
def test_no_character_of_code_is_lost_between_its_pieces(code: str) -> None:
    pieces = chunks(code, 200)
    assert all(len(piece) <= 200 + 4 * 200 for piece in pieces)
    kept = [line for line in "\n".join(pieces).split("\n") if line.strip()]
    assert "".join("".join(kept).split()) == "".join(code.split())


@given(st.text(alphabet="ab .\n#-1)`*>|[](\t", max_size=400))
def test_any_markdown_becomes_a_card(markdown: str) -> None:
    found = blocks(markdown)
    assert excerpt(found)[0] or not found
    elements(found)
    first_step(found)


def test_the_first_step_comes_with_its_command() -> None:
    assert first_step(blocks(MARKDOWN)) == (("Stop it:",), "stop --all")
    assert first_step(blocks("No steps here.")) is None
    assert any(isinstance(each, Code) for each in elements(blocks(MARKDOWN)))


def test_a_candidates_button_shows_the_heading_that_tells_it_from_others() -> None:
    long = "Feature drift: the model sees other data than it learned from, and nobody knows why"
    other = replace(PAGE, section_id=9, path="drift.md", title=long, headings=(long, "Fill in before you need it"))
    same = replace(PAGE, section_id=10, headings=("Rolling back", "Verify"))
    card = answer_card(Answer(3, "how?", Verdict.ANSWER, NOW, OLD, shown=PAGE, passage=blocks(MARKDOWN), others=[other, same]))
    labels = [button.label for each in card.elements if isinstance(each, Buttons) for button in each.items]
    assert labels[0].startswith("Feature drift: ")
    assert labels[0].endswith("… › Fill in before you need it")
    assert len(labels[0]) <= 75
    assert labels[1] == "Same page: Verify"


def test_words_below_a_steps_command_begin_where_the_step_does() -> None:
    made = elements(blocks("1. Look:\n\n   ```\n   get pods\n   ```\n\n   A crash: go on.\n2. Wait\n   for it.\n"))
    assert plain(Card("", (made[2],))).splitlines()[-2:] == ["A crash: go on.", "2. Wait for it."]


def test_a_command_in_a_written_answer_can_be_copied() -> None:
    card = answer_card(Answer(3, "how?", Verdict.ANSWER, NOW, OLD, shown=PAGE, passage=blocks(MARKDOWN),
                              written=[("Stop it by `stop --all` at once.", 0), ("An odd ` sign.", 0)], sources=[PAGE]))
    said = next(each for each in card.elements if isinstance(each, Text) and "Stop it by " in each.lines[0])
    assert said.lines[0] == ("Stop it by ", Mono("stop --all"), " at once.", " [1]", " ", "An odd ` sign.", " [1]")


def test_a_passage_that_is_shown_to_its_end_is_not_called_the_beginning() -> None:
    """Its last command is what goes over the limit, and is kept with its step."""
    made = blocks("1. Wait.\n2. Stop it:\n\n   ```\n   stop --all\n   ```\n")
    assert excerpt(made, 20) == (made, False)
    assert excerpt((*made, Block(Kind.PARAGRAPH, ("Then tell the others. " * 30,))), 20) == (made, True)
