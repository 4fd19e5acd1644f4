"""Many synthetic records for the page, of the length and variety of real ones.

A few hundred are published as any others; SQL multiplies their rows, each copy with a title,
citation, authors, statement on conflicts and funder of its own. Lengths are those of real kratom
records: titles of about 100 characters, citations of 60, six authors, a statement on conflicts of
about 150 characters in six of ten, funding in four of ten.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import duckdb

from pipeline.outputs.page import dated
from pipeline.outputs.page.render import render
from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write

PUBLISHED = 100
APART = 1_000_000
"""Between the PMIDs of a record and those of its copies."""
TYPES = (
    ("D016428", "Journal Article"), ("D016428", "Journal Article"), ("D016428", "Journal Article"),
    ("D016449", "Randomized Controlled Trial"), ("D002363", "Case Reports"),
    ("D016454", "Review"), ("D000078182", "Systematic Review"), ("D016422", "Letter"),
)  # fmt: skip
PHRASES = (
    "mitragynine", "analgesic effects", "patients", "withdrawal", "in vitro", "rats", "mice",
    "hot plate", "tail flick", "survey of users", "chronic pain", "alkaloids", "opioid receptors",
    "dependence", "plasma", "extract", "Southeast Asia", "toxicity", "liver injury", "exposure",
    "cross-sectional", "antinociceptive", "naloxone", "10 mg/kg", "poison centers",
)  # fmt: skip


def _record(number: int, chance: random.Random) -> str:
    return article(
        number,
        f"Kratom {number}: {' '.join(chance.sample(PHRASES, 6))}",
        year=2026 - int(min(chance.expovariate(0.15), 60)),
        types=(chance.choice(TYPES),),
        abstract=". ".join(" ".join(chance.choices(PHRASES, k=12)) for _ in range(9)),
        doi=f"10.1234/j.synthetic.{number}",
    )


def publish(directory: Path, count: int) -> Path:
    """Write the page of so many records.

    Args:
        directory: an empty one, for the data and the page.
        count: how many records, a multiple of `PUBLISHED`.

    Returns:
        the page.
    """
    chance = random.Random(1)
    path = write(directory / "few.xml", *(_record(n, chance) for n in range(1, PUBLISHED + 1)))
    settings = Settings(data=directory / "data")
    with the_database_alone("marts"):
        run_update(Options(from_files=(path,)), settings, FakeClock())
    database = directory / "many.duckdb"
    shutil.copy(settings.latest.resolve() / "ketum.duckdb", database)
    database.chmod(0o644)
    with duckdb.connect(str(database)) as con:
        multiply(con, count // PUBLISHED)
        dated.write(con, directory, render(con))
    return directory / dated.SHARED


OWN = {
    "marts.articles": """
        concat('Kratom ', {pmid}, ': ', said({pmid}, 1, 11)) AS title,
        concat(said({pmid}, 2, 1), ' et al. ', said({pmid} % 700, 3, 2), '. ', year, ';',
            {pmid} % 90, '(', {pmid} % 12, '):', {pmid} % 900, '-', {pmid} % 900 + 9) AS citation,
        concat('10.1234/', said({pmid}, 4, 2), '.', {pmid}) AS doi""",
    "core.articles": """
        said({pmid} % 700, 3, 4) AS journal_title,
        CASE WHEN {pmid} % 10 < 6 THEN said({pmid}, 5, 19) END AS coi_statement""",
}
"""What each copy has of its own, by table; `{pmid}` is its PMID."""


def multiply(con: duckdb.DuckDBPyConnection, times: int) -> None:
    """Give each record so many rows in every table that names records by PMID."""
    con.execute(  # words of seven letters, of which there are 2,000
        "CREATE TEMP MACRO said(pmid, seed, n) AS array_to_string(list_transform(range(n), lambda "
        "i: translate((hash(pmid, seed, i) % 2000 * 4999 + 1000000)::VARCHAR, "
        "'0123456789', 'aeioulnrst')), ' ')"
    )
    tables = con.execute(
        "SELECT concat(schema_name, '.', table_name) FROM duckdb_constraints() "
        "WHERE constraint_type = 'PRIMARY KEY' AND list_contains(constraint_column_names, 'pmid') "
        "UNION SELECT concat(schema_name, '.', table_name) FROM duckdb_columns() "
        "JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE database_name = current_database() AND column_name = 'pmid' "
        "AND schema_name IN ('core', 'evidence') AND NOT has_primary_key"
    ).fetchall()
    pmid = f"(t.pmid + {APART} * n)"
    for (table,) in tables:
        own = ", ".join(filter(None, [f"{pmid} AS pmid", OWN.get(table, "").format(pmid=pmid)]))
        con.execute(
            f"INSERT INTO {table} SELECT t.* REPLACE ({own}) "
            f"FROM {table} AS t CROSS JOIN range(1, {times}) AS _(n)"
        )
    con.execute("""
        INSERT INTO core.authors BY NAME
        SELECT pmid, n::SMALLINT AS author_no, 'author' AS list_kind,
            said(pmid * 10 + n, 6, 1) AS last_name, said(pmid * 10 + n, 7, 1) AS fore_name,
            []::VARCHAR[] AS identifiers, true AS is_valid
        FROM core.articles CROSS JOIN range(2, 7) AS _(n)
    """)
    con.execute("""
        INSERT INTO core.grants BY NAME
        SELECT pmid, 1 AS position, concat('Institute of ', said(pmid % 700, 8, 3)) AS agency
        FROM core.articles WHERE pmid % 10 < 4
    """)
