"""Who is told that something cannot be shown, or that it could not be for a while."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from storage import audit, outbox, pilots
from storage.models import Pilot, Post
from storage.outbox import Promise

UNDELIVERED = "undelivered"
"""The kind that tells a person that another promise could not be kept."""
TOKEN_BACK = "token-back"  # noqa: S105  (no password)
"""The kind that tells an admin that the chat service did not take our token for a while.

Its subject is the second since when."""


ABOUT_ENTRY = ("seat-back", "blocker", "handed", "offer", "gate", "status", "self-check")
"""Kinds whose subject is an audit entry."""


async def pilot_of(session: AsyncSession, post: Post) -> Pilot | None:
    """The pilot that a promise is about; None for what is about a person."""
    number = post.pilot_id
    if number is None and post.kind in ABOUT_ENTRY:
        entry = await audit.one(session, post.workspace_id, post.subject_id)
        number = entry.pilot_id if entry is not None else None
    return None if number is None else await pilots.one(session, post.workspace_id, number)


async def of_lost(session: AsyncSession, post: Post, admins: Collection[str]) -> list[Promise]:
    """Whoever registered the pilot and the admins hear that a room does not show what it should.

    They do once a room, whatever else is given up there. In the order in which lanes are locked.
    """
    pilot = await pilot_of(session, post)
    if pilot is None or post.kind == UNDELIVERED:
        return []
    if not await outbox.is_promised(session, post.workspace_id, UNDELIVERED, [post.id]):
        others = [each.id for each in await outbox.given_up_in(session, post.workspace_id, post.room)
                  if each.id != post.id]
        if await outbox.is_promised(session, post.workspace_id, UNDELIVERED, others):
            return []
    return about_lost(pilot, post, admins)


def about_lost(pilot: Pilot, post: Post, admins: Collection[str]) -> list[Promise]:
    rooms = {pilot.created_by, *admins} - {post.room}
    return [Promise(room, UNDELIVERED, post.id) for room in sorted(rooms)]


def token_is_back(since: datetime, admins: Collection[str]) -> Sequence[Promise]:
    return [Promise(room, TOKEN_BACK, int(since.timestamp())) for room in sorted(admins)]
