"""For the day on which the warehouse is lost: backup, restore, and their rehearsal.

A backup is what nothing else can give back: raw archives, journals, sets kept on purpose.
Warehouses and the newest sets are rebuilt from these by `restore`, so a backup is small and its
restore proves that it is enough.
"""

# SQL here names relations as the database itself quotes them.
# ruff: noqa: S608

from __future__ import annotations

import dataclasses
import io
import json
import logging
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline import __version__, events
from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import CheckError, ConfigurationError
from pipeline.outputs import sets
from pipeline.rebuild import rebuild
from pipeline.settings import PUBMED_ORIGIN, Settings, slug
from pipeline.storage import for_duckdb, hold_lock, sha256_of, shown, sync_directory
from pipeline.warehouse.database import ALONE

log = logging.getLogger("ketum")

CONTENTS = "ketum-backup.json"
"""Last member of a backup: every other one with its SHA-256, so that a cut one is noticed."""
WHOLE_DIRECTORIES = ("raw", "runs")


def backup(settings: Settings, target: Path, clock: Clock | None = None) -> str:
    """Write a backup; returns a sentence for the terminal.

    Raises:
        ConfigurationError: the file exists, or there is nothing to keep.
        LockedError: a run is at work.
    """
    if target.exists():
        raise ConfigurationError(
            f"{shown(target)} exists already.",
            effect="Nothing was written.",
            next_step="give another name, e.g. with the date.",
        )
    part = target.with_name(f".{target.name}.part")
    with hold_lock(settings.lock, "backup"):
        if not journals.read_all(settings.runs):
            raise ConfigurationError(
                f"There is no run under {settings.runs} to keep.",
                effect="Nothing was written.",
                next_step="`ketum update` makes one.",
            )
        try:
            count = _write(settings, part, (clock or Clock()).now().isoformat())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    sync_directory(target.absolute().parent)
    size = target.stat().st_size / (1 << 20)
    return f"Kept {count} files ({size:.1f} MiB) in {shown(target)}."


def _write(settings: Settings, part: Path, created: str) -> int:
    sums = {}
    with part.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in _files(settings):
                name = path.relative_to(settings.data).as_posix()
                sums[name] = sha256_of(path)
                tar.add(path, name, recursive=False)
            body = json.dumps({"ketum": __version__, "created": created, "files": sums}).encode()
            entry = tarfile.TarInfo(CONTENTS)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
        file.flush()
        os.fsync(file.fileno())
    return len(sums)


def _files(settings: Settings) -> Iterator[Path]:
    roots = [settings.data / name for name in WHOLE_DIRECTORIES]
    kept = sets.kept(settings)
    roots += [path for path, _ in sets.all_sets(settings) if path.name in kept]
    for root in roots:
        yield from sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink())
    for path in (settings.published / sets.KEPT, settings.data / events.FILE):
        if path.is_file():
            yield path


def restore(settings: Settings, source: Path, clock: Clock | None = None) -> str:
    """Restore a backup into an empty data directory, and make warehouses and sets anew.

    Raises:
        ConfigurationError: the directory holds data, or the file is not a backup made by ketum.
        CheckError: the backup is damaged; nothing was put in place.
    """
    for name in (*WHOLE_DIRECTORIES, "warehouse", "published"):
        if (settings.data / name).exists():
            raise ConfigurationError(
                f"{settings.data} has data already ({name}/).",
                effect="Nothing changed.",
                next_step="restore into an empty directory: KETUM_DATA=NEW ketum restore FILE.",
            )
    settings.data.mkdir(parents=True, exist_ok=True)
    scratch = settings.data / ".restoring"
    with hold_lock(settings.lock, "restore"):
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        try:
            count = _extract(source, scratch)
            for path in sorted(scratch.iterdir()):
                path.rename(settings.data / path.name)
            sync_directory(settings.data)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    lines = [f"Restored {count} files from {shown(source)}."]
    # live data last, so that `latest` shows it
    for origin in sorted(origins(settings), key=lambda name: name == PUBMED_ORIGIN):
        lines.append(rebuild(origin, settings, clock))
    return "\n".join(lines)


def _extract(source: Path, scratch: Path) -> int:
    try:
        with tarfile.open(source, mode="r:") as tar:
            tar.extractall(scratch, filter="data")
        stated = json.loads((scratch / CONTENTS).read_text(encoding="utf-8"))["files"]
        (scratch / CONTENTS).unlink()
    except (tarfile.TarError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
        if not source.exists():
            raise ConfigurationError(
                f"There is no {shown(source)}.",
                effect="Nothing changed.",
                next_step="check the path.",
            ) from None
        raise CheckError(
            f"{shown(source)} is not a whole backup made by ketum ({type(error).__name__}).",
            effect="Nothing was restored.",
            next_step="take another backup.",
        ) from None
    held = {
        path.relative_to(scratch).as_posix(): path for path in scratch.rglob("*") if path.is_file()
    }
    for name in sorted(held.keys() | stated.keys()):
        if name not in held or name not in stated or sha256_of(held[name]) != stated[name]:
            raise CheckError(
                f"The backup {shown(source)} is damaged: {name} is not as it was.",
                effect="Nothing was restored.",
                next_step="take another backup.",
            )
    return len(stated)


# -- The rehearsal: a warehouse rebuilt beside the real one, and what both published compared
#
# So that the day on which the warehouse is lost is not the first on which its archive is tried.

MUST_BE_THE_SAME = ("core", "ops")
"""Schemas that hold what came and when; the others follow the rules of today."""
NOT_COMPARED = ("ops.warehouse", "ops.judged", "ops.runs")
"""They also say which program and rules were at work."""


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
    """The origins of committed runs."""
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
