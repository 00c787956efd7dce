"""Brings catalogues up to date with the texts in the code: `make texts`, or `python -m tests.texts [FILE.po ...]`.

New texts are added without a translation, what the code does not say any more is dropped, nothing is guessed.
A file that is not there yet is begun.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent.parent
SHIPPED = HERE / "handlers" / "chat" / "locale"
SAYING = ("text", "spans", "count")
"""Methods of `words` whose first argument (for `count` the first two) is the English text, and the key."""


HEADER = r"""# Ground Crew's texts. `make texts` brings this file up to date with the code.
msgid ""
msgstr ""
"Language: {language}\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: {plurals}\n"

"""


@dataclass(frozen=True, slots=True)
class Said:
    """One place in the code where a text is said."""

    where: str
    line: int
    how: str
    call: ast.Call

    @property
    def key(self) -> tuple[str, ...] | None:
        """The text, or the two forms of a counted one; None: it is not written out, so nobody can translate it."""
        given = self.call.args[:2 if self.how == "count" else 1]
        texts = [arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        return tuple(texts) if texts and len(texts) == len(given) else None


def said_in(source: str, where: str) -> Iterator[Said]:
    """Every call of `words.text(...)` and its like, and of `marked(...)`, in the order of the file."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        if kind := how(call.func):
            yield Said(where, call.lineno, kind, call)


def how(called: ast.expr) -> str | None:
    """How a text is said where this is called: ``text``, ``spans``, ``count``, ``marked``; None: none is."""
    if isinstance(called, ast.Name) and called.id == "marked":
        return "marked"
    if not isinstance(called, ast.Attribute) or called.attr not in SAYING:
        return None
    of = called.value
    name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
    return called.attr if name == "words" else None


def all_said() -> list[Said]:
    return [said for path in sorted((HERE / "handlers").rglob("*.py"))
            for said in said_in(path.read_text(encoding="utf-8"), str(path.relative_to(HERE)))]


def texts() -> Catalog:
    """Every text of the code, as a catalogue without translations."""
    catalog = Catalog(project="Ground Crew", charset="utf-8", fuzzy=False)
    for said in all_said():
        if said.key is not None:
            catalog.add(said.key if said.how == "count" else said.key[0], locations=[(said.where, 0)])
    return catalog


def updated(old: Catalog) -> Catalog:
    """The same language with just the texts of the code, in their order; translations are kept word for word."""
    new = Catalog(locale=old.locale, charset="utf-8", fuzzy=False)
    for message in texts():
        if message.id:
            known = old.get(message.id)
            keep = known is not None and not known.fuzzy and known.pluralizable == message.pluralizable
            new.add(message.id, known.string if known and keep else "", locations=message.locations,
                    user_comments=known.user_comments if known else [])
    return new


def read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale=path.stem)
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def main(paths: list[Path]) -> None:
    for path in paths or sorted(SHIPPED.glob("*.po")):
        catalog = updated(read(path))
        with path.open("wb") as file:
            file.write(HEADER.format(language=catalog.locale, plurals=catalog.plural_forms).encode())
            write_po(file, catalog, width=110, omit_header=True, include_lineno=False)
        left = sum(1 for message in catalog if message.id and not all(
            message.string if isinstance(message.string, (list, tuple)) else [message.string]))
        print(f"{path}: {len(catalog)} texts, {left} to be translated")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
