"""The numbers that ranking is tuned by: chosen on questions about some collections, judged on others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One of a section's fields, as BM25F weighs it (Robertson, Zaragoza and Taylor, 2004)."""

    weight: float
    length: float
    """Terms of a field of usual length. A constant, so that no page's weights change with another page."""
    by_length: float
    """How far a longer field counts for less: 0 not at all, 1 in full (BM25's b)."""


@dataclass(frozen=True, slots=True)
class Tuning:
    title: Field = Field(5.0, 5, 0.3)
    headings: Field = Field(3.0, 6, 0.3)
    text: Field = Field(1.0, 60, 0.75)
    code: Field = Field(1.0, 30, 0.75)
    saturation: float = 1.2
    """BM25's k1: how soon more of the same word stops to count."""

    page_title: float = 5.0
    page_headings: float = 1.5
    page_text: float = 1.0
    page_code: float = 0.5
    page_length: float = 300
    page_by_length: float = 0.75
    page_saturation: float = 1.2
    page: float = 1.0
    """What the evidence of the whole page counts for its sections, beside their own."""

    form: float = 0.95
    """Another form of the word, or its abbreviation."""
    synonym: float = 0.75
    typo: float = 0.85
    in_value: float = 0.0
    """A known word inside a value such as `worker-3`."""
    package: float = 0.5
    """A known word of the package that an error's name begins with: `redis` says much, `errors` little."""
    asking: float = 0.0
    """A word of a phrase that says what kind of answer is wanted."""
    title_cover: float = 2.0
    heading_cover: float = 1.0
    """What it is worth that a title's, a heading's every word was asked for."""
    intent: float = 0.35
    """What it is worth that a section is named for the kind of answer that is wanted, of the best score."""
    only: float = 0.55
    """The same, where nothing but a section that is named so answers."""
    called: float = 0.5
    """What it is worth, in place of `intent`, that a heading says just what is asked, of the best score."""
    own: float = 0.1
    """What it is worth besides that it is the pilot's own, of the best score."""
    severity: float = 0.03
    """What it is worth to be as bad as the question says, beside a twin that is not, of the best score."""
    stub: float = 0.97
    """What a page that nobody has written yet counts for, beside one that somebody has."""
