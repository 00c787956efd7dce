"""Reads the templates: those that come with the bot, and the admin's own."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from handlers.fields import Fault, FileErrors
from handlers.pilots.templates import Template, parse


def built_in() -> dict[str, str]:
    """File name -> text of the templates that come with the bot."""
    folder = resources.files("handlers.pilots").joinpath("library")
    return {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir()
            if each.name.endswith(".yaml")}


def own(folder: Path | None) -> dict[str, str]:
    """Path -> text of the admin's templates. Raises OSError where the folder cannot be read."""
    if folder is None:
        return {}
    return {str(path): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.y*ml"))}


def read_library(folder: Path | None) -> Mapping[str, Template]:
    """Every template by name. Raises FileErrors with all faults of all files."""
    faults: list[Fault] = []
    library: dict[str, Template] = {}
    for where, text in {**built_in(), **own(folder)}.items():
        try:
            template = parse(text, where)
        except FileErrors as error:
            faults += error.faults
        else:
            library[template.name] = template
    if faults:
        raise FileErrors(faults)
    return library
