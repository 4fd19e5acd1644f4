"""The commands of `ketum`, by what people do; each has a function that adds it to the parser.

A module imports what a command needs when the command runs, so that `ketum --help` and
`ketum query` do not wait for what only an update needs. What does the work returns an exit code
where it may be another one than 0. Here is what they share.
"""

from __future__ import annotations

import argparse
import sys
from typing import TypeAlias

from pipeline.settings import Settings

# argparse gives it no public name
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add `--quiet` to a command that reads the published set."""
    parser.add_argument("--quiet", action="store_true", help="no note on the set, errors only")


def note_set(settings: Settings, arguments: argparse.Namespace) -> None:
    """Say on stderr which set was read and what a zero means in it, unless --quiet is given."""
    from pipeline.outputs import query

    if not arguments.quiet:
        print(query.note(settings), file=sys.stderr)
