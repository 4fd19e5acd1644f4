"""docs/data_dictionary.md from the comments of the schema.

python -m tools.data_dictionary           write it
python -m tools.data_dictionary --check   exit 1 if it is not current
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from pipeline.outputs import marts
from pipeline.outputs.lookup import SCHEMAS
from pipeline.settings import ROOT, Settings
from pipeline.warehouse import database
from pipeline.warehouse.fingerprint import schema_files

TARGET = ROOT / "docs" / "data_dictionary.md"

_INTRODUCTION = """\
# Data dictionary

Generated from the comments in `sql/`; do not edit. The same comments stand in the published
file: `SELECT comment FROM duckdb_columns() WHERE table_name = 'articles'`.

In the order in which to read it:

- `marts`: summary tables, rebuilt in every run. Never sum across searches.
- `evidence`: what ketum judges, each judgement with its proof.
- `core`: PubMed as PubMed said it, normalised.
- `ops`: runs, searches, memberships, changes, what could not be read.

`_at` columns are UTC TIMESTAMPs without zone; `_date` are dates; `_year` and `year` are years;
`_count` are counts; `is_`/`has_` are booleans. A negative `pmid` is ours: a citation known only
by its DOI.
"""

_MACROS = """\
For a file that is opened itself; attached under another name, views answer and macros do not.
"""


def empty_database() -> duckdb.DuckDBPyConnection:
    """An in-memory database with every relation of the published file, without rows."""
    sql = Settings.from_environment().sql
    con = duckdb.connect()
    for path in schema_files(sql):
        database.run_script(con, path)
    con.execute(
        "CREATE TEMP TABLE run_parameters (as_of TIMESTAMP, as_of_date DATE, as_of_year SMALLINT, "
        "previous_published_at TIMESTAMP, statement VARCHAR, set_id VARCHAR)"
    )
    marts.note_due(con, is_kept=False)
    marts.note_dois(con)
    marts.note_shown(con)
    for path in marts.files(sql):
        database.run_script(con, path)
    marts.make_former(con, sql)
    return con


def render(con: duckdb.DuckDBPyConnection) -> str:
    """The dictionary as Markdown."""
    remarks = dict(
        con.execute(
            """
            SELECT schema_name || '.' || table_name, comment FROM duckdb_tables()
            UNION ALL
            SELECT schema_name || '.' || view_name, comment FROM duckdb_views() WHERE NOT internal
            """
        ).fetchall()
    )
    columns = con.execute(
        """
        SELECT schema_name || '.' || table_name, column_name, data_type, coalesce(comment, '')
        FROM duckdb_columns()
        WHERE list_contains(?, schema_name)
        ORDER BY list_position(?, schema_name), table_oid, column_index -- as `sql/` declares them
        """,
        [[*SCHEMAS], [*SCHEMAS]],
    ).fetchall()
    lines = [_INTRODUCTION]
    current = ""
    for relation, name, data_type, remark in columns:
        if relation != current:
            current = relation
            lines += [
                f"\n## {relation}\n",
                f"{remarks[relation]}\n",
                "| column | type | meaning |",
                "|---|---|---|",
            ]
        lines.append(f"| `{name}` | {data_type} | {_escaped(remark)} |")
    lines += ["\n## Macros\n", _MACROS, "| macro | meaning |", "|---|---|"]
    lines += [
        f"| `{name}` | {_escaped(remark)} |"
        for name, remark in con.execute(
            """
            SELECT schema_name || '.' || function_name || '(' || array_to_string(parameters, ', ')
                || ')', comment
            FROM duckdb_functions()
            WHERE function_type = 'table_macro' AND NOT internal ORDER BY 1
            """
        ).fetchall()
    ]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str], target: Path = TARGET) -> int:
    """Write or check the file; returns the exit code."""
    with empty_database() as con:
        wanted = render(con)
    if "--check" in arguments:
        if target.exists() and target.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"{target} is not current: python -m tools.data_dictionary", file=sys.stderr)
        return 1
    target.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
