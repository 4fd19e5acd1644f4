"""Every output names its set and says that PubMed alone was searched, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.outputs import query
from pipeline.outputs.wording import PUBMED_ONLY
from pipeline.settings import Settings

pytestmark = pytest.mark.whole


@pytest.fixture
def held(whole_set: Settings) -> Settings:
    """A live set: its statement is another one than that of files or of the demonstration."""
    return whole_set


@pytest.fixture(autouse=True)
def _at_this_set(held: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETUM_DATA", str(held.data))


def set_id(settings: Settings) -> str:
    return settings.latest.resolve().name


def test_every_file_for_readers_says_both(held):
    for name in (
        "index.html", "index.private.html", "digest.md", "feed.atom", "feeds/safety.atom",
        "feeds/claims/analgesia.atom", "feeds/animal-studies.atom", "search_log.json",
        "manifest.json",
    ):  # fmt: skip
        text = (held.latest / name).read_text(encoding="utf-8")
        assert set_id(held) in text, name
        assert PUBMED_ONLY in text, name


def test_where_it_is_one_text_it_is_said_once(held):
    manifest = json.loads((held.latest / "manifest.json").read_text(encoding="utf-8"))
    digest = (held.latest / "digest.md").read_text(encoding="utf-8")
    for text in (manifest["description"], digest):
        assert text.count(PUBMED_ONLY) == 1


def test_the_tables_say_both(held):
    with query.open_published(held) as con:
        told = con.execute("SELECT DISTINCT set_id, statement FROM marts.search_totals").fetchall()
    assert {row[0] for row in told} == {set_id(held)}
    for _, statement in told:
        assert PUBMED_ONLY in statement


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "FROM marts.search_totals"),
        ("query", "--explain", "FROM marts.search_totals"),
        ("claims",),
        ("claims", "analgesia", "--json"),
        ("explain", "11"),
        ("export", "--search", "kratom", "--format", "bibtex"),
        ("export", "--search", "kratom", "--claim", "alcohol", "--format", "csv"),
    ],
    ids=" ".join,
)
def test_every_command_that_reads_a_set_says_both(
    arguments: tuple[str, ...], held: Settings, capsys, monkeypatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(list(arguments)) == 0
    told = capsys.readouterr().err
    assert set_id(held) in told and told.count("PubMed only.") == 1


def test_every_exported_record_names_its_set(held, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for number, kind in enumerate(
        ("ris", "bibtex", "csl-json", "nbib", "csv", "jsonl", "zotero", "endnote", "rayyan",
         "asreview", "revman")
    ):  # fmt: skip
        option = "--format" if number < 6 else "--for"
        assert cli.main(["export", "--search", "kratom", option, kind]) == 0
        path = Path(capsys.readouterr().out.strip())
        assert set_id(held) in path.name
        assert set_id(held) in path.read_text(encoding="utf-8"), kind
