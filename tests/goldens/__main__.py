"""Freeze what comes out of a corpus, or compare with what is frozen.

    python -m tests.goldens freeze NAME [--threads N]
    python -m tests.goldens compare NAME [--only TABLE ...] [--list] [--beside OLD.duckdb]
                                    [--warehouse FILE] [--data DIR]

NAME is demo, kratom or pubmed21n1298 (`../shared` must be there for the last two). A golden
changes only in a commit of its own that lists the differing records and says why.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.goldens import corpora, frozen

_SHOWN = 10
"""Records shown of a table that differs, unless all are asked for."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 1 when something differs."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        data = options.data or Path(scratch)
        if options.warehouse:
            warehouse, published = options.warehouse, None
        else:
            warehouse = corpora.make(options.name, data, options.threads)
            published = data / "published" / "latest"
        only = options.only or ["*"]
        rows = frozen.rows_of(warehouse, only)
        after = frozen.freeze_rows(rows, as_rows=options.name == corpora.DEMO)
        if published and published.exists():
            after |= frozen.chosen(frozen.freeze_files(published), only)
        if options.what == "freeze":
            print(f"{frozen.write(options.name, after)} bytes, {len(after)} tables and files")
            return 0
        before = frozen.chosen(frozen.read(options.name), only)
        if published is None:
            before = {t: records for t, records in before.items() if not t.startswith("files/")}
        return _tell(before, after, options, warehouse)


def _tell(
    before: frozen.Frozen, after: frozen.Frozen, options: argparse.Namespace, warehouse: Path
) -> int:
    """Say what differs; 1 when anything does."""
    differing = frozen.differences(before, after)
    for table, records in differing.items():
        total = len(before.get(table, {}).keys() | after.get(table, {}).keys())
        shown = records if options.list else records[:_SHOWN]
        print(f"{table}: {len(records)} of {total} differ: {', '.join(shown)}")
        if not table.startswith("files/"):
            _show_rows(table, shown, options.beside, warehouse)
    same = len(before.keys() | after.keys()) - len(differing)
    print(f"{same} tables and files as frozen, {len(differing)} not")
    return 1 if differing else 0


def _show_rows(table: str, records: list[str], old: Path | None, new: Path) -> None:
    """The rows of the records that differ, where the warehouse of before is at hand."""
    if old is None:
        return
    rows: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"-": [], "+": []})
    for sign, database in (("-", old), ("+", new)):
        for _, record, row in frozen.rows_of(database, [table]):
            if record in records:
                rows[record][sign].append(str(row))
    for record in records:
        before, after = rows[record]["-"], rows[record]["+"]
        for row in before:
            if row not in after:
                print(f"  - {row}")
        for row in after:
            if row not in before:
                print(f"  + {row}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.goldens",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("freeze", "compare"))
    parser.add_argument("name", choices=corpora.NAMES)
    parser.add_argument("--threads", type=int, default=2, help="threads of DuckDB")
    parser.add_argument("--only", nargs="+", metavar="TABLE", help="patterns of tables")
    parser.add_argument("--list", action="store_true", help="every record that differs")
    parser.add_argument("--beside", type=Path, help="the warehouse of before: shows rows")
    parser.add_argument("--warehouse", type=Path, help="compare this one, and make none")
    parser.add_argument("--data", type=Path, help="where the run leaves its files")
    return parser


if __name__ == "__main__":
    sys.exit(main())
