"""A backup is what nothing else can give back: raw archives, journals, sets kept on purpose.

Warehouses and the newest sets are rebuilt from these by `restore`, so a backup is small and its
restore proves that it is enough.
"""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from pipeline import __version__
from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import CheckError, ConfigurationError
from pipeline.outputs import sets
from pipeline.rebuild import rebuild
from pipeline.settings import PUBMED_ORIGIN, Settings
from pipeline.storage import hold_lock, sha256_of, shown, sync_directory

log = logging.getLogger("ketum")

CONTENTS = "ketum-backup.json"
"""Last member of a backup: every other one with its SHA-256, so that a cut one is noticed."""
WHOLE_DIRECTORIES = ("raw", "runs")
NOTIFY = "ketum.toml"


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
    for path in (settings.published / sets.KEPT, settings.data / NOTIFY):
        if path.is_file():
            yield path


def restore(settings: Settings, source: Path, clock: Clock | None = None) -> str:
    """Restore a backup into an empty data directory, and make warehouses and sets anew.

    Raises:
        ConfigurationError: the directory holds data, or the file is no backup of ketum's.
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
    told = [f"Restored {count} files from {shown(source)}."]
    done = journals.read_done(settings.runs)
    # live data last, so that `latest` shows it
    for origin in sorted({one.origin for one in done}, key=lambda name: name == PUBMED_ORIGIN):
        told.append(rebuild(origin, settings, clock))
    return "\n".join(told)


def _extract(source: Path, scratch: Path) -> int:
    try:
        with tarfile.open(source, mode="r:") as tar:
            tar.extractall(scratch, filter="data")
        stated = json.loads((scratch / CONTENTS).read_text(encoding="utf-8"))["files"]
        (scratch / CONTENTS).unlink()
    except (tarfile.TarError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
        if not source.exists():
            raise ConfigurationError(
                f"There is no {shown(source)}.", effect="Nothing changed.", next_step="look again."
            ) from None
        raise CheckError(
            f"{shown(source)} is no whole backup of ketum's ({type(error).__name__}).",
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
