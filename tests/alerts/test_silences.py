"""Silences: for a while nobody is told, everything is taken in and counted, and what outlasts them is shown."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from handlers.alerts import silence_forms, silence_words
from handlers.alerts.held_cards import in_words
from handlers.chat.errors import Refused
from handlers.commands.verbs import find_verb
from handlers.people.calendar import Calendar
from storage import churn, silences
from storage.alerting import Alert, Inhibitor, Silence
from storage.models import AuditEntry
from tests.alerts.held import CLAIMS, Held, by
from tests.alerts.stage import OPS, am, one, sent, source
from tests.alerts.test_lifetime import cards
from tests.rules.make import NOW, WORKSPACE, person
from tests.rules.make import pilot as pilot_row
from tests.world import World

BERLIN = Calendar("Europe/Berlin", "DE")


async def silenced(held: Held, text: str, who: str = "alex") -> Silence:
    """As though it were typed."""
    wanted = silence_words.read(text, held.clock(), BERLIN)
    return (await held.silences.make(by(who), wanted, None))[0]


# ---- what happens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_from_the_card_over_the_list_to_its_end(ops: World) -> None:
    await source(ops)
    await sent(ops, am(one("Down", severity="critical", model="churn-xgb")))
    await ops.press("sam", "Silence", OPS)
    assert "This is a page. While it is silenced nobody is told of it" in str(ops.sandbox.modal("sam"))
    assert await ops.submit("sam", until="4h", reason="x") == {"reason": "Say why, in a few words."}
    assert not await ops.submit("sam", until="4h", reason="The table is late")
    assert re.search(r"🔕 Silenced until .+ by Sam Okafor: The table is late", cards(ops)[0])
    [head] = [each for each in ops.sandbox.shown(OPS) if "End the silence" in each.buttons]
    assert head.buttons == ["End the silence"]
    assert "#1* `name=Down model=churn-xgb pilot=none`" in await ops.type("sam", "/alerts silences", OPS)
    assert "Silence 2 holds until" in await ops.type("alex", _example("silence"), OPS)
    assert "Silence 2 is over. It held back 0 signals" in await ops.type("alex", "/alerts unsilence 2", OPS)
    await ops.press("priya", "End the silence", OPS)
    assert "Silenced" not in cards(ops)[0]
    thread = [each.plain for each in ops.sandbox.shown(OPS) if each.thread_ts and each.thread_ts != each.ts]
    assert [re.sub("until .+:", "until then:", each) for each in thread] == [
        "Sam Okafor silenced it until then: The table is late", "Priya Shah ended the silence, and it still fires"]
    assert "There is no silence 12" in await ops.type("alex", _example("unsilence"), OPS)
    assert "Nothing is silenced" in await ops.type("alex", _example("silences"), OPS)


def _example(name: str) -> str:
    verb = find_verb("/alerts", name)
    assert verb is not None
    return verb.example


async def test_what_is_silenced_is_counted_and_shown_only_if_it_outlasts_its_silence(held: Held) -> None:
    row = await silenced(held, "severity=warning for 1h the table is late")
    await held.take(one(model="stays"), one(model="ends"))
    await held.take(one(model="stays", fingerprint="another"), one(model="ends", status="resolved"))
    await held.ticked()
    assert held.said() == []
    await held.take(one("Worse", model="churn"))
    assert held.said() == []
    await held.take(one("Worse", model="churn", severity="critical"))
    assert held.shown.popitem()[1][2].title.startswith("🔴 Critical"), "the silence is not of what is worse"
    held.clock.advance(hours=1)
    await held.ticked()
    await held.ticked()
    [card] = held.said()
    assert "model=stays" in card
    assert "2 firing" in card
    assert "Silenced" not in card
    async with held.store.reading() as session:
        assert await session.scalar(select(Silence.held).where(Silence.id == row.id)) == 4


async def test_a_silence_of_what_is_over_holds_its_next_firing(held: Held) -> None:
    await held.take(one(model="churn"))
    async with held.store.reading() as session:
        alert = await session.scalar(select(Alert))
    assert alert is not None
    await held.silences.of_alert(by("sam"), alert.id, ("name", "model"), held.clock() + timedelta(hours=4), "Known")
    await held.take(one(model="churn", status="resolved"))
    assert held.said()[0].startswith("✓ Resolved")
    held.clock.advance(minutes=30)
    await held.take(one(model="churn", at=held.clock()), one(model="churn", name="LabelDrift", at=held.clock()))
    assert [card.split(" ")[0] for card in held.said()] == ["✓", "🟠"], "another name is not silenced"


async def test_a_flood_that_was_silenced_is_shown_as_a_storm_and_once_by_two_replicas(held: Held) -> None:
    await silenced(held, "source=prom for 1h the network is worked on")
    await held.take(*(one(f"Rule{n}") for n in range(8)))
    assert held.said() == []
    held.clock.advance(hours=1)
    if held.store.engine.dialect.name == "postgresql":
        async with held.store.begin() as session:
            assert len(await silences.to_release(session, WORKSPACE, held.clock(), 100)) == 8
            await held.ticked()
            assert held.said() == [], "what another replica holds is left to it"
    await held.ticked()
    await held.ticked()
    assert len(held.said()) == 2
    assert sum("Storm: 7 alerts" in card for card in held.said()) == 1
    async with held.store.reading() as session:
        assert set(await session.scalars(select(Alert.silence_id))) == {None}


async def test_only_its_team_silences_a_pilots_alerts_and_it_is_in_the_audit_trail(held: Held) -> None:
    wanted = silence_words.read("severity=warning for 4h quiet please", held.clock(), BERLIN)
    with pytest.raises(Refused, match="silence this pilot's alerts"):
        await held.silences.make(by("tom"), wanted, pilot_row())
    with pytest.raises(Refused, match="Say whose alerts"):
        await held.silences.make(by("sam"), wanted, None)
    row, _ = await held.silences.make(by("sam"), wanted, pilot_row())
    await held.take(one(model="other"), one(model="mine", pilot="Claims triage"))
    assert (len(held.said()), held.said(CLAIMS)) == (1, [])
    with pytest.raises(Refused, match="silence this pilot's alerts"):
        await held.silences.end(by("tom"), row.id)
    await held.silences.end(by("priya"), row.id)
    await held.show()
    assert len(held.said(CLAIMS)) == 1
    async with held.store.reading() as session:
        noted = (await session.scalars(select(AuditEntry.what).order_by(AuditEntry.id))).all()
    assert noted == ["alerts silenced", "alerts unsilenced"]


# ---- what is typed and filled in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "again", "hours", "reason"), [
    ("name=FeatureDrift model=churn-xgb for 4h retraining", "name=FeatureDrift model=churn-xgb", 4, "retraining"),
    ('name=~Feature.*, env="pre prod" for 30m because we know', 'name=~Feature.* env="pre prod"', 0.5, "because we know"),
    ("name=a for us for 1d it waits for 2 teams", "", 0, ""),
    ("severity=“info” until tomorrow too loud", "severity=info", 23, "too loud")])
def test_what_is_typed_is_read_and_said_again_as_it_can_be_typed(typed: str, again: str, hours: float, reason: str) -> None:
    if not again:
        with pytest.raises(Refused, match="I read no `label=value`"):
            silence_words.read(typed, NOW, BERLIN)
        return
    found = silence_words.read(typed, NOW, BERLIN)
    assert (in_words(found.matchers), found.until - NOW, found.reason) == (again, timedelta(hours=hours), reason)


@pytest.mark.parametrize(("typed", "said"), [
    ("name=X forever because", "Say for how long, at most 30 days"), ("name=X for 90d because", "30 days at most"),
    ("name=X for 1m because", "5 minutes at least"), ("name=X for 4h", "Say why, in a few words"),
    ("the drift for 4h because", "I read no `label=value`"), ("for 4h because", "Say which alerts, by their labels"),
    ("pilot=none for 4h because", "That would silence all of them"), ("name= for 4h because", "Give `name` a value"),
    ("name!=X for 4h because", "I silence what a label is, not what it is not"), ("name=~(a+)+ for 4h because", "could take very long"),
    (" ".join(f"l{n}=x" for n in range(11)) + " for 4h because", "Ten labels at most")])
def test_what_cannot_be_read_is_told_what_to_type(typed: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        silence_words.read(typed, NOW, BERLIN)
    assert said in str(refused.value)


def test_the_form_offers_its_labels_and_always_an_end() -> None:
    alert = Alert(workspace_id=WORKSPACE, key="k", source="prom", name="Drift", title="It drifted", severity="warning", rank=2, room="slack:C1",
                  opened_at=NOW, changed_at=NOW, labels={f"label{n}": "x" * 200 for n in range(12)})
    alert.id = 7
    until, labels, _ = silence_forms.silence_form(alert, NOW, person("sam")).fields
    assert [option.value for option in until.options] == ["1h", "4h", "tomorrow", "24h", "3d", "7d", "30d"]
    assert len(labels.options) == 10
    assert labels.initial == tuple(option.value for option in labels.options)
    assert all(len(option.label) <= 75 for option in (*until.options, *labels.options))
    for option in until.options:
        silence_words.check_until(silence_forms.until_in({"until": option.value}, BERLIN, NOW), NOW)
    with pytest.raises(Refused):
        silence_forms.until_in({"until": "900d"}, BERLIN, NOW)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_query_about_what_is_held_back_or_churns_knows_another_workspace(held: Held) -> None:
    await held.take(one("EndpointDown", severity="critical", model="churn"))
    await held.take(one("FeatureDrift", model="churn"))
    row = await silenced(held, "name=EndpointDown for 1h we know")
    later = held.clock() + timedelta(hours=2)

    async def asked(workspace: str) -> list[object]:
        async with held.store.begin() as session:
            found = {alert.name: alert for alert in (await session.scalars(select(Alert))).all()}
            down, ids = found["EndpointDown"], [alert.id for alert in found.values()]
            keys = (await session.scalars(select(Inhibitor.key))).all()
            standing = await silences.standing(session, workspace, held.clock(), keys, ids)
            return [*standing.silences, *standing.holders, *standing.known, await silences.held_back(session, workspace, down),
                    await silences.one(session, workspace, row.id), await silences.locked(session, workspace, row.id),
                    *await silences.open_ones(session, workspace, held.clock()), *await silences.may_match(session, workspace, {}, None, 9),
                    *await silences.alerts_locked(session, workspace, ids), *await silences.to_release(session, workspace, later, 9),
                    await churn.begun(session, workspace, "prom", "FeatureDrift", NOW - timedelta(days=9), later),
                    *await churn.above(session, workspace, "prom", ["FeatureDrift"], NOW - timedelta(days=9), 0),
                    *await churn.newest(session, workspace, "prom", "FeatureDrift", later, 9), await churn.one(session, workspace, 1)]

    assert all(await asked(WORKSPACE))
    assert len(await asked(WORKSPACE)) == 17
    assert not any(await asked("slack:T2"))
    async with held.store.begin() as session:
        await silences.count_held(session, "slack:T2", row.id, 5)
        await silences.forget_over(session, "slack:T2")
    async with held.store.reading() as session:
        assert await session.scalar(select(Silence.held)) == 0
