"""Runbooks in a Git repository, with the real client against real repositories: by file and by HTTP."""

from __future__ import annotations

import asyncio
import base64
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web as aio

from handlers.runbooks import commands
from handlers.runbooks.git import Git, cache_folder
from handlers.runbooks.policy import Kind
from tests.runbooks.reading_stage import WORKSPACE, Shelf, Web, commit, git, reaching, repository, write

PSI = "# PSI drift\n\nLook at the feature store first, then retrain the model by hand.\n"
LAG = "# Feed is late\n\nAsk the owner of the upstream table when it will be there again.\n"
TOKEN = "tok-5ecret-0123456789"
HTTP = {"allow_http": True, "allow_private": True}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", docs__psi=PSI, docs__lag=LAG, README="# Not within the folder that is read here\n")


@pytest.fixture
def ops(shelf: Shelf, repo: Path) -> Path:
    shelf.add(Kind.GIT, f"file://{repo}", branch="main", path="docs", allow_private=True)
    return repo


def traces(folder: Path, word: str) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file() and word.encode() in each.read_bytes()]


async def test_a_branchs_folder_is_read_and_only_what_changes_is_touched(shelf: Shelf, ops: Path) -> None:
    row = await shelf.read()
    assert (row.error, row.version) == (None, 1)
    assert row.revision == git(ops, "rev-parse", "main")
    assert list(await shelf.pages()) == ["lag.md", "psi.md"]
    row = await shelf.read()
    assert row.version == 1
    write(ops, docs__psi=PSI + "\nAnd tell the owner of the model about it.\n")
    commit(ops, "2026-05-02T10:00:00+00:00")
    row = await shelf.read()
    pages = await shelf.pages()
    assert (row.version, pages["psi.md"].version, pages["lag.md"].version) == (2, 2, 1)
    assert pages["psi.md"].changed_at == datetime(2026, 5, 2, 10, tzinfo=UTC)
    assert pages["lag.md"].changed_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


async def test_a_host_without_partial_clones_is_read_too(shelf: Shelf, tmp_path: Path) -> None:
    plain = repository(tmp_path / "plain", partial=False, psi=PSI)
    shelf.add(Kind.GIT, f"file://{plain}", allow_private=True)
    row = await shelf.read()
    assert row.error is None
    assert list(await shelf.pages()) == ["psi.md"]


async def test_content_that_is_not_read_is_not_fetched(shelf: Shelf, ops: Path) -> None:
    (ops / "large.bin").write_bytes(os.urandom(3_000_000))
    commit(ops)
    await shelf.read()
    kept = sum(each.stat().st_size for each in shelf.cache.rglob("*") if each.is_file())
    assert kept < 500_000


async def test_a_branch_that_was_force_pushed_is_read_anew_and_said(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    write(ops, docs__psi="# PSI drift\n\nEverything was written again from the very beginning.\n")
    (ops / "docs" / "lag.md").unlink()
    git(ops, "checkout", "--quiet", "--orphan", "other")
    commit(ops)
    git(ops, "branch", "-M", "other", "main")
    row = await shelf.read()
    assert row.error is None
    assert row.details["notes"] == ["The branch's history was rewritten (a forced push); everything was compared anew."]
    assert list(await shelf.pages()) == ["psi.md"]
    assert "again from the very beginning" in (await shelf.sections("psi.md"))[0].text
    write(ops, docs__new="# New\n\nA page that came after it in the usual way, with words.\n")
    commit(ops)
    assert (await shelf.read()).details["notes"] == []


async def test_a_branch_that_was_renamed_is_said_with_the_nearest_and_what_was_read_stays(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    git(ops, "branch", "-M", "main", "mainline")
    row = await shelf.read()
    assert row.error == (f"There is no branch main in file://{ops} any more; did you mean mainline? Was it renamed or deleted? "
                         "Correct `branch` in runbooks.yaml. I keep what I read before.")
    assert len(await shelf.pages()) == 2
    git(ops, "branch", "-M", "mainline", "main")
    row = await shelf.read()
    assert (row.error, row.version) == (None, 1)


async def test_without_a_branch_the_default_one_is_followed_wherever_it_goes(shelf: Shelf, ops: Path) -> None:
    shelf.add(Kind.GIT, f"file://{ops}", path="docs", allow_private=True)
    await shelf.read()
    assert (await shelf.row()).details["branch"] == "main"
    git(ops, "branch", "-M", "main", "trunk")
    write(ops, docs__psi=PSI + "\nmore of it\n")
    commit(ops)
    row = await shelf.read()
    assert (row.error, row.details["branch"], row.version) == (None, "trunk", 2)


async def test_a_folder_that_is_not_there_is_said_with_the_nearest(shelf: Shelf, ops: Path) -> None:
    shelf.add(Kind.GIT, f"file://{ops}", branch="main", path="doc", allow_private=True)
    row = await shelf.read()
    assert row.error is not None
    assert row.error.startswith("There is no folder doc in the repository; did you mean docs?")


async def test_an_empty_repository_and_one_that_is_none_are_said(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "--quiet", ".")
    shelf.add(Kind.GIT, f"file://{tmp_path}/empty", allow_private=True)
    assert "holds no commit" in str((await shelf.read()).error)
    shelf.add(Kind.GIT, f"file://{tmp_path}/nothing", allow_private=True)
    assert "There is no repository at" in str((await shelf.read()).error)


async def test_links_submodules_and_hidden_files_are_not_read(shelf: Shelf, ops: Path, tmp_path: Path) -> None:
    other = repository(tmp_path / "other", a=PSI)
    git(ops, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{other}", "docs/sub")
    (ops / "docs" / "passwd.md").symlink_to("/etc/passwd")
    write(ops, docs__=PSI)
    commit(ops)
    row = await shelf.read()
    assert dict(row.details["left_out"]) == {"passwd.md": "it is a link, which is not followed",
                                             "sub": "it is a submodule; make it a source of its own"}
    assert list(await shelf.pages()) == ["lag.md", "psi.md"]


async def test_who_keeps_a_page_is_read_from_codeowners(shelf: Shelf, ops: Path) -> None:
    (ops / ".github").mkdir()
    (ops / ".github" / "CODEOWNERS").write_text("* @acme/everybody\n/docs/lag.md @acme/data @ana # the feed\n")
    commit(ops)
    await shelf.read()
    assert {path: page.owner for path, page in (await shelf.pages()).items()} == {
        "lag.md": "@acme/data, @ana", "psi.md": "@acme/everybody"}


async def test_a_cache_that_is_damaged_is_made_anew(shelf: Shelf, ops: Path) -> None:
    await shelf.read()
    for pack in shelf.cache.rglob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"no pack at all")
    write(ops, docs__psi=PSI + "\nchanged\n")
    commit(ops)
    row = await shelf.read()
    assert row.error is None
    assert "changed" in (await shelf.sections("psi.md"))[0].text


async def test_nothing_of_the_machine_is_obeyed(shelf: Shelf, ops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither hooks nor configuration of whoever runs us; and what the repository brings is not run."""
    touched = tmp_path / "touched"
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {touched}")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text(f'[core]\nhooksPath = {tmp_path}/hooks\n[url "file:///nowhere"]\ninsteadOf = file://{ops}\n')
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "reference-transaction").write_text(f"#!/bin/sh\ntouch {touched}\n")
    (tmp_path / "hooks" / "reference-transaction").chmod(0o755)
    row = await shelf.read()
    assert row.error is None
    assert not touched.exists()


# ---- by HTTP -----------------------------------------------------------------------------------------------

@pytest.fixture
def hosted(shelf: Shelf, served: Web, repo: Path) -> Web:
    served.folder = repo.parent
    shelf.add(Kind.GIT, f"{served.url}/repo", branch="main", path="docs", **HTTP)
    return served


async def test_a_repository_is_read_by_http(shelf: Shelf, hosted: Web) -> None:
    row = await shelf.read()
    assert row.error is None
    assert list(await shelf.pages()) == ["lag.md", "psi.md"]


async def test_who_asks_for_a_password_is_said_and_nothing_waits_for_a_terminal(shelf: Shelf, hosted: Web) -> None:
    await shelf.read()
    hosted.password = "Basic x"
    row = await shelf.read()
    assert row.error == ("127.0.0.1 asks for a password. Put a token that may read it into an environment variable, and its name "
                         "into runbooks.yaml as `token_env`.")
    assert len(await shelf.pages()) == 2
    shelf.add(Kind.GIT, f"{hosted.url}/repo", path="docs", token_env="RUNBOOKS_TOKEN", **HTTP)
    assert "RUNBOOKS_TOKEN is not set" in str((await shelf.read()).error)
    shelf.env["RUNBOOKS_TOKEN"] = "wrong"
    assert "does not take the token in RUNBOOKS_TOKEN" in str((await shelf.read()).error)


async def test_the_token_goes_to_its_host_and_stands_nowhere_else(shelf: Shelf, hosted: Web, caplog: pytest.LogCaptureFixture,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    argvs: list[Any] = []
    began = asyncio.create_subprocess_exec

    async def noting(*argv: Any, **more: Any) -> Any:
        argvs.append(argv)
        return await began(*argv, **more)
    monkeypatch.setattr(commands.asyncio, "create_subprocess_exec", noting)
    caplog.set_level("DEBUG")
    encoded = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    hosted.password = f"Basic {encoded}"
    shelf.env["RUNBOOKS_TOKEN"] = TOKEN
    shelf.add(Kind.GIT, f"{hosted.url}/repo", path="docs", token_env="RUNBOOKS_TOKEN", **HTTP)
    row = await shelf.read()
    assert row.error is None
    assert len(await shelf.pages()) == 2
    assert len([each for each in argvs if each[0] == "git"]) > 4
    for word in (TOKEN, encoded):
        assert word not in str(argvs)
        assert word not in caplog.text
        assert word not in f"{row.details}{row.error}"
        assert traces(shelf.cache, word) == []


async def test_a_repository_that_vanished_is_said_and_what_was_read_stays(shelf: Shelf, hosted: Web, repo: Path) -> None:
    await shelf.read()
    repo.rename(repo.parent / "gone")
    row = await shelf.read()
    assert row.error == (f"There is no repository at {hosted.url}/repo any more (or for us). Was it moved, renamed or deleted? "
                         "Correct `where` in runbooks.yaml. If it is private, `token_env` is missing.")
    assert len(await shelf.pages()) == 2


async def test_a_repository_that_moved_is_followed_where_that_is_allowed(shelf: Shelf, hosted: Web, repo: Path) -> None:
    repo.rename(repo.parent / "moved")

    def answer(request: aio.Request) -> aio.StreamResponse:
        hosted.answer = None
        return aio.Response(status=301, headers={"location": f"{hosted.url}/moved/info/refs?service=git-upload-pack"})
    hosted.answer = answer
    row = await shelf.read()
    assert row.error is None
    assert len(await shelf.pages()) == 2


async def test_a_redirect_to_a_private_address_is_refused_and_never_called(shelf: Shelf, hosted: Web) -> None:
    await shelf.read()
    hosted.asked.clear()
    hosted.answer = lambda request: aio.Response(
        status=302, headers={"location": "http://169.254.169.254/latest/info/refs?service=git-upload-pack"})
    row = await shelf.read()
    assert row.error == "The address leads to 169.254.169.254, where machines keep secrets. I keep what I read before."
    assert len(hosted.asked) == 1
    assert len(await shelf.pages()) == 2


async def test_a_private_address_is_refused_before_git_is_begun(shelf: Shelf, hosted: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.asyncio, "create_subprocess_exec", None)
    shelf.http = reaching(**{"git.example.com": "10.0.0.7"})
    shelf.add(Kind.GIT, "https://git.example.com/ops.git")
    row = await shelf.read()
    assert "leads to 10.0.0.7, which is not on the public internet" in str(row.error)
    assert hosted.asked == []


async def test_git_goes_to_the_address_that_was_judged(shelf: Shelf, hosted: Web) -> None:
    """A name that only our own resolver knows: git could not even look it up."""
    shelf.http = reaching(**{"git.example.com": "127.0.0.1"})
    shelf.add(Kind.GIT, f"http://git.example.com:{hosted.port}/repo", path="docs", **HTTP)
    row = await shelf.read()
    assert row.error is None
    assert {request.headers["host"] for request in hosted.asked} == {f"git.example.com:{hosted.port}"}


async def test_a_redirect_that_comes_after_the_first_look_is_not_followed(shelf: Shelf, hosted: Web) -> None:
    looked = []

    def answer(request: aio.Request) -> aio.StreamResponse:
        if not looked:
            looked.append(request)
            return aio.Response(headers={"content-type": "application/x-git-upload-pack-advertisement"})
        return aio.Response(status=302, headers={"location": f"{hosted.url}/elsewhere/info/refs?service=git-upload-pack"})
    hosted.answer = answer
    row = await shelf.read()
    assert row.error is not None
    assert not [request for request in hosted.asked if "elsewhere" in request.path]


async def test_an_address_of_something_else_is_said(shelf: Shelf, hosted: Web) -> None:
    hosted.answer = lambda request: aio.Response(text="<html>hello", content_type="text/html")
    assert "there is no Git repository" in str((await shelf.read()).error)
    hosted.answer = lambda request: aio.Response(status=503)
    assert "answered 503" in str((await shelf.read()).error)


async def test_a_client_that_hangs_is_ended_with_all_it_began(shelf: Shelf, ops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from handlers.runbooks import git as module
    monkeypatch.setattr(module, "_LOOK", timedelta(seconds=1))
    hanging = tmp_path / "hanging"
    hanging.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    hanging.chmod(0o755)
    source = shelf.sources["ops"]
    with pytest.raises(module.Unread, match="took longer than 1 seconds"):
        await Git(source, cache_folder(shelf.cache, WORKSPACE, source), shelf.http, program=str(hanging)).fetch(None)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        status = Path(f"/proc/{child}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("the child lives on")


async def test_a_machine_without_git_is_told_so(shelf: Shelf, ops: Path) -> None:
    source = shelf.sources["ops"]
    from handlers.runbooks.fetched import Unread
    with pytest.raises(Unread, match="Git is not installed where I run"):
        await Git(source, cache_folder(shelf.cache, WORKSPACE, source), shelf.http, program="no-such-git").fetch(None)
