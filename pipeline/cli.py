"""The `ketum` command. Data goes to stdout, messages to stderr; exit codes as in errors.py."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from pipeline import __version__, logs
from pipeline.clock import Clock
from pipeline.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_TERMINATED,
    EXIT_UNEXPECTED,
    ConfigurationError,
    KetumError,
)
from pipeline.settings import Settings

EXAMPLES = """\
first steps:
  ketum update --offline          the demonstration, no network needed
  ketum update                    live PubMed (set NCBI_EMAIL; NCBI_API_KEY is optional)
  ketum query "FROM marts.study_type_totals WHERE search = 'kratom'"
  ketum status                    what is published, and how old it is

exit codes: 0 done, 2 usage or configuration, 3 PubMed not available (nothing changed),
4 stopped by a check (nothing published), 5 incomplete, run again to continue,
6 another run is at work, 7 older than --max-age, 130 interrupted, 143 terminated.
"""


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console command; returns the exit code."""
    arguments = build_parser().parse_args(argv)
    settings = Settings.from_environment()
    logs.configure(settings, quiet=getattr(arguments, "quiet", False))
    _stopped.clear()
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        code: int = arguments.work(settings, arguments)
        sys.stdout.flush()  # here, where a reader that went away (`| head`) is no error
        return code
    except KetumError as error:
        print(f"ketum: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("ketum: interrupted; what was not committed was undone.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except RuntimeError:
        # DuckDB makes "Query interrupted" of what a signal's handler raises within a query
        if not _stopped:
            raise
        return _stopped[0]
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        print(
            f"ketum: the machine said no: {error}. What was published before is untouched. "
            "Next: check space and rights of the data directory (`ketum doctor`), then run again.",
            file=sys.stderr,
        )
        return EXIT_UNEXPECTED


_stopped: list[int] = []
"""Exit code of the signal that ended this process, once one came."""


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    _stopped.append(EXIT_TERMINATED)
    raise SystemExit(EXIT_TERMINATED)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    _stopped.append(EXIT_INTERRUPTED)
    raise KeyboardInterrupt


def build_parser() -> argparse.ArgumentParser:
    """The command line, each command with its help."""
    parser = argparse.ArgumentParser(
        prog="ketum",
        description="Keeps the published evidence on mitragynine (kratom) and pain current.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ketum {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    update = commands.add_parser(
        "update",
        help="search, fetch, judge and publish",
        description="Ask PubMed (or files) and publish a new, checked set of tables.",
    )
    update.set_defaults(work=_update)
    source = update.add_mutually_exclusive_group()
    source.add_argument(
        "--offline", action="store_true", help="replay an archive in place of PubMed"
    )
    source.add_argument(
        "--from", dest="from_files", nargs="+", type=Path, metavar="FILE", default=[],
        help="read PubMed XML (.xml, .xml.gz) or .nbib files in place of searching",
    )  # fmt: skip
    update.add_argument(
        "--archive", type=Path, metavar="DIR", help="archive for --offline (default: data/demo)"
    )
    update.add_argument(
        "--name", help="name of the archive that --offline or --from data belongs to"
    )
    update.add_argument("--quiet", action="store_true", help="only warnings on stderr")

    query = commands.add_parser(
        "query",
        help="SQL on the published tables",
        description="Run SQL on the latest published set, read-only.",
        epilog='example: ketum query "SELECT year, study_type, record_count FROM '
        "marts.study_types_by_year WHERE search = 'kratom' AND record_count > 0\"",
    )
    query.set_defaults(work=_query)
    query.add_argument("sql", help="the statement")
    query.add_argument("--format", choices=("table", "csv", "json"), default="table")

    status = commands.add_parser("status", help="what is published, and the last run")
    status.set_defaults(work=_status)
    status.add_argument("--json", action="store_true", help="for programs")
    status.add_argument(
        "--max-age", metavar="AGE", help="exit 7 if the set is older, e.g. 36h or 2d"
    )

    doctor = commands.add_parser("doctor", help="versions, paths, keys and space")
    doctor.set_defaults(work=_doctor)
    doctor.add_argument("--json", action="store_true", help="for programs")

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

    rebuild = commands.add_parser(
        "rebuild", help="make a warehouse anew from its raw archive, offline"
    )
    rebuild.set_defaults(work=_rebuild)
    rebuild.add_argument("--origin", default="pubmed", help="pubmed or archive:<name>")

    replay = commands.add_parser("replay", help="serve a local archive as E-utilities on loopback")
    replay.set_defaults(work=_replay)
    replay.add_argument("--archive", type=Path, required=True, metavar="DIR")
    replay.add_argument("--port", type=int, default=8765)
    return parser


def _update(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.options import Options
    from pipeline.update import run_update

    options = Options(
        offline=arguments.offline, archive=arguments.archive,
        from_files=tuple(arguments.from_files), name=arguments.name,
    )  # fmt: skip
    print(run_update(options, settings).text())
    return EXIT_OK


def _query(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import query

    query.run(settings, arguments.sql, arguments.format, sys.stdout)
    if told := query.note(settings):
        print(told, file=sys.stderr)
    return EXIT_OK


def _status(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import status

    found = status.status(settings, Clock())
    print(json.dumps(found, indent=1) if arguments.json else status.status_text(found))
    if arguments.max_age:
        status.check_age(found, arguments.max_age)
    return EXIT_OK


def _doctor(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import status

    found = status.doctor(settings)
    if arguments.json:
        print(json.dumps([{"name": n, "value": v, "ok": ok} for n, v, ok in found], indent=1))
    else:
        for name, value, ok in found:
            print(f"{'  ' if ok else '! '}{name:16} {value}")
    return EXIT_OK if all(ok for _, _, ok in found) else EXIT_UNEXPECTED


def _schedule(_settings: Settings, arguments: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "flows.deployments"]
    if arguments.cron:
        command += ["--cron", arguments.cron]
    if arguments.timezone:
        command += ["--timezone", arguments.timezone]
    # This process becomes the other one: pipeline/ never imports Prefect, and a kill of one
    # must not leave the other serving.
    os.execv(command[0], command)


def _rebuild(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.rebuild import rebuild

    print(rebuild(arguments.origin, settings))
    return EXIT_OK


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
