"""Facets: each value with a text that must give it, and one that must not. All texts are ours."""

# One made-up record a line reads best.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipeline.evidence.judge import judge
from pipeline.evidence.study_types import load_study_types
from tests.evidence.conftest import REFERENCE, add_article

TYPES = load_study_types(REFERENCE / "study_types.toml")
TOPICS = ["kratom", "pain"]


def told(con: duckdb.DuckDBPyConnection, facet: str, pmid: int = 1) -> set[str]:
    rows = con.execute(
        "SELECT value FROM evidence.article_facets WHERE facet = ? AND pmid = ?", [facet, pmid]
    ).fetchall()
    return {value for (value,) in rows}


CASES: list[tuple[str, set[str], dict[str, object]]] = [
    # (facet, values wanted, record)
    ("substance", {"mitragynine"}, {"title": "Mitragynine lowers pain in mice", "abstract": "Mice got mitragynine 10 mg/kg."}),
    ("substance", {"leaf_or_extract"}, {"title": "Kratom use and pain: a survey", "abstract": "We surveyed 200 kratom users."}),
    ("substance", {"leaf_or_extract"}, {"title": "A methanol extract of Mitragyna speciosa leaves in rats", "abstract": "Rats got the extract."}),
    ("substance", {"7_hydroxymitragynine", "concentrated_7oh_product"}, {"title": "Poisoning by 7-OH tablets", "abstract": "Concentrated 7-hydroxymitragynine was sold in a shop. A 30-year-old man was found."}),
    ("substance", {"other_mitragyna"}, {"title": "Bark of Mitragyna inermis in mice", "abstract": "Mice were dosed."}),
    ("substance", {"pseudoindoxyl"}, {"title": "Mitragynine pseudoindoxyl in mice", "abstract": "Mice were dosed.", "substances": ("mitragynine pseudoindoxyl",)}),
    ("trial_purpose", {"pain_outcome"}, {"title": "Tea and cold water: a randomized trial", "abstract": "Adults were randomly assigned to tea or placebo; pain tolerance in the cold pressor test was taken."}),
    ("trial_purpose", {"pharmacokinetics"}, {"title": "Mitragynine in healthy volunteers: a randomized study", "abstract": "We studied the pharmacokinetics; Cmax was read."}),
    ("trial_purpose", {"safety"}, {"title": "Tea in adults: a randomized trial", "abstract": "Adults were randomly assigned. Adverse events were counted at a safety net clinic."}),
    ("trial_purpose", {"not_stated"}, {"title": "Tea in adults: a randomized trial", "abstract": "Adults were randomly assigned at a safety net clinic."}),
    ("trial_population", {"regular_users"}, {"title": "Kratom tea: a randomized trial", "abstract": "Daily kratom users were randomly assigned to tea or placebo."}),
    ("trial_population", {"healthy"}, {"title": "Tea: a randomized trial", "abstract": "Healthy adult men were randomly assigned."}),
    ("species", {"guinea_pig"}, {"title": "Ileum of guinea pigs after tea", "abstract": "Guinea pigs were dosed by mouth and killed."}),
    ("species", {"mouse", "rat"}, {"title": "Tea in mice and rats", "abstract": "Mice and rats were dosed with 10 mg/kg."}),
    ("species", {"dog"}, {"title": "Pharmacokinetics of mitragynine in beagle dogs", "abstract": "Dogs were dosed by mouth."}),
    ("assay", {"hot_plate", "tail_flick"}, {"title": "Tea in mice", "abstract": "Mice were given tea 10 mg/kg. Hot-plate and tail immersion latencies were taken under a 12 h light-dark cycle."}),
    ("assay", {"receptor_binding", "functional"}, {"title": "Opioid receptors and an alkaloid in cells", "abstract": "In HEK 293 cells radioligand binding and [35S]GTPγS were run."}),
    ("route", {"intraperitoneal"}, {"title": "Tea in mice", "abstract": "Mice were injected with 10 mg/kg i.p. and watched."}),
    ("antagonist", {"naloxone"}, {"title": "Tea in mice", "abstract": "Mice were given tea; naloxone blocked the effect."}),
    ("antagonist", {"not_stated"}, {"title": "Tea in rats with L-NAME-induced hypertension", "abstract": "Rats were given tea; pain was not seen."}),
    ("surveillance_source", {"poison_centre"}, {"title": "Kratom exposures reported to poison centers", "abstract": "We counted calls."}),
    ("survey_sampling", {"convenience"}, {"title": "An online survey of kratom users", "abstract": "We ran an anonymous online survey of 800 adults."}),
    ("study_country", {"Malaysia"}, {"title": "Kratom use in northern Malaysia: a cross-sectional survey", "abstract": "We surveyed 90 users."}),
    ("study_country", {"not_stated"}, {"title": "Chinese medicine for pain: a cross-sectional survey", "abstract": "We surveyed 90 adults about guinea pigs."}),
    ("study_country", {"United States"}, {"title": "Pain in New Mexico: a cross-sectional survey", "abstract": "We surveyed 90 adults."}),
    ("data_years", {"2011-2017"}, {"title": "Kratom exposures reported to poison centers", "abstract": "We read calls between January 1, 2011 and July 31, 2017."}),
    ("sample_size", {"1807"}, {"title": "Kratom exposures reported to poison centers", "abstract": "A total of 1,807 exposures were found; 32 people were hurt."}),
    ("sample_size", {"26"}, {"title": "Tea: a randomized trial", "abstract": "Twenty-six men were randomly assigned."}),
    ("sample_size", {"not_stated"}, {"title": "Tea: a randomized trial", "abstract": "Two randomized studies in healthy subjects were run."}),
    ("harm", {"liver"}, {"title": "Liver injury after kratom: a case report", "abstract": "A 40-year-old man had jaundice."}),
]  # fmt: skip


@pytest.fixture(scope="module")
def all_cases() -> Iterator[duckdb.DuckDBPyConnection]:
    """All made-up records judged at once: loading the rules costs more than they do."""
    with duckdb.connect() as con:
        for name in ("core", "evidence"):
            con.execute((REFERENCE.parents[1] / "sql" / "schema" / f"{name}.sql").read_text())
        for pmid, (_, _, record) in enumerate(CASES, 1):
            add_article(con, pmid, **record)  # type: ignore[arg-type]
        judge(con, REFERENCE)
        yield con


@pytest.mark.parametrize(
    ("pmid", "facet", "wanted"), [(n, f, w) for n, (f, w, _) in enumerate(CASES, 1)]
)
def test_values(all_cases, pmid, facet, wanted):
    assert told(all_cases, facet, pmid) == wanted
