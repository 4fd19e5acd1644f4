"""`ketum bulk-load`: NLM's baseline and update files, read for what some searches match."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.commands.parsers import Subparsers
from pipeline.commands.update import publish_update
from pipeline.errors import ConfigurationError
from pipeline.options import Options
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    bulk = commands.add_parser(
        "bulk-load",
        help="read NLM's baseline and update files for what the searches match",
        description="Read NLM's files in the order of their numbers, several at a time, keep the "
        "records that match, and publish. The same command goes on where it was stopped.",
    )
    bulk.set_defaults(work=_bulk_load)
    bulk.add_argument("places", nargs="+", type=Path, metavar="DIR|FILE")
    bulk.add_argument(
        "--match", nargs="+", metavar="SEARCH", default=[],
        help="keep what these searches match, e.g. kratom (default: all searches)",
    )  # fmt: skip
    bulk.add_argument("--name", help="name of the archive the records go to (default: files)")
    workers = bulk.add_mutually_exclusive_group()
    workers.add_argument(
        "--processes", type=int, metavar="N",
        help="files read at a time (default: one a processor)",
    )  # fmt: skip
    workers.add_argument(
        "--dask", metavar="ADDRESS",
        help="the workers of this Dask scheduler read the files, e.g. tcp://machine:8786; they "
        "share files and data directory by the same paths",
    )  # fmt: skip
    bulk.add_argument("--quiet", action="store_true", help="no receipt, only warnings and errors")


def _bulk_load(settings: Settings, arguments: argparse.Namespace) -> int:
    options = options_for(
        settings,
        arguments.places,
        arguments.match,
        arguments.name,
        arguments.processes,
        arguments.dask,
    )
    return publish_update(options, settings, quiet=arguments.quiet)


def options_for(
    settings: Settings,
    places: Iterable[Path],
    match: Iterable[str],
    name: str | None,
    processes: int | None,
    dask: str | None = None,
) -> Options:
    """What an update of these files may be told.

    Args:
        settings: where the searches are defined.
        places: files, or directories that hold them.
        match: names of searches; none for all.
        name: of the archive the records go to; None for the usual one.
        processes: files read at a time; None for one a processor.
        dask: address of a Dask scheduler whose workers read them; None for processes.

    Raises:
        ConfigurationError: there is no such search or file, or a file is named twice.
    """
    from pipeline import series
    from pipeline.evidence.topics_file import load_topics

    names = [one.name for one in load_topics(settings.reference / "topics.toml").searches]
    if unknown := sorted(set(match) - set(names)):
        raise ConfigurationError(
            f"There is no search {unknown[0]!r}.",
            effect="Nothing was read.",
            next_step=f"name any of {', '.join(names)}.",
        )
    return Options(
        from_files=series.in_order(list(places)),
        match=tuple(match),
        processes=processes or os.cpu_count() or 1,
        dask=dask,
        name=name,
    )
