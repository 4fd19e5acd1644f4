"""Records typed by hand, core tables filled by hand, and the shipped rules; all texts are ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest

from pipeline.evidence.judge import judge_records
from pipeline.evidence.overrides import Override, Overrides
from pipeline.evidence.record import Heading, Judgement, Record, Term
from pipeline.evidence.reference import Reference
from pipeline.rules.text import Section
from pipeline.settings import ROOT

REFERENCE = ROOT / "data" / "reference"
SHARED = ROOT.parent / "shared" / "pubmed"

_TEXTS = ("title", "vernacular_title", "kind", "source", "conflicts")
_LISTS = ("keywords", "links", "affiliations", "funders")
TOLD = (
    *_TEXTS, *_LISTS, "abstract", "publication_types", "mesh", "substances", "databanks",
)  # fmt: skip
"""What can be told of a record typed by hand."""
SHIPPED = Reference.load(REFERENCE)
"""Read once for all tests; nobody can change it."""


def decided(*decisions: tuple[int, str, str], field: str = "study_type") -> Reference:
    """The shipped rules with decisions (PMID, value, what is expected)."""
    overrides = tuple(
        Override(pmid, field, value, expect, "A. Reader", date(2026, 11, 22), "Read in full.")
        for pmid, value, expect in decisions
    )
    return replace(SHIPPED, overrides=Overrides("1", "x", overrides))


def record_of(table: dict[str, Any], pmid: int = 1) -> Record:
    """A record typed by hand, from what is told of it (TOLD); other keys are left alone.

    `abstract` is text, or pairs of category and text; `publication_types`, `substances` and `mesh`
    are names, `Name|UI` where the identifier counts, and a heading may be `*Major` and have a
    `/qualifier`; `databanks` are pairs of databank and number.
    """
    abstract = table.get("abstract", [])
    sections = [[None, abstract]] if isinstance(abstract, str) else abstract
    return Record(
        pmid,
        **{key: table[key] for key in _TEXTS if key in table},
        **{key: tuple(table[key]) for key in _LISTS if key in table},
        sections=tuple(
            Section(number, category, category, True, text)
            for number, (category, text) in enumerate(sections, 1)
        ),
        publication_types=tuple(map(_term, table.get("publication_types", ()))),
        headings=tuple(map(_heading, table.get("mesh", ()))),
        substances=tuple(map(_term, table.get("substances", ()))),
        accessions=tuple((name, number) for name, number in table.get("databanks", ())),
    )


def make_record(title: str | None, *, pmid: int = 1, **rest: Any) -> Record:
    """As `record_of`, for a test that types one record."""
    assert rest.keys() <= set(TOLD), "a misspelt key would say nothing"
    return record_of({"title": title, **rest}, pmid)


def judge_record(record: Record, reference: Reference) -> Judgement:
    """What one record is judged to be."""
    (judgement,) = judge_records([record], reference)
    return judgement


def judged(title: str | None, reference: Reference = SHIPPED, **rest: Any) -> Judgement:
    """What a record typed by hand is judged to be."""
    return judge_record(make_record(title, **rest), reference)


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


def evidence_database() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory, without marts."""
    connection = duckdb.connect()
    for name in ("core", "evidence", "ops"):
        connection.execute((ROOT / "sql" / "schema" / f"{name}.sql").read_text())
    return connection


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = evidence_database()
    yield connection
    connection.close()


def _term(written: str) -> Term:
    name, _, ui = written.partition("|")
    return Term(name, ui or None)


def _heading(written: str) -> Heading:
    name, _, qualifier = written.removeprefix("*").partition("/")
    term = _term(name)
    qualifiers = (_term(qualifier),) if qualifier else ()
    return Heading(term.name, term.ui, written.startswith("*"), qualifiers)
