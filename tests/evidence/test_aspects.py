"""Aspects: what is told about a label, its proof, and what a rule file must state."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.judge import judge
from pipeline.evidence.study_types import load_study_types
from tests.evidence.conftest import REFERENCE, add_article

TYPES = (REFERENCE / "study_types.toml").read_text()


def test_every_label_tells_its_aspects(con: duckdb.DuckDBPyConnection) -> None:
    add_article(con, 1, "Kratom and poison centers", abstract="We counted calls.")
    add_article(con, 2, "Kratom: a systematic review of case reports", abstract="We searched.")
    add_article(
        con, 3, "Kratom: a systematic review",
        abstract="We searched for randomized trials and animal studies.",
    )  # fmt: skip
    add_article(con, 4, "Kratom: a network meta-analysis", abstract="Scores were pooled.")
    add_article(
        con, 5, "Kratom use: a cross-sectional survey",
        abstract="A nationally representative sample of adults answered.",
    )  # fmt: skip
    add_article(con, 6, "Kratom in rats", abstract="Rats, not a nationally representative sample.")
    judge(con, REFERENCE)
    told = con.execute(
        "SELECT pmid, aspect, value FROM evidence.article_type_aspects "
        "JOIN evidence.article_study_types USING (pmid, study_type) WHERE is_primary ORDER BY ALL"
    ).fetchall()
    assert told == [
        (1, "data_source", "poison_centre"),
        (2, "synthesis_of", "case_reports"),
        (3, "synthesis_of", "mixed"),
        (4, "form", "meta_analysis"),
        (4, "form", "network_meta_analysis"),
        (4, "synthesis_of", "not_stated"),
        (5, "sample", "probability"),
    ]
    assert con.execute(
        "SELECT code, matched_text FROM evidence.proofs "
        "WHERE pmid = 5 AND rule_id = 'sample.probability' AND kind <> 'facet'"
    ).fetchall() == [("XSEC", "nationally representative")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('aspect = "data_source.poison_centre"\n', "", "must state its `data_source`"),
        (
            'aspect = "data_source.poison_centre"',
            'aspect = "data_source.x"',
            "is no aspect of SURV",
        ),
        ('types = ["SURV"]', 'types = ["SRUV"]', "unknown code `SRUV`"),
        ('several = "mixed"', 'severally = "mixed"', "unknown key `severally`"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(TYPES.replace(old, new, 1))
    with pytest.raises(ConfigurationError, match=rf"line \d+: .*{message}"):
        load_study_types(path)


def test_flags_of_off_topic_records(con: duckdb.DuckDBPyConnection) -> None:
    add_article(con, 1, "Kratom leaves for goats", abstract="We measured methane and feed intake.")
    add_article(con, 2, "Alkaloids of Mitragyna parvifolia", abstract="Leaves were extracted.")
    add_article(con, 3, "Mitragyna parvifolia and kratom", abstract="Leaves were extracted.")
    judge(con, REFERENCE)
    assert con.execute(
        "SELECT pmid, is_feed_study, is_other_species FROM evidence.article_flags ORDER BY 1"
    ).fetchall() == [(1, True, False), (2, False, True), (3, False, False)]
