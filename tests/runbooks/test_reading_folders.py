"""Runbooks in a folder: what is read, what is left out and said so, and what stays when the folder does not."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest

from handlers.runbooks import fetched, taking
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.policy import Kind, Policies
from handlers.runbooks.reading import Reading
from tests.runbooks.pace import unit
from tests.runbooks.reading_stage import WORKSPACE, Shelf, write

PSI = "# PSI drift\n\n## First\n\n1. Look at `psi`\n\n## Then\n\nRetrain the model and tell the owner of the data about it.\n"


@pytest.fixture
def ops(shelf: Shelf, tmp_path: Path) -> Path:
    folder = tmp_path / "ops"
    write(folder, drift__psi=PSI, latency="# Latency\n\nRestart the pods of the endpoint one after the other, please.\n")
    shelf.add(Kind.FOLDER, folder)
    return folder


def left(row: object) -> dict[str, str]:
    return dict(row.details["left_out"])  # type: ignore[attr-defined]


async def test_pages_come_with_their_sections_and_can_be_asked(shelf: Shelf, ops: Path) -> None:
    row = await shelf.read()
    assert (row.error, row.version, row.failures) == (None, 1, 0)
    assert list(await shelf.pages()) == ["drift/psi.md", "latency.md"]
    assert [(each.path, each.anchor) for each in await shelf.sections("drift/psi.md")] == [
        (["PSI drift"], "psi-drift"), (["PSI drift", "First"], "first"), (["PSI drift", "Then"], "then")]
    found = await Keeper(shelf.store, WORKSPACE, Policies(shelf.sources)).find("retrain the model")
    assert found.hits[0].entry.path == ("PSI drift", "Then")


async def test_what_did_not_change_is_not_touched(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    before = {path: (page.id, page.read_at, page.version) for path, page in (await shelf.pages()).items()}
    row = await shelf.read()
    assert row.version == 1
    write(ops, latency="# Latency\n\nAsk the provider first whether they know of it, then look at the queue.\n")
    row = await shelf.read()
    after = {path: (page.id, page.read_at, page.version) for path, page in (await shelf.pages()).items()}
    assert row.version == 2
    assert after["drift/psi.md"] == before["drift/psi.md"]
    assert after["latency.md"][0] == before["latency.md"][0]
    assert after["latency.md"][2] == 2


async def test_a_section_keeps_its_number_so_that_an_older_index_still_finds_it(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    before = [each.id for each in await shelf.sections("drift/psi.md")]
    write(ops, drift__psi=PSI.replace("Retrain", "Do not retrain") + "\n## Last\n\nwrite it down\n")
    await shelf.read()
    after = await shelf.sections("drift/psi.md")
    assert [each.id for each in after][:3] == before
    assert "Do not retrain" in after[2].markdown
    assert after[3].path == ["PSI drift", "Last"]
    write(ops, drift__psi="# PSI drift\n\nAll is told in the page about retraining, which see for everything else.\n")
    await shelf.read()
    assert [each.id for each in await shelf.sections("drift/psi.md")] == before[:1]


async def test_a_page_that_is_deleted_is_gone_and_one_that_moves_comes_anew(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    (ops / "latency.md").rename(ops / "slow.md")
    row = await shelf.read()
    assert list(await shelf.pages()) == ["drift/psi.md", "slow.md"]
    assert row.version == 2
    assert await shelf.sections("latency.md") == []


async def test_when_the_file_was_changed_is_when_the_page_was(shelf: Shelf, ops: Path) -> None:
    moment = shelf.clock() - timedelta(days=40)
    os.utime(ops / "latency.md", (moment.timestamp(), moment.timestamp()))
    await shelf.read()
    assert (await shelf.pages())["latency.md"].changed_at == moment


async def test_links_that_lead_out_hidden_files_and_pipes_are_not_read(shelf: Shelf, ops: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("# The password is hunter2 and nobody may see it here\n")
    (tmp_path / "other").mkdir()
    (ops / "out.md").symlink_to(secret)
    (ops / "folder").symlink_to(tmp_path / "other")
    (ops / "dangling.md").symlink_to(tmp_path / "nothing")
    (ops / "again.md").symlink_to(ops / "latency.md")
    os.mkfifo(ops / "pipe.md")
    write(ops, **{".git__x": "# hidden", "node_modules__y": "# foreign"})
    row = await shelf.read()
    assert list(await shelf.pages()) == ["again.md", "drift/psi.md", "latency.md"]
    assert left(row)["out.md"] == "it is a link that leads out of the folder"
    assert left(row)["folder"] == "links to folders are not followed"
    assert "dangling.md" in left(row)


async def test_a_link_that_is_put_in_place_while_reading_is_not_followed(shelf: Shelf, ops: Path, tmp_path: Path) -> None:
    from handlers.runbooks import folder
    found = await folder.fetch(shelf.sources["ops"])
    (tmp_path / "secret.md").write_text("secret")
    (ops / "latency.md").unlink()
    (ops / "latency.md").symlink_to(tmp_path / "secret.md")
    assert list(await found.load(["latency.md", "drift/psi.md", "../secret.md"])) == ["drift/psi.md"]


async def test_binary_files_strange_encodings_and_large_pages_are_said(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (ops / "zip.md").write_bytes(b"PK\x03\x04\0\0\0")
    (ops / "bom.md").write_bytes("# Größe mit BOM\n\nwas zu tun ist, steht hier in ganzen Sätzen\n".encode("utf-8-sig"))
    (ops / "wide.md").write_bytes("# Größe in UTF-16\n\nwas zu tun ist, steht hier in Sätzen\n".encode("utf-16"))
    (ops / "old.md").write_bytes("# Größe\n\nwas zu tun ist, steht hier in ganzen Sätzen\n".encode("cp1252"))
    (ops / "large.md").write_bytes(b"# large\n" + b"a " * (5 * 1024 * 1024 + 1))
    (ops / "notes.rst").write_text("reStructured")
    row = await shelf.read()
    pages = await shelf.pages()
    assert pages["bom.md"].title == "Größe mit BOM"
    assert pages["wide.md"].title == "Größe in UTF-16"
    assert pages["old.md"].title == "Größe"
    assert pages["old.md"].details["faults"][0].startswith("it is not UTF-8 and was read as Windows-1252")
    assert left(row) == {"zip.md": "it holds bytes that are no text", "large.md": "it is larger than 10 MiB; split it",
                         "notes.rst": "I read Markdown, not .rst"}


async def test_a_page_that_takes_too_long_to_parse_is_left_out_and_the_others_are_read(
        shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers.runbooks import parsing
    monkeypatch.setattr(parsing, "PER_PAGE", timedelta(seconds=2))
    monkeypatch.setattr(parsing.Parsing, "__init__", lambda self, _old=parsing.Parsing.__init__: _old(self, timedelta(seconds=2)))
    (ops / "slow.md").write_text("[a](" * 250_000)
    row = await shelf.read()
    assert left(row)["slow.md"] == "it takes more than 2 seconds to parse"
    assert list(await shelf.pages()) == ["drift/psi.md", "latency.md"]


async def test_the_loop_goes_on_while_a_large_page_is_parsed(shelf: Shelf, ops: Path) -> None:
    (ops / "large.md").write_text("# Large\n\n" + "Some *words* and `code` here, [a link](x.md).\n\n" * 12_000)
    late, ended = [0.0], asyncio.Event()

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while not ended.is_set():
            before = loop.time()
            await asyncio.sleep(0.01)
            late.append(loop.time() - before - 0.01)
    watching = asyncio.create_task(watch())
    await shelf.read()
    ended.set()
    await watching
    assert "large.md" in await shelf.pages()
    assert sorted(late)[int(len(late) * 0.95)] < 5 * unit()


async def test_a_folder_that_is_gone_is_said_and_what_was_read_stays(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    ops.rename(ops.parent / "opss")
    row = await shelf.read()
    assert row.error == f"There is no folder {ops} on this machine; did you mean {ops.parent / 'opss'}?"
    assert (row.failures, row.version) == (1, 1)
    assert len(await shelf.pages()) == 2
    (ops.parent / "opss").rename(ops)
    row = await shelf.read()
    assert (row.error, row.failures, row.version) == (None, 0, 1)


async def test_a_folder_that_is_suddenly_empty_keeps_its_pages(shelf: Shelf, ops: Path) -> None:
    """A disk that is not mounted looks just so."""
    await shelf.read()
    for page in await shelf.pages():
        (ops / page).unlink()
    row = await shelf.read()
    assert row.error is not None
    assert "no Markdown" in row.error
    assert len(await shelf.pages()) == 2


async def test_who_fails_is_tried_less_and_less_often_and_told_once(shelf: Shelf, ops: Path, caplog: pytest.LogCaptureFixture) -> None:
    await shelf.read()
    ops.rename(ops.parent / "gone")
    pauses = []
    for _ in range(5):
        row = await shelf.read()
        pauses.append(row.next_at - shelf.clock())
    assert all(timedelta(minutes=1) <= pause <= timedelta(hours=1) for pause in pauses)
    assert len([each for each in caplog.records if "cannot be read" in each.message]) == 1


async def test_two_replicas_do_not_read_one_source_twice(shelf: Shelf, ops: Path) -> None:
    other = Reading(shelf.store, shelf.clock, WORKSPACE, Policies(shelf.sources), shelf.http, shelf.env.get, shelf.cache)
    read = await asyncio.gather(shelf.reading.read_due(), other.read_due())
    assert sum(read) == 1
    assert len(await shelf.pages()) == 2


async def test_who_dies_while_reading_leaves_it_to_the_next_and_the_version_tells(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(Reading, "_ended", dies)
        with pytest.raises(asyncio.CancelledError):
            await shelf.read()
    assert len(await shelf.pages()) == 2
    assert (await shelf.row()).version == 0
    assert await shelf.reading.read_due() == 0
    shelf.clock.advance(minutes=16)
    assert await shelf.reading.read_due() == 1
    assert (await shelf.row()).version == 1


async def test_a_source_that_leaves_the_policy_leaves_with_its_pages(shelf: Shelf, ops: Path, tmp_path: Path) -> None:
    await shelf.read()
    write(tmp_path / "more", a="# A page of its own with quite some words in it\n")
    del shelf.sources["ops"]
    shelf.add(Kind.FOLDER, tmp_path / "more", "more")
    await shelf.read("more")
    assert await shelf.pages() == {}
    assert list(await shelf.pages("more")) == ["a.md"]


async def test_includes_are_taken_in_from_the_source_alone_and_follow_their_file(shelf: Shelf, ops: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("hunter2")
    write(ops, inc='# Inc\n\n--8<-- "parts/steps.txt"\n\n{% include "../secret.md" %}\n\n{!/etc/passwd!}\n')
    (ops / "parts").mkdir()
    (ops / "parts" / "steps.txt").write_text("1. Call the provider about it\n")
    await shelf.read()
    page = (await shelf.pages())["inc.md"]
    text = " ".join(each.text for each in await shelf.sections("inc.md"))
    assert "Call the provider" in text
    assert "hunter2" not in text
    assert "../secret.md" in text
    assert page.details["faults"] == ["it takes in ../secret.md, which is not there", "it takes in /etc/passwd, which is not of this source"]
    (ops / "parts" / "steps.txt").write_text("1. Call nobody about it\n")
    row = await shelf.read()
    assert row.version == 2
    assert "Call nobody" in " ".join(each.text for each in await shelf.sections("inc.md"))


async def test_more_pages_than_are_read_are_said(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetched, "MOST_PAGES", 1)
    row = await shelf.read()
    assert list(await shelf.pages()) == ["drift/psi.md"]
    assert left(row) == {"latency.md": "there are more than 1 pages before it"}


async def test_a_newer_reader_reads_everything_anew(shelf: Shelf, ops: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.read()
    monkeypatch.setattr(taking, "READER", 99)
    row = await shelf.read()
    assert row.version == 2
    assert {page.version for page in (await shelf.pages()).values()} == {2}


async def test_owner_and_age_come_from_front_matter(shelf: Shelf, ops: Path) -> None:
    write(ops, owned="---\nowner: Data platform\naliases: [FeatureDrift, PsiHigh]\n---\n# Owned\n\nSomebody keeps this page and says so.\n")
    shelf.add(Kind.FOLDER, ops, url="https://docs.example.com/runbooks/")
    await shelf.read()
    page = (await shelf.pages())["owned.md"]
    assert (page.owner, page.details["aliases"], page.url) == (
        "Data platform", ["FeatureDrift", "PsiHigh"], "https://docs.example.com/runbooks/owned.md")
