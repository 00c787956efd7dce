"""`groundcrew runbooks`: copies those that come with the bot; measures how well any set of them answers."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bot import runbooks_starters
from handlers.runbooks.index import Index, built
from handlers.runbooks.markdown import read_page
from handlers.runbooks.values import Entry, Found, Verdict

RANKED_AT_MOST = 30
INSTALL = "--semantic needs the sentence model: `make semantic` installs it."

Ask = Callable[[str], Found]
MayAsk = Callable[[Sequence[Entry]], Ask]


class _Unusable(Exception):
    """A file that cannot be used, in words for whoever gave it."""


def arguments(parser: ArgumentParser) -> None:
    todo = parser.add_subparsers(dest="todo", required=True, metavar="starters | eval")
    runbooks_starters.arguments(todo.add_parser(
        "starters", help="copy the runbooks that come with the bot into a folder, to make them your own"))
    measure = todo.add_parser("eval",
                              help="answer a set of questions from folders of runbooks, for a scorer")
    measure.add_argument("questions", type=Path, metavar="QUESTIONS.jsonl",
                         help="a JSON object a line; only id, corpus and query are read")
    measure.add_argument("corpora", type=Path, metavar="CORPORA_DIR",
                         help="holds CORPUS/docs/**.md; each corpus is indexed alone")
    measure.add_argument("--out", type=Path, required=True, metavar="PREDICTIONS.jsonl")
    measure.add_argument("--semantic", action="store_true",
                         help="blend in how near meanings are; needs the extra")


def run(asked: Namespace) -> int:
    """Carry out what was asked; returns the exit status."""
    if asked.todo == "starters":
        return runbooks_starters.run(asked)
    try:
        ask_by = _semantic() if asked.semantic else _by_words
        questions = _questions(asked.questions)
        asks = {name: ask_by(entries_of(asked.corpora / name / "docs"))
                for name in sorted({each["corpus"] for each in questions})}
        with asked.out.open("w", encoding="utf-8") as out:
            for each in questions:
                found = asks[each["corpus"]](each["query"])
                out.write(json.dumps(prediction(each["id"], found), ensure_ascii=False) + "\n")
    except _Unusable as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.", file=sys.stderr)
        return 2
    print(f"{len(questions)} questions to {len(asks)} collections answered in {asked.out}.")
    return 0


def prediction(number: str, found: Found) -> Mapping[str, Any]:
    """What a scorer reads of one answer: sections best first, whether it is given as one, how sure we are."""
    return {"id": number,
            "ranked": [{"page": hit.entry.page, "section": " > ".join(hit.entry.path),
                        "score": round(hit.score, 6)} for hit in found.hits],
            "answered": found.verdict is Verdict.ANSWER, "confidence": round(found.confidence, 6)}


def entries_of(docs: Path) -> list[Entry]:
    """The sections of every page in a folder; pages by their path from it."""
    files = sorted(path for path in docs.rglob("*.md") if path.is_file())
    if not files:
        raise _Unusable(f"There are no runbooks in {docs}: it should be a folder with .md files in it.")
    return list(_numbered(docs, files))


def _numbered(docs: Path, files: Sequence[Path]) -> Iterator[Entry]:
    number = 0
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        page = read_page(text, file.relative_to(docs).as_posix())
        for section in page.sections:
            yield Entry(number, page.path, page.title, section.path, section.text, section.code,
                        aliases=page.aliases, is_stub=page.is_stub)
            number += 1


def _questions(path: Path) -> list[Mapping[str, str]]:
    found = list[Mapping[str, str]]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append({name: str(row[name]) for name in ("id", "corpus", "query")})
        except (ValueError, KeyError, TypeError) as error:
            raise _Unusable(f"{path}, line {number}: a JSON object with id, corpus and query is needed "
                            f"({error}).") from error
    return found


def _by_words(entries: Sequence[Entry]) -> Ask:
    index = built(entries)
    return lambda question: index.ask(question, at_most=RANKED_AT_MOST)


def _semantic() -> MayAsk:
    try:
        meaning = import_module("handlers.runbooks.meaning")
        model = meaning.meaning()
    except ImportError:
        model = None
    if model is None:
        raise _Unusable(INSTALL)

    def with_meaning(entries: Sequence[Entry]) -> Ask:
        index: Index = built(entries)
        vectors = meaning.meant(model, entries)

        def ask(question: str) -> Found:
            near = vectors.cosines(model.vectors([meaning.asked_text(question)])[0])
            return index.ask(question, at_most=RANKED_AT_MOST, cosines=near)
        return ask
    return with_meaning
