"""`ketum explain`: why a record has its study types, and how to decide otherwise."""

from __future__ import annotations

import argparse
import json
import sys

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    explain = commands.add_parser(
        "explain",
        help="why a record has its study types",
        description="Labels, the words behind each, what NLM and the second reader say, why the "
        "primary won, and how to decide otherwise.",
    )
    explain.set_defaults(work=_explain)
    which = explain.add_mutually_exclusive_group(required=True)
    which.add_argument("pmid", nargs="?", type=int, help="the record")
    which.add_argument(
        "--next", action="store_true",
        help="the first of the review queue that overrides.toml does not decide yet",
    )  # fmt: skip
    explain.add_argument("--json", action="store_true", help="for programs")


def _explain(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import explain, query

    with query.open_published(settings) as con:
        pmid = arguments.pmid
        if arguments.next:
            pmid = explain.next_pmid(con, settings.reference / "overrides.toml")
            if pmid is None:
                print("Everything in the review queue is decided.", file=sys.stderr)
                return EXIT_OK
        told = explain.explain(con, pmid)
    if arguments.json:
        print(json.dumps(told, indent=1, default=str))
    else:
        print(explain.text(told, is_terminal=sys.stdout.isatty()))
    print(query.note(settings), file=sys.stderr)
    return EXIT_OK
