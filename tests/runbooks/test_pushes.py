"""What a code host sends of a push: who proves who they are has a source read, and nobody learns anything."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from handlers.runbooks.pushes import is_genuine
from storage.shelf import RunbookSource
from tests.conftest import FrozenClock
from tests.runbooks.reading_stage import write
from tests.world import ANY_HOUR, TEAM, World, world_on

SECRET = "a-secret-of-the-hook"
BODY = b'{"ref": "refs/heads/main"}'
POLICY = """schema: 1
policy: runbooks
sources:
  ops: {{kind: http, where: "https://127.0.0.1:9/ops.zip", push_secret_env: OPS_PUSH}}
  unset: {{kind: http, where: "https://127.0.0.1:9/ops.zip", push_secret_env: NOT_SET}}
  silent: {{kind: folder, where: {folder}}}
"""


@pytest.fixture
async def pushed(database_url: str, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("OPS_PUSH", SECRET)
    write(tmp_path / "books", psi="# PSI\n\nwords about what to do with it, more than a few\n")
    (tmp_path / "runbooks.yaml").write_text(POLICY.format(folder=tmp_path / "books"))
    (tmp_path / "nudge-policy.yaml").write_text((ANY_HOUR / "nudge-policy.yaml").read_text())
    async with world_on(database_url, clock, templates_dir=tmp_path, admins="U0ALEXA00", cache_dir=tmp_path / "cache") as world:
        await world.parts.reading.read_due()
        yield world


async def due(world: World, name: str = "ops") -> bool:
    async with world.parts.store.reading() as session:
        row = await session.get(RunbookSource, (TEAM, name))
        assert row is not None
        return row.next_at <= world.clock()


async def post(world: World, name: str, headers: dict[str, str], body: bytes = BODY) -> Any:
    world.clock.advance(seconds=1)
    assert world.sandbox.bot is not None
    return await world.sandbox.bot.post(f"/runbooks/{name}", content=body, headers=headers)


def hub(body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"}


def standard(world: World, secret: str = SECRET, later: int = 0) -> dict[str, str]:
    stamp = str(int(world.clock().timestamp()) + 1 + later)
    signed = hmac.new(secret.encode(), f"m1.{stamp}.".encode() + BODY, sha256).digest()
    return {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}


@pytest.mark.parametrize("how", ["github", "gitea", "bitbucket", "gitlab", "gitlab signed"])
async def test_each_host_proves_itself_in_its_own_way_and_the_source_is_read(pushed: World, how: str) -> None:
    signature = hub()["x-hub-signature-256"]
    headers = {"github": hub(), "gitea": {"x-gitea-signature": signature.removeprefix("sha256=")},
               "bitbucket": {"x-hub-signature": signature}, "gitlab": {"x-gitlab-token": SECRET}, "gitlab signed": standard(pushed)}[how]
    assert not await due(pushed)
    answer = await post(pushed, "ops", headers)
    assert answer.status_code == 202
    assert await due(pushed)


@pytest.mark.parametrize("headers", [
    {}, hub(secret="other"), hub(body=b"{}"), {"x-gitlab-token": "other"}, {"x-gitlab-token": ""}, {"x-hub-signature-256": "sha256="},
    {"x-hub-signature-256": "sha1=0"}, {"webhook-timestamp": "9" * 40, "webhook-signature": "v1,x"}, {"webhook-timestamp": "²"},
    {"x-gitlab-token": "é"}])
async def test_who_proves_nothing_is_not_let_in(pushed: World, headers: dict[str, str]) -> None:
    answer = await post(pushed, "ops", {k: v.encode() for k, v in headers.items()})  # type: ignore[misc]
    assert answer.status_code == 401
    assert not await due(pushed)


async def test_a_signature_of_long_ago_is_not_taken(pushed: World) -> None:
    assert (await post(pushed, "ops", standard(pushed, later=-301))).status_code == 401


async def test_nobody_learns_which_sources_there_are(pushed: World) -> None:
    answers = [await post(pushed, name, hub()) for name in ("nobody", "unset", "silent", "x" * 500, "..%2f")]
    answers.append(await post(pushed, "ops", {}))
    assert {(each.status_code, each.text) for each in answers[:-2]} == {(401, answers[-1].text)}
    assert (await post(pushed, "unset", {"x-gitlab-token": ""})).status_code == 401


async def test_the_same_push_again_does_no_harm(pushed: World) -> None:
    for _ in range(5):
        assert (await post(pushed, "ops", hub())).status_code == 202
    await pushed.parts.reading.read_due()
    assert not await due(pushed)


async def test_too_much_and_another_method_are_refused(pushed: World) -> None:
    large = b"x" * (1024 * 1024 + 1)
    assert (await post(pushed, "ops", hub(large), large)).status_code == 413
    assert pushed.sandbox.bot is not None
    assert (await pushed.sandbox.bot.get("/runbooks/ops")).status_code == 405


async def test_a_push_while_it_is_being_read_has_it_read_once_more(pushed: World) -> None:
    reading = pushed.parts.reading
    await post(pushed, "ops", hub())
    claimed = await reading._claim(4)
    assert [each.source.name for each in claimed] == ["ops"]
    await post(pushed, "ops", hub())
    assert not await due(pushed)
    await reading._one(claimed[0])
    assert await due(pushed)


@pytest.mark.parametrize("secret", [b"\xff\xfekey", "schlüssel".encode(), b"plain"])
def test_a_secret_of_any_bytes_is_the_secret(secret: bytes, clock: FrozenClock) -> None:
    """As the environment holds it; the server gives a header's bytes as Latin-1."""
    ours = secret.decode("utf-8", "surrogateescape")
    signed = f"sha256={hmac.new(secret, BODY, sha256).hexdigest()}"
    assert is_genuine(ours, {"x-hub-signature-256": signed}, BODY, clock())
    assert is_genuine(ours, {"x-gitlab-token": secret.decode("latin-1")}, BODY, clock())
    for headers in ({}, {"x-gitlab-token": ""}, {"x-gitlab-token": "\u0394"}, {"x-gitlab-token": ours[:-1]}, {"x-hub-signature-256": signed[:-1]},
                    {"x-hub-signature-256": signed.removeprefix("sha256=")}, {"x-gitea-signature": signed}):
        assert not is_genuine(ours, headers, BODY, clock())


@pytest.mark.parametrize("secret", ["", "   ", "\n"])
async def test_a_secret_that_is_empty_lets_nobody_in(pushed: World, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("OPS_PUSH", secret)
    for headers in ({"x-gitlab-token": secret.strip()}, {"x-gitlab-token": secret}, {},
                    {"x-hub-signature-256": f"sha256={hmac.new(secret.strip().encode(), BODY, sha256).hexdigest()}"},
                    {"x-hub-signature-256": f"sha256={hmac.new(secret.encode(), BODY, sha256).hexdigest()}"}):
        answer = await pushed.parts.pushes.received("ops", headers, BODY)
        assert answer.status == 401
