"""Days of new, revised and deleted records and of new versions end as one load of all files."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from benchmarks.whole_files import rows_held
from pipeline.evidence import due
from pipeline.evidence.due import judged_now
from pipeline.evidence.judge import judge
from pipeline.evidence.judged_files import Part, stage_parts, take_judged
from pipeline.evidence.reference import Reference
from pipeline.evidence.study_groups import regrouped
from pipeline.evidence.type_changes import note_type_changes
from pipeline.evidence.writing import PROOFS, Writer
from pipeline.outputs import headline, marts
from pipeline.outputs.parts import BY_TOUCH
from pipeline.outputs.wording import store_sentences
from pipeline.scan import Scans
from pipeline.settings import ROOT
from pipeline.warehouse import fingerprint, load, stage, touched
from pipeline.warehouse.database import comments
from pipeline.whole_files import WholeFileReader
from tests.corpus import article, article_set
from tests.in_memory import FIRST_DAY, SQL, Warehouse, begin_staging

TITLES = (
    "Kratom and pain in mice",
    "Kratom for back pain: a randomized controlled trial NCT01234{0:03d}",
    "Seizures after Mitragyna speciosa: a case report",
    "A survey of kratom users",
    "Mitragynine at opioid receptors: a systematic review",
    "Reply to the authors",
)
Files = dict[str, tuple[list[str], tuple[int, ...]]]
ByRecord = dict[str, dict[int, object]]


def days(seed: int, count: int = 6, size: int = 6) -> Files:
    """Files as NLM numbers them: each brings new records, and touches as many of those before."""
    chance = random.Random(seed)
    version: dict[int, int] = {}
    files: Files = {}
    for day in range(1, count + 1):
        texts = []
        known = list(version)
        first = day * (size + 4)
        touched = chance.sample(known, min(size, len(known)))
        for pmid in [*range(first, first + size), *touched]:
            version[pmid] = version.get(pmid, 1) + (pmid in known and chance.random() < 0.3)
            texts.append(
                article(
                    pmid,
                    chance.choice(TITLES).format(pmid % (size // 2)),
                    revised=f"2026-03-{chance.choice((day, day, max(1, day - 2))):02d}",
                    version=version[pmid],
                    doi=f"10.1/{pmid}",
                    links=(("CommentOn", "J", chance.choice(known)),) if known else (),
                )
            )
        gone = tuple(chance.sample(known, 2)) if known else ()
        files[f"pubmed26n{day:04d}"] = (texts, gone)
    return files


def take(con: duckdb.DuckDBPyConnection, files: Files) -> None:
    """Load files in one run."""
    begin_staging(con)
    number = 1
    for stamp, (texts, gone) in files.items():
        body = article_set(*texts, deleted=gone).encode()
        counts = stage.stage_file(con, body, raw_file=stamp, stamp=stamp, first_record_no=number)
        number = counts.next_record_no
    load.merge(con, FIRST_DAY)


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    """What is held and judged, whenever it came; the number of a record in its run is of the run.

    Texts of records that were deleted in between are left out: those were held meanwhile, or not.
    """
    return {
        table: con.execute(f"{rows} ORDER BY ALL").fetchall()
        for table, rows in rows_held(con).items()
    }


def take_whole(
    con: duckdb.DuckDBPyConnection, files: Files, reference: Reference, directory: Path
) -> None:
    """Load files in one run, as `bulk-load --all` does: read and judged a file at a time."""
    reader = WholeFileReader(reference, (), (), Scans(directory / "scans", "k" * 64))
    parts = []
    for stamp, (texts, gone) in files.items():
        path = directory / f"{stamp}.xml"
        path.write_text(article_set(*texts, deleted=gone), encoding="utf-8")
        scan = reader.scan(path)
        body = directory / "scans" / scan.body
        parts.append(Part(body, stamp, stamp, scan.deletions, scan.unreadable))
    stage_parts(con, parts)
    load.merge(con, FIRST_DAY)
    judge(con, reference, load.changed(con), take_judged)


def by_record(con: duckdb.DuckDBPyConnection, names: Iterable[str] = BY_TOUCH) -> ByRecord:
    """A fingerprint of the rows of each record, by table."""
    return {
        table: dict(
            con.execute(
                f"SELECT pmid, sum(hash(t)::HUGEINT) FROM {table} AS t GROUP BY pmid"
            ).fetchall()
        )
        for table in names
    }


class Taken(NamedTuple):
    """Days that were taken and judged one by one.

    Attributes:
        seed: of the days.
        con: what is held after the last.
        noted: the records that each day noted as touched.
        before: a fingerprint of each record's rows before each day, by table.
        after: and after it.
    """

    seed: int
    con: duckdb.DuckDBPyConnection
    noted: list[set[int]]
    before: list[ByRecord]
    after: list[ByRecord]


SEEDS = pytest.mark.parametrize(
    "taken", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))], indirect=True
)


@pytest.fixture(scope="module")
def taken(request: pytest.FixtureRequest) -> Iterator[Taken]:
    """The days of a seed; before each, one record was judged by other rules; not to be changed."""
    memory = Warehouse()
    con = memory.con
    found = Taken(request.param, con, [], [by_record(con)], [])
    for number, (stamp, brings) in enumerate(days(found.seed).items()):
        if number:  # judged by other rules that said something else, and not delivered
            texts, _ = brings
            (pmid,) = con.execute(
                "SELECT max(pmid) FROM core.articles WHERE NOT contains(?, '>' || pmid || '<')",
                [" ".join(texts)],
            ).fetchall()[0]
            con.execute("UPDATE ops.judged SET rules_sha256 = 'other' WHERE pmid = ?", [pmid])
            con.execute(
                "UPDATE evidence.article_flags SET is_preprint = TRUE WHERE pmid = ?", [pmid]
            )
            changed = by_record(con, BY_TOUCH & {"ops.judged", "evidence.article_flags"})
            found.before.append(found.after[-1] | changed)
        take(con, {stamp: brings})
        judge(con, memory.reference, load.changed(con))
        note_type_changes(con, FIRST_DAY)
        touched.note(con, [*judged_now(con), *regrouped(con)])
        found.after.append(by_record(con))
        rows = con.execute("SELECT pmid FROM run_touched").fetchall()
        found.noted.append({pmid for (pmid,) in rows})
    yield found


@SEEDS
def test_nothing_changes_of_a_record_that_a_run_did_not_touch(taken: Taken) -> None:
    """Of tables, parts and marts that look at touched records alone, this is the ground."""
    untouched = 0
    for noted, before, after in zip(taken.noted, taken.before, taken.after, strict=True):
        changed = {
            one
            for name in after
            for one in after[name].keys() | before[name].keys()
            if after[name].get(one) != before[name].get(one)
        }
        assert changed and changed <= noted
        untouched += len(after["core.articles"].keys() - noted)
    assert untouched > 20


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 5), pytest.param(2, 8, marks=pytest.mark.slow)], ids=["1", "2"]
)
def test_marts_that_are_kept_up_are_those_made_anew(
    memory: Warehouse, seed: int, count: int
) -> None:
    """Their rows, and the order of these, after days; a search finds more on the last one."""
    con, scripts = memory.con, marts.files(SQL)
    tables = [next(comments(path.read_text(encoding="utf-8")))[0] for path in scripts]
    kept = 0
    files = days(seed, count)
    for number, (stamp, brings) in enumerate(files.items(), 1):
        take(con, {stamp: brings})
        judge(con, memory.reference, load.changed(con))
        touched.note(con, [*judged_now(con), *regrouped(con)])
        memory.as_of = FIRST_DAY + timedelta(days=number)
        memory.find(None)
        if number == len(files):
            con.execute(
                "INSERT INTO ops.search_hits BY NAME SELECT * REPLACE (CASE search "
                "WHEN 'kratom' THEN 'pain' ELSE 'kratom' END AS search) FROM ops.search_hits AS h "
                "WHERE pmid IN (SELECT pmid FROM ops.search_hits GROUP BY pmid "
                "HAVING count(DISTINCT search) = 1) AND left_at IS NULL"
            )
        memory.build("search_log")  # TEMP run_parameters of this day
        marts.note_due(con, is_kept=True)
        marts.note_dois(con)
        marts.note_shown(con)
        kept += con.execute("SELECT count(*) FROM run_kept").fetchall()[0][0]
        marts._run(con, scripts)
        headline.store(con)
        store_sentences(con)
    kept_up = {table: con.execute(f"FROM {table}").fetchall() for table in tables}
    memory.build()
    for table, rows in kept_up.items():
        assert rows == con.execute(f"FROM {table}").fetchall(), table
    assert kept > 8 and all(kept_up[f"marts.{name}"] for name in ("domains", "article_facets"))


def test_more_proofs_than_a_row_group_of_duckdb_are_all_written(memory: Warehouse) -> None:
    """A load of many whole files brings them in one statement; of 122,880 none was kept."""
    reference = memory.reference
    with duckdb.connect(config={"threads": 2}) as con:
        for path in fingerprint.schema_files(SQL):
            con.execute(path.read_text(encoding="utf-8"))
        con.execute("CREATE TABLE numbers AS SELECT n::INTEGER AS n FROM range(1, 400001) AS r (n)")
        con.execute("BEGIN")
        due.find_due(con, reference.overrides, reference.sha256)
        writer = Writer(con, reference)
        con.execute(
            f"INSERT INTO {PROOFS} BY NAME "
            "SELECT n AS pmid, 'topic' AS kind, 'kratom' AS code, 1 AS proof_no, "
            "'r' AS rule_id, '1' AS rules_version, 'text' AS source, 'title' AS field, "
            "'kratom' AS matched_text FROM numbers"
        )
        writer.finish()
        assert con.execute("SELECT count(*) FROM evidence.proofs").fetchall() == [(400_000,)]


@pytest.mark.slow
def test_thirty_days_end_as_one_load_of_whole_files(memory: Warehouse, tmp_path: Path) -> None:
    """2,000 records, staged and judged day by day, and in files read and judged by themselves."""
    files = days(1, count=30, size=67)
    for stamp, brings in files.items():
        take(memory.con, {stamp: brings})
        judge(memory.con, memory.reference, load.changed(memory.con))
    with duckdb.connect(config={"threads": 1}) as at_once:
        for path in fingerprint.schema_files(SQL):
            at_once.execute(path.read_text(encoding="utf-8"))
        take_whole(at_once, files, memory.reference, tmp_path)
        in_days, in_one = tables(memory.con), tables(at_once)
    assert len(in_one["core.articles"]) > 1900
    assert [name for name in in_one if in_days[name] != in_one[name]] == []
    assert in_one["core.article_versions"] and in_one["evidence.study_links"]


@SEEDS
def test_days_one_by_one_end_as_one_load_of_all_of_them(taken: Taken) -> None:
    with duckdb.connect(config={"threads": 1}) as at_once:
        for path in fingerprint.schema_files(SQL):
            at_once.execute(path.read_text(encoding="utf-8"))
        take(at_once, days(taken.seed))
        judge(at_once, Reference.load(ROOT / "data" / "reference"))
        in_days, in_one = tables(taken.con), tables(at_once)
    assert in_days.keys() == in_one.keys()
    assert [name for name in in_one if in_days[name] != in_one[name]] == []
    assert in_one["core.article_versions"] and in_one["evidence.study_links"]
    assert any(row[2] != "report" for row in in_one["evidence.study_groups"])
