"""What all tests share: a data directory of their own, a still clock, skips that are known."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline import run as runs
from pipeline.clock import Clock
from pipeline.options import Options
from pipeline.outputs import publish
from pipeline.outputs.receipt import Receipt
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.settings import Settings
from pipeline.update import run_update
from tests import corpus

# A runner in the background may have SIGINT ignored, and its children would inherit that:
# tests that interrupt a run need the usual handler.
signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"

ALLOWED_SKIPS = (
    "../shared is not here",
    "needs its own program",
)
"""Reasons for which a test may be skipped; any other skip fails the session."""


LONGEST_FIRST = (
    "tests/faults/test_matrix.py",
    "tests/soak/test_soak.py",
    "tests/faults/test_key_with_prefect.py",
    "tests/test_kill.py",
    "tests/outputs/page/test_many.py",
)
"""Files that take a minute or more: begun last, one worker would end alone with them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    unknown = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if not any(reason in str(report.longrepr) for reason in ALLOWED_SKIPS)
    ]
    for report in unknown:
        terminalreporter.write_line(
            f"skip that is not on the list: {report.nodeid} {report.longrepr}"
        )
    if unknown:
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # type: ignore[union-attr]


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_disk() -> Iterator[None]:
    """Durability is for power cuts, which no test in this process plays."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture
def shared() -> Path:
    """The folder of real NLM data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    return SHARED


class FakeClock(Clock):
    """A clock that moves only when told to, or when somebody sleeps."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, 0, 0)) -> None:
        self.start = start
        self.passed = 0.0

    def now(self) -> datetime:
        return (self.start + timedelta(seconds=self.passed)).replace(microsecond=0)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with an empty data directory and nothing from the environment."""
    for name in ("NCBI_API_KEY", "NCBI_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KETUM_DATA", str(tmp_path / "data"))
    return replace(Settings.from_environment(), pace_file=tmp_path / "pace")


Live = Callable[..., Receipt]


@pytest.fixture
def live(
    settings: Settings, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Live:
    """Run a live update against a replay server that holds exactly the given records.

    Only the address differs from real life: origin, completeness and memberships are
    those of a live run. Bounds that real PubMed must meet are lowered by the caller's corpus.
    """
    monkeypatch.setattr(runs.Run, "bounds_apply", property(lambda _run: False))

    def update(*records: str, deleted: tuple[int, ...] = ()) -> Receipt:
        corpus.write(tmp_path / "corpus" / "all.xml", *records, deleted=deleted)
        with ReplayServer(ReplayArchive.read(tmp_path / "corpus")) as server:
            return run_update(Options(), replace(settings, eutils_url=server.url), clock)

    return update


@pytest.fixture
def published(settings: Settings) -> Callable[..., list[tuple[object, ...]]]:
    """Query the latest published set."""

    def query(sql: str, parameters: list[object] | None = None) -> list[tuple[object, ...]]:
        path = (settings.latest / "ketum.duckdb").resolve()
        with duckdb.connect(str(path), read_only=True) as con:
            return con.execute(sql, parameters or []).fetchall()

    return query


@contextmanager
def the_database_alone() -> Iterator[None]:
    """Publish sets without page, feeds and tables: these are made of the database, and take time.

    For tests of what a database holds; `test_key_with_prefect` publishes whole sets under every
    fault, and tests/outputs has each of the files left out here.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish.manifest, "export_all", lambda _con, _directory: [])
        patch.setattr(publish.page, "write", lambda _con, _directory: None)
        patch.setattr(publish.feeds, "write", lambda _con, _directory: None)
        yield


@pytest.fixture
def database_alone() -> Iterator[None]:
    with the_database_alone():
        yield
