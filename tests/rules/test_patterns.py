"""Patterns: what a rule file may write, separators, words."""

from __future__ import annotations

from pathlib import Path

import pytest
import re2

from pipeline.errors import ConfigurationError
from pipeline.rules.file import RuleFile
from pipeline.rules.patterns import (
    PatternError,
    Words,
    check,
    checked,
    regular_expression,
    taken_as_good,
)


def finds(pattern: str, text: str) -> tuple[int, int] | None:
    match = re2.search(regular_expression(pattern), text)
    return match.span() if match else None


@pytest.mark.parametrize("text", ["hot plate", "hot-plate", "hot -plate", "hot  plate"])
def test_space_and_hyphen_stand_for_any_run_of_both(text: str) -> None:
    assert finds("hot plate", text) == (0, len(text))


@pytest.mark.parametrize("text", ["metaanalysis", "meta-analysis", "meta analysis"])
def test_optional_separator(text: str) -> None:
    assert finds("meta-?analys[ei]s", text)


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", "a$", r"a\Z", "Kratom", "a++", "(?i)a", "x*", "(", "a\u2013b"]
)
def test_refuses_what_rules_do_without(pattern: str) -> None:
    with pytest.raises(PatternError):
        check(pattern)


def test_words_may_be_patterns_or_names_and_use_those_before(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[words]\nnumber = '\\d+'\nteas = ['mint', 'green {number}']\n")
    words = Words(RuleFile(path))
    assert words.fill("{teas} x{0,3}", "") == r"(?:mint|green \d+) x{0,3}"
    stood_in = Words(RuleFile(path), instead={"teas": ["oolong"]})
    assert stood_in.fill("{teas}", "") == "(?:oolong)"
    with pytest.raises(ConfigurationError, match=r"line 3: unknown word `\{milk\}`"):
        words.fill("{milk}", "teas = ")


def test_a_word_that_cannot_be_used_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[words]\nteas = ['mint', 'Green']\n")
    with pytest.raises(ConfigurationError, match="line 2: pattern 'Green' can never match"):
        Words(RuleFile(path))


def test_patterns_known_to_be_good_are_not_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("text = ['green tea', '(']\n")
    file = RuleFile(path)
    with taken_as_good():
        assert checked(file, "(", "(") == "("
        assert checked(file, "green tea", "green") == "green[ -]+tea"
    with pytest.raises(ConfigurationError, match="line 1: pattern"):
        checked(file, "(", "(")
