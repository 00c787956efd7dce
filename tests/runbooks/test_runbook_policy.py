"""`runbooks.yaml`: what it may say, and one sentence for each thing that is wrong with it, all at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli import main
from handlers.fields import FileErrors
from handlers.runbooks.policy import Kind, Source
from handlers.runbooks.policy_reader import read_policies

HEAD = "schema: 1\npolicy: runbooks\n"


def faults(text: str, where: str = "") -> list[str]:
    with pytest.raises(FileErrors) as raised:
        read_policies(text, where)
    return [str(each) for each in raised.value.faults]


def source(**said: object) -> str:
    lines = {"kind": "git", "where": "https://github.com/acme/ops.git", **said}
    return HEAD + "sources:\n  ops:\n" + "".join(f"    {key}: {value}\n" for key, value in lines.items())


def test_all_that_it_may_say_is_read() -> None:
    policies = read_policies(HEAD + """
stale_after: 90d
synonyms:
  - [oom, out of memory]
sources:
  ops:
    kind: git
    where: https://github.com/acme/ops.git
    branch: release/2.1
    path: docs/runbooks/
    token_env: RUNBOOKS_TOKEN
    push_secret_env: RUNBOOKS_PUSH
    pilot: Claims triage
    owner: Platform
    url: https://docs.example.com/ops
    every: 1h
    internal: true
  near:
    kind: folder
    where: books
""", "/etc/groundcrew/runbooks.yaml")
    assert policies.stale_after == timedelta(days=90)
    assert policies.synonyms == (("oom", "out of memory"),)
    assert policies.sources["ops"] == Source(
        "ops", Kind.GIT, "https://github.com/acme/ops.git", "Claims triage", "Platform", "release/2.1", "docs/runbooks",
        "https://docs.example.com/ops/", "RUNBOOKS_TOKEN", "RUNBOOKS_PUSH", timedelta(hours=1), is_internal=True)
    assert policies.sources["near"].where == "/etc/groundcrew/books"
    assert policies.in_words == "2 sources (folder, git), 1 group of synonyms"


def test_a_file_that_names_no_source_is_fine() -> None:
    assert read_policies(HEAD).sources == {}


@pytest.mark.parametrize(("text", "said"), [
    (HEAD + "sorces: x\n", "line 3: The runbook policy: `sorces` is not a key here; write `sources`."),
    (source(kind="gti"), "line 5: Source `ops`: `gti` is not a kind of source; write `git`. Valid are `folder`, `git`, `http`."),
    (source(brnach="main"), "line 7: Source `ops`: `brnach` is not a key here; write `branch`."),
    (source(kind="folder", where="/books", branch="main"), "`branch` means nothing to a folder; remove it."),
    (source(kind="folder", where="https://x.example.com"), "a folder takes a path on this machine"),
    (source(branch="a..b"), "`a..b` is no name that git gives a branch."),
    (source(branch="--upload-pack=touch"), "is not understood; write the name of a branch or tag"),
    (source(path="../x"), "`path` is a folder within the source, such as docs/runbooks, without . and .. in it."),
    (source(where="http://github.com/acme/ops.git"), "the address is not encrypted: it takes https://, or `allow_http: true` beside it."),
    (source(where="ext::sh -c touch"), "the address "),
    (source(where="git@github.com:acme/ops.git"), "keys of SSH are not used"),
    (source(where="file:///srv/ops.git"), "a repository on this machine takes `allow_private: true` beside it."),
    (source(where="--upload-pack=x"), "the address begins neither with https:// nor with http://."),
    (source(every="10s"), "`every` is `10s`; write a time from 1m to 7d"),
    (source(internal="yes"), "`internal` is `yes`; write `true` or `false`."),
    (HEAD + "sources:\n  Ops!: {kind: folder, where: /x}\n", "its name takes small letters, digits, - and _, 48 at most."),
    (HEAD + "sources:\n  ops: {kind: folder}\n", "`where` is missing; add it."),
    (HEAD + "synonyms:\n  - [one]\n", "line 4: The runbook policy: `synonyms` takes groups of two"),
    (HEAD + "stale_after: 5\n", "`stale_after` is `5`"),
    ("schema: 2\npolicy: runbooks\n", "`2` is not a schema this bot reads; write `schema: 1`."),
    ("policy: runbooks\n", "`schema` is missing; add it."), ("- a\n", "A runbook policy is a list of keys"),
    (HEAD + "sources: {ops: [}\n", "This is not YAML")])
def test_what_is_wrong_is_said_with_its_line_and_what_to_write(text: str, said: str) -> None:
    assert any(said in each for each in faults(text)), faults(text)


@pytest.mark.parametrize("secret", [
    "token_env: ghp_0123456789abcdefghij", "token_env: glpat-0123456789abcdefghij", "push_secret_env: hunter2",
    "where: https://ana:hunter2hunter2@github.com/acme/ops.git", "where: https://files.example.com/x.zip?token=hunter2hunter2",
    "owner: xoxb-0123456789-abcdef"])
def test_a_secret_in_it_is_refused_and_never_repeated(secret: str) -> None:
    key, _, value = secret.partition(": ")
    found = faults(source(**{key: value}))
    assert any("secret itself" in each or "looks like a secret" in each or "user or password" in each for each in found)
    assert not any("hunter2" in each or "0123456789" in each for each in found)


def test_every_fault_is_said_at_once() -> None:
    found = faults(source(kind="git", branch="a..b", path="..", every="0", pilto="x"))
    assert len(found) == 4


def test_the_command_checks_it_and_lists_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "runbooks.yaml"
    file.write_text(source())
    assert main(["templates", str(file)]) == 0
    assert capsys.readouterr().out == "runbooks.yaml: fine, 1 source (git).\n"
    file.write_text(source(kind="gti"))
    assert main(["templates", str(file)]) == 1
    assert "write `git`" in capsys.readouterr().out


def test_two_policies_in_one_folder_are_refused(tmp_path: Path) -> None:
    from bot.library import read_library, read_policy, read_runbooks
    (tmp_path / "runbooks.yaml").write_text(HEAD)
    assert read_runbooks(tmp_path).sources == {}
    assert read_policy(tmp_path) == read_policy(None)
    assert set(read_library(tmp_path)) == set(read_library(None))
    (tmp_path / "more.yaml").write_text(HEAD)
    with pytest.raises(FileErrors, match="There is a runbook policy in"):
        read_runbooks(tmp_path)


def test_a_policy_of_no_known_name_is_told_all_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "books.yaml"
    file.write_text("schema: 1\npolicy: runbook\nsources: {}\n")
    assert main(["templates", str(file)]) == 1
    assert capsys.readouterr().out == (f"{file}, line 2: `runbook` is not a policy; write `runbooks`. "
                                       "Valid are `nudges`, `alerts`, `runbooks`.\n")


def test_a_time_that_is_wrong_is_answered_by_times_that_are_right() -> None:
    assert any("from 1m to 7d, such as `10m`, `24h` or `3d`." in each for each in faults(source(every="soon")))
    assert any("such as `24h`, `3d` or `180d`." in each for each in faults(source() + "stale_after: soon\n"))
