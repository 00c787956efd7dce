"""`groundcrew runbooks eval`: answers any set of questions for a scorer, without settings and without a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main
from tests.runbooks.shelf_of import PAGES

ROOT = Path(__file__).parent.parent.parent
QUESTIONS = [
    {"id": "q1", "corpus": "ops", "query": "ProviderOutage", "page": "never read", "section": 7, "kind": None},
    {"id": "q2", "corpus": "ops", "query": "how do I fix the corrupt index"},
    {"id": "q3", "corpus": "tiny", "query": "where is the coffee machine"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for page, text in PAGES.items():
        file = tmp_path / "corpora" / "ops" / "docs" / page.partition("/")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "corpora" / "tiny" / "docs").mkdir(parents=True)
    (tmp_path / "corpora" / "tiny" / "docs" / "only.md").write_bytes(b"# Only\nThe page with a byte of its own: \xff.\n")
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, QUESTIONS)) + "\n\n", encoding="utf-8")
    return tmp_path


def predicted(folder: Path, *options: str) -> list[dict[str, object]]:
    assert main(["runbooks", "eval", str(folder / "questions.jsonl"), str(folder / "corpora"), "--out", str(folder / "out.jsonl"), *options]) == 0
    return [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_question_is_answered_from_its_own_collection(folder: Path) -> None:
    first, second, third = predicted(folder)
    assert [each["id"] for each in (first, second, third)] == ["q1", "q2", "q3"]
    assert first["ranked"][0]["page"] == "alerts/ProviderOutage.md"
    assert first["answered"] is True
    assert second["ranked"][0] | {"score": 0} == {"page": "playbook.md", "section": "Playbook > IndexCorrupt > Mitigation", "score": 0}
    assert third["answered"] is False
    assert {each["page"] for each in third["ranked"]} <= {"only.md"}
    assert all(0 <= each["confidence"] <= 1 for each in (first, second, third))


def test_scores_fall_from_the_first_to_the_last(folder: Path) -> None:
    for each in predicted(folder):
        scores = [hit["score"] for hit in each["ranked"]]
        assert scores == sorted(scores, reverse=True)


def test_it_needs_neither_settings_nor_a_database(folder: Path) -> None:
    ran = subprocess.run([sys.executable, "-m", "bot", "runbooks", "eval", folder / "questions.jsonl", folder / "corpora", "--out",
                          folder / "alone.jsonl"], cwd=ROOT, capture_output=True, text=True, timeout=50,
                         env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "1"})
    assert ran.returncode == 0, ran.stderr
    assert [json.loads(line) for line in (folder / "alone.jsonl").read_text(encoding="utf-8").splitlines()] == predicted(folder)


@pytest.mark.parametrize(("row", "says"), [
    ("{not json", "line 1"), ('{"id": "q"}', "corpus"), ("[]", "line 1"),
    ('{"id": "q", "corpus": "nowhere", "query": "x"}', "no runbooks in"),
])
def test_what_cannot_be_used_is_said(folder: Path, capsys: pytest.CaptureFixture[str], row: str, says: str) -> None:
    (folder / "questions.jsonl").write_text(row + "\n", encoding="utf-8")
    assert main(["runbooks", "eval", str(folder / "questions.jsonl"), str(folder / "corpora"), "--out", str(folder / "out.jsonl")]) == 2
    assert says in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runbooks", "eval", str(folder / "none.jsonl"), str(folder / "corpora"), "--out", str(folder / "out.jsonl")]) == 2
    assert "none.jsonl cannot be used" in capsys.readouterr().err


def test_make_eval_says_so_where_there_are_no_questions() -> None:
    ran = subprocess.run([sys.executable, "-m", "tests.eval"], cwd=ROOT, capture_output=True, text=True, timeout=50)
    assert ran.returncode == 0
    assert "no questions to measure with" in ran.stdout


def test_make_eval_prints_ours_beside_others_as_the_sets_own_scorer_judges(folder: Path) -> None:
    (folder / "score.py").write_text(SCORER, encoding="utf-8")
    ran = subprocess.run([sys.executable, "-m", "tests.eval", str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=50)
    assert ran.returncode == 0, ran.stderr
    assert "ours, default" in ran.stdout
    assert ".111  .222  .333" in ran.stdout
    assert "bare names, recall@1" in ran.stdout
    assert "SQLite FTS5" in ran.stdout


SCORER = """
import json, sys
row = {"n": 3, "r@1": .111, "r@3": .222, "mrr@10": .333, "r@1_ci95": .1}
sure = {"answerable": 2, "unanswerable": 1, "auroc": .9, "at_90": {"threshold": .5, "coverage": 1, "false_answers": 0}}
json.dump({"page": {"alert": row, "hand": row, "name": row}, "section": {"hand": row}, "confidence": {"pooled": sure},
           "answered": {"hand": {"n": 2, "share": 1}}}, open(sys.argv[sys.argv.index("--json") + 1], "w"))
print("judged")
"""
