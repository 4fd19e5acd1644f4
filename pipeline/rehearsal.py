"""Rehearse a rebuild: make the warehouse anew beside the real one, and compare what both published.

So that the day on which the warehouse is lost is not the first on which its archive is tried.
"""

# SQL here names relations as the database itself quotes them.
# ruff: noqa: S608

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import CheckError, ConfigurationError
from pipeline.rebuild import rebuild
from pipeline.settings import Settings, slug
from pipeline.storage import for_duckdb, hold_lock
from pipeline.warehouse.database import ALONE

MUST_BE_THE_SAME = ("core", "ops")
"""Schemas that hold what came and when; the others follow the rules of today."""
NOT_COMPARED = ("ops.warehouse", "ops.judged", "ops.runs")
"""What these say of program and rules, too."""


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found.

    Attributes:
        origin: whose warehouse was made.
        runs: how many runs were done again.
        seconds: how long that took.
        compared: relations that were held against the published set.
        differing: those of them that are not the same.
    """

    origin: str
    runs: int
    seconds: float
    compared: int
    differing: tuple[str, ...]

    def text(self) -> str:
        """One sentence for people."""
        how = (
            f"all {self.compared} relations of what came are the same as published"
            if not self.differing
            else f"{len(self.differing)} of {self.compared} relations differ from what is "
            f"published: {', '.join(self.differing)}"
        )
        return (
            f"{self.origin}: {self.runs} run(s) were done again in {self.seconds:.0f} s, and {how}."
        )


def origins(settings: Settings) -> list[str]:
    """Those that a run was committed of."""
    return sorted({journal.origin for journal in journals.read_done(settings.runs)})


def rehearse(origin: str, settings: Settings, clock: Clock | None = None) -> Rehearsal:
    """Rebuild an origin in a scratch directory, compare, and remove it again.

    Holds no lock while it works, so that updates go on meanwhile.

    Raises:
        ConfigurationError: nothing was published, or the archive is damaged.
        LockedError: a run is just at work.
    """
    clock = clock or Clock()
    begun = clock.monotonic()
    with _scratch(origin, settings) as (scratch, count, set_id):
        rebuild(origin, scratch, clock)
        published = settings.published / set_id / "ketum.duckdb"
        compared, differing = _compare(scratch.latest.resolve() / "ketum.duckdb", published)
    return Rehearsal(origin, count, clock.monotonic() - begun, compared, differing)


def require_same(found: list[Rehearsal]) -> None:
    """See that every rehearsal gave what is published.

    Raises:
        CheckError: one did not.
    """
    if differing := [one.text() for one in found if one.differing]:
        raise CheckError(
            " ".join(differing),
            effect="Nothing changed; the warehouse at work is as before. A rebuild would give "
            "another one: its archive or journals are not what they were, or this version of "
            "ketum reads records otherwise.",
            next_step="`ketum verify`, and look into the change log before you rebuild.",
        )


@contextmanager
def _scratch(origin: str, settings: Settings) -> Iterator[tuple[Settings, int, str]]:
    """A data directory with the same raw archive and copies of the journals."""
    base = settings.data / ".rehearsal"
    try:
        with hold_lock(settings.lock, "rehearsal"):
            shutil.rmtree(base, ignore_errors=True)
            done = journals.read_done(settings.runs, origin)
            published = done[-1].set_id if done else None
            if published is None or not (settings.published / published).is_dir():
                raise ConfigurationError(
                    f"The newest run of {origin} has no published set to compare with.",
                    effect="Nothing was tried.",
                    next_step="`ketum update` publishes one.",
                )
            scratch = dataclasses.replace(settings, data=base, journals=None, warehouses=None)
            for journal in done:
                journal.save(scratch.runs)
        (base / "raw").mkdir()
        (base / "raw" / slug(origin)).symlink_to(settings.raw(origin), target_is_directory=True)
        yield scratch, len(done), published
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _compare(again: Path, published: Path) -> tuple[int, tuple[str, ...]]:
    """How many tables were compared, and which are not the same, whatever the order of rows."""
    sums = [_sums(again), _sums(published)]
    names = sums[0].keys() | sums[1].keys()
    return len(names), tuple(
        sorted(name for name in names if sums[0].get(name) != sums[1].get(name))
    )


def _sums(path: Path) -> dict[str, tuple[object, ...]]:
    with duckdb.connect(for_duckdb(path), read_only=True, config=ALONE) as con:
        tables = con.execute(
            "SELECT schema_name || '.' || table_name, "
            """format('"{}"."{}"', schema_name, table_name) FROM duckdb_tables() """
            "WHERE list_contains(?, schema_name)",
            [list(MUST_BE_THE_SAME)],
        ).fetchall()
        return {
            name: con.execute(f"SELECT count(*), sum(hash(t)) FROM {quoted} AS t").fetchall()[0]
            for name, quoted in tables
            if name not in NOT_COMPARED
        }
