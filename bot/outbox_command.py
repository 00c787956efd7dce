"""`groundcrew outbox`: what waits, is in doubt or was given up, and what an admin does about it."""

import json
import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.clock import real_clock
from bot.settings import DatabaseSettings
from handlers.chat.errors import Refused
from handlers.chat.ports import EVERYTHING, Clock
from handlers.outbox.mending import Mending
from storage import queue
from storage.engine import Store, open_engine
from storage.queue import Unkept

log = logging.getLogger(__name__)

SHOWN = 50
"""Lines of a list, unless all are asked for."""
_HEAD = ("ID", "STATE", "KIND", "ROOM", "AGE", "TRIES", "NEXT TRY", "LAST ERROR")


def arguments(parser: ArgumentParser) -> None:
    todo = parser.add_subparsers(dest="todo", required=True, metavar="list | retry | drop")
    listed = todo.add_parser("list", help="messages that are not shown as they should be, oldest first")
    listed.add_argument("--given-up", action="store_true", help="only those that nobody tries any more")
    listed.add_argument("--newest", action="store_true", help="newest first")
    listed.add_argument("--all", action="store_true", help=f"every one, not only {SHOWN}")
    listed.add_argument("--json", action="store_true", help="for other programs")
    retry = todo.add_parser("retry", help="try a message now, whatever came of it before")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", type=int, metavar="ID", help="as `list` shows it")
    which.add_argument("--all-given-up", action="store_true")
    drop = todo.add_parser("drop", help="decide that a message is not shown; the pilot's history says so")
    drop.add_argument("id", type=int, metavar="ID", help="as `list` shows it")
    drop.add_argument("--reason", required=True)


async def run(settings: DatabaseSettings, asked: Namespace, clock: Clock = real_clock) -> int:
    """Carry out what was asked; returns the exit status."""
    engine = open_engine(settings.database_url)
    store = Store(engine)
    try:
        match asked.todo:
            case "list":
                return await _list(store, asked, clock())
            case "retry":
                return await _retry(Mending(store, clock), asked)
        return await _drop(Mending(store, clock), asked)
    except Refused as refused:
        print(refused)
        return 1
    finally:
        await engine.dispose()


async def _retry(mending: Mending, asked: Namespace) -> int:
    if asked.all_given_up:
        count = await mending.retry_all()
        print(f"{count} messages that were given up are tried now." if count else "Nothing was given up.")
    else:
        print(await mending.retry(asked.id))
    return 0


async def _drop(mending: Mending, asked: Namespace) -> int:
    reason = " ".join(asked.reason.split())
    if not reason:
        raise Refused("Say why: --reason \"the channel is gone\".")
    post = await mending.drop(asked.id, reason)
    log.warning("an admin dropped message %s (%s for %s): %s", post.id, post.kind, post.room, reason)
    print(f"Message {post.id} ({post.kind} for {post.room}) is not sent.")
    return 0


async def _list(store: Store, asked: Namespace, now: datetime) -> int:
    async with store.reading() as session:
        found = await queue.unkept(session, now, given_up=asked.given_up, newest=asked.newest,
                                   limit=None if asked.all else SHOWN)
        waiting, lost = await queue.count_unkept(session)
        refused = await queue.limits_in_force(session, [("slack", EVERYTHING)], now)
    if asked.json:
        print(json.dumps([_as_json(each) for each in found], indent=2))
        return 0
    for workspace, _, _, since in refused:
        print(f"Slack has not taken the token of {workspace} since {_moment(since or now)}: nothing is sent "
              "and nothing is lost. `groundcrew check` says what to do.")
    if found:
        print(*_table([_HEAD, *(_row(each, now) for each in found)]), sep="\n")
    rest = (lost if asked.given_up else waiting + lost) - len(found)
    print(f"{waiting} wait, {lost} were given up." + (f" {rest} more: --all shows them." if rest > 0 else ""))
    return 0


def _state(each: Unkept) -> str:
    if each.post.given_up_at is not None:
        return "dropped" if each.is_dropped else "given up"
    if each.is_on_the_way:
        return "on its way"
    return "in doubt" if each.post.doubt_since is not None else "waiting"


def _row(each: Unkept, now: datetime) -> tuple[str, ...]:
    post = each.post
    following = "never" if post.given_up_at is not None else (
        f"in {_span(post.not_before - now)}" if post.not_before > now else "now")
    return (str(post.id), _state(each), post.kind, post.room, _span(now - post.made_at), str(post.attempts),
            following, post.last_error or "")


def _as_json(each: Unkept) -> dict[str, object]:
    post = each.post
    return {"id": post.id, "state": _state(each), "workspace": post.workspace_id, "kind": post.kind,
            "subject": post.subject_id, "room": post.room, "urgency": post.urgency, "attempts": post.attempts,
            "last_error": post.last_error, "made_at": post.made_at.isoformat(),
            "next_try": None if post.given_up_at else post.not_before.isoformat(),
            "in_doubt_since": post.doubt_since.isoformat() if post.doubt_since else None,
            "given_up_at": post.given_up_at.isoformat() if post.given_up_at else None}


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]


def _span(time: timedelta) -> str:
    """Roughly, in its largest unit."""
    seconds = max(int(time.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
