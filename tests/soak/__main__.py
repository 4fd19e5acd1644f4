"""`python -m tests.soak --days 300 --seed 1 [--report docs/soak.md]`; exits 1 on a difference."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.driver import Soak
from tests.soak.report import render


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
        base: Path = told.keep or Path(scratch)
        base.mkdir(parents=True, exist_ok=True)
        soak = Soak(base, told.seed)
        for day in range(1, told.days + 1):
            soak.live(1)
            if day == told.days // 2:
                soak.rebuild()
            if day % 10 == 0:
                print(f"day {day}, {time.monotonic() - start:.0f} s", file=sys.stderr)
        soak.close()
    report = render(soak.tale, told.days, told.seed, time.monotonic() - start)
    if told.report:
        told.report.write_text(report, encoding="utf-8")
    else:
        print(report)
    for line in soak.tale.differences:
        print(line, file=sys.stderr)
    return 1 if soak.tale.differences else 0


if __name__ == "__main__":
    sys.exit(main())
