"""Words: holes, plurals, dates and lists in the reader's language, and catalogues that cannot be used."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.chat.cards import Bold, Mono, plain_line
from handlers.chat.catalogues import read_catalogue
from handlers.chat.wording import ENGLISH, Languages, Words

POLISH = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

msgid "{number} item"
msgid_plural "{number} items"
msgstr[0] "{number} zadanie"
msgstr[1] "{number} zadania"
msgstr[2] "{number} zadań"

msgid "{name} has {item}"
msgstr "{item} ma {name}"
"""
HEAD = POLISH[:POLISH.index('msgid "{number}')]


def polish(text: str = POLISH) -> Words:
    read = read_catalogue("pl", text)
    assert read.faults == ()
    return read.words


# ---- what is said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "said"), [(1, "1 zadanie"), (2, "2 zadania"), (5, "5 zadań"), (22, "22 zadania")])
def test_a_language_has_as_many_plurals_as_it_needs(number: int, said: str) -> None:
    assert polish().count("{number} item", "{number} items", number) == said


def test_a_translator_may_turn_a_sentence_around() -> None:
    assert polish().text("{name} has {item}", name="Sam", item="kot") == "kot ma Sam"
    assert polish().spans("{name} has {item}", name=Bold("Sam"), item=Mono("/x")) == (Mono("/x"), " ma ", Bold("Sam"))


@settings(deadline=None)
@given(st.text(max_size=30).filter(lambda said: not said.endswith(".")))
def test_a_value_is_never_parsed(said: str) -> None:
    assert ENGLISH.text("<{a}|{b}>", a=said, b="{a}") == f"<{said}|{{a}}>"
    assert plain_line(ENGLISH.spans("<{a}|{b}>", a=said, b="{a}")) == f"<{said}|{{a}}>"


def test_an_abbreviation_ends_a_sentence_with_one_full_stop() -> None:
    assert ENGLISH.text("Due {day}. Go on.", day="27. Nov.") == "Due 27. Nov. Go on."
    assert plain_line(ENGLISH.spans("Due {day}. Go on.", day=Bold("27. Nov."))) == "Due 27. Nov. Go on."
    assert ENGLISH.text("Due {day}. Go on.", day="today") == "Due today. Go on."


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    assert polish(HEAD + 'msgid "Yes"\nmsgstr ""\n').text("Yes") == "Yes"
    assert polish(HEAD + '#, fuzzy\nmsgid "Yes"\nmsgstr "Nie"\n').text("Yes") == "Yes"
    assert polish(HEAD).count("{number} item", "{number} items", 2) == "2 items"


def test_a_day_is_written_as_the_language_writes_it() -> None:
    today = date(2026, 11, 25)
    german = Words("de")
    assert [german.day(date(2026, 11, 27), today), ENGLISH.day(date(2026, 11, 27), today)] == ["Fr., 27. Nov.", "Fri 27 Nov"]
    assert [german.day(date(2027, 7, 1), today), ENGLISH.day(date(2027, 7, 1), today)] == [
        "Do., 1. Juli 2027", "Thu 1 Jul 2027"]
    assert (german.weekday(0), ENGLISH.weekday(0)) == ("Montag", "Monday")


def test_a_list_ends_with_and() -> None:
    assert [ENGLISH.listed(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


# ---- whose language ----------------------------------------------------------------------------------------------


def test_a_locale_finds_its_language_and_who_has_none_gets_the_workspaces() -> None:
    german, brazilian = Words("de"), Words("pt_BR")
    languages = Languages({"de": german, "pt_br": brazilian}, default="de")
    assert [languages.of(locale) for locale in ("de-DE", "de_AT", "DE", None, "")] == [german] * 5
    assert languages.of("pt-BR") is brazilian
    assert [languages.of(locale) for locale in ("en-GB", "fr-FR", "pt-PT")] == [ENGLISH] * 3


# ---- catalogues that cannot be used ------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "text", "line", "says"), [
    ("pl", 'msgid "a {b}"\nmsgstr "a"\n', 1, "“a” lacks {b}; put it where it belongs"),
    ("pl", HEAD + 'msgid "a {b}"\nmsgstr "a {b} {c}"\n', 6, "“a {b} {c}” has {c}, which nothing fills; the English has {b}"),
    ("pl", HEAD + 'msgid "{number} x of {y}"\nmsgid_plural "{number} xs of {y}"\nmsgstr[0] "x {y}"\nmsgstr[1] "{number}"\n'
                  'msgstr[2] "{number} {y}"\n', 6, "“{number}” lacks {y}"),
    ("pl", "hello\n", 1, "This is not a .po file"),
    ("pl", HEAD.replace("n==1", "n==(1") + 'msgid "a"\nmsgstr "b"\n', 1, "The header cannot be read"),
    ("pl", HEAD.replace("n==1", "__import__('os')") + 'msgid "a"\nmsgstr "b"\n', 1, "The header cannot be read"),
    ("klingon", "", 1, "`klingon` is no language; name the file by a code, such as `fr.po`"),
])
def test_a_catalogue_that_cannot_be_used_says_why_and_where(language: str, text: str, line: int, says: str) -> None:
    [(at, said)] = read_catalogue(language, text).faults
    assert (at, says in said) == (line, True), (at, said)


def test_a_counted_text_may_leave_the_number_out() -> None:
    text = HEAD + 'msgid "{number} x"\nmsgid_plural "{number} xs"\nmsgstr[0] "jeden"\nmsgstr[1] "{number}"\nmsgstr[2] "wiele"\n'
    assert polish(text).count("{number} x", "{number} xs", 1) == "jeden"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_brings_the_reader_down(text: str) -> None:
    read_catalogue("pl", text)
    read_catalogue("pl", HEAD + text)
