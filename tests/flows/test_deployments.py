"""What runs when: the same for `ketum schedule` and for a work pool, and only what can run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flows import deployments, schedule
from flows.deployments import HEARTBEAT_SECONDS, heartbeat_automation
from pipeline.errors import ConfigurationError
from pipeline.settings import ROOT
from tests.schedule.place import free_port

pytestmark = pytest.mark.whole


def run_schedule(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run(
        [sys.executable, "-m", "flows.schedule"],
        cwd=ROOT,
        env={**kept, "PREFECT_HOME": str(home), "KETUM_DATA": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wanted(*arguments: str) -> list[deployments.Deployment]:
    return schedule.wanted(schedule.parse_arguments(list(arguments)))


def test_with_a_server_that_is_away_it_refuses(tmp_path: Path):
    done = run_schedule(tmp_path, PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api")
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_work_pool_has_the_deployments_that_are_served():
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert [entry["name"] for entry in declared] == [one.name for one in deployments.ALL]
    for entry, one in zip(declared, deployments.ALL, strict=True):
        assert entry["entrypoint"] == one.entrypoint
        assert entry["description"] == one.does
        assert entry.get("parameters", {}) == one.parameters
        (when,) = entry["schedules"]
        assert (when["cron"], when["timezone"]) == (one.cron, one.timezone)
        assert "concurrency_limit" not in entry, "its lease would cancel runs after a power cut"
        heartbeat = entry["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
        assert int(heartbeat) == HEARTBEAT_SECONDS


def test_every_deployment_has_a_flow_that_takes_its_parameters():
    for one in deployments.ALL:
        assert set(one.parameters) <= set(one.load_flow().parameters.properties)
        assert (ROOT / one.entrypoint.partition(":")[0]).is_file()


@pytest.mark.parametrize(
    "arguments", [["--cron", "every day"], ["--timezone", "Atlantis/Harbour"], ["--archive", "x"]]
)
def test_what_cannot_be_scheduled_is_a_usage_error(arguments: list[str]):
    with pytest.raises(ConfigurationError) as caught:
        wanted(*arguments)
    assert caught.value.next_step


def test_a_rehearsal_asks_pubmed_nothing(tmp_path: Path):
    found = wanted("--offline", "--archive", str(tmp_path))
    updates = [one for one in found if one.flow == deployments.DAILY.flow]
    assert [one.parameters for one in updates] == 2 * [
        {"source": {"offline": True, "archive": str(tmp_path.resolve())}}
    ]
    assert not any(one.flow.endswith("canary") for one in found)


def test_the_daily_time_is_the_daily_one_s_alone():
    by_name = {
        one.name: one for one in wanted("--cron", "30 6 * * *", "--timezone", "Europe/Zurich")
    }
    assert by_name["ketum-daily"].cron == "30 6 * * *"
    assert by_name["ketum-weekly-full"].cron == "0 22 * * 6"
    assert {one.timezone for one in by_name.values()} == {"Europe/Zurich"}


def test_the_automation_waits_for_more_than_one_heartbeat_and_moves_no_run_that_ended():
    found = heartbeat_automation()
    assert found.trigger.within.total_seconds() > 2 * HEARTBEAT_SECONDS
    assert {"prefect.flow-run.Completed", "prefect.flow-run.heartbeat"} <= found.trigger.expect
    assert [action.force for action in found.actions] == [False]
