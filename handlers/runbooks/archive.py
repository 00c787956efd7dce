"""Runbooks in an archive: zip and tar, plain or by gzip, of which nothing is believed but its bytes."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from gzip import BadGzipFile, GzipFile
from lzma import LZMAError
from typing import IO, Final

from handlers.runbooks.fetched import (
    LARGEST_PAGE,
    LARGEST_SOURCE,
    LeftOut,
    Unread,
    is_hidden,
    is_page,
)

_MOST_ENTRIES: Final = 100_000
_CHUNK: Final = 64 * 1024
_HEADER: Final = 8 * 1024
"""Bytes of a name or of what else is said of one entry of a tar; far longer ones may take hours to read."""
_TAKEN_IN: Final = 4 * 1024 ** 2
"""Bytes of a file that is no page, and may be taken in by one."""
_TAR: Final = slice(257, 262)
_HEADERS: Final = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE,
                   tarfile.SOLARIS_XHDTYPE)


@dataclass(slots=True)
class Unpacked:
    files: dict[str, bytes] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)
    """When each was last changed, where the archive knows."""
    left_out: list[LeftOut] = field(default_factory=list)


def is_archive(raw: bytes) -> bool:
    return raw[:4] == b"PK\x03\x04" or raw[:2] == b"\x1f\x8b" or raw[_TAR] == b"ustar"


def unpacked(raw: bytes, path: str) -> Unpacked:
    """The files of an archive below the folder `path`. Raises Unread.

    The one folder that code hosts put around everything is taken off first. Takes a processor: call it off
    the event loop.
    """
    found = Unpacked()
    try:
        entries = list(_zip(raw, found) if raw[:2] == b"PK" else _tar(raw, found))
    except (zipfile.BadZipFile, tarfile.TarError, BadGzipFile, zlib.error, EOFError, OSError, ValueError,
            NotImplementedError, RuntimeError, OverflowError, LZMAError) as error:
        raise Unread("What is there is no archive that can be unpacked; it may be cut off or damaged "
                     f"({type(error).__name__}). Look whether it opens by hand.") from None
    top = _common([name for name, _, _ in entries])
    prefix = f"{top}{path}/" if path else top
    for name, content, moment in entries:
        if name.startswith(prefix):
            found.files[name[len(prefix):]] = content
            if moment is not None:
                found.changed[name[len(prefix):]] = moment
    if path and entries and not found.files:
        raise Unread(f"There is no folder {path} with Markdown in the archive. Correct `path` in "
                     "runbooks.yaml.",
                     is_settled=True)
    found.left_out = [LeftOut(each.path.removeprefix(prefix), each.why) for each in found.left_out]
    if len(set(found.changed.values())) <= 1:
        found.changed.clear()  # the archive's own date, which says nothing of a page's age
    return found


_File = tuple[str, bytes, datetime | None]


def _named(name: str, found: Unpacked) -> str | None:
    """The path of an entry; None: it leads out of the archive, which is said."""
    name = name.encode("utf-8", "replace").decode()
    plain = name.replace("\\", "/").removeprefix("./")
    if plain.startswith("/") or ".." in plain.split("/") or plain[1:2] == ":":
        found.left_out.append(LeftOut(name[:100], "its path leads out of the archive"))
        return None
    return plain


def _room(total: int) -> None:
    if total > LARGEST_SOURCE:
        raise Unread(f"The archive is over {LARGEST_SOURCE // 1024**2} MiB when unpacked. Give one with the "
                     "runbooks alone.", is_settled=True)


def _many(number: int) -> None:
    if number > _MOST_ENTRIES:
        raise Unread(f"The archive holds more than {_MOST_ENTRIES:,} files. Give one with the runbooks "
                     "alone.",
                     is_settled=True)


def _zip(raw: bytes, found: Unpacked) -> Iterator[_File]:
    total = 0
    _many(raw.count(b"PK\1\2"))  # each of its entries is listed so: before the library makes objects of them
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        _many(len(archive.infolist()))
        for entry in archive.infolist():
            path = _named(entry.filename, found)
            if path is None or entry.is_dir() or is_hidden(path):
                continue
            mode = entry.external_attr >> 16
            if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                found.left_out.append(LeftOut(path, "it is a link, which is not followed"))
                continue
            if entry.flag_bits & 1:
                found.left_out.append(LeftOut(path, "it is encrypted"))
                continue
            if _is_no_use(path, entry.file_size):
                continue
            with archive.open(entry) as file:
                content = _bounded(file)
            total += len(content)
            _room(total)
            yield path, content, _zip_moment(entry)


def _zip_moment(entry: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*entry.date_time, tzinfo=UTC) if entry.date_time[0] > 1980 else None
    except ValueError:
        return None


def _tar(raw: bytes, found: Unpacked) -> Iterator[_File]:
    plain: IO[bytes] = io.BytesIO(raw)
    stream = _Counted(GzipFile(fileobj=plain)) if raw[:2] == b"\x1f\x8b" else plain
    total, number = 0, 0
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Entry) as archive:
        for entry in archive:
            number += 1
            _many(number)
            path = _named(entry.name, found)
            if path is None or entry.isdir() or is_hidden(path):
                continue
            if not entry.isreg():
                found.left_out.append(LeftOut(path, "it is a link, which is not followed"))
                continue
            if _is_no_use(path, entry.size):
                continue
            file = archive.extractfile(entry)
            content = _bounded(file) if file is not None else b""
            total += len(content)
            _room(total)
            yield path, content, _tar_moment(entry)


class _Entry(tarfile.TarInfo):
    """An entry of a tar that does not believe how long its headers are."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _HEADERS and not 0 <= self.size <= _HEADER:
            raise tarfile.ReadError("a header without end")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


def _tar_moment(entry: tarfile.TarInfo) -> datetime | None:
    try:
        return datetime.fromtimestamp(entry.mtime, UTC) if entry.mtime > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _is_no_use(path: str, size: int) -> bool:
    """Whether a file is neither a page nor small enough to be taken in by one."""
    return size > _TAKEN_IN and not is_page(path)


def _bounded(file: IO[bytes]) -> bytes:
    """A file's content, one byte more than a page may have at most: who reads on finds it too large."""
    return file.read(LARGEST_PAGE + 1)


class _Counted(io.RawIOBase):
    """What comes out of gzip, and not more of it than fits: a small file may hold much."""

    def __init__(self, inner: GzipFile) -> None:
        super().__init__()
        self._inner, self._total = inner, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        found = self._inner.read(size if size >= 0 else _CHUNK)
        self._total += len(found)
        _room(self._total)
        return found


def _common(names: list[str]) -> str:
    """The one folder that holds everything, with its ``/``; empty: there is none."""
    tops = {name.partition("/")[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""
