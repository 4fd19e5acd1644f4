"""Which searches are complete: PubMed answered, and every record of its answer was read."""

from __future__ import annotations

from collections.abc import Iterable
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
        translation: how PubMed read the query, next to last time (ops.searches.translation_status).
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
