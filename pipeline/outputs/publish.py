"""Publish: a new directory for each set, then one atomic switch of `latest`.

Nothing here changes the warehouse, so that publishing can be repeated: a run killed
between its commit and the switch is published by the next one.
"""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from pipeline import __version__
from pipeline.outputs import feeds, manifest, search_log, sets, since
from pipeline.outputs.manifest import OddManifestError, StatedFile
from pipeline.outputs.page import render as page
from pipeline.outputs.receipt import Receipt
from pipeline.settings import Settings
from pipeline.storage import sha256_of, sync_directory
from pipeline.warehouse.database import write_copy

log = logging.getLogger("ketum")


def publish(settings: Settings, con: duckdb.DuckDBPyConnection, of_run: Receipt) -> Receipt:
    """Publish committed data as the set that a receipt names; can be repeated.

    Args:
        settings: where sets lie.
        con: the warehouse.
        of_run: the receipt of the run that committed it.

    Returns:
        the receipt with where the set is, and what was seen and done beside it.

    Raises:
        OSError: the disk is full or not writable; the previous set stays `latest`.
    """
    sets.require_link(settings)
    target = settings.published / of_run.set_id
    # a set that is there already was written by this very run, which died before its switch
    fault = manifest.damage(target) if target.exists() else None
    if fault:
        of_run = _warned(
            of_run, f"The published set {target.name} was damaged: {fault} It was written anew."
        )
    if fault or not target.exists():
        of_run = _write_set(settings, con, of_run, target)
    instead = sets.offer(settings, of_run.set_id, of_run.origin)
    published_path, notes = settings.latest, list(of_run.notes)
    if instead is not None:
        published_path = target
        notes.append(
            f"{instead}; this set stands beside it at {target.relative_to(settings.data)}."
        )
    notes += sets.prune(settings)
    return replace(of_run, published_path=str(published_path), notes=notes)


def _warned(of_run: Receipt, sentence: str) -> Receipt:
    """Say something of the sets that were there before, in the log and in the receipt."""
    log.warning("%s", sentence)
    return replace(of_run, notes=[*of_run.notes, sentence])


def _write_set(
    settings: Settings, con: duckdb.DuckDBPyConnection, of_run: Receipt, target: Path
) -> Receipt:
    settings.published.mkdir(parents=True, exist_ok=True)
    sets.remove_leftovers(settings)
    building = settings.published / f".building-{of_run.run_id}"
    building.mkdir()
    try:
        write_copy(con, building / "ketum.duckdb")
        exported = manifest.export_all(con, building / "tables")
        news = since.markdown(since.since_last_set(con))
        digest = "\n".join(filter(None, [of_run.markdown(), news]))
        (building / "digest.md").write_text(digest, encoding="utf-8")
        page.write(con, building)
        feeds.write(con, building, settings.site)
        (building / "search_log.json").write_text(search_log.render(con), encoding="utf-8")
        previous = sets.shown(settings)
        if previous == target.resolve():
            previous = None
        sums, damage = hash_and_link(building, previous)
        if damage:
            of_run = _warned(of_run, f"{damage} Nothing damaged was taken over into this set.")
        text = manifest.render(of_run, exported, sums, __version__)
        (building / "manifest.json").write_text(text, encoding="utf-8")
        for path in building.rglob("*"):
            if path.is_file():
                path.chmod(0o444)
        sync_directory(building)
        sets.put_in_place(building, target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return of_run


def hash_and_link(
    building: Path, previous: Path | None
) -> tuple[dict[str, tuple[str, int]], str | None]:
    """Hash the files of a new set; those equal to files of the set before become hard links.

    The manifest of the set before only says which files could be shared. What is linked is
    hashed itself, so that a damaged file never gets into another set.

    Args:
        building: the new set, whole but for its manifest.
        previous: the set before, if there is one.

    Returns:
        SHA-256 and size of each file; a sentence on the first damage seen in the set before.
    """
    before: dict[str, StatedFile] = {}
    damage = None
    if previous is not None:
        try:
            before = manifest.read(previous).files
        except OddManifestError as error:
            damage = f"The published set {previous.name} is damaged: {error}."
    sums = {}
    for path in sorted(p for p in building.rglob("*") if p.is_file()):
        name = path.relative_to(building).as_posix()
        digest = sha256_of(path)
        sums[name] = (digest, path.stat().st_size)
        stated = before.get(name)
        if previous is not None and stated is not None and stated.sha256 == digest:
            fault = manifest.fault_of(previous, name, stated)
            if fault is None and _link(previous / name, path):
                continue
            if fault is not None and damage is None:
                damage = f"The published set {previous.name} is damaged: {fault}"
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return sums, damage


def _link(source: Path, path: Path) -> bool:
    """Put a hard link to `source` in the place of `path`, where the file system allows it."""
    part = path.with_name(f".{path.name}.part")
    try:
        os.link(source, part)
        part.replace(path)
    except OSError:  # too many links, or another file system: the new file is as good
        part.unlink(missing_ok=True)
        return False
    return True
