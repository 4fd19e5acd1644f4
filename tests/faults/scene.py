"""The scene of the fault matrix: a published live set, and a second run that is struck.

The second run asks ESearch three times (two searches, what was modified) and EFetch three
times (batches of three records).
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest
from lxml import etree

from pipeline.errors import KetumError
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed import client, sync
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.replay.faults import Misbehaviour, case
from pipeline.settings import ROOT, Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write

KEY = "canary0000000000000000000000000key"
MINIMUM = 15
TODAY = "2026-11-23"
FIRST = [article(n, f"Kratom and pain, part {n}") for n in range(11, 35)]
SECOND = [
    *FIRST[:20],
    *(article(n, f"Kratom and pain, part {n}, revised", revised=TODAY) for n in range(31, 35)),
    *(article(n, f"Mitragynine and pain, part {n}", entered=TODAY) for n in range(41, 46)),
]
SEARCHES, BATCHES = 3, 3
"""ESearch and EFetch requests of the second run when nothing goes wrong."""


@dataclass
class Outcome:
    """How a struck run ended.

    Attributes:
        error: what it raised; None if it published.
        receipt: what it told, if it published.
        struck: requests that met the fault.
    """

    error: KetumError | None
    receipt: Receipt | None
    struck: int


class Scene:
    """A data directory with the first set published, and what comes after.

    Args:
        base: an empty directory.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        reference = base / "reference"
        shutil.copytree(ROOT / "data" / "reference", reference)
        topics = (reference / "topics.toml").read_text(encoding="utf-8")
        (reference / "topics.toml").write_text(
            topics.replace("minimum = 300", f"minimum = {MINIMUM}"), encoding="utf-8"
        )
        self.settings = Settings(
            base / "first",
            api_key=KEY,
            email="ana@example.org",
            reference=reference,
            pace_file=base / "pace",
        )
        self.archives = {
            name: ReplayArchive.read(write(base / name / "all.xml", *records).parent)
            for name, records in (("one", FIRST), ("two", SECOND))
        }
        self.clock = FakeClock()
        with the_database_alone("marts"), ReplayServer(self.archives["one"]) as server:
            run_update(Options(), replace(self.settings, eutils_url=server.url), self.clock)
        self.clock.sleep(86_400)

    def settings_at(self, data: Path) -> Settings:
        """Settings of a fresh copy of the published first set."""
        shutil.copytree(self.base / "first", data, symlinks=True, copy_function=_copy)
        return replace(self.settings, data=data)

    def strike(
        self, settings: Settings, name: str, tool: str | None, at: int, times: int | None
    ) -> Outcome:
        """The second run, with requests struck by a fault case."""
        fault = Misbehaviour(case(name), tool, at, times)
        error, receipt = None, None
        clock = TickingClock() if name == "trickle" else FakeClock()
        clock.sleep(self.clock.passed)
        with (
            small_batches(),
            the_database_alone(),
            ReplayServer(self.archives["two"], fault=fault) as server,
        ):
            try:
                receipt = run_update(Options(), replace(settings, eutils_url=server.url), clock)
            except KetumError as raised:
                error = raised
        return Outcome(error, receipt, fault.struck)


def _copy(source: str, target: str) -> None:
    """A copy; of what is published, which no run ever writes to, another name is enough."""
    if "/published/" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


class TickingClock(FakeClock):
    """A clock on which time passes while an answer is read, so that a deadline can come."""

    def monotonic(self) -> float:
        self.passed += 5
        return self.passed


@contextmanager
def small_batches() -> Iterator[None]:
    """Batches of three, and time-outs that a test can wait for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync, "BATCH_SIZE", 3)
        patch.setattr(client, "READ_TIMEOUT", 0.3)
        yield


def contents(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """What the latest set says of records, members and judgements, without times."""
    path = (settings.latest / "ketum.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as con:
        return {
            query: con.execute(query).fetchall()
            for query in (
                "SELECT pmid, record_sha256 FROM core.articles ORDER BY ALL",
                "SELECT search, pmid, matched_by, left_reason FROM ops.search_hits ORDER BY ALL",
                "SELECT pmid, study_type FROM evidence.article_study_types ORDER BY ALL",
                "SELECT search, year, study_type, record_count FROM marts.study_types_by_year "
                "ORDER BY ALL",
            )
        }


def half_answers(settings: Settings) -> list[str]:
    """Bodies in the raw archive that are no complete answer of PubMed (there must be none)."""
    odd = []
    for path in settings.raw("pubmed").rglob("*.gz"):
        body = gzip.decompress(path.read_bytes())
        if (
            body.startswith((b"#", b"version", b"pmid", b"doi", b"position"))
            or b"<" not in body[:9]
        ):
            continue  # a reference file
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
        if root.tag == "eSearchResult":
            ids = root.find("IdList")  # a count alone has none
            whole = ids is None or int(root.findtext("Count")) == len(ids)
        else:
            whole = root.tag == "PubmedArticleSet" and root.find(".//ERROR") is None
        if not whole:
            odd.append(f"{path.name}: {root.tag}")
    return odd
