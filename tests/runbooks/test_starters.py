"""The runbooks that come with the bot are complete, hang together, and hold commands that can be pasted."""

from __future__ import annotations

import json
import re
import shlex
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from markdown_it.token import Token

from bot import runbooks_starters
from bot.demo_alerts import bodies
from handlers.runbooks.markdown import parser, read_page
from handlers.runbooks.values import Page

STARTERS = runbooks_starters.starters()
NAMES = ("bad-retrieval.md", "cost-spike.md", "evaluation-regression.md", "feature-drift.md", "late-data-feed.md",
         "latency.md", "pii-leak.md", "prompt-injection.md", "provider-outage.md", "retrain.md", "rollback.md",
         "schema-change.md")
HEADINGS = ("What it means", "Is it urgent?", "First step", "Diagnose", "Decide", "Mitigate", "Roll back", "Verify",
            "Whom to call", "Afterwards", "Fill in before you need it")
OWNERS = {"ML engineering", "Operations", "Engineering", "Data engineering", "Security"}
PLACEHOLDER = re.compile(r"<([a-z][a-z0-9]*(?:-[a-z0-9]+)*)>")
OTHER_FORMS = re.compile(r"<[A-Z][\w-]*>|<[a-z]+_\w+>|\{\{|\[[A-Z_]{3,}\]|\bYOUR[-_]|\bXXX|\$\{")
FIRST_SCREEN = 60
"""Lines of source that a reader has before the first step's command: front matter is not shown."""

every_page = pytest.mark.parametrize("name", NAMES)


def page(name: str) -> Page:
    return read_page(STARTERS[name], name)


def front(name: str) -> dict[str, object]:
    return yaml.safe_load(STARTERS[name].split("---\n")[1])


def tokens(name: str) -> list[Token]:
    return parser().parse(STARTERS[name])


def fences(name: str, language: str) -> list[str]:
    return [each.content for each in tokens(name) if each.type == "fence" and each.info == language]


def filled(text: str) -> str:
    """As it would be pasted, with a word for each placeholder; a number where JSON has no quotes around it."""
    return PLACEHOLDER.sub(lambda found: found[1].replace("-", "_"), re.sub(r"(?<=\": )<[a-z-]+>", "3", text))


def inline(name: str, kind: str) -> Iterator[Token]:
    for token in tokens(name):
        yield from (child for child in token.children or () if child.type == kind)


def code(name: str) -> str:
    return "\n".join([*(each.content for each in tokens(name) if each.type == "fence"),
                      *(each.content for each in inline(name, "code_inline"))])


def section(name: str, heading: str) -> str:
    return next(each.markdown for each in page(name).sections if each.path[-1] == heading)


def test_there_are_the_twelve_that_were_promised() -> None:
    assert tuple(STARTERS) == NAMES


@every_page
def test_each_has_the_sections_that_every_runbook_must_have_in_one_order(name: str) -> None:
    read = page(name)

    assert tuple(each.path[-1] for each in read.sections if each.level == 2) == HEADINGS
    assert all(each.markdown.strip() for each in read.sections if each.level == 2)
    assert [each.path for each in read.sections if each.level == 1] == [(read.title,)]


@every_page
def test_each_says_in_front_what_it_is_called_who_keeps_it_and_when_it_was_read_last(name: str) -> None:
    said = front(name)

    assert said["title"] == page(name).title
    assert len(said["aliases"]) >= 6
    assert said["owner"] in OWNERS
    assert isinstance(said["reviewed"], date)
    assert set(said) == {"title", "aliases", "owner", "reviewed"}


def test_an_alert_name_leads_to_one_page() -> None:
    times = Counter(alias.casefold() for name in NAMES for alias in front(name)["aliases"])

    assert {alias for alias, number in times.items() if number > 1} == set()


def test_runbook_links_in_the_demos_alerts_are_names_of_starters() -> None:
    named = set(re.findall(r"runbooks\.example\.org/ml/([\w-]+)", json.dumps(bodies())))

    assert named
    assert {f"{each}.md" for each in named} <= set(NAMES)


@every_page
def test_the_first_screen_says_what_it_is_whether_it_is_urgent_and_what_to_do(name: str) -> None:
    shown = "".join(STARTERS[name].split("---\n", 2)[2]).splitlines()
    command = next(number for number, line in enumerate(shown) if line.strip().startswith("```"))

    assert shown.index("## First step") < command < FIRST_SCREEN
    assert section(name, "Is it urgent?").startswith("Decide in two minutes, by the first line that fits:")
    assert re.match(r"1\. \w", section(name, "First step"))


@every_page
def test_diagnosis_is_numbered_and_has_commands(name: str) -> None:
    found = parser().parse(section(name, "Diagnose"))
    steps = sum(each.type == "list_item_open" and each.level == 1 and each.info.isdigit() for each in found)

    assert steps >= 5
    assert sum(each.type == "fence" for each in found) >= 3


@every_page
def test_a_decision_table_ends_in_something_to_do(name: str) -> None:
    rows = [line for line in section(name, "Decide").splitlines() if line.startswith("|")]

    assert len(rows) >= 7
    assert len({row.count("|") for row in rows}) == 1


@every_page
def test_links_between_starters_lead_somewhere(name: str) -> None:
    links = [str(token.attrs["href"]) for token in inline(name, "link_open")]

    assert len([each for each in links if not each.startswith("#")]) >= 2
    for link in links:
        file, _, anchor = link.partition("#")
        assert (file or name) in NAMES, link
        assert not anchor or anchor in {each.anchor for each in page(file or name).sections}, link


@every_page
def test_each_is_linked_to_from_another(name: str) -> None:
    others = {str(token.attrs["href"]).partition("#")[0] for other in NAMES if other != name
              for token in inline(other, "link_open")}

    assert name in others


@every_page
def test_placeholders_have_one_form_and_are_explained(name: str) -> None:
    before, _, after = STARTERS[name].partition("## Fill in before you need it")
    explained = {found for line in after.splitlines() if line.startswith("| `")
                 for found in PLACEHOLDER.findall(line.split("|")[1])}

    assert set(PLACEHOLDER.findall(before)) == explained
    assert OTHER_FORMS.search(code(name)) is None


@every_page
def test_no_placeholder_stands_outside_code_where_a_reader_would_lose_it(name: str) -> None:
    assert [each.content for each in inline(name, "html_inline")] == []
    assert [each.content for each in tokens(name) if each.type == "html_block"] == []


@every_page
def test_shell_commands_can_be_pasted(name: str) -> None:
    assert fences(name, "sh")
    for fence in fences(name, "sh"):
        words = shlex.split(filled(fence).replace("\\\n", ""), comments=True)
        for at, word in enumerate(words):
            if words[at - 2:at] == ["python", "-c"]:
                compile(word, name, "exec")
            if words[at - 1] in ("-d", "--patch"):
                json.loads(word)


@every_page
def test_other_commands_are_whole(name: str) -> None:
    for fence in fences(name, "python"):
        compile(filled(fence), name, "exec")
    for fence in [*fences(name, "promql"), *fences(name, "sql")]:
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", filled(fence))
        assert [bare.count(each) for each in "([{"] == [bare.count(each) for each in ")]}"], fence
        assert bare.count("'") % 2 == bare.count('"') % 2 == 0, fence
    for fence in fences(name, "sql"):
        assert fence.rstrip().endswith((";", "rollback")), fence


@every_page
def test_every_fence_says_what_language_it_is(name: str) -> None:
    assert {each.info for each in tokens(name) if each.type == "fence"} <= {"sh", "sql", "promql", "python"}


def test_no_command_holds_a_password_or_a_key() -> None:
    for name in NAMES:
        assert re.search(r"Bearer (?!\$)|password=|://\w+:[^/@\s]+@", code(name)) is None, name


# ---- copying them ------------------------------------------------------------------------------------------


def ran(*argv: str) -> int:
    parsed = ArgumentParser()
    runbooks_starters.arguments(parsed)
    return runbooks_starters.run(parsed.parse_args(argv))


def test_they_are_copied_into_a_new_folder(tmp_path: Path) -> None:
    assert ran(str(tmp_path / "new" / "runbooks")) == 0

    assert {each.name: each.read_text(encoding="utf-8") for each in (tmp_path / "new" / "runbooks").iterdir()} == STARTERS


def test_a_page_that_was_changed_is_kept_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latency.md").write_text("# Ours\n", encoding="utf-8")

    assert ran(str(tmp_path)) == 0

    assert (tmp_path / "latency.md").read_text(encoding="utf-8") == "# Ours\n"
    said = capsys.readouterr().out
    assert "kept      latency.md: yours is another" in said
    assert said.count("written ") == 11


def test_it_is_replaced_where_that_is_asked_for_and_that_is_said(tmp_path: Path,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    ran(str(tmp_path))
    (tmp_path / "latency.md").write_text("# Ours\n", encoding="utf-8")
    capsys.readouterr()

    assert ran(str(tmp_path), "--replace") == 0

    said = capsys.readouterr().out
    assert (tmp_path / "latency.md").read_text(encoding="utf-8") == STARTERS["latency.md"]
    assert "replaced  latency.md" in said
    assert "11 were there already, word for word." in said


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")

    assert ran(str(tmp_path / "file")) == 1

    assert "cannot be written" in capsys.readouterr().out
