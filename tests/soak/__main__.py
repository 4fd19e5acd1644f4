"""`python -m tests.soak --days 300 --seed 1 [--report docs/soak.md]`."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.driver import Soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write the report here")
    parser.add_argument("--keep", type=Path, help="work in this new directory and leave it")
    told = parser.parse_args()
    logging.disable()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        base = told.keep or Path(scratch)
        base.mkdir(parents=True, exist_ok=True)
        soak = Soak(base, told.seed)
        for _ in range(told.days):
            soak.live(1)
            print(f"day {soak.tale.days}", file=sys.stderr)
        soak.close()
    tale = soak.tale
    print(tale.events, tale.troubles, tale.kills, tale.shortest_pause, sep="\n")
    print(*tale.differences, sep="\n")
    print(time.monotonic() - start)
    return bool(tale.differences)


if __name__ == "__main__":
    sys.exit(main())
