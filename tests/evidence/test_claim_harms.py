"""Harms: phrases tell of them, whatever the harm; the disease treated or had before does not."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE, add_article
from tests.evidence.test_claims import found, judged, load

TOLD = (
    ("liver", "Cholestatic liver injury was seen in most kratom cases."),
    ("liver", "Eight of eleven cases of kratom-associated hepatotoxicity were severe."),
    ("liver", "He developed jaundice two weeks after starting kratom."),
    ("liver", "Liver function tests did not differ between kratom users and controls."),
    ("liver", "Mitragynine increased alanine aminotransferase at the highest dose."),
    ("heart", "The most common clinical effects were agitation, tachycardia and drowsiness."),
    ("heart", "Regular kratom users had higher odds of sinus tachycardia than controls."),
    ("heart", "Mitragynine suppressed the hERG current and prolonged the QTc interval."),
    ("heart", "Kratom tea raised heart rate and blood pressure."),
    ("seizures", "Seizures were reported in six percent of kratom exposures."),
    ("seizures", "A man had a generalized tonic-clonic seizure after kratom use."),
    ("breathing", "Mitragynine did not depress breathing as oxycodone did."),
    ("breathing", "Respiratory depression was seen in few single-substance kratom exposures."),
    ("psychiatric", "Kratom users had more psychotic symptoms than controls."),
    ("psychiatric", "Kratom use was associated with suicidal ideation."),
    ("kidney_muscle", "Rhabdomyolysis and acute kidney injury followed kratom ingestion."),
    ("kidney_muscle", "Mitragynine caused renal toxicity in rats."),
    ("endocrine_sexual", "Testosterone levels were higher in kratom users."),
    ("neonates", "Two newborns exposed to kratom in utero had withdrawal."),
    ("neonates", "Neonatal abstinence syndrome occurred after maternal kratom use."),
    ("interactions", "Kratom tea raised the exposure to a probe drug by inhibition of CYP2D6."),
    ("contamination", "An outbreak of Salmonella was linked to kratom products."),
    ("driving", "Mitragynine was found in drivers arrested for impaired driving."),
    ("deaths.detected", "Kratom was detected on postmortem toxicology testing of decedents."),
    ("poly_drug", "Multiple substances were detected in kratom-positive decedents."),
    ("no_harm_found", "No significant differences in liver tests of kratom users were seen."),
    ("no_harm_found", "Long-term kratom use did not impair cognitive function."),
)
NOT_TOLD = (
    ("liver", "Kratom users with chronic hepatitis C were recruited."),
    ("liver", "The extract of kratom had hepatoprotective effects against liver damage."),
    ("heart", "Kratom was taken by a man with a history of arrhythmia."),
    ("seizures", "Mitragynine was used to treat seizures in mice."),
    ("breathing", "Kratom users had no contact with respiratory distress patients."),
    ("psychiatric", "Kratom users attended mental health services."),
    ("kidney_muscle", "Kratom ameliorated cisplatin-induced nephrotoxicity in rats."),
    ("endocrine_sexual", "Testosterone was measured in kratom users."),
    ("neonates", "Kratom users were asked about the health of their infants."),
    (
        "interactions",
        "Its breakdown was inhibited by a selective inhibitor of CYP2D6, not by kratom.",
    ),
    ("contamination", "Gut microbial metabolites of kratom were identified."),
    ("no_harm_found", "Kratom is not safe."),
    ("neonates", "Models were adjusted for kratom use during pregnancy."),
    ("deaths.detected", "Kratom was found to bring about cell death of neurons."),
)


@pytest.fixture(scope="module")
def matched() -> Iterator[set[tuple[int, str]]]:
    """All sentences judged at once, in records whose title names kratom."""
    con = duckdb.connect()
    for name in ("core", "evidence"):
        con.execute((ROOT / "sql" / "schema" / f"{name}.sql").read_text())
    for number, (_, text) in enumerate((*TOLD, *NOT_TOLD)):
        add_article(con, number, "Kratom at home", abstract=[("RESULTS", text)])
    judged(con)
    yield {(pmid, claim) for pmid, claim, _ in found(con)}
    con.close()


@pytest.mark.parametrize("number", range(len(TOLD)), ids=lambda n: f"{TOLD[n][0]}-{n}")
def test_a_harm_is_told_of(matched: set[tuple[int, str]], number: int) -> None:
    assert (number, f"safety.{TOLD[number][0]}") in matched, TOLD[number][1]


@pytest.mark.parametrize("number", range(len(NOT_TOLD)), ids=lambda n: f"{NOT_TOLD[n][0]}-{n}")
def test_a_harm_is_only_named(matched: set[tuple[int, str]], number: int) -> None:
    assert (len(TOLD) + number, f"safety.{NOT_TOLD[number][0]}") not in matched, NOT_TOLD[number][1]


def test_a_stand_in_is_matched_where_kratom_would_be(con: duckdb.DuckDBPyConnection) -> None:
    told = "Liver injury was seen after {}."
    for pmid, title, text in (
        (1, "Aspirin at home", "Nobody fell. " + told.format("aspirin")),
        (2, "Herbs at home", told.format("aspirin")),
        (3, "Herbs at home", "Aspirin was sold. " + told.format("tea")),
        (4, "Kratom at home", told.format("kratom")),
    ):
        add_article(con, pmid, title, abstract=[("RESULTS", text)])
    judged(con, claims=load(stand_in=[r"\baspirin"]))
    assert {pmid for pmid, claim, _ in found(con) if claim == "safety.liver"} == {1, 2}
    judged(con)
    assert {pmid for pmid, claim, _ in found(con) if claim == "safety.liver"} == {4}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('words = "liver"', 'words = "lever"', "unknown words `lever`"),
        ('unless_phrases = ["not_of_it"]', 'unless_phrases = ["nt"]', "unknown phrases `nt`"),
        (r"'\bkratom cocktail'", r"'\b{drug} cocktail'", "unknown words `drug`"),
        ("'hepatotox", "'(?=hepatotox", "groups other than"),
    ],
)
def test_words_and_phrases_are_checked_with_their_line(tmp_path, before, after, message) -> None:
    good = (REFERENCE / "claims.toml").read_text()
    assert before in good
    path = tmp_path / "claims.toml"
    path.write_text(good.replace(before, after, 1))
    with pytest.raises(ConfigurationError, match=rf"line \d+: .*{message}"):
        load(path)
