"""The month in numbers."""

from __future__ import annotations

from collections import Counter

from tests.month import voice
from tests.month.checks import rows, unasked
from tests.month.run import Month


def table(month: Month) -> str:
    """How many messages of each kind, how many a person and week, and what came of them; as Markdown."""
    kinds = Counter(said.kind for said in month.said)
    weeks = Counter((who.handle, said.day.isocalendar()[:2]) for who, said in unasked(month))
    digests = Counter((who.handle, said.day.isocalendar()[:2]) for who, said in unasked(month) if said.kind == "digest")
    steps = Counter(row.step for _, _, row in rows(month))
    readers = {who.handle for who, _ in unasked(month)}
    edits = sum(said.message.updates for said in month.said)
    days = (month.ends - month.begins).days + 1
    lines = [("First posts", len(month.said)), ("Edits in place", edits),
             *((f"... {kind}" + (" (channel)" if kind in voice.IN_CHANNELS else ""), n) for kind, n in kinds.most_common()),
             ("People who got direct messages unasked", len(readers)),
             ("Most of these to one person in a week", max(weeks.values(), default=0)),
             ("Digests to one person in a week, on average", f"{sum(digests.values()) / max(1, len(digests)):.1f}"),
             ("Rows with a question to their reader", sum(steps[step] for step in voice.ASKS)),
             ("... warnings", steps["warn"]), ("Tellings to lead or head", steps["told"]), ("Copies", steps["copy"]),
             ("Decision cards", kinds["decision"]), ("Decisions taken", month.acted.get("decide", 0)),
             ("Ends told to who had been told", steps["ended"]), ("Items settled", len(month.closed)),
             ("Answers given by pressing", sum(month.acted.values()) - month.acted.get("typed", 0))]
    head = f"| {days} days | |\n|---|--:|\n"
    return head + "".join(f"| {name} | {value} |\n" for name, value in lines)
