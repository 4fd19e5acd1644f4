"""What the system refuses is neither damage nor a fault of ketum, whatever DuckDB calls it."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import EXIT_MACHINE, CheckError, MachineError
from pipeline.outputs import query
from pipeline.settings import Settings
from pipeline.warehouse.breakdowns import is_damage, refusal

WAREHOUSE = Path("/data/w.duckdb")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (duckdb.IOException(f'Cannot open file "{WAREHOUSE}": Permission denied'), "let DuckDB"),
        (
            duckdb.TransactionException('Failed to commit: Cannot open "w.wal": Permission denied'),
            "let DuckDB",
        ),
        (
            duckdb.FatalException('No checkpoint: Could not write "w": File too large'),
            "let DuckDB",
        ),
        (
            duckdb.TransactionException("Failed to commit: Failed to allocate block"),
            "memory of this machine did not suffice",
        ),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no space left"),
    ],
)
def test_a_refusal_is_told_from_damage(error, told, tmp_path):
    cause = refusal(tmp_path, error)
    assert cause is not None
    assert cause.exit_code == EXIT_MACHINE
    assert told in str(cause) and "Next:" in str(cause)
    assert told != "let DuckDB" or not is_damage(error, WAREHOUSE)


def test_bytes_that_are_no_database_are_damage(tmp_path):
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"x" * 5000)
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect(str(path))
    assert is_damage(caught.value, path)
    assert refusal(tmp_path, caught.value) is None


@pytest.mark.parametrize(
    ("reason", "kind"), [("Permission denied", MachineError), ("no database", CheckError)]
)
def test_a_reader_without_rights_is_not_sent_to_rebuild(reason, kind, tmp_path, monkeypatch):
    settings = Settings(data=tmp_path)
    database = settings.latest / "ketum.duckdb"
    database.parent.mkdir(parents=True)
    database.touch()

    def connect(path: str, **_options: object) -> duckdb.DuckDBPyConnection:
        raise duckdb.IOException(f'Cannot open file "{path}": {reason}')

    monkeypatch.setattr(duckdb, "connect", connect)
    with pytest.raises(kind) as caught, query.open_published(settings):
        pass
    assert ("rebuild" in str(caught.value)) == (kind is CheckError)
