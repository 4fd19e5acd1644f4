"""Before a run: room on the disk, and a warehouse of this version, made by itself where safe."""

from __future__ import annotations

import shutil
import tarfile
from collections import namedtuple

import duckdb
import pytest

from pipeline import cli, housekeeping
from pipeline.errors import EXIT_MACHINE, MachineError
from pipeline.settings import ROOT
from pipeline.warehouse.breakdowns import refusal
from tests.test_rebuild import tables_of
from tests.test_upgrades import ORIGIN, counted

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("database_alone")]

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def of_0_1_0(settings):
    """The data directory as 0.1.0 left it after three runs."""
    with tarfile.open(ROOT / "tests" / "upgrades" / "data-0.1.0.tar.xz") as archive:
        archive.extractall(settings.data.parent, filter="data")
    return settings


@pytest.mark.slow  # rebuilds three runs
def test_a_warehouse_of_another_version_is_made_anew_and_the_run_goes_on(of_0_1_0, tmp_path):
    before = counted(of_0_1_0)
    listed = tmp_path / "listed.csv"
    listed.write_text("pmid,doi,year,title\n1,,2020,Kratom\n", encoding="utf-8")
    code = cli.main(["update", "--from", str(listed), "--name", "upgrade", "--quiet"])
    assert code == 0
    after = counted(of_0_1_0)
    assert after["runs"][:3] == before["runs"] and len(after["runs"]) == 4
    assert set(before["records"]) <= set(after["records"])
    assert housekeeping.outdated(ORIGIN, of_0_1_0) is None


@pytest.mark.parametrize("how", ["a body is gone", "a journal is broken", "no journal"])
def test_where_it_is_not_safe_nothing_is_touched(how, of_0_1_0, caplog):
    raw = of_0_1_0.raw(ORIGIN)
    if how == "a body is gone":
        next(raw.rglob("*.gz")).unlink()
    elif how == "a journal is broken":
        next(of_0_1_0.runs.glob("*/run.json")).write_text("{")
    else:
        shutil.rmtree(of_0_1_0.runs)
    before = of_0_1_0.warehouse(ORIGIN).read_bytes()
    housekeeping.prepare(ORIGIN, of_0_1_0)
    assert of_0_1_0.warehouse(ORIGIN).read_bytes() == before
    assert "another version" in caplog.text


def test_a_warehouse_of_this_version_is_left_alone(begun):
    before = tables_of(begun.warehouse("pubmed"))
    housekeeping.prepare("pubmed", begun)
    assert tables_of(begun.warehouse("pubmed")) == before
    with duckdb.connect(str(begun.warehouse("pubmed"))) as con:
        con.execute("UPDATE ops.warehouse SET parser_version = 'other'")
    assert housekeeping.outdated("pubmed", begun) == "how records are read"


def test_a_run_without_room_does_not_begin(settings, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _path: Usage(1 << 40, 0, housekeeping.SPARE - 1)
    )
    with pytest.raises(MachineError, match="too little space") as caught:
        housekeeping.prepare("pubmed", settings)
    assert caught.value.exit_code == 8
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1 << 40, 0, housekeeping.SPARE))
    housekeeping.prepare("pubmed", settings)


def test_what_is_there_already_is_room_that_is_needed_again(settings, monkeypatch):
    path = settings.warehouse("pubmed")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 4096)
    free = housekeeping.SPARE + 2 * 4096
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1 << 40, 0, free - 1))
    with pytest.raises(MachineError):
        housekeeping.require_room("pubmed", settings)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1 << 40, 0, free))
    housekeeping.require_room("pubmed", settings)


def test_a_database_without_memory_says_so_and_is_no_fault_of_ketum(settings):
    memory = {"memory_limit": "10MB", "temp_directory": ""}
    with duckdb.connect(config=memory) as con, pytest.raises(duckdb.Error) as caught:
        con.execute("SELECT list(i) FROM range(10000000) AS t (i)")
    cause = refusal(settings.data, caught.value)
    assert cause is not None
    assert cause.exit_code == EXIT_MACHINE
    assert "memory of this machine did not suffice" in str(cause)
    assert refusal(settings.data, duckdb.CatalogException("no such table")) is None
