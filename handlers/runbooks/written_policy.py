"""The section `written:` of the runbook policy: which model may write answers, and for how much."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from handlers.fields import Fields, quoted
from handlers.web.addresses import Refused, target_of

KEYS: Final[tuple[str, ...]] = ("url", "model", "key_env", "timeout", "calls_a_day", "monthly_cap",
                                "input_price", "output_price", "allow_private", "allow_http")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_AMOUNT: Final = re.compile(r"\d{1,7}(?:\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class WrittenPolicy:
    """Off unless there is an address."""

    url: str = ""
    """Of an OpenAI-compatible service, up to its version: ``https://llm.example/v1``."""
    model: str = ""
    key_env: str | None = None
    """The environment variable that holds its key; None: it wants none."""
    timeout: timedelta = timedelta(seconds=8)
    calls_a_day: int = 200
    monthly_cap: float | None = None
    """In the currency of the prices; None: only the calls are counted."""
    input_price: float = 0.0
    """For a million tokens."""
    output_price: float = 0.0
    allow_private: bool = False
    allow_http: bool = False

    @property
    def is_on(self) -> bool:
        return bool(self.url)

    @property
    def address(self) -> str:
        return self.url if self.url.endswith("/chat/completions") else f"{self.url}/chat/completions"


OFF: Final = WrittenPolicy()


def read(fields: Fields) -> WrittenPolicy:
    """The section, its faults noted."""
    fields.need(("url", "model"))
    allow_http = fields.flag("allow_http")
    url = fields.text("url", 1000) if fields.says("url") else ""
    if url:
        try:
            target_of(url, allow_http=allow_http)
        except Refused as refused:
            fields.wrong("url", f"the address {refused}.")
    cap = _amount(fields, "monthly_cap")
    prices = [_amount(fields, "input_price"), _amount(fields, "output_price")]
    if cap is not None and None in prices:
        fields.wrong("monthly_cap",
                     "a cap needs `input_price` and `output_price`: what a million tokens cost.")
    if cap is None and any(price is not None for price in prices):
        fields.wrong("input_price" if prices[0] is not None else "output_price",
                     "prices without `monthly_cap` limit nothing; write what a month may cost.")
    return WrittenPolicy(
        url=url.rstrip("/"), model=fields.text("model", 200) if fields.says("model") else "",
        key_env=_variable(fields),
        timeout=fields.span("timeout", timedelta(seconds=1), timedelta(seconds=60))
        if fields.says("timeout") else OFF.timeout,
        calls_a_day=fields.whole("calls_a_day", 1, 100_000)
        if fields.says("calls_a_day") else OFF.calls_a_day,
        monthly_cap=cap, input_price=prices[0] or 0.0, output_price=prices[1] or 0.0,
        allow_private=fields.flag("allow_private"), allow_http=allow_http)


def _variable(fields: Fields) -> str | None:
    if not fields.says("key_env"):
        return None
    if _VARIABLE.fullmatch(fields.peek("key_env")):
        return fields.peek("key_env")
    fields.wrong("key_env", "`key_env` takes the name of an environment variable, such as LLM_KEY, and never "
                            "the key itself.")
    return None


def _amount(fields: Fields, key: str) -> float | None:
    if not fields.says(key):
        return None
    said = fields.raw(key)
    if _AMOUNT.fullmatch(said):
        return float(said)
    fields.wrong(key, f"`{key}` is {quoted(said)}; write an amount such as 20 or 0.15.")
    return None
