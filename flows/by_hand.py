"""Run a flow by hand, with a Prefect server of its own: `python -m flows.update`.

The flow's module hands itself over by its name, since it must be imported late: Prefect reads its
settings when it is imported, and they are prepared here.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import signal
import sys
import traceback
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from flows.embedded_server import embedded_server, prepare_environment
from pipeline import logs
from pipeline.commands.updating import add_options, options_of
from pipeline.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_TERMINATED,
    EXIT_UNEXPECTED,
    STOPPED,
    ConfigurationError,
    KetumError,
    exit_code_of,
)
from pipeline.escaping import for_terminal
from pipeline.logs import OneLine
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.update import Progress

log = logging.getLogger("ketum")


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line; argparse leaves with 2 if it is wrong, as the contract has it."""
    parser = argparse.ArgumentParser(
        prog="python -m flows.update",
        description="Run one update as a Prefect flow, with a Prefect server of its own that "
        "ends with it. `ketum update` does the same without Prefect.",
    )
    add_options(parser)
    return parser.parse_args(argv)


def main(argv: list[str], module: str) -> int:
    """Run one update; returns the exit code of the contract (pipeline/errors.py).

    Args:
        argv: the command line.
        module: name of the module with the flow, as `flow_shown_to`.
    """
    logs.ready_streams()
    arguments = parse_arguments(argv)
    _show_messages()
    signal.signal(signal.SIGTERM, _terminated)
    try:
        print(_run(arguments, module))
    except KetumError as error:
        print(for_terminal(error.text()), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(_cut_off("Interrupted."), file=sys.stderr)
        return EXIT_INTERRUPTED
    except SystemExit as left:
        if left.code == EXIT_TERMINATED:
            print(_cut_off("Terminated."), file=sys.stderr)
        return left.code if isinstance(left.code, int) else EXIT_UNEXPECTED
    except Exception as error:
        code = STOPPED[0] if STOPPED else exit_code_of(error)
        if code in (EXIT_INTERRUPTED, EXIT_TERMINATED):
            print(_cut_off("Stopped."), file=sys.stderr)
            return code
        _tell_unforeseen(error)
        return EXIT_UNEXPECTED
    return EXIT_OK


def _run(arguments: argparse.Namespace, module: str) -> str:
    if arguments.archive and not arguments.archive.exists():
        raise ConfigurationError(
            f"There is no {arguments.archive}.",
            effect="Nothing changed.",
            next_step="check the path.",
        )
    options = options_of(arguments)  # says what is wrong before a server is started
    settings = Settings.from_environment()
    from pipeline import housekeeping

    housekeeping.prepare(options.origin, settings)
    prepare_environment(settings)
    log.info("Starting a Prefect server for this run ...")
    with embedded_server(settings) as server:
        from prefect.events.worker import EventsWorker
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        seen: list[Progress] = []
        update = importlib.import_module(module).flow_shown_to(seen.append)
        server.wait()
        finished_before = server.finished_task_runs()
        try:
            # The heartbeat is for a server that outlives the run; its thread costs a second at
            # the end, and no environment variable turns it off.
            with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
                source = {
                    "offline": arguments.offline,
                    "archive": str(arguments.archive.resolve()) if arguments.archive else None,
                    "from_files": [str(file.resolve()) for file in arguments.from_files],
                    "name": arguments.name,
                }
                names = ("full", "accept_translation", "max_requests", "off_peak")
                pubmed = {name: getattr(arguments, name) for name in names}
                return str(update(source=source, pubmed=pubmed))
        except KetumError:
            raise
        except Exception as error:
            if not seen or not seen[-1].is_done:
                raise
            log.warning("Prefect lost track of the run (%s), which is complete.", error)
            return seen[-1].receipt.text()
        finally:
            # Or the server would end before it has heard how the last steps went.
            EventsWorker.drain_all(timeout=5)
            server.wait_for_history(finished_before + sum(run.steps_begun for run in seen))


def _show_messages() -> None:
    """Show ketum's own messages on stderr, and keep them out of Prefect's handlers."""
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine())
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def _tell_unforeseen(error: Exception) -> None:
    """Tell the whole story once, without the dozen frames of Prefect's engine between ours."""
    story = traceback.TracebackException.from_exception(error)
    frames = list(story.stack)
    story.stack = traceback.StackSummary.from_list(
        [frame for frame in frames[:-1] if "/prefect/" not in frame.filename] + frames[-1:]
    )
    print("".join(story.format()), file=sys.stderr, end="")
    print(
        "An error that ketum did not foresee. Next: `ketum status` says what is published; please "
        "report the lines above.",
        file=sys.stderr,
    )


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    # An exception, so that the run rolls back and the server is ended on the way out. Prefect
    # puts a handler of its own in place while the flow runs, and calls this one after it.
    STOPPED.append(EXIT_TERMINATED)
    raise SystemExit(EXIT_TERMINATED)


def _cut_off(how: str) -> str:
    return (
        f"{how} What was published before stands untouched; the raw archive keeps what came. "
        "Next: run the same command again: it goes on from there."
    )
