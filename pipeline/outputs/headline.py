"""The one table of study types by year, as terminal, digest, README, notebook and page show it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from pipeline.escaping import for_markdown
from pipeline.warehouse.database import append

if TYPE_CHECKING:
    import pandas as pd

YEARS_SHOWN = 8
EMPTY = "."
APART = {"Retracted": "retracted", "Preprints": "preprint", "Notices": "notice"}
"""Rows below the groups, in no total: label, and `counted_as` of their records."""
TOTAL = "Records"


@dataclass(frozen=True)
class Column:
    """Years that stand in one column.

    Attributes:
        label: the year with its mark (* partial, ~ provisional, + dated ahead), "to YEAR" or
            "undated".
        first: the first year; None for all that came before, and without a year.
        last: the last year; None without a year.
    """

    label: str
    first: int | None
    last: int | None

    @property
    def years(self) -> str:
        """The years as the address of a list on the page names them."""
        if self.last is None:
            return "undated"
        return f"-{self.last}" if self.first is None else f"{self.first}"


@dataclass(frozen=True)
class Row:
    """Records of one kind, column by column.

    Attributes:
        label: what they are.
        codes: the study types that count here; empty for rows of all types.
        counted_as: record, or one of `APART`.
        numbers: how many are held, in the order of the columns.
    """

    label: str
    codes: tuple[str, ...]
    counted_as: str
    numbers: tuple[int, ...]

    @property
    def total(self) -> int:
        """Over all columns."""
        return sum(self.numbers)


@dataclass(frozen=True)
class Headline:
    """The table of one search.

    Attributes:
        title: what is counted.
        columns: earlier years in one column, the last ones each alone, then undated where any is.
        counts: rows with a record, those counted apart, and the total as the last one.
        absent: groups without a record.
        coverage: complete, complete_list or partial.
        unread: listed records that could not be read.
        left_out: records that carry further types, which a table by primary type leaves out.
    """

    title: str
    columns: tuple[Column, ...]
    counts: tuple[Row, ...]
    absent: tuple[str, ...]
    coverage: str
    unread: int
    left_out: int

    @property
    def header(self) -> tuple[str, ...]:
        """The heads of the columns."""
        return ("kind of study", *(column.label for column in self.columns), "total")

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Label and cells as text; what is not held is a zero only where the search is known."""
        # a complete search also covers the years before its first record
        empty = EMPTY if self.coverage == "partial" else "0"
        return tuple(
            (row.label, *(str(n) if n else empty for n in (*row.numbers, row.total)))
            for row in self.counts
        )

    def frame(self) -> pd.DataFrame:
        """The numbers as a table of pandas; what is not known is NA, and not 0."""
        import pandas as pd  # takes half a second, and only notebooks need it

        is_known = self.coverage != "partial"
        rows = [
            [n if n or is_known else pd.NA for n in (*row.numbers, row.total)]
            for row in self.counts
        ]
        names = pd.Index([row.label for row in self.counts], name=self.header[0])
        return pd.DataFrame(rows, names, list(self.header[1:])).astype("Int64")

    def lines(self) -> list[str]:
        """Aligned plain text, line by line."""
        body = aligned([self.header, *self.rows])
        body.insert(1, "-" * max(map(len, body)))
        body.insert(len(body) - 1, body[1])
        return [self.title, *body, *self.notes()]

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
        return "\n".join([*lines, "", *map(for_markdown, self.notes())])

    def notes(self) -> list[str]:
        """What the numbers are worth, as lines of plain text."""
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
        return [f"Each record counts once; {self.left_out} {are} further types."]

    def _absent(self) -> list[str]:
        if not self.absent or len(self.counts) == 1:  # an empty table speaks for itself
            return []
        word = "No record held" if self.coverage == "partial" else "0 in every year"
        return textwrap.wrap(f"{word}: {'; '.join(self.absent)}.", 100)


_COUNTS = (
    "sum({0}.held_count), sum({0}.held_retracted_count), sum({0}.held_preprint_count), "
    "sum({0}.held_notice_count)"
)
_BY_GROUP = f"""
SELECT h.search, h.evidence_group, any_value(t.codes), h.year, {_COUNTS.format("h")}
FROM marts.headline_by_year AS h LEFT JOIN (
    SELECT evidence_group, list(study_type ORDER BY display_order) AS codes
    FROM evidence.study_types GROUP BY evidence_group
) AS t USING (evidence_group)
WHERE h.search IN (SELECT unnest(?::VARCHAR[]))
GROUP BY h.search, h.evidence_group, h.group_order, h.year ORDER BY h.group_order
"""  # noqa: S608 - constants only
_BY_TYPE = f"""
SELECT y.search, t.label, [t.study_type], y.year, {_COUNTS.format("y")}
FROM marts.study_types_by_year AS y INNER JOIN evidence.study_types AS t USING (study_type)
WHERE y.search IN (SELECT unnest(?::VARCHAR[]))
GROUP BY y.search, t.label, t.study_type, t.display_order, y.year ORDER BY t.display_order
"""  # noqa: S608 - constants only


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines of equal columns: the first to the left, the others to the right."""
    first, *others = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(first), *map(str.rjust, row[1:], others)]).rstrip() for row in rows
    ]


def headline(con: duckdb.DuckDBPyConnection, search: str) -> Headline:
    """The table of a search, a row a group of study types (marts.headline_by_year)."""
    return headlines(con, [search])[0]


def headlines(con: duckdb.DuckDBPyConnection, searches: Sequence[str]) -> list[Headline]:
    """The tables of searches, in their order."""
    return _tables(con, searches, _BY_GROUP, "records by kind of study and year")


def by_study_type(con: duckdb.DuckDBPyConnection, search: str) -> Headline:
    """The same table with a row a study type (marts.study_types_by_year)."""
    return _tables(con, [search], _BY_TYPE, "records by study type and year")[0]


def _tables(
    con: duckdb.DuckDBPyConnection, searches: Sequence[str], query: str, what: str
) -> list[Headline]:
    totals = con.execute(
        """
        SELECT t.search, t.label, t.coverage, coalesce(t.unread_count, 0), year(t.as_of_date),
            count(d.pmid)
        FROM marts.search_totals AS t LEFT JOIN marts.domains AS d
            ON t.search = d.search AND d.counted_as = 'record' AND len(d.left_out_types) > 0
        GROUP BY ALL
        """
    ).fetchall()
    of = {search: (f"{label} ({search}): {what}", *rest) for search, label, *rest in totals}
    found: dict[str, list[Any]] = {search: [] for search in searches}
    for search, *counted in con.execute(query, [list(searches)]).fetchall():
        found[search].append(counted)
    return [_table(counted, *of[search]) for search, counted in found.items()]


def _table(
    found: list[Any], title: str, coverage: str, unread: int, as_of_year: int, left_out: int
) -> Headline:
    columns = _columns([(year, sum(counts)) for _, _, year, *counts in found], as_of_year)
    kinds = ("record", *APART.values())
    numbers: dict[tuple[str, str], list[int]] = {}
    codes: dict[str, tuple[str, ...]] = {}
    for name, of_types, year, *counts in found:
        codes[name] = tuple(of_types or ())
        place = _place(columns, year)
        for counted_as, count in zip(kinds, counts, strict=True):
            for one in (name, TOTAL):
                cells = numbers.setdefault((one, counted_as), [0] * len(columns))
                cells[place] += int(count)

    def row(name: str, label: str, counted_as: str) -> Row:
        cells = numbers.get((name, counted_as), [0] * len(columns))
        return Row(label, codes.get(name, ()), counted_as, tuple(cells))

    groups = [row(name, name, "record") for name in codes]
    apart = [row(TOTAL, said, counted_as) for said, counted_as in APART.items()]
    return Headline(
        title,
        columns,
        (*(one for one in (*groups, *apart) if one.total), row(TOTAL, TOTAL, "record")),
        tuple(one.label for one in groups if not one.total),
        coverage,
        unread,
        left_out,
    )


def _columns(found: list[tuple[int | None, int]], as_of_year: int) -> tuple[Column, ...]:
    """Earlier years, each of the last ones up to that of the search or what is dated ahead."""
    end = max([as_of_year, *(year for year, count in found if year and count)])
    start = end - YEARS_SHOWN + 1
    columns = [Column(f"to {start - 1}", None, start - 1)]
    columns += [Column(marked(year, as_of_year), year, year) for year in range(start, end + 1)]
    if any(year is None for year, _ in found):
        columns.append(Column("undated", None, None))
    return tuple(columns)


def marked(year: int, as_of_year: int) -> str:
    """A year with the mark of how settled its count is."""
    if year > as_of_year:
        return f"{year}+"
    return f"{year}{ {0: '*', 1: '~'}.get(as_of_year - year, '') }"


def _place(columns: tuple[Column, ...], year: int | None) -> int:
    """The column of a year; a year behind the last one has no record."""
    for place, column in enumerate(columns):
        if year is None or column.last is None:
            if year is None and column.last is None:
                return place
        elif year <= column.last:
            return place
    return len(columns) - 1


def store(con: duckdb.DuckDBPyConnection) -> None:
    """Write the table of every search into marts.headline_table, for readers of the set."""
    covered = con.execute("SELECT search, is_known, unread_count FROM marts.coverage").fetchall()
    tables = headlines(con, [search for search, *_ in covered])
    cells = []
    for (search, is_known, unread), table in zip(covered, tables, strict=True):
        columns = (*table.columns, Column("total", None, None))
        cells += [
            (
                *(search, row_no, row.label, row.counted_as),
                *(column_no, column.label, column.first, column.last),
                *(number if is_known else None, number, unread, table.coverage),
            )
            for row_no, row in enumerate(table.counts, 1)
            for column_no, (column, number) in enumerate(
                zip(columns, (*row.numbers, row.total), strict=True), 1
            )
        ]
    append(con, "marts.headline_table", cells)
