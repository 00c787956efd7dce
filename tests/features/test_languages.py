"""Everybody is spoken to in the language they chose in Slack; channels and strangers in the workspace's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.wiring import Parts
from handlers.fields import FileErrors
from storage import people
from tests.world import EVERYONE, TEAM, world_on

FRENCH = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Accept my role"
msgstr "J'accepte mon rôle"

msgid "Not me"
msgstr "Pas moi"
"""


async def _locale(parts: Parts, person: str) -> str | None:
    async with parts.store.reading() as session:
        found = await people.one(session, TEAM, person)
    return found.locale if found else None


async def test_a_german_is_asked_in_german_and_everybody_else_in_english(database_url: str, clock: Any) -> None:
    async with world_on(database_url, clock) as world:
        await world.new_pilot(**EVERYONE)
        await world.settle()
        asked = world.last(world.sandbox.dm_id("lena"), "lena")
        assert asked.plain.splitlines()[0] == "*Daten für Claims triage: Sind Sie das?*"
        assert "Bereitet die echten Produktivdaten auf" in asked.plain
        assert "Zuerst für Sie:" in asked.plain
        assert asked.buttons == ["Annehmen", "Nicht ich"]
        assert world.last(world.sandbox.dm_id("jonas"), "jonas").plain.startswith("*Legal for Claims triage: is that you?")
        assert "*Legal*: Jonas Brandt, asked" in world.all_text("claims-triage")
        await world.press("lena", "Annehmen", world.sandbox.dm_id("lena"))
        assert world.last(world.sandbox.dm_id("lena"), "lena").plain.startswith("*Sie haben in Claims triage diese Rolle übernommen: Daten.")
        assert "*Data*: Lena Fischer" in world.all_text("claims-triage")


async def test_the_morning_message_of_a_german_is_german_and_its_buttons_work(database_url: str, clock: Any) -> None:
    async with world_on(database_url, clock) as world:
        await world.new_pilot(**EVERYONE)
        room = world.sandbox.dm_id("lena")
        await world.press("lena", "Annehmen", room)
        await world.morning(days=3)
        digest = next(m for m in reversed(world.sandbox.shown(room, "lena")) if "/pilot why" in m.plain)
        assert "wartet auf Sie" in digest.plain or "warten auf Sie" in digest.plain
        assert "Das kommt an Arbeitstagen um 09:30 Uhr" in digest.plain
        assert {"Termin", "Erledigt", "Übergeben", "Später"} <= set(digest.buttons)
        await world.press("lena", "Später", room, digest.ts)


async def test_the_workspaces_language_is_for_channels_and_not_for_people_who_chose(database_url: str, clock: Any) -> None:
    async with world_on(database_url, clock, language="de") as world:
        await world.new_pilot(**EVERYONE)
        await world.settle()
        said = world.all_text("claims-triage")
        assert "Claims triage beginnt: Wer Nein sagen kann, wird in der ersten Woche gefragt" in said
        assert "*Recht*: Jonas Brandt, angefragt" in said
        assert world.last(world.sandbox.dm_id("jonas"), "jonas").plain.startswith("*Legal for Claims triage: is that you?")


async def test_who_changes_their_language_is_spoken_to_in_it_from_then_on(database_url: str, clock: Any) -> None:
    async with world_on(database_url, clock) as world:
        await world.type("lena", "/pilot help")
        assert await _locale(world.parts, "slack:U0LENAF00") == "de-DE"
        world.sandbox.workspace.users["U0LENAF00"].locale = "en-US"
        await world.parts.people.look_again(TEAM, "slack:U0LENAF00")
        assert await _locale(world.parts, "slack:U0LENAF00") == "en-US"
        await world.new_pilot(**EVERYONE)
        await world.settle()
        assert world.last(world.sandbox.dm_id("lena"), "lena").plain.startswith("*Data for Claims triage: is that you?")


async def test_a_language_is_added_by_a_file(database_url: str, clock: Any, tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text(FRENCH, encoding="utf-8")
    async with world_on(database_url, clock, language="fr", templates_dir=tmp_path) as world:
        await world.new_pilot(**EVERYONE)
        await world.settle()
        card = world.sandbox.shown("claims-triage")[0]
        assert card.buttons[:2] == ["J'accepte mon rôle", "Pas moi"]
        assert "next gate" in card.plain, "what is not translated is said in English"


async def test_ones_own_wording_goes_over_the_built_in_one(database_url: str, clock: Any, tmp_path: Path) -> None:
    (tmp_path / "de.po").write_text(FRENCH.replace("Pas moi", "Lieber jemand anders"), encoding="utf-8")
    async with world_on(database_url, clock, templates_dir=tmp_path) as world:
        await world.new_pilot(**EVERYONE)
        await world.settle()
        assert world.last(world.sandbox.dm_id("lena"), "lena").buttons == ["Annehmen", "Lieber jemand anders"]


async def test_a_catalogue_that_cannot_be_used_stops_the_start(sqlite_url: str, clock: Any, tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text(FRENCH + '\nmsgid "By {name}: {reason}"\nmsgstr "Par {nom}"\n', encoding="utf-8")
    with pytest.raises(FileErrors, match=r"fr\.po, line 12: “Par \{nom\}” has \{nom\}, which nothing fills"):
        async with world_on(sqlite_url, clock, templates_dir=tmp_path):
            pass
