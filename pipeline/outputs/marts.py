"""Build the marts: run sql/marts/*.sql in order, with the run's parameters beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb

from pipeline import progress
from pipeline.identifiers import doi_url, normal_doi
from pipeline.outputs import headline
from pipeline.outputs.wording import statement, store_sentences
from pipeline.settings import Settings, slug
from pipeline.warehouse import touched, views
from pipeline.warehouse.database import bound_memory, comments, execute, run_script, run_sql
from pipeline.warehouse.fingerprint import content_id

_OF_THE_RUN = re.compile(r"\bops\.(?:runs|searches)\b|\bprevious_published_at\b")
"""Stands in the files that read more of the run itself than its date and the name of its set."""
DATED = ("as_of_date", "set_id")
"""Columns that say of which run a row is: all that other marts have of it."""
_SHOWN = {
    "core.article_citations": "run_citations",
    "core.article_years": "run_years",
    "evidence.article_groups": "run_groups",
}
"""Views whose rows of a record follow from it alone, and the TEMP tables marts read instead."""
FORMER = "former"
"""The schema of views under names of the last contract (sql/former/README.md)."""


def files(sql: Path) -> list[Path]:
    """The mart files in the order they build on each other."""
    return sorted((sql / "marts").glob("*.sql"))


def moving(sql: Path) -> dict[str, list[str]]:
    """The marts that differ from run to run also where nothing else does.

    Returns:
        name of each table, with its columns of `DATED`; none for those that are made anew.
    """
    found: dict[str, list[str]] = {}
    for path in files(sql):
        found |= _moving(_text(path))
    return found


@cache
def _moving(text: str) -> dict[str, list[str]]:
    """As `moving`, of one mart file."""
    columns: dict[str, list[str]] = {}
    for table, column, _ in comments(text):
        dated = columns.setdefault(table, [])
        if column and column in DATED:
            dated.append(column)
    if _OF_THE_RUN.search(text):
        return {table: [] for table in columns}
    return {table: dated for table, dated in columns.items() if dated}


def _of_the_run(sql: Path) -> list[Path]:
    return [path for path in files(sql) if _OF_THE_RUN.search(_text(path))]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def make_former(con: duckdb.DuckDBPyConnection, sql: Path) -> None:
    """Make the views under names of the last contract, and no others."""
    con.execute(f"DROP SCHEMA IF EXISTS {FORMER} CASCADE")
    views = sorted((sql / FORMER).glob("*.sql"))
    if views:
        con.execute(f"CREATE SCHEMA {FORMER}")
    for path in views:
        run_script(con, path)


@dataclass(frozen=True)
class Built:
    """The marts that were made.

    Attributes:
        set_id: name of the set that will show them.
        tables: how many there are.
    """

    set_id: str
    tables: int


def build(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    origin: str,
    as_of: datetime,
    *,
    previous_published_at: str | None,
    kept_set_id: str | None,
    is_unchanged: bool,
    is_kept: bool = False,
) -> Built:
    """(Re)make the marts in the open transaction.

    The files find TEMP run_parameters: as_of, as_of_date, as_of_year,
    previous_published_at (as_of of the last published set, or NULL), statement, set_id;
    TEMP run_due (`note_due`), TEMP run_dois (of these), and the tables of `_SHOWN`.

    Args:
        con: the warehouse.
        settings: where SQL and published sets are.
        origin: of the data.
        as_of: the run's time.
        previous_published_at: as_of of the last published set.
        kept_set_id: the name a replayed run's set had: kept if its content is still the same.
        is_unchanged: nothing differs from the last run but the run itself: only what marts say
            of that is made anew.
        is_kept: the marts that are there were made by this very program, in the same year.
    """
    bound_memory(con)
    content = (_last_content(con) if is_unchanged else None) or content_id(con, settings.sql)
    set_id = f"{as_of:%Y-%m-%d}-{slug(origin)}-{content}"
    if kept_set_id and kept_set_id.startswith(set_id):
        set_id = kept_set_id
    else:
        set_id = _free_name(settings, set_id)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE run_parameters AS
        SELECT ?::TIMESTAMP AS as_of, ?::DATE AS as_of_date, ?::SMALLINT AS as_of_year,
            ?::TIMESTAMP AS previous_published_at, ?::VARCHAR AS statement, ?::VARCHAR AS set_id
        """,
        [
            as_of,
            as_of.date(),
            as_of.year,
            previous_published_at,
            statement(origin, *_held_and_unread(con)),
            set_id,
        ],
    )
    note_due(con, is_kept=is_kept and touched.is_known(con))
    note_shown(con)
    if is_unchanged and (made := _renew(con, settings.sql)):
        return Built(set_id, made)
    note_dois(con)
    scripts = files(settings.sql)
    _run(con, scripts)
    headline.store(con)
    store_sentences(con)
    make_former(con, settings.sql)
    return Built(set_id, len(scripts))


def _run(con: duckdb.DuckDBPyConnection, scripts: list[Path]) -> None:
    for number, path in enumerate(scripts):
        progress.note(number, len(scripts), "tables")
        if "run_due" in _text(path):
            _keep_up(con, path)
        else:
            run_script(con, path)


def note_due(con: duckdb.DuckDBPyConnection, *, is_kept: bool) -> None:
    """Make TEMP run_due and TEMP run_kept (pmid): members whose rows are made, or kept.

    Of marts whose rows of a record follow from this record and its searches alone, those of a
    record stand that is a member of the searches it was in the last run, and that this run did not
    touch.

    Args:
        con: the warehouse.
        is_kept: whether rows may stand; none do where no marts are there.
    """
    is_kept = is_kept and bool(
        con.execute(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = 'marts' AND table_name = 'domains'"
        ).fetchall()
    )
    members = "SELECT search, pmid FROM ops.search_hits WHERE left_at IS NULL"
    before = "SELECT search, pmid FROM marts.domains"
    stands = (
        f"""
        pmid NOT IN (SELECT pmid FROM run_touched)
        AND pmid NOT IN (SELECT pmid FROM ({members} EXCEPT {before}))
        AND pmid NOT IN (SELECT pmid FROM ({before} EXCEPT {members}))
        """  # noqa: S608
        if is_kept
        else "FALSE"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE run_kept AS "  # noqa: S608
        f"SELECT DISTINCT pmid FROM ops.search_hits WHERE left_at IS NULL AND {stands}"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE run_due AS SELECT DISTINCT pmid FROM ops.search_hits "
        "WHERE left_at IS NULL AND pmid NOT IN (SELECT pmid FROM run_kept)"
    )


def _keep_up(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the rows of the members in run_due, and put those of run_kept that are there among them.

    Both stand in the order of a mart that is made anew: by search and record, and then as its own
    query orders the rows of a record, which are all kept or all made.
    """
    text = _text(path)
    table, *columns = (column or name for name, column, _ in comments(text))
    if con.execute("SELECT 1 FROM run_kept LIMIT 1").fetchone() is None:
        run_script(con, path)
        return
    shape, _, made = text.partition(f"INSERT INTO {table}\n")
    made = made.rstrip().removesuffix(";")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE run_rows AS SELECT *, rowid AS place "  # noqa: S608
        f"FROM {table} WHERE pmid IN (SELECT pmid FROM run_kept)"
    )
    order = [column for column in ("search", "pmid") if column in columns]
    run_sql(con, shape)
    execute(
        con,
        f"INSERT INTO {table} SELECT * EXCLUDE (place) FROM ("  # noqa: S608
        f"FROM run_rows UNION ALL SELECT *, row_number() OVER () FROM ({made})) "
        f"ORDER BY {', '.join(order)}, place",
    )
    con.execute("DROP TABLE run_rows")


def _renew(con: duckdb.DuckDBPyConnection, sql: Path) -> int:
    """Bring the marts of the last run to this one, from which nothing differs but the run itself.

    Returns:
        how many were made anew; 0 if a search is worth another thing now, and with it all counts.
    """
    before = _coverage(con)
    anew = _of_the_run(sql)
    _run(con, anew)
    if _coverage(con) != before:
        return 0
    for table, columns in moving(sql).items():
        if columns:
            values = ", ".join(f"{column} = p.{column}" for column in columns)
            con.execute(f"UPDATE {table} SET {values} FROM run_parameters AS p")  # noqa: S608
    store_sentences(con)
    return len(anew)


def _coverage(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute("FROM marts.coverage ORDER BY ALL").fetchall()


def _last_content(con: duckdb.DuckDBPyConnection) -> str | None:
    """The part of the last set's name that stands for its content."""
    row = con.execute("SELECT any_value(set_id) FROM marts.search_totals").fetchone()
    found = re.search(r"-([0-9a-f]{12})(?:-\d+)?$", row[0]) if row and row[0] else None
    return found[1] if found else None


def note_dois(con: duckdb.DuckDBPyConnection) -> None:
    """Make TEMP run_dois: pmid, normal DOI and its address, for those due with a readable DOI."""
    rows = con.execute(
        "SELECT pmid, doi FROM core.articles WHERE doi IS NOT NULL "
        "AND pmid IN (SELECT pmid FROM run_due)"
    ).fetchall()
    found = [(pmid, normal_doi(doi), doi_url(doi)) for pmid, doi in rows]
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE run_dois AS
        SELECT unnest(?::INTEGER[]) AS pmid, unnest(?::VARCHAR[]) AS doi,
            unnest(?::VARCHAR[]) AS doi_url
        """,
        [[one[place] for one in found] for place in range(3)],
    )


def note_shown(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of `_SHOWN`: rows of views, of the records that marts make or show."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE run_shown AS
        SELECT pmid FROM run_due
        UNION SELECT pmid FROM ops.search_differences
        UNION SELECT pmid FROM ops.article_changes
        UNION SELECT pmid FROM ops.study_type_changes
        UNION SELECT h.pmid FROM ops.search_hits AS h, run_parameters AS p
        WHERE h.left_at IS NULL AND h.entered_at > p.previous_published_at
        """
    )
    for view, name in _SHOWN.items():
        rows = views.of_records(con, view, "SELECT pmid FROM run_shown")
        execute(con, f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {rows}")


def _free_name(settings: Settings, set_id: str) -> str:
    """The id itself, or with a number behind it if a run of the same day published it already."""
    number, name = 1, set_id
    while (settings.published / name).exists():
        number += 1
        name = f"{set_id}-{number}"
    return name


def _held_and_unread(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = con.execute(
        """
        SELECT
            (SELECT count(DISTINCT pmid) FROM ops.search_hits WHERE left_at IS NULL),
            (SELECT count(DISTINCT pmid) FROM ops.unread_records)
        """
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
