"""A user group of the workspace holds whoever is on call; it is set on a change alone, and a failure said once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from handlers.alerts.reach import Shift
from handlers.alerts.user_group import WRITE_GROUPS, UserGroup
from tests.world import TEAM, World

GROUP = "S0ONCALL00"


class Rota:
    people: tuple[str, ...] = ("slack:U0ANARZ00", "slack:U0SAMOK00")

    async def on_call(self, _session: Any, _workspace: str, _pilot_id: int | None, _at: datetime) -> Shift:
        return Shift(self.people)


def kept_by(world: World, rota: Rota) -> UserGroup:
    parts = world.parts
    return UserGroup(parts.store, world.clock, parts.user_group.groups, rota, TEAM, GROUP)


def members(world: World) -> Sequence[str]:
    users: Sequence[str] = world.sandbox.workspace.usergroups[GROUP]["users"]
    return users


async def test_the_group_follows_who_is_on_call_and_is_set_on_a_change_alone(ops: World, caplog: pytest.LogCaptureFixture) -> None:
    ops.sandbox.workspace.usergroups[GROUP] = {"id": GROUP, "handle": "oncall", "name": "On call", "users": ["U0GONEB00"]}
    rota = Rota()
    group = kept_by(ops, rota)
    assert await group.keep()
    assert members(ops) == ["U0ANARZ00"]
    assert not await group.keep(), "nothing has changed, so Slack is not asked"
    rota.people = ("slack:U0SAMOK00",)
    assert await group.keep()
    assert members(ops) == ["U0SAMOK00"]
    rota.people = ()
    assert not await group.keep()
    assert members(ops) == ["U0SAMOK00"], "Slack knows no empty group"
    rota.people = ("slack:U0GONEB00",)
    caplog.clear()
    assert not await group.keep()
    assert not await group.keep()
    assert [record.getMessage() for record in caplog.records] == [
        f"the user group {GROUP} is not in step with who is on call: invalid_users"]
    ops.sandbox.workspace.scopes.discard(WRITE_GROUPS)
    rota.people = ("slack:U0ANARZ00",)
    assert not await group.keep()
    assert "missing_scope" in caplog.text
    assert members(ops) == ["U0SAMOK00"]


async def test_without_the_scope_or_a_group_nothing_is_asked(ops: World) -> None:
    assert ops.parts.user_group.group is None, "the policy names none"
    assert not await ops.parts.user_group.keep()
