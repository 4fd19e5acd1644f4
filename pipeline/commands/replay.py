"""`ketum replay`: a local archive as an E-utilities server."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK, ConfigurationError
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    replay = commands.add_parser("replay", help="serve a local archive as E-utilities on loopback")
    replay.set_defaults(work=_replay)
    task = replay.add_mutually_exclusive_group(required=True)
    task.add_argument(
        "--archive", type=Path, metavar="DIR", help="PubMed XML files (*.xml, *.xml.gz) to serve"
    )
    task.add_argument("--faults", action="store_true", help="list the ways to misbehave")
    replay.add_argument("--port", type=int, default=8765)
    replay.add_argument(
        "--misbehave", action="append", default=[], metavar="CASE[:TOOL[:AT]]",
        help="spoil the answers of a tool (default: all the case strikes), every one or the "
        "AT-th; may be given several times",
    )  # fmt: skip


def _replay(_settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.replay import faults, serve

    if arguments.faults:
        for case in faults.CASES:
            print(f"{case.number:2}  {case.name:27} {case.what}")
        return EXIT_OK
    fault = faults.together(*map(faults.misbehaviour, arguments.misbehave))
    try:
        serve(arguments.archive, port=arguments.port, fault=fault)
    except OSError as error:
        raise ConfigurationError(
            f"The replay server could not listen on port {arguments.port}: {error.strerror}.",
            next_step="name another one with --port.",
        ) from None
    return EXIT_OK
