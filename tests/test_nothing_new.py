"""A day that brings nothing: the same set as if all of it had been made anew, for little work."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.reference import Reference
from pipeline.outputs import manifest, marts, tables
from pipeline.warehouse import database
from tests.conftest import the_database_alone
from tests.corpus import article

RECORDS = (
    article(1, "Kratom and pain in mice", revised="2026-11-01"),
    article(2, "Kratom for chronic pain: a randomized controlled trial", entered="2026-11-20"),
    article(3, "A case report of seizures after Mitragyna speciosa"),
)
DAY = 86_400


@pytest.fixture
def second_day(live_with_outputs, clock, settings) -> Path:
    """The set of a day that found nothing new, after one that did."""
    with the_database_alone(but="tables"):
        live_with_outputs(*RECORDS[:2])
        clock.sleep(DAY)
        live_with_outputs(*RECORDS)
        clock.sleep(DAY)
        receipt = live_with_outputs(*RECORDS)
    assert receipt.is_unchanged and receipt.set_id == settings.latest.resolve().name
    return settings.latest.resolve()


def all_marts(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    names = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' "
        "AND database_name = current_database()"
    ).fetchall()
    return {name: con.execute(f"FROM marts.{name}").fetchall() for (name,) in names}


def test_the_set_is_as_if_everything_had_been_made_anew(second_day, settings, tmp_path):
    """Every mart and every exported file, row by row."""
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
            kept_set_id=second_day.name,
            is_unchanged=False,
        )
        anew = all_marts(con)
        tables.export_all(con, _directory(tmp_path / "tables"), {})
    assert renewed == anew
    assert {row[-3] for row in anew["search_totals"]} == {as_of.date()}
    files = sorted(path.name for path in (tmp_path / "tables").iterdir())
    assert files == sorted(path.name for path in (second_day / "tables").iterdir())
    differing = [
        name
        for name in files
        if rows_of(tmp_path / "tables" / name) != rows_of(second_day / "tables" / name)
    ]
    assert differing == []
    assert manifest.damage(second_day) is None


def rows_of(path: Path) -> object:
    """What a file holds: Parquet of the same rows may be laid out otherwise."""
    if path.suffix == ".csv":
        return path.read_bytes()
    with duckdb.connect() as con:
        return con.execute("FROM read_parquet(?)", [str(path)]).fetchall()


def _directory(path: Path) -> Path:
    path.mkdir()
    return path


def test_what_did_not_move_is_shared_with_the_set_before(second_day):
    def links(name: str) -> int:
        return (second_day / "tables" / name).stat().st_nlink

    assert links("core.authors.parquet") == links("evidence.proofs.csv") == 2
    assert links("ops.runs.csv") == links("marts.search_totals.parquet") == 1


def test_reference_files_that_a_run_found_good_are_not_read_again(
    live, clock, settings, monkeypatch
):
    live(RECORDS[0])
    clock.sleep(DAY)

    def load(*_: object, **__: object) -> Reference:
        raise AssertionError("the reference files were read")

    monkeypatch.setattr(Reference, "load", load)
    assert live(RECORDS[0]).is_unchanged


def test_a_mistake_in_a_reference_file_is_still_told_before_anything_is_asked(
    live, clock, settings, tmp_path, monkeypatch
):
    live(RECORDS[0])
    edited = tmp_path / "reference"
    edited.mkdir()
    for path in settings.reference.iterdir():
        (edited / path.name).symlink_to(path)
    (edited / "overrides.toml").unlink()
    (edited / "overrides.toml").write_text("[[override]\n")
    clock.sleep(DAY)
    object.__setattr__(settings, "reference", edited)
    with pytest.raises(ConfigurationError, match=r"overrides\.toml"):
        live(RECORDS[0])
