"""What people do about what they read: by how each behaves, and by the words of the matter, never by chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bot.sandbox.elements import elements
from tests.month.cast import Company, Member, share
from tests.month.hands import Hands
from tests.month.record import Row, Said, rows_of

AT_ONCE_A_DAY = 3
"""So many things somebody does in one day about the bot's messages."""
_ONE_OFF = ("ask", "blocker", "briefing", "decision", "in-writing", "stand-in", "seat-back", "handed")


@dataclass
class Crowd:
    """Everybody, with what each has read and not answered yet."""

    company: Company
    hands: Hands
    unanswered: dict[str, list[Said]] = field(default_factory=dict)
    planned: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often somebody has put the same thing off or planned it."""

    def read(self, said: Said) -> None:
        if said.to is not None:
            self.unanswered.setdefault(said.to.handle, []).append(said)

    async def act(self, now: datetime) -> bool:
        """Whoever is at work at this hour and has something to answer does so; whether anybody did."""
        before = self.hands.done.total()
        for handle, messages in sorted(self.unanswered.items()):
            who = self.company.members[handle]
            local = who.local(now)
            if not (who.works(local.date()) and 9 <= local.hour < 18) or who.is_away(local.date()):
                continue
            if who.leaves is not None and now >= who.leaves:
                continue
            self.unanswered[handle] = [each for each in messages if not await self._answer(who, each, local)]
        return self.hands.done.total() > before

    async def _answer(self, who: Member, said: Said, local: datetime) -> bool:
        """Whether they are finished with this message."""
        hours = (local - said.at).total_seconds() / 3600
        if hours < share("reads", who.handle, said.title, said.at) * 4:
            return False
        if said.kind == "digest":
            await self._digest(who, said, local.date())
            return True
        if said.kind == "briefing":
            return await self._briefing(who, said, local)
        answer = _ANSWERS.get(said.kind)
        if answer is not None:
            await answer(self, who, said, local.date())
        return True

    # ---- digests -------------------------------------------------------------------------------------------

    async def _digest(self, who: Member, said: Said, today: date) -> None:
        rows = [row for row in rows_of(said.message.all_blocks, str) if row.labels]
        for row in rows[:AT_ONCE_A_DAY]:
            wish = self._wish(who, row)
            if wish is not None:
                await self._do(who, said, row, wish, today)

    def _wish(self, who: Member, row: Row) -> str | None:
        """What they want to do about it: the verb of a button."""
        if row.step in ("told", "stand-in"):
            return ("offer", "assign", None, None)[int(share("told", who.handle, row.key) * 4)]
        if row.step == "held":
            return "held" if who.behaviour not in ("silent", "never") else None
        match who.behaviour:
            case "silent" | "never":
                return None
            case "late":
                return "done" if row.step in ("warn", "overdue") and share("late", row.key) < 0.8 else None
            case "planner":
                return "plan" if self.planned.get((who.handle, row.ref + row.pilot), 0) < 1 else "done"
            case "blocked":
                return "block" if share("block", row.key) < 0.5 else "done"
            case "delegating":
                return "assign" if share("assign", row.key) < 0.6 else "done"
            case "snoozing":
                return "snooze" if self.planned.get((who.handle, row.ref + row.pilot), 0) < 2 else "done"
        return "done" if share("does", who.handle, row.key, row.step) < 0.75 else None

    async def _do(self, who: Member, said: Said, row: Row, verb: str, today: date) -> None:
        value = next((each for each in row.labels if each.startswith(f"{verb}:")), None)
        if value is None:
            value = next((each for each in row.labels if each.startswith("unblock:")), None)
            if value is not None:
                await self.hands.press(who, said.message, value)
            return
        if verb in ("plan", "snooze"):
            key = who.handle, row.ref + row.pilot
            self.planned[key] = self.planned.get(key, 0) + 1
        fields = {"done": lambda: {"evidence": f"Agreed with the team on {today}, minutes in the wiki"},
                  "plan": lambda: {"on": _next_day(who, today, 2).isoformat()},
                  "snooze": lambda: {"on": _next_day(who, today, 1).isoformat()},
                  "block": lambda: {"who": self._colleague(who, row), "reason": "Access is missing"},
                  "assign": lambda: {"who": self._colleague(who, row)},
                  "held": lambda: _held(who, row, today)}.get(verb, dict)()
        await self.hands.press(who, said.message, value, **fields)

    def _colleague(self, who: Member, row: Row) -> str:
        others = sorted(each.handle for each in self.company.members.values()
                        if each.zone == who.zone and each.handle not in (who.handle, "ben"))
        return others[int(share("colleague", row.key) * len(others))]

    # ---- messages of their own ----------------------------------------------------------------------------------

    async def _ask(self, who: Member, said: Said, _today: date) -> None:
        if who.behaviour not in ("silent", "never"):
            await self._press(who, said, "notme" if share("notme", said.title, who.handle) < 0.04 else "accept")

    async def _unblock(self, who: Member, said: Said, _today: date) -> None:
        if who.behaviour in ("prompt", "planner", "decides"):
            await self._press(who, said, "unblock")

    async def _handed(self, who: Member, said: Said, today: date) -> None:
        if who.behaviour == "planner":
            await self._press(who, said, "plan", on=_next_day(who, today, 3).isoformat())

    async def _seat_back(self, who: Member, said: Said, _today: date) -> None:
        stand_in = "alex" if who.handle != "alex" else "ruth"
        await self._press(who, said, "seat", who=stand_in)

    async def _offer_writing(self, who: Member, said: Said, _today: date) -> None:
        if not await self._press(who, said, "inwriting"):
            await self._written(who, said)

    async def _stand_in(self, who: Member, said: Said, _today: date) -> None:
        if share("stands in", said.title) < 0.3:
            await self._press(who, said, "standin")

    async def _decide(self, who: Member, said: Said, today: date) -> None:
        if who.behaviour not in ("decides", "prompt"):
            return
        for number, value in enumerate(dict.fromkeys(v.rpartition(":")[0] for v in _values(said) if v.startswith("decide:"))):
            choice = ("date", "date", "reassign", "waive", "pause")[int(share("choice", said.title, number) * 5)]
            fields = {"date": {"on": _next_day(who, today, 5).isoformat()}, "reassign": {"who": "alex"},
                      "waive": {"until": _next_day(who, today, 8).isoformat()}}.get(choice, {})
            if f"{value}:{choice}" in _values(said):
                await self.hands.press(who, said.message, f"{value}:{choice}", reason="We looked at it together", **fields)

    async def _briefing(self, who: Member, said: Said, local: datetime) -> bool:
        """The card stands for days: it is looked at again until the briefing is over."""
        values = _values(said)
        if not any(value.split(":")[0] in ("pick", "held", "written", "slot") for value in values):
            return True
        if who.behaviour == "slots" or (share("picks", who.handle, said.title) < 0.4 and who.behaviour not in ("never", "writing")):
            if pick := [value for value in values if value.startswith("pick:") and int(value.split(":")[2]) > local.timestamp()]:
                await self.hands.press(who, said.message, pick[int(share("pick", said.title) * len(pick))])
            elif any(value.startswith("noslot:") for value in values) and _is_over(said):
                return await self._press(who, said, "held", **_held(who, None, local.date()))
        elif who.behaviour == "writing" and any(value.startswith("written:") for value in values):
            await self._written(who, said)
        return False

    async def _written(self, who: Member, said: Said) -> bool:
        return await self._press(who, said, "written", then="finish", answer1="Data stays in the region",
                                 other=f"A data flow diagram for {said.title.partition(':')[0]}")

    async def _press(self, who: Member, said: Said, verb: str, /, **fields: Any) -> bool:
        value = next((each for each in _values(said) if each.startswith(f"{verb}:")), None)
        return value is not None and await self.hands.press(who, said.message, value, **fields)


_ANSWERS: dict[str, Any] = {
    "ask": Crowd._ask, "blocker": Crowd._unblock, "handed": Crowd._handed, "seat-back": Crowd._seat_back,
    "in-writing": Crowd._offer_writing, "stand-in": Crowd._stand_in, "decision": Crowd._decide}


def _values(said: Said) -> list[str]:
    return [str(e["value"]) for _, e in elements(said.message.all_blocks) if e.get("type") == "button"]


def _is_over(said: Said) -> bool:
    """The card asks whether it was held."""
    return any(value.startswith("written:") for value in _values(said))


def _held(who: Member, row: Row | None, today: date) -> dict[str, str]:
    asks = share("asks", who.handle, row.key if row else today) < 0.3
    return {"on": today.isoformat(), "attendees": f"{who.name} and the team"} | ({"other": f"A diagram of the data for {row.title if row else who.name}"} if asks else {})


def _next_day(who: Member, today: date, n: int) -> date:
    while n:
        today += timedelta(days=1)
        n -= who.works(today)
    return today
