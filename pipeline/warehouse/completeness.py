"""Which searches are complete: PubMed answered, and every record of its answer was read.

Which records could not be read, and why, is noted here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipeline.pubmed.search import SearchAnswer
from pipeline.warehouse.searches import strategy_sha256


@dataclass(frozen=True)
class SearchRow:
    """What a run says of one search.

    Attributes:
        name: of the search, as in topics.toml; label and mode too.
        query: the term that PubMed gets for it.
        answer: PubMed's answer; None where it was not asked.
        translation: how PubMed read the query, compared with the last time
            (ops.searches.translation_status).
        reason: why a record that enters now does (`searches.entered_reasons`).
        member_count: records that belong to it now.
        is_asked_of_pubmed: whether the answer is PubMed's own, of a live search.
    """

    name: str
    label: str
    mode: str
    query: str
    answer: SearchAnswer | None
    translation: str | None
    reason: str
    member_count: int
    is_asked_of_pubmed: bool


def note_unread(con: duckdb.DuckDBPyConnection, answers: Mapping[str, Sequence[int]]) -> None:
    """Fill ops.unread_records again: what the answers list and could not be read."""
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


def note_searches(
    con: duckdb.DuckDBPyConnection, run_id: str, as_of: datetime, searches: Iterable[SearchRow]
) -> None:
    """Add a run's searches to ops.searches, each complete or not; needs ops.unread_records.

    A search is complete where PubMed itself answered and every record of the answer was read.
    """
    unread: dict[str, int] = dict(
        con.execute("SELECT search, count(*) FROM ops.unread_records GROUP BY search").fetchall()
    )
    for one in searches:
        is_complete = one.is_asked_of_pubmed and one.name not in unread
        con.execute(
            "INSERT INTO ops.searches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run_id,
                one.name,
                one.label,
                one.mode,
                one.query,
                strategy_sha256(one.query),
                as_of,
                one.answer.query_translation if one.answer else None,
                one.translation,
                list(one.answer.warnings) if one.answer else [],
                len(one.answer.pmids) if one.answer else one.member_count,
                is_complete,
                unread.get(one.name, 0),
                one.reason in ("first_run", "strategy_changed"),
            ],
        )
