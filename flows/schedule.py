"""Serve the deployments until told to stop: `ketum schedule`. What is served: serving.py."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from flows import deployments
from flows.deployments import Deployment, ensure_heartbeat_automation
from flows.serving import Schedule
from pipeline import logs
from pipeline.commands.updating import add_schedule_options
from pipeline.errors import (
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    ConfigurationError,
    KetumError,
    LockedError,
)
from pipeline.escaping import for_terminal
from pipeline.settings import ROOT, Options, Settings
from pipeline.storage import hold_lock

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

log = logging.getLogger("ketum")

POLL_SECONDS = 5.0
EXIT_SECONDS = 8.0

NO_SERVER = (
    "start one with `PREFECT_SERVER_ANALYTICS_ENABLED=false .venv/bin/prefect server start`, then "
    "`PREFECT_API_URL=http://127.0.0.1:4200/api ketum schedule`; or let cron or a systemd timer "
    "call `ketum update`, which needs no Prefect server."
)


class Stopped(BaseException):
    """A signal asks the schedule to end; not an Exception, so that nothing on the way takes it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line; argparse leaves with 2 if it is wrong."""
    parser = argparse.ArgumentParser(
        prog="ketum schedule",
        description="Serve the deployments: stays in the foreground, starts a run when the Prefect "
        "server says that one is due, one at a time, and puts right what went wrong.",
    )
    add_schedule_options(parser)
    return parser.parse_args(argv)


def wanted(arguments: argparse.Namespace) -> list[Deployment]:
    """The deployments to serve.

    Raises:
        ConfigurationError: a schedule cannot be read, or the options do not go together.
    """
    archive = arguments.archive.resolve() if arguments.archive else None
    Options(offline=arguments.offline, archive=archive)
    found = []
    for one in deployments.ALL:
        changes: dict[str, object] = {"timezone": arguments.timezone or deployments.TIMEZONE}
        if one is deployments.DAILY:
            changes.update(cron=arguments.cron or one.cron, interval=arguments.interval)
        if arguments.offline and one.flow == deployments.DAILY.flow:
            source = {"offline": True, **({"archive": str(archive)} if archive else {})}
            changes["parameters"] = {"source": source}
        found.append(dataclasses.replace(one, **changes))  # type: ignore[arg-type]
        found[-1].schedule()
    if arguments.offline:  # PubMed is not asked at all
        found = [one for one in found if not one.name.endswith("canary")]
    return found


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


def serve(client: SyncPrefectClient, served: list[Deployment], settings: Settings) -> NoReturn:
    """Serve until a signal comes.

    Raises:
        Stopped: it came.
        ConfigurationError, LockedError: others serve the same.
    """
    schedule = Schedule(client, served, settings)
    schedule.refuse_beside_others()
    schedule.register()
    ensure_heartbeat_automation(client)
    for one in served:
        log.info("Serving %s %s.", one.name, one.when)
    try:
        while True:
            schedule.turn()
            time.sleep(POLL_SECONDS if schedule.process is None else 1)
    except (Stopped, KetumError):
        schedule.stop()
        raise


def _on_signal(number: int, _frame: FrameType | None) -> None:
    # Whatever the way out meets, a server that does not answer or a run that does not end.
    guard = threading.Timer(EXIT_SECONDS, os._exit, [EXIT_TERMINATED])
    guard.daemon = True
    guard.start()
    signal.signal(number, signal.SIG_IGN)
    raise Stopped(EXIT_TERMINATED if number == signal.SIGTERM else EXIT_INTERRUPTED)


def main(argv: list[str]) -> int:
    """Serve until interrupted; returns the exit code of the contract."""
    arguments = parse_arguments(argv)
    # Before Prefect is imported: no second server by Prefect's own hand, should ours not answer.
    os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
    # Prefect finds the flow by its path from here, in a process of its own for each run.
    os.chdir(ROOT)
    logs.ready_streams()
    try:
        settings = Settings.from_environment()
        logs.configure(settings)
        url = require_server()
        served = wanted(arguments)
        from prefect.client.orchestration import get_client
        from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

        with _alone(settings), temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}):
            signal.signal(signal.SIGTERM, _on_signal)
            signal.signal(signal.SIGINT, _on_signal)
            log.info("Serving through %s; Ctrl-C ends it.", url)
            with get_client(sync_client=True) as client:
                serve(client, served, settings)
    except Stopped as stopped:
        return stopped.exit_code
    except KetumError as error:
        print(for_terminal(error.text()), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One schedule a data directory: its lock, with a message of its own.

    Raises:
        LockedError: another schedule holds it.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(settings.data / "schedule.lock", "schedule"))
        except LockedError as error:
            raise LockedError(
                f"Another `ketum schedule` serves this data directory: {error.cause}",
                effect="This one did nothing, and that one goes on.",
                next_step="end that one first.",
            ) from None
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
