"""The demo's runbooks: the starters in a folder, named as a source in a policy as an admin would."""

from __future__ import annotations

from pathlib import Path

from bot.runbooks_starters import copy

POLICY = """\
schema: 1
policy: runbooks
sources:
  starters: {kind: folder, where: runbooks, owner: Operations, url: "https://runbooks.example.org/ml/"}
"""
"""Its address is what the demo's alerts link to."""


def lay_out(folder: Path) -> None:
    """Put runbooks and policy where the bot looks for them."""
    copy(folder / "runbooks")
    (folder / "runbooks.yaml").write_text(POLICY, encoding="utf-8")
