"""Findings that people read, against those of a set: what is compared, shown and refused."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.people_read import COLUMNS, compare, read_findings, text

HEAD = ",".join(COLUMNS) + "\n"
DAY = ",2026-11-26,A. Reader\n"


def _set(pairs: list[tuple[int, str, str]]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA evidence")
    con.execute("CREATE TABLE evidence.article_claims (pmid INT, claim TEXT, finding TEXT)")
    con.execute(
        "CREATE TABLE evidence.article_facets (pmid INT, facet TEXT, value TEXT, finding TEXT)"
    )
    con.executemany("INSERT INTO evidence.article_claims VALUES (?, ?, ?)", pairs)
    con.execute("INSERT INTO evidence.article_facets VALUES (1, 'harm', 'liver', 'not_found')")
    con.execute("INSERT INTO evidence.article_facets VALUES (1, 'species', 'mouse', NULL)")
    return con


def test_right_of_pairs_by_finding_and_question(tmp_path) -> None:
    file = tmp_path / "read.csv"
    rows = [f"{number},sedation,reported{DAY}" for number in range(1, 41)]
    rows += [f"1,harm.liver,not_found{DAY}", f"2,mood,mixed{DAY}", f"3,mood,no_pair{DAY}"]
    rows += [f"99,mood,reported{DAY}"]
    file.write_text(HEAD + "".join(rows))
    said = [(number, "sedation", "reported") for number in range(1, 37)]
    said += [(number, "sedation", "unclear") for number in range(37, 41)]
    result = compare(_set([*said, (2, "mood", "reported"), (3, "mood", "reported")]),
                     read_findings(file))  # fmt: skip
    assert (result["all"]["hits"], result["all"]["n"]) == (37, 42)
    assert (result["not_addressed"], result["no_pair"]) == (1, 1)
    assert (result["said"]["reported"]["hits"], result["said"]["reported"]["n"]) == (36, 37)
    assert result["read"]["mixed"]["n"] == 1
    assert result["confused"] == [
        {"read": "mixed", "said": "reported", "pairs": 1},
        {"read": "reported", "said": "unclear", "pairs": 4},
    ]
    told = text(result)
    assert "sedation    0.900 (0.769 to 0.960, 36 of 40)" in told
    assert "harm.liver  not measured (1 of 1; fewer than 30)" in told


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pmid,finding\n", "line 1: the columns must be"),
        (f"{HEAD}1,mood,good{DAY}", "line 2: unknown finding `good`"),
        (f"{HEAD}one,mood,reported{DAY}", "line 2: `pmid` must be a number"),
        (f"{HEAD}1,,reported{DAY}", "line 2: `question` is empty"),
        (f"{HEAD}1,mood,reported,yesterday,A. Reader\n", "line 2: `read_on` must be YYYY-MM-DD"),
        (f"{HEAD}1,mood,reported\n", "line 2: it needs 5 fields"),
        (f"{HEAD}1,mood,mixed{DAY}1,mood,mixed{DAY}", "line 3: mood of PMID 1 is there twice"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, body, message) -> None:
    file = tmp_path / "read.csv"
    file.write_text(body)
    with pytest.raises(ConfigurationError, match=message):
        read_findings(file)


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_findings(tmp_path / "none.csv")
