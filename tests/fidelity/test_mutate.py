"""Three hundred spoilt files of each kind hold the invariants, and a fault would be seen."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from pipeline.pubmed.parsing import reader
from pipeline.pubmed.parsing.tables import PARSED_COLUMNS
from tests.pubmed.one_by_one import Record

from . import invariants
from .campaign import cases
from .invariants import READ, REFUSED, broken
from .mutate import XML, spoil

NUMBER = 300


def test_spoilt_files_hold_the_invariants() -> None:
    ends: Counter[str] = Counter()
    for case in cases(NUMBER, "ordinary", XML):
        assert not case.told, f"{case.seed}: {case.spoilt.what}"
        ends[case.end] += 1
    assert ends[READ] > NUMBER * 0.8 and ends[REFUSED] > 0


def test_the_same_seed_makes_the_same_file() -> None:
    made = [spoil(random.Random(7), XML, 1_000_000) for _ in range(2)]
    assert made[0] == made[1]
    assert b"1000000" in made[0].data


def faults(number: int = 60) -> set[str]:
    """The first words of what is found wrong in a few files."""
    return {fault[:12] for case in cases(number, "harm", XML) for fault in case.told}


def test_a_record_that_is_lost_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    read = invariants.read_records

    def without_first(data: bytes):  # type: ignore[no-untyped-def]
        items = list(read(data))
        yield from items[1:]

    monkeypatch.setattr(invariants, "read_records", without_first)
    assert {"nobody tells", "the record a"} <= faults()


def test_a_wrong_value_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    read = invariants.read_records

    def with_other_title(data: bytes):  # type: ignore[no-untyped-def]
        for item in read(data):
            if isinstance(item, Record):
                (row,) = item.rows["articles"]
                title = PARSED_COLUMNS["articles"].index("title")
                own = {**item.rows, "articles": [(*row[:title], "x", *row[title + 1 :])]}
                item = replace(item, rows=own)
            yield item

    monkeypatch.setattr(invariants, "read_records", with_other_title)
    assert "articles.tit" in faults()


def test_a_crash_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_parser(self: object, raw: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr(reader.RecordReader, "_tree", no_parser)
    assert any(case.end == "crashed" and case.told for case in cases(5, "harm", XML))


def test_good_files_are_read_without_a_word() -> None:
    spoilt = spoil(random.Random(3), XML)
    good = b"".join(spoilt.records)
    whole = b'<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n' + good
    offsets = []
    at = len(whole) - len(good)
    for raw in spoilt.records:
        offsets.append(at)
        at += len(raw)
    told = broken(
        replace(
            spoilt, data=whole + b"</PubmedArticleSet>", offsets=tuple(offsets), encoding="utf-8"
        )
    )
    assert told == (READ, [])
