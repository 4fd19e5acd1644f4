"""Groups or types of studies down, years across: the table behind the bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.escaping import for_html
from pipeline.outputs.page.facts import Facts, Group, Search
from pipeline.outputs.page.markup import held, table, text

YEARS_SHOWN = 10
EARLIER, UNDATED = "earlier", "undated"

Cells = dict[str, dict[str, int]]


class Row(NamedTuple):
    """A row: its label, and the study types it counts, as the page's fragment names them."""

    label: str
    codes: str


def marked(year: int, as_of_year: int) -> str:
    """A year with the mark of how settled its count is."""
    if year > as_of_year:
        return f"{year}+"
    return f"{year}{ {0: '*', 1: '~'}.get(as_of_year - year, '') }"


def html(facts: Facts, search: Search, groups: Sequence[Group], caption: str) -> str:
    """The table of one search by group; below it the types of each group, to be opened."""
    rows = [Row(group.name, group.codes) for group in groups]
    below = "".join(_types(facts, search, group) for group in groups if len(group.types) > 1)
    return _table(facts, search, rows, caption) + below


def _types(facts: Facts, search: Search, group: Group) -> str:
    """The types of one group, where any of them has a record."""
    rows = [Row(one.label, one.code) for one in group.types]
    inner = _table(facts, search, rows, f"{search.label}: {group.name} by study type and year")
    if "<table" not in inner:
        return ""
    return (
        f'<details class="types"><summary>{for_html(group.name)}: the study types</summary>'
        f"{inner}</details>"
    )


def _table(facts: Facts, search: Search, wanted: Sequence[Row], caption: str) -> str:
    """The last years stand alone, earlier ones in one column; empty rows in a line below."""
    as_of_year = facts.as_of_date.year
    end = max(search.last_year or as_of_year, as_of_year)
    start = end - YEARS_SHOWN + 1
    cells = _cells(facts, search, start)
    counts = {row: _sums(cells, row.codes.split(",")) for row in wanted}
    columns = [EARLIER, *map(str, range(start, end + 1))]
    if any(UNDATED in found for found in cells.values()):
        columns.append(UNDATED)
    shown = [row for row in wanted if any(counts[row].values())]
    absent = [row for row in wanted if row not in shown]
    rows = [
        [
            text(row.label),
            held(sum(counts[row].values()), search, type=row.codes),
            *(
                held(
                    counts[row].get(column, 0), search, type=row.codes, years=_years(column, start)
                )
                for column in columns
            ),
        ]
        for row in shown
    ]
    heads = [
        f"to {start - 1}" if c == EARLIER else c if c == UNDATED else marked(int(c), as_of_year)
        for c in columns
    ]
    body = table(caption, ("kind of study", "total", *heads), rows, "counts") if rows else ""
    if not absent:
        return body
    word = "0 in every year" if search.is_known else "No record held (not: none exists)"
    return f"{body}<p>{word}: {text('; '.join(row.label for row in absent))}.</p>"


def _cells(facts: Facts, search: Search, start: int) -> Cells:
    rows = facts.con.execute(
        """
        SELECT study_type,
            CASE WHEN year IS NULL THEN ? WHEN year < ? THEN ? ELSE year::VARCHAR END AS place,
            sum(held_count)
        FROM marts.study_types_by_year WHERE search = ? GROUP BY ALL
        """,
        [UNDATED, start, EARLIER, search.name],
    ).fetchall()
    found: Cells = {}
    for study_type, place, count in rows:
        found.setdefault(study_type, {})[place] = int(count)
    return found


def _sums(cells: Cells, codes: Sequence[str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for code in codes:
        for place, count in cells.get(code, {}).items():
            sums[place] = sums.get(place, 0) + count
    return sums


def _years(column: str, start: int) -> str:
    return f"-{start - 1}" if column == EARLIER else column
