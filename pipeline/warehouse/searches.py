"""What ops knows of runs, searches and counts: how each was asked last, what is held of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.pubmed.about_pubmed import KIND
from pipeline.pubmed.archive import Archive
from pipeline.pubmed.search import ACCEPTED, GROWN
from pipeline.pubmed.sync import Held
from pipeline.storage import shown
from pipeline.warehouse.database import append

FINAL_STATUSES = ("MEDLINE", "PubMed-not-MEDLINE", "OLDMEDLINE")
"""MedlineCitation Status of records NLM has finished with; any other will change."""
EARLIEST_YEAR = 1781
"""Of the first journals in PubMed; an earlier date is an error, and no year is counted for it."""


class Wanted(NamedTuple):
    """A search that a run makes: a row of evidence.searches (sql/schema/evidence.sql)."""

    name: str
    label: str
    mode: str
    query: str
    minimum: int
    maximum: int | None


@dataclass(frozen=True)
class LastSearch:
    """What a search of the last committed run found, and how PubMed read it."""

    hit_count: int
    query_translation: str | None
    warnings: tuple[str, ...]
    is_other_strategy: bool


class RunRow(NamedTuple):
    """A row of ops.runs (sql/schema/ops.sql says what the columns mean)."""

    run_id: str
    mode: str
    as_of: datetime
    parameters: str
    ketum_version: str
    reference_sha256: str
    previous_published_at: str | None
    is_full_read: bool
    is_unchanged: bool
    request_count: int
    content_sha256: str


def read_wanted(con: duckdb.DuckDBPyConnection) -> list[Wanted]:
    """The searches of the reference file with which the last run judged, in its order."""
    rows = con.execute(
        "SELECT search, label, mode, pubmed_query, minimum_count, maximum_count "
        "FROM evidence.searches ORDER BY display_order"
    ).fetchall()
    return [Wanted(*row) for row in rows]


def strategy_sha256(query: str) -> str:
    """SHA-256 of a search's query: query and local predicate come from one definition."""
    return hashlib.sha256(query.encode()).hexdigest()


def last_search(con: duckdb.DuckDBPyConnection, name: str, query: str) -> LastSearch | None:
    """The last answer to a search; None if it was never asked.

    Args:
        con: the warehouse.
        name: of the search.
        query: its term now.
    """
    row = con.execute(
        """
        SELECT hit_count, query_translation, warnings, strategy_sha256 FROM ops.searches
        WHERE search = ? ORDER BY searched_at DESC LIMIT 1
        """,
        [name],
    ).fetchone()
    if row is None:
        return None
    return LastSearch(row[0], row[1], tuple(row[2]), row[3] != strategy_sha256(query))


def read_held(con: duckdb.DuckDBPyConnection, searches: Sequence[str]) -> Held:
    """What is held of some searches, before anything is asked for."""
    stays = con.execute(
        """
        SELECT search, pmid FROM ops.search_hits
        WHERE left_at IS NULL AND pmid > 0 AND list_contains(?::VARCHAR[], search)
        """,
        [list(searches)],
    ).fetchall()
    unread = con.execute("SELECT pmid FROM ops.unread_records").fetchall()
    unsettled = con.execute(
        """
        SELECT pmid FROM core.articles
        WHERE NOT coalesce(list_contains(?::VARCHAR[], citation_status), FALSE)
        ORDER BY source_stamp, pmid
        """,
        [list(FINAL_STATUSES)],
    ).fetchall()
    times = con.execute(
        "SELECT max(as_of), max(as_of) FILTER (is_full_read) FROM ops.runs"
    ).fetchone()
    last, last_full = times or (None, None)
    return Held(
        {(search, pmid) for search, pmid in stays},
        {pmid for (pmid,) in unread},
        tuple(pmid for (pmid,) in unsettled),
        last,
        last_full,
    )


def entered_reasons(
    con: duckdb.DuckDBPyConnection,
    queries: Mapping[str, str],
    translations: Mapping[str, str | None],
) -> dict[str, str]:
    """Per search why a record that enters now does.

    first_run; strategy_changed: the query is another one; translation_changed: PubMed reads
    the same query otherwise than last time; appeared: none of these.

    Args:
        con: the warehouse.
        queries: search to its term.
        translations: search to how PubMed read it, compared with the last time.
    """
    before: dict[str, str] = dict(
        con.execute(
            """
            SELECT search, arg_max(strategy_sha256, searched_at) FROM ops.searches GROUP BY search
            """
        ).fetchall()
    )
    reasons = {}
    for search, query in queries.items():
        held = before.get(search)
        if held is None:
            reasons[search] = "first_run"
        elif held != strategy_sha256(query):
            reasons[search] = "strategy_changed"
        elif translations.get(search) in (GROWN, ACCEPTED):
            reasons[search] = "translation_changed"
        else:
            reasons[search] = "appeared"
    return reasons


def note_run(con: duckdb.DuckDBPyConnection, row: RunRow) -> None:
    """Add a run to ops.runs."""
    con.execute("INSERT INTO ops.runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", list(row))


def note_unknown_values(
    con: duckdb.DuckDBPyConnection, as_of: datetime, unknown: Mapping[tuple[str, str], int]
) -> None:
    """Add the elements and values that the parser does not know to ops.unknown_values."""
    for (kind, what), number in unknown.items():
        con.execute(
            "INSERT INTO ops.unknown_values VALUES (?, ?, ?, ?)", [as_of, kind, what, number]
        )


def last_found_sha256(con: duckdb.DuckDBPyConnection) -> str | None:
    """`fingerprint.found_sha256` of the last committed run; None for the first."""
    last = con.execute("SELECT content_sha256 FROM ops.runs ORDER BY as_of DESC LIMIT 1").fetchone()
    return None if last is None else str(last[0])


def last_counted(con: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Query of each denominator to the time PubMed's records were last counted by it."""
    return dict(
        con.execute(
            "SELECT strategy, max(counted_at) FROM ops.denominators GROUP BY strategy"
        ).fetchall()
    )


def first_entry_year(con: duckdb.DuckDBPyConnection) -> int | None:
    """The first year of entry into PubMed, of the records held and those in staging."""
    row = con.execute(
        """
        SELECT min(year(event_at)) FROM (
            SELECT pub_status, event_at FROM core.history_dates
            UNION ALL
            SELECT pub_status, event_at FROM staging.core.history_dates
        )
        WHERE pub_status = 'pubmed' AND year(event_at) >= ?
        """,
        [EARLIEST_YEAR],
    ).fetchone()
    return None if row is None else row[0]


def load_counts(
    con: duckdb.DuckDBPyConnection,
    archive: Archive,
    run_id: str,
    as_of: datetime,
    read_queries: Callable[[], Mapping[str, str]],
) -> None:
    """Add PubMed's own counts in a run's ledger to ops.denominators, in the open transaction."""
    entries = archive.entries(run_id, KIND)
    queries = read_queries() if entries else {}
    for entry in entries:
        con.execute(
            "INSERT INTO ops.denominators VALUES (?, ?, ?, ?, ?, ?)",
            [
                entry["denominator"],
                entry["date_tag"],
                entry["year"],
                entry["count"],
                as_of,
                queries[entry["denominator"]],
            ],
        )


# -- Counts of NLM's files (`ketum bulk-load --counts`) in a raw archive and its warehouse

FILE_COUNTS = "file_counts"
"""Kind of their entries in the ledger."""
_COUNT = ("kind", "name", "strategy", "is_denominator", "date_tag", "year", "record_count")
_FILE = ("file_sha256", "is_checked", "record_count", "deletion_count", "unreadable_count")


def take_in_file_counts(
    con: duckdb.DuckDBPyConnection, archive: Archive, run_id: str, directory: Path
) -> int:
    """Note in a run's ledger the counts that the warehouse does not hold yet.

    Returns:
        how many there were.

    Raises:
        ConfigurationError: a file there holds something else.
    """
    held = {row[0] for row in con.execute("SELECT counted_at FROM ops.file_counts").fetchall()}
    taken = 0
    for path in sorted(directory.glob("*.json")):
        body = path.read_bytes()
        try:
            counted_at = _counted_at(json.loads(body))
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"{shown(path)} holds no counts of files.",
                effect="Nothing changed.",
                next_step="remove it; `ketum bulk-load DIR --counts` counts again.",
            ) from None
        if counted_at not in held:
            archive.note(
                run_id, {"kind": FILE_COUNTS, "object": archive.put(body), "bytes": len(body)}
            )
            taken += 1
    return taken


def load_file_counts(con: duckdb.DuckDBPyConnection, archive: Archive, run_id: str) -> None:
    """Add the counts in a run's ledger to ops, in the open transaction."""
    for entry in archive.entries(run_id, FILE_COUNTS):
        said = json.loads(archive.get(entry["object"]))
        counted_at = _counted_at(said)
        head = (counted_at, said["last_entry"], said["is_whole"])
        append(
            con,
            "ops.file_counts",
            ((*head, *(one[column] for column in _COUNT)) for one in said["counts"]),
        )
        files = [
            (counted_at, one["file"], False, *(one[column] for column in _FILE))
            for one in said["files"]
        ]
        gaps = [(counted_at, name, True, *(None,) * len(_FILE)) for name in said["missing"]]
        append(con, "ops.counted_files", [*files, *gaps])


def _counted_at(said: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(said["counted_at"])
