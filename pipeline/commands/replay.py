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
    replay.add_argument("--archive", type=Path, required=True, metavar="DIR")
    replay.add_argument("--port", type=int, default=8765)


def _replay(_settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.pubmed.replay import serve

    try:
        serve(arguments.archive, port=arguments.port)
    except OSError as error:
        raise ConfigurationError(
            f"The replay server could not listen on port {arguments.port}: {error.strerror}.",
            next_step="name another one with --port.",
        ) from None
    return EXIT_OK
