"""ketum's tables against the ledger, against those of a fresh load, and before and after a rebuild.

Every function gives the differences as sentences; none is what is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import astuple
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.soak.ledger import Ledger, Stay
from tests.soak.published import PublishedSet, Rows
from tests.soak.records import SEARCHES

HISTORY = {
    "core.article_revisions",
    "core.article_versions",
    "core.deleted_citations",
    "marts.article_changes",
    "marts.new_articles",
    "marts.search_log",
}
"""Tables that tell how things came about: the ledger's affair."""
CURRENT_OF_OPS = ("ops.search_differences", "ops.known_articles")
TIMES_AND_IDS = {
    "changed_at", "counted_at", "first_seen_at", "raw_file", "raw_offset", "set_id", "source_stamp",
}  # fmt: skip
"""Columns that tell when and in which batch a record came."""
MEMBERS = "(SELECT pmid FROM ops.search_hits WHERE left_at IS NULL)"
ABOUT_MEMBERS = {
    "core.journals": (
        f"nlm_unique_id IN (SELECT nlm_unique_id FROM core.articles WHERE pmid IN {MEMBERS})"
    ),
    "evidence.study_links": f"pmid IN {MEMBERS} AND other_pmid IN {MEMBERS}",
    # A record that was a member once is held and judged, so it may have company a fresh load
    # does not know: only who is in a group with members alone must be so in both.
    "evidence.study_groups": f"""pmid IN {MEMBERS} AND NOT EXISTS (
        FROM evidence.study_links AS l
        WHERE (l.pmid = study_groups.pmid AND l.other_pmid NOT IN {MEMBERS})
            OR (l.other_pmid = study_groups.pmid AND l.pmid NOT IN {MEMBERS})
    )""",
}
"""How rows about members are told where it is not by their PMID alone."""
SHOWN = 3


def published_set(
    shown: PublishedSet, ledger: Ledger, since: Collection[datetime | None]
) -> list[str]:
    """A published set against the books as they stood then.

    Args:
        shown: the set.
        ledger: settled up to it.
        since: times of earlier sets it may compare itself with; None for nothing earlier.
    """
    found = []
    with shown.open() as con:
        counts = dict(
            con.execute("SELECT search, member_count FROM marts.search_totals").fetchall()
        )
        members = {row[0] for row in con.execute("SELECT pmid FROM marts.articles").fetchall()}
        news = con.execute("SELECT search, reason, pmid, record_count FROM marts.new_articles")
        told = [tuple(row) for row in news.fetchall()]
        ((claimed,),) = con.execute(
            "SELECT arg_max(previous_published_at, as_of) FROM (SELECT as_of, coalesce("
            "previous_published_at, TIMESTAMP '1000-01-01') AS previous_published_at FROM ops.runs)"
        ).fetchall()
    previous = None if claimed.year == 1000 else claimed
    if previous not in since:
        found.append(f"it compares itself with the set of {previous}, not of one of {since}")
    expected = {search: len(ledger.members(search)) for search in SEARCHES}
    found += _differ("marts.search_totals", counts.items(), expected.items())
    wanted = set().union(*(ledger.members(search) for search in SEARCHES))
    found += _differ("marts.articles", members, wanted)
    found += _differ("marts.new_articles", told, _announcements(ledger, previous))
    return [f"set of {shown.as_of}: {line}" for line in found]


def _announcements(ledger: Ledger, previous: datetime | None) -> Rows:
    stays = ledger.entered_since(previous)
    rows: Rows = []
    for search in SEARCHES:
        first = [s for s in stays if s.search == search and s.entered_reason == "first_run"]
        if first:
            rows.append((search, "baseline", None, len(first)))
    rows += [
        (stay.search, _reason(stay, ledger, previous), stay.pmid, 1)
        for stay in stays
        if stay.entered_reason != "first_run"
    ]
    return rows


def _reason(stay: Stay, ledger: Ledger, previous: datetime | None) -> str:
    entered = datetime.combine(ledger.holdings.held[stay.pmid].record.entered, datetime.min.time())
    is_new = previous is not None and entered >= previous - timedelta(days=2)
    return "new_in_pubmed" if is_new else "newly_matched"


def history(shown: PublishedSet, ledger: Ledger) -> tuple[list[str], list[str]]:
    """The tables of history against the books: differences, and the tables compared."""
    holdings = ledger.holdings
    parts: dict[str, tuple[str, Iterable[Any]]] = {
        "ops.runs": (
            "SELECT as_of, is_full_read, is_unchanged, request_count FROM ops.runs",
            [
                (run.as_of, run.is_full_read, run.is_unchanged, run.request_count)
                for run in ledger.committed
            ],
        ),
        "ops.searches": (
            "SELECT searched_at, search, hit_count FROM ops.searches",
            [(*key, count) for key, count in ledger.hit_counts.items()],
        ),
        "ops.denominators": (
            "SELECT counted_at, denominator, year, record_count FROM ops.denominators",
            [(*key, count) for key, count in ledger.denominators.items()],
        ),
        "ops.search_hits": (
            "SELECT search, pmid, entered_at, entered_reason, left_at, left_reason, "
            "merged_into_pmid FROM ops.search_hits",
            [astuple(stay) for stay in ledger.stays],
        ),
        "core.article_revisions": (
            "SELECT pmid, pmid_version, content_sha, seen_at, date_revised::VARCHAR "
            "FROM core.article_revisions",
            [(*key, *seen) for key, seen in holdings.revisions.items()],
        ),
        "core.articles": (
            "SELECT pmid, record_sha256, first_seen_at, changed_at FROM core.articles",
            [
                (pmid, held.record.sha256, held.first_seen_at, held.changed_at)
                for pmid, held in holdings.held.items()
            ],
        ),
        "core.article_versions": (
            "SELECT pmid, pmid_version, record_sha256, seen_at FROM core.article_versions",
            holdings.older_versions(),
        ),
        "ops.article_changes": (
            "SELECT pmid, changed_at, field FROM ops.article_changes",
            holdings.changes,
        ),
        "ops.article_changes (values)": (
            "SELECT pmid, changed_at, field, before, after FROM ops.article_changes "
            "WHERE field IN (SELECT column_name FROM duckdb_columns() "
            "WHERE schema_name = 'core' AND table_name = 'articles')",
            [(*key, *values) for key, values in holdings.changes.items() if values is not None],
        ),
        "ops.quarantine": (
            "SELECT DISTINCT pmid FROM ops.quarantine",
            [(pmid,) for pmid in holdings.quarantined],
        ),
    }
    found = []
    with shown.open() as con:
        for name, (query, expected) in parts.items():
            found += _differ(name, con.execute(query).fetchall(), expected)
    return found, list(parts)


def current(shown: PublishedSet, fresh: PublishedSet) -> tuple[list[str], list[str]]:
    """What is said of the members now, against a fresh load: differences, tables compared."""
    with shown.open() as con:
        ours = _current_tables(con)
    with fresh.open() as con:
        theirs = _current_tables(con)
    found = _differ("the list of tables", ours, theirs)
    for name in ours.keys() & theirs.keys():
        found += _differ(name, ours[name], theirs[name])
    return found, sorted(ours)


def _current_tables(con: duckdb.DuckDBPyConnection) -> dict[str, Rows]:
    names = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
        "WHERE schema_name IN ('core', 'evidence', 'marts') ORDER BY 1"
    ).fetchall()
    found = {
        "ops.search_hits": con.execute(
            "SELECT search, pmid, matched_by FROM ops.search_hits WHERE left_at IS NULL"
        ).fetchall()
    }
    for name in [row[0] for row in names if row[0] not in HISTORY] + list(CURRENT_OF_OPS):
        columns = [row[0] for row in con.execute(f"DESCRIBE {name}").fetchall()]
        kept = ", ".join(column for column in columns if column not in TIMES_AND_IDS)
        where = ABOUT_MEMBERS.get(name, f"pmid IN {MEMBERS}" if "pmid" in columns else "TRUE")
        found[name] = con.execute(f"SELECT {kept} FROM {name} WHERE {where}").fetchall()
    return found


def whole(path: Path) -> dict[str, Rows]:
    """Every table of a warehouse, all columns."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1"
        ).fetchall()
        return {name: con.execute(f"FROM {name}").fetchall() for (name,) in names}


def rebuilt(before: dict[str, Rows], after: dict[str, Rows]) -> tuple[list[str], list[str]]:
    """All tables before and after a rebuild: differences, and the tables compared."""
    found = _differ("the list of tables", before, after)
    for name in before.keys() & after.keys():
        found += _differ(name, before[name], after[name])
    return found, sorted(before)


def _differ(name: str, said: Iterable[Any], expected: Iterable[Any]) -> list[str]:
    """One sentence if the rows differ in whatever order; duplicates count."""
    left, right = Counter(map(repr, said)), Counter(map(repr, expected))
    if left == right:
        return []
    extra, missing = sorted((left - right).elements()), sorted((right - left).elements())
    return [
        f"{name}: {len(extra)} rows too many ({'; '.join(extra[:SHOWN])}), "
        f"{len(missing)} missing ({'; '.join(missing[:SHOWN])})"
    ]
