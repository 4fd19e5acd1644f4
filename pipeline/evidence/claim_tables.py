"""Write the claim map into evidence: the claims, who addresses them, what people read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipeline.evidence.claim_types import Claims
from pipeline.evidence.curation import Reading, stale_reasons
from pipeline.evidence.inserting import insert


def write_claims(con: duckdb.DuckDBPyConnection, claims: Claims) -> None:
    """Fill evidence.claims and its kin, and add the proofs of kind claim.

    Args:
        con: connection on which `claim_matching.match_claims` has run, and the other judgements
            are written (evidence.proofs and evidence.rule_sets are emptied before them).
        claims: what was matched.
    """
    for table in ("claims", "claim_leaned_on", "study_type_domains", "article_claims"):
        con.execute(f"DELETE FROM evidence.{table}")  # noqa: S608  (names stand above)
    con.execute(
        "INSERT INTO evidence.rule_sets VALUES ('claim', ?, ?, ?)",
        [claims.version, claims.sha256, len(claims.rules.rules)],
    )
    matched = {claim.code for claim in claims.matched()}
    insert(
        con,
        "evidence.claims",
        [
            (
                claim.code, claim.parent, claim.question, claim.kind, claim.says, claim.source,
                claim.topic, list(claim.answered_by), [one.reading for one in claim.readings],
                claim.code in matched, place,
            )
            for place, claim in enumerate(claims.claims, 1)
        ],
    )  # fmt: skip
    insert(
        con,
        "evidence.claim_leaned_on",
        [
            (
                place, list(one.claims), one.says, one.pmid, one.doi, one.certainty, one.tested,
                one.differs,
            )
            for place, one in enumerate(claims.leaned_on, 1)
        ],
    )  # fmt: skip
    insert(
        con,
        "evidence.study_type_domains",
        [
            (code, domain, place)
            for place, (domain, codes) in enumerate(claims.domains.items(), 1)
            for code in codes
        ],
    )
    con.execute(
        "INSERT INTO evidence.article_claims "
        "SELECT pmid, claim, how, ? FROM claim_hits ORDER BY pmid, claim",
        [claims.version],
    )
    con.execute(
        """
        INSERT INTO evidence.proofs
        SELECT 'claim', claim, pmid,
            row_number() OVER (PARTITION BY pmid, claim
                ORDER BY rule_id, source, field, section_no NULLS FIRST, char_start NULLS FIRST,
                    matched_text),
            rule_id, source, field, section_no, matched_text, char_start, char_end, ?
        FROM claim_proofs
        ORDER BY pmid, claim, 4
        """,
        [claims.version],
    )


def write_readings(con: duckdb.DuckDBPyConnection, readings: Sequence[Reading], path: Path) -> None:
    """Fill evidence.claim_evidence, each quote checked against what is stored.

    Args:
        con: connection on which the flags of articles are written.
        readings: the rows of claim_evidence.csv.
        path: their file, for messages.

    Raises:
        ConfigurationError: an unknown PMID, or a quote that never stood there.
    """
    con.execute("DELETE FROM evidence.claim_evidence")
    rows: list[tuple[Any, ...]] = [
        (
            one.claim, one.pmid, one.direction, one.directness, one.population, one.sample_size,
            one.quote, one.section, one.note, one.who, one.when, stale,
        )
        for one, stale in zip(readings, stale_reasons(con, readings, path), strict=True)
    ]  # fmt: skip
    insert(con, "evidence.claim_evidence", sorted(rows, key=lambda row: (row[0], row[1])))
