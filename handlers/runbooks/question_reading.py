"""What somebody asks, out of what they typed or pasted: no secrets, of a stack trace its message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from handlers.chat.errors import Refused
from handlers.runbooks.masking import masked
from handlers.runbooks.question import question_key

AT_MOST: Final = 1000
"""Characters of a question, after a stack trace was taken down to its message."""
KEPT: Final = 500
_MESSAGE: Final = 400
_EXAMPLE: Final = "`/runbook how do we roll the model back?`"

_HEADER: Final = re.compile(r"Traceback \(most recent call last\):")
_FRAME: Final = re.compile(
    r"""^\s*(?:Traceback\ \(most\ recent\ call\ last\):
        |File\ ".*",\ line\ \d+.*
        |at\ .+(?:\(.*\)|:\d+|\ in\ .+).*|at\ [\w.$<>/]+$
        |\.\.\.\ \d+\ (?:more|common\ frames\ omitted)
        |goroutine\ \d+\ \[.*\]:|[\w./*()]+\(.*\)\ *$|/\S+:\d+(?:\ .*)?
        |stack\ backtrace:|\d+:\ +(?:0x[0-9a-f]+\ -\ )?[\w:<>]+.*
        |note:\ run\ with\ .*|[\^~\s]+
        |During\ handling\ of\ the\ above\ exception.*|The\ above\ exception\ was\ the\ direct\ cause.*)$""",
    re.VERBOSE)
_ERROR: Final = re.compile(
    r"^(?:Caused by: |Exception in thread \"[^\"]*\" |Unhandled exception\. |Uncaught |panic: |"
    r"thread '.*' panicked at )?"
    r"(?:[\w.$/]*\w(?:Error|Exception|Failure|Fault|Interrupt|Warning|Timeout|Exit|Refused|Unavailable)\b"
    r"|(?<=panic: )|(?<=panicked at )).*")
_BEFORE_ERROR: Final = re.compile(
    r"^(?:Caused by: |Exception in thread \"[^\"]*\" |Unhandled exception\. |Uncaught |panic: )")
_IN_ONE_LINE: Final = re.compile(r"\b(?:[A-Za-z_][\w.]*\.)?\w+(?:Error|Exception)\b(?::.*)?$")
_URL: Final = re.compile(r"https?://\S+")
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)\w*\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Question:
    words: str
    """What is looked for: masked, no stack frames."""
    key: str
    url: str | None = None
    """All that was asked is this address."""
    was_trace: bool = False
    """Only the message of a stack trace is left of it."""

    @property
    def kept(self) -> str:
        """As it is stored and shown: on one line."""
        line = " ".join(self.words.split())
        return line if len(line) <= KEPT else line[:KEPT - 1].rstrip() + "…"


def read_question(text: str) -> Question:
    """Raises Refused where nothing is asked, or so much that nobody could say what."""
    gist, was_trace = gist_of(text)
    words = masked(gist).strip()
    if len(words) > AT_MOST:
        raise Refused(f"That is {len(text):,} characters; ask in a sentence or two, {AT_MOST:,} characters "
                      "at most. Of a stack trace I take its message, so paste the error itself.")
    url = _URL.fullmatch(words)
    key = question_key(words)
    if not any(char.isalnum() for char in words):
        raise Refused(f"Ask in words, or with the name of an alert: {_EXAMPLE}.")
    if all(part.startswith("?") for part in key.split()):  # at most what kind of answer is wanted
        raise Refused("Those are words that every page has, so they point at none. Say what it is about: "
                      f"a service, an alert, what is wrong, as in {_EXAMPLE}.")
    return Question(words, key, url[0] if url else None, was_trace)


def gist_of(text: str) -> tuple[str, bool]:
    """What was typed with a stack trace in it taken down to its message, and whether there was one."""
    if "\n" not in text.strip():
        return _of_one_line(text)
    lines = _FENCE.sub("", text).splitlines()
    is_frame = _frames(lines)
    if not any(is_frame):
        return text, False
    rest = [line for line, frame in zip(lines, is_frame, strict=True) if not frame and line.strip()]
    errors = [line.strip() for line in rest if _ERROR.match(line.strip())]
    said = [line.strip() for line in rest if not _ERROR.match(line.strip())]
    causes = [line for line in errors if line.startswith("Caused by: ")]
    is_python = any(_HEADER.search(line) for line in lines)
    message = (causes or errors)[-1 if is_python or causes else 0] if errors else ""
    message = _BEFORE_ERROR.sub("", message)[:_MESSAGE]
    return " ".join(part for part in (*said, message) if part), True


def _frames(lines: list[str]) -> list[bool]:
    """Which lines are a stack's, with the code that stands below a frame."""
    found, is_inside = list[bool](), False
    seen = any(re.match(r"^\s*(?:File \".*\", line \d+|at .+[():]|goroutine \d+|stack backtrace:)", line)
               for line in lines) or any(_HEADER.search(line) for line in lines)
    for line in lines:
        frame = seen and bool(line.strip()) and _FRAME.match(line) is not None
        frame = frame or (is_inside and line[:1] in " \t" and bool(line.strip()))
        is_inside = frame
        found.append(frame)
    return found


def _of_one_line(text: str) -> tuple[str, bool]:
    """The line breaks of what is pasted may be lost."""
    headers = list(_HEADER.finditer(text))
    message = _IN_ONE_LINE.search(text, headers[-1].end()) if headers else None
    if message is None:
        return text, False
    return f"{text[:headers[0].start()].rstrip()} {message[0][:_MESSAGE]}".strip(), True
