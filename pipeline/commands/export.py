"""`ketum export`: records for reference managers, screening tools and programs."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from pipeline.commands.parsers import Subparsers, add_quiet, note_set
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings
from pipeline.storage import shown

FORMATS = ("ris", "bibtex", "csl-json", "nbib", "csv", "parquet", "jsonl")
TARGETS = ("zotero", "endnote", "rayyan", "asreview", "revman", "excel")

EXAMPLES = """\
examples:
  ketum export --search kratom_pain --for zotero
  ketum export --search kratom --study-type RCT NRCT --years 2019- --format bibtex
  ketum export --search kratom --claim pain_tolerance --for endnote
  ketum export --search kratom --for asreview --not-in earlier.asreview.csv

The name of the file goes to stdout, everything else to stderr. docs/exports.md says which fields
each program keeps.
"""


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    export = commands.add_parser(
        "export",
        help="records for Zotero, EndNote, Rayyan, ASReview, RevMan and others",
        description="Write records of the latest published set to a file that programs import.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.set_defaults(work=_export)
    add_quiet(export)
    export.add_argument("--search", required=True, help="members of this search, e.g. kratom_pain")
    export.add_argument(
        "--claim", metavar="ID", help="addressing this claim, e.g. safety.liver (`ketum claims`)"
    )
    export.add_argument(
        "--study-type", nargs="+", default=[], metavar="CODE", type=str.upper,
        help="of these primary study types, e.g. RCT",
    )  # fmt: skip
    export.add_argument(
        "--years", help="2024, 2019-2024, 2019- or -2024; undated records have none"
    )
    export.add_argument(
        "--since", type=date.fromisoformat, metavar="DATE",
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
        "--not-in", type=Path, nargs="+", default=[], metavar="FILE",
        help="leave out what these earlier exports hold",
    )  # fmt: skip
    export.add_argument(
        "--output", type=Path, metavar="PATH",
        help="file or directory (default: here, named after records and set); never written over",
    )  # fmt: skip


def _export(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.escaping import for_terminal_lines
    from pipeline.outputs.citations.export import export
    from pipeline.outputs.citations.selection import Selection, years

    first, last = years(arguments.years) if arguments.years is not None else (None, None)
    told = export(
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
    if told.path is not None:
        print(shown(told.path))
    if not arguments.quiet:
        print(for_terminal_lines(told.lines), file=sys.stderr)
    note_set(settings, arguments)
    return EXIT_OK
