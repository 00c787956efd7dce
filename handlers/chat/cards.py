"""What the bot can say and ask, on any surface. Plain values; renderers escape every string in them.

A string in a card is always literal text: a pilot named ``*<!channel>*`` looks just so. What has a
meaning beyond its letters (bold, a mention, a moment, a link) is a span of its own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Bold:
    text: str


@dataclass(frozen=True, slots=True)
class Mono:
    """A command or an id, to be typed or copied as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A person whom the message notifies."""

    person: str
    """The person's id, e.g. ``slack:U1``."""
    name: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that each reader sees in their own zone."""

    at: datetime
    fallback: str


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: str


Span = str | Bold | Mono | Mention | Moment | Link
Line = tuple[Span, ...]


def line(*spans: Span) -> Line:
    return spans


@dataclass(frozen=True, slots=True)
class Confirm:
    """The question asked before a press counts."""

    title: str
    text: str
    yes: str
    no: str = "Cancel"


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    action: str
    """A press comes back as this, ids only: ``done:42``."""
    style: str = "default"
    """``default``, ``primary`` or ``danger``."""
    confirm: Confirm | None = None
    says: str | None = None
    """What a screen reader says where the label alone is not enough."""


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    value: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph; `lines` stand under each other."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Small print: why this came, how to quiet it."""

    line: Line


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    pairs: tuple[tuple[str, Line], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of a list, with what can be done about it beside or below it."""

    lines: tuple[Line, ...]
    buttons: tuple[Button, ...] = ()
    aside: Button | None = None
    """A button beside the text instead of below it."""


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Divider:
    pass


@dataclass(frozen=True, slots=True)
class Picture:
    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Buttons:
    items: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """A choice that acts at once; comes back as ``action`` with the picked value."""

    action: str
    placeholder: str
    options: tuple[Option, ...]


Element = Text | Note | Heading | Facts | Row | Code | Divider | Picture | Buttons | Select


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a message; another content has another name."""

    name: str
    content: bytes | Callable[[], Awaitable[bytes | None]]
    """Or what makes it, called when it is needed and no transaction is open; None: it goes without."""
    title: str
    alt: str | None = None
    """Of a picture: what it shows, in words, for who cannot see it."""


@dataclass(frozen=True, slots=True)
class Card:
    """A message.

    `title` is its first line and what a phone notification shows; the renderer derives the complete
    plain text from title and elements, so a screen reader misses nothing.
    """

    title: str
    elements: tuple[Element, ...] = ()
    bare_title: bool = False
    """The title is said by the elements already."""
    file: File | None = None
    """Shown in the message's thread, once."""
    thread: str | None = None
    """The message in whose thread it stands; None: it stands by itself."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: it is to be composed again at that moment, and said then if it is still true."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form.

    `kind`: text, lines, number, date, time, choice (one of options), choices (some of options),
    person, people, channel.
    """

    id: str
    label: str
    kind: str = "text"
    hint: str | None = None
    required: bool = True
    initial: str | tuple[str, ...] | None = None
    options: tuple[Option, ...] = ()
    at_most: int | None = None
    """Characters for text kinds."""
    placeholder: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A question in several fields; comes back as ``submitted(action, values)``."""

    action: str
    """``verb:args``, ids only."""
    title: str
    fields: tuple[Field, ...]
    submit: str = "Save"
    intro: tuple[Element, ...] = field(default=())


Values = dict[str, str | tuple[str, ...] | None]
"""A form's answers by field id: text, person and channel ids as ``slack:U1`` / ``slack:C1``, dates as ISO."""


def prose(text: str) -> Line:
    """A sentence in which what stands between backticks is something to type."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return (text,)
    return tuple(Mono(part) if at % 2 else part for at, part in enumerate(parts) if part)


def said(text: str, *elements: Element) -> Card:
    """A short answer; between backticks, something to type."""
    return Card(title=text, elements=(Text((prose(text),)), *elements), bare_title=True)


def plain_line(spans: Line) -> str:
    out = []
    for span in spans:
        match span:
            case str():
                out.append(span)
            case Bold(text=text) | Mono(text=text):
                out.append(text)
            case Mention(name=name):
                out.append(f"@{name}")
            case Moment(fallback=fallback):
                out.append(fallback)
            case Link(url=url, label=label):
                out.append(f"{label} ({url})")
    return "".join(out)


def plain(card: Card) -> str:
    """The whole card in words, for screen readers, notifications and tests."""
    out = [] if card.bare_title else [card.title]
    for element in card.elements:
        match element:
            case Text(lines=lines) | Row(lines=lines):
                out += [plain_line(each) for each in lines]
            case Note(line=spans):
                out.append(plain_line(spans))
            case Heading(text=text) | Code(text=text):
                out.append(text)
            case Facts(pairs=pairs):
                out += [f"{name}: {plain_line(spans)}" for name, spans in pairs]
            case Picture(alt=alt):
                out.append(alt)
    return "\n".join(out)
