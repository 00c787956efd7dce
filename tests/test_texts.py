"""Code and catalogues agree: whatever is said unasked is put into words, and each language says all of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from handlers.chat.catalogues import read_catalogue
from handlers.chat.wording import holes_of
from tests import texts
from tests.texts import HERE, SHIPPED, Said

CATALOGUES = sorted(SHIPPED.glob("*.po"))
SAID = texts.all_said()


# ---- the code ----------------------------------------------------------------------------------------------------


def test_every_text_put_into_words_is_written_out_where_it_is_said() -> None:
    assert len(SAID) > 100
    assert [f"{said.where}:{said.line}" for said in SAID if said.key is None] == []


def test_every_hole_of_a_text_is_filled_and_nothing_else_is_given() -> None:
    assert [f"{said.where}:{said.line}: {said.key}" for said in SAID if not _is_filled(said)] == []


def _is_filled(said: Said) -> bool:
    given = {keyword.arg for keyword in said.call.keywords}
    if said.key is None or None in given:  # **values: only running it tells
        return said.key is not None
    if said.how == "marked":
        return not holes_of(said.key[0]) or said.where == "handlers/chat/wording.py"
    return all(holes_of(form) | {"number"} == given | {"number"} for form in said.key) if said.how == "count" else (
        holes_of(said.key[0]) == given)


def test_one_text_is_counted_or_not_but_never_both() -> None:
    counted = {said.key[0] for said in SAID if said.key and said.how == "count"}
    assert counted & {said.key[0] for said in SAID if said.key and said.how != "count"} == set()


# Modules that make what is said unasked. What they say in words of their own would be English to everybody.
_MAKE_CARDS = ("card", "cards", "forms", "brief", "sheet", "conditions", "asks", "said", "outcome")
CARDS = [path for folder in ("pilots", "briefings", "nudges") for path in sorted((HERE / "handlers" / folder).glob("*.py"))
         if path.stem.rpartition("_")[2] in _MAKE_CARDS]
NAMES = {"Ground Crew": "who speaks where nobody did", "decision taken": "what an audit entry is called"}


def _unworded(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Literals of several words that stand in no call of `words`, are no docstring, nothing to type or compare with."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Call(func=ast.Name(id="Mono")) | ast.MatchValue() | ast.Compare():
            return
        case ast.Constant(value=str(said)) if _is_prose(said):
            yield node.lineno, said
        case ast.JoinedStr(values=parts):
            said = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            if _is_prose(said):
                yield node.lineno, said
            within = [part for part in parts if not isinstance(part, ast.Constant)]
        case ast.Call(args=args, keywords=keywords) if (how := texts.how(node.func)):
            within = [*args[2 if how == "count" else 1:], *keywords]
        case _:
            within = list(ast.iter_child_nodes(node))
    for each in within if not isinstance(node, ast.Constant) else ():
        yield from _unworded(each)


def _is_prose(said: str) -> bool:
    return said not in NAMES and " " in said.strip() and any(letter.isalpha() for letter in said)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: str(path.relative_to(HERE / "handlers")))
def test_nothing_is_said_unasked_that_is_not_put_into_words(path: Path) -> None:
    assert list(_unworded(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(("source", "found"), [
    ('Card("Two words")', True), ('Card(f"{name} gone")', True), ('line(f"{a} {b}")', False), ('Card(words.text("Two words"))', False),
    ('Note(words.spans("To quiet: {it}", it=Mono("/pilot quiet until fri")))', False),
    ('words.text("A {b} c", b="two words")', True), ('Button("Done", f"done:{item.id}")', False),
    ('def f():\n    """Two words."""', False), ('words.count("{number} a b", "{number} as b", 2)', False),
])
def test_the_watch_over_words_sees_what_it_should(source: str, found: bool) -> None:
    assert bool(list(_unworded(ast.parse(source)))) is found


# ---- the catalogues ----------------------------------------------------------------------------------------------


def _messages(path: Path) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    with path.open("rb") as file:
        return [(_forms(message.id), _forms(message.string)) for message in read_po(file, locale=path.stem) if message.id]


def _forms(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def test_german_comes_with_the_bot() -> None:
    assert "de" in {path.stem for path in CATALOGUES}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
class TestCatalogue:
    def test_says_every_text_of_the_code_and_no_other(self, path: Path) -> None:
        wanted = {said.key for said in SAID if said.key is not None}
        there = {key for key, _ in _messages(path)}
        assert (sorted(wanted - there), sorted(there - wanted)) == ([], []), "`make texts` brings it up to date"

    def test_leaves_nothing_untranslated_or_in_doubt(self, path: Path) -> None:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
        assert [key for key, forms in _messages(path) if not forms or not all(forms)] == []
        assert [message.id for message in catalogue if message.id and message.fuzzy] == []
        assert list(catalogue.obsolete) == []

    def test_has_the_plurals_of_its_language_and_the_holes_of_each_text(self, path: Path) -> None:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
        assert all(len(forms) == (catalogue.num_plurals if len(key) > 1 else 1) for key, forms in _messages(path))
        assert read_catalogue(path.stem, path.read_text(encoding="utf-8")).faults == ()

    def test_is_as_make_texts_leaves_it(self, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        texts.main([copy])
        assert copy.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
        assert "0 to be translated" in capsys.readouterr().out


def test_a_new_language_begins_with_every_text_and_keeps_what_was_translated(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    french = tmp_path / "fr.po"
    texts.main([french])
    began = french.read_text(encoding="utf-8")
    french.write_text(began.replace('msgid "Not me"\nmsgstr ""', 'msgid "Not me"\nmsgstr "Pas moi"')
                      + '\nmsgid "Nobody says this"\nmsgstr "Personne"\n', encoding="utf-8")
    texts.main([french])
    assert french.read_text(encoding="utf-8") == began.replace('msgid "Not me"\nmsgstr ""',
                                                               'msgid "Not me"\nmsgstr "Pas moi"')
    first, second = capsys.readouterr().out.splitlines()
    assert int(first.split()[-4]) == int(second.split()[-4]) + 1
