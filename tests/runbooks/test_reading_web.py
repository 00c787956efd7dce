"""Runbooks at an address: archives and pages, asked for again only where they changed, and nothing of them believed."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable

import pytest
from aiohttp import web as aio

from handlers.runbooks import archive, web_page
from handlers.runbooks.fetched import Unread
from handlers.runbooks.policy import Kind
from tests.runbooks.reading_stage import Shelf, Web, reaching

PSI = "# PSI drift\n\nLook at the feature store first, then retrain the model by hand.\n"
LAG = "# Feed is late\n\nAsk the owner of the upstream table when it will be there again.\n"
HTTP = {"allow_http": True, "allow_private": True}


def zipped(**more: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in {"repo-main/docs/psi.md": PSI, "repo-main/docs/lag.md": LAG, "repo-main/LICENSE": "free", **more}.items():
            file.writestr(name, text)
    return made.getvalue()


def tarred(entries: Callable[[tarfile.TarFile], None] = lambda file: None) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as file:
        for name, text in {"repo-main/docs/psi.md": PSI, "repo-main/docs/lag.md": LAG}.items():
            add(file, name, text.encode())
        entries(file)
    return made.getvalue()


def add(file: tarfile.TarFile, name: str, content: bytes = b"", **said: object) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for key, value in said.items():
        setattr(entry, key, value)
    file.addfile(entry, io.BytesIO(content))


def serve(served: Web, content: bytes, kind: str = "application/octet-stream", **headers: str) -> None:
    served.answer = lambda request: aio.Response(body=content, content_type=kind, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture
def ops(shelf: Shelf, served: Web) -> Web:
    shelf.add(Kind.HTTP, f"{served.url}/ops.zip", path="docs", **HTTP)
    serve(served, zipped())
    return served


@pytest.mark.parametrize("content", [zipped(), tarred(), gzip.decompress(tarred())], ids=["zip", "tar.gz", "tar"])
async def test_the_pages_of_an_archive_are_read(shelf: Shelf, ops: Web, content: bytes) -> None:
    serve(ops, content)
    row = await shelf.read()
    assert (row.error, row.version) == (None, 1)
    assert list(await shelf.pages()) == ["lag.md", "psi.md"]


async def test_what_did_not_change_is_not_sent_again(shelf: Shelf, ops: Web) -> None:
    def answer(request: aio.Request) -> aio.StreamResponse:
        if request.headers.get("if-none-match") == '"one"':
            return aio.Response(status=304)
        return aio.Response(body=zipped(), headers={"etag": '"one"'})
    ops.answer = answer
    await shelf.read()
    row = await shelf.read()
    assert (row.error, row.version, len(ops.asked)) == (None, 1, 2)
    assert row.answered_at == shelf.clock()
    assert len(await shelf.pages()) == 2
    shelf.add(Kind.HTTP, f"{ops.url}/ops.zip", **HTTP)  # without `path`: the same answer makes other pages
    await shelf.read()
    assert "if-none-match" not in ops.asked[-1].headers
    assert list(await shelf.pages()) == ["docs/lag.md", "docs/psi.md"]


async def test_one_page_is_read_with_its_address(shelf: Shelf, served: Web) -> None:
    shelf.add(Kind.HTTP, f"{served.url}/raw/psi.md", **HTTP)
    serve(served, PSI.encode(), "text/plain", last_modified="Wed, 04 Mar 2026 10:00:00 GMT")
    await shelf.read()
    page = (await shelf.pages())["psi.md"]
    assert (page.title, page.url) == ("PSI drift", f"{served.url}/raw/psi.md")
    assert page.changed_at is not None
    assert page.changed_at.isoformat() == "2026-03-04T10:00:00+00:00"
    await shelf.read()
    assert served.asked[-1].headers["if-modified-since"] == "Wed, 04 Mar 2026 10:00:00 GMT"


async def test_a_web_page_and_a_picture_are_told_from_markdown(shelf: Shelf, served: Web) -> None:
    shelf.add(Kind.HTTP, f"{served.url}/wiki/psi", **HTTP)
    serve(served, b"<!DOCTYPE html><title>x", "text/html")
    assert "a web page in HTML, and I read Markdown" in str((await shelf.read()).error)
    serve(served, b"\x89PNG", "image/png")
    assert "What is there is image/png" in str((await shelf.read()).error)
    serve(served, b"\0\0\0", "text/plain")
    row = await shelf.read()
    assert row.error is None
    assert row.details["left_out"] == [["psi.md", "it holds bytes that are no text"]]


async def test_an_archive_leads_nowhere_else(shelf: Shelf, ops: Web) -> None:
    def more(file: tarfile.TarFile) -> None:
        add(file, "repo-main/docs/../../../etc/cron.md", b"# evil")
        add(file, "/abs.md", b"# evil")
        add(file, "repo-main/docs/link.md", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(file, "repo-main/docs/hard.md", type=tarfile.LNKTYPE, linkname="/etc/passwd")
        add(file, "repo-main/docs/dev.md", type=tarfile.CHRTYPE)
    serve(ops, tarred(more))
    row = await shelf.read()
    assert row.error is None
    assert list(await shelf.pages()) == ["lag.md", "psi.md"]
    why = [why for _, why in row.details["left_out"]]
    assert why.count("its path leads out of the archive") == 2
    assert why.count("it is a link, which is not followed") == 3


def test_a_link_in_a_zip_is_not_followed() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        link = zipfile.ZipInfo("a/link.md")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("a/psi.md", PSI)
    found = archive.unpacked(made.getvalue(), "")
    assert list(found.files) == ["psi.md"]
    assert [each.why for each in found.left_out] == ["it is a link, which is not followed"]


@pytest.mark.parametrize("kind", ["zip", "tar", "gzip"])
def test_little_that_becomes_much_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_SOURCE", 4 * 1024 * 1024)
    much = b"a" * (2 * 1024 * 1024)
    if kind == "zip":
        content = zipped(**{f"repo-main/docs/{number}.md": much.decode() for number in range(4)})
    elif kind == "tar":
        content = tarred(lambda file: [add(file, f"repo-main/docs/{number}.md", much) for number in range(4)])  # type: ignore[arg-type,return-value]
    else:
        content = tarred(lambda file: add(file, "repo-main/.hidden/x.bin", b"a" * (16 * 1024 * 1024)))
    assert len(content) < 100_000
    with pytest.raises(Unread, match="over 4 MiB when unpacked"):
        archive.unpacked(content, "")


@pytest.mark.parametrize("content", [zipped()[:200], zipped()[:-30], tarred()[:-20], b"\x1f\x8bno gzip at all", b"PK\x03\x04" + b"x" * 50])
async def test_a_damaged_archive_is_said_and_what_was_read_stays(shelf: Shelf, ops: Web, content: bytes) -> None:
    await shelf.read()
    serve(ops, content)
    row = await shelf.read()
    assert row.error is not None
    assert row.error.startswith("What is there is no archive that can be unpacked")
    assert len(await shelf.pages()) == 2


async def test_a_folder_that_is_not_in_the_archive_is_said(shelf: Shelf, ops: Web) -> None:
    shelf.add(Kind.HTTP, f"{ops.url}/ops.zip", path="dokcs", **HTTP)
    assert "There is no folder dokcs" in str((await shelf.read()).error)


@pytest.mark.parametrize(("status", "said"), [
    (401, "127.0.0.1 asks for a password. Put a token"), (403, "127.0.0.1 asks for a password"),
    (404, "127.0.0.1 says that there is nothing at this address (404)"), (410, "there is nothing at this address (410)"),
    (429, "127.0.0.1 answered 429. I try again by myself."), (500, "127.0.0.1 answered 500")])
async def test_what_the_host_says_is_told_in_words_and_what_was_read_stays(shelf: Shelf, ops: Web, status: int, said: str) -> None:
    await shelf.read()
    ops.answer = lambda request: aio.Response(status=status)
    row = await shelf.read()
    assert said in str(row.error)
    assert (len(await shelf.pages()), row.version) == (2, 1)


async def test_a_redirect_to_a_private_address_is_refused_and_never_called(shelf: Shelf, ops: Web) -> None:
    ops.answer = lambda request: aio.Response(status=302, headers={"location": "http://169.254.169.254/latest/meta-data"})
    row = await shelf.read()
    assert row.error == "The address leads to 169.254.169.254, where machines keep secrets. I keep what I read before."
    assert len(ops.asked) == 1


async def test_a_private_address_is_not_called_unless_that_is_allowed(shelf: Shelf, ops: Web) -> None:
    shelf.http = reaching(**{"files.example.com": "192.168.1.4"})
    shelf.add(Kind.HTTP, "https://files.example.com/ops.zip")
    assert "leads to 192.168.1.4, which is not on the public internet" in str((await shelf.read()).error)
    shelf.add(Kind.HTTP, "https://nowhere.example.com/ops.zip")
    assert str((await shelf.read()).error).startswith("Nowhere.example.com is not found.")


async def test_the_token_is_sent_to_its_host_alone(shelf: Shelf, ops: Web) -> None:
    shelf.env["RUNBOOKS_TOKEN"] = "tok-1"
    shelf.add(Kind.HTTP, f"{ops.url}/ops.zip", path="docs", token_env="RUNBOOKS_TOKEN", **HTTP)

    def answer(request: aio.Request) -> aio.StreamResponse:
        if request.path == "/ops.zip":
            return aio.Response(status=302, headers={"location": f"http://localhost:{ops.port}/elsewhere.zip"})
        return aio.Response(body=zipped())
    ops.answer = answer
    shelf.http = reaching(localhost="127.0.0.1")
    assert (await shelf.read()).error is None
    assert [request.headers.get("authorization") for request in ops.asked] == ["Bearer tok-1", None]


def test_a_user_and_password_are_sent_as_such() -> None:
    assert web_page.bearer("ana:pw") == {"authorization": "Basic YW5hOnB3"}


async def test_more_than_is_taken_is_refused(shelf: Shelf, ops: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_page, "_LARGEST", 100)
    assert "larger than" in str((await shelf.read()).error)
