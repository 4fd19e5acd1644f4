"""Fingerprints: of the shape, of the parser, of what makes tables, of what a run found.

Each covers what decides, and no more: to edit a comment in a command must not judge records again
nor rename a set.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.metadata import version as version_of
from pathlib import Path

import duckdb

from pipeline.settings import ROOT

PARSER = (
    "identifiers.py", "pubmed/parsing", "pubmed/records.py", "warehouse/stage.py",
    "warehouse/load.py", "warehouse/load_log.py",
)  # fmt: skip
"""The modules that make rows of `core` of bytes, and decide between copies of a record."""
TABLE_MAKERS = (
    "identifiers.py", "pubmed/parsing", "pubmed/records.py", "rules", "evidence",
    "warehouse", "outputs/marts.py", "outputs/wording.py", "outputs/headline.py",
    "outputs/parts.py", "outputs/tables.py", "escaping.py",
)  # fmt: skip
"""The modules that make tables of records, and files of them: those of the parser, of judging,
building and exporting."""
_LIBRARIES = ("duckdb", "google-re2", "biopython")

# what a published set says, without times and run ids; no query gives a row twice
_CONTENT = (
    "SELECT pmid, pmid_version, record_source, record_sha256 FROM core.articles",
    "SELECT pmid, pmid_version, record_sha256 FROM core.article_versions",
    "SELECT search, pmid, matched_by FROM ops.search_hits WHERE left_at IS NULL",
    "SELECT * FROM ops.unread_records",
    "SELECT pmid, study_type, is_primary FROM evidence.article_study_types",
    "SELECT pmid, topic, level FROM evidence.article_topics",
    "SELECT pmid, facet, value, level, finding FROM evidence.article_facets",
    "SELECT pmid, study_group, role FROM evidence.study_groups",
    "SELECT pmid, claim, how, finding FROM evidence.article_claims",
    "SELECT * FROM evidence.claim_evidence",
    "SELECT * FROM evidence.rule_sets",
    "SELECT denominator, date_tag, year, record_count, strategy FROM ops.denominators",
    "SELECT * EXCLUDE (counted_at) FROM ops.file_counts",
)
_FOUND = (
    """
    SELECT pmid, pmid_version, record_source, record_sha256 FROM core.articles
    UNION ALL
    SELECT pmid, pmid_version, 'other version', record_sha256 FROM core.article_versions
    """,
    "SELECT * FROM ops.unread_records",
    "SELECT * FROM ops.denominators",
    "SELECT * FROM ops.file_counts",
)


def schema_files(sql: Path) -> list[Path]:
    """The schema files in the order of their names."""
    return sorted((sql / "schema").glob("*.sql"))


def schema_version(sql: Path) -> str:
    """Fingerprint of sql/schema: until 1.0 the shape is edited in place, so any edit counts."""
    return _digest(schema_files(sql)).hex()[:12]


def parser_files() -> list[Path]:
    """The files of `PARSER`."""
    return _modules(PARSER)


@cache
def parser_version() -> str:
    """Fingerprint of what makes rows of `core` of the bytes that came, and of its libraries.

    Records that another parser read would stay as they are until they come again.
    """
    libraries = f"{_xml_parser()}biopython {version_of('biopython')}"
    return _digest(parser_files(), libraries.encode()).hex()[:12]


def program_files(sql: Path) -> list[Path]:
    """The files that make tables of records: SQL and the modules of `TABLE_MAKERS`.

    Args:
        sql: the SQL files; all count but the checks and examples, which make nothing.
    """
    scripts = [path for room in ("marts", "former") for path in sorted((sql / room).glob("*.sql"))]
    return [*schema_files(sql), *scripts, *_modules(TABLE_MAKERS)]


def program(sql: Path) -> bytes:
    """SHA-256 over what makes tables of records: its files, and the libraries under them."""
    states = ((path, path.stat()) for path in program_files(sql))
    files = tuple((path, now.st_mtime_ns, now.st_size) for path, now in states)
    return _program(_libraries(), files)


@lru_cache(maxsize=4)
def _program(libraries: bytes, files: tuple[tuple[Path, int, int], ...]) -> bytes:
    """The same, of files as they stand on disk; a run asks several times."""
    return _digest((path for path, *_ in files), libraries)


@cache
def whole_program() -> str:
    """Fingerprint of all modules and libraries: of a worker, which must be those of its parent."""
    return _digest(_modules(("",)), _libraries()).hex()[:12]


def found_sha256(
    con: duckdb.DuckDBPyConnection,
    sql: Path,
    *,
    reference: Mapping[str, str],
    answers: Iterable[tuple[str, Sequence[int] | None]],
    mode: str,
    year: int,
) -> str:
    """SHA-256 over everything that the judgements and tables of a run depend on, as hex digits.

    Two runs with the same one differ in nothing but their dates.

    Args:
        con: the warehouse, after the load; records, those that could not be read and PubMed's
            own counts are read.
        sql: the SQL files.
        reference: name of each reference file to where it is stored by its content.
        answers: each search with the PMIDs of its answer, or None where it was not asked.
        mode: of the run, which decides what a search is worth.
        year: of the search, which moves the marks of partial years.
    """
    digest = hashlib.sha256(program(sql))
    digest.update(json.dumps([reference, mode, year]).encode())
    for path in sorted((sql / "checks").glob("*.sql")):
        digest.update(path.read_bytes())
    for search, pmids in answers:
        digest.update(f"{search} {pmids}".encode())
    for query in _FOUND:
        digest.update(of_rows(con, query))
    return digest.hexdigest()


def content_id(con: duckdb.DuckDBPyConnection, sql: Path) -> str:
    """Twelve hex digits over records, judgements, rules, and the code that made tables of them.

    The same content gives the same id, whenever and however often it was fetched.
    """
    digest = hashlib.sha256(program(sql))
    for query in _CONTENT:
        digest.update(query.encode() + of_rows(con, query))
    return digest.hexdigest()[:12]


def of_rows(con: duckdb.DuckDBPyConnection, query: str) -> bytes:
    """Fingerprint of the rows of a query, in whatever order they come; counted and hashed there.

    DuckDB's hash of a row knows NULL from a text, and where one value ends. Two of the same row
    would cancel out in the first sum and do not in the second.
    """
    found = con.execute(
        f"SELECT count(*), bit_xor(hash(one)), sum(hash(one)::HUGEINT) FROM ({query}) AS one"
    ).fetchone()
    return repr(found).encode()


def _digest(files: Iterable[Path], before: bytes = b"") -> bytes:
    """SHA-256 over the names and bytes of files, and what stands before them."""
    digest = hashlib.sha256(before)
    for path in files:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.digest()


def _modules(names: Sequence[str]) -> list[Path]:
    """Files below pipeline/, in order; of a directory every module in it."""
    found: list[Path] = []
    for name in names:
        path = ROOT / "pipeline" / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def _libraries() -> bytes:
    """Versions of Python and of the libraries under the modules that make tables."""
    told = [f"Python {platform.python_version()} ", _xml_parser()]
    return "".join([*told, *(f"{name} {version_of(name)} " for name in _LIBRARIES)]).encode()


def _xml_parser() -> str:
    """Versions of the XML parser; readers of published sets import this module and not lxml."""
    from lxml import etree

    return f"lxml {etree.LXML_VERSION} libxml2 {etree.LIBXML_VERSION} "
