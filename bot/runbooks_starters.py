"""`groundcrew runbooks starters`: the runbooks that come with the bot, for a team to make its own."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Copied:
    """File names, by what became of each."""

    written: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    """Were there already, word for word."""
    kept: tuple[str, ...] = ()
    """Were there with other words, and were left alone."""
    replaced: tuple[str, ...] = ()


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to; made if it is not there")
    parser.add_argument("--replace", action="store_true", help="write over files that were changed")


def run(asked: Namespace) -> int:
    """Copy what was asked for and say what was done; returns the exit status."""
    try:
        copied = copy(asked.folder, replace=asked.replace)
    except OSError as error:
        print(f"{error.filename or asked.folder} cannot be written: {error.strerror}.")
        return 1
    for name in copied.written:
        print(f"written   {name}")
    for name in copied.replaced:
        print(f"replaced  {name}")
    for name in copied.kept:
        print(f"kept      {name}: yours is another; --replace takes ours instead")
    if copied.same:
        print(f"{len(copied.same)} were there already, word for word.")
    print(f"Next: fill in the table at the end of each; name the folder {asked.folder} as a source in "
          "runbooks.yaml.")
    return 0


def starters() -> Mapping[str, str]:
    """The text of each by its file name, in order."""
    folder = resources.files("handlers.runbooks").joinpath("library", "starters")
    return {each.name: each.read_text(encoding="utf-8")
            for each in sorted(folder.iterdir(), key=lambda each: each.name) if each.name.endswith(".md")}


def copy(folder: Path, *, replace: bool = False) -> Copied:
    """Put them into a folder; what is there with other words is left alone unless `replace`.

    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, list[str]] = {"written": [], "same": [], "kept": [], "replaced": []}
    for name, text in starters().items():
        file, ours = folder / name, text.encode()
        if not file.exists():
            fate = "written"
        elif file.read_bytes() == ours:
            fate = "same"
        else:
            fate = "replaced" if replace else "kept"
        if fate in ("written", "replaced"):
            file.write_bytes(ours)
        done[fate].append(name)
    return Copied(**{fate: tuple(names) for fate, names in done.items()})
