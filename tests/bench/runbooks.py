"""The runbooks' index by words: a question beside bare SQLite FTS5 and tantivy, building, one changed page, memory.

2,000 pages of words that are made up, as frequent as words are (Zipf), with titles like alerts' names. All three engines
hold the same sections and are asked the same words; FTS5 and tantivy get them ready to use, ours the question as typed.
"""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
import tracemalloc
from itertools import accumulate
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from types import ModuleType

from handlers.runbooks.index import built
from handlers.runbooks.tokens import STOP, chunks, parts
from handlers.runbooks.values import Entry
from tests.bench.figures import heading, median, note, report, share

try:
    import tantivy as found_tantivy
except ImportError:
    tantivy: ModuleType | None = None
else:
    tantivy = found_tantivy

PAGES, QUESTIONS, WARM, CHANGES = 2000, 400, 50, 60
WORDS = 12_000
HEADINGS = ("Meaning", "Impact", "Diagnosis", "Mitigation", "Rollback", "Escalation")
GLUE = ("the", "of", "to", "and", "in", "is", "for", "on", "with", "that", "it", "as", "be", "this", "are", "by", "from")


class Library:
    """Pages and questions about them; the same for a seed."""

    def __init__(self, pages: int = PAGES, seed: int = 7) -> None:
        self.random = Random(seed)
        self.words = self._words()
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))
        self.pages = [self.page(number) for number in range(pages)]

    def _words(self) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < WORDS:
            found["".join(self.random.choice("bcdfgklmnprstvz") + self.random.choice("aeiou")
                          + self.random.choice(["", "", "n", "r", "s", "l"]) for _ in range(self.random.randint(2, 4)))] = None
        return list(found)

    def some(self, count: int) -> list[str]:
        return self.random.choices(self.words, cum_weights=self.weights, k=count)

    def page(self, number: int, version: int = 0) -> list[Entry]:
        name = "".join(word.capitalize() for word in self.random.sample(self.words, 3)) + f"X{number}"
        sections = []
        for ordinal in range(self.random.randint(4, 9)):
            prose = [word for each in self.some(self.random.randint(20, 90))
                     for word in (each, *([self.random.choice(GLUE)] if self.random.random() < 0.6 else []))]
            code = f"kubectl -n {self.some(1)[0]} get pods | grep {self.some(1)[0]}_{self.some(1)[0]}"
            sections.append(Entry((number * 100 + ordinal) * 1000 + version, f"ops/team{number % 20}/{number}.md", name,
                                  (name, HEADINGS[ordinal % len(HEADINGS)]), " ".join(prose), code, "ops"))
        return sections

    def question(self) -> str:
        entry = self.random.choice(self.random.choice(self.pages))
        words = self.random.sample(entry.text.split(), min(9, len(entry.text.split())))
        if self.random.random() < 0.3:
            at = self.random.randrange(len(words))
            words[at] = words[at][:1] + words[at][2:3] + words[at][1:2] + words[at][3:]
        return " ".join(("how do I", *words))


def bare(question: str) -> list[str]:
    """The words of a question as the other engines are given them."""
    return list(dict.fromkeys(part for chunk in chunks(question) for part in parts(chunk) if part not in STOP))


class Fts5:
    def __init__(self, pages: list[list[Entry]]) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("CREATE VIRTUAL TABLE s USING fts5(title, heading, text, code, tokenize='porter')")
        self.db.executemany("INSERT INTO s VALUES (?, ?, ?, ?)", ((each.title, each.path[-1], each.text, each.code)
                                                                  for page in pages for each in page))
        self.db.commit()

    def ask(self, words: list[str]) -> list[tuple[int]]:
        return self.db.execute("SELECT rowid FROM s WHERE s MATCH ? ORDER BY bm25(s, 5, 3, 1, 1) LIMIT 10",
                               (" OR ".join(f'"{each}"' for each in words),)).fetchall()


class Tantivy:
    def __init__(self, pages: list[list[Entry]]) -> None:
        assert tantivy is not None
        schema = tantivy.SchemaBuilder()
        for name in ("title", "heading", "text", "code"):
            schema.add_text_field(name, stored=False, tokenizer_name="en_stem")
        self.index = tantivy.Index(schema.build())
        writer = self.index.writer(50_000_000, 1)
        for page in pages:
            for each in page:
                writer.add_document(tantivy.Document(title=each.title, heading=each.path[-1], text=each.text, code=each.code))
        writer.commit()
        self.index.reload()
        self.searcher = self.index.searcher()

    def ask(self, words: list[str]) -> object:
        query = self.index.parse_query(" ".join(words), ["title", "heading", "text", "code"],
                                       field_boosts={"title": 5.0, "heading": 3.0})
        return self.searcher.search(query, 10).hits


async def bench(_kinds: tuple[str, ...]) -> None:
    library = Library()
    sections = sum(map(len, library.pages))
    heading(f"runbooks by words: {PAGES:,} pages, {sections:,} sections; one process, the engines asked in turns")
    entries = [entry for page in library.pages for entry in page]
    begun, worked = perf_counter(), process_time()
    index = built(entries)
    took, work = perf_counter() - begun, process_time() - worked
    report("index 2,000 pages", took, "s", "the target", 10.0)
    report("index 2,000 pages, processor alone", work, "s", "the target", 10.0, of="what others do at the time left out")

    fts5 = Fts5(library.pages)
    others = {"bare FTS5": fts5.ask, **({"tantivy": Tantivy(library.pages).ask} if tantivy else {})}
    ours, theirs = list[float](), {name: list[float]() for name in others}
    for turn in range(WARM + QUESTIONS):
        question = library.question()
        words = bare(question)
        for name, ask in others.items():
            begun = perf_counter()
            ask(words)
            theirs[name] += [perf_counter() - begun] if turn >= WARM else []
        begun = perf_counter()
        found = index.ask(question, at_most=3)
        ours += [perf_counter() - begun] if turn >= WARM else []
        assert found.hits
    for name, taken in theirs.items():
        ratio = report("a question, median", median(ours) * 1000, "ms", name, median(taken) * 1000, of=f"median of {QUESTIONS}")
        report("a question, 95th percentile", share(ours, 0.95) * 1000, "ms", name, share(taken, 0.95) * 1000)
        if name == "bare FTS5":
            note(f"target 3 x: {'met' if ratio <= 3 else 'MISSED'}")
    if tantivy is None:
        note("tantivy is not installed: left out")

    changes, works = list[float](), list[float]()
    for number in range(CHANGES):
        page = library.page(number * 7 % PAGES, version=number + 1)
        begun, worked = perf_counter(), process_time()
        index = index.changed([], page)
        changes.append(perf_counter() - begun)
        works.append(process_time() - worked)
    report("one changed page, median", median(changes) * 1000, "ms", "the target", 100.0, of=f"median of {CHANGES}")
    report("one changed page, slowest", max(changes) * 1000, "ms", "the target", 100.0)
    report("one changed page, slowest, processor alone", max(works) * 1000, "ms", "the target", 100.0)
    note(f"target of the median: {'met' if median(changes) < 0.1 else 'MISSED'}")
    held, peak = memory()
    report("memory of the index", held, "MB", "the target", 100.0, of="what is held when built; a process of its own")
    report("memory while it is built", peak, "MB", "the target", 100.0, of="the most at once, beside the pages")


def memory() -> tuple[float, float]:
    """MB that an index holds, and at most held while it was built; measured apart, since measuring slows down."""
    said = subprocess.run([sys.executable, "-m", "tests.bench.runbooks"], check=True, capture_output=True, text=True,
                          cwd=Path(__file__).parent.parent.parent).stdout
    held, peak = map(float, said.split())
    return held, peak


def _weigh() -> None:
    entries = [entry for page in Library().pages for entry in page]
    built(entries[:50])  # what is read once and kept anyway: stems, synonyms
    gc.collect()
    tracemalloc.start()
    index = built(entries)
    _, peak = tracemalloc.get_traced_memory()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    assert index.ask("anything") is not None
    print(held / 1e6, peak / 1e6)


if __name__ == "__main__":
    _weigh()
