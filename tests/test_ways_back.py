"""A data directory that is not as ketum left it: one paragraph, and its way back works."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipeline import cli, update
from pipeline import journal as journals
from pipeline.errors import CheckError, ConfigurationError, KetumError, MachineError
from pipeline.outputs import manifest, query
from pipeline.pubmed.archive import Archive
from pipeline.rebuild import rebuild
from pipeline.settings import Options, Settings
from pipeline.verify import verify_set
from pipeline.warehouse import database, fingerprint
from tests.conftest import DAY, FIRST, SECOND, FakeClock, copy_data, the_database_alone
from tests.test_rebuild import live_run, tables_of

pytestmark = pytest.mark.whole


@pytest.fixture
def older(days: Path) -> Path:
    """The warehouse after the first of two runs."""
    return Settings(days / "one").warehouse("pubmed")


@pytest.fixture
def home(days: Path, tmp_path: Path, clock: FakeClock) -> Iterator[Settings]:
    """A copy of the data directory after two live runs, two days later."""
    copy_data(days / "two", tmp_path / "data")
    clock.sleep(2 * DAY)
    with the_database_alone("marts"):
        yield Settings(tmp_path / "data", pace_file=tmp_path / "pace")


@pytest.fixture
def warehouse(home: Settings) -> Path:
    return home.warehouse("pubmed")


def refusal(home: Settings, clock: FakeClock, exit_code: int = 2) -> KetumError:
    """What a live update says before it asks anybody."""
    held = {path: path.stat().st_mtime_ns for path in home.published.rglob("*")}
    with (
        pytest.raises(KetumError) as caught,
        update.open_run(Options(), home, clock),
    ):
        pass
    assert caught.value.exit_code == exit_code
    assert caught.value.effect and caught.value.next_step
    assert "\n" not in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in home.published.rglob("*")} == held
    return caught.value


def go_back(error: KetumError, home: Settings) -> None:
    """Do what the message names as the next step."""
    for command in error.next_step.split("`")[1::2]:
        name, *arguments = shlex.split(command)
        if name == "mv":
            shutil.move(*arguments)
        elif arguments != ["update"]:
            assert name == "ketum"
            parsed = cli.build_parser().parse_args(arguments)
            assert not parsed.work(home, parsed)
            return


def test_a_missing_warehouse_is_not_begun_anew(begun, clock, database_and_tables):
    warehouse = begun.warehouse("pubmed")
    before = tables_of(warehouse)
    warehouse.unlink()
    clock.sleep(DAY)
    error = refusal(begun, clock)
    assert "is missing, and 1 run(s) were committed" in error.cause
    assert not warehouse.exists()
    go_back(error, begun)
    assert tables_of(warehouse) == before
    with update.open_run(Options(), begun, clock):
        pass


@pytest.mark.by_hand  # rebuilds or runs once more
def test_an_older_copy_of_the_warehouse_is_seen(home, warehouse, older, clock):
    before = tables_of(warehouse)
    shutil.copy(older, warehouse)
    error = refusal(home, clock)
    assert "lacks 1 run(s)" in error.cause
    go_back(error, home)
    assert tables_of(warehouse) == before


@pytest.mark.slow  # rebuilds or runs once more
def test_a_journal_that_was_thrown_away_is_missed(home, warehouse, older, clock):
    """As by a person who wants to undo a run; the warehouse has it still."""
    shutil.rmtree(home.runs / journals.read_all(home.runs)[-1].run_id)
    error = refusal(home, clock)
    assert "holds 1 run(s) without a journal" in error.cause
    go_back(error, home)
    assert tables_of(warehouse) == tables_of(older)


def test_a_run_that_failed_right_after_its_commit_counts(home, clock):
    journal = journals.read_all(home.runs)[-1]
    journal.state = journals.FAILED
    journal.save(home.runs)
    with update.open_run(Options(), home, clock) as progress:
        assert progress.journal.previous_published_at
    assert [one.state for one in journals.read_all(home.runs)][:2] == ["published", "published"]


ROT: dict[str, Callable[[bytearray], object]] = {
    "no database": lambda body: body.__setitem__(slice(None), b"no database at all" * 1_000),
    "cut": lambda body: body.__delitem__(slice(len(body) // 2, None)),
    "empty": lambda body: body.__delitem__(slice(20, None)),
    "a bit of the head": lambda body: body.__setitem__(4_200, body[4_200] ^ 1),
    "a bit of each block": lambda body: [
        body.__setitem__(place, body[place] ^ 1) for place in range(13_000, len(body), 1 << 18)
    ],
}


@pytest.mark.parametrize("how", ROT)
def test_a_damaged_warehouse_is_told(how, home, warehouse, clock):
    body = bytearray(warehouse.read_bytes())
    ROT[how](body)
    warehouse.write_bytes(body)
    error = refusal(home, clock, exit_code=8)
    assert f"The warehouse {warehouse} is damaged: " in error.cause
    assert "`ketum rebuild --origin pubmed`" in error.next_step


@pytest.mark.slow  # rebuilds or runs once more
def test_damage_that_only_publishing_meets_is_told_too(home, warehouse, clock, tmp_path):
    """One block: most of what a run reads is whole, and the copy for readers reads all."""
    before = tables_of(warehouse)
    body = bytearray(warehouse.read_bytes())
    place = body.find(b"relieved")
    body[place] ^= 1
    warehouse.write_bytes(body)
    with pytest.raises(MachineError, match="is damaged: ") as caught:
        live_run(tmp_path, home, clock, FIRST, SECOND)
    go_back(caught.value, home)
    after = tables_of(warehouse)
    assert after["core.articles"] == before["core.articles"]
    live_run(tmp_path, home, clock, FIRST, SECOND)
    assert manifest.damage(home.latest.resolve()) is None


def test_a_warehouse_that_is_held_open_is_told(home, warehouse, clock):
    with held_open(warehouse):
        error = refusal(home, clock)
    assert "Could not set lock" in error.cause
    with update.open_run(Options(), home, clock):
        pass


@pytest.mark.slow  # rebuilds or runs once more
def test_a_copy_in_the_place_of_latest_is_told_before_anything_is_asked(home, clock, tmp_path):
    target = home.latest.resolve()
    home.latest.unlink()
    shutil.copytree(target, home.latest)
    error = refusal(home, clock)
    with pytest.raises(ConfigurationError, match="not a link"):
        rebuild("pubmed", home)
    go_back(error, home)
    live_run(tmp_path, home, clock, FIRST, SECOND)
    assert home.latest.is_symlink() and manifest.damage(home.latest.resolve()) is None


# -- the parser and the rules of then


@pytest.mark.by_hand  # rebuilds or runs once more
def test_records_read_by_another_parser_are_read_anew(home, warehouse, clock, monkeypatch):
    fingerprint.parser_version.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(database, "parser_version", lambda: "better")
        error = refusal(home, clock)
        assert "another version of the parser" in error.cause
        go_back(error, home)
        with update.open_run(Options(), home, clock) as progress:
            held = progress.run.con.execute("SELECT parser_version FROM ops.warehouse").fetchall()
            assert held == [("better",)]


def test_the_parser_is_all_that_it_imports():
    """A module that shapes rows and is not in the fingerprint would change them unseen."""
    told = {path.relative_to(fingerprint.ROOT).as_posix() for path in fingerprint.parser_files()}
    outside = {
        "pipeline/errors.py", "pipeline/storage.py", "pipeline/settings.py",
        "pipeline/pubmed/archive.py",
    }  # fmt: skip
    for name in told:
        for line in (fingerprint.ROOT / name).read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] == ["from"] and words[1].startswith("pipeline."):
                paths = {
                    f"{words[1].replace('.', '/')}{end}.py"
                    for end in ("", *(f"/{word.strip(',()')}" for word in words[3:]))
                }
                assert paths & (told | outside), f"{name}: {line}"


def keep_with_the_run(home: Settings, name: str, change: Callable[[str], str], number: int) -> None:
    """Change a reference file as it was kept with a run."""
    archive = Archive(home.raw("pubmed"))
    journal = journals.read_all(home.runs)[number]
    text = archive.get(journal.reference[name]).decode()
    journal.reference[name] = archive.put(change(text).encode())
    journal.save(home.runs)


@pytest.mark.slow  # rebuilds
def test_rules_of_then_that_are_refused_today_hinder_no_rebuild(home, warehouse, caplog):
    before = tables_of(warehouse)
    refused = {
        "topics.toml": lambda text: text.replace("[[search]]", "[[search]]\ncolour = 1", 1),
        "study_types.toml": lambda text: text.replace("version =", "edition =", 1),
        "claim_evidence.csv": lambda text: text.replace("claim,pmid", "claim,number", 1),
        "known_articles.csv": lambda text: text.replace("doi", "handle", 1),
    }
    for number in (0, 1):
        for name, change in refused.items():
            keep_with_the_run(home, name, change, number)
    rebuild("pubmed", home)
    told = [record.message for record in caplog.records if "of today" in record.message]
    for name in refused:
        assert sum(name in sentence for sentence in told) == 2, name
    after = tables_of(warehouse)
    for table in ("core.articles", "ops.search_hits", "evidence.article_study_types"):
        assert after[table] == before[table], table


def test_rules_of_today_are_read_strictly(home, clock, tmp_path):
    reference = tmp_path / "reference"
    shutil.copytree(home.reference, reference)
    path = reference / "topics.toml"
    path.write_text(path.read_text().replace("[[search]]", "[[search]]\ncolour = 1", 1))
    error = refusal(replace(home, reference=reference), clock)
    assert "unknown key `colour`" in error.cause


# -- the published set


@contextmanager
def held_open(path: Path) -> Iterator[None]:
    """Another process holds a database open for writing."""
    program = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    path.chmod(0o644)
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout and holder.stdout.readline()
    try:
        yield
    finally:
        holder.kill()
        holder.wait()


def ask(home: Settings) -> str:
    out = io.StringIO()
    query.run(home, "SELECT count(*) AS n FROM marts.articles", "csv", out)
    return out.getvalue()


def test_a_published_database_held_open_for_writing_is_told(home):
    path = home.latest.resolve() / "ketum.duckdb"
    with held_open(path):
        with pytest.raises(ConfigurationError, match="holds the published database open") as caught:
            ask(home)
        report = verify_set(home.latest)
    assert "\n" not in str(caught.value)
    assert report.is_whole and "another program holds it open" in report.notes[0]
    assert ask(home) == "n\n2\n"


@pytest.mark.slow  # rebuilds or runs once more
def test_a_damaged_published_database_is_told(home, clock, tmp_path):
    path = home.latest.resolve() / "ketum.duckdb"
    body = bytearray(path.read_bytes())
    for place in range(13_000, len(body), 1 << 18):
        body[place] ^= 1
    path.unlink()
    path.write_bytes(body)
    with pytest.raises(CheckError, match="is damaged: ") as caught:
        ask(home)
    assert caught.value.exit_code == 4 and "\n" not in str(caught.value)
    rebuild("pubmed", home)
    assert ask(home) == "n\n2\n"


@pytest.mark.parametrize("body", [b"{}", b"[]", b"no JSON", None])
def test_an_odd_manifest_of_the_latest_set_is_told_everywhere(body, home, capsys):
    path = home.latest.resolve() / "manifest.json"
    path.unlink()
    if body is not None:
        path.write_bytes(body)
    for command, code in ((["status"], 4), (["status", "--max-age=1d"], 4), (["verify"], 4)):
        parsed = cli.build_parser().parse_args(command)
        with pytest.raises(KetumError) as caught:
            parsed.work(home, parsed)
        assert caught.value.exit_code == code
        assert "ketum rebuild --origin" in caught.value.next_step
    parsed = cli.build_parser().parse_args(["doctor"])
    assert parsed.work(home, parsed) == 1
    told = capsys.readouterr().out
    assert "last run" in told and "not a set made by ketum" in told
    assert "Nothing is published" not in told


@pytest.mark.by_hand  # rebuilds or runs once more
def test_after_an_odd_manifest_a_rebuild_ends_with_a_whole_set(home):
    (home.latest.resolve() / "manifest.json").unlink()
    rebuild("pubmed", home)
    assert manifest.damage(home.latest.resolve()) is None


# -- verify


def restated(home: Settings) -> Path:
    """The latest set, its database replaced by one that a stranger made, as if all was well."""
    import hashlib
    import json

    directory = home.latest.resolve()
    body = (directory / "ketum.duckdb").read_bytes()
    path = directory / "manifest.json"
    held = json.loads(path.read_text())
    for resource in held["resources"]:
        if resource["path"] == "ketum.duckdb":
            resource["bytes"] = len(body)
            resource["hash"] = f"sha256:{hashlib.sha256(body).hexdigest()}"
    path.unlink()
    path.write_text(json.dumps(held))
    return directory


def test_a_view_of_a_stranger_reads_no_file(home, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nmitragyna\n")
    path = home.latest.resolve() / "ketum.duckdb"
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        con.execute(f"CREATE VIEW core.leaves AS FROM read_csv('{secret}')")
    report = verify_set(restated(home))
    assert [fault for fault in report.faults if "disabled by configuration" in fault]
    assert "mitragyna" not in report.text()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (
            "DELETE FROM core.authors WHERE author_no > 1; "
            "UPDATE core.authors SET author_no = 1, pmid = (SELECT min(pmid) FROM core.authors)",
            "child_rows_are_unique",
        ),
        (
            "UPDATE evidence.proofs SET char_start = char_start + 1 WHERE char_start IS NOT NULL",
            "proofs_stand_where_they_say",
        ),
        ("UPDATE evidence.proofs SET kind = 'none'", "every_label_has_proof"),
        ("UPDATE core.history_dates SET pmid = 999", "no_orphan_rows"),
    ],
)
def test_what_a_run_checks_of_its_records_verify_checks_of_all(home, change, check):
    path = home.latest.resolve() / "ketum.duckdb"
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        con.execute(change)
    report = verify_set(restated(home))
    assert [fault for fault in report.faults if f"fails the check {check}" in fault]


def test_a_switch_of_latest_beside_verify_is_no_damage(home, monkeypatch):
    before = verify_set(home.latest)
    read = manifest.read

    def switched(directory: Path) -> manifest.Manifest:
        found = read(directory)
        home.latest.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(manifest, "read", switched)
    report = verify_set(home.latest)
    assert not home.latest.exists()
    assert (report.faults, report.counts) == (before.faults, before.counts)


# -- age


@pytest.mark.parametrize(("hours", "code"), [(-48, 7), (1, 0), (-0.01, 0)])
def test_a_set_from_the_future_is_not_called_fresh(hours, code, settings, capsys):
    from datetime import UTC, timedelta

    from tests.handmade import make_set, show

    name = "2026-11-22-pubmed-0123456789ab"
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    make_set(settings, name, as_of=(now - timedelta(hours=hours)).isoformat())
    show(settings, name)
    assert cli.main(["status", "--max-age", "2d"]) == code
    told = capsys.readouterr()
    assert ("ahead of this machine's clock" in told.out + told.err) == (hours < -1)
