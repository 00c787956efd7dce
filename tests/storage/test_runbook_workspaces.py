"""No query about runbooks crosses workspaces: each is asked by one with the other's numbers, names, keys and digests."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Delete, Select, TextClause, Update, event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage import (
    runbook_gaps,
    runbook_index,
    runbook_pages,
    runbook_questions,
    runbook_spend,
    runbook_vectors,
    runbooks,
)
from storage.alerting import Alert, Signal, SignalState
from storage.base import Base
from storage.engine import Store
from storage.models import Item, Seat, Workspace
from storage.shelf import (
    RunbookGap,
    RunbookPage,
    RunbookQuestion,
    RunbookSection,
    RunbookSource,
    RunbookSpend,
    RunbookVector,
)
from tests.rules.make import NOW, item, person, pilot
from tests.storage.whose import names_no_workspace, rows_of

MINE, OTHER, SAM = "slack:T1", "slack:T2", "slack:USAM"
MODULES = (runbooks, runbook_questions, runbook_pages, runbook_vectors, runbook_index, runbook_gaps, runbook_spend)
EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Twin:
    """What a caller of one workspace knows of its rows; all but the numbers and the workspace's name is the same in both."""

    number: int
    """Of its pilot, and of its item."""
    source: RunbookSource
    page: RunbookPage
    section: RunbookSection
    question: RunbookQuestion
    alert: Alert


Ask = Callable[[AsyncSession, str, Twin], Awaitable[Any]]
READS: dict[str, Ask] = {
    "runbooks.sources": lambda s, w, t: runbooks.sources(s, w),
    "runbooks.versions": lambda s, w, t: runbooks.versions(s, w),
    "runbooks.moments": lambda s, w, t: runbooks.moments(s, w),
    "runbooks.pages": lambda s, w, t: runbooks.pages(s, w, "ops"),
    "runbooks.free": lambda s, w, t: runbooks.free(s, w, ["ops"]),
    "runbooks.held": lambda s, w, t: runbooks.held(s, w, "ops", NOW),
    "runbooks.locked": lambda s, w, t: runbooks.locked(s, w, "ops"),
    "runbooks.known_pages": lambda s, w, t: runbooks.known_pages(s, w, "ops"),
    "runbooks.counted": lambda s, w, t: runbooks.counted(s, w),
    "runbooks.faulty_pages": lambda s, w, t: runbooks.faulty_pages(s, w, "ops"),
    "runbook_questions.of_person": lambda s, w, t: runbook_questions.of_person(s, w, SAM, limit=9),
    "runbook_questions.last_told": lambda s, w, t: runbook_questions.last_told(s, w, "k", None, EARLIER),
    "runbook_questions.asked_alike": lambda s, w, t: runbook_questions.asked_alike(s, w, "k", None, EARLIER),
    "runbook_pages.named": lambda s, w, t: runbook_pages.named(s, w, ["ops"]),
    "runbook_vectors.known": lambda s, w, t: runbook_vectors.known(s, w, "m", ["d1"]),
    "runbook_vectors.digests": lambda s, w, t: runbook_vectors.digests(s, w, "m"),
    "runbook_index.page_states": lambda s, w, t: runbook_index.page_states(s, w, ["ops"]),
    "runbook_gaps.questions_since": lambda s, w, t: runbook_gaps.questions_since(s, w, EARLIER, 9),
    "runbook_gaps.fired": lambda s, w, t: runbook_gaps.fired(s, w, EARLIER, 9),
    "runbook_gaps.carried": lambda s, w, t: runbook_gaps.carried(s, w, ["job", "service"], 9),
    "runbook_gaps.first_heard": lambda s, w, t: runbook_gaps.first_heard(s, w),
    "runbook_gaps.all_pages": lambda s, w, t: runbook_gaps.all_pages(s, w),
    "runbook_gaps.kept": lambda s, w, t: runbook_gaps.kept(s, w),
    "runbook_gaps.pilots_of": lambda s, w, t: runbook_gaps.pilots_of(s, w),
    "runbook_gaps.seated_in": lambda s, w, t: runbook_gaps.seated_in(s, w, SAM),
}
"""Asked with what is the same in both workspaces."""
BY_NUMBER: dict[str, Ask] = {
    "runbooks.placed": lambda s, w, t: runbooks.placed(s, w, [t.section.id]),
    "runbooks.sections_of": lambda s, w, t: runbooks.sections_of(s, w, [t.page.id]),
    "runbooks.some_pages": lambda s, w, t: runbooks.some_pages(s, w, [t.page.id]),
    "runbooks.sections_by_page": lambda s, w, t: runbooks.sections_by_page(s, w, [t.page.id]),
    "runbook_questions.one": lambda s, w, t: runbook_questions.one(s, w, t.question.id),
    "runbook_questions.locked": lambda s, w, t: runbook_questions.locked(s, w, t.question.id),
    "runbook_questions.of_pilot": lambda s, w, t: runbook_questions.of_pilot(s, w, t.number, limit=9),
    "runbook_pages.sections": lambda s, w, t: runbook_pages.sections(s, w, t.page.id),
    "runbook_pages.page_of": lambda s, w, t: runbook_pages.page_of(s, w, t.section.id),
    "runbook_index.section_texts": lambda s, w, t: runbook_index.section_texts(s, w, [t.page.id]),
    "runbook_gaps.helpful": lambda s, w, t: runbook_gaps.helpful(s, w, t.number, EARLIER, 9),
    "runbook_gaps.alerts_of": lambda s, w, t: runbook_gaps.alerts_of(s, w, [t.alert.id]),
    "runbook_gaps.code_of": lambda s, w, t: runbook_gaps.code_of(s, w, [t.page.id]),
    "runbook_gaps.of_item": lambda s, w, t: runbook_gaps.of_item(s, w, t.number),
    "runbook_gaps.items_of": lambda s, w, t: runbook_gaps.items_of(s, w, [t.number]),
}
"""Asked with numbers: of the other's it knows nothing."""
WRITES: dict[str, Ask] = {
    "runbooks.drop_pages": lambda s, w, t: runbooks.drop_pages(s, w, [t.page.id]),
    "runbooks.drop_sections": lambda s, w, t: runbooks.drop_sections(s, w, [t.section.id]),
    "runbooks.keep_only": lambda s, w, t: runbooks.keep_only(s, w, ["another"], NOW),
    "runbook_questions.add": lambda s, w, t: runbook_questions.add(s, RunbookQuestion(
        workspace_id=w, pilot_id=None, asked_by=SAM, asked_at=NOW, words="why", key="why", verdict="nothing", confidence=.1)),
    "runbook_vectors.keep": lambda s, w, t: runbook_vectors.keep(s, w, "m", {"d2": b"2"}),
    "runbook_vectors.forget": lambda s, w, t: runbook_vectors.forget(s, w, "m", ["d1"]),
    "runbook_gaps.claimed": lambda s, w, t: runbook_gaps.claimed(
        s, w, RunbookGap(workspace_id=w, key="page:new", pilot_id=None, item_id=None, by=SAM, at=NOW)),
    "runbook_spend.locked": lambda s, w, t: runbook_spend.locked(s, w, NOW + timedelta(days=40)),
    "runbook_spend.settle": lambda s, w, t: runbook_spend.settle(s, w, "2026-11", 100),
}
ELSEWHERE: dict[str, Ask] = {
    "runbooks.is_ahead": lambda s, w, t: runbooks.is_ahead(s, w, t.source),
    "runbooks.add_sections": lambda s, w, t: runbooks.add_sections(s, [{
        "workspace_id": w, "page_id": t.page.id, "ordinal": 9, "level": 1, "path": ["B"], "anchor": "b", "markdown": "", "text": "",
        "code": ""}]),
    "runbook_questions._page": lambda s, w, t: runbook_questions._page(s, (RunbookQuestion.workspace_id == w,), 9, 0),
    "runbook_questions.lock_alike": lambda s, w, t: runbook_questions.lock_alike(s, w, "k", None),
}
"""Take a row, or lock and give nothing: below, and by what their statements say."""


def test_every_query_about_runbooks_is_asked_here() -> None:
    found = {f"{module.__name__.removeprefix('storage.')}.{name}" for module in MODULES
             for name, function in inspect.getmembers(module, inspect.iscoroutinefunction) if function.__module__ == module.__name__}
    assert found == {*READS, *BY_NUMBER, *WRITES, *ELSEWHERE}


async def _twin(session: AsyncSession, workspace: str, number: int) -> Twin:
    session.add(Workspace(id=workspace, name="Northwind", created_at=NOW))
    await session.flush()
    session.add_all([person("sam", workspace_id=workspace), person("priya", workspace_id=workspace)])
    await session.flush()
    session.add(pilot(id=number, workspace_id=workspace))
    await session.flush()
    session.add(Seat(workspace_id=workspace, pilot_id=number, role="legal", person_id=SAM, asked_by=SAM, asked_at=NOW))
    source = RunbookSource(workspace_id=workspace, name="ops", next_at=NOW, asked_at=NOW, version=1, details={"branch": workspace})
    page = RunbookPage(workspace_id=workspace, source="ops", path="a.md", title=workspace, digest="d", read_at=NOW, version=number + 1,
                       details={"faults": [workspace]})
    alert = Alert(workspace_id=workspace, key="k", source="prom", name=workspace, title="Down", severity="error", rank=1, room="slack:C1",
                  opened_at=NOW, changed_at=NOW, pilot_id=number, labels={"service": workspace})
    session.add_all([source, page, alert, item("RB-01", id=number, workspace_id=workspace, pilot_id=number)])
    await session.flush()
    section = RunbookSection(workspace_id=workspace, page_id=page.id, ordinal=0, level=1, path=["A"], anchor="a", markdown=workspace,
                             text=workspace, code=workspace)
    question = RunbookQuestion(workspace_id=workspace, pilot_id=number, asked_by=SAM, asked_at=NOW, words=workspace, key="k",
                               verdict="nothing", confidence=0.1, said="helpful")
    shared = RunbookQuestion(workspace_id=workspace, pilot_id=None, asked_by=SAM, asked_at=NOW, words=workspace, key="k",
                             verdict="nothing", confidence=0.1, told_at=NOW)
    session.add_all([
        section, question, shared, RunbookVector(workspace_id=workspace, model="m", digest="d1", vector=workspace.encode()),
        RunbookGap(workspace_id=workspace, key="alert:1:Down", pilot_id=number, item_id=number, by=SAM, at=NOW, words=workspace),
        RunbookSpend(workspace_id=workspace, month="2026-11", day=NOW.date(), calls=number, spent=number),
        Signal(workspace_id=workspace, fingerprint="f", source="prom", state=SignalState.FIRING, name="Down", title="Down", rank=1,
               first_at=NOW - timedelta(minutes=number), last_at=NOW, labels={"job": workspace})])
    await session.flush()
    return Twin(number, source, page, section, question, alert)


async def _twins(session: AsyncSession) -> tuple[Twin, Twin]:
    return await _twin(session, MINE, 1), await _twin(session, OTHER, 2)


def plain(value: Any) -> Any:
    """An answer as values that can be compared, its rows by what stands in them."""
    if isinstance(value, Base):
        return tuple(getattr(value, column.key) for column in value.__table__.columns)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "section") and hasattr(value, "page"):
        return [plain(value.section), plain(value.page)]
    return value


def is_empty(answer: Any) -> bool:
    return not answer or answer == ([], 0)


@pytest.mark.parametrize("name", sorted(READS))
async def test_what_is_answered_does_not_change_with_another_workspace(store: Store, name: str) -> None:
    async with store.begin() as session:
        mine = await _twin(session, MINE, 1)
        alone = plain(await READS[name](session, MINE, mine))
        assert not is_empty(alone), f"{name} found nothing: the data does not prove anything"
        other = await _twin(session, OTHER, 2)
        assert plain(await READS[name](session, MINE, mine)) == alone
        theirs = plain(await READS[name](session, OTHER, other))
        assert not is_empty(theirs)
        assert MINE not in repr(theirs)
        assert OTHER not in repr(alone)


@pytest.mark.parametrize("name", sorted(BY_NUMBER))
async def test_another_workspaces_numbers_name_nothing(store: Store, name: str) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        ours = plain(await BY_NUMBER[name](session, MINE, mine))
        assert not is_empty(ours), f"{name} found nothing: the data does not prove anything"
        assert OTHER not in repr(ours)
        assert is_empty(await BY_NUMBER[name](session, MINE, other))


@pytest.mark.parametrize("name", sorted(WRITES))
async def test_writing_leaves_the_other_workspace_alone(store: Store, name: str) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        before, theirs = await rows_of(session, MINE), await rows_of(session, OTHER)
        await WRITES[name](session, MINE, mine)
        await session.flush()
        assert await rows_of(session, MINE) != before, f"{name} wrote nothing: this proved nothing"
        assert await rows_of(session, OTHER) == theirs
        await WRITES[name](session, MINE, other)
        await session.flush()
        assert await rows_of(session, OTHER) == theirs


async def test_a_page_of_another_workspace_makes_no_source_seem_ahead(store: Store) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        assert await runbooks.is_ahead(session, MINE, mine.source)
        mine.page.version = 1
        await session.flush()
        assert not await runbooks.is_ahead(session, MINE, mine.source)
        assert await runbooks.is_ahead(session, OTHER, other.source)
        assert await runbooks.held(session, MINE, "ops", LATER) is None


@contextmanager
def statements(store: Store) -> Iterator[list[Any]]:
    found: list[Any] = []

    def look(_connection: Any, statement: Any, *_more: Any) -> None:
        if isinstance(statement, (Select, Update, Delete, TextClause)):
            found.append(statement)
    event.listen(store.engine.sync_engine, "before_execute", look)
    try:
        yield found
    finally:
        event.remove(store.engine.sync_engine, "before_execute", look)


@pytest.mark.parametrize("name", sorted({*READS, *BY_NUMBER, *WRITES, *ELSEWHERE} - {"runbooks.add_sections", "runbook_questions.add"}))
async def test_every_statement_says_whose_rows_it_wants(store: Store, name: str) -> None:
    """What only locks gives nothing that could be looked at: here it is seen by what it asks for.

    What only adds rows says it in the rows.
    """
    asks = {**READS, **BY_NUMBER, **WRITES, **ELSEWHERE}
    async with store.begin() as session:
        mine, _ = await _twins(session)
        await session.flush()
        with statements(store) as found:
            await asks[name](session, MINE, mine)
        assert found or name in ("runbook_vectors.keep",), f"{name} asked nothing"
        assert [str(each) for each in found if names_no_workspace(each)] == []


async def test_a_question_that_found_no_page_has_no_headings_rather_than_a_null_in_json(store: Store) -> None:
    async with store.begin() as session:
        mine, _ = await _twins(session)
        await WRITES["runbook_questions.add"](session, MINE, mine)
        bare = select(func.count()).select_from(RunbookQuestion).where(RunbookQuestion.words == "why", text("headings IS NULL"))
        assert await session.scalar(bare) == 1


async def test_sections_are_added_where_their_rows_say(store: Store) -> None:
    async with store.begin() as session:
        mine, other = await _twins(session)
        await ELSEWHERE["runbooks.add_sections"](session, MINE, mine)
        assert len(await runbook_pages.sections(session, MINE, mine.page.id)) == 2
        assert len(await runbook_pages.sections(session, OTHER, other.page.id)) == 1
        assert {each.workspace_id for each in (await runbook_gaps.items_of(session, OTHER, [1, 2])).values()} == {OTHER}
        assert isinstance((await runbook_gaps.items_of(session, MINE, [1]))[1], Item)
