"""`ketum export` as a whole: what is chosen, left out, written, named and told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from pipeline.commands import reading
from pipeline.errors import ConfigurationError
from pipeline.outputs import query
from pipeline.outputs.citations import selection
from pipeline.outputs.citations.export import FORMATS, TARGETS, export
from pipeline.outputs.citations.selection import Selection, years
from pipeline.outputs.manifest import LICENCE
from pipeline.settings import Settings
from tests.corpus import article
from tests.outputs.citations.conftest import CANARY

pytestmark = pytest.mark.whole

KINDS = [*FORMATS, *TARGETS]
KRATOM = Selection("kratom")
CASE = (("D002363", "Case Reports"),)


def test_the_command_offers_every_kind():
    assert (list(reading.FORMATS), list(reading.TARGETS)) == (list(FORMATS), list(TARGETS))


# -- which records


def chosen(held, **wanted):
    with query.open_published(held) as con:
        return selection.matching(con, Selection(**{"search": "kratom", **wanted}))


@pytest.mark.parametrize(
    ("wanted", "pmids"),
    [
        ({"study_types": ("RCT",)}, {102}),
        ({"study_types": ("RCT", "CASE")}, {102, 103}),
        ({"first_year": 2024}, {101, 104, 105}),
        ({"last_year": 1999}, {108, 110}),
        ({"first_year": 2020, "last_year": 2021}, {106, 107}),
        ({"search": "kratom_pain", "study_types": ("RCT",)}, {102}),
        ({"since": date(2026, 11, 23)}, set()),
        ({"claim": "opioid_receptors"}, {101}),
        ({"claim": "opioid_receptors", "last_year": 2020}, set()),
        ({"claim": "alcohol"}, set()),
    ],
)
def test_filters(wanted, pmids, held):
    assert set(chosen(held, **wanted)) == pmids


def test_the_newest_years_come_first_and_undated_records_last(held):
    found = chosen(held)
    assert found[:3] == [105, 104, 101]
    assert found[-1] == 109


def chosen_of(memory, **wanted):
    memory.build("articles", "claim_articles", "claim_totals", "search_totals")
    return selection.matching(memory.con, Selection(**{"search": "kratom", **wanted}))


def test_since_counts_from_the_run_that_found_a_record(memory):
    first = article(1, "Kratom, day 1")
    memory.day(first)
    memory.day(first, article(2, "Kratom, day 2"))
    assert chosen_of(memory, since=date(2026, 11, 22)) == [2, 1]
    assert chosen_of(memory, since=date(2026, 11, 23)) == [2]
    assert chosen_of(memory, since=date(2026, 11, 24)) == []


def test_a_claim_shown_as_its_parts_has_the_records_of_all_of_them(memory):
    memory.day(
        article(21, "Liver injury after kratom use", types=CASE),
        article(22, "Seizures after kratom use", types=CASE),
        article(23, "Kratom leaf anatomy"),
    )
    assert chosen_of(memory, claim="safety.liver") == [21]
    assert chosen_of(memory, claim="safety") == [22, 21]


@pytest.mark.parametrize(
    ("search", "claim", "why"),
    [
        ("kratom", "back pain", "There is no claim 'back pain' for search 'kratom'"),
        ("pain", "analgesia", "There is no claim 'analgesia' for search 'pain'"),
        ("kratom", "burden_back_pain", "not a research question on kratom"),
        ("kratom", "routes_and_forms", "not a research question on kratom"),
    ],
)
def test_a_claim_without_an_answer_is_told_and_no_empty_file(search, claim, why, held):
    with pytest.raises(ConfigurationError, match=why) as caught:
        chosen(held, search=search, claim=claim)
    assert caught.value.exit_code == 2 and "ketum claims" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", (2024, 2024)), ("2019-2024", (2019, 2024)), ("2019-", (2019, None)),
        ("-2024", (None, 2024)),
    ],
)  # fmt: skip
def test_years(text, expected):
    assert years(text) == expected


@pytest.mark.parametrize("text", ["", "-", "24", "2024-2019", "2019–2024", "2019 2024", "20192024"])
def test_what_is_no_years_is_told(text):
    with pytest.raises(ConfigurationError) as caught:
        years(text)
    assert caught.value.exit_code == 2 and caught.value.next_step


@pytest.mark.parametrize(
    ("wanted", "names"),
    [({"search": "tea"}, "kratom, kratom_pain"), ({"study_types": ("TRIAL",)}, "RCT")],
)
def test_unknown_names_are_told_with_those_there_are(wanted, names, held):
    with pytest.raises(ConfigurationError) as caught:
        chosen(held, **wanted)
    assert names in caught.value.next_step


# -- what is written


def written(kind, citations, path, *, abstracts=False):
    """A file of the kind with these records, as `export` has it written."""
    (FORMATS | TARGETS)[kind].write(citations, abstracts, path)
    return path


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "parquet"])  # compressed
def test_a_writer_writes_abstracts_only_when_told_to(kind, citations, tmp_path):
    numbered = [record for record in citations.values() if record.pmid is not None]
    for abstracts in (False, True):
        path = written(kind, numbered, tmp_path / f"{abstracts}", abstracts=abstracts)
        assert (CANARY.encode() in path.read_bytes()) == abstracts


def test_abstracts_are_asked_for_or_for_screening_and_the_licence_is_told_with_them(held, tmp_path):
    assert {name for name, kind in (FORMATS | TARGETS).items() if kind.abstracts} == {
        "rayyan",
        "asreview",
    }
    for kind, asked, has in (("csv", False, False), ("csv", True, True), ("rayyan", False, True)):
        target = tmp_path / f"{kind}{asked}"
        told = export(held, KRATOM, kind, with_abstracts=asked, output=target)
        assert (CANARY.encode() in target.read_bytes()) == has
        assert (LICENCE in told.lines) == has


def test_screening_is_told_how_many_titles_and_abstracts_are_missing(held, tmp_path):
    told = export(held, KRATOM, "asreview", output=tmp_path)
    assert "8 of them have no abstract in this set." in told.lines
    assert "1 of them have no title in this set." in told.lines


@pytest.mark.parametrize("kind", ["ris", "endnote", "parquet"])
def test_names_carry_records_source_date_and_program(kind, held, tmp_path):
    told = export(held, Selection("kratom", ("RCT",), 2019, 2024), kind, output=tmp_path)
    (manifest,) = held.published.glob("2*/manifest.json")
    set_id = json.loads(manifest.read_text())["id"]
    program = f".{kind}" if kind in TARGETS else ""
    assert told.path.name == (
        f"ketum_kratom_RCT_2019-2024_{set_id}{program}{(FORMATS | TARGETS)[kind].suffix}"
    )
    assert [path.name for path in tmp_path.iterdir()] == [told.path.name]


def test_the_name_carries_the_claim(held, tmp_path):
    wanted = Selection("kratom", claim="opioid_receptors")
    told = export(held, wanted, "ris", output=tmp_path)
    assert told.path.name.startswith("ketum_kratom_opioid_receptors_2026-11-22-archive-files-")
    assert told.path.suffix == ".ris"


def test_nbib_says_what_it_leaves_out(held, tmp_path):
    told = export(held, KRATOM, "nbib", output=tmp_path)
    assert any(line.startswith("1 record(s) left out: known only by DOI") for line in told.lines)
    assert told.lines[0].startswith("10 record(s) of set ")


def test_a_file_that_is_there_is_never_written_over(held, tmp_path):
    target = tmp_path / "mine.ris"
    target.write_text("mine")
    with pytest.raises(ConfigurationError, match="there already"):
        export(held, KRATOM, "ris", output=target)
    assert target.read_text() == "mine"


def test_a_directory_that_is_not_there_is_told(held, tmp_path):
    with pytest.raises(ConfigurationError, match="no directory"):
        export(held, KRATOM, "ris", output=tmp_path / "nowhere" / "a.ris")
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_write_writes_nothing(held, tmp_path):
    told = export(held, Selection("kratom", first_year=2030), "ris", output=tmp_path)
    assert told.path is None and "nothing was written" in told.lines[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_leaves_no_half_file(held, tmp_path, monkeypatch):
    def fail(_citations: object, _abstracts: bool, path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(FORMATS, "ris", type(FORMATS["ris"])(".ris", fail))
    with pytest.raises(OSError, match="No space"):
        export(held, KRATOM, "ris", output=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_published_names_the_next_step(tmp_path):
    with pytest.raises(ConfigurationError, match="ketum update"):
        export(Settings(data=tmp_path), KRATOM, "ris", output=tmp_path)


# -- what was exported before


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_known_again(kind, citations, tmp_path):
    """All of those that it wrote and no other."""
    earlier = [
        record
        for record in citations.values()
        if (record.pmid is not None or kind != "nbib") and record.pmid not in (101, 104, 109)
    ]
    path = written(kind, earlier, tmp_path / f"earlier{(FORMATS | TARGETS)[kind].suffix}")
    before = selection.exported_before([path])
    assert [record for record in citations.values() if before.holds(record)] == earlier


def test_what_an_export_leaves_is_the_rest_of_it(held, tmp_path):
    """All but some years, then the rest: nothing twice, nothing lost."""
    earlier = export(held, Selection("kratom", last_year=2023), "ris", output=tmp_path).path
    told = export(held, KRATOM, "csl-json", not_in=[earlier], output=tmp_path)
    found = {item["id"] for item in json.loads(told.path.read_text("utf-8"))}
    assert found == {"pmid101", "pmid104", "pmid105", "pmid109"}
    assert "_rest_" in told.path.name
    told = export(held, KRATOM, "csv", not_in=[earlier, told.path], output=tmp_path)
    assert told.path is None


def test_a_pmid_decides_before_a_doi(citations, tmp_path):
    """A comment may share its article's DOI; a citation known by DOI may get a PMID later."""
    other = tmp_path / "other.csv"
    other.write_text("pmid,doi\n999,10.9999/TRIAL\n")
    assert not selection.exported_before([other]).holds(citations[102])
    other.write_text("pmid,doi\n,10.9999/TRIAL\n")
    assert selection.exported_before([other]).holds(citations[102])
    other.write_text("pmid,doi\n999,10.9999/listed.1\n")
    assert selection.exported_before([other]).holds(citations[None])


def test_a_byte_order_mark_and_long_cells_do_no_harm(citations, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("\ufeffpmid,abstract\n102," + "a" * 200_000 + "\n", encoding="utf-8")
    assert selection.exported_before([other]).holds(citations[102])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "pmid\n1\n"),
        ("a.csv", "title\nKratom\n"),
        ("a.csv", ""),
        ("a.ris", "TY  - JOUR\nTI  - Kratom\nER  - \n"),
        ("a.ris", "no RIS at all"),
        ("a.json", "{"),
        ("a.json", '{"PMID": 1}'),
        ("a.json", "[1]"),
        ("a.jsonl", "[]"),
        ("a.nbib", "nothing"),
        ("a.bib", "@article{broken"),
        ("a.parquet", "no Parquet"),
        ("none.ris", None),
    ],
)
def test_what_is_no_export_of_ours_is_told_and_nothing_written(name, text, held, tmp_path):
    path = tmp_path / "in" / name
    path.parent.mkdir()
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match="earlier export") as caught:
        export(held, KRATOM, "ris", not_in=[path], output=tmp_path)
    assert caught.value.exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
