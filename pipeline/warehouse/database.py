"""Open the warehouse: make its schema, refuse what does not fit, comment, check, copy it.

The warehouse file has one writer, the run that holds the lock. Readers use the published copy and
never open this file. Measured of the copy: COPY FROM DATABASE keeps keys, views and comments;
storage version v1.4.0 opens in DuckDB 1.4 and later, while a file of version 2.0 opens in no older
client.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline import progress
from pipeline.errors import CheckError, ConfigurationError
from pipeline.settings import Settings, environment_of_others
from pipeline.storage import first_line, for_duckdb, lines, literal, sha256_of
from pipeline.warehouse import copying
from pipeline.warehouse.breakdowns import damaged, is_damage, is_in_use, refusal
from pipeline.warehouse.fingerprint import parser_version, schema_files, schema_version

CONTRACT_VERSION = 2
"""One more than the released one as soon as docs/contract.json changes (tools/contract.py)."""

_LEAST_MEMORY, _MEMORY_A_MEMBER = 1_000_000_000, 4_000
"""Bytes for DuckDB. Marts of a million members took between 1 and 2 GB."""
STORAGE_VERSION = "v1.4.0"
"""Of warehouses, and of the copies for readers."""
_LOG = 500_000_000
"""Bytes of the write-ahead log. What a day of a million records commits is a fifth of it, and goes
into the file while the set is written; what commits more goes there at once."""

ALONE: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
}
"""Opens a database so that nothing in it, not even a view, can read another file."""

_TABLE = re.compile(r"^CREATE (?:OR REPLACE )?TABLE (\w+\.\w+) \( -- (.+)$")
_MACRO = re.compile(r"^CREATE MACRO (\w+\.\w+)\(.*\) AS TABLE -- (.+)$", re.MULTILINE)
_COLUMN = re.compile(r"^    (\w+) [A-Z][^-]*-- (.+)$")


class Warehouse:
    """The warehouse of an origin, opened (and made) when its connection is first used.

    Args:
        settings: say where it lies.
        origin: `pubmed` or `archive:<name>`.
        now: UTC time, noted as that of its making.
    """

    def __init__(self, settings: Settings, origin: str, now: datetime) -> None:
        self._place = (settings, origin, now)
        self._con: duckdb.DuckDBPyConnection | None = None

    @property
    def path(self) -> Path:
        settings, origin, _ = self._place
        return settings.warehouse(origin)

    @property
    def exists(self) -> bool:
        """Whether there is one on disk."""
        return self.path.exists()

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The one connection.

        Raises:
            ConfigurationError: as `connect`.
        """
        if self._con is None:
            self._con = connect(*self._place)
        return self._con

    def close(self) -> None:
        """Roll back what is open and let the file go."""
        if self._con is not None:
            self._con.close()
            self._con = None


def append(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Append rows to a table (its name with its schema) in order, in the caller's transaction."""
    if held := [tuple(row) for row in rows]:
        con.complete()  # an appender works beside no result that was not read to its end
        appender = con.appender(table)
        appender.append_rows(held)
        appender.flush()


def comments(statement_text: str) -> Iterator[tuple[str, str | None, str]]:
    """(table, column or None, remark) for each remark behind a table or column line."""
    table = ""
    for line in lines(statement_text):
        if match := _TABLE.match(line):
            table = match[1]
            yield table, None, match[2]
        elif (match := _COLUMN.match(line)) and table:
            yield table, match[1], match[2]


def run_script(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Execute one SQL file and turn its remarks into COMMENT ON."""
    run_sql(con, path.read_text(encoding="utf-8"))


def run_sql(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Execute SQL and turn its remarks into COMMENT ON."""
    statements = [text]
    for table, column, remark in comments(text):
        quoted = remark.replace("'", "''")
        target = f'COLUMN {table}."{column}"' if column else f"TABLE {table}"
        statements.append(f"COMMENT ON {target} IS '{quoted}';")
    for name, remark in _MACRO.findall(text):
        quoted = remark.replace("'", "''")
        statements.append(f"COMMENT ON MACRO TABLE {name} IS '{quoted}';")
    execute(con, "\n".join(statements))


_parsed: dict[str, list[duckdb.Statement]] = {}


def execute(con: duckdb.DuckDBPyConnection, text: str) -> duckdb.DuckDBPyConnection:
    """Execute SQL of a file: to parse it takes a sixth of what it costs on few records.

    So a process that makes many runs (`ketum rebuild`) parses it once.
    """
    if text not in _parsed:
        _parsed[text] = con.extract_statements(text)
    for statement in _parsed[text]:
        con.execute(statement)
    return con


def connect(settings: Settings, origin: str, now: datetime) -> duckdb.DuckDBPyConnection:
    """The warehouse of an origin, made when missing; arguments as of `Warehouse`.

    Raises:
        ConfigurationError: the file holds another origin, or another shape.
    """
    path = settings.warehouse(origin)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(
            for_duckdb(path), config={"storage_compatibility_version": STORAGE_VERSION}
        )
    except duckdb.Error as error:
        if not is_in_use(error):
            raise refusal(settings.data, error) or damaged(path, origin, error) from None
        raise ConfigurationError(
            f"The warehouse {path} could not be opened: {first_line(error)}",
            effect="Nothing changed.",
            next_step="close the program that holds it open; to read, use "
            f"{settings.latest / 'ketum.duckdb'}.",
        ) from None
    try:
        configure(con)
        con.execute(f"SET checkpoint_threshold = '{_LOG}B'")
        con.execute(f"SET auto_checkpoint_skip_wal_threshold = {_LOG}")
        prepare(con, settings, origin, now)
        bound_memory(con)
    except BaseException as error:
        con.close()
        if is_damage(error, path):
            raise damaged(path, origin, error) from None
        raise
    return con


def bound_memory(con: duckdb.DuckDBPyConnection) -> None:
    """Bound DuckDB's memory: by the members of searches, at most to its default.

    What it sorts, groups and joins beyond that it writes to the disk; but not the lists that it
    puts together, of which marts have some for each member.
    """
    row = con.execute("SELECT count(*) FROM ops.search_hits WHERE left_at IS NULL").fetchone()
    assert row is not None
    con.execute("RESET memory_limit")
    con.execute(
        f"SET memory_limit = concat(least({max(_LEAST_MEMORY, row[0] * _MEMORY_A_MEMBER)}, "
        "parse_formatted_bytes(current_setting('memory_limit'))), 'B')"
    )


def configure(con: duckdb.DuckDBPyConnection) -> None:
    """Settings every writing connection has: UTC, nothing on stdout."""
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")


def prepare(con: duckdb.DuckDBPyConnection, settings: Settings, origin: str, now: datetime) -> None:
    """Make the schema in an empty database, or see that the one there fits."""
    version = schema_version(settings.sql)
    exists = con.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE schema_name = 'ops' AND table_name = 'warehouse'"
    ).fetchone()
    if exists == (0,):
        con.execute("BEGIN")
        for path in schema_files(settings.sql):
            run_script(con, path)
        con.execute(
            "INSERT INTO ops.warehouse VALUES (?, ?, ?, ?, ?)",
            [origin, version, parser_version(), CONTRACT_VERSION, now],
        )
        con.execute("COMMIT")
        return
    held = con.execute("SELECT origin, schema_version FROM ops.warehouse").fetchone()
    assert held is not None
    if held[0] != origin:
        raise ConfigurationError(
            f"The warehouse holds data of origin {held[0]}, not {origin}.",
            effect="Nothing changed; origins never mix.",
            next_step="use another KETUM_DATA directory.",
        )
    if held[1] != version:
        raise ConfigurationError(
            f"The warehouse of origin {origin} has another shape ({held[1]}) than this "
            f"version of ketum wants ({version}).",
            effect="Nothing changed; the raw archive has everything needed to make it again.",
            next_step=f"`ketum rebuild --origin {origin}`.",
        )
    parser = con.execute("SELECT parser_version FROM ops.warehouse").fetchone()
    if parser != (parser_version(),):
        raise ConfigurationError(
            f"The records of origin {origin} were read by another version of the parser than "
            "this one, which would read some of them otherwise.",
            effect="Nothing changed; the raw archive has every record as it came.",
            next_step=f"`ketum rebuild --origin {origin}`, which reads them all again.",
        )
    con.execute(
        "UPDATE ops.warehouse SET contract_version = ? WHERE contract_version <> ?",
        [CONTRACT_VERSION, CONTRACT_VERSION],
    )


def write_copy(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Write the connection's database to a new read-only file for readers, synced to disk.

    A warehouse has the storage version of the copies, so that its file is copied as it is, at the
    speed of the disk; one of another version is copied table by table.

    Returns:
        the SHA-256 of the file, as hex digits.
    """
    name, source, tags = con.execute(
        "SELECT database_name, path, tags FROM duckdb_databases() "
        "WHERE database_name = current_database()"
    ).fetchall()[0]
    if source and str(tags.get("storage_version", "")).startswith(STORAGE_VERSION):
        con.execute("CHECKPOINT")
        # by another process: when one closes a file, the kernel drops its locks on it, DuckDB's too
        command = [sys.executable, "-ISB", copying.__file__, source, str(path.absolute())]
        environment = {**environment_of_others(), "LC_ALL": "C"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            full = os.strerror(errno.ENOSPC) in done.stderr
            said = done.stderr.strip().rpartition("\n")[2]
            raise OSError(errno.ENOSPC if full else errno.EIO, said, str(path))
        digest = done.stdout
    else:
        con.execute(f"ATTACH {literal(path)} AS snapshot (STORAGE_VERSION '{STORAGE_VERSION}')")
        try:
            quoted = name.replace('"', '""')
            con.execute(f'COPY FROM DATABASE "{quoted}" TO snapshot')
            con.execute("CHECKPOINT snapshot")
        finally:
            con.execute("DETACH snapshot")
        digest = sha256_of(path)
        with path.open("rb") as written:
            os.fsync(written.fileno())
    return digest


# -- Run the checks of sql/checks: queries that return the rows that must not be

log = logging.getLogger("ketum")


@dataclass(frozen=True)
class Check:
    """One file of sql/checks: its name, severity, what it claims, and its query."""

    name: str
    severity: str
    claim: str
    query: str


def check_files(sql: Path) -> list[Path]:
    """The check files, by name."""
    return sorted((sql / "checks").glob("*.sql"))


def read_check(path: Path) -> Check:
    """A check from its file: two remark lines (severity, claim), then one query."""
    text = path.read_text(encoding="utf-8")
    first, second = lines(text)[:2]
    severity = first.removeprefix("-- severity:").strip()
    if severity not in ("error", "warning"):
        raise ValueError(f"{path}: the first line must be '-- severity: error' or 'warning'")
    return Check(path.stem, severity, second.removeprefix("-- ").strip(), text)


def run_checks(con: duckdb.DuckDBPyConnection, sql: Path) -> int:
    """Run every check on an open transaction; returns how many warned.

    Args:
        con: the warehouse; checks that look at texts read the records of TEMP run_touched alone
            (`touched`).
        sql: the SQL files.

    Raises:
        CheckError: a check of severity error found rows; names each with its first rows.
    """
    failed, warned = [], 0
    checks = check_files(sql)
    for number, check in enumerate(map(read_check, checks)):
        progress.note(number, len(checks), "checks")
        rows = execute(con, check.query).fetchmany(1000)
        if not rows:
            continue
        shown = "; ".join(str(row) for row in rows[:3])
        told = f"{check.name} ({len(rows)}{'+' if len(rows) == 1000 else ''} rows, e.g. {shown})"
        if check.severity == "error":
            failed.append(f"{told}: {check.claim}")
        else:
            warned += 1
            log.warning("Check %s: %s", told, check.claim)
    if failed:
        raise CheckError(
            f"{len(failed)} check(s) of the data failed: " + " | ".join(failed),
            effect="The run was undone: warehouse and published tables are as before; the raw "
            "archive keeps what was fetched.",
            next_step="read the query in sql/checks/ and the records it names, then run again.",
        )
    return warned
