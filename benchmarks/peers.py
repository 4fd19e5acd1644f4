"""One run of another's program over a PubMed file: `python benchmarks/peers.py NAME FILE`.

Needs nothing of ketum, so that peers can be installed in an environment of their own.
"""

from __future__ import annotations

import gzip
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODULES = {
    "pubmed_parser": "pubmed_parser",
    "pubmedparser2": "pubmedparser",
    "biopython": "Bio",
    "pubmed2db": "pubmed2db.parse",
}
FIELDS = {
    "root": "/PubmedArticleSet",
    "key": "/PubmedArticle/MedlineCitation/PMID",
    "title": "/PubmedArticle/MedlineCitation/Article/ArticleTitle",
    "abstract": "/PubmedArticle/MedlineCitation/Article/Abstract/AbstractText",
    "year": "/PubmedArticle/MedlineCitation/Article/Journal/JournalIssue/PubDate/Year",
    "journal": "/PubmedArticle/MedlineCitation/Article/Journal/ISOAbbreviation",
    "doi": "/PubmedArticle/MedlineCitation/Article/ELocationID",
    "name": "/PubmedArticle/MedlineCitation/Article/AuthorList/Author/LastName",
}


def pubmed_parser(peer: Any, path: Path) -> None:
    for _ in peer.parse_medline_xml(
        str(path),
        year_info_only=False,
        nlm_category=True,
        author_list=True,
        reference_list=True,
        parse_downto_mesh_subterms=True,
    ):
        pass


def pubmedparser2(peer: Any, path: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        peer.read_xml([str(path)], FIELDS, directory, False, n_threads=1)


def biopython(_peer: Any, path: Path) -> None:
    entrez = importlib.import_module("Bio.Entrez")
    with gzip.open(path) as stream:
        entrez.read(stream)


def pubmed2db(peer: Any, path: Path) -> None:
    """Parsed and loaded as its own scripts/benchmark_load.py does."""
    duckdb = importlib.import_module("duckdb")
    database = importlib.import_module("pubmed2db.db")
    load = importlib.import_module("pubmed2db.load")
    with tempfile.TemporaryDirectory() as directory:
        con = duckdb.connect(str(Path(directory) / "pubmed.duckdb"))
        database.init_schema(con)
        load.load_parsed(con, peer.parse_file(path), path.name, kind="baseline")
        con.close()


WORKS: dict[str, Callable[[Any, Path], None]] = {
    "pubmed_parser": pubmed_parser,
    "pubmedparser2": pubmedparser2,
    "biopython": biopython,
    "pubmed2db": pubmed2db,
}


def main() -> None:
    name, path = sys.argv[1], Path(sys.argv[2])
    try:
        peer = importlib.import_module(MODULES[name])
    except ImportError:
        sys.exit("not installed")
    began = time.process_time()
    WORKS[name](peer, path)
    print(json.dumps({"processor": time.process_time() - began}))


if __name__ == "__main__":
    main()
