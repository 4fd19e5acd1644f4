"""What could not be read: its bytes and the reason in ops.quarantine; which hits lack a record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb

_PMID = re.compile(rb"<PMID[^>]*>\s*(\d{1,9})\s*<|^\s*PMID *- *(\d{1,9})\s*$", re.MULTILINE)
"""The first PMID in the bytes of a record, XML or .nbib."""


def set_aside(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Keep what could not be read; what lies there is settled when a text of its PMID is read.

    Args:
        con: the warehouse, with staging.
        as_of: UTC time of the run.
    """
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


def note_unread(con: duckdb.DuckDBPyConnection, answers: Mapping[str, Sequence[int]]) -> None:
    """Make ops.unread_records anew: what the answers list and could not be read.

    Args:
        con: the warehouse, with core and ops.quarantine as merged.
        answers: search to PMIDs as PubMed answered.
    """
    con.execute("DELETE FROM ops.unread_records")
    for search, pmids in answers.items():
        con.execute(
            """
            INSERT INTO ops.unread_records
            SELECT ?, x.pmid, a.pmid IS NOT NULL, coalesce(
                q.reason,
                CASE
                    WHEN x.pmid IN (SELECT d.pmid FROM core.deleted_citations AS d)
                        THEN 'what came with it says that it is deleted'
                    ELSE 'PubMed lists it and did not deliver it'
                END
            )
            FROM (SELECT unnest(?::INTEGER[]) AS pmid) AS x
            LEFT JOIN core.articles AS a ON a.pmid = x.pmid
            LEFT JOIN (
                SELECT pmid, arg_max(reason, (seen_at, raw_file, raw_offset)) AS reason
                FROM ops.quarantine WHERE read_at IS NULL GROUP BY pmid
            ) AS q ON q.pmid = x.pmid
            WHERE a.pmid IS NULL OR q.pmid IS NOT NULL
            ORDER BY x.pmid
            """,
            [search, list(pmids)],
        )
