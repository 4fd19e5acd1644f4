"""Real records judged by several processes: the rows of one, also after one of them was killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import workers
from pipeline.errors import MachineError
from pipeline.evidence import judge as judging
from pipeline.evidence.record import RecordRows
from pipeline.settings import ROOT
from pipeline.warehouse import load, stage
from tests.evidence.conftest import decided
from tests.in_memory import FIRST_DAY, Warehouse

DEMO = ROOT / "data" / "demo" / "pubmed21n1298-selection.xml.gz"
TABLES = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'evidence' ORDER BY 1"
DECIDED = 33845654
MANY = judging.MANY
REFERENCE = decided((DECIDED, "RCT", "REV"), (99, "CASE", "CASE"))

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def held() -> Warehouse:
    """Not judged; what a test judges it undoes."""
    memory = Warehouse()
    stage.create_staging(memory.con)
    stage.stage_file(memory.con, DEMO, raw_file=None, stamp="demo")
    load.merge(memory.con, FIRST_DAY)
    return memory


def refuse(*_: object) -> Iterator[Any]:
    raise AssertionError


def rows_by(
    held: Warehouse, patch: pytest.MonkeyPatch, processors: int, many: int
) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of all tables of evidence, as they stand there, all judged anew; undone again."""
    patch.setattr(judging, "processors", lambda: processors)
    patch.setattr(judging, "MANY", many)
    held.con.execute("BEGIN")
    try:
        judging.judge(held.con, REFERENCE)
        tables = [name for (name,) in held.ask(TABLES)]
        return {name: held.ask(f"FROM evidence.{name}") for name in tables}
    finally:
        held.con.execute("ROLLBACK")


def test_several_processes_give_the_rows_of_one(
    held: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(workers, "in_order", refuse)
        alone = rows_by(held, patch, processors=1, many=1)
        assert rows_by(held, patch, processors=2, many=MANY) == alone
    with monkeypatch.context() as patch:
        patch.setattr(judging, "judge_records", refuse)  # in this process
        assert rows_by(held, patch, processors=2, many=200) == alone
    assert len(alone["article_flags"]) > 200
    assert {row[0] for row in alone["overrides"]} == {DECIDED, 99}


def die_of_one(path: str, rows: RecordRows) -> Any:
    """In a worker: as `_judge_part`, and killed by the system at the record that is decided."""
    if DECIDED in rows["articles"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return _judge_part(path, rows)


_judge_part = judging._judge_part


def test_a_killed_process_is_told_and_nothing_is_lost(
    held: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(judging, "_judge_part", die_of_one)
        with pytest.raises(MachineError, match="was ended from outside") as raised:
            rows_by(held, patch, processors=2, many=1)
    assert "Nothing was published" in raised.value.effect
    assert "same command" in raised.value.next_step
    assert held.ask("SELECT count(*) FROM evidence.proofs") == [(0,)]
    assert len(rows_by(held, monkeypatch, processors=1, many=1)["article_flags"]) > 200
