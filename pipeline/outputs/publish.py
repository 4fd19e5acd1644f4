"""Publish: a new directory for each set, then one atomic switch of `latest`.

Nothing here changes the warehouse, so that publishing can be repeated: a run killed
between its commit and the switch is published by the next one.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import duckdb

from pipeline import __version__
from pipeline import journal as journals
from pipeline.journal import Journal
from pipeline.outputs import exports, manifest, receipt, search_log
from pipeline.outputs.feeds import render as feeds
from pipeline.outputs.page import render as page
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed.archive import sha256_of, sync_directory, write_atomically
from pipeline.run import Run
from pipeline.settings import PUBMED_ORIGIN, Settings
from pipeline.warehouse import snapshot

log = logging.getLogger("ketum")

SETS_KEPT = 10


def publish(run: Run) -> dict[str, object]:
    """Publish the run's committed data.

    Raises:
        OSError: the disk is full or not writable; the previous set stays `latest`.
    """
    return _publish(run.settings, run.con, run.journal, run.receipt)


def publish_pending(run: Run) -> None:
    """Publish what an earlier run of this origin committed and did not live to publish."""
    done = [
        journal
        for journal in journals.read_all(run.settings.runs, run.origin)
        if journal.state in (journals.COMMITTED, journals.PUBLISHED)
    ]
    if not done or done[-1].state == journals.PUBLISHED or not run.has_warehouse:
        return
    log.warning("Publishing what run %s left unpublished.", done[-1].run_id)
    earlier = Receipt.from_dict(done[-1].receipt)
    earlier.tables = receipt.headlines(run.con, earlier)
    _publish(run.settings, run.con, done[-1], earlier)


def _publish(
    settings: Settings, con: duckdb.DuckDBPyConnection, journal: Journal, told: Receipt
) -> dict[str, object]:
    assert journal.set_id is not None
    target = settings.published / journal.set_id
    # a set that is there already was written by this very run, which died before its switch
    if target.exists() and not manifest.is_whole(target):
        log.warning("The published set %s is damaged; it is written anew.", target.name)
        shutil.rmtree(target)
    if not target.exists():
        _write_set(settings, con, journal, told, target)
    told.published_path = str(target)
    if _may_be_latest(settings, journal.origin):
        _switch(settings, journal.set_id)
        told.published_path = str(settings.latest)
    else:
        told.notes.append(
            "`latest` keeps showing the live data; this set stands beside it at "
            f"{target.relative_to(settings.data)}."
        )
    journal.state = journals.PUBLISHED
    journal.receipt = told.as_dict()
    journal.save(settings.runs)
    _prune(settings)
    return {"set": journal.set_id}


def _write_set(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    journal: Journal,
    told: Receipt,
    target: Path,
) -> None:
    settings.published.mkdir(parents=True, exist_ok=True)
    for leftover in settings.published.glob(".building-*"):
        shutil.rmtree(leftover)
    building = settings.published / f".building-{journal.run_id}"
    building.mkdir()
    try:
        snapshot.write(con, building / "ketum.duckdb")
        exported = exports.export_all(con, building / "tables")
        (building / "digest.md").write_text(told.markdown(), encoding="utf-8")
        page.write(con, building)
        feeds.write(con, building)
        (building / "search_log.json").write_text(search_log.render(con), encoding="utf-8")
        previous = settings.latest.resolve() if settings.latest.exists() else None
        sums = _hash_and_link(building, previous)
        text = manifest.render(journal, told, exported, sums, __version__)
        (building / "manifest.json").write_text(text, encoding="utf-8")
        for path in building.rglob("*"):
            if path.is_file():
                path.chmod(0o444)
        sync_directory(building)
        building.rename(target)
        sync_directory(settings.published)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _hash_and_link(building: Path, previous: Path | None) -> dict[str, tuple[str, int]]:
    """SHA-256 and size per file; files equal to those of the previous set become hard links."""
    before: dict[str, str] = {}
    if previous is not None:
        before = manifest.hashes(previous / "manifest.json")
    sums = {}
    for path in sorted(p for p in building.rglob("*") if p.is_file()):
        name = path.relative_to(building).as_posix()
        digest = sha256_of(path)
        sums[name] = (digest, path.stat().st_size)
        if previous is not None and before.get(name) == digest:
            path.unlink()
            os.link(previous / name, path)
        else:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    return sums


def _may_be_latest(settings: Settings, origin: str) -> bool:
    """An offline set never takes the place of a live one."""
    if origin == PUBMED_ORIGIN or not settings.latest.exists():
        return True
    return manifest.origin(settings.latest / "manifest.json") != PUBMED_ORIGIN


def _switch(settings: Settings, set_id: str) -> None:
    link = settings.published / ".latest.part"
    link.unlink(missing_ok=True)
    link.symlink_to(set_id)
    link.replace(settings.latest)
    write_atomically(settings.published / "LATEST", f"{set_id}\n".encode())


def _prune(settings: Settings) -> None:
    """Keep the last sets; whatever `latest` shows stays."""
    current = settings.latest.resolve() if settings.latest.exists() else None
    sets = sorted(
        (p for p in settings.published.iterdir() if p.is_dir() and not p.is_symlink()),
        key=lambda p: p.stat().st_mtime_ns,
    )
    sets = [p for p in sets if not p.name.startswith(".") and p != current]
    for old in sets[: max(len(sets) + 1 - SETS_KEPT, 0)]:
        shutil.rmtree(old)
