"""What is old or not written is trusted less: from the page to the answer's confidence."""

from __future__ import annotations

from handlers.runbooks.values import Found
from tests.runbooks.gap_stage import page, source, sources
from tests.world import World

TEXT = "# Roll the model back\n\nStop the canary, then run `make rollback` and watch the error rate.\n"


async def found(world: World, days: int | None, *, is_stub: bool = False) -> Found:
    await page(world, "rollback.md", TEXT + f"\nChecked {days} {is_stub}.\n", days=days, is_stub=is_stub)
    return await world.parts.runbooks.find("how do we roll the model back?")


async def test_a_page_past_the_limit_and_a_page_nobody_wrote_lower_the_confidence(world: World) -> None:
    sources(world, source("ops"))
    await page(world, "other.md", "# Cost spike\n\nLower the cap in the console.\n")
    fresh = (await found(world, 3)).confidence
    stale = (await found(world, 720)).confidence
    stub = (await found(world, 3, is_stub=True)).confidence
    assert stale < fresh
    assert stub < fresh
    assert (await found(world, None)).confidence == fresh, "what is not known is not held against it"
