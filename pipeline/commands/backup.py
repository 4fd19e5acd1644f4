"""`ketum backup` and `ketum restore`."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the commands to the parser."""
    backup = commands.add_parser(
        "backup",
        help="write what nothing else can give back into one file",
        description="Raw archives, journals, sets kept on purpose, ketum.toml: an uncompressed tar "
        "(its files are compressed), written under the run's lock. `ketum restore` makes the rest "
        "of it.",
    )
    backup.set_defaults(work=_backup)
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file")

    restore = commands.add_parser(
        "restore",
        help="restore a backup into an empty data directory",
        description="Every file is held against its SHA-256 before anything is put in place; then "
        "warehouses and newest sets are rebuilt.",
    )
    restore.set_defaults(work=_restore)
    restore.add_argument("file", type=Path, metavar="FILE", help="what `ketum backup` wrote")


def _backup(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.backup import backup

    print(backup(settings, arguments.file))
    return EXIT_OK


def _restore(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.backup import restore

    print(restore(settings, arguments.file))
    return EXIT_OK
