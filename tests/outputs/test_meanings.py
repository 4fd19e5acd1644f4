"""What a number in the tables means: zero, unknown, partial, future, retracted, undated."""

from __future__ import annotations

import pytest

from tests.corpus import article
from tests.in_memory import Warehouse

RETRACTED = ("D016441", "Retracted Publication")
PREPRINT = ("D000076942", "Preprint")
CASE = (("D002363", "Case Reports"),)
AT_YEARS = (
    article(1, "Kratom withdrawal", types=CASE, year=2020),
    article(2, "Kratom", year=2023),
)
RECORDS = (
    *AT_YEARS,
    article(3, "Kratom in January", types=CASE, year=2027),
    article(4, "Kratom and pain", year=2026),
    article(5, "Kratom in a patient", types=(*CASE, RETRACTED), year=2018),
    article(6, "A second patient with kratom use", types=CASE, year=2018),
    article(7, "Kratom in a third patient", types=(*CASE, PREPRINT), year=2018),
    article(8, "Kratom in a fourth patient", types=CASE, year=2018,
            links=(("RetractionIn", "J Tests", 9),)),
    article(9, "Erratum: kratom in mice", types=(("D016425", "Published Erratum"),), year=2017),
    article(10, "Kratom undated", types=CASE, year=None),
    article(11, "Kratom ahead of print, and pain", year=2024, electronic=2023),
    article(12, "Kratom online only", year=None, electronic=2022),
    article(13, "Kratom across the year", year="2015 Dec-2016 Jan"),
)  # fmt: skip
"""None is of the year before the search, 2025."""


@pytest.fixture(scope="module")
def ask():
    """Ask of a complete search that found RECORDS."""
    held = Warehouse()
    held.day(*RECORDS)
    return held.ask


def cell(ask, year, study_type, search="kratom", column="record_count"):
    rows = ask(
        f"SELECT {column} FROM marts.study_types_by_year "
        "WHERE search = ? AND year IS NOT DISTINCT FROM ? AND study_type = ?",
        [search, year, study_type],
    )
    assert len(rows) == 1, rows
    return rows[0][0]


def test_a_year_without_a_record_is_zero_where_a_complete_search_covers_it(ask):
    assert cell(ask, 2020, "CASE") == 1
    assert cell(ask, 2021, "CASE") == 0
    assert ask("SELECT DISTINCT coverage FROM marts.study_types_by_year") == [("complete",)]


def test_the_same_year_is_unknown_where_only_files_were_read(memory):
    memory.day(*AT_YEARS, is_live=False)
    for year, held in ((2020, 1), (2021, 0)):
        assert cell(memory.ask, year, "CASE") is None
        assert cell(memory.ask, year, "CASE", column="held_count") == held
    assert memory.ask("SELECT DISTINCT coverage FROM marts.study_types_by_year") == [("partial",)]


def test_a_record_of_next_january_is_published_in_a_future_year_and_totals_agree(ask):
    assert cell(ask, 2027, "CASE") == 1
    rows = ask(
        "SELECT DISTINCT year, is_partial_year, is_provisional_year, is_future_year "
        "FROM marts.study_types_by_year WHERE search = 'kratom' AND year >= 2024 ORDER BY year"
    )
    assert rows == [
        (2024, False, False, False),
        (2025, False, True, False),  # the year before the search, without a record
        (2026, True, False, False),
        (2027, False, False, True),
    ]
    assert ask("SELECT member_count FROM marts.search_totals WHERE search = 'kratom'") == [(13,)]


def test_retracted_articles_and_preprints_are_columns_never_rows(ask):
    assert cell(ask, 2018, "CASE") == 1
    assert cell(ask, 2018, "CASE", column="retracted_count") == 2
    assert cell(ask, 2018, "CASE", column="preprint_count") == 1
    assert ask("SELECT pmid FROM marts.retractions WHERE search = 'kratom' ORDER BY 1") == [
        (5,),
        (8,),
    ]


def test_a_notice_is_counted_apart(ask):
    assert cell(ask, 2017, "NOTICE") == 0
    assert cell(ask, 2017, "NOTICE", column="notice_count") == 1


def test_an_undated_record_is_a_row_with_its_reason(ask):
    assert ask(
        "SELECT record_count, year_reason FROM marts.study_types_by_year "
        "WHERE search = 'kratom' AND year IS NULL AND study_type = 'CASE'"
    ) == [(1, "not_stated")]


def test_the_electronic_year_counts_only_where_the_issue_has_none(ask):
    assert ask(
        "SELECT pmid, year, year_source, first_public_year FROM marts.articles "
        "WHERE pmid > 10 ORDER BY pmid"
    ) == [(11, 2024, "issue", 2023), (12, 2022, "electronic", 2022), (13, 2015, "issue", 2015)]


def test_every_cell_sums_to_the_membership_in_every_search(ask):
    assert ask(
        """
        SELECT t.search, t.member_count, sum(y.record_count + y.retracted_count
            + y.preprint_count + y.notice_count)
        FROM marts.search_totals AS t JOIN marts.study_types_by_year AS y USING (search)
        GROUP BY ALL ORDER BY 1
        """
    ) == [("kratom", 13, 13), ("kratom_pain", 2, 2)]
