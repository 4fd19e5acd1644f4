"""Registration numbers: NLM's list and the text told apart; forms stand in the cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.registrations import RegistrationsOf, load_registries, registrations_of
from tests.evidence.conftest import REFERENCE, SHIPPED, record_of


def found(title: str, **record: Any) -> RegistrationsOf:
    one = record_of({"title": title, **record})
    return registrations_of(SHIPPED.registries, one, one.units(SHIPPED.language))


@pytest.mark.parametrize(
    ("text", "registry", "number"),
    [
        ("NCT\u201103414099", "ClinicalTrials.gov", "NCT03414099"),
        ("trial NCT\u00a003414099", "ClinicalTrials.gov", "NCT03414099"),
        ("trial NCT0341\u200b4099", "ClinicalTrials.gov", "NCT03414099"),
        ("EudraCT 2020\u2013005130\u221215", "EudraCT", "2020-005130-15"),
        ("see https://clinicaltrials.gov/study/NCT03414099?tab=history", "ClinicalTrials.gov",
         "NCT03414099"),
    ],
)  # fmt: skip
def test_numbers_in_text(text: str, registry: str, number: str) -> None:
    told = found("A trial", abstract=text)
    assert [(one.registry, one.number, one.source) for one in told.found] == [
        (registry, number, "text")
    ]
    (proof,) = told.proofs
    assert text[proof.start : proof.end] == proof.text


@pytest.mark.parametrize(
    ("listed", "number"),
    [
        ("https://clinicaltrials.gov/show/nct03414099", "NCT03414099"),
        (" NCT\u201003414099. ", "NCT03414099"),
        ("NCT03414099/NCT03414100", "NCT03414099/NCT03414100"),  # two are none: as NLM has it
        ("Leaf-1", "Leaf-1"),
    ],
)
def test_what_stands_around_a_listed_number_is_not_part_of_it(listed: str, number: str) -> None:
    told = found("A trial", databanks=[("ClinicalTrials.gov", listed)])
    assert [(one.registry, one.number, one.source) for one in told.found] == [
        ("ClinicalTrials.gov", number, "databank")
    ]


def test_list_and_text_are_told_apart_and_proved() -> None:
    told = found(
        "A trial (NCT00000002)",
        abstract="See NCT00000001 and NCT00000002, NCT00000002 again.",
        databanks=[("ClinicalTrials.gov", "NCT00000001"), ("GENBANK", "CM008168.2")],
    )
    assert sorted((one.number, one.source) for one in told.found) == [
        ("NCT00000001", "both"),
        ("NCT00000002", "text"),
    ]
    assert {one.registry for one in told.found} == {"ClinicalTrials.gov"}
    assert sorted((one.code, one.source, one.field, one.start) for one in told.proofs) == [
        ("NCT00000001", "nlm_databank", "databank_accessions", None),
        ("NCT00000001", "text", "abstract", 4),
        ("NCT00000002", "text", "abstract", 20),
        ("NCT00000002", "text", "title", 9),
    ]


def test_a_number_is_shown_as_it_is_first_written() -> None:
    told = found("A trial (NCT 00000002)", abstract="See nct00000002.")
    assert [one.number_verbatim for one in told.found] == ["NCT 00000002"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('form = "NCT{}"', 'form = "NCT"', "`form` needs one {}"),
        (r"NCT[\s:#.-]{0,3}", r"(NCT)[\s:#.-]{0,3}", "exactly one group"),
        ("most_per_study = 3", "most_per_study = 0", "must be a number from 1"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (REFERENCE / "registries.toml").read_text()
    assert old in text
    (tmp_path / "registries.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigurationError, match=r"line \d+: .*" + message):
        load_registries(tmp_path / "registries.toml")
