"""Readers and runs: a published file is never locked, never changed, and read by older clients."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.settings import ROOT, Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write

pytestmark = pytest.mark.whole

# a notebook in another process: opens once, then answers line by line
NOTEBOOK = """
import sys, json, duckdb
path = sys.argv[1]
con = duckdb.connect(path, read_only=True)
for line in sys.stdin:
    if line.strip() == "reconnect":
        con.close()
        con = duckdb.connect(path, read_only=True)
    rows = con.execute("SELECT held_member_count, set_id FROM marts.search_totals "
                       "WHERE search = 'kratom'").fetchall()
    titles = con.execute("SELECT title FROM core.articles ORDER BY pmid").fetchall()
    print(json.dumps([rows, titles]), flush=True)
"""

# opens, reads and closes without end, and once more when it is to stop, so that it has read before
# and after what happens between; says how often, and every failure
RESTLESS = """
import sys, json, time, duckdb
from pathlib import Path
path, stop = sys.argv[1], Path(sys.argv[2])
reads, seen, failures = 0, set(), []
is_last = False
while not is_last:
    is_last = reads > 0 and stop.exists()
    try:
        with duckdb.connect(path, read_only=True) as con:
            (count, set_id), = con.execute(
                "SELECT held_member_count, set_id FROM marts.search_totals "
                "WHERE search = 'kratom'"
            ).fetchall()
            (held,), = con.execute("SELECT count(*) FROM core.articles").fetchall()
            if held != count:
                failures.append(f"{held} articles, {count} members")
            seen.add(count)
        reads += 1
        if reads == 1:
            print("ready", flush=True)
        time.sleep(0.3)
    except Exception as error:
        failures.append(repr(error))
        break
print(json.dumps({"reads": reads, "seen": sorted(seen), "failures": failures}), flush=True)
"""


class Publisher:
    """Publishes a set with one more record each time."""

    def __init__(self, base: Path) -> None:
        self.base, self.clock = base, FakeClock()
        self.settings = Settings(data=base / "data")
        self.count = 0

    def publish(self) -> None:
        self.count += 1
        path = write(
            self.base / f"part{self.count}.xml",
            article(self.count, f"Kratom and pain, part {self.count}"),
        )
        with the_database_alone():
            run_update(Options(from_files=(path,)), self.settings, self.clock)
        self.clock.sleep(86_400)

    @property
    def link(self) -> Path:
        return self.settings.latest / "ketum.duckdb"


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    made = Publisher(tmp_path_factory.mktemp("readers"))
    made.publish()
    return made


@pytest.fixture(scope="module")
def link(whole_set: Settings) -> Path:
    """The database of a set with all of its files, as readers name it."""
    return whole_set.latest / "ketum.duckdb"


@pytest.fixture(scope="module")
def con(link: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """It, opened through its own name."""
    with duckdb.connect(str(link.resolve()), read_only=True) as connection:
        yield connection


def test_readers_elsewhere_keep_their_set_and_find_the_new_one(publisher, tmp_path):
    """One holds its connection while a run publishes; others open and close all the time."""
    link, stop = str(publisher.link), tmp_path / "stop"
    began = publisher.count
    notebook = subprocess.Popen(
        [sys.executable, "-c", NOTEBOOK, link], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    others = [
        subprocess.Popen(
            [sys.executable, "-c", RESTLESS, link, str(stop)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]

    def ask(line: str) -> list[list[list[object]]]:
        assert notebook.stdin is not None and notebook.stdout is not None
        notebook.stdin.write(line + "\n")
        notebook.stdin.flush()
        answer: list[list[list[object]]] = json.loads(notebook.stdout.readline())
        return answer

    try:
        for other in others:
            assert other.stdout is not None and other.stdout.readline() == "ready\n"
        first = ask("read")
        assert first[0][0][0] == began
        publisher.publish()
        assert ask("read") == first
        renewed = ask("reconnect")
        assert renewed[0][0][0] == began + 1
        assert renewed[0][0][1] != first[0][0][1]
        assert len(renewed[1]) == began + 1
    finally:
        stop.touch()
        told = [other.communicate(timeout=30)[0] for other in others]
        notebook.communicate(timeout=30)
    for line in told:
        found = json.loads(line)
        assert found["failures"] == []
        assert found["reads"] >= 2
    assert {count for line in told for count in json.loads(line)["seen"]} >= {began, began + 1}


def test_published_files_cannot_be_written(whole_set):
    files = [path for path in whole_set.latest.resolve().rglob("*") if path.is_file()]
    assert len(files) > 20
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o444}


def test_whom_the_umask_shuts_out_reads_no_published_file(tmp_path):
    write(tmp_path / "all.xml", article(1, "Kratom in mice"))
    before, clock = os.umask(0o077), FakeClock()
    try:
        settings = Settings(data=tmp_path / "data")
        with the_database_alone("tables"):
            run_update(Options(from_files=(tmp_path / "all.xml",)), settings, clock)
    finally:
        os.umask(before)
    files = [path for path in settings.latest.resolve().rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o400}
    clock.sleep(86_400)
    with the_database_alone("tables"):  # links what did not change
        run_update(Options(from_files=(tmp_path / "all.xml",)), settings, clock)
    assert any(path.stat().st_nlink > 1 for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o400}


def test_a_published_file_is_one_file_without_a_log(whole_set):
    names = [path.name for path in whole_set.latest.resolve().iterdir()]
    assert [name for name in names if name.startswith("ketum.duckdb")] == ["ketum.duckdb"]


def test_reading_changes_no_byte(link):
    before = link.read_bytes()
    with duckdb.connect(str(link.resolve()), read_only=True) as con:
        con.execute("SELECT count(*) FROM core.articles").fetchall()
        with pytest.raises(duckdb.Error):
            con.execute("DELETE FROM core.articles")
    assert link.read_bytes() == before


def test_older_clients_can_open_it(con):
    """Checked by hand with DuckDB 1.4.0; here, that the file says so itself."""
    (tags,) = con.execute(
        "SELECT tags FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchone() or ({},)
    assert str(tags["storage_version"]).startswith("v1.4.0")


def test_views_keys_and_comments_survive_the_copy(con):
    views = con.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'core'")
    assert {"article_years", "abstracts", "mesh_descriptors"} <= {r[0] for r in views.fetchall()}
    assert con.execute("SELECT year FROM core.article_years").fetchall()
    without = con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name IN ('core', 'evidence', 'marts', 'ops') AND comment IS NULL"
    ).fetchall()
    assert without == []
    keys = con.execute(
        "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    ).fetchall()
    assert keys[0][0] > 20


def test_a_set_attached_under_another_name_still_answers(link):
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{link.resolve()}' AS evidence_base (READ_ONLY)")
        assert con.execute("SELECT count(*) FROM evidence_base.core.article_years").fetchone()
        assert con.execute("SELECT count(*) FROM evidence_base.marts.articles").fetchone()


def test_latest_is_a_relative_link_and_a_text_file_beside_it(whole_set):
    published = whole_set.published
    name = str((published / "latest").readlink())
    assert "/" not in name
    assert (published / "LATEST").read_text() == name + "\n"


def test_a_reader_needs_nothing_of_ours(link):
    """In a bare process, from another directory."""
    code = (
        "import sys, duckdb; con = duckdb.connect(sys.argv[1], read_only=True); "
        "print(con.execute('SELECT count(*) FROM marts.study_types_by_year').fetchone()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(link)],
        cwd=ROOT.parent, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert int(done.stdout) > 0
