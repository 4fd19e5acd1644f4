"""What a record's study types are beside the cases (data/reference/cases): reasons, conflicts."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.evidence.record import Judgement
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
    # the words of the title agree; no set holds enough titles of animal studies without abstract
    assert (primary.study_type, primary.assigned_by, primary.evidence, primary.confidence) == (
        "ANIMAL", "nlm_mesh", "likely, title alone", "not measured",
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


TRIAL = "Kratom tea against pain: a randomized trial in adults"


def labels_of(judgement: Judgement) -> set[str]:
    return {label.study_type for label in judgement.labels}


@pytest.mark.parametrize(
    "prefix",
    [
        "RETRACTED: ", "Retracted: ", "RETRACTED ARTICLE: ", "Retracted article. ", "WITHDRAWN: ",
        "Withdrawn paper: ", "[Retracted] ", "[RETRACTED ARTICLE] ", "(Retracted) ",
        "Retracted \u2014 ", "RETRACTED : ", "Retracted publication: ",
    ],
)  # fmt: skip
def test_a_retracted_article_keeps_its_type_whatever_word_its_title_begins_with(
    prefix: str,
) -> None:
    """NLM's tag may still be missing: the title says it, and is the proof."""
    judgement = judged(prefix + TRIAL, abstract="Adults were randomly assigned.")
    assert judgement.primary.study_type == "RCT"
    assert "NOTICE" not in labels_of(judgement)
    assert "is_retracted" in judgement.flags


@pytest.mark.parametrize(
    "article",
    [
        {"title": f"Retraction: {TRIAL}", "publication_types": ["Retraction of Publication"]},
        {"title": f"Retracted: {TRIAL}", "links": ["RetractionOf"]},
        {"title": f"Retraction notice to: {TRIAL}"},
        {"title": f"Withdrawal notice: {TRIAL}"},
        {"title": f"Expression of concern: {TRIAL}"},
        {"title": f"Expression of concern: {TRIAL}", "links": ["ExpressionOfConcernFor"]},
    ],
)
def test_a_notice_is_a_notice_and_not_retracted(article: dict[str, Any]) -> None:
    judgement = judged(**article)
    assert judgement.primary.study_type == "NOTICE"
    assert "is_retracted" not in judgement.flags


@pytest.mark.parametrize(
    "article",
    [
        {"title": f"Expression of concern: {TRIAL}", "links": ["ExpressionOfConcernIn"]},
        {
            "title": f"EXPRESSION OF CONCERN: {TRIAL}",
            "publication_types": ["Randomized Controlled Trial"],
        },
        {
            "title": f"Retraction: {TRIAL}",
            "publication_types": ["Retracted Publication", "Randomized Controlled Trial"],
        },
        {"title": TRIAL, "links": ["ExpressionOfConcernIn"]},
    ],
)
def test_an_article_that_a_notice_is_about_keeps_its_type(article: dict[str, Any]) -> None:
    judgement = judged(**article)
    assert judgement.primary.study_type == "RCT"
    assert "NOTICE" not in labels_of(judgement)


@pytest.mark.parametrize(
    "title",
    [
        "Withdrawal: a survey of people who stopped kratom",
        "Withdrawn patients in trials of kratom",
        "How often retracted papers on kratom are cited",
        "Removal: a survey of kratom from the market",
    ],
)
def test_other_words_of_that_kind_mean_nothing(title: str) -> None:
    judgement = judged(title)
    assert "NOTICE" not in labels_of(judgement)
    assert "is_retracted" not in judgement.flags
