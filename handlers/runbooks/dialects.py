"""What MkDocs, Hugo, Jekyll, Docusaurus and code hosts add to Markdown, said in Markdown itself.

Line for line: a place in what comes out is the same place in what went in. Each pattern takes time that grows
with a line and no faster: pages are read, and answers shown, in a process with much else to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_FENCE: Final = re.compile(r"[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)")
_ADMONITION: Final = re.compile(r"([ \t]*)(?:!!!|\?\?\?\+?)[ \t]+([\w-]+)(?:[ \t]+(?:inline|end|annotate))*"
                               r"(?:[ \t]+\"([^\"]*)\")?[ \t]*")
_TAB: Final = re.compile(r"([ \t]*)===[!+]?[ \t]+\"([^\"]+)\"[ \t]*")
_COLONS: Final = re.compile(r"([ \t]*+)(:{3,12})(?!:)[ \t]*+([A-Za-z][\w-]*+)[ \t]*+(?:\[([^\]]*)\])?[ \t]*+"
                            r"([^{]*+)(?:\{.*\})?[ \t]*")
_COLONS_END: Final = re.compile(r"[ \t]*(:{3,12})[ \t]*")
_GITHUB_ALERT: Final = re.compile(
    r"([ \t]*>[ \t]*)\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION|DANGER|INFO)\][ \t]*", re.IGNORECASE)
_SHORTCODE: Final = re.compile(
    r"\{\{([<%])[ \t]*+(/?)[ \t]*+([\w./-]{1,60})((?:(?!\{\{)[^\n]){0,500}?)/?[>%]\}\}")
_LIQUID: Final = re.compile(
    r"\{%-?[ \t]*(end)?(highlight|raw|note|tip|warning|caution|danger|info|important|callout)\b"
    r"([^%\n]{0,200})-?%\}")
_ARGUMENT: Final = re.compile(r"([\w-]+)=(?:\"([^\"]*)\"|`([^`]*)`|(\S+))|\"([^\"]*)\"|`([^`]*)`|(\S+)")
_MARKERS: Final = re.compile(
    r"[ \t]*(?:\[TOC\]|\[\[_TOC_\]\]|\{:[^}\n]{0,200}\}|\{toc\})[ \t]*", re.IGNORECASE)
_PLAIN: Final = frozenset({"note", "tip", "warning", "caution", "danger", "info"})
_KINDS: Final = _PLAIN | {"admonition", "alert", "attention", "callout", "hint", "important", "notice"}
_TITLES: Final = ("title", "caption", "summary", "name", "heading")


def readable(source: str) -> str:
    r"""The same text with as many lines, in Markdown that everybody reads. Lines end with ``\n``."""
    return "\n".join(_lines(source.split("\n")))


def _lines(lines: Sequence[str], depth: int = 0) -> list[str]:
    found: list[str] = []
    fence, at = "", 0
    while at < len(lines):
        line = lines[at]
        if fence:
            closing = line.strip().strip(">").strip()
            if closing and set(closing) == {fence[0]} and len(closing) >= len(fence):
                fence = ""
            found.append(line)
            at += 1
            continue
        opened = _FENCE.fullmatch(line)
        if opened is not None and not (opened[1][0] == "`" and "`" in opened[2]):
            fence = opened[1]
            found.append(line)
            at += 1
            continue
        taken = _block(lines, at, depth) if depth < 8 else None
        if taken is not None:
            found += taken
            at += len(taken)
            continue
        found.append(_line(line))
        at += 1
    return found


def _block(lines: Sequence[str], at: int, depth: int) -> list[str] | None:
    """The lines of a block that begins here, said in Markdown; None: none begins here."""
    line = lines[at]
    if (found := _ADMONITION.fullmatch(line)) is not None:
        body = _indented(lines, at + 1, len(found[1].expandtabs(4)) + 4)
        title = "" if found[3] == "" else _titled(found[2], found[3])
        return _quoted(found[1], title, body, depth)
    if (found := _TAB.fullmatch(line)) is not None:
        body = _indented(lines, at + 1, len(found[1].expandtabs(4)) + 4)
        inner = _lines(body, depth + 1)
        return [f"{found[1]}**{found[2]}**", *(found[1] + each if each else "" for each in inner)]
    if (found := _COLONS.fullmatch(line)) is not None:
        for end in range(at + 1, len(lines)):
            closing = _COLONS_END.fullmatch(lines[end])
            if closing is not None and len(closing[1]) == len(found[2]):
                title = _titled(found[3], (found[4] or found[5] or "").strip())
                body = [each.removeprefix(found[1]) for each in lines[at + 1:end]]
                return [*_quoted(found[1], title, body, depth), ""]
            again = _COLONS.fullmatch(lines[end]) if closing is None else None
            if again is not None and again[2] == found[2]:
                break  # another of its kind begins: this one has no end
    return None


def _indented(lines: Sequence[str], start: int, by: int) -> list[str]:
    """The lines from `start` that are indented so far, without that; blank ones at the end are not taken."""
    body: list[str] = []
    for line in lines[start:]:
        flat = line.expandtabs(4) if "\t" in line else line
        if flat.strip() and len(flat) - len(flat.lstrip(" ")) < by:
            break
        body.append(flat[by:] if flat.strip() else "")
    while body and not body[-1]:
        body.pop()
    return body


def _quoted(indent: str, title: str, body: Sequence[str], depth: int) -> list[str]:
    return [f"{indent}> {each}".rstrip() for each in (title, *_lines(body, depth + 1))]


def _titled(kind: str, title: str | None) -> str:
    word = kind.replace("-", " ").replace("_", " ").capitalize()
    return f"**{word}: {title}**" if title and title.casefold() != word.casefold() else f"**{word}:**"


def _line(line: str) -> str:
    if "[" in line:
        if _MARKERS.fullmatch(line):
            return ""
        if (alert := _GITHUB_ALERT.fullmatch(line)) is not None:
            return f"{alert[1]}**{alert[2].capitalize()}:**"
    if "{" not in line:
        return line
    if _MARKERS.fullmatch(line):
        return ""
    return _LIQUID.sub(_liquid, _SHORTCODE.sub(_shortcode, line))


def _shortcode(found: re.Match[str]) -> str:
    name, is_end = found[3].lower(), found[2] == "/"
    named, rest = dict[str, str](), list[str]()
    for each in _ARGUMENT.finditer(found[4]):
        if each[1] is not None:
            named[each[1].lower()] = next(filter(None, each.group(2, 3, 4)), "")
        else:
            rest.append(next(filter(None, each.group(5, 6, 7)), ""))
    title = next((named[key] for key in _TITLES if named.get(key)), "")
    if name == "highlight":
        return "```" if is_end else f"```{rest[0] if rest else ''}"
    if is_end:
        return ""
    if name in ("ref", "relref", "link") and (rest or named):
        return (rest or list(named.values()))[0]
    if name in ("figure", "img", "image") and (src := named.get("src") or (rest[0] if rest else "")):
        return f"![{title or named.get('alt', '')}]({src})"
    if name in _KINDS:
        kind = next((named[key] for key in ("type", "context", "color", "style") if named.get(key)),
                    rest[0] if rest and not title and name not in _PLAIN else name)
        return _titled(kind, title or (rest[0] if rest and kind == name else ""))
    if title or (rest and name in ("tab", "expand", "details", "collapse")):
        return f"**{title or rest[0]}**"
    return " ".join((*rest, *named.values()))


def _liquid(found: re.Match[str]) -> str:
    is_end, name = found[1] is not None, found[2]
    if name == "highlight":
        return "```" if is_end else f"```{(found[3].split() or [''])[0]}"
    if is_end or name == "raw":
        return ""
    return _titled(name, found[3].strip().strip("\"'-").strip())
