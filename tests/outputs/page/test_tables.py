"""Every cell of every table is what SQL says of the same set; a new table must be compared too."""

from __future__ import annotations

import pytest

from tests.outputs.page.conftest import Published
from tests.outputs.page.seen import held, known, labels, searches, span, tables

pytestmark = pytest.mark.whole

COMPARED = (
    "Records by search",
    "experiments on people",
    "records by kind of study and year",
    "by study type and year",
    "summaries of other studies by year",
    "claims by kind of study",
    "animal and laboratory work on pain",
    "reports from routine data",
    "what the summaries sum up",
    "as a part of",
    "last to enter PubMed",
    "Retracted",
    "Unclassified",
    "Rules the records were judged by",
    "How often a study type that was given is right",
)
"""Of each table a part of its caption: here, in test_claim_tables.py or test_numbers.py, or
without a count of records."""


def test_no_table_is_left_uncompared(any_set: Published):
    for caption in tables(any_set):
        assert any(part in caption for part in COMPARED), caption


def test_records_by_search(any_set: Published):
    _, rows = tables(any_set)["Records by search, as of 2026-11-22"]
    found = any_set.sql(
        """
        SELECT t.label, held_count, held_pain_count, held_retracted_count, held_preprint_count,
            held_notice_count, held_member_count, held_unclassified_count, held_undated_count,
            first_year, last_year, unread_count
        FROM marts.search_totals AS t JOIN evidence.searches AS s USING (search)
        ORDER BY s.display_order
        """
    )
    assert rows == [
        (
            label,
            *(held(count, unread) for count in counts[:8]),
            "" if counts[8] is None else f"{counts[8]} to {counts[9]}",
        )
        for label, *counts, unread in found
    ]


def test_animal_and_laboratory_work(any_set: Published):
    shown = tables(any_set)
    plain = {"not_kratom": "not kratom", "not_stated": "not stated"}
    names = {
        **plain, "no_animal": "no animal: laboratory work", **labels(any_set, "substance"),
        **labels(any_set, "species"), **labels(any_set, "assay"), **plain,
    }  # fmt: skip
    where = {"focus": "title or major heading", "outcome": "results", "mention": "elsewhere only"}
    tied = {True: "one sentence, or two neighbours", False: "no sentence: side by side"}
    compared = 0
    for search, label, _ in searches(any_set):
        found = any_set.sql(
            """
            SELECT substances, species, assays, is_tied, pain_level, year, title
            FROM marts.preclinical_pain JOIN marts.articles USING (pmid, year, pain_level)
            WHERE search = ?
            """,
            [search],
        )
        caption = f"{label}: animal and laboratory work on pain by substance, animal and test"
        _, rows = shown.get(caption, ((), []))
        assert sorted(rows) == sorted(
            (
                *(", ".join(names[code] for code in codes) for codes in row[:3]),
                tied[row[3]], where[row[4]], str(row[5]), row[6],
            )
            for row in found
        )  # fmt: skip
        compared += len(rows)
    assert compared > 3


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
                SELECT year, held_member_count, denominator_count, records_per_100k, unread_count
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
                    held(members, unread),
                    known(total),
                    "not known" if share is None else f"{share:,.2f}",
                )
                for year, members, total, share, unread in found
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
        "SELECT t.label, u.reason, u.held_count, u.unread_count FROM marts.unclassified AS u "
        "JOIN marts.search_totals AS t USING (search)"
    )
    assert sorted(rows) == sorted(
        (label, reason, held(count, unread)) for label, reason, count, unread in found
    )
