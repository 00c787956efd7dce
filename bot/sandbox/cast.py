"""Who and what is there when the sandbox opens: the people, their rooms and the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a Slack account. `country` never leaves through the Web API: Slack has no such field."""

    id: str
    handle: str
    name: str
    title: str
    tz: str
    country: str
    email: str = ""
    locale: str = "en-US"
    team_id: str = ""  # empty: the workspace's own
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A room. `members` are handles; None: everybody of the workspace who is not deactivated."""

    id: str
    name: str
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    has_bot: bool = True
    members: tuple[str, ...] | None = None
    guests: tuple[str, ...] = ()  # strangers let in by Slack Connect


@dataclass(frozen=True, slots=True)
class Cast:
    people: Sequence[Person]
    channels: Sequence[Channel]
    team_id: str = "T0SANDBOX"
    team_name: str = "Northwind Operations"
    team_domain: str = "northwind-operations"
    app_id: str = "A0GROUNDC"
    bot_user_id: str = "U0GROUNDC"
    bot_id: str = "B0GROUNDC"
    bot_handle: str = "groundcrew"
    newcomer: str = "priya"  # through whose eyes the page opens
    tz: str = "Europe/Berlin"  # whose mornings the time machine goes to


def default_cast() -> Cast:
    """One person per role of a pilot, an admin, a stranger, someone who left, and rooms of each kind."""
    staff = [
        _person("U0MARTA00", "marta", "Marta Keller", "COO", "Europe/Berlin", "DE", is_owner=True),
        _person("U0PRIYA00", "priya", "Priya Shah", "Pilot lead", "Europe/London", "GB"),
        _person("U0TOMWB00", "tom", "Tom Weber", "Product manager", "Europe/Berlin", "DE"),
        _person("U0SAMOK00", "sam", "Sam Okafor", "Staff engineer", "Europe/London", "GB"),
        _person("U0LENAF00", "lena", "Lena Fischer", "Data steward", "Europe/Berlin", "DE",
                locale="de-DE"),
        _person("U0RAVIN00", "ravi", "Ravi Nair", "ML engineer", "Asia/Kolkata", "IN"),
        _person("U0ANARZ00", "ana", "Ana Ruiz", "Head of claims operations", "Europe/Madrid", "ES"),
        _person("U0INESD00", "ines", "Ines Duarte", "Security architect", "Europe/Lisbon", "PT"),
        _person("U0JONAS00", "jonas", "Jonas Brandt", "Legal counsel", "Europe/Berlin", "DE"),
        _person("U0CAROL00", "carol", "Carol Whitfield", "Compliance officer", "America/New_York", "US"),
        _person("U0OMARH00", "omar", "Omar Haddad", "Change manager", "Europe/Paris", "FR"),
        _person("U0ALEXA00", "alex", "Alex Admin", "Workspace admin", "Europe/London", "GB", is_admin=True),
    ]
    others = [
        Person(
            "U0STRAN00", "noor", "Noor Aziz", "Consultant", "America/Chicago", "US",
            email="noor@brightpath.example", team_id="T0BRIGHTP", is_stranger=True,
        ),
        Person(
            "U0GONEB00", "ben", "Ben Gone", "Analyst", "Europe/London", "GB",
            email="ben@northwind.example", deleted=True,
        ),
    ]  # fmt: skip
    few = ("priya", "sam", "alex")
    channels = [
        Channel("C0GENERAL", "general", "Company-wide announcements"),
        Channel("C0OPS0000", "ops", "Where things are run", members=_ops(staff)),
        Channel("C0CLAIMS0", "claims-triage", "Pilot: claims triage", members=_all(staff), guests=("noor",)),
        Channel("C0INVOICE", "invoice-match", "Pilot: invoice matching", members=_all(staff)),
        Channel("C0SUPPORT", "support-copilot", "Pilot: support copilot", members=_all(staff)),
        Channel("C0NOBOT00", "no-bot", "The app is not in here", has_bot=False, members=few),
        Channel("C0ARCHIVE", "archived", "Closed last year", is_archived=True, members=few),
        Channel(
            "C0LEGAL00", "legal-private", "Privileged",
            is_private=True, has_bot=False, members=("jonas", "carol", "priya"),
        ),
    ]  # fmt: skip
    return Cast(people=[*staff, *others], channels=channels)


def _person(
    id_: str, handle: str, name: str, title: str, tz: str, country: str, *,
    locale: str = "", is_admin: bool = False, is_owner: bool = False,
) -> Person:  # fmt: skip
    """The company speaks English, so most have chosen it, wherever they live."""
    email = f"{handle}@northwind.example"
    return Person(
        id_, handle, name, title, tz, country,
        email=email, locale=locale or ("en-US" if country == "US" else "en-GB"),
        is_admin=is_admin or is_owner, is_owner=is_owner,
    )  # fmt: skip


def _all(staff: Sequence[Person]) -> tuple[str, ...]:
    return tuple(person.handle for person in staff)


def _ops(staff: Sequence[Person]) -> tuple[str, ...]:
    return tuple(p.handle for p in staff if p.handle not in {"jonas", "carol"})
