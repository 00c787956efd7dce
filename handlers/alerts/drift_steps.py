"""What to do about a model that drifts: the recommended step, retraining, what became of asking for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.alerts.cards import View, cut, moment
from handlers.alerts.drift_policy import DriftPolicy
from handlers.alerts.drift_rules import Reason, Verdict
from handlers.alerts.drift_values import Standing
from handlers.alerts.drift_words import NAME
from handlers.chat.cards import Bold, Button, Confirm, Line, line
from handlers.chat.wording import Words, marked
from storage.alerting import AlertState, Outgoing

_STEP: Final = {
    Reason.BROKEN_DATA: marked("mend the data first, and train nothing on it."),
    Reason.QUALITY_FLOOR: marked("decide whether to go back to the version before: it is below its floor."),
    Reason.COLLAPSE: marked("look at its inputs and its last deployment; go back if they do not explain it."),
    Reason.ALARM: marked("look at what changed; its monitor tells no windows, so I can compare none."),
}


@dataclass(frozen=True, slots=True)
class About:
    """What a drift alert's card shows besides the alert."""

    standing: Standing
    policy: DriftPolicy
    pilot: str | None = None
    requests: Sequence[Outgoing] = ()
    """For retraining, the oldest first."""
    deployed_at: datetime | None = None
    retrained_at: datetime | None = None


def next_step(about: About, now: datetime, words: Words) -> list[Line]:
    """What is recommended, in words."""
    standing = about.standing
    if standing.reason in _STEP:
        said = words.term(_STEP[standing.reason])
    elif standing.is_retrain_candidate:
        said = words.count("candidate for retraining: drifted in {number} window, data checks green{last}.",
                           "candidate for retraining: drifted in {number} windows, data checks green{last}.",
                           standing.windows, last=_last_trained(about, now, words))
    elif standing.drift.quality:
        said = words.text("the data checks complain, so train nothing on it before they are green.")
    elif standing.verdict is not Verdict.DRIFTED:
        said = words.text("wait for the next window before anything is changed.")
    elif about.requests or about.retrained_at is not None:
        said = words.text("it was trained again, or that was asked for, a short while ago: look at what came "
                          "of it before it is trained once more.")
    else:
        said = words.text("look at what changed in the features above.")
    return [line(Bold(words.text("What to do")), ": ", said)]


def _last_trained(about: About, now: datetime, words: Words) -> str:
    if about.retrained_at is None:
        return ""
    days = max((now - about.retrained_at).days, 0)
    return words.count(", last retrained {number} day ago", ", last retrained {number} days ago", days)


def requests_said(view: View, about: About) -> list[Line]:
    """What became of requests for retraining."""
    words, found = view.words, list[Line]()
    for each in about.requests[-2:]:
        person = view.people.get(each.asked_by or "")
        who = person.name if person is not None else words.text("the policy")
        at = moment(each.made_at)
        if each.done_at is not None:
            said = words.spans("Retraining asked for by {person} {moment}: {answer}", person=who, moment=at,
                               answer=cut(each.answer or words.text("taken"), 200))
        elif each.given_up_at is not None:
            said = words.spans("Retraining asked for by {person} {moment} was not taken: {answer}",
                               person=who, moment=at, answer=cut(each.answer or "?", 200))
        elif is_waiting(each) and view.alert.state is AlertState.RESOLVED:
            said = words.spans("Retraining asked for by {person} {moment}: nobody confirmed it, so it was "
                               "not started", person=who, moment=at)
        elif is_waiting(each):
            said = words.spans("Retraining asked for by {person} {moment}: waits for somebody to confirm it",
                               person=who, moment=at)
        else:
            said = words.spans("Retraining asked for by {person} {moment}: on its way", person=who, moment=at)
        found.append(said)
    return found


def buttons(view: View, about: About) -> list[Button]:
    words, number, found = view.words, view.alert.id, list[Button]()
    waits = [each for each in about.requests if is_waiting(each)]
    if waits:
        found.append(Button(words.text("Confirm retraining"), f"a-retrain-ok:{number}", "primary", Confirm(
            words.text("Start the retraining?"),
            words.text("{target} is asked to train {model} again. What comes of it does not go into "
                       "production by itself.", target=waits[-1].target,
                       model=cut(about.standing.drift.model, NAME)),
            words.text("Start it"), words.text("Cancel"))))
    elif about.policy.retrain.target is not None and about.standing.verdict is not Verdict.BROKEN_DATA:
        found.append(Button(words.text("Ask for retraining…"), f"a-retrain:{number}"))
    found.append(Button(words.text("Roll-back steps"), f"a-rollback:{number}"))
    return found


def is_waiting(request: Outgoing) -> bool:
    """Nobody has confirmed it yet."""
    return request.next_at is None and request.done_at is None and request.given_up_at is None
