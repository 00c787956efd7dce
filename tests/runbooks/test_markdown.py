"""A page of Markdown, as people write them, comes apart into sections without losing a word."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.chat.cards import plain_line
from handlers.runbooks.blocks import Kind, blocks
from handlers.runbooks.dialects import readable
from handlers.runbooks.encoding import NoText, decoded
from handlers.runbooks.includes import included
from handlers.runbooks.markdown import anchor_of, read_page
from handlers.runbooks.values import Page


def paths(page: Page) -> list[tuple[str, ...]]:
    return [each.path for each in page.sections]


def said(page: Page) -> str:
    return " ".join(f"{' '.join(each.path)} {each.text} {each.code}" for each in page.sections)


# ---- headings ----------------------------------------------------------------------------------------------


def test_headings_of_both_kinds_make_sections_and_their_paths() -> None:
    page = read_page("Intro\n\nTop\n===\n\nhead\n\nSub\n---\n\n### Deep ###\n\nx\n\n## Next\n", "a.md")
    assert paths(page) == [("Top",), ("Top",), ("Top", "Sub"), ("Top", "Sub", "Deep"), ("Top", "Next")]
    assert page.title == "Top"


def test_a_hash_in_code_is_no_heading() -> None:
    page = read_page("# Real\n\n```sh\n# install\nkubectl get pods\n```\n\n~~~\n## no\n~~~\n\n    # indented\n\n<pre>\n# html\n</pre>\n", "a.md")
    assert paths(page) == [("Real",)]
    assert "# install\nkubectl get pods" in page.sections[0].code


def test_headings_in_lists_and_quotes_belong_to_their_section() -> None:
    page = read_page("# One\n\n- # in a list\n\n> ## in a quote\n\nend\n\n# Two\n", "a.md")
    assert paths(page) == [("One",), ("Two",)]
    assert "in a list in a quote end" in page.sections[0].text


def test_the_same_sub_headings_under_each_alert_of_one_page_have_anchors_of_their_own() -> None:
    page = read_page("# Alerts\n" + "".join(f"## {name}\n### Meaning\n{name} means\n### Fix\nfix it\n" for name in ("A", "B", "C")), "a.md")
    assert [(each.path[1:], each.anchor) for each in page.sections if each.path[-1] == "Meaning"] == [
        (("A", "Meaning"), "meaning"), (("B", "Meaning"), "meaning-1"), (("C", "Meaning"), "meaning-2")]


@pytest.mark.parametrize(("heading", "anchor"), [
    ("Disk Full!", "disk-full"), ("`kubectl` & co.", "kubectl--co"), ("Größe ändern", "größe-ändern"), ("snake_case-Name", "snake_case-name"),
    ("What's new?", "whats-new"), ("1. Look", "1-look"), ("日本語", "日本語"), ("[Link](http://x) here", "link-here"), ("🚀", "section")])
def test_anchors_are_as_code_hosts_make_them(heading: str, anchor: str) -> None:
    assert read_page(f"# {heading}\n", "a.md").sections[0].anchor == anchor


def test_an_anchor_of_ones_own_counts_and_is_not_shown() -> None:
    page = read_page("## Roll back {#rollback}\n\n## Again {: #again .wide }\n", "a.md")
    assert [(each.path, each.anchor) for each in page.sections] == [(("Roll back",), "rollback"), (("Again",), "again")]


def test_gitlab_leaves_one_dash_of_several() -> None:
    assert (anchor_of("A & B"), anchor_of("A & B", is_squeezed=True)) == ("a--b", "a-b")


# ---- front matter ------------------------------------------------------------------------------------------


def test_front_matter_gives_title_names_and_owner() -> None:
    page = read_page("---\ntitle: Node RAID\nalerts:\n  - NodeRAIDDegraded\nalias: raid\naliases: [/old/raid-page/]\nowner: Storage\ntags: [disk]\n---\n# H\n\nx\n", "a.md")
    assert (page.title, page.owner, page.aliases) == ("Node RAID", "Storage", ("raid-page", "raid", "NodeRAIDDegraded"))
    assert page.front["tags"] == ["disk"]
    assert page.faults == ()


def test_toml_front_matter_is_read_too() -> None:
    assert read_page('+++\ntitle = "Lag"\nowner = "Data"\n+++\n# x\n', "a.md").title == "Lag"


@pytest.mark.parametrize("text", ["---\ntitle: [\n---\n# H\n", "---\na: &a [1]\nb: *a\n---\n# H\n", "---\n" + "a: " + "[" * 900 + "\n---\n# H\n",
                                  "---\nbig: " + "x" * 40_000 + "\n---\n# H\n"])
def test_front_matter_that_cannot_be_believed_is_left_out_and_said(text: str) -> None:
    page = read_page(text, "a.md")
    assert paths(page) == [("H",)]
    assert len(page.faults) == 1
    assert "front matter" in page.faults[0]


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    page = read_page("---\n\nSome words here.\n\n---\n\nmore\n", "a.md")
    assert "Some words here." in said(page)


def test_a_page_without_a_heading_is_called_as_its_file_or_folder() -> None:
    assert [read_page("x", path).title for path in ("a/NodeDown.md", "drift/README.md", "index.md")] == ["NodeDown", "drift", "index"]


# ---- dialects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "shown"), [
    ('!!! warning "Mind the gap"\n    Do not restart.\n\n    - really\n\nafter', ["Warning: Mind the gap", "Do not restart.", "really", "after"]),
    ("??? note\n    hidden text", ["Note:", "hidden text"]), ('=== "Linux"\n\n    run it\n', ["Linux", "run it"]),
    (":::danger Stop\nDo not.\n:::\nafter", ["Danger: Stop", "Do not.", "after"]), ("> [!WARNING]\n> Hot.", ["Warning:", "Hot."]),
    ("{{< note >}}\nremember\n{{< /note >}}", ["Note:", "remember"]), ('{{% alert title="Care" color="warning" %}}\nx\n{{% /alert %}}', ["Warning: Care", "x"]),
    ("{{< highlight bash >}}\n# no heading\n{{< /highlight >}}", ["# no heading"]), ('see [lag]({{< ref "lag.md" >}})', ["see lag (lag.md)"]),
    ('{{< figure src="a.png" caption="The board" >}}', ["The board"]), ("{% highlight sh %}\n# no\n{% endhighlight %}", ["# no"])])
def test_what_generators_add_stays_readable(source: str, shown: list[str]) -> None:
    text = "\n".join(plain_line(each.spans) or each.text for each in blocks(source))
    for each in shown:
        assert each in text
    for mark in ("!!!", "???", ":::", "{{", "{%", "[!", "==="):
        assert mark not in text


def test_an_admonition_keeps_its_code_and_its_heading_is_none() -> None:
    page = read_page('# A\n\n!!! danger "X"\n    ```sh\n    # rm -rf\n    ```\n    ## not one\n\n# B\n', "a.md")
    assert paths(page) == [("A",), ("B",)]
    assert page.sections[0].code == "# rm -rf"


def test_templates_of_alert_rules_are_left_alone() -> None:
    source = "`{{ $labels.instance }}` and {{ $value }} and {% raw %}{{ x }}{% endraw %}"
    assert "{{ $labels.instance }}" in readable(source)
    assert "{{ $value }}" in readable(source)


def test_html_comments_are_dropped_and_details_kept() -> None:
    page = read_page("# A\n\n<!-- a secret\nnote -->\n\n<details>\n<summary>Full context</summary>\n\nInside **here**.\n\n</details>\n\n<a name=\"x\"></a>\n", "a.md")
    assert page.sections[0].text == "Full context Inside here."


def test_a_link_defined_elsewhere_on_the_page_goes_with_its_section() -> None:
    page = read_page("# A\n\nSee [the wiki][w] and [w].\n\n# B\n\nx\n\n[w]: ../wiki.md \"W\"\n", "a.md")
    made = blocks(page.sections[0].markdown, "https://h.example.com/ops/a.md")
    assert made[0].spans[1].url == "https://h.example.com/wiki.md"  # type: ignore[union-attr]
    assert len(made) == 1


def test_reading_never_counts_lines_that_markdown_does_not() -> None:
    """Form feeds and Unicode's own line ends are letters to CommonMark."""
    page = read_page("# A\n\none\x0ctwo\u2028three\x85four\n\n# B\n\nfive\n", "a.md")
    assert "five" in page.sections[1].markdown
    assert "five" not in page.sections[0].markdown


# ---- stubs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [
    "TODO", "# Alert\n\nTODO\n", "# Alert\n\n## Meaning\n\n## Impact\n\nTBD\n", "# A\n\nSee [Node RAID](./x.md)\n", "", "# Only a heading\n",
    "# A\n\nMoved to https://wiki.example.com/x\n", "# A\n\n## Meaning\n\nTo be written.\n\n## Fix\n\ntodo\n", "<!-- write me -->\n", "# A\n\n- [ ] TODO\n",
    "---\ntitle: x\n---\n", "# A\n\nMore information in [blog](https://example.com)\n"])
def test_a_page_that_nobody_wrote_yet_is_known_as_such(source: str) -> None:
    assert read_page(source, "a.md").is_stub


@pytest.mark.parametrize("said", [
    "TODO", "tbd", "TBA", "tbc", "FIXME", "WIP", "n/a", "lorem ipsum", "placeholder", "stub", "Coming soon", "under construction", "work in progress", "to be written",
    "to be filled in", "not yet documented", "nothing here yet", "please fill me in", "add content here", "no runbook yet", "no documentation", "noch zu schreiben", "in Arbeit"])
def test_a_line_of_code_does_not_make_a_page_of_one_that_says_to_do(said: str) -> None:
    assert read_page(f"# A\n\n{said}\n\n```sh\nmake\n```\n", "a.md").is_stub


@pytest.mark.parametrize("source", [
    "# A\n\nRestart the pod and look at the logs.\n", "# A\n\n```sh\nkubectl rollout undo\n```\n", "# A\n\nRun `make rollback`.\n",
    "# A\n\n## Meaning\n\nThe disk fills up within four hours and somebody has to act.\n\n## Fix\n\nTODO: say how it is done\n",
    "# A\n\nSee [x](x.md), and then restart all of the workers one after the other.\n"])
def test_a_page_that_says_something_is_no_stub(source: str) -> None:
    assert not read_page(source, "a.md").is_stub


# ---- includes and encodings --------------------------------------------------------------------------------

FILES = {"parts/a.txt": "alpha\nbeta", "docs/parts/a.txt": "near", "loop.md": '--8<-- "loop.md"', "_includes/warn.md": "warned", "deep.md": "{!parts/a.txt!}"}


@pytest.mark.parametrize(("line", "shown"), [
    ('--8<-- "parts/a.txt"', "near"), ('    --8<-- "deep.md"', "    alpha\n    beta"), ("--8<--\nparts/a.txt\ndeep.md\n--8<--", "near\nalpha\nbeta"),
    ("{% include warn.md %}", "warned"), ('{% include-markdown "../deep.md" %}', "alpha\nbeta"), ('{{< include "parts/a.txt" >}}', "near"), ("{!deep.md!}", "alpha\nbeta")])
def test_what_a_page_takes_in_is_put_in_its_place(line: str, shown: str) -> None:
    taken = included(line, "docs/page.md", FILES.get)
    assert (taken.text, taken.faults) == (shown, [])


@pytest.mark.parametrize("named", ["../../etc/passwd", "/etc/passwd", "https://x.example.com/a.md", "..\\x", "nothing.md", "loop.md"])
def test_what_may_not_be_taken_in_is_left_as_written_and_said(named: str) -> None:
    line = f'--8<-- "{named}"'
    taken = included(line, "docs/page.md", FILES.get)
    assert taken.text == line
    assert len(taken.faults) == 1


def test_includes_in_code_are_examples_unless_they_are_snippets() -> None:
    source = "```\n{!parts/a.txt!}\n--8<-- \"parts/a.txt\"\n```"
    assert included(source, "page.md", FILES.get).text == "```\n{!parts/a.txt!}\nalpha\nbeta\n```"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_say_which_they_are_are_read(encoding: str) -> None:
    assert decoded("# Größe\r\nzwei\rdrei".encode(encoding)) == ("# Größe\nzwei\ndrei", None)


@pytest.mark.parametrize("raw", [b"a\0b", b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xfea", "a\0".encode("utf-16")])
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(NoText, match="it "):
        decoded(raw)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=50))
def test_whatever_was_written_as_utf_8_comes_back(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decoded(text.encode()) == (text, None)


# ---- properties --------------------------------------------------------------------------------------------

WORD = st.from_regex(r"[a-z]{5,9}", fullmatch=True)
GAPS = st.sampled_from(["\n\n", "\n\n\n"])
BODY = st.sampled_from(["{}", "**{}** and", "`{}`", "- {}", "1. {}\n   ```\n   # {}\n   ```", "> ## {}", "```sh\n# {}\n```", "    # {}",
                        "| {} |\n|---|\n| x |", "<p>{}</p>", "[{}](x.md)", "![{}](y.png)", "- # {}", "!!! note \"{}\"\n    inner", ":::tip {}\nx\n:::",
                        "<details><summary>{}</summary>\n\nx\n\n</details>", "> [!NOTE]\n> {}", "{{{{< tab \"{}\" >}}}}", "[x]: http://h.example.com \"t\"\n\n{} [x]"])


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[tuple[tuple[str, ...], list[str]]]]:
    """A page, and what its sections are to be: path, words."""
    source, expected, above = "", list[tuple[tuple[str, ...], list[str]]](), list[tuple[int, str]]()
    for _ in range(draw(st.integers(1, 6))):
        level, name = draw(st.integers(1, 6)), draw(WORD)
        is_setext = level <= 2 and draw(st.booleans())
        source += f"{name}\n{'=-'[level - 1] * 3}" if is_setext else f"{'#' * level} {name}"
        source += draw(GAPS)
        above = [each for each in above if each[0] < level]
        above.append((level, name))
        words = []
        for _ in range(draw(st.integers(0, 4))):
            word = draw(WORD)
            source += draw(BODY).replace("{}", word).replace("{{", "{").replace("}}", "}").replace("{<", "{{<").replace(">}", ">}}") + draw(GAPS)
            words.append(word)
        expected.append((tuple(each for _, each in above), words))
    return source, expected


@given(documents())
def test_every_sections_path_is_right_and_every_word_is_in_its_section(made: tuple[str, Sequence[tuple[tuple[str, ...], list[str]]]]) -> None:
    source, expected = made
    page = read_page(source, "a.md")
    assert paths(page) == [path for path, _ in expected], source
    for section, (_, words) in zip(page.sections, expected, strict=True):
        shown = "\n".join(each.text if each.kind in (Kind.CODE, Kind.TABLE) else plain_line(each.spans) for each in blocks(section.markdown))
        for word in words:
            assert word in f"{section.text} {section.code}", source
            assert word in section.markdown, source
            assert word in shown, source


MARKS = st.text(alphabet=st.sampled_from("ab #*-_=`~>|[](){}<>!:\\\n\n\t01.%\"'+&;\u2028\x0c"), max_size=200)


@given(MARKS)
def test_every_line_of_a_page_is_in_just_one_section_or_is_a_heading(source: str) -> None:
    page = read_page(source, "a.md")
    lines = source.split("\n")
    headings = len([each for each in page.sections if each.level])
    kept = [line for each in page.sections for line in each.markdown.split("\n")]
    before = [line for line in lines if line.strip()]
    after = [line for line in kept if line.strip() and not re.fullmatch(r"\[.*\]: <.*>.*", line)]
    rest = list(before)
    for line in after:
        if line in rest:
            rest.remove(line)
    # What is left are headings (one line, or more by underlining), definitions alone, and front matter.
    assert not rest or headings or source.startswith(("---", "+++")), (rest, source)


@given(MARKS)
def test_anchors_are_unique_and_nothing_makes_reading_fail(source: str) -> None:
    page = read_page(source + "\n# a\n# a\n# a-1\n## \n## 🚀\n", "a.md")
    anchors = [each.anchor for each in page.sections if each.level]
    assert len(anchors) == len(set(anchors))
    assert all(each.path and all(each.path) for each in page.sections)
    assert [each.ordinal for each in page.sections] == list(range(len(page.sections)))


@given(MARKS)
def test_reading_dialects_moves_no_line(source: str) -> None:
    assert readable(source).count("\n") == source.count("\n")
