"""Many patterns over many texts at once find what each finds in each text alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rules.decide import Asked, Matcher
from pipeline.rules.finding import Lines, Sieve, Tag, TagFinder, Zones
from pipeline.rules.model import Rule, RuleSet, Signal
from pipeline.rules.patterns import fold, loosened, regular_expression
from pipeline.rules.text import ZONES, Unit, plain_unit
from tests.evidence.conftest import SHIPPED

SETS: dict[str, RuleSet] = {
    "topics": SHIPPED.topics.matcher.rules,
    "study_types": SHIPPED.study_types.rules,
    "facets": SHIPPED.facets.rules,
    "claims": SHIPPED.claims.rules,
}


@lru_cache
def signals(name: str) -> tuple[Matcher, list[Signal], dict[str, re2._Regexp]]:
    """A rule for each text signal of a set; these signals; and their patterns, each alone."""
    found = [one for one in SETS[name].signals() if one.kind == "text"]
    rules = tuple(Rule(str(n), str(n), "high", (one,)) for n, one in enumerate(found))
    # by RE2's own options: nothing here knows of lines
    patterns = {
        one.value: re2.compile(regular_expression(one.value), _plain_options()) for one in found
    }
    return Matcher(RuleSet(name, "1", rules, forms=("whole",))), found, patterns


def _plain_options() -> re2.Options:
    options = re2.Options()
    options.never_capture = True
    return options


def alone(name: str, units: Sequence[Unit]) -> list[tuple[int, int, str, tuple[int, int]]]:
    """Each signal with each unit it stands in, the words and their place; tried one by one."""
    _, found, patterns = signals(name)
    places = []
    for number, signal in enumerate(found):
        for index, unit in enumerate(units):
            text = unit.forms["whole"]
            match = unit.zone in signal.zones and patterns[signal.value].search(text.raw)
            if match:
                start, end = text.place(*match.span())
                places.append((number, index, unit.stored[start:end], (start, end)))
    return places


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_all_at_once_find_what_each_pattern_finds_alone(name: str, data: st.DataObject) -> None:
    unit = st.builds(
        lambda zone, text: plain_unit("title", None, zone, text),
        st.sampled_from(ZONES),
        texts(name),
    )
    records = data.draw(st.lists(st.lists(unit, max_size=5), min_size=1, max_size=4))
    outcomes = signals(name)[0].run_all([Asked(units, ()) for units in records])
    for units, outcome in zip(records, outcomes, strict=True):
        assert alone(name, units) == [
            (one.rule_no, one.unit_index, one.text, (one.start, one.end)) for one in outcome.found
        ]


def test_no_pattern_crosses_from_one_text_to_the_next() -> None:
    units = [
        plain_unit("title", None, "title", text) for text in ("green tea", "leaf", "", "re: x")
    ]
    lines = Lines([units, units[:1]], "whole", ZONES)

    def places(expression: str, *records: int) -> dict[int, list[tuple[int, ...]]]:
        (pattern,) = Sieve([expression]).patterns
        return {**lines.places(pattern, Zones(["title"]), records)}

    for crossing in (
        r"tea[^.]*leaf",
        r"tea\W+leaf",
        r"tea\s+leaf",
        "(?s:tea.leaf)",
        r"tea\D{1,9}leaf",
    ):
        assert places(crossing, 0, 1) == {}
    assert places(r"^\W?re:", 0, 1) == {0: [(3, 0, 3)]}
    assert places(r"^\w{4}\b", 0, 1) == {0: [(1, 0, 4)]}
    assert places(r"\bgreen tea\b", 0, 1) == {0: [(0, 0, 9)], 1: [(0, 0, 9)]}
    assert places(r"\bgreen tea\b", 1) == {1: [(0, 0, 9)]}


@pytest.mark.parametrize(
    ("expression", "loose"),
    [
        (r"a{2,3}b{0,9}c{4}d{0}", "a+b*c+d*"),
        (r"(?:\w+ ){0,4}?x", r"(?:\w+ )*?x"),
        (r"\{2,3}[{2,3}]", r"\{2,3}[{2,3}]"),
        (r"[^.]{0,100}\bx", r"[^.]*\bx"),
    ],
)
def test_a_loosened_pattern_counts_nothing(expression: str, loose: str) -> None:
    assert loosened(expression) == loose


@lru_cache
def words(name: str) -> Sequence[str]:
    """Words that stand in the patterns of a set."""
    patterns = signals(name)[2]
    return sorted({word for one in patterns for word in re.findall(r"[a-z]{2,}", one)})


def texts(name: str) -> st.SearchStrategy[str]:
    own = st.sampled_from([*words(name), "12", "39", "year", "old", "a", "of", "\u03bc", "n=20"])
    gap = st.sampled_from([" ", "-", ". ", ", ", "; "])
    return st.lists(st.tuples(own, gap), max_size=40).map(
        lambda pairs: "".join(word + between for word, between in pairs)
    )


def test_a_pattern_without_any_literal_is_possible_anywhere() -> None:
    assert Sieve(["[a-z]", "tea"]).possible(b"x") == [0]
    assert Sieve([r"\d"]).possible(b"x") == [0]
    assert not Sieve([]).possible(b"x")


def test_many_patterns_and_a_long_text_exhaust_no_memory() -> None:
    patterns = [rf"\b{fold(word)}\w* \w+" for word in words("facets")]
    text = " ".join(f"{word}x y" for word in words("facets"))
    assert len(text) > 10_000
    lines = Lines([[plain_unit("title", None, "title", text)]], "whole", ZONES)
    sieve = Sieve(patterns)
    assert len(sieve.possible(text.encode())) == len(patterns)
    for pattern, one in zip(sieve.patterns, patterns, strict=True):
        ((place,),) = lines.places(pattern, Zones(["title"]), [0]).values()
        assert place[1:] == re.search(one, text).span()  # type: ignore[union-attr]


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
