"""Every relation as files under tables/.

A relation of a small set is two files, Parquet and CSV, which anybody opens. A large one of a
large set is Parquet alone, a file for each range of PMIDs (`outputs.parts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

import duckdb

from pipeline import progress
from pipeline.escaping import FORMULA
from pipeline.outputs import parts, threads
from pipeline.outputs.manifest import Exported, Part
from pipeline.outputs.parts import Cut, Marks
from pipeline.storage import literal

SCHEMAS = ("core", "evidence", "marts", "ops")
# raw bytes, a view as large as all texts together, and the program's own notes; all of them
# are in ketum.duckdb
NOT_EXPORTED = {"ops.quarantine", "core.article_words", "ops.judged"}
FORMATS = ("parquet", "csv")


def export_all(
    con: duckdb.DuckDBPyConnection,
    directory: Path,
    kept: Mapping[str, int],
    cut: Cut | None = None,
) -> list[Exported]:
    """Write `<schema>.<relation>.parquet` and `.csv` for every table and view.

    CSV: UTF-8 with header; lists as JSON; text that a spreadsheet would run as a
    formula gets a leading apostrophe. Parquet holds the values as they are.

    Args:
        con: the set's tables.
        directory: where to write.
        kept: relations whose files are there already, with their rows.
        cut: how large relations are cut into `<schema>.<relation>/*.parquet`.
    """
    rows = con.execute(
        """
        SELECT c.schema_name, c.table_name, coalesce(t.comment, v.comment, ''),
            list([c.column_name, c.data_type, coalesce(c.comment, '')] ORDER BY c.column_index)
        FROM duckdb_columns() AS c
        LEFT JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
        LEFT JOIN duckdb_views() AS v
            ON v.database_name = c.database_name AND v.schema_name = c.schema_name
            AND v.view_name = c.table_name
        WHERE c.database_name = current_database() AND list_contains(?, c.schema_name)
        GROUP BY ALL ORDER BY 1, 2
        """,
        [list(SCHEMAS)],
    ).fetchall()
    marks = Marks(con, cut) if cut else None
    begun: list[tuple[Exported, list[Future[tuple[str, Part] | None]]]] = []
    with threads.as_many_as_processors() as pool:
        for schema, table, comment, columns in rows:
            relation = f"{schema}.{table}"
            if relation in NOT_EXPORTED:
                continue
            fields = [(name, data_type, remark) for name, data_type, remark in columns]
            if relation in kept:
                begun.append((Exported(relation, comment, fields, kept[relation]), []))
                continue
            count = 0
            is_cut = cut is not None and relation in parts.BY_RECORD
            if not is_cut:
                has_pmid = any(name == "pmid" for name, _, _ in fields)
                pmids = "count(pmid)" if has_pmid else "0"
                counted = con.execute(f"SELECT count(*), {pmids} FROM {relation}").fetchone()
                assert counted is not None
                count, with_pmid = counted
                is_large = count > parts.LARGE and with_pmid == count
                is_cut = cut is not None and schema != "marts" and is_large
            one = Exported(relation, comment, fields, count)
            if cut and marks and is_cut:
                (directory / relation).mkdir()
                files = [
                    pool.submit(parts.write, con, relation, part, mark, cut, directory.parent)
                    for part, mark in marks.of(relation).items()
                ]
                begun.append((one._replace(row_count=0), files))
            else:
                begun.append((one, [pool.submit(_write_whole, con, one, directory)]))
        exported = []
        for number, (one, files) in enumerate(begun):
            progress.note(number, len(begun), "tables")
            made = dict(filter(None, (file.result() for file in files)))
            count = one.row_count + sum(part.row_count for part in made.values())
            exported.append(one._replace(row_count=count, parts=made))
    return exported


def _write_whole(con: duckdb.DuckDBPyConnection, one: Exported, directory: Path) -> None:
    """Write a relation as two files."""
    parquet, text = (directory / f"{one.relation}.{kind}" for kind in FORMATS)
    with con.cursor() as own:
        own.execute(f"COPY {one.relation} TO {literal(parquet)} (FORMAT parquet, COMPRESSION zstd)")
        if not text.exists():  # `redated` wrote it
            own.execute(
                f"COPY (SELECT {', '.join(_csv_column(*field) for field in one.fields)} "
                f"FROM {one.relation}) TO {literal(text)} (FORMAT csv, HEADER true)"
            )


def _csv_column(name: str, data_type: str, _remark: str) -> str:
    if data_type.endswith("[]"):
        value = f"to_json({name})::VARCHAR"
    elif data_type == "VARCHAR":
        value = name
    else:
        return name
    # most begin with a letter, which to see costs a tenth of looking for what a formula begins with
    guarded = f"{value} NOT BETWEEN 'A' AND 'z' AND regexp_matches({value}, '{FORMULA}')"
    return f"CASE WHEN {guarded} THEN '''' || {value} ELSE {value} END AS {name}"
