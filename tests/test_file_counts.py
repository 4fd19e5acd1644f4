"""`bulk-load --counts`: what is counted equals what a full load holds, and no record is kept."""

from __future__ import annotations

import errno
import gzip
import json
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from pipeline import file_counts, verify
from pipeline.cli import main
from pipeline.errors import MachineError, SourceError
from pipeline.evidence.record import read_records
from pipeline.evidence.topics import topics_of
from pipeline.file_counts import Counter
from pipeline.many_files import stamp
from pipeline.pubmed.parsing.reader import RecordReader
from pipeline.rebuild import rebuild
from pipeline.scan import Scans, TopicRules
from pipeline.settings import ROOT, Options, Settings
from pipeline.warehouse import load, searches, stage
from pipeline.warehouse.database import append
from tests.conftest import ALL_SLOW
from tests.corpus import article, article_set, some_of
from tests.in_memory import Warehouse
from tests.test_bulk_load import file
from tests.test_bulk_load import load as load_matching

KRATOM, PAIN, LEAF = "Kratom in mice", "Pain of the knee", "Leaves of a tree"
REFERENCE = ROOT / "data" / "reference"


def options(files: Iterable[Path], processes: int = 1) -> Options:
    return Options(from_files=tuple(files), processes=processes)


@pytest.fixture
def counted(settings: Settings, clock):
    """Counts files; gives (kind, name, date tag, year) to records."""

    def work(*paths: Path, processes: int = 1) -> dict[tuple[str, str, str, int | None], int]:
        told = file_counts.count_files(options(paths, processes), settings, clock)
        return by_year(told.path)

    return work


def by_year(path: Path) -> dict[tuple[str, str, str, int | None], int]:
    said = json.loads(path.read_text())
    return {
        (one["kind"], one["name"], one["date_tag"], one["year"]): one["record_count"]
        for one in said["counts"]
    }


FULL = """
    SELECT name, date_tag, year, count(DISTINCT pmid)::INTEGER FROM (
        SELECT y.pmid, 'edat' AS date_tag, y.edat_year AS year FROM core.article_years AS y
        UNION ALL
        SELECT y.pmid, 'publication', y.year FROM core.article_years AS y
    ) JOIN (
        SELECT pmid, 'pubmed' AS name FROM core.articles
        UNION ALL
        SELECT pmid, topic FROM evidence.article_topics
    ) USING (pmid) GROUP BY ALL
"""


def full_way(paths: list[Path]) -> dict[tuple[str, str, int | None], int]:
    """The same from a warehouse that has loaded all records, and the topics of each."""
    memory = Warehouse()
    stage.create_staging(memory.con)
    number = 1
    for path in paths:
        number = stage.stage_file(
            memory.con, path, raw_file=path.name, stamp=stamp(path), first_record_no=number
        ).next_record_no
    load.merge(memory.con, memory.as_of)
    reference = memory.reference
    topics = [
        (record.pmid, hit.topic, hit.level, "")
        for records in read_records(memory.con, "core")
        for record in records
        for hit in topics_of(reference.topics, record.units(reference.language), record.tags()).hits
    ]
    append(memory.con, "evidence.article_topics", topics)
    rows = memory.con.execute(FULL).fetchall()
    return {(name, tag, year): number for name, tag, year, number in rows}


def same(found: dict[tuple[str, str, str, int | None], int]) -> dict[object, int]:
    return {key[1:]: number for key, number in found.items() if key[0] != "search"}


# -- several files together


def test_records_are_counted_by_year_all_and_by_topic_and_search(counted, tmp_path):
    path = file(
        tmp_path, 1, article(1, KRATOM, year=2019, entered="2020-03-01"),
        article(2, "Kratom and pain", year=2019, entered="2021-03-01"),
        article(3, LEAF, year=None, entered="2021-03-01"),
    )  # fmt: skip
    found = counted(path)
    assert {key[2:]: n for key, n in found.items() if key[:2] == ("all", "pubmed")} == {
        ("edat", 2020): 1, ("edat", 2021): 2, ("publication", 2019): 2, ("publication", None): 1,
    }  # fmt: skip
    assert found["topic", "kratom", "publication", 2019] == 2
    assert found["topic", "pain", "edat", 2021] == 1
    assert found["search", "kratom_pain", "edat", 2021] == 1
    assert ("search", "kratom_pain", "edat", 2020) not in found


MANY = (
    # a new version, a revision that is no longer on a topic, an older text that comes later
    (article(1, KRATOM, year=2019), article(2, PAIN), article(3, KRATOM), article(4, PAIN)),
    (article(1, LEAF, year=2020, revised="2026-02-01"), article(2, PAIN, version=2, year=2018)),
    (article(3, LEAF, revised="2025-01-01"), article(5, LEAF), article(6, LEAF, year="Spring")),
)


def test_the_newest_copy_counts_and_none_that_is_deleted(counted, tmp_path):
    """As the load decides it: version, date of revision, place; deletions reach back."""
    paths = [file(tmp_path, 1, *MANY[0]), file(tmp_path, 2, *MANY[1], deleted=(4, 5))]
    paths += [file(tmp_path, 3, *MANY[2], deleted=(6,))]
    found = counted(*paths)
    assert sum(n for key, n in found.items() if key[:3] == ("all", "pubmed", "edat")) == 4
    assert same(found) == full_way(paths)


def test_a_deletion_of_a_file_without_a_number_is_about_its_own_records(counted, tmp_path):
    paths = [file(tmp_path, 1, article(1, LEAF), article(2, LEAF))]
    other = tmp_path / "mine.xml"
    other.write_text(article_set(article(3, LEAF), article(4, LEAF), deleted=(1, 3)))
    assert same(counted(*paths, other)) == full_way([*paths, other])


def test_the_same_bytes_under_two_numbers_count_once(counted, tmp_path):
    first = file(tmp_path, 1, article(1, KRATOM))
    second = tmp_path / "pubmed26n0002.xml.gz"
    second.write_bytes(first.read_bytes())
    assert counted(first, second)["all", "pubmed", "edat", 2025] == 1


def test_ranges_of_pmids_add_up(counted, tmp_path, monkeypatch):
    monkeypatch.setattr(file_counts, "_PMIDS_AT_A_TIME", 2)
    paths = [file(tmp_path, 1, *MANY[0]), file(tmp_path, 2, *MANY[1])]
    assert same(counted(*paths)) == full_way(paths)


# -- what need not be parsed is read as the parser would

DATES = st.sampled_from(
    [
        "<Year>2020</Year>", "<Year>2020</Year><Month>Feb</Month>", "<Year> 2020 </Year>",
        "<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "<MedlineDate>Jan &amp; 1999</MedlineDate>",
        "<MedlineDate>no year</MedlineDate>", "<Year>20<b>21</b></Year>",
        "<Year>20<?x y?>21</Year>",
        "<Year a='1'>2017</Year>", "<Season>Spring</Season>", "", "<Year>99999</Year>",
    ]
)  # fmt: skip
ODD = st.sampled_from(
    [
        ("", ""),
        ("<DateRevised>", "<DateRevised><Year>2001</Year></DateRevised><DateRevised>"),
        ("<Article ", "<DateRevised><Year>2030</Year><Month>1</Month><Day>1</Day></DateRevised>"
         "<Article "),
        ('PubStatus="pubmed"', 'PubStatus="entrez"'),
        ('PubStatus="entrez"', 'PubStatus="pubmed"'),
        ("<History>", "<History><Odd><PubMedPubDate PubStatus='pubmed'><Year>1990</Year>"
         "<Month>1</Month><Day>1</Day></PubMedPubDate></Odd>"),
        ("</History>", "</History><History><PubMedPubDate PubStatus='pubmed'><Year>1990</Year>"
         "<Month>1</Month><Day>1</Day></PubMedPubDate></History>"),
        ("</PubmedData>", "</PubmedData><PubmedData><History><PubMedPubDate PubStatus='pubmed'>"
         "<Year>1991</Year><Month>1</Month><Day>1</Day></PubMedPubDate></History></PubmedData>"),
        ("<History>", "<?x y?><History>"),
        ("<Journal>", "<Journal><Odd/>"),
        ("</PubDate>", "</PubDate><PubDate><Year>1971</Year></PubDate>"),
        ("<Volume>7</Volume>", "<Volume>7</Volume><PubDate><Year>1972</Year></PubDate>"),
        ("<MedlineCitation ", "<MedlineCitation odd='>' "),
        ("<PubmedData>", "<PubmedData><Odd><MedlineCitation/></Odd>"),
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def counter(tmp_path_factory) -> Counter:
    scans = Scans(tmp_path_factory.mktemp("counts"), "k" * 64)
    return Counter(TopicRules.load(REFERENCE), (), (), scans)


@given_settings(max_examples=25)
@given(st.lists(st.tuples(DATES, ODD, st.sampled_from([KRATOM, PAIN, LEAF])), max_size=5))
def test_whatever_a_record_says_it_is_counted_as_the_parser_reads_it(counter, records):
    texts = [
        article(number, title, electronic=2016)
        .replace("<PubDate><Year>2025</Year>", f"<PubDate>{dates}", 1)
        .replace(*odd, 1)
        for number, (dates, odd, title) in enumerate(records, 1)
    ]
    assert counts_of(counter, texts) == parsed_counts(texts)


def counts_of(counter: Counter, texts: list[str]) -> list[tuple[object, ...]]:
    directory = counter.scans.directory
    path = directory / "pubmed26n0001.xml"
    directory.mkdir(exist_ok=True)
    path.write_text(article_set(*texts), encoding="utf-8")
    return duckdb.execute(
        "SELECT pmid, pmid_version, revised, entered, year FROM read_parquet(?) ORDER BY ALL",
        [str(directory / counter.scan(path).body)],
    ).fetchall()


@cache
def staging() -> duckdb.DuckDBPyConnection:
    """Staging with the view of years that the warehouse has."""
    con = duckdb.connect()
    stage.create_staging(con)
    views = (ROOT / "sql" / "schema" / "core_views.sql").read_text(encoding="utf-8")
    con.execute(views.partition(";")[0].replace("core.", "staging.keyed."))
    return con


def parsed_counts(texts: list[str]) -> list[tuple[object, ...]]:
    """What the parser says of the same records."""
    con = staging()
    stage.empty_staging(con)
    stage.stage_file(con, article_set(*texts).encode(), raw_file=None, stamp="")
    return con.execute(
        "SELECT a.pmid, a.pmid_version, a.date_revised, y.edat_at::DATE, y.year "
        "FROM staging.core.articles AS a "
        "JOIN staging.keyed.article_years AS y ON y.pmid = a.record_no ORDER BY ALL"
    ).fetchall()


def test_a_usual_record_is_counted_without_the_parser(counter, monkeypatch):
    def refuse(self: RecordReader, cut: object) -> None:
        raise AssertionError("a usual record went to the parser")

    monkeypatch.setattr(RecordReader, "read", refuse)
    text = article(1, "Shores of Spain").replace("><", ">\n<")
    assert len(counts_of(counter, [text])) == 1


@pytest.mark.slow
def test_a_whole_file_is_counted_as_the_full_way_counts_it(counted, shared, tmp_path):
    """All of its records, or the first of them in .ci/run."""
    path = shared / "pubmed" / "pubmed21n1298.xml.gz"
    if not ALL_SLOW:
        some = tmp_path / path.name
        some.write_bytes(gzip.compress(some_of(path), 1))
        path = some
    assert same(counted(path)) == full_way([path])


# -- faults, and going on after them


def test_counting_goes_on_with_the_file_where_it_stopped(counted, settings, tmp_path, monkeypatch):
    first, second = file(tmp_path, 1, article(1, LEAF)), file(tmp_path, 2, article(2, LEAF))
    whole = second.read_bytes()
    second.write_bytes(whole[:-15])
    with pytest.raises(SourceError, match="MD5"):
        counted(first, second)
    assert not list(settings.counts.glob("*.json"))
    second.write_bytes(whole)
    read: list[Path] = []
    scan = Counter.read
    monkeypatch.setattr(
        Counter, "read", lambda self, path, *rest: (read.append(path), scan(self, path, *rest))[1]
    )
    assert counted(first, second)["all", "pubmed", "edat", 2025] == 2
    assert read == [second]
    assert not settings.scans("counts:files").exists()


@pytest.mark.parametrize("at", ["pipeline.scan.write_atomically", "pipeline.file_counts._count"])
def test_a_full_disk_is_said_and_the_next_run_goes_on(counted, settings, tmp_path, monkeypatch, at):
    path = file(tmp_path, 1, article(1, LEAF))
    before = counted(path)
    with monkeypatch.context() as patch:
        patch.setattr(at, lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
        with pytest.raises(MachineError, match="no space left") as error:
            counted(path)
    assert "run again" in error.value.text()
    assert by_year(settings.counts / "files.json") == before
    assert counted(path) == before


def test_a_series_with_gaps_or_without_its_beginning_is_not_all_of_pubmed(
    settings, clock, tmp_path
):
    one, three = file(tmp_path, 1, article(1, LEAF)), file(tmp_path, 3, article(2, LEAF))
    told = file_counts.count_files(options([one, three]), settings, clock)
    assert (told.is_whole, told.missing) == (False, ("pubmed26n0002",))
    assert "lack pubmed26n0002" in told.text()
    assert not file_counts.count_files(options([three]), settings, clock).is_whole
    assert file_counts.count_files(options([one]), settings, clock).is_whole


# -- in the warehouse


@pytest.fixture(scope="module")
def of_two_years() -> Warehouse:
    """What found two members, of 2024 and 2025; not to be changed."""
    found = Warehouse()
    found.day(article(1, KRATOM, entered="2024-06-01"), article(2, KRATOM, entered="2025-06-01"))
    return found


@pytest.fixture
def members(of_two_years) -> Warehouse:
    return Warehouse(of_two_years)


@pytest.fixture
def shares(members, settings, clock, tmp_path):
    """Counts of files are taken in; gives the shares of kratom in PubMed."""

    def work(*files: Path, asked: tuple[tuple[int, int], ...] = ()) -> list[tuple[object, ...]]:
        memory = members
        run = memory.run(settings, clock)
        for year, number in asked:
            memory.con.execute(
                "INSERT INTO ops.denominators VALUES ('pubmed', 'edat', ?, ?, ?, 'all[sb]')",
                [year, number, memory.as_of],
            )
        if files:
            file_counts.count_files(options(files), settings, clock)
            assert (
                searches.take_in_file_counts(memory.con, run.archive, run.run_id, settings.counts)
                == 1
            )
            searches.load_file_counts(memory.con, run.archive, run.run_id)
            assert (
                searches.take_in_file_counts(memory.con, run.archive, run.run_id, settings.counts)
                == 0
            )
        return memory.ask(
            "SELECT year, denominator_source, member_count, denominator_count, is_partial_year "
            "FROM marts.topic_share_by_year WHERE search = 'kratom' ORDER BY year"
        )

    return work


def of_years(directory: Path, number: int, *years: int) -> Path:
    records = [article(10 + n, LEAF, entered=f"{year}-07-01") for n, year in enumerate(years)]
    return file(directory, number, *records)


def test_shares_are_made_of_a_count_of_files_where_there_is_one(shares, tmp_path):
    assert shares(of_years(tmp_path, 1, 2024, 2024, 2025)) == [
        (2024, "files", 1, 2, False), (2025, "files", 1, 1, True),
    ]  # fmt: skip


def test_without_one_they_are_made_of_what_pubmed_counted(shares):
    assert shares(asked=((2024, 9), (2025, 8), (2026, 0))) == [
        (2024, "pubmed", 1, 9, False), (2025, "pubmed", 1, 8, False), (2026, "pubmed", 0, 0, True),
    ]  # fmt: skip


def test_a_year_that_files_hold_in_part_is_taken_from_a_later_count(shares, tmp_path):
    found = shares(of_years(tmp_path, 1, 2024, 2024, 2025), asked=((2024, 9), (2025, 8), (2026, 4)))
    assert [row[:2] for row in found] == [(2024, "files"), (2025, "pubmed"), (2026, "pubmed")]
    assert found[1][2:] == (1, 8, False)


def test_files_that_are_not_all_of_pubmed_make_no_share(shares, members, tmp_path):
    found = shares(of_years(tmp_path, 2, 2024), asked=((2024, 9), (2025, 8)))
    assert {row[1] for row in found} == {"pubmed"}
    assert members.ask("SELECT file, is_missing, record_count FROM ops.counted_files") == [
        ("pubmed26n0002.xml.gz", False, 1), ("pubmed26n0001", True, None),
    ]  # fmt: skip


@pytest.mark.whole
@pytest.mark.usefixtures("database_and_tables")
def test_the_next_update_publishes_the_counts_and_a_rebuild_has_them(
    settings, published, tmp_path, capsys, monkeypatch
):
    from flows.upkeep import bulk_load

    monkeypatch.setenv("KETUM_DATA", str(settings.data))
    files = tmp_path / "files"
    file(files, 1, article(1, KRATOM, entered="2024-06-01"), article(2, LEAF))
    assert main(["bulk-load", str(files), "--counts"]) == 0
    assert "Counted 2 records in 1 file(s)" in capsys.readouterr().out
    assert not settings.runs.exists()
    assert load_matching(settings, files) == 0
    held = published(COUNTED)
    assert held == [("all", "pubmed", 2024, 1), ("all", "pubmed", 2025, 1),
                    ("topic", "kratom", 2024, 1)]  # fmt: skip
    (again,) = published("SELECT file_sha256 IS NOT NULL FROM ops.counted_files")
    assert again == (True,)
    shutil.rmtree(settings.counts)
    rebuild("archive:files", settings)
    assert published(COUNTED) == held
    verify.require_whole(verify.verify(settings))
    state = bulk_load.fn(places=[str(files)], counts=True)
    assert state.message.startswith("Counted 2 records")


COUNTED = (
    "SELECT kind, name, year, record_count FROM ops.file_counts "
    "WHERE date_tag = 'edat' AND kind <> 'search' ORDER BY ALL"
)
