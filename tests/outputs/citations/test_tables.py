"""CSV, JSON lines and Parquet say the same; ASReview's and Rayyan's CSV say what those read."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import duckdb
import pandas as pd
import pytest

from pipeline.outputs.citations import export
from pipeline.outputs.citations.export import FORMATS, TARGETS
from tests.outputs.citations.conftest import CANARY, GROUP, HARD_TITLE, OLD_WILEY_DOI

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def all_of_them(citations):
    return list(citations.values())


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_json_lines_and_parquet_hold_the_same_rows(all_of_them, tmp_path):
    FORMATS["jsonl"].write(all_of_them, True, tmp_path / "a.jsonl")
    FORMATS["parquet"].write(all_of_them, True, tmp_path / "a.parquet")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    with duckdb.connect() as con:
        found = con.sql(f"FROM '{tmp_path / 'a.parquet'}'")
        assert found.columns == list(export.COLUMNS)
        assert [str(kind) for kind in found.types] == list(export.COLUMNS.values())
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        row["first_seen_at"] = row["first_seen_at"].isoformat()
    assert rows == lines
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_rows_hold_values_as_pubmed_has_them(citations):
    row = export.row(citations[101], True)
    assert row["title"] == HARD_TITLE
    assert row["abstract"].startswith("METHODS: Ten mice") and "\n" in row["abstract"]
    assert row["authors"][-1] == GROUP
    assert (row["study_type"], row["is_retracted"]) == ("ANIMAL", False)
    assert "abstract" not in export.row(citations[101], False)


def test_a_record_without_pmid_has_none_and_never_our_negative_number(citations):
    assert export.row(citations[None], False)["pmid"] is None


def test_csv_has_one_row_a_record_and_is_safe_in_a_spreadsheet(all_of_them, tmp_path):
    FORMATS["csv"].write(all_of_them, False, tmp_path / "a.csv")
    found = {row["pmid"]: row for row in rows_of(tmp_path / "a.csv")}
    assert set(found) == {"101", "102", "103", "104", "105", "106", "107", "108", "109", "110", ""}
    assert found["106"]["title"] == "'=1+1 cups of kratom"
    assert found["103"]["is_retracted"] == "true"
    assert found["101"]["doi"] == OLD_WILEY_DOI
    assert found["101"]["authors"].startswith("Leaf, Ana B, Jr; Müller-Źdan, Øyvind; ")
    assert found["109"]["year"] == ""


def test_asreview_gets_its_columns_and_gives_ours_back(all_of_them, tmp_path):
    """Read as ASReview 3 reads it: the separator guessed, lists cut at semicolons."""
    TARGETS["asreview"].write(all_of_them, True, tmp_path / "a.csv")
    found = pd.read_csv(tmp_path / "a.csv", sep=None, engine="python", encoding="utf-8")
    assert list(found.columns)[:7] == [
        "title", "abstract", "authors", "keywords", "year", "doi", "url",
    ]  # fmt: skip
    assert len(found) == len(all_of_them)
    first = found[found["pmid"] == 101].iloc[0]
    assert first["title"] == HARD_TITLE
    assert CANARY in first["abstract"] and "\n" not in first["abstract"]
    assert first["authors"].split(";")[:2] == ["Leaf, Ana B, Jr", "Müller-Źdan, Øyvind"]
    assert "Study type: Animal study" in first["keywords"].split(";")
    assert first["study_type"] == "ANIMAL"
    assert found[found["is_retracted"]]["pmid"].tolist() == [103]
    assert "included" not in found.columns  # it would be taken for a decision


def test_rayyan_gets_identifiers_and_study_type_in_columns_it_has(all_of_them, tmp_path):
    TARGETS["rayyan"].write(all_of_them, True, tmp_path / "a.csv")
    found = {row["pubmed_id"]: row for row in rows_of(tmp_path / "a.csv")}
    first = found["101"]
    assert {"title", "abstract", "url", "pmc_id", "pubmed_id", "year", "month", "day",
            "authors", "journal", "notes"} <= set(first)  # fmt: skip
    assert (first["year"], first["month"], first["day"]) == ("2024", "7", "5")
    assert first["pmc_id"] == "PMC7000101"
    assert first["url"].startswith("https://doi.org/10.1002/(SICI)")
    assert "Study type: Animal study" in first["notes"]
    assert "ketum set: 2026-11-22-archive-files-" in first["notes"]
    assert "Retracted Publication" in found["103"]["notes"]
    assert CANARY in first["abstract"]
    assert found[""]["url"] == "https://doi.org/10.9999/Listed.1"


def test_excel_gets_a_byte_order_mark_and_cells_it_can_hold(citations, tmp_path):
    record = citations[101]
    long = replace(record, columns={**record.columns, "title": "μ" * 40_000})
    path = tmp_path / "excel.csv"
    TARGETS["excel"].write([long, citations[106]], False, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfpmid,")
    first, second = pd.read_csv(path, encoding="utf-8-sig").to_dict("records")
    assert len(first["title"]) == 32_767 and first["title"].endswith("μ [cut here]")
    assert second["title"].startswith("'=1+1")
    assert list(first) == [name for name in export.COLUMNS if name != "abstract"]
