"""Commands that look after the data: status, doctor, verify, keep, runs, backup, restore."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pipeline import progress
from pipeline.clock import Clock
from pipeline.commands import Subparsers
from pipeline.errors import EXIT_OK, EXIT_UNEXPECTED, KetumError
from pipeline.escaping import for_terminal_lines
from pipeline.settings import Settings

# -- `ketum status` and `ketum doctor`: what is published, what is installed


def register_status(commands: Subparsers) -> None:
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
        description="What is installed, where things are, what is set. Asks nobody, but with "
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
        from pipeline.pubmed import about_pubmed

        try:
            found += about_pubmed.ask_live(settings, Clock()).findings()
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


# -- `ketum verify`: whether a published set or a raw archive is whole


def register_verify(commands: Subparsers) -> None:
    """Add the command to the parser."""
    verify = commands.add_parser(
        "verify",
        help="whether a published set or a raw archive is whole",
        description="Hold a published set against its manifest, or a raw archive against its "
        "ledgers and journals. Changes nothing; exit 4 if something is damaged.",
    )
    verify.set_defaults(work=_verify)
    verify.add_argument(
        "path",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="a set or an archive (default: the latest set and every archive)",
    )
    verify.add_argument("--json", action="store_true", help="for programs")


def _verify(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import verify

    with progress.of("verify"):
        reports = verify.verify(settings, arguments.path)
    if arguments.json:
        print(json.dumps([report.as_dict() for report in reports], indent=1))
    else:
        for report in reports:
            print(report.text())
    verify.require_whole(reports)
    return EXIT_OK


# -- `ketum keep`: sets that stay, whatever their age, since they are cited somewhere


def register_keep(commands: Subparsers) -> None:
    """Add the command to the parser."""
    keep = commands.add_parser(
        "keep",
        help="keep a published set for good, e.g. one that is cited",
        description="The last ten sets of each origin are kept, and those named here. Without SET: "
        "lists what is kept on purpose.",
    )
    keep.set_defaults(work=_keep)
    keep.add_argument("set_id", nargs="?", metavar="SET", help="name of its directory")
    keep.add_argument("--let-go", action="store_true", help="keep it no longer")


def _keep(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.outputs import sets

    if arguments.set_id and arguments.let_go:
        sets.let_go(settings, arguments.set_id)
    elif arguments.set_id:
        sets.keep(settings, arguments.set_id)
    for name in sets.kept(settings):
        print(name)
    return EXIT_OK


# -- `ketum runs`: undo runs that must not stand


def register_runs(commands: Subparsers) -> None:
    """Add the command to the parser."""
    runs = commands.add_parser("runs", help="undo runs that must not stand")
    actions = runs.add_subparsers(title="actions", required=True, metavar="ACTION")
    forget = actions.add_parser(
        "forget",
        help="undo the newest runs, e.g. those under a clock that was ahead",
        description="Undo the newest runs of their origin: the warehouse is rebuilt from the runs "
        "before them, their sets are removed, `latest` shows the newest set that is left, and "
        "journals and ledgers move to data/forgotten/. What they brought stays in the raw archive.",
    )
    forget.set_defaults(work=_forget)
    forget.add_argument("run_ids", nargs="+", metavar="RUN", help="name of the run's directory")


def _forget(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.rebuild import forget

    print(forget(arguments.run_ids, settings))
    return EXIT_OK


# -- `ketum backup` and `ketum restore`


def register_backup(commands: Subparsers) -> None:
    """Add the commands to the parser."""
    backup = commands.add_parser(
        "backup",
        help="write what nothing else can give back into one file",
        description="Raw archives, journals, sets kept on purpose, ketum.toml: an uncompressed tar "
        "(its files are compressed), written under the run's lock. `ketum restore` makes the rest "
        "of it.",
    )
    backup.set_defaults(work=_backup)
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file")

    restore = commands.add_parser(
        "restore",
        help="restore a backup into an empty data directory",
        description="Every file is held against its SHA-256 before anything is put in place; then "
        "warehouses and newest sets are rebuilt.",
    )
    restore.set_defaults(work=_restore)
    restore.add_argument("file", type=Path, metavar="FILE", help="what `ketum backup` wrote")


def _backup(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.backup import backup

    print(backup(settings, arguments.file))
    return EXIT_OK


def _restore(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline.backup import restore

    print(restore(settings, arguments.file))
    return EXIT_OK
