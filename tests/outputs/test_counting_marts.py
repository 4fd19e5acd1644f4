"""Every mart that counts follows the one convention of zero, unknown and unread."""

from __future__ import annotations

import pytest

from pipeline.settings import ROOT
from tests.in_memory import every_relation

LISTS = {
    "article_countries": "a list of countries; author_count counts the authors of its own row",
    "cited_not_held": "a list of records; its counts say held in their names",
    "human_experimental": "a list of studies; report_count counts the PMIDs of its own row",
    "new_articles": "a list of records, some in one line; record_count says for how many",
    "preclinical_pain": "a list of what records tested; a row is there where a record is held",
    "search_log": "what PubMed answered: hit_count and unread_count are facts of the answer",
    "coverage": "the convention itself",
}
"""Marts with counts that make no table of what a search finds, and why they need no zeros."""
NO_TWIN = {
    "unread_count": "what could not be read is not held",
    "denominator_count": "PubMed's own count",
    "listed_count": "what PubMed lists, with what could not be read; its twin is held_count",
}
"""Counts that are not of what is held, and why."""


@pytest.fixture(scope="module")
def counts() -> dict[str, list[str]]:
    """The columns of each mart that are counts."""
    with every_relation() as con:
        rows = con.execute(
            "SELECT table_name, coalesce(list(column_name ORDER BY column_index) "
            "FILTER (ends_with(column_name, '_count')), []) FROM duckdb_columns() "
            "WHERE schema_name = 'marts' GROUP BY ALL"
        ).fetchall()
    return dict(rows)


def test_lists_are_those_that_exist(counts):
    assert set(LISTS) <= set(counts)


def test_each_count_has_its_twin_of_what_is_held_and_the_check_looks_at_both(counts):
    check = (ROOT / "sql" / "checks" / "counts_follow_coverage.sql").read_text(encoding="utf-8")
    looked_at = 0
    for mart, columns in counts.items():
        if not columns or mart in LISTS:
            continue
        part = check.partition(f"FROM marts.{mart}\n")[0].rpartition("SELECT")[2]
        assert part, f"sql/checks/counts_follow_coverage.sql leaves out {mart}"
        for column in columns:
            if column.startswith("held_") or column in NO_TWIN:
                continue
            twin = "held_count" if column == "record_count" else f"held_{column}"
            assert twin in columns, f"{mart}.{column} has no {twin}"
            for name in (column, twin):
                assert name in part.replace(",", " ").split(), f"the check leaves out {mart}.{name}"
            looked_at += 1
    assert looked_at > 10
