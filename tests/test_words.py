"""Sentences that make a native reader stumble, and pointers to nowhere: each form once, by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.evidence.reference import Reference
from pipeline.settings import ROOT

FORBIDDEN = {
    r"(?<!there )\b(?:is|are|was|were) none\b(?! of)": "say what it is not: `is not a date`",
    r"\b(?:is|are) no zero": "`is not a zero`",
    r"\b(?:no|not) zeros?, and\b": "`not known`",
    r"(?<!should be )\b(?:told|tells?) of\b": "`reports`, `mentions`, `notified of`",
    r"\btold apart\b": "`distinguished`",
    r"\bthat is nobody\b": "`nobody`",
    r"\b(?:by|of|with|for) one of which\b": "give it its noun",
    r"\bone that lacks\b": "give it its noun",
    r"\bissue #?\d+\b": "say what was decided, not where it was discussed",
    r"\b(?:later|next) an? (?:facet|issue|session)\b": "a plan is not documentation",
    r"\bof then\b": "name the time",
    r"\b(?:is|are|was|were) none of \w+'s\b": "name what it is",
    r"\bin earnest\b": "`really`",
}
FIELD = {
    r"\bnot stated(?! in PubMed)": "`not in abstract` or `no abstract held`",
    r"\bexperiments? (?:on|in) people\b|\bhuman experiments?\b": "`trials and human laboratory "
    "studies`",
    r"\bno_harm_found\b": "`no_difference_reported`",
    r"\b[Cc]omputer stud(?:y|ies)\b": "`computational study`",
    r"\bwithin reach, or chosen\b": "`convenience sample`",
}
"""The field's own words for what had ours."""
OF_NAMES = ("CHANGELOG.md", "migrations.md")
"""They say what names were before, and so does sql/former."""
SHOWN = {
    r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|different\b)\w+":
        "`is not a`",
    r"\bmakes? no (?!difference\b|sense\b)\w+": "`does not make a`",
    r"\banew\b": "`again`",
    r"\bthat tells? (?!us|you|readers|people)\w+|\b(?:name|set|file|it) tells\b": "`says`, `gives`",
}  # fmt: skip
"""What readers of documentation and tables would read twice; comments in code may have it."""
READ = (
    *ROOT.glob("*.md"),
    *(path for path in (ROOT / "docs").rglob("*.md") if path.name != "claims.md"),
    *(ROOT / "sql").rglob("*.sql"),
    *(ROOT / "pipeline").rglob("*.py"),
    *(ROOT / "pipeline" / "outputs" / "page" / "templates").glob("*.html"),
    *(ROOT / "pipeline" / "outputs" / "page" / "static").glob("*.js"),
    *(ROOT / "flows").rglob("*.py"),
    *(ROOT / "tools").rglob("*.py"),
    *(ROOT / "data" / "reference").glob("*.toml"),
)


def stumbles(text: str, forms: dict[str, str]) -> list[str]:
    """What of a text is forbidden, each with the words around it and what to say instead."""
    flat = re.sub(r"\s+(?:(?:#|--|\*) )?", " ", text)
    return [
        f"...{flat[max(0, found.start() - 40) : found.end() + 40]}... ({instead})"
        for form, instead in forms.items()
        for found in re.finditer(form, flat)
    ]


def test_everything_reads_like_english() -> None:
    found = {str(path.relative_to(ROOT)): held for path in READ if (held := stumbles_of(path))}
    assert len(READ) > 300 and found == {}


def stumbles_of(path: Path) -> list[str]:
    """What of a file is forbidden there."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":  # the language of templates is not English
        text = re.sub(r"\{%.*?%\}", "", text)
    forms = FORBIDDEN
    if path.name == "CHANGELOG.md":  # what was released is said as it was
        text = text.partition("\n## 0.4.0")[0]
    if path.suffix in (".md", ".sql"):
        forms = FORBIDDEN | SHOWN
    if path.parent.name != "former" and path.name not in OF_NAMES:
        forms = forms | FIELD
    return stumbles(text, forms)


@pytest.mark.parametrize("relation", ["evidence.facet_values", "evidence.study_types"])
def test_labels_have_the_words_of_the_field(relation: str) -> None:
    """What page, terminal and tables show is a label: the codes behind them do not matter."""
    reference = Reference.load(ROOT / "data" / "reference")
    labels = {
        "evidence.study_types": [one.label for one in reference.study_types.types],
        "evidence.facet_values": [
            one.label for facet in reference.facets.facets for one in facet.values
        ],
    }[relation]
    assert {
        "evidence.study_types": {"Computational study", "Other trial or human laboratory study"},
        "evidence.facet_values": {"Convenience sample"},
    }[relation] <= set(labels)
    assert stumbles("; ".join(labels), FIELD) == []


@pytest.mark.parametrize(
    ("said", "forms"),
    [
        ("A year that\nis none.", FORBIDDEN),
        ("NULL is no zero", FORBIDDEN),
        ("a harm\n-- told of", FORBIDDEN),
        ("The difference is none of ketum's.", FORBIDDEN),
        ("NULL where not stated", FIELD),
        ("an experiment on people", FIELD),
        ("how many human experiments", FIELD),
        ("A letter is no study.", SHOWN),
        ("Its name tells the year.", SHOWN),
        ("builds it anew", SHOWN),
    ],
)
def test_what_is_forbidden_is_found_across_lines(said: str, forms: dict[str, str]) -> None:
    assert len(stumbles(said, forms)) == 1


@pytest.mark.parametrize(
    "said",
    [
        "It is none of your business; the year is not known.",
        "Funding is not stated in PubMed.",
        "There is no feed, and it is no longer read.",
        "It makes no difference to the people who tell us.",
    ],
)
def test_what_is_english_is_left_alone(said: str) -> None:
    assert stumbles(said, FORBIDDEN | FIELD | SHOWN) == []
