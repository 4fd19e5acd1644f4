"""Files to install: with the paths of this machine, taken by systemd, no root in a container."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml

from pipeline import cli
from pipeline.settings import ROOT

pytestmark = pytest.mark.whole


def printed(what: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["install", what, "--print", "--user", "daemon"]) == 0
    return capsys.readouterr().out


def units(capsys) -> dict[str, str]:
    parts = re.split(r"(?m)^# ---- /etc/systemd/system/(.+)\n", printed("systemd", capsys))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_units_have_the_paths_of_this_machine_and_are_hardened(settings, capsys):
    found = units(capsys)
    assert {"ketum-update.timer", "ketum-schedule.service", "ketum-notify.timer"} <= set(found)
    for name, text in found.items():
        assert not re.search(r"@[A-Z]+@", text), name
        if name.endswith(".service"):
            assert "NoNewPrivileges=yes" in text and "PrivateTmp=yes" in text
            assert "User=daemon" in text
            assert f"ReadWritePaths={settings.data}" in text
            assert f"{ROOT}/.venv/bin/" in text


def test_systemd_takes_the_units(capsys, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs its own program")
    for name, text in units(capsys).items():
        # what is started need not be here for the unit to be right
        text = text.replace(f"{ROOT}/.venv/bin/", "/bin/").replace("/bin/ketum", "/bin/true")
        (tmp_path / name).write_text(text.replace("/bin/python", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ketum" not in done.stderr, done.stderr


def test_the_crontab_is_quiet_and_has_the_paths(settings, capsys):
    lines = [line for line in printed("cron", capsys).splitlines() if not line.startswith("#")]
    assert f"KETUM_DATA={settings.data}" in lines
    (update,) = (line for line in lines if " update" in line)
    assert update.endswith(f"{ROOT}/.venv/bin/ketum update --quiet")


@pytest.mark.parametrize("name", ["with blank", "50%"])
def test_a_path_that_a_unit_would_read_otherwise_is_refused(name, tmp_path, monkeypatch, capsys):
    """`Environment=KETUM_DATA=/a b` is /a to systemd: the timer would fill another directory."""
    monkeypatch.setenv("KETUM_DATA", str(tmp_path / name))
    assert cli.main(["install", "systemd", "--print", "--user", "daemon"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and name in told.err
    assert cli.main(["install", "cron", "--print", "--user", "daemon"]) == 0


def test_nothing_is_printed_unless_asked_to(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["install", "systemd"])
    assert left.value.code == 2


def test_the_container_is_not_root_and_has_one_volume():
    lines = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8").splitlines()
    said = [line.split(maxsplit=1) for line in lines if re.match(r"[A-Z]+ ", line)]
    assert [value for name, value in said if name == "USER"] == ["ketum"]
    assert [value for name, value in said if name == "VOLUME"] == ["/data"]
    assert any("--require-hashes -r requirements.lock" in line for line in lines)


def test_compose_has_server_database_and_schedule_and_no_secret():
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]
    assert set(services) == {"database", "server", "schedule"}
    assert services["database"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:?}"
    assert services["server"]["ports"] == ["127.0.0.1:4200:4200"], "its pages have no password"
