"""`ketum explain`: labels, words, NLM beside us, and how to decide; `--next` walks on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.settings import Settings


@pytest.fixture
def data(demonstration: Settings) -> Path:
    """The published demonstration."""
    return demonstration.data


@pytest.fixture(autouse=True)
def _at_the_demonstration(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETUM_DATA", str(data))


def test_shows_labels_words_nlm_and_how_to_decide(capsys) -> None:
    assert main(["explain", "33342583"]) == 0
    told = capsys.readouterr().out
    assert "* CASE (Case report), confidence not measured, by text_rule" in told
    assert "primary since: patients described one by one, said plainly" in told
    assert "[in a Patient" in told
    assert "- COMMENT" in told
    assert "NLM says: Letter." in told
    assert 'confirm = "CASE"' in told
    assert "accuracy:" in told


def test_shows_facets_and_study_with_their_words(capsys) -> None:
    assert main(["explain", "33847897"]) == 0
    told = capsys.readouterr().out
    assert "  Species: dog (focus), [Beagle] in title" in told
    assert "  no abstract held: " in told and "not in abstract" not in told
    assert main(["explain", "31098655"]) == 0
    told = capsys.readouterr().out
    assert "  rat, mitragynine: [Mitragynine] in title; [Rats] in title" in told
    assert main(["explain", "33847897", "--json"]) == 0
    facets = json.loads(capsys.readouterr().out)["facets"]
    (dog,) = [one for one in facets if one["facet"] == "species"]
    assert [proof["rule_id"] for proof in dog["proofs"]] == ["species.dog.text"]


def test_for_programs(capsys) -> None:
    assert main(["explain", "33342583", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["labels"][0]["study_type"] == "CASE"
    assert told["labels"][0]["proofs"][0]["rule_id"] == "case.title"
    assert told["nlm_publication_types"] == ["Letter"]


def test_next_walks_on_as_decisions_are_written(data: Path, tmp_path: Path, capsys) -> None:
    import duckdb

    from pipeline.outputs.lookup import next_pmid

    overrides = tmp_path / "overrides.toml"
    overrides.write_text('version = "1"\n')
    seen = []
    with duckdb.connect(str(data / "published/latest/ketum.duckdb"), read_only=True) as con:
        queue = con.execute("SELECT pmid FROM marts.review_queue ORDER BY queue_no").fetchall()
        for _ in range(3):
            pmid = next_pmid(con, overrides)
            seen.append((pmid,))
            with overrides.open("a") as file:
                file.write(f"[[override]]\npmid = {pmid}\n")
    assert seen == queue[:3]
    assert main(["explain", "--next"]) == 0
    assert f"PMID {queue[0][0]} " in capsys.readouterr().out


def test_next_begins_with_the_kratom_experiments_that_nobody_checked(data: Path) -> None:
    import duckdb

    with duckdb.connect(str(data / "published/latest/ketum.duckdb"), read_only=True) as con:
        by_check: dict[bool, set[int]] = {True: set(), False: set()}
        for is_checked, pmids in con.execute(
            "SELECT is_checked, report_pmids FROM marts.human_experimental "
            "WHERE search = 'kratom' AND is_on_topic"
        ).fetchall():
            by_check[is_checked] |= set(pmids)
        queue = [
            pmid
            for (pmid,) in con.execute(
                "SELECT pmid FROM marts.review_queue ORDER BY queue_no"
            ).fetchall()
        ]
    assert by_check[False] and set(queue[: len(by_check[False])]) == by_check[False]
    assert {25995615, 32607084} <= by_check[True] and not by_check[True] & set(queue)


def test_a_record_that_is_not_held(capsys) -> None:
    assert main(["explain", "1"]) == 2
    assert "PMID 1 is not in the published set" in capsys.readouterr().err
