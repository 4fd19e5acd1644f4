"""Between the raw archive of a run and the warehouse: ledger lines in, ops rows out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pipeline import __version__
from pipeline.evidence.reference import OPTIONAL_FILES, REFERENCE_FILES
from pipeline.options import LIVE
from pipeline.pubmed import from_files
from pipeline.pubmed.records import PARSED_COLUMNS
from pipeline.pubmed.translation import ACCEPTED, GROWN
from pipeline.run import Run


def stage_entries(run: Run) -> dict[str, object]:
    """Stage every body of the run's ledger; unknown elements and values are reported."""
    record_no = 1
    unknown: dict[tuple[str, str], int] = {}
    deletions = unreadable = 0
    for entry in run.archive.entries(run.run_id, "records"):
        run.archive.get(entry["object"])  # whole, and with the bytes its name states
        counts = from_files.stage_any(
            run.con,
            run.archive.path(entry["object"]),
            raw_file=entry["object"],
            stamp=entry["stamp"],
            first_record_no=record_no,
        )
        if "kept_record_nos" in entry:
            kept = [record_no - 1 + number for number in entry["kept_record_nos"]]
            _keep_only(run, record_no, kept)
        record_no = counts.next_record_no
        deletions += counts.deletions
        unreadable += counts.unreadable
        for key, number in counts.tally.items():
            unknown[key] = unknown.get(key, 0) + number
    run.receipt.unknown_values = {f"{kind} {name}": n for (kind, name), n in unknown.items()}
    return {"records": record_no - 1, "deletions": deletions, "unreadable": unreadable}


def _keep_only(run: Run, first: int, kept: list[int]) -> None:
    """Drop staged records from `first` on that are not in `kept`."""
    for table in PARSED_COLUMNS:
        run.con.execute(
            f"DELETE FROM staging.core.{table} "
            "WHERE record_no >= ? AND NOT list_contains(?::INTEGER[], record_no)",
            [first, kept],
        )


def entered_reasons(run: Run) -> dict[str, str]:
    """Per search why a record that enters now does.

    first_run; strategy_changed: the query is another one; translation_changed: PubMed reads
    the same query otherwise than last time; appeared: none of these.
    """
    before: dict[str, str] = dict(
        run.con.execute(
            """
            SELECT search, arg_max(strategy_sha256, searched_at) FROM ops.searches GROUP BY search
            """
        ).fetchall()
    )
    reasons = {}
    for search in run.searches:
        held = before.get(search.name)
        if held is None:
            reasons[search.name] = "first_run"
        elif held != fingerprint(run, search.name):
            reasons[search.name] = "strategy_changed"
        elif run.translations.get(search.name) in (GROWN, ACCEPTED):
            reasons[search.name] = "translation_changed"
        else:
            reasons[search.name] = "appeared"
    return reasons


@dataclass(frozen=True)
class LastSearch:
    """What a search of the last committed run found, and how PubMed read it."""

    hit_count: int
    query_translation: str | None
    warnings: tuple[str, ...]
    is_other_strategy: bool


def last_search(run: Run, search: str) -> LastSearch | None:
    """The last answer to a search; None if it was never asked."""
    if not run.has_warehouse:
        return None
    row = run.con.execute(
        """
        SELECT hit_count, query_translation, warnings, strategy_sha256 FROM ops.searches
        WHERE search = ? ORDER BY searched_at DESC LIMIT 1
        """,
        [search],
    ).fetchone()
    if row is None:
        return None
    return LastSearch(row[0], row[1], tuple(row[2]), row[3] != fingerprint(run, search))


def fingerprint(run: Run, search: str) -> str:
    """SHA-256 of a search's query: query and local predicate come from one definition."""
    return hashlib.sha256(run.topics.pubmed_query(search).encode()).hexdigest()


def keep_reference_files(run: Run) -> None:
    """Put the reference files into the raw archive, so that a rebuild judges by the same."""
    optional = [name for name in OPTIONAL_FILES if (run.reference.directory / name).is_file()]
    for name in (*REFERENCE_FILES, *optional):
        run.journal.reference[name] = run.archive.put((run.reference.directory / name).read_bytes())


def note_run(run: Run, reasons: dict[str, str], hits: dict[str, dict[str, int]]) -> None:
    """Add the run, its searches, unknown values and known articles to ops."""
    con = run.con
    con.execute(
        "INSERT INTO ops.runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run.run_id,
            run.mode,
            run.as_of,
            json.dumps(run.journal.parameters, sort_keys=True),
            __version__,
            hashlib.sha256(json.dumps(run.journal.reference).encode()).hexdigest(),
            run.journal.previous_published_at,
            run.is_full_read,
            run.is_unchanged,
            run.requests,
            run.content_sha256,
        ],
    )
    unread: dict[str, int] = dict(
        con.execute("SELECT search, count(*) FROM ops.unread_records GROUP BY search").fetchall()
    )
    for search in run.searches:
        answer = run.answers.get(search.name)
        con.execute(
            "INSERT INTO ops.searches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run.run_id,
                search.name,
                search.label,
                search.mode,
                run.topics.pubmed_query(search.name),
                fingerprint(run, search.name),
                run.as_of,
                answer.query_translation if answer else None,
                run.translations.get(search.name),
                list(answer.warnings) if answer else [],
                len(answer.pmids) if answer else hits[search.name]["members"],
                run.mode == LIVE and search.mode == LIVE and search.name not in unread,
                unread.get(search.name, 0),
                reasons[search.name] in ("first_run", "strategy_changed"),
            ],
        )
    for name, number in run.receipt.unknown_values.items():
        kind, what = name.split(" ", 1)
        con.execute(
            "INSERT INTO ops.unknown_values VALUES (?, ?, ?, ?)", [run.as_of, kind, what, number]
        )


def note_known_articles(run: Run) -> None:
    """Read known_articles.csv into ops.known_articles, and say which of them are held."""
    known = run.reference.known_articles
    run.con.execute("DELETE FROM ops.known_articles")
    run.con.execute(
        """
        INSERT INTO ops.known_articles
        SELECT k.position, k.pmid, k.doi, k.title, EXISTS (
            SELECT 1 FROM core.articles AS a
            WHERE a.pmid = k.pmid OR (k.pmid IS NULL AND lower(a.doi) = lower(k.doi))
        ), FALSE, FALSE
        FROM (
            SELECT unnest(?::INTEGER[]) AS position, unnest(?::INTEGER[]) AS pmid,
                unnest(?::VARCHAR[]) AS doi, unnest(?::VARCHAR[]) AS title
        ) AS k
        ORDER BY k.position
        """,
        [
            list(range(1, len(known) + 1)),
            [one.pmid for one in known],
            [one.doi for one in known],
            [one.title for one in known],
        ],
    )


def note_known_members(run: Run) -> None:
    """Say which known articles are in the kratom search, and which only a list put there."""
    run.con.execute(
        """
        UPDATE ops.known_articles AS k
        SET is_member = TRUE, is_only_listed = h.matched_by IN ('local', 'listed')
        FROM core.articles AS a, ops.search_hits AS h
        WHERE (a.pmid = k.pmid OR (k.pmid IS NULL AND lower(a.doi) = lower(k.doi)))
            AND h.pmid = a.pmid AND h.search = 'kratom' AND h.left_at IS NULL
        """
    )
