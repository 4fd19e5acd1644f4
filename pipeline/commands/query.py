"""`ketum query`: SQL on the published tables."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pipeline.commands.parsers import Subparsers, add_quiet, note_set
from pipeline.errors import EXIT_OK, ConfigurationError
from pipeline.settings import Settings, environment_of_others

EXAMPLES = """\
examples:
  ketum query sql/examples/human_trials.sql
  ketum query --format csv "FROM marts.search_totals"
  ketum query "FROM core.find_articles('withdrawal mice')"
  ketum query --format parquet --output records.parquet "FROM marts.articles"
  echo "FROM marts.retractions" | ketum query -
"""


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    query = commands.add_parser(
        "query",
        help="SQL on the published tables",
        description="Run SQL on the latest published set, read-only.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    query.set_defaults(work=_query)
    add_quiet(query)
    query.add_argument(
        "sql", nargs="?", help="the statement, a file that holds it (*.sql), or - for stdin"
    )
    query.add_argument(
        "--format", choices=("table", "csv", "tsv", "json", "parquet"), default="table"
    )
    query.add_argument("--output", type=Path, metavar="FILE", help="where --format parquet goes")
    other = query.add_mutually_exclusive_group()
    other.add_argument("--explain", action="store_true", help="the plan in place of the rows")
    other.add_argument(
        "--interactive", action="store_true",
        help="open the set in the DuckDB command line or in harlequin, if installed",
    )  # fmt: skip


def _query(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import query, rows

    _check_usage(arguments)
    if arguments.interactive:
        command = query.shell_command(settings)
        # This process becomes the shell, which then owns the terminal and its signals.
        os.execve(command[0], command, environment_of_others())
    sql = _statement(arguments.sql)
    if arguments.format in ("csv", "tsv") and not rows.is_unicode(sys.stdout):
        print(
            f"ketum: {sys.stdout.encoding} lacks some characters; they are written as \\u03b1. "
            "Whole: PYTHONIOENCODING=utf-8",
            file=sys.stderr,
        )
    if arguments.explain:
        query.plan(settings, sql, sys.stdout)
    elif arguments.format == "parquet":
        query.to_parquet(settings, sql, arguments.output)
        print(f"Written: {arguments.output}", file=sys.stderr)
    else:
        query.run(settings, sql, arguments.format, sys.stdout)
    note_set(settings, arguments)
    return EXIT_OK


def _check_usage(arguments: argparse.Namespace) -> None:
    """Refuse combinations of which one part would be passed over in silence."""
    if arguments.interactive:
        if arguments.sql or arguments.format != "table" or arguments.output:
            raise _misused("--interactive takes no statement, format or file", "leave them out")
        return
    if arguments.sql is None:
        raise _misused("There is no statement to run", 'give one, as in "FROM marts.articles"')
    is_parquet = arguments.format == "parquet"
    if is_parquet != bool(arguments.output):
        raise _misused("Parquet, and only Parquet, goes to a file", "give both or neither of them")
    if arguments.explain and arguments.format != "table":
        raise _misused("A plan is text and has no format", "leave out --format")


def _statement(argument: str) -> str:
    """The SQL itself, in UTF-8 whatever the locale: from stdin, from a file, or as it was given."""
    try:
        if argument == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        if argument.endswith(".sql"):
            return Path(argument).read_text(encoding="utf-8-sig")
        return argument.encode("utf-8", "surrogateescape").decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{'stdin' if argument == '-' else argument} could not be read: "
            f"{getattr(error, 'strerror', None) or error}.",
            effect="Nothing was read.",
            next_step="see sql/examples/ for files that are there.",
        ) from None


def _misused(cause: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(f"{cause}.", effect="Nothing was done.", next_step=f"{next_step}.")
