"""`ketum keep`: sets that stay, whatever their age, since they are cited somewhere."""

from __future__ import annotations

import argparse

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    keep = commands.add_parser(
        "keep",
        help="keep a published set for good, e.g. one that is cited",
        description="The last ten sets of each origin are kept, and those named here. Without SET: "
        "lists what is kept on purpose.",
    )
    keep.set_defaults(work=_keep)
    keep.add_argument("set_id", nargs="?", metavar="SET", help="name of its directory")
    keep.add_argument("--let-go", action="store_true", help="keep it no longer")


def _keep(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import sets

    if arguments.set_id and arguments.let_go:
        sets.let_go(settings, arguments.set_id)
    elif arguments.set_id:
        sets.keep(settings, arguments.set_id)
    for name in sets.kept(settings):
        print(name)
    return EXIT_OK
