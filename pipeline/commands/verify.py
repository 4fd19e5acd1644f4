"""`ketum verify`: whether a published set or a raw archive is whole."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pipeline import progress
from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    verify = commands.add_parser(
        "verify",
        help="whether a published set or a raw archive is whole",
        description="Hold a published set against its manifest, or a raw archive against its "
        "ledgers and journals. Changes nothing; exit 4 if something is damaged.",
    )
    verify.set_defaults(work=_verify)
    verify.add_argument(
        "path",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="a set or an archive (default: the latest set and every archive)",
    )
    verify.add_argument("--json", action="store_true", help="for programs")


def _verify(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import verify

    with progress.of("verify"):
        reports = verify.verify(settings, arguments.path)
    if arguments.json:
        print(json.dumps([report.as_dict() for report in reports], indent=1))
    else:
        for report in reports:
            print(report.text())
    verify.require_whole(reports)
    return EXIT_OK
