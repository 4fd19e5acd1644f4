"""The `ketum` command. Data goes to stdout, messages to stderr; exit codes as in errors.py."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import signal
import sys
from types import FrameType

from pipeline import logs, progress
from pipeline.commands import judging, operating, reading, updating
from pipeline.errors import (
    EXIT_INTERRUPTED,
    EXIT_MACHINE,
    EXIT_OK,
    EXIT_TERMINATED,
    EXIT_USAGE,
    STOPPED,
    KetumError,
)
from pipeline.escaping import for_terminal
from pipeline.settings import Settings

EXAMPLES = """\
first steps:
  ketum update --offline          the demonstration, no network needed
  ketum update                    live PubMed (set NCBI_EMAIL; NCBI_API_KEY is optional)
  ketum open                      the page, in a browser
  ketum tables                    what one can ask; ketum schema TABLE, ketum search WORDS
  ketum query "FROM marts.study_type_totals WHERE search = 'kratom'"
  ketum status                    what is published, and how old it is

exit codes: 0 done, 2 usage or configuration, 3 PubMed not available (nothing changed),
4 stopped by a check (nothing published), 5 incomplete, run again to continue,
6 another run is at work, 7 older than --max-age or the last run failed,
8 trouble on this machine (space, rights, damage), 130 interrupted, 143 terminated.
"""

COMMANDS = (
    updating.register_update,
    updating.register_bulk_load,
    reading.register_open,
    reading.register_tables,
    reading.register_search,
    reading.register_query,
    judging.register_claims,
    judging.register_explain,
    reading.register_export,
    operating.register_status,
    judging.register_evaluate,
    updating.register_schedule,
    operating.register_notify,
    operating.register_install,
    updating.register_rebuild,
    operating.register_runs,
    operating.register_keep,
    operating.register_verify,
    operating.register_backup,
    updating.register_replay,
    operating.register_completion,
)
"""In the order in which `ketum --help` shows them."""

_OF_A_PATH = (errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOTDIR, errno.EROFS)
"""Errors that concern the path they name, which need not be in the data directory."""


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console command; returns the exit code."""
    gc.set_threshold(50_000)  # modules, of which most of a short run consists, are not garbage
    logs.ready_streams()
    parser = build_parser()
    if operating.REQUESTED in os.environ:
        operating.complete(parser)
    arguments = parser.parse_args(argv)
    STOPPED.clear()
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        settings = Settings.from_environment()
        is_quiet = getattr(arguments, "quiet", False)
        logs.configure(settings, quiet=is_quiet)
        progress.show(sys.stderr.isatty() and not is_quiet)
        code: int = arguments.work(settings, arguments) or EXIT_OK
        sys.stdout.flush()  # here, where a reader that went away (`| head`) is not an error
        return code
    except KetumError as error:
        print(for_terminal(f"ketum: {error}"), file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, SystemExit, RuntimeError):
        if not STOPPED:
            raise
        how = "terminated" if STOPPED[0] == EXIT_TERMINATED else "interrupted"
        print(f"ketum: {how}; what was not committed was undone.", file=sys.stderr)
        return STOPPED[0]
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            message = (
                f"ketum: {error.strerror}: {error.filename}. Nothing changed. "
                "Next: choose a shorter name."
            )
            print(for_terminal(message), file=sys.stderr)
            return EXIT_USAGE
        check = "check space and rights of the data directory (`ketum doctor`)"
        if error.errno in _OF_A_PATH and error.filename is not None:
            check = "see that this path is there and may be used"
        message = (
            f"ketum: trouble on this machine: {error}. What was published before is untouched. "
            f"Next: {check}, then run again."
        )
        print(for_terminal(message), file=sys.stderr)
        return EXIT_MACHINE


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    STOPPED.append(EXIT_TERMINATED)
    raise SystemExit(EXIT_TERMINATED)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    STOPPED.append(EXIT_INTERRUPTED)
    raise KeyboardInterrupt


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: object,
        _option: str | None = None,
    ) -> None:
        from pipeline import __version__

        print(f"ketum {__version__}")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """The command line, each command with its help."""
    parser = argparse.ArgumentParser(
        prog="ketum",
        description="Keeps the published evidence on mitragynine (kratom) and pain current.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    for register in COMMANDS:
        register(commands)
    return parser
