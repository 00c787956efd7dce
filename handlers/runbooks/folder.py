"""Runbooks in a folder of this machine."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from handlers.fields import nearest
from handlers.runbooks.fetched import LARGEST_PAGE, Fetched, File, LeftOut, Unread, is_hidden
from handlers.runbooks.policy import Source


async def fetch(source: Source) -> Fetched:
    """What the folder holds. Raises Unread."""
    return await asyncio.to_thread(_walked, source)


def _walked(source: Source) -> Fetched:
    root = Path(os.path.realpath(Path(source.where).expanduser()))
    if not root.is_dir():
        raise Unread(_why_not(root, source.where), is_settled=True)
    files, left = dict[str, File](), list[LeftOut]()

    def unreadable(error: OSError) -> None:
        folder = os.path.relpath(error.filename or root, root)
        if folder == ".":
            raise Unread(f"The folder {source.where} may not be read by me ({error.strerror}). Give my user "
                         "the right to.", is_settled=True)
        left.append(LeftOut(folder, f"the folder may not be read ({error.strerror})"))

    for folder, below, names in os.walk(root, followlinks=False, onerror=unreadable):
        relative = "" if Path(folder) == root else f"{os.path.relpath(folder, root)}/".replace(os.sep, "/")
        for name in sorted(below):
            if os.path.islink(os.path.join(folder, name)) and not is_hidden(name):
                left.append(LeftOut(f"{relative}{name}", "links to folders are not followed"))
        below[:] = sorted(name for name in below if not is_hidden(name))
        for name in names:
            if is_hidden(name):
                continue
            found = _file(root, f"{relative}{name}", left)
            if found is not None:
                files[found.path] = found
    return Fetched(files, _Loading(root), left_out=tuple(left))


def _why_not(root: Path, where: str) -> str:
    if root.exists():
        return f"{where} is a file, not a folder. Give the folder that it is in."
    try:
        beside = [each.name for each in root.parent.iterdir() if each.is_dir()]
    except OSError:
        beside = []
    near = nearest(root.name, beside) if beside else None
    return f"There is no folder {where} on this machine" + (
        f"; did you mean {root.parent / near}?" if near else ". Has it been moved, or is a disk not mounted?")


def _file(root: Path, path: str, left: list[LeftOut]) -> File | None:
    """One regular file; None: it is none, which is said where somebody may miss it."""
    real = os.path.realpath(root / path)
    if not _is_within(real, root):
        left.append(LeftOut(path, "it is a link that leads out of the folder"))
        return None
    try:
        status = os.stat(real)
    except OSError as error:
        left.append(LeftOut(path, f"it cannot be read ({error.strerror})"))
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return File(path, f"{status.st_mtime_ns}.{status.st_size}.{status.st_ino}",
                _moment(status.st_mtime), status.st_size)


def _moment(stamp: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError):  # a clock that stood wrong
        return None


def _is_within(real: str, root: Path) -> bool:
    return os.path.commonpath((real, root)) == str(root)


class _Loading:
    def __init__(self, root: Path) -> None:
        self._root = root

    async def __call__(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        return await asyncio.to_thread(self._loaded, paths)

    def _loaded(self, paths: Sequence[str]) -> dict[str, bytes]:
        found = {}
        for path in paths:
            try:
                found[path] = self._content(path)
            except OSError as error:
                if error.errno == errno.ESTALE:
                    raise Unread("The folder's disk went away while I read it. I keep what I read "
                                 "before.") from None
        return found

    def _content(self, path: str) -> bytes:
        """The file's bytes, one more than fit at most. Raises OSError."""
        real = os.path.realpath(self._root / path)
        if not _is_within(real, self._root):
            raise PermissionError(errno.EPERM, "it leads out of the folder")
        # What has become a link or a pipe since it was looked at is not opened, and nothing waits for it.
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PermissionError(errno.EPERM, "it is no file")
            return file.read(LARGEST_PAGE + 1)
