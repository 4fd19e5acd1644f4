"""Files read by the workers of a Dask cluster: the same tables, also where one is killed."""

from __future__ import annotations

import gzip
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipeline import many_files
from pipeline import workers as reading_workers
from pipeline.cli import main
from pipeline.errors import ConfigurationError, IncompleteError, KetumError, MachineError
from pipeline.many_files import Job
from pipeline.scan import FileReader, Scanner, Scans
from pipeline.settings import ROOT, Options, Settings
from pipeline.update import run_update
from pipeline.warehouse import fingerprint
from pipeline.whole_files import WholeFileReader
from pipeline.workers import Cluster, read_all
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, article_set
from tests.goldens import frozen

KRATOM, LEAF = "Kratom in mice with pain", "Leaves of a tree"


@contextmanager
def local(**how: object) -> Iterator[object]:
    """Two workers, one thread each, on this machine."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", **how
    ) as started:
        yield started


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    """Workers in this process, which need not import and compile everything first."""
    with local(processes=False, protocol="tcp") as started:
        yield started


@pytest.fixture(scope="module")
def processes() -> Iterator[object]:
    """Workers that can be killed."""
    with local() as started:
        yield started


def series(directory: Path) -> list[Path]:
    """Eight files in which records come back: newer, no longer matching, deleted."""
    directory.mkdir()
    files = []
    for number in range(1, 9):
        own = [article(10 * number + n, KRATOM if n % 2 else LEAF) for n in range(6)]
        back = article(11, LEAF if number > 5 else KRATOM, revised=f"2026-02-0{number}")
        deleted = (21,) if number == 7 else ()
        path = directory / f"pubmed26n{number:04d}.xml.gz"
        body = article_set(*own, *([back] if number % 2 == 0 else []), deleted=deleted)
        path.write_bytes(gzip.compress(body.encode(), mtime=0))
        files.append(path)
    return files


def load(base: Path, files: list[Path], **told: object) -> dict[str, list[object]]:
    """Every row that a load of some files made, times and ids aside."""
    settings = Settings(data=base)
    options = Options(from_files=tuple(files), **told)  # type: ignore[arg-type]
    with the_database_alone("marts"):
        receipt = run_update(options, settings, FakeClock())
    bodies = [gzip.decompress(path.read_bytes()) for path in files]
    assert receipt.records_read == sum(body.count(b"<PubmedArticle>") for body in bodies)
    path = (settings.latest / "ketum.duckdb").resolve()
    found: dict[str, list[object]] = {}
    for table, key, row in frozen.rows_of(path):
        found.setdefault(table, []).append((key, row))
    with duckdb.connect(str(path), read_only=True) as con:
        for (table,) in con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'core'"
        ).fetchall():
            described = con.execute(f"FROM core.{table} LIMIT 0").description or []
            columns = [name[0] for name in described if not name[0].endswith(("_at", "run_id"))]
            query = f"SELECT {', '.join(columns)} FROM core.{table} ORDER BY ALL"
            found[f"core.{table}"] = list(con.execute(query).fetchall())
    return found


def die_once(reader: type[FileReader], name: str, marker: str) -> None:
    """Make a worker die in the middle of a file, unless one did already."""
    work = reader.read

    def scan(self: FileReader, path: Path, *told: object) -> object:
        if path.name == name and not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return work(self, path, *told)  # type: ignore[arg-type]

    reader.read = scan  # type: ignore[method-assign, assignment]


@pytest.mark.whole
def test_workers_of_a_cluster_find_what_one_process_finds(cluster, tmp_path):
    files = series(tmp_path / "files")
    own, theirs = job(tmp_path / "own"), job(tmp_path / "theirs")
    alone = {path: many_files._reader_of(own).scan(path) for path in files}
    with Cluster(cluster.scheduler_address) as workers:
        assert dict(many_files._by_workers(files, theirs, workers)) == alone
    for scan in alone.values():
        assert own.scans.body(scan) == theirs.scans.body(scan)


@pytest.mark.slow  # three loads, and five processes that import everything
@pytest.mark.whole
@pytest.mark.parametrize(
    ("reader", "wanted", "among"),
    [
        (Scanner, {"match": ("kratom",)}, {11, 13, 15, 81}),
        (WholeFileReader, {"keep_all": True}, {10, 11, 12, 84}),
    ],
    ids=["matching", "all"],
)
def test_the_tables_are_the_same_in_every_mode_also_where_a_worker_is_killed(
    processes, tmp_path, reader, wanted, among
):
    files = series(tmp_path / "files")
    alone = load(tmp_path / "alone", files, **wanted)
    assert {row[0] for row in alone["core.articles"]} >= among  # type: ignore[index]
    assert 21 not in {row[0] for row in alone["core.articles"]}  # type: ignore[index]

    assert load(tmp_path / "two", files, processes=2, **wanted) == alone

    marker = tmp_path / "died"
    with Cluster(processes.scheduler_address) as workers:
        workers._client.run(die_once, reader, "pubmed26n0004.xml.gz", str(marker))
    assert load(tmp_path / "dask", files, dask=processes.scheduler_address, **wanted) == alone
    assert marker.exists()


def job(base: Path, **changed: object) -> Job:
    directory = base / "job"
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("topics.toml", "language.toml"):
        (directory / name).write_bytes((ROOT / "data" / "reference" / name).read_bytes())
    (directory / "held").write_bytes(b"")
    scans = Scans(base / "scans", "k" * 64)
    made = Job(Scanner, directory, ("kratom",), scans, fingerprint.whole_program())
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.mark.whole
def test_workers_that_cannot_do_it_are_refused_before_the_first_file(cluster, tmp_path):
    with Cluster(cluster.scheduler_address) as workers:
        workers.require(many_files._make_ready, job(tmp_path))
        with pytest.raises(ConfigurationError, match="another version of ketum"):
            workers.require(many_files._make_ready, job(tmp_path, program="of another day"))
        with pytest.raises(MachineError, match=r"does not see .*elsewhere") as unseen:
            workers.require(many_files._make_ready, job(tmp_path, directory=tmp_path / "elsewhere"))
        assert "KETUM_DATA" in unseen.value.next_step
        with pytest.raises(ConfigurationError, match="has no ketum, or one of another version"):
            workers.require(without_ketum, None)


def without_ketum(_job: object) -> None:
    raise ModuleNotFoundError("No module named 'pipeline'")


@pytest.mark.whole
def test_a_file_or_a_result_that_is_not_shared_is_said(cluster, tmp_path):
    (path,) = series(tmp_path / "files")[:1]
    with Cluster(cluster.scheduler_address) as workers:
        with pytest.raises(MachineError, match=r"does not see .*not_here"):
            list(many_files._by_workers([tmp_path / "not_here"], job(tmp_path), workers))
        elsewhere = job(tmp_path, scans=Unshared(tmp_path / "scans", "k" * 64))
        with pytest.raises(MachineError, match="what it found is not in"):
            list(many_files._by_workers([path], elsewhere, workers))


class Unshared(Scans):
    """A directory in which a worker's files never come to be seen here."""

    def find(self, file_sha256: str) -> None:
        return None


@pytest.mark.whole
def test_a_scheduler_without_workers_or_gone_is_said(tmp_path, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(reading_workers, "_CONNECT_SECONDS", 1)
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty:
        address = empty.scheduler_address
        with Cluster(address) as workers:
            with pytest.raises(MachineError, match="has no workers"):
                workers.require(many_files._make_ready, job(tmp_path))
            monkeypatch.setattr(reading_workers, "_EMPTY_SECONDS", 0.0)
            with pytest.raises(IncompleteError, match="are gone"):
                list(many_files._by_workers([tmp_path], job(tmp_path), workers))
    with pytest.raises(MachineError, match="No Dask scheduler answers"):
        Cluster(address)


@pytest.mark.whole
def test_a_scheduler_that_goes_in_the_middle_is_said_in_a_sentence(tmp_path, monkeypatch, capfd):
    from distributed import LocalCluster

    monkeypatch.setattr(reading_workers, "_CONNECT_SECONDS", 5)
    files = [tmp_path / name for name in ("a", "b", "c")]
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as going,
        Cluster(going.scheduler_address) as workers,
    ):
        read = read_all(wait_after_the_first, files, workers)
        assert next(read) == (files[0], "a")
        going.close()
        with pytest.raises(IncompleteError, match=r"no longer answers.*is kept.*same command"):
            list(read)
    assert "distributed.client" not in capfd.readouterr().err


def wait_after_the_first(path: Path) -> str:
    if path.name != "a":
        time.sleep(60)
    return path.name


@pytest.mark.whole
def test_command_and_flow_take_an_address(settings, tmp_path, monkeypatch, capsys):
    from flows.upkeep import bulk_load

    monkeypatch.setattr(reading_workers, "_CONNECT_SECONDS", 1)
    series(tmp_path / "files")
    assert main(["bulk-load", str(tmp_path / "files"), "--dask", "tcp://127.0.0.1:1"]) == 8
    assert "No Dask scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err
    state = bulk_load.fn(places=[str(tmp_path / "files")], dask="tcp://127.0.0.1:1")
    assert state.is_failed()
    assert "No Dask scheduler answers" in str(state.message)


def test_what_is_missing_or_misspelt_is_said(monkeypatch):
    with monkeypatch.context() as patch:
        # a client that could not be made prints a traceback when it is collected
        patch.setattr("distributed.Client", lambda *_, **__: pytest.fail("a client was made"))
        for wrong in ("smoke://signals:1", "foo"):
            with pytest.raises(ConfigurationError, match="not the address of a Dask scheduler"):
                Cluster(wrong)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError, match="is not installed") as raised:
        Cluster("tcp://127.0.0.1:8786")
    assert "ketum[dask]" in raised.value.next_step


def test_errors_of_workers_arrive_whole():
    for kind in (MachineError, ConfigurationError):
        sent = kind("It stopped.", effect="Nothing changed.", next_step="go on.")
        came = pickle.loads(pickle.dumps(sent))
        assert isinstance(came, KetumError)
        assert (came.text(), came.effect) == (sent.text(), "Nothing changed.")
