"""The command line as an admin meets it: what is wrong is said at once, with what to do; nothing secret is printed."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import text

from bot import check, logs
from bot.cli import main
from bot.clock import real_clock
from bot.sandbox import Sandbox, default_cast
from storage.engine import open_engine
from tests.world import MANIFEST, SECRET

HERE = Path(__file__).parent.parent
BOT, APP = "xoxb-12-right-token", "xapp-1-right-token"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(cast=default_cast(), manifest=MANIFEST, bot_token=BOT, app_token=APP, signing_secret=SECRET,
                   clock=real_clock)
    await made.start()
    yield made
    await made.stop()


@dataclass
class Desk:
    """A shell: settings in the environment, and what was printed."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def set(self, **settings: str) -> None:
        for name, value in settings.items():
            self.monkeypatch.setenv(f"GROUNDCREW_{name.upper()}", value)

    async def run(self, *command: str) -> tuple[int, str]:
        status = await asyncio.to_thread(main, list(command))
        out = self.capsys.readouterr()
        return status, out.out + out.err


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
         sandbox: Sandbox) -> AsyncIterator[Desk]:
    monkeypatch.chdir(tmp_path)     # no .env here
    for name in [name for name in os.environ if name.startswith("GROUNDCREW_")]:
        monkeypatch.delenv(name)
    before = logging.getLogger().handlers[:], logging.getLogger().level
    made = Desk(monkeypatch, capsys)
    made.set(slack_api_url=sandbox.api_url, slack_bot_token=BOT, slack_app_token=APP)
    yield made  # type: ignore[misc]
    logging.getLogger().handlers[:] = before[0]
    logging.getLogger().setLevel(before[1])


# ---- check -------------------------------------------------------------------------------------------------------


async def test_check_finds_nothing_wrong_where_nothing_is(desk: Desk, sqlite_url: str) -> None:
    desk.set(database_url=sqlite_url)
    status, said = await desk.run("check")
    assert (status, "Nothing is wrong." in said) == (0, True), said
    assert said.count("ok   ") == 9


async def test_check_says_everything_that_is_wrong_at_once(desk: Desk, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.workspace.scopes -= {"im:write", "groups:history"}
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "mine.yaml").write_text("template: mine\nitems:\n  - id: X-01\n    owner: nobody\n")
    desk.set(database_url=f"sqlite:///{tmp_path}/no/such/folder/x.db", slack_app_token="xapp-wrong-secret",
             templates_dir=str(tmp_path / "templates"), slack_bot_tokn="xoxb-typo-in-the-name")
    status, said = await desk.run("check")
    assert status == 1
    assert re.search(r"WRONG template: .*mine\.yaml, line \d+: .*`nobody` is not a role", said)
    assert re.search(r"WRONG the database at .* does not answer .* does the folder exist", said)
    assert "WRONG scopes not granted: im:write. Update the app from manifest.yml and reinstall it" in said
    assert "note  optional scopes not granted: groups:history" in said
    assert re.search(r"WRONG GROUNDCREW_SLACK_APP_TOKEN: Slack says \w+\. .* connections:write", said)
    assert "WRONG GROUNDCREW_SLACK_BOT_TOKN is not a setting: look for a typo" in said
    assert f"{said.count('WRONG ')} to mend." in said
    assert "secret" not in said
    assert "typo-in-the-name" not in said


async def test_check_says_every_setting_that_is_wrong_before_anything_is_tried(desk: Desk) -> None:
    desk.set(slack_bot_token="xapp-secret-app", nudge_later="mon,someday", port="99999", default_zone="Mars/Olympus",
             default_country="XX", nudge_time="half past", admins="@sam", database_url="mysql://root:hunter2@db/x",
             slack_api_url="slack.com", log_level="LOUD")
    desk.monkeypatch.setenv("GROUNDCREW_SLACK_MODE", "pigeon")
    status, said = await desk.run("check")
    assert status == 1
    for name in ("SLACK_BOT_TOKEN", "NUDGE_LATER", "PORT", "DEFAULT_ZONE", "DEFAULT_COUNTRY", "NUDGE_TIME", "ADMINS",
                 "DATABASE_URL", "SLACK_API_URL", "LOG_LEVEL", "SLACK_MODE"):
        assert f"WRONG GROUNDCREW_{name}: " in said
    assert "hunter2" not in said
    assert "secret-app" not in said
    assert (await desk.run("run"))[0] == 2


@pytest.mark.parametrize(("minutes", "said"), [(7, "7 min ahead of Slack's"), (-7, "7 min behind Slack's"), (1, None)])
async def test_check_says_that_the_clock_is_wrong(desk: Desk, sqlite_url: str, minutes: int, said: str | None) -> None:
    desk.set(database_url=sqlite_url)
    desk.monkeypatch.setattr(check, "real_clock", lambda: real_clock() + timedelta(minutes=minutes))
    status, printed = await desk.run("check")
    assert (status, "this machine's clock" in printed) == ((1, True) if said else (0, False)), printed
    assert said is None or said in printed


async def test_a_copied_env_example_is_met_by_what_is_missing(desk: Desk, tmp_path: Path) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL"):
        desk.monkeypatch.delenv(f"GROUNDCREW_{name}")
    (tmp_path / ".env").write_text((HERE / ".env.example").read_text(encoding="utf-8") + "\nGROUNDCREW_TYPO=1\n")
    status, said = await desk.run("check")
    assert status == 1
    assert "WRONG GROUNDCREW_SLACK_BOT_TOKEN is missing: .env.example shows where to find it" in said
    assert "WRONG GROUNDCREW_SLACK_APP_TOKEN is missing: socket mode needs it" in said
    assert "WRONG GROUNDCREW_TYPO is not a setting" in said
    assert "note  the database at" in said
    assert "3 to mend." in said


@pytest.mark.parametrize("command", ["check", "run", "migrate", "verify-audit", "templates"])
async def test_an_env_file_that_is_no_text_is_named_in_a_sentence(desk: Desk, tmp_path: Path, command: str) -> None:
    (tmp_path / ".env").write_text("GROUNDCREW_PORT=8080\n", encoding="utf-16")  # as PowerShell's > does
    status, said = await desk.run(command)
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith(".env cannot be read")


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_what_is_no_port_is_said_in_a_sentence(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["demo", f"--port={port}"])
    assert f"{port} is no port" in capsys.readouterr().err


async def test_no_command_shows_them_all(desk: Desk) -> None:
    status, said = await desk.run()
    assert (status, "groundcrew verify-audit   prove" in said) == (2, True)


async def test_check_names_a_wrong_bot_token_without_printing_it(desk: Desk, sqlite_url: str) -> None:
    desk.set(slack_bot_token="xoxb-99-wrong-token", database_url=sqlite_url)
    status, said = await desk.run("check")
    assert status == 1
    assert "WRONG GROUNDCREW_SLACK_BOT_TOKEN: Slack says invalid_auth. Copy the Bot User OAuth Token" in said
    assert "wrong-token" not in said


async def test_check_says_that_slack_cannot_be_reached(desk: Desk, sqlite_url: str) -> None:
    desk.set(slack_api_url="http://127.0.0.1:9/api/", database_url=sqlite_url)
    status, said = await desk.run("check")
    assert status == 1
    assert "WRONG Slack at http://127.0.0.1:9/api/ cannot be reached" in said


@pytest.mark.parametrize(("mode", "missing"), [("socket", "APP_TOKEN"), ("http", "SIGNING_SECRET")])
async def test_check_and_run_name_what_the_mode_needs(desk: Desk, sqlite_url: str, mode: str, missing: str) -> None:
    desk.monkeypatch.delenv("GROUNDCREW_SLACK_APP_TOKEN")
    desk.set(slack_mode=mode, database_url=sqlite_url)
    status, said = await desk.run("check")
    assert (status, f"WRONG GROUNDCREW_SLACK_{missing} is missing" in said) == (1, True)
    status, said = await desk.run("run")
    assert (status, said.count("\n"), f"GROUNDCREW_SLACK_{missing} is missing" in said) == (2, 3, True)


@pytest.mark.parametrize(("version", "said_of_it", "status"), [("0000", "newer version", 1), (None, "empty", 0)])
async def test_check_and_run_look_at_the_schemas_age(
        desk: Desk, sqlite_url: str, version: str | None, said_of_it: str, status: int) -> None:
    desk.set(database_url=sqlite_url)
    engine = open_engine(sqlite_url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE alembic_version" if version is None else
                                      f"UPDATE alembic_version SET version_num = '{version}'"))
    await engine.dispose()
    found, said = await desk.run("check")
    assert (found, said_of_it in said) == (status, True), said
    if version:
        assert (await desk.run("migrate"))[0] == 2
        status, said = await desk.run("run")
        assert (status, said.count("\n"), "newer version" in said) == (2, 1, True)


async def test_check_leaves_no_database_behind(desk: Desk, tmp_path: Path) -> None:
    desk.set(database_url=f"sqlite:///{tmp_path}/new.db")
    status, said = await desk.run("check")
    assert (status, "note  the database at" in said) == (0, True)
    assert not (tmp_path / "new.db").exists()


async def test_check_compares_manifest_and_code(desk: Desk, sqlite_url: str, tmp_path: Path) -> None:
    other: dict[str, Any] = yaml.safe_load((HERE / "manifest.yml").read_text(encoding="utf-8"))
    other["features"]["slash_commands"][0]["command"] = "/other"
    other["settings"]["event_subscriptions"]["bot_events"].remove("app_mention")
    (tmp_path / "manifest.yml").write_text(yaml.safe_dump(other))
    desk.monkeypatch.setattr(check, "MANIFEST", tmp_path / "manifest.yml")
    desk.set(database_url=sqlite_url)
    status, said = await desk.run("check")
    assert status == 1
    for different in ("/other is in manifest.yml only", "/pilot is in the code only",
                      "the event app_mention is in the code only"):
        assert f"WRONG manifest: {different}" in said


# ---- the other commands ------------------------------------------------------------------------------------------


async def test_migrate_makes_a_database_out_of_nothing_and_verify_audit_proves_it(desk: Desk, tmp_path: Path) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):     # neither needs Slack
        desk.monkeypatch.delenv(f"GROUNDCREW_{name}")
    desk.set(database_url=f"sqlite:///{tmp_path}/new.db")
    status, said = await desk.run("verify-audit")
    assert (status, "groundcrew migrate" in said, "Traceback" in said) == (2, True, False)
    assert await desk.run("migrate") == (0, "The database is up to date.\n")
    assert await desk.run("migrate") == (0, "The database is up to date.\n")
    assert await desk.run("verify-audit") == (
        0, "All 0 audit trails hold: 0 entries, none changed, none missing.\n")


async def test_templates_lists_what_there_is_without_any_setting(desk: Desk) -> None:
    desk.monkeypatch.delenv("GROUNDCREW_SLACK_BOT_TOKEN")
    status, said = await desk.run("templates")
    assert status == 0
    assert re.search(r"^ai-pilot-default +\d+ items", said, re.M)


async def test_templates_shows_faults_with_their_lines(desk: Desk, tmp_path: Path) -> None:
    wrong, right = tmp_path / "wrong.yaml", tmp_path / "right.yaml"
    right.write_text((HERE / "handlers/pilots/library/default.yaml").read_text(encoding="utf-8")
                     .replace("template: ai-pilot-default", "template: ours", 1))
    wrong.write_text("template: mine\nitems:\n  - id: X-01\n    owner: janitor\n")
    status, said = await desk.run("templates", str(wrong), str(right), str(tmp_path / "none.yaml"))
    assert status == 1
    assert re.search(rf"^{re.escape(str(wrong))}, line 4: .*`janitor` is not a role", said, re.M), said
    assert "none.yaml: cannot be read" in said
    assert "ours: fine" in said
    assert (await desk.run("templates", str(right)))[0] == 0


async def test_a_policy_of_ones_own_is_listed_checked_and_said_in_words(
        desk: Desk, tmp_path: Path, sqlite_url: str) -> None:
    mine = tmp_path / "ours.yaml"
    mine.write_text("# ours\nschema: 1\npolicy: nudges\nbudget: {per_week: 3}\n")
    desk.set(templates_dir=str(tmp_path), database_url=sqlite_url)
    status, said = await desk.run("templates")
    assert (status, f"({mine})" in said, "4 templates come with the bot" in said) == (0, True, True), said
    status, said = await desk.run("templates", str(mine))
    assert (status, "ours.yaml: fine." in said, "messages a day 1, a week 3" in said) == (0, True, True), said
    assert f"ok    nudge policy: {mine}" in (await desk.run("check"))[1]


async def test_a_wrong_policy_is_said_by_every_command_with_its_line(
        desk: Desk, tmp_path: Path, sqlite_url: str) -> None:
    mine = tmp_path / "nudge-policy.yaml"
    mine.write_text("schema: 1\npolicy: nudges\ncadence: {gate: {L1: 1}}\n")
    desk.set(templates_dir=str(tmp_path), database_url=sqlite_url)
    fault = f"{mine}, line 3: The cadence `gate`: `L1` on day 1 is too early: `warn` comes before it"
    for command in (("templates",), ("templates", str(mine)), ("check",)):
        status, said = await desk.run(*command)
        assert (status > 0, fault in said) == (True, True), (command, said)
    mine.write_text("policy: nudges\nschema: 1\n")
    (tmp_path / "other.yml").write_text("schema: 1\npolicy: nudges\n")
    status, said = await desk.run("check")
    assert f"WRONG nudge policy: {tmp_path / 'other.yml'}, line 1: There is a nudge policy in {mine} too; keep one" in said


async def test_a_language_of_ones_own_is_listed_and_checked(desk: Desk, tmp_path: Path, sqlite_url: str) -> None:
    mine = tmp_path / "fr.po"
    mine.write_text('msgid "Not me"\nmsgstr "Pas moi"\n')
    desk.set(templates_dir=str(tmp_path), database_url=sqlite_url, language="fr-CA")
    assert "en, de, fr" in (await desk.run("templates"))[1]
    assert await desk.run("templates", str(mine)) == (0, "fr.po: fine, texts translated: 1.\n")
    assert "ok    languages: de, en, fr" in (await desk.run("check"))[1]
    mine.write_text('msgid "Why: {reason}"\nmsgstr "Pourquoi"\n')
    fault = f"{mine}, line 1: “Pourquoi” lacks {{reason}}; put it where it belongs in the sentence."
    for command in (("templates",), ("templates", str(mine)), ("check",)):
        status, said = await desk.run(*command)
        assert (status, fault in said) == (1, True), (command, said)


async def test_a_language_without_a_catalogue_is_refused(desk: Desk, sqlite_url: str) -> None:
    desk.set(language="fr", database_url=sqlite_url)
    status, said = await desk.run("check")
    assert (status, "WRONG GROUNDCREW_LANGUAGE is fr, but there is no fr.po: take one of de, en, or put" in said) == (1, True)
    status, said = await desk.run("run")
    assert (status, said.count("\n"), "there is no fr.po" in said) == (2, 1, True)


def test_logs_show_no_token_wherever_it_slipped_in(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Redacting("%(message)s"))
    log = logging.Logger("some")
    log.addHandler(handler)
    log.info("token %s", "xoxb-1234-secret")
    log.info("url postgresql+asyncpg://crew:secret@db/x and https://hooks.slack.com/commands/secret/1 %r",
             {"app": "xapp-1-secret", "old": "xoxe.xoxb-1-secret"})
    try:
        raise ValueError("in xoxp-secret-9")
    except ValueError:
        log.exception("trace")
    said = out.getvalue()
    assert "secret" not in said
    assert said.count("***") >= 6
    assert "ValueError" in said


def test_logs_go_to_standard_error_as_it_is_when_they_are_written(
        desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    logs.configure("INFO")
    logging.getLogger("some").info("one")
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    logging.getLogger("some").info("two")
    assert "some: two" in second.getvalue()


# ---- run: a real process -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _process(tmp_path: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GROUNDCREW_")}
    env |= {"PYTHONPATH": str(HERE), "PYTHONWARNINGS": "default::ResourceWarning"}
    env |= {f"GROUNDCREW_{name.upper()}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _until_ready(process: asyncio.subprocess.Process) -> tuple[str, list[str]]:
    """Its address, and what it said so far."""
    assert process.stderr is not None
    said: list[str] = []
    async with asyncio.timeout(40):
        while line := (await process.stderr.readline()).decode():
            said.append(line)
            if found := re.search(r"health at (http://\S+)/healthz", line):
                return found[1], said
    raise AssertionError("".join(said))


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_run_answers_in_both_modes_and_ends_cleanly(
        sandbox: Sandbox, tmp_path: Path, mode: str, record_property: Any) -> None:
    began = perf_counter()
    async with _process(tmp_path, slack_mode=mode, slack_bot_token=BOT, slack_app_token=APP, slack_signing_secret=SECRET,
                        slack_api_url=sandbox.api_url, database_url=f"sqlite:///{tmp_path}/run.db", port="0") as process:
        url, said = await _until_ready(process)
        async with httpx.AsyncClient(base_url=url) as http:
            assert (await http.get("/readyz")).text == "ready"
            record_property("ready_in_s", perf_counter() - began)
            print(f"{mode}: /readyz after {perf_counter() - began:.2f} s")
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.post("/slack/events", content=b"{}")).status_code == (401 if mode == "http" else 404)
            if mode == "http":
                sandbox.bot = http
            else:
                async with asyncio.timeout(10):
                    while not sandbox.sockets.count:
                        await asyncio.sleep(0.01)
            answer = await sandbox.slash("sam", "general", "/pilot help")
            assert answer.error is None
            assert "/pilot status" in sandbox.shown("general", "sam")[-1].plain
            sandbox.bot = None
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            out, err = await process.communicate()
    said.append(err.decode())
    log = "".join(said)
    assert process.returncode == 0, log
    assert out == b""
    assert "stopping: finishing what is under way" in log
    for bad in ("Traceback", "Task was destroyed", "never retrieved", "ERROR", "WARNING", "ResourceWarning", "Unclosed",
                BOT, APP, SECRET):
        assert bad not in log, log


async def test_run_with_a_wrong_token_says_one_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    async with _process(tmp_path, slack_bot_token="xoxb-9-wrong", slack_app_token=APP, slack_api_url=sandbox.api_url,
                        database_url=f"sqlite:///{tmp_path}/run.db") as process:
        async with asyncio.timeout(40):
            out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.decode() == ("Slack refused the bot token: invalid_auth. `groundcrew check` says what to do.\n")


async def test_run_with_a_wrong_policy_says_what_is_wrong_with_it(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "nudges.yaml").write_text("schema: 1\npolicy: nudges\nbudget: {per_day: 0}\n")
    async with _process(tmp_path, slack_bot_token=BOT, slack_app_token=APP, slack_api_url=sandbox.api_url,
                        database_url=f"sqlite:///{tmp_path}/run.db", templates_dir=str(tmp_path)) as process:
        async with asyncio.timeout(40):
            out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.decode().splitlines()[1:] == [
        f"  {tmp_path}/nudges.yaml, line 3: `budget`: `per_day` is `0`; write a whole number from 1 to 20."]


async def test_run_finishes_the_post_that_is_on_the_wire(sandbox: Sandbox, tmp_path: Path) -> None:
    async with _process(tmp_path, slack_bot_token=BOT, slack_app_token=APP, slack_api_url=sandbox.api_url,
                        database_url=f"sqlite:///{tmp_path}/run.db", port="0") as process:
        await _until_ready(process)
        async with asyncio.timeout(10):
            while not sandbox.sockets.count:
                await asyncio.sleep(0.01)
        sandbox.faults.slow_ms = 700
        await sandbox.open_home("sam")
        async with asyncio.timeout(10):
            while not any(exchange.name == "views.publish" for exchange in sandbox.traffic):
                process.send_signal(signal.SIGTERM) if sandbox._web_api.under_way else None
                await asyncio.sleep(0.05)
        async with asyncio.timeout(20):
            await process.wait()
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path}/run.db")
    async with engine.begin() as connection:
        [(wanted, shown)] = (await connection.execute(text("SELECT wanted, shown FROM post"))).all()
    await engine.dispose()
    assert (process.returncode, wanted, shown) == (0, 1, 1)


def test_the_installed_command_works_from_any_folder(tmp_path: Path) -> None:
    """Even from one with a folder `bot` of its own."""
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    made = tmp_path / "bin" / "groundcrew"
    subprocess.run(["make", "--silent", "-C", str(Path(__file__).parents[1]), f"VENV={tmp_path}", str(made)], check=True)
    here = tmp_path / "here"
    (here / "bot").mkdir(parents=True)
    (here / "bot" / "__init__.py").write_text("raise SystemExit('not this one')")
    said = subprocess.run([made, "runbooks", "starters", "books"], cwd=here, check=True, capture_output=True, text=True).stdout
    assert "written   rollback.md" in said
    assert len(list((here / "books").glob("*.md"))) == 12


def test_a_tick_that_takes_long_is_no_line_in_the_log_and_one_that_fails_is() -> None:
    names = ("apscheduler", "apscheduler.scheduler")
    before = {name: logging.getLogger(name).level for name in names}
    try:
        logs.configure("INFO")
        assert not logging.getLogger("apscheduler.scheduler").isEnabledFor(logging.WARNING)
        assert logging.getLogger("apscheduler.executors.default").isEnabledFor(logging.ERROR)
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
