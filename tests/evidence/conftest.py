"""Hand-filled core tables and the shipped rules; texts are of our own writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pytest

from pipeline.settings import ROOT

REFERENCE = ROOT / "data" / "reference"
SHARED = ROOT.parent / "shared" / "pubmed"


def add_article(
    con: duckdb.DuckDBPyConnection,
    pmid: int,
    title: str | None,
    *,
    abstract: str | Sequence[tuple[str, str]] = (),
    publication_types: Sequence[str] = (),
    mesh: Sequence[tuple[str, bool]] = (),
    substances: Sequence[str] = (),
    keywords: Sequence[str] = (),
    links: Sequence[str] = (),
    kind: str = "article",
    source: str = "pubmed_xml",
    vernacular_title: str | None = None,
) -> None:
    """One record: only what rules look at. `abstract` is text, or (category, text) pairs."""
    con.execute(
        """
        INSERT INTO core.articles BY NAME
        SELECT $pmid AS pmid, 1 AS pmid_version, $kind AS record_kind, $source AS record_source,
            $title AS title, $vernacular AS vernacular_title, [] AS languages,
            [] AS citation_subsets, [] AS gene_symbols, [] AS space_flight_missions,
            [] AS general_notes, 'x' AS record_sha256, 'x' AS source_stamp,
            TIMESTAMP '2026-11-22' AS first_seen_at, TIMESTAMP '2026-11-22' AS changed_at
        """,
        {
            "pmid": pmid,
            "kind": kind,
            "source": source,
            "title": title,
            "vernacular": vernacular_title,
        },
    )
    sections = [(None, abstract)] if isinstance(abstract, str) else list(abstract)
    for number, (category, text) in enumerate(sections, 1):
        con.execute(
            "INSERT INTO core.abstract_sections VALUES (?, ?, 'main', NULL, ?, ?, ?)",
            [pmid, number, category, category, text],
        )
    for number, name in enumerate(publication_types, 1):
        con.execute(
            "INSERT INTO core.publication_types VALUES (?, ?, NULL, ?)", [pmid, number, name]
        )
    for number, (name, is_major) in enumerate(mesh, 1):
        con.execute(
            "INSERT INTO core.mesh_headings (pmid, heading_no, qualifier_no, descriptor, "
            "is_major_descriptor) VALUES (?, ?, 0, ?, ?)",
            [pmid, number, name, is_major],
        )
    for number, name in enumerate(substances, 1):
        con.execute("INSERT INTO core.chemicals VALUES (?, ?, NULL, ?, NULL)", [pmid, number, name])
    for number, name in enumerate(keywords, 1):
        con.execute(
            "INSERT INTO core.keywords VALUES (?, ?, 'NOTNLM', ?, false)", [pmid, number, name]
        )
    for number, name in enumerate(links, 1):
        con.execute(
            "INSERT INTO core.article_links (pmid, position, ref_type) VALUES (?, ?, ?)",
            [pmid, number, name],
        )


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory."""
    connection = duckdb.connect()
    for name in ("core", "evidence"):
        connection.execute((ROOT / "sql" / "schema" / f"{name}.sql").read_text())
    yield connection
    connection.close()
