"""Builds the running bot out of its parts: the one place that knows them all."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.library import read_alerts, read_languages, read_library, read_policy, read_runbooks
from bot.metrics import Metrics
from bot.settings import Settings
from handlers import ticks
from handlers.alerts import drawing
from handlers.alerts.actions import Alerts
from handlers.alerts.churn import Churn
from handlers.alerts.composing import AlertCards
from handlers.alerts.deciding import Deciding
from handlers.alerts.drift_actions import DriftActions
from handlers.alerts.drift_composing import DriftCards
from handlers.alerts.drift_gate import DriftGate
from handlers.alerts.drift_known import known_of
from handlers.alerts.escalating import Escalation
from handlers.alerts.fetching import Fetching
from handlers.alerts.hooks import Fetch, Hooks
from handlers.alerts.intake import Intake
from handlers.alerts.lists import AlertLists
from handlers.alerts.outside import Outside, outside
from handlers.alerts.policies import Policies as AlertPolicies
from handlers.alerts.reach import ByRotation
from handlers.alerts.reports import Reports
from handlers.alerts.runbooks import AlertRunbooks
from handlers.alerts.silences import Silences
from handlers.alerts.silencing import SilenceTick
from handlers.alerts.sweep import AlertSweep
from handlers.alerts.telling import Telling
from handlers.alerts.user_group import WRITE_GROUPS, UserGroup
from handlers.briefings import arrange
from handlers.briefings.actions import Briefings
from handlers.briefings.composing import BriefingCards
from handlers.briefings.tick import BriefingTick
from handlers.chat.ports import Clock
from handlers.chat.wording import Languages
from handlers.commands.answers import Tools
from handlers.commands.desk import Desk
from handlers.commands.find import Finder
from handlers.ledger import Ledger
from handlers.nudges.actions import Nudges
from handlers.nudges.channel_settings import ChannelSettings
from handlers.nudges.decisions import Decisions
from handlers.nudges.policy import Policies
from handlers.nudges.self_check import SelfChecks
from handlers.nudges.snoozing import Snoozes
from handlers.nudges.why import rules_of
from handlers.oncall.asking import Providers
from handlers.oncall.boards import Boards, OnCallDesk
from handlers.oncall.setting import Rotations
from handlers.oncall.shifts import Shifts
from handlers.outbox.actions import Outbox
from handlers.outbox.compose import Composer
from handlers.people.actions import People
from handlers.people.calendar import Calendar
from handlers.people.heads import Heads
from handlers.pilots.create import Creation, NudgeTimes
from handlers.pilots.habits import Habits
from handlers.pilots.items import Items
from handlers.pilots.on_it import OnIt
from handlers.pilots.seats import Seats
from handlers.pilots.stages import Stages
from handlers.pilots.templates import Template
from handlers.runbooks.asking import Asking
from handlers.runbooks.composing import RunbookCards
from handlers.runbooks.embedding import Embedding
from handlers.runbooks.for_alert import ForAlert
from handlers.runbooks.gaps import Gaps
from handlers.runbooks.keeper import Keeper
from handlers.runbooks.listing import Listing as RunbookSources
from handlers.runbooks.model import NotThere, files
from handlers.runbooks.page_shelf import Pages
from handlers.runbooks.policy import Policies as RunbookPolicies
from handlers.runbooks.pushes import Pushes
from handlers.runbooks.reading import Reading
from handlers.runbooks.standard_questions import StandardQuestions
from handlers.runbooks.survey import Survey
from handlers.runbooks.writing import Writing
from handlers.slack.client import LIMITS, SlackClient
from handlers.slack.door import Door
from handlers.slack.links import permalinks
from handlers.slack.listeners import register
from handlers.slack.showing import Showing
from handlers.status.actions import Status
from handlers.web.addresses import allowed
from handlers.web.http import Http
from storage import people as people_queries
from storage.engine import Store, open_engine

log = logging.getLogger(__name__)

FILES = "files:write"
"""The scope to send calendar files; it is optional."""
CALL_TIMEOUT_S, CONNECT_TIMEOUT_S = 15, 5
"""For one call to Slack, shorter than a lane's lease; and to connect: what failed there was never sent."""
CONNECTIONS = 200
"""At most, to Slack: more than the outbox has on the way at once, so that nobody waits for one."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in the workspace that installed it, asked once at start."""

    team: str
    name: str
    bot_id: str
    user_id: str
    scopes: frozenset[str]
    its_clock: datetime | None = None
    """When Slack answered, by its own clock."""
    url: str = ""
    """Under which the workspace is found."""


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    store: Store
    slack: AsyncApp
    door: Door
    desk: Desk
    outbox: Outbox
    nudges: Nudges
    briefings: BriefingTick
    people: People
    hooks: Hooks
    alert_sweep: AlertSweep
    user_group: UserGroup
    oncall: Boards
    metrics: Metrics
    ticks: list[ticks.Tick]
    identity: Identity
    library: Mapping[str, Template]
    policies: Policies
    languages: Languages
    outside: Outside
    reading: Reading
    pushes: Pushes
    runbooks: Keeper


async def identify(web: AsyncWebClient) -> Identity:
    """Ask Slack who we are. Raises SlackApiError where the token is not taken."""
    reply = await web.auth_test()
    headers = {key.lower(): value for key, value in reply.headers.items()}
    scopes, date = headers.get("x-oauth-scopes", ""), headers.get("date")
    return Identity(str(reply["team_id"]), str(reply.get("team") or reply["team_id"]), str(reply["bot_id"]),
                    str(reply["user_id"]),
                    frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
                    parsedate_to_datetime(date) if date else None, str(reply.get("url") or ""))


@asynccontextmanager
async def built(settings: Settings, clock: Clock, fetch: Fetch | None = None) -> AsyncIterator[Parts]:
    """All parts, connected; closed again at the end.

    `fetch`: what is at an address that a sender's proof needs; from the network otherwise.

    Raises SlackApiError where Slack does not know the token.
    """
    engine = open_engine(settings.database_url)
    http = ClientSession(timeout=ClientTimeout(total=CALL_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S),
                         connector=TCPConnector(limit=CONNECTIONS))
    token = settings.slack_bot_token.get_secret_value()
    parts: Parts | None = None
    # One session for all calls, and no retry of the SDK's: it would post twice what the outbox tracks.
    web = AsyncWebClient(token=token, base_url=settings.slack_api_url, session=http, retry_handlers=[])
    try:
        identity = await identify(web)
        store = Store(engine)
        async with store.begin() as session:  # everything that is remembered belongs to it
            await people_queries.ensure_workspace(session, f"slack:{identity.team}", identity.name, clock())
        parts = assembled(settings, clock, store, web, identity, fetch)
        await parts.outside.heartbeat.beat()  # before anything comes in: an outage ends here
        try:
            yield parts
        finally:
            await parts.reading.end()
    finally:
        drawing.close()
        if parts is not None:
            await parts.runbooks.close()
        await http.close()
        await engine.dispose()


def assembled(settings: Settings, clock: Clock, store: Store, web: AsyncWebClient,
              identity: Identity, fetch: Fetch | None = None) -> Parts:
    """All parts over these: nothing is asked of anybody yet."""
    client, woken = SlackClient(web), asyncio.Event()
    ledger = Ledger(store, clock, woken.set, (arrange.follow,))
    admins = frozenset(f"slack:{user}" for user in settings.admins)
    library, policies = read_library(settings.templates_dir), read_policy(settings.templates_dir)
    languages = read_languages(settings.templates_dir, settings.language)
    people = People(store, ledger, clock, client, settings.default_zone, settings.default_country, admins)
    alert_policy = read_alerts(settings.templates_dir)
    fallback = alert_policy.routing.operations or _fallback(settings)
    runbook_policy, workspace = read_runbooks(settings.templates_dir), f"slack:{identity.team}"
    keeper = _runbooks(settings, store, clock, workspace, runbook_policy)
    pages = Pages(store, runbook_policy)
    alert_runbooks = AlertRunbooks(store, ForAlert(keeper, pages))
    ask = StandardQuestions(store, clock, keeper).ask
    items, stages = Items(ledger, people, ask), Stages(ledger, people, ask)
    gaps = Gaps(items, people, Survey(workspace, keeper))
    status = Status(store, clock, rules_of(policies, read_policy(None).workspace), ask, gaps.standing,
                    has_runbooks=bool(runbook_policy.sources), has_readings=bool(alert_policy.pull.readings))
    briefing_tick = BriefingTick(store, clock, woken.set)
    briefing_cards = BriefingCards(languages, can_attach=FILES in identity.scopes)
    metrics = Metrics(store, clock, LIMITS, by_workspace=settings.metrics_by_workspace)
    times = NudgeTimes(",".join(settings.nudge_week_one), ",".join(settings.nudge_later), settings.nudge_time)
    decisions = Decisions(ledger, people, items, stages, policies, languages)
    nudges = Nudges(store, clock, woken.set, policies, languages, decisions.request, arrange.on_step)
    alert_reports = Reports(ledger, languages, can_attach=FILES in identity.scopes)
    drift_cards = DriftCards(alert_policy.drift, can_attach=FILES in identity.scopes, latest=known_of)
    alert_cards = AlertCards(alert_policy.routing, languages, fallback, alert_policy.inhibit, alert_reports,
                             drift_cards, alert_runbooks)
    escalation = _escalation(settings, alert_policy, admins)
    intake = Intake(store, clock, woken.set, alert_policy.routing, fallback, escalation, alert_policy.inhibit,
                    Churn(store, clock, woken.set, alert_policy.routing, admins),
                    DriftGate(alert_policy.drift, known_of))
    alerts = Alerts(ledger, people, escalation)
    http = Http(allowed(settings.allow_private_urls))
    write = (Writing(store, clock, workspace, http, os.environ.get, runbook_policy.written)
             if runbook_policy.written.is_on else None)
    silencing = SilenceTick(store, clock, woken.set, workspace, intake)
    hooks = Hooks(store, clock, intake, workspace, fetch or Fetching(http, clock))
    out = outside(intake, workspace, alert_policy, http, os.environ.get, admins)
    alert_sweep = AlertSweep(store, clock, woken.set, alert_policy.routing, escalation)
    user_group = UserGroup(store, clock, client, escalation.decide.who, workspace,
                           alert_policy.escalation.user_group if WRITE_GROUPS in identity.scopes else None)
    reading = Reading(store, clock, workspace, runbook_policy, http, os.environ.get,
                      settings.cache)
    self_checks = SelfChecks(ledger, policies, languages)
    boards = Boards(store, clock, languages, settings.public_url)
    providers = Providers(store, clock, people, os.environ.get, httpx.AsyncClient)
    composer = Composer(nudges, decisions, status, languages, briefing_cards, alert_cards, boards,
                        RunbookCards(keeper, pages, languages))
    outbox = Outbox(store, clock, {"slack": client}, composer, admins, woken, metrics)
    tools = Tools(clock=clock, people=people, finder=Finder(store), items=items,
                  briefings=Briefings(items, briefing_cards), seats=Seats(ledger, people), stages=stages,
                  status=status, outbox=outbox, creation=Creation(ledger, people, client, library, times),
                  habits=Habits(ledger), snoozes=Snoozes(ledger, people, items, policies), on_it=OnIt(items),
                  channel=ChannelSettings(ledger, people, languages), decisions=decisions,
                  heads=Heads(ledger, people), self_checks=self_checks,
                  alerts=alerts, drift=DriftActions(alerts, alert_policy.drift),
                  silences=Silences(ledger, people, silencing.run),
                  oncall=OnCallDesk(boards, Shifts(ledger, people), Rotations(ledger, people)),
                  alert_reports=alert_reports, alert_runbooks=alert_runbooks, gaps=gaps,
                  runbooks=Asking(ledger, people, keeper, pages, write, client),
                  alert_lists=AlertLists(store, clock, alert_cards, permalinks(identity.url),
                                         can_attach=FILES in identity.scopes),
                  runbook_sources=RunbookSources(reading, admins))
    desk = Desk(tools)
    app = _bolt(settings, web, identity)
    door = Door(desk, Showing(client), identity.team)
    register(app, door)
    every = ticks.ticks(nudges, briefing_tick, decisions, self_checks, outbox, people, items, ledger,
                        out, alert_sweep, user_group, silencing, providers, reading, keeper)
    return Parts(settings, store, app, door, desk, outbox, nudges, briefing_tick, people, hooks, alert_sweep,
                 user_group, boards, metrics, every, identity, library, policies, languages, out,
                 reading, Pushes(reading, os.environ.get), keeper)


def _runbooks(settings: Settings, store: Store, clock: Clock, workspace: str,
              policy: RunbookPolicies) -> Keeper:
    """Who finds runbooks: by meaning too where that is wished for and can be done."""
    embedder = None
    if settings.is_semantic:
        try:
            files(settings.embedding_model)
        except NotThere as error:
            log.warning("runbooks are found by their words alone: %s", error)
        else:
            embedder = Embedding(settings.embedding_model)
    return Keeper(store, workspace, policy, clock, embedder)


def _escalation(settings: Settings, policy: AlertPolicies, admins: frozenset[str]) -> Escalation:
    calendar = Calendar(settings.default_zone, settings.default_country)
    targets = {name: target.kind for name, target in policy.outward.targets.items()}
    return Escalation(Deciding(policy.escalation, policy.routing, ByRotation(), admins, calendar),
                      Telling(policy.routing, targets.get))


def _fallback(settings: Settings) -> str | None:
    """The room of alerts that no route fits."""
    if settings.operations_channel is not None:
        return f"slack:{settings.operations_channel}"
    return f"slack:{settings.admins[0]}" if settings.admins else None


def _bolt(settings: Settings, web: AsyncWebClient, identity: Identity) -> AsyncApp:
    """Slack's framework, told who we are so that it need not ask before each request."""
    me = AuthorizeResult(enterprise_id=None, team_id=identity.team, bot_id=identity.bot_id,
                         bot_user_id=identity.user_id, bot_token=settings.slack_bot_token.get_secret_value())

    async def authorize(**_context: object) -> AuthorizeResult:
        return me

    secret = settings.slack_signing_secret
    tokenless = AsyncWebClient(base_url=settings.slack_api_url, session=web.session, retry_handlers=[])
    return AsyncApp(name="groundcrew",  # otherwise Bolt reads the source of everybody who called, for a name
                    client=tokenless, authorize=authorize,
                    signing_secret=secret.get_secret_value() if secret else "unused",
                    request_verification_enabled=settings.slack_mode == "http",
                    # Wait for the listener itself. Otherwise Bolt looks every 10 ms whether it has acked.
                    process_before_response=True)
