"""What a published set holds: its relations and columns with their meaning, and the nearest name.

Meanings are the comments of `sql/`, which stand in the file itself and in the data dictionary.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError

SCHEMAS = {
    "marts": "summary tables and lists, rebuilt in every run",
    "evidence": "what ketum judges, with its proofs",
    "core": "PubMed's records, as PubMed has them",
    "ops": "runs, searches, memberships, changes, what could not be read",
}
"""In the order in which a reader needs them."""

_RELATIONS = """
    WITH found AS (
        SELECT schema_name AS schema, table_name AS name, 'table' AS kind, comment,
            estimated_size AS rows
        FROM duckdb_tables()
        UNION ALL
        SELECT schema_name, view_name, 'view', comment, NULL FROM duckdb_views() WHERE NOT internal
        UNION ALL
        SELECT schema_name, function_name || '(' || array_to_string(parameters, ', ') || ')',
            'macro', comment, NULL
        FROM duckdb_functions() WHERE function_type = 'table_macro' AND NOT internal
    )
    SELECT schema || '.' || name, kind, coalesce(comment, ''), rows FROM found
    WHERE list_contains($schemas, schema) ORDER BY list_position($schemas, schema), name
"""

_NO_RELATION = re.compile(r"Table(?: Function)? with name \"?([\w.]+)\"? does not exist")
_NO_COLUMN = re.compile(
    r"Referenced column \"([^\"]+)\" not found|does not have a column named \"([^\"]+)\""
)
_SHOWN = 3


@dataclass(frozen=True)
class Relation:
    """A table, view or table macro.

    Attributes:
        name: with its schema; a macro's with its parameters.
        rows: how many a table has; None for views and macros, which are made when asked.
    """

    name: str
    kind: str
    meaning: str
    rows: int | None

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def bare(self) -> str:
        """Its name without schema and parameters."""
        return self.name.partition(".")[2].partition("(")[0]


@dataclass(frozen=True)
class Column:
    """A column of a table or view."""

    name: str
    type: str
    meaning: str


def relations(con: duckdb.DuckDBPyConnection) -> list[Relation]:
    """Everything one can ask, in the order in which a reader needs it."""
    rows = con.execute(
        _RELATIONS,
        {"schemas": list(SCHEMAS)},
    ).fetchall()  # fmt: skip
    return [Relation(*row) for row in rows]


def relation(con: duckdb.DuckDBPyConnection, name: str) -> Relation:
    """The relation of that name; without a schema, the first that readers need.

    Raises:
        ConfigurationError: there is none.
    """
    every = relations(con)
    wanted = name.casefold()
    for one in every:
        if wanted in (one.name.partition("(")[0], one.bare):
            return one
    near = ", ".join(f"`{close}`" for close in nearest(name, every))
    raise ConfigurationError(
        f"There is no table {name!r}.",
        effect="Nothing was read.",
        next_step=f"did you mean {near}? `ketum tables all` lists all of them."
        if near
        else "`ketum tables all` lists what there is.",
    )


def columns(con: duckdb.DuckDBPyConnection, of: Relation) -> list[Column]:
    """The columns of a relation in their order; a macro's are those of its answer, unexplained."""
    if of.kind == "macro":
        empty = "NULL" + ", NULL" * of.name.count(",")
        answer = con.sql(f"FROM {of.name.partition('(')[0]}({empty}) LIMIT 0")
        return [
            Column(name, str(kind), "")
            for name, kind in zip(answer.columns, answer.types, strict=True)
        ]
    rows = con.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE schema_name || '.' || table_name = ? ORDER BY column_index",
        [of.name],
    ).fetchall()
    return [Column(*row) for row in rows]


def as_dict(of: Relation, its_columns: list[Column]) -> dict[str, Any]:
    """A relation with its columns, for programs."""
    return {**asdict(of), "columns": [asdict(column) for column in its_columns]}


def nearest(name: str, every: list[Relation]) -> list[str]:
    """Names of relations most like one that is not there, best first."""
    bare = name.casefold().rpartition(".")[2]
    same = [one.name for one in every if one.bare == bare]
    if same:
        return same[:_SHOWN]
    close = difflib.get_close_matches(bare, dict.fromkeys(one.bare for one in every), _SHOWN)
    return [one.name for word in close for one in every if one.bare == word][:_SHOWN]


def hint(con: duckdb.DuckDBPyConnection, words: str, sql: str) -> str | None:
    """What a statement may have meant whose table or column is not there; None if that is not it.

    Args:
        con: the set that was asked.
        words: DuckDB's own about the mistake.
        sql: the statement.
    """
    if found := _NO_RELATION.search(words):
        near = nearest(found[1], relations(con))
        if not near:
            return "`ketum tables all` lists what there is."
        return (
            f"did you mean {' or '.join(f'`{name}`' for name in near)}? "
            f"`ketum schema {near[0].partition('(')[0]}` shows its columns."
        )
    if found := _NO_COLUMN.search(words):
        return _column_hint(con, found[1] or found[2], sql)
    return None


def _column_hint(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> str:
    """Where a column of that name, or the name most like it, stands."""
    every = relations(con)
    asked = [
        one
        for one in every
        if one.kind != "macro" and re.search(rf"\b{re.escape(one.name)}\b", sql, re.IGNORECASE)
    ]
    held = {one.name: [column.name for column in columns(con, one)] for one in asked}
    for table, names in held.items():
        if close := difflib.get_close_matches(name.casefold(), names, 1):
            return f"did you mean `{close[0]}`? `ketum schema {table}` lists its columns."
    rows = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_columns() "
        "WHERE column_name = ? AND list_contains(?, schema_name) "
        "ORDER BY list_position(?, schema_name), table_name",
        [name.casefold(), list(SCHEMAS), list(SCHEMAS)],
    ).fetchall()
    if rows:
        places = ", ".join(f"`{table}`" for (table,) in rows[:_SHOWN])
        return f"a column `{name.casefold()}` stands in {places}."
    if asked:
        return f"`ketum schema {asked[0].name}` lists its columns."
    return "`ketum schema TABLE` lists the columns of a table."
