"""What people do about a model that drifts: have it trained again, look up how to go back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.alerts import retraining
from handlers.alerts.actions import GONE, Alerts, Work
from handlers.alerts.cards import cut
from handlers.alerts.drift_gate import why_retrain
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_rules import Verdict
from handlers.alerts.drift_steps import is_waiting
from handlers.alerts.drift_values import Standing, standing_of
from handlers.chat.cards import Card, Field, Form, Line, Link, Text, line, said
from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.people.permissions import Action, Hat, check
from handlers.people.roles import Role
from storage import alerts, outgoing, people, pilots
from storage.alerting import Alert, Outgoing

ASKED, CONFIRMED = "retrain", "retrain-ok"
REASON = 500
NO_TARGET = Refused("Nothing is set that could train this model again: an admin sets `drift: retrain: "
                    "target` in the alert policy.")
NO_DRIFT = Refused("That alert is not about a model's drift, so there is nothing to train again.")
BROKEN = Refused("The data of this model is broken, and nothing is to be trained on it. Mend the data first; "
                 "the next good window makes retraining possible again.")


@dataclass(frozen=True, slots=True)
class DriftActions:
    alerts: Alerts
    policy: DriftPolicy

    async def form(self, actor: Actor, alert_id: int) -> Form:
        """What is confirmed before a retraining is asked for. Raises Refused."""
        alert = await self.alerts.one(actor, alert_id)
        standing = _standing(alert)
        policy = self.policy.of(standing.drift)
        if policy.retrain.target is None:
            raise NO_TARGET
        _check_data(standing)
        model = " ".join(each for each in (standing.drift.model, standing.drift.version) if each)
        return Form(f"a-retrain:{alert.id}", "Ask for retraining", (
            Field("why", "Why?", "lines", at_most=REASON, initial=why_retrain(standing),
                  hint="Goes with the request, and into the history."),),
            "Ask for it", (Text((line("Model: ", cut(model, 100)), line("Target: ", policy.retrain.target),
                                 line("What is trained does not go into production by itself."))),))

    async def ask(self, actor: Actor, alert_id: int, why: str) -> Outgoing:
        """Have the model trained again; the actor's asking confirms it. Raises Refused."""
        reason = " ".join(why.split())[:REASON]
        if len(reason) < 3:
            raise Refused("Say in a few words why.", fields={"why": "Say in a few words why."})
        async with self.alerts.on(actor, alert_id) as work:
            standing = _may(work, actor)
            policy, now = self.policy.of(standing.drift), work.entry.now
            if policy.retrain.target is None:
                raise NO_TARGET
            _check_data(standing)
            key = retraining.key_of(standing.drift, now.date())
            known = await outgoing.keyed(work.session, actor.workspace, key)
            if known is not None and not is_waiting(known):
                raise await _asked_already(work, known)
            request = known or await outgoing.owe(
                work.session, actor.workspace, key, retraining.KIND, policy.retrain.target,
                retraining.body_of(standing, alert_id, reason, now, actor.person), now, alert_id=alert_id,
                asked_by=actor.person, at=now)
            request.confirmed_by, request.next_at, request.alert_id = actor.person, now, alert_id
            await work.note(ASKED, target=policy.retrain.target, why=reason)
            return request

    async def confirm(self, actor: Actor, alert_id: int) -> Outgoing:
        """Let go what the policy asked for. Raises Refused."""
        async with self.alerts.on(actor, alert_id) as work:
            standing = _may(work, actor)
            _check_data(standing)
            asked = await outgoing.of_alert(work.session, actor.workspace, alert_id, retraining.PREFIX)
            waiting = [each for each in asked if is_waiting(each)]
            if not waiting:
                raise Refused("No retraining waits for a confirmation here; the message says what became of "
                              "it.")
            request = waiting[-1]
            request.confirmed_by, request.next_at = actor.person, work.entry.now
            await work.note(CONFIRMED, target=request.target)
            return request

    async def way_back(self, actor: Actor, alert_id: int) -> Card:
        """How to go back to the version before. Raises Refused."""
        async with self.alerts.ledger.store.reading() as session:
            alert = await alerts.one(session, actor.workspace, alert_id)
            pilot = await pilots.one(session, actor.workspace, alert.pilot_id) if (
                alert is not None and alert.pilot_id is not None) else None
        if alert is None:
            raise GONE
        standing = _standing(alert)
        policy = self.policy.of(standing.drift)
        own = next((url for kind, url in alert.links if kind == "runbook"), policy.runbook)
        section = f", {policy.section}" if policy.section else ""
        runbook: list[Line] = [line(Link(own, f"Runbook{section}"))] if own is not None else []
        title = f"To go back from {cut(standing.drift.model, 60)} {standing.drift.version or ''}".rstrip()
        if policy.rollback:
            steps = [line(f"{number}. {step}") for number, step in enumerate(policy.rollback, 1)]
            return Card(title, (Text((*steps, *runbook)),))
        if runbook:
            return Card(title, (Text((line("No steps are written down here; the runbook has them."),
                                      *runbook)),))
        of = f" of {pilot.name}" if pilot is not None else ""
        return said(f"No steps to go back are written down for {cut(standing.drift.model, 60)}{of}. An admin "
                    "sets `drift: rollback` (one step a line) or `drift: runbook` in the alert policy; until "
                    "then, ask whoever deployed it last.")


def _standing(alert: Alert) -> Standing:
    if alert.drift is None:
        raise NO_DRIFT
    return standing_of(alert.drift)


def _may(work: Work, actor: Actor) -> Standing:
    """Raises Refused where the alert is over or the actor has no say in the model."""
    work.check_open()
    standing = _standing(work.alert)
    hats, dossier, names = set(work.hats), work.dossier, list[str]()
    if dossier is not None:
        holder = dossier.holder(Role.ML)
        if holder is not None and holder.id == actor.person and Hat.OUTSIDER not in hats:
            hats.add(Hat.OWNER)  # whoever makes the model good enough owns it
        for role in (Role.ML, Role.LEAD):
            person = dossier.holder(role)
            if person is not None and person.is_active:
                names.append(f"{person.name} ({role.title.lower()})")
    check(Action.ALERT_RETRAIN, frozenset(hats), who_may=names)
    return standing


def _check_data(standing: Standing) -> None:
    if standing.verdict is Verdict.BROKEN_DATA:
        raise BROKEN


async def _asked_already(work: Work, known: Outgoing) -> Refused:
    found = await people.several(work.session, work.alert.workspace_id, [known.asked_by or ""])
    person = found.get(known.asked_by or "")
    who = person.name if person is not None else "The policy"
    answer = f": {cut(known.answer, 200)}" if known.answer else ""
    how = (f"it was taken{answer}" if known.done_at is not None
           else f"it was not taken{answer}" if known.given_up_at is not None else "it is on its way")
    when = _ago(known.made_at, work.entry.now)
    return Refused(f"{who} asked for this {when} already, and {how}. One a day is enough; tomorrow it can be "
                   "asked for again.")


def _ago(at: datetime, now: datetime) -> str:
    minutes = max(int((now - at).total_seconds() // 60), 0)
    return f"{minutes} minutes ago" if minutes < 90 else f"{minutes // 60} hours ago"
