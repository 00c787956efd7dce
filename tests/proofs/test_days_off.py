"""Off from Friday to Tuesday: each person hears once how things stand, each channel at most once, nobody at night."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.sandbox import Message
from storage.models import Item, Person
from tests.bench import seed
from tests.proofs.conftest import FULL, PATIENT, Figure
from tests.proofs.stage import Stage, stage_on

pytestmark = PATIENT
ZONES = (("Europe/Berlin", "DE"), ("America/New_York", "US"), ("Asia/Tokyo", "JP"))
FRIDAY, TUESDAY = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
PERSONS, ROOMS, EACH = (60, 20, 4) if FULL else (12, 4, 4)
HOURS = tuple(n + 0.52 for n in range(24)) if FULL else (0.52, 3, 8.52, 14.52, 22)
"""Of a day in UTC; half past nine in Tokyo, Berlin and New York is among them."""
DUE = {1 + n * (ROOMS * seed.ITEMS // (PERSONS * EACH)): n % PERSONS for n in range(PERSONS * EACH)}
"""Items that are overdue, and who owns them."""
WORKING = time(9), time(18)
SWEEP_S = 0.2


def zone_of(person: int) -> ZoneInfo:
    return ZoneInfo(ZONES[person % len(ZONES)][0])


def tables() -> seed.Tables:
    """Everybody owns a few overdue items, next heard of at half past nine on Friday where they are."""
    made = [*seed.people(PERSONS, FRIDAY),
            *seed.pilots(range(ROOMS), PERSONS, FRIDAY, due=DUE, nudged=ROOMS, next_at=FRIDAY + timedelta(hours=8.5))]
    rows = {table.name: rows for table, rows in made}
    for n, person in enumerate(rows[Person.__tablename__]):
        person["zone"], person["country"] = ZONES[n % len(ZONES)]
    for item in rows[Item.__tablename__]:
        item["next_at"] = None
        if item["id"] in DUE:
            at = datetime.combine(FRIDAY.date(), time(9, 30), zone_of(DUE[item["id"]]))
            item |= {"next_at": at.astimezone(UTC), "title": f"thing {item['id']} of {DUE[item['id']]}"}
    return made


async def day(stage: Stage, midnight: datetime) -> None:
    """Live through a day, hour by hour, with a restart in the middle of it."""
    life = None
    for hour in HOURS:
        stage.clock.set(midnight + timedelta(hours=hour))
        if life is None or hour == HOURS[len(HOURS) // 2]:
            if life is not None:
                await life.stop()
            life = await (await stage.start(sweep_s=str(SWEEP_S))).ready()
        await asyncio.sleep(3 * SWEEP_S)  # swept, and swept again
        await stage.swept(30)
    assert life is not None
    await life.stop()


def moment_of(message: Message, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(float(message.ts), zone)


def things(message: Message) -> set[int]:
    """The items that a digest speaks of."""
    return {int(item) for item in re.findall(r"thing (\d+) of \d+\b", message.plain)}


def days(messages: Iterable[Message], zone: ZoneInfo) -> Counter[date]:
    return Counter(moment_of(message, zone).date() for message in messages)


async def test_off_from_friday_to_tuesday_each_hears_once_how_things_stand(
        some_url: str, tmp_path: Path, figure: Figure) -> None:
    both = {FRIDAY.date(): 1, TUESDAY.date(): 1}
    async with stage_on(some_url, tmp_path, rooms=ROOMS, persons=PERSONS, start=FRIDAY, tables=tables(),
                        zones=ZONES) as stage:
        await day(stage, FRIDAY)
        await day(stage, TUESDAY)
        for n in range(PERSONS):
            messages = stage.sandbox.shown(stage.sandbox.dm_id(seed.user(n)))
            digests = [message for message in messages if "This comes on working days" in message.plain]
            assert days(digests, zone_of(n)) == both, n
            for message in messages:
                assert WORKING[0] <= moment_of(message, zone_of(n)).time() < WORKING[1], "somebody was woken"
            own = {item for item, owner in DUE.items() if owner == n}
            for message in digests:  # leads and sponsors hear of others' things besides
                assert things(message) >= own, message.plain
        for n in range(ROOMS):
            messages = stage.sandbox.shown(f"C{n:08d}")
            assert days(messages, ZoneInfo("Europe/Berlin")) <= Counter(both), n
            assert messages, "no channel was nudged on any day: this proved nothing"
        figure("people, in three zones / digests each", f"{PERSONS} / 2, one of Friday and one of Tuesday")
        figure("channels / nudges", f"{ROOMS} / {sum(len(stage.sandbox.shown(f'C{n:08d}')) for n in range(ROOMS))}")
