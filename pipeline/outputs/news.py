"""What is new to a published set, and what each new record is about.

New means that a run found a record which its searches had not found before. Records of a first
run or a changed search are not announced one by one: they are counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from pipeline.outputs import digest
from pipeline.outputs.digest import Described
from pipeline.warehouse import views

FACETS = ("substance", "harm", "surveillance_source")
"""Facets that feeds are cut by."""

# A stay is news as in marts.new_articles: where PubMed reads a search otherwise, what has just
# entered PubMed would have come anyway.
_STAYS = """
    SELECT h.*, s.label, s.mode = 'live' AS is_live,
        min(h.entered_at) OVER (PARTITION BY h.pmid, s.mode = 'live') AS first_at,
        h.entered_reason = 'appeared' OR (
            h.entered_reason = 'translation_changed'
            AND coalesce(y.entry_at >= r.previous_published_at - INTERVAL 2 DAY, FALSE)
        ) AS is_news
    FROM ops.search_hits AS h
    JOIN evidence.searches AS s ON h.search = s.search
    JOIN ops.runs AS r ON h.entered_at = r.as_of
    LEFT JOIN {years} AS y ON h.pmid = y.pmid
"""
_READ_OTHERWISE = "SELECT pmid FROM ops.search_hits WHERE entered_reason = 'translation_changed'"

# new to the set, not only to one of its searches: its first stay in any of them counts. Searches
# that PubMed is not asked (pain alone) are apart: what they find enters their own feeds only.
_NEW = f"""
    WITH stays AS ({_STAYS}),
    entered AS (
        SELECT h.pmid, h.is_live, h.first_at,
            list(DISTINCT 'search.' || h.search) FILTER (h.left_at IS NULL) AS found_by,
            string_agg(DISTINCT h.label, ', ' ORDER BY h.label) FILTER (h.left_at IS NULL) AS labels
        FROM stays AS h
        GROUP BY h.pmid, h.is_live, h.first_at
        HAVING bool_or(h.left_at IS NULL)
            AND bool_or(h.entered_at = h.first_at AND h.is_news)
    ),
    proved AS (
        SELECT p.pmid, p.kind, p.code, p.matched_text
        FROM evidence.proofs AS p WHERE p.pmid IN (SELECT pmid FROM entered)
    )

    SELECT e.*,
        (
            SELECT string_agg(DISTINCT lower(p.matched_text), ', ' ORDER BY lower(p.matched_text))
            FROM proved AS p
            WHERE p.kind = 'topic' AND p.pmid = a.pmid
                AND p.code IN (SELECT unnest(topics) FROM evidence.searches WHERE is_focus)
        ),
        (
            SELECT string_agg(DISTINCT p.matched_text, ', ' ORDER BY p.matched_text)
            FROM proved AS p
            WHERE p.kind = 'study_type' AND p.code = a.study_type AND p.pmid = a.pmid
        )
    FROM entered AS e
    JOIN marts.articles AS a ON e.pmid = a.pmid
    ORDER BY e.first_at DESC, a.pmid DESC
"""  # noqa: S608 -- put together from the text above

# what a record is about: the feeds it enters. A claim with parts is about what they are about.
_SUBJECTS = """
    SELECT pmid, 'group.' || evidence_group AS subject FROM marts.articles
    UNION
    SELECT pmid, 'claim.' || claim FROM marts.claim_articles
    UNION
    SELECT a.pmid, 'claim.' || q.parent
    FROM marts.claim_articles AS a JOIN evidence.claims AS q ON a.claim = q.claim
    WHERE q.parent IS NOT NULL
    UNION
    SELECT pmid, facet || '.' || value FROM marts.article_facets
    WHERE list_contains($facets, facet) AND value <> 'not_stated'
"""

_TOGETHER = f"""
    WITH stays AS ({_STAYS}),
    subjects AS (
        {_SUBJECTS}
        UNION
        SELECT pmid, NULL FROM marts.articles
    )

    SELECT h.entered_at, h.entered_reason, h.label, b.subject, count(*)
    FROM stays AS h
    JOIN subjects AS b ON h.pmid = b.pmid
    WHERE h.left_at IS NULL AND NOT h.is_news AND h.is_live
    GROUP BY ALL
    UNION ALL
    SELECT h.entered_at, h.entered_reason, h.label, 'search.' || h.search, count(*)
    FROM stays AS h
    WHERE h.left_at IS NULL AND NOT h.is_news
    GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 -- put together from the texts above

_FEW = "pmid IN (SELECT unnest($pmids::INTEGER[]))"

_FACETS = f"""
    SELECT pmid, facet_label,
        string_agg(
            value_label || CASE WHEN len(words) > 0 AND facet <> 'data_years'
                THEN ' (' || coalesce(e.label || ': ', '') || array_to_string(words, ', ') || ')'
                ELSE '' END,
            ', ' ORDER BY value
        )
    FROM marts.article_facets AS f JOIN evidence.facets AS t USING (facet)
    LEFT JOIN evidence.findings AS e ON f.finding = e.finding
    WHERE list_contains($facets, facet) AND {_FEW}
    GROUP BY pmid, facet_label, t.display_order ORDER BY t.display_order
"""  # noqa: S608 -- put together from the text above

_CLAIMS = f"""
    SELECT pmid, string_agg(
        claim || ' (' || how || ', ' || label || ': ' || array_to_string(matched_words, ', ')
            || ')',
        ', ' ORDER BY display_order
    )
    FROM (
        SELECT DISTINCT c.pmid, c.claim, c.how, e.label, c.matched_words, q.display_order
        FROM marts.claim_articles AS c JOIN evidence.claims AS q ON c.claim = q.claim
        JOIN evidence.findings AS e ON c.finding = e.finding
        WHERE {_FEW}
    )
    GROUP BY pmid
"""  # noqa: S608 -- put together from the text above


@dataclass(frozen=True)
class New:
    """A record that is new to the set.

    Attributes:
        record: what it is, what it measured and in whom.
        is_live: whether a search that PubMed is asked brought it.
        entered: UTC time of the run that first found it.
        notes: what else a reader should know, by name.
        subjects: what it is about, as `claim.analgesia`, `harm.liver`, `group.Animal studies`, and
            which searches found it, as `search.kratom`.
    """

    record: Described
    is_live: bool
    entered: datetime
    notes: dict[str, str]
    subjects: frozenset[str]


@dataclass(frozen=True)
class Together:
    """Records that one run brought for another reason than being new, counted.

    Attributes:
        reason: first_run, strategy_changed or translation_changed.
        search: its name for readers.
        subject: what they are about; None for all of them.
    """

    entered: datetime
    reason: str
    search: str
    subject: str | None
    count: int


def read(con: duckdb.DuckDBPyConnection, source: str) -> tuple[list[New], list[Together]]:
    """What is new, newest first, and what came in together.

    Args:
        con: the set's tables.
        source: where its records come from, in words.
    """
    years = views.of_records(con, "core.article_years", _READ_OTHERWISE)
    rows = con.execute(_NEW.format(years=years)).fetchall()
    pmids = [row[0] for row in rows]

    subjects: dict[int, set[str]] = defaultdict(set)
    about = f"FROM ({_SUBJECTS}) WHERE {_FEW}"
    for pmid, subject in con.execute(about, {"pmids": pmids, "facets": FACETS}).fetchall():
        subjects[pmid].add(subject)
    notes: dict[int, dict[str, str]] = defaultdict(dict)
    shown = {"pmids": pmids, "facets": (*FACETS, "data_years")}
    for pmid, label, values in con.execute(_FACETS, shown).fetchall():
        notes[pmid][label] = values
    for pmid, claims in con.execute(_CLAIMS, {"pmids": pmids}).fetchall():
        notes[pmid]["Claims"] = claims
    records = digest.describe(con, pmids)
    news = [_new(row, records[row[0]], source, notes[row[0]], subjects[row[0]]) for row in rows]
    together = con.execute(_TOGETHER.format(years=years), {"facets": FACETS}).fetchall()
    return news, [Together(*row) for row in together]


def _new(
    row: tuple[Any, ...], record: Described, source: str, notes: dict[str, str], subjects: set[str]
) -> New:
    _, is_live, entered, found_by, searches, words, proof = row
    return New(
        record,
        is_live,
        entered,
        {
            **notes,
            "Decided by": proof or "nothing: unclassified",
            "Substance words": words or "none known to the local rules",
            "Searches": searches,
            "Source": source,
        },
        frozenset(subjects | set(found_by)),
    )
