"""A 429 that was obeyed is no failed attempt."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.chat.cards import Card
from handlers.chat.ports import SendFailed
from handlers.outbox.rules import PAGE
from handlers.slack.client import SlackClient
from tests.features.courier import GENERAL, courier_on


class Says(SlackClient):
    """Slack is busy for a while, then says something that nobody knows."""

    answers: list[SendFailed]

    async def post(self, room: str, card: Card, ref: str) -> str:
        if self.answers:
            raise self.answers.pop(0)
        return await super().post(room, card, ref)


@pytest.mark.parametrize("last", [SendFailed("something_new", is_refusal=True),
                                  SendFailed("internal_error", in_doubt=True, down=False)])
async def test_obeyed_rate_limits_do_not_count_as_failures(database_url: str, clock: Any, last: SendFailed) -> None:
    async with courier_on(database_url, clock) as courier:
        client = Says(courier.web)
        client.answers = [SendFailed("ratelimited", retry_after_s=1.0) for _ in range(9)] + [last]
        await courier.promise(GENERAL)
        sender = courier.sender(client)
        while client.answers:
            await sender.deliver()
            clock.advance(seconds=2)
        post = await courier.post()
        assert post.given_up_at is None, "given up at the first refusal"
        assert (post.not_before - clock()).total_seconds() <= 3, "the first failure waits as if it were the tenth"


async def test_what_is_new_in_a_room_does_not_wait_behind_the_edits_of_its_pages(database_url: str, clock: Any) -> None:
    async with courier_on(database_url, clock) as courier:
        for page in range(1, 6):
            await courier.promise(GENERAL, page, urgency=PAGE)
        await courier.rounds(8)
        shown = courier.shows(GENERAL)
        assert len(shown) == 5
        courier.limit_method("chat.update", 60, 50)
        for page in range(1, 6):
            await courier.promise(GENERAL, page, urgency=PAGE)
        await courier.promise(GENERAL, 9)
        await courier.rounds(3)
        assert len(courier.shows(GENERAL)) == 6, "fifty edits a minute are all that a workspace has"
        assert (await courier.post(1)).wanted > (await courier.post(1)).shown, "the edits wait for Slack"
