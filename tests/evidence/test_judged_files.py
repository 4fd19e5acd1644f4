"""Judgements that workers made, taken in; what people decided, or other rules, is judged here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from pipeline.evidence import judge as judging
from pipeline.evidence.judged_files import JUDGED, Part, stage_parts, take_judged
from pipeline.evidence.overrides import Override
from pipeline.evidence.record import Judgement, Record
from pipeline.evidence.reference import Reference
from pipeline.scan import Scans
from pipeline.warehouse import load
from pipeline.whole_files import WholeFileReader
from tests.corpus import article, article_set
from tests.in_memory import FIRST_DAY, Warehouse

TABLES = [name.partition(".")[2] for name in JUDGED]


@pytest.fixture
def judged_here(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """PMIDs that `judge` itself judges."""
    found: list[int] = []
    judge_records = judging.judge_records

    def noted(records: Sequence[Record], reference: Reference) -> list[Judgement]:
        found.extend(record.pmid for record in records)
        return judge_records(records, reference)

    monkeypatch.setattr(judging, "judge_records", noted)
    return found


def take(
    con: duckdb.DuckDBPyConnection, reference: Reference, directory: Path, *texts: str
) -> None:
    """Load a file as `bulk-load --all` does; none where there are no texts."""
    parts = []
    if texts:
        path = directory / "pubmed26n0001.xml"
        path.write_text(article_set(*texts), encoding="utf-8")
        scans = Scans(directory / "scans", "k" * 64)
        body = scans.directory / WholeFileReader(reference, (), (), scans).scan(path).body
        parts.append(Part(body, "in_place/1", "pubmed26n0001", 0, 0))
    stage_parts(con, parts)
    load.merge(con, FIRST_DAY)
    judging.judge(con, reference, load.changed(con), take_judged)


def test_only_what_people_decided_about_is_judged_in_the_run(
    memory: Warehouse, tmp_path: Path, judged_here: list[int]
) -> None:
    decision = Override(2, "study_type", "REV", "UNCLASSIFIED", "A. Reader", FIRST_DAY.date(), "so")
    overrides = dataclasses.replace(memory.reference.overrides, decisions=(decision,))
    reference = dataclasses.replace(memory.reference, overrides=overrides)
    take(memory.con, reference, tmp_path, article(1, "Kratom in mice"), article(2, "Kratom"))
    assert judged_here == [2]
    labels = "SELECT pmid, study_type FROM evidence.article_study_types WHERE is_primary ORDER BY 1"
    (first, second) = memory.con.execute(labels).fetchall()
    assert first[0] == 1
    assert second == (2, "REV")
    proved = memory.con.execute("SELECT DISTINCT pmid FROM evidence.proofs ORDER BY 1").fetchall()
    assert proved == [(1,), (2,)]


def test_other_rules_judge_all_again_where_no_file_came(
    memory: Warehouse, tmp_path: Path, judged_here: list[int]
) -> None:
    take(memory.con, memory.reference, tmp_path, article(1, "Kratom"), article(2, "Leaves"))
    assert judged_here == []
    memory.con.execute("UPDATE ops.judged SET rules_sha256 = 'others'")
    take(memory.con, memory.reference, tmp_path)
    assert judged_here == [1, 2]
