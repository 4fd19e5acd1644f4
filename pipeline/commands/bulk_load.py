"""`ketum bulk-load`: NLM's baseline and update files, read for what some searches match."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.clock import Clock
from pipeline.commands.parsers import Subparsers
from pipeline.commands.update import publish_update
from pipeline.errors import EXIT_OK, ConfigurationError
from pipeline.options import Options
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.file_counts import FileCounts


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    bulk = commands.add_parser(
        "bulk-load",
        help="read NLM's baseline and update files for what the searches match",
        description="Read NLM's files in the order of their numbers, several at a time, keep the "
        "records that match, and publish; or only count them. The same command goes on where it "
        "was stopped.",
    )
    bulk.set_defaults(work=_bulk_load)
    bulk.add_argument("places", nargs="+", type=Path, metavar="DIR|FILE")
    wanted = bulk.add_mutually_exclusive_group()
    wanted.add_argument(
        "--match", nargs="+", metavar="SEARCH", default=[],
        help="keep what these searches match, e.g. kratom (default: all searches)",
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
        help="files read at a time (default: one a processor)",
    )  # fmt: skip
    workers.add_argument(
        "--dask", metavar="ADDRESS",
        help="the workers of this Dask scheduler read the files, e.g. tcp://machine:8786; they "
        "share files and data directory by the same paths",
    )  # fmt: skip
    bulk.add_argument("--quiet", action="store_true", help="no receipt, only warnings and errors")


def _bulk_load(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.counts:
        told = count(
            settings, arguments.places, arguments.name, arguments.processes, arguments.dask
        )
        if not arguments.quiet:
            print(told.text(), flush=True)
        return EXIT_OK
    options = options_for(
        settings,
        arguments.places,
        arguments.match,
        arguments.name,
        arguments.processes,
        arguments.dask,
    )
    return publish_update(options, settings, quiet=arguments.quiet)


def count(
    settings: Settings,
    places: Iterable[Path],
    name: str | None,
    processes: int | None,
    dask: str | None = None,
) -> FileCounts:
    """Count the records of files, and keep none of them.

    Args:
        settings: where topics are defined and counts are kept.
        places: files, or directories that hold them.
        name: of the counts; None for the usual one.
        processes: files read at a time; None for one a processor.
        dask: address of a Dask scheduler whose workers read them; None for processes.

    Raises:
        KetumError: as `file_counts.count_files`, or the name is no plain one.
        OSError: there is no space left; what was counted of whole files is kept.
    """
    from pipeline import file_counts

    options = options_for(settings, places, (), name, processes, dask)
    return file_counts.count_files(
        options.from_files,
        settings,
        Clock(),
        name=options.origin.partition(":")[2],
        processes=options.processes,
        dask=options.dask,
    )


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
