"""All records of a PubMed file in a database in memory, for tools that draw from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipeline.warehouse import load, stage
from pipeline.warehouse.fingerprint import schema_files


@contextmanager
def records_of(source: Path, sql: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose `core` holds a file's records; closed at the end.

    Args:
        source: PubMed XML, plain or .gz, or .nbib.
        sql: directory of the schema.

    Raises:
        SourceError: the file is of no kind we read, damaged or cut.
    """
    with duckdb.connect() as con:
        for path in schema_files(sql):
            con.execute(path.read_text(encoding="utf-8"))
        stage.create_staging(con)
        stage.stage_file(con, source, raw_file=None, stamp="draw")
        con.begin()
        load.merge(con, datetime.now(UTC).replace(tzinfo=None))
        con.commit()
        yield con
