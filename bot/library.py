"""Reads templates, the nudge policy and catalogues: those that come with the bot, and the admin's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from handlers.alerts.policies import Policies as AlertPolicies
from handlers.alerts.sections import read_policies as read_alert_policies
from handlers.chat.catalogues import Catalogue, read_catalogue
from handlers.chat.wording import Languages, Words
from handlers.fields import Fault, FileErrors, quoted, valid
from handlers.nudges.policy import Policies
from handlers.nudges.policy_reader import read_policies
from handlers.pilots.templates import Template, parse
from handlers.runbooks.policy import Policies as RunbookPolicies
from handlers.runbooks.policy_reader import read_policies as read_runbook_policies

_POLICY_FILE: Final = "nudge-policy.yaml"
_ALERTS_FILE: Final = "alerts.yaml"
_ALERTS_KEY: Final = re.compile(r"""^["']?policy["']?\s*:\s*["']?alerts\b""", re.MULTILINE)
_RUNBOOKS_FILE: Final = "runbooks.yaml"
_RUNBOOKS_KEY: Final = re.compile(r"""^["']?policy["']?\s*:\s*["']?runbooks\b""", re.MULTILINE)
_POLICIES: Final = ("nudges", "alerts", "runbooks")
_OTHER_POLICY: Final = re.compile(r"""^["']?policy["']?\s*:\s*["']?(?!nudges\b)([\w-]+)""", re.MULTILINE)
_POLICY_KEY: Final = re.compile(r"""^["']?policy["']?\s*:""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class File:
    where: str
    text: str


def built_in() -> list[File]:
    """The templates that come with the bot."""
    folder = resources.files("handlers.pilots").joinpath("library")
    return [File(each.name, each.read_text(encoding="utf-8")) for each in folder.iterdir()
            if each.name.endswith(".yaml")]


def own(folder: Path | None) -> list[File]:
    """The admin's templates and policy. Raises OSError where the folder cannot be read."""
    if folder is None:
        return []
    return [File(str(path), path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.y*ml"))]


def is_policy(file: File) -> bool:
    """Whether it is a nudge policy rather than a template: by its key, or at least by its name."""
    if is_alert_policy(file) or is_runbook_policy(file):
        return False
    return _POLICY_KEY.search(file.text) is not None or Path(file.where).name == _POLICY_FILE


def is_template(file: File) -> bool:
    return not is_policy(file) and not is_alert_policy(file) and not is_runbook_policy(file)


def is_alert_policy(file: File) -> bool:
    return _ALERTS_KEY.search(file.text) is not None or Path(file.where).name == _ALERTS_FILE


def is_runbook_policy(file: File) -> bool:
    return _RUNBOOKS_KEY.search(file.text) is not None or Path(file.where).name == _RUNBOOKS_FILE


def read_library(folder: Path | None) -> Mapping[str, Template]:
    """Every template by name. Raises FileErrors with all faults of all files."""
    faults: list[Fault] = []
    library: dict[str, Template] = {}
    for file in [*built_in(), *(file for file in own(folder) if is_template(file))]:
        try:
            template = _template(file)
        except FileErrors as error:
            faults += error.faults
        else:
            library[template.name] = template
    if faults:
        raise FileErrors(faults)
    return library


@lru_cache(maxsize=64)
def _template(file: File) -> Template:
    """Read once, however often the bot is built: nothing changes a template. Raises FileErrors."""
    return parse(file.text, file.where)


def policy_file(folder: Path | None) -> File | None:
    """The admin's own nudge policy. Raises FileErrors where there are two."""
    mine = [file for file in own(folder) if is_policy(file)]
    if len(mine) > 1:
        text = f"There is a nudge policy in {mine[0].where} too; keep one of them."
        raise FileErrors(Fault(1, text, file.where) for file in mine[1:])
    return mine[0] if mine else None


@lru_cache(maxsize=8)
def policies_of(mine: File | None) -> Policies:
    """The built-in nudge policy with one's own over it. Raises FileErrors with all its faults."""
    said = _OTHER_POLICY.search(mine.text) if mine and Path(mine.where).name != _POLICY_FILE else None
    if mine is not None and said is not None:
        text = f"{quoted(said[1])} is not a policy; {valid(said[1], _POLICIES)}."
        raise FileErrors([Fault(mine.text.count("\n", 0, said.start()) + 1, text, mine.where)])
    default = resources.files("handlers.nudges").joinpath("library", _POLICY_FILE).read_text(encoding="utf-8")
    return read_policies(default, mine.text if mine else None, mine.where if mine else "")


def read_policy(folder: Path | None) -> Policies:
    """The nudge policy of the bot as it runs. Raises FileErrors."""
    return policies_of(policy_file(folder))


def alert_policy_file(folder: Path | None) -> File | None:
    """The admin's own alert policy. Raises FileErrors where there are two."""
    mine = [file for file in own(folder) if is_alert_policy(file)]
    if len(mine) > 1:
        text = f"There is an alert policy in {mine[0].where} too; keep one of them."
        raise FileErrors(Fault(1, text, file.where) for file in mine[1:])
    return mine[0] if mine else None


@lru_cache(maxsize=8)
def alert_policies_of(mine: File | None) -> AlertPolicies:
    """The built-in alert policy with one's own over it. Raises FileErrors with all its faults."""
    default = resources.files("handlers.alerts").joinpath("library", _ALERTS_FILE).read_text(encoding="utf-8")
    return read_alert_policies(default, mine.text if mine else None, mine.where if mine else "")


def read_alerts(folder: Path | None) -> AlertPolicies:
    """The alert policy of the bot as it runs. Raises FileErrors."""
    return alert_policies_of(alert_policy_file(folder))


def runbook_policy_file(folder: Path | None) -> File | None:
    """The admin's runbook policy. Raises FileErrors where there are two."""
    mine = [file for file in own(folder) if is_runbook_policy(file)]
    if len(mine) > 1:
        text = f"There is a runbook policy in {mine[0].where} too; keep one of them."
        raise FileErrors(Fault(1, text, file.where) for file in mine[1:])
    return mine[0] if mine else None


@lru_cache(maxsize=8)
def runbook_policies_of(mine: File | None) -> RunbookPolicies:
    """The runbook policy; without a file there are no sources. Raises FileErrors with all its faults."""
    return read_runbook_policies(mine.text, mine.where) if mine else RunbookPolicies()


def read_runbooks(folder: Path | None) -> RunbookPolicies:
    """The runbook policy of the bot as it runs. Raises FileErrors."""
    return runbook_policies_of(runbook_policy_file(folder))


# ---- languages ---------------------------------------------------------------------------------------------


def catalogue_files(folder: Path | None) -> list[File]:
    """Every catalogue, the built-in ones first. Raises OSError where the admin's folder cannot be read."""
    shipped = resources.files("handlers.chat").joinpath("locale")
    files = [File(each.name, each.read_text(encoding="utf-8"))
             for each in sorted(shipped.iterdir(), key=lambda each: each.name) if each.name.endswith(".po")]
    mine = sorted(folder.glob("*.po")) if folder is not None else []
    return files + [File(str(path), path.read_text(encoding="utf-8")) for path in mine]


@lru_cache(maxsize=16)
def catalogue_of(file: File) -> Catalogue:
    """One catalogue. Raises FileErrors with all its faults."""
    read = read_catalogue(Path(file.where).stem, file.text)
    if read.faults:
        raise FileErrors(Fault(line, text, file.where) for line, text in read.faults)
    return read


def read_languages(folder: Path | None, default: str) -> Languages:
    """What there is a catalogue of; one of the admin's goes over a built-in one of the same language.

    Raises FileErrors with all faults of all catalogues.
    """
    faults: list[Fault] = []
    known: dict[str, Words] = {}
    for file in catalogue_files(folder):
        try:
            words = catalogue_of(file).words
        except FileErrors as error:
            faults += error.faults
        else:
            key = words.language.casefold()
            known[key] = replace(words, texts={**known[key].texts, **words.texts}) if key in known else words
    if faults:
        raise FileErrors(faults)
    return Languages(known, default)


def language_fault(languages: Languages) -> str | None:
    """What is wrong with the language that the settings choose."""
    known = {"en", *languages.known}
    asked = languages.default.replace("-", "_").casefold()
    if asked in known or asked.partition("_")[0] in known:
        return None
    return (f"GROUNDCREW_LANGUAGE is {languages.default}, but there is no {languages.default}.po: take one "
            f"of {', '.join(sorted(known))}, or put that file into GROUNDCREW_TEMPLATES_DIR")
