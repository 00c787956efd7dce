"""`python -m tests.eval FOLDER`: answer each set of questions in a folder, have its own scorer judge, print it beside others.

FOLDER holds score.py and, in any folder below it, questions.jsonl with corpora/ beside it. Nothing of it is copied: what is
written goes to build/eval/, the questions that went wrong too, for reading.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
BUILD = ROOT / "build" / "eval"
KINDS = ("alert", "name", "hand", "question", "typo")
MISSES = "10000"


@dataclass(frozen=True)
class Figures:
    """recall@1, recall@3 and MRR@10."""

    first: float
    third: float
    mrr: float

    def __str__(self) -> str:
        return "  ".join(f"{each:.3f}".lstrip("0") for each in (self.first, self.third, self.mrr))


# As the README beside the development questions gives them, measured there on two cores; not measured by us.
OTHERS: Mapping[str, tuple[Figures, Figures, Figures]] = {
    "SQLite FTS5, porter, chunks": (Figures(.738, .908, .831), Figures(.591, .864, .727), Figures(.423, .654, .554)),
    "bm25s": (Figures(.716, .921, .827), Figures(.455, .818, .652), Figures(.231, .538, .446)),
    "tantivy": (Figures(.734, .913, .829), Figures(.682, .909, .795), Figures(.462, .654, .581)),
    "all-MiniLM-L6-v2": (Figures(.699, .882, .796), Figures(.500, .818, .682), Figures(.385, .577, .537)),
    "rank fusion of FTS5 and MiniLM": (Figures(.751, .913, .841), Figures(.545, .864, .709), Figures(.462, .615, .597)),
    "FTS5, fields 5/3/1, CamelCase split": (Figures(.817, .956, .887), Figures(.682, .864, .771), Figures(.462, .615, .574)),
    "BM25F, CamelCase, typos, synonyms, page": (Figures(.843, .961, .904), Figures(.636, .955, .773), Figures(.500, .808, .644)),
    "0.3 BM25F + 0.7 cosine of MiniLM": (Figures(.869, .974, .922), Figures(.818, .955, .884), Figures(.615, .923, .755)),
}
TARGETS = {"default": (.85, .65, .55, .85, .25), "semantic": (.88, .82, .65, .85, .10)}


def main(folders: list[str]) -> int:
    folder = Path(folders[0]) if folders and folders[0] else None
    if folder is None or not (folder / "score.py").is_file():
        print("There are no questions to measure with here: no folder with score.py in it"
              f"{f' at {folder}' if folder else ''}. Yours: make eval RUNBOOK_QUESTIONS=/path/to/folder, which holds score.py and "
              "SET/questions.jsonl with SET/corpora/NAME/docs/**.md.")
        return 0
    BUILD.mkdir(parents=True, exist_ok=True)
    for questions in sorted(folder.rglob("questions.jsonl")):
        print(f"\n{questions.parent.name}: {sum(1 for line in questions.open(encoding='utf-8') if line.strip())} questions")
        _measure(folder / "score.py", questions)
    return 0


def _measure(scorer: Path, questions: Path) -> None:
    ours = dict[str, Any]()
    for name, options in (("default", []), ("semantic", ["--semantic"])):
        predictions = BUILD / f"{questions.parent.name}-{name}.jsonl"
        ran = subprocess.run([sys.executable, "-m", "bot", "runbooks", "eval", questions, questions.parent / "corpora",
                              "--out", predictions, *options], cwd=ROOT, capture_output=True, text=True)
        if ran.returncode:
            print(f"  {name}: left out. {ran.stderr.strip()}")
            continue
        figures, misses = predictions.with_suffix(".json"), predictions.with_suffix(".misses.txt")
        judged = subprocess.run([sys.executable, scorer, questions, predictions, "--json", figures, "--corpora",
                                 "--misses", MISSES], check=True, capture_output=True, text=True)
        misses.write_text(judged.stdout, encoding="utf-8")
        ours[name] = json.loads(figures.read_text(encoding="utf-8"))
        print(f"  {name}: what went wrong is in {misses.relative_to(ROOT)}")
    print("\n" + "\n".join(_table(ours)))
    for name, figures in ours.items():
        print(f"\nOurs, {name}, in full\n" + "\n".join((*_all(figures), "", *_targets(figures, TARGETS[name]))))


def _table(ours: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'recall@1, recall@3, MRR@10':42} {'alert, page':20} {'hand-written, page':20} {'hand-written, section':20}"
    for name, figures in OTHERS.items():
        yield f"{name:42} " + " ".join(f"{each!s:20}" for each in figures)
    for name, figures in ours.items():
        yield f"{f'ours, {name}':42} " + " ".join(
            f"{_read(figures[level].get(kind))!s:20}" for level, kind in (("page", "alert"), ("page", "hand"), ("section", "hand")))
    yield "The others: figures of the README beside the development questions, not measured here."


def _read(row: Mapping[str, float] | None) -> Figures | str:
    return Figures(row["r@1"], row["r@3"], row["mrr@10"]) if row else "-"


def _all(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {'level':8} {'kind':34} {'n':>4}  {'recall@1':>8} {'95 % interval':>14}  recall@3  MRR@10"
    for level in ("page", "section"):
        for kind, row in sorted(figures[level].items(), key=lambda one: ("/" in one[0], one[0])):
            low, high = max(0.0, row["r@1"] - row["r@1_ci95"]), min(1.0, row["r@1"] + row["r@1_ci95"])
            yield (f"  {level:8} {kind:34} {row['n']:4}  {row['r@1']:8.3f} {f'{low:.2f} to {high:.2f}':>14}  {row['r@3']:8.3f}"
                   f"  {row['mrr@10']:6.3f}")
    for group, row in figures["confidence"].items():
        if row["auroc"] is not None:
            yield (f"  knowing when not to answer, {group:7} {row['answerable']:4} answerable, {row['unanswerable']:3} not: AUROC "
                   f"{row['auroc']:.3f}; at {row['at_90']['coverage']:.0%} answered (from {row['at_90']['threshold']:.2f}), "
                   f"{row['at_90']['false_answers']:.1%} of the unanswerable are answered")
    yield "  given as an answer by our own threshold: " + ", ".join(
        f"{kind} {row['share']:.1%} of {row['n']}" for kind, row in sorted(figures["answered"].items()))


def _targets(figures: Mapping[str, Any], targets: tuple[float, ...]) -> Iterator[str]:
    page, section = figures["page"], figures["section"]
    pooled = figures["confidence"]["pooled"]["at_90"]
    got = (("alert pages, recall@1", page.get("alert")), ("hand-written pages, recall@1", page.get("hand")),
           ("hand-written sections, recall@1", section.get("hand")), ("bare names, recall@1", page.get("name")))
    for (what, row), target in zip(got, targets, strict=False):
        if row:
            yield f"  target {what:34} {target:.2f}: {row['r@1']:.3f}, {'met' if row['r@1'] >= target else 'MISSED'}"
    if pooled:
        yield (f"  target {'false answers at 90 % coverage':34} {targets[-1]:.2f}: {pooled['false_answers']:.3f}, "
               f"{'met' if pooled['false_answers'] <= targets[-1] else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
