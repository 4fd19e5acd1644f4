"""Build the marts: run sql/marts/*.sql in order, with the run's parameters beside them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from pipeline.identifiers import doi_url, normal_doi
from pipeline.outputs.wording import statement
from pipeline.run import Run
from pipeline.settings import slug
from pipeline.warehouse.database import program_files, run_script

# what a published set says, without times and run ids; each query gives ordered text
_CONTENT = (
    "SELECT pmid, pmid_version, record_source, record_sha256 FROM core.articles ORDER BY pmid",
    "SELECT pmid, pmid_version, record_sha256 FROM core.article_versions ORDER BY ALL",
    "SELECT search, pmid, matched_by FROM ops.search_hits WHERE left_at IS NULL ORDER BY ALL",
    "SELECT * FROM ops.unread_records ORDER BY ALL",
    "SELECT pmid, study_type, is_primary FROM evidence.article_study_types ORDER BY ALL",
    "SELECT pmid, topic, level FROM evidence.article_topics ORDER BY ALL",
    "SELECT pmid, facet, value, level FROM evidence.article_facets ORDER BY ALL",
    "SELECT pmid, study_group, role FROM evidence.study_groups ORDER BY ALL",
    "SELECT pmid, claim, how FROM evidence.article_claims ORDER BY ALL",
    "SELECT * FROM evidence.claim_evidence ORDER BY ALL",
    "SELECT * FROM evidence.rule_sets ORDER BY ALL",
    "SELECT denominator, date_tag, year, record_count, strategy FROM ops.denominators ORDER BY ALL",
)


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


def build(run: Run) -> dict[str, object]:
    """(Re)make every mart in the run's open transaction.

    The files find TEMP run_parameters: as_of, as_of_date, as_of_year,
    previous_published_at (as_of of the last published set, or NULL), statement, set_id;
    and TEMP run_dois.
    """
    content = content_id(run.con, run.settings.sql)
    set_id = _free_name(run, f"{run.as_of:%Y-%m-%d}-{slug(run.origin)}-{content}")
    run.journal.set_id = run.receipt.set_id = set_id
    run.con.execute(
        """
        CREATE OR REPLACE TEMP TABLE run_parameters AS
        SELECT ?::TIMESTAMP AS as_of, ?::DATE AS as_of_date, ?::SMALLINT AS as_of_year,
            ?::TIMESTAMP AS previous_published_at, ?::VARCHAR AS statement, ?::VARCHAR AS set_id
        """,
        [
            run.as_of,
            run.as_of.date(),
            run.as_of.year,
            run.journal.previous_published_at,
            statement(run.origin, *_held_and_unread(run.con)),
            set_id,
        ],
    )
    note_dois(run.con)
    for path in files(run.settings.sql):
        run_script(run.con, path)
    make_former(run.con, run.settings.sql)
    return {"tables": len(files(run.settings.sql)), "set": set_id}


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


def content_id(con: duckdb.DuckDBPyConnection, sql: Path) -> str:
    """Twelve hex digits over records, judgements, rules, and the code that made tables of them.

    The same content gives the same id, whenever and however often it was fetched.
    """
    digest = hashlib.sha256()
    for path in program_files(sql):
        digest.update(path.read_bytes())
    for query in _CONTENT:
        digest.update(query.encode())
        for row in con.execute(query).fetchall():
            digest.update(repr(row).encode())
    return digest.hexdigest()[:12]


def _free_name(run: Run, set_id: str) -> str:
    """The id itself, or with a number behind it if a run of the same day published it already.

    A run that is replayed keeps the name it had, if its content is still the same.
    """
    if run.journal.set_id and run.journal.set_id.startswith(set_id):
        return run.journal.set_id
    number, name = 1, set_id
    while (run.settings.published / name).exists():
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
