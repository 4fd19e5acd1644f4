"""Marts on rows typed by hand: what a cell counts, whatever the rules make of a title."""

from __future__ import annotations

import pytest

from tests.in_memory import Warehouse


def record(memory: Warehouse, pmid: int, year: int | None, study_type: str, **flags: bool) -> None:
    """A member of the search kratom, with its one label."""
    memory.fill(
        "core.articles",
        {"pmid": pmid, "pmid_version": 1, "title": f"Record {pmid}", "issue_year": year,
         "record_kind": "article", "record_source": "pubmed_xml"},
    )  # fmt: skip
    memory.fill(
        "evidence.article_study_types",
        {"pmid": pmid, "study_type": study_type, "is_primary": True, "assigned_by": "text_rule",
         "confidence": "high"},
    )  # fmt: skip
    memory.fill("evidence.article_flags", {"pmid": pmid, **flags})
    memory.fill(
        "ops.search_hits",
        {"search": "kratom", "pmid": pmid, "entered_at": memory.as_of,
         "entered_reason": "first_run", "matched_by": "both"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def typed() -> Warehouse:
    """Four records in 2024, one without a year, one that left; not to be changed."""
    memory = Warehouse()
    memory.read()
    memory.judge()  # the study types there are
    memory.find([])
    record(memory, 1, 2024, "RCT")
    record(memory, 2, 2024, "RCT", is_retracted=True)
    record(memory, 3, 2024, "RCT", is_preprint=True)
    record(memory, 4, 2024, "NOTICE")
    record(memory, 5, None, "RCT")
    record(memory, 6, 2024, "RCT")
    memory.change("UPDATE ops.search_hits SET left_at = entered_at WHERE pmid = 6")
    return memory


@pytest.fixture
def mine(typed: Warehouse) -> Warehouse:
    """A copy of it, to change."""
    return Warehouse(typed)


def test_a_cell_counts_records_and_tells_the_rest_apart(typed):
    counts = "record_count, retracted_count, preprint_count, notice_count, any_label_count"
    of_type = f"SELECT {counts} FROM marts.study_types_by_year WHERE search = 'kratom' AND "
    assert typed.ask(of_type + "year = 2024 AND study_type = 'RCT'") == [(1, 1, 1, 0, 1)]
    assert typed.ask(of_type + "year = 2024 AND study_type = 'NOTICE'") == [(0, 0, 0, 1, 0)]
    assert typed.ask(of_type + "year = 2025 AND study_type = 'RCT'") == [(0, 0, 0, 0, 0)]
    assert typed.ask(of_type + "year IS NULL AND study_type = 'RCT'") == [(1, 0, 0, 0, 1)]


def test_every_year_up_to_the_search_has_a_row_and_its_mark(typed):
    assert typed.ask(
        "SELECT DISTINCT year, is_partial_year, is_provisional_year, is_future_year "
        "FROM marts.study_types_by_year WHERE search = 'kratom' ORDER BY year NULLS LAST"
    ) == [
        (2024, False, False, False),
        (2025, False, True, False),
        (2026, True, False, False),
        (None, False, False, False),
    ]


def test_an_incomplete_search_has_no_number_but_of_what_is_held(mine):
    mine.change("UPDATE ops.searches SET is_complete = false WHERE search = 'kratom'")
    cell = (
        "SELECT record_count, held_count, coverage FROM marts.study_types_by_year "
        "WHERE search = 'kratom' AND study_type = 'RCT' AND "
    )
    assert mine.ask(cell + "year = 2025") == [(None, 0, "partial")]
    assert mine.ask(cell + "year = 2024") == [(None, 1, "partial")]


def test_what_left_the_search_stands_nowhere(typed):
    for relation in ("articles", "study_type_articles", "retractions", "domains"):
        assert typed.ask(f"SELECT pmid FROM marts.{relation} WHERE pmid = 6") == [], relation


def test_a_record_that_left_one_search_stands_in_the_cells_of_the_other_alone(mine):
    stay = {"entered_at": mine.as_of, "entered_reason": "first_run", "matched_by": "both"}
    mine.fill("ops.search_hits", {"search": "kratom_pain", "pmid": 6, **stay})
    assert mine.ask("SELECT DISTINCT search FROM marts.study_type_articles WHERE pmid = 6") == [
        ("kratom_pain",)
    ]


def test_the_membership_is_the_sum_of_its_cells(typed):
    assert typed.ask(
        "SELECT t.member_count, sum(y.record_count + y.retracted_count + y.preprint_count "
        "+ y.notice_count) FROM marts.search_totals AS t JOIN marts.study_types_by_year AS y "
        "USING (search) WHERE search = 'kratom' GROUP BY ALL"
    ) == [(5, 5)]
