"""What rows of `told` mean for the next step."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from handlers.nudges.matter import Heard
from handlers.nudges.policy import LADDER, Step
from storage.models import Item
from storage.told import Telling

ESCALATIONS = frozenset({Step.STAND_IN, *LADDER})
ASKED_FOR = (Step.WARN, Step.HELD, Step.PLANNED, Step.CHANNEL, *ESCALATIONS)
"""The steps that what comes next hangs on."""


def by_item(tellings: Iterable[Telling]) -> Mapping[int, list[Telling]]:
    found: dict[int, list[Telling]] = defaultdict(list)
    for telling in tellings:
        found[telling.item_id].append(telling)
    return found


def heard_of(item: Item, tellings: Iterable[Telling]) -> Heard:
    """As far as it was for the item's present owner and due date."""
    last: dict[str, date] = {}
    warned: dict[str, date | None] = {}
    in_channel: dict[str, datetime] = {}
    for telling in tellings:
        if telling.step == Step.CHANNEL:
            in_channel[telling.person_id] = telling.at
        elif item.owner_since is not None and telling.at < item.owner_since:
            continue
        elif telling.step != Step.WARN:
            last[telling.step] = max(telling.day, last.get(telling.step, telling.day))
        elif item.step != Step.WARN or item.step_on is None or telling.day >= item.step_on:
            warned[telling.person_id] = telling.day if telling.is_shown or telling.is_given_up else None
    return Heard(warned, last.get(Step.HELD), last.get(Step.PLANNED), in_channel)
