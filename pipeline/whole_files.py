"""NLM's files kept whole (`bulk-load --all`): they stay where they are, and every record is held.

Workers read and judge a file each; what they wrote is merged once, all files
together, in the run's transaction. A run that was killed or undone finds it all there again. The
archive has a link to each file, and its ledger the SHA-256 and the place.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

import duckdb

from pipeline import many_files
from pipeline.errors import ConfigurationError, SourceError
from pipeline.evidence.judged_files import ABOUT, JUDGED, STAGED, Part, judge_staged, stage_parts
from pipeline.evidence.reference import Reference
from pipeline.evidence.topics import Search
from pipeline.from_files import Matched, earlier_entries, note_file
from pipeline.pubmed.archive import Entry
from pipeline.pubmed.parsing.bytes import open_bytes, source_name
from pipeline.pubmed.records import read_batches, sniff
from pipeline.run import Run
from pipeline.scan import FileReader, Scan, Scans, check_md5
from pipeline.settings import ROOT
from pipeline.storage import literal, sha256_of, shown, sync_directory
from pipeline.warehouse import fingerprint, stage
from pipeline.warehouse.stage import Staged

log = logging.getLogger("ketum")


def archive_whole(run: Run) -> Matched:
    """Read the run's files whole, and note in the archive where they are.

    A file that a committed run has read by the same bytes and name is not read again; only its
    place is noted anew.

    Raises:
        SourceError: a file is damaged or cut, is not XML, or differs from its .md5.
    """
    files = run.options.from_files
    earlier = list(earlier_entries(run))
    known = {(one["stamp"], one["file_sha256"]) for one in earlier}
    stamps = {stamp for stamp, _ in known}
    held = {}
    for path in files:
        stamp = many_files.stamp(path)
        if stamp not in stamps:  # whoever reads it hashes it
            continue
        check_md5(path)
        digest = sha256_of(path)
        if (stamp, digest) in known:
            held[path] = digest
    if held:
        log.info("%d of %d files were loaded before", len(held), len(files))
    found = _scan(run, [path for path in files if path not in held])
    for path in files:
        scan = found.get(path)
        digest = scan.file_sha256 if scan else held[path]
        entry: Entry = {
            "in_place": run.archive.link(path, digest),
            "place": str(path.resolve()),
            "file_sha256": digest,
        }
        if scan is not None:
            entry |= {"records_read": scan.read, "records_kept": scan.read}
        note_file(run, path, entry)
    names = [Path(one["file"]) for one in earlier]
    gap = many_files.missing([*names, *files])
    return Matched(
        files=len(files),
        read=sum(scan.read for scan in found.values()),
        kept=sum(scan.read for scan in found.values()),
        deletions=sum(scan.deletions for scan in found.values()),
        notes=(gap,) if gap else (),
    )


def stage_whole(run: Run) -> Staged:
    """Show the files that a run read as staging; a rebuild reads them once more.

    Raises:
        ConfigurationError: one that has to be read once more has moved or changed.
    """
    scans = _scans(run)
    entries = [one for one in run.archive.entries(run.run_id, "records") if "records_read" in one]
    scanned = {entry["file_sha256"]: scans.find(entry["file_sha256"]) for entry in entries}
    if lacking := [entry for entry in entries if scanned[entry["file_sha256"]] is None]:
        paths = [_still_there(run, entry) for entry in lacking]
        scanned |= {scan.file_sha256: scan for scan in _scan(run, paths).values()}
    parts = [
        Part(
            scans.directory / scan.body,
            entry["in_place"],
            entry["stamp"],
            scan.deletions,
            scan.unreadable,
        )
        for entry in entries
        if (scan := scanned[entry["file_sha256"]]) is not None
    ]
    return stage_parts(run.con, parts)


def forget_parts(run: Run) -> None:
    """Remove what workers wrote, once all of it is committed; never a part of it alone."""
    scans = run.settings.scans(run.origin)
    going = scans.with_name(f"{scans.name}.gone")
    shutil.rmtree(going, ignore_errors=True)
    if scans.exists():
        scans.rename(going)
        shutil.rmtree(going, ignore_errors=True)


def other_kind(run: Run) -> ConfigurationError:
    """What to say where an archive would keep whole files in some of its runs and not in others."""
    name = run.origin.partition(":")[2]
    if run.keeps_all:
        holds, way = "only what matches its searches", "give another --name."
    else:
        holds = "every record of its files"
        way = f"`ketum bulk-load --all FILES --name {name}`, or give another --name."
    return ConfigurationError(
        f"The archive {name!r} keeps {holds}, and this run would not.",
        effect="Nothing was read, and nothing changed.",
        next_step=way,
    )


def _scan(run: Run, files: list[Path]) -> dict[Path, Scan]:
    options = run.options
    return many_files.scan_all(
        files, WholeFileReader, run.reference, (), (), _scans(run), options.processes, options.dask
    )


def _scans(run: Run) -> Scans:
    """Where parts are; those made by another parser or other rules are not used."""
    return Scans.looking_for(run.settings.scans(run.origin), run.reference.sha256)


def _still_there(run: Run, entry: Entry) -> Path:
    """The file of a ledger line, by the link that the archive has to it.

    Raises:
        ConfigurationError: it is no longer there, or has other bytes.
    """
    link, place = run.archive.path(entry["in_place"]), Path(entry["place"])
    if not link.is_file() and place.is_file():  # a backup has no links
        run.archive.link(place, entry["file_sha256"])
    if fault := run.archive.fault_in_place(entry):
        raise ConfigurationError(
            fault,
            effect="Nothing changed.",
            next_step=f"put {entry['file']} back, fetch it from NLM once more, or make "
            f"{shown(place.parent)} a link to where it is now; then the same command.",
        )
    return link


# -- One file, read and judged by a worker


class WholeFileReader(FileReader):
    """Reads files whole, and judges their records by the same rules.

    What it finds of a file is a directory with the rows of each table as Parquet. Records are
    numbered within their file, and its name is not written there, so that a file that is moved or
    renamed need not be read again.
    """

    load_rules = staticmethod(partial(Reference.load, is_strict=False, is_known_good=True))

    def __init__(
        self, rules: Reference, _searches: Sequence[Search], _held: Collection[int], scans: Scans
    ) -> None:
        self.scans = scans
        self._reference = rules
        self._con = duckdb.connect()
        self._con.execute("SET threads = 1")  # each worker has a processor
        for path in fingerprint.schema_files(ROOT / "sql"):
            self._con.execute(path.read_text(encoding="utf-8"))
        stage.create_staging(self._con)

    def read(self, path: Path, digest: str, is_checked: bool) -> Scan:
        _require_xml(path)
        stage.empty_staging(self._con)
        batches = read_batches(path, stage.BATCH_SIZE)
        counts = stage.stage_batches(self._con, batches, raw_file=None, stamp="")
        judge_staged(self._con, self._reference)
        scan = Scan(
            file_sha256=digest,
            read=counts.records,
            kept=counts.records,
            deletions=counts.deletions,
            unreadable=counts.unreadable,
            matched=(),
            is_checked=is_checked,
            body=self.scans.name(digest, "parts"),
            others="",
        )
        about = {
            "numbers": counts.next_record_no - 1,
            "unknown": [[*key, number] for key, number in counts.tally.items()],
        }
        self._write(self.scans.directory / scan.body, about)
        self.scans.note(scan)
        return scan

    def _write(self, target: Path, about: dict[str, object]) -> None:
        """Write the tables into a directory that is there whole or not at all."""
        part = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(target, ignore_errors=True)  # of a run that was killed before it said so
        part.mkdir(parents=True)
        try:
            tables = {f"core.{name}": f"{stage.STAGING}.core.{name}" for name in STAGED}
            for name, table in (tables | JUDGED).items():
                file = part / f"{name}.parquet"
                self._con.execute(f"COPY {table} TO {literal(file)} (FORMAT parquet)")
            (part / ABOUT).write_text(json.dumps(about), encoding="utf-8")
            for file in part.iterdir():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
            sync_directory(part)
            part.replace(target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def _require_xml(path: Path) -> None:
    """See that a file is XML.

    Raises:
        SourceError: it is not, or is damaged where it begins.
    """
    with open_bytes(path) as stream:
        if sniff(stream)[0] == "xml":
            return
    raise SourceError(
        f"{source_name(path)} is not PubMed XML.",
        effect="The file was not read; what was read before it is kept.",
        next_step="`bulk-load --all` keeps NLM's files; read exports and lists with "
        "`ketum update --from`.",
    )
