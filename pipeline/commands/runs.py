"""`ketum runs`: undo runs that must not stand."""

from __future__ import annotations

import argparse

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    runs = commands.add_parser("runs", help="undo runs that must not stand")
    actions = runs.add_subparsers(title="actions", required=True, metavar="ACTION")
    forget = actions.add_parser(
        "forget",
        help="undo the newest runs, e.g. those under a clock that was ahead",
        description="Undo the newest runs of their origin: the warehouse is rebuilt from the runs "
        "before them, their sets are removed, `latest` shows the newest set that is left, and "
        "journals and ledgers move to data/forgotten/. What they brought stays in the raw archive.",
    )
    forget.set_defaults(work=_forget)
    forget.add_argument("run_ids", nargs="+", metavar="RUN", help="name of the run's directory")


def _forget(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.forget import forget

    print(forget(arguments.run_ids, settings))
    return EXIT_OK
