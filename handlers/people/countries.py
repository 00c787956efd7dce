"""Which country a time zone lies in: chat services know people's zones, holidays need their country."""

from functools import lru_cache
from importlib import resources
from typing import Final
from zoneinfo import available_timezones

_UNIVERSAL: Final = {"utc": "UTC", "gmt": "UTC"}


@lru_cache(maxsize=1)
def _by_zone() -> dict[str, str]:
    """The tz database's own table of zones and countries (zone.tab in the tzdata package)."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (row.split("\t") for row in table.splitlines() if row and not row.startswith("#"))
    return {row[2]: row[0] for row in rows}


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    """Zones by their names and by the cities these end in, as people type them."""
    cities = {_typed(zone.rpartition("/")[2]): zone for zone in reversed(_by_zone())}
    return cities | {_typed(zone): zone for zone in available_timezones() if zone != "localtime"} | _UNIVERSAL


def zone_called(name: str) -> str | None:
    """The time zone of that name in any case, or of that city: "europe/berlin", "New York"; None: unknown."""
    return _by_name().get(_typed(name))


def _typed(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").casefold()


def country_of(zone: str) -> str | None:
    """ISO code of the country `zone` lies in; None for UTC and the like."""
    return _by_zone().get(zone)
