"""The claim map: what claims.toml may say, and which sentences address a claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.assigning import assign
from pipeline.evidence.claim_matching import match_claims
from pipeline.evidence.claim_types import Claims
from pipeline.evidence.claims import load_claims
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topic_matching import match_units
from pipeline.evidence.topics import load_topics
from pipeline.evidence.zones import build_units
from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE, add_article

TYPES = load_study_types(REFERENCE / "study_types.toml")
TOPICS = load_topics(REFERENCE / "topics.toml")


def load(path: Path = REFERENCE / "claims.toml", *, stand_in: Sequence[str] = ()) -> Claims:
    topics = [topic.name for topic in TOPICS.topics]
    return load_claims(path, TYPES.codes(), topics, stand_in=stand_in)


CLAIMS = load()
PAIRS = [
    (claim.code, reading.match, reading.no_match)
    for claim in CLAIMS.matched()
    for reading in claim.readings
]


def judged(
    con: duckdb.DuckDBPyConnection, *, instead: str | None = None, claims: Claims | None = None
) -> None:
    build_units(con, "core")
    match_units(con, TOPICS, "core")
    assign(con, TYPES, "core")
    match_claims(con, claims or CLAIMS, TOPICS, "core", instead=instead)


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


# -- which sentences count


def test_the_unmatched_claims_have_no_rule_and_the_rest_do() -> None:
    assert {claim.code for claim in CLAIMS.claims} - {claim.code for claim in CLAIMS.matched()} == {
        "routes_and_forms", "burden_back_pain", "burden_chronic_pain", "safety",
    }  # fmt: skip


def test_background_aims_and_methods_address_nothing(con: duckdb.DuckDBPyConnection) -> None:
    add_article(
        con, 1, "Kratom in mice",
        abstract=[
            ("BACKGROUND", "Kratom reduced pain in older work."),
            ("OBJECTIVE", "We asked whether kratom reduced pain intensity."),
            ("METHODS", "Antinociception was tested on a hot plate."),
            ("RESULTS", "Body temperature did not move."),
        ],
    )  # fmt: skip
    judged(con)
    assert found(con) == set()


def test_conditions_hold_within_one_sentence(con: duckdb.DuckDBPyConnection) -> None:
    text = "Yohimbine shortened sleep of mice. Antinociception was not measured with it."
    add_article(con, 1, "Kratom in mice", abstract=[("RESULTS", text)])
    add_article(con, 2, "Kratom in mice", abstract=[("RESULTS", text.replace(". A", "; a"))])
    judged(con)
    claims = {(pmid, claim) for pmid, claim, _ in found(con)}
    assert (1, "other_pathways") not in claims
    assert (2, "other_pathways") in claims


def test_a_later_sentence_counts_where_an_earlier_one_is_excluded(
    con: duckdb.DuckDBPyConnection,
) -> None:
    add_article(
        con, 1, "Kratom in users",
        abstract=[("RESULTS", "Withdrawal brought anxiety. Kratom reduced anxiety. End.")],
    )  # fmt: skip
    judged(con)
    assert con.execute(
        "SELECT matched_text, char_start FROM claim_proofs WHERE claim = 'anxiety'"
    ).fetchall() == [("reduced anxiety", len("Withdrawal brought anxiety. Kratom "))]


def test_a_sentence_must_be_about_the_substance(con: duckdb.DuckDBPyConnection) -> None:
    own = "Sedation was seen after kratom."
    other = "Sedation was seen after the drug."
    for pmid, title, text in (
        (1, "A plant and its users", own),
        (2, "A plant and its users", f"{other} Kratom was taken by few."),
        (3, "Kratom and its users", other),
        (4, "Salvia, spice and kratom", other),
        (5, "Salvia, spice and kratom", own),
    ):
        add_article(con, pmid, title, abstract=[("RESULTS", text)])
    judged(con)
    assert {pmid for pmid, claim, _ in found(con) if claim == "sedation"} == {1, 3, 5}


def test_headings_count_only_where_the_substance_is_the_focus(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for pmid, title in ((1, "Kratom at home"), (2, "Herbs at home"), (3, "Salvia and kratom")):
        add_article(
            con, pmid, title, mesh=[("Seizures", True)], abstract=[("RESULTS", "Kratom was sold.")]
        )
    judged(con)
    assert found(con) == set(), "a harm's heading alone does not say what it came of"
    con.execute(
        "INSERT INTO core.mesh_headings (pmid, heading_no, qualifier_no, descriptor, qualifier, "
        "is_major_descriptor) SELECT pmid, 1, 1, 'Seizures', 'chemically induced', true "
        "FROM core.articles"
    )
    judged(con)
    assert found(con) == {(1, "safety.seizures", "mentioned")}


def test_the_measuring_mode_waives_the_substance(con: duckdb.DuckDBPyConnection) -> None:
    add_article(con, 1, "Pain after surgery", abstract=[("RESULTS", "Ice reduced pain.")])
    judged(con)
    assert found(con) == set()
    judged(con, instead="pain")
    assert {claim for _, claim, _ in found(con)} == {"analgesia"}


@pytest.mark.parametrize(
    ("title", "types", "keywords", "how"),
    [
        ("Kratom and sleep quality: a randomised trial in patients", (), (), "measured"),
        ("Kratom and sleep quality: an online survey of respondents", (), (), "reported_by_users"),
        ("Kratom and sleep quality: a narrative review", ("Review",), (), "reviewed"),
        ("Kratom and sleep quality: commentary", ("Comment",), (), "mentioned"),
        ("Kratom in mice", (), ("sleep quality",), "mentioned"),
    ],
)
def test_how_follows_the_study_type(con, title, types, keywords, how) -> None:
    add_article(con, 1, title, publication_types=types, keywords=keywords)
    judged(con)
    assert found(con) == {(1, "sleep_quality", how)}


def test_a_reason_for_use_is_told_apart(con: duckdb.DuckDBPyConnection) -> None:
    add_article(con, 1, "Kratom: an online survey of pain as a reason for use in respondents")
    judged(con)
    assert found(con) == {(1, "use_for_pain", "reason_for_use")}


# -- what the file may say

SHORT = """version = "1"
[designs]
animal = ["ANIMAL"]
[how]
measured = ["ANIMAL"]
[[domain]]
name = "all"
study_types = [{types}]
[[claim]]
id = "mood"
question = "Does it lift mood?"
kind = "effect"
says = "using kratom elevates their mood"
topic = "kratom"
answered_by = ["animal"]
not = [{{ reading = "a disorder", match = "Better mood.", no_match = "A mood disorder." }}]
[[rule]]
id = "mood.words"
code = "mood"
confidence = "high"
in = ["findings"]
text = ['\\\\bmood\\\\b']
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("lift mood?", "lift mood.", 10, "is no question"),
        ("not = [{", "no = [{", 10, "unknown key `no`"),
        ('not = [{ reading = "a disorder"', "not = [] # [{", 10, "lacks `not`"),
        ('match = "Better mood.", ', "", 10, "needs a `match`"),
        ("using kratom", "word " * 25, 10, "more than 25 words"),
        ('kind = "effect"', 'kind = "context"', 10, "never matched"),
        ('["animal"]', '["human"]', 10, "unknown design"),
        ('topic = "kratom"', 'topic = "khat"', 10, "unknown topic"),
        ('measured = ["ANIMAL"]', 'measured = ["MOUSE"]', 5, "unknown study type"),
        ('code = "mood"', 'code = "moods"', 18, "unknown code"),
        ('"RCT", ', "", 6, "exactly one domain"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path, before, after, line, message) -> None:
    good = SHORT.format(types=", ".join(f'"{code}"' for code in TYPES.codes()))
    path = tmp_path / "claims.toml"
    path.write_text(good)
    load(path)
    assert good.count(before) >= 1
    path.write_text(good.replace(before, after, 1))
    with pytest.raises(ConfigurationError, match=rf"line {line}: .*{message}"):
        load(path)
