"""Sentences that make a native reader stumble, and pointers to nowhere: each form once, by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.settings import ROOT

FORBIDDEN = {
    r"(?<!there )\b(?:is|are|was|were) none\b(?! of)": "say what it is not: `is not a date`",
    r"\b(?:is|are) no zero": "`is not a zero`",
    r"\b(?:no|not) zeros?, and\b": "`not known`",
    r"\b(?:facets?|types?|label|it) (?:is|are) told of\b": "`applies to`, `reported of`",
    r"\brecord tells of\b": "`reports`, `mentions`",
    r"\btold apart\b": "`distinguished`",
    r"\bthat is nobody\b": "`nobody`",
    r"\b(?:by|of|with|for) one of which\b": "give it its noun",
    r"\bone that lacks\b": "give it its noun",
    r"\bissue #?\d+\b": "say what was decided, not where it was discussed",
    r"\b(?:later|next) an? (?:facet|issue|session)\b": "a plan is not documentation",
    r"\bof then\b": "name the time",
    r"\bmade anew\b": "`rebuilt`, `made again`",
}
READ = (
    *ROOT.glob("*.md"),
    *(path for path in (ROOT / "docs").rglob("*.md") if path.name != "claims.md"),
    *(ROOT / "sql").rglob("*.sql"),
    *(ROOT / "pipeline").rglob("*.py"),
    *(ROOT / "flows").rglob("*.py"),
    *(ROOT / "tools").rglob("*.py"),
    *(ROOT / "data" / "reference").glob("*.toml"),
)


def stumbles(text: str) -> list[str]:
    """What of a text is forbidden, each with the words around it and what to say instead."""
    flat = re.sub(r"\s+(?:(?:#|--|\*) )?", " ", text)
    return [
        f"...{flat[max(0, found.start() - 40) : found.end() + 40]}... ({instead})"
        for form, instead in FORBIDDEN.items()
        for found in re.finditer(form, flat)
    ]


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(ROOT)))
def test_reads_like_english(path: Path) -> None:
    assert stumbles(path.read_text(encoding="utf-8")) == []


def test_what_is_forbidden_is_found_across_lines() -> None:
    assert stumbles("A year that\nis none.")
    assert stumbles("NULL is no zero")
    assert not stumbles("It is none of your business; the year is not known.")
