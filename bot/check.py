"""`groundcrew check`: everything that is wrong, at once, each with what to do about it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import real_clock
from bot.library import language_fault, policies_of, policy_file, read_languages, read_library
from bot.logs import redacted
from bot.settings import DatabaseSettings, Settings
from bot.wiring import identify
from handlers.commands.verbs import COMMANDS
from handlers.fields import FileErrors
from handlers.runbooks.model import NotThere, files
from handlers.slack.listeners import EVENTS
from storage.engine import open_engine
from storage.migrate import current, known_revisions, newest

CLOCK_OFF_S = 90.0
MANIFEST = Path(__file__).parent.parent / "manifest.yml"


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    text: str
    is_advice: bool = False
    """Works without, but less well."""

    def __str__(self) -> str:
        return f"{'ok   ' if self.ok else 'note ' if self.is_advice else 'WRONG'} {self.text}"


def faults_of(error: ValidationError) -> list[str]:
    """One sentence a wrong setting, by the name it has in the environment."""
    lines = []
    for fault in error.errors():
        name = "_".join(str(part) for part in fault["loc"]).upper()
        if fault["type"] != "extra_forbidden":  # those are named as they stand in .env
            name = f"GROUNDCREW_{name}"
        match fault["type"]:
            case "missing":
                lines.append(f"{name} is missing: .env.example shows where to find it")
            case "missing_in_mode":
                lines.append(f"{name} is missing: {fault['msg']}")
            case "extra_forbidden":
                lines.append(f"{name} is not a setting: look for a typo in .env, or take it out")
            case _:
                lines.append(f"{name}: {fault['msg'].removeprefix('Value error, ')}")
    return lines


async def check(settings: Settings | None, error: ValidationError | None) -> int:
    """Print every finding; returns 0 where nothing is wrong, else 1."""
    findings = [Finding(False, line) for line in faults_of(error)] if error else [Finding(True, "settings")]
    findings += [*_unknown(), *_manifest()]
    if settings is not None:
        findings += [*_templates(settings), *_policy(settings), *_languages(settings), *_semantic(settings),
                     *await _database(settings), *await _slack(settings)]
    else:
        findings += [*await _database_alone(),
                     Finding(False, "Slack was not tried: it needs the settings above first", is_advice=True)]
    print(*findings, sep="\n")
    wrong = sum(1 for finding in findings if not finding.ok and not finding.is_advice)
    print("\nNothing is wrong." if not wrong else f"\n{wrong} to mend.")
    return 1 if wrong else 0


def _unknown() -> list[Finding]:
    """Names in the environment that look like settings and are none: pydantic does not look for those."""
    known = {f"GROUNDCREW_{name.upper()}" for name in Settings.model_fields}
    return [Finding(False, f"{name} is not a setting: look for a typo (.env.example lists all), or take it "
                           "out")
            for name in sorted(name.upper() for name in os.environ)
            if name.startswith("GROUNDCREW_") and name not in known]


def _templates(settings: Settings) -> list[Finding]:
    try:
        library = read_library(settings.templates_dir)
    except FileErrors as error:
        return [Finding(False, f"template: {fault}") for fault in error.faults]
    except (OSError, UnicodeDecodeError) as error:
        return [Finding(False, f"GROUNDCREW_TEMPLATES_DIR cannot be read: {error}")]
    return [Finding(True, f"templates: {', '.join(sorted(library))}")]


def _policy(settings: Settings) -> list[Finding]:
    try:
        mine = policy_file(settings.templates_dir)
        policies_of(mine)
    except FileErrors as error:
        return [Finding(False, f"nudge policy: {fault}") for fault in error.faults]
    except (OSError, UnicodeDecodeError):
        return []  # said with the templates
    return [Finding(True, f"nudge policy: {mine.where if mine else 'built in'}")]


def _languages(settings: Settings) -> list[Finding]:
    try:
        languages = read_languages(settings.templates_dir, settings.language)
    except FileErrors as error:
        return [Finding(False, f"catalogue: {fault}") for fault in error.faults]
    except (OSError, UnicodeDecodeError):
        return []  # said with the templates
    fault = language_fault(languages)
    return [Finding(fault is None, fault or f"languages: {', '.join(sorted({'en', *languages.known}))}")]


def _semantic(settings: Settings) -> list[Finding]:
    """Whether the sentence model can be had that the settings ask for."""
    if not settings.is_semantic:
        return []
    try:
        where = files(settings.embedding_model)
    except NotThere as error:
        return [Finding(False, f"runbooks would be found by their words alone: {error}")]
    return [Finding(True, f"sentence model for runbooks: {where.model}")]


def _manifest() -> list[Finding]:
    """Whether manifest.yml says what the code registers."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    commands = {command["command"] for command in manifest["features"]["slash_commands"]}
    events = set(manifest["settings"]["event_subscriptions"]["bot_events"])
    different = [f"{name} is in {'the code' if name in COMMANDS else 'manifest.yml'} only"
                 for name in sorted(commands ^ set(COMMANDS))]
    different += [f"the event {name} is in {'the code' if name in EVENTS else 'manifest.yml'} only"
                  for name in sorted(events ^ EVENTS)]
    if different:
        return [Finding(False, f"manifest: {each}. Take manifest.yml and code from one release")
                for each in different]
    return [Finding(True, "manifest.yml and code agree")]


def is_to_be_made(url: str) -> bool:
    """A SQLite file that is not there yet, in a folder that is: looking must not leave an empty one."""
    file = make_url(url).database if url.startswith("sqlite") else None
    return (file is not None and file != ":memory:" and not Path(file).exists()
            and Path(file).absolute().parent.is_dir())


async def _database_alone() -> list[Finding]:
    """The database, where its own setting is right and another is wrong."""
    try:
        return await _database(DatabaseSettings())
    except ValidationError:
        return []


async def _database(settings: DatabaseSettings) -> list[Finding]:
    where = redacted(settings.database_url)
    if is_to_be_made(settings.database_url):
        return [Finding(False, f"the database at {where} is not there yet: `groundcrew run` and "
                               "`groundcrew migrate` make it", is_advice=True)]
    engine = open_engine(settings.database_url)
    try:
        async with engine.execution_options(only_reads=True).connect() as connection:
            there = await connection.run_sync(current)
    except (SQLAlchemyError, OSError) as error:
        why = redacted(next(iter(str(error).splitlines()), "") or type(error).__name__)
        return [Finding(False, f"the database at {where} does not answer ({why}). "
                               "Is it running, are name and password right, does the folder exist?")]
    finally:
        await engine.dispose()
    if there is not None and there not in known_revisions():
        return [Finding(False, f"the database at {where} is of a newer version ({there}) than this Ground "
                               f"Crew, which knows {newest()}: take the newer release, or restore the "
                               "backup from before it")]
    if there != newest():
        age = "empty" if there is None else "of an older version"
        return [Finding(False, f"the database at {where} is {age}: run `groundcrew migrate` "
                               "(`groundcrew run` does it too)", is_advice=True)]
    return [Finding(True, f"database at {where}, up to date")]


def _clocks(ours: datetime, slacks: datetime | None) -> list[Finding]:
    """Slack refuses and we distrust what is minutes off; a lost message is looked for by its time."""
    off = 0.0 if slacks is None else (ours - slacks).total_seconds()
    if abs(off) <= CLOCK_OFF_S:
        return []
    how = "ahead of" if off > 0 else "behind"
    return [Finding(False, f"this machine's clock is {abs(off) / 60:.0f} min {how} Slack's: have NTP set it")]


@asynccontextmanager
async def _client(settings: Settings, token: str) -> AsyncIterator[AsyncWebClient]:
    async with ClientSession(timeout=ClientTimeout(total=10)) as session:
        yield AsyncWebClient(token=token, base_url=settings.slack_api_url, session=session, retry_handlers=[])


async def _slack(settings: Settings) -> list[Finding]:
    findings = []
    try:
        async with _client(settings, settings.slack_bot_token.get_secret_value()) as web:
            identity = await identify(web)
        findings += [Finding(True, f"bot token, workspace {identity.team}"), *_scopes(identity.scopes),
                     *_clocks(real_clock(), identity.its_clock)]
    except SlackApiError as error:
        said = error.response.get("error")
        findings.append(Finding(False, f"GROUNDCREW_SLACK_BOT_TOKEN: Slack says {said}. Copy the Bot User "
                                       "OAuth Token (xoxb-...) again, or reinstall the app"))
    except (ClientError, OSError, TimeoutError) as error:
        return [Finding(False, f"Slack at {settings.slack_api_url} cannot be reached "
                               f"({type(error).__name__}). Is there a proxy or a firewall in the way?")]
    if settings.slack_mode == "socket" and settings.slack_app_token is not None:
        findings.append(await _socket(settings, settings.slack_app_token.get_secret_value()))
    return findings


async def _socket(settings: Settings, token: str) -> Finding:
    try:
        async with _client(settings, token) as web:
            await web.apps_connections_open(app_token=token)
    except SlackApiError as error:
        return Finding(False, f"GROUNDCREW_SLACK_APP_TOKEN: Slack says {error.response.get('error')}. "
                              "It must be an app-level token (xapp-...) with connections:write, and Socket "
                              "Mode must be on")
    except (ClientError, OSError, TimeoutError) as error:
        return Finding(False, f"Socket Mode cannot be opened ({type(error).__name__})")
    return Finding(True, "app token, Socket Mode opens")


def _scopes(granted: frozenset[str]) -> list[Finding]:
    """What the installation was granted against what the manifest asks for."""
    if not granted:
        return [Finding(False, "Slack did not say which scopes are granted", is_advice=True)]
    scopes = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]
    missing = sorted(set(scopes["bot"]) - granted)
    optional = sorted(set(scopes["bot_optional"]) - granted)
    findings = []
    if missing:
        findings.append(Finding(False, f"scopes not granted: {', '.join(missing)}. Update the app from "
                                       "manifest.yml and reinstall it"))
    else:
        findings.append(Finding(True, "all required scopes"))
    if optional:
        findings.append(Finding(False, f"optional scopes not granted: {', '.join(optional)}. docs/install.md "
                                       "says what each is for", is_advice=True))
    return findings
