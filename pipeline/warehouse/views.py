"""Views limited to given records: what they cost grows with these records alone."""

from __future__ import annotations

import re

import duckdb

_RELATION = re.compile(r"\b(?:core|evidence)\.\w+")


def query_of(con: duckdb.DuckDBPyConnection, view: str) -> str:
    """The query behind a view (its name with its schema), as SQL."""
    schema, _, name = view.partition(".")
    ((text,),) = con.execute(
        "SELECT sql FROM duckdb_views() WHERE database_name = current_database() "
        "AND schema_name = ? AND view_name = ?",
        [schema, name],
    ).fetchall()
    return str(text).partition(" AS ")[2].rstrip("; \n")


def of_records(con: duckdb.DuckDBPyConnection, view: str, pmids: str) -> str:
    """SQL that stands in the place of a view by record, where few of them are asked about.

    A view reads all that is held before somebody can choose among its rows. So its own query is
    put to the rows of these records.

    Args:
        con: the tables.
        view: its name, with the schema. Its rows of a record follow from rows of this record alone,
            and from tables that know no records.
        pmids: a query that gives the PMIDs; it may name what the query it is put into names.
    """
    by_record: dict[str, bool] = {}

    def few(found: re.Match[str]) -> str:
        name = found[0]
        if name not in by_record:
            by_record[name] = "pmid" in con.table(name).columns
        return f"(SELECT * FROM {name} WHERE pmid IN ({pmids}))" if by_record[name] else name

    return f"({_RELATION.sub(few, query_of(con, view))})"
