"""This literature's own designs: a text that must match beside a background trap that must not.

All texts are ours.
"""

# One made-up record a line reads best.
# ruff: noqa: E501

from __future__ import annotations

import duckdb
import pytest

from pipeline.evidence.assigning import assign
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.zones import build_units
from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE, add_article

DESIGNS = {
    # what: (type, (title, text that must match), (title, text that must not))
    "poison centres": ("SURV", ("Kratom and poison centers", "We counted calls to poison centers from 2011 to 2017."), ("Kratom tea and sleep", "Poison centers report more calls every year. We asked 50 adults how they slept.")),
    "post-mortem series": ("SURV", ("Mitragynine in post-mortem cases", "We read the files of medical examiners in one state."), ("Kratom tea and sleep", "Deaths have been seen by medical examiners. We asked 50 adults how they slept.")),
    "pharmacovigilance": ("SURV", ("Kratom in an adverse event reporting system", "A disproportionality analysis was run."), ("Kratom tea in rats", "Adverse event reporting systems hold few reports. Rats were given tea.")),
    "text of social media": ("INFODEM", ("Kratom on Reddit", "We coded 600 posts."), ("Kratom tea and sleep", "Reddit has many posts on tea. We examined 40 adults in our clinic.")),
    "hot plate and tail flick": ("ANIMAL", ("Mitragynine and nociception", "Latency on the hot plate and the tail flick were measured in male Swiss mice given 10 mg/kg."), ("Kratom tea and the cold pressor", "In mice, the hot plate is the usual test. We randomly assigned 26 adults to tea or placebo.")),
    "receptor binding": ("INVITRO", ("Affinity of mitragynine", "Radioligand binding assays were run in transfected HEK 293 cells."), ("Kratom tea and sleep", "Receptor binding was described before. We asked 50 adults by questionnaire.")),
    "LC-MS method": ("ANALYT", ("Quantification of mitragynine in tablets by LC-MS/MS", "The limit of detection was 1 ng/mL."), ("Kratom tea and sleep", "LC-MS/MS methods exist. We asked 50 adults how they slept.")),
    "phytochemistry": ("PLANT", ("Phytochemical analysis of Mitragyna speciosa", "Two alkaloids were isolated from the leaves of the tree."), ("Kratom tea and sleep", "Forty alkaloids were isolated from the leaves. We asked 50 adults how they slept.")),
    "human pharmacokinetics": ("NRCT", ("Pharmacokinetics of mitragynine in man", "Ten healthy volunteers received a single dose."), ("Pharmacokinetics of mitragynine in rats", "Human pharmacokinetics are unknown. Rats received a single oral dose.")),
    "national survey": ("XSEC", ("Kratom use in the National Survey on Drug Use and Health", "Respondents were asked about the past year."), ("Kratom tea in rats", "National surveys give a prevalence of one in a hundred. Rats were given tea.")),
    "synthesis of compounds": ("CHEM", ("Total synthesis of speciogynine", "The compound was synthesized in nine steps."), ("Mitragynine in cells", "Its total synthesis is known. Cell viability was measured in HepG2 cells.")),
    "review by statute": ("POLICY", ("Eight-factor analysis of mitragynine", "We apply the eight factors."), ("State policy and kratom use: a cross-sectional survey", "Respondents in 20 states took part.")),
    "narrative inquiry": ("QUAL", ("Living with tea: a narrative inquiry", "We held semi-structured interviews."), ("Tea: a narrative review", "Interviews are rare in this field. This review tells what is known.")),
    "scoping from the methods": ("SCOPING", ("Harms of tea: a comprehensive review", "We did a scoping review of human cases."), ("Harms of tea: a comprehensive review", "This review tells what is known of the tree.")),
    "own product, observed": ("NRCT", ("Usual tea in regular users", "Ten adults self-administered their own kratom product at our clinic."), ("Tea in regular users: an online survey", "Respondents named their product.")),
    "diary studies": ("COHORT", ("Tea in daily life", "Ecological momentary assessment was done by 300 adults for two weeks."), ("Tea in adults: a cross-sectional survey", "Respondents answered once.")),
    "computation": ("INSILICO", ("Molecular docking of mitragynine", "Poses were ranked."), ("Mitragynine in mice", "Docking has been done by others. Mice were injected with 10 mg/kg.")),
    "randomised trial": ("RCT", ("Tea for pain", "Patients were randomly assigned to tea or placebo."), ("Tea for pain", "We followed 80 patients for a year. Randomized controlled trials are needed.")),
    "trial used again": ("RCT", ("Tea for pain", "In this randomized controlled trial 60 adults drank tea."), ("Sleep and pain in adults", "This is a secondary analysis of data from a randomized controlled trial of tea in 60 adults.")),
    "one patient": ("CASE", ("Liver injury and tea", "A case of liver injury after tea is described."), ("Liver injury and tea", "Case reports exist. We examined 60 patients with liver injury.")),
    "case with review": ("CASE", ("Liver injury after tea: a case report and systematic review", "A 40-year-old man drank tea."), ("Liver injury after tea: a systematic review of case reports", "We searched MEDLINE.")),
    "reference chapter": ("REFWORK", ("Kratom. In: LiverTox", "Kratom is a tree."), ("Kratom and the liver", "LiverTox grades the evidence. We examined 60 patients.")),
    "only what is known": ("NARR", ("Tea and the liver", "Injury of the liver is often seen with herbs. Causes may include many plants. Care is important."), ("Tea and the liver", "Injury is often seen. Enzymes were measured in 60 patients.")),
    # wordings other than the usual ones
    "blind, and by chance": ("RCT", ("Tea for migraine: a double-blind study", "Each adult drank tea or placebo in random order."), ("Tea for migraine in rats: a double-blind study", "Rats were given tea.")),
    "blind, in the text": ("RCT", ("Tea for migraine", "A double-blind, parallel-group, placebo-controlled design was used. The 40 adults came in random order."), ("Tea for migraine", "Placebo-controlled trials of it are rare. We asked 50 adults by questionnaire.")),
    "blind, title alone": ("RCT", ("Tea for migraine: a double-blind study", ""), ("Tea for migraine in mice: a double-blind study", "")),
    "trial before its other analyses": ("RCT", ("Tea for pain", "In this randomized controlled trial 60 adults drank tea. We performed post hoc analyses by age."), ("Tea for pain", "A post hoc analysis of a randomized controlled trial of tea in 60 adults was done.")),
    "blind is likelier than open": ("RCT", ("Tea for pain", "A double-blind phase in 90 adults was followed by an open-label study of a year."), ("Tea for pain", "An open-label study of a year was done in 90 adults.")),
    "age with a comma": ("CASE", ("Muscle injury after tea", "A 27-year-old, previously healthy male presented with dark urine."), ("Muscle injury after tea", "Of 60 men aged 27 years or more, 5 had dark urine.")),
    "age in words": ("CASE", ("Muscle injury after tea", "A sixty-two-year-old woman had dark urine."), ("Muscle injury after tea", "Ten-year-old records of 60 women were read.")),
    "course of one patient": ("CASE", ("Fever after tea", "The patient underwent surgery and was well after a week."), ("Fever after tea", "The patient was asked first. In all 60 patients fever was measured.")),
    "one male": ("CASE", ("Muscle injury in a young healthy male.", ""), ("Muscle injury in young males", "Enzymes were measured in 60 males.")),
    "a few people": ("SERIES", ("Fever and tea", "Fever and rash were seen in three siblings."), ("Fever and tea", "Fever was seen in three patients. All patients were examined twice.")),
    "people without a pattern": ("XSEC", ("Lead in those who drink tea", "Lead in blood was measured by spectrometry in heavy drinkers."), ("Lead in tea", "Lead was measured in the leaves.")),
    "teeth called canine": ("XSEC", ("Tea and tooth movement", "This study consisted of 20 patients who needed canine retraction. Proteins were measured."), ("Tea and tooth movement in dogs", "Proteins were measured in the canine tooth.")),
    "an animal, and nothing done": ("ANIMAL", ("Tea and hibernation", "Ground squirrels, never given tea, drink it at once."), ("Tea and hibernation", "Those who drink tea sleep less.")),
    "lab words in an exposition": ("NARR", ("Inflammation and tea", "Inflammation is often seen. Cells in mice come from the marrow. It may help to know them."), ("Inflammation and tea", "Cells of the marrow were counted in mice.")),
    "review that names its animal": ("NARR", ("Probes for tea in living Caenorhabditis elegans", "In this review we tell how the probes work."), ("Probes for tea in living Caenorhabditis elegans", "Worms were given tea and probes were used.")),
    "areas covered": ("NARR", ("Tea and ageing", "Areas covered: Aspects of ageing and tea. Expert opinion: Tea is promising."), ("Tea and ageing", "We measured ageing in 60 adults.")),
    "files reviewed": ("COHORT", ("Drains and infection", "This single-centre retrospective review analyzed all patients with a drain over five years."), ("Drains and infection", "This comprehensive review covers drains. Retrospective studies are cited.")),
    "cases reviewed": ("COHORT", ("Fixation of the spine: review of 52 cases", "Between 2012 and 2019, 52 patients had surgery and were followed for two years."), ("Fixation of the spine: a review", "What is known of surgery is told.")),
    "editorial commentary": ("COMMENT", ("Editorial Commentary: Tea May Help the Knee", "Tea is often seen in clinics."), ("Tea may help the knee", "Knees were examined in 60 adults.")),
    "patients in a title alone": ("COHORT", ("Tea in 90 patients with knees operated", ""), ("Tea in patients with knees operated", "Tea is often seen. Knees may hurt.")),
    "treatment in a title alone": ("NRCT", ("Efficacy of tea therapy in adults", ""), ("Efficacy of tea therapy in adults", "Tea is often seen. It may help.")),
    "patients in an exposition": ("NARR", ("Anxiety in practice", "Anxiety is often seen. Patients can be diagnosed by physicians. Treatments may include tea."), ("Anxiety in practice", "Patients treated with tea were compared by score.")),
    "figures without a verb": ("XSEC", ("Feedback and tea", "Here tea may help. In 40 subjects the score was 8.1 ± 2.2 with tea, else 6.2 ± 1.9."), ("Feedback and tea", "Tea may help. Those who drink it may score higher.")),
    "cells treated": ("INVITRO", ("Tea and the barrier", "Monocytes were stimulated with tea."), ("Tea and the barrier", "Monocytes are often stimulated in studies. We asked 50 adults.")),
}  # fmt: skip


@pytest.fixture(scope="module")
def labels() -> dict[int, tuple[str, set[str]]]:
    """All texts judged in one go: primary type and all types, odd numbers are the traps."""
    con = duckdb.connect()
    con.execute((ROOT / "sql" / "schema" / "core.sql").read_text())
    for number, (_, *texts) in enumerate(DESIGNS.values()):
        for odd, (title, abstract) in enumerate(texts):
            add_article(con, 2 * number + odd, title, abstract=abstract)
    build_units(con, "core")
    assign(con, load_study_types(REFERENCE / "study_types.toml"), "core")
    return {
        pmid: (primary, set(codes))
        for pmid, primary, codes in con.execute(
            "SELECT pmid, max(study_type) FILTER (WHERE is_primary), list(study_type) "
            "FROM type_labels GROUP BY pmid"
        ).fetchall()
    }


@pytest.mark.parametrize("number", range(len(DESIGNS)), ids=list(DESIGNS))
def test_matches(labels: dict[int, tuple[str, set[str]]], number: int) -> None:
    assert labels[2 * number][0] == list(DESIGNS.values())[number][0]


@pytest.mark.parametrize("number", range(len(DESIGNS)), ids=list(DESIGNS))
def test_is_not_trapped(labels: dict[int, tuple[str, set[str]]], number: int) -> None:
    assert list(DESIGNS.values())[number][0] not in labels[2 * number + 1][1]
