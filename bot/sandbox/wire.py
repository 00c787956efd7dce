"""What goes over the wire: every exchange with the bot, on record and without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

JSON = dict[str, Any]
KEPT = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """How the bot answered one delivery. `status` 0: nothing was delivered, or no answer came."""

    status: int
    body: Any  # parsed JSON, else the text
    ms: int
    error: str | None = None


class SandboxError(Exception):
    """Slack would show an error here: `code` is Slack's, `detail` a sentence for the person."""

    def __init__(self, code: str, detail: str = "", answer: Answer | None = None) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail or code
        self.answer = answer


class ApiError(Exception):
    """The Web API refuses: becomes {"ok": false, "error": code, ...}."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more

    @classmethod
    def with_messages(cls, code: str, messages: Iterable[str]) -> ApiError:
        listed = list(messages)
        return cls(code, errors=[_bare(m) for m in listed], response_metadata={"messages": listed})


def _bare(message: str) -> str:
    return message.removeprefix("[ERROR] ")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Kept as text: that is quick, and later changes do not show in it."""

    n: int
    at: datetime
    direction: Literal["to_slack", "to_bot"]
    name: str
    status: int
    ms: int
    note: str | None
    _text: str

    @property
    def request(self) -> Any:
        return json.loads(self._text)[0]

    @property
    def response(self) -> Any:
        return json.loads(self._text)[1]

    def to_json(self) -> JSON:
        request, response = json.loads(self._text)
        return {
            "n": self.n, "at": self.at.isoformat(), "direction": self.direction, "name": self.name,
            "status": self.status, "ms": self.ms, "request": request, "response": response, "note": self.note,
        }  # fmt: skip


class Traffic:
    """The last 500 exchanges, oldest first, secrets taken out before they are kept."""

    def __init__(self, clock: Callable[[], datetime], secrets: Iterable[str]) -> None:
        self.kept: list[Exchange] = []
        self._clock = clock
        # shorter ones would tear holes into ordinary words
        self._secrets = [json.dumps(s)[1:-1] for s in secrets if len(s) >= 8]
        self._n = 0
        self.on_exchange: Callable[[int], None] = lambda n: None

    def record(
        self, direction: Literal["to_slack", "to_bot"], name: str, *, status: int, ms: int, request: str,
        response: Any, note: str | None = None,
    ) -> None:  # fmt: skip
        """Keep one. `request` is JSON text already, taken before anybody could change what was sent."""
        self._n += 1
        text = f"[{request}, {json.dumps(response)}]"
        for secret in self._secrets:
            text = text.replace(secret, "(removed)")
        self.kept.append(Exchange(self._n, self._clock(), direction, name, status, ms, note, text))
        if len(self.kept) > KEPT:
            del self.kept[: len(self.kept) - KEPT]
        self.on_exchange(self._n)
