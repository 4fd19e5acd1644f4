"""What a number in the tables means: zero, unknown, partial, future, retracted, undated."""

from __future__ import annotations

from tests.corpus import article

RETRACTED = (("D016428", "Journal Article"), ("D016441", "Retracted Publication"))
PREPRINT = (("D016428", "Journal Article"), ("D000076942", "Preprint"))
CASE = (("D002363", "Case Reports"),)
HEAD = "search, year, study_type, record_count"


def cell(ask, year, study_type, search="kratom", column="record_count"):
    rows = ask(
        f"SELECT {column} FROM marts.study_types_by_year "
        "WHERE search = ? AND year IS NOT DISTINCT FROM ? AND study_type = ?",
        [search, year, study_type],
    )
    assert len(rows) == 1, rows
    return rows[0][0]


def test_a_year_without_a_record_is_zero_where_a_complete_search_covers_it(memory):
    memory.day(
        article(1, "Kratom withdrawal", types=CASE, year=2020), article(2, "Kratom", year=2023)
    )
    assert cell(memory.ask, 2020, "CASE") == 1
    assert cell(memory.ask, 2021, "CASE") == 0
    assert memory.ask("SELECT DISTINCT coverage FROM marts.study_types_by_year") == [("complete",)]


def test_the_same_year_is_unknown_where_only_files_were_read(memory):
    memory.day(
        article(1, "Kratom withdrawal", types=CASE, year=2020),
        article(2, "Kratom", year=2023),
        is_live=False,
    )
    for year, held in ((2020, 1), (2021, 0)):
        assert cell(memory.ask, year, "CASE") is None
        assert cell(memory.ask, year, "CASE", column="held_count") == held
    assert memory.ask("SELECT DISTINCT coverage FROM marts.study_types_by_year") == [("partial",)]


def test_a_record_of_next_january_is_published_in_a_future_year_and_totals_agree(memory):
    memory.day(
        article(1, "Kratom in January", types=CASE, year=2027), article(2, "Kratom", year=2026)
    )
    assert cell(memory.ask, 2027, "CASE") == 1
    rows = memory.ask(
        "SELECT DISTINCT year, is_partial_year, is_provisional_year, is_future_year "
        "FROM marts.study_types_by_year WHERE search = 'kratom' AND year >= 2025 ORDER BY year"
    )
    assert rows == [(2026, True, False, False), (2027, False, False, True)]
    assert memory.ask("SELECT member_count FROM marts.search_totals WHERE search = 'kratom'") == [
        (2,)
    ]


def test_the_year_before_the_search_is_provisional(memory):
    memory.day(article(1, "Kratom", year=2024))
    assert memory.ask(
        "SELECT DISTINCT year FROM marts.study_types_by_year WHERE is_provisional_year"
    ) == [(2025,)]


def test_retracted_articles_and_preprints_are_columns_never_rows(memory):
    memory.day(
        article(1, "Kratom in a patient", types=(*CASE, RETRACTED[1])),
        article(2, "A second patient with kratom use", types=CASE),
        article(3, "Kratom in a third patient", types=(*CASE, PREPRINT[1])),
        article(
            4, "Kratom in a fourth patient", types=CASE, links=(("RetractionIn", "J Tests", 9),)
        ),
    )
    assert cell(memory.ask, 2025, "CASE") == 1
    assert cell(memory.ask, 2025, "CASE", column="retracted_count") == 2
    assert cell(memory.ask, 2025, "CASE", column="preprint_count") == 1
    assert memory.ask("SELECT pmid FROM marts.retractions WHERE search = 'kratom' ORDER BY 1") == [
        (1,),
        (4,),
    ]


def test_a_notice_is_counted_apart(memory):
    memory.day(article(1, "Erratum: kratom in mice", types=(("D016425", "Published Erratum"),)))
    assert cell(memory.ask, 2025, "NOTICE") == 0
    assert cell(memory.ask, 2025, "NOTICE", column="notice_count") == 1


def test_an_undated_record_is_a_row_with_its_reason(memory):
    memory.day(article(1, "Kratom undated", types=CASE, year=None), article(2, "Kratom", year=2026))
    assert memory.ask(
        "SELECT record_count, year_reason FROM marts.study_types_by_year "
        "WHERE search = 'kratom' AND year IS NULL AND study_type = 'CASE'"
    ) == [(1, "not_stated")]


def test_the_electronic_year_counts_only_where_the_issue_has_none(memory):
    memory.day(
        article(1, "Kratom ahead of print", year=2024, electronic=2023),
        article(2, "Kratom online only", year=None, electronic=2022),
        article(3, "Kratom across the year", year="2019 Dec-2020 Jan"),
    )
    assert memory.ask(
        "SELECT pmid, year, year_source, first_public_year FROM marts.articles ORDER BY pmid"
    ) == [(1, 2024, "issue", 2023), (2, 2022, "electronic", 2022), (3, 2019, "issue", 2019)]


def test_every_cell_sums_to_the_membership_in_every_search(memory):
    memory.day(
        *(article(n, f"Kratom and pain {n}", year=2000 + n) for n in range(1, 9)),
        article(20, "Kratom alone", types=RETRACTED),
        article(21, "Kratom undated", year=None),
    )
    assert memory.ask(
        """
        SELECT t.search, t.member_count, sum(y.record_count + y.retracted_count
            + y.preprint_count + y.notice_count)
        FROM marts.search_totals AS t JOIN marts.study_types_by_year AS y USING (search)
        GROUP BY ALL ORDER BY 1
        """
    ) == [("kratom", 10, 10), ("kratom_pain", 8, 8)]
