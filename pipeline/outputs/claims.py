"""The claim map as a published set has it: all claims, one claim, what to read next.

And `ketum claims --check`: people's readings against the published texts, before a run does it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.evidence.curation import NOT_HELD, load_readings, stale_reasons
from pipeline.evidence.findings import FINDINGS
from pipeline.outputs.rows import named_rows

LOOKED_AT = "Counts show what was looked at and what its authors state, not what is true."
"""Stands above every table of claims."""
_NEXT_SHOWN = 10


def the_map(con: duckdb.DuckDBPyConnection, search: str) -> list[dict[str, Any]]:
    """Every claim of a search, group by group, with its counts by evidence group.

    Args:
        con: a published database.
        search: e.g. kratom.

    Returns:
        Rows of marts.claim_totals, each with what evidence.claims says of the question (cards,
        question_group and its `group_label`, asks, definition, what_counts, not_readings),
        `groups` {group: {looked, and a count for each finding}} of what is held,
        and `readings` (how many people's readings stand beside it).

    Raises:
        ConfigurationError: no search of that name has claims.
    """
    claims = named_rows(
        con,
        """
        SELECT t.*, q.cards, q.question_group, g.label AS group_label, q.asks, q.definition,
            q.what_counts, q.not_readings,
            (SELECT count(*) FROM marts.claim_readings AS r WHERE r.claim = t.claim) AS readings
        FROM marts.claim_totals AS t
        INNER JOIN evidence.claims AS q ON t.claim = q.claim
        INNER JOIN evidence.question_groups AS g ON q.question_group = g.question_group
        WHERE t.search = ? ORDER BY t.display_order
        """,
        search,
    )
    if not claims:
        raise ConfigurationError(
            f"There is no claim map for a search `{search}`.",
            effect="Nothing was read.",
            next_step='`ketum query "SELECT DISTINCT search FROM marts.claim_totals"` lists them.',
        )
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    for row in named_rows(
        con,
        "SELECT c.*, g.short_label, g.group_kind FROM marts.claims_by_group AS c "
        "JOIN evidence.evidence_groups AS g USING (evidence_group) "
        "WHERE c.search = ? ORDER BY c.claim, c.group_order",
        search,
    ):
        groups.setdefault(row["claim"], {})[row["evidence_group"]] = {
            **{name: row[f"held_{column}"] for name, column in counts_of("looked").items()},
            "short_label": row["short_label"],
            "is_summary": row["group_kind"] == "summary",
        }
    for claim in claims:
        claim["groups"] = groups.get(claim["claim"], {})
    return claims


def cards(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The cards that questions stand on, the main map first."""
    return named_rows(con, "SELECT * FROM evidence.claim_cards ORDER BY display_order")


def counts_of(prefix: str) -> dict[str, str]:
    """Columns with the counts of studies (`looked`) or reviews (`review`): all, and by finding."""
    return {
        "looked": f"{prefix}_count",
        **{finding: f"{prefix}_{finding}_count" for finding in FINDINGS},
    }


def by_finding(counts: dict[str, Any]) -> str:
    """Counts by finding in words, those that are not 0: `3 reported, 1 mixed`.

    Args:
        counts: a count for each finding.
    """
    return ", ".join(f"{counts[code]} {label}" for code, label in FINDINGS.items() if counts[code])


def looked_in(claim: dict[str, Any], prefix: str) -> dict[str, int]:
    """How many studies (`looked`) or reviews (`review`) that are held looked at a claim."""
    return {name: claim[f"held_{column}"] or 0 for name, column in counts_of(prefix).items()}


def rest(claim: dict[str, Any]) -> str:
    """What the kinds of studies that are not named mean: none, or not known."""
    if claim["coverage"] == "partial":
        return " Whatever else there is: not known."
    unread = claim["unread_count"]
    return (
        f" No other kind of study; {unread} could not be read."
        if unread
        else (" No other kind of study.")
    )


def one(con: duckdb.DuckDBPyConnection, search: str, code: str) -> dict[str, Any]:
    """One claim with its parts, records, people's readings and the studies leaned on.

    Raises:
        ConfigurationError: no such search or claim.
    """
    claims = the_map(con, search)
    claim = next((claim for claim in claims if claim["claim"] == code), None)
    if claim is None:
        raise ConfigurationError(
            f"There is no claim `{code}`.",
            effect="Nothing was read.",
            next_step="`ketum claims` lists them.",
        )
    claim["parts"] = [other["claim"] for other in claims if other["parent"] == code]
    claim["records"] = records(con, search, code)
    claim["people_read"] = named_rows(
        con, "SELECT * FROM marts.claim_readings WHERE claim = ? ORDER BY pmid", code
    )
    claim["leaned_on"] = leaned_on(con)[code]
    return claim


def records(con: duckdb.DuckDBPyConnection, search: str, code: str) -> list[dict[str, Any]]:
    """The records that address a claim: those that measured it first, then the newest."""
    return named_rows(
        con,
        """
        SELECT pmid, how, looked_as, finding, finding_by, finding_words, study_group, study_type,
            evidence_groups, year, counted_as, citation, title,
            pubmed_url, doi_url, matched_words, conclusion, conclusion_source
        FROM marts.claim_articles WHERE search = ? AND claim = ?
        ORDER BY how NOT IN ('measured', 'observed'), how, year DESC NULLS LAST, pmid DESC
        """,
        search,
        code,
    )


def leaned_on(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """By claim, the studies the article leans on for it; `is_found` says that one is held."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for study in named_rows(
        con,
        """
        SELECT l.*, EXISTS (
            SELECT 1 FROM core.articles AS a
            WHERE a.pmid = l.pmid OR lower(a.doi) = lower(l.doi)) AS is_found
        FROM evidence.claim_leaned_on AS l ORDER BY l.position
        """,
    ):
        for claim in study["claims"]:
            found[claim].append(study)
    return found


def focus_search(con: duckdb.DuckDBPyConnection) -> str:
    """The search whose records the questions are about."""
    row = con.execute("SELECT search FROM evidence.searches WHERE is_focus").fetchone()
    assert row is not None
    return str(row[0])


def next_to_read(con: duckdb.DuckDBPyConnection, search: str) -> list[dict[str, Any]]:
    """Records that nobody has read for their claim yet: strongest design first.

    What measured comes before what only tells, trials first as in the order of the groups; within
    these the newest.
    """
    return named_rows(
        con,
        """
        SELECT c.claim, c.pmid, c.how, c.study_type, c.year, c.citation, c.title
        FROM marts.claim_articles AS c
        INNER JOIN evidence.study_types AS t ON c.study_type = t.study_type
        LEFT JOIN evidence.claim_evidence AS e ON c.claim = e.claim AND c.pmid = e.pmid
        WHERE c.search = ? AND c.counted_as = 'record' AND e.pmid IS NULL
        ORDER BY c.how NOT IN ('measured', 'observed'), t.is_summary, t.group_order,
            c.year DESC NULLS LAST, c.pmid DESC, c.claim
        LIMIT ?
        """,
        search,
        _NEXT_SHOWN,
    )


def check_readings(con: duckdb.DuckDBPyConnection, reference: Path) -> list[str]:
    """What there is to say of claim_evidence.csv as it stands: totals, then rows not to rely on.

    Args:
        con: a published database.
        reference: directory of the reference files.

    Raises:
        ConfigurationError: naming the line: what a run would refuse, too.
    """
    from pipeline.evidence.claims import load_claims
    from pipeline.evidence.study_types import load_study_types
    from pipeline.evidence.topics_file import load_topics

    types = load_study_types(reference / "study_types.toml").codes()
    topics = load_topics(reference / "topics.toml")
    claims = load_claims(reference / "claims.toml", types, topics)
    path = reference / "claim_evidence.csv"
    readings = load_readings(path, [claim.code for claim in claims.matched()])
    reasons = stale_reasons(con, readings, path)
    counted = Counter(one.claim for one in readings)
    told = [
        f"{path.name}, line {one.line}: {one.claim}, PMID {one.pmid}: "
        + ("not held here, quote unchecked" if reason == NOT_HELD else f"stale, {reason}")
        for one, reason in zip(readings, reasons, strict=True)
        if reason
    ]
    not_held = reasons.count(NOT_HELD)
    return [
        f"{len(readings)} readings of {len(counted)} claims; {len(told) - not_held} stale; "
        f"{not_held} not held; {len(claims.matched()) - len(counted)} claims without any.",
        *told,
    ]
