"""The headline table: what its columns, marks, zeros and dots say."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipeline.outputs.headline import headline
from tools.data_dictionary import empty_database

TYPES = (
    ("CASE", "Case report", 1), ("RCT", "Randomised trial", 2), ("NOTICE", "Notice", 3),
)  # fmt: skip


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_database() as connection:
        for code, label, order in TYPES:
            connection.execute(
                "INSERT INTO evidence.study_types VALUES (?, ?, 'Group', '', false, ?, ?)",
                [code, label, order, order],
            )
        yield connection


def fill(
    con: duckdb.DuckDBPyConnection,
    years: range,
    counts: dict[tuple[int | None, str], int],
    *,
    coverage: str = "complete",
    retracted: dict[int, int] | None = None,
) -> None:
    """A whole grid for the search kratom as of November 2026; `counts` are its filled cells."""
    con.execute(
        "INSERT INTO marts.search_totals BY NAME SELECT 'kratom' AS search, 'Kratom' AS label, "
        "0 AS member_count, 0 AS record_count, 0 AS retracted_count, 0 AS preprint_count, "
        "0 AS notice_count, 0 AS unclassified_count, 0 AS undated_count, 0 AS pubmed_only_count, "
        "0 AS local_only_count, ? AS coverage, DATE '2026-11-22' AS as_of_date, '' AS statement, "
        "'s' AS set_id",
        [coverage],
    )
    blank = 0 if coverage == "complete" else None
    undated = [None] if any(year is None for year, _ in counts) else []
    for year in [*years, *undated]:
        for code, _, _ in TYPES:
            con.execute(
                "INSERT INTO marts.study_types_by_year VALUES ('kratom', $year, $code, 'Group', "
                "$count, $count, $blank, $retracted, $blank, $blank, $year = 2026, $year = 2025, "
                "$year > 2026, $reason, $coverage, DATE '2026-11-22', 's')"
                if year is not None
                else "INSERT INTO marts.study_types_by_year VALUES ('kratom', $year, $code, "
                "'Group', $count, $count, $blank, $retracted, $blank, $blank, false, false, "
                "false, $reason, $coverage, DATE '2026-11-22', 's')",
                {
                    "year": year,
                    "code": code,
                    "count": counts.get((year, code), blank),
                    "blank": blank,
                    "retracted": (retracted or {}).get(year or 0, blank)
                    if code == "CASE"
                    else blank,
                    "reason": None if year is not None else "not_stated",
                    "coverage": coverage,
                },
            )


def row(con: duckdb.DuckDBPyConnection, label: str) -> dict[str, str]:
    table = headline(con, "kratom")
    (cells,) = (cells for cells in table.rows if cells[0] == label)
    return dict(zip(table.header, cells, strict=True))


def test_the_last_years_stand_alone_and_earlier_ones_together(con):
    fill(con, range(2015, 2027), {(2015, "CASE"): 1, (2018, "CASE"): 2, (2026, "CASE"): 4})
    header = headline(con, "kratom").header
    assert header[2:] == (
        "2019", "2020", "2021", "2022", "2023", "2024", "2025~", "2026*", "total",
    )  # fmt: skip
    assert "2018" in header[1]
    cells = row(con, "Case report")
    assert (cells[header[1]], cells["2026*"], cells["total"]) == ("3", "4", "7")


def test_a_year_dated_ahead_is_marked(con):
    fill(con, range(2024, 2028), {(2027, "CASE"): 1})
    assert headline(con, "kratom").header[-4:] == ("2025~", "2026*", "2027+", "total")
    assert row(con, "Case report")["2027+"] == "1"


def test_an_undated_record_has_a_column(con):
    fill(con, range(2024, 2027), {(2024, "CASE"): 1, (None, "CASE"): 2})
    assert headline(con, "kratom").header[-2:] == ("undated", "total")
    assert row(con, "Records")["undated"] == "2"
    assert row(con, "Records")["total"] == "3"


def test_a_complete_search_shows_zeros_in_every_year_it_covers(con):
    """Also in years before its first record: they were searched."""
    fill(con, range(2024, 2027), {(2024, "CASE"): 1})
    cells = list(row(con, "Case report").values())[1:]
    assert cells == ["0", "0", "0", "0", "0", "0", "1", "0", "0", "1"]
    assert "." not in "".join(row(con, "Records").values())


def test_partial_data_shows_dots_never_zeros(con):
    fill(con, range(2024, 2027), {(2024, "CASE"): 1}, coverage="partial")
    cells = list(row(con, "Case report").values())[1:]
    assert cells == [".", ".", ".", ".", ".", ".", "1", ".", ".", "1"]


def test_a_search_without_a_record_is_a_table_with_an_empty_total(con):
    fill(con, range(2026, 2027), {}, coverage="partial")
    table = headline(con, "kratom")
    assert [cells[0] for cells in table.rows] == ["Records"]
    assert row(con, "Records")["total"] == "."


@pytest.mark.parametrize(
    ("coverage", "words"), [("complete", "0 in every year"), ("partial", "No record held")]
)
def test_types_without_a_record_are_named_with_what_that_means(coverage, words, con):
    fill(con, range(2024, 2027), {(2024, "CASE"): 1}, coverage=coverage)
    assert headline(con, "kratom").absent == ("Randomised trial",)
    assert f"{words}: Randomised trial." in headline(con, "kratom").lines()
    assert f"{words}: Randomised trial." in headline(con, "kratom").markdown()


def test_retracted_articles_stand_below_and_outside_the_total(con):
    fill(con, range(2024, 2027), {(2024, "CASE"): 3}, retracted={2025: 2})
    assert row(con, "Retracted")["2025~"] == "2"
    assert row(con, "Records")["total"] == "3"
    names = [cells[0] for cells in headline(con, "kratom").rows]
    assert names == ["Case report", "Retracted", "Records"]


def test_text_is_aligned_and_markdown_has_as_many_cells_in_each_line(con):
    fill(con, range(2015, 2028), {(2015, "CASE"): 100, (None, "RCT"): 7})
    table = headline(con, "kratom")
    lines = [line for line in table.lines() if line and line[-1].isdigit()]
    assert len(lines) == 3 and len({len(line) for line in lines}) == 1
    grid = [line for line in table.markdown().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in grid} == {len(table.header) + 1}
