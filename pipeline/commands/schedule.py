"""`ketum schedule`: serve the daily deployment."""

from __future__ import annotations

import argparse
import os
import sys

from pipeline.commands.parsers import Subparsers
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    schedule = commands.add_parser(
        "schedule",
        help="serve the deployments (needs a Prefect server)",
        description="Serve the deployments until stopped: daily update, weekly full read, monthly "
        "verification and rehearsal of a rebuild, housekeeping, and a question to PubMed each day. "
        "Needs PREFECT_API_URL of a running Prefect server; without one nothing would ever be "
        "scheduled.",
    )
    schedule.set_defaults(work=_schedule)
    schedule.add_argument(
        "--cron", help="when the daily update runs (default: outside NLM's peak hours)"
    )
    schedule.add_argument("--timezone", help="IANA time zone of all schedules")
    schedule.add_argument(
        "--interval",
        metavar="SECONDS",
        help="run the daily update every so often in place of --cron, for trying out",
    )
    schedule.add_argument(
        "--offline", action="store_true", help="rehearse without PubMed: updates run on an archive"
    )
    schedule.add_argument("--archive", metavar="DIR", help="archive for --offline")


def _schedule(_settings: Settings, arguments: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "flows.schedule"]
    for name in ("cron", "timezone", "interval", "archive"):
        if value := getattr(arguments, name):
            command += [f"--{name}", value]
    if arguments.offline:
        command.append("--offline")
    # This process becomes the other one: pipeline/ never imports Prefect, and a kill of one
    # must not leave the other serving.
    os.execv(command[0], command)
