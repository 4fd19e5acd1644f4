"""An update in a process that can be killed: `python -m tests.soak.child JSON`."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import exit_code_of
from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.soak.clock import SoakClock

READY = "ready"
"""Said on stdout when everything is imported and the update begins."""


@dataclass(frozen=True)
class Task:
    """What the child is to do."""

    data: str
    reference: str
    eutils_url: str
    pace_file: str
    clock_file: str

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.soak.child", json.dumps(asdict(self))]


def main() -> int:
    task = Task(**json.loads(sys.argv[1]))
    logging.disable()
    settings = Settings(
        data=Path(task.data),
        reference=Path(task.reference),
        eutils_url=task.eutils_url,
        pace_file=Path(task.pace_file),
    )
    print(READY, flush=True)
    try:
        run_update(Options(), settings, SoakClock(Path(task.clock_file)))
    except Exception as error:
        return exit_code_of(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
