"""Aspects: what is told about a label, its proof, and what a rule file must state."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.study_types import load_study_types
from tests.evidence.conftest import REFERENCE, judged

TYPES = (REFERENCE / "study_types.toml").read_text()


@pytest.mark.parametrize(
    ("title", "abstract", "told"),
    [
        ("Kratom and poison centers", "We counted calls.", {"data_source.poison_centre"}),
        (
            "Kratom: a systematic review of case reports",
            "We searched.",
            {"synthesis_of.case_reports"},
        ),
        (
            "Kratom: a systematic review",
            "We searched for randomized trials and animal studies.",
            {"synthesis_of.mixed"},
        ),
        (
            "Kratom: a network meta-analysis",
            "Scores were pooled.",
            {"form.meta_analysis", "form.network_meta_analysis", "synthesis_of.not_stated"},
        ),
        (
            "Kratom use: a cross-sectional survey",
            "A nationally representative sample of adults answered.",
            {"sample.probability", "contact.asked"},
        ),
        ("Kratom in rats", "Rats, not a nationally representative sample.", set()),
    ],
)
def test_every_label_tells_its_aspects(title: str, abstract: str, told: set[str]) -> None:
    judgement = judged(title, abstract=abstract)
    primary = judgement.primary.study_type
    found = {f"{one.aspect}.{one.value}" for one in judgement.aspects if one.study_type == primary}
    assert found == told


def test_what_proves_an_aspect_stands_among_the_proofs_of_its_label() -> None:
    judgement = judged(
        "Kratom use: a cross-sectional survey",
        abstract="A nationally representative sample of adults answered.",
    )
    assert [
        (proof.code, proof.text)
        for proof in judgement.proofs
        if proof.rule_id == "sample.probability" and proof.kind == "study_type"
    ] == [("XSEC", "nationally representative")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('aspect = "data_source.poison_centre"\n', "", "must state its `data_source`"),
        (
            'aspect = "data_source.poison_centre"',
            'aspect = "data_source.x"',
            "is not an aspect of SURV",
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


@pytest.mark.parametrize(
    ("title", "abstract", "flags"),
    [
        ("Kratom leaves for goats", "We measured methane and feed intake.", {"is_feed_study"}),
        ("Alkaloids of Mitragyna parvifolia", "Leaves were extracted.", {"is_other_species"}),
        ("Mitragyna parvifolia and kratom", "Leaves were extracted.", set()),
    ],
)
def test_flags_of_off_topic_records(title: str, abstract: str, flags: set[str]) -> None:
    found = judged(title, abstract=abstract).flags
    assert found & {"is_feed_study", "is_other_species"} == flags
