"""Asking the runbooks in a real browser: an answer, the closest one, nothing, gaps, and the card of an alert."""

from __future__ import annotations

from typing import Any

from tests.browser.test_walk import SCREENS, message, page, pytestmark, say, shared_demo

__all__ = ["page", "pytestmark", "shared_demo"]
WHOLE_CARD = {"width": 1000, "height": 1500}
"""Large enough for a card that is shown whole."""


async def shot(page: Any, card: Any, name: str) -> None:
    """A picture of one message, for the docs; none without a folder for them."""
    if SCREENS:
        await card.scroll_into_view_if_needed()
        await page.mouse.move(0, 0)
        await page.wait_for_timeout(400)
        await card.screenshot(path=f"{SCREENS}/{name}.png")


async def test_a_question_gets_the_passage_the_closest_one_or_an_honest_no(page: Any) -> None:
    await page.set_viewport_size(WHOLE_CARD)
    await page.get_by_test_id("channel-claims-triage").click()

    # An answer: the passage itself, from the first second.
    await say(page, "/runbook how do we roll back")
    answer = message(page, "Roll back a release")
    await answer.wait_for()
    said = await answer.inner_text()
    assert "kubectl -n <namespace> rollout undo deploy/<service>" in said
    assert "starters/rollback.md" in said
    assert "kept by Operations" in said
    await shot(page, answer, "15-runbook")

    # All of it, in a window of its own.
    await answer.get_by_role("button", name="Show the whole section").click()
    await page.get_by_test_id("modal").get_by_text("rollout undo deploy/<service>").wait_for()
    await page.get_by_test_id("modal-close").click()
    await answer.get_by_role("button", name="Helpful").click()
    await message(page, "Noted as helpful").wait_for()

    # Something comes near: it is called the closest and no more.
    await say(page, "/runbook how do we roll back the terraform state")
    closest = message(page, "Closest runbook, perhaps not the answer")
    await closest.wait_for()
    assert "No runbook has terraform" in await closest.inner_text()
    await shot(page, closest, "16-runbook-closest")

    # Nothing does: the owners hear of it.
    await say(page, "/runbook etcd cluster lost quorum")
    nothing = message(page, "No runbook answers this")
    await nothing.get_by_text("etcd cluster lost quorum").wait_for()
    assert "kubectl" not in await nothing.inner_text()
    await shot(page, nothing, "17-runbook-nothing")
    await nothing.get_by_role("button", name="Tell the owners").click()
    await message(page, "that this is missing").wait_for()

    # It is a gap that somebody can be given.
    await say(page, "/runbook gaps")
    gaps = message(page, "nobody on")
    await gaps.get_by_text("etcd cluster lost quorum").wait_for()
    assert "<service>" not in await gaps.inner_text()  # what is to be filled in is no service that is gone
    await shot(page, gaps, "18-runbook-gaps")


async def test_the_card_of_an_alert_shows_its_runbooks_first_step(page: Any) -> None:
    await page.get_by_test_id("inspector-toggle").click()
    await page.get_by_test_id("drawer-actions").click()
    await page.get_by_test_id("panel-alert-grafana").click()
    await page.get_by_test_id("channel-claims-triage").click()
    card = message(page, "FeatureDrift")
    await card.get_by_text("Look at nulls and range of the feature that drifted").wait_for()
    await shot(page, card, "alert-with-runbook")
