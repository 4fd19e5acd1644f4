"""Ad-hoc SQL on the published set: read-only, never in the way of a run.

From Python, from the command line, or in another program's shell.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import duckdb

from pipeline.errors import CheckError, ConfigurationError
from pipeline.outputs import rows
from pipeline.outputs.wording import scope
from pipeline.settings import Settings
from pipeline.storage import first_line, for_duckdb
from pipeline.warehouse.breakdowns import CORRUPT, is_damage, is_in_use, refusal

FORMATS = ("table", "csv", "tsv", "json")
"""What `run` writes as text; Parquet has `to_parquet`."""


def database_path(settings: Settings) -> Path:
    """The latest published database, under its own name rather than through `latest`.

    Raises:
        ConfigurationError: nothing is published yet.
    """
    path = settings.latest / "ketum.duckdb"
    if not path.exists():
        raise ConfigurationError(
            f"Nothing is published yet under {settings.published}.",
            effect="There is nothing to query.",
            next_step="`ketum update` (live PubMed) or `ketum update --offline` (demonstration).",
        )
    return path.resolve()


@contextmanager
def open_published(
    settings: Settings, writable: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The latest published database, read-only and without access to other files.

    No statement can change that: settings are locked, as some of them write files too. What does
    not fit into memory goes to the system's directory for temporary files, never into the set.

    Args:
        settings: where the published set is.
        writable: the one file that may be written beside it.

    Raises:
        ConfigurationError: nothing is published yet, another program writes to the database, or it
            lacks what a query of ours reads.
        CheckError: the database is damaged.
    """
    path = database_path(settings)
    try:
        with duckdb.connect(for_duckdb(path), read_only=True) as con:
            _lock(con, writable)
            yield con
    except duckdb.Error as error:
        if is_in_use(error):
            raise ConfigurationError(
                f"Another program holds the published database open for writing: "
                f"{first_line(error)}",
                effect="Nothing was read; nobody should write to it.",
                next_step="close that program, see `ketum verify`, then run the same command "
                "again.",
            ) from None
        if cause := refusal(settings.data, error):
            raise cause from None
        if is_damage(error, path):
            raise CheckError(
                f"The published database {path} is damaged: {first_line(error)}",
                effect="Nothing was read; other files of the set may still be whole.",
                next_step="`ketum update` writes a new set, `ketum rebuild --origin ORIGIN` the "
                "last one anew; `ketum verify` says what else is damaged.",
            ) from None
        if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
            # what a reader asked in SQL was answered before it comes here
            raise ConfigurationError(
                "The published set lacks what this command reads, since another version of ketum "
                f"wrote it: {first_line(error)}",
                effect="Nothing changed, and `ketum query` still answers.",
                next_step="`ketum update`, which publishes a set of this version.",
            ) from None
        raise


def _lock(con: duckdb.DuckDBPyConnection, writable: Path | None) -> None:
    """Take all other files away from a connection, for good.

    Connections of one process to one file share their settings: the first of them sets these.
    """
    if con.execute("SELECT current_setting('lock_configuration')").fetchone() == (True,):
        return
    if writable is not None:
        con.execute("SET allowed_paths = ?", [[str(writable)]])
    spill = Path(tempfile.gettempdir()) / f"ketum-{secrets.token_hex(8)}"
    con.execute("SET temp_directory = ?", [str(spill)])  # made if needed, removed when closed
    con.execute("SET enable_external_access = false")
    con.execute("SET enable_progress_bar = false")  # it would stand among rows on stdout
    con.execute("SET lock_configuration = true")


def note(settings: Settings) -> str:
    """Which set was read, what a zero means in it, and what was not searched, in one line."""
    with open_published(settings) as con:
        row = con.execute(
            "SELECT (SELECT any_value(set_id) FROM marts.search_totals), origin, "
            "(SELECT count(DISTINCT pmid) FROM ops.unread_records) FROM ops.warehouse"
        ).fetchone()
    assert row is not None
    return scope(*row)


def run(settings: Settings, sql: str, form: str, out: TextIO) -> None:
    """Run a query on the published set and write its rows.

    Args:
        settings: where the published set is.
        sql: one or more statements; the rows of the last one are shown.
        form: table, csv, tsv or json, as `rows` writes them.
        out: where the rows go, as they come.

    Raises:
        ConfigurationError: the SQL is wrong, or nothing is published.
    """
    with open_published(settings) as con, _explained_errors(con, sql):
        relation = _answer(con, sql)
        if form == "table":
            rows.table(relation, out)
        elif form == "json":
            rows.objects(con, relation, out)
        else:
            rows.separated(con, relation, "\t" if form == "tsv" else ",", out)


def to_parquet(settings: Settings, sql: str, target: Path) -> None:
    """Run a query on the published set and write its rows to a Parquet file.

    Args:
        settings: where the published set is.
        sql: one or more statements; the rows of the last one are written.
        target: the file; one that is there already is replaced once the new one is whole.

    Raises:
        ConfigurationError: the SQL is wrong or gives no rows, or nothing is published.
    """
    part = target.resolve().with_name(f".{target.name}.part")
    try:
        with open_published(settings, writable=part) as con, _explained_errors(con, sql):
            relation = _answer(con, sql)
            quoted = (name.replace('"', '""') for name in rows.names(relation))
            own = ", ".join(f'#{number} AS "{name}"' for number, name in enumerate(quoted, 1))
            relation.project(own).write_parquet(for_duckdb(part), compression="zstd")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def plan(settings: Settings, sql: str, out: TextIO) -> None:
    """Write how DuckDB would answer the last statement, without answering it.

    Raises:
        ConfigurationError: the SQL is wrong, or nothing is published.
    """
    with open_published(settings) as con, _explained_errors(con, sql):
        steps = con.execute(f"EXPLAIN {_last_statement(con, sql)}").fetchall()
    rows.lines("".join(text for _, text in steps).rstrip("\n"), out)


@contextmanager
def _explained_errors(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[None]:
    """DuckDB's own words as an error of ours, with the name that was meant."""
    try:
        yield
    except duckdb.Error as error:
        if CORRUPT in str(error):
            raise  # `open_published` says what helps
        from pipeline.outputs import lookup  # here, since few queries are wrong

        raise ConfigurationError(
            f"DuckDB says: {str(error).strip()}",
            effect="There is no answer, or only the part of it above.",
            next_step=lookup.hint(con, str(error), sql) or _next_step(str(error)),
        ) from None


def _next_step(words: str) -> str:
    """What helps, by DuckDB's own words."""
    if "read-only mode" in words:
        return "a published set is only read: `CREATE TEMP TABLE` lasts as long as the query."
    if "disabled by configuration" in words or "disabled through configuration" in words:
        return "other files are out of reach here; any DuckDB client joins them with the set."
    if "Cannot open file" in words:
        return "see that the directory named with --output is there and may be written to."
    if "configuration has been locked" in words:
        return "settings are fixed here; any DuckDB client takes them."
    return "`ketum tables` lists what there is, `ketum schema TABLE` its columns."


def _answer(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyRelation:
    """The rows of the last statement, not yet read; those before it are run."""
    return con.sql(_last_statement(con, sql))


def _last_statement(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The last statement without its semicolon; those before it are run."""
    statements = con.extract_statements(sql)
    if not statements:
        raise ConfigurationError(
            "There is no statement to run.",
            effect="Nothing was read.",
            next_step="`ketum tables` lists what there is.",
        )
    if statements[-1].expected_result_type == [duckdb.ExpectedResultType.NOTHING]:
        raise ConfigurationError(
            "The last statement gives no rows.",
            effect="Nothing was read.",
            next_step="ask for rows, as in SELECT ... or FROM ...",
        )
    for statement in statements[:-1]:
        con.execute(statement).complete()
    last = statements[-1].query
    # DuckDB wraps a relation's text in parentheses, where a semicolon (and a remark behind it)
    # would be an error. It counts in bytes.
    raw = last.encode()
    ends = [start for start, _ in duckdb.tokenize(last) if raw[start : start + 1] == b";"]
    return raw[: ends[-1]].decode() if ends else last


SHELLS = {"duckdb": ("-readonly",), "harlequin": ("--adapter", "duckdb", "--read-only")}
"""Programs in the order they are looked for, each with what makes it open a file read-only."""


def shell_command(settings: Settings) -> list[str]:
    """The command that opens the latest published database in the first shell found.

    A shell beside this Python (installed by pip) goes before one on the PATH.

    Raises:
        ConfigurationError: no shell is installed, or nothing is published.
    """
    path = database_path(settings)
    beside = str(Path(sys.executable).parent)
    for name, options in SHELLS.items():
        program = shutil.which(name, path=beside) or shutil.which(name)
        if program:
            return [program, *options, str(path)]
    raise ConfigurationError(
        "No shell for DuckDB is installed: neither `duckdb` nor `harlequin` was found.",
        effect="Nothing was opened.",
        next_step="`pip install duckdb-cli` or `pip install harlequin`, then the same command.",
    )
