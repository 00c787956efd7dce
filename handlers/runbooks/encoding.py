"""A file's bytes as text, whichever of the usual encodings it is in."""

from __future__ import annotations

import codecs
from typing import Final

_MARKED: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""The longer mark first: UTF-32 begins as UTF-16 does."""
GUESSED: Final = ("it is not UTF-8 and was read as Windows-1252, so that letters beyond ASCII may be wrong; "
                  "save it as UTF-8")


class NoText(ValueError):
    """The bytes are no text. The message is the rest of a sentence about the file: "it holds ..."."""


def decoded(raw: bytes) -> tuple[str, str | None]:
    r"""The text, with ``\n`` as its line ends, and what is to be said of how it was read. Raises NoText."""
    text, fault = _decoded(raw)
    if "\0" in text:
        raise NoText("it holds bytes that are no text")
    return text.replace("\r\n", "\n").replace("\r", "\n"), fault


def _decoded(raw: bytes) -> tuple[str, str | None]:
    for mark, encoding in _MARKED:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), None
            except UnicodeDecodeError:
                name = encoding.removesuffix("-sig").upper()
                raise NoText(f"it begins as {name} does and then is not") from None
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError:
        if b"\0" in raw:
            raise NoText("it holds bytes that are no text") from None
        return raw.decode("cp1252", errors="replace"), GUESSED
