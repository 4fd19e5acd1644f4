"""Build the marts: run sql/marts/*.sql in order, with the run's parameters beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline import progress
from pipeline.identifiers import doi_url, normal_doi
from pipeline.outputs import headline
from pipeline.outputs.answer import store_sentences
from pipeline.outputs.wording import statement
from pipeline.settings import Settings, slug
from pipeline.warehouse.database import run_script
from pipeline.warehouse.fingerprint import content_id

FORMER = "former"
"""The schema of views under names of the last contract (sql/former/README.md)."""


def files(sql: Path) -> list[Path]:
    """The mart files in the order they build on each other."""
    return sorted((sql / "marts").glob("*.sql"))


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
) -> Built:
    """(Re)make every mart in the open transaction.

    The files find TEMP run_parameters: as_of, as_of_date, as_of_year,
    previous_published_at (as_of of the last published set, or NULL), statement, set_id;
    and TEMP run_dois.

    Args:
        con: the warehouse.
        settings: where SQL and published sets are.
        origin: of the data.
        as_of: the run's time.
        previous_published_at: as_of of the last published set.
        kept_set_id: the name a replayed run's set had: kept if its content is still the same.
    """
    set_id = f"{as_of:%Y-%m-%d}-{slug(origin)}-{content_id(con, settings.sql)}"
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
    note_dois(con)
    scripts = files(settings.sql)
    for number, path in enumerate(scripts):
        progress.note(number, len(scripts), "tables")
        run_script(con, path)
    headline.store(con)
    store_sentences(con)
    make_former(con, settings.sql)
    return Built(set_id, len(scripts))


def note_dois(con: duckdb.DuckDBPyConnection) -> None:
    """Make TEMP run_dois: pmid, normal DOI and its address, for articles with a readable DOI."""
    rows = con.execute("SELECT pmid, doi FROM core.articles WHERE doi IS NOT NULL").fetchall()
    found = [(pmid, normal_doi(doi), doi_url(doi)) for pmid, doi in rows]
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE run_dois AS
        SELECT unnest(?::INTEGER[]) AS pmid, unnest(?::VARCHAR[]) AS doi,
            unnest(?::VARCHAR[]) AS doi_url
        """,
        [[one[place] for one in found] for place in range(3)],
    )


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
