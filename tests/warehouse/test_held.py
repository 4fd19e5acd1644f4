"""Records that came as they are held: neither read nor merged again, and nobody can tell."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from pipeline.warehouse import load, stage
from tests.corpus import article, article_set
from tests.in_memory import Warehouse, begin_staging

FIRST = article(1, "Kratom in mice", abstract="Mitragynine relieved pain.", doi="10.1000/1")
SECOND = article(2, "Kratom and pain")
REVISED = article(2, "Kratom and pain in mice", revised="2026-02-01")
OLDER = article(2, "Kratom", revised="2025-12-01")
VERSIONED = article(3, "Kratom in rats", version=2)
BROKEN = "<PubmedArticle><MedlineCitation></MedlineCitation></PubmedArticle>"

Day = tuple[tuple[str, ...], tuple[int, ...]]
DAYS: tuple[Day, ...] = (
    ((FIRST, SECOND), ()),
    ((FIRST, SECOND), ()),
    ((VERSIONED, FIRST, REVISED), ()),
    ((FIRST, SECOND, OLDER), ()),
    ((FIRST, BROKEN, FIRST), ()),
    ((FIRST, REVISED, VERSIONED), (1,)),
    ((REVISED, VERSIONED), (1,)),
    ((FIRST, REVISED, VERSIONED), ()),
    ((VERSIONED, FIRST), ()),
)


def take(memory: Warehouse, number: int, day: Day, held: set[str]) -> dict[str, int]:
    begin_staging(memory.con)
    records, deleted = day
    stage.stage_file(
        memory.con,
        article_set(*records, deleted=deleted).encode(),
        raw_file=f"{number}.xml",
        stamp=f"{number}",
        held=held,
    )
    return load.merge(memory.con, memory.as_of.replace(day=number))


def held(memory: Warehouse) -> set[str]:
    return {digest for (digest,) in memory.ask("SELECT record_sha256 FROM core.articles")}


def everything(memory: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    names = memory.ask(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name IN ('core', 'ops')"
    )
    left = ("winners", "older_copies", "deleted_held", "cited_as")
    tables = [*(name for (name,) in names), *left]
    return {name: memory.ask(f"FROM {name} ORDER BY ALL") for name in tables}


def authors_staged(memory: Warehouse) -> int:
    return memory.ask("SELECT count(*) FROM staging.core.authors")[0][0]


@pytest.fixture(scope="module")
def unspared() -> list[tuple[dict[str, int], dict[str, list[tuple[Any, ...]]], int]]:
    """What each day counts, leaves and stages where all of it is read and merged."""
    memory, found = Warehouse(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "_is_held", lambda _con: False)
        for number, day in enumerate(DAYS, 1):
            counted = take(memory, number, day, set())
            found.append((counted, everything(memory), authors_staged(memory)))
    return found


def test_what_is_held_need_not_be_read_again(memory: Warehouse, unspared) -> None:
    passed = 0
    for number, day in enumerate(DAYS, 1):
        counted, left, staged = unspared[number - 1]
        assert take(memory, number, day, held(memory)) == counted, number
        passed += staged - authors_staged(memory)
        assert everything(memory) == left, number
    assert passed > len(DAYS)


def test_what_is_held_need_not_be_merged_again(
    memory: Warehouse, unspared, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_held, spared = load._is_held, []
    monkeypatch.setattr(load, "_is_held", lambda con: spared.append(is_held(con)) or spared[-1])
    for number, day in enumerate(DAYS, 1):
        counted, left, _ = unspared[number - 1]
        assert take(memory, number, day, set()) == counted, number
        assert everything(memory) == left, number
    assert spared == [False, True, False, False, False, False, False, False, True]


def test_a_held_copy_keeps_its_place_in_the_raw_archive(memory: Warehouse) -> None:
    """Also where it comes again with a newer version of it, and is held beside that."""
    first = [article(pmid, "Kratom in rats") for pmid in range(1, 601)]
    newer = [article(pmid, "Kratom in rats", version=2) for pmid in range(1, 601)]
    days = ((tuple(first), ()), ((*newer, *first), ()))
    for number, day in enumerate(days, 1):
        take(memory, number, day, held(memory))
    files = {f"{n}.xml": article_set(*records).encode() for n, (records, _) in enumerate(days, 1)}
    places = memory.ask(
        "SELECT raw_file, raw_offset, raw_length, record_sha256 FROM core.articles UNION ALL "
        "SELECT raw_file, raw_offset, raw_length, record_sha256 FROM core.article_versions"
    )
    assert len(places) == 1200
    for file, offset, length, digest in places:
        assert sha256(files[file][offset : offset + length]).hexdigest() == digest


def test_what_no_rule_names_is_said_at_each_reading(memory: Warehouse) -> None:
    take(memory, 1, ((FIRST,), ()), set())
    assert stage._held(memory.con, [1]) == held(memory)
    memory.fill("ops.unknown_values", {"kind": "element", "name": "Article/Odd"})
    assert not stage._held(memory.con, [1])
