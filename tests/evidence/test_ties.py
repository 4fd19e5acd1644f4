"""Which values of a record are tied to each other: by one sentence, by two, or by none."""

from __future__ import annotations

import pytest

from pipeline.evidence.record import Judgement
from tests.evidence.conftest import judged

MICE = "Mitragynine and pain in mice"


def rows(judgement: Judgement, kind: str = "preclinical") -> list[tuple[str, ...]]:
    """The values of each row, in the order of the file."""
    found: dict[int, list[str]] = {}
    for tie in judgement.ties:
        if tie.row == kind:
            found.setdefault(tie.tie_no, []).append(tie.value)
    return [tuple(values) for values in found.values()]


@pytest.mark.parametrize(
    ("abstract", "tied"),
    [
        # one sentence
        (
            "Mice got mitragynine before the hot-plate test.",
            [("mitragynine", "mouse", "hot_plate")],
        ),
        # one slot may have several values
        (
            "Mice got mitragynine before hot-plate and tail-flick tests.",
            [("mitragynine", "mouse", "hot_plate"), ("mitragynine", "mouse", "tail_flick")],
        ),
        # a sentence and its neighbour, either way round
        (
            "We gave mitragynine by mouth. Mice stood on a hot plate.",
            [("mitragynine", "mouse", "hot_plate")],
        ),
        (
            "Mice were put on a hot plate. We had given mitragynine by mouth.",
            [("mitragynine", "mouse", "hot_plate")],
        ),
        # a sentence between them is one too many
        ("We gave mitragynine by mouth. We waited. Mice stood on a hot plate.", []),
        # clause by clause
        (
            "We gave mitragynine: mice underwent the writhing test, and rats the formalin test.",
            [("mitragynine", "mouse", "writhing"), ("mitragynine", "rat", "formalin")],
        ),
        # no product of lists: what two lists say of each other is not known
        ("We gave mitragynine to mice and rats, on the hot plate and in the formalin test.", []),
        (
            "We gave mitragynine and 7-hydroxymitragynine to mice. "
            "Rats stood on a hot plate and had the formalin test.",
            [],
        ),
        # neighbours that name different values tie nothing
        ("We gave mitragynine to mice. Rats stood on a hot plate.", []),
        # a short name stands for what the record gave it to
        (
            "We made mitragynine (MG). We waited for one day. Mice got MG before the hot plate.",
            [("mitragynine", "mouse", "hot_plate")],
        ),
    ],
)
def test_what_a_sentence_ties(abstract: str, tied: list[tuple[str, ...]]) -> None:
    assert rows(judged("Alkaloids and pain in animals", abstract=abstract)) == tied


def test_a_title_ties_what_it_names() -> None:
    assert rows(judged(MICE)) == [("mitragynine", "mouse")]
    # a title is nobody's neighbour
    assert rows(judged(MICE, abstract="They stood on a hot plate.")) == []


def test_a_test_at_the_bench_needs_no_animal() -> None:
    told = judged(
        "Mitragynine in cells and mice",
        abstract="We ran [35S]GTPγS assays of mitragynine at opioid receptors. "
        "Mice were then placed on a hot plate after mitragynine.",
    )
    assert rows(told) == [("mitragynine", "mouse", "hot_plate"), ("mitragynine", "functional")]


def test_doses_stand_with_what_was_given_and_measured() -> None:
    told = judged(
        "Mitragynine in adults: a randomized trial",
        abstract="Adults were randomly assigned. With mitragynine 5 mg, sleep improved; with "
        "mitragynine 40 mg, pain tolerance rose.",
    )
    assert set(rows(told, "experiment")) == {
        ("mitragynine", "5 mg mitragynine", "other_efficacy"),
        ("mitragynine", "40 mg mitragynine", "pain_outcome"),
    }


def test_each_value_has_its_words() -> None:
    told = judged(MICE, abstract="Mice got mitragynine before the hot-plate test.")
    assert {(p.code, p.field, p.start, p.text) for p in told.proofs if p.kind == "tie"} == {
        ("preclinical.1.substance.mitragynine", "abstract", 9, "mitragynine"),
        ("preclinical.1.species.mouse", "abstract", 0, "Mice"),
        ("preclinical.1.assay.hot_plate", "abstract", 32, "hot-plate"),
    }


def test_a_survey_has_no_rows() -> None:
    assert not judged("Kratom users who keep mice: a cross-sectional survey").ties
