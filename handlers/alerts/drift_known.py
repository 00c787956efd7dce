"""What the model registry last told of a model."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handlers.alerts.drift_gate import Deployed
from storage import pulls


async def known_of(session: AsyncSession, workspace: str, model: str) -> Deployed | None:
    """None: no registry is asked for it, or it has not answered yet."""
    found = await pulls.latest(session, workspace, model)
    if found is None:
        return None
    return Deployed(_moment(found.get("last_retrain_at")), _moment(found.get("deployed_at")),
                    found.get("version"))


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said is not None else None
