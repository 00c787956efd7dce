"""Whether a repository may be called and answers, before the git client is let at it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from handlers.runbooks.fetched import Unread
from handlers.runbooks.git_client import Client, basic, environment
from handlers.runbooks.policy import Source
from handlers.web.addresses import literal
from handlers.web.http import Http, NotReached, Rules

_TIMEOUT: Final = timedelta(seconds=20)
_LARGEST: Final = 4 * 1024 ** 2
_REDIRECTS: Final = 3
_VERSION: Final = re.compile(rb"(\d{1,4})\.(\d{1,4})")
_OLDEST: Final = (2, 37)
"""The first that takes `http.curloptResolve`; those before it ignore what they do not know."""


async def reach(source: Source, folder: Path, http: Http, token: str | None, program: str = "git") -> Client:
    """The client for a source whose address was looked at. Raises Unread.

    Git is told the very addresses that were judged, and follows no redirect: each is judged here.
    """
    where = source.where.rstrip("/")
    client = Client(source, folder, has_token=token is not None, program=program)
    if where.startswith("file://"):
        return replace(client, env=environment(where, folder.parent))
    rules = Rules(source.allow_private, source.allow_http, _TIMEOUT, _LARGEST, follows=False)
    header = basic(client.host, token)
    for _ in range(_REDIRECTS + 1):
        asked = f"{where}/info/refs?service=git-upload-pack"
        headers = {"git-protocol": "version=2"} | ({"authorization": header} if header is not None else {})
        try:
            target, addresses = await http.checked(asked, rules)
            got = await http.ask("GET", asked, rules, headers=headers)
        except NotReached as error:
            said = str(error)
            raise Unread(f"{said[:1].upper()}{said[1:]}. I keep what I read before.",
                         is_settled=error.is_refused) from None
        onward = got.headers.get("location")
        if got.status not in (301, 302, 303, 307, 308) or not onward:
            break
        try:
            where = urljoin(asked, onward).partition("/info/refs")[0].rstrip("/")
            is_other = urlsplit(where)[:2] != urlsplit(asked)[:2]
        except ValueError:
            raise Unread(f"{client.host} redirects to what is no address. Correct `where` in runbooks.yaml.",
                         is_settled=True) from None
        header = None if is_other else header
    else:
        raise Unread(f"{client.host} redirects again and again. Correct `where` in runbooks.yaml.",
                     is_settled=True)
    if got.status in (401, 403, 407):
        raise client.closed()
    if got.status in (404, 410):
        raise client.gone()
    if not got.is_fine:
        raise Unread(f"{client.host} answered {got.status}. I try again by myself.")
    if "git-upload-pack" not in got.headers.get("content-type", ""):
        raise Unread(f"At {source.where} there is no Git repository. Give the address that `git clone` "
                     "takes.", is_settled=True)
    if literal(target.host) is not None:  # there is nothing to look up
        return replace(client, env=environment(where, folder.parent, header=header))
    shown = ",".join(f"[{each}]" if each.version == 6 else str(each) for each in addresses[:3])
    pinned = [f"{target.host}:{target.port}:{shown}"]
    found = replace(client, env=environment(where, folder.parent, pinned, header))
    await _check_version(found)
    return found


async def _check_version(client: Client) -> None:
    """Raises Unread where git would not hear of the addresses that were judged, and look them up itself."""
    said = await client.asked("version", env=client.local)
    version = _VERSION.search(said.out)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST:
        shown = said.out.decode("utf-8", "replace").strip().removeprefix("git version ")[:20]
        raise Unread(f"Git {shown} is too old to be told which address a name stands for. Install 2.37 or a "
                     "later one where I run, or make the source an archive (`kind: http`).", is_settled=True)
