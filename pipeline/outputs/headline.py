"""The headline table: study types down, years across, for one search."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.escaping import for_markdown

YEARS_SHOWN = 8
EMPTY = "."


@dataclass(frozen=True)
class Headline:
    """A table ready to print: a first column of labels, then counts as text.

    Attributes:
        title: what is counted.
        header: column heads; marks: * partial year, ~ provisional, + dated ahead.
        rows: label and cells; the last row holds the totals.
        absent: study types without a record, by label.
        coverage: complete or partial.
        left_out: records that carry further types, which a table by primary type leaves out.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    absent: tuple[str, ...]
    coverage: str
    left_out: int

    def lines(self) -> list[str]:
        """Aligned plain text, line by line."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        body = [
            "  ".join(
                [line[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            ).rstrip()
            for line in lines
        ]
        body.insert(1, "-" * max(map(len, body)))
        body.insert(len(body) - 1, body[1])
        return [self.title, *body, *self._absent(), *self._left_out()]

    def markdown(self) -> str:
        """A Markdown table."""
        header, *rows = (
            "| " + " | ".join(map(for_markdown, row)) + " |" for row in (self.header, *self.rows)
        )
        lines = [
            f"**{for_markdown(self.title)}**",
            "",
            header,
            "|---" + "|--:" * (len(self.header) - 1) + "|",
            *rows,
        ]
        below = map(for_markdown, [*self._absent(), *self._left_out()])
        return "\n".join([*lines, "", *below])

    def _left_out(self) -> list[str]:
        if not self.left_out:
            return []
        are = "record carries" if self.left_out == 1 else "records carry"
        return [f"Each record counts once; {self.left_out} {are} further types (marts.domains)."]

    def _absent(self) -> list[str]:
        if not self.absent or len(self.rows) == 1:  # an empty table speaks for itself
            return []
        word = "0 in every year" if self.coverage == "complete" else "No record held"
        return textwrap.wrap(f"{word}: {', '.join(self.absent)}.", 100)


def headline(con: duckdb.DuckDBPyConnection, search: str) -> Headline:
    """The headline table of a search, from marts.study_types_by_year.

    The last years stand alone, earlier ones in one column; retracted articles,
    preprints and notices have rows of their own below the types.
    """
    label, coverage, as_of_year = _one(
        con,
        "SELECT label, coverage, year(as_of_date) FROM marts.search_totals WHERE search = ?",
        search,
    )
    last = _one(
        con,
        "SELECT max(year) FROM marts.study_types_by_year WHERE search = ? AND record_count > 0",
        search,
    )[0]
    end = max(last or as_of_year, as_of_year)
    start = end - YEARS_SHOWN + 1
    rows = con.execute(
        """
        SELECT t.label,
            CASE WHEN y.year IS NULL THEN 'undated'
                WHEN y.year < ? THEN 'before' ELSE y.year::VARCHAR END AS column_name,
            sum(y.record_count) AS records, sum(y.retracted_count), sum(y.preprint_count),
            sum(y.notice_count)
        FROM marts.study_types_by_year AS y JOIN evidence.study_types AS t USING (study_type)
        WHERE y.search = ?
        GROUP BY t.label, t.display_order, column_name ORDER BY t.display_order
        """,
        [start, search],
    ).fetchall()
    names = ["before", *map(str, range(start, end + 1))]
    if any(row[1] == "undated" for row in rows):
        names.append("undated")
    records: dict[str, dict[str, int | None]] = {}
    apart: dict[str, dict[str, int | None]] = {"Retracted": {}, "Preprints": {}, "Notices": {}}
    for label_of_type, column, *counts in rows:
        records.setdefault(label_of_type, {})[column] = counts[0]
        for name, count in zip(apart, counts[1:], strict=True):
            if count is not None:
                apart[name][column] = (apart[name].get(column) or 0) + count
    shown = {name: cells for name, cells in records.items() if any(cells.values())}
    absent = tuple(name for name in records if name not in shown and name not in ("Notice",))
    total: dict[str, int | None] = {}
    for cells in shown.values():
        for column, count in cells.items():
            if count is not None:
                total[column] = (total.get(column) or 0) + count
    shown.update({name: cells for name, cells in apart.items() if any(cells.values())})
    # a complete search also covers the years before its first record
    blank = 0 if coverage == "complete" else None
    rows_shown = [*shown.items(), ("Records", total)]
    lines = [_line(name, cells, names, blank) for name, cells in rows_shown]
    marks = {as_of_year: "*", as_of_year - 1: "~"}
    heads = [
        f"to {start - 1}"
        if n == "before"
        else n
        if n == "undated"
        else n + marks.get(int(n), "+" if int(n) > as_of_year else "")
        for n in names
    ]
    return Headline(
        f"{label} ({search}): records by study type and year",
        ("study type", *heads, "total"),
        tuple(lines),
        absent,
        coverage,
        _one(
            con,
            "SELECT count(*) FROM marts.domains "
            "WHERE search = ? AND counted_as = 'record' AND len(left_out_types) > 0",
            search,
        )[0],
    )


def _line(
    name: str, cells: dict[str, int | None], names: list[str], blank: int | None
) -> tuple[str, ...]:
    counts = [cells.get(column, blank) for column in names]
    known = [count for count in counts if count is not None]
    total = str(sum(known)) if known else EMPTY
    return (name, *(EMPTY if count is None else str(count) for count in counts), total)


def _one(con: duckdb.DuckDBPyConnection, query: str, search: str) -> tuple[Any, ...]:
    row = con.execute(query, [search]).fetchone()
    assert row is not None, f"no search {search} in marts.search_totals"
    return row
