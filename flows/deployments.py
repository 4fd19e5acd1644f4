"""Serve the daily update on a real Prefect server: `ketum schedule`.

`flow.serve()` without a server starts a temporary one, says that it polls for scheduled runs,
and never schedules any: so this asks for a server first and refuses when there is none.
prefect.yaml declares the same deployment for a work pool.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.errors import EXIT_INTERRUPTED, EXIT_OK, ConfigurationError, KetumError
from pipeline.escaping import for_terminal
from pipeline.settings import ROOT

if TYPE_CHECKING:
    from prefect.schedules import Schedule

DEPLOYMENT = "ketum-daily"
# Four in the morning where NLM is: within its off-peak hours (9 pm to 5 am Eastern time), and
# after the day's records have come out.
CRON = "0 4 * * *"
TIMEZONE = "America/New_York"

NO_SERVER = (
    "start one with `PREFECT_SERVER_ANALYTICS_ENABLED=false .venv/bin/prefect server start`, then "
    "`PREFECT_API_URL=http://127.0.0.1:4200/api ketum schedule`; or let cron or a systemd timer "
    "call `ketum update`, which needs no Prefect server."
)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line; argparse leaves with 2 if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="ketum schedule",
        description="Serve the daily update: stays in the foreground, starts a run when the "
        "Prefect server says so, and never two at a time.",
    )
    parser.add_argument("--cron", default=CRON, help="when (default: %(default)r)")
    parser.add_argument(
        "--timezone", default=TIMEZONE, help="time zone of --cron (default: %(default)s)"
    )
    parser.add_argument(
        "--interval",
        type=int,
        metavar="SECONDS",
        help="every so often in place of --cron, for trying out",
    )
    parser.add_argument(
        "--offline", action="store_true", help="run on the demonstration archive, for trying out"
    )
    return parser.parse_args(argv)


def serve(schedule: Schedule, *, offline: bool = False) -> None:
    """Serve the deployment until interrupted. One run at a time; one too many is cancelled.

    Cancelled and not queued: a run asks afresh for everything that changed, so that two in a row
    find what one finds. Runs by hand are held off by ketum's own lock.
    """
    from prefect.client.schemas.objects import (
        ConcurrencyLimitConfig,
        ConcurrencyLimitStrategy,
    )

    from flows.update import update

    update.serve(
        name=DEPLOYMENT,
        schedule=schedule,
        parameters={"offline": offline},
        description="Pull, judge, check and publish: the daily update of ketum.",
        tags=["ketum"],
        global_limit=ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        limit=1,
    )


def require_server() -> str:
    """The URL of the Prefect server that will do the scheduling.

    Raises:
        ConfigurationError: none is named, or it does not answer.
    """
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    url = PREFECT_API_URL.value()
    if not url:
        raise ConfigurationError(
            "There is no Prefect server to schedule anything: PREFECT_API_URL is not set.",
            effect="Nothing was scheduled.",
            next_step=NO_SERVER,
        )
    trouble = get_client(sync_client=True).api_healthcheck()
    if trouble is not None:
        raise ConfigurationError(
            f"The Prefect server at {url} does not answer ({trouble}).",
            effect="Nothing was scheduled.",
            next_step=NO_SERVER,
        )
    return str(url)


def make_schedule(arguments: argparse.Namespace) -> Schedule:
    """The schedule asked for.

    Raises:
        ConfigurationError: the cron expression or the time zone is none.
    """
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.schedules import Cron, Interval

    if arguments.interval is not None:
        return Interval(timedelta(seconds=arguments.interval))
    try:
        CronSchedule(cron=arguments.cron, timezone=arguments.timezone)
    except ValueError as error:
        raise ConfigurationError(
            f"`{arguments.cron}` in time zone `{arguments.timezone}` is no schedule "
            f"({_first_reason(error)}).",
            effect="Nothing was scheduled.",
            next_step='give five cron fields and a zone: --cron "0 4 * * *" '
            "--timezone America/New_York.",
        ) from None
    return Cron(arguments.cron, timezone=arguments.timezone)


def _first_reason(error: ValueError) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"])
    return str(error)


def main(argv: list[str]) -> int:
    """Serve until interrupted; returns the exit code of the contract."""
    arguments = parse_arguments(argv)
    # Before Prefect is imported: ketum's own messages belong to the run's log on the server.
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "ketum")
    # Prefect finds the flow by its path from here, in a process of its own for each run.
    os.chdir(ROOT)
    try:
        url = require_server()
        schedule = make_schedule(arguments)
        told = (
            f"every {arguments.interval} s"
            if arguments.interval is not None
            else f"`{arguments.cron}` ({arguments.timezone})"
        )
        print(f"Serving {DEPLOYMENT} {told} through {url}; Ctrl-C ends it.", file=sys.stderr)
        serve(schedule, offline=arguments.offline)
    except KetumError as error:
        print(for_terminal(error.text()), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
