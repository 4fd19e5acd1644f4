"""Merge staged records into core.*: the better copy of a PMID wins, whatever the order.

Which copy wins (docs/architecture.md): source (NLM XML, then .nbib, then a sparse
citation), then NLM's Version, then DateRevised, then file order or time of fetching.
Everything here happens in the caller's open transaction.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from pipeline.identifiers import same_doi
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.warehouse import load_log

CHILD_TABLES = tuple(table for table in PARSED_COLUMNS if table != "articles")

_RANK = "CASE {0}.record_source WHEN 'pubmed_xml' THEN 3 WHEN 'nbib' THEN 2 ELSE 1 END"
_ORDER = (
    "(" + _RANK + ", {0}.pmid_version, coalesce({0}.date_revised, DATE '0001-01-01'), "
    "{0}.source_stamp)"
)


def merge(con: duckdb.DuckDBPyConnection, as_of: datetime) -> dict[str, int]:
    """Bring `staging` into `core`, log what changed, apply deletions.

    Returns:
        counts (records or PMIDs): read, new, changed, older (another text than the one held, and
        no newer, see TEMP older_copies), deleted (held until now), withheld (a
        DeleteCitation names the copy that was read), quarantined.
    """
    for table, columns in _FOUND.items():
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")
    if _is_held(con):
        _move_places(con)
    else:
        _find_deletions(con, as_of)
        _find_cited_records(con)
        _find_winners(con)
        _move_places(con)
        _find_older_copies(con)
        load_log.remember_before(con)
        _drop(con, "cited_as", "'held as PMID ' || record_pmid", as_of)
        _keep_other_versions(con, as_of)
        _replace_winners(con, as_of)
        _keep_revisions(con, as_of)
        load_log.log_changes(con, as_of)
        _delete_deleted(con, as_of)
        _refresh_journals(con)
    load_log.set_aside(con, as_of)
    return {
        "read": _count(con, "staging.core.articles"),
        "new": _count(con, "winners WHERE NOT is_held"),
        "changed": _count(con, "winners WHERE is_held"),
        "older": _count(con, "older_copies"),
        "deleted": _count(con, "deleted_held"),
        "withheld": _count(con, "staging.core.articles AS c WHERE " + _IS_DELETED.format("c")),
        "quarantined": _count(con, "staging.core.unreadable"),
    }


def changed(con: duckdb.DuckDBPyConnection) -> list[int]:
    """PMIDs whose text came or was replaced by the `merge` of this transaction."""
    return [pmid for (pmid,) in con.execute("SELECT pmid FROM winners ORDER BY pmid").fetchall()]


def _count(con: duckdb.DuckDBPyConnection, what: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {what}").fetchone()
    assert row is not None
    return int(row[0])


def _find_deletions(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    con.execute(
        """
        INSERT INTO core.deleted_citations
        SELECT DISTINCT pmid, pmid_version, source_stamp, ? FROM staging.core.deletions
        ON CONFLICT DO NOTHING
        """,
        [as_of],
    )


_FOUND = {
    "cited_as": "pmid INTEGER, record_pmid INTEGER",
    "winners": "record_no INTEGER, pmid INTEGER, is_held BOOLEAN",
    "older_copies": "pmid INTEGER, delivered VARCHAR, held VARCHAR, is_same_date BOOLEAN",
    "deleted_held": "pmid INTEGER",
}
"""TEMP tables that `merge` leaves."""


# A deletion applies to copies no newer than its file. Only NLM's numbered files have an order
# that can be told; from any other file it applies to that file's own copies.
_IS_DELETED = """
    EXISTS (
        SELECT 1 FROM core.deleted_citations AS d
        WHERE d.pmid = {0}.pmid AND d.pmid_version = {0}.pmid_version
            AND (
                split_part({0}.source_stamp, ':', 1) = d.source_stamp
                OR (
                    regexp_full_match(d.source_stamp, 'pubmed\\d\\dn\\d+')
                    AND regexp_full_match({0}.source_stamp, 'pubmed\\d\\dn\\d+:\\d+')
                    AND {0}.source_stamp < d.source_stamp
                )
            )
    )
"""


def _is_held(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether all that was staged is in core, byte for byte, so that nothing can change there."""
    row = con.execute(
        f"""
        SELECT count(*) FROM (
            SELECT pmid FROM staging.core.deletions
            UNION ALL
            SELECT record_no FROM staging.core.unreadable
            UNION ALL
            SELECT c.pmid FROM staging.core.articles AS c
            WHERE NOT EXISTS (
                    SELECT 1 FROM core.articles AS a
                    WHERE a.pmid = c.pmid AND a.record_sha256 = c.record_sha256
                ) OR {_IS_DELETED.format("c")}
        )
        """
    ).fetchone()
    return row == (0,)


def _find_cited_records(con: duckdb.DuckDBPyConnection) -> None:
    """TEMP cited_as (pmid, record_pmid): citations known by a DOI that a record of PubMed has.

    Such a citation is held no longer, or not at all: the record says all of it, and more.
    """
    both = f"""
        (
            SELECT pmid, doi FROM core.articles
            UNION
            SELECT pmid, doi FROM staging.core.articles AS c WHERE NOT {_IS_DELETED.format("c")}
        )
    """
    citations = con.execute(f"SELECT pmid, doi FROM {both} WHERE pmid < 0 ORDER BY pmid").fetchall()
    if not citations:
        return
    records = con.execute(
        f"SELECT doi, pmid FROM {both} WHERE pmid > 0 AND doi IS NOT NULL ORDER BY pmid DESC"
    ).fetchall()
    held = {same: pmid for doi, pmid in records if (same := same_doi(doi))}
    found = [(pmid, held[same]) for pmid, doi in citations if (same := same_doi(doi)) in held]
    if found:
        con.executemany("INSERT INTO cited_as VALUES (?, ?)", found)


def _drop(con: duckdb.DuckDBPyConnection, gone: str, becomes: str, as_of: datetime) -> None:
    """Remove the records of a TEMP table from core, and log what became of each."""
    if not _count(con, gone):
        return
    con.execute(
        f"""
        INSERT OR REPLACE INTO ops.article_changes
        SELECT pmid, ?::TIMESTAMP, 'record', a.title, {becomes}
        FROM {gone} JOIN core.articles AS a USING (pmid)
        ORDER BY pmid
        """,
        [as_of],
    )
    for table in ("articles", "article_versions", *CHILD_TABLES):
        con.execute(f"DELETE FROM core.{table} WHERE pmid IN (SELECT pmid FROM {gone})")


def _find_winners(con: duckdb.DuckDBPyConnection) -> None:
    """TEMP winners (record_no, pmid, is_held): staged copies that go into core.articles."""
    order, held = _ORDER.format("c"), _ORDER.format("a")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE winners AS
        SELECT c.record_no, c.pmid, a.pmid IS NOT NULL AS is_held
        FROM (
            SELECT *, row_number() OVER (PARTITION BY pmid ORDER BY {order} DESC) AS place
            FROM staging.core.articles AS c
            WHERE NOT {_IS_DELETED.format("c")}
                AND c.pmid NOT IN (SELECT pmid FROM cited_as)
        ) AS c
        LEFT JOIN core.articles AS a USING (pmid)
        WHERE c.place = 1
            AND (a.pmid IS NULL OR ({order} > {held} AND c.record_sha256 <> a.record_sha256))
        """
    )


def _move_places(con: duckdb.DuckDBPyConnection) -> None:
    """Of the same bytes seen again later, only the place in the order of copies moves."""
    con.execute(
        """
        UPDATE core.articles AS a SET source_stamp = c.source_stamp
        FROM (
            SELECT pmid, record_sha256, max(source_stamp) AS source_stamp
            FROM staging.core.articles GROUP BY ALL
        ) AS c
        WHERE c.pmid = a.pmid AND c.record_sha256 = a.record_sha256
            AND c.source_stamp > a.source_stamp
        """
    )


def _find_older_copies(con: duckdb.DuckDBPyConnection) -> None:
    """TEMP older_copies: the best text that came is not ours and no newer; a revision, then.

    `delivered` and `held` are dates of revision as NLM states them, with the version. Where they
    are the same (`is_same_date`), the file that came has no later place than the one of ours.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE older_copies AS
        SELECT c.pmid,
            concat('version ', c.pmid_version, ' of ', coalesce(c.date_revised::VARCHAR, 'no date'))
                AS delivered,
            concat('version ', a.pmid_version, ' of ', coalesce(a.date_revised::VARCHAR, 'no date'))
                AS held,
            delivered = held AS is_same_date
        FROM staging.core.articles AS c
        JOIN core.articles AS a USING (pmid)
        WHERE NOT {_IS_DELETED.format("c")}
            AND c.record_source = a.record_source
            AND c.record_sha256 <> a.record_sha256
        QUALIFY row_number() OVER (PARTITION BY c.pmid ORDER BY {_ORDER.format("c")} DESC) = 1
            AND {_ORDER.format("c")} <= {_ORDER.format("a")}
            AND c.pmid NOT IN (
                SELECT s.pmid FROM staging.core.articles AS s
                WHERE s.record_sha256 = a.record_sha256
            )
        """
    )


def _keep_other_versions(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Versions of a PMID beside the winning one; a winner's own old row leaves the table."""
    columns = (
        "pmid, pmid_version, title, doi, date_revised, record_sha256, "
        "raw_file, raw_offset, raw_length, source_stamp"
    )
    copy = ", ".join(f"c.{column}" for column in columns.split(", "))
    con.execute(
        f"""
        INSERT OR REPLACE INTO core.article_versions
        SELECT {copy}, coalesce(r.seen_at, ?::TIMESTAMP) AS seen_at
        FROM (
            SELECT {columns} FROM core.article_versions
            UNION ALL
            SELECT {columns} FROM core.articles WHERE pmid IN (SELECT pmid FROM winners)
            UNION ALL
            SELECT {columns} FROM staging.core.articles AS c WHERE NOT {_IS_DELETED.format("c")}
        ) AS c
        -- a copy that was held until now, or is read again, was seen before
        LEFT JOIN core.article_revisions AS r
            ON r.pmid = c.pmid AND r.pmid_version = c.pmid_version
            AND r.content_sha = c.record_sha256
        QUALIFY row_number() OVER (
            PARTITION BY c.pmid, c.pmid_version
            ORDER BY coalesce(c.date_revised, DATE '0001-01-01') DESC, c.source_stamp DESC
        ) = 1
        """,
        [as_of],
    )


def _replace_winners(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE incoming AS
        SELECT s.* EXCLUDE (record_no),
            coalesce(a.first_seen_at, ?::TIMESTAMP) AS first_seen_at,
            ?::TIMESTAMP AS changed_at
        FROM staging.core.articles AS s
        JOIN winners AS w ON w.record_no = s.record_no
        LEFT JOIN core.articles AS a ON a.pmid = s.pmid
        """,
        [as_of, as_of],
    )
    replaces = load_log.replaces(con)
    con.execute("DELETE FROM core.articles WHERE pmid IN (SELECT pmid FROM winners WHERE is_held)")
    con.execute("INSERT INTO core.articles BY NAME SELECT * FROM incoming ORDER BY pmid")
    for table in CHILD_TABLES:
        if replaces:
            con.execute(
                f"DELETE FROM core.{table} WHERE pmid IN (SELECT pmid FROM winners WHERE is_held)"
            )
        con.execute(
            f"""
            INSERT INTO core.{table} BY NAME
            SELECT w.pmid, s.* EXCLUDE (record_no)
            FROM staging.core.{table} AS s JOIN winners AS w USING (record_no)
            """
        )
    con.execute(
        """
        DELETE FROM core.article_versions AS v USING core.articles AS a
        WHERE a.pmid = v.pmid AND a.pmid_version = v.pmid_version
        """
    )
    con.execute(
        "DELETE FROM core.article_versions WHERE pmid NOT IN (SELECT pmid FROM core.articles)"
    )


def _keep_revisions(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    con.execute(
        """
        INSERT INTO core.article_revisions
        SELECT pmid, pmid_version, record_source, record_sha256, date_revised,
            raw_file, raw_offset, raw_length, ?::TIMESTAMP
        FROM staging.core.articles
        WHERE pmid IN (SELECT pmid FROM core.articles)
        QUALIFY row_number() OVER (
            PARTITION BY pmid, pmid_version, record_sha256 ORDER BY source_stamp
        ) = 1
        ON CONFLICT DO NOTHING
        """,
        [as_of],
    )


def _delete_deleted(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE deleted_held AS
        SELECT a.pmid FROM core.articles AS a
        WHERE a.pmid IN (SELECT pmid FROM core.deleted_citations) AND {_IS_DELETED.format("a")}
        """
    )
    con.execute(f"DELETE FROM core.article_versions AS v WHERE {_IS_DELETED.format('v')}")
    _drop(con, "deleted_held", "'deleted'", as_of)


def _refresh_journals(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM core.journals")
    con.execute(
        """
        INSERT INTO core.journals
        SELECT nlm_unique_id, medline_ta, journal_title, iso_abbreviation, issn_linking,
            journal_country
        FROM core.articles
        WHERE pmid IN ( -- of the record revised last; sorting all takes ten times as long
            SELECT arg_max(pmid, (coalesce(date_revised, DATE '0001-01-01'), pmid))
            FROM core.articles
            WHERE nlm_unique_id IS NOT NULL
            GROUP BY nlm_unique_id
        )
        ORDER BY nlm_unique_id
        """
    )
