"""Claims and experiments: every cell is what SQL says of the same set."""

from __future__ import annotations

import pytest
from lxml import html

from pipeline.evidence.stated import FINDINGS
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

            ((has_abstract,),) = any_set.sql(
                "SELECT bool_or(has_abstract) FROM marts.articles WHERE list_contains(?, pmid)",
                [pmids],
            )
            silent = "not in abstract" if has_abstract else "no abstract held"

            def said(facet: str, values: list[str], silent: str = silent) -> str:
                return ", ".join(names[facet].get(v, v) for v in values) or silent

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
            where = [said("study_country", countries)] if countries else []
            tests = [said("assay", assays)] if assays else []
            assert row[1:5] == (
                span(first, last),
                "\n".join([said("trial_purpose", purposes), *tests]),
                "\n".join([people + (f"; {size:,} people" if size else ""), *where]),
                "\n".join([said("substance", substances), *given]),
            )
            ending = f"; {others} retracted or preprint" if others else ""
            by_people = f"{checked} read by a person" if checked else "by rules alone"
            if checked == reports:
                by_people = "read by a person"
            assert row[-1] == f"{reports}; {by_people}{ending}"
            compared += 1
    assert compared > 2


PEOPLE = (
    "Randomised trials", "Other trials and human laboratory studies",
    "Cohort and case-control studies", "Surveys and cross-sectional studies",
    "Interviews and online sources", "Case reports and series",
    "Poison-centre, adverse-event and death data",
)  # fmt: skip


def test_the_questions(any_set: Published):
    """Each row has the studies of its findings, and the nearest group of studies in people."""
    shown = tables(any_set)
    compared = 0
    for search, label, is_known in searches(any_set):
        claims = any_set.sql(
            "SELECT claim, t.question, held_count, held_looked_count, held_review_count, "
            "unread_count, c.asks = 'does_it' FROM marts.claim_totals AS t "
            "JOIN evidence.claims AS c USING (claim) WHERE search = ? AND held_count > 0 "
            "ORDER BY t.display_order",
            [search],
        )
        _, rows = shown.get(f"{label}: studies by question and what they state", ((), []))
        rows = [row for row in rows if len(row) > 1]  # the others name a group of questions
        assert len(rows) == len(claims)
        for row, (claim, question, total, looked, reviews, unread, is_split) in zip(
            rows, claims, strict=True
        ):
            stated = dict(
                any_set.sql(
                    "SELECT finding, count(*) FROM marts.claim_studies WHERE search = ? "
                    "AND claim = ? AND looked_as = 'study' GROUP BY ALL",
                    [search, claim],
                )
            )
            assert sum(stated.values()) == looked
            groups = any_set.sql(
                "SELECT evidence_group, finding, count(*) FROM (SELECT finding, "
                "unnest(evidence_groups) AS evidence_group FROM marts.claim_studies "
                "WHERE search = ? AND claim = ? AND looked_as = 'study') GROUP BY ALL",
                [search, claim],
            )
            nearest = next((n for n in PEOPLE if n in {group for group, _, _ in groups}), None)
            said = "no study in people looked at it" if is_known else "not known"
            if nearest:
                own = {code: count for group, code, count in groups if group == nearest}
                parts = [(own[code], words) for code, words in FINDINGS.items() if code in own]
                said = f"{nearest}: {held(sum(own.values()), unread)}"
                if is_split and len(parts) == 1:
                    said += f" {parts[0][1]}"
                elif is_split:
                    said += f": {', '.join(f'{count} {words}' for count, words in parts)}"
            assert row[0].strip().startswith(question)
            assert row[1:] == (
                held(looked, unread),
                *(held(stated.get(code, 0), unread) if is_split else "" for code in FINDINGS),
                held(reviews, unread),
                said,
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
