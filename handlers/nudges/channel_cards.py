"""What a channel's nudge looks like, what is left of it under a newer one, and the week's good word."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from handlers.chat.cards import (
    Bold,
    Button,
    Buttons,
    Card,
    Element,
    Line,
    Mention,
    Moment,
    Mono,
    Note,
    Row,
    Span,
    Text,
    line,
)
from handlers.chat.wording import Words
from handlers.nudges.channel_rules import Agenda
from handlers.nudges.recognition import Praise
from handlers.nudges.said import (
    People,
    capped,
    clock_time,
    consequence,
    item_button,
    item_buttons,
    name_of,
    passed_slot,
    role_title,
    settled,
    when,
    working_days,
)
from handlers.nudges.standing import SHOWN, is_open, is_overdue
from handlers.people.calendar import Calendar
from handlers.people.roles import Role
from handlers.pilots import rhythm
from handlers.pilots.rhythm import Naming
from handlers.pilots.schedule import title_of
from storage.models import Item, Pilot, PilotState

WORKDAYS = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Scene:
    """A pilot's channel as a card looks at it."""

    pilot: Pilot
    people: People
    now: datetime
    words: Words
    notified: Collection[tuple[str, int]] = ()
    """Whom this nudge mentions for which item: (person, item)."""
    joined: Mapping[int, tuple[str, ...]] | None = None
    """Who joined whoever is on an item, by item."""

    @property
    def calendar(self) -> Calendar:
        return rhythm.channel_calendar(self.pilot)

    @property
    def today(self) -> date:
        return self.calendar.today(self.now)


def channel_card(agenda: Agenda, scene: Scene, day: date, praise: Praise | None = None, *,
                 is_shown: bool) -> Card | None:
    """What waits in a pilot this week; `day` is the morning it is of. None: nothing, and none was posted."""
    pilot, words = scene.pilot, scene.words
    if pilot.state is not PilotState.ACTIVE:
        return _at_rest(pilot, words) if is_shown else None
    if agenda.is_empty and not is_shown:
        return praise_card(praise, scene) if praise is not None else None
    elements: list[Element] = []
    if agenda.missing:
        elements.append(Text(tuple(_missing(role, words) for role in agenda.missing)))
    elements += [_briefing_row(item, scene) for item in agenda.briefings]
    elements += [_item_row(item, scene) for item in agenda.due[:SHOWN]]
    if rest := agenda.due[SHOWN:]:
        elements.append(Text(capped([line(item.title, " · ", *_standing(item, scene))
                                     for item in rest], words)))
    ticks = [*(_held(item, scene) for item in agenda.held),
             *(settled(item, pilot, scene.calendar, scene.people, scene.now, words=words)
               for item in agenda.settled)]
    if ticks:
        elements.append(Text(capped(ticks, words)))
    if praise is not None and not praise.is_empty:
        elements.append(Text((_praise(praise, scene),)))
    elements.append(Buttons((Button(words.text("All open items"), f"items:{pilot.id}:open"),)))
    elements.append(Note(_why(scene, day)))
    return Card(_title(agenda, scene), tuple(elements))


def praise_card(praise: Praise, scene: Scene) -> Card | None:
    """A week's good news alone, where no nudge is posted that day; None: there is none."""
    if praise.is_empty:
        return None
    return Card(scene.words.text("{pilot}: good news", pilot=scene.pilot.name),
                (Text((_praise(praise, scene),)),))


def shrunk_card(day: date, items: Collection[Item], scene: Scene) -> Card:
    """All that is left of a nudge when a newer one is posted."""
    words, said = scene.words, scene.words.day(day, scene.today)
    done = sum(not is_open(item) for item in items)
    text = (words.text("{day}: {done} of {all} done. Newer nudge below.", day=said, done=done, all=len(items))
            if items else words.text("{day}: newer nudge below.", day=said))
    return Card(text, (Note(line(text)),), bare_title=True)


def _missing(role: str, words: Words) -> Line:
    return line("🔴 ", words.text("{role}: nobody yet", role=words.term(Role(role).title)))


def _at_rest(pilot: Pilot, words: Words) -> Card:
    if pilot.state is PilotState.PAUSED:
        return Card(words.text("{pilot} is paused: nothing is asked of anybody", pilot=pilot.name))
    return Card(words.text("{pilot} was stopped: nothing is asked of anybody", pilot=pilot.name))


def _title(agenda: Agenda, scene: Scene) -> str:
    words, today = scene.words, scene.today
    late = sum(is_overdue(item, today) for item in agenda.waiting)
    on_time = sum(not is_overdue(item, today) for item in agenda.due)
    parts = []
    if agenda.briefings:
        parts.append(words.count("one briefing to hold", "{number} briefings to hold", len(agenda.briefings)))
    if on_time:
        parts.append(words.count("one item due this week", "{number} items due this week", on_time))
    if late:
        parts.append(words.text("{number} late", number=late))
    if agenda.missing:
        parts.append(words.count("one role nobody has", "{number} roles nobody has", len(agenda.missing)))
    said = ", ".join(parts) or words.text("nothing waits this week")
    stage = title_of(scene.pilot.stage, scene.pilot.stages)
    return words.text("{pilot}, {stage}: {what}", pilot=scene.pilot.name, stage=stage, what=said)


def _briefing_row(item: Item, scene: Scene) -> Row:
    words = scene.words
    return Row(
        lines=(line(Bold(words.text("{role} briefing", role=role_title(item, scene.words))),
                    f" · {_countdown(item, scene)}"),
               line(*_whose(item, scene), " · ", *_slot(item, scene)), *_on_it(item, scene)),
        buttons=(*(_on_it_button(item, words) if item.slot_at is None else ()),
                 item_button(words.text("Record slot"), "slot", item),
                 item_button(words.text("Held"), "held", item)))


def _slot(item: Item, scene: Scene) -> Line:
    words = scene.words
    if item.slot_at is None:
        return line(words.text("no slot yet"), ". ", consequence(item, scene.pilot, words))
    moment = Moment(item.slot_at, clock_time(item.slot_at, scene.calendar, words))
    if passed_slot(item, scene.now):
        return words.spans("slot was {moment}: was it held?", moment=moment)
    return words.spans("slot {moment}", moment=moment)


def _held(item: Item, scene: Scene) -> Line:
    words, by = scene.words, name_of(item.closed_by, scene.people, words=scene.words)
    day = scene.calendar.today(item.closed_at) if item.closed_at is not None else scene.today
    return line("✓ ", words.text("{role} briefing held {day}, by {person}", person=by,
                                 role=role_title(item, words), day=words.day(day, scene.today)))


def _item_row(item: Item, scene: Scene) -> Row:
    urges = item.due_on is not None and item.due_on <= scene.today
    why = (". ", consequence(item, scene.pilot, scene.words)) if urges else ()
    return Row(lines=(line(Bold(item.title), f" · {item.ref}"),
                      line(*_standing(item, scene), *why), *_on_it(item, scene)),
               buttons=(*_on_it_button(item, scene.words), *item_buttons(item, scene.words)))


def _on_it_button(item: Item, words: Words) -> tuple[Button, ...]:
    return (item_button(words.text("On it"), "onit", item),)


def _standing(item: Item, scene: Scene) -> Line:
    """Whose it is, when it is due, and what is planned or in its way."""
    words, today = scene.words, scene.today
    spans: list[Span] = [*_whose(item, scene), " · ", when(item, today, scene.calendar, words)]
    if item.blocked_at is not None and item.blocked_reason:
        spans += [" · ", words.text("blocked: {reason}", reason=item.blocked_reason)]
    elif item.blocked_at is not None:
        spans += [" · ", words.text("blocked")]
    elif item.plan_on == today:
        spans += [" · ", words.text("planned for today")]
    elif item.plan_on is not None and item.plan_on > today:
        spans += [" · ", words.text("planned for {day}", day=words.day(item.plan_on, today))]
    elif is_overdue(item, today) and item.on_it_by is None:
        spans += [" · ", words.text("no new date yet")]
    return tuple(spans)


def _whose(item: Item, scene: Scene) -> Line:
    """The role; with the owner's name unless it is late, and as a mention where they are notified."""
    owner, role = scene.people.get(item.owner_id or ""), role_title(item, scene.words)
    if owner is None:
        return line(scene.words.text("{role}: nobody yet", role=role))
    if is_overdue(item, scene.today) or rhythm.rhythm_of(scene.pilot).naming is Naming.ROLE:
        return line(role)
    is_notified = (owner.id, item.id) in scene.notified
    return line(f"{role}: ", Mention(owner.id, owner.name) if is_notified else owner.name)


def _on_it(item: Item, scene: Scene) -> tuple[Line, ...]:
    said = on_it_words(item, scene.people, scene.calendar, scene.today, scene.words,
                       (scene.joined or {}).get(item.id, ()))
    return (line(said),) if said else ()


def on_it_words(item: Item, people: People, calendar: Calendar, today: date, words: Words,
                joined: tuple[str, ...] = ()) -> str:
    """'Sam is on it since 10:02', with those who joined; empty where nobody said so."""
    if item.on_it_by is None or item.on_it_at is None:
        return ""
    local = calendar.local(item.on_it_at)
    since = f"{local:%H:%M}" if local.date() == today else words.day(local.date(), today)
    names = [name_of(who, people, words=words) for who in (item.on_it_by, *joined)]
    if len(names) == 1:
        return words.text("{person} is on it since {time}", person=names[0], time=since)
    return words.text("{people} are on it since {time}", people=words.listed(names), time=since)


def _countdown(item: Item, scene: Scene) -> str:
    words, today = scene.words, scene.today
    if item.due_on is None:
        return words.text("no date yet")
    if item.due_on <= today:
        return when(item, today, scene.calendar, words)
    left = scene.calendar.between(today, item.due_on)
    return words.text("{days} left, due {day}", days=working_days(left, words),
                      day=words.day(item.due_on, today))


def _praise(praise: Praise, scene: Scene) -> Line:
    words = scene.words
    parts = [words.text("gate to {stage} passed", stage=title_of(stage, scene.pilot.stages))
             for stage in praise.gates]
    if praise.all_briefings:
        parts.append(words.text("all briefings of week one held"))
    if praise.weeks_on_time:
        parts.append(words.count("{number} week on time", "{number} weeks on time", praise.weeks_on_time))
    if praise.helps:
        helpers = [f"{name_of(each.person, scene.people, words=words)} ({each.title})"
                   for each in praise.helps]
        parts.append(words.text("thank you for helping, {people}", people=words.listed(helpers)))
    return line("★ ", Bold(words.text("This week")), ": ", " · ".join(parts))


def _why(scene: Scene, day: date) -> Line:
    words, today = scene.words, scene.today
    as_of = "" if today == day else " " + words.text("As of {day}.", day=words.day(today, today))
    return line(
        words.text("Posted {days} at {time} while something waits, and kept up to date.",
                   days=days_words(rhythm.channel_weekdays(scene.pilot), words),
                   time=f"{rhythm.channel_time(scene.pilot):%H:%M}"),
        as_of, " ", *words.spans("To change that: {command}", command=Mono("/pilot channel-nudge")))


def days_words(days: Collection[int], words: Words) -> str:
    """'each working morning', 'Monday and Thursday', 'on no day'."""
    if not days:
        return words.text("on no day")
    if frozenset(days) == WORKDAYS:
        return words.text("each working morning")
    return words.listed([words.weekday(day) for day in sorted(days)])
