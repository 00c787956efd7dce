"""Runbooks in a Git repository, read by the git client into a folder of ours: nothing is checked out or run.

Content is fetched only of the files that are read; what else a repository holds never leaves its host, where
that can do so (partial clones).
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from handlers.fields import nearest
from handlers.runbooks import codeowners
from handlers.runbooks.fetched import LARGEST_PAGE, LARGEST_SOURCE, Fetched, File, LeftOut, Unread, is_hidden
from handlers.runbooks.git_client import Broken, Client, lines
from handlers.runbooks.git_reach import reach
from handlers.runbooks.policy import Source
from handlers.web.http import Http

_LOOK, _FETCH = timedelta(seconds=30), timedelta(minutes=4)
_DEPTH: Final = 1000
"""Commits whose dates are known; what was changed before them counts as of the oldest."""
_MOST_PACKS: Final = 40
_LARGEST_CACHE: Final = 2 * 1024 ** 3
_HEAD: Final = "refs/groundcrew/head"
_ID: Final = re.compile(r"[0-9a-f]{40,64}")
_FETCHING: Final = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
                    "--filter=blob:none")
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Heads:
    """What a repository offers."""

    commit: str | None
    """Of what is to be read; None: there is no such branch or tag."""
    ref: str
    default: str | None
    """The branch that its host shows first."""


@dataclass(frozen=True, slots=True)
class Git:
    """Reads one repository."""

    source: Source
    folder: Path
    """Of its own, for what is kept of it."""
    http: Http
    token: str | None = None
    program: str = "git"

    async def fetch(self, revision: str | None) -> Fetched:
        """What the branch holds; what was read at `revision` need not be given again. Raises Unread."""
        client = await reach(self.source, self.folder, self.http, self.token, self.program)
        repository = _Repository(self.source, client)
        heads = await repository.heads()
        if heads.commit is None:
            raise await repository.no_branch(heads)
        if heads.commit == revision:
            return Fetched(is_unchanged=True, revision=revision, branch=heads.ref)
        try:
            return await repository.read(heads, revision)
        except Broken:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            return await repository.read(heads, None)
        except Broken as error:
            raise Unread(f"Git cannot read what {client.host} sends: {error}. I try again by "
                         "myself.") from None


@dataclass(frozen=True, slots=True)
class _Repository:
    source: Source
    client: Client

    async def heads(self) -> Heads:
        """Raises Unread."""
        wanted = self.source.branch
        named = (f"refs/heads/{wanted}", f"refs/tags/{wanted}", f"refs/tags/{wanted}^{{}}") if wanted else ()
        said = await self.client.run("ls-remote", "--symref", "o", "HEAD", *named, within=_LOOK)
        found, default = dict[str, str](), None
        for line in said.out.decode("utf-8", "replace").splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: refs/heads/"):
                default = value.removeprefix("ref: refs/heads/")
            elif _ID.fullmatch(value):
                found[name] = value
        if wanted is None:
            return Heads(found.get("HEAD"), default or "HEAD", default)
        tag = found.get(f"refs/tags/{wanted}^{{}}") or found.get(f"refs/tags/{wanted}")
        return Heads(found.get(f"refs/heads/{wanted}") or tag, wanted, default)

    async def no_branch(self, heads: Heads) -> Unread:
        if self.source.branch is None:
            return Unread(f"The repository at {self.source.where} holds no commit on its default branch "
                          "yet. Push one, or name a `branch` in runbooks.yaml.", is_settled=True)
        said = await self.client.run("ls-remote", "--heads", "o", within=_LOOK)
        shown = said.out.decode("utf-8", "replace").splitlines()
        names = [line.partition("refs/heads/")[2] for line in shown]
        near = nearest(self.source.branch, names[:2000]) if names else None
        guess = near or heads.default
        return Unread(f"There is no branch {self.source.branch} in {self.source.where} any more"
                      + (f"; did you mean {guess}?" if guess else ".")
                      + " Was it renamed or deleted? Correct `branch` in runbooks.yaml. I keep what I read "
                        "before.",
                      is_settled=True)

    # ---- reading it ----------------------------------------------------------------------------------------

    async def read(self, heads: Heads, revision: str | None) -> Fetched:
        """Raises Unread, Broken."""
        assert heads.commit is not None
        await self._begun()
        await self._pulled(heads.commit)
        notes = []
        if revision is not None and await self._is_rewritten(revision, heads.commit):
            notes.append("The branch's history was rewritten (a forced push); everything was compared anew.")
        files, left = await self._listed(heads.commit)
        dates = await self._dates(heads.commit)
        prefix = f"{self.source.path}/" if self.source.path else ""
        dated = {path: replace(file, changed_at=dates.get(prefix + path)) for path, file in files.items()}
        loading = _Loading(self, {path: file.stamp for path, file in dated.items()})
        return Fetched(dated, loading, loading.prepare, heads.commit, left_out=tuple(left),
                       notes=tuple(notes), branch=heads.ref, owners=await self._owners(heads.commit),
                       prefix=prefix)

    async def _begun(self) -> None:
        """There is a folder for it, of bearable size."""
        packs = self.client.folder / "objects" / "pack"

        def look() -> bool:
            if not (self.client.folder / "HEAD").exists():
                return False
            sizes = [each.stat().st_size for each in packs.iterdir() if each.suffix == ".pack"]
            if len(sizes) > _MOST_PACKS or sum(sizes) > _LARGEST_CACHE:
                shutil.rmtree(self.client.folder, ignore_errors=True)
                return False
            for left in ("*.lock", "tmp_*"):  # of a client that was ended: this is ours alone
                for each in self.client.folder.rglob(left):
                    each.unlink(missing_ok=True)
            return True

        try:
            if not await asyncio.to_thread(look):
                await asyncio.to_thread(self.client.folder.mkdir, 0o700, parents=True, exist_ok=True)
                await self.client.run("init", "--bare", "--quiet", "--template=", ".")
                await self.client.run("config", "core.repositoryformatversion", "1")
                await self.client.run("config", "extensions.partialClone", "o")
        except OSError as error:
            raise Unread(f"I cannot write to {self.client.folder.parent} ({error.strerror}), where I keep "
                         "copies of "
                         "repositories. Set GROUNDCREW_CACHE_DIR to a folder that I may write to.") from None

    async def _pulled(self, commit: str) -> None:
        """The commit is here, with its history's lists of files, and no content. Raises Unread, Broken."""
        into = f"+{commit}:{_HEAD}"
        try:
            await self.client.run(*_FETCHING, "--force", f"--depth={_DEPTH}", "o", into, within=_FETCH)
        except Unread as error:
            if "took longer" not in str(error):
                raise
            await self.client.run(*_FETCHING, "--force", "--depth=1", "o", into, within=_FETCH)

    async def _is_rewritten(self, old: str, new: str) -> bool:
        """Whether what was read before is no ancestor; False also where that is not known."""
        known = await self.client.asked("cat-file", "-e", f"{old}^{{commit}}")
        if known.status != 0 or not _ID.fullmatch(old):
            return False
        return (await self.client.asked("merge-base", "--is-ancestor", old, new)).status == 1

    async def _listed(self, commit: str) -> tuple[dict[str, File], list[LeftOut]]:
        """The files below `path`, by their path below it. Raises Unread."""
        tree = f"{commit}:{self.source.path}" if self.source.path else commit
        said = await self.client.asked("ls-tree", "-r", "-z", "--full-tree", tree)
        if said.status != 0:
            raise await self._no_folder(commit)
        files, left = dict[str, File](), list[LeftOut]()
        for entry in said.out.split(b"\0"):
            head, _, raw = entry.partition(b"\t")
            words = head.decode("ascii", "replace").split()
            if len(words) != 3:
                continue
            try:
                path = raw.decode("utf-8")
            except UnicodeDecodeError:
                left.append(LeftOut(raw.decode("utf-8", "replace"), "its name is not UTF-8"))
                continue
            if words[0] == "120000" and not is_hidden(path):
                left.append(LeftOut(path, "it is a link, which is not followed"))
            elif words[0] == "160000" and not is_hidden(path):
                left.append(LeftOut(path, "it is a submodule; make it a source of its own"))
            elif words[1] == "blob" and words[0] != "120000" and not is_hidden(path):
                files[path] = File(path, words[2])
        return files, left

    async def _no_folder(self, commit: str) -> Unread:
        said = await self.client.asked("ls-tree", "-r", "-d", "-z", "--name-only", "--full-tree", commit)
        near = nearest(self.source.path, said.out.decode("utf-8", "replace").split("\0")[:5000])
        return Unread(f"There is no folder {self.source.path} in the repository"
                      + (f"; did you mean {near}?" if near else ".")
                      + " Correct `path` in runbooks.yaml. I keep what I read before.", is_settled=True)

    async def _dates(self, commit: str) -> dict[str, datetime]:
        """When each file was last changed, as far back as history goes here; {}: it took too long to say."""
        below = ("--", self.source.path) if self.source.path else ()
        try:
            said = await self.client.asked("log", "--format=%x01%ct", "--name-only", "--no-renames", "-z",
                                           "-m", "--first-parent",
                                     commit, *below)
        except Unread:
            return {}
        found: dict[str, datetime] = {}
        if said.status != 0:
            return found
        for part in said.out.split(b"\x01")[1:]:
            stamp, _, names = part.replace(b"\n", b"\0", 1).partition(b"\0")
            with suppress(ValueError, OverflowError):
                moment = datetime.fromtimestamp(int(stamp.strip(b"\0\n")), UTC)
                for name in names.split(b"\0"):
                    found.setdefault(name.strip(b"\n").decode("utf-8", "replace"), moment)
        return found

    async def _owners(self, commit: str) -> str:
        said = await self.client.asked("ls-tree", "-z", "--full-tree", commit, *codeowners.PLACES)
        for entry in said.out.split(b"\0"):
            words = entry.partition(b"\t")[0].decode("ascii", "replace").split()
            if len(words) == 3 and words[1] == "blob":
                found = await self.contents([words[2]])
                return found.get(words[2], b"")[:200_000].decode("utf-8", "replace")
        return ""

    async def contents(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Objects by their ids; of one too large for a page only that it is. Raises Unread, Broken."""
        sizes = await self.gotten(ids)
        fitting = [each for each, size in sizes.items() if size is not None and size <= LARGEST_PAGE]
        found = {each: b"\0" * (LARGEST_PAGE + 1) for each, size in sizes.items()
                 if size is not None and size > LARGEST_PAGE}
        said = await self.client.asked("cat-file", "--batch", env=self.client.local, at_most=LARGEST_SOURCE,
                                 given=lines(fitting))
        at = 0
        while at < len(said.out):
            end = said.out.index(b"\n", at)
            words = said.out[at:end].split()
            if len(words) != 3:
                raise Broken("an object is missing")
            size = int(words[2])
            found[words[0].decode()] = said.out[end + 1:end + 1 + size]
            at = end + 1 + size + 1
        return found

    async def gotten(self, ids: Sequence[str]) -> dict[str, int | None]:
        """How large these objects are, fetched in one go where they are not here. Raises Unread, Broken."""
        sizes = await self._sizes(ids)
        missing = [each for each, size in sizes.items() if size is None]
        if not missing:
            return sizes
        await self.client.run("-c", "fetch.negotiationAlgorithm=noop", "fetch", "o", "--quiet", "--no-tags",
                        "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none", "--stdin",
                        within=_FETCH, given=lines(missing))
        return await self._sizes(ids)

    async def _sizes(self, ids: Sequence[str]) -> dict[str, int | None]:
        """How large each object is; None: it is not here yet."""
        said = await self.client.asked("cat-file", "--batch-check", env=self.client.local,
                                       given=lines(dict.fromkeys(ids)))
        found: dict[str, int | None] = dict.fromkeys(ids)
        for line in said.out.decode("ascii", "replace").splitlines():
            words = line.split()
            if len(words) == 3:
                found[words[0]] = int(words[2])
        return found


class _Loading:
    def __init__(self, repository: _Repository, ids: Mapping[str, str]) -> None:
        self._repository, self._ids = repository, ids

    async def __call__(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        ids = {path: self._ids[path] for path in paths if path in self._ids}
        found = await self._whole(self._repository.contents(list(ids.values())))
        return {path: found[each] for path, each in ids.items() if each in found}

    async def prepare(self, paths: Sequence[str]) -> Mapping[str, int]:
        """Raises Unread."""
        sizes = await self._whole(self._repository.gotten([self._ids[path] for path in paths]))
        return {path: sizes.get(self._ids[path]) or 0 for path in paths}

    async def _whole(self, asked: Awaitable[_Found]) -> _Found:
        try:
            return await asked
        except Broken as error:
            raise Unread(f"Git could not read all of {self._repository.source.where}: {error}. I try again "
                         "by myself.") from None


def cache_folder(base: Path, workspace: str, source: Source) -> Path:
    """Where a source's repository is kept: another address is another folder."""
    digest = sha256(f"{workspace}\n{source.name}\n{source.where}".encode()).hexdigest()[:16]
    return base / "git" / f"{source.name}-{digest}"
