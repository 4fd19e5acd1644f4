"""A day that brings nothing: the same set as if all of it had been made anew, for little work."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from pipeline import journal as journals
from pipeline.errors import ConfigurationError
from pipeline.evidence.reference import Reference
from pipeline.outputs import manifest, marts, tables
from pipeline.outputs.receipt import Receipt
from pipeline.warehouse import database
from tests.conftest import DAY, FIRST

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def last_day(four_days) -> Path:
    """The set of a day that found nothing new, after one that did."""
    (*_, last) = journals.read_all(four_days.runs)
    assert Receipt.from_dict(last.receipt).is_unchanged
    return four_days.latest.resolve()


def all_marts(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    names = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' "
        "AND database_name = current_database()"
    ).fetchall()
    return {name: con.execute(f"FROM marts.{name}").fetchall() for (name,) in names}


def test_the_set_is_as_if_everything_had_been_made_anew(last_day, four_days, settings, tmp_path):
    """Every mart and every exported file, row by row."""
    shutil.copytree(four_days.data, settings.data, symlinks=True)
    with duckdb.connect(str(settings.warehouse("pubmed"))) as con:
        database.configure(con)
        runs = con.execute(
            "SELECT as_of, previous_published_at FROM ops.runs ORDER BY as_of"
        ).fetchall()
        as_of, before = runs[-1]
        renewed = all_marts(con)
        marts.build(
            con,
            settings,
            "pubmed",
            as_of,
            previous_published_at=before.isoformat(),
            kept_set_id=last_day.name,
            is_unchanged=False,
        )
        anew = all_marts(con)
        tables.export_all(con, _directory(tmp_path / "tables"), {})
    assert renewed == anew
    assert {row[-3] for row in anew["search_totals"]} == {as_of.date()}
    files = sorted(path.name for path in (tmp_path / "tables").iterdir())
    assert files == sorted(path.name for path in (last_day / "tables").iterdir())
    with duckdb.connect() as con:
        differing = [
            name
            for name in files
            if rows_of(con, tmp_path / "tables" / name) != rows_of(con, last_day / "tables" / name)
        ]
    assert differing == []
    assert manifest.damage(last_day) is None


def rows_of(con: duckdb.DuckDBPyConnection, path: Path) -> object:
    """What a file holds: Parquet of the same rows may be laid out otherwise."""
    if path.suffix == ".csv":
        return path.read_bytes()
    return con.execute("FROM read_parquet(?)", [str(path)]).fetchall()


def _directory(path: Path) -> Path:
    path.mkdir()
    return path


def test_it_has_the_same_tables_with_a_fresh_date(last_day, four_days):
    (*_, last) = journals.read_all(four_days.runs)
    receipt = Receipt.from_dict(last.receipt)
    assert receipt.requests == 3
    assert not any(receipt.records.values())
    (*_, before, latest) = sorted(four_days.published.glob("2026-*"))
    assert latest == last_day
    told = []
    for directory in (before, latest):
        with duckdb.connect(str(directory / "ketum.duckdb"), read_only=True) as con:
            by_year = "SELECT * EXCLUDE (as_of_date, set_id) FROM marts.study_types_by_year"
            told.append(con.execute(by_year).fetchall())
            (as_of,) = con.execute("SELECT max(as_of_date) FROM marts.search_totals").fetchall()
    assert told[0] == told[1]
    assert as_of == (last.time.date(),)


def test_what_did_not_move_is_shared_with_the_set_before(four_days):
    (*_, before, latest) = sorted(four_days.published.glob("2026-*"))

    def is_shared(name: str) -> bool:
        return (latest / "tables" / name).samefile(before / "tables" / name)

    assert is_shared("core.authors.parquet") and is_shared("evidence.proofs.csv")
    for name in ("ops.runs.csv", "marts.search_totals.parquet"):
        assert not is_shared(name) and (latest / "tables" / name).stat().st_nlink == 1


def test_reference_files_that_a_run_found_good_are_not_read_again(live, begun, clock, monkeypatch):
    clock.sleep(DAY)

    def load(*_: object, **__: object) -> Reference:
        raise AssertionError("the reference files were read")

    monkeypatch.setattr(Reference, "load", load)
    assert live(FIRST).is_unchanged


def test_a_mistake_in_a_reference_file_is_still_told_before_anything_is_asked(
    live, begun, clock, settings, tmp_path
):
    edited = tmp_path / "reference"
    edited.mkdir()
    for path in settings.reference.iterdir():
        (edited / path.name).symlink_to(path)
    (edited / "overrides.toml").unlink()
    (edited / "overrides.toml").write_text("[[override]\n")
    clock.sleep(DAY)
    object.__setattr__(settings, "reference", edited)
    with pytest.raises(ConfigurationError, match=r"overrides\.toml"):
        live(FIRST)
