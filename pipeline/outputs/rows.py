"""The rows of an answer as text: a table, CSV, TSV or JSON, in bounded memory.

DuckDB itself writes each value as text, since Python has no word for many of them: a month as
an interval, a date without end, nanoseconds. Rows are fetched and written some at a time.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

import duckdb

from pipeline.escaping import for_csv, for_json, for_terminal

BATCH = 2_000
TABLE_ROWS = 10_000
"""At most so many rows DuckDB draws as a table."""

_NESTED = {"list", "array", "struct", "map", "union", "tuple", "variant"}
_NUMBERS = {
    "tinyint", "smallint", "integer", "bigint", "hugeint", "bignum",
    "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint",
    "decimal", "float", "double", "boolean",
}  # fmt: skip
_TEXT = {"varchar", "enum"}

_NO_JSON = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
_IN_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity')

_FRAMES = str.maketrans("┌┬┐├┼┤└┴┘╭╮╰╯─│·…", "+++++++++++++-|..")


def named_rows(con: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a query that is small, each with the names of its columns."""
    found = con.execute(sql, list(values))
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def table(relation: duckdb.DuckDBPyRelation, out: TextIO) -> None:
    """Draw a table, as wide as the terminal; a dot stands for what is not known.

    Of more than `TABLE_ROWS` rows the first are shown, and a line says so.
    """
    is_terminal = out.isatty()
    # DuckDB's own box, which it prints to sys.stdout only
    with contextlib.redirect_stdout(io.StringIO()) as drawn:
        relation.show(
            max_width=shutil.get_terminal_size((160, 24)).columns if is_terminal else 10_000,
            max_rows=40 if is_terminal else TABLE_ROWS,
            null_value=".",
        )
    box = drawn.getvalue().rstrip("\n")
    lines(box, out)
    if "? rows" in box[box.rfind("└") :]:  # so DuckDB says that it did not read on
        lines(
            f"There are more rows; none after the first {TABLE_ROWS:,} is shown here. "
            "--format csv, tsv or json writes them all.",
            out,
        )


def lines(text: str, out: TextIO) -> None:
    """Write text that may hold others' words and frames, for people to read."""
    shown = for_terminal(text)
    out.write((shown if is_unicode(out) else shown.translate(_FRAMES)) + "\n")


def separated(
    con: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, delimiter: str, out: TextIO
) -> None:
    """Write CSV or TSV: a header, empty cells for NULL, lists and structs as JSON.

    Text that a spreadsheet would run carries an apostrophe, as in tables/*.csv.
    """
    kinds = [kind.id for kind in relation.types]
    cells: list[Callable[[str], str]] = [
        for_csv if kind in _TEXT else _valid_json if kind in _NESTED else str for kind in kinds
    ]
    # Python quotes a line break in a cell only where it is (part of) the end of line.
    writer = csv.writer(_Lines(out), delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(map(for_csv, names(relation)))
    for row in _rows(con, relation):
        writer.writerow(
            ["" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)]
        )


def objects(con: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, out: TextIO) -> None:
    """Write a JSON list with an object a line.

    Numbers are written as they are, to the last digit; what JSON has no number for is the text
    "NaN", "Infinity" or "-Infinity". Dates, times, intervals and blobs are texts, a time after
    its date behind a T.
    """
    keys = [json.dumps(name, ensure_ascii=False) for name in names(relation)]
    values = [_json_of(kind.id) for kind in relation.types]
    shown = for_json if is_unicode(out) else _ascii_json
    before = "["
    for row in _rows(con, relation):
        pairs = (
            f"{key}: {'null' if value is None else write(value)}"
            for key, write, value in zip(keys, values, row, strict=True)
        )
        out.write(f"{before}\n {shown('{' + ', '.join(pairs) + '}')}")
        before = ","
    out.write("[]\n" if before == "[" else "\n]\n")


def names(relation: duckdb.DuckDBPyRelation) -> list[str]:
    """The names of the columns, each once: of equal ones the later get a number, as in DuckDB."""
    taken: set[str] = set()
    found = []
    for name in relation.columns:
        own, number = name, 0
        while own.casefold() in taken:
            number += 1
            own = f"{name}_{number}"
        taken.add(own.casefold())
        found.append(own)
    return found


def is_unicode(out: TextIO) -> bool:
    """Whether every character can be written there."""
    return codecs.lookup(getattr(out, "encoding", None) or "utf-8").name.startswith("utf")


def _rows(
    con: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation
) -> Iterator[Sequence[str | None]]:
    """Every row, each value as DuckDB's text, lists and structs as JSON."""
    written = relation.project(
        ", ".join(
            f"to_json(#{number})::VARCHAR AS c{number}"
            if kind.id in _NESTED
            else f"#{number}::VARCHAR AS c{number}"
            for number, kind in enumerate(relation.types, 1)
        )
    )
    if relation.type != "QUERY_RELATION":  # PRAGMA, CALL and the like: read already
        yield from written.iter_rows(BATCH)
        return
    # A relation would hold all rows; a statement that is being executed gives them as they come.
    answer = con.execute(written.sql_query())
    while batch := answer.fetchmany(BATCH):
        yield from batch


class _Lines:
    """Takes rows that end in CR LF, and writes them with a line feed alone."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.shown: Callable[[str], str] = for_terminal if out.isatty() else str

    def write(self, row: str) -> None:
        self.out.write(self.shown(row.removesuffix("\r\n")) + "\n")


def _json_of(kind: str) -> Callable[[str], str]:
    """What makes JSON of DuckDB's text of a value of this kind."""
    if kind in _NUMBERS:
        return lambda text: _NO_JSON.get(text, text)
    if kind in _NESTED:
        return _valid_json
    if kind.startswith("timestamp"):
        return lambda text: json.dumps(text.replace(" ", "T", 1))
    return lambda text: json.dumps(text, ensure_ascii=False)


def _valid_json(text: str) -> str:
    """JSON in which numbers that JSON does not have are texts."""
    if "NaN" not in text and "Infinity" not in text:
        return text
    return _IN_JSON.sub(lambda part: part[0] if part[0][0] == '"' else f'"{part[0]}"', text)


def _ascii_json(text: str) -> str:
    r"""JSON in ASCII: every other character, which only strings have, as `\u03b1`."""
    return re.sub("[^\x00-\x7f]+", lambda part: json.dumps(part[0])[1:-1], text)
