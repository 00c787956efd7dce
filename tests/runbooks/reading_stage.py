"""What tests of reading need: a store with a workspace, sources, a git client, and a web server on this machine."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy import select

from handlers.runbooks.policy import Kind, Policies, Source
from handlers.runbooks.reading import Reading
from handlers.web.addresses import Allowed
from handlers.web.http import Http
from storage import people
from storage.engine import Store
from storage.shelf import RunbookPage, RunbookSection, RunbookSource

GOOD = "# Latency\n\nRestart the pods of the endpoint one after the other, please.\n"
WORKSPACE = "slack:T1"


async def nowhere(host: str, port: int) -> list[str]:
    raise AssertionError(f"nobody is to look up {host}")


@dataclass
class Shelf:
    """Sources being read into one database."""

    store: Store
    clock: Any
    cache: Path
    sources: dict[str, Source] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    http: Http = field(default_factory=Http)
    _reading: Reading | None = None

    @property
    def reading(self) -> Reading:
        if self._reading is None:
            self._reading = Reading(self.store, self.clock, WORKSPACE, Policies(self.sources), self.http, self.env.get, self.cache)
        return self._reading

    def add(self, kind: Kind, where: str, name: str = "ops", **more: Any) -> Source:
        self.sources[name] = Source(name, kind, str(where), **more)
        self._reading = None
        return self.sources[name]

    async def read(self, name: str = "ops") -> RunbookSource:
        """Read it again, however recently that was; how it stands then."""
        self.clock.advance(minutes=1)
        async with self.store.begin() as session:
            row = await session.get(RunbookSource, (WORKSPACE, name))
            if row is not None:
                row.next_at = self.clock()
        await self.reading.read_due()
        return await self.row(name)

    async def row(self, name: str = "ops") -> RunbookSource:
        async with self.store.reading() as session:
            found = await session.get(RunbookSource, (WORKSPACE, name))
            assert found is not None
            return found

    async def pages(self, name: str = "ops") -> dict[str, RunbookPage]:
        async with self.store.reading() as session:
            rows = await session.scalars(select(RunbookPage).where(RunbookPage.source == name).order_by(RunbookPage.path))
            return {row.path: row for row in rows}

    async def sections(self, path: str) -> list[RunbookSection]:
        async with self.store.reading() as session:
            rows = await session.scalars(
                select(RunbookSection).join(RunbookPage, RunbookPage.id == RunbookSection.page_id)
                .where(RunbookPage.path == path).order_by(RunbookSection.ordinal))
            return list(rows)


@asynccontextmanager
async def shelf_on(store: Store, clock: Any, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with store.begin() as session:
        await people.ensure_workspace(session, WORKSPACE, "Acme", clock())
    yield Shelf(store, clock, tmp_path / "cache")


def write(folder: Path, **pages: str) -> None:
    """Pages by name, `__` for a folder: ``drift__psi`` is drift/psi.md."""
    for name, text in pages.items():
        path = folder / f"{name.replace('__', '/')}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# ---- git ---------------------------------------------------------------------------------------------------

def git(folder: Path, *words: str, at: str = "2026-03-01T10:00:00+00:00") -> str:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at,
           "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.com", "GIT_COMMITTER_NAME": "Ana",
           "GIT_COMMITTER_EMAIL": "ana@example.com"}
    return subprocess.run(["git", *words], cwd=folder, env=env, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path, *, partial: bool = True, **pages: str) -> Path:
    """A repository with one commit on main."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main", ".")
    if partial:
        git(folder, "config", "uploadpack.allowFilter", "true")
        git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    write(folder, **pages)
    return commit(folder)


def commit(folder: Path, at: str = "2026-03-01T10:00:00+00:00", *more: str) -> Path:
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "change", *more, at=at)
    return folder


# ---- the web -----------------------------------------------------------------------------------------------

@dataclass
class Web:
    """A web server on this machine, which answers as it is told and remembers what it was asked."""

    port: int = 0
    answer: Callable[[web.Request], web.StreamResponse] | None = None
    asked: list[web.Request] = field(default_factory=list)
    folder: Path | None = None
    """Repositories it serves by git's own http-backend."""
    password: str | None = None
    """What Authorization has to be to see them."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.answer is not None:
            return self.answer(request)
        if self.password is not None and request.headers.get("authorization") != self.password:
            return web.Response(status=401, headers={"www-authenticate": 'Basic realm="git"'})
        return await self._git(request)

    async def _git(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.headers.get("content-encoding") == "gzip":
            import gzip
            body = gzip.decompress(body)
        env = {"PATH": "/usr/bin:/bin", "GIT_PROJECT_ROOT": str(self.folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": request.path,
               "QUERY_STRING": request.query_string, "REQUEST_METHOD": request.method, "CONTENT_LENGTH": str(len(body)),
               "CONTENT_TYPE": request.headers.get("content-type", ""), "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
               "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        process = await asyncio.create_subprocess_exec("git", "http-backend", env=env, stdin=-1, stdout=-1, stderr=-1)
        out, _ = await process.communicate(body)
        head, _, content = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, body=content, headers=headers)


@asynccontextmanager
async def web_on() -> AsyncIterator[Web]:
    served = Web()
    app = web.Application(client_max_size=100 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", served.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    try:
        yield served
    finally:
        await runner.cleanup()


def reaching(**names: str) -> Http:
    """An Http that knows these names, and no other."""
    async def resolve(host: str, port: int) -> list[str]:
        if host not in names:
            raise OSError(f"{host} is not found")
        return [names[host]]

    return Http(Allowed(), resolve)
