"""What is asked, out of what was typed or pasted: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.errors import Refused
from handlers.commands.hearing import command_of
from handlers.runbooks.masking import MASK, masked
from handlers.runbooks.question_reading import AT_MOST, KEPT, read_question


@given(st.text())
def test_nothing_that_is_pasted_breaks_the_reading(text: str) -> None:
    try:
        read = read_question(text)
    except Refused as refusal:
        assert str(refusal)
    else:
        assert len(read.kept) <= KEPT
        assert "\n" not in read.kept
        assert read.key


def test_ten_thousand_characters_of_trace_are_a_question_and_of_prose_are_not() -> None:
    long = "Traceback (most recent call last):\n" + '  File "a.py", line 1, in f\n    f()\n' * 300 + "RecursionError: maximum depth"
    assert len(long) > 10_000
    assert read_question(long).words == "RecursionError: maximum depth"
    with pytest.raises(Refused, match="without its error"):
        read_question('Traceback (most recent call last):\n  File "a.py", line 1, in f\n    f()')
    with pytest.raises(Refused, match=rf"That is 10,000 characters; ask in a sentence or two, {AT_MOST:,} characters at most"):
        read_question("word " * 2000)


@pytest.mark.parametrize("text", ["how do we do it?", "what is this", "please, what is it about?", "can you"])
def test_words_that_every_page_has_are_no_question(text: str) -> None:
    with pytest.raises(Refused, match="Those are words that every page has"):
        read_question(text)


@pytest.mark.parametrize("text", ["???", "🔥🔥", " . ", "``````"])
def test_signs_alone_are_no_question(text: str) -> None:
    with pytest.raises(Refused, match="Ask in words"):
        read_question(text)


@pytest.mark.parametrize("secret", [
    "xoxb-1234567890-abcdefghij", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "AKIAIOSFODNN7EXAMPLE", "sk-proj-abc123def456ghi7",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1", "0123456789abcdef0123456789abcdef",
    "a8Kd03jQz91PxLm47TnW2rVb"])
def test_a_token_is_masked_wherever_it_stands(secret: str) -> None:
    said = masked(f"login with token={secret} fails, why?")
    assert secret not in said
    assert MASK in said
    assert said.startswith("login with")
    assert said.endswith("fails, why?")
    if "/" not in secret:
        assert secret not in masked(f"why does {secret} fail")


@pytest.mark.parametrize(("text", "said"), [
    ("password: hunter2 is refused", f"password: {MASK} is refused"),
    ("the password is hunter2!x", f"the password is {MASK}"),
    ("DB_PASSWORD=swordfish psql", f"DB_PASSWORD={MASK} psql"),
    ('{"api_key": "abcd1234"}', f'{{"api_key": {MASK}}}'),
    ("Authorization: Bearer abc123def456", f"Authorization: Bearer {MASK}"),
    ("curl https://bot:s3cret@host.example/x", f"curl https://{MASK}@host.example/x"),
    ("mysql -p s3cr3tpw", f"mysql -p {MASK}"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY----- leaked", f"{MASK} leaked"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOY\n-----END PGP PRIVATE KEY BLOCK----- leaked", f"{MASK} leaked"),
    ("redis://:p4ssw0rd@cache:6379 is down", f"redis://{MASK}@cache:6379 is down"),
    ("https://user:p@ss@host.example/x", f"https://{MASK}@host.example/x"),
    ("https://a8Kd03jQz91PxLm4@host.example/x", f"https://{MASK}@host.example/x"),
    ("curl -u admin:hunter2 https://host.example", f"curl -u admin:{MASK} https://host.example"),
    ("mysql -uroot -phunter2 claims", f"mysql -uroot -p{MASK} claims"),
    ("https://hooks.slack.com/services/T0/B0/XXXX is refused", f"https://hooks.slack.com/services/{MASK} is refused"),
    ("https://x.example/a?sv=1&sig=abcDEF12%3D fails", f"https://x.example/a?sv=1&sig={MASK} fails"),
    ("Cookie: session=abc123; theme=dark", f"Cookie: {MASK}"),
    ("AccountKey=abc+/x==;Endpoint", f"AccountKey={MASK};Endpoint"),
    ("client_secret=abc", f"client_secret={MASK}"),
    ("hvs.CAESIJabcdef1234567890", MASK),
    ("the key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is denied", f"the key {MASK} is denied"),
])
def test_what_is_called_a_secret_is_masked(text: str, said: str) -> None:
    assert masked(text) == said


@pytest.mark.parametrize("text", [
    "the token expired, how do we renew it?", "token: expired", "password is wrong", "how do I reset my password",
    "KubePersistentVolumeFillingUp", "FeatureDriftHigh on model churn-xgb-2024", "basic authentication is refused",
    "pod claims-intake-7d9f8b6c5-x2x8k restarts", "https://wiki.example/runbooks/rollback#steps", "p95 over 2s since 10:04",
    "what are secrets for", "src/main/java/org/acme/claims/Intake2Job", "cookie: none is set", "git -u origin main", "trace 123e4567-e89b-12d3-a456-426614174000"])
def test_words_of_a_question_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(("said", "command"), [
    ("how do we roll back?", "/runbook"), ("how do we roll back", "/runbook"), ("runbook for drift", "/runbook"),
    ("/runbook drift", "/runbook"), ("what waits for me?", "/runbook"), ("rollback steps?", "/runbook"),
    ("why is the model slow?", "/runbook"), ("wie rollen wir zurück?", "/runbook"), ("is the queue stuck?", "/runbook"),
    ("the model answers with 500 since this morning in all regions", "/runbook"),
    ("", "/pilot"), ("help", "/pilot"), ("?", "/pilot"), ("status", "/pilot"), ("status of claims?", "/pilot"),
    ("items mine", "/pilot"), ("why", "/pilot"), ("why did I get this?", "/pilot"), ("w1-02", "/pilot"), ("#claims", "/pilot"),
    ("zebra", "/pilot"), ("claims triage", "/pilot"), ("hello there", "/pilot"), ("stauts claims?", "/pilot"),
    ("done w1-02 how? see https://wiki", "/pilot"), ("assign w1-02 @ana", "/pilot"), ("overdue", "/pilot"), ("zebra?", "/pilot"),
    ("block w1-05 by @omar what is missing?", "/pilot"),
])
def test_what_is_said_without_a_slash_goes_where_it_belongs(said: str, command: str) -> None:
    assert command_of(said, has_runbooks=True)[0] == command
    if not said.lstrip("/").startswith("runbook"):
        assert command_of(said, has_runbooks=False) == ("/pilot", said)
