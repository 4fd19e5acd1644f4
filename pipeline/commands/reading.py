"""Commands that read the published set: open, tables, schema, search, query, export."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import textwrap
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands import Subparsers, add_quiet, note_set
from pipeline.errors import ConfigurationError, misused
from pipeline.settings import Settings, environment_of_others
from pipeline.storage import shown

if TYPE_CHECKING:
    from pipeline.outputs.lookup import Found


# -- `ketum open`: the page in a browser


def register_open(commands: Subparsers) -> None:
    """Add the command to the parser."""
    browse = commands.add_parser(
        "open",
        help="the page of the published set in a browser",
        description="Print where the page of the latest published set is, and open it in a "
        "browser where there is one.",
    )
    browse.set_defaults(work=_open)


def _open(settings: Settings, _arguments: argparse.Namespace) -> None:
    import webbrowser

    from pipeline.outputs import query

    query.database_path(settings)  # says what to do where nothing is published
    page = settings.latest / "index.html"
    print(shown(page), flush=True)
    if not webbrowser.open(page.as_uri()):
        print("No browser was found: open this file in one.", file=sys.stderr)


# -- `ketum tables` and `ketum schema`: what there is to ask, with its meaning

_NARROWEST = 40


def register_tables(commands: Subparsers) -> None:
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


def _tables(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.outputs import lookup, query

    with query.open_published(settings) as con:
        every = lookup.relations(con)
    shown = [one for one in every if arguments.schema in (one.schema, "all")]
    if arguments.json:
        print(json.dumps([asdict(one) for one in shown], indent=1))
    else:
        for schema, about in lookup.SCHEMAS.items():
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


def _schema(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.outputs import lookup, query

    with query.open_published(settings) as con:
        table = lookup.relation(con, arguments.table)
        columns = lookup.columns(con, table)
    if arguments.json:
        about = {**asdict(table), "columns": [asdict(column) for column in columns]}
        print(json.dumps(about, indent=1))
    else:
        print(f"{table.name}: {table.meaning}\n")
        _print_rows([(column.name, column.type, column.meaning) for column in columns])
    note_set(settings, arguments)


def _print_rows(rows: list[tuple[str, str, str]]) -> None:
    """Print names, types and meanings in columns; on a terminal, meanings wrap within theirs."""
    name_width, kind_width = (max(len(row[place]) for row in rows) for place in (0, 1))
    indent = 2 + name_width + 2 + kind_width + 2
    width = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else 0
    for name, kind, meaning in rows:
        wrapped = textwrap.wrap(meaning, width) if width >= _NARROWEST else [meaning]
        head = f"  {name:<{name_width}}  {kind:<{kind_width}}  "
        print((head + f"\n{' ' * indent}".join(wrapped)).rstrip())


# -- `ketum search`: records held, by words

_DEFAULT_LIMIT = 20


def register_search(commands: Subparsers) -> None:
    """Add the command to the parser."""
    search = commands.add_parser(
        "search",
        help="records held, by words of title, abstract, headings and keywords",
        description="Find records of the latest published set that have all of the words, best "
        "first: PMID, year, study type, title. A search among what is held, not of PubMed. It "
        "knows neither phrases nor word stems; * ends the beginning of a word. A PMID finds its "
        "record.",
        epilog="example: ketum search withdrawal mice 'analges*'",
    )
    search.set_defaults(work=_search)
    add_quiet(search)
    search.add_argument("words", nargs="+", metavar="WORD", help="words, small or capital letters")
    search.add_argument(
        "--limit", type=int, default=_DEFAULT_LIMIT, metavar="N",
        help="records shown at most (default: %(default)s)",
    )  # fmt: skip
    search.add_argument("--json", action="store_true", help="for programs")


def _search(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.escaping import for_json, for_terminal_lines
    from pipeline.outputs import lookup, query

    if arguments.limit < 1:
        raise ConfigurationError(
            "--limit must be 1 or more.",
            effect="Nothing was read.",
            next_step="give a larger number.",
        )
    with query.open_published(settings) as con:
        found = lookup.search(con, " ".join(arguments.words))
    matching = found.whole or found.records
    shown = matching[: arguments.limit]
    if arguments.json:
        rows = [
            {**asdict(held), "word_count": count, "fields": fields} for held, count, fields in shown
        ]
        print(for_json(json.dumps(rows, indent=1, ensure_ascii=False)))
    elif shown:
        print(for_terminal_lines([held.line() for held, _, _ in shown]))
    if not arguments.quiet:
        print(_summary(found, len(shown)), file=sys.stderr)
    note_set(settings, arguments)


def _summary(found: Found, shown: int) -> str:
    """How many records have the words, and where they were looked for."""
    whole, some = len(found.whole), len(found.records)
    asked = {1: "the word", 2: "both words"}.get(found.asked, f"all {found.asked} words")
    first = f"{whole} of {found.held} records held {'has' if whole == 1 else 'have'} {asked}"
    if some > whole:
        first += f", {some - whole} more {'has' if some - whole == 1 else 'have'} some of them"
    lines = [f"{first}; {shown} shown. Looked in titles, abstracts, headings and keywords."]
    if some and not whole:
        lines.append("Those with the most of the words are shown.")
    return " ".join(lines)


# -- `ketum query`: SQL on the published tables

QUERY_EXAMPLES = """\
examples:
  ketum query sql/examples/human_trials.sql
  ketum query --format csv "FROM marts.search_totals"
  ketum query "FROM core.find_articles('withdrawal mice')"
  ketum query --format parquet --output records.parquet "FROM marts.articles"
  echo "FROM marts.retractions" | ketum query -
"""


def register_query(commands: Subparsers) -> None:
    """Add the command to the parser."""
    query = commands.add_parser(
        "query",
        help="SQL on the published tables",
        description="Run SQL on the latest published set, read-only.",
        epilog=QUERY_EXAMPLES,
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


def _query(settings: Settings, arguments: argparse.Namespace) -> None:
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


def _check_usage(arguments: argparse.Namespace) -> None:
    """Refuse combinations where one part would be ignored in silence."""
    if arguments.interactive:
        if arguments.sql or arguments.format != "table" or arguments.output:
            raise misused("--interactive takes no statement, format or file", "leave them out")
        return
    if arguments.sql is None:
        raise misused("There is no statement to run", 'give one, as in "FROM marts.articles"')
    is_parquet = arguments.format == "parquet"
    if is_parquet != bool(arguments.output):
        raise misused("Parquet, and only Parquet, goes to a file", "give both or neither of them")
    if arguments.explain and arguments.format != "table":
        raise misused("A plan is text and has no format", "leave out --format")


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


# -- `ketum export`: records for reference managers, screening tools and programs

FORMATS = ("ris", "bibtex", "csl-json", "nbib", "csv", "parquet", "jsonl")
TARGETS = ("zotero", "endnote", "rayyan", "asreview", "revman", "excel")

EXPORT_EXAMPLES = """\
examples:
  ketum export --search kratom_pain --for zotero
  ketum export --search kratom --study-type RCT NRCT --years 2019- --format bibtex
  ketum export --search kratom --claim pain_tolerance --for endnote
  ketum export --search kratom --for asreview --not-in earlier.asreview.csv

The name of the file goes to stdout, everything else to stderr. docs/exports.md says which fields
each program keeps.
"""


def register_export(commands: Subparsers) -> None:
    """Add the command to the parser."""
    export = commands.add_parser(
        "export",
        help="records for Zotero, EndNote, Rayyan, ASReview, RevMan and others",
        description="Write records of the latest published set to a file that programs import.",
        epilog=EXPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.set_defaults(work=_export)
    add_quiet(export)
    export.add_argument("--search", required=True, help="members of this search, e.g. kratom_pain")
    export.add_argument(
        "--claim", metavar="ID", help="addressing this claim, e.g. safety.liver (`ketum claims`)"
    )
    export.add_argument(
        "--study-type", nargs="+", action="extend", default=[], metavar="CODE", type=str.upper,
        help="of these primary study types, e.g. RCT",
    )  # fmt: skip
    export.add_argument(
        "--years", help="2024, 2019-2024, 2019- or -2024; undated records have none"
    )
    export.add_argument(
        "--since", type=_day, metavar="DATE",
        help="found in the search by a run on this UTC date (YYYY-MM-DD) or later",
    )  # fmt: skip
    form = export.add_mutually_exclusive_group(required=True)
    form.add_argument("--format", choices=FORMATS)
    form.add_argument("--for", dest="target", choices=TARGETS, help="what this program imports")
    export.add_argument(
        "--with-abstracts", action="store_true",
        help="write abstracts too (rayyan and asreview have them in any case)",
    )  # fmt: skip
    export.add_argument(
        "--not-in", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help="leave out what these earlier exports hold",
    )  # fmt: skip
    export.add_argument(
        "--output", type=Path, metavar="PATH",
        help="file or directory (default: here, named after records and set); never written over",
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-01-31") from None


def _export(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.escaping import for_terminal_lines
    from pipeline.outputs.citations.export import export
    from pipeline.outputs.citations.selection import Selection, years

    first, last = years(arguments.years) if arguments.years is not None else (None, None)
    written = export(
        settings,
        Selection(
            search=arguments.search,
            claim=arguments.claim,
            study_types=tuple(dict.fromkeys(arguments.study_type)),
            first_year=first,
            last_year=last,
            since=arguments.since,
        ),
        arguments.format or arguments.target,
        with_abstracts=arguments.with_abstracts,
        not_in=arguments.not_in,
        output=arguments.output,
    )
    if written.path is not None:
        print(shown(written.path))
    if not arguments.quiet:
        print(for_terminal_lines(written.lines), file=sys.stderr)
    note_set(settings, arguments)
