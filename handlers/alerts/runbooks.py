"""What an alert's card shows of its runbook."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.signals import Link as LinkKind
from handlers.chat.cards import Bold, Button, Code, Element, Line, Link, Text
from handlers.chat.wording import Words
from handlers.runbooks.for_alert import ForAlert, Runbook, Signs
from handlers.runbooks.page_lines import address_of, path_of
from handlers.runbooks.page_shelf import asked_as
from storage import pilots
from storage.alerting import Alert, AlertState
from storage.engine import Store

_TITLE = 120


@dataclass(frozen=True, slots=True)
class AlertRunbooks:
    store: Store
    runbooks: ForAlert

    @property
    def is_connected(self) -> bool:
        return bool(self.runbooks.keeper.policy.sources)

    async def of(self, session: AsyncSession, alert: Alert) -> Runbook | None:
        """The runbook of an alert that somebody has to do something about."""
        if not self.is_connected or alert.is_storm or alert.state is AlertState.RESOLVED:
            return None
        pilot = await pilots.one(session, alert.workspace_id, alert.pilot_id) if (
            alert.pilot_id is not None) else None
        addresses = [url for kind, url in alert.links if kind == LinkKind.RUNBOOK.value]
        return await self.runbooks.of(session, alert.workspace_id, Signs(
            alert.name, alert.title, addresses, asked_as(self.runbooks.keeper.policy, pilot)))

    async def section(self, alert: Alert) -> int | None:
        """The section that answers the alert without being looked for; None: it has to be asked."""
        async with self.store.reading() as session:
            found = await self.of(session, alert)
        return found.kept.section_id if found is not None else None


def elements(found: Runbook | None, words: Words) -> list[Element]:
    """The runbook's title as a link, and what is to be done first."""
    if found is None:
        return []
    kept, address = found.kept, address_of(found.kept)
    title = path_of(kept, _TITLE)
    head: Line = (Bold(words.text("Runbook")), ": ", Link(address, title) if address is not None else title)
    if kept.is_stub:
        return [Text(((*head, " · ", words.text("nobody has written it yet")),))]
    made: list[Element] = [Text((head, (words.text("First: "), *found.step)) if found.step else (head,))]
    return [*made, Code(found.command)] if found.command else made


def button(alert: Alert, words: Words) -> Button:
    """Asks the runbooks about the alert."""
    return Button(words.text("Runbook"), f"rb-alert:{alert.id}")
