"""Reads one YAML file with the line of every value, and gathers all its faults instead of the first."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta

import yaml
from rapidfuzz import fuzz, process
from yaml import MappingNode, Node, ScalarNode, SequenceNode

_LONGEST_FILE = 200_000
_OPENED, _INDENTED = 200, 100
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"
_HINTS = {
    "mapping values are not allowed": "Put a text with a colon in it between double quotes",
    "cannot start any token": "Indent with spaces; put a text that begins with a sign between double quotes",
    "expected ',' or": "Close the bracket, and put a text with a comma in it between double quotes",
    "expected <block end>": "Give the line the same indentation as its neighbours",
    "could not find expected ':'": "Write it as `key: value`",
    "found unexpected end of stream": "Close the quotes or the bracket",
    "unexpected end": "Close the quotes or the bracket",
    "undefined alias": "Write the value itself instead of the *alias",
    "found another document": "Remove the line `---`: one file holds one document",
}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a file, and what to write instead."""

    line: int
    """From 1."""
    text: str
    where: str = ""
    """The file it is in."""

    def __str__(self) -> str:
        return f"{self.where}{', ' if self.where else ''}line {self.line}: {self.text}"


class FileErrors(Exception):
    """A file that cannot be used; `faults` are all of them, in the order of lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.where, fault.line)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Faults:
    """Gathers what is wrong with one file."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[Fault] = []

    def add(self, line: int, text: str) -> None:
        self.found.append(Fault(line, text, self.where))


def nearest(word: str, known: Collection[str]) -> str | None:
    """Return the known word that `word` most likely was meant to be, if any is near."""
    found = process.extractOne(word.casefold(), sorted(known), scorer=fuzz.ratio, processor=str.casefold,
                               score_cutoff=60)
    return found[0] if found else None


def instead(word: str, known: Collection[str]) -> str:
    """Say what to write instead of an unknown word: the nearest, and all if there is none."""
    guess = nearest(word, known)
    return f"write `{guess}`" if guess else f"write one of {listed(known)}"


def valid(word: str, known: Collection[str]) -> str:
    """Say what to write instead of an unknown word: the nearest, and all in any case."""
    guess = nearest(word, known)
    return f"write `{guess}`. Valid are {listed(known)}" if guess else f"write one of {listed(known)}"


def listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def quoted(text: str) -> str:
    """Show what stands in the file, cut to a readable length."""
    flat = " ".join(text.split())
    return f"`{flat if len(flat) <= 40 else flat[:39] + '…'}`"


def line_of(node: Node) -> int:
    return int(node.start_mark.line) + 1


def read_root(text: str, what: str, begin: str, faults: Faults) -> MappingNode | None:
    """Read the file's one mapping, which is a `what` and begins with `begin`.

    None: it has none, and the fault is noted.
    """
    if len(text) > _LONGEST_FILE:
        faults.add(1, f"The file has {len(text)} characters; {_LONGEST_FILE} at most are read. Shorten "
                      "it.")
        return None
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or "it cannot be read").removeprefix("but ")
        hint = next((hint for part, hint in _HINTS.items() if part in problem),
                    "Check quotes, brackets and indentation here and on the line above")
        faults.add(int(mark.line) + 1 if mark else 1,
                   f"This is not YAML: {problem}. {hint}; what follows is checked after that.")
        return None
    except yaml.reader.ReaderError as error:
        at = int(error.position)
        faults.add(text.count("\n", 0, at) + 1,
                   f"Here is the invisible character U+{ord(text[at]):04X}; delete it.")
        return None
    except RecursionError:
        faults.add(1, "Brackets are nested hundreds deep; four levels are all that is ever needed.")
        return None
    if not isinstance(node, MappingNode):
        faults.add(line_of(node) if node else 1,
                   f"A {what} is a list of keys; begin it with {begin}.")
        return None
    return node


def _composed(text: str) -> Node | None:
    """Compose the document, in C where that can: ten times as fast, and most of what a start has to read.

    What is wrong with a file is left to the other reader, whose words people get.
    """
    if _is_plain(text):
        try:
            return yaml.compose(text, Loader=_Loader)
        except yaml.YAMLError:
            pass
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _is_plain(text: str) -> bool:
    """Whether both readers take it alike: C minds no tabs, and no depth but the end of its stack."""
    return ("\t" not in text and text.count("[") + text.count("{") < _OPENED
            and all(len(line) - len(line.lstrip(" -?:")) < _INDENTED for line in text.splitlines()))


class Fields:
    """One mapping of the file. Each look-up checks the value, notes what is wrong and goes on.

    Where a fault was noted, the value given back only has the right type.
    """

    def __init__(self, node: MappingNode, what: str, known: Collection[str], faults: Faults) -> None:
        self.line = line_of(node)
        self.what = what
        self.is_fine = True
        """Whether nothing was found wrong in it so far."""
        self._faults = faults
        self._values: dict[str, Node] = {}
        self._lines: dict[str, int] = {}
        for key, value in node.value:
            self._take(key, value, known)

    def _take(self, key: Node, value: Node, known: Collection[str]) -> None:
        line = line_of(key)
        word = key.value if isinstance(key, ScalarNode) else "?"
        if word in self._values:
            self.fault(line, f"the key `{word}` stands twice, first on line {self._lines[word]}; keep one.")
        elif word in known:
            self._values[word], self._lines[word] = value, line
        else:
            guess = nearest(word, [name for name in known if name not in self._values])
            advice = f"write `{guess}`" if guess else f"remove it, or use one of {listed(known)}"
            self.fault(line, f"{quoted(word)} is not a key here; {advice}.")

    def fault(self, line: int, text: str) -> None:
        self.is_fine = False
        self._faults.add(line, f"{self.what}: {text}")

    def wrong(self, key: str, text: str) -> None:
        """Note a fault of a key's value."""
        self.fault(self.line_of(key), text)

    def need(self, keys: Iterable[str]) -> None:
        """Note which of the keys are missing."""
        if missing := [key for key in keys if key not in self._values]:
            self.fault(self.line, f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
                                  f"add {'it' if len(missing) == 1 else 'them'}.")

    @property
    def faults(self) -> Faults:
        """Where what is wrong is noted."""
        return self._faults

    def node(self, key: str) -> Node | None:
        """What stands under a key, as it was read; None: the key is not there."""
        return self._values.get(key)

    def has(self, key: str) -> bool:
        """Whether the key is there with a value that is not null."""
        return key in self._values and self._values[key].tag != _NULL

    def says(self, key: str) -> bool:
        """Whether the key is there, be it with null."""
        return key in self._values

    def line_of(self, key: str) -> int:
        return line_of(self._values[key]) if key in self._values else self.line

    def peek(self, key: str) -> str:
        """Return the value as it stands, noting nothing; "" where it is missing or no single value."""
        node = self._values.get(key)
        return str(node.value).strip() if isinstance(node, ScalarNode) and node.tag != _NULL else ""

    def raw(self, key: str) -> str:
        """Return the value as it stands in the file; "" where it is missing, null or no single value."""
        node = self._values.get(key)
        if node is None:
            return ""
        if not isinstance(node, ScalarNode):
            self.fault(line_of(node), f"`{key}` takes one value; write it without brackets or dashes.")
            return ""
        return self.peek(key)

    def text(self, key: str, longest: int) -> str:
        """Return a text of one line that is not empty."""
        found, line = self.raw(key), self.line_of(key)
        if not found:
            if key in self._values and isinstance(self._values[key], ScalarNode):
                self.fault(line, f"`{key}` is empty; write a text.")
            return ""
        if len(found) > longest:
            self.fault(line, f"`{key}` has {len(found)} characters; cut it to {longest}.")
        if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in found):
            self.fault(line, f"`{key}` holds a line break or control character; write it on one line.")
        return found

    def one_of(self, key: str, known: Collection[str], noun: str) -> str:
        found = self.text(key, 200)
        if found and found not in known:
            self.wrong(key, f"{quoted(found)} is not a {noun}; {valid(found, known)}.")
            return ""
        return found

    def match(self, key: str, form: str, advice: str) -> str:
        """Return a text of the given form, a regular expression."""
        found = self.text(key, 200)
        if found and not re.fullmatch(form, found):
            self.wrong(key, f"`{key}: {quoted(found)[1:-1]}` is not understood; {advice}.")
            return ""
        return found

    def whole(self, key: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        if key not in self._values:
            return low
        found = self.raw(key)
        if re.fullmatch(r"-?\d{1,9}", found, re.ASCII) and low <= int(found) <= high:
            return int(found)
        if isinstance(self._values[key], ScalarNode):
            self.wrong(key, f"`{key}` is {quoted(found) if found else 'empty'}; "
                                          f"write a whole number from {low} to {high}.")
        return low

    def day(self, key: str) -> date | None:
        """Return a date; None: there is none."""
        if key not in self._values:
            return None
        found = self.raw(key)
        try:
            return date.fromisoformat(found)
        except ValueError:
            if isinstance(self._values[key], ScalarNode):
                self.wrong(key, f"`{key}` is {quoted(found) if found else 'empty'}; "
                                              'write a date such as "2026-12-02".')
            return None

    def flag(self, key: str) -> bool:
        found = self.raw(key).casefold()
        if key in self._values and found not in ("true", "false"):
            self.wrong(key, f"`{key}` is {quoted(found)}; write `true` or `false`.")
        return found == "true"

    def share(self, key: str) -> float:
        """Return a number from 0 to 1."""
        found = self.raw(key)
        if re.fullmatch(r"\d(\.\d{1,9})?|\.\d{1,9}", found, re.ASCII) and float(found) <= 1:
            return float(found)
        if key in self._values and isinstance(self._values[key], ScalarNode):
            self.wrong(key, f"`{key}` is {quoted(found) if found else 'empty'}; "
                            "write a number from 0 to 1, such as 0.30.")
        return 0.0

    def moment(self, key: str) -> time:
        """Return a time of the day."""
        found = self.raw(key)
        if re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", found, re.ASCII):
            hour, _, minute = found.partition(":")
            return time(int(hour), int(minute))
        if key in self._values and isinstance(self._values[key], ScalarNode):
            self.wrong(key, f"`{key}` is {quoted(found) if found else 'empty'}; {_time_advice(found)}.")
        return time()

    def words(self, key: str, form: str, advice: str, known: Collection[str] = (), *,
              or_none: bool = False) -> tuple[str, ...]:
        """Return a list of different words of the given form, each among the `known` if any are given."""
        if key not in self._values or (or_none and self._is_empty_list(key)):
            return ()
        found: list[str] = []
        for node in self.nodes(key):
            word = str(node.value).strip() if isinstance(node, ScalarNode) and node.tag != _NULL else ""
            if known and word not in known:
                self.fault(line_of(node), f"`{key}` cannot hold {quoted(word)}; {valid(word, known)}.")
            elif not re.fullmatch(form, word):
                self.fault(line_of(node), f"`{key}` holds {quoted(word)}; {advice}.")
            elif word in found:
                self.fault(line_of(node), f"`{key}` names `{word}` twice; keep one.")
            else:
                found.append(word)
        return tuple(found)

    def _is_empty_list(self, key: str) -> bool:
        node = self._values[key]
        return isinstance(node, SequenceNode) and not node.value

    def nodes(self, key: str) -> list[Node]:
        """Return the entries of a list that is not empty."""
        node = self._values.get(key)
        if node is None:
            return []
        if not isinstance(node, SequenceNode) or not node.value:
            self.fault(line_of(node), f"`{key}` takes a list that is not empty; write [one, two], "
                                      "or each entry on its own line after a dash.")
            return []
        return list(node.value)

    def fields(self, key: str, what: str, known: Collection[str]) -> "Fields | None":
        """Return the mapping under a key."""
        node = self._values.get(key)
        if node is None:
            return None
        if not isinstance(node, MappingNode):
            self.fault(line_of(node), f"`{key}` takes keys of its own; write {{{', '.join(known)}}}, "
                                      "each with a value.")
            return None
        return Fields(node, what, known, self._faults)

    def under(self, key: str, what: str, known: Collection[str], faults: Faults) -> "Fields | None":
        """Return the mapping under a key, whose faults go elsewhere."""
        node = self._values.get(key)
        if not isinstance(node, MappingNode):
            faults.add(self.line_of(key), f"`{key}` takes keys of its own below it.")
            return None
        return Fields(node, what, known, faults)

    def names(self, key: str) -> list[str]:
        """Return the keys of the mapping under a key, whatever they are called."""
        node = self._values.get(key)
        if not isinstance(node, MappingNode):
            return []
        return [str(name.value) for name, _ in node.value if isinstance(name, ScalarNode)]

    def sections(self, key: str) -> list[tuple[str, int, MappingNode]]:
        """Return the mappings under a key whose own keys may be any names: name, line, mapping."""
        node = self._values.get(key)
        if node is None:
            return []
        if not isinstance(node, MappingNode):
            self.fault(line_of(node), f"`{key}` takes names, each with keys of its own below it.")
            return []
        found = []
        for name, value in node.value:
            if isinstance(name, ScalarNode) and isinstance(value, MappingNode):
                found.append((str(name.value), line_of(name), value))
            else:
                self.fault(line_of(name), f"`{key}` takes names, each with keys of its own below it.")
        return found

    def entries(self, key: str, what: str, known: Collection[str], *,
                or_none: bool = False) -> "list[Fields]":
        """Return the mappings of a list, `what` with the number of each."""
        found: list[Fields] = []
        if key not in self._values or (or_none and self._is_empty_list(key)):
            return found
        for number, node in enumerate(self.nodes(key), 1):
            if isinstance(node, MappingNode):
                found.append(Fields(node, f"{what} {number}", known, self._faults))
            else:
                self.fault(line_of(node), f"entry {number} of `{key}` takes keys of its own: "
                                          f"{listed(known)}.")
        return found

    def inner(self, node: MappingNode, what: str, known: Collection[str]) -> "Fields":
        """Return one mapping of a list whose entries may be single values too."""
        return Fields(node, what, known, self._faults)

    def is_empty(self, key: str) -> bool:
        """Whether the key is not there, or holds nothing: null, or a list without entries."""
        return not self.has(key) or self._is_empty_list(key)

    def pairs(self, key: str) -> list[tuple[str, int, str]]:
        """Return the single values under a key whose own keys may be any names: name, line, value."""
        node = self._values.get(key)
        if node is None:
            return []
        if not isinstance(node, MappingNode):
            self.fault(line_of(node), f"`{key}` takes names, each with a value.")
            return []
        found: dict[str, tuple[str, int, str]] = {}
        for name, value in node.value:
            word = str(name.value).strip() if isinstance(name, ScalarNode) else ""
            if not word or not isinstance(value, ScalarNode):
                self.fault(line_of(name), f"`{key}` takes names, each with one value.")
            elif word in found:
                self.fault(line_of(name), f"`{key}` has `{word}` twice; keep one.")
            else:
                text = "" if value.tag == _NULL else str(value.value)
                found[word] = (word, line_of(name), text)
        return list(found.values())

    def span(self, key: str, low: timedelta, high: timedelta) -> timedelta:
        """Return a length of time from `low` to `high`, such as 1.5s, 10m, 24h, 3d."""
        if key not in self._values:
            return low
        found = span_of(self.raw(key))
        if found is not None and low <= found <= high:
            return found
        if isinstance(self._values[key], ScalarNode):
            shown = quoted(self.peek(key)) if self.peek(key) else "empty"
            fitting = [f"`{each}`" for each in _EXAMPLES if low <= (span_of(each) or low) <= high][:3]
            such_as = f", such as {' or '.join(filter(None, (', '.join(fitting[:-1]), *fitting[-1:])))}"
            self.wrong(key, f"`{key}` is {shown}; write a time from {span_shown(low)} to {span_shown(high)}"
                            f"{such_as}.")
        return low


_EXAMPLES = ("1.5s", "10m", "24h", "3d", "180d")
_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s?([smhdw])", re.ASCII)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1),
          "d": timedelta(days=1), "w": timedelta(weeks=1)}


def span_of(text: str) -> timedelta | None:
    """``1.5s``, ``10m``, ``24h``, ``3d``, ``1w``; None: it is none of these. A bare ``0`` is one."""
    if text == "0":
        return timedelta()
    found = _SPAN.fullmatch(text)
    return float(found[1]) * _UNITS[found[2]] if found else None


def span_shown(span: timedelta) -> str:
    """The same, in the largest unit of which it is a whole number: ``10m``; ``1.5s`` where it is none."""
    for sign in ("d", "h", "m"):
        if span and not span % _UNITS[sign]:
            return f"{span // _UNITS[sign]}{sign}"
    return f"{span.total_seconds():g}s"


def put_over(own: MappingNode, default: MappingNode) -> MappingNode:
    """`default` with what `own` says put over it.

    What `own` leaves out counts as standing where `own` begins, so that a fault in how values fit together
    leads to the file that can be changed.
    """
    below = {key.value: value for key, value in default.value}
    entries: list[tuple[Node, Node]] = []
    for key, value in own.value:
        under = below.pop(key.value, None) if isinstance(key, ScalarNode) else None
        if isinstance(value, MappingNode) and isinstance(under, MappingNode):
            entries.append((key, put_over(value, under)))
        else:
            entries.append((key, value))
    entries += [(_moved(key, own), _moved(value, own)) for key, value in default.value if key.value in below]
    return MappingNode(own.tag, entries, own.start_mark, own.end_mark)


def _moved(node: Node, to: Node) -> Node:
    start, end = to.start_mark, to.end_mark
    match node:
        case MappingNode():
            pairs = [(_moved(key, to), _moved(value, to)) for key, value in node.value]
            return MappingNode(node.tag, pairs, start, end)
        case SequenceNode():
            return SequenceNode(node.tag, [_moved(each, to) for each in node.value], start, end)
    return ScalarNode(node.tag, node.value, start, end)


def _time_advice(found: str) -> str:
    """Say how to write a time; what other programs make of an unquoted 9:30 is a count of minutes."""
    if re.fullmatch(r"\d{2,4}", found, re.ASCII) and 60 <= int(found) < 24 * 60:
        clock = f"{int(found) // 60:02}:{int(found) % 60:02}"
        return (f'write "{clock}", between double quotes: without them YAML takes it for a number, {found} '
                "minutes")
    return 'write a time such as "09:30", between double quotes'
