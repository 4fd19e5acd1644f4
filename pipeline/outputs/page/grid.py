"""Study types down, years across: the table behind the bars, for some of the types."""

from __future__ import annotations

from pipeline.outputs.page.facts import Facts, Search, StudyType
from pipeline.outputs.page.markup import number, table, text

YEARS_SHOWN = 10
EARLIER, UNDATED = "earlier", "undated"

Cells = dict[str, dict[str, int | None]]


def marked(year: int, as_of_year: int) -> str:
    """A year with the mark of how settled its count is."""
    if year > as_of_year:
        return f"{year}+"
    return f"{year}{ {0: '*', 1: '~'}.get(as_of_year - year, '') }"


def html(facts: Facts, search: Search, types: list[StudyType], caption: str) -> str:
    """The table of one search; types without a record stand in a line below it.

    The last years stand alone, earlier ones in one column.
    """
    as_of_year = facts.as_of_date.year
    end = max(search.last_year or as_of_year, as_of_year)
    start = end - YEARS_SHOWN + 1
    cells = _cells(facts, search, start)
    has_undated = any(UNDATED in found for found in cells.values())
    columns = [EARLIER, *map(str, range(start, end + 1)), *([UNDATED] if has_undated else [])]
    # a complete search also knows that there was nothing before its first record
    blank = 0 if search.is_complete else None
    shown = [t for t in types if any(cells.get(t.code, {}).values())]
    absent = [t for t in types if t not in shown]
    rows = [
        [
            text(t.label),
            number(_total(cells[t.code]), search=search.name, type=t.code),
            *(_cell(cells[t.code].get(c, blank), search, t, c, start) for c in columns),
        ]
        for t in shown
    ]
    heads = [
        f"to {start - 1}" if c == EARLIER else c if c == UNDATED else marked(int(c), as_of_year)
        for c in columns
    ]
    body = table(caption, ("study type", "total", *heads), rows, "counts") if rows else ""
    if not absent:
        return body
    word = "0 in every year" if search.is_complete else "No record held (not: none exists)"
    return f"{body}<p>{word}: {text(', '.join(t.label for t in absent))}.</p>"


def _cells(facts: Facts, search: Search, start: int) -> Cells:
    rows = facts.con.execute(
        """
        SELECT study_type,
            CASE WHEN year IS NULL THEN ? WHEN year < ? THEN ? ELSE year::VARCHAR END AS place,
            sum(record_count)
        FROM marts.study_types_by_year WHERE search = ? GROUP BY ALL
        """,
        [UNDATED, start, EARLIER, search.name],
    ).fetchall()
    found: Cells = {}
    for study_type, place, count in rows:
        found.setdefault(study_type, {})[place] = None if count is None else int(count)
    return found


def _cell(count: int | None, search: Search, study_type: StudyType, column: str, start: int) -> str:
    years = f"-{start - 1}" if column == EARLIER else column
    return number(count, search=search.name, type=study_type.code, years=years)


def _total(cells: dict[str, int | None]) -> int | None:
    known = [count for count in cells.values() if count is not None]
    return sum(known) if known else None
