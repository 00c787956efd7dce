"""Which country a time zone lies in: chat services know people's zones, holidays need their country."""

from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def _by_zone() -> dict[str, str]:
    """The tz database's own table of zones and countries (zone.tab in the tzdata package)."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (row.split("\t") for row in table.splitlines() if row and not row.startswith("#"))
    return {row[2]: row[0] for row in rows}


def country_of(zone: str) -> str | None:
    """ISO code of the country `zone` lies in; None for UTC and the like."""
    return _by_zone().get(zone)
