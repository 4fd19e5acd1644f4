"""Experiments by study, preclinical pain, surveillance, summaries, groups, alerts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.corpus import article
from tests.in_memory import Warehouse

CASE = (("D016428", "Journal Article"), ("D002363", "Case Reports"))
TRIAL = (
    "Twenty-six men in Malaysia, daily kratom users, were randomly assigned to kratom tea or "
    "placebo. Pain tolerance in the cold pressor test was measured. NCT00000001."
)
FOLLOWS = (
    "Men were randomly assigned to 2 g of kratom tea or placebo; sleep was rated. NCT00000001."
)
BLOOD = (
    "Ten healthy volunteers were randomly assigned to mitragynine doses; the pharmacokinetics "
    "were studied."
)
RATS = (
    "Rats and mice were given mitragynine 10 mg/kg; hot plate and tail flick showed analgesia. In "
    "HEK 293 cells opioid receptor binding assays were run."
)
CALLS = "We read 660 calls to United States poison centers from 2010 to 2015 about kratom."
RECORDS = (
    article(11, "Kratom tea and pain: a randomized trial", abstract=TRIAL, year=2020),
    article(12, "Kratom tea and sleep: a randomized trial", abstract=FOLLOWS, year=2021),
    article(13, "Mitragynine in adults: a randomized trial", abstract=BLOOD, year=2024),
    article(14, "Mitragynine lowers pain in rats and mice", abstract=RATS, year=2023),
    article(15, "Kratom exposures reported to poison centers", abstract=CALLS, year=2016),
    article(16, "Kratom: a systematic review of trials",
            abstract="We searched PubMed for randomized trials (NCT00000001).", year=2022),
    article(17, "A woman with seizures after kratom: a case report", types=CASE, year=2019,
            abstract="Patients were randomized to kratom or placebo in a double-blind trial. One "
                     "of them, a woman, had seizures."),
    article(19, "A kratom extract against pain in rats", year=2022,
            abstract="We gave rats a kratom extract before the formalin test. We watched. Mice "
                     "served as controls."),
    article(18, "Cannabis for pain: a randomized trial", year=2018,
            abstract="Adults, some of them kratom users, were randomly assigned to cannabis."),
)  # fmt: skip


Told = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def told() -> Told:
    """Rows of a query, after files with all records were read: no test writes."""
    memory = Warehouse()
    memory.day(*RECORDS, is_live=False)
    return memory.ask


def test_two_reports_of_one_registration_are_one_line(told):
    assert told(
        "SELECT study_group, report_pmids, sample_size, substances, purposes, populations, "
        "outcomes, is_pain_measured, countries, first_year, last_year "
        "FROM marts.human_experimental WHERE search = 'kratom' AND is_on_topic"
    ) == [
        ("NCT00000001", [11, 12], 26, ["leaf_or_extract"], ["other_efficacy", "pain_outcome"],
         ["regular_users"], ["cold_pressor", "experimental_pain"], True, ["Malaysia"], 2020, 2021),
        ("PMID 13", [13], 10, ["mitragynine"], ["pharmacokinetics"], ["healthy"], [], False, [],
         2024, 2024),
    ]  # fmt: skip


def test_a_case_report_with_a_hint_of_a_trial_is_no_experiment(told):
    """It is one of the possible ones, and the sentence counts what the table by type counts."""
    assert told(
        "SELECT primary_type, list_contains(study_types, 'RCT') FROM marts.domains "
        "WHERE search = 'kratom' AND pmid = 17"
    ) == [("CASE", True)]
    listed = "SELECT unnest(report_pmids || other_pmids) FROM marts.human_experimental"
    assert (17,) not in told(listed)
    assert told(
        "SELECT is_labelled FROM marts.possible_human_experimental "
        "WHERE search = 'kratom' AND pmid = 17"
    ) == [(True,)]
    assert told(
        "SELECT t.held_count, t.held_mention_record_count, sum(y.held_count) "
        "FROM marts.human_experimental_totals AS t JOIN marts.study_type_totals AS y "
        "USING (search) WHERE search = 'kratom' AND y.study_type IN ('RCT', 'NRCT') GROUP BY ALL"
    ) == [(3, 1, 4)]


def test_every_cell_has_its_words(told):
    assert told(
        "SELECT DISTINCT cell, value, pmid, matched_text FROM marts.human_experimental_proofs "
        "WHERE search = 'kratom' AND study_group = 'NCT00000001' AND cell IN "
        "('sample_size', 'countries', 'registrations', 'outcomes') ORDER BY ALL"
    ) == [
        ("countries", "Malaysia", 11, "Malaysia"),
        ("outcomes", "cold_pressor", 11, "cold pressor"),
        ("outcomes", "experimental_pain", 11, "Pain tolerance"),
        ("registrations", "NCT00000001", 11, "NCT00000001"),
        ("registrations", "NCT00000001", 12, "NCT00000001"),
        ("sample_size", "26", 11, "Twenty-six men in Malaysia, daily kratom users"),
    ]


def test_a_paper_on_receptors_and_rats_counts_in_both(told):
    assert told(
        "SELECT primary_type, study_types, evidence_groups, left_out_types FROM marts.domains "
        "WHERE search = 'kratom' AND pmid = 14"
    ) == [
        (
            "ANIMAL",
            ["ANIMAL", "INVITRO"],
            ["Animal studies", "Cell, receptor and computational studies"],
            ["INVITRO"],
        )
    ]
    assert told(
        "SELECT count(*) > 0 AND bool_and(c.evidence_groups = d.evidence_groups) "
        "FROM marts.claim_articles AS c JOIN marts.domains AS d USING (search, pmid)"
    ) == [(True,)]


def test_values_stand_in_one_row_where_a_sentence_ties_them(told):
    """Two animals and two tests in one sentence: nobody can tell which was tried in which."""
    assert told(
        "SELECT pmid, row_no, is_tied, substances, species, assays, pain_level, words "
        "FROM marts.preclinical_pain WHERE search = 'kratom' ORDER BY ALL"
    ) == [
        (14, 0, False, ["mitragynine"], ["mouse", "rat"],
         ["hot_plate", "receptor_binding", "tail_flick"], "focus", []),
        (19, 0, False, [], ["mouse"], [], "focus", []),
        (19, 1, True, ["leaf_or_extract"], ["rat"], ["formalin"], "focus",
         ["rats", "kratom extract", "formalin test"]),
    ]  # fmt: skip


def test_the_place_of_a_row_is_where_its_words_stand(told):
    assert told(
        "SELECT substr(s.text, p.char_start + 1, p.char_end - p.char_start) "
        "FROM marts.preclinical_pain AS p "
        "JOIN core.abstract_sections AS s USING (pmid, section_no) "
        "WHERE p.search = 'kratom' AND p.pmid = 19 AND p.is_tied"
    ) == [("rats a kratom extract before the formalin test",)]


def test_doses_stand_with_what_was_given_and_measured(told):
    assert told(
        "SELECT study_group, is_tied, substances, doses, purposes "
        "FROM marts.human_experimental_doses "
        "WHERE search = 'kratom' AND pmid IN (12, 13) ORDER BY ALL"
    ) == [
        ("NCT00000001", True, ["leaf_or_extract"], ["2 g decoction"], ["other_efficacy"]),
        ("PMID 13", True, ["mitragynine"], [], ["pharmacokinetics"]),
    ]


def test_surveillance_tells_source_and_data_years_apart_from_publication(told):
    assert told(
        "SELECT sources, countries, first_data_year, last_data_year, publication_year, "
        "sample_size, may_share_cases FROM marts.surveillance_reports WHERE search = 'kratom'"
    ) == [(["poison_centre"], ["United States"], 2010, 2015, 2016, 660, False)]


def test_summaries_stand_apart_with_what_they_summarise(told):
    assert told(
        "SELECT pmid, study_type, synthesis_of, registrations FROM marts.summaries_of_studies "
        "WHERE search = 'kratom'"
    ) == [(16, "SR", "trials", ["NCT00000001"])]


def test_new_records_can_be_cut_by_substance_and_harm(memory):
    memory.day(*RECORDS[:2])
    hurt = article(
        21, "Liver injury after kratom: a case report",
        abstract="A 40-year-old man had jaundice after kratom powder.", entered="2026-11-23",
    )  # fmt: skip
    memory.day(*RECORDS[:2], hurt)
    assert memory.ask(
        "SELECT pmid, substances, harms FROM marts.new_articles "
        "WHERE search = 'kratom' AND list_contains(harms, 'liver')"
    ) == [(21, ["leaf_or_extract"], ["liver"])]
