"""`ketum status` and `ketum doctor`: what is published, what is installed."""

from __future__ import annotations

import argparse
import json

from pipeline.clock import Clock
from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK, EXIT_UNEXPECTED, KetumError
from pipeline.escaping import for_terminal_lines
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the commands to the parser."""
    status = commands.add_parser("status", help="what is published, and the last run")
    status.set_defaults(work=_status)
    status.add_argument("--json", action="store_true", help="for programs")
    status.add_argument(
        "--max-age", metavar="AGE", help="exit 7 if the set is older, e.g. 36h or 2d"
    )

    doctor = commands.add_parser(
        "doctor",
        help="versions, paths, keys and space; --live: one request to PubMed",
        description="What is installed, where things lie, what is set. Asks nobody, but with "
        "--live: that is for the first day online.",
    )
    doctor.set_defaults(work=_doctor)
    doctor.add_argument(
        "--live",
        action="store_true",
        help="make one tiny request to PubMed: reachable, key accepted, rate limit, build "
        "(exit 3: not reachable; 2: invalid key)",
    )
    doctor.add_argument("--json", action="store_true", help="for programs")


def _status(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import status

    found = status.status(settings, Clock())
    print(json.dumps(found, indent=1) if arguments.json else status.status_text(found))
    status.require_set(found)
    status.require_good_run(found)
    if arguments.max_age:
        status.check_age(found, arguments.max_age)
    return EXIT_OK


def _doctor(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import status

    found = status.doctor(settings)
    failure: KetumError | None = None
    if arguments.live:
        from pipeline.pubmed import einfo

        try:
            found += einfo.ask(settings, Clock()).findings()
        except KetumError as error:
            failure = error
            found.append(("PubMed", error.cause, False))
    if arguments.json:
        print(json.dumps([{"name": n, "value": v, "ok": ok} for n, v, ok in found], indent=1))
    else:
        for name, value, ok in found:
            print(for_terminal_lines([f"{'  ' if ok else '! '}{name:16} {value}"]))
    if failure:
        raise failure
    return EXIT_OK if all(ok for _, _, ok in found) else EXIT_UNEXPECTED
