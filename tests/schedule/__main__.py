"""Go through the faults of a schedule and print the table: `python -m tests.schedule [FAULT ...]`.

FAULT: words of those wanted (default: all).
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

from tests.schedule.faults import FAULTS, suffer, table
from tests.schedule.place import Place

INTERVAL = 30


def main(words: list[str]) -> int:
    place = Place(Path(tempfile.mkdtemp(prefix="ketum-schedule-")), INTERVAL)
    wanted = [name for name in FAULTS if not words or any(word in name for word in words)]
    rows, failed = [], 0
    try:
        place.start_server()
        place.start_schedule()
        place.wait(180, lambda: place.completed_since(0), "the first run")
        for name in wanted:
            try:
                rows.append(suffer(place, name))
                print(rows[-1], file=sys.stderr, flush=True)
            except Exception:
                failed += 1
                print(f"FAILED: {name}", file=sys.stderr)
                traceback.print_exc()
                break
    finally:
        print(table(rows))
        place.end()
    return failed


sys.exit(main(sys.argv[1:]))
