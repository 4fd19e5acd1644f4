"""`ketum update`: search, fetch, judge and publish."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    update = commands.add_parser(
        "update",
        help="search, fetch, judge and publish",
        description="Ask PubMed (or files) and publish a new, checked set of tables.",
    )
    update.set_defaults(work=_update)
    source = update.add_mutually_exclusive_group()
    source.add_argument(
        "--offline", action="store_true", help="replay an archive in place of PubMed"
    )
    source.add_argument(
        "--from", dest="from_files", nargs="+", type=Path, metavar="FILE", default=[],
        help="read PubMed XML (.xml, .xml.gz) or .nbib files in place of searching",
    )  # fmt: skip
    update.add_argument(
        "--archive", type=Path, metavar="DIR", help="archive for --offline (default: data/demo)"
    )
    update.add_argument(
        "--name", help="name of the archive that --offline or --from data belongs to"
    )
    update.add_argument("--quiet", action="store_true", help="only warnings on stderr")


def _update(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.options import Options
    from pipeline.update import run_update

    options = Options(
        offline=arguments.offline, archive=arguments.archive,
        from_files=tuple(arguments.from_files), name=arguments.name,
    )  # fmt: skip
    print(run_update(options, settings).text())
    return EXIT_OK
