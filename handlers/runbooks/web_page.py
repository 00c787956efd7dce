"""Runbooks at an address of the web: an archive of them, or one page."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from handlers.runbooks.archive import is_archive, unpacked
from handlers.runbooks.fetched import LARGEST_PAGE, Fetched, File, LeftOut, Unread
from handlers.runbooks.page_urls import name_of_page
from handlers.runbooks.policy import Source
from handlers.web.http import Got, Http, NotReached, Rules

_LARGEST: Final = 64 * 1024 * 1024
_TIMEOUT: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the last answer said of itself, so that the same need not be sent again."""

    etag: str | None = None
    modified: str | None = None

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> Remembered:
        etag, modified = details.get("etag"), details.get("modified")
        return cls(etag if isinstance(etag, str) else None, modified if isinstance(modified, str) else None)


async def fetch(source: Source, http: Http, token: str | None,
                known: Remembered) -> tuple[Fetched, Remembered]:
    """What is at the address. Raises Unread."""
    headers = {"accept": "text/markdown, text/plain;q=0.9, */*;q=0.5", **bearer(token)}
    if known.etag is not None:
        headers["if-none-match"] = known.etag
    elif known.modified is not None:
        headers["if-modified-since"] = known.modified
    rules = Rules(source.allow_private, source.allow_http, _TIMEOUT, _LARGEST)
    try:
        got = await http.ask("GET", source.where, rules, headers=headers)
    except NotReached as error:
        raise Unread(f"{_first(error)} I keep what I read before.", is_settled=error.is_refused) from None
    if got.status == 304 and (known.etag or known.modified):
        return Fetched(is_unchanged=True), known
    _refuse(got, source, has_token=token is not None)
    now_known = Remembered(_said_again(got, "etag"), _said_again(got, "last-modified"))
    if is_archive(got.body):
        return await _archive(got, source), now_known
    return _page(got, source), now_known


def _said_again(got: Got, name: str) -> str | None:
    """A header that may be sent back as it came; None: there is none that can be."""
    said = got.headers.get(name, "")
    return said if said and said.isascii() and said.isprintable() and len(said) <= 500 else None


def bearer(token: str | None) -> dict[str, str]:
    """The header for a token; ``user:password`` counts as such."""
    if token is None:
        return {}
    if ":" in token:
        return {"authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
    return {"authorization": f"Bearer {token}"}


def _first(error: NotReached) -> str:
    said = str(error)
    return f"{said[:1].upper()}{said[1:]}."


def _refuse(got: Got, source: Source, *, has_token: bool) -> None:
    """Raises Unread unless it is an answer with content."""
    host = urlsplit(source.where).hostname
    if got.status in (401, 403, 407):
        raise Unread(asks_for_password(str(host), source, has_token=has_token), is_settled=True)
    if got.status in (404, 410):
        raise Unread(f"{host} says that there is nothing at this address ({got.status}). Was it moved or "
                     "deleted, or does reading it take a token? Correct `where` in runbooks.yaml.",
                     is_settled=True)
    if not got.is_fine:
        raise Unread(f"{host} answered {got.status}. I try again by myself.")


def asks_for_password(host: str, source: Source, *, has_token: bool) -> str:
    """One sentence or two for whoever can change the token."""
    if has_token:
        return (f"{host} does not take the token in {source.token_env}. Is it still valid, and may it read "
                "this? Put a new one there and start me again.")
    if source.token_env is not None:
        return f"{host} asks for a password, and {source.token_env} is not set. Set it and start me again."
    return (f"{host} asks for a password. Put a token that may read it into an environment variable, and "
            "its name into runbooks.yaml as `token_env`.")


async def _archive(got: Got, source: Source) -> Fetched:
    found = await asyncio.to_thread(unpacked, got.body, source.path)
    files = await asyncio.to_thread(lambda: {
        path: File(path, sha256(content).hexdigest()[:32], found.changed.get(path), len(content))
        for path, content in found.files.items()})
    return Fetched(files, _Held(found.files), revision=_said_again(got, "etag"),
                   left_out=tuple(found.left_out))


def _page(got: Got, source: Source) -> Fetched:
    kind = got.headers.get("content-type", "").partition(";")[0].strip().lower()
    begins = got.body[:400].lstrip().lower()
    if kind in ("text/html", "application/xhtml+xml") or begins.startswith((b"<!doctype html", b"<html")):
        raise Unread("There is a web page in HTML, and I read Markdown. Give the address of the file itself "
                     "(on code hosts: “Raw”), or the repository as `kind: git`.", is_settled=True)
    if kind.startswith(("image/", "video/", "audio/", "font/")) or kind == "application/pdf":
        raise Unread(f"What is there is {kind}, and I read Markdown. Correct `where` in runbooks.yaml.",
                     is_settled=True)
    if source.path:
        raise Unread("What is there is one page and no archive, so `path` means nothing. Remove it from "
                     "runbooks.yaml.",
                     is_settled=True)
    path = name_of_page(source.where)
    file = File(path, sha256(got.body).hexdigest()[:32], _moment(got.headers.get("last-modified")),
                len(got.body))
    left = (LeftOut(path, "it is larger than 10 MiB"),) if len(got.body) > LARGEST_PAGE else ()
    return Fetched({} if left else {path: file}, _Held({path: got.body}), revision=_said_again(got, "etag"),
                   left_out=left)


def _moment(said: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(said) if said else None
        return found.astimezone(UTC) if found is not None else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


class _Held:
    """What was read already."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    async def __call__(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        return {path: self._files[path] for path in paths if path in self._files}
