"""Interactive SQL on the published set, through a shell of other people's making."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.outputs.query import database_path
from pipeline.settings import Settings

SHELLS = {"duckdb": ("-readonly",), "harlequin": ("--adapter", "duckdb", "--read-only")}
"""Programs in the order they are looked for, each with what makes it open a file read-only."""


def command(settings: Settings) -> list[str]:
    """The command that opens the latest published database in the first shell found.

    A shell beside this Python (installed by pip) goes before one on the PATH.

    Raises:
        ConfigurationError: no shell is installed, or nothing is published.
    """
    path = database_path(settings)
    beside = str(Path(sys.executable).parent)
    for name, options in SHELLS.items():
        program = shutil.which(name, path=beside) or shutil.which(name)
        if program:
            return [program, *options, str(path)]
    raise ConfigurationError(
        "No shell for DuckDB is installed: neither `duckdb` nor `harlequin` was found.",
        effect="Nothing was opened.",
        next_step="`pip install duckdb-cli` or `pip install harlequin`, then the same command.",
    )
