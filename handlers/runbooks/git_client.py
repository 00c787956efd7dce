"""The git client, which gets no configuration of this machine and asks nobody anything.

No credential helper, hook, submodule or terminal; its token comes by the environment alone, and it may speak
one protocol, to addresses that were looked at before.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from handlers.runbooks.commands import Overrun, Ran, ran
from handlers.runbooks.fetched import Unread
from handlers.runbooks.policy import Source
from handlers.runbooks.web_page import asks_for_password

LOCAL: Final = timedelta(minutes=1)
LARGEST_FILE: Final = 1024 ** 3
"""Bytes of one file that the client may write: of all that a fetch brings."""
_LIMITED: Final = ("sh", "-c", 'trap "" XFSZ; ulimit -f "$0"; exec "$@"')
"""Has a shell limit what is begun, in blocks of 512 bytes, so that no helper of git's escapes it."""
_LARGE: Final = 64 * 1024 ** 2
_TOO_LARGE: Final = re.compile(r"File too large|file size limit", re.IGNORECASE)
_PASSWORD: Final = re.compile(
    r"could not read Username|could not read Password|Authentication failed|terminal prompts disabled|"
    r"returned error: 40[13]|HTTP 40[13]|Invalid username or")
_GONE: Final = re.compile(
    r"not found|does not exist|does not appear to be a git repository|returned error: 404|not a git "
    r"repository|Repository unavailable", re.IGNORECASE)
_AWAY: Final = re.compile(
    r"Could not resolve|Failed to connect|Couldn't connect|Connection (?:refused|reset|timed out)|"
    r"unable to access|early EOF|hung up|Operation timed out|SSL|returned error: 5\d\d", re.IGNORECASE)
_BROKEN: Final = re.compile(
    r"bad object|corrupt|index-pack failed|unable to read|missing blob|bad tree|invalid sha1|unresolved "
    r"deltas|not our ref|shallow file has changed|promisor", re.IGNORECASE)
_NOT_FOUND: Final = 127
"""What a shell says where there is no such program."""
_TOLERATED: Final = ("zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone", "missingTaggerEntry")
"""Faults of old commits that do no harm."""


class Broken(Exception):
    """What we keep of the repository is of no use any more."""


@dataclass(frozen=True, slots=True)
class Client:
    """The client for one repository, in a folder of its own."""

    source: Source
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    has_token: bool = False
    program: str = "git"

    @property
    def host(self) -> str:
        return urlsplit(self.source.where).hostname or "this machine"

    @property
    def local(self) -> dict[str, str]:
        """The environment of a client that must not ask anybody."""
        return {**self.env, "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}

    async def asked(self, *words: str, env: Mapping[str, str] | None = None, given: bytes = b"",
                    at_most: int = _LARGE) -> Ran:
        """What it says of what is here, whatever its status. Raises Unread."""
        return await self._ran(words, LOCAL, given, at_most, env)

    async def run(self, *words: str, within: timedelta = LOCAL, given: bytes = b"") -> Ran:
        """What it says where it succeeds. Raises Unread, Broken."""
        said = await self._ran(words, within, given, _LARGE, None)
        if said.status == 0:
            return said
        raise self._why(said.err)

    async def _ran(self, words: Sequence[str], within: timedelta, given: bytes, at_most: int,
                   env: Mapping[str, str] | None) -> Ran:
        await asyncio.to_thread(self.folder.mkdir, 0o700, parents=True, exist_ok=True)
        try:
            said = await ran([*_LIMITED, str(LARGEST_FILE // 512), self.program, *words], env=env or self.env,
                             cwd=self.folder, within=within, at_most=at_most, given=given)
            if said.status == _NOT_FOUND:
                raise FileNotFoundError(self.program)
            return said
        except FileNotFoundError:
            raise Unread("Git is not installed where I run. Install it, or make the source an archive "
                         "(`kind: http`).", is_settled=True) from None
        except Overrun as error:
            raise Unread(f"Reading {self.source.where} {error}. I try again by myself.") from None

    def gone(self) -> Unread:
        about = "" if self.has_token else " If it is private, `token_env` is missing."
        return Unread(f"There is no repository at {self.source.where} any more (or for us). Was it moved, "
                      f"renamed or deleted? Correct `where` in runbooks.yaml.{about}", is_settled=True)

    def closed(self) -> Unread:
        return Unread(asks_for_password(self.host, self.source, has_token=self.has_token), is_settled=True)

    def _why(self, complaint: str) -> Exception:
        """What a complaint of the client comes to, for a person."""
        if _PASSWORD.search(complaint):
            return self.closed()
        if _TOO_LARGE.search(complaint):
            return Unread(f"{self.host} sends more than {LARGEST_FILE // 1024**2:,} MiB of this repository. "
                          "Make it one with the runbooks alone, or give an archive of them (`kind: http`).",
                          is_settled=True)
        if _BROKEN.search(complaint):
            return Broken(_last(complaint))
        if _GONE.search(complaint):
            return self.gone()
        if _AWAY.search(complaint):
            return Unread(f"{self.host} cannot be reached by git just now. I keep what I read before, and "
                          "try again.")
        return Unread(f"Git could not read {self.source.where}: {_last(complaint)}. I try again by myself.")


def environment(where: str, home: Path, pinned: Sequence[str] = (),
                header: str | None = None) -> dict[str, str]:
    """All that the client knows.

    Args:
        where: the repository's address, which is the remote ``o``.
        pinned: which addresses a name stands for, as `http.curloptResolve` takes it: it looks up none itself.
        header: sent to the address's host, and to no other.
    """
    parts = urlsplit(where)
    settings = [
        ("core.hooksPath", os.devnull), ("core.askPass", ""), ("credential.helper", ""),
        ("protocol.allow", "never"), (f"protocol.{parts.scheme}.allow", "always"),
        ("http.followRedirects", "false"), ("http.lowSpeedLimit", "1000"), ("http.lowSpeedTime", "30"),
        ("fetch.recurseSubmodules", "false"), ("fetch.fsckObjects", "true"),
        ("fetch.writeCommitGraph", "false"), ("gc.auto", "0"), ("maintenance.auto", "false"),
        ("safe.directory", "*"), ("remote.o.url", where), ("remote.o.promisor", "true"),
        ("remote.o.partialclonefilter", "blob:none"),
        *((f"fetch.fsck.{each}", "ignore") for each in _TOLERATED),
        *(("http.curloptResolve", each) for each in pinned)]
    if header is not None:
        settings.append((f"http.{parts.scheme}://{parts.netloc}/.extraHeader", f"Authorization: {header}"))
    found = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C",
             "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1",
             "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true",
             "GIT_ALLOW_PROTOCOL": parts.scheme, "GIT_PROTOCOL_FROM_USER": "0", "GIT_OPTIONAL_LOCKS": "0",
             "GIT_CONFIG_COUNT": str(len(settings))}
    for at, (key, value) in enumerate(settings):
        found[f"GIT_CONFIG_KEY_{at}"], found[f"GIT_CONFIG_VALUE_{at}"] = key, value
    return found


def basic(host: str, token: str | None) -> str | None:
    """What Authorization says with a token; ``user:password`` is taken as it is.

    The user beside a token is the one that its host wants there.
    """
    if token is None:
        return None
    user = "x-token-auth" if "bitbucket" in host else "oauth2" if "gitlab" in host else "x-access-token"
    whole = token if ":" in token else f"{user}:{token}"
    return f"Basic {base64.b64encode(whole.encode()).decode()}"


def lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{each}\n" for each in ids).encode()


def _last(complaint: str) -> str:
    """What a client's complaint says in the end, without what could be a secret."""
    found = [line.partition(": ")[2] if line.startswith(("fatal", "error")) else line
             for line in complaint.splitlines() if line.strip()]
    said = next((line for line in reversed(found) if line.strip()), "it did not say why")
    said = re.sub(r"(://)[^/@\s]*@|([?])\S+", r"\1\2", said)
    return "".join(each if each.isprintable() else " " for each in said).strip().rstrip(".")[:200]
