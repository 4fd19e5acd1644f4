"""Benchmarks can be run: each subject of ours does its work, and tables land where they belong."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import beside, growing, reading
from benchmarks.measured import Cost, Table
from tests.corpus import article, article_set

TABLE = Table("Speed", ["what", "s"], [["floor", "1.00"], ["ours", "12.50"]], ["In one run."])


@pytest.mark.parametrize("name", sorted(reading.SUBJECTS))
def test_every_subject_reads_a_file(name: str, tmp_path: Path):
    path = tmp_path / "pubmed26n0001.xml.gz"
    path.write_bytes(gzip.compress(article_set(article(1, "Kratom"), article(2, "Tea")).encode()))
    reading.SUBJECTS[name][1](path)()
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Exception, match=r"cut|damaged|ended before"):
        reading.SUBJECTS[name][1](path)()


def test_tables_replace_the_last_ones_and_nothing_else(tmp_path: Path):
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{benchmarks.BEGIN}\nold\n{benchmarks.END}\n\nAfter.\n")
    benchmarks.write(page, [TABLE], "Today, here.")
    once = page.read_text()
    assert once.startswith("# Before\n\n<!--")
    assert once.endswith("-->\n\nAfter.\n")
    assert "old" not in once
    assert "Today, here.\n\n### Speed\n\n| what | s |\n|---|--:|\n| floor | 1.00 |" in once
    benchmarks.write(page, [TABLE], "Today, here.")
    assert page.read_text() == once
    page.write_text("no place")
    with pytest.raises(SystemExit, match="nothing was written"):
        benchmarks.write(page, [TABLE], "")


def test_a_table_for_a_terminal():
    assert TABLE.plain() == "Speed\n  what       s\n  floor   1.00\n  ours   12.50\n  In one run."


def test_hours_for_all_of_pubmed_are_computed_from_the_run(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    found = reading.whole({reading.SUBJECTS["parse"][0]: Cost(7.2, 9, 100, {})}, 41_000)
    assert found.rows == [[reading.SUBJECTS["parse"][0], "1.0"]]
    assert "Not measured" in found.notes[0]


def test_an_exponent_says_how_costs_grow():
    assert growing._exponent([10, 1000], [3, 300]) == "1.00"
    assert growing._exponent([10, 1000], [3, 3]) == "0.00"
    assert growing._exponent([10, 1000], [0, 3]) == ""


def test_the_gain_of_two_processes_is_computed_from_processor_time():
    """The parent's share is done by nobody else; waiting for other programs changes nothing."""
    one = Cost(60.0, 0, 0, {"wall": 300.0, "parent": 60.0})
    two = Cost(62.0, 0, 0, {"wall": 290.0, "parent": 2.0})
    said = beside.gain("--counts", one, two)
    assert "1.03 times one by the clock" in said
    assert "with a core each: 1.88 times; 3.2% is the parent's" in said
    assert "two took 2.0 s more" in said
