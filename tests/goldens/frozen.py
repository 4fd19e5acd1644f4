"""Rows and files as frozen: read from a warehouse or a published set, kept, and compared.

Left out are ids and times: what two runs of the same program and records differ in. A table is
kept by record (its PMID, else its first two columns): as rows for the demonstration, for other
corpora as a hash, since the words in them are other people's.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb

Frozen = dict[str, dict[str, Any]]
"""Table or file to record (or row of a file) to what is frozen of it."""

HERE = Path(__file__).parent
_LEFT_OUT = re.compile(r".*_at|as_of|as_of_date|as_of_year|(.*_)?(run_id|set_id|sha256|version)")
_PROOFS = "evidence.proofs"
_STAMP = re.compile(
    r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}-archive-\w+-[0-9a-f]+(-\d+)?"
    r"|\b[0-9a-f]{12,64}\b"
)
"""Run ids, set ids and hashes in files."""
_PACKED = re.compile(r"(?<=>)eJ[A-Za-z0-9+/=]+(?=</script>)")
"""What the page carries compressed: a zlib stream in base64."""
_NO_OUTPUT = ("manifest.json", "*.duckdb", "*.js", "*.parquet", "tables/ops.*", "tables/core.*")
"""Files of a set that hold no judgement, or the same rows once more."""


def rows_of(
    warehouse: Path, wanted: Iterable[str] = ("*",)
) -> Iterator[tuple[str, str, list[Any]]]:
    """(table, record, row) for each row of evidence and marts, in a fixed order.

    Args:
        warehouse: a warehouse or published database.
        wanted: patterns of tables, e.g. `evidence.article_*`; proofs are `evidence.proofs/KIND`.
    """
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = con.execute(
            "SELECT concat(schema_name, '.', table_name) FROM duckdb_tables() "
            "WHERE schema_name IN ('evidence', 'marts') ORDER BY ALL"
        ).fetchall()
        for (table,) in tables:
            if any(fnmatch(name, one) for one in wanted for name in (table, f"{table}/*")) or (
                table == _PROOFS and any(one.startswith(_PROOFS) for one in wanted)
            ):
                yield from _rows_of_table(con, table, wanted)


def _rows_of_table(
    con: duckdb.DuckDBPyConnection, table: str, wanted: Iterable[str]
) -> Iterator[tuple[str, str, list[Any]]]:
    found = con.execute(f"SELECT * FROM {table} ORDER BY ALL")
    columns = [column[0] for column in found.description or ()]
    kept = [place for place, name in enumerate(columns) if not _LEFT_OUT.fullmatch(name)]
    key = [columns.index("pmid")] if "pmid" in columns else kept[:2]
    while batch := found.fetchmany(20_000):
        for row in batch:
            name = f"{table}/{row[0]}" if table == _PROOFS else table
            if any(fnmatch(name, one) or fnmatch(table, one) for one in wanted):
                yield name, "|".join(str(row[n]) for n in key), [_plain(row[n]) for n in kept]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, list, type(None))) else str(value)


def freeze_rows(rows: Iterable[tuple[str, str, list[Any]]], *, as_rows: bool) -> Frozen:
    """Rows by table and record, as they are or as a hash."""
    held: dict[str, dict[str, list[str]]] = {}
    for table, record, row in rows:
        told = json.dumps(row, ensure_ascii=False)
        held.setdefault(table, {}).setdefault(record, []).append(told)
    return {
        table: {
            record: sorted(told) if as_rows else _hash("\n".join(sorted(told)))
            for record, told in records.items()
        }
        for table, records in held.items()
    }


def freeze_files(published: Path) -> Frozen:
    """Page, feeds and tables of a published set, by file: a hash of each, for tables of each row.

    The order of a table's rows counts: readers see it.
    """
    frozen: Frozen = {}
    for path in sorted(published.rglob("*")):
        name = path.relative_to(published).as_posix()
        if path.is_file() and not any(fnmatch(name, one) for one in _NO_OUTPUT):
            if path.suffix == ".csv":
                lines = [json.dumps(row) for row in _table_rows(path)]
            else:
                text = _PACKED.sub(_unpacked, path.read_text(encoding="utf-8"))
                lines = [_STAMP.sub("_", text)]
            frozen[f"files/{name}"] = {"all": _hash("\n".join(lines))}
    return frozen


def _unpacked(packed: re.Match[str]) -> str:
    """Ids stand in what is compressed too, and another zlib compresses otherwise."""
    return zlib.decompress(base64.b64decode(packed[0])).decode()


def _table_rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        for row in rows:
            yield [value for name, value in row.items() if not _LEFT_OUT.fullmatch(name)]


def write(name: str, frozen: Frozen) -> int:
    """Keep what is frozen of a corpus, a file a schema; gives the bytes written."""
    size = 0
    for part in {table.partition(".")[0].partition("/")[0] for table in frozen}:
        tables = {t: records for t, records in frozen.items() if t.startswith(part)}
        text = json.dumps(tables, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        packed = gzip.compress(text.encode(), mtime=0)
        (HERE / f"{name}.{part}.json.gz").write_bytes(packed)
        size += len(packed)
    return size


def read(name: str) -> Frozen:
    """What was frozen of a corpus.

    Raises:
        FileNotFoundError: nothing was.
    """
    paths = sorted(HERE.glob(f"{name}.*.json.gz"))
    if not paths:
        raise FileNotFoundError(f"nothing is frozen of {name}")
    frozen: Frozen = {}
    for path in paths:
        frozen |= json.loads(gzip.decompress(path.read_bytes()))
    return frozen


def differences(before: Frozen, after: Frozen) -> dict[str, list[str]]:
    """Per table the records that differ, in order; tables that agree are left out."""
    found: dict[str, list[str]] = {}
    for table in sorted(before.keys() | after.keys()):
        old, new = before.get(table, {}), after.get(table, {})
        if records := sorted(r for r in old.keys() | new.keys() if old.get(r) != new.get(r)):
            found[table] = records
    return found


def chosen(frozen: Frozen, wanted: Iterable[str]) -> Frozen:
    """The tables that a pattern names."""
    patterns = tuple(wanted)
    return {
        table: records
        for table, records in frozen.items()
        if any(fnmatch(table, one) or table.startswith(f"{one}/") for one in patterns)
    }


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:3]).decode()
