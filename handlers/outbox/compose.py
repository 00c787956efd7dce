"""What each kind of promise says, made from present state; None: there is nothing left to say."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts import composing as alerting
from handlers.alerts.composing import AlertCards
from handlers.briefings import composing
from handlers.briefings.composing import BriefingCards
from handlers.chat.cards import Card, Later
from handlers.chat.wording import Languages, Words
from handlers.nudges import self_check_cards
from handlers.nudges.actions import Nudges
from handlers.nudges.decisions import Decisions
from handlers.oncall import boards as on_call
from handlers.oncall.boards import Boards
from handlers.outbox.cards import token_back_card
from handlers.outbox.rules import PAGE
from handlers.outbox.telling import ABOUT_ENTRY, TOKEN_BACK, UNDELIVERED, pilot_of
from handlers.pilots import cards
from handlers.pilots.offer_card import offer_card
from handlers.runbooks import composing as runbooks
from handlers.runbooks.composing import RunbookCards
from handlers.status.actions import Status
from storage import audit, nudges, outbox, people, pilots
from storage.models import Post
from storage.pilots import Dossier

_IN_CHANNELS = ("kickoff", "gate", "status")
"""Kinds that have no one reader."""


@dataclass(frozen=True, slots=True)
class Composer:
    nudges: Nudges
    decisions: Decisions
    status: Status
    languages: Languages
    briefings: BriefingCards
    alerts: AlertCards
    oncall: Boards
    runbooks: RunbookCards

    async def compose(self, session: AsyncSession, post: Post, now: datetime) -> Card | Later | None:
        if post.message_id is None and post.doubt_since is None and post.urgency < PAGE:
            later = await self.nudges.waits_until(session, post, now)
            if later is not None:
                return Later(later)
        match post.kind:
            case "digest":
                return await self.nudges.compose_digest(session, post.workspace_id, post.subject_id, now)
            case "nudge" | "praise":
                return await self.nudges.compose_channel(session, post.workspace_id, post.subject_id, now)
            case "decision":
                return await self.decisions.compose(session, post, now)
            case "home":
                return await self.status.compose_home(session, post.workspace_id, _person_of(post.room), now)
            case "kickoff" | "ask":
                return await self._about_pilot(session, post, now)
        if post.kind in alerting.KINDS:
            return await self.alerts.compose(session, post, now)
        if post.kind in runbooks.KINDS:
            return await self.runbooks.compose(session, post, now)
        if post.kind in on_call.KINDS:
            return await self.oncall.compose(session, post)
        if post.kind in ABOUT_ENTRY:
            return await self._about_entry(session, post, now)
        if post.kind in composing.KINDS:
            return await self.briefings.compose(session, post, now)
        if post.kind == UNDELIVERED:
            return await self._undelivered(session, post)
        if post.kind == TOKEN_BACK:
            since = datetime.fromtimestamp(post.subject_id, UTC)
            return token_back_card(since, post.made_at, await self._words(session, post))
        raise LookupError(f"nobody knows how to say {post.kind!r}")

    async def read_ahead(self, session: AsyncSession, posts: list[Post]) -> object:
        """Read in few queries what the cards of these posts are made of; to be held while they are made."""
        by_workspace: dict[str, list[Post]] = defaultdict(list)
        for post in posts:
            by_workspace[post.workspace_id].append(post)
        return [await self._read_ahead(session, workspace, of) for workspace, of in by_workspace.items()]

    async def _read_ahead(self, session: AsyncSession, workspace: str, posts: list[Post]) -> list[object]:
        def subjects(*kinds: str) -> list[int]:
            return [post.subject_id for post in posts if post.kind in kinds]

        mornings = await nudges.several(session, workspace, subjects("digest", "nudge", "praise"))
        entries = await audit.several(session, workspace, subjects(*ABOUT_ENTRY))
        rooms = [post.room for post in posts if post.kind != "home"]
        personal = [morning for morning in mornings.values() if morning.pilot_id is None]
        here = await people.several(session, workspace, [*rooms, *(morning.about for morning in personal)])
        of_pilots = [post.pilot_id for post in posts
                     if post.kind in (*composing.KINDS, "decision") and post.pilot_id is not None]
        about = [*subjects("kickoff", "ask"), *of_pilots, *(entry.pilot_id for entry in entries),
                 *(morning.pilot_id for morning in mornings.values() if morning.pilot_id is not None)]
        await self.nudges.read_ahead(session, workspace, personal)
        return [mornings, entries, here, await pilots.read_ahead(session, workspace, about)]

    async def _words(self, session: AsyncSession, post: Post) -> Words:
        """The reader's language; a channel's is the workspace's."""
        if post.kind in _IN_CHANNELS:
            return self.languages.of(None)
        reader = await people.one(session, post.workspace_id, post.room)
        return self.languages.of(reader.locale if reader is not None else None)

    async def _dossier(self, session: AsyncSession, workspace: str, pilot_id: int) -> Dossier | None:
        pilot = await pilots.one(session, workspace, pilot_id)
        return None if pilot is None else await pilots.dossier(session, pilot)

    async def _about_pilot(self, session: AsyncSession, post: Post, now: datetime) -> Card | None:
        dossier = await self._dossier(session, post.workspace_id, post.subject_id)
        if dossier is None:
            return None
        words = await self._words(session, post)
        if post.kind == "kickoff":
            return cards.kickoff_card(dossier, now, words)
        return cards.ask_card(dossier, post.room, now, words, was_shown=post.message_id is not None)

    async def _about_entry(self, session: AsyncSession, post: Post, now: datetime) -> Card | None:
        entry = await audit.one(session, post.workspace_id, post.subject_id)
        if entry is None:
            return None
        dossier = await self._dossier(session, post.workspace_id, entry.pilot_id)
        if dossier is None:
            return None
        people_here = await people.several(session, post.workspace_id, [entry.actor, post.room])
        dossier.people.update(people_here)
        words, was_shown = await self._words(session, post), post.message_id is not None
        match post.kind:
            case "seat-back":
                return cards.seat_back_card(dossier, entry, words)
            case "blocker":
                return cards.blocker_card(dossier, entry, post.room, words, was_shown=was_shown)
            case "handed":
                return cards.handed_card(dossier, entry, post.room, now, words, was_shown=was_shown)
            case "offer":
                return offer_card(dossier, entry, words, was_shown=was_shown)
            case "self-check":
                return self_check_cards.change_card(dossier.pilot, entry, words)
            case "status":
                return await self.status.compose_shared(session, dossier, now)
        return cards.stage_card(dossier, entry, words)

    async def _undelivered(self, session: AsyncSession, post: Post) -> Card | None:
        lost = await outbox.one(session, post.workspace_id, post.subject_id)
        if lost is None or (lost.given_up_at is None and post.message_id is None):
            return None
        if lost.given_up_at is None:
            return cards.resending_card(await self._words(session, post))
        pilot = await pilot_of(session, lost)
        return cards.undelivered_card(pilot, lost, await self._words(session, post))


def _person_of(home: str) -> str:
    """``slack:home:U1`` -> ``slack:U1``"""
    surface, _, rest = home.partition(":")
    return f"{surface}:{rest.removeprefix('home:')}"
