"""Every relation as files under tables/.

A relation of a small set is two files, Parquet and CSV, which anybody opens. A large one of a
large set is Parquet alone, a file for each range of PMIDs: a day touches few of them, and a part
that holds the rows it held in the set before is a hard link to it. Whether it does says a
fingerprint of its rows, taken inside the database, never a date.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import duckdb

from pipeline import progress
from pipeline.escaping import FORMULA
from pipeline.outputs import manifest
from pipeline.outputs.manifest import Exported, OddManifestError, Part, StatedFile
from pipeline.storage import link, literal
from pipeline.warehouse import fingerprint

SCHEMAS = ("core", "evidence", "marts", "ops")
# raw bytes, a view as large as all texts together, and the program's own notes; all of them
# are in ketum.duckdb
NOT_EXPORTED = {"ops.quarantine", "core.article_words", "ops.judged"}
FORMATS = ("parquet", "csv")

LARGE = 50_000
"""A relation with more rows, of a set with more records, is cut into parts."""
MOST_PARTS = 128
"""Of a relation, about; their ranges get wider before there are more."""
NARROWEST = 10_000
"""PMIDs of a part at least."""
BY_RECORD = frozenset({
    "core.abstracts", "core.article_citations", "core.article_years", "core.mesh_descriptors",
    "evidence.study_type_explained",
})  # fmt: skip
"""Views whose rows of a record follow from rows of this record alone, and from tables that know no
records. Whether a part of them changed is seen by the tables they read: making all their rows
takes ten times as long as looking at those."""
_READ = re.compile(r"\b(?:core|evidence|ops)\.\w+")


@dataclass(frozen=True)
class Cut:
    """How relations are cut in a set.

    Attributes:
        width: PMIDs of a part.
        made_by: fingerprint of the program and libraries that write parts.
        before: directory of the set whose parts can be taken over, if there is one.
        stated: what that set states of its files.
    """

    width: int
    made_by: str
    before: Path | None = None
    stated: Mapping[str, StatedFile] = field(default_factory=dict)


def cut_for(con: duckdb.DuckDBPyConnection, sql: Path, previous: Path | None) -> Cut | None:
    """How the large relations of a set are cut; None where the set is small and none is.

    Args:
        con: the set's tables.
        sql: the SQL files, which count for the fingerprint of the program.
        previous: the set before.
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
            return Cut(width, made_by, previous, before.files)
    return Cut(width, made_by)


def export_all(
    con: duckdb.DuckDBPyConnection,
    directory: Path,
    kept: Mapping[str, int],
    cut: Cut | None = None,
) -> list[Exported]:
    """Write `<schema>.<relation>.parquet` and `.csv` for every table and view.

    CSV: UTF-8 with header; lists as JSON; text that a spreadsheet would run as a
    formula gets a leading apostrophe. Parquet holds the values as they are.

    Args:
        con: the set's tables.
        directory: where to write.
        kept: relations whose files are there already, with their rows.
        cut: how large relations are cut into `<schema>.<relation>/*.parquet`.
    """
    rows = con.execute(
        """
        SELECT c.schema_name, c.table_name, coalesce(t.comment, v.comment, ''),
            list([c.column_name, c.data_type, coalesce(c.comment, '')] ORDER BY c.column_index)
        FROM duckdb_columns() AS c
        LEFT JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
        LEFT JOIN duckdb_views() AS v
            ON v.database_name = c.database_name AND v.schema_name = c.schema_name
            AND v.view_name = c.table_name
        WHERE c.database_name = current_database() AND list_contains(?, c.schema_name)
        GROUP BY ALL ORDER BY 1, 2
        """,
        [list(SCHEMAS)],
    ).fetchall()
    exported = []
    marks = _Marks(con, cut.width) if cut else None
    for number, (schema, table, comment, columns) in enumerate(rows):
        progress.note(number, len(rows), "tables")
        relation = f"{schema}.{table}"
        if relation in NOT_EXPORTED:
            continue
        fields = [(name, data_type, remark) for name, data_type, remark in columns]
        if relation in kept:
            exported.append(Exported(relation, comment, fields, kept[relation]))
            continue
        counted = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
        assert counted is not None
        count = int(counted[0])
        has_pmid = any(name == "pmid" for name, _, _ in fields)
        if cut and marks and has_pmid and schema != "marts" and count > LARGE:
            parts = _write_parts(con, relation, directory, cut, marks)
            exported.append(Exported(relation, comment, fields, count, parts))
            continue
        target = directory / relation
        parquet, text = (literal(target.with_name(f"{relation}.{kind}")) for kind in FORMATS)
        con.execute(f"COPY {relation} TO {parquet} (FORMAT parquet, COMPRESSION zstd)")
        if not target.with_name(f"{relation}.csv").exists():  # `redated` wrote it
            con.execute(
                f"COPY (SELECT {', '.join(_csv_column(*field) for field in fields)} "
                f"FROM {relation}) TO {text} (FORMAT csv, HEADER true)"
            )
        exported.append(Exported(relation, comment, fields, count))
    return exported


def _csv_column(name: str, data_type: str, _remark: str) -> str:
    if data_type.endswith("[]"):
        value = f"to_json({name})::VARCHAR"
    elif data_type == "VARCHAR":
        value = name
    else:
        return name
    guarded = f"regexp_matches({value}, '{FORMULA}')"
    return f"CASE WHEN {guarded} THEN '''' || {value} ELSE {value} END AS {name}"


class _Marks:
    """Fingerprints of the parts of relations, each taken once.

    Args:
        con: the set's tables.
        width: PMIDs of a part.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, width: int) -> None:
        self._con = con
        self._part = f"floor(pmid / {width})::INTEGER"
        self._found: dict[str, dict[int | None, str]] = {}

    def of(self, relation: str) -> dict[int | None, str]:
        """Number of each part to a fingerprint of its rows; of a table without PMIDs: None."""
        if relation not in self._found:
            by_record = relation in BY_RECORD
            self._found[relation] = self._by_tables(relation) if by_record else self._own(relation)
        return self._found[relation]

    def _own(self, relation: str) -> dict[int | None, str]:
        columns = self._con.execute(f"FROM {relation} LIMIT 0").description
        part = self._part if "pmid" in [column[0] for column in columns] else "NULL"
        rows = self._con.execute(
            f"""
            SELECT {part} AS part,
                concat(count(*), '-', to_hex(bit_xor(hash(t))), '-', sum(hash(t)::HUGEINT))
            FROM {relation} AS t
            GROUP BY part
            ORDER BY part
            """
        ).fetchall()
        return dict(rows)

    def _by_tables(self, view: str) -> dict[int | None, str]:
        schema, _, name = view.partition(".")
        (text,) = self._con.execute(
            "SELECT sql FROM duckdb_views() WHERE database_name = current_database() "
            "AND schema_name = ? AND view_name = ?",
            [schema, name],
        ).fetchall()[0]
        read = [self.of(one) for one in sorted({*_READ.findall(text)} - {view})]
        numbers = sorted({part for marks in read for part in marks if part is not None})
        found: dict[int | None, str] = {}
        for part in numbers:
            below = [text, *(marks.get(part, marks.get(None)) for marks in read)]
            found[part] = hashlib.sha256(repr(below).encode()).hexdigest()
        return found


def _write_parts(
    con: duckdb.DuckDBPyConnection, relation: str, directory: Path, cut: Cut, marks: _Marks
) -> dict[str, Part]:
    """Write a relation into a directory of its own, a file a part, and link what did not change.

    Returns:
        name of each file within the set, with its rows and what they say.
    """
    own = directory / relation
    own.mkdir()
    made: dict[str, Part] = {}
    for part, mark in marks.of(relation).items():
        assert part is not None
        first = part * cut.width
        last = first + cut.width - 1
        path = own / f"{first}_to_{last}.parquet"
        name = PurePosixPath(directory.name, relation, path.name).as_posix()
        count = _take_over(name, path, mark, cut)
        if count is None:
            written = con.execute(
                f"COPY (FROM {relation} WHERE pmid BETWEEN {first} AND {last} ORDER BY ALL) "
                f"TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
            ).fetchone()
            assert written is not None
            count = int(written[0])
        if count:
            made[name] = Part(count, mark)
        else:  # of a view that has no rows of these records
            path.unlink()
    return made


def _take_over(name: str, path: Path, mark: str, cut: Cut) -> int | None:
    """Link a part of the set before if it holds the same rows and is as that set states it.

    Returns:
        its rows; None where it must be written.
    """
    stated = cut.stated.get(name)
    if cut.before is None or stated is None or stated.fingerprint != mark:
        return None
    if manifest.fault_of(cut.before, name, stated) or not link(cut.before / name, path):
        return None
    return stated.row_count
