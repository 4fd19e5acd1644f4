"""Facets: levels, scope, decisions, countries of authors; values stand in the cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.facet_values import number, years
from pipeline.evidence.facets import load_facets
from pipeline.evidence.overrides import Override, Overrides, load_overrides
from pipeline.evidence.record import Judgement
from tests.evidence.conftest import REFERENCE, SHIPPED, judge_record, record_of

TYPES = SHIPPED.study_types
TOPICS = ["kratom", "pain"]


def judged(title: str, **record: Any) -> Judgement:
    return judge_record(record_of({"title": title, **record}), SHIPPED)


def told(judgement: Judgement, facet: str) -> dict[str, str]:
    """Values of a facet with their levels."""
    return {one.value: one.level for one in judgement.facets if one.facet == facet}


def test_levels_tell_title_results_and_mention_apart() -> None:
    judgement = judged(
        "Tea in rats",
        abstract=[
            ("METHODS", "Rats and mice got 5 mg/kg; rabbits too."),
            ("RESULTS", "In mice it worked."),
        ],
    )
    assert told(judgement, "species") == {"rat": "focus", "mouse": "outcome", "rabbit": "mention"}


def test_a_review_has_no_facets_of_what_it_names() -> None:
    text = "We searched PubMed. Mice were tested on hot plates."
    assert told(judged("Pain in mice: a systematic review", abstract=text), "species") == {}


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("Department of Pain, Universiti Sains, Penang, Malaysia.", "Malaysia"),
        ("Boston MA 02115 USA. a.leaf@example.org", "United States"),
        ("School of Pharmacy, Gainesville, FL 32610.", "United States"),
        ("3000 Leuven, Belgium. Electronic address: a@b.be.", "Belgium"),
        ("M\u00fcnster, Germany; Lyon, France", "Germany"),
        ("University of Chinese Medicine", "not_stated"),
    ],
)
def test_countries_of_authors(address: str, country: str) -> None:
    judgement = judged("Tea in mice", abstract="Mice got 5 mg/kg.", affiliations=[address])
    assert country in told(judgement, "affiliation_country")


def test_words_beside_a_value_are_seen_past_invisible_characters() -> None:
    hidden = "\u200b".join("unlike") + "\u00ad "
    text = f"Rats got 5 mg/kg, {hidden}rabbits."
    assert told(judged("Tea in rats", abstract=[("METHODS", text)]), "species") == {"rat": "focus"}


def test_a_decision_takes_the_place_of_the_values_and_keeps_them_beside() -> None:
    decision = Override(
        1, "facet.species", "rat; mouse", "mouse", "A", date(2026, 11, 22), "full text"
    )
    decided = replace(SHIPPED, overrides=Overrides("1", "", (decision,)))
    record = record_of({"title": "Tea in mice", "abstract": "Mice got 5 mg/kg."})
    judgement = judge_record(record, decided)
    assert told(judgement, "species").keys() == {"mouse", "rat"}
    (beside,) = judgement.decisions
    assert (beside.field, beside.automatic, beside.is_expectation_met) == (
        "facet.species", "mouse", True,
    )  # fmt: skip
    assert sorted(
        (one.code, one.source, one.text)
        for one in judgement.proofs
        if one.code.startswith("species.")
    ) == [
        ("species.mouse", "override", "full text"),
        ("species.rat", "override", "full text"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("facet.species", "unicorn", "unknown value `unicorn` of species"),
        ("facet.sample_size", "many", "unknown value `many` of sample_size"),
        ("facet.colour", "green", "`field` can be study_type, facet.substance"),
    ],
)
def test_decisions_that_cannot_be(tmp_path, field, value, message):
    path = tmp_path / "overrides.toml"
    path.write_text(
        f'version = "1"\n[[override]]\npmid = 1\nfield = "{field}"\nvalue = "{value}"\n'
        'expect = "not_stated"\nwho = "A"\nwhen = 2026-11-22\nwhy = "b"\n'
    )
    with pytest.raises(ConfigurationError, match=f"line 3: {message}"):
        load_overrides(path, TYPES.codes(), SHIPPED.facets, [])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('code = "species.rat"', 'code = "species.wolf"', "unknown code `species.wolf`"),
        ("{people}", "{persons}", "unknown word `{persons}`"),
        ('topic = "kratom"', 'topic = "tea"', "unknown topic `tea`"),
        (
            'read = "years"',
            'read = "colour"',
            "`read` must be one of doses, number, schedule, years",
        ),
        ('least_level = "outcome"', 'least_level = "plain"', "`least_level` must be one of focus"),
        ('in = ["objective", "body"]', 'in = ["attic"]', "unknown zone `attic`"),
        ('"trial_purpose"]\ntypes', '"purpose"]\ntypes', "unknown facet `purpose`"),
        ('may_lack = "species"', 'may_lack = "dose"', "`may_lack` names no facet of the row"),
        ('aspect = "data_source"', 'aspect = "source"', "is not an aspect of study_types.toml"),
        ('rest = "another_antagonist"', 'rest = "none"', "`rest` names no value"),
        ("'\\bguinea pigs?\\b'", "'\\bguinea pigs?$'", "uses \\$"),
        ("not_after = ", "not_behind = ", "unknown key `not_behind`"),
    ],
)
def test_mistakes_in_the_rules_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (REFERENCE / "facets.toml").read_text()
    assert old in text
    (tmp_path / "facets.toml").write_text(text.replace(old, new))
    with pytest.raises(ConfigurationError, match=r"line \d+: .*" + message):
        load_facets(tmp_path / "facets.toml", TYPES, TOPICS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a total of 1,204 patients", "1204"),
        ("A total of 97 869 patients", "97869"),
        ("Twenty-six men", "26"),
        ("two hundred and ten children", "210"),
        ("five-hundred and thirty three patients", "533"),
        ("In 2019 patients were seen", None),
        ("no patients", None),
        ("0 patients", None),
    ],
)
def test_numbers_are_read(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("between January 2011 and July 2017", "2011-2017"),
        ("from March to May 2020", "2020"),
        ("2020-2011", None),
        ("in 12000 calls", None),
    ],
)
def test_years_are_read(text, value):
    assert years(text) == value
