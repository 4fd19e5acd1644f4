"""NLM's files kept whole (`bulk-load --all`): they stay where they are, and every record is held.

Workers read and judge a file each (`whole_file`); what they wrote is merged once, all files
together, in the run's transaction. A run that was killed or undone finds it all there again. The
archive has a link to each file, and its ledger the SHA-256 and the place.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline import journal as journals
from pipeline import many_files
from pipeline.errors import ConfigurationError
from pipeline.evidence.whole_file import JUDGED
from pipeline.from_files import Matched
from pipeline.pubmed.archive import Entry
from pipeline.run import Run
from pipeline.scan import Scan, Scans, check_md5
from pipeline.storage import sha256_of, shown
from pipeline.warehouse import fingerprint
from pipeline.warehouse.parts import Part, stage_parts
from pipeline.warehouse.stage import Staged

log = logging.getLogger("ketum")


def archive_whole(run: Run) -> Matched:
    """Read the run's files whole, and note in the archive where they are.

    A file that a committed run has read by the same bytes and name is not read again; only its
    place is noted anew.

    Raises:
        SourceError: a file is damaged or cut, is no XML, or differs from its .md5.
    """
    files = run.options.from_files
    earlier = list(_earlier(run))
    known = {(one["file_sha256"], one["stamp"]) for one in earlier}
    held = {}
    for path in files if known else ():
        check_md5(path)
        digest = sha256_of(path)
        if (digest, many_files.stamp(path)) in known:
            held[path] = digest
    if held:
        log.info("%d of %d files were loaded before", len(held), len(files))
    found = _scan(run, [path for path in files if path not in held])
    for path in files:
        scan = found.get(path)
        digest = scan.file_sha256 if scan else held[path]
        entry: Entry = {
            "kind": "records",
            "file": shown(Path(path.name)),
            "received_at": run.as_of.isoformat(),
            "stamp": many_files.stamp(path),
            "in_place": run.archive.link(path, digest),
            "place": str(path.resolve()),
            "file_sha256": digest,
        }
        if scan is not None:
            entry |= {"records_read": scan.read, "records_kept": scan.read}
        run.archive.note(run.run_id, entry)
    names = [Path(one["file"]) for one in earlier]
    told = many_files.missing([*names, *files])
    return Matched(
        files=len(files),
        read=sum(scan.read for scan in found.values()),
        kept=sum(scan.read for scan in found.values()),
        deletions=sum(scan.deletions for scan in found.values()),
        notes=(told,) if told else (),
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
    return stage_parts(run.con, parts, [name.partition(".")[2] for name in JUDGED])


def forget_parts(run: Run) -> None:
    """Remove what workers wrote, once all of it is committed; never a part of it alone."""
    scans = run.settings.scans(run.origin)
    going = scans.with_name(f"{scans.name}.gone")
    shutil.rmtree(going, ignore_errors=True)
    if scans.exists():
        scans.rename(going)
        shutil.rmtree(going, ignore_errors=True)


def _earlier(run: Run) -> Iterator[Entry]:
    """What the ledgers of committed runs say of files."""
    for journal in journals.read_done(run.settings.runs, run.origin):
        yield from run.archive.entries(journal.run_id, "records")


def other_kind(run: Run) -> ConfigurationError:
    """What to say where an archive would keep whole files in some of its runs and not in others."""
    name = run.origin.partition(":")[2]
    if run.keeps_all:
        holds, way = "what matches its searches", "give another --name."
    else:
        holds = "every record of its files"
        way = f"`ketum bulk-load --all FILES --name {name}`, or give another --name."
    return ConfigurationError(
        f"The archive {name} keeps {holds}, and this run would not.",
        effect="Nothing was read, and nothing changed.",
        next_step=way,
    )


def _scan(run: Run, files: list[Path]) -> dict[Path, Scan]:
    options = run.options
    return many_files.scan_all(
        files, run.reference, (), (), _scans(run), options.processes, options.dask
    )


def _scans(run: Run) -> Scans:
    """Where parts lie; those of another parser or of other rules are not taken up."""
    key = f"{fingerprint.parser_version()} {run.reference.sha256}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    return Scans(run.settings.scans(run.origin), digest, wanted="everything")


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
            f"{shown(place.parent)} a link to where it lies now; then the same command.",
        )
    return link
