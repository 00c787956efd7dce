"""`groundcrew alerts`: who may report, and what a body becomes."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from bot.alerts_route import Situation, explained
from bot.clock import real_clock
from bot.library import read_alerts
from bot.settings import DatabaseSettings, RoutingSettings
from handlers.alerts.hooks import settings_of
from handlers.alerts.signals import Drift, Signal
from handlers.alerts.sources import OVERLAP, Sources
from handlers.alerts.vendors import VENDORS
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings
from handlers.chat.errors import Refused
from handlers.chat.ports import Clock
from handlers.fields import FileErrors
from storage.engine import Store, open_engine
from storage.models import Workspace

ADDRESS = "https://YOUR-HOST/alerts/{name}"


def arguments(parser: ArgumentParser) -> None:
    todo = parser.add_subparsers(dest="todo", required=True,
                                  metavar="sources | add | rotate | drop | try | route")
    todo.add_parser("sources", help="who may report to the bot, and when each was last heard of")
    add = todo.add_parser("add", help="let a monitoring system report: gives its address and secret")
    add.add_argument("name", metavar="SOURCE", help="a name of yours, part of its address: prod-prometheus")
    add.add_argument("vendor", metavar="VENDOR", help=", ".join(sorted(VENDORS)))
    add.add_argument("--secret", help="where the sender makes it, as PagerDuty and Sentry do")
    add.add_argument("--option", action="append", default=[], metavar="KEY=VALUE",
                     help="what this kind of sender needs to be told")
    rotate = todo.add_parser("rotate", help="give a source a new secret; the former works a day longer")
    rotate.add_argument("name", metavar="SOURCE")
    rotate.add_argument("--secret")
    drop = todo.add_parser("drop", help="take nothing more from a source")
    drop.add_argument("name", metavar="SOURCE")
    trial = todo.add_parser("try", help="show what a body would become; nothing is sent or kept")
    trial.add_argument("name", metavar="SOURCE", help="a source, or a kind of sender")
    trial.add_argument("file", type=Path, metavar="FILE")
    trial.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")
    route = todo.add_parser("route", help="show where each signal of a body would go, and why")
    route.add_argument("file", type=Path, metavar="FILE")
    route.add_argument("--source", dest="name", required=True, metavar="SOURCE",
                       help="a source, or a kind of sender")
    route.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")


async def run(settings: DatabaseSettings, asked: Namespace, clock: Clock = real_clock) -> int:
    """Carry out what was asked; returns the exit status."""
    engine = open_engine(settings.database_url)
    store = Store(engine)
    try:
        sources = Sources(store, clock, await _workspace(store))
        match asked.todo:
            case "sources":
                return await _list(sources)
            case "add":
                row = await sources.add(asked.name, asked.vendor, secret=asked.secret,
                                        options=_options(asked.option))
                vendor = VENDORS[row.vendor]
                print(f"{row.name} may report now.\n\nADDRESS  {ADDRESS.format(name=row.name)}\n"
                      f"SECRET   {row.secret}\n\n{vendor.title}:\n{vendor.setup}".rstrip())
            case "rotate":
                row = await sources.rotate(asked.name, secret=asked.secret)
                hours = OVERLAP.total_seconds() / 3600
                print(f"SECRET   {row.secret}\nThe former one is taken for {hours:.0f} hours more.")
            case "drop":
                await sources.drop(asked.name)
                print(f"Nothing more is taken from {asked.name}; its alerts stay.")
            case "try":
                return await _try(sources, asked, clock)
            case "route":
                return await _show_routes(sources, asked, clock)
    except FileErrors as errors:
        print("The alert policy cannot be read:", *errors.faults, sep="\n  ")
        return 2
    except Refused as refused:
        print(refused)
        return 1
    finally:
        await engine.dispose()
    return 0


async def _workspace(store: Store) -> str:
    """The one workspace there is. Raises Refused."""
    async with store.reading() as session:
        found = (await session.scalars(select(Workspace.id).order_by(Workspace.created_at))).all()
    if not found:
        raise Refused("The bot has not run yet, so there is no workspace: `groundcrew run` once.")
    return found[0]


async def _list(sources: Sources) -> int:
    rows = await sources.all()
    for row in rows:
        heard = f"last heard {row.heard_at:%Y-%m-%d %H:%M} UTC" if row.heard_at else "never heard of"
        rotating = f", former secret until {row.former_until:%Y-%m-%d %H:%M} UTC" if (
            row.former_until is not None and row.former_until > sources.clock()) else ""
        print(f"{row.name:24} {row.vendor:16} {heard}{rotating}")
    if not rows:
        print("Nobody may report yet: groundcrew alerts add prod-prometheus alertmanager")
    return 0


def _options(given: Sequence[str]) -> dict[str, Any]:
    """``key=value`` pairs, each value as YAML has it. Raises Refused."""
    found = {}
    for each in given:
        name, is_pair, value = each.partition("=")
        if not is_pair:
            raise Refused(f"{each!r} is no option; write KEY=VALUE.")
        try:
            found[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise Refused(f"{value!r} cannot be read as a value of {name}.") from error
    return found


async def _try(sources: Sources, asked: Namespace, clock: Clock) -> int:
    print(*_said((await _read(sources, asked, clock))[1]), sep="\n")
    return 0


async def _show_routes(sources: Sources, asked: Namespace, clock: Clock) -> int:
    """Raises Refused, FileErrors."""
    kept = RoutingSettings()
    policies = read_alerts(kept.templates_dir)
    source, report = await _read(sources, asked, clock)
    async with sources.store.reading() as session:
        print(*await explained(report.signals, Situation(
            session, sources.workspace, source, policies, policies.routing.operations or kept.fallback,
            clock())), sep="\n")
    return 0


async def _read(sources: Sources, asked: Namespace, clock: Clock) -> tuple[str, Report]:
    """The source's name, and what the body says. Raises Refused."""
    now = clock()
    vendor, settings = VENDORS.get(asked.name), Settings(asked.name)
    if vendor is None:
        row = await sources.one(asked.name)
        vendor, settings = VENDORS[row.vendor], settings_of(row, now)
    try:
        body = asked.file.read_bytes()
    except OSError as error:
        raise Refused(f"{asked.file} cannot be read: {error.strerror}.") from error
    try:
        return settings.source, vendor.parse(Incoming("POST", _headers(asked.header), {}, body, body, now),
                                             settings)
    except Malformed as error:
        raise Refused(f"400  {error}") from error


def _headers(given: Sequence[str]) -> Mapping[str, str]:
    pairs = (each.partition(":") for each in given)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _said(report: Report) -> list[str]:
    found = [line for signal in report.signals for line in _signal(signal)]
    if report.absent:
        found.append(f"and {report.absent} more that the sender left out")
    return found or ["Nothing that is an alert."]


def _signal(signal: Signal) -> list[str]:
    about = " ".join(f"{name}={value}" for name, value in signal.labels.items())
    found = [f"{signal.status.value:8} {signal.severity.value:8} {signal.name}: {signal.title}",
             f"{'':8} key {signal.key}", f"{'':8} {about}"]
    if signal.started_at is not None:
        found.append(f"{'':8} since {signal.started_at:%Y-%m-%d %H:%M:%S} UTC")
    found += [f"{'':8} {kind.value}: {url}" for kind, url in signal.links]
    if signal.drift is not None:
        found += _drift(signal.drift)
    return [line.rstrip() for line in found]


def _drift(drift: Drift) -> list[str]:
    return [f"{'':8} drift {each.name} {each.method} {each.statistic:g}"
            + (f" (limit {each.threshold:g})" if each.threshold is not None else "")
            + (" drifted" if each.is_drifted else "") for each in drift.features]
