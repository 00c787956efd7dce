"""The house rules that no linter sees: imports without effect, transactions in one place, files that agree."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from alembic.script import ScriptDirectory

from bot.sandbox.api_views import METHODS as VIEWS
from bot.sandbox.server import api_chat, api_conversations, api_files, api_users
from bot.settings import Settings
from handlers.commands.desk import FEATURES
from handlers.commands.help import commands_markdown, usage_hint
from handlers.commands.verbs import COMMANDS, VERBS
from handlers.slack.listeners import EVENTS
from storage.migrate import newest

HERE = Path(__file__).parent.parent
MANIFEST: dict[str, Any] = yaml.safe_load((HERE / "manifest.yml").read_text(encoding="utf-8"))
SCHEMA = HERE.parent / "shared" / "schemas" / "slack-manifest-2.0.0.json"

# ---- importing has no effect -----------------------------------------------------------------------------------

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import numpy  # sets a variable for as long as it is imported, which is none of our doing
allowed = None
def forbid(event, args):
    if event.startswith(("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "subprocess.", "os.system",
                         "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.", "sqlite3.connect", "os.putenv",
                         "os.posix_spawn", "os.fork")):
        raise RuntimeError(f"importing did {event} {args!r}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise RuntimeError(f"importing wrote {args[0]!r}")
sys.addaudithook(forbid)
import threading, logging
handlers_before = list(logging.getLogger().handlers)
names = []
for top in ("bot", "handlers", "storage"):
    package = importlib.import_module(top)
    for module in pkgutil.walk_packages(package.__path__, f"{top}."):
        # what is run rather than imported: the command itself, and what alembic runs
        if module.name != "bot.__main__" and not module.name.startswith("storage.migrations"):
            importlib.import_module(module.name)
            names.append(module.name)
assert logging.getLogger().handlers == handlers_before, "importing set up logging"
assert threading.active_count() == 1, "importing started a thread"
print(len(names))
"""


def _python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-B", "-W", "error", "-c", code], cwd=cwd, text=True, capture_output=True,
                          env={"PYTHONPATH": str(HERE)}, timeout=50, check=False)


def test_importing_any_module_has_no_effect(tmp_path: Path) -> None:
    """With an empty environment: no setting, network, file, thread or log handler is needed or touched."""
    done = _python(IMPORT_EVERYTHING, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 80
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("effect", [
    "open('made', 'w')", "import socket; socket.create_connection(('127.0.0.1', 9))",
    "import sqlite3; sqlite3.connect('made.db')", "import subprocess; subprocess.run(['true'])"])
def test_the_watch_over_imports_notices_effects(effect: str, tmp_path: Path) -> None:
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "__init__.py").write_text(effect)
    done = _python(IMPORT_EVERYTHING.replace('("bot", "handlers", "storage")', '("planted",)'), tmp_path)
    assert done.returncode != 0
    assert "importing " in done.stderr


# ---- transactions ----------------------------------------------------------------------------------------------

MAY_BEGIN = ("handlers/ledger.py", "handlers/ticks.py", "handlers/outbox/actions.py", "handlers/outbox/claims.py",
             "handlers/outbox/mending.py", "handlers/outbox/recording.py", "handlers/people/actions.py", "handlers/nudges/actions.py",
             "handlers/briefings/tick.py", "handlers/nudges/decisions.py", "handlers/nudges/self_check.py",
             "handlers/alerts/intake.py", "handlers/alerts/sources.py", "handlers/alerts/outward.py", "handlers/alerts/pulling.py",
             "handlers/alerts/presence.py", "handlers/alerts/reconciling.py", "handlers/alerts/sweep.py",
             "handlers/alerts/silencing.py", "handlers/alerts/churn.py", "handlers/oncall/asking.py", "handlers/runbooks/reading.py",
             "handlers/runbooks/understanding.py", "handlers/runbooks/writing.py", "bot/wiring.py", "bot/cli.py",
             "bot/demo.py")
"""Actions and the ledger; the tick that forgets; the start, and the commands of an admin."""
_TRANSACTION = re.compile(r"\.(commit|rollback|begin|begin_nested)\(")


def _code(folder: str) -> dict[str, str]:
    return {str(path.relative_to(HERE)): path.read_text(encoding="utf-8")
            for path in sorted((HERE / folder).rglob("*.py")) if "sandbox" not in path.parts}


def test_queries_never_end_or_open_a_transaction() -> None:
    touching = {path for path, text in _code("storage").items()
                if _TRANSACTION.search(text) and not path.startswith("storage/migrations")}
    assert touching == {"storage/engine.py", "storage/sqlite_driver.py"}, "only the store itself knows how"


def test_only_actions_and_the_ledger_open_transactions_for_writing() -> None:
    touching = {path for folder in ("handlers", "bot") for path, text in _code(folder).items()
                if _TRANSACTION.search(text)}
    assert touching <= set(MAY_BEGIN), sorted(touching - set(MAY_BEGIN))


def test_only_the_outbox_and_the_door_send() -> None:
    sends = re.compile(r"chat\.(post|update)|chat_(post|update)|client\.(post|update)\(")
    touching = {path for path, text in _code("handlers").items() if sends.search(text)}
    assert touching <= {"handlers/outbox/sending.py", "handlers/slack/client.py", "handlers/slack/showing.py"}


# ---- the manifest ----------------------------------------------------------------------------------------------


def _commands() -> dict[str, dict[str, Any]]:
    return {command["command"]: command for command in MANIFEST["features"]["slash_commands"]}


def test_the_manifest_has_just_the_commands_that_are_registered_with_the_hints_of_the_grammar() -> None:
    assert set(_commands()) == set(COMMANDS)
    assert {name: command["usage_hint"] for name, command in _commands().items()} == {
        name: usage_hint(name) for name in COMMANDS}
    assert all(command["should_escape"] for command in _commands().values())


def test_the_manifest_subscribes_to_just_the_events_that_are_listened_to() -> None:
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == EVENTS


CALLED = re.compile(r'"((?:chat|views|conversations|usergroups|users|auth|files|reactions|dnd)\.[a-zA-Z.]+)"')
FOR_EVENTS = {"app_mention": "app_mentions:read", "message.im": "im:history", "user_change": "users:read"}


def test_the_manifest_asks_for_what_the_client_calls_and_no_more() -> None:
    """The sandbox knows what Slack wants for each method; lookups of rooms want the scope of the room's kind."""
    methods = api_chat.METHODS | VIEWS | api_conversations.METHODS | api_users.METHODS | api_files.METHODS
    called = set(CALLED.findall((HERE / "handlers/slack/client.py").read_text(encoding="utf-8")))
    assert called >= {"chat.postMessage", "chat.update", "views.publish", "conversations.history", "users.info"}
    scopes = MANIFEST["oauth_config"]["scopes"]
    required, optional = set(scopes["bot"]), set(scopes["bot_optional"])
    by_kind = {"conversations.info": {"channels:read", "groups:read"},
               "conversations.history": {"channels:history", "groups:history", "im:history"},
               "dnd.teamInfo": {"dnd:read"}, "usergroups.users.update": {"usergroups:write"},
               "files.getUploadURLExternal": {"files:write"}, "files.completeUploadExternal": {"files:write"}}
    needed = set(FOR_EVENTS.values()) | {"commands"}
    for method in called:
        wants = methods[method].scopes
        assert method in by_kind or not wants or set(wants) & required, f"{method} wants one of {wants}"
        needed |= by_kind.get(method, set()) | (set(wants) & required)
    assert required | optional == needed
    assert not required & optional


LIMITS = {  # slack.md, section 4
    "display_information.name": 35, "display_information.description": 140, "features.bot_user.display_name": 80}


@pytest.mark.parametrize("path", LIMITS)
def test_names_in_the_manifest_fit_slacks_limits(path: str) -> None:
    value: Any = MANIFEST
    for key in path.split("."):
        value = value[key]
    assert 0 < len(value) <= LIMITS[path]


def test_the_rest_of_the_manifest_fits_slacks_limits() -> None:
    assert 175 <= len(MANIFEST["display_information"]["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-f]{6}", MANIFEST["display_information"]["background_color"])
    assert len(_commands()) <= 50
    for name, command in _commands().items():
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", name)
        assert 0 < len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    scopes = MANIFEST["oauth_config"]["scopes"]
    assert max(len(scopes["bot"]), len(scopes["bot_optional"])) <= 255
    assert len(EVENTS) <= 100
    assert MANIFEST["settings"]["org_deploy_enabled"] is True
    assert "url" not in json.dumps(MANIFEST), "the published manifest is for Socket Mode: it has no addresses"


def test_the_manifest_fits_slacks_own_schema() -> None:
    if not SCHEMA.exists():
        pytest.skip(f"Slack's schema is not at {SCHEMA}: only the limits above were checked")
    from jsonschema import Draft7Validator
    validator = Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(MANIFEST)] == []
    wrong = {**MANIFEST, "features": {**MANIFEST["features"], "slash_commands": [{"command": "pilot"}]}}
    assert list(validator.iter_errors(wrong)), "the schema accepts anything"


# ---- the tables of answers -------------------------------------------------------------------------------------


def test_every_verb_of_this_release_has_one_answer_and_no_other_has() -> None:
    answered = [line for feature in FEATURES for line in feature.typed]
    assert sorted(answered) == sorted(verb.begins for verb in VERBS if verb.later is None)


@pytest.mark.parametrize("kind", ["pressed", "filled"])
def test_no_two_features_answer_the_same_button_or_form(kind: str) -> None:
    answered = [verb for feature in FEATURES for verb in getattr(feature, kind)]
    assert len(set(answered)) == len(answered) > 0


# ---- files that must agree ---------------------------------------------------------------------------------------


def test_the_page_of_commands_is_the_grammars() -> None:
    assert (HERE / "docs" / "commands.md").read_text(encoding="utf-8") == commands_markdown()


def _env_example() -> dict[str, tuple[str, list[str]]]:
    """Setting -> (what stands behind it, the comment above it)."""
    found, comment = dict[str, tuple[str, list[str]]](), list[str]()
    for line in (HERE / ".env.example").read_text(encoding="utf-8").splitlines():
        if setting := re.fullmatch(r"#?(GROUNDCREW_[A-Z_]+)=(.*)", line):
            found[setting[1]] = (setting[2], comment)
        elif line.startswith("# ") and not line.startswith("# --"):
            comment = [*comment, line]
        else:
            comment = []
    return found


def test_env_example_explains_every_setting_and_no_other() -> None:
    example = _env_example()
    assert set(example) == {f"GROUNDCREW_{name.upper()}" for name in Settings.model_fields}
    for name, (_, comment) in example.items():
        said = " ".join(comment)
        assert "efault" in said, f"{name}: nothing is said of its default"


def test_env_example_shows_the_defaults_that_hold() -> None:
    for name, (value, _) in _env_example().items():
        default = Settings.model_fields[name.removeprefix("GROUNDCREW_").lower()].default
        if value:
            assert value == (",".join(default) if isinstance(default, tuple) else str(default)), name
        else:
            assert default in (None, ()) or "TOKEN" in name, name


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-semantic.lock"])
def test_lock_files_name_no_registry(lock: str) -> None:
    text = (HERE / lock).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"https?:|index-url|find-links|pypi|--trusted-host|@ file|git\+", text)
    unpinned = [line for line in text.splitlines() if line and line[0].isalpha() and "==" not in line]
    assert unpinned == []


def test_the_newest_revision_is_found_without_loading_alembic() -> None:
    scripts = ScriptDirectory(str(HERE / "storage" / "migrations"))
    assert newest() == scripts.get_current_head()


def test_every_module_of_handlers_is_in_a_layer() -> None:
    """import-linter says so for folders when it runs; this holds also where it does not."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    assert "exhaustive = true" in text
    layers = re.search(r'id = "handlers".*?layers = \[(.*?)\]', text, re.S)
    assert layers is not None
    named = set(re.findall(r"[a-z_]+", layers[1]))
    there = {path.stem for path in (HERE / "handlers").iterdir()
             if path.name not in ("__init__.py", "__pycache__") and (path.is_dir() or path.suffix == ".py")}
    assert there == named

