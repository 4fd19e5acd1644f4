"""The claim map: what claims.toml may say, and which sentences address a claim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.assigning import assign
from pipeline.evidence.claim_matching import match_claims
from pipeline.evidence.claims import Claims, load_claims
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import load_topics, match_units
from pipeline.evidence.zones import build_units
from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE, add_article

TYPES = load_study_types(REFERENCE / "study_types.toml")
TOPICS = load_topics(REFERENCE / "topics.toml")


def load(path: Path = REFERENCE / "claims.toml") -> Claims:
    return load_claims(path, TYPES.codes(), [topic.name for topic in TOPICS.topics])


CLAIMS = load()
PAIRS = [
    (claim.code, reading.match, reading.no_match)
    for claim in CLAIMS.matched()
    for reading in claim.readings
]


def judged(con: duckdb.DuckDBPyConnection, *, instead: str | None = None) -> None:
    build_units(con, "core")
    match_units(con, TOPICS, "core")
    assign(con, TYPES, "core")
    match_claims(con, CLAIMS, TOPICS, "core", instead=instead)


def found(con: duckdb.DuckDBPyConnection) -> set[tuple[int, str, str]]:
    return set(con.execute("SELECT pmid, claim, how FROM claim_hits").fetchall())


@pytest.fixture(scope="module")
def pairs() -> Iterator[set[tuple[int, str]]]:
    """Every pair of every `not`, judged at once: PMID 2n is to match, 2n+1 is not."""
    con = duckdb.connect()
    for name in ("core", "evidence"):
        con.execute((ROOT / "sql" / "schema" / f"{name}.sql").read_text())
    for number, (_, match, no_match) in enumerate(PAIRS):
        for side, text in enumerate((match, no_match)):
            add_article(con, 2 * number + side, "Kratom", abstract=[("RESULTS", text or "")])
    judged(con)
    yield {(pmid, claim) for pmid, claim, _ in found(con)}
    con.close()


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=lambda n: f"{PAIRS[n][0]}-{n}")
def test_readings_that_must_not_match(pairs: set[tuple[int, str]], number: int) -> None:
    code, match, no_match = PAIRS[number]
    assert (2 * number, code) in pairs, f"should match: {match}"
    assert (2 * number + 1, code) not in pairs, f"should not match: {no_match}"
