"""The clients of E-utilities that are put to the test: each retrieves what queries find.

EDirect is a Debian package, metapub and easy-entrez live in an environment of their own
(`.ci/clients` installs all three), Bio.Entrez and ketum are here anyway.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from Bio import Entrez
from lxml import etree

from pipeline.clock import Clock
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.search import esearch
from pipeline.pubmed.sync import efetch, pmids_in
from pipeline.settings import ROOT

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-clients" / "bin" / "python"


@dataclass(frozen=True)
class Retrieved:
    """What a client makes of one query: PMIDs, and those of the records and summaries it got."""

    found: frozenset[int]
    fetched: frozenset[int]
    summed_up: frozenset[int] | None


Client = Callable[[str, Sequence[str], Path], dict[str, Retrieved]]
"""Takes the address of a server, queries and an empty directory; gives answers by query."""


def needs(name: str, *, present: bool) -> None:
    """Skip the test without the program, or fail it where KETUM_CLIENTS=required."""
    if present:
        return
    message = f"needs its own program: {name}"
    if os.environ.get("KETUM_CLIENTS") == "required":
        pytest.fail(f"{message} (.ci/clients installs it)")
    pytest.skip(message)


def edirect(url: str, queries: Sequence[str], directory: Path) -> dict[str, Retrieved]:
    def retrieve(query: str) -> Retrieved:
        message = run_edirect(url, f"esearch -db pubmed -query '{query}'")
        uids = run_edirect(url, "efetch -format uid", message).split()
        if not uids:
            return Retrieved(frozenset(), frozenset(), frozenset())
        records = run_edirect(url, "efetch -format xml", message)
        summaries = run_edirect(
            url, "esummary | xtract -pattern DocumentSummary -element Id", message
        )
        return Retrieved(pmids(uids), pmids_in_set(records), pmids(summaries.split()))

    # Shell scripts mostly wait for each other.
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(queries, pool.map(retrieve, queries), strict=True))


def run_edirect(url: str, command: str, message: str = "") -> str:
    """The output of a shell command, with Debian's EDirect led to the server."""
    needs("EDirect", present=all(map(shutil.which, ("esearch", "efetch", "xtract", "nquire"))))
    environment = {
        **os.environ,
        "PATH": f"{HERE}:{os.environ['PATH']}",
        # A path of NCBI's would make nquire pause before each request.
        "EUTILS_BASE": url.removesuffix("/entrez/eutils/"),
        "no_proxy": "127.0.0.1",
    }
    done = subprocess.run(
        ["sh", "-c", command], env=environment, input=message, text=True, capture_output=True,
        timeout=120, check=True,
    )  # fmt: skip
    assert "ERROR" not in done.stderr
    return done.stdout


def bio_entrez(_url: str, queries: Sequence[str], _directory: Path) -> dict[str, Retrieved]:
    """Through the history server, three records a page; the caller leads Bio.Entrez first."""

    def retrieve(query: str) -> Retrieved:
        result = Entrez.read(Entrez.esearch("pubmed", query, usehistory="y", retmax="9999"))
        session = {"query_key": result["QueryKey"], "webenv": result["WebEnv"]}
        fetched: set[int] = set()
        summed_up: set[int] = set()
        for start in range(0, int(result["Count"]), 3):
            page = {**session, "retstart": str(start), "retmax": "3"}
            # Its own parser of articles would fetch a DTD that it does not bundle.
            fetched |= pmids_in_set(Entrez.efetch(db="pubmed", retmode="xml", **page).read())
            documents = Entrez.read(Entrez.esummary(db="pubmed", **page))
            summed_up |= pmids(document["Id"] for document in documents)
        return Retrieved(pmids(result["IdList"]), frozenset(fetched), frozenset(summed_up))

    return {query: retrieve(query) for query in queries}


def can_import(package: str) -> bool:
    """Whether the clients' own environment has a package."""
    if not PYTHON.exists():
        return False
    command = [PYTHON, "-c", f"import {package}"]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def in_own_environment(name: str, script: str) -> Client:
    def client(url: str, queries: Sequence[str], directory: Path) -> dict[str, Retrieved]:
        needs(name, present=can_import(name.replace("-", "_")))
        asked = json.dumps({"url": url, "queries": queries, "directory": str(directory)})
        done = subprocess.run(
            [PYTHON, HERE / script], input=asked, text=True, capture_output=True, check=False,
            timeout=120, env={**os.environ, "HOME": str(directory), "no_proxy": "127.0.0.1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return {
            query: Retrieved(*(pmids(answer[key]) for key in ("found", "fetched", "summed_up")))
            for query, answer in json.loads(done.stdout).items()
        }

    return client


def ketum(url: str, queries: Sequence[str], _directory: Path) -> dict[str, Retrieved]:
    asking = EutilsClient(Clock(), pace_file=None, base_url=url)

    def retrieve(query: str) -> Retrieved:
        found = esearch(asking, query).pmids
        fetched = pmids_in(efetch(asking, found)) if found else ()
        return Retrieved(frozenset(found), frozenset(fetched), None)

    return {query: retrieve(query) for query in queries}


CLIENTS: dict[str, Client] = {
    "EDirect": edirect,
    "Bio.Entrez": bio_entrez,
    "metapub": in_own_environment("metapub", "run_metapub.py"),
    "easy-entrez": in_own_environment("easy-entrez", "run_easy_entrez.py"),
    "ketum": ketum,
}


def pmids(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(map(int, texts))


def pmids_in_set(body: bytes | str) -> frozenset[int]:
    """The records' own numbers in a PubmedArticleSet, read by none of the programs."""
    root = etree.fromstring(body.encode() if isinstance(body, str) else body)
    return pmids(number.text or "" for number in root.iterfind("*/*/PMID"))
