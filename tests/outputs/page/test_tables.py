"""Every cell of every table is what SQL says of the same set; a new table must be compared too."""

from __future__ import annotations

import pytest

from pipeline.outputs.page.facts import BANDS, read_on_kratom
from tests.outputs.page.conftest import Published
from tests.outputs.page.seen import held, known, labels, searches, span, tables

pytestmark = pytest.mark.whole

COMPARED = (
    "Records by search",
    "studies by who was studied and how it was compared",
    "trials and human laboratory studies",
    "records by kind of study and year",
    "records by study type and year",
    "studies by question and what they state",
    "animal and laboratory work on pain",
    "reports from routine data",
    "what the reviews sum up",
    "as a part of",
    "last to enter PubMed",
    "retracted articles",
    "records without a study type",
    "Rules the records were judged by",
    "How often a study type that was given is right",
    "How often a value of a facet that was given is right",
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
        SELECT t.label, held_count, held_pain_count, held_retracted_count, (
                SELECT count(DISTINCT pmid) FROM ops.search_hits AS h
                JOIN core.article_links AS l USING (pmid)
                WHERE h.search = t.search AND h.left_at IS NULL AND l.ref_type = 'ErratumIn'
            ), held_preprint_count, held_notice_count, held_member_count,
            held_unclassified_count, held_undated_count, first_year, last_year, unread_count
        FROM marts.search_totals AS t JOIN evidence.searches AS s USING (search)
        WHERE s.is_headline ORDER BY s.display_order
        """
    )
    assert rows == [
        (
            label,
            *(held(count, unread) for count in counts[:9]),
            "" if counts[9] is None else f"{counts[9]} to {counts[10]}",
        )
        for label, *counts, unread in found
    ]


def test_the_evidence_map(any_set: Published):
    """The four by four always, other places where they hold a study; people and badges below."""
    shown = tables(any_set)
    compared = 0
    for search, label, _ in searches(any_set):
        heads, rows = shown[f"{label}: studies by who was studied and how it was compared"]
        found = any_set.sql(
            """
            SELECT row_label, column_label, held_study_count, held_people_count,
                held_people_study_count, held_small_count, held_one_sex_count, unread_count
            FROM marts.evidence_map WHERE search = ? AND part = 'studies'
            """,
            [search],
        )
        cells = {(row, column): values for row, column, *values in found}
        assert len(heads) >= 5 and len(rows) >= 4
        for name, *texts in rows:
            for head, text in zip(heads[1:], texts, strict=True):
                studies, people, of, small, one_sex, unread = cells.pop((name, head))
                assert text.startswith(held(studies, unread))
                assert (f"{people:,} people in {of} stud" in text) == (people > 0)
                assert (f"{small:,} under 30 people" in text) == (small > 0)
                assert (f"{one_sex:,} one sex" in text) == (one_sex > 0)
                compared += studies
        assert not [place for place, values in cells.items() if values[0]], "a cell is left out"
    assert compared > 5


def test_animal_and_laboratory_work(any_set: Published):
    shown = tables(any_set)
    plain = {"not_kratom": "not kratom"}
    silent = {True: "not in abstract", False: "no abstract held"}
    names = {
        **plain, "no_animal": "no animal: laboratory work", **labels(any_set, "substance"),
        **labels(any_set, "species"), **labels(any_set, "assay"), **plain,
    }  # fmt: skip
    where = {"focus": "title or major heading", "outcome": "results", "mention": "elsewhere only"}
    tied = {True: "yes", False: "no"}
    compared = 0
    for search, label, _ in searches(any_set):
        found = any_set.sql(
            """
            SELECT substances, species, assays, is_tied, pain_level, year, title, has_abstract
            FROM marts.preclinical_pain JOIN marts.articles USING (pmid, year, pain_level)
            WHERE search = ?
            """,
            [search],
        )
        caption = f"{label}: animal and laboratory work on pain by substance, animal and test"
        _, rows = shown.get(caption, ((), []))
        assert sorted(rows) == sorted(
            (
                *(
                    ", ".join(
                        silent[row[7]] if code == "not_stated" else names[code] for code in codes
                    )
                    for codes in row[:3]
                ),
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
                sample_size, may_share_cases, len(sharing_pmids), citation, (
                    SELECT has_abstract FROM marts.articles AS a WHERE a.pmid = s.pmid)
            FROM marts.surveillance_reports AS s WHERE search = ?
            ORDER BY publication_year DESC NULLS LAST, pmid DESC
            """,
            [search],
        )
        _, rows = shown.get(f"{label}: reports from routine data", ((), []))
        assert len(rows) == len(found)
        for row, (
            sources, places, first, last, year, size, may, others, cited, has_abstract,
        ) in zip(rows, found, strict=True):  # fmt: skip
            silent = "not in abstract" if has_abstract else "no abstract held"
            assert cited in row[0]
            shares = "no other record of its source and years"
            if may:
                shares = f"perhaps, with {others} of these records"
            assert row[1:] == (
                ", ".join(names.get(s, s.replace("_", " ")) for s in sources) or silent,
                ", ".join(places) or silent,
                silent if first is None else span(first, last),
                "undated" if year is None else str(year),
                silent if size is None else f"{size:,}",
                "not known: years not given" if may is None else shares,
            )
            compared += 1
    assert compared > 1


def test_what_the_reviews_sum_up(any_set: Published):
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
        caption = f"{label}: what the reviews sum up, as far as their words say"
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


def test_retracted_and_unclassified(any_set: Published):
    shown = tables(any_set)
    for search, label, _ in searches(any_set):
        _, articles = shown.get(f"{label}: retracted articles", ((), []))
        found = any_set.sql(
            "SELECT a.title, a.citation FROM (SELECT DISTINCT pmid FROM marts.retractions "
            "WHERE search = ?) JOIN marts.articles AS a USING (pmid) ORDER BY pmid DESC",
            [search],
        )
        assert [row[0] for row in articles] == [f"{title}\n{cited}" for title, cited in found]
        _, rows = shown.get(f"{label}: records without a study type, by reason", ((), []))
        found = any_set.sql(
            "SELECT reason, held_count, unread_count FROM marts.unclassified WHERE search = ?",
            [search],
        )
        assert sorted(rows) == sorted(
            (reason, held(count, unread)) for reason, count, unread in found
        )
    assert "Kratom: retracted articles" in shown
    assert "Kratom: records without a study type, by reason" in shown


def test_the_bands_of_the_chart_hold_each_group_once(any_set: Published):
    groups = [
        name for (name,) in any_set.sql("SELECT evidence_group FROM evidence.evidence_groups")
    ]
    banded = [name for names in BANDS.values() for name in names]
    assert sorted(banded) == sorted(groups)
    assert len(BANDS) <= 7


def _read(hits: int, count: int) -> str:
    """What must stand beside a figure: below 30 readings no share, with them a share and its n."""
    if count < 30:
        return f"not measured on kratom ({hits} of {count} read)"
    return f"{hits / count:.2f}".lstrip("0")


def test_a_facet_read_too_seldom_has_no_row_and_is_named_as_not_measured(any_set: Published):
    caption = next(one for one in tables(any_set) if "value of a facet" in one)
    shown = {label: cells for label, *cells in tables(any_set)[caption][1]}
    page = any_set.page.read_text(encoding="utf-8")
    named = page.partition("Not measured on kratom, with fewer than 30 readings: ")[2]
    unmeasured = named.partition(".")[0].split(", ")
    compared = set()
    for label, right, said, found, read in any_set.sql(
        "SELECT label, said_right_count, said_count, read_found_count, read_count "
        "FROM evidence.facets JOIN evidence.facet_accuracy USING (facet)"
    ):
        is_measured = max(said, read) >= 30
        assert (label in shown, label.lower() in unmeasured) == (is_measured, not is_measured)
        for cell, hits, count in zip(
            shown.get(label, ()), (right, found), (said, read), strict=is_measured
        ):
            assert cell.startswith(_read(hits, count)), label
        compared.add(is_measured)
    assert compared == {True, False}


def test_the_card_of_a_question_says_how_often_it_is_right_or_that_nobody_measured(
    any_set: Published,
):
    page = any_set.page.read_text(encoding="utf-8")
    compared = 0
    for claim, *counts in any_set.sql(
        "SELECT claim, said_right_count, said_count, read_found_count, read_count "
        "FROM evidence.claim_accuracy"
    ):
        card = page.partition(f'id="claim-kratom-{claim}"')[2].partition("</details>")[0]
        for hits, count in (counts[:2], counts[2:]) if card else ():
            assert f": {_read(hits, count)}" in card, claim
            compared += 1
    assert compared > 20


def test_thirty_readings_measure_and_fewer_do_not():
    assert read_on_kratom(29, 29) == "not measured on kratom (29 of 29 read)"
    assert read_on_kratom(0, 0) == "not measured on kratom (0 of 0 read)"
    assert read_on_kratom(27, 30) == ".90 (.74-.97) of 30"
