"""Digests that are delivered together are read together: no more queries for many, no other words than alone."""

from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from bot.wiring import Identity, assembled
from handlers.chat.cards import Card, Later, plain
from handlers.outbox.compose import Composer
from storage.engine import Store
from storage.models import Item, ItemState, Person, Post
from tests.conftest import FrozenClock
from tests.features.mornings import MON, THU, TUE, Room, all_of, berlin, change, counted, has, workspace
from tests.rules.make import WORKSPACE, item, person, person_id, pilot

MANY, FEW, OTHER = 24, 2, "slack:T2"
SETTINGS = Settings(_env_file=None, slack_mode="http", slack_bot_token="xoxb-test", slack_signing_secret="test")
BOT = Identity(WORKSPACE.partition(":")[2], "Test", "B1", "U1", frozenset())


@pytest.fixture
def composer(store: Store, clock: FrozenClock) -> Composer:
    made = assembled(SETTINGS, clock, store, AsyncWebClient(), BOT).outbox.composer
    assert isinstance(made, Composer)
    return made


async def _together(store: Store, composer: Composer, posts: list[Post], clock: FrozenClock) -> list[Any]:
    """As the courier composes a batch."""
    async with store.reading() as session:
        held = await composer.read_ahead(session, posts)
        made = [await composer.compose(session, post, clock()) for post in posts]
        del held
        return made


async def _alone(store: Store, composer: Composer, posts: list[Post], clock: FrozenClock) -> list[Any]:
    made = []
    for post in posts:
        async with store.reading() as session:
            made.append(await composer.compose(session, post, clock()))
    return made


def _owners(count: int, workspace_id: str = WORKSPACE, start: int = 1) -> list[Any]:
    """So many people, each with a pilot of their own and two things to do there; each third is away."""
    rows: list[Any] = []
    for n in range(start, start + count):
        who = f"p{n}"
        rows += [person(who, f"Person {n} of {workspace_id}", workspace_id=workspace_id,
                        delegate_id=person_id(f"p{n - 1}") if n % 3 == 0 else None,
                        away_until=TUE if n % 3 == 0 else None),
                 pilot(f"Pilot {n}", id=n, workspace_id=workspace_id, created_by=person_id(who)),
                 *(item(f"B-{k:02d}", id=2 * n + k, pilot_id=n, workspace_id=workspace_id, owner_id=person_id(who),
                        due_on=THU, next_at=berlin(MON, 9, 30)) for k in (0, 1))]
    return rows


async def test_many_digests_take_no_more_queries_than_few(
        store: Store, clock: FrozenClock, composer: Composer) -> None:
    await has(store, workspace(), *_owners(MANY))
    await Room(store, clock).sweep(berlin(MON, 9, 30))
    posts = await all_of(store, Post)
    assert len(posts) == MANY - MANY // 3, "whoever is away has theirs said to another"
    with counted(store) as of_few:
        await _together(store, composer, posts[:FEW], clock)
    with counted(store) as of_many:
        cards = await _together(store, composer, posts, clock)
    assert all(isinstance(card, Card) for card in cards)
    assert len(of_many) <= len(of_few) <= 16, of_many
    with counted(store) as statements:
        alone = await _alone(store, composer, posts, clock)
    assert cards == alone
    assert len(statements) > len(posts), "read one by one they do take more"


async def test_what_ended_and_what_waits_is_said_in_a_batch_as_it_is_alone(
        store: Store, clock: FrozenClock, composer: Composer) -> None:
    await has(store, workspace(), *_owners(6))
    await Room(store, clock).sweep(berlin(MON, 9, 30))
    await change(store, Item, 2, state=ItemState.DONE, closed_by=person_id("p5"), closed_at=clock())
    await change(store, Item, 4, state=ItemState.WAIVED, closed_by=person_id("p4"), closed_at=clock())
    await change(store, Item, 5, owner_id=person_id("p1"))
    await change(store, Person, (WORKSPACE, person_id("p4")), is_active=False)
    await change(store, Person, (WORKSPACE, person_id("p5")), dnd_from=clock(), dnd_until=clock() + timedelta(hours=1))
    posts = await all_of(store, Post)
    together = await _together(store, composer, posts, clock)
    assert together == await _alone(store, composer, posts, clock)
    kinds = {post.room: type(made) for post, made in zip(posts, together, strict=True)}
    assert (kinds[person_id("p4")], kinds[person_id("p5")]) == (type(None), Later)
    said = {post.room: plain(made) for post, made in zip(posts, together, strict=True) if isinstance(made, Card)}
    assert "Done, by Person 5" in said[person_id("p1")]


async def test_two_workspaces_in_one_batch_know_nothing_of_each_other(
        store: Store, clock: FrozenClock, composer: Composer) -> None:
    await has(store, workspace(), workspace(OTHER), *_owners(2), *_owners(2, OTHER, start=11),
              person("p1", "Namesake", workspace_id=OTHER))
    await Room(store, clock).sweep(berlin(MON, 9, 30))
    await change(store, Item, 2, state=ItemState.DONE, closed_by=person_id("p1"), closed_at=clock())
    await change(store, Item, 22, state=ItemState.DONE, closed_by=person_id("p1"), closed_at=clock())
    posts = await all_of(store, Post)
    said = {post.room: plain(card) for post, card in zip(
        posts, await _together(store, composer, posts, clock), strict=True)}
    assert "Done, by Namesake" in said[person_id("p11")]
    assert "Namesake" not in said[person_id("p1")]
