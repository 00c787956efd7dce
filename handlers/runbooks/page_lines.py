"""What is said of a page of the runbooks: where it stands, who keeps it, how old it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from handlers.chat.cards import Bold, Line, Link, Span
from handlers.chat.wording import ENGLISH, Words
from handlers.runbooks.values import Kept

_TITLE: Final = 120


def path_of(kept: Kept, at_most: int = 300) -> str:
    """The page's title and the headings down to the section, each once; its own is always there."""
    found = [" ".join(each.split()) for each in dict.fromkeys((kept.title, *kept.headings)) if each.strip()]
    whole = " › ".join(found)
    if len(whole) <= at_most or len(found) < 2:
        return short(whole, at_most)
    own = short(found[-1], at_most // 2)
    between = " › … › " if len(found) > 2 else " › "
    return f"{short(found[0], at_most - len(own) - len(between))}{between}{own}"


def about_line(kept: Kept, now: datetime, stale_after: timedelta, words: Words = ENGLISH) -> Line:
    """Where it stands, who keeps it, when it was last changed, whose it is."""
    place = f"{kept.source}/{kept.path}"
    spans: list[Span] = [Link(address, short(kept.title, _TITLE)), f" ({place})"] if (
        address := address_of(kept)) else [Bold(short(kept.title, _TITLE)), f" ({place})"]
    owner = words.text("kept by {owner}", owner=kept.owner) if kept.owner else words.text("no owner named")
    spans += [" · ", owner, " · "]
    if kept.changed_at is None:
        spans.append(words.text("nobody knows when it was last changed"))
    elif now - kept.changed_at > stale_after:
        spans.append(Bold(words.text("⚠ old: last changed {ago}", ago=ago(now - kept.changed_at, words))))
    else:
        spans.append(words.text("changed {ago}", ago=ago(now - kept.changed_at, words)))
    spans += [" · ", kept.pilot if kept.pilot is not None else words.text("shared")]
    return tuple(spans)


def address_of(kept: Kept) -> str | None:
    """The section's own address."""
    if kept.url is None or not kept.url.startswith(("http://", "https://")):
        return None
    return f"{kept.url.partition('#')[0]}#{kept.anchor}" if kept.anchor else kept.url


def ago(since: timedelta, words: Words = ENGLISH) -> str:
    """'today', '3 days ago', '3 weeks ago', '5 months ago', '2 years ago'"""
    days = max(since.days, 0)
    if days == 0:
        return words.text("today")
    if days < 14:
        return words.count("{number} day ago", "{number} days ago", days)
    if days < 60:
        return words.count("{number} week ago", "{number} weeks ago", days // 7)
    if days < 730:
        return words.count("{number} month ago", "{number} months ago", round(days / 30.44))
    return words.count("{number} year ago", "{number} years ago", days // 365)


def short(text: str, at_most: int) -> str:
    found = " ".join(text.split())
    return found if len(found) <= at_most else found[:at_most - 1].rstrip() + "…"
