"""CSV, JSON lines and Parquet: one row a record, the same columns in each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipeline.escaping import for_csv, for_json
from pipeline.outputs.citations.citation import Citation, iso_date
from pipeline.storage import for_duckdb, for_reading

COLUMNS = {
    "pmid": "INTEGER", "doi": "VARCHAR", "pmcid": "VARCHAR", "title": "VARCHAR",
    "authors": "VARCHAR[]", "journal": "VARCHAR", "year": "SMALLINT", "date": "VARCHAR",
    "volume": "VARCHAR", "issue": "VARCHAR", "pages": "VARCHAR", "languages": "VARCHAR[]",
    "publication_types": "VARCHAR[]", "study_type": "VARCHAR", "study_type_label": "VARCHAR",
    "evidence_group": "VARCHAR", "assigned_by": "VARCHAR", "confidence": "VARCHAR",
    "is_retracted": "BOOLEAN", "is_preprint": "BOOLEAN", "terms": "VARCHAR[]", "url": "VARCHAR",
    "first_author_country": "VARCHAR", "countries": "VARCHAR[]", "registrations": "VARCHAR[]",
    "facets": "VARCHAR[]", "claims": "VARCHAR[]", "first_seen_at": "TIMESTAMP",
    "set_id": "VARCHAR", "abstract": "VARCHAR",
}  # fmt: skip
"""Names and DuckDB types. `date` is ISO as far as known; `abstract` only when asked for."""


CUT = " [cut here]"


def row(citation: Citation, abstracts: bool) -> dict[str, Any]:
    """A record as values of `COLUMNS`, texts as PubMed has them, None for what is not known."""
    said = citation.said
    found: dict[str, Any] = {
        "pmid": citation.pmid,
        "doi": said["doi"],
        "pmcid": citation.pmc_id or None,
        "title": said["title"] or said["book_title"],
        "authors": [person.inverted() for person in citation.authors],
        "journal": citation.container or said["book_title"],
        "year": citation.year,
        "date": iso_date(citation) or None,
        "volume": said["volume"] or said["book_volume"],
        "issue": said["issue"],
        "pages": said["locator"],
        "languages": said["languages"],
        "publication_types": said["publication_types"] or [],
        "study_type": said["study_type"],
        "study_type_label": said["study_type_label"],
        "evidence_group": said["evidence_group"],
        "assigned_by": said["assigned_by"],
        "confidence": said["confidence"],
        "is_retracted": said["is_retracted"],
        "is_preprint": said["is_preprint"],
        "terms": list(citation.terms),
        "url": citation.url or None,
        "first_author_country": said["first_author_country"],
        "countries": said["countries"],
        "registrations": said["registrations"],
        "facets": said["facets"],
        "claims": said["claims"],
        "first_seen_at": said["first_seen_at"].isoformat(),
        "set_id": citation.set_id,
    }
    if abstracts:
        found["abstract"] = said["abstract"]
    return found


def csv_text(
    rows: Sequence[dict[str, Any]], between: str = "; ", longest: int | None = None
) -> str:
    """Rows as CSV: UTF-8 with a header, lists joined, an apostrophe before what looks a formula.

    Args:
        rows: with the same keys each.
        between: what stands between the values of a list.
        longest: characters of a cell at most; what is longer is cut, and says so.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for values in rows:
        writer.writerow(_cell(value, between, longest) for value in values.values())
    return out.getvalue()


def _cell(value: object, between: str, longest: int | None) -> object:
    if isinstance(value, list):
        value = between.join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    text = for_csv(value)
    if longest is None or len(text) <= longest:
        return text
    return f"{text[: longest - len(CUT)]}{CUT}"


def json_lines(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as JSON objects, one a line."""
    return "".join(for_json(json.dumps(values, ensure_ascii=False)) + "\n" for values in rows)


def write_parquet(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """Write rows as a Parquet file with the types of `COLUMNS`.

    The rows go to DuckDB as JSON lines in a file beside: value by value would take minutes.
    """
    columns = {name: COLUMNS[name] for name in rows[0]}
    lines = target.with_name(f"{target.name}.jsonl")
    try:
        lines.write_text(json_lines(rows), encoding="utf-8")
        with duckdb.connect() as con:
            con.read_json(
                for_reading(lines),
                columns=columns,
                format="newline_delimited",
                hive_partitioning=False,
            ).write_parquet(for_duckdb(target), compression="zstd")
    finally:
        lines.unlink(missing_ok=True)
