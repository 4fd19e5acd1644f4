"""What a record's study types are beside the cases (data/reference/cases): reasons, conflicts."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import judged


def test_both_halves_of_a_paper_are_kept() -> None:
    judgement = judged(
        "Kratom alkaloids: affinity and behaviour in rats",
        abstract="Radioligand binding assays were run. Rats were trained.",
    )
    assert {"ANIMAL", "INVITRO"} <= {label.study_type for label in judgement.labels}


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ({}, "no abstract and no informative tag"),
        ({"source": "sparse", "kind": "citation"}, "title only"),
        ({"abstract": "Some words."}, "no signal"),
    ],
)
def test_unclassified_says_why(rest: dict[str, str], reason: str) -> None:
    (label,) = judged("Thoughts", **rest).labels
    assert (label.study_type, label.is_primary, label.reason) == ("OTHER", True, reason)


def test_sparse_citation_is_judged_by_its_title() -> None:
    title = "Kratom use in Ohio: a cross-sectional survey"
    assert judged(title, source="sparse", kind="citation").primary.study_type == "XSEC"


def test_book_chapter() -> None:
    assert judged("Kratom", kind="book").primary.study_type == "REFWORK"


def test_mesh_of_a_record_without_design_tags() -> None:
    primary = judged("Antinociceptive action of mitragynine", mesh=["Mice", "Male"]).primary
    # high: two rules agree, the heading and the words of the title
    assert (primary.study_type, primary.assigned_by, primary.confidence) == (
        "ANIMAL", "nlm_mesh", "high",
    )  # fmt: skip


def test_conflict_keeps_the_tag_and_is_flagged() -> None:
    together = judged(
        "Kratom tea in Ohio: a cross-sectional study",
        abstract="Respondents drank tea.",
        publication_types=["Randomized Controlled Trial"],
    )
    assert together.primary.study_type == "RCT"
    assert "XSEC" in {label.study_type for label in together.labels}
    apart = judged("Kratom in rats", publication_types=["Case Reports"])
    assert [(label.study_type, label.has_conflict) for label in apart.labels] == [
        ("ANIMAL", True),
        ("CASE", True),
    ]
