"""Publish: a new directory for each set, then one atomic switch of `latest`.

Nothing here changes the warehouse, so that publishing can be repeated: a run killed
between its commit and the switch is published by the next one.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import duckdb

from pipeline import __version__
from pipeline.outputs import (
    digest,
    feeds,
    manifest,
    marts,
    parts,
    redated,
    search_log,
    sets,
    tables,
    threads,
)
from pipeline.outputs.manifest import Manifest, OddManifestError, StatedFile
from pipeline.outputs.page import kept as page
from pipeline.outputs.receipt import Receipt
from pipeline.settings import Settings
from pipeline.storage import link, sha256_of, sync_directory
from pipeline.warehouse.database import CONTRACT_VERSION, configure, write_copy

log = logging.getLogger("ketum")


def publish(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    of_run: Receipt,
    *,
    is_rebuilt: bool = False,
    ahead: parts.Ahead | None = None,
) -> Receipt:
    """Publish committed data as the set that a receipt names; can be repeated.

    Args:
        settings: where sets lie.
        con: the warehouse.
        of_run: the receipt of the run that committed it.
        is_rebuilt: the warehouse was made anew, so that no set says what the run before held.
        ahead: the SHA-256 of parts of the set before that the run took already.

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
        of_run = _write_set(settings, con, of_run, target, is_rebuilt=is_rebuilt, ahead=ahead)
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
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    of_run: Receipt,
    target: Path,
    *,
    is_rebuilt: bool,
    ahead: parts.Ahead | None,
) -> Receipt:
    settings.published.mkdir(parents=True, exist_ok=True)
    sets.remove_leftovers(settings)
    building = settings.published / f".building-{of_run.run_id}"
    building.mkdir()
    try:
        previous = sets.before(settings, of_run.origin)
        if previous == target.resolve():
            previous = None
        is_same = of_run.is_unchanged and not is_rebuilt
        (building / "tables").mkdir()
        with threads.as_many_as_processors() as pool:
            copied = pool.submit(_copy_database, con, building / "ketum.duckdb")
            shown = pool.submit(
                _write_texts, settings, con, of_run, building, previous, is_same=is_same
            )
            kept: dict[str, int] = {}
            if is_same and previous is not None:
                kept = link_tables(con, settings.sql, building, previous)
            cut = parts.cut_for(
                con, settings.sql, None if is_rebuilt else previous, _run_before(con), ahead
            )
            exported = tables.export_all(con, building / "tables", kept, cut)
            shown.result()
            sums, damage = hash_and_link(building, previous, {"ketum.duckdb": copied.result()})
        if damage:
            of_run = _warned(of_run, f"{damage} Nothing damaged was taken over into this set.")
        made_by = cut.made_by if cut else None
        text = manifest.render(of_run, exported, sums, __version__, made_by)
        (building / "manifest.json").write_text(text, encoding="utf-8")
        readable = 0o444 & building.stat().st_mode  # by whom the umask lets read, and never written
        for path in building.rglob("*"):
            if path.is_file() and path.stat().st_nlink == 1:  # linked ones are of older sets, too
                path.chmod(readable)
        sync_directory(building)
        sets.put_in_place(building, target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return of_run


def _copy_database(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Copy the warehouse; returns the SHA-256 of the copy."""
    with con.cursor() as own:
        return write_copy(own, path)


def _write_texts(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    of_run: Receipt,
    building: Path,
    previous: Path | None,
    *,
    is_same: bool,
) -> None:
    """Write what people read and subscribe to: digest, pages, feeds, log of the searches."""
    with con.cursor() as own:
        configure(own)
        news = digest.markdown(digest.since_last_set(own))
        text = "\n".join(filter(None, [of_run.markdown(), news]))
        (building / "digest.md").write_text(text, encoding="utf-8")
        is_kept = page.write(
            own,
            building,
            settings.sql,
            settings.pages(of_run.origin),
            settings.site,
            is_unchanged=is_same,
        )
        before = _set_before(own, previous) if is_kept else None
        if not (previous and before and redated.feeds(previous, building, before, of_run.set_id)):
            feeds.write(own, building, settings.site)
        (building / "search_log.json").write_text(search_log.render(own), encoding="utf-8")


_MAY_MOVE = frozenset(
    f"core.{name}"
    for name in (
        "articles", "article_versions", "article_revisions", "deleted_citations", "journals",
    )
)  # fmt: skip
"""What loading may touch where no record is new or changed: places in the order of copies, texts
that did not win, deletions of records that are not held."""


def link_tables(
    con: duckdb.DuckDBPyConnection, sql: Path, building: Path, previous: Path
) -> dict[str, int]:
    """Take over, as hard links, the tables that a run which found nothing new cannot have touched.

    They are taken from the set of the run before, and only as it states them.

    Args:
        con: the warehouse, whose last run differs from the one before in nothing but itself.
        sql: the SQL files.
        building: the new set.
        previous: the set before.

    Returns:
        relations whose files are there now, with their rows.
    """
    before = _set_before(con, previous)
    if before is None:
        return {}
    moving = marts.moving(sql)
    kept: dict[str, int] = {}
    for name, stated in before.files.items():
        relation = manifest.relation_of(name)
        if relation is None or not name.endswith(f"/{relation}.parquet"):
            continue  # no table, or a part of one, which its own rows decide on
        if relation.startswith("ops.") or relation in moving:
            if moving.get(relation):
                redated.csv(con, previous, building, before, relation)
            continue
        files = [name, f"tables/{relation}.csv"]
        if relation in _MAY_MOVE or stated.row_count is None or files[1] not in before.files:
            continue
        if any(manifest.fault_of(previous, one, before.files[one]) for one in files):
            continue
        if all(link(previous / one, building / one) for one in files):
            kept[relation] = stated.row_count
    return kept


def _set_before(con: duckdb.DuckDBPyConnection, previous: Path | None) -> Manifest | None:
    """The manifest of the set before, if that is of the run before and of this contract."""
    if previous is None:
        return None
    try:
        before = manifest.read(previous)
    except OddManifestError:
        return None  # `hash_and_link` says so
    if before.run_id != _run_before(con) or before.contract_version != CONTRACT_VERSION:
        return None
    return before


def _run_before(con: duckdb.DuckDBPyConnection) -> str | None:
    """The run before the last one; None if there was none."""
    row = con.execute("SELECT run_id FROM ops.runs ORDER BY as_of DESC LIMIT 1 OFFSET 1").fetchone()
    return row[0] if row else None


def hash_and_link(
    building: Path, previous: Path | None, known: Mapping[str, str] = MappingProxyType({})
) -> tuple[dict[str, tuple[str, int]], str | None]:
    """Hash the files of a new set; those equal to files of the set before become hard links.

    The manifest of the set before only says which files could be shared. What is linked is
    hashed itself, so that a damaged file never gets into another set.

    Args:
        building: the new set, whole but for its manifest.
        previous: the set before, if there is one.
        known: the SHA-256 of files that were hashed already.

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

    def settle(path: Path) -> tuple[str, int, str | None]:
        """Hash and link one file; returns its SHA-256, its size, what is wrong with the other."""
        name = path.relative_to(building).as_posix()
        if previous is not None and name in before and _is_same(previous / name, path):
            return before[name].sha256, before[name].size, None  # hashed when it was linked
        digest, size = known.get(name) or sha256_of(path), path.stat().st_size
        stated, fault = before.get(name), None
        if previous is not None and stated is not None and stated.sha256 == digest:
            fault = manifest.fault_of(previous, name, stated)
            if fault is None and link(previous / name, path):
                return digest, size, None
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return digest, size, fault

    paths = sorted(path for path in building.rglob("*") if path.is_file())
    sums = {}
    with threads.as_many_as_processors() as pool:
        for path, (digest, size, fault) in zip(paths, pool.map(settle, paths), strict=True):
            sums[path.relative_to(building).as_posix()] = (digest, size)
            if fault and damage is None and previous is not None:
                damage = f"The published set {previous.name} is damaged: {fault}"
    return sums, damage


def _is_same(one: Path, other: Path) -> bool:
    return one.is_file() and one.samefile(other)
