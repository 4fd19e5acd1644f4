"""Each known trap as a pair: what must get the label, and what must not. All texts are ours."""

# One made-up record a line reads best.
# ruff: noqa: E501

from __future__ import annotations

import duckdb
import pytest

from pipeline.evidence.assigning import assign
from pipeline.evidence.study_types import StudyTypes, load_study_types
from pipeline.evidence.zones import build_units
from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE, add_article

TYPES: StudyTypes = load_study_types(REFERENCE / "study_types.toml")


def judged(con: duckdb.DuckDBPyConnection, **article: object) -> tuple[str, set[str]]:
    """Primary type and all types of one made-up record."""
    add_article(con, 1, **article)  # type: ignore[arg-type]
    build_units(con, "core")
    assign(con, TYPES, "core")
    rows = con.execute("SELECT study_type, is_primary FROM type_labels").fetchall()
    (primary,) = [code for code, is_primary in rows if is_primary]
    return primary, {code for code, _ in rows}


PAIRS = [
    # (primary wanted, title, abstract, publication types)
    ("QUAL", "Drinking kratom tea: a narrative inquiry", "We held semi-structured qualitative interviews before a laboratory study of self-administration of kratom; a narrative case-report series (n = 9) is given.", ()),
    ("NARR", "Kratom tea: a narrative review", "This review covers what is known.", ()),
    ("RCT", "Kratom tea and the cold pressor test: a randomized crossover study", "Adults were randomly assigned to the order of two drinks.", ()),
    ("COHORT", "Kratom tea and pain", "We followed a cohort. A retrospective cohort study of 80 patients. Randomized trials are needed.", ()),
    ("NRCT", "Effects of usual kratom dose in regular users", "Ten adults self-administered their own kratom product in our clinic, and nothing was blinded.", ()),
    ("COHORT", "Kratom use in daily life", "We used cross-sectional data and ecological momentary assessment in 300 adults.", ()),
    ("INFODEM", "What people post on Reddit about kratom", "We coded 500 posts.", ()),
    ("XSEC", "An online survey of people who use kratom", "We surveyed 500 adults, some recruited on Reddit.", ()),
    ("SR", "Kratom: a systematic review", "We searched PubMed for trials and animal studies.", ("Review",)),
    ("NARR", "Kratom: a comprehensive review", "This review tells what is known of the tree.", ()),
    ("SCOPING", "Harms of kratom: a comprehensive review", "We did a comprehensive scoping review of human cases.", ()),
    ("SCOPING", "Harms of kratom: a scoping review", "We mapped papers.", ("Systematic Review", "Review")),
    ("ANALYT", "Determination of mitragynine in human urine by LC-MS/MS", "Limits of detection were 1 ng/mL.", ()),
    ("RCT", "Kratom tea in adults: a randomized placebo-controlled trial", "Plasma was taken from 20 participants.", ()),
    ("ANIMAL", "Pharmacokinetics of mitragynine in beagle dogs", "Dogs were given a single clinical dose by mouth.", ()),
    ("NRCT", "Pharmacokinetics of mitragynine in healthy volunteers", "Healthy adults received a single dose.", ()),
    ("INVITRO", "Partial agonism of mitragynine alkaloids", "The alkaloids were synthesized. Receptor binding assays were run in HEK 293 cells.", ()),
    ("CHEM", "Total synthesis of mitragynine", "The compound was synthesized in ten steps.", ()),
    ("ANIMAL", "Kratom alkaloids: affinity and behaviour in rats", "Radioligand binding assays were run. Rats were trained to discriminate.", ()),
    ("SURV", "Exposures to kratom reported to poison centers", "We counted calls.", ()),
    ("CASE", "Liver injury in a 40-year-old man", "Poison centers report more calls. A 40-year-old man took kratom.", ()),
    ("COMMENT", "Comment on: kratom deaths, a retrospective cohort study", None, ("Letter", "Comment")),
    ("SURV", "Kratom-related deaths: coroner reports", "We read coroner reports.", ()),
    ("CASE", "Liver injury from kratom: a case report", None, ("Letter",)),
    ("COMMENT", "Kratom and the law", None, ("Letter",)),
    ("POLICY", "The eight-factor analysis of kratom", "We apply the eight factors of the law.", ()),
    ("XSEC", "Kratom policy and use: a cross-sectional survey", "Respondents in 20 states took part.", ()),
    ("ANIMAL", "Methane and feed intake in goats fed Mitragyna leaves", "Goats were fed leaves.", ()),
    # typical errors of text rules (study_types.md, section 0)
    ("INVITRO", "Neurons from iPSCs of one patient", "We derived iPSC neurons from a 40-year-old man with pain. Western blotting was done.", ()),
    ("OTHER", "Pricing of electricity", "A case study of one town with 3 grids.", ()),
    ("CASE", "Pain after kratom: case report and review of the literature", "A 30-year-old woman had pain.", ("Case Reports", "Review")),
    ("PROTOCOL", "Tea for back pain: rationale and design of a randomized trial", "Adults will be randomized.", ("Randomized Controlled Trial",)),
    ("PROTOCOL", "Tea for back pain: protocol for a systematic review", "We will search MEDLINE.", ()),
    ("NOTICE", "Correction: Kratom tea in adults: a randomized trial", None, ()),
    ("COHORT", "Correction of scoliosis: a retrospective study", "Records of 60 patients were read.", ()),
    ("ANIMAL", "Mitragynine lowers pain in mice", "Mice were randomly assigned to mitragynine 10 mg/kg or vehicle.", ()),
    ("SR", "Meta-analysis of tea for pain", None, ()),
    ("GUIDE", "Clinical practice guideline for low back pain", None, ()),
    ("PLANT", "Alkaloids from the leaves of Mitragyna speciosa", "Two alkaloids were isolated from the leaves.", ()),
    ("INSILICO", "Molecular docking of mitragynine", "Poses were ranked.", ()),
    ("SERIES", "Kratom and seizures: a case series", "We describe four patients.", ()),
    ("CASECTRL", "Tea and migraine: a case-control study", "Patients and controls were asked.", ()),
]  # fmt: skip


MUST_NOT = [
    ("RCT", "Tea and sleep in mice", "Mice were randomly assigned to two groups."),
    ("RCT", "Tea and pain", "We asked 50 adults. Randomized controlled trials are needed."),
    ("RCT", "A score for pain", "Patients were randomly divided into a training set and a test set."),
    ("RCT", "Tea for pain", "A non-randomized trial: patients were assigned by day of the week."),
    ("NARR", "Tea use: a narrative inquiry", "We interviewed nine people."),
    ("NARR", "Tea and falls: a chart review", "We read charts of 60 patients."),
    ("SURV", "Tea and liver", "Poison centers see many calls. We asked 50 adults by questionnaire."),
    ("XSEC", "Cross-sectional area of the muscle in rats", "Muscle was weighed."),
    ("XSEC", "A model of pain", "Logistic regression gave odds ratios."),
    ("CASE", "Tea use in children of 4 to 6 years", "We followed 200 children, 4- to 6-year-old."),
    ("SR", "Genome-wide meta-analysis of migraine", "Loci were found."),
    ("NRCT", "Mitragynine in human urine by LC-MS/MS", "Limits of detection were 1 ng/mL."),
    ("CASE", "A patient-derived line", "iPSCs from a 40-year-old man were grown."),
    ("PROTOCOL", "An enhanced recovery protocol after surgery", "We treated 60 patients."),
    ("GUIDE", "Adherence to a clinical practice guideline for back pain", "We asked 60 doctors."),
]  # fmt: skip


@pytest.fixture(scope="module")
def all_pairs() -> dict[int, tuple[str, set[str]]]:
    """Every made-up record judged in one go: its primary type and all its types."""
    con = duckdb.connect()
    con.execute((ROOT / "sql" / "schema" / "core.sql").read_text())
    for number, (_, title, abstract, tags) in enumerate(PAIRS):
        add_article(con, number, title, abstract=abstract or (), publication_types=tags)
    for number, (_, title, abstract) in enumerate(MUST_NOT, len(PAIRS)):
        add_article(con, number, title, abstract=abstract)
    build_units(con, "core")
    assign(con, TYPES, "core")
    found: dict[int, tuple[str, set[str]]] = {}
    for pmid, primary, codes in con.execute(
        "SELECT pmid, max(study_type) FILTER (WHERE is_primary), list(study_type) "
        "FROM type_labels GROUP BY pmid"
    ).fetchall():
        found[pmid] = (primary, set(codes))
    return found


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=lambda n: PAIRS[n][1][:50])
def test_primary(all_pairs: dict[int, tuple[str, set[str]]], number: int) -> None:
    assert all_pairs[number][0] == PAIRS[number][0]


@pytest.mark.parametrize("number", range(len(MUST_NOT)), ids=lambda n: MUST_NOT[n][1][:50])
def test_trap(all_pairs: dict[int, tuple[str, set[str]]], number: int) -> None:
    assert MUST_NOT[number][0] not in all_pairs[len(PAIRS) + number][1]


def test_both_halves_of_a_paper_are_kept(con: duckdb.DuckDBPyConnection) -> None:
    _, labels = judged(
        con,
        title="Kratom alkaloids: affinity and behaviour in rats",
        abstract="Radioligand binding assays were run. Rats were trained.",
    )
    assert {"ANIMAL", "INVITRO"} <= labels


@pytest.mark.parametrize(
    ("article", "reason"),
    [
        ({"title": "Thoughts"}, "no abstract and no informative tag"),
        ({"title": "Thoughts", "source": "sparse", "kind": "citation"}, "title only"),
        ({"title": "Thoughts", "abstract": "Some words."}, "no signal"),
    ],
)
def test_unclassified_says_why(
    con: duckdb.DuckDBPyConnection, article: dict[str, str], reason: str
) -> None:
    primary, labels = judged(con, **article)
    assert (primary, labels) == ("OTHER", {"OTHER"})
    assert con.execute("SELECT reason FROM type_labels").fetchall() == [(reason,)]


def test_sparse_citation_is_judged_by_its_title(con: duckdb.DuckDBPyConnection) -> None:
    title = "Kratom use in Ohio: a cross-sectional survey"
    assert judged(con, title=title, source="sparse", kind="citation")[0] == "XSEC"


def test_book_chapter(con: duckdb.DuckDBPyConnection) -> None:
    assert judged(con, title="Kratom", kind="book")[0] == "REFWORK"


def test_mesh_of_a_record_without_design_tags(con: duckdb.DuckDBPyConnection) -> None:
    primary, _ = judged(
        con, title="Antinociceptive action of mitragynine", mesh=[("Mice", False), ("Male", False)]
    )
    assert primary == "ANIMAL"
    assert con.execute("SELECT assigned_by, confidence FROM type_labels").fetchall() == [
        ("nlm_mesh", "high")  # two rules agree: the heading and the words of the title
    ]


def test_conflict_keeps_the_tag_and_is_flagged(con: duckdb.DuckDBPyConnection) -> None:
    primary, labels = judged(
        con,
        title="Kratom tea in Ohio: a cross-sectional study",
        abstract="Respondents drank tea.",
        publication_types=["Randomized Controlled Trial"],
    )
    assert primary == "RCT"
    assert "XSEC" in labels
    con.execute("DELETE FROM core.publication_types; DELETE FROM core.articles")
    con.execute("DELETE FROM core.abstract_sections")
    judged(con, title="Kratom in rats", publication_types=["Case Reports"])
    assert con.execute(
        "SELECT study_type, has_conflict FROM type_labels ORDER BY 1"
    ).fetchall() == [
        ("ANIMAL", True),
        ("CASE", True),
    ]


TRIAL = "Kratom tea against pain: a randomized trial in adults"


def is_retracted(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute("SELECT flag, rule_id FROM flag_proofs WHERE flag = 'is_retracted'")
    return bool(rows.fetchall())


@pytest.mark.parametrize(
    "prefix",
    [
        "RETRACTED: ", "Retracted: ", "RETRACTED ARTICLE: ", "Retracted article. ", "WITHDRAWN: ",
        "Withdrawn paper: ", "[Retracted] ", "[RETRACTED ARTICLE] ", "(Retracted) ",
        "Retracted \u2014 ", "RETRACTED : ", "Retracted publication: ",
    ],
)  # fmt: skip
def test_a_retracted_article_keeps_its_type_whatever_word_its_title_begins_with(
    con: duckdb.DuckDBPyConnection, prefix: str
) -> None:
    """NLM's tag may still be missing: the title says it, and is the proof."""
    primary, labels = judged(con, title=prefix + TRIAL, abstract="Adults were randomly assigned.")
    assert primary == "RCT"
    assert "NOTICE" not in labels
    assert is_retracted(con)


@pytest.mark.parametrize(
    "article",
    [
        {"title": f"Retraction: {TRIAL}", "publication_types": ["Retraction of Publication"]},
        {"title": f"Retracted: {TRIAL}", "links": ["RetractionOf"]},
        {"title": f"Retraction notice to: {TRIAL}"},
        {"title": f"Withdrawal notice: {TRIAL}"},
        {"title": f"Expression of concern: {TRIAL}"},
        {"title": f"Expression of concern: {TRIAL}", "links": ["ExpressionOfConcernFor"]},
    ],
)
def test_a_notice_is_a_notice_and_not_retracted(
    con: duckdb.DuckDBPyConnection, article: dict[str, object]
) -> None:
    assert judged(con, **article)[0] == "NOTICE"
    assert not is_retracted(con)


@pytest.mark.parametrize(
    "article",
    [
        {"title": f"Expression of concern: {TRIAL}", "links": ["ExpressionOfConcernIn"]},
        {
            "title": f"EXPRESSION OF CONCERN: {TRIAL}",
            "publication_types": ["Randomized Controlled Trial"],
        },
        {
            "title": f"Retraction: {TRIAL}",
            "publication_types": ["Retracted Publication", "Randomized Controlled Trial"],
        },
        {"title": TRIAL, "links": ["ExpressionOfConcernIn"]},
    ],
)
def test_an_article_that_a_notice_is_about_keeps_its_type(
    con: duckdb.DuckDBPyConnection, article: dict[str, object]
) -> None:
    primary, labels = judged(con, **article)
    assert primary == "RCT"
    assert "NOTICE" not in labels


@pytest.mark.parametrize(
    "title",
    [
        "Withdrawal: a survey of people who stopped kratom",
        "Withdrawn patients in trials of kratom",
        "How often retracted papers on kratom are cited",
        "Removal: a survey of kratom from the market",
    ],
)
def test_other_words_of_that_kind_mean_nothing(con: duckdb.DuckDBPyConnection, title: str) -> None:
    assert "NOTICE" not in judged(con, title=title)[1]
    assert not is_retracted(con)
