"""What the rooms showed, first post by first post, and how that is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from bot.sandbox import Message, Sandbox
from bot.sandbox.elements import elements
from bot.sandbox.plain import decode
from tests.month import voice
from tests.month.cast import Company, Member


@dataclass(frozen=True)
class Facts:
    """How an item stood when something was said of it."""

    owner: str | None
    due: date | None
    weight: int = 3
    holds_gate: bool = True
    blocked_by: str | None = None
    is_blocked: bool = False
    since: datetime | None = None
    number: int = 0
    """The item's, as buttons name it."""


@dataclass
class Row:
    """One thing a message speaks of, as it was posted."""

    title: str
    pilot: str
    step: str
    text: str
    labels: tuple[str, ...] = ()
    facts: Facts | None = None
    ref: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.title, self.pilot


@dataclass
class Said:
    """A first post. `to`: the person whose direct message it is, or None in a channel."""

    at: datetime
    to: Member | None
    room: str
    kind: str
    text: str
    rows: list[Row] = field(default_factory=list)
    message: Any = None

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0].strip("*")

    @property
    def day(self) -> date:
        assert self.to is not None
        return self.to.local(self.at).date()

    @property
    def is_unasked(self) -> bool:
        return self.to is not None and (self.kind == "digest" or self.kind in voice.IMMEDIATE)


class Recorder:
    """Sees each post of the bot as it arrives in its room, before any edit."""

    def __init__(self, sandbox: Sandbox, company: Company) -> None:
        self.said: list[Said] = []
        self.files = 0
        self._ws, self._people = sandbox.workspace, {each.id: each for each in company.members.values()}
        self._post = self._ws.post
        self._ws.post = self._noting  # type: ignore[method-assign]

    def _noting(self, channel: Any, user: str, text: str, **more: Any) -> Message:
        message = self._post(channel, user, text, **more)
        if user == self._ws.bot and message.ephemeral_for is None:
            if message.thread_ts is not None and message.thread_ts != message.ts:
                self.files += bool(message.files)
            else:
                self.said.append(self._read(channel, message))
        return message

    def _read(self, channel: Any, message: Message) -> Said:
        text = message.plain
        to = self._people[channel.with_user] if channel.with_user else None
        kind = voice.kind_of(text)
        rows = rows_of(message.all_blocks, self._ws.name_of) if kind in ("digest", "nudge") else []
        return Said(message.when, to, channel.name, kind, text, rows, message)


def rows_of(blocks: list[Any], name_of: Any) -> list[Row]:
    """The rows with buttons, and what is told without any: in the words that were shown."""
    found = []
    for number, block in enumerate(blocks):
        text = decode((block.get("text") or {}).get("text", ""), name_of) if block.get("type") == "section" else ""
        below = blocks[number + 1] if number + 1 < len(blocks) else {}
        labels = tuple(e["value"] for _, e in elements([below])) if below.get("type") == "actions" else ()
        head, _, rest = text.partition("\n")
        parts = head.rsplit(" · ", 2)
        if head.startswith("*") and len(parts) == 3:
            found.append(Row(parts[0].strip("*"), parts[1], voice.step_of(rest), rest, labels, ref=parts[2]))
        elif head.startswith("*") and len(parts) == 2:
            found.append(Row(parts[0].strip("*"), "", "", rest, labels, ref=parts[1]))
        else:
            found += [_line(line, step) for line in text.split("\n") for step, words in (
                ("copy", voice.COPY), ("ended", voice.ENDED)) if voice.says(line, words)]
            found += [row for line in text.split("\n") for row in _several(line)]
    return found


def _line(line: str, step: str) -> Row:
    named = next(voice.found(line, voice.COPY if step == "copy" else voice.ENDED, "item"), "")
    title, _, pilot = named.rpartition(" (")
    return Row(title, pilot.partition(")")[0], step, line)


def _several(line: str) -> Iterator[Row]:
    """Of a line that names several things: each of its own."""
    for items in voice.found(line, voice.COPIES, "items"):
        for named in items.split("; "):
            title, _, rest = named.rpartition(" (")
            yield Row(title, rest.partition(")")[0], "copy", line)


# ---- writing it down ---------------------------------------------------------------------------------------


def transcript(said: list[Said], company: Company) -> str:
    """One line a first post; at the end the hash of all that was said, word by word."""
    lines, today, whole = [], "", sha256()
    for each in sorted(said, key=lambda one: (f"{one.at:%Y-%m-%d %H:%M}", one.room, one.to.handle if one.to else "",
                                              one.kind, one.title)):
        if f"{each.at:%a %d %b}" != today:
            today = f"{each.at:%a %d %b}"
            lines.append(f"== {today} (UTC)")
        lines.append(_one_line(each))
        whole.update(each.text.encode())
    return "\n".join([*lines, f"{len(said)} first posts, sha256 of their texts {whole.hexdigest()}", ""])


def _one_line(said: Said) -> str:
    local = f"{said.to.local(said.at):%H:%M} {said.to.city}" if said.to else f"{said.at:%H:%M} UTC"
    room = f"@{said.to.handle}" if said.to else f"#{said.room}"
    steps = Counter(row.step for row in said.rows if row.step)
    listed = " ".join(f"{step}:{number}" if number > 1 else step for step, number in steps.items())
    edits = f" ~{said.message.updates}" if said.message is not None and said.message.updates else ""
    return f"{local} {room} {said.kind}{edits} | {said.title[:70]} | {listed}".rstrip(" |") \
        + f" [{sha256(said.text.encode()).hexdigest()[:6]}]"
