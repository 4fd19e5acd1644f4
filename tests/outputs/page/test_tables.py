"""Every cell of every table is what SQL says of the same set; a new table must be compared too."""

from __future__ import annotations

from functools import cache
from typing import Any

from lxml import html

from tests.outputs.page.conftest import Published

Row = tuple[str, ...]


@cache
def tables(published: Published) -> dict[str, tuple[Row, list[Row]]]:
    """Caption to heads and rows of each table of the page, as its readers see them."""
    found = {}
    for table in html.parse(str(published.page)).iterfind(".//table"):
        heads = tuple(head.text_content() for head in table.iterfind("thead/tr/th"))
        rows = [tuple(_seen(cell) for cell in row) for row in table.iterfind("tbody/tr")]
        caption = table.findtext("caption")
        assert caption not in found
        found[caption] = heads, rows
    return found


def _seen(cell: Any) -> str:
    for line in cell.iter("br"):
        line.tail = f"\n{line.tail or ''}"
    for block in list(cell.iter("div"))[1:]:
        block.text = f"\n{block.text or ''}"
    return str(cell.text_content())


def known(count: int | None) -> str:
    return "not known" if count is None else f"{count:,}"


def labels(published: Published, facet: str) -> dict[str, str]:
    rows = published.sql("SELECT value, label FROM evidence.facet_values WHERE facet = ?", [facet])
    return dict(rows)


def searches(published: Published) -> list[tuple[str, str, bool]]:
    rows = published.sql("SELECT search, label, coverage FROM marts.search_totals")
    return [(search, label, coverage == "complete") for search, label, coverage in rows]


def span(first: int | None, last: int | None) -> str:
    return "undated" if first is None else str(first) if first == last else f"{first} to {last}"


COMPARED = (
    "Records by search",
    "experiments on people",
    "records by study type and year",
    "summaries of other studies by year",
    "claims by kind of evidence",
    "animal and laboratory work on pain",
    "reports from routine data",
    "what the summaries sum up",
    "as a part of",
    "last to enter PubMed",
    "Retracted",
    "Unclassified",
    "Rules the records were judged by",
)
"""Of each table a part of its caption: here, in test_numbers.py, or without a count of records."""


def test_no_table_is_left_uncompared(any_set: Published):
    for caption in tables(any_set):
        assert any(part in caption for part in COMPARED), caption


def test_records_by_search(any_set: Published):
    _, rows = tables(any_set)["Records by search, as of 2026-11-22"]
    found = any_set.sql(
        """
        SELECT t.label, record_count, retracted_count, preprint_count, notice_count, member_count,
            unclassified_count, undated_count, first_year, last_year, coverage
        FROM marts.search_totals AS t JOIN evidence.searches AS s USING (search)
        ORDER BY s.display_order
        """
    )
    assert rows == [
        (
            label,
            *(known(c if c or coverage == "complete" else None) for c in counts[:4]),
            *map(str, counts[4:7]),
            "" if counts[7] is None else f"{counts[7]} to {counts[8]}",
        )
        for label, *counts, coverage in found
    ]


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
                len(other_pmids)
            FROM marts.human_experimental WHERE search = ? AND report_count > 0 AND is_on_topic
            ORDER BY NOT is_pain_measured, last_year DESC NULLS LAST, study_group
            """,
            [search],
        )
        _, rows = shown.get(f"{label}: experiments on people", ((), []))
        assert len(rows) == len(found)
        for row, (_, pmids, numbers, first, last, *told, reports, others) in zip(
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

            people = said("trial_population", populations)
            assert row[1:7] == (
                span(first, last),
                said("trial_purpose", purposes),
                people + (f"; {size:,} people" if size else ""),
                said("substance", substances),
                said("assay", assays),
                said("study_country", countries),
            )
            ending = f"; {others} protocol, retracted, preprint or the like" if others else ""
            assert row[7] == f"{reports}{ending}"
            compared += 1
    assert compared > 2


def test_the_claim_map(any_set: Published):
    shown = tables(any_set)
    compared = 0
    for search, label, is_complete in searches(any_set):
        claims = any_set.sql(
            "SELECT claim, question, coverage, remark, record_count FROM marts.claim_totals "
            "WHERE search = ? ORDER BY display_order",
            [search],
        )
        if not claims:
            assert f"{label}: claims by kind of evidence" not in shown
            continue
        heads, rows = shown[f"{label}: claims by kind of evidence"]
        domains = [
            name for (name,) in any_set.sql("SELECT DISTINCT domain FROM marts.claims_by_domain")
        ]
        assert sorted(heads[1:-1]) == sorted(domains)
        assert len(rows) == len(claims)
        for row, (claim, question, coverage, remark, total) in zip(rows, claims, strict=True):
            assert row[0] == question
            if coverage == "none" or (coverage == "partial" and not total):
                said = "not known: no complete search" if coverage == "partial" else remark
                assert row[1:] == (said,)
                continue
            cells = {
                domain: known(measured) + (f" +{beside}" if beside else "")
                for domain, measured, beside in any_set.sql(
                    "SELECT domain, measured_count, beside_count FROM marts.claims_by_domain "
                    "WHERE search = ? AND claim = ?",
                    [search, claim],
                )
            }
            assert row[1:] == (*(cells[domain] for domain in heads[1:-1]), known(total))
            if not is_complete:
                assert "0" not in row
            compared += 1
    assert compared > 3


def test_the_article_card_has_the_numbers_of_the_map(any_set: Published):
    cards = html.parse(str(any_set.page)).getroot().find_class("claim")
    totals = any_set.sql(
        "SELECT claim, question, remark, record_count, coverage FROM marts.claim_totals "
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


def test_animal_and_laboratory_work(any_set: Published):
    shown = tables(any_set)
    plain = {"not_kratom": "not kratom", "not_stated": "not stated"}
    names = {
        **plain, "no_animal": "no animal: laboratory work", **labels(any_set, "substance"),
        **labels(any_set, "species"), **labels(any_set, "assay"), **plain,
    }  # fmt: skip
    compared = 0
    for search, label, _ in searches(any_set):
        found = any_set.sql(
            """
            SELECT substance, species, assay, sum(record_count), sum(focus_count),
                sum(outcome_count), sum(mention_count), min(year), max(year)
            FROM marts.preclinical_pain WHERE search = ? GROUP BY ALL
            """,
            [search],
        )
        caption = f"{label}: animal and laboratory work on pain by substance, animal and test"
        _, rows = shown.get(caption, ((), []))
        assert sorted(rows) == sorted(
            (*(names[code] for code in row[:3]), *map(str, row[3:7]), span(*row[7:]))
            for row in found
        )
        compared += len(rows)
    assert compared > 4


def test_reports_from_routine_data(any_set: Published):
    shown = tables(any_set)
    names = labels(any_set, "surveillance_source")
    compared = 0
    for search, label, _ in searches(any_set):
        found = any_set.sql(
            """
            SELECT sources, countries, first_data_year, last_data_year, publication_year,
                sample_size, may_share_cases, len(sharing_pmids), citation
            FROM marts.surveillance_reports WHERE search = ?
            ORDER BY publication_year DESC NULLS LAST, pmid DESC
            """,
            [search],
        )
        _, rows = shown.get(f"{label}: reports from routine data", ((), []))
        assert len(rows) == len(found)
        for row, (sources, places, first, last, year, size, may, others, cited) in zip(
            rows, found, strict=True
        ):
            assert cited in row[0]
            shares = "no other record of its source and years"
            if may:
                shares = f"perhaps, with {others} of these records"
            assert row[1:] == (
                ", ".join(names.get(s, s.replace("_", " ")) for s in sources) or "not stated",
                ", ".join(places) or "not stated",
                "not stated" if first is None else span(first, last),
                "undated" if year is None else str(year),
                "not stated" if size is None else f"{size:,}",
                "not known: years not stated" if may is None else shares,
            )
            compared += 1
    assert compared > 1


def test_what_the_summaries_sum_up(any_set: Published):
    shown = tables(any_set)
    compared = 0
    for search, label, _ in searches(any_set):
        found = any_set.sql(
            """
            SELECT t.label, replace(s.synthesis_of, '_', ' '), count(*)::VARCHAR
            FROM marts.summaries_of_studies AS s JOIN evidence.study_types AS t USING (study_type)
            WHERE s.search = ? AND s.counted_as = 'record' GROUP BY ALL
            """,
            [search],
        )
        caption = f"{label}: what the summaries sum up, as far as their words say"
        _, rows = shown.get(caption, ((), []))
        assert sorted(rows) == sorted(found)
        compared += len(rows)
    assert compared > 0


def test_shares(complete_set: Published):
    shown = tables(complete_set)
    parts = {"pubmed": "all of PubMed", "pain": "PubMed's records on pain"}
    compared = 0
    for search, label, _ in searches(complete_set):
        for part, name in parts.items():
            found = complete_set.sql(
                """
                SELECT year, member_count, denominator_count, records_per_100k
                FROM marts.topic_share_by_year WHERE search = ? AND denominator = ?
                ORDER BY year DESC LIMIT 15
                """,
                [search, part],
            )
            caption = f"{label} as a part of {name}, by entry year"
            _, rows = shown.get(caption, ((), []))
            assert rows == [
                (
                    f"{year}{ {2026: '*', 2025: '~'}.get(year, '') }",
                    known(members),
                    known(total),
                    "not known" if share is None else f"{share:,.2f}",
                )
                for year, members, total, share in found
            ]
            compared += len(rows)
    assert compared > 2


def test_retracted_corrected_and_unclassified(any_set: Published):
    shown = tables(any_set)
    _, rows = shown["Retracted and corrected records by search"]
    assert len(rows) == len(searches(any_set))
    _, articles = shown["Retracted articles of all searches"]
    assert len(articles) == any_set.sql("SELECT count(DISTINCT pmid) FROM marts.retractions")[0][0]
    _, rows = shown["Unclassified members by search and reason"]
    found = any_set.sql(
        "SELECT t.label, u.reason, u.record_count FROM marts.unclassified AS u "
        "JOIN marts.search_totals AS t USING (search)"
    )
    assert sorted(rows) == sorted((label, reason, f"{count:,}") for label, reason, count in found)
