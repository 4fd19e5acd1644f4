"""The goldens see what changed, name the record, and leave ids and times out."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import duckdb
import pytest

from tests.goldens import frozen
from tests.goldens.__main__ import main


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A database with two tables of evidence and one of marts."""
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            """
            CREATE SCHEMA evidence; CREATE SCHEMA marts;
            CREATE TABLE evidence.article_topics (pmid INTEGER, topic VARCHAR, seen_at TIMESTAMP);
            INSERT INTO evidence.article_topics VALUES
                (1, 'kratom', TIMESTAMP '2026-01-01'), (1, 'pain', NULL), (2, 'pain', NULL);
            CREATE TABLE evidence.proofs (kind VARCHAR, code VARCHAR, pmid INTEGER);
            INSERT INTO evidence.proofs VALUES ('topic', 'pain', 2), ('claim', 'mood', 2);
            CREATE TABLE marts.totals (search VARCHAR, year INTEGER, n INTEGER, set_id VARCHAR);
            INSERT INTO marts.totals VALUES ('pain', 2020, 2, 'x');
            """
        )
    return path


def frozen_of(warehouse: Path, *wanted: str, as_rows: bool = False) -> frozen.Frozen:
    return frozen.freeze_rows(frozen.rows_of(warehouse, wanted or ("*",)), as_rows=as_rows)


def change(warehouse: Path, sql: str) -> None:
    with duckdb.connect(str(warehouse)) as con:
        con.execute(sql)


@pytest.mark.parametrize("as_rows", [True, False])
def test_a_difference_names_table_and_record(warehouse: Path, as_rows: bool) -> None:
    before = frozen_of(warehouse, as_rows=as_rows)
    change(
        warehouse,
        "UPDATE evidence.article_topics SET topic = 'sleep' WHERE topic = 'kratom';"
        "DELETE FROM evidence.proofs WHERE kind = 'claim';"
        "UPDATE marts.totals SET n = 1",
    )
    assert frozen.differences(before, frozen_of(warehouse, as_rows=as_rows)) == {
        "evidence.article_topics": ["1"],
        "evidence.proofs/claim": ["2"],
        "marts.totals": ["pain|2020"],
    }


def test_times_ids_and_the_order_of_rows_are_no_difference(warehouse: Path) -> None:
    before = frozen_of(warehouse)
    change(
        warehouse,
        "UPDATE evidence.article_topics SET seen_at = now();"
        "UPDATE marts.totals SET set_id = 'y';"
        "CREATE OR REPLACE TABLE evidence.article_topics AS "
        "FROM evidence.article_topics ORDER BY topic DESC",
    )
    assert frozen.differences(before, frozen_of(warehouse)) == {}


def test_tables_are_chosen_by_pattern(warehouse: Path) -> None:
    assert list(frozen_of(warehouse, "evidence.article_*")) == ["evidence.article_topics"]
    assert list(frozen_of(warehouse, "evidence.proofs/topic")) == ["evidence.proofs/topic"]
    assert len(frozen_of(warehouse, "evidence.proofs")) == 2
    whole = frozen_of(warehouse)
    assert frozen.chosen(whole, ["evidence.proofs"]) == frozen_of(warehouse, "evidence.proofs")


def test_files_are_compared_without_stamps_and_tables_by_the_order_of_rows(tmp_path: Path) -> None:
    def files(page: str, rows: str) -> frozen.Frozen:
        (tmp_path / "index.html").write_text(page)
        (tmp_path / "t.csv").write_text(f"pmid,run_id\n{rows}")
        return frozen.freeze_files(tmp_path)

    before = files("Set 2026-11-22-archive-demo-0123456789ab of 3", "1,a\n2,a\n")
    assert files("Set 2026-11-23-archive-demo-ba9876543210 of 3", "1,b\n2,b\n") == before
    changed = files("Set 2026-11-22-archive-demo-0123456789ab of 4", "2,a\n1,a\n")
    assert frozen.differences(before, changed) == {
        "files/index.html": ["all"],
        "files/t.csv": ["all"],
    }


def test_what_a_page_carries_compressed_is_compared_as_text(tmp_path: Path) -> None:
    def page(set_id: str, count: int) -> frozen.Frozen:
        packed = zlib.compress(f'{{"set_id":"{set_id}","count":{count}}}'.encode())
        text = f"<script id=data>{base64.b64encode(packed).decode()}</script>"
        (tmp_path / "index.html").write_text(text)
        return frozen.freeze_files(tmp_path)

    before = page("2026-11-22-archive-demo-0123456789ab", 3)
    assert page("2026-11-23-archive-demo-ba9876543210", 3) == before
    assert page("2026-11-23-archive-demo-ba9876543210", 4) != before


def test_what_is_written_is_read_again(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "HERE", tmp_path)
    held = frozen_of(warehouse, as_rows=True)
    assert frozen.write("demo", held) > 0
    assert frozen.read("demo") == held
    with pytest.raises(FileNotFoundError, match="nothing is frozen of kratom"):
        frozen.read("kratom")


def test_the_command_shows_the_rows_of_before_and_after(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(frozen, "HERE", tmp_path)
    frozen.write("kratom", frozen_of(warehouse))
    assert main(["compare", "kratom", "--warehouse", str(warehouse)]) == 0
    old = tmp_path / "old.duckdb"
    old.write_bytes(warehouse.read_bytes())
    change(warehouse, "UPDATE evidence.article_topics SET topic = 'sleep' WHERE topic = 'kratom'")
    capsys.readouterr()
    assert main(["compare", "kratom", "--warehouse", str(warehouse), "--beside", str(old)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "evidence.article_topics: 1 of 2 differ: 1",
        "  - [1, 'kratom']",
        "  + [1, 'sleep']",
        "3 tables and files as frozen, 1 not",
    ]


def test_no_golden_is_large() -> None:
    sizes = [path.stat().st_size for path in frozen.HERE.glob("*.json.gz")]
    assert len(sizes) >= 8
    assert max(sizes) < 1_500_000
