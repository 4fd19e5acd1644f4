"""The sieve loses nothing: it finds what every pattern finds that is tried alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rules.decide import Sieve, Tag, TagFinder, TextFinder
from pipeline.rules.model import RuleSet, Signal
from pipeline.rules.patterns import OPTIONS, fold, regular_expression
from pipeline.rules.text import ZONES, Unit, plain_unit
from tests.evidence.conftest import SHIPPED

SETS: dict[str, RuleSet] = {
    "topics": SHIPPED.topics.rule_set(),
    "study_types": SHIPPED.study_types.rules,
    "facets": SHIPPED.facets.rules,
    "claims": SHIPPED.claims.rules,
}


@lru_cache
def finder(name: str) -> tuple[TextFinder, dict[Signal, int], dict[str, object]]:
    signals = SETS[name].signals()
    patterns = {
        one.value: re2.compile(regular_expression(one.value), OPTIONS)
        for one in signals
        if one.kind == "text"
    }
    return TextFinder(signals, "whole"), signals, patterns


def alone(name: str, unit: Unit) -> set[int]:
    """Numbers of the signals that stand in a unit, every pattern tried by itself."""
    _, signals, patterns = finder(name)
    raw = unit.forms["whole"].raw
    return {
        number
        for signal, number in signals.items()
        if signal.kind == "text"
        and unit.zone in signal.zones
        and patterns[signal.value].search(raw)
    }


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_sieve_finds_what_each_pattern_finds_alone(name: str, data: st.DataObject) -> None:
    text = data.draw(texts(name))
    zone = data.draw(st.sampled_from(ZONES))
    unit = plain_unit("title", None, zone, text)
    found = finder(name)[0].find(unit)
    assert len(found) == len(set(found))
    assert set(found) == alone(name, unit)


@lru_cache
def words(name: str) -> Sequence[str]:
    """Words that stand in the patterns of a set."""
    patterns = finder(name)[2]
    return sorted({word for one in patterns for word in re.findall(r"[a-z]{2,}", one)})


def texts(name: str) -> st.SearchStrategy[str]:
    own = st.sampled_from([*words(name), "12", "39", "year", "old", "a", "of", "\u03bc", "n=20"])
    gap = st.sampled_from([" ", "-", ". ", ", ", "; "])
    return st.lists(st.tuples(own, gap), max_size=40).map(
        lambda pairs: "".join(word + between for word, between in pairs)
    )


def test_a_pattern_without_any_literal_is_tried_too() -> None:
    assert Sieve(["[a-z]", "tea"]).find(b"x") == [0]
    assert Sieve([r"\d"]).find(b"1") == [0]
    assert not Sieve([r"\d"]).find(b"x")
    assert not Sieve([]).find(b"x")


def test_many_patterns_and_a_long_text_exhaust_no_memory() -> None:
    patterns = [rf"\b{fold(word)}\w* \w+" for word in words("facets")]
    text = " ".join(f"{word}x y" for word in words("facets")).encode()
    assert len(text) > 10_000
    found = Sieve(patterns).find(text)
    assert found == [n for n, one in enumerate(patterns) if re2.search(one, text.decode())]


def numbers(signal: Signal, *tags: Tag) -> list[str]:
    return [tag.name for _, tag in TagFinder({signal: 0}).find(tags)]


def test_terms_are_compared_by_identifier_where_both_have_one() -> None:
    def tag(name: str, ui: str | None) -> Tag:
        return Tag("mesh", "mesh_headings", name, ui, "nlm_mesh")

    tags = (tag("Mice", "D1"), tag("mice", None), tag("Mouse", "D1"), tag("Mice", "D2"))
    assert numbers(Signal("mesh", "Mice", ui="D1"), *tags) == ["Mice", "mice", "Mouse"]
    assert numbers(Signal("mesh", "Mice"), *tags) == ["Mice", "mice", "Mice"]
    assert numbers(Signal("publication_type", "Mice"), *tags) == []


def test_a_substance_may_be_a_supplementary_concept_and_words_stand_in_names() -> None:
    concept = Tag(
        "supplementary", "supplementary_concepts", "Tea\u2010Oil", "C1", "nlm_supplementary"
    )
    kind = Tag("record_kind", "record_kind", "book", None, "record_kind")
    assert numbers(Signal("substance", "x", ui="C1"), concept, kind) == ["Tea\u2010Oil"]
    assert numbers(Signal("name", r"\btea oil\b"), concept, kind) == ["Tea\u2010Oil"]
    assert numbers(Signal("record_kind", "book"), concept, kind) == ["book"]
    assert numbers(Signal("name", r"\bbook\b"), concept, kind) == []
