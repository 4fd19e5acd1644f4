"""Records to evaluate on, in a database in memory: labelled abstracts, or NLM's tags withheld.

Both give a schema `withheld` that presents the tables of core without the terms NLM assigned:
publication types, headings, substances and concepts are empty there. Links between articles stay
(an erratum is linked to its article), since they are neither.
"""

# SQL here is made of table names that stand in the code.
# ruff: noqa: S608

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.evidence.evaluation.mapping import ALL, LabelMapping
from pipeline.pubmed.records import PARSED_COLUMNS
from pipeline.warehouse import database, load, stage

SCHEMA = "withheld"
_SHOWN_TABLES = ("articles", "abstract_sections", "keywords", "article_links")
_LOADED_AT = datetime(2000, 1, 1)  # noqa: DTZ001  (naive UTC, as every _at column; never read)


@contextmanager
def labelled(
    path: Path, mapping: LabelMapping, part: str, sql: Path
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[int, tuple[str, ...]]]]:
    """Labelled titles and abstracts of a CSV file.

    Args:
        path: the file; its columns are named in the mapping.
        mapping: columns and split.
        part: develop, unseen or all.
        sql: directory with the schema.

    Yields:
        A connection whose schema `withheld` holds the records, and their labels by number.

    Raises:
        ConfigurationError: the file is not there, or lacks a column.
    """
    rows = _rows(path, mapping, part)
    with _database(sql) as con:
        con.executemany(
            "INSERT INTO core.articles BY NAME SELECT ? AS pmid, 1 AS pmid_version, "
            "'article' AS record_kind, 'labels' AS record_source, ? AS title, [] AS languages, "
            "[] AS citation_subsets, [] AS gene_symbols, [] AS space_flight_missions, "
            "[] AS general_notes, '' AS record_sha256, '' AS source_stamp, "
            "TIMESTAMP '2000-01-01' AS first_seen_at, TIMESTAMP '2000-01-01' AS changed_at",
            [(pmid, title) for pmid, title, _, _ in rows],
        )
        con.executemany(
            "INSERT INTO core.abstract_sections BY NAME SELECT ? AS pmid, 1 AS section_no, "
            "'main' AS abstract_type, ? AS text",
            [(pmid, abstract) for pmid, _, abstract, _ in rows if abstract],
        )
        _present(con, "true")
        yield con, {pmid: (label,) for pmid, _, _, label in rows}


@contextmanager
def tagged(
    paths: Sequence[Path], mapping: LabelMapping, part: str, sql: Path
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[int, tuple[str, ...]]]]:
    """Records of PubMed files whose publication types mean a class of the mapping.

    Args:
        paths: PubMed XML or .nbib files.
        mapping: classes and split.
        part: develop, unseen or all.
        sql: directory with the schema.

    Yields:
        A connection whose schema `withheld` holds those records, and their tags by PMID.
    """
    with _database(sql) as con:
        stage.create_staging(con)
        for path in paths:
            if not path.is_file():
                raise ConfigurationError(f"There is no file {path}.", effect="Nothing was done.")
            stage.stage_file(con, path, raw_file=None, stamp=path.name)
            con.execute("BEGIN")
            load.merge(con, _LOADED_AT)
            con.execute("COMMIT")
            stage.empty_staging(con)
        known = {label for s in mapping.schemes for one in s.classes for label in one.labels}
        tags = {
            pmid: tuple(names)
            for pmid, names in con.execute(
                "SELECT pmid, list(publication_type ORDER BY position) "
                "FROM core.publication_types GROUP BY pmid ORDER BY pmid"
            ).fetchall()
            if known & set(names) and part in (ALL, mapping.split.part(str(pmid)))
        }
        con.execute("CREATE TEMP TABLE evaluated (pmid INTEGER)")
        con.execute("INSERT INTO evaluated SELECT unnest(?::INTEGER[])", [list(tags)])
        _present(con, "pmid IN (FROM evaluated)")
        yield con, tags


@contextmanager
def _database(sql: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        database.configure(con)
        for path in database.schema_files(sql):
            con.execute(path.read_text(encoding="utf-8"))
        yield con


def _present(con: duckdb.DuckDBPyConnection, condition: str) -> None:
    """The schema `withheld`: texts and links of the chosen records, no terms NLM assigned."""
    con.execute(f"CREATE SCHEMA {SCHEMA}")
    for table in PARSED_COLUMNS:
        shown = condition if table in _SHOWN_TABLES else "false"
        con.execute(f"CREATE VIEW {SCHEMA}.{table} AS SELECT * FROM core.{table} WHERE {shown}")


def _rows(path: Path, mapping: LabelMapping, part: str) -> list[tuple[int, str, str, str]]:
    """(number, title, abstract, label) of the part; a record that is there twice counts once.

    Records are numbered, since some sets hold records without a PMID.
    """
    columns = mapping.columns
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = sorted(set(columns.values()) - set(reader.fieldnames or ()))
            if missing:
                raise ConfigurationError(
                    f"{path} has no column {missing[0]}.",
                    effect="Nothing was evaluated.",
                    next_step="name the columns in the mapping file, under [columns].",
                )
            rows = [tuple(row[columns[name]] for name in _ROW) for row in reader]
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}.", effect="Nothing was evaluated."
        ) from error
    wanted = dict.fromkeys(row[0] for row in rows if part in (ALL, mapping.split.part(row[0])))
    found = {identifier: rest for identifier, *rest in reversed(rows) if identifier in wanted}
    return [
        (number, found[identifier][0], found[identifier][1], found[identifier][2])
        for number, identifier in enumerate(wanted, 1)
    ]


_ROW = ("pmid", "title", "abstract", "label")
