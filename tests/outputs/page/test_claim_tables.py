"""Claims and experiments: every cell is what SQL says of the same set."""

from __future__ import annotations

import pytest
from lxml import html

from tests.outputs.page.conftest import Published
from tests.outputs.page.seen import held, labels, searches, span, tables

pytestmark = pytest.mark.whole


def test_experiments_on_people(any_set: Published):
    shown = tables(any_set)
    names = {
        facet: labels(any_set, facet)
        for facet in ("trial_purpose", "trial_population", "substance", "assay", "study_country")
    }
    compared = 0
    for search, label, _ in searches(any_set):
        found = any_set.sql(
            """
            SELECT study_group, report_pmids, registrations, first_year, last_year, purposes,
                populations, sample_size, substances, outcomes, countries, report_count,
                len(checked_pmids), len(other_pmids)
            FROM marts.human_experimental WHERE search = ? AND report_count > 0 AND is_on_topic
            ORDER BY NOT is_pain_measured, last_year DESC NULLS LAST, study_group
            """,
            [search],
        )
        _, rows = shown.get(f"{label}: trials and human laboratory studies", ((), []))
        assert len(rows) == len(found)
        for row, (_, pmids, numbers, first, last, *told, reports, checked, others) in zip(
            rows, found, strict=True
        ):
            for pmid in pmids:
                ((title, citation),) = any_set.sql(
                    "SELECT title, citation FROM marts.articles WHERE pmid = ?", [pmid]
                )
                assert title in row[0] and citation in row[0]
            assert all(number in row[0] for number in numbers)
            purposes, populations, size, substances, assays, countries = told

            def said(facet: str, values: list[str]) -> str:
                return ", ".join(names[facet].get(v, v) for v in values) or "not stated"

            doses = any_set.sql(
                "SELECT is_tied, doses, substances, purposes FROM marts.human_experimental_doses "
                "WHERE search = ? AND list_contains(?::INTEGER[], pmid) AND len(doses) > 0 "
                "ORDER BY pmid, NOT is_tied, row_no",
                [search, pmids],
            )
            given = [
                f"{', '.join(dose)}: "
                + ", ".join(
                    [names["substance"].get(one, one) for one in which]
                    + [names["trial_purpose"].get(one, one) for one in why]
                )
                if is_tied
                else f"{', '.join(dose)} (not tied)"
                for is_tied, dose, which, why in doses
            ]
            people = said("trial_population", populations)
            assert row[1:8] == (
                span(first, last),
                said("trial_purpose", purposes),
                people + (f"; {size:,} people" if size else ""),
                said("substance", substances),
                "\n".join(given) or "not stated",
                said("assay", assays),
                said("study_country", countries),
            )
            ending = f"; {others} retracted or preprint" if others else ""
            by_people = f"{checked} read by a person" if checked else "by rules alone"
            if checked == reports:
                by_people = "read by a person"
            assert row[8] == f"{reports}; {by_people}{ending}"
            compared += 1
    assert compared > 2


PEOPLE = (
    "Randomised trials", "Other trials and human laboratory studies",
    "Cohort and case-control studies", "Surveys and cross-sectional studies",
    "Interviews and online sources", "Case reports and series",
    "Poison-centre, adverse-event and death data",
)  # fmt: skip


def test_the_questions(any_set: Published):
    shown = tables(any_set)
    compared = 0
    for search, label, is_known in searches(any_set):
        claims = any_set.sql(
            "SELECT claim, question, held_count, held_measured_count, unread_count "
            "FROM marts.claim_totals WHERE search = ? ORDER BY display_order",
            [search],
        )
        _, rows = shown.get(f"{label}: records by question", ((), []))
        asked = [claim for claim in claims if claim[2]]
        assert len(rows) == len(asked)
        for row, (claim, question, total, measured, unread) in zip(rows, asked, strict=True):
            assert row[0].strip().startswith(question)
            groups = dict(
                any_set.sql(
                    "SELECT evidence_group, held_measured_count FROM marts.claims_by_group "
                    "WHERE search = ? AND claim = ? AND held_measured_count > 0",
                    [search, claim],
                )
            )
            nearest = next((name for name in PEOPLE if name in groups), None)
            no_study = "no study in people measured it" if is_known else "not known"
            assert row[1:] == (
                held(measured, unread),
                f"{nearest}: {held(groups[nearest], unread)}" if nearest else no_study,
                held(total - measured, unread),
                held(total, unread),
            )
            compared += 1
    assert compared > 3


def test_each_question_has_one_card_with_the_numbers_of_sql(any_set: Published):
    for search, _, _ in searches(any_set):
        totals = any_set.sql(
            "SELECT claim, question, remark, held_count, coverage FROM marts.claim_totals "
            "WHERE search = ? ORDER BY held_count = 0, display_order",
            [search],
        )
        cards = html.parse(str(any_set.page)).getroot().find_class("claim")
        own = {card.get("id"): card for card in cards}
        for claim, question, remark, count, coverage in totals:
            card = own[f"claim-{search}-{claim}"]
            assert card.find("summary").text_content() == question
            feeds = [
                a for a in card.iter("a") if a.text == "New records on this question, as a feed"
            ]
            assert len(feeds) == (coverage != "none")
            assert all((any_set.directory / feed.get("href")).exists() for feed in feeds)
            if remark:
                assert remark in card.text_content()
                assert card.find_class("number") == []
            else:
                assert count and card.find_class("number")
