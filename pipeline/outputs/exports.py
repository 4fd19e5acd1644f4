"""Every relation of the database as Parquet and CSV under tables/."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline.escaping import FORMULA
from pipeline.storage import literal

SCHEMAS = ("core", "evidence", "marts", "ops")
# raw bytes, a view as large as all texts together, and the program's own notes; all of them
# are in ketum.duckdb
NOT_EXPORTED = {"ops.quarantine", "core.article_words", "ops.judged"}
FORMATS = ("parquet", "csv")


class Exported(NamedTuple):
    """One relation as exported: its fields as (name, type, comment) and its rows."""

    relation: str
    comment: str
    fields: list[tuple[str, str, str]]
    row_count: int


def export_all(con: duckdb.DuckDBPyConnection, directory: Path) -> list[Exported]:
    """Write `<schema>.<relation>.parquet` and `.csv` for every table and view.

    CSV: UTF-8 with header; lists as JSON; text that a spreadsheet would run as a
    formula gets a leading apostrophe. Parquet holds the values as they are.
    """
    directory.mkdir()
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
    exported = []
    for schema, table, comment, columns in rows:
        relation = f"{schema}.{table}"
        if relation in NOT_EXPORTED:
            continue
        fields = [(name, data_type, remark) for name, data_type, remark in columns]
        target = directory / relation
        parquet, text = (literal(target.with_name(f"{relation}.{kind}")) for kind in FORMATS)
        con.execute(f"COPY {relation} TO {parquet} (FORMAT parquet, COMPRESSION zstd)")
        con.execute(
            f"COPY (SELECT {', '.join(_csv_column(*field) for field in fields)} FROM {relation}) "
            f"TO {text} (FORMAT csv, HEADER true)"
        )
        count = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
        assert count is not None
        exported.append(Exported(relation, comment, fields, int(count[0])))
    return exported


def _csv_column(name: str, data_type: str, _remark: str) -> str:
    if data_type.endswith("[]"):
        value = f"to_json({name})::VARCHAR"
    elif data_type == "VARCHAR":
        value = name
    else:
        return name
    guarded = f"regexp_matches({value}, '{FORMULA}')"
    return f"CASE WHEN {guarded} THEN '''' || {value} ELSE {value} END AS {name}"
