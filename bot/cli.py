"""The command line: run, check, migrate, templates, outbox, alerts, runbooks, verify-audit, demo."""

import argparse
import asyncio
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from aiohttp import ClientError
from pydantic import ValidationError
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot import alerts_command, logs, outbox_command, runbooks_command
from bot.check import check, faults_of, is_to_be_made
from bot.library import (
    File,
    alert_policies_of,
    built_in,
    catalogue_of,
    is_alert_policy,
    is_policy,
    is_runbook_policy,
    language_fault,
    policies_of,
    policy_file,
    read_languages,
    read_library,
    runbook_policies_of,
    runbook_policy_file,
)
from bot.settings import DatabaseSettings, Settings
from handlers.fields import FileErrors
from handlers.nudges.policy_words import in_words
from handlers.pilots.templates import Template, parse, resolve
from storage import audit
from storage.engine import Store, open_engine
from storage.migrate import NewerDatabase, upgrade

DOES = """\
groundcrew run            run the bot until it is told to stop
groundcrew check          say everything that is wrong with settings, database, tokens, scopes, manifest
groundcrew migrate        bring the database to this version
groundcrew templates      list templates, policies and languages; groundcrew templates FILE checks yours
groundcrew outbox         list what is not shown yet or was given up; retry or drop it
groundcrew alerts         who may report alerts, new secrets; what a body becomes and where it goes
groundcrew runbooks       copy the runbooks that come with the bot; measure how well yours answer
groundcrew verify-audit   prove that no audit entry was changed or removed
groundcrew demo           the bot against its built-in sandbox workspace, in the browser
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="groundcrew", description=DOES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in ("run", "check", "migrate", "verify-audit"):
        commands.add_parser(name)
    templates = commands.add_parser("templates")
    templates.add_argument("files", nargs="*", type=Path, metavar="FILE")
    outbox_command.arguments(commands.add_parser("outbox"))
    alerts_command.arguments(commands.add_parser("alerts"))
    runbooks_command.arguments(commands.add_parser("runbooks"))
    demo = commands.add_parser("demo")
    demo.add_argument("--port", type=_port, default=0, help="of the sandbox page; a free one otherwise")
    asked = parser.parse_args(argv)
    if asked.command is None:
        parser.print_help(sys.stderr)
        return 2
    if asked.command == "demo":
        return _demo(asked.port)
    if asked.command == "runbooks":
        return runbooks_command.run(asked)
    if asked.command == "templates" and asked.files:
        return _lint(asked.files)
    unreadable = _env_fault()
    if unreadable:
        print(unreadable, file=sys.stderr)
        return 2
    try:
        return _with_settings(asked)
    except ValidationError as error:
        print("These settings are wrong:", *faults_of(error), "`groundcrew check` says more.", sep="\n  ",
              file=sys.stderr)
        return 2


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; give one such as 8765")
    return int(text)


def _env_fault() -> str | None:
    file = Path(".env")
    try:
        if file.is_file():
            file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ".env cannot be read: save it as UTF-8 text (PowerShell's > writes UTF-16)."
    except OSError as error:
        return f".env cannot be read: {error.strerror}."
    return None


def _with_settings(asked: argparse.Namespace) -> int:
    command = asked.command
    if command in ("migrate", "verify-audit", "outbox", "alerts"):
        kept = DatabaseSettings()
        logs.configure(kept.log_level)
        if command in ("outbox", "alerts"):
            return _beside(kept, asked)
        return _with_database(kept, _migrate(kept) if command == "migrate" else _verify(kept))
    try:
        settings = Settings()  # type: ignore[call-arg]  # from the environment
    except ValidationError as error:
        if command == "check":
            return asyncio.run(check(None, error))
        if command == "templates":
            return _list(None)
        raise
    logs.configure(settings.log_level)
    match command:
        case "check":
            return asyncio.run(check(settings, None))
        case "templates":
            return _list(settings.templates_dir)
    return _run(settings)


def _run(settings: Settings) -> int:
    from bot.serve import serve  # noqa: PLC0415  (the web server is not needed to check or migrate)
    try:
        if fault := language_fault(read_languages(settings.templates_dir, settings.language)):
            print(f"{fault}.", file=sys.stderr)
            return 2
        asyncio.run(_migrate(settings, quietly=True))
        asyncio.run(serve(settings))
    except FileErrors as error:
        print("A file of yours cannot be read:", *error.faults, sep="\n  ", file=sys.stderr)
        return 2
    except SlackApiError as error:
        print(f"Slack refused the bot token: {error.response.get('error')}. `groundcrew check` says what to "
              "do.", file=sys.stderr)
        return 2
    except (SQLAlchemyError, ClientError, NewerDatabase, OSError, TimeoutError) as error:
        print(f"Could not start: {logs.redacted(_first_line(error))}. `groundcrew check` says what to do.",
              file=sys.stderr)
        return 2
    return 0


def _first_line(error: Exception) -> str:
    """What went wrong in a line; the kind of error where it says nothing itself."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _with_database(settings: DatabaseSettings, work: Coroutine[Any, Any, int]) -> int:
    try:
        return asyncio.run(work)
    except NewerDatabase as error:
        print(f"Nothing was done: {error}. Take the newer release, or restore the backup from before it.",
              file=sys.stderr)
        return 2
    except (SQLAlchemyError, OSError) as error:
        print(f"The database at {logs.redacted(settings.database_url)} cannot be used: "
              f"{logs.redacted(_first_line(error))}. Is it running, are name and password right, and did "
              "`groundcrew migrate` run?", file=sys.stderr)
        return 2


def _beside(settings: DatabaseSettings, asked: argparse.Namespace) -> int:
    """A command of an admin beside the running bot."""
    if is_to_be_made(settings.database_url):
        print(f"There is no database at {logs.redacted(settings.database_url)}: is GROUNDCREW_DATABASE_URL "
              "right, and is this the bot's own folder?", file=sys.stderr)
        return 2
    command = outbox_command if asked.command == "outbox" else alerts_command
    return _with_database(settings, command.run(settings, asked))


async def _migrate(settings: DatabaseSettings, *, quietly: bool = False) -> int:
    engine = open_engine(settings.database_url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
    if not quietly:
        print("The database is up to date.")
    return 0


async def _verify(settings: DatabaseSettings) -> int:
    engine = open_engine(settings.database_url)
    try:
        async with Store(engine).reading() as session:
            found = await audit.verify(session)
    finally:
        await engine.dispose()
    for broken in found.broken:
        print(f"BROKEN  {broken.pilot} (pilot {broken.pilot_id}), entry {broken.seq}: {broken.why}")
    if found.broken:
        print(f"{len(found.broken)} of {found.pilots} audit trails do not hold.")
        return 1
    print(f"All {found.pilots} audit trails hold: {found.entries} entries, none changed, none missing.")
    return 0


def _lint(files: Sequence[Path]) -> int:
    """Check files of one's own; templates alone and together with the built-in ones."""
    library = dict(read_library(None))
    mine, status = [], 0
    for path in files:
        try:
            read = _read_own(path)
        except FileErrors as error:
            print(*error.faults, sep="\n")
            status = 1
        except OSError as error:
            print(f"{path}: cannot be read: {error.strerror or error}.")
            status = 1
        except UnicodeDecodeError:
            print(f"{path}: cannot be read: save it as UTF-8 text.")
            status = 1
        else:
            if isinstance(read, Template):
                mine.append(read)
                library[read.name] = read
            else:
                print(f"{path.name}: fine{read}")
    for template in mine:
        try:
            checklist = resolve(library, [template.name])
        except FileErrors as error:
            print(*error.faults, sep="\n")
            status = 1
        else:
            print(f"{template.name}: fine, {len(checklist.items)} items together with what it extends.")
    return status


def _read_own(path: Path) -> Template | str:
    """A template, or what there is to say of a catalogue or a nudge policy that is right."""
    file = File(str(path), path.read_text(encoding="utf-8"))
    if path.suffix == ".po":
        return f", texts translated: {len(catalogue_of(file).words.texts)}."
    if is_alert_policy(file):
        alert_policies_of(file)
        return "."
    if is_runbook_policy(file):
        return f", {runbook_policies_of(file).in_words}."
    if is_policy(file):
        return f".\n{in_words(policies_of(file))}"
    return parse(file.text, file.where)


def _list(folder: Path | None) -> int:
    try:
        library, policy, runbooks = read_library(folder), policy_file(folder), runbook_policy_file(folder)
        policies_of(policy)
        sources = runbook_policies_of(runbooks)
        languages = read_languages(folder, "en")
    except FileErrors as error:
        print(*error.faults, sep="\n")
        return 1
    for name, template in sorted(library.items()):
        extends = f", extends {template.extends}" if template.extends else ""
        print(f"{name:20} {len(template.items):3} items{extends}  ({template.where})")
    print(f"{'nudge policy':20} {'':9} ({policy.where if policy else 'built in'})")
    print(f"{'runbook policy':20} {'':9} ({runbooks.where if runbooks else 'none'}), {sources.in_words}")
    print(f"{'languages':20} {'':9} en, {', '.join(sorted(languages.known))}")
    print(f"{len(built_in())} templates come with the bot. Your own: GROUNDCREW_TEMPLATES_DIR. Check one: "
          "groundcrew templates FILE.yaml")
    return 0


def _demo(port: int) -> int:
    from bot.demo import run  # noqa: PLC0415  (the sandbox is loaded only where it is wanted)
    logs.configure("WARNING")
    try:
        asyncio.run(run(port))
    except OSError as error:
        print(f"Port {port} cannot be used: {error.strerror}. Choose another: make demo PORT=8765",
              file=sys.stderr)
        return 2
    return 0
