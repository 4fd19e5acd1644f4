"""Facets: each value with a text that must give it, and one that must not. All texts are ours."""

# One made-up record a line reads best.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.facet_values import number, years
from pipeline.evidence.facets import load_facets
from pipeline.evidence.judge import judge
from pipeline.evidence.overrides import load_overrides
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
    ("substance", {"leaf_or_extract"}, {"title": "Kratom and pain tolerance"}),
    ("substance", {"mitragynine"}, {"title": "Mitragynine, an alkaloid of kratom"}),
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
    # what readings showed to go wrong
    ("assay", {"not_stated"}, {"title": "iPSCs of a rat model", "abstract": "Rats were dosed. iPSCs were made; KEGG named long-term potentiation and the cAMP signaling pathway; cAMP response element-binding protein fell."}),
    ("assay", {"electrophysiology"}, {"title": "Tea and synapses of mice", "abstract": "Mice were dosed with tea; inhibitory postsynaptic currents and mEPSCs were recorded."}),
    ("assay", {"not_stated"}, {"title": "Gait training after stroke: a randomized trial", "abstract": "Adults were randomly assigned. Gait analysis, weight bearing and a self-administered questionnaire were used."}),
    ("species", {"mouse"}, {"title": "Bovine serum albumin gels in mice", "abstract": "Mice were dosed with gels of bovine serum albumin."}),
    ("trial_purpose", {"not_stated"}, {"title": "Tea: a randomized trial", "abstract": "Adults in the pain-free phase were randomly assigned to tea or water."}),
    ("trial_purpose", {"not_stated"}, {"title": "Tea and safety of trekkers: a randomized trial", "abstract": "Adults were randomly assigned. The safety of trekkers was a topic."}),
    ("study_country", {"not_stated"}, {"title": "Knees: a cross-sectional survey", "abstract": "We surveyed 90 adults with the Western Ontario and McMaster Universities index and a camera (Lens GmbH, Jena, Germany) in New England."}),
    ("study_country", {"China"}, {"title": "Tea in Inner Mongolia: a cross-sectional survey", "abstract": "We surveyed 90 adults."}),
    ("survey_sampling", {"probability"}, {"title": "Tea in adults: a cross-sectional survey", "abstract": "We ran an online survey of a nationally representative sample of 900 adults."}),
    ("survey_sampling", {"not_stated"}, {"title": "Tea in adults: a cross-sectional survey", "abstract": "We sent an anonymous questionnaire to all members; 900 adults answered the online survey."}),
    ("survey_sampling", {"clinical"}, {"title": "Tea in patients: a cross-sectional survey", "abstract": "Consecutive patients were surveyed at one place."}),
    ("survey_sampling", {"not_stated"}, {"title": "Tea in women: a cross-sectional survey", "abstract": "We asked 90 women attending a large university about records of a nationally representative database."}),
    ("survey_sampling", {"convenience"}, {"title": "Tea in patients: a cross-sectional survey", "abstract": "We ran an online survey of patients."}),
    ("survey_sampling", {"not_stated"}, {"title": "Tea in wards: a cross-sectional survey", "abstract": "An online survey was sent to 40 wards."}),
    ("sample_size", {"73"}, {"title": "Tea: a cross-sectional survey", "abstract": "We asked thirty-five women with pain and 38 healthy women."}),
    ("sample_size", {"40"}, {"title": "Tea: a randomized trial", "abstract": "We randomized 40 adults; 20 patients in each group were given tea."}),
    ("sample_size", {"not_stated"}, {"title": "Tea: a randomized trial", "abstract": "There were two groups of 20 patients each. Three thousand five hundred adults live there."}),
    ("sample_size", {"27"}, {"title": "Tea: a randomized trial", "abstract": "Here N = 27 healthy men were randomized; Repeat scans were made in 10 adults."}),
    ("sample_size", {"not_stated"}, {"title": "Tea in 230 million people: a cross-sectional survey"}),
    ("data_years", {"2017-2020"}, {"title": "Tea: a cross-sectional survey", "abstract": "We read records from January 1, 2020 to July 20, 2020 and of the same period of 2017-2019."}),
    ("route", {"subcutaneous"}, {"title": "Tea in mice", "abstract": "Mice were dosed (5 mg/kg sc); tumors lay subcutaneously and intraperitoneal xenografts grew."}),
    ("route", {"not_stated"}, {"title": "Nerves: a randomized trial", "abstract": "Adults with perineural invasion were randomized; an in-phase (IP) image was made."}),
    ("assay", {"not_stated"}, {"title": "Monocyte locomotion inhibitory factor in mice", "abstract": "Mice were dosed with 5 mg/kg."}),
    ("trial_population", {"not_stated"}, {"title": "Tea for carers: a randomized trial", "abstract": "Caregivers of patients were randomly assigned."}),
    ("study_country", {"not_stated"}, {"title": "Hearts: a cross-sectional survey", "abstract": "We surveyed 90 adults by class, New York Heart Association, and by the score of, California Verbal Learning Test."}),
    ("antagonist", {"cb1_antagonist", "trpv1_antagonist"}, {"title": "Tea in mice", "abstract": "Mice were given tea, AM251 and SB366791."}),
    ("antagonist", {"not_stated"}, {"title": "Glibenclamide in diabetic rats", "abstract": "Rats were pretreated with glibenclamide, an antidiabetic."}),
    ("substance", {"leaf_or_extract"}, {"title": "Kratom and a mitragynine metabolite in dogs", "abstract": "Dogs were dosed with kratom extract."}),
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


def test_levels_tell_title_results_and_mention_apart(con):
    add_article(
        con,
        1,
        "Tea in rats",
        abstract=[
            ("METHODS", "Rats and mice got 5 mg/kg; rabbits too."),
            ("RESULTS", "In mice it worked."),
        ],
    )
    judge(con, REFERENCE)
    rows = con.execute("SELECT value, level FROM evidence.article_facets WHERE facet = 'species'")
    assert sorted(rows.fetchall()) == [
        ("mouse", "outcome"),
        ("rabbit", "mention"),
        ("rat", "focus"),
    ]


def test_a_review_has_no_facets_of_what_it_names(con):
    add_article(
        con,
        1,
        "Pain in mice: a systematic review",
        abstract="We searched PubMed. Mice were tested on hot plates.",
    )
    judge(con, REFERENCE)
    assert told(con, "species") == set()


def test_every_stated_value_is_proved_at_its_place(all_cases):
    unproved = (REFERENCE.parents[1] / "sql" / "checks" / "every_label_has_proof.sql").read_text()
    assert all_cases.execute(unproved).fetchall() == []
    misplaced = (
        REFERENCE.parents[1] / "sql" / "checks" / "proofs_stand_where_they_say.sql"
    ).read_text()
    assert all_cases.execute(misplaced).fetchall() == []
    assert all_cases.execute(
        "SELECT count(*) > 30 FROM evidence.proofs WHERE kind = 'facet'"
    ).fetchall() == [(True,)]


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("Department of Pain, Universiti Sains, Penang, Malaysia.", "Malaysia"),
        ("Boston MA 02115 USA. a.leaf@example.org", "United States"),
        ("School of Pharmacy, Gainesville, FL 32610.", "United States"),
        ("3000 Leuven, Belgium. Electronic address: a@b.be.", "Belgium"),
        ("University of Chinese Medicine", "not_stated"),
    ],
)
def test_countries_of_authors(con, address, country):
    add_article(con, 1, "Tea in mice", abstract="Mice got 5 mg/kg.")
    con.execute("INSERT INTO core.affiliations VALUES (1, 1, 1, ?, [])", [address])
    judge(con, REFERENCE)
    assert told(con, "affiliation_country") == {country}


def test_a_decision_takes_the_place_of_the_values_and_keeps_them_beside(con, tmp_path):
    for path in [*REFERENCE.glob("*.toml"), *REFERENCE.glob("*.csv")]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "overrides.toml").write_text(
        'version = "1"\n[[override]]\npmid = 1\nfield = "facet.species"\nvalue = "rat; mouse"\n'
        'expect = "mouse"\nwho = "A"\nwhen = 2026-11-22\nwhy = "full text"\n'
    )
    add_article(con, 1, "Tea in mice", abstract="Mice got 5 mg/kg.")
    judge(con, tmp_path)
    assert told(con, "species") == {"mouse", "rat"}
    assert con.execute(
        "SELECT field, automatic_value, is_expectation_met FROM evidence.overrides"
    ).fetchall() == [("facet.species", "mouse", True)]
    assert con.execute(
        "SELECT code, source, matched_text FROM evidence.proofs WHERE kind = 'facet' "
        "AND code LIKE 'species.%' ORDER BY ALL"
    ).fetchall() == [
        ("species.mouse", "override", "full text"),
        ("species.rat", "override", "full text"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("facet.species", "unicorn", "unknown value `unicorn` of species"),
        ("facet.sample_size", "many", "unknown value `many` of sample_size"),
        ("facet.colour", "green", "`field` can be study_type, facet.substance"),
    ],
)
def test_decisions_that_cannot_be(tmp_path, field, value, message):
    path = tmp_path / "overrides.toml"
    path.write_text(
        f'version = "1"\n[[override]]\npmid = 1\nfield = "{field}"\nvalue = "{value}"\n'
        'expect = "not_stated"\nwho = "A"\nwhen = 2026-11-22\nwhy = "b"\n'
    )
    facets = load_facets(REFERENCE / "facets.toml", TYPES, TOPICS)
    with pytest.raises(ConfigurationError, match=f"line 3: {message}"):
        load_overrides(path, TYPES.codes(), facets)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('code = "species.rat"', 'code = "species.wolf"', "unknown code `species.wolf`"),
        ("{people}", "{persons}", "unknown word `{persons}`"),
        ('topic = "kratom"', 'topic = "tea"', "unknown topic `tea`"),
        ('read = "years"', 'read = "colour"', "`read` must be one of number, years"),
        ('aspect = "data_source"', 'aspect = "source"', "is no aspect of study_types.toml"),
        ('rest = "another_antagonist"', 'rest = "none"', "`rest` names no value"),
        ("'\\bguinea pigs?\\b'", "'\\bguinea pigs?$'", "uses \\$"),
        ("not_after = ", "not_behind = ", "unknown key `not_behind`"),
    ],
)
def test_mistakes_in_the_rules_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (REFERENCE / "facets.toml").read_text()
    assert old in text
    (tmp_path / "facets.toml").write_text(text.replace(old, new))
    with pytest.raises(ConfigurationError, match=r"line \d+: .*" + message):
        load_facets(tmp_path / "facets.toml", TYPES, TOPICS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a total of 1,204 patients", "1204"),
        ("A total of 97 869 patients", "97869"),
        ("Twenty-six men", "26"),
        ("two hundred and ten children", "210"),
        ("five-hundred and thirty three patients", "533"),
        ("In 2019 patients were seen", None),
        ("no patients", None),
        ("0 patients", None),
    ],
)
def test_numbers_are_read(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("between January 2011 and July 2017", "2011-2017"),
        ("from March to May 2020", "2020"),
        ("2020-2011", None),
        ("in 12000 calls", None),
    ],
)
def test_years_are_read(text, value):
    assert years(text) == value
