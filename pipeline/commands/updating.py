"""Commands that make tables: update, bulk-load, rebuild, schedule; and replay, to try them on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pipeline.clock import Clock
from pipeline.commands import Subparsers
from pipeline.errors import ConfigurationError
from pipeline.settings import MAX_REQUESTS, Options, Settings, processors

# -- `ketum update`: search, fetch, judge and publish


def register_update(commands: Subparsers) -> None:
    """Add the command to the parser."""
    update = commands.add_parser(
        "update",
        help="search, fetch, judge and publish",
        description="Ask PubMed (or files) and publish a new, checked set of tables.",
    )
    update.set_defaults(work=_update)
    add_options(update)
    update.add_argument(
        "--quiet", action="store_true",
        help="nothing at all if all is well, else warnings and errors (for cron)",
    )  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of an update, for `ketum update` and for the flow run by hand."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--offline", action="store_true", help="replay an archive in place of PubMed"
    )
    source.add_argument(
        "--from", dest="from_files", nargs="+", action="extend", type=Path, default=[],
        metavar="FILE",
        help="read PubMed XML (.xml, .xml.gz) or .nbib files in place of searching",
    )  # fmt: skip
    parser.add_argument(
        "--archive", type=Path, metavar="DIR", help="archive for --offline (default: data/demo)"
    )
    parser.add_argument(
        "--name", help="name of the archive that --offline or --from data belongs to"
    )
    parser.add_argument(
        "--full", action="store_true",
        help="read every record again, not only new and revised ones (else once a month)",
    )  # fmt: skip
    parser.add_argument(
        "--accept-translation", action="store_true",
        help="accept searches that PubMed reads differently, or that find less, than last time",
    )  # fmt: skip
    parser.add_argument(
        "--max-requests", type=int, default=MAX_REQUESTS, metavar="N",
        help="requests to PubMed at most (default: %(default)s); what came is kept",
    )  # fmt: skip
    parser.add_argument(
        "--off-peak", action="store_true",
        help="let a large job wait for NLM's hours: weekends, or 21:00 to 05:00 US Eastern",
    )  # fmt: skip


def options_of(arguments: argparse.Namespace) -> Options:
    """The options that a command line made with `add_options` gives.

    Raises:
        ConfigurationError: they do not go together, or a file is not there: it is reported
            before a run begins, which would count as one that failed.
    """
    if arguments.from_files:
        from pipeline import many_files

        many_files.require(arguments.from_files)
    return Options(
        offline=arguments.offline,
        archive=arguments.archive,
        from_files=tuple(arguments.from_files),
        name=arguments.name,
        full=arguments.full,
        accept_translation=arguments.accept_translation,
        max_requests=arguments.max_requests,
        off_peak=arguments.off_peak,
    )


def _update(settings: Settings, arguments: argparse.Namespace) -> None:
    publish_update(options_of(arguments), settings, quiet=arguments.quiet)


def publish_update(options: Options, settings: Settings, *, quiet: bool) -> None:
    """Run an update, print its receipt and notify people.

    Raises:
        KetumError: with the exit code of the contract; nothing is published then.
    """
    from pipeline import events, housekeeping
    from pipeline.update import run_update

    try:
        housekeeping.prepare(options.origin, settings)
        receipt = run_update(options, settings)
    except Exception:
        events.after_run(settings, is_published=False)
        raise
    if not quiet:
        print(receipt.text(), flush=True)
    events.after_run(settings, is_published=True)


# -- `ketum bulk-load`: NLM's baseline and update files, read for what some searches match


def register_bulk_load(commands: Subparsers) -> None:
    """Add the command to the parser."""
    bulk = commands.add_parser(
        "bulk-load",
        help="read NLM's baseline and update files for what the searches match, or for all",
        description="Read NLM's files in the order of their numbers, several at a time, keep the "
        "records that match or all of them, and publish; or only count them. The same command "
        "continues where it was stopped.",
    )
    bulk.set_defaults(work=_bulk_load)
    bulk.add_argument("places", nargs="+", type=Path, metavar="DIR|FILE")
    wanted = bulk.add_mutually_exclusive_group()
    wanted.add_argument(
        "--match", nargs="+", action="extend", metavar="SEARCH", default=[],
        help="keep what these searches match, e.g. kratom (default: all searches)",
    )  # fmt: skip
    wanted.add_argument(
        "--all", action="store_true", dest="keep_all",
        help="keep every record; the files stay where they are, and count as the raw archive",
    )  # fmt: skip
    wanted.add_argument(
        "--counts", action="store_true",
        help="keep no record; count them by year, all and by topic, for shares of PubMed",
    )  # fmt: skip
    bulk.add_argument(
        "--name", help="name of the archive the records go to, or of the counts (default: files)"
    )
    workers = bulk.add_mutually_exclusive_group()
    workers.add_argument(
        "--processes", type=int, metavar="N",
        help="files read at a time (default: one for each processor)",
    )  # fmt: skip
    workers.add_argument(
        "--dask", metavar="ADDRESS",
        help="the workers of this Dask scheduler read the files, e.g. tcp://machine:8786; they "
        "share files and data directory by the same paths",
    )  # fmt: skip
    bulk.add_argument("--quiet", action="store_true", help="no receipt, only warnings and errors")


def _bulk_load(settings: Settings, arguments: argparse.Namespace) -> None:
    options = options_for_files(
        settings,
        arguments.places,
        arguments.match,
        arguments.name,
        arguments.processes,
        arguments.dask,
        keep_all=arguments.keep_all,
    )
    if not arguments.counts:
        publish_update(options, settings, quiet=arguments.quiet)
        return
    from pipeline.file_counts import count_files

    counts = count_files(options, settings, Clock())
    if not arguments.quiet:
        print(counts.text(), flush=True)


def options_for_files(
    settings: Settings,
    places: Iterable[Path],
    match: Iterable[str],
    name: str | None,
    processes: int | None,
    dask: str | None = None,
    *,
    keep_all: bool = False,
) -> Options:
    """The options of a bulk load, for the command and for the flow.

    Args:
        settings: where the searches are defined.
        places: files, or directories that hold them.
        match: names of searches; none for all.
        name: of the archive the records go to, or of the counts; None for the usual one.
        processes: files read at a time; None for one for each processor.
        dask: address of a Dask scheduler whose workers read them; None for processes.
        keep_all: keep every record.

    Raises:
        ConfigurationError: there is no such search or file, or a file is named twice.
    """
    from pipeline import many_files
    from pipeline.evidence.topics import load_topics

    names = [one.name for one in load_topics(settings.reference / "topics.toml").searches]
    if unknown := sorted(set(match) - set(names)):
        raise ConfigurationError(
            f"There is no search {unknown[0]!r}.",
            effect="Nothing was read.",
            next_step=f"name any of {', '.join(names)}.",
        )
    return Options(
        from_files=many_files.in_order(list(places)),
        match=tuple(match),
        keep_all=keep_all,
        processes=processors() if processes is None else processes,
        dask=dask,
        name=name,
    )


# -- `ketum rebuild`: a warehouse made again from its raw archive


def register_rebuild(commands: Subparsers) -> None:
    """Add the command to the parser."""
    rebuild = commands.add_parser(
        "rebuild", help="rebuild a warehouse from its raw archive, offline"
    )
    rebuild.set_defaults(work=_rebuild)
    rebuild.add_argument("--origin", default="pubmed", help="pubmed or archive:<name>")


def _rebuild(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.rebuild import rebuild

    print(rebuild(arguments.origin, settings))


# -- `ketum schedule`: serve the daily deployment


def register_schedule(commands: Subparsers) -> None:
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
    add_schedule_options(schedule)


def add_schedule_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the schedule, for the command and for the process it turns into."""
    parser.add_argument(
        "--cron", help="when the daily update runs (default: outside NLM's peak hours)"
    )
    parser.add_argument("--timezone", help="IANA time zone of all schedules (default: that of NLM)")
    parser.add_argument(
        "--interval", type=int, metavar="SECONDS",
        help="run the daily update every so often in place of --cron, for trying out",
    )  # fmt: skip
    parser.add_argument(
        "--offline", action="store_true", help="rehearse without PubMed: updates run on an archive"
    )
    parser.add_argument(
        "--archive", type=Path, metavar="DIR",
        help="archive of PubMed XML for --offline (default: the demonstration)",
    )  # fmt: skip


def _schedule(_settings: Settings, arguments: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "flows.schedule"]
    for name in ("cron", "timezone", "interval", "archive"):
        if (value := getattr(arguments, name)) is not None:
            command += [f"--{name}", str(value)]
    if arguments.offline:
        command.append("--offline")
    # This process becomes the other one: pipeline/ never imports Prefect, and a kill of one
    # must not leave the other serving.
    os.execv(command[0], command)


# -- `ketum replay`: a local archive as an E-utilities server


def register_replay(commands: Subparsers) -> None:
    """Add the command to the parser."""
    replay = commands.add_parser("replay", help="serve a local archive as E-utilities on loopback")
    replay.set_defaults(work=_replay)
    task = replay.add_mutually_exclusive_group(required=True)
    task.add_argument(
        "--archive", type=Path, metavar="DIR", help="PubMed XML files (*.xml, *.xml.gz) to serve"
    )
    task.add_argument("--faults", action="store_true", help="list the ways to misbehave")
    replay.add_argument("--port", type=int, default=8765)
    replay.add_argument(
        "--misbehave", action="append", default=[], metavar="CASE[:TOOL[:AT]]",
        help="spoil the answers of a tool (default: all the case strikes), every one or the "
        "AT-th; may be given several times",
    )  # fmt: skip


def _replay(_settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.replay import faults, serve

    if arguments.faults:
        for case in faults.CASES:
            print(f"{case.number:2}  {case.name:27} {case.what}")
        return
    fault = faults.together(*map(faults.misbehaviour, arguments.misbehave))
    try:
        serve(arguments.archive, arguments.port, fault=fault)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "ports are numbered from 0 to 65535"
        raise ConfigurationError(
            f"The replay server could not listen on port {arguments.port}: {reason}.",
            next_step="name another one with --port.",
        ) from None
