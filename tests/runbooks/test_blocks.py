"""A section's Markdown becomes blocks that a card can show: steps, code, tables, links that can be opened."""

from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.cards import Bold, Link, Mono, plain_line
from handlers.runbooks import tables
from handlers.runbooks.blocks import Block, Kind, blocks

PAGE = "https://git.example.com/ops/runbooks/blob/main/drift/psi.md"


def _said(made: tuple[Block, ...]) -> str:
    return "\n".join(each.text if each.kind in (Kind.CODE, Kind.TABLE) else plain_line(each.spans) for each in made)


def test_a_steps_code_follows_it_one_deeper_and_numbers_go_on():
    made = blocks("1. Look:\n   ```sh\n   kubectl get pods  # all\n   ```\n   then wait\n2. Restart `api`\n   - one\n")
    assert [(each.kind, each.depth, each.number) for each in made] == [
        (Kind.STEP, 0, 1), (Kind.CODE, 1, None), (Kind.PARAGRAPH, 1, None), (Kind.STEP, 0, 2),
        (Kind.STEP, 1, None)]
    assert made[1].text == "kubectl get pods  # all"
    assert made[3].spans == ("Restart ", Mono("api"))


def test_a_list_that_begins_at_seven_goes_on_at_seven():
    assert [each.number for each in blocks("7. a\n8. b\n")] == [7, 8]


def test_a_step_that_is_only_code_is_still_a_step():
    made = blocks("1. ```\n   make rollback\n   ```\n")
    assert [(each.kind, each.number, each.text) for each in made] == [
        (Kind.STEP, 1, ""), (Kind.CODE, None, "make rollback")]


def test_relative_links_and_images_lead_to_where_they_lead_on_the_page():
    made = blocks("See [lag](../lag.md#why), [here](#x) and ![graph](img/psi.png).\n\n![alone](img/a.png)", PAGE)
    assert Link("https://git.example.com/ops/runbooks/blob/main/lag.md#why", "lag") in made[0].spans
    assert Link(f"{PAGE}#x", "here") in made[0].spans
    assert Link("https://git.example.com/ops/runbooks/blob/main/drift/img/psi.png", "graph") in made[0].spans
    assert made[1] == Block(Kind.IMAGE, (Link("https://git.example.com/ops/runbooks/blob/main/drift/img/a.png", "alone"),),
                            text="https://git.example.com/ops/runbooks/blob/main/drift/img/a.png")


def test_without_an_address_a_relative_link_still_says_where_it_leads():
    assert plain_line(blocks("See [lag](../lag.md).")[0].spans) == "See lag (../lag.md)."


def test_a_link_that_runs_something_is_never_one():
    for href in ("javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "slack://open"):
        made = blocks(f"[go]({href}) <a href=\"{href}\">now</a>", PAGE)
        assert not any(isinstance(span, Link) for each in made for span in each.spans)


def test_html_shows_its_words_and_no_tags():
    made = blocks("<details><summary>More</summary>\n\nhidden <b>bold</b><br>next\n\n</details>\n\n"
                  "<!-- a note to editors -->\n\n<a name=\"old\"></a>\n\n<pre>\n# not a heading\n</pre>\n")
    assert [each.kind for each in made] == [Kind.PARAGRAPH, Kind.PARAGRAPH, Kind.CODE]
    assert made[0].spans == (Bold("More"),)
    assert made[1].spans == ("hidden ", Bold("bold"), "\nnext")
    assert made[2].text == "# not a heading"


def test_a_table_stands_in_columns():
    assert blocks("| State | Do |\n|--|--|\n| up | nothing |\n| degraded | `page` |\n")[0].text == (
        "State     Do\n--------  -------\nup        nothing\ndegraded  page")


def test_a_quote_and_tasks_are_told_apart():
    made = blocks("> careful\n\n- [ ] first\n- [x] second\n\n---\n\n#### Deeper\n")
    assert [each.kind for each in made] == [Kind.QUOTE, Kind.STEP, Kind.STEP, Kind.RULE, Kind.HEADING]
    assert plain_line(made[1].spans) == "☐ first"
    assert plain_line(made[2].spans) == "☑ second"
    assert made[4].number == 4


_WORDS = st.from_regex(r"[a-z]{4,9}", fullmatch=True)
_SHAPES = st.sampled_from(["{}", "**{}**", "`{}`", "*{}*", "[{}](x.md)", "- {}", "1. {}", "> {}", "    {}", "# {}",
                           "```\n{}\n```", "| {} |\n|--|", "<b>{}</b>", "<p>{}", "![{}](y.png)", "<details>{}",
                           "- > 1. {}", "{}\n===", "<td>{}</td>"])


@given(st.lists(st.tuples(_SHAPES, _WORDS, st.sampled_from(["\n", "\n\n", "\n\n\n"])), max_size=12))
def test_no_word_is_lost(parts):
    markdown = "".join(shape.format(word) + gap for shape, word, gap in parts)
    said = _said(blocks(markdown))
    for _, word, _ in parts:
        assert word in said, markdown


@given(st.text(alphabet=st.sampled_from("ab*_`[]()<>!#-+1.|:&\\\n\t ~\"'{}%"), max_size=120))
def test_whatever_is_written_becomes_blocks_of_sound_shape(markdown):
    for each in blocks(markdown, PAGE):
        assert each.depth >= 0
        if each.kind in (Kind.CODE, Kind.TABLE, Kind.RULE):
            assert not each.spans
        elif each.kind is not Kind.IMAGE:
            assert not each.text
        assert not any(span == "" or span == Bold("") for span in each.spans)


def test_a_wide_table_keeps_its_columns_apart_on_a_line_that_is_shown_unbroken():
    long = "p95 is above twice the limit for ten minutes, in the working hours of those who use it"
    made = blocks(f"| If | Then |\n|---|---|\n| {long} | Urgent |\n| p99 alone is high | {long} |\n")
    lines = made[0].text.split("\n")
    assert max(map(len, lines)) <= tables.WIDE
    assert lines[2].endswith("  Urgent")
    column = lines[2].index("Urgent")
    assert all(line[column - 1:column].strip() == "" for line in lines if not line.startswith("-"))
    assert " ".join(line[:column].strip() for line in lines[2:5]) == long


def test_a_command_in_a_cell_can_be_copied_whole_however_wide_the_table():
    command = "kubectl -n models rollout undo deploy/fraud"
    prose = "where the last release is surely the cause of all this and nothing else was changed since then"
    made = blocks(f"| When | Do |\n|---|---|\n| {prose} | first `{command}` and then wait for it |\n")
    assert command in made[0].text
    assert max(map(len, made[0].text.split("\n"))) <= tables.WIDE
    whole = "curl -sS " + "--header x-long-name-of-a-header:value " * 3 + "https://models.example/health"
    made = blocks(f"| When | Do |\n|---|---|\n| {prose} | `{whole}` |\n")
    assert whole in made[0].text


@given(st.lists(st.lists(st.text(alphabet="ab c-", max_size=60), min_size=1, max_size=5), min_size=1, max_size=5))
def test_no_word_of_a_table_is_lost(rows: list[list[str]]):
    shown = tables.columns([[tables.cell((each,)) for each in row] for row in rows])
    said = [word for row in rows for each in row for word in each.split()]
    left = shown.split()
    for word in said:
        left.remove(word)
    assert all(set(each) == {"-"} for each in left)
