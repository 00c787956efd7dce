"""The sweep over pilots whose channel is due, and the composing of what it promised."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.chat.cards import Card
from handlers.nudges import channel_cards, channel_rules
from handlers.nudges.promises import promise
from handlers.nudges.standing import calendar_for
from handlers.people.calendar import Calendar
from handlers.pilots import cadence, risk
from storage import nudges, outbox, pilots
from storage.models import Item, Nudge, PilotState
from storage.outbox import Promise
from storage.pilots import Dossier

CHANNEL = "channel"
POST = "nudge"
"""What the outbox calls a nudge of the kind CHANNEL."""
PILOTS_AT_ONCE = 100

_KEPT_UP = timedelta(days=1)
_UNSCHEDULED = timedelta(days=7)


async def compose(session: AsyncSession, workspace: str, nudge_id: int, now: datetime) -> Card | None:
    """A channel's nudge as things stand now; None: it is not to be posted."""
    nudge = await nudges.one(session, workspace, nudge_id)
    if nudge is None or nudge.pilot_id is None:
        return None
    pilot = await pilots.one(session, workspace, nudge.pilot_id)
    if pilot is None:
        return None
    is_shown = await outbox.is_shown(session, workspace, POST, nudge_id)
    if not is_shown and not channel_rules.may_begin_nudge(nudge, pilot, now):
        return None
    dossier = await pilots.dossier(session, pilot)
    today = cadence.channel_calendar(pilot).today(now)
    agenda = channel_rules.agenda_of(pilot, dossier.items, dossier.seats, today, frozenset(nudge.item_ids))
    return channel_cards.channel_card(agenda, pilot, dossier.people, nudge.day, now, is_shown=is_shown)


async def batch(session: AsyncSession, now: datetime) -> int | None:
    """Promise the channel nudges of one batch of due pilots, and note their risk; None: nothing is due."""
    due = await nudges.due_pilots(session, now, PILOTS_AT_ONCE)
    if not due:
        return None
    said: list[Nudge] = []
    with session.no_autoflush:
        for dossier in await pilots.dossiers(session, due):
            pilot, calendar = dossier.pilot, cadence.channel_calendar(dossier.pilot)
            at, today = cadence.channel_time(pilot), calendar.today(now)
            await pilots.note_risk(session, pilot, now, _risk(dossier, calendar, today))
            agenda = channel_rules.agenda_of(pilot, dossier.items, dossier.seats, today)
            may_speak = pilot.state is PilotState.ACTIVE and cadence.is_in_hours(calendar, now, at)
            if may_speak and not agenda.is_empty:
                said.append(Nudge(
                    workspace_id=pilot.workspace_id, kind=CHANNEL, about=str(pilot.id), day=today,
                    made_at=now, pilot_id=pilot.id, item_ids=agenda.item_ids))
            pilot.nudge_at = cadence.next_channel_nudge(
                pilot, cadence.after_today(calendar, now, at) if may_speak else now)
    by_id = {pilot.id: pilot for pilot in due}
    promises: dict[str, list[Promise]] = defaultdict(list)
    for nudge, is_new in await nudges.open_mornings(session, said):
        if is_new and nudge.pilot_id is not None:
            pilot = by_id[nudge.pilot_id]
            until = (pilot.nudge_at or now + _UNSCHEDULED) + _KEPT_UP
            promises[nudge.workspace_id].append(Promise(pilot.room, POST, nudge.id, pilot.id, until))
    promised = await promise(session, promises, now)
    for workspace, each in promises.items():
        await outbox.let_rest(session, workspace, POST, each, now)
    return promised


def _risk(dossier: Dossier, calendar: Calendar, today: date) -> int:
    def owners_calendar(item: Item) -> Calendar:
        owner = dossier.owner(item)
        return calendar if owner is None else calendar_for(owner)

    return risk.score(dossier.items, dossier.pilot.weights, today, owners_calendar).total
