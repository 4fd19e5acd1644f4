"""sql/examples: each says which question it answers, answers it, and is listed in the docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.settings import ROOT
from tests.corpus import article
from tests.in_memory import Warehouse, every_relation

EXAMPLES = sorted((ROOT / "sql" / "examples").glob("*.sql"))
TRIAL = (("D016428", "Journal Article"), ("D016449", "Randomized Controlled Trial"))
CASE = (("D002363", "Case Reports"),)
RETRACTED = (("D016428", "Journal Article"), ("D016441", "Retracted Publication"))
MICE = (("D051379", "Mice"), ("D000818", "Animals"))

TOLD = "Men were randomly assigned to kratom tea or placebo; pain was rated. NCT00000001."

RECORDS = (
    article(11, "Kratom tea against pain: a randomized trial", types=TRIAL, year=2024,
            abstract=TOLD),
    article(12, "Kratom withdrawal: a case report", types=CASE, year=2024, entered="2026-11-01"),
    article(13, "Kratom and dependence in mice", mesh=MICE, year=2023),
    article(14, "Kratom again", year=2022, types=RETRACTED,
            links=(("RetractionIn", "J Tests. 2025;9:1", 99),)),
    article(15, "Kratom in mice", mesh=MICE, year=2022),
    article(16, "Kratom tea against pain: second report of a trial", types=TRIAL, year=2025,
            abstract=TOLD),
    article(17, "Antinociceptive effects of mitragynine in the hot plate test in mice",
            mesh=MICE, year=2021),
)  # fmt: skip


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two days of files: the records, and one of them that changed."""
    warehouse = Warehouse()
    warehouse.day(*RECORDS, is_live=False)
    changed = article(15, "Kratom in old mice", mesh=MICE, year=2022, revised="2026-11-22")
    warehouse.day(changed, is_live=False)
    warehouse.build()
    yield warehouse.con


def rows(con: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, object]]:
    cursor = con.execute((ROOT / "sql" / "examples" / f"{name}.sql").read_text(encoding="utf-8"))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_begins_with_its_question_and_is_listed_with_it(path: Path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("-- ") and first.endswith("?")
    question = first.removeprefix("-- ")
    link = f"[{path.name}](../sql/examples/{path.name})"
    page = (ROOT / "docs" / "opening.md").read_text(encoding="utf-8")
    assert f"| {question} | {link} |" in page


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_runs_and_nothing_in_its_answer_hangs_on_chance(path: Path, con):
    assert rows(con, path.stem) == rows(con, path.stem)


def test_how_many_human_trials_on_kratom_and_pain_and_which(con):
    """Two reports of one registration are one trial; the count is that of the first sentence."""
    found = rows(con, "human_trials")
    assert [(r["study_count"], r["year"], r["title"], r["is_pain_measured"]) for r in found] == [
        (1, 2024, "Kratom tea against pain: a randomized trial", True)
    ]
    assert "PMID 11" in found[0]["reports"] and "PMID 16" in found[0]["reports"]
    (counted,) = con.execute(
        "SELECT held_group_count FROM marts.human_experimental_totals WHERE search = 'kratom_pain'"
    ).fetchone()
    assert counted == 1


def test_the_claim_map_leads_to_records_of_a_claim(con):
    found = {r["claim"]: r for r in rows(con, "claim_map")}
    (asked,) = con.execute("SELECT count(*) FROM evidence.claims").fetchone()
    assert len(found) == asked
    assert found["analgesia"]["held_looked_count"] == 1
    assert found["analgesia"]["looked_count"] is None, "no complete search was made"
    assert found["analgesia"]["looked_in"] == "Animal studies: 1 of 1 report it"
    assert found["alcohol"]["held_looked_count"] == 0
    assert found["safety"]["coverage"] == "none", "shown as its parts, never as one number"
    assert found["safety"]["held_looked_count"] is None
    (record,) = rows(con, "claim_records")
    assert (record["how"], record["study_type"]) == ("measured", "ANIMAL")
    assert record["matched_words"] and record["citation"].endswith("PMID 17")


def test_pain_in_animals(con):
    (found,) = rows(con, "pain_in_animals")
    assert (found["substances"], found["species"], found["assays"]) == (
        ["mitragynine"], ["mouse"], ["hot_plate"],
    )  # fmt: skip
    assert (found["is_tied"], found["record_count"]) == (True, 1)


def test_harms_by_source(con):
    found = [(r["harm"], r["source"], r["record_count"]) for r in rows(con, "harms_by_source")]
    assert ("Dependence and withdrawal", "Case report", 1) in found


def test_the_newest_record_is_the_one_that_entered_pubmed_last(con):
    assert rows(con, "newest_records")[0]["title"] == "Kratom withdrawal: a case report"


def test_shares_of_a_year_sum_to_a_hundred(con):
    found = rows(con, "types_by_year")
    assert {(r["study_type"], r["percent_of_year"]) for r in found if r["year"] == 2024} == {
        ("Randomised trial", 50.0), ("Case report", 50.0),
    }  # fmt: skip


def test_retractions_lead_to_the_notice(con):
    assert {r["notice_pmid"] for r in rows(con, "retractions")} == {99}


def test_journals_count_records_without_the_retracted(con):
    assert [(r["journal"], r["record_count"]) for r in rows(con, "journals")] == [("J Tests", 6)]


def test_mesh_pairs(con):
    (pair,) = rows(con, "mesh_pairs")
    assert (pair["heading"], pair["other_heading"], pair["record_count"]) == ("Animals", "Mice", 3)
    assert pair["lift"] == 1.0  # both stand in every indexed record


def test_a_cell_leads_to_words_at_their_place(con):
    found = rows(con, "cell_to_words")
    assert {r["pmid"] for r in found} == {11, 16}
    for row in (r for r in found if r["field"] == "title"):
        assert str(row["title"])[row["char_start"] : row["char_end"]] == row["matched_text"]
    assert "Randomized Controlled Trial" in {r["matched_text"] for r in found}


def test_unclassified_records_have_a_reason(con):
    found = rows(con, "unclassified")
    assert found and all(r["unclassified_reason"] for r in found)
    (held,) = con.execute(
        "SELECT held_unclassified_count FROM marts.search_totals WHERE search = 'kratom'"
    ).fetchone()
    assert len(found) == held


def test_words_are_found_with_their_field(con):
    found = {r["pmid"]: (r["fields"], r["words"]) for r in rows(con, "search_words")}
    assert found == {12: (["title"], ["withdrawal"]), 13: (["title"], ["dependence"])}


def test_human_records_without_a_grant_say_not_stated(con):
    assert {(r["citation"][-7:], r["funding"]) for r in rows(con, "funding_and_conflicts")} >= {
        ("PMID 11", None), ("PMID 12", None),
    }  # fmt: skip


def test_a_changed_title_stands_with_what_it_was(con):
    found = [r for r in rows(con, "what_changed") if r["field"] == "title"]
    assert [(r["before"], r["after"]) for r in found] == [("Kratom in mice", "Kratom in old mice")]


def test_unexplained_matches_name_the_side_that_matched():
    with every_relation() as con:
        con.execute(
            "INSERT INTO marts.search_differences VALUES "
            "('kratom', 7, 'pubmed', 'Leaf'), ('kratom', 8, 'local', 'Kratom')"
        )
        found = [(r["matched_by"], r["pmid"]) for r in rows(con, "unexplained_matches")]
    assert found == [("local", 8), ("pubmed", 7)]
