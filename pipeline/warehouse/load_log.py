"""What a load notes beside the records: what changed in them, and what could not be read.

Before the winners of a merge replace their old rows, the old values are kept; afterwards each
field that differs becomes a row of ops.article_changes. Rows of a child table count as one value,
joined by ' | '. What could not be read is kept in ops.quarantine, its bytes and the reason.
"""

from __future__ import annotations

import re
from datetime import datetime

import duckdb

from pipeline.pubmed.parsing.tables import PARSED_COLUMNS

# bookkeeping of ours, which changes with every new body
_NOT_COMPARED = {"pmid", "record_sha256", "raw_file", "raw_offset", "raw_length", "source_stamp"}
_PMID = re.compile(rb"<PMID[^>]*>\s*(\d{1,9})\s*<|^\s*PMID *- *(\d{1,9})\s*$", re.MULTILINE)
"""The first PMID in the bytes of a record, XML or .nbib."""


def replaces(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the winners take the place of any row that is held; often none does."""
    row = con.execute("SELECT bool_or(is_held) FROM winners").fetchone()
    return row is not None and bool(row[0])


def remember_before(con: duckdb.DuckDBPyConnection) -> None:
    """TEMP values_before (pmid, field, value) for the held records about to be replaced."""
    if replaces(con):
        _values(con, "values_before")


def log_changes(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Compare with the rows now in core and add the differences to ops.article_changes."""
    if not replaces(con):
        return
    _values(con, "values_after")
    con.execute(
        """
        INSERT OR REPLACE INTO ops.article_changes
        SELECT pmid, ?::TIMESTAMP, field, b.value, a.value
        FROM values_before AS b FULL JOIN values_after AS a USING (pmid, field)
        WHERE b.value IS DISTINCT FROM a.value
        ORDER BY pmid, field
        """,
        [as_of],
    )


def _values(con: duckdb.DuckDBPyConnection, target: str) -> None:
    parts = []
    for table, parsed in PARSED_COLUMNS.items():
        columns = [c for c in parsed if c not in {"record_no", *_NOT_COMPARED}]
        if table == "articles":
            pairs = ", ".join(f"{{'field': '{c}', 'value': {c}::VARCHAR}}" for c in columns)
            parts.append(
                f"SELECT pmid, unnest([{pairs}], recursive := true) FROM core.articles "
                "WHERE pmid IN (SELECT pmid FROM winners WHERE is_held)"
            )
        else:
            row = ", ".join(f"coalesce({c}::VARCHAR, '')" for c in columns)
            order = ", ".join(columns[:2])
            parts.append(
                f"SELECT pmid, '{table}' AS field, "
                f"string_agg(concat_ws('; ', {row}), ' | ' ORDER BY {order}) AS value "
                f"FROM core.{table} "
                "WHERE pmid IN (SELECT pmid FROM winners WHERE is_held) GROUP BY pmid"
            )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS " + " UNION ALL ".join(parts))


def set_aside(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Keep what could not be read; what lies there is settled when a text of its PMID is read."""
    con.execute(
        """
        UPDATE ops.quarantine SET read_at = ?::TIMESTAMP
        WHERE read_at IS NULL AND pmid IN (SELECT pmid FROM staging.core.articles)
        """,
        [as_of],
    )
    rows = con.execute(
        "SELECT raw_file, raw_offset, reason, record_bytes, source_stamp "
        "FROM staging.core.unreadable"
    ).fetchall()
    for raw_file, raw_offset, reason, raw, stamp in rows:
        seen = _PMID.search(raw)
        con.execute(
            """
            INSERT INTO ops.quarantine
            SELECT $file, $offset, $as_of::TIMESTAMP, $pmid::INTEGER, $reason, $raw::BLOB,
                -- the same run may have got a readable text after this one
                CASE WHEN EXISTS (
                    SELECT 1 FROM staging.core.articles AS c
                    WHERE c.pmid = $pmid::INTEGER AND c.source_stamp > $stamp
                ) THEN $as_of::TIMESTAMP END
            ON CONFLICT DO UPDATE SET read_at = excluded.read_at
            """,
            {
                "file": raw_file,
                "offset": raw_offset,
                "as_of": as_of,
                "pmid": int(seen[1] or seen[2]) if seen else None,
                "reason": reason,
                "raw": raw,
                "stamp": stamp,
            },
        )
