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
        help="serve the daily deployment (needs a Prefect server)",
        description="Serve the daily deployment until stopped. Needs PREFECT_API_URL of a running "
        "Prefect server; without one nothing would ever be scheduled.",
    )
    schedule.set_defaults(work=_schedule)
    schedule.add_argument(
        "--cron", help="when, as a cron expression (default: daily, outside NLM's peak hours)"
    )
    schedule.add_argument("--timezone", help="IANA time zone of the cron expression")


def _schedule(_settings: Settings, arguments: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "flows.deployments"]
    if arguments.cron:
        command += ["--cron", arguments.cron]
    if arguments.timezone:
        command += ["--timezone", arguments.timezone]
    # This process becomes the other one: pipeline/ never imports Prefect, and a kill of one
    # must not leave the other serving.
    os.execv(command[0], command)
