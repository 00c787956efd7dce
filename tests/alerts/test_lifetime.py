"""One lifetime for each alert: what senders say becomes one message that is kept up to date."""

from __future__ import annotations

import hmac
import json
import re

import pytest

from tests.alerts.bodies import case
from tests.alerts.stage import OPS, am, body, one, post, send, sent, settled, several, source
from tests.world import World


def cards(world: World, room: str = OPS) -> list[str]:
    """The heads that the bot posted in a room, as they stand."""
    return [each.plain.replace("*", "") for each in world.sandbox.shown(room) if each.user == world.sandbox.workspace.bot
            and (each.thread_ts is None or each.thread_ts == each.ts)]


async def test_what_fires_is_shown_once_and_ends_in_the_same_message(ops: World) -> None:
    await source(ops)
    await sent(ops, body("alertmanager/firing_critical"))
    await sent(ops, body("alertmanager/firing_critical"))
    assert len(cards(ops)) == 1
    assert cards(ops)[0].startswith("🔴 Critical: predict of churn-xgb drifted from its training baseline")
    await sent(ops, body("alertmanager/resolved"))
    assert len(cards(ops)) == 1
    assert cards(ops)[0].startswith("✓ Resolved after")


async def test_nothing_is_shown_before_what_belongs_to_it_had_time_to_come(ops: World) -> None:
    await source(ops)
    for n in range(3):
        assert (await send(ops, am(one(model="churn", pod=f"p{n}")))).status_code == 200
    await ops.parts.outbox.deliver()
    assert cards(ops) == []
    await settled(ops)
    assert len(cards(ops)) == 1
    assert "3 firing" in cards(ops)[0]


async def test_each_alerts_own_status_counts_not_its_groups(ops: World) -> None:
    await source(ops)
    await sent(ops, body("alertmanager/firing_group_30"))
    await sent(ops, body("alertmanager/partly_resolved_group_30"))
    assert "18 firing" in cards(ops)[0]
    await sent(ops, body("alertmanager/resolved_group_rest"))
    assert cards(ops)[0].startswith("✓ Resolved")
    assert len(cards(ops)) == 1


async def test_absence_is_no_resolve(ops: World) -> None:
    await source(ops)
    await sent(ops, body("alertmanager/firing_group_30"))
    await sent(ops, body("alertmanager/firing_group_30_max_alerts_10_truncated"))
    assert "firing" in cards(ops)[0]
    assert not any(card.startswith("✓") for card in cards(ops))


async def test_what_ends_without_having_fired_is_kept_and_not_said(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one(status="resolved")))
    assert cards(ops) == []


async def test_a_pair_of_senders_makes_one_message(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one()))
    await sent(ops, am(one(status="resolved")))
    await sent(ops, am(one()))  # the slower of the two tells of what is over
    assert [card[:10] for card in cards(ops)] == ["✓ Resolved"]


async def test_what_fires_again_soon_goes_on_in_its_message(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one()))
    await sent(ops, am(one(status="resolved")))
    await sent(ops, am(one(at=ops.clock())))
    assert len(cards(ops)) == 1
    assert cards(ops)[0].startswith("🟠 Warning: FeatureDrift")
    await sent(ops, am(one(status="resolved", at=ops.clock())))
    ops.clock.advance(minutes=11)
    await sent(ops, am(one(at=ops.clock())))
    assert len(cards(ops)) == 2, "later, it is news"


async def test_nothing_that_is_over_is_announced_as_firing(ops: World) -> None:
    await source(ops)
    await send(ops, am(one()))
    await send(ops, am(one(status="resolved")))
    await settled(ops)
    assert [card[:10] for card in cards(ops)] == ["✓ Resolved"]


async def test_what_keeps_changing_is_not_put_off_beyond_its_debounce(ops: World) -> None:
    await source(ops)
    for number in range(3):
        await send(ops, am(one(fingerprint=f"f{number}", model="churn")))
        ops.clock.advance(seconds=0.5)
    await ops.parts.outbox.deliver()
    assert "3 firing" in cards(ops)[0]


async def test_a_worse_signal_raises_its_alert(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one(fingerprint="a", model="churn")))
    await sent(ops, am(one(fingerprint="b", model="churn", severity="critical")))
    assert cards(ops)[0].startswith("🔴 Critical · 2 firing")


async def test_a_storm_is_one_rolling_card_besides_the_first(ops: World) -> None:
    await source(ops)
    await sent(ops, am(*(one(f"Rule{n}") for n in range(40))))
    shown = cards(ops)
    assert len(shown) == 7, "eight messages with the list in its thread"
    storm = next(card for card in shown if "Storm" in card)
    assert "Storm: 34 alerts besides those with a message" in storm
    assert "34 of 34 are firing" in storm
    await sent(ops, am(*(one(f"Rule{n}", status="resolved") for n in range(40))))
    assert sum(card.startswith("✓ Resolved") for card in cards(ops)) == 6
    assert sum(card.startswith("✓ Storm over: 34 alerts") for card in cards(ops)) == 1


@pytest.mark.parametrize(("alerts", "alone", "in_storm"), [(10, 10, 0), (11, 6, 5), (300, 6, 294)])
async def test_ten_at_once_are_ten_messages_and_more_are_eight(ops: World, alerts: int, alone: int, in_storm: int) -> None:
    await source(ops)
    await sent(ops, am(*(one(f"Rule{n}") for n in range(alerts))))
    shown = cards(ops)
    assert sum(not card.startswith("🟠 Storm") for card in shown) == alone
    assert sum(f"Storm: {in_storm} alerts besides" in card for card in shown) == (in_storm > 0)


async def test_pages_do_not_drown_among_warnings(ops: World) -> None:
    await source(ops)
    await sent(ops, am(*(one(f"Rule{n}") for n in range(30)), one("Down", severity="critical")))
    assert any(card.startswith("🔴 Critical: Down") for card in cards(ops))


async def test_members_are_named_by_what_tells_them_apart(ops: World) -> None:
    await source(ops)
    await sent(ops, am(*several(12, model="churn")))
    assert "u-000000, u-000001" in cards(ops)[0]
    assert "u-000011" in cards(ops)[0]


async def test_a_note_on_an_incident_that_is_over_opens_nothing(ops: World) -> None:
    await source(ops, "pd", "pagerduty", "a-secret-of-pagerduty")
    for number, name in enumerate(("incident_triggered", "incident_annotated", "incident_resolved", "incident_annotated")):
        found = case(f"pagerduty/{name}").body
        raw = json.dumps({"event": found["event"] | {"id": f"event-{number}"}}).encode()
        signature = hmac.digest(b"a-secret-of-pagerduty", raw, "sha256").hex()
        answer = await post(ops, "/alerts/pd", raw, {"x-pagerduty-signature": f"v1={signature}"})
        assert answer.status_code == 200
        await settled(ops)
    assert [card[:10] for card in cards(ops)] == ["✓ Resolved"]


# ---- what people do --------------------------------------------------------------------------------------------------


async def test_whoever_takes_it_on_is_named_and_a_line_says_so(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one(summary="tenure drifted")))
    await ops.press("sam", "Acknowledge", OPS)
    assert "✓ Sam Okafor is on it" in cards(ops)[0]
    thread = [each.plain for each in ops.sandbox.shown(OPS) if each.thread_ts and each.thread_ts != each.ts]
    assert [re.sub(r"\d+ s", "N s", said) for said in thread] == ["Sam Okafor took it on, N s after it began"]


async def test_a_second_is_told_who_is_on_it(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one()))
    await ops.press("sam", "On it until…", OPS)
    assert not await ops.submit("sam", minutes="60")
    assert "✓ Sam Okafor is on it, expected done" in cards(ops)[0]


async def test_a_false_alarm_needs_a_reason_and_ends_it(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one()))
    await ops.press("sam", "False alarm", OPS)
    assert await ops.submit("sam", reason="x") == {"reason": "Say in a few words why it was false."}
    assert not await ops.submit("sam", reason="The threshold is too low")
    assert cards(ops)[0].startswith("✓ False alarm, says Sam Okafor")
