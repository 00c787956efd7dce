"""Putting an item off: silence about it until a day, as often and as far as the policy allows."""

from dataclasses import dataclass
from datetime import date

from handlers.chat.errors import Refused
from handlers.chat.ports import Actor
from handlers.ledger import Ledger
from handlers.nudges.policy import Policies, Snooze
from handlers.people.actions import People
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from handlers.people.permissions import Action
from handlers.pilots import rules
from handlers.pilots.items import Items, by_whom
from handlers.pilots.work import Work, item_in, looked_at, work_on
from storage.models import Item


@dataclass(frozen=True, slots=True)
class Snoozes:
    ledger: Ledger
    people: People
    items: Items
    policies: Policies

    async def check(self, actor: Actor, item_id: int) -> tuple[Item, Calendar]:
        """Raises Refused where putting it off would be in vain, before a form asks until when."""
        pilot_id = await self.items.pilot_of(actor.workspace, item_id)
        async with looked_at(self.ledger, self.people, actor, pilot_id) as work:
            item = await item_in(work, item_id)
            calendar = work.calendar(item)
            self._check(work, item, calendar.add(work.today(calendar), 1))
            return item, calendar

    async def snooze(self, actor: Actor, item_id: int, until: date) -> None:
        """Nobody is reminded of it before `until`."""
        pilot_id = await self.items.pilot_of(actor.workspace, item_id)
        async with work_on(self.ledger, self.people, actor, pilot_id) as work:
            item = await item_in(work, item_id)
            self._check(work, item, until)
            before, item.snoozed_until = item.snoozed_until, until
            item.snoozes += 1
            work.change(item)
            await work.entry.note(work.dossier.pilot, "item put off", item.ref,
                                  before={"snoozed_until": before},
                                  after={"snoozed_until": until, "times": item.snoozes})

    def _check(self, work: Work, item: Item, until: date) -> None:
        work.check(Action.ITEM_SNOOZE, item)
        work.check_running()
        calendar = work.calendar(item)
        today = work.today(calendar)
        rules.check_open(item, by_whom(work, item), today)
        pilot = work.dossier.pilot
        caps = self.policies.of(pilot.workspace_id, pilot.name_key).snooze
        check_snooze(item, until, today, calendar, caps)


def check_snooze(item: Item, until: date, today: date, calendar: Calendar, caps: Snooze) -> None:
    """Raises Refused where the policy does not allow it, with what to do instead."""
    plan = f"`/pilot plan {item.ref} fri` says when you will do it"
    if item.due_on is None:
        raise Refused(f"{item.ref} has no date yet, so nobody reminds you of it. `/pilot item {item.ref}` "
                      "shows it.")
    if until <= today:
        raise Refused(f"Until {say_date(until, today)}? Give a day from tomorrow on, such as "
                      f"`/pilot snooze {item.ref} +2d`.")
    if item.snoozes >= caps.per_item:
        often = {0: "cannot be put off here", 1: "was put off once already, which is the most",
                 2: "was put off twice already, which is the most"}.get(
            caps.per_item, f"was put off {item.snoozes} times already, which is the most")
        raise Refused(f"{item.ref} {often}. {plan}, `/pilot block {item.ref} by @who` says who holds it up, "
                      "and the lead can move its date.")
    holds_gate = item.gate is not None and not item.is_advice
    if holds_gate and until > item.due_on:
        late = item.due_on < today
        why = (f"{item.ref} is late and the next gate waits for it, so it cannot be put off" if late else
               f"{item.ref} holds a gate and is due {say_date(item.due_on, today)}: that is the furthest it "
               "can be put off")
        raise Refused(f"{why}. {plan}, and until then nobody asks.")
    if item.due_on < today and until > (latest := calendar.add(today, caps.overdue_days)):
        raise Refused(f"{item.ref} is late, so {say_date(latest, today)} is the furthest it can be put off. "
                      f"{plan}, and until then nobody asks.")
