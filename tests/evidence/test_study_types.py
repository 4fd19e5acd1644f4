"""Each known trap as a pair: what must get the label, and what must not. All texts are ours."""

# One made-up record a line reads best.

from __future__ import annotations

import duckdb
import pytest
from pipeline.evidence.assigning import assign
from pipeline.evidence.zones import build_units

from pipeline.evidence.study_types import StudyTypes, load_study_types
from tests.evidence.conftest import REFERENCE, add_article

TYPES: StudyTypes = load_study_types(REFERENCE / "study_types.toml")


def judged(con: duckdb.DuckDBPyConnection, **article: object) -> tuple[str, set[str]]:
    """Primary type and all types of one made-up record."""
    add_article(con, 1, **article)  # type: ignore[arg-type]
    build_units(con, "core")
    assign(con, TYPES, "core")
    rows = con.execute("SELECT study_type, is_primary FROM type_labels").fetchall()
    (primary,) = [code for code, is_primary in rows if is_primary]
    return primary, {code for code, _ in rows}


def test_both_halves_of_a_paper_are_kept(con: duckdb.DuckDBPyConnection) -> None:
    _, labels = judged(
        con,
        title="Kratom alkaloids: affinity and behaviour in rats",
        abstract="Radioligand binding assays were run. Rats were trained.",
    )
    assert {"ANIMAL", "INVITRO"} <= labels


@pytest.mark.parametrize(
    ("article", "reason"),
    [
        ({"title": "Thoughts"}, "no abstract and no informative tag"),
        ({"title": "Thoughts", "source": "sparse", "kind": "citation"}, "title only"),
        ({"title": "Thoughts", "abstract": "Some words."}, "no signal"),
    ],
)
def test_unclassified_says_why(
    con: duckdb.DuckDBPyConnection, article: dict[str, str], reason: str
) -> None:
    primary, labels = judged(con, **article)
    assert (primary, labels) == ("OTHER", {"OTHER"})
    assert con.execute("SELECT reason FROM type_labels").fetchall() == [(reason,)]


def test_sparse_citation_is_judged_by_its_title(con: duckdb.DuckDBPyConnection) -> None:
    title = "Kratom use in Ohio: a cross-sectional survey"
    assert judged(con, title=title, source="sparse", kind="citation")[0] == "XSEC"


def test_book_chapter(con: duckdb.DuckDBPyConnection) -> None:
    assert judged(con, title="Kratom", kind="book")[0] == "REFWORK"


def test_mesh_of_a_record_without_design_tags(con: duckdb.DuckDBPyConnection) -> None:
    primary, _ = judged(
        con, title="Antinociceptive action of mitragynine", mesh=[("Mice", False), ("Male", False)]
    )
    assert primary == "ANIMAL"
    assert con.execute("SELECT assigned_by, confidence FROM type_labels").fetchall() == [
        ("nlm_mesh", "high")  # two rules agree: the heading and the words of the title
    ]


def test_conflict_keeps_the_tag_and_is_flagged(con: duckdb.DuckDBPyConnection) -> None:
    primary, labels = judged(
        con,
        title="Kratom tea in Ohio: a cross-sectional study",
        abstract="Respondents drank tea.",
        publication_types=["Randomized Controlled Trial"],
    )
    assert primary == "RCT"
    assert "XSEC" in labels
    con.execute("DELETE FROM core.publication_types; DELETE FROM core.articles")
    con.execute("DELETE FROM core.abstract_sections")
    judged(con, title="Kratom in rats", publication_types=["Case Reports"])
    assert con.execute(
        "SELECT study_type, has_conflict FROM type_labels ORDER BY 1"
    ).fetchall() == [
        ("ANIMAL", True),
        ("CASE", True),
    ]
