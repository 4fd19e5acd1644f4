"""claim_evidence.csv: what is refused with its line, and when a reading is stale."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.curation import COLUMNS, load_readings, stale_reasons, stands
from tests.evidence.conftest import add_article

GOOD = "mood,1,supports,other population,students,40,better MOOD - at rest,abstract,,A. Reader,"
TEXT = "Students had a better mood (at rest) than others; none was harmed."


def read(path: Path, *lines: str):
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")
    return load_readings(path, ["mood", "sleep"])


@pytest.fixture
def held(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A live warehouse with one record."""
    con.execute("INSERT INTO ops.warehouse VALUES ('pubmed', 'x', 'x', 1, TIMESTAMP '2026-11-22')")
    add_article(con, 1, "Kratom and students", abstract=TEXT)
    return con


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("joy" + GOOD[4:] + "2026-11-24", "unknown claim `joy`"),
        (GOOD.replace("supports", "proves") + "2026-11-24", "unknown direction"),
        (GOOD.replace("other population", "far") + "2026-11-24", "unknown directness"),
        (GOOD.replace(",1,", ",one,") + "2026-11-24", "`pmid` must be a number"),
        (GOOD.replace(",40,", ",many,") + "2026-11-24", "`sample_size` must be a number"),
        (GOOD.replace("better MOOD - at rest", "") + "2026-11-24", "`quote` is empty"),
        (GOOD.replace("better", "word " * 25) + "2026-11-24", "more than 25 words"),
        (GOOD + "yesterday", "`when` must be YYYY-MM-DD"),
        (GOOD, "`when` must be"),
        (GOOD + "2026-11-24,more", "it needs 11 fields"),
        (GOOD.replace("mood,1", "sleep,2") + "2026-11-24", "stand in line 2 already"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    first = GOOD.replace("mood,1", "sleep,2") + "2026-11-24"
    with pytest.raises(ConfigurationError, match=rf"readings.csv, line 3: .*{message}"):
        read(tmp_path / "readings.csv", first, line)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("claim,pmid\n")
    with pytest.raises(ConfigurationError, match="line 1: the columns must be"):
        load_readings(path, ["mood"])


@pytest.mark.parametrize(
    ("quote", "is_there"),
    [
        ("a better mood", True),
        ("A  BETTER\u2013mood", True),
        ("Students ... better mood ... none was harmed", True),
        ("none was harmed ... better mood", False),
        ("etter mood", False),
        ("worse mood", False),
        ("...", False),
    ],
)
def test_a_quote_stands_word_by_word(quote: str, is_there: bool) -> None:
    assert stands(quote, TEXT) is is_there


def test_a_quote_that_stands_is_not_stale(held, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    assert stale_reasons(held, read(path, GOOD + "2026-11-24"), path) == [None]


def test_wrong_words_and_unknown_articles_are_refused(held, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    (tmp_path / "known_articles.csv").write_text("pmid,doi\n78,\n")
    for line, message in (
        (GOOD.replace("better", "worse"), "not in the abstract of PMID 1"),
        (GOOD.replace("abstract", "title"), "not in the title of PMID 1"),
        (GOOD.replace(",1,", ",77,"), "PMID 77 is unknown"),
    ):
        with pytest.raises(ConfigurationError, match=rf"line 2: .*{message}"):
            stale_reasons(held, read(path, line + "2026-11-24"), path)


def test_a_record_that_can_be_elsewhere_is_not_held(held, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    (tmp_path / "known_articles.csv").write_text("pmid,doi\n78,\n,10.1/x\n")
    known, unknown = (
        read(path, GOOD.replace(",1,", f",{pmid},") + "2026-11-24") for pmid in (78, 77)
    )
    assert stale_reasons(held, known, path) == ["not held"]
    held.execute(
        "INSERT INTO ops.search_hits BY NAME SELECT 'kratom' AS search, 77 AS pmid, "
        "TIMESTAMP '2026-11-01' AS entered_at, TIMESTAMP '2026-11-20' AS left_at, "
        "'first_run' AS entered_reason, 'deleted' AS left_reason, 'pubmed' AS matched_by"
    )
    assert stale_reasons(held, unknown, path) == ["not held"], "it was a member once"
    held.execute("DELETE FROM ops.search_hits")
    with pytest.raises(ConfigurationError, match="PMID 77 is unknown"):
        stale_reasons(held, unknown, path)
    held.execute("UPDATE ops.warehouse SET origin = 'archive:demo'")
    assert stale_reasons(held, unknown, path) == ["not held"], "files are no complete search"


def test_a_changed_text_and_a_retraction_make_a_reading_stale(held, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    held.execute("UPDATE core.articles SET changed_at = TIMESTAMP '2026-12-01'")
    held.execute("UPDATE core.abstract_sections SET text = 'All is new.'")
    assert stale_reasons(held, read(path, GOOD + "2026-11-24"), path) == ["text changed"]
    with pytest.raises(ConfigurationError, match="not in the abstract"):
        stale_reasons(held, read(path, GOOD + "2026-12-24"), path)
    held.execute("UPDATE core.abstract_sections SET text = ?", [TEXT])
    held.execute(
        "INSERT INTO evidence.article_flags BY NAME SELECT 1 AS pmid, true AS is_retracted, "
        "false AS is_notice, false AS is_preprint, false AS is_veterinary, "
        "false AS is_multicenter, false AS is_feed_study, false AS is_other_species, "
        "false AS is_possible_human_experiment, 'x' AS rules_version"
    )
    assert stale_reasons(held, read(path, GOOD + "2026-11-24"), path) == ["retracted"]
