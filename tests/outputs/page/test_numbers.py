"""Every number on the page is the one that SQL gives on the same set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import duckdb
import pytest
from lxml import html

from pipeline.outputs import manifest
from pipeline.outputs.page import dated
from pipeline.outputs.page.records import LONGEST, SHORTENED
from pipeline.outputs.page.render import render
from tests.corpus import article
from tests.outputs.page.conftest import Published
from tests.outputs.page.seen import held, records

pytestmark = pytest.mark.whole

BEHIND = """
    SELECT count(*), count(DISTINCT g.study_group)
    FROM ops.search_hits AS h JOIN marts.articles AS a USING (pmid)
    LEFT JOIN evidence.study_groups AS g ON a.pmid = g.pmid
    LEFT JOIN core.article_years AS y ON a.pmid = y.pmid
    WHERE h.left_at IS NULL AND h.search = $search
        AND ($counted = 'all' OR a.counted_as = $counted)
        AND ($type IS NULL OR list_contains(string_split($type, ','), a.study_type))
        AND ($reason IS NULL OR a.unclassified_reason = $reason)
        AND ($first IS NULL OR a.year >= $first) AND ($last IS NULL OR a.year <= $last)
        AND (NOT $undated OR a.year IS NULL)
        AND ($entered IS NULL OR y.edat_year = $entered)
        AND ($text IS NULL OR a.pmid::VARCHAR = $text)
        AND ($claim IS NULL OR a.pmid IN (
            SELECT c.pmid FROM marts.claim_articles AS c
            WHERE c.search = $search AND c.claim = $claim
                AND ($how IS NULL OR (c.how IN ('measured', 'observed')) = ($how = 'measured'))))
        AND ($group IS NULL OR a.pmid IN (
            SELECT c.pmid FROM evidence.article_groups AS c WHERE c.evidence_group = $group))
"""
MARKS = {
    "corrected": "SELECT pmid FROM core.article_links WHERE ref_type IN "
    "('ErratumIn', 'CorrectedandRepublishedIn', 'ExpressionOfConcernIn', 'UpdateIn')",
    "unexplained": "SELECT pmid FROM ops.search_differences WHERE matched_by = 'pubmed' "
    "AND search = {value}",
    "new_in_pubmed": "SELECT pmid FROM marts.new_articles WHERE reason = 'new_in_pubmed' "
    "AND search = {value}",
    "baseline": "SELECT pmid FROM ops.search_hits WHERE entered_reason = 'first_run' "
    "AND search = {value}",
    "experiment": "SELECT unnest(report_pmids) FROM marts.human_experimental "
    "WHERE search = {value} AND is_on_topic",
    "experiment_pain": "SELECT unnest(report_pmids) FROM marts.human_experimental "
    "WHERE search = {value} AND is_on_topic AND is_pain_measured",
    **{
        f"answer_{name}": f"SELECT unnest({name}_pmids) FROM marts.answer WHERE search = {{value}}"
        for name in (
            "study",
            "pain",
            "provoked",
            "patient",
            "unclear",
            "pain_unchecked",
            "unchecked",
        )
    },
    "experiment_mention": "SELECT unnest(report_pmids) FROM marts.human_experimental "
    "WHERE search = {value} AND NOT is_on_topic",
    **{
        looked_as: "SELECT unnest(pmids) FROM marts.claim_studies "
        f"WHERE looked_as = '{looked_as}' AND {{value}} IN "
        "(concat(search, '.', claim), concat(search, '.', claim, '.', finding))"
        for looked_as in ("study", "review")
    },
    "map": "SELECT pmid FROM marts.evidence_map_articles "
    "WHERE is_counted AND concat(map_row, '.', map_column) = {value}",
    "map_beside": "SELECT pmid FROM marts.evidence_map_articles "
    "WHERE NOT is_counted AND concat(map_row, '.', map_column) = {value}",
    "badge": "SELECT pmid FROM marts.evidence_map_articles WHERE list_contains(badges, {value})",
    "sized": "SELECT pmid FROM marts.evidence_map_articles WHERE sample_size IS NOT NULL",
    "group": "SELECT unnest(report_pmids || other_pmids) FROM marts.human_experimental "
    "WHERE search = $search AND study_group = {value}",
    "report": "SELECT unnest(report_pmids) FROM marts.human_experimental WHERE search = $search",
    "not_report": "SELECT unnest(other_pmids) FROM marts.human_experimental WHERE search = $search",
    "preclinical_pain": "SELECT pmid FROM marts.preclinical_pain WHERE search = $search",
    "preclinical_row": "SELECT pmid FROM marts.preclinical_pain WHERE pmid = {value}::INTEGER",
    "concerns_pain": "SELECT pmid FROM marts.articles WHERE pain_level IN ('focus', 'outcome')",
    "pain": "SELECT pmid FROM marts.articles WHERE pain_level = {value}",
    "surveillance": "SELECT pmid FROM marts.surveillance_reports WHERE search = $search",
    "source": "SELECT pmid FROM marts.surveillance_reports "
    "WHERE search = $search AND list_contains(sources, {value})",
    "shares_cases": "SELECT unnest(sharing_pmids) FROM marts.surveillance_reports "
    "WHERE search = $search AND pmid = {value}::INTEGER",
    "synthesis": "SELECT pmid FROM marts.summaries_of_studies WHERE synthesis_of = {value}",
}
"""The records that carry each mark; `{value}` stands for what follows its colon."""
ASKED = ("search", "type", "reason", "claim", "how", "group", "text")


def numbers(page: Path) -> list[tuple[int, bool, dict[str, Any], list[str]]]:
    """Each number of a page: whether it counts studies, the selection it opens, its marks."""
    found = []
    links = html.parse(str(page)).getroot().find_class("number")
    for link in links:
        asked = {name: values[0] for name, values in parse_qs(link.get("href")[1:]).items()}
        years = asked.pop("years", "")
        first, dash, last = years.partition("-")
        undated = years == "undated"
        marks = [mark for mark in asked.pop("mark", "").split(",") if mark]
        selection = {name: asked.pop(name, None) for name in ASKED} | {
            "counted": asked.pop("counted", "record"),
            "entered": int(asked.pop("entered", "0")) or None,
            "undated": undated,
            "first": int(first) if first and not undated else None,
            "last": None if undated else int(last if dash else first) if years else None,
        }
        assert not asked
        count = int(link.text_content().replace(",", ""))
        found.append((count, "studies" in link.get("class"), selection, marks))
    return found


def behind(selection: dict[str, Any], marks: list[str]) -> tuple[str, dict[str, Any]]:
    """SQL that counts the records of a selection, and its parameters."""
    query, values = BEHIND, dict(selection)
    for i, mark in enumerate(marks):
        kind, _, value = mark.partition(":")
        condition = MARKS[kind]
        if "{value}" in condition:
            values[f"mark{i}"] = value
        query += f"AND a.pmid IN ({condition.format(value=f'$mark{i}')})\n"
    return query, values


@pytest.mark.parametrize(
    "any_set",
    ["complete_set", pytest.param("set_of_files", marks=pytest.mark.slow)],
    indirect=True,
)
def test_every_number_counts_the_records_it_opens(any_set: Published):
    found = numbers(any_set.page)
    assert len(found) > 120
    assert {kind.split(":")[0] for *_, marks in found for kind in marks} > {
        "experiment", "experiment_pain", "experiment_mention", "group", "report", "not_report",
        "study", "review", "map", "badge", "preclinical_pain", "surveillance", "shares_cases",
        "synthesis", "sized",
    }  # fmt: skip
    for count, is_of_studies, selection, marks in {repr(one): one for one in found}.values():
        query, values = behind(selection, marks)
        ((records, studies),) = any_set.sql(query, values)  # type: ignore[arg-type]
        assert count == (studies if is_of_studies else records), (selection, marks)


def grid(page: Path) -> dict[tuple[str, str, str], str]:
    """(search, row, column) to the text of each cell of the year tables: groups, and types."""
    found = {}
    for table in html.parse(str(page)).iterfind(".//table"):
        caption = table.findtext("caption")
        if not caption.endswith(" and year"):
            continue
        heads = [head.text_content() for head in table.iterfind("thead/tr/th")]
        for row in table.iterfind("tbody/tr"):
            cells = [cell.text_content() for cell in row]
            for head, cell in zip(heads[1:], cells[1:], strict=True):
                found[caption.split(":")[0], cells[0], head] = cell
    return found


def test_every_cell_is_that_of_the_published_tables(any_set: Published):
    """Groups, types, what is counted apart, and the totals of rows and columns."""
    cells = grid(any_set.page)
    rows = any_set.sql(
        """
        WITH headline AS (
            SELECT s.label, y.* FROM marts.headline_by_year AS y
            JOIN marts.search_totals AS s USING (search)
        )
        SELECT label, evidence_group, year, held_count, unread_count FROM headline
        UNION ALL SELECT label, 'Records', year, held_count, unread_count FROM headline
        UNION ALL SELECT label, 'Retracted', year, held_retracted_count, unread_count FROM headline
        UNION ALL SELECT label, 'Preprints', year, held_preprint_count, unread_count FROM headline
        UNION ALL SELECT label, 'Notices', year, held_notice_count, unread_count FROM headline
        UNION ALL
        SELECT s.label, t.label, y.year, y.held_count, y.unread_count
        FROM marts.study_types_by_year AS y
        JOIN marts.search_totals AS s USING (search)
        JOIN evidence.study_types AS t USING (study_type)
        WHERE t.label <> t.evidence_group
        """
    )
    starts = {
        search: int(head.removeprefix("to ")) for search, _, head in cells if head[:3] == "to "
    }
    shown = {(search, kind) for search, kind, _ in cells}
    sums: dict[tuple[str, str, str], int] = {}
    unread_of = {}
    for search, kind, year, count, unread in rows:
        unread_of[search] = unread
        if (search, kind) not in shown:
            assert not count or search not in starts, "a kind with records has no row"
            continue
        mark = {2025: "~", 2026: "*", 2027: "+"}.get(year, "")
        head = "undated" if year is None else f"{year}{mark}"
        if year is not None and year <= starts[search]:
            head = f"to {starts[search]}"
        for column in (head, "total"):
            sums[search, kind, column] = sums.get((search, kind, column), 0) + count
    for (search, kind, column), text in cells.items():
        assert text == held(sums.get((search, kind, column), 0), unread_of[search])
    assert len(cells) > 100
    assert {kind for _, kind in shown} > {"Case report", "Case reports and series", "Records"}


def test_nothing_says_zero_of_a_year_that_was_not_searched_whole(set_of_files: Published):
    assert "0" not in grid(set_of_files.page).values()


def test_a_complete_search_says_its_zeros(memory, tmp_path):
    memory.day(article(11, "Kratom in mice", year=2024), article(12, "Kratom in rats", year=2026))
    memory.build()
    dated.write(memory.con, tmp_path, render(memory.con))
    cells = grid(tmp_path / "index.html")
    assert cells["Kratom", "Animal studies", "2025~"] == "0"
    assert cells["Kratom", "Animal studies", "2026*"] == "1"
    assert "not known" not in cells.values()


def test_the_page_carries_the_members_of_its_searches_and_no_other_record(memory, tmp_path):
    """`bulk-load --all` may hold millions that no view of the page shows."""
    memory.day(article(11, "Kratom in mice"), article(12, "Kratom in rats"))
    memory.con.execute("UPDATE ops.search_hits SET search = 'everything' WHERE pmid = 12")
    memory.build()
    dated.write(memory.con, tmp_path, render(memory.con))
    for page in (tmp_path / dated.SHARED, tmp_path / dated.PRIVATE):
        assert [row[0] for row in records(page)["rows"]] == [11]


def test_the_pages_belong_to_the_set(set_of_files: Published):
    stated = manifest.read(set_of_files.directory)
    assert {"index.html", "index.private.html"} <= set(stated.files)
    assert manifest.damage(set_of_files.directory) is None


def test_only_the_private_page_has_abstracts_and_it_says_so(set_of_files: Published):
    shared = set_of_files.page.read_text(encoding="utf-8")
    private = (set_of_files.directory / "index.private.html").read_text(encoding="utf-8")
    abstracts = [
        text
        for (text,) in set_of_files.sql("SELECT text FROM core.abstract_sections")
        if len(text) > 80
    ]
    assert len(abstracts) > 3
    told = "".join(
        json.dumps(records(set_of_files.page, part), ensure_ascii=False)
        for part in ("data", "details")
    )
    kept = json.dumps(
        records(set_of_files.directory / "index.private.html", "abstracts"), ensure_ascii=False
    )
    assert "Mitragynine lowers pain in rats and mice" in told
    for text in (*abstracts, "A secret of its publisher"):
        assert text not in shared and text not in told
        assert json.dumps(text, ensure_ascii=False)[1:-1] in kept
    assert 'id="abstracts"' not in shared
    assert "Not for sharing" not in shared
    assert "Not for sharing" in private


def test_matched_words_are_cut_before_they_become_a_text():
    sentence = "Of the " + "very " * 40 + "long match"
    query = f"SELECT {SHORTENED.format('x')} FROM (SELECT ? AS x)"
    (short,), (kept,) = (
        duckdb.execute(query, [words]).fetchall()[0] for words in (sentence, "hot plate test")
    )
    assert len(short) <= LONGEST
    assert short.startswith("Of the very") and short.endswith("long match")
    assert kept == "hot plate test"


def test_it_begins_with_the_sentence_of_the_receipt(set_of_files: Published):
    page = html.parse(str(set_of_files.page))
    lead = [p.text_content() for p in page.iterfind(".//p[@class='lead']")]
    assert len(lead) == 2
    digest = (set_of_files.directory / "digest.md").read_text(encoding="utf-8")
    for sentence in lead:
        assert "studies" in sentence
        assert sentence in digest


@pytest.mark.parametrize("name", ["index.html", "index.private.html"])
def test_it_says_that_only_pubmed_was_searched(set_of_files: Published, name: str):
    assert "PubMed only; other databases" in (set_of_files.directory / name).read_text("utf-8")
