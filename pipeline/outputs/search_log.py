"""search_log.json: every search made, and what a report of it needs.

PRISMA-S asks sixteen things of a search. Each is answered from stored facts, left to the people
who report it, or was not done by ketum, and is said to be so.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import duckdb

from pipeline.escaping import for_json
from pipeline.outputs.page.facts import Facts, gather
from pipeline.outputs.rows import named_rows
from pipeline.outputs.wording import PUBMED_ONLY

ANSWERED, FILL_IN, NOT_DONE = "answered", "you must fill in", "not done by ketum"


class Item(NamedTuple):
    """An item of PRISMA-S: who answers it, and the answer or what is wanted of you."""

    number: int
    name: str
    status: str
    text: str


def render(con: duckdb.DuckDBPyConnection) -> str:
    """The log as JSON text."""
    facts = gather(con)
    rows = con.execute("SELECT to_json(l)::VARCHAR FROM marts.search_log AS l").fetchall()
    searches = [json.loads(row[0]) for row in rows]
    log = {
        "set_id": facts.set_id,
        "as_of": f"{facts.as_of.isoformat()}Z",
        "scope": PUBMED_ONLY,
        "statement": facts.statement,
        "prisma_s": [item._asdict() for item in items(facts)],
        "prisma_lsr": _living(facts),
        "flow_identification": _identification(facts),
        "searches": searches,
    }
    return for_json(json.dumps(log, indent=1, ensure_ascii=False)) + "\n"


def items(facts: Facts) -> list[Item]:
    """The sixteen items of PRISMA-S (Rethlefsen and others, 2021) for a set."""
    source, runs, first = _runs(facts)
    counts = "; ".join(f"{s.label}: {s.members:,}" for s in facts.searches)
    complete = ", ".join(s.label for s in facts.searches if s.is_known) or "none"
    return [
        Item(1, "Database name", ANSWERED,
             f"{source}. Searches that cover all of PubMed: {complete}."),
        Item(2, "Multi-database searching", NOT_DONE, PUBMED_ONLY),
        Item(3, "Study registries", NOT_DONE,
             "No registry is searched; registration numbers in PubMed records are kept."),
        Item(4, "Online resources and browsing", NOT_DONE,
             "No website, table of contents or print source is browsed."),
        Item(5, "Citation searching", NOT_DONE,
             "No record is added by its citations. marts.cited_not_held lists what members cite "
             "and the search does not find."),
        Item(6, "Contacts", NOT_DONE, "Nobody is asked for studies or data."),
        Item(7, "Other methods", FILL_IN, "What you did beside this search, or that there was "
             "nothing. Records from files are in `searches` below."),
        Item(8, "Full search strategies", ANSWERED,
             "`strategy` of each entry of `searches`, verbatim, and `query_translation`, PubMed's "
             "own reading of it."),
        Item(9, "Limits and restrictions", ANSWERED,
             "None: no limit of date, language, publication type or access is in a strategy."),
        Item(10, "Search filters", ANSWERED,
             "None is part of a strategy: study types are decided after the search, by the rules "
             "in data/reference/study_types.toml."),
        Item(11, "Prior work", FILL_IN, "Whether you took your question or parts of the strategy "
             "from earlier reviews. ketum's strategies were written for it."),
        Item(12, "Updates", ANSWERED,
             f"The whole search is repeated by each run, and its answer compared with that of the "
             f"run before: {runs} run(s) since {first}. See `prisma_lsr`."),
        Item(13, "Dates of searches", ANSWERED,
             f"Last search {facts.as_of:%Y-%m-%d %H:%M} UTC; `searched_at` of each entry below."),
        Item(14, "Peer review", NOT_DONE,
             "No strategy was reviewed by a second person, by PRESS or otherwise. If you have it "
             "reviewed, say so."),
        Item(15, "Total records", ANSWERED, f"{counts}. Never add up searches."),
        Item(16, "Deduplication", ANSWERED,
             "By PMID, in one database: a record is held once, and a preprint and its article are "
             "two records. Counts are of records; reports of one study are linked, not removed "
             "(evidence.study_groups), and counted as one only where the word study is used."),
    ]  # fmt: skip


def _runs(facts: Facts) -> tuple[str, int, str]:
    row = facts.con.execute(
        """
        SELECT
            (SELECT string_agg(DISTINCT source, '; ' ORDER BY source) FROM marts.search_log
             WHERE searched_at = (SELECT max(searched_at) FROM marts.search_log)),
            count(*), min(as_of)::DATE::VARCHAR
        FROM ops.runs
        """
    ).fetchone()
    assert row is not None
    return row[0], int(row[1]), row[2]


def _living(facts: Facts) -> dict[str, Any]:
    """What PRISMA-LSR asks of a review that is kept current, as far as runs know it."""
    runs = facts.con.execute(
        """
        SELECT as_of, ketum_version, reference_sha256,
            reference_sha256 IS DISTINCT FROM lag(reference_sha256) OVER (ORDER BY as_of)
                OR ketum_version IS DISTINCT FROM lag(ketum_version) OVER (ORDER BY as_of)
        FROM ops.runs ORDER BY as_of DESC
        """
    ).fetchall()
    return {
        "version": facts.set_id,
        "schedule": f"{FILL_IN}: how often you run it; when runs took place stands in `runs`",
        "runs": [f"{as_of.isoformat()}Z" for as_of, *_ in runs],
        "changes_to_methods": [
            {"as_of": f"{as_of.isoformat()}Z", "ketum_version": version, "reference_sha256": sha}
            for as_of, version, sha, is_changed in runs
            if is_changed
        ],
        "rules": named_rows(
            facts.con,
            "SELECT kind, rules_version AS version, rules_sha256 AS sha256 "
            "FROM evidence.rule_sets ORDER BY kind",
        ),
        "changes_to_results": {
            "entered": named_rows(
                facts.con,
                "SELECT search, reason, sum(record_count)::INTEGER AS records "
                "FROM marts.new_articles GROUP BY ALL ORDER BY ALL",
            ),
            "left": named_rows(
                facts.con,
                "SELECT search, left_reason AS reason, count(*) AS records FROM ops.search_hits "
                "WHERE left_at = (SELECT max(as_of) FROM ops.runs) GROUP BY ALL ORDER BY ALL",
            ),
        },
        "conclusions": f"{FILL_IN}: ketum counts and draws none",
    }


def _identification(facts: Facts) -> dict[str, Any]:
    """The identification box of the PRISMA 2020 flow diagram; there is no screening to report."""
    return {
        "databases": {s.name: {"PubMed": s.members} for s in facts.searches if s.is_known},
        "held_without_a_complete_search": {
            s.name: s.members for s in facts.searches if not s.is_known
        },
        "listed_and_not_read": named_rows(
            facts.con, "SELECT search, pmid, is_held, reason FROM marts.unread_records"
        ),
        "registers": NOT_DONE,
        "duplicates_removed": 0,
        "screening": NOT_DONE,
    }
