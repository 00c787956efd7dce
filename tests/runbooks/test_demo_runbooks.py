"""The demo's runbooks are set up as an admin would, and are what its alerts link to."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bot.demo_alerts import bodies
from bot.demo_runbooks import lay_out
from bot.library import read_runbooks
from bot.runbooks_starters import starters
from handlers.runbooks.policy import Kind


def test_the_demo_has_the_starters_in_a_folder_that_its_policy_names(tmp_path: Path) -> None:
    lay_out(tmp_path)

    source = read_runbooks(tmp_path).sources["starters"]
    assert (source.kind, source.pilot) == (Kind.FOLDER, None)
    assert {each.name for each in Path(source.where).iterdir()} == set(starters())


def test_links_in_the_demos_alerts_lead_into_its_source(tmp_path: Path) -> None:
    lay_out(tmp_path)
    address = read_runbooks(tmp_path).sources["starters"].url
    pages = {name.removesuffix(".md") for name in starters()}

    links = re.findall(r"https://runbooks\.[\w./-]+", json.dumps(bodies()))
    assert links
    for link in links:
        assert address is not None
        assert link.startswith(address)
        assert link.rpartition("/")[2] in pages, link
