"""Where a page is opened: on each code host as that host shows files, whatever letters a path has."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from aiohttp import web as aio
from hypothesis import given
from hypothesis import strategies as st

from handlers.runbooks.page_urls import is_gitlab, name_of_page, page_url
from handlers.runbooks.policy import Kind, Source
from tests.runbooks.reading_stage import Shelf, Web


def git(where: str, **more: Any) -> Source:
    return Source("ops", Kind.GIT, where, **more)


@pytest.mark.parametrize(("where", "shown"), [
    ("https://github.com/acme/ops.git", "https://github.com/acme/ops/blob/main/a/psi.md"),
    ("https://github.com/acme/ops", "https://github.com/acme/ops/blob/main/a/psi.md"),
    ("https://github.com/acme/ops.git/", "https://github.com/acme/ops/blob/main/a/psi.md"),
    ("https://github.acme.example:8443/acme/ops.git", "https://github.acme.example:8443/acme/ops/blob/main/a/psi.md"),
    ("https://gitlab.com/acme/sre/books/ops.git", "https://gitlab.com/acme/sre/books/ops/-/blob/main/a/psi.md"),
    ("https://gitlab.acme.example/ops.git", "https://gitlab.acme.example/ops/-/blob/main/a/psi.md"),
    ("https://bitbucket.org/acme/ops.git", "https://bitbucket.org/acme/ops/src/main/a/psi.md"),
    ("https://bitbucket.acme.example/scm/SRE/ops.git", "https://bitbucket.acme.example/projects/SRE/repos/ops/browse/a/psi.md?at=main"),
    ("https://bitbucket.acme.example/git/scm/~ana/ops.git", "https://bitbucket.acme.example/git/users/ana/repos/ops/browse/a/psi.md?at=main"),
    ("https://gitea.acme.example/acme/ops.git", "https://gitea.acme.example/acme/ops/src/branch/main/a/psi.md"),
    ("https://codeberg.org/acme/ops.git", "https://codeberg.org/acme/ops/src/branch/main/a/psi.md"),
    ("https://forgejo.acme.example/acme/ops", "https://forgejo.acme.example/acme/ops/src/branch/main/a/psi.md")])
def test_each_code_host_shows_a_file_at_an_address_of_its_own(where: str, shown: str) -> None:
    assert page_url(git(where), "main")("a/psi.md") == shown


@pytest.mark.parametrize(("path", "shown"), [
    ("psi drift.md", "psi%20drift.md"), ("c#.md", "c%23.md"), ("100%.md", "100%25.md"), ("a%20b.md", "a%2520b.md"), ("größe/önü.md", "gr%C3%B6%C3%9Fe/%C3%B6n%C3%BC.md"),
    ("what?.md", "what%3F.md"), ("日本.md", "%E6%97%A5%E6%9C%AC.md"), ("a&b=c+d.md", "a%26b%3Dc%2Bd.md"), ("[x](y).md", "%5Bx%5D%28y%29.md"),
    ("a:b.md", "a%3Ab.md"), ("\"<>|.md", "%22%3C%3E%7C.md")])
def test_every_letter_of_a_path_is_that_letter_again_where_it_is_opened(path: str, shown: str) -> None:
    assert page_url(git("https://github.com/acme/ops"), "main")(path) == f"https://github.com/acme/ops/blob/main/{shown}"


@given(path=st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/"), min_size=1), min_size=1).map("/".join),
       host=st.sampled_from(["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"]))
def test_no_path_leaves_its_host_or_ends_its_address_early(path: str, host: str) -> None:
    shown = page_url(git(f"https://{host}/acme/ops"), "main")(path)
    assert shown is not None
    parts = urlsplit(shown)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", host, "", "")
    assert shown.isascii()
    assert shown.isprintable()
    assert unquote(parts.path).endswith(f"main/{path}")


def test_the_folder_of_a_source_and_its_branch_stand_in_the_address() -> None:
    source = git("https://github.com/acme/ops", path="docs/run books")
    assert page_url(source, "release/2.1#x")("psi.md") == "https://github.com/acme/ops/blob/release/2.1%23x/docs/run%20books/psi.md"
    own = git("https://bitbucket.acme.example/scm/SRE/ops.git", path="docs")
    assert page_url(own, "release/2.1&x")("psi.md") == (
        "https://bitbucket.acme.example/projects/SRE/repos/ops/browse/docs/psi.md?at=release%2F2.1%26x")


@pytest.mark.parametrize("where", ["https://git.acme.example/ops.git", "file:///srv/git/ops", "file://github.com/srv/ops"])
def test_where_nothing_is_known_of_the_host_there_is_no_address(where: str) -> None:
    assert page_url(git(where), "main")("psi.md") is None


def test_without_a_branch_there_is_no_address() -> None:
    assert page_url(git("https://github.com/acme/ops"))("psi.md") is None


@pytest.mark.parametrize("kind", list(Kind))
def test_the_address_that_the_policy_gives_counts_before_any_other(kind: Kind) -> None:
    source = Source("ops", kind, "https://github.com/acme/ops", url="https://runbooks.acme.example/ml/", branch="main")
    assert page_url(source, "main")("a b/psi.md") == "https://runbooks.acme.example/ml/a%20b/psi.md"


def test_a_folder_without_an_address_has_none_and_neither_have_the_files_of_an_archive() -> None:
    assert page_url(Source("ops", Kind.FOLDER, "/srv/runbooks"))("psi.md") is None
    assert page_url(Source("ops", Kind.HTTP, "https://example.com/ops.zip"))("psi.md") is None


@pytest.mark.parametrize(("where", "name"), [
    ("https://h/psi.md", "psi.md"), ("https://h/psi", "psi.md"), ("https://h/a/PSI.MD/", "PSI.MD"), ("https://h/", "page.md"), ("https://h", "page.md"),
    ("https://h/psi%20drift.md", "psi drift.md"), ("https://h/gr%C3%B6%C3%9Fe", "größe.md"), ("https://h/a%2Fb.md?x=1", "a-b.md"), ("https://h/c%23.md", "c#.md")])
def test_a_page_is_called_what_its_address_says(where: str, name: str) -> None:
    assert name_of_page(where) == name
    assert page_url(Source("ops", Kind.HTTP, where))(name) == where


def test_the_anchors_of_gitlab_are_known_by_where_a_page_is_opened() -> None:
    assert is_gitlab(git("https://gitlab.acme.example/ops.git"))
    assert is_gitlab(Source("ops", Kind.FOLDER, "/srv", url="https://gitlab.com/acme/ops/-/blob/main/"))
    assert not is_gitlab(git("https://github.com/acme/gitlab.git"))


async def test_a_page_with_a_space_in_its_address_is_opened_there_and_shown_by_its_name(shelf: Shelf, served: Web) -> None:
    served.answer = lambda request: aio.Response(text="Restart the pods of the endpoint one after the other.\n", content_type="text/markdown")
    shelf.add(Kind.HTTP, f"{served.url}/psi%20drift.md", allow_private=True, allow_http=True)
    await shelf.read()
    page = (await shelf.pages())["psi drift.md"]
    assert (page.title, page.url) == ("psi drift", f"{served.url}/psi%20drift.md")
