"""`ketum tables` and `ketum schema`: what there is to ask, with its meaning."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from dataclasses import asdict

from pipeline.commands.parsers import Subparsers, add_quiet, note_set
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings

_NARROWEST = 40


def register(commands: Subparsers) -> None:
    """Add the commands to the parser."""
    tables = commands.add_parser(
        "tables",
        help="the tables of the published set, each with its meaning",
        description="List the tables one can ask, with their rows and meaning. A view or macro "
        "has no rows until it is asked.",
    )
    tables.set_defaults(work=_tables)
    add_quiet(tables)
    tables.add_argument(
        "schema", nargs="?", default="marts", choices=("marts", "evidence", "core", "ops", "all"),
        help="which of them (default: marts, where most questions begin)",
    )  # fmt: skip
    tables.add_argument("--json", action="store_true", help="for programs")

    schema = commands.add_parser(
        "schema",
        help="the columns of a table, each with its meaning",
        description="List the columns of a table, view or macro with their types and meaning, as "
        "docs/data_dictionary.md has them.",
        epilog="example: ketum schema marts.articles",
    )
    schema.set_defaults(work=_schema)
    add_quiet(schema)
    schema.add_argument("table", metavar="TABLE", help="with or without its schema")
    schema.add_argument("--json", action="store_true", help="for programs")


def _tables(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import catalogue, query

    with query.open_published(settings) as con:
        every = catalogue.relations(con)
    shown = [one for one in every if arguments.schema in (one.schema, "all")]
    if arguments.json:
        print(json.dumps([asdict(one) for one in shown], indent=1))
    else:
        for schema, about in catalogue.SCHEMAS.items():
            if of_it := [one for one in shown if one.schema == schema]:
                print(f"{schema}: {about}")
                _print_rows([
                    (one.name, one.kind if one.rows is None else f"{one.rows:,} rows", one.meaning)
                    for one in of_it
                ])  # fmt: skip
                print()
    if not arguments.quiet and len(shown) < len(every):
        print(
            f"{len(every) - len(shown)} more: `ketum tables all`. "
            "Columns: `ketum schema TABLE`.",
            file=sys.stderr,
        )  # fmt: skip
    note_set(settings, arguments)
    return EXIT_OK


def _schema(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import catalogue, query

    with query.open_published(settings) as con:
        table = catalogue.relation(con, arguments.table)
        columns = catalogue.columns(con, table)
    if arguments.json:
        print(json.dumps(catalogue.as_dict(table, columns), indent=1))
    else:
        print(f"{table.name}: {table.meaning}\n")
        _print_rows([(column.name, column.type, column.meaning) for column in columns])
    note_set(settings, arguments)
    return EXIT_OK


def _print_rows(rows: list[tuple[str, str, str]]) -> None:
    """Print names, types and meanings in columns; on a terminal, meanings wrap within theirs."""
    name_width, kind_width = (max(len(row[place]) for row in rows) for place in (0, 1))
    indent = 2 + name_width + 2 + kind_width + 2
    width = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else 0
    for name, kind, meaning in rows:
        told = textwrap.wrap(meaning, width) if width >= _NARROWEST else [meaning]
        head = f"  {name:<{name_width}}  {kind:<{kind_width}}  "
        print((head + f"\n{' ' * indent}".join(told)).rstrip())
