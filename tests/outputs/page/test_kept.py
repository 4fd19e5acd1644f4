"""Pages that differ in nothing but their date: made once, and anew as soon as anything differs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.outputs import feeds
from pipeline.outputs.page import dated, render
from pipeline.outputs.page import kept as kept_pages
from pipeline.outputs.page.dated import PRIVATE, SHARED, Pages
from pipeline.settings import ROOT
from pipeline.warehouse.fingerprint import program_files
from tests.conftest import DAY, FakeClock, publish_live, the_database_alone
from tests.outputs.conftest import NEW, OLD

pytestmark = pytest.mark.whole


@pytest.fixture
def kept(four_days, tmp_path) -> Path:
    return Path(shutil.copytree(four_days.pages("pubmed"), tmp_path / "kept"))


@pytest.fixture
def con(four_days, tmp_path):
    database = Path(shutil.copy(four_days.latest / "ketum.duckdb", tmp_path / "own.duckdb"))
    database.chmod(0o644)
    with duckdb.connect(str(database)) as con:
        yield con


@pytest.fixture
def written(con, kept, tmp_path, monkeypatch):
    """Write the pages of a day after all of them, or of the last again; True if made anew."""
    made: list[bool] = []

    def render_anew(_con: object) -> Pages:
        made.append(True)
        return Pages("", "", "")

    def write(site: str | None = None, *, is_unchanged: bool = True) -> bool:
        made.clear()
        sql = ROOT / "sql"
        taken = kept_pages.write(con, tmp_path, sql, kept, site, is_unchanged=is_unchanged)
        assert taken != bool(made)
        return bool(made)

    monkeypatch.setattr(render, "render", render_anew)
    return write


def next_day(con) -> None:
    """A run more, which found what the last one found."""
    con.execute(
        "INSERT INTO ops.runs SELECT * REPLACE ('another' AS run_id, as_of + INTERVAL 1 DAY "
        "AS as_of) FROM ops.runs ORDER BY as_of DESC LIMIT 1"
    )
    con.execute(
        "INSERT INTO marts.search_log SELECT * REPLACE (searched_at + INTERVAL 1 DAY AS "
        "searched_at) FROM marts.search_log QUALIFY searched_at = max(searched_at) OVER ()"
    )
    con.execute("UPDATE marts.search_totals SET set_id = 'named', as_of_date = '2030-01-01'")


def test_the_pages_of_a_quiet_day_are_as_if_made_anew(four_days, tmp_path):
    sets = sorted(path for path in four_days.published.glob("20*"))
    assert len(sets) == 4
    for directory in sets[2:]:
        with duckdb.connect(str(directory / "ketum.duckdb"), read_only=True) as con:
            dated.write(con, tmp_path, render.render(con))
            (as_of,) = con.execute("SELECT max(as_of) FROM ops.runs").fetchall()[0]
            feeds.write(con, tmp_path)
        for path in directory.rglob("*.atom"):
            assert path.read_bytes() == (tmp_path / path.relative_to(directory)).read_bytes()
        for name in (SHARED, PRIVATE):
            page = (tmp_path / name).read_bytes()
            assert page == (directory / name).read_bytes()
            assert dated.said(as_of).encode() in page and b"\x01" not in page
            assert dated.said(as_of - timedelta(days=1)).encode() not in page


def test_a_quiet_day_after_a_quiet_day_renders_nothing(con, written, kept):
    assert not written()
    next_day(con)
    assert not written()
    assert [path.name for path in kept.iterdir()] == ["another.json"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ops.runs SET content_sha256 = 'another'",
        "UPDATE marts.search_totals SET held_count = held_count + 1",
        "UPDATE marts.search_totals SET statement = 'other'",
        "UPDATE marts.answer SET listed_count = listed_count + 1",
        "UPDATE marts.coverage SET coverage = 'other'",
        "INSERT INTO marts.new_articles SELECT search, 'baseline', NULL, 1, NULL, NULL, NULL, NULL,"
        " NULL, NULL, NULL, NULL, now() FROM marts.coverage",
        "UPDATE marts.search_log SET hit_count = hit_count + 1",
        "UPDATE marts.search_log SET searched_at = searched_at - INTERVAL 1 HOUR",
        "INSERT INTO ops.runs SELECT * REPLACE ('between' AS run_id, as_of - INTERVAL 1 HOUR AS "
        "as_of) FROM ops.runs ORDER BY as_of DESC LIMIT 1",
    ],
)
def test_whatever_the_pages_depend_on_makes_them_anew(con, written, change):
    next_day(con)
    con.execute(change)
    assert written()


def test_a_run_that_found_something_has_pages_of_its_own(con, written):
    next_day(con)
    assert written(is_unchanged=False)


def test_so_has_one_that_is_served_elsewhere(con, written):
    """Its feeds have other links."""
    assert written("https://example.org/")


def test_feeds_are_taken_over_with_the_pages(four_days, tmp_path, monkeypatch):
    """And made anew where the pages are."""
    made: list[str] = []
    data = Path(shutil.copytree(four_days.data, tmp_path / "data", symlinks=True))
    clock = FakeClock()
    clock.sleep(4 * DAY)
    with the_database_alone("page", "feeds"):
        monkeypatch.setattr(feeds, "write", lambda *_what: made.append("feeds"))
        publish_live(tmp_path, OLD, *NEW, clock=clock)
        assert made == []
        shutil.rmtree(data / ".pages")
        clock.sleep(DAY)
        publish_live(tmp_path, OLD, *NEW, clock=clock)
        assert made == ["feeds"]


@pytest.mark.parametrize("library", ["jinja2", "markupsafe"])
def test_so_does_another_library(library, con, written, monkeypatch):
    real = kept_pages.version_of
    monkeypatch.setattr(kept_pages, "version_of", lambda one: "9" if one == library else real(one))
    assert written()


@pytest.mark.parametrize("name", ["page/templates/first.html", "page/static/page.css", "claims.py"])
def test_so_do_other_templates_and_modules(name, con, written, monkeypatch, tmp_path):
    outputs = tmp_path / "outputs"
    shutil.copytree(kept_pages.OUTPUTS, outputs, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(kept_pages, "OUTPUTS", outputs)
    assert not written()
    with (outputs / name).open("a") as file:
        file.write("\n")
    assert written()


@pytest.mark.parametrize(
    "spoil", [lambda body: body[:-9], lambda body: body.replace("mice", "men")]
)
def test_damaged_pages_are_not_taken_up(spoil, con, written, kept):
    next_day(con)
    (path,) = kept.iterdir()
    path.write_text(spoil(path.read_text()))
    assert written()


def test_nothing_but_what_counts_decides_on_a_page(four_days):
    """A module that pages are made by is one of outputs/, or one that makes tables."""
    code = "import sys, pipeline.outputs.page.render; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    counted = {path.relative_to(ROOT) for path in program_files(ROOT / "sql")}
    found = {Path(f"{name.replace('.', '/')}.py") for name in done.stdout.split()}
    others = {
        path.as_posix()
        for path in found - counted
        if path.parts[0] == "pipeline" and (ROOT / path).is_file() and "outputs" not in path.parts
    }
    assert others <= {"pipeline/errors.py", "pipeline/settings.py", "pipeline/storage.py",
                      "pipeline/progress.py", "pipeline/clock.py"}  # fmt: skip
