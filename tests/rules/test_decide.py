"""Rules of our own over texts of our own: what holds, and the words behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.rules.decide import Matcher
from pipeline.rules.file import RuleFile
from pipeline.rules.finding import Tag
from pipeline.rules.model import RuleSet, load_rules
from pipeline.rules.text import plain_unit

RULES = """
version = "1"
[words]
drink = ["tea", "coffee"]
[signals.people]
text = ['\\bdrinkers\\b']
in = ["title", "keywords"]
[signals.beasts]
mesh = [{ name = "Dogs", ui = "D1" }]
[[rule]]
id = "drink.text"
code = "DRINK"
confidence = "high"
text = ['\\b{drink}\\b', '\\bcups? of {drink}\\b']
in = ["title", "keywords"]
requires = ["people"]
unless = ["beasts"]
[[rule]]
id = "beast.heading"
code = "BEAST"
confidence = "low"
mesh = [{ name = "Dogs", ui = "D1" }, { name = "Cats" }]
"""
DOGS = Tag("mesh", "mesh_headings", "Dogs", "D1", "nlm_mesh")
TITLE = plain_unit("title", None, "title", "Two cups of TEA for drinkers of \U0001f33f coffee")
KEYWORD = plain_unit("keywords", 1, "keywords", "Tea")


def matcher(tmp_path: Path, text: str = RULES, *, by_unit: bool = False) -> Matcher:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    rules = load_rules(RuleFile(path), "rule", ["DRINK", "BEAST"])
    return Matcher(RuleSet("drink", "1", rules, forms=("outcome", "whole"), by_unit=by_unit))


def test_own_words_prove_and_what_is_required_does_not(tmp_path: Path) -> None:
    outcome = matcher(tmp_path).run([TITLE, KEYWORD], [])
    assert outcome.fired == [(None, 0)]
    places = [
        (one.field, one.section_no, one.text, one.start, one.end, one.form) for one in outcome.found
    ]
    assert places == [
        ("title", None, "TEA", 12, 15, "whole"),
        ("keywords", 1, "Tea", 0, 3, "whole"),
        ("title", None, "cups of TEA", 4, 15, "whole"),
    ]
    assert matcher(tmp_path).run([KEYWORD], []).fired == []


def test_unless_speaks_against_and_tags_prove_without_a_place(tmp_path: Path) -> None:
    outcome = matcher(tmp_path).run([TITLE], [DOGS])
    assert outcome.fired == [(None, 1)]
    (found,) = outcome.found
    assert (found.source, found.field, found.text, found.start) == (
        "nlm_mesh", "mesh_headings", "Dogs", None,
    )  # fmt: skip


def test_either_of_two_signals_may_be_required(tmp_path: Path) -> None:
    either = matcher(
        tmp_path, RULES.replace('"people"', '"people | beasts"').replace('["beasts"]', "[]")
    )
    assert (None, 0) in either.run([TITLE], []).fired
    assert (None, 0) in either.run([KEYWORD], [DOGS]).fired
    assert either.run([KEYWORD], []).fired == []


def test_what_speaks_against_a_rule_may_be_outweighed(tmp_path: Path) -> None:
    text = RULES.replace('requires = ["people"]\n', "").replace(
        '["beasts"]', '["beasts without people"]'
    )
    outweighed = matcher(tmp_path, text)
    assert (None, 0) in outweighed.run([TITLE], [DOGS]).fired
    assert (None, 0) in outweighed.run([KEYWORD], []).fired
    assert (None, 0) not in outweighed.run([KEYWORD], [DOGS]).fired


def test_by_unit_all_must_stand_in_one_text(tmp_path: Path) -> None:
    outcome = matcher(tmp_path, by_unit=True).run([KEYWORD, TITLE], [DOGS])
    assert outcome.fired == [(1, 0), (None, 1)]
    assert {one.unit_index for one in outcome.found} == {1, None}


def test_an_empty_set_of_rules_says_nothing() -> None:
    assert Matcher(RuleSet("none", "1", ())).run([TITLE], [DOGS]) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('code = "DRINK"', 'code = "DRUNK"', "line 11: unknown code `DRUNK`"),
        ('confidence = "low"', 'confidence = "mild"', "line 19: confidence must be one of"),
        ('requires = ["people"]', 'requires = ["crowd"]', "line 11: unknown shared signal `crowd`"),
        ('["people"]', '["people | crowd"]', "line 11: unknown shared signal `crowd`"),
        ('["beasts"]', '["beasts without crowd"]', "line 11: unknown shared signal `crowd`"),
        ('name = "Cats"', 'name = "Cats", id = "D2"', "line 22: unknown key `id`"),
        ('unless = ["beasts"]', 'unless = "beasts"', "line 11: `unless`: input should be"),
        ('id = "beast.heading"\n', "", "`id` is missing"),
        ("[[rule]]\nid = \"beast", "[rule]\nid = \"beast", "not valid TOML"),
    ],
)  # fmt: skip
def test_every_mistake_names_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert RULES.count(old) == 1
    with pytest.raises(ConfigurationError, match=message):
        matcher(tmp_path, RULES.replace(old, new))
