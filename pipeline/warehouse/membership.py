"""Which records belong to which search, since when, and why: ops.search_hits.

A live search's members are the UIDs PubMed answered with; the local predicate only
explains them, and every disagreement about a held record is listed in
ops.search_differences. Files have no answer, so there the predicate decides, and
nothing ever leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb


def update(
    con: duckdb.DuckDBPyConnection,
    answers: Mapping[str, Sequence[int]],
    reasons: Mapping[str, str],
    gone: Sequence[int],
    as_of: datetime,
) -> dict[str, dict[str, int]]:
    """Bring the memberships of each search up to date.

    Needs core as merged, evidence.article_topics as judged, and ops.known_articles.

    Args:
        con: the warehouse, in the caller's transaction.
        answers: search to PMIDs as PubMed answered; a search without an answer is a
            file search, whose members are the predicate's.
        reasons: every search in scope of the run, with the entered_reason of records that enter
            now.
        gone: PMIDs asked for in this run that PubMed no longer delivers.
        as_of: the run's time.

    Returns:
        per search: members, entered, left, pubmed_only, local_only.
    """
    _note_answers(con, answers, reasons)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE members AS
        WITH local_hits AS (
            SELECT search.search, topic.pmid
            FROM evidence.searches AS search
            JOIN evidence.article_topics AS topic ON list_contains(search.topics, topic.topic)
            GROUP BY search.search, search.topics, topic.pmid
            HAVING count(*) = len(search.topics)
            UNION ALL
            SELECT search.search, a.pmid
            FROM evidence.searches AS search CROSS JOIN core.articles AS a
            WHERE len(search.topics) = 0
        ),
        held AS (
            SELECT s.search, s.has_answer, a.pmid, a.record_source,
                x.pmid IS NOT NULL AS in_answer, l.pmid IS NOT NULL AS in_local,
                y.is_focus AND a.record_source = 'sparse' AND EXISTS (
                    SELECT 1 FROM ops.known_articles AS k
                    WHERE k.pmid = a.pmid OR (k.pmid IS NULL AND lower(k.doi) = lower(a.doi))
                ) AS is_listed
            FROM scope AS s
            JOIN evidence.searches AS y ON y.search = s.search
            CROSS JOIN core.articles AS a
            LEFT JOIN answered AS x ON x.search = s.search AND x.pmid = a.pmid
            LEFT JOIN local_hits AS l ON l.search = s.search AND l.pmid = a.pmid
        )
        SELECT search, pmid, has_answer,
            CASE
                WHEN in_answer AND in_local THEN 'both'
                WHEN in_answer THEN 'pubmed'
                WHEN in_local THEN 'local'
                ELSE 'listed'
            END AS matched_by,
            -- an answer decides about what PubMed could have answered with; of a citation
            -- list the titles decide, and for known kratom articles the list itself
            in_answer
            OR (in_local AND (NOT has_answer OR record_source = 'sparse'))
            OR is_listed AS is_member
        FROM held
        WHERE in_answer OR in_local OR is_listed
        """
    )
    con.execute(
        """
        UPDATE ops.search_hits AS h
        SET left_at = ?::TIMESTAMP,
            left_reason = CASE
                WHEN h.pmid NOT IN (SELECT pmid FROM core.articles) THEN 'deleted'
                WHEN list_contains(?::INTEGER[], h.pmid) THEN 'deleted'
                WHEN s.reason IN ('strategy_changed', 'translation_changed') THEN s.reason
                ELSE 'left'
            END
        FROM scope AS s
        WHERE s.search = h.search AND h.left_at IS NULL
            AND (s.has_answer OR h.pmid NOT IN (SELECT pmid FROM core.articles))
            AND NOT EXISTS (
                SELECT 1 FROM members AS m
                WHERE m.is_member AND m.search = h.search AND m.pmid = h.pmid
            )
        """,
        [as_of, list(gone)],
    )
    con.execute(
        """
        INSERT INTO ops.search_hits
        SELECT m.search, m.pmid, ?::TIMESTAMP, NULL, s.reason, NULL, NULL, m.matched_by
        FROM members AS m JOIN scope AS s USING (search)
        WHERE m.is_member AND NOT EXISTS (
            SELECT 1 FROM ops.search_hits AS h
            WHERE h.search = m.search AND h.pmid = m.pmid AND h.left_at IS NULL
        )
        ORDER BY m.search, m.pmid
        """,
        [as_of],
    )
    con.execute(
        """
        UPDATE ops.search_hits AS h SET matched_by = m.matched_by
        FROM members AS m
        WHERE m.is_member AND m.search = h.search AND m.pmid = h.pmid AND h.left_at IS NULL
            AND m.matched_by <> h.matched_by
        """
    )
    _note_deletions(con, as_of)
    _note_merges(con, as_of)
    _note_differences(con)
    return _counts(con, as_of)


def keep(
    con: duckdb.DuckDBPyConnection,
    answers: Mapping[str, Sequence[int]],
    reasons: Mapping[str, str],
    as_of: datetime,
) -> dict[str, dict[str, int]]:
    """Leave all memberships as they are; arguments and result as those of `update`."""
    _note_answers(con, answers, reasons)
    return _counts(con, as_of)


def _note_answers(
    con: duckdb.DuckDBPyConnection,
    answers: Mapping[str, Sequence[int]],
    reasons: Mapping[str, str],
) -> None:
    """TEMP answered (search, pmid) and scope (search, has_answer, reason); the checks read them."""
    con.execute("CREATE OR REPLACE TEMP TABLE answered (search VARCHAR, pmid INTEGER)")
    for search, pmids in answers.items():
        con.execute("INSERT INTO answered SELECT ?, unnest(?::INTEGER[])", [search, list(pmids)])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scope (search VARCHAR, has_answer BOOLEAN, reason VARCHAR)"
    )
    for search, reason in reasons.items():
        con.execute("INSERT INTO scope VALUES (?, ?, ?)", [search, search in answers, reason])


def _note_deletions(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Say in the change log which held records PubMed no longer delivers."""
    con.execute(
        """
        INSERT OR REPLACE INTO ops.article_changes
        SELECT DISTINCT h.pmid, ?::TIMESTAMP, 'record', a.title, 'no longer delivered by PubMed'
        FROM ops.search_hits AS h JOIN core.articles AS a USING (pmid)
        WHERE h.left_at = ? AND h.left_reason = 'deleted'
        ORDER BY h.pmid
        """,
        [as_of, as_of],
    )


def _note_merges(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Call a deletion a merge where there is evidence: a member or a new record has its DOI.

    PubMed itself says nothing about where a deleted PMID went. Of several members with that
    DOI the first is named, so that a rebuild names the same.
    """
    con.execute(
        """
        UPDATE ops.search_hits AS h
        SET left_reason = 'merged', merged_into_pmid = e.kept
        FROM (
            SELECT m.search, gone.pmid, min(o.pmid) AS kept
            FROM core.articles AS gone
            JOIN core.articles AS o ON lower(o.doi) = lower(gone.doi) AND o.pmid <> gone.pmid
            JOIN ops.search_hits AS m ON m.pmid = o.pmid AND m.left_at IS NULL
            GROUP BY m.search, gone.pmid
        ) AS e
        WHERE h.left_at = ? AND h.left_reason = 'deleted'
            AND h.search = e.search AND h.pmid = e.pmid
        """,
        [as_of],
    )
    con.execute(
        """
        UPDATE ops.search_hits AS h SET left_reason = 'merged', merged_into_pmid = c.record_pmid
        FROM cited_as AS c WHERE h.left_at = ? AND h.pmid = c.pmid
        """,
        [as_of],
    )


def _note_differences(con: duckdb.DuckDBPyConnection) -> None:
    """Where answer and predicate disagree; about a record PubMed no longer holds they cannot."""
    con.execute("DELETE FROM ops.search_differences WHERE search IN (SELECT search FROM scope)")
    con.execute(
        """
        INSERT INTO ops.search_differences
        SELECT search, pmid, matched_by FROM members
        WHERE has_answer AND (
            matched_by = 'pubmed'
            OR (matched_by = 'local' AND NOT is_member AND pmid NOT IN (
                SELECT pmid FROM ops.search_hits GROUP BY pmid
                HAVING bool_and(left_at IS NOT NULL) AND max(left_at)
                    = max(left_at) FILTER (left_reason IN ('deleted', 'merged'))
            ))
        )
        ORDER BY search, pmid
        """
    )


def _counts(con: duckdb.DuckDBPyConnection, as_of: datetime) -> dict[str, dict[str, int]]:
    rows = con.execute(
        """
        SELECT s.search,
            count(*) FILTER (h.pmid IS NOT NULL AND h.left_at IS NULL),
            count(*) FILTER (h.entered_at = ?),
            count(*) FILTER (h.left_at = ?),
            coalesce(any_value(d.pubmed_only), 0),
            coalesce(any_value(d.local_only), 0)
        FROM scope AS s
        LEFT JOIN ops.search_hits AS h ON h.search = s.search
        LEFT JOIN (
            SELECT search,
                count(*) FILTER (matched_by = 'pubmed') AS pubmed_only,
                count(*) FILTER (matched_by = 'local') AS local_only
            FROM ops.search_differences GROUP BY search
        ) AS d ON d.search = s.search
        GROUP BY s.search ORDER BY s.search
        """,
        [as_of, as_of],
    ).fetchall()
    names = ("members", "entered", "left", "pubmed_only", "local_only")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}
