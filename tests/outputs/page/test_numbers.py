"""Every number on the page is the one that SQL gives on the same set."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from lxml import html

from pipeline.outputs import manifest
from pipeline.outputs.page import charts
from tests.outputs.page.conftest import Published

BEHIND = """
    SELECT count(*) FROM ops.search_hits AS h JOIN marts.articles AS a USING (pmid)
    WHERE h.left_at IS NULL AND h.search = $search
        AND ($counted = 'all' OR a.counted_as = $counted)
        AND ($type IS NULL OR a.study_type = $type)
        AND ($reason IS NULL OR a.unclassified_reason = $reason)
        AND ($first IS NULL OR a.year >= $first) AND ($last IS NULL OR a.year <= $last)
        AND (NOT $undated OR a.year IS NULL)
        AND ($mark IS DISTINCT FROM 'corrected' OR a.pmid IN (
            SELECT pmid FROM core.article_links
            WHERE ref_type IN (
                'ErratumIn', 'CorrectedandRepublishedIn', 'ExpressionOfConcernIn', 'UpdateIn')))
        AND ($mark IS NULL OR NOT starts_with($mark, 'unexplained:') OR a.pmid IN (
            SELECT pmid FROM ops.search_differences
            WHERE matched_by = 'pubmed' AND search = $search))
        AND ($mark IS NULL OR NOT starts_with($mark, 'new') OR a.pmid IN (
            SELECT pmid FROM marts.new_articles
            WHERE search = $search AND reason = split_part($mark, ':', 1)))
"""


def numbers(page: Path) -> list[tuple[int, dict[str, Any]]]:
    """Each number of a page with the selection that it opens."""
    found = []
    for link in html.parse(str(page)).iterfind(".//a[@class='number']"):
        asked = {name: values[0] for name, values in parse_qs(link.get("href")[1:]).items()}
        years = asked.pop("years", "")
        first, dash, last = years.partition("-")
        undated = years == "undated"
        found.append(
            (
                int(link.text.replace(",", "")),
                {
                    "search": asked.pop("search"),
                    "counted": asked.pop("counted", "record"),
                    "type": asked.pop("type", None),
                    "reason": asked.pop("reason", None),
                    "mark": asked.pop("mark", None),
                    "undated": undated,
                    "first": int(first) if first and not undated else None,
                    "last": None if undated else int(last if dash else first) if years else None,
                },
            )
        )
        assert not asked
    return found


def test_every_number_counts_the_records_it_opens(set_of_files: Published):
    found = numbers(set_of_files.page)
    assert len(found) > 45
    for count, selection in found:
        ((expected,),) = set_of_files.sql(BEHIND, selection)  # type: ignore[arg-type]
        assert count == expected, selection


def grid(page: Path) -> dict[tuple[str, str, str], str]:
    """(search and what, study type, column) to the text of each cell of the year tables."""
    found = {}
    for table in html.parse(str(page)).iterfind(".//table"):
        caption = table.findtext("caption")
        if not caption.endswith("by year") and "by study type and year" not in caption:
            continue
        heads = [head.text_content() for head in table.iterfind("thead/tr/th")]
        for row in table.iterfind("tbody/tr"):
            cells = [cell.text_content() for cell in row]
            for head, cell in zip(heads[1:], cells[1:], strict=True):
                found[caption.split(":")[0], cells[0], head] = cell
    return found


def test_every_cell_is_that_of_the_published_table(set_of_files: Published):
    cells = grid(set_of_files.page)
    rows = set_of_files.sql(
        """
        SELECT s.label, t.label, y.year, y.record_count
        FROM marts.study_types_by_year AS y
        JOIN marts.search_totals AS s USING (search)
        JOIN evidence.study_types AS t USING (study_type)
        WHERE y.study_type <> 'NOTICE'
        """
    )
    shown = {(search, kind) for search, kind, _ in cells}
    starts = {
        search: int(head.removeprefix("to ")) for search, _, head in cells if head[:3] == "to "
    }
    earlier: dict[tuple[str, str], int | None] = {}
    compared = 0
    for search, kind, year, count in rows:
        if (search, kind) not in shown:
            assert not count, "a type with records has no row"
            continue
        if year is not None and year <= starts[search]:
            if count is not None:
                earlier[search, kind] = (earlier.get((search, kind)) or 0) + count
            continue
        mark = {2025: "~", 2026: "*", 2027: "+"}.get(year, "")
        head = "undated" if year is None else f"{year}{mark}"
        assert cells[search, kind, head] == ("not known" if count is None else str(count))
        compared += 1
    for search, kind in shown:
        count = earlier.get((search, kind))
        cell = cells[search, kind, f"to {starts[search]}"]
        assert cell == ("not known" if count is None else str(count))
    assert compared > 50
    totals = set_of_files.sql(
        """
        SELECT s.label, t.label, t.record_count FROM marts.study_type_totals AS t
        JOIN marts.search_totals AS s USING (search) WHERE t.record_count IS NOT NULL
        """
    )
    for search, kind, count in totals:
        if kind != "Notice":
            assert cells[search, kind, "total"] == str(count)


def test_nothing_says_zero_of_a_year_that_was_not_searched_whole(set_of_files: Published):
    assert "0" not in grid(set_of_files.page).values()


def test_a_complete_search_says_its_zeros(live, settings):
    from tests.corpus import article

    live(article(11, "Kratom in mice", year=2024), article(12, "Kratom in rats", year=2026))
    cells = grid(settings.latest / "index.html")
    assert cells["Kratom", "Animal study", "2025~"] == "0"
    assert cells["Kratom", "Animal study", "2026*"] == "1"
    assert "not known" not in cells.values()


def test_the_pages_belong_to_the_set(set_of_files: Published):
    stated = manifest.hashes(set_of_files.directory / "manifest.json")
    assert {"index.html", "index.private.html"} <= set(stated)
    assert manifest.is_whole(set_of_files.directory)


def test_only_the_private_page_has_abstracts_and_it_says_so(set_of_files: Published):
    shared = set_of_files.page.read_text(encoding="utf-8")
    private = (set_of_files.directory / "index.private.html").read_text(encoding="utf-8")
    assert "A secret of its publisher" not in shared
    assert "Not for sharing" not in shared
    assert "A secret of its publisher" in private
    assert "Not for sharing" in private


def test_it_begins_with_the_sentence_of_the_receipt(set_of_files: Published):
    page = html.parse(str(set_of_files.page))
    lead = [paragraph.text for paragraph in page.iterfind(".//p[@class='lead']")]
    assert len(lead) == 2
    digest = (set_of_files.directory / "digest.md").read_text(encoding="utf-8")
    for sentence in lead:
        assert "human experiments" in sentence
        assert sentence in digest


@pytest.mark.parametrize("name", ["index.html", "index.private.html"])
def test_it_says_that_only_pubmed_was_searched(set_of_files: Published, name: str):
    assert "PubMed only; other databases" in (set_of_files.directory / name).read_text("utf-8")


@pytest.mark.slow
def test_the_chart_library_is_the_one_vl_convert_bundles():
    assert charts.bundle() == charts.VEGA.read_text(encoding="utf-8")
