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
        _, rows = shown.get(f"{label}: experiments on people", ((), []))
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
            by_people = "checked" if checked == reports else f"{checked} checked"
            assert row[8] == f"{reports}; {by_people}{ending}"
            compared += 1
    assert compared > 2


def test_the_claim_map(any_set: Published):
    shown = tables(any_set)
    compared = 0
    for search, label, is_known in searches(any_set):
        claims = any_set.sql(
            "SELECT claim, question, coverage, remark, held_count, unread_count "
            "FROM marts.claim_totals WHERE search = ? ORDER BY display_order",
            [search],
        )
        if not claims:
            assert f"{label}: claims by kind of study" not in shown
            continue
        heads, rows = shown[f"{label}: claims by kind of study"]
        groups = any_set.sql(
            "SELECT evidence_group FROM marts.claims_by_group WHERE search = ? "
            "GROUP BY ALL HAVING sum(held_measured_count + held_beside_count) > 0 ORDER BY ALL",
            [search],
        )
        assert [(head,) for head in sorted(heads[1:-1])] == groups
        assert len(rows) == len(claims)
        for row, (claim, question, coverage, remark, total, unread) in zip(
            rows, claims, strict=True
        ):
            assert row[0] == question
            if coverage == "none" or (coverage == "partial" and not total):
                said = "not known: no complete search" if coverage == "partial" else remark
                assert row[1:] == (said,)
                continue
            cells = {
                group: held(measured, unread) + (f" +{beside}" if beside else "")
                for group, measured, beside in any_set.sql(
                    "SELECT evidence_group, held_measured_count, held_beside_count "
                    "FROM marts.claims_by_group WHERE search = ? AND claim = ?",
                    [search, claim],
                )
            }
            assert row[1:] == (*(cells[group] for group in heads[1:-1]), held(total, unread))
            if not is_known:
                assert "0" not in row
            compared += 1
    assert compared > 3


def test_the_article_card_has_the_numbers_of_the_map(any_set: Published):
    cards = html.parse(str(any_set.page)).getroot().find_class("claim")
    totals = any_set.sql(
        "SELECT claim, question, remark, held_count, coverage FROM marts.claim_totals "
        "WHERE search = 'kratom' ORDER BY display_order"
    )
    assert [card.get("id") for card in cards] == [f"claim-{claim}" for claim, *_ in totals]
    for card, (_, question, remark, count, coverage) in zip(cards, totals, strict=True):
        assert card.find("summary").text_content().startswith(question)
        feeds = [link for link in card.iter("a") if link.text == "New records on this, as a feed"]
        assert len(feeds) == (coverage != "none")
        assert all((any_set.directory / feed.get("href")).exists() for feed in feeds)
        if remark:
            assert remark in card.text_content()
            assert card.find_class("number") == []
        else:
            assert count and card.find_class("number")
            assert ("not known" in card.text_content()) == (coverage != "complete")
