"""Confidence is a measurement of the kind of evidence a type rests on, or it is not claimed."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.evidence.evaluation.figures import (
    Answer,
    LabelClass,
    Scheme,
    evidence_figures,
    share,
)
from pipeline.evidence.labels import confidence_of, measurements
from tests.evidence.conftest import SHIPPED, judged


def result(*cells: dict[str, Any], part: str = "develop", name: str = "Made up") -> dict[str, Any]:
    return {"set": name, "part": part, "by": "rules", "rules_version": "1", "evidence": cells}


def cell(code: str, kind: str, hits: int, n: int, *, is_of_class: bool = False) -> dict[str, Any]:
    return {
        "study_type": code, "evidence": kind, "class": "c", "is_of_class": is_of_class,
        "right": share(hits, n),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("hits", "shown"), [(95, "high"), (94, "medium"), (80, "medium"), (79, "low")]
)
def test_high_needs_95_of_100(hits: int, shown: str) -> None:
    measured = measurements([result(cell("RCT", "abstract", hits, 100))])
    assert confidence_of(measured, "RCT", "abstract", is_primary=True) == shown


def test_what_no_set_measures_is_not_claimed() -> None:
    measured = measurements([result(cell("RCT", "abstract", 99, 100))])
    assert confidence_of(measured, "RCT", "title", is_primary=True) == "not measured"
    assert confidence_of({}, "RCT", "abstract", is_primary=True) == "not measured"
    unseen = measurements([result(cell("RCT", "abstract", 99, 100), part="unseen")])
    assert confidence_of(unseen, "RCT", "abstract", is_primary=True) == "not measured"


def test_a_figure_of_the_class_makes_no_high_confidence() -> None:
    measured = measurements([result(cell("POLICY", "title", 99, 100, is_of_class=True))])
    assert confidence_of(measured, "POLICY", "title", is_primary=True) == "medium"


def test_beside_the_primary_nothing_is_high_and_a_hint_never_is() -> None:
    measured = measurements(
        [result(cell("RCT", "abstract", 99, 100), cell("RCT", "hint", 99, 100))]
    )
    assert confidence_of(measured, "RCT", "abstract", is_primary=False) == "medium"
    assert confidence_of(measured, "RCT", "hint", is_primary=True) == "low"


def test_of_several_sets_the_lowest_counts_and_a_type_before_its_class() -> None:
    better = result(cell("CASE", "title", 99, 100), name="First")
    worse = result(cell("CASE", "title", 90, 100), name="Second")
    of_class = result(cell("CASE", "title", 40, 100, is_of_class=True), name="Third")
    for results in ([better, worse, of_class], [of_class, worse, better]):
        (held,) = measurements(results).values()
        assert (held.measured_on, held.confidence) == ("Second, develop", "medium")


def answers(code: str, label: str, count: int, kind: str = "title") -> list[Answer]:
    return [Answer((label,), code, "not measured", kind)] * count


CLASSES = (
    LabelClass(name="people", labels=("people",), study_types=("COHORT", "XSEC")),
    LabelClass(name="animal", labels=("animal",), study_types=("ANIMAL",)),
    LabelClass(name="rest", labels=("rest",), study_types=("PLANT",), is_rest=True),
)
SCHEME = Scheme.model_validate({"name": "s", "class": CLASSES})


def test_a_type_with_few_records_has_the_figure_of_its_class_or_none() -> None:
    told = {
        (one["study_type"], one["evidence"]): (
            one["is_of_class"],
            one["right"]["hits"],
            one["right"]["n"],
        )
        for one in evidence_figures(
            SCHEME,
            [
                *answers("COHORT", "people", 30),
                *answers("COHORT", "animal", 2),
                *answers("XSEC", "people", 5),
                *answers("XSEC", "people", 29, "abstract"),
                *answers("ANIMAL", "animal", 29),
                *answers("PLANT", "rest", 40),
            ],
        )
    }  # fmt: skip
    assert told == {
        ("COHORT", "title"): (False, 30, 32),
        ("XSEC", "title"): (True, 35, 37),
    }


def test_a_class_that_a_set_hardly_holds_measures_nothing() -> None:
    # a tag that is seldom given says nothing of records without it
    assert (
        evidence_figures(
            SCHEME, [*answers("ANIMAL", "people", 60), *answers("ANIMAL", "animal", 3)]
        )
        == []
    )


@pytest.mark.parametrize(
    ("title", "abstract", "kind"),
    [
        ("Ketum tea in rats", "Rats were given tea.", "title"),
        ("Ketum tea", "Male rats were given tea, 5 mg/kg.", "abstract"),
        ("Ketum tea in rats", None, "title, title alone"),
        ("Alkaloids of ketum: oxidation of one", None, "likely, title alone"),
        ("Ketum tea", "Tea is a drink. It may help.", "hint"),
    ],
)
def test_the_kind_of_evidence_of_a_record(title: str, abstract: str | None, kind: str) -> None:
    assert judged(title, **({"abstract": abstract} if abstract else {})).primary.evidence == kind


def test_a_tag_and_a_link_are_kinds_of_their_own() -> None:
    assert judged("Ketum", publication_types=["Review"]).primary.evidence == "tag"
    assert judged("Ketum", links=["ErratumFor"]).primary.evidence == "link"


def test_what_ships_is_high_only_where_it_was_measured_so() -> None:
    held = SHIPPED.study_types.measured
    assert held
    for one in held.values():
        assert one.right["n"] >= 30
        assert (one.confidence == "high") == (
            one.right["value"] >= 0.95
            and not one.is_of_class
            and not one.evidence.startswith("hint")
        )
