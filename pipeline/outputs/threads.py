"""Write the files of a set that is being published in parallel threads.

Writing a file of ten thousand records, compressing and hashing each keep one processor busy, and
none holds Python's lock meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pipeline.settings import processors

MOST = 4
"""DuckDB's memory is shared by all that is written at once."""


@contextmanager
def as_many_as_processors() -> Iterator[ThreadPoolExecutor]:
    """Threads for the block, as many as there are processors.

    What has not begun when the block ends by an error is left.
    """
    pool = ThreadPoolExecutor(min(processors(), MOST))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
