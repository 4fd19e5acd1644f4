"""The key stays secret under Prefect too: states, logs, artifacts and database hold none of it.

One process, one embedded server, and one flow run for every fault, lasting, and for an
answer that is good but for the key in it; then everything that was written is searched: data
directory, Prefect's home with its database, stdout, stderr. `test_matrix.py` looks for the key
under every fault without Prefect, so that .ci/run tries one of each kind here.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import ROOT, Settings
from tests.conftest import ALL_SLOW
from tests.faults.matrix import EXPECTED
from tests.faults.scene import KEY
from tests.faults.test_matrix import leaks

WANTED = (
    tuple(EXPECTED)
    if ALL_SLOW
    else ("api-key-invalid", "uri-too-long-414", "cut-connection", "key-echoed")
)
"""In .ci/run: a refusal, an address in an error, a connection that broke, a key sent back."""

DRIVER = """
import sys, traceback
from dataclasses import replace
from pathlib import Path
from pipeline.settings import Settings
from tests.faults.matrix import EXPECTED, PLACES
from tests.faults.scene import Scene, small_batches
from pipeline.replay import ReplayServer
from pipeline.replay.faults import Misbehaviour, answers, case

answers.TRICKLE_SECONDS = 0.002
base = Path(sys.argv[1])
scene = Scene(base)
settings = replace(scene.settings_at(base / "data"), api_key=Settings.from_environment().api_key)

from flows.embedded_server import prepare_environment
from flows.embedded_server import embedded_server
from pipeline import clock

class Quick(clock.Clock):  # retries need not be waited for
    passed = 0.0
    def monotonic(self): return super().monotonic() + Quick.passed
    def sleep(self, seconds): Quick.passed += seconds

prepare_environment(settings)
with embedded_server(settings) as server:
    server.wait()
    import flows.update as flow
    import pipeline.run
    pipeline.run.Clock = Quick
    wanted = sys.argv[2].split(",")
    # the last one strikes once: its run asks again and publishes
    for name, times in [*((name, None) for name in wanted), ("key-in-answer", 1)]:
        place = next(iter(EXPECTED[name]))
        tool, at = PLACES[place]
        with small_batches(), ReplayServer(
            scene.archives["two"], fault=Misbehaviour(case(name), tool, at, times)
        ) as replay:
            struck = replace(settings, eutils_url=replay.url)
            flow.Settings.from_environment = classmethod(lambda cls: struck)
            try:
                flow.update()
                print("RAN", name, "published")
            except BaseException as error:
                traceback.print_exc()
                print("RAN", name, type(error).__name__)
"""


@pytest.mark.slow
def test_the_key_is_in_nothing_that_a_flow_run_writes(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path), ",".join(WANTED)],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if "PREFECT" not in name},
            "NCBI_API_KEY": KEY,
            "KETUM_DATA": str(tmp_path / "data"),
            "PREFECT_LOGGING_LEVEL": "DEBUG",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=1500,
    )
    told = done.stdout + done.stderr
    ran = [line.split()[1] for line in told.splitlines() if line.startswith("RAN ")]
    assert sorted(ran) == sorted([*WANTED, "key-in-answer"]), told[-3000:]
    assert "RAN key-in-answer published" in told
    assert KEY not in told
    settings = Settings(data=tmp_path / "data")
    database = settings.prefect_home / "prefect.db"
    with sqlite3.connect(database) as con:
        (runs,) = con.execute("SELECT count(*) FROM flow_run").fetchone()
        failed = con.execute("SELECT count(*) FROM flow_run WHERE state_type = 'FAILED'").fetchone()
    assert runs == len(ran)
    assert failed[0] > len(WANTED) // 2, "the states hold the errors that are searched here"
    assert leaks(settings, told, None) == []
