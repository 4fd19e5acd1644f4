"""`ketum claims --check`: people's readings against the published texts, before a run does it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb

from pipeline.evidence.claims import load_claims
from pipeline.evidence.curation import NOT_HELD, load_readings, stale_reasons
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import load_topics


def check(con: duckdb.DuckDBPyConnection, reference: Path) -> list[str]:
    """What there is to say of claim_evidence.csv as it stands: totals, then rows not to rely on.

    Args:
        con: a published database.
        reference: directory of the reference files.

    Raises:
        ConfigurationError: naming the line: what a run would refuse, too.
    """
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
