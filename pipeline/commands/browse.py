"""`ketum open`: the page in a browser."""

from __future__ import annotations

import argparse
import sys

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    browse = commands.add_parser(
        "open",
        help="the page of the published set in a browser",
        description="Print where the page of the latest published set lies, and open it in a "
        "browser where there is one.",
    )
    browse.set_defaults(work=_open)


def _open(settings: Settings, _arguments: argparse.Namespace) -> int:
    import webbrowser

    from pipeline.outputs import query
    from pipeline.storage import shown

    query.database_path(settings)  # says what to do where nothing is published
    page = settings.latest / "index.html"
    print(shown(page), flush=True)
    if not webbrowser.open(page.as_uri()):
        print("No browser was found: open this file in one.", file=sys.stderr)
    return EXIT_OK
