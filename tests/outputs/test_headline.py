"""The headline table: what its columns, marks, zeros and dots say."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from pipeline.outputs.headline import headline
from tests.in_memory import every_relation

GROUPS = ("Randomised trials", "Case reports and series", "Comment, policy and protocols")
TRIALS, CASES, COMMENT = GROUPS


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """All relations without rows; what a test fills in is undone."""
    with every_relation() as con:
        yield con


def fill(
    con: duckdb.DuckDBPyConnection,
    years: range,
    counts: dict[tuple[int | None, str], int],
    *,
    coverage: str = "complete",
    unread: int = 0,
    retracted: dict[int, int] | None = None,
) -> None:
    """A whole grid for the search kratom as of November 2026; `counts` are its filled cells."""
    is_known = coverage != "partial"
    con.execute(
        "INSERT INTO marts.search_totals BY NAME SELECT 'kratom' AS search, 'Kratom' AS label, "
        "0 AS held_member_count, 0 AS held_count, 0 AS held_retracted_count, "
        "0 AS held_preprint_count, 0 AS held_notice_count, 0 AS held_pain_count, "
        "0 AS held_unclassified_count, 0 AS held_undated_count, 0 AS held_pubmed_only_count, "
        "0 AS held_local_only_count, ? AS coverage, ? AS unread_count, "
        "DATE '2026-11-22' AS as_of_date, '' AS statement, 's' AS set_id",
        [coverage, unread if is_known else None],
    )
    undated = [None] if any(year is None for year, _ in counts) else []
    for year in [*years, *undated]:
        for order, group in enumerate(GROUPS, 1):
            held = counts.get((year, group), 0)
            con.execute(
                "INSERT INTO marts.headline_by_year BY NAME SELECT 'kratom' AS search, "
                "?::SMALLINT AS year, ? AS evidence_group, ? AS group_order, ? AS record_count, "
                "? AS held_count, ? AS held_retracted_count, 0 AS held_preprint_count, "
                "0 AS held_notice_count, 0 AS held_pain_count, 0 AS held_checked_count, "
                "false AS is_partial_year, false AS is_provisional_year, false AS is_future_year, "
                "? AS coverage, DATE '2026-11-22' AS as_of_date, 's' AS set_id",
                [
                    year,
                    group,
                    order,
                    held if is_known else None,
                    held,
                    (retracted or {}).get(year or 0, 0) if group == CASES else 0,
                    coverage,
                ],
            )


def row(con: duckdb.DuckDBPyConnection, label: str) -> dict[str, str]:
    table = headline(con, "kratom")
    (cells,) = (cells for cells in table.rows if cells[0] == label)
    return dict(zip(table.header, cells, strict=True))


def test_the_last_years_stand_alone_and_earlier_ones_together(con):
    fill(con, range(2015, 2027), {(2015, CASES): 1, (2018, CASES): 2, (2026, CASES): 4})
    header = headline(con, "kratom").header
    assert header[2:] == (
        "2019", "2020", "2021", "2022", "2023", "2024", "2025~", "2026*", "total",
    )  # fmt: skip
    assert "2018" in header[1]
    cells = row(con, CASES)
    assert (cells[header[1]], cells["2026*"], cells["total"]) == ("3", "4", "7")


def test_a_year_dated_ahead_is_marked(con):
    fill(con, range(2024, 2028), {(2027, CASES): 1})
    assert headline(con, "kratom").header[-4:] == ("2025~", "2026*", "2027+", "total")
    assert row(con, CASES)["2027+"] == "1"


def test_an_undated_record_has_a_column(con):
    fill(con, range(2024, 2027), {(2024, CASES): 1, (None, CASES): 2})
    assert headline(con, "kratom").header[-2:] == ("undated", "total")
    assert row(con, "Records")["undated"] == "2"
    assert row(con, "Records")["total"] == "3"


def test_a_complete_search_shows_zeros_in_every_year_it_covers(con):
    """Also in years before its first record: they were searched."""
    fill(con, range(2024, 2027), {(2024, CASES): 1})
    cells = list(row(con, CASES).values())[1:]
    assert cells == ["0", "0", "0", "0", "0", "0", "1", "0", "0", "1"]
    assert "." not in "".join(row(con, "Records").values())


def test_partial_data_shows_dots_never_zeros(con):
    fill(con, range(2024, 2027), {(2024, CASES): 1}, coverage="partial")
    cells = list(row(con, CASES).values())[1:]
    assert cells == [".", ".", ".", ".", ".", ".", "1", ".", ".", "1"]


def test_a_search_without_a_record_is_a_table_with_an_empty_total(con):
    fill(con, range(2026, 2027), {}, coverage="partial")
    table = headline(con, "kratom")
    assert [cells[0] for cells in table.rows] == ["Records"]
    assert row(con, "Records")["total"] == "."


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        ("complete", "0 in every year"),
        ("complete_list", "0 in every year"),
        ("partial", "No record held"),
    ],
)
def test_groups_without_a_record_are_named_with_what_that_means(coverage, words, con):
    fill(con, range(2024, 2027), {(2024, CASES): 1}, coverage=coverage)
    told = f"{words}: {TRIALS}; {COMMENT}."
    assert headline(con, "kratom").absent == (TRIALS, COMMENT)
    assert told in headline(con, "kratom").lines()
    assert told in headline(con, "kratom").markdown()


@pytest.mark.parametrize(
    ("coverage", "unread", "said"),
    [
        ("complete", 0, ""),
        ("complete_list", 1, "1 listed record could not be read: each count c means c, at most "
         "c + 1."),
        ("complete_list", 2, "2 listed records could not be read: each count c means c, at most "
         "c + 2."),
        ("partial", 0, "Records held. No complete search was made: how many there are is not "
         "known."),
    ],
)  # fmt: skip
def test_what_a_number_is_worth_stands_below(coverage, unread, said, con):
    fill(con, range(2024, 2027), {(2024, CASES): 1}, coverage=coverage, unread=unread)
    lines = headline(con, "kratom").lines()
    assert [line for line in lines if " c + " in line or "not known" in line] == [said] * bool(said)


def test_a_list_with_unread_records_still_shows_its_zeros(con):
    fill(con, range(2024, 2027), {(2024, CASES): 1}, coverage="complete_list", unread=2)
    assert row(con, CASES)["2025~"] == "0"


def test_retracted_articles_stand_below_and_outside_the_total(con):
    fill(con, range(2024, 2027), {(2024, CASES): 3}, retracted={2025: 2})
    assert row(con, "Retracted")["2025~"] == "2"
    assert row(con, "Records")["total"] == "3"
    names = [cells[0] for cells in headline(con, "kratom").rows]
    assert names == [CASES, "Retracted", "Records"]


def test_text_is_aligned_and_markdown_has_as_many_cells_in_each_line(con):
    fill(con, range(2015, 2028), {(2015, CASES): 100, (None, TRIALS): 7})
    table = headline(con, "kratom")
    lines = [line for line in table.lines() if line and line[-1].isdigit()]
    assert len(lines) == 3 and len({len(line) for line in lines}) == 1
    grid = [line for line in table.markdown().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in grid} == {len(table.header) + 1}


@pytest.mark.parametrize("coverage", ["complete", "partial"])
def test_a_frame_of_pandas_has_the_same_rows_and_numbers(con, coverage):
    fill(con, range(2015, 2027), {(2015, CASES): 3, (2026, TRIALS): 1}, coverage=coverage)
    table = headline(con, "kratom")
    frame = table.frame()
    assert tuple(frame.columns) == table.header[1:]
    shown = tuple(
        (label, *("." if pd.isna(cell) else str(cell) for cell in cells))
        for label, cells in zip(frame.index, frame.itertuples(index=False), strict=True)
    )
    assert shown == table.rows
