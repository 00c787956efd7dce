"""What is read from where, how that goes, and what to do where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from handlers.chat.cards import Bold, Button, Card, Element, Line, Moment, Mono, Note, Row, Text, line, said
from handlers.runbooks.policy import Kind, Source

_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """How one source stands."""

    source: Source
    pages: int = 0
    sections: int = 0
    stubs: int = 0
    answered_at: datetime | None = None
    changed_at: datetime | None = None
    is_being_read: bool = False
    progress: tuple[int, int] | None = None
    """Pages read so far, of how many."""
    is_waiting: bool = False
    """It is to be read at the next tick."""
    error: str | None = None
    next_at: datetime | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    """(path, why), some of them."""
    left_out_count: int = 0
    faults: tuple[tuple[str, str], ...] = ()
    """(path, what could not be read of it)."""
    notes: tuple[str, ...] = ()
    unknown_pilot: str | None = None
    """What to say where no pilot has the name that the source gives."""
    may_refresh: bool = False


def sources_card(standings: Sequence[Standing], now: datetime, *, is_admin: bool, hidden: int = 0) -> Card:
    """All that somebody may see. `hidden`: so many more belong to other pilots."""
    if not standings and not hidden:
        how = ("Write `runbooks.yaml` into GROUNDCREW_TEMPLATES_DIR, with a `sources:` section, and start "
               "me again; docs/runbooks.md shows one." if is_admin else
               "An admin names them in runbooks.yaml: a folder, a Git repository, or an address.")
        return said(f"I read no runbooks yet. {how}")
    elements: list[Element] = [_row(each, now, is_admin=is_admin) for each in standings]
    if hidden:
        elements.append(Note(line(f"{hidden} more {'belongs' if hidden == 1 else 'belong'} to other pilots; "
                                  "their teams see them in their channels.")))
    if is_admin and standings:
        elements.append(Note(line("These come from runbooks.yaml. ", Mono("/runbook refresh NAME"),
                                  " reads one at once.")))
    total = sum(each.pages for each in standings)
    return Card(f"{_number(len(standings), 'source')} of runbooks, {_number(total, 'page')}", tuple(elements))


def _row(each: Standing, now: datetime, *, is_admin: bool) -> Row:
    source = each.source
    head: Line = (Bold(source.name), f", {_kind(source.kind)}, ",
                  f"of {source.pilot}" if source.pilot else "shared by all pilots",
                  f", kept by {source.owner}" if source.owner else "")
    lines = [head]
    if is_admin:
        lines.append((Mono(source.where), *_place(source)))
    lines.append((_amount(each), *_when(each)))
    if each.error is not None:
        lines += _trouble(each, now, is_admin=is_admin)
    lines += [(note,) for note in each.notes]
    if each.unknown_pilot is not None and is_admin:
        lines.append((each.unknown_pilot,))
    lines += _left(each, _EXAMPLES if is_admin else 2)
    is_idle = not each.is_being_read and not each.is_waiting
    aside = (Button("Read again", f"run:/runbook refresh {source.name}", says=f"Read {source.name} again")
             if each.may_refresh and is_idle else None)
    return Row(tuple(lines), aside=aside)


def _kind(kind: Kind) -> str:
    return {Kind.FOLDER: "a folder", Kind.GIT: "a Git repository", Kind.HTTP: "an address"}[kind]


def _place(source: Source) -> Line:
    parts = [f"branch {source.branch}" if source.branch else "",
             f"folder {source.path}" if source.path else "",
             f"token in {source.token_env}" if source.token_env else "",
             f"pushes proven by {source.push_secret_env}" if source.push_secret_env else "",
             "internal: never sent to another service" if source.is_internal else ""]
    found = ", ".join(part for part in parts if part)
    return (f", {found}",) if found else ()


def _amount(each: Standing) -> str:
    found = f"{_number(each.pages, 'page')}, {_number(each.sections, 'section')}"
    return found + (f", {each.stubs} of the pages not written yet" if each.stubs else "")


def _when(each: Standing) -> Line:
    if each.is_being_read:
        done = f" ({each.progress[0]:,} of {each.progress[1]:,} pages)" if each.progress else ""
        return (f". Being read just now{done}",)
    if each.answered_at is None:
        return (". Not read yet" if each.error is None else ". It could not be read so far",)
    waiting = ", to be read again in a moment" if each.is_waiting else ""
    return (". Last read ", _moment(each.answered_at), waiting)


def _trouble(each: Standing, now: datetime, *, is_admin: bool) -> list[Line]:
    """Why it cannot be read, what goes on meanwhile, and when it is tried again."""
    since = ", but what was read before still answers" if each.pages else ""
    if not is_admin:
        return [(Bold("Cannot be read at present"), f"{since}. An admin sees why.")]
    found: list[Line] = [(Bold("Cannot be read"), f"{since}. {each.error}")]
    if each.next_at is not None and each.next_at - now > timedelta(seconds=30):
        found.append(("Tried again ", _moment(each.next_at), "."))
    return found


def _left(each: Standing, at_most: int) -> list[Line]:
    """What is not read and why, a few examples and how many there are."""
    found: list[Line] = []
    if each.left_out_count:
        shown = each.left_out[:at_most]
        found.append((f"Left out ({each.left_out_count}): ", *_examples(shown, each.left_out_count)))
    if each.faults:
        shown = each.faults[:at_most]
        found.append((f"Read in part ({len(each.faults)}): ", *_examples(shown, len(each.faults))))
    return found


def _examples(shown: Sequence[tuple[str, str]], number: int) -> Line:
    spans: list[str | Mono] = []
    for path, why in shown:
        spans += ["; " if spans else "", Mono(path[-80:]), f": {why}"]
    return (*spans, f"; and {number - len(shown)} more." if number > len(shown) else ".")


def _moment(at: datetime) -> Moment:
    return Moment(at, f"{at:%Y-%m-%d %H:%M} UTC")


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def refreshed_card(names: Sequence[str]) -> Card:
    """That sources are to be read again, and where it will be seen what came of it."""
    return Card(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} read again in a moment",
                (Text((line("What came of it stands in ", Mono("/runbook sources"), "."),)),))


def _listed(names: Sequence[str]) -> str:
    shown = [f"“{name}”" for name in names[:5]]
    more = [f"{len(names) - 5} more"] if len(names) > 5 else []
    words = [*shown, *more]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
