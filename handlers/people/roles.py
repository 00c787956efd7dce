"""The eleven roles of a pilot: what each is called, what it does, and how people name it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from handlers.chat.errors import Refused
from handlers.chat.wording import marked
from handlers.people.dates import shown, simplified


class Role(StrEnum):
    """A seat in a pilot; the value is what is stored and typed."""

    SPONSOR = "sponsor"
    LEAD = "lead"
    PRODUCT = "product"
    ENGINEERING = "engineering"
    DATA = "data"
    ML = "ml"
    OPERATIONS = "operations"
    SECURITY = "security"
    LEGAL = "legal"
    COMPLIANCE = "compliance"
    CHANGE = "change"

    @property
    def title(self) -> str:  # type: ignore[override]  # a role's title, where a plain str has a method
        """The role as a heading: 'Machine learning'."""
        return _TITLES[self]

    @property
    def duty(self) -> str:
        """What this role does for a pilot, one line."""
        return _DUTIES[self]


ROLES: Final = tuple(Role)
FUNCTIONS: Final = tuple(role for role in Role if role not in (Role.SPONSOR, Role.LEAD))
"""Roles that stand for a function of the company and have a head; the other two are a pilot's own."""

_TITLES: Final[Mapping[Role, str]] = {
    Role.SPONSOR: marked("Sponsor"),
    Role.LEAD: marked("Pilot lead"),
    Role.PRODUCT: marked("Product"),
    Role.ENGINEERING: marked("Engineering"),
    Role.DATA: marked("Data"),
    Role.ML: marked("Machine learning"),
    Role.OPERATIONS: marked("Operations"),
    Role.SECURITY: marked("Security"),
    Role.LEGAL: marked("Legal"),
    Role.COMPLIANCE: marked("Compliance"),
    Role.CHANGE: marked("Change management"),
}

_DUTIES: Final[Mapping[Role, str]] = {
    Role.SPONSOR: marked("Pays for it, owns the number it must move, and decides: go on, pause or stop."),
    Role.LEAD: marked("Keeps the pilot moving: who has the ball, what is late, what the next gate needs."),
    Role.PRODUCT: marked("Says who uses it, for what, and how we will know that it helps."),
    Role.ENGINEERING: marked("Builds it into the real systems, with their sign-in, interfaces and limits."),
    Role.DATA: marked("Gets the real production data ready and keeps it checked at the source."),
    Role.ML: marked("Makes the model good enough, proves it on real cases, and watches it for drift."),
    Role.OPERATIONS: marked(
        "Runs it in production from day one: alerts, runbook, and the switch to turn it off."),
    Role.SECURITY: marked("Says early what must be safe, and checks access, secrets and attack paths."),
    Role.LEGAL: marked("Clears data rights, contracts, liability and personal data."),
    Role.COMPLIANCE: marked("Names the policies and laws that apply, and the review each one asks for."),
    Role.CHANGE: marked("Prepares the people whose work it changes: training, managers, feedback."),
}

_ALIASES: Final[Mapping[str, Role]] = {alias: role for role, aliases in {
    Role.SPONSOR: (
        "executive sponsor, exec sponsor, exec, executive, business sponsor, business owner, "
        "budget owner"
    ),
    Role.LEAD: (
        "pilot lead, team lead, project lead, project manager, program manager, programme "
        "manager, pilot owner, leader"
    ),
    Role.PRODUCT: "pm, po, product manager, product owner, product lead, product management",
    Role.ENGINEERING: (
        "eng, engineer, engineers, dev, devs, developer, developers, development, software, "
        "software engineer, software engineering, integration, architect, architecture, "
        "technology, tech, tech lead, it"
    ),
    Role.DATA: (
        "data engineer, data engineers, data engineering, data owner, data platform, data "
        "steward, dba"
    ),
    Role.ML: (
        "machine learning, ml engineer, ml engineers, ml engineering, mle, mlops, ai, ai "
        "engineer, data science, data scientist, data scientists, ds, model, modelling, "
        "modeling"
    ),
    Role.OPERATIONS: (
        "ops, op, operation, operator, operators, devops, sre, site reliability, site "
        "reliability engineer, support, on-call, oncall, it operations, it ops, service desk"
    ),
    Role.SECURITY: (
        "sec, infosec, information security, cyber, cybersecurity, cyber security, secops, "
        "devsecops, appsec, ciso, it security"
    ),
    Role.LEGAL: (
        "law, lawyer, lawyers, counsel, general counsel, attorney, privacy, privacy officer, "
        "dpo, data protection, data protection officer"
    ),
    Role.COMPLIANCE: (
        "risk, grc, risk and compliance, governance, audit, auditor, regulatory, compliance "
        "officer, model risk"
    ),
    Role.CHANGE: (
        "change management, change manager, change lead, adoption, training, enablement, "
        "communications, comms, people, hr"
    ),
}.items() for alias in aliases.split(", ")}
_NAMES: Final[Mapping[str, Role]] = {
    **_ALIASES,
    **{role.value: role for role in Role},
    **{title.lower(): role for role, title in _TITLES.items()},
}
_TOLERANT: Final = 5           # letters a name needs before one typo in it is let pass


def read_role(text: str) -> Role:
    """The role that `text` names: its name, title or a usual other word, with at most one typo.

    Raises Refused with the nearest roles and the list.
    """
    plain = simplified(text[:100]).replace("_", " ").strip(" .@#")
    plain = plain.removesuffix(" team").removesuffix(" role").removeprefix("the ")
    if plain in _NAMES:
        return _NAMES[plain]
    near = {role for name, role in _NAMES.items()
            if len(name) >= _TOLERANT and OSA.distance(plain, name, score_cutoff=1) <= 1}
    if len(near) == 1:
        return near.pop()
    raise Refused(_no_role(text, plain, near))


def _no_role(text: str, plain: str, near: set[Role]) -> str:
    every = ", ".join(ROLES)
    if not plain:
        return f"A role is missing. The roles: {every}."
    if not near:
        matches = process.extract(plain, list(_NAMES), scorer=fuzz.ratio, score_cutoff=60, limit=3)
        near = {_NAMES[name] for name, _, _ in matches}
    nearest = " or ".join(f"`{role}`" for role in ROLES if role in near)
    asked = f" Did you mean {nearest}?" if nearest else ""
    return f"“{shown(text)}” is not a role.{asked} The roles: {every}."
