"""The desk: what was typed, pressed or submitted becomes one call and one card, on every surface."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from handlers.chat.cards import Card, Form, Mono, Note, Text, Values, line, said
from handlers.chat.errors import AlreadyDone, Refused
from handlers.chat.ports import Actor, Clock
from handlers.commands import forms, help_cards
from handlers.commands.find import Finder, again
from handlers.commands.grammar import parse
from handlers.commands.reply import Reply
from handlers.commands.verbs import COMMANDS, Parsed
from handlers.outbox.actions import Outbox
from handlers.people.actions import People, calendar_of
from handlers.people.calendar import Calendar
from handlers.people.dates import say_date
from handlers.people.roles import Role, read_role
from handlers.pilots.create import Creation, NewPilot
from handlers.pilots.items import Items
from handlers.pilots.rules import BRIEFINGS
from handlers.pilots.seats import Seats
from handlers.pilots.stages import Stages
from handlers.status.actions import Status
from storage import pilots
from storage.models import Item, Person, Pilot

__all__ = ["COMMANDS", "Desk", "Reply"]

LONGEST_ID = 15
"""Longer numbers are no id of ours, and more than a database takes."""
OLD_BUTTON = Refused("That button belongs to an older message of mine. Type `/pilot` for what is current.")


@dataclass(frozen=True, slots=True)
class _Said:
    """A line that was typed, with who typed it."""

    actor: Actor
    parsed: Parsed
    person: Person
    calendar: Calendar
    now: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    clock: Clock
    people: People
    finder: Finder
    creation: Creation
    items: Items
    seats: Seats
    stages: Stages
    status: Status
    outbox: Outbox

    # ---- typed -----------------------------------------------------------------------------------------

    async def typed(self, command: str, text: str, actor: Actor) -> Reply:
        """Carry out a slash command, or explain. Raises Refused with what to type instead."""
        person = await self.people.meet(actor)
        calendar, now = calendar_of(person), self.clock()
        parsed = parse(command, text, today=calendar.today(now), calendar=calendar)
        if parsed.verb.later is not None:
            return Reply(said(parsed.verb.later), reads=True)
        reply = await self._answers()[parsed.verb.name](_Said(actor, parsed, person, calendar, now))
        if parsed.guessed and reply.card is not None:
            understood = Note(line("Understood as ", Mono(f"{command} {parsed.verb.name}"), "."))
            reply = replace(reply, card=replace(reply.card, elements=(*reply.card.elements, understood)))
        return reply

    def _answers(self) -> dict[str, Callable[[_Said], Awaitable[Reply]]]:
        """What answers each verb of this release."""
        return {
            "": self._say_bare, "new": self._say_new, "list": self._say_list, "status": self._say_status,
            "items": self._say_items, "item": self._say_item, "done": self._say_done,
            "reopen": self._say_reopen, "na": self._say_na, "plan": self._say_plan, "due": self._say_due,
            "block": self._say_block, "assign": self._say_assign, "team": self._say_team,
            "brief": self._say_brief, "gate": self._say_gate, "history": self._say_history,
            "pause": self._say_pause, "resume": self._say_resume, "stop": self._say_stop,
            "quiet": self._say_quiet, "why": self._say_why, "help": self._say_help,
        }

    async def _say_bare(self, said: _Said) -> Reply:
        return Reply(await self.status.bare(said.actor.workspace, said.actor.person), reads=True)

    async def _say_new(self, said: _Said) -> Reply:
        return self._new_form(said.parsed.text, said.calendar, said.now, said.actor)

    def _new_form(self, name: str, calendar: Calendar, now: datetime, actor: Actor) -> Reply:
        return Reply(form=forms.new_form(name, calendar.today(now), actor.person, self.creation.packs(),
                                         self.creation.conditions(), actor.room))

    async def _say_list(self, said: _Said) -> Reply:
        return Reply(await self.status.list(said.actor.workspace, said.actor.person,
                                            said.parsed.choice or "all", 0), reads=True)

    async def _say_status(self, said: _Said) -> Reply:
        async with self.finder.store.reading() as session:  # asked most of all: found and read in one look
            pilot = await self.finder.pilot_in(session, said.actor, said.parsed)
            return Reply(await self.status.compose_status(session, pilot, said.person), reads=True)

    async def _say_items(self, said: _Said) -> Reply:
        pilot = await self.finder.pilot(said.actor, said.parsed)
        return Reply(await self.status.items(said.actor.workspace, pilot.id, said.actor.person,
                                             said.parsed.choice or "open", 0), reads=True)

    async def _say_item(self, said: _Said) -> Reply:
        return await self._item_card(said.actor, (await self.finder.item(said.actor, said.parsed)).id)

    async def _item_card(self, actor: Actor, item_id: int) -> Reply:
        return Reply(await self.status.item(actor.workspace, item_id, actor.person,
                                            is_admin=self.people.is_admin(actor.person)), reads=True)

    async def _say_done(self, said: _Said) -> Reply:
        item = await self.finder.item(said.actor, said.parsed)
        await self.items.done(said.actor, item.id, said.parsed.text)
        return await self._item_card(said.actor, item.id)

    async def _say_reopen(self, said: _Said) -> Reply:
        item = await self.finder.item(said.actor, said.parsed)
        await self.items.reopen(said.actor, item.id, said.parsed.text)
        return await self._item_card(said.actor, item.id)

    async def _say_na(self, said: _Said) -> Reply:
        item = await self.finder.item(said.actor, said.parsed)
        await self.items.not_applicable(said.actor, item.id, said.parsed.text)
        return await self._item_card(said.actor, item.id)

    async def _say_plan(self, said: _Said) -> Reply:
        item = await self.finder.item(said.actor, said.parsed)
        assert said.parsed.on is not None
        await self.items.plan(said.actor, item.id, said.parsed.on)
        return await self._item_card(said.actor, item.id)

    async def _say_due(self, said: _Said) -> Reply:
        item = await self.finder.item(said.actor, said.parsed)
        assert said.parsed.on is not None
        await self.items.due(said.actor, item.id, said.parsed.on, said.parsed.text)
        return await self._item_card(said.actor, item.id)

    async def _say_block(self, said: _Said) -> Reply:
        item = await self.finder.item(said.actor, said.parsed)
        who = await self._who(said, item=item.id) if said.parsed.person else None
        await self.items.block(said.actor, item.id, who, said.parsed.text)
        return await self._item_card(said.actor, item.id)

    async def _say_assign(self, said: _Said) -> Reply:
        item = await self.finder.item(said.actor, said.parsed)
        who = await self._who(said, item=item.id)
        await self.items.assign(said.actor, item.id, who)
        return await self._item_card(said.actor, item.id)

    async def _who(self, said: _Said, *, pilot: int | None = None, item: int | None = None) -> Person:
        """The person named. Raises Refused, with the same line for each whom the name could mean."""
        try:
            return await self.people.find(said.actor.workspace, said.parsed.person or "")
        except Refused as refusal:
            raise Refused(str(refusal), choices=tuple(
                (name, again(replace(said.parsed, person=mention), pilot=pilot, item=item))
                for name, mention in refusal.choices)) from refusal

    async def _say_team(self, said: _Said) -> Reply:
        pilot = await self.finder.pilot(said.actor, said.parsed)
        if said.parsed.choice and said.parsed.person:
            who = await self._who(said, pilot=pilot.id)
            await self.seats.fill(said.actor, pilot.id, read_role(said.parsed.choice), who)
        return Reply(await self._team(said.actor, pilot.id), reads=True)

    async def _say_brief(self, said: _Said) -> Reply:
        pilot, parsed = await self.finder.pilot(said.actor, said.parsed), said.parsed
        if parsed.kind is None:
            return Reply(await self.status.briefings(said.actor.workspace, pilot.id, said.actor.person),
                         reads=True)
        async with self.finder.store.reading() as session:
            items = await pilots.items_of(session, said.actor.workspace, pilot.id)
        item = next((each for each in items if each.ref == BRIEFINGS[parsed.kind]), None)
        if item is None:
            raise Refused(f"The template of {pilot.name} has no {parsed.kind} briefing. `/pilot items` shows "
                          "what it has.")
        match parsed.choice:
            case "slot":
                assert parsed.on is not None
                assert parsed.at is not None
                await self.items.slot(said.actor, item.id, said.calendar.at(parsed.on, parsed.at))
            case "held" if parsed.text:
                await self.items.held(said.actor, item.id, said.calendar.today(said.now), parsed.text, [], [])
            case "held":
                return Reply(form=forms.held_form(item, said.calendar.today(said.now)))
            case "asks":
                asks = [each.strip() for each in parsed.text.replace("\n", ";").split(";")
                        if each.strip(" !")]
                await self.items.asks(said.actor, item.id,
                                      [a.lstrip("! ") for a in asks if a.startswith("!")],
                                      [a for a in asks if not a.startswith("!")])
                return Reply(await self.status.items(said.actor.workspace, pilot.id, said.actor.person,
                                                     "open", 0), reads=True)
        return await self._item_card(said.actor, item.id)

    async def _say_gate(self, said: _Said) -> Reply:
        pilot = await self.finder.pilot(said.actor, said.parsed)
        if said.parsed.choice == "pass":
            await self.stages.pass_gate(said.actor, pilot.id)
            return Reply(await self.status.status(said.actor.workspace, pilot.id, said.actor.person),
                         reads=True)
        return Reply(await self._gate(said.actor, pilot.id), reads=True)

    async def _say_history(self, said: _Said) -> Reply:
        pilot = await self.finder.pilot(said.actor, said.parsed)
        return Reply(await self.status.history(said.actor.workspace, pilot.id, 0, said.actor.person),
                     reads=True)

    async def _say_pause(self, said: _Said) -> Reply:
        pilot = await self.finder.pilot(said.actor, said.parsed)
        await self.stages.pause(said.actor, pilot.id, said.parsed.text)
        return await self._status_card(said.actor, pilot)

    async def _say_resume(self, said: _Said) -> Reply:
        pilot = await self.finder.pilot(said.actor, said.parsed)
        await self.stages.resume(said.actor, pilot.id, said.parsed.text)
        return await self._status_card(said.actor, pilot)

    async def _say_stop(self, said: _Said) -> Reply:
        pilot = await self.finder.pilot(said.actor, said.parsed)
        await self.stages.stop(said.actor, pilot.id, said.parsed.text)
        return await self._status_card(said.actor, pilot)

    async def _status_card(self, actor: Actor, pilot: Pilot) -> Reply:
        return Reply(await self.status.status(actor.workspace, pilot.id, actor.person), reads=True)

    async def _say_quiet(self, asked: _Said) -> Reply:
        today = asked.calendar.today(asked.now)
        until = today if asked.parsed.choice == "off" else asked.parsed.on
        assert until is not None
        if until < today:
            raise Refused(f"{say_date(until, today)} is in the past. Give a day from tomorrow on, such as "
                          "`/pilot quiet until fri`, or `/pilot quiet off`.")
        if (until - today).days > 60:
            raise Refused("Two months is the longest I keep quiet; after that people wait for you in vain. "
                          "Hand your items over instead: `/pilot assign ID @who`.")
        await self.items.quiet(asked.actor, until, today)
        if until == today:
            return Reply(said("Your morning messages come again from the next working day on."), reads=True)
        return Reply(Card(f"No morning message to you before {say_date(until, today)}", (
            Text((line("Pilot channels still show what is due, and ", Mono("/pilot"),
                       " shows it any time."),)),
            Note(line(Mono("/pilot quiet off"), " ends it early.")))), reads=True)

    async def _say_why(self, said: _Said) -> Reply:
        return Reply(await self.status.why(said.actor.workspace, said.actor.person), reads=True)

    async def _say_help(self, said: _Said) -> Reply:
        return Reply(help_cards.help_card(said.parsed), reads=True)

    # ---- pressed ---------------------------------------------------------------------------------------

    async def pressed(self, action: str, actor: Actor) -> Reply:
        """Carry out a button. Raises Refused where it may not be, or the button is out of date."""
        verb, _, rest = action.partition(":")
        if verb == "run":
            command, _, text = rest.partition(" ")
            return await self.typed(command if command in COMMANDS else "/pilot", text, actor)
        person = await self.people.meet(actor)
        args = rest.split(":") if rest else []
        if any(len(arg) > LONGEST_ID for arg in args):
            raise OLD_BUTTON
        try:
            reply = await self._press(verb, args, actor, person)
        except (ValueError, IndexError) as error:
            raise OLD_BUTTON from error
        return reply

    async def _press(self, verb: str, args: list[str], actor: Actor, person: Person) -> Reply:
        workspace, me = actor.workspace, actor.person
        match verb:
            case "status":
                return Reply(await self.status.status(workspace, int(args[0]), me), reads=True)
            case "items":
                page = int(args[2]) if len(args) > 2 else 0
                return Reply(await self.status.items(workspace, int(args[0]), me, args[1], page), reads=True)
            case "item":
                return await self._item_card(actor, int(args[0]))
            case "list":
                return Reply(await self.status.list(workspace, me, args[0], int(args[1])), reads=True)
            case "team":
                return Reply(await self._team(actor, int(args[0])), reads=True)
            case "history":
                page = int(args[1]) if len(args) > 1 else 0
                return Reply(await self.status.history(workspace, int(args[0]), page, me), reads=True)
            case "gate":
                return Reply(await self._gate(actor, int(args[0])), reads=True)
            case "brief":
                return Reply(await self.status.briefings(workspace, int(args[0]), me), reads=True)
            case "mine":
                return Reply(await self.status.bare(workspace, me), reads=True)
            case "why":
                return Reply(await self.status.why(workspace, me), reads=True)
            case "help":
                return Reply(help_cards.help_card(None), reads=True)
            case "new":
                return self._new_form("", calendar_of(person), self.clock(), actor)
            case "done" | "plan" | "block" | "assign" | "na" | "reopen" | "slot" | "held":
                return Reply(form=await self._item_form(verb, int(args[0]), actor, person))
            case "seat":
                return Reply(form=await self._seat_form(int(args[0]), Role(args[1]), actor))
        return await self._act(verb, args, actor)

    async def _act(self, verb: str, args: list[str], actor: Actor) -> Reply:
        """Presses that change something at once."""
        match verb:
            case "unblock":
                await self.items.unblock(actor, int(args[0]))
                return replace(await self._item_card(actor, int(args[0])), reads=False)
            case "accept" | "notme":
                role = None if args[1] == "*" else Role(args[1])
                act = self.seats.accept if verb == "accept" else self.seats.hand_back
                await act(actor, int(args[0]), role)
                return Reply(await self._team(actor, int(args[0])))
            case "gatepass":
                await self.stages.pass_gate(actor, int(args[0]), args[1] if len(args) > 1 else None)
                return Reply(await self.status.status(actor.workspace, int(args[0]), actor.person))
            case "share":
                await self.stages.share(actor, int(args[1]))
                return Reply(await self.status.status(actor.workspace, int(args[1]), actor.person))
            case "resend":
                await self.outbox.resend(actor, int(args[0]))
                return Reply()
        raise OLD_BUTTON

    async def _team(self, actor: Actor, pilot_id: int) -> Card:
        return await self.status.team(actor.workspace, pilot_id, actor.person,
                                      is_admin=self.people.is_admin(actor.person))

    async def _gate(self, actor: Actor, pilot_id: int) -> Card:
        return await self.status.gate(actor.workspace, pilot_id, actor.person,
                                      is_admin=self.people.is_admin(actor.person))

    async def _item(self, workspace: str, item_id: int) -> Item:
        async with self.finder.store.reading() as session:
            item = await pilots.item(session, workspace, item_id)
        if item is None:
            raise Refused("That item is gone. `/pilot items` shows those there are.")
        return item

    async def _item_form(self, verb: str, item_id: int, actor: Actor, person: Person) -> Form:
        """The form behind an item's button. Raises Refused at once where submitting it would be in vain."""
        item = await self._item(actor.workspace, item_id)
        await self.items.check(actor, item, verb)
        today = calendar_of(person).today(self.clock())
        match verb:
            case "done":
                return forms.done_form(item)
            case "plan":
                return forms.plan_form(item, today)
            case "block":
                return forms.block_form(item)
            case "assign":
                return forms.assign_form(item)
            case "na":
                return forms.na_form(item)
            case "reopen":
                return forms.reopen_form(item)
            case "slot":
                return forms.slot_form(item, today)
        return forms.held_form(item, today)

    async def _seat_form(self, pilot_id: int, role: Role, actor: Actor) -> Form:
        await self.seats.check_fill(actor, pilot_id)
        async with self.finder.store.reading() as session:
            pilot = await pilots.one(session, actor.workspace, pilot_id)
            seats = await pilots.seats_of(session, actor.workspace, pilot_id)
        if pilot is None:
            raise Refused("There is no such pilot any more. `/pilot list` shows those there are.")
        seat = seats.get(role)
        return forms.seat_form(pilot, role, seat.person_id if seat else None)

    # ---- submitted -------------------------------------------------------------------------------------

    async def submitted(self, action: str, values: Values, actor: Actor) -> Reply:
        """Carry out a form. Raises Refused, with the fields that are wrong where it is about fields."""
        person = await self.people.meet(actor)
        verb, _, rest = action.partition(":")
        if verb == "new":
            return await self._create(values, actor)
        args = rest.split(":")
        if verb == "seat":
            who = await self._picked(values, actor)
            try:
                await self.seats.fill(actor, int(args[0]), Role(args[1]), who)
            except Refused as refusal:
                raise Refused(str(refusal), fields={"who": str(refusal)}) from refusal
            return Reply(await self._team(actor, int(args[0])))
        item_id = int(args[0])
        await self._fill_in(verb, item_id, values, actor, person)
        return replace(await self._item_card(actor, item_id), reads=False)

    async def _fill_in(self, verb: str, item_id: int, values: Values, actor: Actor, person: Person) -> None:
        main = {"done": "evidence", "plan": "on", "block": "reason", "assign": "who", "na": "reason",
                "reopen": "reason", "slot": "on", "held": "attendees"}.get(verb)
        if main is None:
            raise OLD_BUTTON
        try:
            await self._change(verb, item_id, values, actor, calendar_of(person))
        except Refused as refusal:
            raise Refused(str(refusal), fields=refusal.fields or {main: str(refusal)}) from refusal

    async def _change(self, verb: str, item_id: int, values: Values, actor: Actor,
                      calendar: Calendar) -> None:
        reason = forms.text_of(values, "reason")
        match verb:
            case "done":
                await self.items.done(actor, item_id, forms.text_of(values, "evidence"))
            case "plan":
                await self.items.plan(actor, item_id, forms.day_of(values, "on"))
            case "block":
                who = await self._picked(values, actor) if values.get("who") else None
                await self.items.block(actor, item_id, who, reason)
            case "assign":
                await self.items.assign(actor, item_id, await self._picked(values, actor))
            case "na":
                await self.items.not_applicable(actor, item_id, reason)
            case "reopen":
                await self.items.reopen(actor, item_id, reason)
            case "slot":
                at = time.fromisoformat(forms.text_of(values, "at") or "10:00")
                await self.items.slot(actor, item_id,
                                      calendar.at(forms.day_of(values, "on"), at).astimezone(UTC))
            case "held":
                await self.items.held(actor, item_id, forms.day_of(values, "on"),
                                      forms.text_of(values, "attendees"),
                                      forms.lines_of(values, "blocking"), forms.lines_of(values, "other"))

    async def _picked(self, values: Values, actor: Actor) -> Person:
        try:
            return await self.people.known(actor.workspace, forms.text_of(values, "who"))
        except Refused as refusal:
            raise Refused(str(refusal), fields={"who": str(refusal)}) from refusal

    async def _create(self, values: Values, actor: Actor) -> Reply:
        new = NewPilot(
            name=forms.text_of(values, "name"), purpose=forms.text_of(values, "purpose"),
            kickoff_on=forms.day_of(values, "kickoff"), room=forms.text_of(values, "channel"),
            packs=forms.many_of(values, "packs"),
            conditions=frozenset(forms.many_of(values, "conditions") + forms.many_of(values, "protection")),
            cut="core" if forms.text_of(values, "cut") == "core" else "full",
            seats={role: person for role in Role if (person := forms.text_of(values, role.value))})
        pilot_id = await self.creation.create(actor, new)
        card = await self.status.status(actor.workspace, pilot_id, actor.person)
        return Reply(card)

    # ---- told ------------------------------------------------------------------------------------------

    async def home_opened(self, actor: Actor) -> Reply:
        """Somebody looks at their Home: from now on it is kept up to date."""
        await self.people.meet(actor)
        await self.people.opened_home(actor)
        return Reply()

    async def is_first_answer(self, actor: Actor) -> bool:
        """False: what `actor` said was delivered before, and answered."""
        try:
            async with self.people.ledger.entry(replace(actor, delivery=f"answer:{actor.delivery}")):
                return True
        except AlreadyDone:
            return False

    async def person_changed(self, workspace: str, person_id: str) -> None:
        """The chat service says that somebody's name, zone or account changed; strangers to us stay so."""
        await self.people.look_again(workspace, person_id)
