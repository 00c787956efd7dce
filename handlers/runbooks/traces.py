"""Stack traces taken down to what they say happened: the one reading for what is looked for, shown and kept.

Of a trace stays the error that was seen first and, behind *because of*, the one that it came from:
`Caused by` of the JVM, `--->` of .NET, `[cause]` of Node, the direct cause of Python. What only happened
to be at work when the next error came goes, and so does every line that says where. Whatever else was
typed stays, in front. Names of errors stay whole: that it is one of `redis` may be what somebody wrote
about.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

MESSAGE_AT_MOST: Final = 400
"""Characters of one error's message."""
_HALF: Final = 10_000
"""Of a longer text its beginning and its end are looked at: an error stands at one of them."""
_LINE: Final = 600
"""Characters of a line that are looked at to see what it is: what a pattern may cost is bounded by it."""

_HEADER: Final = re.compile(r"Traceback \(most recent call last\):")
_CALL: Final = r"[\w$.<>/@~+\[\]`,-]+"
_AT: Final = (rf"at\ (?:(?:async|new)\ )?(?:{_CALL}\.{_CALL}\([^()]*\)"
              r"(?:\ in\ \S.*|\ ~?\[[^\]]*\])?"  # the JVM, .NET
              rf"|(?:{_CALL}\ )?(?:\[as\ \S+\]\ )?"  # Node, browsers, Rust
              r"(?:\((?:<anonymous>|native|index\ \d+)\)|\(?[^\s():]*[A-Za-z][^\s()]*:\d+:\d+\)?))")
_SURE: Final = re.compile(rf"""
    ^\s*(?:
        File\ ".*",\ line\ \d+
      | {_AT}\s*$
      | goroutine\ \d+\ \[.*\]:
      | stack\ backtrace:\s*$
      | Exception\ in\ thread\ "[^"]*"
      | thread\ '[^']*'\ (?:\(\d+\)\ )?panicked\ at\b
      | from\ \S+:\d+:in\ [`'].*
      | \#\d+\ +(?:0x[0-9a-f]+\ in\ .*|\S+\(\d+\):\ .*)
    )""", re.VERBOSE)
"""A line that only a stack trace has; one of these, and the others below are looked for."""
_FRAME: Final = re.compile(rf"""
    ^\s*(?:
        File\ ".*",\ line\ \d+.*
      | {_AT}
      | \s+at\ [\w.$<>/]+
      | \.\.\.\ \d+\ (?:more|common\ frames\ omitted).*
      | goroutine\ \d+\ \[.*\]:
      | created\ by\ \S+(?:\ in\ goroutine\ \d+)?
      | [\w./*()\[\]{{}}-]+\.[\w.*()\[\]-]+\((?:0x[0-9a-f].*|\.\.\.|\{{.*)?\)
      | (?:\S*/)?[^\s/]+\.(?:go|py|rb|rs|js|mjs|ts|java|kt|cs|php|cc?|cpp):\d+(?::\d+)?(?:\ \+0x[0-9a-f]+)?
      | stack\ backtrace:|[Ss]tack\ [Tt]race:
      | \d+:\ +(?:0x[0-9a-f]+\ -\ )?[\w:<>\ ]+
      | from\ \S+:\d+:in\ .*
      | \#\d+\s+\S.*
      | thrown\ in\ \S+\ on\ line\ \d+
      | note:\ run\ with\ .*BACKTRACE.*|note:\ Some\ details\ are\ omitted.*
      | Node\.js\ v[\d.]+
      | --->?\ End\ of\ .*|---\ End\ of\ .*
      | exit\ status\ \d+
      | [\^~\s]+
    )\s*$""", re.VERBOSE)
_CHAIN: Final = re.compile(
    r"^\s*(?:During handling of the above exception|(The above exception was the direct cause)).*")
_CAUSE: Final = re.compile(r"^\s*(?:Caused by: |---> |\[cause\]: )")
_PANIC: Final = re.compile(r"^thread '[^']*' (?:\(\d+\) )?panicked at (?:'(?P<old>.*)', )?\S+:\d+:\d+:?\s*$")
_RUBY: Final = re.compile(r"^\S+\.rb:\d+:in [`'][^'`]*['`]: ")
_BEFORE: Final = re.compile(
    r"^(?:Exception in thread \"[^\"]*\" |Unhandled exception\. |(?:PHP )?Fatal error:\s+|Uncaught )+")
_PLACE: Final = re.compile(r" in \S+\.php:\d+$")
_ERROR: Final = re.compile(
    r"^(?:panic: |[\w.$/\\]*\w(?:Error|Exception|Failure|Fault|Interrupt|Warning|Timeout|Exit|Refused|"
    r"Unavailable)\b)")
_IN_ONE_LINE: Final = re.compile(
    r"\b(?:[A-Za-z_][\w.]{0,200}\.)?\w{1,100}(?:Error|Exception)\b(?=:|\s*$).*$")
_AT_IN_LINE: Final = re.compile(rf"(?<=\S)(\s+{_AT})(?=\s|$)", re.VERBOSE)
_MORE_IN_LINE: Final = re.compile(
    r"(?<=\S)\s+\.\.\. \d+ (?:more|common frames omitted)\b|(?<=\S)\s+(?=Caused by: )")
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)\w*\s*$", re.MULTILINE)
_PIPED: Final = re.compile(r"^[\w.-]+\s+\|(?: |$)")
_GROUPED: Final = re.compile(r"^\s*[|+](?:[-+ |\d]*(?:---|\+|\|) ?| )")

_PLAIN_CLASS: Final = re.compile(
    r"(?<![\w.:-])(?:(?:java\.(?:lang|util|io)(?:\.[a-z]\w*){0,3}|System|builtins)\.)?"
    r"(?:Value|Runtime|Type|Key|Index|Attribute|Name|Lookup|Assertion|Argument|IllegalArgument|IllegalState|"
    r"InvalidOperation|Execution|Completion|Aggregate|Reference|Standard|System)?(?:Error|Exception): +"
    r"(?=[^\W_]|['\"(\[{<`])")
"""The class of an error that may be anything, where what it is follows."""


def without_plain_classes(text: str) -> str:
    """The text without the names of errors that say nothing, as `ValueError`, where a message follows them.

    What says more stays: `redis.exceptions.ConnectionError` is about Redis, and about connections.
    """
    return _PLAIN_CLASS.sub("", text)


def gist_of(text: str, at_most: int | None = None) -> tuple[str, bool]:
    """A text with each stack trace in it taken down to its message, and whether there was one.

    Without one the text stays as it is. What is given is given again if it is read once more.
    `at_most`: characters; where there was a trace its message stays, and of what else was said the beginning.
    """
    looked_at = text if len(text) <= 2 * _HALF else f"{text[:_HALF]}\n{text[-_HALF:]}"
    found = _of_lines(_lines(looked_at))
    if found is None:
        return text, False
    said, message = found
    if at_most is not None and message and len(said) + len(message) >= at_most:
        said = said[:max(at_most - len(message) - 2, 0)].rstrip() + "…"
    return " ".join(part for part in (said, message) if part), True


def _lines(text: str) -> list[str]:
    """Without fences and what a tool puts in front of each; with the line breaks that a paste lost."""
    lines = _FENCE.sub("", text.strip("\r\n")).splitlines()
    piped = Counter(found[0] for each in lines if (found := _PIPED.match(each)))
    for front, times in piped.items():
        lines = [each.removeprefix(front) if times > 1 else each for each in lines]
    if any("Exception Group Traceback" in each for each in lines):
        lines = [_GROUPED.sub("  " if "File " in each else "", each) for each in lines]
    split = (_MORE_IN_LINE.sub("\n", _AT_IN_LINE.sub(r"\n\1", each)).split("\n") for each in lines)
    return [part for each in split for part in each if part or len(each) == 1]


def _of_lines(lines: Sequence[str]) -> tuple[str, str] | None:
    """What was said besides, and the message; None: there is no stack trace."""
    if not any(_SURE.match(each[:_LINE]) or _HEADER.search(each) for each in lines):
        return None
    said, blocks, causes = list[str](), list[tuple[str, bool]](), list[str]()
    is_inside = False  # behind a frame, where indented lines are code
    is_python = is_direct = is_panic = False  # the message comes behind; and the one before is its cause
    for line in lines:
        bare = line.strip()
        if not bare:
            is_inside = False
            continue
        if chain := _CHAIN.match(bare[:_LINE]):
            is_direct, is_inside = chain[1] is not None, False
            continue
        if headers := list(_HEADER.finditer(line)):
            before = line[:headers[0].start()].replace("Exception Group", "").strip(" |+")
            said += [before] if before else []  # what a logger puts in front of it
            behind = line[headers[-1].end():].strip()
            message = _IN_ONE_LINE.search(behind)
            is_python = is_inside = not behind
            blocks += [(message[0][:MESSAGE_AT_MOST].rstrip(), False)] if message else []
            said += [behind] if behind and not message else []
            continue
        if _FRAME.match(line[:_LINE]) or (is_inside and line[:1].isspace() and not _CAUSE.match(line)):
            is_inside = True
            continue
        if _CAUSE.match(line):
            causes.append(_said_by(_CAUSE.sub("", line)))
        elif panic := _PANIC.match(bare[:_LINE]):
            is_panic = panic["old"] is None  # newer Rust says it on the next line
            blocks += [(f"panicked: {panic['old']}", False)] if panic["old"] else []
        elif is_panic:
            blocks.append((f"panicked: {bare}"[:MESSAGE_AT_MOST], False))
            is_panic = False
        elif (is_python and is_inside) or _is_error(bare):
            blocks.append((_said_by(bare), is_direct))
            is_python = is_direct = False
        else:
            said.append(bare)
        is_inside = False
    return " ".join(dict.fromkeys(said)), _told(blocks, causes, any(map(_HEADER.search, lines)))


def _told(blocks: Sequence[tuple[str, bool]], causes: Sequence[str], is_python: bool) -> str:
    """The error that was seen, and the one it came from.

    `blocks`: messages in order, each with whether the one before is its cause; Python tells the last last.
    """
    root = causes[-1] if causes else ""
    if not blocks:
        return root
    if not is_python:
        first = blocks[0][0]
    else:
        first = blocks[-1][0]
        for at in range(len(blocks) - 1, 0, -1):
            if not blocks[at][1]:
                break
            root = blocks[at - 1][0]
    return first if not root or root in first else f"{first.rstrip('.')}, because of {root}"


def _is_error(line: str) -> bool:
    line = _BEFORE.sub("", line[:_LINE])
    return _ERROR.match(line) is not None or _RUBY.match(line) is not None


def _said_by(line: str) -> str:
    """The message of a line that names an error."""
    line = _RUBY.sub("", _BEFORE.sub("", line.strip()[:2 * MESSAGE_AT_MOST]))
    return _PLACE.sub("", line)[:MESSAGE_AT_MOST].rstrip()
