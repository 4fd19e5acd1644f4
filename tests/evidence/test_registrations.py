"""Registration numbers in texts of ours, and NLM's lists: none lost, none invented."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.registrations import find_registrations, load_registries
from tests.evidence.conftest import REFERENCE, add_article

REGISTRIES = load_registries(REFERENCE / "registries.toml")

SAID = [
    # (text, registry, number)
    ("Registered at ClinicalTrials.gov (NCT03414099).", "ClinicalTrials.gov", "NCT03414099"),
    ("Trial number: NCT 03414099", "ClinicalTrials.gov", "NCT03414099"),
    ("clinicaltrials.gov identifier nct03414099", "ClinicalTrials.gov", "NCT03414099"),
    ("Thai Clinical Trials Registry TCTR20190101001.", "TCTR", "TCTR20190101001"),
    ("(ACTRN12619000219189p)", "ANZCTR", "ACTRN12619000219189"),
    ("EudraCT number: 2020-005130-15", "EudraCT", "2020-005130-15"),
    ("EU trial 2022-501234-12-00 (CTIS)", "CTIS", "2022-501234-12-00"),
    ("ISRCTN: ISRCTN11057518", "ISRCTN", "ISRCTN11057518"),
    ("PROSPERO (CRD42020163303)", "PROSPERO", "CRD42020163303"),
    ("in PROSPERO under 42020163303", "PROSPERO", "CRD42020163303"),
    ("ChiCTR-TRC-12002345", "ChiCTR", "ChiCTRTRC-12002345"),
    ("CTRI/2021/03/031686", "CTRI", "CTRI/2021/03/031686"),
    ("CTRI/2021/03/031,686", "CTRI", "CTRI/2021/03/031686"),
    ("registry (ACTRN): 12619000219189", "ANZCTR", "ACTRN12619000219189"),
    ("DRKS-ID: DRKS00015308", "DRKS", "DRKS00015308"),
    ("IRCT20191130045556N1", "IRCT", "IRCT20191130045556N1"),
    ("UMIN-CTR ID: UMIN000041687", "UMIN-CTR", "UMIN000041687"),
    ("jRCTs031180123", "jRCT", "jRCTs031180123"),
    ("Dutch Trial Register NTR4132", "NTR", "NTR4132"),
    ("RBR-4q5x2g", "ReBEC", "RBR-4Q5X2G"),
    ("NMRR-19-1234-56789", "NMRR", "NMRR-19-1234-56789"),
    ("plan at https://osf.io/ab3de", "OSF", "osf.io/ab3de"),
    ("NCT\u201103414099", "ClinicalTrials.gov", "NCT03414099"),
    ("trial NCT\u00a003414099", "ClinicalTrials.gov", "NCT03414099"),
    ("EudraCT 2020\u2013005130\u221215", "EudraCT", "2020-005130-15"),
    ("see https://clinicaltrials.gov/study/NCT03414099?tab=history", "ClinicalTrials.gov",
     "NCT03414099"),
]  # fmt: skip

UNSAID = (
    "The NLRP3 inflammasome and NL63 were measured.",
    "Call 2020-005130-15 was made.",
    "NCT0341409 has seven digits, NCT034140999 nine.",
    "Per 100-200 people; lot 42020163303.",
)


def found(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    find_registrations(con, REGISTRIES, "core")
    return con.execute(
        "SELECT registry, number, source FROM evidence.registrations ORDER BY ALL"
    ).fetchall()


@pytest.mark.parametrize(("text", "registry", "number"), SAID)
def test_numbers_in_text(con, text, registry, number):
    add_article(con, 1, "A trial", abstract=text)
    assert found(con) == [(registry, number, "text")]


@pytest.mark.parametrize("text", UNSAID)
def test_what_is_no_number(con, text):
    add_article(con, 1, "A trial", abstract=text)
    assert found(con) == []


@pytest.mark.parametrize(
    ("listed", "number"),
    [
        ("https://clinicaltrials.gov/show/nct03414099", "NCT03414099"),
        (" NCT\u201003414099. ", "NCT03414099"),
        ("NCT03414099/NCT03414100", "NCT03414099/NCT03414100"),  # two are none: as NLM has it
        ("Leaf-1", "Leaf-1"),
    ],
)
def test_what_stands_around_a_listed_number_is_not_part_of_it(con, listed, number):
    add_article(con, 1, "A trial")
    con.execute(
        "INSERT INTO core.databank_accessions VALUES (1, 1, 'ClinicalTrials.gov', ?)", [listed]
    )
    assert found(con) == [("ClinicalTrials.gov", number, "databank")]


def test_list_and_text_are_told_apart_and_proved(con):
    add_article(con, 1, "A trial (NCT00000002)", abstract="See NCT00000001 and NCT00000002.")
    con.execute(
        "INSERT INTO core.databank_accessions VALUES (1, 1, 'ClinicalTrials.gov', ?)",
        ["NCT00000001"],
    )
    con.execute("INSERT INTO core.databank_accessions VALUES (1, 2, 'GENBANK', 'CM008168.2')")
    assert found(con) == [
        ("ClinicalTrials.gov", "NCT00000001", "both"),
        ("ClinicalTrials.gov", "NCT00000002", "text"),
    ]  # fmt: skip
    proofs = con.execute(
        "SELECT code, source, field, matched_text, char_start FROM evidence.proofs ORDER BY ALL"
    ).fetchall()
    assert proofs == [
        ("NCT00000001", "nlm_databank", "databank_accessions", "NCT00000001", None),
        ("NCT00000001", "text", "abstract", "NCT00000001", 4),
        ("NCT00000002", "text", "abstract", "NCT00000002", 20),
        ("NCT00000002", "text", "title", "NCT00000002", 9),
    ]


def test_a_listed_number_in_an_odd_form_is_kept_as_it_stands(con):
    add_article(con, 1, "A trial")
    con.execute("INSERT INTO core.databank_accessions VALUES (1, 1, 'ISRCTN', 'ISRCTN474042962')")
    assert found(con) == [("ISRCTN", "ISRCTN474042962", "databank")]


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
