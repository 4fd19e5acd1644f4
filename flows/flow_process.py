"""The process of one scheduled run: `python -m flows.flow_process FLOW_RUN_ID`.

It gives a sign of life before anything else, so that the schedule can tell a run that begins from
one that died, and then hands over to Prefect.
"""

from __future__ import annotations

import os
import runpy
import sys

from flows.settling import sign_of_life
from pipeline.settings import Settings

DIRECTORY = "schedule"
"""Of the signs of life, in the data directory."""


def main(argv: list[str]) -> None:
    """Run a flow run of the server that PREFECT_API_URL names."""
    (run_id,) = argv
    sign_of_life(Settings.from_environment().data / DIRECTORY, run_id)
    os.environ["PREFECT__FLOW_RUN_ID"] = run_id
    sys.argv[1:] = [run_id]
    runpy.run_module("prefect.engine", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
