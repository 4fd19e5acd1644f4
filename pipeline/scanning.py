"""Many files scanned, one after the other or several beside each other.

Each worker owns a file to its end and writes what it found (`scan`); the one writer of the
warehouse only learns where. Workers end when their parent does, even where that was killed.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipeline import progress
from pipeline.counting import Counter, scanner_for
from pipeline.evidence.reference import Reference
from pipeline.evidence.topics import Search
from pipeline.evidence.topics_file import load_topics
from pipeline.rules.language import load_language
from pipeline.scan import Scan, Scanner, Scans

log = logging.getLogger("ketum")

_LOOK_SECONDS = 1.0
"""So often a worker looks whether its parent still lives."""
_scanner: Scanner | Counter | None = None


def scan_all(
    files: Sequence[Path],
    reference: Reference,
    searches: Sequence[Search],
    held: Sequence[int],
    scans: Scans,
    processes: int,
) -> dict[Path, Scan]:
    """Scan every file, and say how far it is after each.

    Args:
        files: PubMed XML, each once.
        reference: topics and language.
        searches: any of them makes a record match.
        held: PMIDs that are kept in any case.
        scans: where the results go, and where those of an earlier run lie.
        processes: how many at most.

    Returns:
        Each file with what it holds.

    Raises:
        SourceError: of the first file that cannot be read; what was read of others is kept.
    """
    count = min(processes, len(files))
    if count <= 1:
        scanner = scanner_for(reference.topics, reference.language, searches, held, scans)
        done: Iterator[tuple[Path, Scan]] = ((path, scanner.scan(path)) for path in files)
    else:
        names = tuple(search.name for search in searches)
        begin = partial(_begin, os.getpid(), reference.directory, names, tuple(held), scans)
        done = _side_by_side(files, count, begin)
    found: dict[Path, Scan] = {}
    start = time.monotonic()
    for path, scan in done:
        found[path] = scan
        _say(len(found), len(files), found, time.monotonic() - start)
    return found


def _say(done: int, of: int, found: dict[Path, Scan], seconds: float) -> None:
    if of == 1:
        return
    progress.note(done, of, "files")
    records = sum(scan.read for scan in found.values())
    rate = records / max(seconds, 0.001)
    left = seconds / done * (of - done)
    log.info(
        "%d of %d files, %d records (%d a second), about %d min left",
        done,
        of,
        records,
        rate,
        round(left / 60),
    )


def _side_by_side(
    files: Sequence[Path], count: int, begin: Callable[[], object]
) -> Iterator[tuple[Path, Scan]]:
    with _workers(count, begin) as pool:
        futures = {pool.submit(_scan, path): path for path in files}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def _workers(count: int, begin: Callable[[], object]) -> Iterator[Executor]:
    """Processes of their own: a forked copy of DuckDB or of a thread's lock would not work."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, initializer=begin) as pool:
        yield pool


def _begin(
    parent: int, directory: Path, names: tuple[str, ...], held: tuple[int, ...], scans: Scans
) -> None:
    """Make a worker ready: compile the searches, and watch the parent."""
    global _scanner
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    topics = load_topics(directory / "topics.toml")
    language = load_language(directory / "language.toml")
    searches = [search for search in topics.searches if search.name in names]
    _scanner = scanner_for(topics, language, searches, held, scans)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _scan(path: Path) -> Scan:
    assert _scanner is not None
    return _scanner.scan(path)
