"""What all tests share: a data directory of their own, a still clock, skips that are known.

docs/testing.md says which sizes of tests there are and how each is written.
"""

from __future__ import annotations

import fcntl
import gc
import hashlib
import os
import pickle
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import hypothesis
import pytest

from pipeline import journal as journals
from pipeline import run as runs
from pipeline.clock import Clock
from pipeline.evidence import reference as references
from pipeline.evidence.reference import Reference
from pipeline.evidence.study_types import StudyTypes
from pipeline.evidence.topics import Topics
from pipeline.outputs import marts, publish, query
from pipeline.outputs import receipt as receipts
from pipeline.outputs.receipt import Receipt
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.rules import file as rule_files
from pipeline.settings import Options, Settings
from pipeline.storage import sha256_of
from pipeline.update import run_update
from pipeline.warehouse import database
from tests import corpus, in_memory
from tests.in_memory import Warehouse
from tests.outputs import hostile

# A runner in the background may have SIGINT ignored, and its children would inherit that:
# tests that interrupt a run need the usual handler.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on how fast the machine is.
hypothesis.settings.register_profile(
    "ketum", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("ketum")

_read_reference = Reference.load
_references: dict[object, Reference] = {}


def read_once(directory: Path, *, is_strict: bool = True, is_known_good: bool = False) -> Reference:
    """Rules of the same bytes are compiled once a process; nobody can change a Reference.

    They are checked even if they are known to be good, since a later test may want it.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.glob("*") if path.is_file()):
        digest.update(f"{path.name} {path.stat().st_size} ".encode())
        digest.update(path.read_bytes())
    key = (is_strict, digest.digest())
    if key not in _references:
        _references[key] = _read_reference(directory, is_strict=is_strict)
    return replace(_references[key], directory=directory)


Reference.load = read_once  # type: ignore[method-assign] # for what modules load at import, too


def _of_the_same_bytes(load: Callable[..., Any]) -> Callable[..., Any]:
    """A loader of one file that compiles the same bytes, with the same beside them, once."""
    known: dict[object, Any] = {}

    def loaded(path: Path, *beside: object) -> object:
        given = (id(one) if isinstance(one, StudyTypes | Topics) else repr(one) for one in beside)
        key = (path.read_bytes(), *given)
        if key not in known:
            known[key] = load(path, *beside)
        return known[key]

    return loaded


# where one file of a directory was changed, the others need not be compiled again
for _name in ("load_topics", "load_study_types", "load_facets", "load_claims", "load_findings"):
    setattr(references, _name, _of_the_same_bytes(getattr(references, _name)))


@cache
def _parsed(text: str) -> bytes:
    return pickle.dumps(tomllib.loads(text))


# a file is parsed once for its shape and once for what it says, and by each Reference anew
rule_files.tomllib = SimpleNamespace(  # type: ignore[assignment]
    loads=lambda text: pickle.loads(_parsed(text)), TOMLDecodeError=tomllib.TOMLDecodeError
)

# Messages as at a terminal, which no test has.
os.environ.setdefault("KETUM_LOG", "text")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"

BY_HAND = "by hand: make test SLOW=1"

ALLOWED_SKIPS = (
    "../shared is not here",
    "needs its own program",
    BY_HAND,
)
"""Reasons for which a test may be skipped; any other skip fails the session."""


ALL_SLOW = os.environ.get("KETUM_SLOW") != "some"
"""Whether slow tests try everything; .ci/run tries some, and names those left `by_hand`."""

LONGEST_FIRST = (
    "tests/schedule/test_schedule.py",
    "tests/faults/test_matrix.py",
    "tests/faults/test_key_with_prefect.py",
    "tests/soak/test_soak.py",
    "tests/test_kill.py",
    "tests/outputs/page/test_many.py",
    "tests/flows/test_update_flow.py",
    "tests/flows/test_embedded_server.py",
    "tests/test_cluster.py",
    "tests/test_notebook.py",
    "tests/outputs/page/test_browser.py",
    "tests/test_cli.py",
    "tests/test_update.py",
    "tests/outputs/test_feeds.py",
    "tests/pubmed/test_sync.py",
    "tests/test_bulk_all.py",
    "tests/test_ways_back.py",
    "tests/test_rebuild.py",
)
"""Files that take long: begun last, one worker would end alone with them."""


WHOLE = frozenset({"live", "live_with_outputs", "demonstration", "days", "whole_set", "browser"})
"""Fixtures that make their tests whole ones, without a mark."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Rules, modules and tests stay: they are not to be looked through again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))
    for item in items:
        if item.get_closest_marker("by_hand"):
            item.add_marker("slow")
            if not ALL_SLOW:
                item.add_marker(pytest.mark.skip(reason=BY_HAND))
        if WHOLE & set(getattr(item, "fixturenames", ())):
            item.add_marker("whole")


# -- unit tests stay small

size = "unit"
"""Of the test at work: unit, whole or slow."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note the size before any fixture is made, those of a module or session too."""
    global size
    marks = [name for name in ("slow", "whole") if item.get_closest_marker(name)]
    size = next(iter(marks), "unit")


def _not_in_a_unit_test(does: str, function: Callable[..., object]) -> Callable[..., object]:
    def guarded(*arguments: object, **named: object) -> object:
        assert size != "unit", f"a unit test {does}: mark it `whole`, or see docs/testing.md"
        return function(*arguments, **named)

    return guarded


@pytest.fixture(autouse=True, scope="session")
def unit_tests_are_small() -> Iterator[None]:
    """No warehouse file, no server, no other process in a test without a mark."""
    with pytest.MonkeyPatch.context() as patch:
        for place, name, does in (
            (database, "connect", "opens a warehouse file"),
            (ReplayServer, "__enter__", "starts a server"),
            (subprocess.Popen, "__init__", "starts a process"),
        ):
            patch.setattr(place, name, _not_in_a_unit_test(does, getattr(place, name)))
        yield


# -- what is made once


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A directory that the first process to ask fills, and that all of a session then read.

    Args:
        factory: pytest's own.
        name: one a session.
        make: fills the empty directory; what it makes must not be changed afterwards.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    place = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "whole").exists():  # a maker that failed left none
            (place / "made").mkdir(parents=True, exist_ok=True)
            make(place / "made")
            (place / "whole").touch()
    return place / "made"


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The main job on what ships in data/demo, on the day the README was written. Read only."""

    def make(base: Path) -> None:
        run_update(Options(offline=True), Settings(data=base / "data"), FakeClock())

    return Settings(data=made_once(tmp_path_factory, "demonstration", make) / "data")


def publish_live(base: Path, *records: str, clock: Clock | None = None) -> None:
    """Publish a live set of exactly these records into the data directory `base / "data"`."""
    corpus.write(base / "corpus" / "all.xml", *records)
    with (
        pytest.MonkeyPatch.context() as patch,
        ReplayServer(ReplayArchive.read(base / "corpus")) as server,
    ):
        patch.setattr(runs.Run, "bounds_apply", property(lambda _run: False))
        settings = Settings(data=base / "data", eutils_url=server.url, pace_file=base / "pace")
        run_update(Options(), settings, clock or FakeClock())


FIRST = corpus.article(
    1,
    "Effects of <i>Mitragyna speciosa</i> on pain in mice",
    abstract="Mitragynine relieved pain.",
)
SECOND = corpus.article(2, "Kratom and chronic pain", entered="2026-11-23")
DAY = 86_400


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data directories after live runs, read only: `one` found FIRST; `two`, a day later, both.

    Databases are published, and the tables of `two`.
    """

    def make(base: Path) -> None:
        clock = FakeClock()
        with the_database_alone("marts"):
            publish_live(base, FIRST, clock=clock)
        shutil.copytree(base / "data", base / "one", symlinks=True)
        clock.sleep(DAY)
        with the_database_alone("tables"):
            publish_live(base, FIRST, SECOND, clock=clock)
        (base / "data").rename(base / "two")

    return made_once(tmp_path_factory, "days", make)


def copy_data(source: Path, target: Path) -> None:
    """Copy a data directory, to go on with it.

    Files of tables are shared, since hundreds would take as long to copy as all the rest; nobody
    writes into one.
    """

    def copy(path: str, to: str) -> None:
        (os.link if "/tables/" in path else shutil.copy2)(path, to)

    shutil.copytree(source, target, symlinks=True, copy_function=copy)


@pytest.fixture(scope="session")
def whole_set(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A live set with all of its files, of a plain record and a hostile one; read only."""

    def make(base: Path) -> None:
        clock = FakeClock()
        with the_database_alone("comments"):
            publish_live(base, hostile.PLAIN, clock=clock)
        clock.sleep(DAY)
        publish_live(base, hostile.PLAIN, hostile.record(), clock=clock)

    return Settings(data=made_once(tmp_path_factory, "whole", make) / "data")


def last_receipt(settings: Settings) -> Receipt:
    """What the last run printed."""
    receipt = Receipt.from_dict(journals.read_all(settings.runs)[-1].receipt)
    with query.open_published(settings) as con:
        return replace(receipt, tables=receipts.headlines(con, receipt.searches))


# -- one test


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


@pytest.fixture(autouse=True, scope="session")
def small_blocks() -> Iterator[None]:
    """Database files of few records take 3 MB instead of 32; hundreds are written and copied."""
    connect = duckdb.connect

    def connected(
        database: str = ":memory:", read_only: bool = False, config: dict[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        return connect(database, read_only, {"default_block_size": "16384"} | (config or {}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connected)
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
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "KETUM_SITE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KETUM_DATA", str(tmp_path / "data"))
    return replace(Settings.from_environment(), pace_file=tmp_path / "pace")


@pytest.fixture
def begun(days: Path, settings: Settings) -> Settings:
    """A data directory after one live run, which found FIRST, with which the test goes on."""
    copy_data(days / "one", settings.data)
    return settings


@pytest.fixture
def memory() -> Warehouse:
    """An empty warehouse in memory."""
    return Warehouse()


Live = Callable[..., Receipt]


@pytest.fixture
def live(live_with_outputs: Live, database_alone: None) -> Live:
    """As `live_with_outputs`, for tests that look at the database: nothing else is published."""
    return live_with_outputs


@pytest.fixture
def live_with_outputs(
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
def the_database_alone(*but: str) -> Iterator[None]:
    """Publish sets without page, feeds, tables and comments: made of the database, they take time.

    For tests of what a database holds; tests/outputs has each of the files left out here. The
    database is copied as it is. Of its marts only those are made that an update reads itself,
    with the checks that ask for no other one.

    Args:
        but: marts, page, feeds, tables or comments: what is made too; all marts with any.
    """
    left_out = {
        "tables": ("tables", "export_all", lambda *_what: []),
        "page": ("page", "write", lambda *_what, **_how: None),
        "feeds": ("feeds", "write", lambda _con, _directory, _site: None),
    }
    with pytest.MonkeyPatch.context() as patch:
        if "comments" not in but:
            patch.setattr(database, "comments", lambda _text: ())
            patch.setattr(publish, "write_copy", _copy)
        if not but:
            patch.setattr(marts, "files", in_memory.mart_files_of_an_update)
            patch.setattr(marts, "make_former", lambda _con, _sql: None)
            patch.setattr(database, "check_files", in_memory.check_files_of_an_update)
        for what, (module, name, instead) in left_out.items():
            if what not in but:
                patch.setattr(getattr(publish, module), name, instead)
        yield


def _copy(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    con.execute("CHECKPOINT")
    (source,) = con.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    shutil.copyfile(source[0], path)
    path.chmod(0o444)
    return sha256_of(path)


@pytest.fixture
def database_alone() -> Iterator[None]:
    with the_database_alone():
        yield


@pytest.fixture
def database_and_tables() -> Iterator[None]:
    """For tests that verify a set: its manifest states the tables."""
    with the_database_alone("tables"):
        yield
