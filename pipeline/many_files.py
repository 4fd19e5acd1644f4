"""Many files: NLM's in the order of their numbers, scanned one by one or side by side."""

from __future__ import annotations

import logging
import re
import shutil
import socket
import threading
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from pipeline import progress
from pipeline.errors import ConfigurationError, MachineError
from pipeline.evidence.reference import Reference
from pipeline.evidence.reference_files import files_in
from pipeline.evidence.topics import Search
from pipeline.scan import FileReader, Scan, Scans
from pipeline.storage import shown, write_atomically
from pipeline.warehouse import fingerprint
from pipeline.workers import Cluster, Processes, Workers, read_all

# -- NLM's files in a series, and what is missing between them
#
# NLM publishes a baseline once a year and a file a day after it, all in one numbering:
# `pubmed26n0001.xml.gz` to the last. What a later file says of a record replaces what an earlier
# one said, and a file that is missing hides what it changed or deleted.

_NAME = re.compile(r"(?P<series>[A-Za-z_-]*\d*n)(?P<number>\d+)\.xml(\.gz)?")
_SHOWN = 10


def in_order(places: Sequence[Path]) -> tuple[Path, ...]:
    """The files of some places, in the order in which they replace each other.

    Args:
        places: files, or directories that hold them as `*.xml.gz` or `*.xml`.

    Raises:
        ConfigurationError: a place is not there or holds no such file, or a file is named twice.
    """
    files: list[Path] = []
    for place in places:
        found = [
            path
            for path in ([place] if place.is_file() else sorted(place.glob("*")))
            if place.is_file() or (path.is_file() and path.name.endswith((".xml", ".xml.gz")))
        ]
        if not found:
            raise ConfigurationError(
                f"There is no PubMed XML at {shown(place)}.",
                effect="Nothing was read.",
                next_step="name files such as pubmed26n0001.xml.gz, or their directory.",
            )
        files += found
    by_stem: dict[str, Path] = {}
    for path in files:
        stem = path.name.removesuffix(".gz")
        if stem in by_stem:
            raise ConfigurationError(
                f"{shown(path)} and {shown(by_stem[stem])} are the same file of the series.",
                effect="Nothing was read.",
                next_step="name it once.",
            )
        by_stem[stem] = path
    return tuple(sorted(files, key=_place))


def require(files: Iterable[Path]) -> None:
    """See that all of these files are there.

    Raises:
        ConfigurationError: names the first that is not.
    """
    for path in files:
        if not path.is_file():
            raise ConfigurationError(
                f"There is no file {shown(path)}.",
                effect="Nothing changed.",
                next_step="name PubMed XML, .xml.gz or .nbib files after --from.",
            )


def stamp(path: Path) -> str:
    """The name that orders a file among others: pubmed21n1298.xml.gz gives pubmed21n1298."""
    return re.sub(r"(\.(xml|nbib|txt|csv))?(\.gz)?$", "", shown(Path(path.name))).replace(":", "_")


def is_numbered(path: Path) -> bool:
    """Whether a file has an order among NLM's, so that its deletions reach earlier ones."""
    return re.fullmatch(r"pubmed\d\dn\d+", stamp(path)) is not None


def _place(path: Path) -> tuple[str, int, str]:
    if match := _NAME.fullmatch(path.name):
        return match["series"], int(match["number"]), ""
    return path.name, 0, path.name


def late(files: Iterable[Path], earlier: Iterable[str]) -> str | None:
    """A sentence on files that come after later files of their series were read; else None."""
    last: dict[str, tuple[int, str]] = {}
    for name in earlier:
        if match := _NAME.fullmatch(name):
            last[match["series"]] = max(
                last.get(match["series"], (0, "")), (int(match["number"]), name)
            )
    for path in files:
        match = _NAME.fullmatch(path.name)
        if match and int(match["number"]) < last.get(match["series"], (0, ""))[0]:
            newer = last[match["series"]][1]
            return (
                f"{shown(Path(path.name))} comes late: {newer} was read before it. A record that "
                "matches here and no longer there counts as it stands here; load all files "
                "together to have the newer copy."
            )
    return None


def lacking(files: Iterable[Path], *, from_one: bool = False) -> list[str]:
    """Names of the files that a series lacks up to its last.

    Args:
        files: what there is.
        from_one: whether it should begin with number 1; else with the first that there is.
    """
    numbers: dict[str, list[int]] = {}
    for path in files:
        if match := _NAME.fullmatch(path.name):
            numbers.setdefault(match["series"], []).append(int(match["number"]))
    return [
        f"{name}{number:04d}"
        for name, held in numbers.items()
        for number in sorted(set(range(1 if from_one else min(held), max(held))) - set(held))
    ]


def is_one(files: Iterable[Path]) -> bool:
    """Whether all files belong to one numbered series."""
    matches = [_NAME.fullmatch(path.name) for path in files]
    return len({match and match["series"] for match in matches}) == 1 and None not in matches


def missing(files: Iterable[Path]) -> str | None:
    """A sentence on the numbers that a series lacks between its first and its last; else None."""
    lacks = lacking(files)
    if not lacks:
        return None
    named = ", ".join(lacks[:_SHOWN])
    more = f" and {len(lacks) - _SHOWN} more" if len(lacks) > _SHOWN else ""
    return (
        f"The series lacks {named}{more}: records, new versions and deletions in "
        f"{'it' if len(lacks) == 1 else 'them'} are not known. Load all files together once "
        f"{'it is' if len(lacks) == 1 else 'they are'} here."
    )


# -- Many files scanned, one after the other or several beside each other
#
# Each worker, a process of this machine or of a Dask cluster, owns a file to its end and writes
# what it found into the directory of scans (`scan`); the one writer of the warehouse only
# learns which file it was. What is looked for is there too, so that a worker needs nothing else.

log = logging.getLogger("ketum")

_busy = threading.Lock()
"""A worker reads a file at a time, however many threads Dask gave it."""


@dataclass(frozen=True)
class Job:
    """What workers look for, and where they write what they found.

    Attributes:
        reader: how they read a file.
        directory: holds the rules and the held PMIDs, as they were when the job began.
        searches: names of searches; a record matches that any of them finds.
        scans: where the results go.
        program: fingerprint of the program; a worker of another one would find something else.
    """

    reader: type[FileReader]
    directory: Path
    searches: tuple[str, ...]
    scans: Scans
    program: str


def scan_all(
    files: Sequence[Path],
    reader: type[FileReader],
    reference: Reference,
    searches: Sequence[Search],
    held: Sequence[int],
    scans: Scans,
    processes: int,
    dask: str | None = None,
) -> dict[Path, Scan]:
    """Scan every file, and say how far it is after each.

    Args:
        files: PubMed XML, each once.
        reader: what is wanted of a file: records that match, counts, or all of it.
        reference: the rules.
        searches: any of them makes a record match.
        held: PMIDs that are kept in any case.
        scans: where the results go, and where those of an earlier run are.
        processes: how many at most.
        dask: address of a scheduler whose workers read the files; None for processes.

    Returns:
        Each file with what it holds.

    Raises:
        SourceError: of the first file that cannot be read; what was read of others is kept.
        MachineError: workers die on a file, or a worker of Dask does not see the files.
        ConfigurationError: Dask is not installed, or its workers run another program.
        IncompleteError: the scheduler or all its workers went away.
    """
    if not files:
        return {}
    count = min(processes, len(files))
    with ExitStack() as stack:
        if dask is None and count <= 1:
            here = reader(reference, searches, held, scans)
            done: Iterator[tuple[Path, Scan]] = ((path, here.scan(path)) for path in files)
        else:
            job = _write_job(reader, reference, searches, held, scans)
            workers: Workers = Processes(count)
            if dask is not None:
                workers = stack.enter_context(Cluster(dask))
                workers.require(_make_ready, job)
            done = _by_workers([path.absolute() for path in files], job, workers)
        found: dict[Path, Scan] = {}
        start = time.monotonic()
        for path, scan in done:
            found[path] = scan
            _log_progress(len(found), len(files), found, time.monotonic() - start)
    return {path: found.get(path) or found[path.absolute()] for path in files}


def _log_progress(done: int, of: int, found: dict[Path, Scan], seconds: float) -> None:
    if of == 1:
        return
    progress.note(done, of, "files")
    records = sum(scan.read for scan in found.values())
    rate = records / max(seconds, 0.001)
    left = seconds / done * (of - done)
    log.info(
        "%d of %d files, %d records (%d a second), %s min left",
        done,
        of,
        records,
        rate,
        f"about {round(left / 60)}" if left >= 60 else "less than 1",
    )


def _write_job(
    reader: type[FileReader],
    reference: Reference,
    searches: Sequence[Search],
    held: Sequence[int],
    scans: Scans,
) -> Job:
    directory = scans.directory.absolute() / f"job-{scans.key[:16]}"
    for name in files_in(reference.directory):
        write_atomically(directory / name, (reference.directory / name).read_bytes())
    write_atomically(directory / "held", array("i", held).tobytes())
    names = tuple(search.name for search in searches)
    at = replace(scans, directory=scans.directory.absolute())
    return Job(reader, directory, names, at, fingerprint.whole_program())


def _by_workers(files: Sequence[Path], job: Job, workers: Workers) -> Iterator[tuple[Path, Scan]]:
    """Each file with its scan, which is where its worker wrote it.

    Raises:
        MachineError: it does not.
    """
    for path, digest in read_all(partial(_scan, job), files, workers):
        scan = job.scans.find(digest)
        if scan is None:
            raise MachineError(
                f"A worker read {shown(path)}, and what it found is not in "
                f"{shown(job.scans.directory)}.",
                effect="Nothing was published.",
                next_step=_SHARE,
            )
        yield path, scan
    shutil.rmtree(job.directory, ignore_errors=True)


# -- in a worker

_SHARE = (
    "let all workers of Dask share the files and the data directory (KETUM_DATA) by the same "
    "paths, as on a network file system, or leave out --dask."
)


def _scan(job: Job, path: Path) -> str:
    """Scan a file in a worker; returns the SHA-256 of its bytes, by which its scan is found."""
    with _busy:
        reader = _reader_of(job)
        if not path.is_file():
            raise _not_seen(path)
        return reader.scan(path).file_sha256


def _make_ready(job: Job) -> None:
    """Compile what is looked for, so that anything missing shows before the first file."""
    with _busy:
        _reader_of(job)


@lru_cache(maxsize=1)
def _reader_of(job: Job) -> FileReader:
    if job.program != fingerprint.whole_program():
        raise ConfigurationError(
            f"A worker on {socket.gethostname()} runs another version of ketum than this command.",
            effect="Nothing was published.",
            next_step="install the same version there, and start the worker again.",
        )
    if not job.directory.is_dir():
        raise _not_seen(job.directory)
    rules = job.reader.load_rules(job.directory)
    searches = [search for search in rules.topics.searches if search.name in job.searches]
    held = array("i")
    held.frombytes((job.directory / "held").read_bytes())
    return job.reader(rules, searches, held, job.scans)


def _not_seen(path: Path) -> MachineError:
    return MachineError(
        f"A worker on {socket.gethostname()} does not see {shown(path)}.",
        effect="Nothing was published.",
        next_step=_SHARE,
    )
