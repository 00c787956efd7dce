"""What a code host sends of a push: that a source is to be read now, if it can prove who it is."""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from handlers.runbooks.reading import Reading

log = logging.getLogger(__name__)

_MAY_DIFFER: Final = timedelta(minutes=5)
"""Between its clock and ours, where what is signed holds a moment."""
_NOBODY: Final = token_hex()
"""Compared with where there is no secret, so that this takes no less time."""
_NOT_PROVEN: Final = ("This is not signed as a push to a source of runbooks is. Look whether name and "
                      "secret are those of "
                      "runbooks.yaml: GitHub and Gitea sign with the secret, GitLab sends it as the token.")


@dataclass(frozen=True, slots=True)
class PushAnswer:
    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Pushes:
    reading: Reading
    secret: Callable[[str], str | None]

    async def received(self, name: str, headers: Mapping[str, str], raw: bytes) -> PushAnswer:
        """Answer one request; who cannot prove who they are learns nothing of what there is. Never raises.

        `headers`: names in small letters. What is sent is not believed or even read: a push said again has a
        source read once more, and nothing else.
        """
        source = self.reading.policy.sources.get(name)
        variable = source.push_secret_env if source is not None else None
        secret = (self.secret(variable) or "").strip() if variable is not None else ""
        if not is_genuine(secret or _NOBODY, headers, raw, self.reading.clock()) or not secret:
            return PushAnswer(401, _NOT_PROVEN)
        try:
            await self.reading.ask(name)
        except (SQLAlchemyError, OSError) as error:
            log.warning("a push to the runbooks of %s could not be noted: %s", name, type(error).__name__)
            return PushAnswer(503, "I could not note this just now. Send it again.")
        return PushAnswer(202, "It is read in a moment.")


def is_genuine(secret: str, headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    """Whether who sent this knows the secret.

    GitHub, Gitea: HMAC-SHA256 of the body, in hexadecimal, in X-Hub-Signature-256. Bitbucket: the same in
    X-Hub-Signature. GitLab: the secret itself in X-Gitlab-Token, or a signature as Standard Webhooks have it.
    All are compared in the same time, however much agrees.
    """
    signed = f"sha256={hmac.new(_bytes(secret), raw, sha256).hexdigest()}"
    said = [_same(signed, headers.get("x-hub-signature-256", "")),
            _same(signed, headers.get("x-hub-signature", "")),
            _same(signed, f"sha256={headers.get('x-gitea-signature', '')}"),
            _same(secret, headers.get("x-gitlab-token", "")), _is_standard(secret, headers, raw, now)]
    return any(said)


def _same(ours: str, theirs: str) -> bool:
    """`theirs`: a header, whose bytes the server gives as Latin-1."""
    return hmac.compare_digest(_bytes(ours), theirs.encode("latin-1", "replace"))


def _bytes(secret: str) -> bytes:
    """As the environment has it: what is not UTF-8 there is kept in letters that are none."""
    return secret.encode("utf-8", "surrogateescape")


def _is_standard(secret: str, headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    """The signature of Standard Webhooks, which GitLab's signing tokens make: ``id.timestamp.body``."""
    stamp, number = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12:
        return False
    if abs(now.timestamp() - int(stamp)) > _MAY_DIFFER.total_seconds():
        return False
    key = _bytes(secret)
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            return False
    content = f"{number}.{stamp}.".encode("latin-1", "replace") + raw
    ours = base64.b64encode(hmac.new(key, content, sha256).digest()).decode()
    said = [_same(f"v1,{ours}", each) for each in headers.get("webhook-signature", "").split()[:10]]
    return any(said)
