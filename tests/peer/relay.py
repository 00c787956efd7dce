"""`python -m tests.peer.relay PORT [postgres]`: the bot as the harness starts it, beside Alertmanager.

The real `bot run` on its own database, against the harness's chat service. Nothing is replaced: grouping and
debounce are the harness's, by a policy file.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from bot import logs, serve
from bot.clock import real_clock
from bot.settings import Settings
from handlers.alerts.sources import Sources
from storage import people
from storage.engine import Store, open_engine
from storage.migrate import upgrade

SECRET = "a-secret-of-the-harness"
WORKSPACE = "slack:T0BENCH"
SERVER = os.environ.get("PG_URL", "postgresql://postgres@127.0.0.1:5432/test").replace("+asyncpg", "")


def policy() -> str:
    """The alert policy that fits how the harness groups."""
    by = os.environ.get("BENCH_GROUP_BY", "['...']")
    names = [name for name in by.strip("[]").replace("'", "").replace('"', "").split(",") if name.strip()]
    group_by = '"..."' if "..." in names else "[" + ", ".join(name.strip() for name in names if name.strip() != "alertname") + "]"
    wait = os.environ.get("BENCH_GROUP_WAIT", "1s")
    return f"schema: 1\npolicy: alerts\nrouting:\n  group_by: {group_by}\n  debounce: {wait}\n" + os.environ.get("BENCH_POLICY", "")


async def database(kind: str, folder: Path) -> str:
    """The database of this run; the same one after a restart."""
    if kind != "postgres":
        return f"sqlite+aiosqlite:///{folder}/relay.db"
    name = "relay_" + folder.name.replace("-", "_").lower()
    connection = await asyncpg.connect(SERVER)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return f"{SERVER.rpartition('/')[0].replace('postgresql://', 'postgresql+asyncpg://')}/{name}"


async def main(port: int, kind: str) -> None:
    folder, slack = Path(os.environ["BENCH_STATE_DIR"]), urlsplit(os.environ["FAKE_SLACK_URL"])
    url = await database(kind, folder)
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    store = Store(engine)
    async with store.begin() as session:
        await people.ensure_workspace(session, WORKSPACE, "bench", real_clock())
    sources = Sources(store, real_clock, WORKSPACE)
    if not await sources.all():
        for name, vendor in (("bench", "prometheus"), ("hook", "alertmanager")):
            await sources.add(name, vendor, secret=SECRET)
    await engine.dispose()
    own = folder / "policy"
    own.mkdir(exist_ok=True)
    (own / "alerts.yaml").write_text(policy(), encoding="utf-8")
    logs.configure("ERROR")
    await serve.serve(Settings(
        _env_file=None, database_url=url, slack_mode="http", slack_bot_token="xoxb-bench-1", slack_signing_secret="bench",  # type: ignore[call-arg]
        slack_api_url=f"http://{slack.netloc}/api/", port=port, operations_channel="C0FAKE", templates_dir=own, log_level="ERROR"))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "sqlite"))
