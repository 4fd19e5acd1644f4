"""The headline table: evidence groups down, years across, for one search."""

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
        absent: groups without a record.
        coverage: complete, complete_list or partial.
        unread: listed records that could not be read.
        left_out: records that carry further types, which a table by primary type leaves out.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    absent: tuple[str, ...]
    coverage: str
    unread: int
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
        return [self.title, *body, *self._below()]

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
        below = map(for_markdown, self._below())
        return "\n".join([*lines, "", *below])

    def _below(self) -> list[str]:
        return [*self._absent(), *self._unread(), *self._left_out()]

    def _unread(self) -> list[str]:
        if self.coverage == "partial":
            return ["Records held. No complete search was made: how many there are is not known."]
        if self.unread:
            return [
                f"{self.unread} listed {'record' if self.unread == 1 else 'records'} could not be "
                f"read: each count c means c, at most c + {self.unread}."
            ]
        return []

    def _left_out(self) -> list[str]:
        if not self.left_out:
            return []
        are = "record carries" if self.left_out == 1 else "records carry"
        return [f"Each record counts once; {self.left_out} {are} further types (marts.domains)."]

    def _absent(self) -> list[str]:
        if not self.absent or len(self.rows) == 1:  # an empty table speaks for itself
            return []
        word = "No record held" if self.coverage == "partial" else "0 in every year"
        return textwrap.wrap(f"{word}: {'; '.join(self.absent)}.", 100)


def headline(con: duckdb.DuckDBPyConnection, search: str) -> Headline:
    """The headline table of a search, from marts.headline_by_year.

    The last years stand alone, earlier ones in one column; retracted articles,
    preprints and notices have rows of their own below the groups.
    """
    label, coverage, unread, as_of_year = _one(
        con,
        "SELECT label, coverage, coalesce(unread_count, 0), year(as_of_date) "
        "FROM marts.search_totals WHERE search = ?",
        search,
    )
    last = _one(
        con,
        "SELECT max(year) FROM marts.headline_by_year WHERE search = ? AND held_count > 0",
        search,
    )[0]
    end = max(last or as_of_year, as_of_year)
    start = end - YEARS_SHOWN + 1
    rows = con.execute(
        """
        SELECT evidence_group,
            CASE WHEN year IS NULL THEN 'undated'
                WHEN year < ? THEN 'before' ELSE year::VARCHAR END AS column_name,
            sum(held_count), sum(held_retracted_count), sum(held_preprint_count),
            sum(held_notice_count)
        FROM marts.headline_by_year WHERE search = ?
        GROUP BY evidence_group, group_order, column_name ORDER BY group_order
        """,
        [start, search],
    ).fetchall()
    names = ["before", *map(str, range(start, end + 1))]
    if any(row[1] == "undated" for row in rows):
        names.append("undated")
    records: dict[str, dict[str, int]] = {}
    apart: dict[str, dict[str, int]] = {"Retracted": {}, "Preprints": {}, "Notices": {}}
    for group, column, *counts in rows:
        records.setdefault(group, {})[column] = counts[0]
        for name, count in zip(apart, counts[1:], strict=True):
            apart[name][column] = apart[name].get(column, 0) + count
    shown = {name: cells for name, cells in records.items() if any(cells.values())}
    absent = tuple(name for name in records if name not in shown)
    total = {
        column: sum(cells.get(column, 0) for cells in shown.values())
        for column in (names if shown else ())
    }
    shown.update({name: cells for name, cells in apart.items() if any(cells.values())})
    # a complete search also covers the years before its first record
    empty = EMPTY if coverage == "partial" else "0"
    lines = [
        _line(name, cells, names, empty) for name, cells in [*shown.items(), ("Records", total)]
    ]
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
        f"{label} ({search}): records by kind of study and year",
        ("kind of study", *heads, "total"),
        tuple(lines),
        absent,
        coverage,
        unread,
        _one(
            con,
            "SELECT count(*) FROM marts.domains "
            "WHERE search = ? AND counted_as = 'record' AND len(left_out_types) > 0",
            search,
        )[0],
    )


def _line(name: str, cells: dict[str, int], names: list[str], empty: str) -> tuple[str, ...]:
    """Counts as text; what is not held is a zero only where the search is known."""
    counts = [*(cells.get(column, 0) for column in names), sum(cells.values())]
    return (name, *(str(count) if count else empty for count in counts))


def _one(con: duckdb.DuckDBPyConnection, query: str, search: str) -> tuple[Any, ...]:
    row = con.execute(query, [search]).fetchone()
    assert row is not None, f"no search {search} in marts.search_totals"
    return row
