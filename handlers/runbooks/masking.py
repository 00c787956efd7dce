"""Takes out of what somebody typed what looks like a password, a token or a key."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

MASK: Final = "•••"
_PREFIXED: Final = re.compile(
    r"\b(?:xox[abeoprs]-|xapp-|gh[opsur]_|github_pat_|glpat-|sk-|pk_live_|sk_live_|rk_live_|npm_|hf_|dop_v1_|SG\.|hv[sbr]\.|"
    r"AKIA|ASIA|AIza|ya29\.|eyJ)[\w.\-+/=]{8,}")
"""What tokens of well-known services begin with, as their own secret scanning has it."""
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]*KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*KEY(?: BLOCK)?-----|\Z)", re.DOTALL)
_USER_INFO: Final = re.compile(r"(?<=://)(?:[^\s/@:]*:[^\s/]+|[^\s/@:]{16,})(?=@)")
_HOOK: Final = re.compile(
    r"(?i)((?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks|"
    r"webhook\.office\.com/webhookb2)/)[^\s\"'<>]+")
"""Addresses that let whoever knows them write."""
_QUERY: Final = re.compile(r"(?i)([?&](?:sig|signature|key|code|auth|session(?:_?id)?)=)([^&\s\"'<>]{8,})")
_COOKIE: Final = re.compile(r"(?i)\b((?:set-)?cookie:[ \t]*)([^\s=]+=[^\n]+)")
_USER: Final = re.compile(r"((?<!\S)(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']+:)([^\s\"']+)")
_MYSQL: Final = re.compile(r"(\b(?:mysql|mariadb)\w*\b[^\n|;&]*?\s-p)(\S{3,})")
_FORTY: Final = re.compile(r"(?<![\w/+=.-])[A-Za-z0-9/+]{40}(?![\w/+=.-])")
"""As long as a secret access key of AWS, which begins with nothing of its own."""
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)([\w.~+/=-]{8,})")
_PASSWORD: Final = re.compile(
    r"(?i)([\w.-]*(?:password|passwd|passphrase|pwd|kennwort|passwort)[\w.-]*[\"']?\s*[=:]\s*)"
    r"(\"[^\"]*\"|'[^']*'|[^\s\"'`,;]+)")
_PASSWORD_IS: Final = re.compile(
    r"(?i)\b((?:password|passwd|passphrase|passwort|kennwort)\s+(?:is|ist|was)\s+)([^\s,;]{4,})")
_KEY: Final = re.compile(
    r"(?i)([\w.-]*(?:secret|token|api[_-]?key|(?:access|private|account|signing|encryption)[_-]?key|"
    r"credentials?)[\w.-]*[\"']?"
    r"\s*([=:])\s*)(\"[^\"]*\"|'[^']*'|[^\s\"'`,;]{3,})")
_FLAG: Final = re.compile(r"(?i)((?<!\S)--?(?:p|password|token|secret|api-?key)[ =])(\S{4,})")
_RANDOM: Final = re.compile(r"(?<![\w/.-])[A-Za-z0-9_+=-]{20,}(?![\w/.-])")
_HEX: Final = re.compile(r"(?<![\w-])[0-9a-fA-F]{32,}(?![\w-])")
_TURNS: Final = 4
"""So often letters and digits take turns in what nobody would call anything."""
_CASES: Final = 9
"""So often small and capital letters take turns in it."""


def masked(text: str) -> str:
    """`text` with each secret that can be told as one replaced by a mask. It may take too much, never a word
    of prose."""
    text = _PEM.sub(MASK, text)
    text = _USER_INFO.sub(MASK, text)
    for pattern in (_HOOK, _QUERY, _COOKIE, _USER, _MYSQL):
        text = pattern.sub(lambda found: found[1] + MASK, text)
    text = _PREFIXED.sub(MASK, text)
    text = _BEARER.sub(lambda found: found[1] + found[2] + _unless_prose(found[3], 20), text)
    text = _PASSWORD.sub(lambda found: found[1] + MASK, text)
    text = _PASSWORD_IS.sub(lambda found: found[1] + _unless_prose(found[2], 999), text)
    text = _KEY.sub(lambda found: found[1] + (MASK if "=" in found[2] else _unless_prose(found[3], 24)), text)
    text = _FLAG.sub(lambda found: found[1] + _unless_prose(found[2], 24), text)
    text = _HEX.sub(MASK, text)
    text = _FORTY.sub(lambda found: MASK if _has_mixed_cases(found[0]) else found[0], text)
    return _RANDOM.sub(lambda found: MASK if _is_random(found[0]) else found[0], text)


def _unless_prose(value: str, longest_word: int) -> str:
    """A word of a sentence stays: "token: expired", "the password is wrong"."""
    is_word = value.strip("\"'.!?)").isalpha() and len(value) < longest_word
    return value if is_word or value == MASK else MASK


def _has_mixed_cases(value: str) -> bool:
    letters = [char.isupper() for char in value if char.isalpha()]
    return (any(char.isdigit() for char in value)
            and sum(one != other for one, other in pairwise(letters)) >= _CASES)


def _is_random(value: str) -> bool:
    """Letters of both cases and digits that take turns: no alert, host or metric is called so."""
    kinds = [char.isdigit() for char in value if char.isalnum()]
    turns = sum(one != other for one, other in pairwise(kinds))
    has_cases = any(char.islower() for char in value) and any(char.isupper() for char in value)
    return has_cases and turns >= _TURNS and not re.search(r"[A-Za-z]{7,}", value)
