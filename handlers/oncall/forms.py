"""What is asked to set a rotation, to hand a shift over, or to have a rotation kept elsewhere."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from handlers.chat.cards import Field, Form, Option, Text, Values, line
from handlers.chat.errors import Refused
from handlers.oncall.provider_words import VENDORS, read_provider
from handlers.oncall.records import layer_of
from handlers.oncall.rules import Hours, Layer
from handlers.oncall.setting import NAME_AT_MOST, Head
from handlers.people.calendar import Calendar
from handlers.people.countries import zone_called
from handlers.people.dates import WEEKDAYS, simplified
from storage.alerting import Rotation
from storage.models import Pilot

WORKSPACE = "0"
"""The choice of the form that means no pilot."""
_TURNS = ((1, "One day"), *((days, f"{days} days") for days in range(2, 7)), (7, "One week"),
          *((7 * weeks, f"{weeks} weeks") for weeks in (2, 3, 4)))
_WORKDAYS = frozenset(range(5))


def new_form(pilots: Sequence[Pilot], here: Pilot | None, zone: str, today: date) -> Form:
    """A new rotation, kept here."""
    return Form("oc-new", "New rotation", (
        *_head(None, pilots, here, zone), *_turns(None, today)), "Save")


def layer_form(rotation: Rotation, place: int, now: datetime) -> Form:
    """A layer of a rotation, with its name and zone where it is the first; one behind the last is new.

    What is asked stands so that saving it unchanged changes nothing: the turn that runs is the first one.
    """
    calendar = Calendar(rotation.zone)
    layer = as_of(layer_of(rotation.layers[place]), calendar, now) if place < len(rotation.layers) else None
    title = "Edit rotation" if place == 0 else f"Layer {place + 1}"
    head = _head(rotation, (), None, rotation.zone) if place == 0 else ()
    intro = [line(rotation.name)]
    if place:
        intro.append(line("Where this layer counts it goes over the earlier ones, as in office hours."))
    if rotation.provider:
        intro.append(line("Saving keeps the rotation here again, not at the other system."))
    fields = (*head, *_turns(layer, calendar.today(now)))
    return Form(f"oc-layer:{rotation.id}:{place}", title, fields, "Save", (Text(tuple(intro)),))


def as_of(layer: Layer, calendar: Calendar, now: datetime) -> Layer:
    """The same turns from the present one on: it begins with that turn's person and day."""
    today = calendar.today(now)
    if not layer.people or calendar.at(layer.begins, layer.at) > now:
        return layer
    number = (today - layer.anchor).days // layer.every
    if calendar.at(layer.anchor + timedelta(days=number * layer.every), layer.at) > now:
        number -= 1
    first = number % len(layer.people)
    begins = max(layer.begins, layer.anchor + timedelta(days=number * layer.every))
    return Layer(layer.people[first:] + layer.people[:first], layer.every, layer.at, begins, layer.weekday,
                 layer.hours)


def provider_form(rotation: Rotation) -> Form:
    """A rotation that another system keeps."""
    was = rotation.provider or {}
    kinds = tuple(Option(vendor.title, kind, f"Schedule: {vendor.schedule}"[:75])
                  for kind, vendor in VENDORS.items())
    named = "\n".join(f"{name} = <@{who.partition(':')[2]}>" for name, who in was.get("people", {}).items())
    return Form(f"oc-elsewhere:{rotation.id}", "Kept elsewhere", (
        Field("kind", "Which system", "choice", options=kinds, initial=was.get("kind")),
        Field("schedule", "Schedule there", at_most=200, initial=was.get("schedule")),
        Field("token_env", "Environment variable with its token", at_most=60, initial=was.get("token_env"),
              placeholder="ONCALL_PAGERDUTY_TOKEN",
              hint="The name, never the token itself; a token that may only read is enough."),
        Field("base_url", "API address", required=False, at_most=200, initial=was.get("base_url"),
              hint="For PagerDuty and Opsgenie only where it is the European one."),
        Field("stack_url", "Address of your Grafana", required=False, at_most=200,
              initial=was.get("stack_url"), placeholder="https://NAME.grafana.net",
              hint="For Grafana only, and with a service account's token."),
        Field("people", "Who is who", "lines", required=False, at_most=3000, initial=named or None,
              placeholder="ana.ruiz@example.com = @ana",
              hint="One a line: the name or address there = @who here. Equal names are found without it."),
    ), "Save", (Text((line(rotation.name), line("That system then says who is on call; it is asked each "
                                                "minute."))),))


def give_form(rotation: Rotation) -> Form:
    """Who takes over, and until when."""
    return Form(f"oc-give:{rotation.id}", "Hand over", (
        Field("who", "Who takes over now", "person", hint="They get a message about it at once."),
        Field("until", "Until", required=False, at_most=60, placeholder="fri 10:00",
              hint="Left empty: as long as the present shift lasts."),
    ), "Hand over", (Text((line(rotation.name),)),))


# ---- what was filled in ------------------------------------------------------------------------------------


def head_of(values: Values) -> Head:
    """Raises Refused at the field."""
    zone = zone_called(simplified(_text(values, "zone")))
    if zone is None:
        raise _wrong("zone", "I do not know that zone. Type a city such as Berlin, or Europe/Berlin.")
    for_whom, rank = _text(values, "pilot") or WORKSPACE, _text(values, "rank") or "0"
    if not (for_whom.isdecimal() and len(for_whom) < 16):
        raise _wrong("pilot", "Pick one.")
    if rank not in ("0", "1"):
        raise _wrong("rank", "Pick one.")
    return Head(_text(values, "name"), zone, int(rank), int(for_whom) or None)


def layer_in(values: Values) -> Layer:
    """Raises Refused at the field."""
    people, every = values.get("people"), _text(values, "every")
    if not isinstance(people, tuple) or not people:
        raise _wrong("people", "Name at least one person: an empty rotation wakes nobody.")
    if not every.isdecimal() or int(every) not in [days for days, _ in _TURNS]:
        raise _wrong("every", "Pick one.")
    weekday = _text(values, "weekday")
    day = int(weekday) if int(every) % 7 == 0 and weekday in [str(number) for number in range(7)] else None
    try:
        begins = date.fromisoformat(_text(values, "begins"))
    except ValueError as error:
        raise _wrong("begins", "Pick a day.") from error
    return Layer(tuple(dict.fromkeys(people)), int(every), _time(_text(values, "at"), "at"), begins, day,
                 _hours(values))


def provider_in(values: Values) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """What is kept of the provider, and (name there, who here as typed). Raises Refused at the field."""
    facts = read_provider(*(_text(values, name) for name in (
        "kind", "schedule", "token_env", "base_url", "stack_url")))
    named = []
    for typed in _text(values, "people").splitlines():
        if not typed.strip():
            continue
        there, equals, who = typed.partition("=")
        if not (equals and there.strip() and who.strip()):
            raise _wrong("people", f"One a line, as in “ana.ruiz@example.com = @ana”; not “{typed[:60]}”.")
        named.append((there.strip().casefold()[:200], who.strip()))
    return facts, named


def _hours(values: Values) -> Hours | None:
    begins, ends, days = _text(values, "from"), _text(values, "to"), values.get("days")
    picked = frozenset(day for day in range(7) if isinstance(days, tuple) and str(day) in days)
    if not begins and not ends and not picked:
        return None
    if bool(begins) != bool(ends):
        raise _wrong("to" if begins else "from", "Give both times, or none for the whole day.")
    return Hours(picked or _WORKDAYS, _time(begins or "00:00", "from"), _time(ends or "00:00", "to"))


def _time(typed: str, field: str) -> time:
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError as error:
        raise _wrong(field, "Pick a time.") from error


def _text(values: Values, field: str) -> str:
    value = values.get(field)
    return value.strip() if isinstance(value, str) else ""


def _wrong(field: str, said: str) -> Refused:
    return Refused(said, fields={field: said})


# ---- the fields --------------------------------------------------------------------------------------------


def _head(rotation: Rotation | None, pilots: Sequence[Pilot], here: Pilot | None,
          zone: str) -> tuple[Field, ...]:
    fields = [Field("name", "Name", at_most=NAME_AT_MOST,
                    initial=rotation.name if rotation else here.name if here else None,
                    placeholder="Claims triage", hint="People type it in `/oncall` commands.")]
    if rotation is None:
        options = [Option("The whole workspace", WORKSPACE, "For pilots that have none of their own")]
        options += [Option(pilot.name[:75], str(pilot.id)) for pilot in pilots]
        fields.append(Field("pilot", "For", "choice", options=tuple(options),
                            initial=str(here.id) if here else WORKSPACE))
    fields += [
        Field("rank", "Called", "choice", initial=str(rotation.rank) if rotation else "0", options=(
            Option("First", "0"), Option("Second", "1", "When the first does not answer"))),
        Field("zone", "Time zone", initial=zone, at_most=60,
              hint="Hand-overs stay at the same time there when the clocks change."),
    ]
    return tuple(fields)


def _turns(layer: Layer | None, today: date) -> tuple[Field, ...]:
    hours = layer.hours if layer is not None else None
    days = tuple(Option(day, str(number)) for number, day in enumerate(WEEKDAYS))
    weekday = layer.weekday if layer is not None else 0
    return (
        Field("people", "People, in their order", "people", initial=layer.people if layer else None,
              hint="The first has the turn that holds the first day below, then the next, and so on."),
        Field("every", "A turn lasts", "choice", initial=str(layer.every) if layer else "7",
              options=tuple(Option(said, str(number)) for number, said in _TURNS)),
        Field("weekday", "Hand-over day", "choice", required=False, options=days,
              initial=str(weekday) if weekday is not None else None, hint="For turns of whole weeks."),
        Field("at", "Hand-over time", "time", initial=f"{layer.at:%H:%M}" if layer else "09:00"),
        Field("begins", "First day", "date", initial=(layer.begins if layer else today).isoformat(),
              hint="It counts from the hand-over time of that day on."),
        Field("days", "Only on these days", "choices", required=False, options=days,
              initial=tuple(str(day) for day in sorted(hours.days)) if hours else None,
              hint="Left empty: always. With times below and no day: Monday to Friday."),
        Field("from", "Only from", "time", required=False,
              initial=f"{hours.begins:%H:%M}" if hours else None),
        Field("to", "Only until", "time", required=False, initial=f"{hours.ends:%H:%M}" if hours else None,
              hint="An end before the beginning is on the next day."),
    )
