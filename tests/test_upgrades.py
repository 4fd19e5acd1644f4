"""Data directories that older versions left behind (tests/upgrades) meet today's code."""

from __future__ import annotations

import tarfile
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.rebuild import rebuild
from pipeline.settings import ROOT, Options, Settings
from pipeline.update import run_update
from pipeline.verify import verify_archive, verify_set

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("database_and_tables")]

ORIGIN = "archive:upgrade"


@pytest.fixture
def of_0_1_0(settings: Settings) -> Settings:
    """The data directory as 0.1.0 left it after three runs."""
    with tarfile.open(ROOT / "tests" / "upgrades" / "data-0.1.0.tar.xz") as archive:
        archive.extractall(settings.data.parent, filter="data")
    return settings


def counted(settings: Settings) -> dict[str, object]:
    """What a reader of the latest set would cite: members, runs, changes, records."""
    path = (settings.latest / "ketum.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as con:
        return {
            "members": con.execute(
                "SELECT search, pmid, entered_at, entered_reason FROM ops.search_hits ORDER BY ALL"
            ).fetchall(),
            "runs": con.execute("SELECT run_id, as_of FROM ops.runs ORDER BY ALL").fetchall(),
            "changes": con.execute(
                "SELECT pmid, changed_at, field FROM ops.article_changes ORDER BY ALL"
            ).fetchall(),
            "records": con.execute(
                "SELECT pmid, record_sha256, title FROM core.articles ORDER BY ALL"
            ).fetchall(),
        }


@pytest.mark.by_hand  # rebuilds three runs, as test_before_run.py does
def test_a_warehouse_of_0_1_0_is_refused_with_the_way_on_and_rebuilt_whole(
    of_0_1_0: Settings, tmp_path: Path
) -> None:
    before = counted(of_0_1_0)
    assert len(before["runs"]) == 3  # type: ignore[arg-type]
    listed = tmp_path / "listed.csv"
    listed.write_text("pmid,doi,year,title\n1,,2020,Kratom\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        run_update(Options(from_files=(listed,), name="upgrade"), of_0_1_0)
    assert f"ketum rebuild --origin {ORIGIN}" in str(refused.value)
    assert counted(of_0_1_0) == before
    rebuild(ORIGIN, of_0_1_0)
    assert counted(of_0_1_0) == before
    for report in (verify_set(of_0_1_0.latest), verify_archive(of_0_1_0.raw(ORIGIN))):
        assert not report.faults
