"""Which primary study types changed in a run, and why: record, rules, a decision, the program."""

from __future__ import annotations

from datetime import datetime

import duckdb


def remember_types(con: duckdb.DuckDBPyConnection) -> None:
    """Set aside the versions of the rules, and the primary types of what is judged again."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE types_before AS
        SELECT label.pmid, label.study_type, label.assigned_by, judged.rules_sha256
        FROM evidence.article_study_types AS label
        LEFT JOIN ops.judged AS judged USING (pmid)
        WHERE label.is_primary AND label.pmid IN (SELECT pmid FROM judging_stale)
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE rules_before AS "
        "SELECT kind, rules_version, rules_sha256 FROM evidence.rule_sets"
    )


def note_type_changes(con: duckdb.DuckDBPyConnection, as_of: datetime) -> int:
    """Write the changes to ops.study_type_changes; returns how many there were.

    Args:
        con: the warehouse, after `judge.judge` in the same transaction.
        as_of: the run's time; changes of records are in ops.article_changes under it.

    A record that is new or gone has no change of type.
    """
    con.execute(
        """
        INSERT OR REPLACE INTO ops.study_type_changes
        WITH record_changes AS (
            SELECT pmid, string_agg(field, ', ' ORDER BY field) AS fields
            FROM ops.article_changes
            WHERE changed_at = $as_of AND field IN ('title', 'publication_types',
                'mesh_headings', 'chemicals', 'abstract_sections', 'keywords', 'article_links')
            GROUP BY pmid
        ),
        rules AS (
            SELECT string_agg(concat('rules ', old.rules_version, ' to ', now.rules_version), '')
                AS told
            FROM rules_before AS old
            JOIN evidence.rule_sets AS now USING (kind)
            WHERE kind = 'study_type' AND old.rules_sha256 <> now.rules_sha256
        )
        SELECT now.pmid, $as_of::TIMESTAMP, old.study_type, now.study_type, coalesce(
            nullif(concat_ws('; ',
                CASE WHEN 'override' IN (old.assigned_by, now.assigned_by)
                    THEN 'a person''s decision' END,
                'record: ' || changed.fields,
                (SELECT told FROM rules)), ''),
            -- no field, version or decision tells it: the program, or what else rules rest on
            CASE WHEN judged.rules_sha256 IS DISTINCT FROM old.rules_sha256
                THEN 'program' ELSE 'record' END)
        FROM types_before AS old
        JOIN evidence.article_study_types AS now ON now.pmid = old.pmid AND now.is_primary
        LEFT JOIN record_changes AS changed ON changed.pmid = now.pmid
        LEFT JOIN ops.judged AS judged ON judged.pmid = now.pmid
        WHERE old.study_type <> now.study_type
        ORDER BY now.pmid
        """,
        {"as_of": as_of},
    )
    row = con.execute(
        "SELECT count(*) FROM ops.study_type_changes WHERE changed_at = ?", [as_of]
    ).fetchone()
    return int(row[0]) if row else 0
