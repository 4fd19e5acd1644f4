"""Patterns: the shared part of RE2 and Python, separators, prefilters."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.evidence.folding import fold, sql_string
from pipeline.evidence.patterns import PatternError, regular_expression
from pipeline.evidence.prefilter import required_literals
from pipeline.evidence.zones import FINDINGS, OUTLOOK, OWN_WORK

from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import load_topics
from tests.evidence.conftest import REFERENCE

CONNECTION = duckdb.connect()


def shipped_patterns() -> list[str]:
    types = load_study_types(REFERENCE / "study_types.toml")
    sets = (types.rules, load_topics(REFERENCE / "topics.toml").rule_set())
    found = {s.value for one in sets for s in one.signals() if s.kind in ("text", "name")}
    return sorted(found | {OWN_WORK, OUTLOOK, FINDINGS})


def python_finds(pattern: str, text: str) -> tuple[int, int] | None:
    match = re.search(regular_expression(pattern), text, re.ASCII)
    return match.span() if match else None


PATTERNS = shipped_patterns()
WORDS = sorted({word for pattern in PATTERNS for word in re.findall(r"[a-z]{3,}", pattern)})
TEXTS = st.lists(
    st.sampled_from([*WORDS, "12", "39", "year", "old", "a", "of", "the", "\u03bc", "n=20", "(i)"]),
    max_size=12,
)


@pytest.mark.parametrize("text", ["hot plate", "hot-plate", "hot -plate", "hot  plate"])
def test_space_and_hyphen_stand_for_any_run_of_both(text: str) -> None:
    assert python_finds("hot plate", text) == (0, len(text))


@pytest.mark.parametrize("text", ["metaanalysis", "meta-analysis", "meta analysis"])
def test_optional_separator(text: str) -> None:
    assert python_finds("meta-?analys[ei]s", text)


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", "a$", r"a\Z", "Kratom", "a++", "(?i)a", "x*", "(", "a\u2013b"]
)
def test_refuses_what_engines_would_read_differently(pattern: str) -> None:
    with pytest.raises(PatternError):
        regular_expression(pattern)


@given(st.data())
def test_engines_agree_on_shipped_patterns(data: st.DataObject) -> None:
    words = data.draw(TEXTS)
    gaps = data.draw(st.lists(st.sampled_from([" ", "-", ". ", ", "]), min_size=12, max_size=12))
    text = fold("".join(word + gap for word, gap in zip(words, gaps, strict=False)))
    patterns = data.draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=20))
    columns = ", ".join(
        f"[length(regexp_split_to_array($1, {p})[1]), length(regexp_extract($1, {p}))]"
        for p in (sql_string(regular_expression(pattern)) for pattern in patterns)
    )
    found = CONNECTION.execute(f"SELECT {columns}", [text]).fetchone()
    for pattern, (start, width) in zip(patterns, found, strict=True):
        span = python_finds(pattern, text)
        assert span == ((start, start + width) if width else None), pattern


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (r"\bfocus groups?\b", {"focus", "group"}),
        (r"\b(?:mice|zebrafish)\b", {"mice", "zebrafish"}),
        (r"\b(?:mice|rats)? used\b", {"used"}),
        (r"\b(?:of|in)\b", None),
    ],
)
def test_required_literals(pattern: str, literals: set[str] | None) -> None:
    found = required_literals(pattern)
    assert found is None if literals is None else found and found <= literals


@given(TEXTS, st.sampled_from(PATTERNS))
def test_every_match_holds_a_required_literal(words: list[str], pattern: str) -> None:
    text = " ".join(words)
    literals = required_literals(pattern)
    if literals and python_finds(pattern, text):
        assert any(literal in text for literal in literals)
