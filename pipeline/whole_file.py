"""One of NLM's files kept whole: the rows of every record, and its judgement, as Parquet.

What one worker writes of a file lies where scans are (`scan`), a directory of a table each, and
`whole_files` has the warehouse read all of them together. Records are numbered within their file,
and its name stands nowhere, so that a file that is moved or renamed need not be read again.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import duckdb

from pipeline.errors import SourceError
from pipeline.evidence.reference import Reference
from pipeline.evidence.whole_file import JUDGED, judge_staged
from pipeline.pubmed.parsing.bytes import open_bytes, source_name
from pipeline.pubmed.records import read_batches, sniff
from pipeline.scan import Scan, Scans, scan_once
from pipeline.settings import ROOT
from pipeline.storage import literal, sync_directory
from pipeline.warehouse import fingerprint, stage
from pipeline.warehouse.parts import ABOUT, STAGED


class WholeFileReader:
    """Reads files whole, one after the other, and judges their records by the same rules."""

    def __init__(self, reference: Reference, scans: Scans) -> None:
        """Make the tables.

        Args:
            reference: what records are judged by.
            scans: where results go.
        """
        self._reference = reference
        self._scans = scans
        self._con = duckdb.connect()
        self._con.execute("SET threads = 1")  # each worker has a processor
        for path in fingerprint.schema_files(ROOT / "sql"):
            self._con.execute(path.read_text(encoding="utf-8"))
        stage.create_staging(self._con)

    def scan(self, path: Path) -> Scan:
        """Read a file to its end, unless an earlier run did.

        Raises:
            SourceError: it is no PubMed XML, damaged, cut, or not what its .md5 says.
        """
        return scan_once(path, self._scans, self._scan)

    def _scan(self, path: Path, digest: str, is_checked: bool) -> Scan:
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
            body=self._scans.name(digest, "parts"),
            others="",
        )
        about = {
            "numbers": counts.next_record_no - 1,
            "unknown": [[*key, number] for key, number in counts.tally.items()],
        }
        self._write(self._scans.directory / scan.body, about)
        self._scans.note(scan)
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
