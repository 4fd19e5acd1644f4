"""The parts of a large set: relations cut by ranges of PMIDs, and what says that a part changed.

A day touches few parts, and one that holds the rows it held in the set before is a hard link to
it. A fingerprint of its rows, taken inside the database, tells whether it does, never a date. Of
tables that are written a record at a time, fingerprints are taken where the run touched a record;
`ketum verify` takes all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import duckdb

from pipeline.outputs import manifest
from pipeline.outputs.manifest import Manifest, OddManifestError, Part, StatedFile
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from pipeline.storage import link, literal, sha256_of
from pipeline.warehouse import fingerprint, touched, views

LARGE = 50_000
"""A relation with more rows, of a set with more records, is cut into parts."""
MOST_PARTS = 128
"""Of a relation, about; their ranges get wider before there are more."""
NARROWEST = 10_000
"""PMIDs of a part at least."""
BY_RECORD = frozenset({
    "core.abstracts", "core.article_citations", "core.article_years", "core.mesh_descriptors",
    "evidence.article_groups", "evidence.study_type_explained", "evidence.value_rows",
})  # fmt: skip
"""Views whose rows of a record follow from rows of this record alone, and from tables that know no
records. Whether a part of them changed is seen by the tables they read: making all their rows
takes ten times as long as looking at those. In a large set they are cut, however few rows."""
BY_TOUCH = frozenset({f"core.{name}" for name in PARSED_COLUMNS} | {
    f"evidence.{name}"
    for name in (
        "article_topics", "article_study_types", "article_type_aspects", "study_type_suggestions",
        "article_flags", "article_facets", "article_ties", "registrations", "article_claims",
        "study_groups", "proofs",
    )
})  # fmt: skip
"""Tables whose rows of a record change only where a run touches it (`warehouse.touched`)."""
ORDERED_BY = {
    "core.abstract_sections": "pmid, section_no",
    "core.affiliations": "pmid, author_no, affiliation_no",
    "core.authors": "pmid, author_no",
    "core.cited_references": "pmid, reference_no",
    "evidence.study_type_explained": "pmid, study_type, proof_no",
}
"""Columns that no two rows of a relation share (`child_rows_are_unique`); those between them follow
from the ones before. Ordering by these is ordering by all, and saves a tenth of writing a part."""
_READ = re.compile(r"\b(?:core|evidence|ops)\.\w+")


class Ahead:
    """SHA-256 of the parts of the set before, taken beside steps that leave a processor idle.

    What is linked is hashed in the run that links it, and nothing says that it must wait for the
    end of that run. A hash counts for the very file, of the size and time, that it was taken of.

    Args:
        before: directory of that set, if there is one.
    """

    def __init__(self, before: Path | None) -> None:
        self._before = before
        self._sums: dict[tuple[int, ...], str] = {}

    def begin(self) -> None:
        """Take them, in a thread."""
        if self._before is None:
            return
        try:
            files = manifest.read(self._before).files
        except OddManifestError:
            return  # publishing says so
        paths = [self._before / name for name, one in files.items() if one.fingerprint is not None]
        if paths:
            Thread(target=self._take, args=(paths,), daemon=True).start()

    def _take(self, paths: list[Path]) -> None:
        for path in paths:
            with suppress(OSError):  # publishing looks at it again, and says so
                state = _state(path)
                self._sums[state] = sha256_of(path)

    def of(self, path: Path) -> str | None:
        """The SHA-256 of a file; None where it was not taken yet."""
        return self._sums.get(_state(path))


def _state(path: Path) -> tuple[int, ...]:
    now = path.stat()
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns


@dataclass(frozen=True)
class Cut:
    """How relations are cut in a set.

    Attributes:
        width: PMIDs of a part.
        made_by: fingerprint of the program and libraries that write parts.
        before: directory of the set whose parts can be taken over, if there is one.
        stated: what that set states of its files.
        touched: the parts that hold a record which differs from that set; None where nobody knows.
        ahead: the SHA-256 of its parts that were taken earlier in this run.
    """

    width: int
    made_by: str
    before: Path | None = None
    stated: Mapping[str, StatedFile] = field(default_factory=dict)
    touched: frozenset[int] | None = None
    ahead: Ahead | None = None

    def name(self, relation: str, part: int) -> str:
        """The file of a part, within the set."""
        first = part * self.width
        return f"tables/{relation}/{first}_to_{first + self.width - 1}.parquet"


def cut_for(
    con: duckdb.DuckDBPyConnection,
    sql: Path,
    previous: Path | None,
    last_run: str | None = None,
    ahead: Ahead | None = None,
) -> Cut | None:
    """How the large relations of a set are cut; None where the set is small and none is.

    Args:
        con: the set's tables, and the connection of the run that made them.
        sql: the SQL files, which count for the fingerprint of the program.
        previous: the set before.
        last_run: the run before: what this run touched says what differs from its set alone.
        ahead: the SHA-256 of parts that were taken earlier in this run.
    """
    row = con.execute("SELECT count(*), min(pmid), max(pmid) FROM core.articles").fetchone()
    assert row is not None
    count, first, last = row
    if count <= LARGE:
        return None
    width = NARROWEST
    while (last - max(first, 0)) // width >= MOST_PARTS:
        width *= 10
    made_by = fingerprint.program(sql).hex()
    if previous is not None:
        try:
            before = manifest.read(previous)
        except OddManifestError:  # publishing says so
            return Cut(width, made_by)
        if before.parts_made_by == made_by:
            known = touched.parts(con, width) if before.run_id == last_run else None
            return Cut(width, made_by, previous, before.files, known, ahead)
    return Cut(width, made_by)


class Marks:
    """Fingerprints of the parts of relations, each taken once.

    Args:
        con: the set's tables.
        cut: how they are cut; of parts that nothing touched it states the fingerprint.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, cut: Cut) -> None:
        self._con = con
        self._cut = cut
        self._part = f"floor(pmid / {cut.width})::INTEGER"
        self._found: dict[str, dict[int | None, str]] = {}

    def of(self, relation: str) -> dict[int | None, str]:
        """Number of each part to a fingerprint of its rows; of a table without PMIDs: None."""
        if relation not in self._found:
            by_record = relation in BY_RECORD
            self._found[relation] = self._by_tables(relation) if by_record else self._own(relation)
        return self._found[relation]

    def _own(self, relation: str) -> dict[int | None, str]:
        if self._cut.touched is None or relation not in BY_TOUCH:
            columns = self._con.execute(f"FROM {relation} LIMIT 0").description
            return self._taken(relation, "pmid" in [column[0] for column in columns])
        rows = self._con.execute(
            f"SELECT {self._part} AS part, count(*) FROM {relation} GROUP BY part ORDER BY part"
        ).fetchall()
        stands = {part: self._before(relation, part, count) for part, count in rows}
        width = self._cut.width
        changed = [
            f"pmid BETWEEN {part * width} AND {(part + 1) * width - 1}"
            for part, mark in stands.items()
            if mark is None
        ]
        if changed:
            stands |= self._taken(relation, True, f"WHERE {' OR '.join(changed)}")
        return {part: mark for part, mark in stands.items() if mark is not None}

    def _before(self, relation: str, part: int, count: int) -> str | None:
        """The fingerprint of a part that nothing touched, as the set before states it.

        None where its rows are not as many as there: a run forgot to say what it touched.
        """
        stated = self._cut.stated.get(self._cut.name(relation, part))
        assert self._cut.touched is not None
        if part in self._cut.touched or stated is None or stated.row_count != count:
            return None
        return stated.fingerprint

    def _taken(self, relation: str, has_pmid: bool, where: str = "") -> dict[int | None, str]:
        rows = self._con.execute(
            f"""
            SELECT {self._part if has_pmid else "NULL"} AS part,
                concat(count(*), '-', to_hex(bit_xor(hash(t))), '-', sum(hash(t)::HUGEINT))
            FROM {relation} AS t {where}
            GROUP BY part
            ORDER BY part
            """
        ).fetchall()
        return dict(rows)

    def _by_tables(self, view: str) -> dict[int | None, str]:
        text = views.query_of(self._con, view)
        read = [self.of(one) for one in sorted({*_READ.findall(text)} - {view})]
        found: dict[int | None, str] = {}
        for part in self.of("core.articles"):
            below = [text, *(marks.get(part, marks.get(None)) for marks in read)]
            found[part] = hashlib.sha256(repr(below).encode()).hexdigest()
        return found


def write(
    con: duckdb.DuckDBPyConnection, relation: str, part: int | None, mark: str, cut: Cut, to: Path
) -> tuple[str, Part] | None:
    """Write a part of a relation, or link that of the set before where nothing changed.

    Args:
        con: the set's tables.
        relation: with its schema.
        part: its number.
        mark: the fingerprint of its rows.
        cut: how the relation is cut.
        to: directory of the set.

    Returns:
        name of the file within the set, its rows and what they say; None for a part of a view
        that has no rows of these records.
    """
    assert part is not None
    name = cut.name(relation, part)
    path = to / name
    count = _take_over(name, path, mark, cut)
    if count is None:
        first, order = part * cut.width, ORDERED_BY.get(relation, "ALL")
        with con.cursor() as own:
            written = own.execute(
                f"COPY (FROM {relation} WHERE pmid BETWEEN {first} AND {first + cut.width - 1} "
                f"ORDER BY {order}) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
            ).fetchone()
        assert written is not None
        count = int(written[0])
    if count:
        return name, Part(count, mark)
    path.unlink()
    return None


def differing(con: duckdb.DuckDBPyConnection, sql: Path, stated: Manifest) -> list[str]:
    """The parts whose rows are not those that the database of their set holds.

    Args:
        con: the database of the set.
        sql: the SQL files.
        stated: the manifest of the set. Of a set made by another program or library none is named,
            since their fingerprints cannot be compared.
    """
    cut = cut_for(con, sql, None)
    if cut is None or cut.made_by != stated.parts_made_by:
        return []
    marks = Marks(con, cut)
    parts = {name: file for name, file in stated.files.items() if file.fingerprint is not None}
    held = {
        cut.name(relation, part): mark
        for relation in {manifest.relation_of(name) for name in parts}
        if relation is not None
        for part, mark in marks.of(relation).items()
        if part is not None
    }
    return sorted(name for name, file in parts.items() if held.get(name) != file.fingerprint)


def _take_over(name: str, path: Path, mark: str, cut: Cut) -> int | None:
    """Link a part of the set before if it holds the same rows and is as that set states it.

    Returns:
        its rows; None where it must be written.
    """
    stated = cut.stated.get(name)
    if cut.before is None or stated is None or stated.fingerprint != mark:
        return None
    source = cut.before / name
    digest = cut.ahead.of(source) if cut.ahead and source.is_file() else None
    if manifest.fault_of(cut.before, name, stated, digest) or not link(source, path):
        return None
    return stated.row_count
