"""`ketum query`: SQL on the published tables."""

from __future__ import annotations

import argparse
import sys

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    query = commands.add_parser(
        "query",
        help="SQL on the published tables",
        description="Run SQL on the latest published set, read-only.",
        epilog='example: ketum query "SELECT year, study_type, record_count FROM '
        "marts.study_types_by_year WHERE search = 'kratom' AND record_count > 0\"",
    )
    query.set_defaults(work=_query)
    query.add_argument("sql", help="the statement")
    query.add_argument("--format", choices=("table", "csv", "json"), default="table")


def _query(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import query

    query.run(settings, arguments.sql, arguments.format, sys.stdout)
    if told := query.note(settings):
        print(told, file=sys.stderr)
    return EXIT_OK
