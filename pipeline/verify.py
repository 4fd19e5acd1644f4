"""`ketum verify`: is a published set, or a raw archive, still what it was when it was written?

A set is held against its manifest, an archive against its ledgers and journals. Only reads, takes
no lock, and changes nothing.
"""

# SQL here names relations as the database itself quotes them.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipeline import journal as journals
from pipeline import progress
from pipeline.errors import CheckError, ConfigurationError
from pipeline.escaping import for_terminal_lines
from pipeline.journal import Journal
from pipeline.outputs import manifest, parts
from pipeline.outputs.manifest import Manifest, OddManifestError
from pipeline.outputs.tables import NOT_EXPORTED, SCHEMAS
from pipeline.pubmed import about_pubmed, sync
from pipeline.pubmed.archive import Archive, Entry
from pipeline.pubmed.search import RECOUNT, WINDOW, read_page
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer
from pipeline.settings import ROOT, Settings, slug
from pipeline.storage import first_line, for_duckdb, shown
from pipeline.warehouse import touched
from pipeline.warehouse.breakdowns import is_in_use
from pipeline.warehouse.database import ALONE, CONTRACT_VERSION, read_check

SET, ARCHIVE = "set", "archive"
DATABASE = "ketum.duckdb"
ORPHANS_SHOWN = 5


@dataclass
class Report:
    """What was found of one set or archive.

    Attributes:
        kind: set or archive.
        path: where it is.
        counts: what was looked at, by name.
        faults: what is damaged, one sentence each; none means whole.
        orphans: files of an archive that nothing names: listed, and not faults.
        notes: what could not be looked at.
    """

    kind: str
    path: str
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "is_whole": self.is_whole}

    def text(self) -> str:
        """For the terminal."""
        counted = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        lines = [f"{'whole  ' if self.is_whole else 'DAMAGED'}  {self.kind} {self.path}: {counted}"]
        lines += [f"  {fault}" for fault in self.faults]
        lines += [f"  {note}" for note in self.notes]
        if self.orphans:
            shown = ", ".join(self.orphans[:ORPHANS_SHOWN])
            more = len(self.orphans) - ORPHANS_SHOWN
            shown += f" and {more} more" if more > 0 else ""
            lines.append(f"  {len(self.orphans)} file(s) that nothing names, harmless: {shown}")
        return for_terminal_lines(lines)


def verify(settings: Settings, path: Path | None = None) -> list[Report]:
    """Verify a set or an archive; without a path the latest set and every origin's archive.

    Raises:
        ConfigurationError: the path is neither, or there is nothing yet.
    """
    if path is not None:
        if (path / "manifest.json").is_file() or (path / DATABASE).is_file():
            return [verify_set(path)]
        if (path / "objects").is_dir() or any((path / "runs").glob("*.jsonl")):
            return [verify_archive(path)]
        raise ConfigurationError(
            f"{path} is neither a published set (manifest.json) nor a raw archive (objects/, "
            "runs/).",
            effect="Nothing was verified.",
            next_step="name one of data/published/ or data/raw/, or leave the path out.",
        )
    reports = []
    if settings.latest.is_symlink() or settings.latest.exists():
        reports.append(verify_set(settings.latest))
    raw = settings.data / "raw"
    if raw.is_dir():
        reports += [verify_archive(root) for root in sorted(raw.iterdir()) if root.is_dir()]
    if not reports:
        raise ConfigurationError(
            f"There is neither a set nor an archive under {settings.data} yet.",
            effect="Nothing was verified.",
            next_step="`ketum update` (live PubMed) or `ketum update --offline` (demonstration).",
        )
    return reports


def require_whole(reports: list[Report]) -> None:
    """See that nothing is damaged.

    Raises:
        CheckError: something is; names the first fault of each, and what helps.
    """
    damaged = [report for report in reports if not report.is_whole]
    if not damaged:
        return
    first_faults = [f"{report.path} ({report.faults[0]})" for report in damaged]
    kinds = {report.kind for report in damaged}
    effects = {
        ARCHIVE: "`ketum rebuild` cannot make the same warehouse of such an archive.",
        SET: "Readers of such a set may see wrong or missing data.",
    }
    steps = {
        ARCHIVE: "restore the named files of an archive from a copy, as PubMed may not send the "
        "same again;",
        SET: "`ketum rebuild --origin ORIGIN` writes a newest set anew, an older one comes from a "
        "copy;",
    }
    raise CheckError(
        f"{len(damaged)} of {len(reports)} verified are damaged: {'; '.join(first_faults)}.",
        effect=" ".join(effects[kind] for kind in effects if kind in kinds),
        next_step=" ".join(steps[kind] for kind in steps if kind in kinds)
        + " then `ketum verify` again.",
    )


def verify_set(directory: Path) -> Report:
    """A published set: every file with its size and SHA-256, no other file, rows as stated.

    The directory is resolved once, so that a run that switches `latest` meanwhile does no harm.
    """
    report = Report(SET, shown(directory))
    directory = directory.resolve()
    try:
        stated = manifest.read(directory)
    except OddManifestError as error:
        report.faults.append(f"It cannot be held against its manifest: {error}.")
        return report
    damaged = dict(manifest.faults(directory, stated))
    report.faults += damaged.values()
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and name not in stated.files and name != "manifest.json":
            report.faults.append(f"{name} is not in the manifest.")
    report.counts = {"files": len(stated.files), "relations": len(stated.row_counts())}
    if DATABASE not in stated.files:
        report.faults.append(f"{DATABASE} is not in the manifest.")
    elif DATABASE in damaged:
        report.notes.append(f"{DATABASE} was not opened, as its bytes are not those stated.")
    else:
        _compare_rows(report, directory / DATABASE, stated)
    return report


WHOLE = (
    "child_rows_are_unique", "every_label_has_proof", "no_orphan_rows",
    "proofs_stand_where_they_say",
)  # fmt: skip
"""Checks that a run makes of the records it touched alone."""


def _check_whole(report: Report, con: duckdb.DuckDBPyConnection) -> None:
    """Make the checks of `WHOLE` of all records."""
    touched.note_all(con)
    for name in WHOLE:
        check = read_check(ROOT / "sql" / "checks" / f"{name}.sql")
        if rows := con.execute(check.query).fetchmany(3):
            report.faults.append(f"{DATABASE} fails the check {name}, e.g. {rows[0]}.")


def _compare_rows(report: Report, path: Path, stated: Manifest) -> None:
    """Note where the rows of the database's relations differ from what the manifest states.

    The database may be of strangers, with views of their own making: it can reach no other file.
    """
    rows = stated.row_counts()
    try:
        with duckdb.connect(for_duckdb(path.resolve()), read_only=True, config=ALONE) as con:
            relations = con.execute(
                """
                SELECT DISTINCT schema_name || '.' || table_name,
                    format('"{}"."{}"', schema_name, table_name)
                FROM duckdb_columns()
                WHERE database_name = current_database() AND list_contains(?, schema_name)
                ORDER BY 1
                """,
                [list(SCHEMAS)],
            ).fetchall()
            held = {
                name: con.execute(f"SELECT count(*) FROM {quoted}").fetchall()[0][0]
                for name, quoted in relations
                if name not in NOT_EXPORTED
            }
            if stated.contract_version == CONTRACT_VERSION and held.keys() == rows.keys():
                _check_whole(report, con)
                report.faults += (
                    f"{name} does not hold the rows of {DATABASE}."
                    for name in parts.differing(con, ROOT / "sql", stated)
                )
    except duckdb.Error as error:
        if is_in_use(error):
            report.notes.append(
                f"The rows of {DATABASE} were not counted, as another program holds it open for "
                "writing. Its bytes are still those stated."
            )
        else:
            report.faults.append(f"{DATABASE} cannot be read: {first_line(error)}")
        return
    report.faults += (
        f"{name} has {held.get(name, 'no')} rows in {DATABASE} and "
        f"{rows.get(name, 'none')} in the manifest."
        for name in sorted(held.keys() | rows.keys())
        if held.get(name) != rows.get(name)
    )


# -- A raw archive: every ledger line has its body, and the body is what the line states
#
# Everything else can be rebuilt from the raw archive, so it is what must not be damaged. A run at
# work does no harm: its unfinished ledger is checked as far as it goes.

_ANY_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 - naive UTC, as every time here; not looked at
_IS_SET = re.compile(rb"<PubmedArticleSet\b")


class _Line(NamedTuple):
    """A ledger line and where it is, or a reference file that a journal names (no entry)."""

    where: str
    entry: Entry


def verify_archive(root: Path) -> Report:
    """A raw archive (`objects/`, `runs/`), with the journals beside it (`../../runs`) if any."""
    report = Report(ARCHIVE, shown(root))
    archive = Archive(root)
    own = _own_journals(root, report)
    for journal in own:
        report.faults += _ledger_faults(archive, journal)
    named: dict[str, list[_Line]] = defaultdict(list)
    in_place: dict[str, Entry] = {}
    line_count = 0
    for ledger in sorted((root / "runs").glob("*.jsonl")):
        try:
            entries = archive.entries(ledger.stem)
        except ConfigurationError as error:
            report.faults.append(error.cause)
            continue
        line_count += len(entries)
        for number, entry in enumerate(entries, 1):
            if "object" in entry:
                named[entry["object"]].append(_Line(f"runs/{ledger.name} line {number}", entry))
            if "in_place" in entry:
                in_place[entry["in_place"]] = entry
    for journal in own:
        for name, stored in journal.reference.items():
            named[stored].append(_Line(f"{name} of run {journal.run_id}", {}))
    for number, (name, lines) in enumerate(sorted(named.items()), 1):
        progress.note(number, len(named), "files")
        report.faults += _object_faults(archive, name, lines)
    for number, entry in enumerate(in_place.values(), 1):
        progress.note(number, len(in_place), "files in place")
        if fault := archive.fault_in_place(entry):
            report.faults.append(fault)
    there = {
        path.relative_to(root).as_posix()
        for path in (root / "objects").rglob("*")
        if path.is_file()
    }
    report.orphans = sorted(there - named.keys())
    object_count = len(named) + len(in_place)
    report.counts = {"journals": len(own), "ledger lines": line_count, "objects": object_count}
    return report


def _own_journals(root: Path, report: Report) -> list[Journal]:
    """The journals of an archive's runs; a fault or note where one is damaged, or none there."""
    runs = root.resolve().parent.parent / "runs"
    found = []
    if runs.is_dir():
        try:
            found = journals.read_all(runs, must_be_whole=True)
        except ConfigurationError as error:
            report.faults.append(error.cause)
            found = journals.read_all(runs)
    own = [journal for journal in found if slug(journal.origin) == root.resolve().name]
    if not own:
        report.notes.append("It has no journal here, so that reference files were not looked for.")
    return own


def _ledger_faults(archive: Archive, journal: Journal) -> Iterator[str]:
    """A run that was committed has a ledger, and its last line is whole."""
    if not journal.is_done:
        return
    ledger = archive.ledger(journal.run_id)
    if not ledger.is_file():
        yield f"The ledger runs/{ledger.name} of a committed run is missing."
    elif not ledger.read_bytes().endswith(b"\n"):
        yield f"The ledger runs/{ledger.name} of a committed run is cut."


def _object_faults(archive: Archive, name: str, lines: list[_Line]) -> Iterator[str]:
    """What is wrong with one body, read once for all the lines that name it."""
    try:
        body = archive.get(name)
    except ConfigurationError as error:
        yield f"{error.cause} It is named by {lines[0].where} and {len(lines) - 1} more."
        return
    seen: set[str] = set()
    for line in lines:
        for fault in _line_faults(body, line.entry):
            if fault not in seen:  # the same body is often received anew, and stated alike
                seen.add(fault)
                yield f"{name} is not what {line.where} states: {fault}."


def _line_faults(body: bytes, entry: Entry) -> Iterator[str]:
    """Where a body differs from what a ledger line says of it."""
    if "bytes" in entry and entry["bytes"] != len(body):
        yield f"it has {len(body)} bytes, not {entry['bytes']}"
    try:
        if entry.get("kind") == about_pubmed.KIND:
            count, _ = about_pubmed.read_count(body)
            if count != entry.get("count"):
                yield f"it counts {count} records, not {entry.get('count')}"
        elif "role" in entry:
            page = read_page(body, entry["role"], {}, _ANY_TIME)
            if page.count != entry.get("count"):
                yield f"it counts {page.count} records, not {entry.get('count')}"
            is_listed = page.count <= WINDOW and entry["role"] != RECOUNT
            if is_listed and len(page.pmids) != page.count:
                yield f"it lists {len(page.pmids)} records, not {page.count}"
        elif "pmids" in entry:
            sync.check_set(entry["pmids"])(body)
            if sync.pmids_in(body) != set(entry["pmids"]):
                yield "its records are not those of the PMIDs listed"
        elif _IS_SET.search(body[:1000]) and not body.rstrip().endswith(b"</PubmedArticleSet>"):
            # those of files may hold records that nobody can read
            yield "it is not a complete PubmedArticleSet"
    except (TransientAnswer, PermanentAnswer) as answer:
        yield str(answer)
