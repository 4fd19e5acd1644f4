"""The `ketum` command: exit codes, what goes where, and what never shows."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import cli, logs, update
from pipeline.clock import Clock
from pipeline.errors import CheckError
from pipeline.settings import ROOT, Options, Settings
from pipeline.storage import hold_lock
from pipeline.update import run_update
from tests.conftest import the_database_alone
from tests.corpus import article, write

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("database_alone")]

COMMANDS = (
    "update", "query", "claims", "explain", "export", "status", "doctor", "evaluate", "schedule",
    "rebuild", "runs", "verify", "replay", "backup", "restore", "keep", "install", "notify",
    "open", "tables", "schema", "search", "completion", "bulk-load",
)  # fmt: skip
KEY = "canary0000000000000000000000000key"
RECORDS = (article(1, "Kratom and pain in mice"), article(2, "Kratom for sale"))

KETUM = "import sys; from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"

# an update whose step `judge` announces itself and then works until it is stopped
SLOW = """
import sys, time
from pipeline import update
from pipeline.cli import main

def slow(run, made):
    print("at work", flush=True)
    if sys.argv[1] == "python":
        time.sleep(60)
    # DuckDB hears of a signal when a piece of the query is done, so this takes a second or two
    run.con.execute("SELECT count(*) FROM range(100) a, range(1000000) b "
                    "WHERE (a.range * b.range) % 7 = 3")
    time.sleep(60)
    return made, {}

update.STEPS = tuple(
    update.Step(s.name, s.does, slow) if s.name == "judge" else s for s in update.STEPS
)
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("archive") / "small"
    write(directory / "all.xml", *RECORDS)
    return directory


@pytest.fixture(scope="module")
def published_once(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one set of today."""
    data = tmp_path_factory.mktemp("published") / "data"
    with the_database_alone("marts"):
        run_update(Options(offline=True, archive=archive), Settings(data=data), Clock())
    return data


@pytest.fixture
def data(settings: Settings, published_once: Path) -> Path:
    """A copy of it, which KETUM_DATA names."""
    shutil.copytree(published_once, settings.data, symlinks=True)
    return settings.data


@pytest.fixture(autouse=True)
def as_found() -> Iterator[None]:
    """Signal handlers and logging as they were, since `main` sets both."""
    handlers = {s: signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)}
    logger = logging.getLogger("ketum")
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logger.handlers[:], logger.propagate, logger.level = before


def ketum(*arguments: str) -> int:
    """Run the command in this process; returns its exit code."""
    try:
        return cli.main(list(arguments))
    except SystemExit as left:
        return int(left.code or 0)


def elsewhere(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", KETUM, *arguments],
        cwd=ROOT, env={**os.environ, "KETUM_DATA": str(data), **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


# -- help and usage


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert ketum(command, "--help") == 0
    told = capsys.readouterr()
    assert f"usage: ketum {command}" in told.out
    assert told.err == ""


def test_the_help_names_every_command_the_first_steps_and_the_exit_codes(capsys):
    assert ketum("--help") == 0
    told = capsys.readouterr().out
    for word in (*COMMANDS, "first steps", "ketum update --offline", "exit codes"):
        assert word in told
    for code in ("2 usage", "3 PubMed", "4 stopped", "5 incomplete", "6 another", "7 older", "8 "):
        assert code in told


def test_the_list_of_commands_here_is_whole():
    (commands,) = (a.choices for a in cli.build_parser()._actions if isinstance(a.choices, dict))
    assert set(commands) == set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (["--help"], {"duckdb", "lxml", "pydantic", "requests"}),
        (["status"], {"duckdb", "lxml", "pydantic", "requests"}),
        (["query", "SELECT 1"], {"lxml", "pydantic", "requests", "pandas"}),
    ],
)
def test_a_command_does_not_wait_for_what_it_does_not_use(words, spared, data):
    program = (
        "import sys; from pipeline.cli import main\n"
        f"try: main({words})\n"
        "except SystemExit: pass\n"
        f"print(sorted({spared} & sys.modules.keys()), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"KETUM_DATA": str(data)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("conquer",), ("update", "--offline", "--from", "x.xml"),
        ("query", "SELECT 1", "--format", "yaml"), ("replay",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_exits_2_with_a_word_on_stderr(arguments, settings, capsys):
    assert ketum(*arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "usage: ketum" in told.err


# -- exit codes


def test_an_update_prints_its_receipt_on_stdout_and_its_steps_on_stderr(settings, archive, capsys):
    assert ketum("update", "--offline", "--archive", str(archive)) == 0
    told = capsys.readouterr()
    assert "Kratom (kratom): records by kind of study and year" in told.out
    assert "Published:" in told.out
    for step in update.STEPS:
        assert f"\n{step.name:8} " in "\n" + told.err
    assert not any(" s  " in line for line in told.out.splitlines()), "a step on stdout"
    assert "\r" not in told.out and "%" not in told.out, "a progress bar on stdout"


def test_a_missing_archive_or_file_is_2(settings, tmp_path, capsys):
    assert ketum("update", "--offline", "--archive", str(tmp_path / "none")) == 2
    assert ketum("update", "--from", str(tmp_path / "none.xml")) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Nothing changed" in told.err and "Next:" in told.err
    assert not settings.published.exists()


def test_no_network_is_3_with_one_paragraph(settings, capsys, monkeypatch):
    """A proxy that is not there stands for a network that is not there."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("NCBI_API_KEY", KEY)
    monkeypatch.setenv("NCBI_EMAIL", "ana@example.org")
    monkeypatch.setattr(Clock, "sleep", lambda _clock, _seconds: None)
    assert ketum("update", "--quiet") == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1 and "Traceback" not in told.err
    assert "Nothing changed" in told.err and "Next:" in told.err
    assert KEY not in told.err
    for place in ("published", "raw", "warehouse"):
        assert not (settings.data / place).exists()
    (journal,) = settings.runs.glob("*/run.json")
    assert KEY not in journal.read_text()
    assert json.loads(journal.read_text())["exit_code"] == 3


def test_a_failing_check_is_4(data, archive, capsys, monkeypatch):
    def fail(_run: object, _made: object) -> None:
        raise CheckError("A check failed.", effect="Nothing published.", next_step="look.")

    steps = (update.Step("search", "fails", fail),)
    monkeypatch.setattr(update, "STEPS", steps)
    assert ketum("update", "--offline", "--archive", str(archive)) == 4
    assert (
        capsys.readouterr().err.strip().endswith("A check failed. Nothing published. Next: look.")
    )


def test_a_run_in_the_way_is_6(data, archive, capsys):
    with hold_lock(data / "ketum.lock", "the-other"):
        assert ketum("update", "--offline", "--archive", str(archive)) == 6
    assert "the-other" in capsys.readouterr().err


def test_a_full_disk_is_told_without_a_traceback(data, archive, capsys, monkeypatch):
    def full(_run: object, _made: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(update, "STEPS", (update.Step("search", "fails", full),))
    assert ketum("update", "--offline", "--archive", str(archive)) == 8
    told = capsys.readouterr().err
    assert "no space left" in told.lower() and "untouched" in told and "Next:" in told


def test_no_handler_of_ketums_messages_gets_the_key(settings, capsys):
    messages: list[str] = []

    class Other(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, other = logging.getLogger("ketum"), Other()
    logs.hide_key(replace(settings, api_key=KEY))
    logger.addHandler(other)
    try:
        logger.warning("asked with %s", KEY)
    finally:
        logger.removeHandler(other)
        logs.hide_key(settings)
    assert messages == ["asked with [key]"]


# -- query


def test_query_gives_rows_on_stdout_and_the_warning_on_stderr(data, capsys):
    sql = "SELECT search, held_member_count AS n FROM marts.search_totals WHERE search = 'kratom'"
    assert ketum("query", sql, "--format", "csv") == 0
    told = capsys.readouterr()
    assert told.out == "search,n\nkratom,2\n"
    assert "local files: a 0 says nothing. PubMed only." in told.err
    assert ketum("query", sql, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == [{"search": "kratom", "n": 2}]
    assert ketum("query", sql) == 0
    assert "│ kratom  │     2 │" in capsys.readouterr().out


def test_a_statement_comes_from_a_file_or_stdin(data, capsys, monkeypatch, tmp_path):
    expected = "n\n2\n"
    sql = (
        "SELECT held_member_count AS n FROM marts.search_totals WHERE search = 'kratom';\n-- end\n"
    )
    path = tmp_path / "two.sql"
    path.write_text(sql)
    assert ketum("query", str(path), "--format", "csv") == 0
    assert capsys.readouterr().out == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sql.encode())))
    assert ketum("query", "-", "--format", "csv") == 0
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nowhere.sql",),
        ("SELECT 1", "--format", "parquet"),
        ("SELECT 1", "--output", "x.csv"),
        ("SELECT 1", "--explain", "--format", "csv"),
        ("SELECT 1", "--interactive"),
        ("--interactive", "--explain"),
    ],
)
def test_a_query_that_is_not_clear_is_2(arguments, data, capsys):
    assert ketum("query", *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Next:" in told.err or "usage:" in told.err


def test_a_query_goes_to_a_parquet_file(data, capsys, tmp_path):
    target = tmp_path / "articles.parquet"
    assert (
        ketum("query", "FROM marts.articles", "--format", "parquet", "--output", str(target)) == 0
    )
    assert target.stat().st_size > 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("program", "options"), [("duckdb", ["-readonly"]), ("harlequin", ["--read-only"])]
)
def test_interactive_hands_over_to_an_installed_shell(
    program, options, data, monkeypatch, tmp_path
):
    fake = tmp_path / program
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    started = []
    monkeypatch.setenv("NCBI_API_KEY", KEY)
    monkeypatch.setattr(
        os, "execve", lambda _path, command, environment: started.extend((command, environment))
    )
    monkeypatch.setattr("pipeline.commands.reading._statement", lambda _sql: "SELECT 1")
    assert ketum("query", "--interactive") == 0
    assert started[0][0] == str(fake)
    assert set(options) <= set(started[0])
    assert started[0][-1].endswith("ketum.duckdb") and "latest" not in started[0][-1]
    assert KEY not in started[1].values() and started[1]["PATH"] == str(tmp_path)


def test_interactive_without_a_shell_names_how_to_get_one(data, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert ketum("query", "--interactive") == 2
    told = capsys.readouterr().err
    assert "pip install duckdb-cli" in told and "harlequin" in told


def test_wrong_sql_is_2(data, capsys):
    assert ketum("query", "SELECT nothing FROM marts.articles") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("ketum: DuckDB says:") and "Traceback" not in told.err


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_reader_that_goes_away_is_no_error(form, data):
    """As in `ketum query ... | head -1`, with more rows than a pipe holds."""
    process = subprocess.Popen(
        [sys.executable, "-c", KETUM, "query", "--format", form, "FROM range(200000)"],
        cwd=ROOT, env={**os.environ, "KETUM_DATA": str(data)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() in ("range\n", "[\n")
    process.stdout.close()
    assert process.wait(30) == 0
    told = process.stderr.read()
    assert "Broken" not in told and "Traceback" not in told


def in_a_shell(data: Path, redirection: str, *arguments: str, **environment: str):
    """Run ketum as a shell would, with its streams redirected."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-c", KETUM, *arguments],
        cwd=ROOT, env={**os.environ, "KETUM_DATA": str(data), **environment},
        capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("redirection", ["<&- >&-", ">&- 2>&-"])
def test_a_closed_stdout_is_no_error(redirection, data):
    told = in_a_shell(data, redirection, "query", "--format", "csv", "FROM range(20000)")
    assert told.returncode == 0
    assert told.stdout == b"" and b"Traceback" not in told.stderr and b"Error" not in told.stderr


@pytest.mark.parametrize("count", [1, 20_000])
def test_a_full_disk_under_stdout_is_told_once(count, data):
    told = in_a_shell(data, ">/dev/full", "query", "--format", "csv", f"FROM range({count})")
    assert told.returncode == 8
    assert told.stderr.startswith(b"ketum: trouble on this machine")
    assert b"Exception ignored" not in told.stderr and b"Traceback" not in told.stderr


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_encoding_of_the_terminal_ends_a_query(form, data):
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    sql = "SELECT 'α' AS x WHERE 'αβ' LIKE '%β%'"
    told = in_a_shell(data, "", "query", "--format", form, sql, **environment)
    assert told.returncode == 0, told.stderr
    assert b"\\u03b1" in told.stdout
    assert b"Traceback" not in told.stderr
    assert (b"ascii lacks some characters" in told.stderr) == (form == "csv")


def test_a_statement_is_utf_8_whatever_the_locale(data, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfSELECT 1 AS n")))
    assert ketum("query", "-", "--format", "csv") == 0
    assert capsys.readouterr().out == "n\n1\n"
    given = "SELECT 'α' AS n".encode().decode("ascii", "surrogateescape")
    assert ketum("query", given, "--format", "csv") == 0
    assert capsys.readouterr().out == "n\nα\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SELECT '\xe9'")))
    assert ketum("query", "-") == 2
    assert "stdin could not be read" in capsys.readouterr().err


# -- export


def test_an_export_tells_its_file_on_stdout_and_the_rest_on_stderr(data, capsys, tmp_path):
    place = tmp_path / "out"
    place.mkdir()
    arguments = ("export", "--search", "kratom", "--for", "zotero", "--output", str(place))
    assert ketum(*arguments) == 0
    told = capsys.readouterr()
    (path,) = place.iterdir()
    assert told.out == f"{path}\n"
    assert "2 record(s) of set " in told.err
    assert "local files: a 0 says nothing. PubMed only." in told.err
    assert ketum(*arguments) == 2
    told = capsys.readouterr()
    assert told.out == "" and "there already" in told.err


def test_an_export_without_a_record_is_no_error(data, capsys, tmp_path):
    target = tmp_path / "none.csv"
    years = ("--years", "1800-1801", "--format", "csv", "--output", str(target))
    assert ketum("export", "--search", "kratom", *years) == 0
    assert capsys.readouterr().out == ""
    assert not target.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "ris"),
        ("--search", "kratom"),
        ("--search", "tea", "--format", "ris"),
        ("--search", "kratom", "--format", "ris", "--for", "zotero"),
        ("--search", "kratom", "--format", "ris", "--study-type", "TRIAL"),
        ("--search", "kratom", "--format", "ris", "--claim", "moon"),
        ("--search", "kratom", "--format", "ris", "--years", "soon"),
        ("--search", "kratom", "--format", "ris", "--since", "soon"),
        ("--search", "kratom", "--format", "ris", "--not-in", "nowhere.ris"),
        ("--search", "kratom", "--for", "word"),
    ],
    ids=" ".join,
)
def test_an_export_that_is_not_clear_is_2(arguments, data, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert ketum("export", *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Next:" in told.err or "usage:" in told.err


# -- status and doctor


def test_status_with_nothing_published_says_what_to_do(settings, capsys):
    assert ketum("status") == 0
    assert "Nothing is published yet. Next:" in capsys.readouterr().out
    assert ketum("status", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"latest": None, "last_run": None}
    assert ketum("status", "--max-age", "1d") == 7
    assert not settings.data.exists(), "status made something"


def test_status_in_json(data, capsys):
    assert ketum("status", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["latest"].keys() == {
        "set_id", "origin", "as_of", "age_hours", "description", "searches", "path",
    }  # fmt: skip
    assert found["latest"]["origin"] == "archive:small"
    assert found["latest"]["searches"]["kratom"]["members"] == 2
    assert found["last_run"].keys() == {
        "run_id", "origin", "state", "exit_code", "verdict", "as_of",
    }  # fmt: skip
    assert (found["last_run"]["state"], found["last_run"]["exit_code"]) == ("published", 0)


def age(data: Path, hours: float) -> None:
    """Make the set and all runs older, and of PubMed."""
    for path in (*data.glob("runs/*/run.json"), *data.glob("published/*/manifest.json")):
        held = json.loads(path.read_text())
        told = held.get("ketum", held)
        then = Clock().now().timestamp() - hours * 3600
        told["origin"] = "pubmed"
        told["as_of"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(then))
        path.chmod(0o644)
        path.write_text(json.dumps(held))


@pytest.mark.parametrize(
    ("hours", "allowed", "code"),
    [(1, "2h", 0), (30, "2d", 0), (30, "1d", 7), (3, "2h", 7)],
)
def test_max_age(hours, allowed, code, data, capsys):
    age(data, hours)
    assert ketum("status", "--max-age", allowed) == code
    told = capsys.readouterr()
    assert "latest     " in told.out
    assert ("at most" in told.err) == (code == 7)


def test_a_demonstration_is_not_taken_for_fresh_data(data, capsys):
    assert ketum("status", "--max-age", "2h") == 7
    assert "and not PubMed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "exit_code", "code"),
    [("failed", 3, 7), ("failed", 130, 0), ("committed", 8, 7), ("committed", None, 7)],
)
def test_status_fails_after_a_run_that_failed_and_not_after_one_a_person_ended(
    state, exit_code, code, data, capsys
):
    (path,) = data.glob("runs/*/run.json")
    held = {**json.loads(path.read_text()), "state": state, "exit_code": exit_code}
    for verdict, way in (
        ("PubMed was away.", "run the same command again."),
        ("Asleep. Next: wake it.", "do as that says."),
    ):
        path.write_text(json.dumps({**held, "verdict": verdict}))
        assert ketum("status") == code
        told = capsys.readouterr().err
        assert (verdict in told and told.endswith(f"Next: {way}\n")) == (code == 7)


@pytest.mark.parametrize("text", ["2 days", "d", "-1h", "1.5h", ""])
def test_an_unreadable_age_is_2_or_left_out(text, data, capsys):
    assert ketum("status", f"--max-age={text}") == (2 if text else 0)


def test_a_run_that_was_killed_is_not_called_at_work(data, capsys):
    path = next(data.glob("runs/*/run.json"))
    held = json.loads(path.read_text())
    gone = subprocess.Popen(["true"])
    gone.wait()
    held.update(state="running", verdict="", pid=gone.pid)
    path.write_text(json.dumps(held))
    assert ketum("status") == 7
    assert "cut off" in capsys.readouterr().out
    path.write_text(json.dumps({**held, "pid": os.getpid()}))
    assert ketum("status") == 0
    assert "at work" in capsys.readouterr().out


def test_doctor_says_that_there_is_a_key_and_never_which(data, capsys, monkeypatch):
    monkeypatch.setenv("NCBI_API_KEY", KEY)
    ketum("doctor")
    ketum("doctor", "--json")
    told = capsys.readouterr()
    assert "NCBI_API_KEY     set" in told.out
    assert KEY not in told.out + told.err


def test_doctor_in_json(data, capsys):
    code = ketum("doctor", "--json")
    found = {line["name"]: line for line in json.loads(capsys.readouterr().out)}
    assert found["data directory"]["value"] == str(data)
    assert found["python"]["ok"] and found["duckdb"]["ok"]
    assert found["NCBI_API_KEY"]["value"].startswith("not set")
    assert found["Prefect home"]["value"] == str(data / "prefect")
    assert code == (0 if all(line["ok"] for line in found.values()) else 1)


# -- signals, imports, scheduling


@pytest.mark.parametrize(
    ("busy", "number", "code"),
    [
        ("python", signal.SIGTERM, 143),
        ("duckdb", signal.SIGINT, 130),
        pytest.param("python", signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param("duckdb", signal.SIGTERM, 143, marks=pytest.mark.slow),
    ],
)
def test_a_stopped_update_leaves_what_was_published(busy, number, code, data, archive):
    shown = (data / "published" / "latest").resolve()
    before = {path: path.stat().st_mtime_ns for path in shown.rglob("*")}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, busy, "update", "--offline", "--archive", str(archive)],
        cwd=ROOT, env={**os.environ, "KETUM_DATA": str(data)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        assert process.stdout.readline() == "at work\n"
        time.sleep(0.2)
        process.send_signal(number)
        assert process.wait(30) == code
    finally:
        process.kill()
    how = "terminated" if code == 143 else "interrupted"
    told = process.stderr.read()
    assert f"ketum: {how}; what was not committed was undone." in told
    assert "Traceback" not in told
    assert (data / "published" / "latest").resolve() == shown
    assert {path: path.stat().st_mtime_ns for path in shown.rglob("*")} == before
    failed, held = sorted(
        (json.loads(path.read_text()) for path in data.glob("runs/*/run.json")),
        key=lambda journal: str(journal["state"]),
    )
    assert (failed["state"], held["state"]) == ("failed", "published")
    assert (failed["exit_code"], failed["verdict"].split()[0]) == (code, how)
    with hold_lock(data / "ketum.lock", "free again"):
        pass


@pytest.mark.slow  # an update in a process of its own
def test_an_update_imports_neither_prefect_nor_flows(data, archive):
    code = (
        "import sys; from pipeline.cli import main; code = main(sys.argv[1:]); "
        "loaded = {name.split('.')[0] for name in sys.modules}; "
        "print(sorted(loaded & {'prefect', 'flows', 'pandas'}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "update", "--offline", "--archive", str(archive), "--quiet"],
        cwd=ROOT, env={**os.environ, "KETUM_DATA": str(data)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == "[]\n"


def test_schedule_refuses_without_a_prefect_server(settings, tmp_path):
    done = elsewhere(
        settings.data, "schedule", PREFECT_API_URL="", PREFECT_HOME=str(tmp_path / "prefect"),
        PREFECT_PROFILES_PATH=str(tmp_path / "none.toml"),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "no Prefect server" in done.stderr and "PREFECT_API_URL is not set" in done.stderr
    assert "prefect server start" in done.stderr and "Next:" in done.stderr
    assert len(done.stderr.splitlines()) == 1
