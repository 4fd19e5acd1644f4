"""`ketum rebuild`: a warehouse anew from its raw archive."""

from __future__ import annotations

import argparse

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    rebuild = commands.add_parser(
        "rebuild", help="make a warehouse anew from its raw archive, offline"
    )
    rebuild.set_defaults(work=_rebuild)
    rebuild.add_argument("--origin", default="pubmed", help="pubmed or archive:<name>")


def _rebuild(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.rebuild import rebuild

    print(rebuild(arguments.origin, settings))
    return EXIT_OK
