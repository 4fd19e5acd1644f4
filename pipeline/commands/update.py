"""`ketum update`: search, fetch, judge and publish."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.options import MAX_REQUESTS, Options
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
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
        help="nothing at all where all is well, else warnings and errors (for cron)",
    )  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what an update may be told, for `ketum update` and for the flow run by hand."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--offline", action="store_true", help="replay an archive in place of PubMed"
    )
    source.add_argument(
        "--from", dest="from_files", nargs="+", type=Path, metavar="FILE", default=[],
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
        help="let searches stand that PubMed reads otherwise, or that find less, than last time",
    )  # fmt: skip
    parser.add_argument(
        "--max-requests", type=int, default=MAX_REQUESTS, metavar="N",
        help="requests to PubMed at most (default: %(default)s); what came is kept",
    )  # fmt: skip
    parser.add_argument(
        "--off-peak", action="store_true",
        help="wait with a large job for NLM's hours: weekends, or 21:00 to 05:00 US Eastern",
    )  # fmt: skip


def options_of(arguments: argparse.Namespace) -> Options:
    """The options that a command line made with `add_options` gives.

    Raises:
        ConfigurationError: they do not go together.
    """
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


def _update(settings: Settings, arguments: argparse.Namespace) -> int:
    return publish_update(options_of(arguments), settings, quiet=arguments.quiet)


def publish_update(options: Options, settings: Settings, *, quiet: bool) -> int:
    """Run an update, print its receipt and notify people; returns the exit code.

    Raises:
        KetumError: with the exit code of the contract; nothing is published then.
    """
    from pipeline import before_run, notify
    from pipeline.update import run_update

    try:
        before_run.prepare(options.origin, settings)
        told = run_update(options, settings)
    except Exception:
        notify.after_run(settings, is_published=False)
        raise
    if not quiet:
        print(told.text(), flush=True)
    notify.after_run(settings, is_published=True)
    return EXIT_OK
