"""What is written to do harm: little that is made to be much, patterns that never end, one page against all."""

from __future__ import annotations

import io
import json
import logging
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from aiohttp import web as aio

from handlers.runbooks import archive, parsing
from handlers.runbooks.archive import unpacked
from handlers.runbooks.codeowners import owner_of
from handlers.runbooks.dialects import readable
from handlers.runbooks.fetched import Unread
from handlers.runbooks.folder import _moment as moment_of
from handlers.runbooks.front import front
from handlers.runbooks.includes import included
from handlers.runbooks.markdown import SECTIONS, read_page
from handlers.runbooks.parsing import MEMORY, Parsing, Text, Unparsed
from handlers.runbooks.policy import Kind
from tests.runbooks.pace import unit
from tests.runbooks.reading_stage import GOOD, Shelf, Web, commit, reaching, repository, write

LONG = " " * 1200


def nothing(_path: str) -> str | None:
    return None


def seconds(do: Callable[[], object]) -> float:
    begun = thread_time()
    do()
    return thread_time() - begun


# ---- patterns ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("line", [
    f"::: a{LONG}{{", "::: " + "a" * 20_000 + "{", "{{<" + " " * 20_000, "{{< a " * 8_000, "!!! a" + " inline" * 5_000 + " x",
    "\n".join(":" * (3 + at) + " note" for at in range(300)), "{%" + " " * 20_000, "=== \"" + "a" * 20_000], ids=lambda line: line[:9])
def test_a_line_that_is_made_to_be_slow_is_read_as_fast_as_others(line: str) -> None:
    assert seconds(lambda: readable(line)) < 50 * unit()


@pytest.mark.parametrize("line", [
    f"{{% include a{LONG}%", f"{{!{LONG}!", '{{< include "' + 'a"' * 6_000, '--8<-- "' + 'a" ' * 6_000 + "x", "8<" + "-" * 20_000],
    ids=lambda line: line[:9])
def test_an_include_that_is_made_to_be_slow_is_read_as_fast_as_others(line: str) -> None:
    assert seconds(lambda: included(line, "a.md", nothing)) < 50 * unit()


@pytest.mark.parametrize(("line", "named"), [
    ('{% include "my file.md" %}', "my file.md"), ("{% include a.md -%}", "a.md"), ("{% include a.md-%}", "a.md"),
    ("{%- include_relative a-b.md title='x' %}", "a-b.md"), ("{! a.md !}", "a.md"), ("{!a b.md!}", "a b.md"), ("--8<-- \"it's.md\"", "it's.md"),
    ('{{% include file="a.md" markdown=true %}}', "a.md")])
def test_what_is_taken_in_is_named_as_before(line: str, named: str) -> None:
    assert included(line, "x.md", {named: "here"}.get).text == "here"


@pytest.mark.parametrize("pattern", ["*a" * 100 + "b", "**/" * 90 + "x", "/**" * 90 + "/x", "?*" * 100])
def test_a_pattern_of_owners_that_is_made_to_be_slow_is_decided_as_fast_as_others(pattern: str) -> None:
    owner = owner_of(f"* @all\n{pattern} @none\n")
    assert seconds(lambda: owner("a/" * 240 + "b" * 20)) < 50 * unit()


@pytest.mark.parametrize(("pattern", "fitting", "other"), [
    ("docs/*", "docs/a.md", "docs/x/a.md"), ("docs/", "x/docs/y/a.md", "docs"), ("/docs/**", "docs/x/a.md", "x/docs/a.md"), ("*.md", "x/a.md", "a.txt"),
    ("**/ops/*.md", "x/y/ops/a.md", "ops/x/a.md"), ("a/**/b.md", "a/b.md", "b.md"), ("a?.md", "ab.md", "a.md"), ("docs", "x/docs/a", "mydocs/a"),
    ("/a*b", "axxb/c", "a/b")])
def test_patterns_of_owners_fit_what_code_hosts_say_they_fit(pattern: str, fitting: str, other: str) -> None:
    owner = owner_of(f"{pattern} @ops\n")
    assert owner(fitting) == "@ops"
    assert owner(other) is None


# ---- front matter ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", ["a: " + "[" * 30_000, "a: " + "{a: " * 7_000, "? " * 10_000], ids=["lists", "maps", "keys"])
def test_front_matter_that_nests_without_end_is_left_out_at_once(text: str) -> None:
    found = []
    assert seconds(lambda: found.append(front(f"---\ntitle: x\n{text}\n---\n"))) < 3
    assert found[0].values == {}


@pytest.mark.parametrize("text", ["title: 0x" + "f" * 5_000, "title: 1" + ":1" * 8_000, "0x" + "f" * 5_000 + ": a"])
def test_a_number_without_end_makes_front_matter_no_more_than_unreadable(text: str) -> None:
    assert front(f"---\nowner: ana\n{text}\n---\n").faults[0].startswith("its front matter is not YAML and was left out")


def test_a_page_of_ten_megabytes_is_not_searched_for_the_end_of_front_matter_that_has_none() -> None:
    page = "---\n" + "a\n" * 5_000_000
    assert seconds(lambda: front(page)) < seconds(lambda: page.split("\n"))
    assert front(page).lines == 0
    assert front("---\n" + "# a\n" * 20_000 + "---\n").faults


# ---- amplification -----------------------------------------------------------------------------------------

def size(markdown: str) -> int:
    return sum(len(each.markdown) + len(each.text) + len(each.code) + sum(map(len, each.path)) for each in read_page(markdown, "a.md").sections)


def test_what_is_kept_of_a_page_is_not_much_more_than_the_page() -> None:
    """A heading that stands in the path of all below it, and a definition that goes with each section."""
    heading = "# " + "x" * 60_000 + "\n" + "## b\n" * 4_000
    assert size(heading) < 25 * len(heading)
    defined = "[a]: http://x/" + "y" * 60_000 + "\n\n" + "# h\n[a]\n" * 4_000
    assert size(defined) < 25 * len(defined)


def test_a_heading_that_is_too_long_is_cut_and_its_words_stay_in_its_section() -> None:
    words = " ".join(f"word{at}" for at in range(200))
    [section] = read_page(f"# {words}\n\nbody\n", "a.md").sections
    assert len(section.path[0]) == 300
    assert section.path[0] + section.text.removesuffix(" body").removeprefix("") in (words, words.replace("  ", " "))
    assert section.anchor == words.replace(" ", "-")


def test_of_headings_without_end_the_last_section_holds_the_rest() -> None:
    page = read_page("".join(f"# h{at}\n\nw{at}\n\n" for at in range(SECTIONS + 20)), "a.md")
    assert len(page.sections) == SECTIONS
    assert f"w{SECTIONS + 19}" in page.sections[-1].text
    assert f"# h{SECTIONS + 19}" in page.sections[-1].markdown


# ---- one page against all ----------------------------------------------------------------------------------

@pytest.mark.parametrize("front_matter", ['title: "\\uD800"', 'owner: "a\\0b"', '"\\uDFFF": x', "title: 0x" + "f" * 5_000, 'aliases: ["\\uDC00"]'])
async def test_letters_that_are_none_keep_no_page_from_being_read(shelf: Shelf, ops: Path, front_matter: str) -> None:
    (ops / "bad.md").write_text(f"---\n{front_matter}\n---\n# Bad\n\nThis page has strange letters before it and is read.\n")
    row = await shelf.read()
    assert row.error is None
    assert list(await shelf.pages()) == ["bad.md", "latency.md"]


@pytest.mark.parametrize("of_many", [False, True])
async def test_a_page_that_no_parser_takes_is_left_out_alone(of_many: bool, monkeypatch: pytest.MonkeyPatch,
                                                             caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("a bug")
    if not of_many:
        monkeypatch.setattr(parsing, "read_page", broken)
    texts = [Text("a.md", "# a"), Text("b.md", None if of_many else "# b")]  # type: ignore[arg-type]
    parse = Parsing()
    found = await parse.pages(texts, of_many=of_many)
    parse.close()
    assert isinstance(found[1], Unparsed)
    assert "could not be parsed" in str(found[1])
    assert of_many != isinstance(found[0], Unparsed)


GIB = MEMORY / 1024**3 if os.environ.get("PROOF") == "full" else 0.25
"""To fill what a page may take takes half a minute of a processor: in the suite it may take an eighth of that."""


async def test_a_page_that_takes_all_memory_is_left_out_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Parsing(memory=int(GIB * 1024**3))
    try:
        found = await parse.pages([Text("a.md", "*a*" * int(1_650_000 * GIB)), Text("b.md", "# b")], of_many=True)
    finally:
        parse.close()
    assert str(found[0]) in (f"it takes more than {GIB:g} GiB of memory to parse", "the process that parsed it died")
    assert not isinstance(found[1], Unparsed)


async def test_a_process_that_cannot_be_begun_is_no_reason_to_fail_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Parsing()

    class NoStart:
        pid = None

        def kill(self) -> None:
            raise AssertionError("it never was")
    parse._process = NoStart()  # type: ignore[assignment]
    parse.close()


async def test_owners_with_bytes_that_no_database_takes_are_read(shelf: Shelf, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", latency=GOOD)
    (repo / "CODEOWNERS").write_bytes(b"* @a\0b " + b"@x " * 50_000)
    commit(repo)
    shelf.add(Kind.GIT, f"file://{repo}", allow_private=True)
    row = await shelf.read()
    assert row.error is None
    assert len((await shelf.pages())["latency.md"].owner or "") <= 300


@pytest.mark.parametrize("stamp", [1e30, -1e30, float("inf"), 1e12])
def test_a_file_of_a_clock_that_stood_wrong_has_no_date(stamp: float) -> None:
    """Not every file system keeps such a date, but those that do would have kept the whole folder from being read."""
    assert moment_of(stamp) is None


# ---- archives ----------------------------------------------------------------------------------------------

def tar(*members: tuple[str, bytes, dict[str, Any]], kind: int = tarfile.PAX_FORMAT, mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=kind) as made:  # type: ignore[call-overload]
        for name, content, said in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for key, value in said.items():
                setattr(entry, key, value)
            made.addfile(entry, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("said", [{"pax_headers": {"mtime": "1e30"}}, {"pax_headers": {"mtime": "inf"}}, {"mtime": 600_000_000_000}])
def test_a_date_that_is_none_makes_no_archive_unreadable(said: dict[str, Any]) -> None:
    found = unpacked(tar(("d/a.md", b"# a", said), ("d/b.md", b"# b", {"mtime": 1_700_000_000}), ("d/c.md", b"# c", {"mtime": 1_200_000_000})), "")
    assert list(found.files) == ["a.md", "b.md", "c.md"]
    assert list(found.changed) == ["b.md", "c.md"]


@pytest.mark.parametrize("raw", [
    tar(("a.md", b"# a", {"pax_headers": {"comment": "x" * 20_000_000}})), tar(("x" * 20_000_000, b"a", {}), kind=tarfile.GNU_FORMAT),
    tar(("a.md", b"# a", {"pax_headers": {"comment": "9" * 40_000}}))], ids=["pax", "gnu", "digits"])
def test_headers_of_a_tar_without_end_are_not_read(raw: bytes) -> None:
    def read() -> None:
        with pytest.raises(Unread, match="no archive that can be unpacked"):
            unpacked(raw, "")
    assert seconds(read) < 50 * unit()


def test_an_archive_of_many_entries_is_refused_before_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_ENTRIES", 50)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for at in range(60):
            made.writestr(f"{at}.md", "# a")

    def listed(*_args: Any) -> None:
        raise AssertionError("its entries are not to be listed")
    monkeypatch.setattr(zipfile, "ZipFile", listed)
    with pytest.raises(Unread, match="more than 50 files"):
        unpacked(out.getvalue(), "")


def test_what_is_no_page_and_too_large_to_be_taken_in_takes_no_memory() -> None:
    large = b"x" * (5 * 1024 * 1024)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("video.bin", "page.md", "part.txt"):
            made.writestr(name, large if name != "part.txt" else b"x")
    assert set(unpacked(out.getvalue(), "").files) == {"page.md", "part.txt"}
    assert set(unpacked(tar(("video.bin", large, {}), ("page.md", large, {}), ("part.txt", b"x", {})), "").files) == {"page.md", "part.txt"}


def test_names_that_are_no_letters_are_said_in_letters() -> None:
    found = unpacked(tar(("../\udcff.md", b"a", {}), ("a.md", b"a", {})), "")
    json.dumps([each.path for each in found.left_out], ensure_ascii=False).encode()
    assert found.left_out[0].why == "its path leads out of the archive"


# ---- hosts that answer strangely ---------------------------------------------------------------------------

async def test_a_tag_that_cannot_be_sent_back_is_not_remembered(shelf: Shelf, served: Web) -> None:
    served.answer = lambda request: aio.Response(text=GOOD, content_type="text/markdown", headers={"etag": '"é"', "last-modified": "ü"})
    shelf.add(Kind.HTTP, f"{served.url}/latency.md", allow_private=True, allow_http=True)
    assert (await shelf.read()).error is None
    row = await shelf.read()
    assert (row.error, row.details["etag"], row.revision) == (None, None, None)


@pytest.mark.parametrize("location", ["http://[bad", "http://[::1/x", "http://x/" + "a" * 66_000], ids=["bracket", "half", "long"])
@pytest.mark.parametrize("kind", [Kind.HTTP, Kind.GIT])
async def test_a_redirect_to_what_is_no_address_is_said(shelf: Shelf, served: Web, location: str, kind: Kind,
                                                         caplog: pytest.LogCaptureFixture) -> None:
    served.answer = lambda request: aio.Response(status=302, headers={"location": location})
    shelf.add(kind, f"{served.url}/ops", allow_private=True, allow_http=True)
    row = await shelf.read()
    assert row.error is not None
    assert "on our side" not in row.error
    assert not [each for each in caplog.records if each.exc_info]


async def test_what_a_redirect_holds_of_secrets_is_said_nowhere(shelf: Shelf, served: Web, caplog: pytest.LogCaptureFixture) -> None:
    served.answer = lambda request: (
        aio.Response(text="hello") if "signed" in str(request.url) else
        aio.Response(status=302, headers={"location": "/elsewhere?signed=hunter2secret"}))
    shelf.add(Kind.GIT, f"{served.url}/ops", allow_private=True, allow_http=True)
    with caplog.at_level(logging.DEBUG, "handlers"):
        row = await shelf.read()
    assert "no Git repository" in str(row.error)
    assert "hunter2secret" not in f"{row.error} {row.details} {caplog.text}"


def test_what_git_complains_of_is_said_without_secrets_and_signs_that_move_a_terminal() -> None:
    from handlers.runbooks.git_client import _last
    said = _last("error: x\nfatal: unable to access 'https://ana:pw@h/x?sig=abc': \x1b[2Jred\0")
    assert said == "unable to access 'https://h/x?  [2Jred"


async def test_an_address_of_version_six_is_read_by_git(shelf: Shelf, tmp_path: Path) -> None:
    served = Web(folder=tmp_path / "hosted")
    repository(tmp_path / "hosted" / "ops", latency=GOOD)
    app = aio.Application(client_max_size=10 ** 8)
    app.router.add_route("*", "/{tail:.*}", served.handle)
    runner = aio.AppRunner(app)
    await runner.setup()
    site = aio.TCPSite(runner, "::1", 0)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        shelf.add(Kind.GIT, f"http://[::1]:{port}/ops/.git", allow_private=True, allow_http=True)
        assert (await shelf.read()).error is None
    finally:
        await runner.cleanup()


async def test_a_git_that_would_look_up_names_itself_is_not_let_at_them(shelf: Shelf, served: Web, tmp_path: Path,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions before 2.37 ignore which addresses they are told, and would follow a name to wherever it leads by then."""
    (tmp_path / "bin").mkdir()
    asked = tmp_path / "asked"
    program = tmp_path / "bin" / "git"
    program.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo git version 2.30.2; else echo "$@" >> {asked}; fi\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    served.answer = lambda request: aio.Response(headers={"content-type": "application/x-git-upload-pack-advertisement"})
    shelf.http = reaching(**{"git.example.com": "127.0.0.1"})
    shelf.add(Kind.GIT, f"http://git.example.com:{served.port}/ops", allow_private=True, allow_http=True)
    row = await shelf.read()
    assert "Git 2.30.2 is too old" in str(row.error)
    assert not asked.exists()


async def test_a_host_that_sends_without_end_does_not_fill_the_disk(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from handlers.runbooks import git_client
    monkeypatch.setattr(git_client, "LARGEST_FILE", 512 * 1024)
    repo = repository(tmp_path / "repo", partial=False, latency=GOOD)
    (repo / "video.bin").write_bytes(os.urandom(4 * 1024 * 1024))
    commit(repo)
    shelf.add(Kind.GIT, f"file://{repo}", allow_private=True)
    row = await shelf.read()
    assert "sends more than" in str(row.error)
    assert sum(each.stat().st_size for each in shelf.cache.rglob("*") if each.is_file()) < 2 * 1024 * 1024


async def test_what_an_ended_git_left_is_cleared_away(shelf: Shelf, tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", latency=GOOD)
    shelf.add(Kind.GIT, f"file://{repo}", allow_private=True)
    await shelf.read()
    [pack] = {each.parent for each in shelf.cache.rglob("*.pack")}
    (pack / "tmp_pack_x1").write_bytes(b"x" * 1000)
    write(repo, other=GOOD)
    commit(repo)
    assert (await shelf.read()).error is None
    assert not list(shelf.cache.rglob("tmp_*"))
