"""kill -9 around the steps that leave something: the previous set stays, the next run repairs."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from contextlib import ExitStack
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import duckdb
import pytest

from pipeline import update
from pipeline.settings import Options, Settings
from pipeline.update import STEPS
from tests.conftest import the_database_alone
from tests.corpus import article, write
from tests.evidence.conftest import judged

pytestmark = pytest.mark.whole

Tables = dict[str, list[tuple[object, ...]]]

NOTHING_LEFT = ("count", "compare", "place", "note", "check", "report")
"""Steps that begin as the one before them ended: nothing was written, or all is in memory."""
ALWAYS = ("build", "publish")
"""Steps before which the fast tests kill: judged and not committed, committed and not shown."""
IN_CI = ("load", "commit")
"""And .ci/run: records read and not held, all held and not committed. The rest is by hand."""
NUMBERS = {name: number for number, name in enumerate([*(step.name for step in STEPS), "the end"])}
ALONE = [name for name in NUMBERS if name not in (*NOTHING_LEFT, *ALWAYS)]
KILLS = [
    pytest.param(ALWAYS, id=" and ".join(ALWAYS)),
    *(
        pytest.param(
            (name,), id=name, marks=pytest.mark.slow if name in IN_CI else pytest.mark.by_hand
        )
        for name in ALONE
    ),
]

TIMELESS = {
    "core": "first_seen_at, changed_at, seen_at, source_stamp",
    "marts": "first_seen_at, changed_at, entered_at, searched_at, set_id",
    "evidence": "",
    "ops": "entered_at, left_at, changed_at, seen_at, searched_at, as_of, run_id, "
    "created_at, previous_published_at",
}


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
"""Processes of their own that need not import and read the rules each."""
judged("Kratom and pain")  # compiles the rules, before the forks


def drive(
    data: Path, archive: Path, kill_at: int | None = None, outputs: str = "alone"
) -> ForkServerProcess:
    """An update in a process of its own; `outputs`: the database alone, or all of them."""
    process = FORKS.Process(target=updated, args=(data, archive, kill_at, outputs))
    process.start()
    return process


def updated(data: Path, archive: Path, kill_at: int | None, outputs: str) -> None:
    """An update with a killing step put into the sequence at a place, or without."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with ExitStack() as stack:
        if outputs == "alone":
            stack.enter_context(the_database_alone("marts"))
        if kill_at is not None:
            kill = update.Step("kill", "kill this process", die)
            update.STEPS = (*STEPS[:kill_at], kill, *STEPS[kill_at:])
        update.run_update(Options(offline=True, archive=archive), Settings(data=data))


def die(*_arguments: object) -> tuple[update.Made, dict[str, int]]:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL cannot be ignored")


def code_of(process: ForkServerProcess) -> int | None:
    """How it ended."""
    process.join(60)
    return process.exitcode


def tables_of(data: Path) -> Tables:
    """Every relation of the latest set but times and run ids."""
    path = (Settings(data=data).latest / "ketum.duckdb").resolve()
    found = {}
    with duckdb.connect(str(path), read_only=True) as con:
        relations = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        for schema, table in relations:
            columns = {row[0] for row in con.execute(f"DESCRIBE {schema}.{table}").fetchall()}
            kept = sorted(columns - set(TIMELESS[schema].split(", ")))
            if f"{schema}.{table}" in ("ops.runs", "ops.searches", "marts.search_log"):
                continue  # one row a run: a killed and a repeated run are two
            if f"{schema}.{table}" == "marts.new_articles":
                kept.remove("reason") if "reason" in kept else None
            found[f"{schema}.{table}"] = con.execute(
                f"SELECT DISTINCT {', '.join(kept)} FROM {schema}.{table} ORDER BY ALL"
            ).fetchall()
    return found


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An archive as it was, and as it is when the run is killed."""
    base = tmp_path_factory.mktemp("corpora")
    old = [article(n, f"Kratom and pain, part {n}") for n in range(1, 6)]
    new = [
        *old[1:],
        article(1, "Kratom and pain, part one", revised="2026-03-01"),
        article(9, "Kratom"),
    ]
    write(base / "old" / "all.xml", *old)
    write(base / "new" / "all.xml", *new)
    # both directories present the same archive name, so that they share one warehouse
    for name in ("old", "new"):
        target = base / f"as-{name}" / "corpus"
        target.parent.mkdir()
        (base / name).rename(target)
    return base / "as-old" / "corpus", base / "as-new" / "corpus"


@pytest.fixture(scope="module")
def first_run(corpora: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("first")
    assert code_of(drive(data, corpora[0])) == 0
    return data


@pytest.fixture(scope="module")
def undisturbed(
    corpora: tuple[Path, Path], first_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> Tables:
    data = tmp_path_factory.mktemp("undisturbed") / "data"
    shutil.copytree(first_run, data, symlinks=True)
    assert code_of(drive(data, corpora[1])) == 0
    return tables_of(data)


@pytest.fixture
def data(corpora: tuple[Path, Path], first_run: Path, tmp_path: Path) -> Path:
    """A data directory of its own, with the first corpus published."""
    shutil.copytree(first_run, tmp_path / "data", symlinks=True)
    return tmp_path / "data"


@pytest.mark.parametrize("names", KILLS)
def test_a_run_killed_between_steps_leaves_the_published_set(names, corpora, undisturbed, data):
    """Where there are several, the run that should repair the first is killed at the second."""
    before = (data / "published" / "latest").resolve()
    shown = tables_of(data)
    for name in names:
        assert code_of(drive(data, corpora[1], NUMBERS[name])) == -signal.SIGKILL
        if name != "the end":
            assert (data / "published" / "latest").resolve() == before
            assert tables_of(data) == shown
    assert code_of(drive(data, corpora[1])) == 0
    if name != "the end":
        assert tables_of(data) == undisturbed
    else:  # it was complete: the next run is one more, with nothing new
        assert without_news(tables_of(data)) == without_news(undisturbed)


def without_news(tables: Tables) -> Tables:
    news = ("marts.new_articles", "marts.article_changes")
    return {name: rows for name, rows in tables.items() if name not in news}


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_the_same(corpora, undisturbed, data, tmp_path):
    """KETUM_KILLS moments (2 in .ci/run), each leaving a readable set; the last ends the same."""
    rng = random.Random(20261122)
    start = time.monotonic()
    assert code_of(drive(tmp_path / "timing", corpora[0], outputs="all")) == 0
    whole = time.monotonic() - start
    for _ in range(int(os.environ.get("KETUM_KILLS", "3"))):
        process = drive(data, corpora[1], outputs="all")
        time.sleep(rng.uniform(0.1, whole))
        process.kill()
        process.join(60)
        assert tables_of(data)["core.articles"]
    assert code_of(drive(data, corpora[1])) == 0
    # a moment may lie after a publication, and then nothing is new any more
    assert without_news(tables_of(data)) == without_news(undisturbed)
