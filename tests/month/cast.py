"""Who is there in the month: sixty people in eight zones, and how each of them behaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

import holidays

from bot.sandbox import Cast, Channel, Person

DEFAULT_ZONE, DEFAULT_COUNTRY = "Europe/Berlin", "DE"
"""Of the installation: for whoever has no zone."""

_PLACES = {
    ("Europe/Berlin", "DE", "BER"): "Marta Keller, Jonas Brandt, Lena Fischer, Tom Weber, Dieter Vogel, Katrin Lang, "
                                    "Uwe Sommer, Petra Roth, Stefan Kurz, Anke Busch, Frank Adler, Sabine Horn, "
                                    "Nils Peters, Zora Frei",
    ("Europe/London", "GB", "LON"): "Priya Shah, Sam Okafor, Olivia Hart, Ben Gale, Ruth Lowe, Hugh Penn, Isla Reid, "
                                    "Callum Frost, Nora Quinn, Alex Moss",
    ("America/New_York", "US", "NYC"): "Carol Whitfield, Greg Stone, Dana Price, Eli Marsh, Faye Cole, Gus Boyd, "
                                       "Hope Lane, Ivan Ross, June Park",
    ("America/Los_Angeles", "US", "SFO"): "Kai Tran, Lola Vega, Max Chen, Nina Wu, Otis Bell, Pia Cruz",
    ("Asia/Kolkata", "IN", "CCU"): "Ravi Nair, Asha Rao, Dev Menon, Esha Iyer, Gita Bose, Hari Das, Indu Sen, Jai Kapoor",
    ("Australia/Sydney", "AU", "SYD"): "Jack Mills, Kate Dunn, Liam Ward, Mia Boyle",
    ("America/Sao_Paulo", "BR", "SAO"): "Ana Ruiz, Bia Lopes, Caio Nunes, Duda Reis",
    ("Asia/Tokyo", "JP", "TYO"): "Hiro Sato, Yuki Mori, Kenji Abe, Rina Oda, Taro Ueda",
}
BEHAVIOURS = ("prompt", "prompt", "prompt", "planner", "planner", "late", "blocked", "silent", "delegating", "snoozing")
_ZONELESS = "zora"


def share(*of: object) -> float:
    """A number from 0 to 1 that hangs on these words alone."""
    return int.from_bytes(sha256("|".join(map(str, of)).encode()).digest()[:6]) / 2**48


@dataclass(frozen=True)
class Member:
    """Somebody of the month, as the story knows them, whatever the bot may think."""

    handle: str
    name: str
    zone: str
    country: str
    city: str
    behaviour: str
    german: bool = False
    has_zone: bool = True
    away: tuple[tuple[date, date], ...] = ()
    """From the first day on, back on the second."""
    dnd: tuple[tuple[datetime, datetime], ...] = ()
    leaves: datetime | None = None
    delegate: str | None = None

    @property
    def id(self) -> str:
        return f"U0{self.handle.upper():0<7}"[:9]

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in _holidays(self.country)

    def is_away(self, day: date) -> bool:
        return any(begins <= day < back for begins, back in self.away)

    def working_days(self, after: date, until: date) -> int:
        """How many of their working days lie after `after`, up to and with `until`."""
        days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
        return sum(self.works(day) for day in days)


@cache
def _holidays(country: str) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=(2026, 2027)))


@dataclass(frozen=True)
class Company:
    members: dict[str, Member] = field(default_factory=dict)

    def cast(self, rooms: list[str]) -> Cast:
        people = [Person(each.id, each.handle, each.name, "Works here", each.zone if each.has_zone else "", each.country,
                         email=f"{each.handle}@northwind.example", locale="de-DE" if each.german else "en-GB",
                         is_admin=each.handle == "alex") for each in self.members.values()]
        channels = [Channel("C0GENERAL", "general")]
        channels += [Channel(f"C0ROOM{n:03d}", name) for n, name in enumerate(rooms, 1)]
        return Cast(people=people, channels=channels, newcomer="priya")

    def by_name(self) -> dict[str, Member]:
        return {each.name: each for each in self.members.values()}


def company(begins: date) -> Company:
    """Everybody; `begins` is the month's first Monday, from which days off are counted."""
    def day(n: int) -> date:
        return begins + timedelta(days=n)

    absent = {
        "katrin": {"away": ((day(9), day(14)),), "delegate": "nils"},   # with somebody who stands in
        "gus": {"away": ((day(8), day(15)),)},                          # without: the lead's
        "priya": {"away": ((day(16), day(21)),), "delegate": "ruth"},   # a lead
        "asha": {"away": ((day(3), day(10)),), "delegate": "dev"},
        "caio": {"away": ((day(10), day(14)),)},
    }
    members = {}
    for (zone, country, city), names in _PLACES.items():
        for number, name in enumerate(names.split(", ")):
            handle = name.split()[0].lower()
            given: dict[str, object] = {
                "behaviour": BEHAVIOURS[int(share("behaviour", handle) * len(BEHAVIOURS))],
                "german": country == "DE" and number % 2 == 0, "has_zone": handle != _ZONELESS,
                "dnd": _dnd(handle, zone, begins), **absent.get(handle, {}), **_ROLES.get(handle, {})}
            if handle == "ben":
                given["leaves"] = datetime.combine(day(9), datetime.min.time(), ZoneInfo("UTC")) + timedelta(hours=13)
            members[handle] = Member(handle, name, zone, country, city, **given)  # type: ignore[arg-type]
    return Company(members)


_ROLES: dict[str, dict[str, object]] = {
    "marta": {"behaviour": "decides"}, "greg": {"behaviour": "decides"}, "hiro": {"behaviour": "prompt"},
    "olivia": {"behaviour": "silent"}, "dieter": {"behaviour": "silent"},
    "jonas": {"behaviour": "slots"}, "carol": {"behaviour": "slots"}, "eli": {"behaviour": "writing"},
    "sabine": {"behaviour": "never"}, "kai": {"behaviour": "writing"}, "stefan": {"behaviour": "never"},
    "ben": {"behaviour": "late"}, "zora": {"behaviour": "prompt"}, "ruth": {"behaviour": "prompt"},
}


def _dnd(handle: str, zone: str, begins: date) -> tuple[tuple[datetime, datetime], ...]:
    """A few do not want to be disturbed on some mornings."""
    if share("dnd", handle) > 0.12:
        return ()
    days = [begins + timedelta(days=n) for n in (2, 8, 15, 17)]
    return tuple((datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo(zone)),
                  datetime(day.year, day.month, day.day, 11, tzinfo=ZoneInfo(zone))) for day in days)
