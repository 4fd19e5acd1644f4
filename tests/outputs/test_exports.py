"""tables/: every relation as Parquet and CSV, values unharmed, safe in a spreadsheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipeline.outputs import manifest, tables
from tools import data_dictionary

DANGEROUS = (
    '=HYPERLINK("http://x")', "+1", "-cyanide", "@SUM(A1)", "\tTab first", "\rReturn first",
)  # fmt: skip
HARMLESS = ('Quotes " and, commas', "Lines\nbroken", "μ-opioid 受容体 é", " space first", "a=b", "")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[manifest.Exported]]]:
    """An exported database with a few keywords and one search, all of it committed."""
    directory = tmp_path_factory.mktemp("out") / "tables"
    with data_dictionary.empty_database() as con:
        for number, text in enumerate([*DANGEROUS, *HARMLESS], 1):
            con.execute(
                "INSERT INTO core.keywords BY NAME SELECT 1 AS pmid, ?::SMALLINT AS position, "
                "? AS keyword, 'NOTNLM' AS keyword_owner, false AS is_major",
                [number, text],
            )
        con.execute(
            "INSERT INTO marts.search_log VALUES (TIMESTAMP '2026-11-22 12:00:00', 'kratom', "
            "'Kratom', 'PubMed', 'kratom*[tw]', NULL, 'first', ['WarningList: =1', 'two'], 3, "
            "true, 0, false)"
        )
        con.execute(
            "INSERT INTO ops.quarantine "
            "VALUES ('f', 0, TIMESTAMP '2026-01-01', 1, 'why', 'x'::BLOB, NULL)"
        )
        directory.mkdir()
        yield directory, tables.export_all(con, directory, {})


def rows(out: tuple[Path, list[manifest.Exported]], relation: str) -> list[dict[str, str]]:
    with (out[0] / f"{relation}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_relation_is_there_twice(out):
    directory, told = out
    names = {exported.relation for exported in told}
    assert {"core.articles", "core.article_years", "marts.study_types_by_year"} <= names
    files = {path.name for path in directory.iterdir()}
    assert files == {f"{name}.{kind}" for name in names for kind in ("csv", "parquet")}


def test_raw_bytes_stay_in_the_database(out):
    assert "ops.quarantine" not in {exported.relation for exported in out[1]}


def test_what_a_spreadsheet_would_run_gets_an_apostrophe(out):
    found = [row["keyword"] for row in rows(out, "core.keywords")]
    assert found[: len(DANGEROUS)] == ["'" + text for text in DANGEROUS]
    assert found[len(DANGEROUS) :] == list(HARMLESS)


def test_parquet_holds_the_values_as_they_are(out):
    path = out[0] / "core.keywords.parquet"
    with duckdb.connect() as con:
        found = con.execute(f"SELECT keyword FROM '{path}' ORDER BY position").fetchall()
    assert [row[0] for row in found] == [*DANGEROUS, *HARMLESS]


def test_lists_are_json_and_times_plain_in_csv(out):
    (row,) = rows(out, "marts.search_log")
    assert json.loads(row["warnings"]) == ["WarningList: =1", "two"]
    assert row["searched_at"] == "2026-11-22 12:00:00"
    assert row["query_translation"] == ""
    assert row["is_complete"] == "true"


def test_pandas_reads_both_the_same(out):
    text = pd.read_csv(out[0] / "marts.search_log.csv")
    assert list(text.columns)[:3] == ["searched_at", "search", "label"]
    assert text["hit_count"].tolist() == [3]


def test_empty_relations_have_their_header(out):
    text = (out[0] / "marts.study_types_by_year.csv").read_text(encoding="utf-8")
    assert text.startswith("search,year,study_type,evidence_group,record_count,")
    assert text.count("\n") == 1


def test_each_relation_is_told_with_comments_and_its_number_of_rows(out):
    told = {exported.relation: exported for exported in out[1]}
    assert told["core.keywords"].row_count == len(DANGEROUS) + len(HARMLESS)
    assert told["marts.study_types_by_year"].comment
    for exported in out[1]:
        assert exported.comment, exported.relation
        assert all(remark for _, _, remark in exported.fields), exported.relation
