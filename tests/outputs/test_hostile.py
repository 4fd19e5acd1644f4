"""A record that is hostile in every field, through every output, read back by its own parser.

Nothing it holds becomes a line, a cell, an element or a command; what it holds is still there.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import bibtexparser
import duckdb
import feedparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from Bio import Medline
from lxml import html
from markdown_it import MarkdownIt

from pipeline import cli, logs
from pipeline.outputs import claims, explain, query, search_log
from pipeline.outputs.citations.export import FORMATS, TARGETS, export
from pipeline.outputs.citations.selection import Selection
from pipeline.outputs.receipt import Receipt
from pipeline.settings import Settings
from tests.conftest import last_receipt
from tests.outputs import hostile
from tests.outputs.page.seen import records
from tools import claims_page

pytestmark = pytest.mark.whole

# what a terminal obeys or shows in another place; spelt here once more on purpose
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
RUN = re.compile("[ \t\r\n]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
FORGED = re.compile(r"^(# |- )?(forged|ER  -|TY  -|PMID- 666)", re.MULTILINE)


@pytest.fixture
def held(whole_set: Settings) -> Settings:
    return whole_set


@pytest.fixture(scope="module")
def receipt(whole_set: Settings) -> Receipt:
    """What the run that found the hostile record printed."""
    return last_receipt(whole_set)


@pytest.fixture(scope="module")
def con(whole_set: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with query.open_published(whole_set) as con:
        yield con


def squeezed(text: str) -> str:
    """What a format of lines keeps of a text."""
    return re.sub("[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip(" ")


def without(text: str) -> str:
    """Letters and digits alone, for formats whose readers change signs."""
    return re.sub(r"[\W_]+", "", text)


# XML itself makes of CR LF and CR one line feed
TITLE = hostile.TITLE.replace("\r\n", "\n")
LINE = squeezed(TITLE)


def test_the_record_is_held_as_it_came(con):
    assert con.execute("SELECT title FROM core.articles WHERE pmid = 4711").fetchone() == (TITLE,)


# -- tables


def test_tables_have_the_rows_they_should_and_no_formula(held):
    resources = json.loads((held.latest / "manifest.json").read_text("utf-8"))["resources"]
    tables = {one["path"]: one["rowCount"] for one in resources if one["format"] == "csv"}
    for name, count in tables.items():
        with (held.latest / name).open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        assert len(found) == count, name
        for row in found:
            assert None not in row and None not in row.values(), name
            for column, cell in row.items():
                is_number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
                assert is_number or not RUN.match(cell), (name, column, cell[:40])
    with (held.latest / "tables/marts.articles.csv").open(encoding="utf-8", newline="") as file:
        titles = {row["title"] for row in csv.DictReader(file)}
    assert titles == {f"'{TITLE}", "Kratom in mice"}


# -- pages


@pytest.mark.parametrize("name", ["index.html", "index.private.html"])
def test_pages_hold_the_record_as_text_only(name, held):
    text = (held.latest / name).read_text(encoding="utf-8")
    page = html.document_fromstring(text)
    assert not page.xpath("//img | //@onerror | //*[starts-with(@href, 'javascript:')]")
    assert len(page.xpath("//title")) == 1
    scripts = page.xpath("//script")
    private = ["abstracts"] if name == "index.private.html" else []
    assert [s.get("id") for s in scripts] == ["data", None, "details", *private]
    details = records(held.latest / name, "details")
    assert TITLE in [row[details["columns"].index("title")] for row in details["rows"]]
    assert without(TITLE) in {without(link.text_content()) for link in page.xpath("//a")}
    if name == "index.private.html":
        ((label, text, _),) = records(held.latest / name, "abstracts")[str(hostile.PMID)]
        attack = hostile.ATTACK.replace("\r\n", "\n")
        assert text.strip() == f"Kratom caused liver injury. abstract {attack}"
        assert squeezed(label) == squeezed(f"Forged {attack}")


# -- feeds


def test_feeds_are_well_formed_and_hold_the_whole_title(held):
    paths = sorted(held.latest.resolve().rglob("*.atom"))
    for path in paths:
        feed = feedparser.parse(path.read_bytes())
        assert not feed.bozo, (path, feed.get("bozo_exception"))
    entries = feedparser.parse((held.latest / "feed.atom").read_bytes()).entries
    (entry,) = [one for one in entries if one.link == "https://pubmed.ncbi.nlm.nih.gov/4711/"]
    assert without(entry.title) == without(TITLE)
    assert {link.href for link in entry.links} == {entry.link}


# -- digest and artifact


def told_in(markdown: str) -> list[Any]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)


def test_digest_and_artifact_hold_the_receipt_and_nothing_forged(held, receipt):
    assert any("</script>" in name for name in receipt.unknown_values)
    digest = (held.latest / "digest.md").read_text("utf-8")
    record = f"https://pubmed.ncbi.nlm.nih.gov/{hostile.PMID}/"
    for markdown, headings, links in (
        (receipt.markdown(), ["ketum update"], []),
        (digest, ["ketum update", "1 new record"], [record]),
    ):
        tokens = told_in(markdown)
        kinds = [token.type for token in tokens]
        assert [
            token.content for before, token in pairwise(tokens) if before.type == "heading_open"
        ] == headings
        assert not {"html_block", "fence", "code_block", "hr"} & set(kinds)
        items = [
            token
            for before, token in pairwise(tokens)
            if token.type == "inline" and before.type == "paragraph_open" and before.hidden
        ]
        assert len(items) == kinds.count("list_item_open") >= 5
        inline = [part for token in tokens for part in token.children or []]
        assert [part.attrs["href"] for part in inline if part.type == "link_open"] == links
        ours = {"strong_open", "strong_close", "link_open", "link_close"}
        assert {part.type for part in inline} <= {"text", "softbreak", *ours}
        shown = "".join(part.content for part in inline)
        assert "</script></title><img src=x onerror=alert(1)>" in shown
        assert not OBEYED.search(markdown)
        # bare addresses become links for readers with that extension
        assert not re.search(r"(?<!\\)www\.forged|(?<!\\)://forged", markdown)


def test_the_receipt_on_a_terminal_is_lines_of_ours(receipt):
    text = receipt.text()
    assert "\\u202eturned \\x9b31mred\\x9f </script>" in text
    assert not OBEYED.search(text) and not FORGED.search(text)


# -- explain and claims


def test_explain_shows_the_record_and_obeys_nothing(con):
    told = explain.explain(con, hostile.PMID)
    today = date(2026, 11, 22)
    plain = explain.text(told, is_terminal=False, today=today)
    assert not OBEYED.search(plain) and not FORGED.search(plain)
    assert "alert(1)" in plain
    bold = explain.text(told, is_terminal=True, today=today)
    assert bold.replace("\x1b[1m", "").replace("\x1b[0m", "") == plain


def test_claims_show_the_record_and_obey_nothing(con):
    claim = claims.one(con, "kratom", "safety.liver")
    assert [record["pmid"] for record in claim["records"]] == [hostile.PMID]
    for text in (
        claims.one_text(claim),
        claims.map_text(claims.the_map(con, "kratom"), claims.cards(con)),
        claims.next_text(claims.next_to_read(con, "kratom")),
    ):
        assert not OBEYED.search(text) and not FORGED.search(text)
    assert "alert(1)" in claims.one_text(claim)


def test_the_page_of_claims_is_markdown_of_ours(con):
    tokens = told_in(claims_page.page(con))
    parts = [part for token in tokens for part in token.children or []]
    assert "html_block" not in {token.type for token in tokens}
    assert "html_inline" not in {part.type for part in parts}
    links = [part.attrs["href"] for part in parts if part.type == "link_open"]
    assert "https://pubmed.ncbi.nlm.nih.gov/4711/" in links
    assert not [link for link in links if "forged" in link or link.startswith("javascript")]


@pytest.mark.parametrize("command", [("claims", "safety.liver"), ("explain", "4711")])
def test_json_for_programs_is_whole_and_harmless_on_a_terminal(command, held, monkeypatch, capsys):
    monkeypatch.setenv("KETUM_DATA", str(held.data))
    assert cli.main([*command, "--json"]) == 0
    out = capsys.readouterr().out
    assert not OBEYED.search(out)
    found = json.loads(out)
    assert TITLE in (found.get("title"), *(one["title"] for one in found.get("records", [])))


# -- query


@pytest.mark.parametrize("form", ["csv", "tsv", "json"])
def test_query_gives_rows_that_are_whole(form, held):
    out = io.StringIO()
    query.run(held, "SELECT pmid, title FROM marts.articles ORDER BY pmid", form, out)
    if form == "json":
        found = [(row["pmid"], row["title"]) for row in json.loads(out.getvalue())]
    else:
        text = io.StringIO(out.getvalue(), newline="")
        _, *rows = csv.reader(text, delimiter="\t" if form == "tsv" else ",")
        found = [(int(pmid), title.removeprefix("'")) for pmid, title in rows]
    assert found == [(11, "Kratom in mice"), (hostile.PMID, TITLE)]


# -- search log


def test_the_search_log_holds_what_pubmed_answers_as_json(held, tmp_path):
    path = shutil.copy((held.latest / "ketum.duckdb").resolve(), tmp_path)
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE marts.search_log SET query_translation = ?", [hostile.ATTACK])
        text = search_log.render(con)
    searches = json.loads(text)["searches"]
    assert {search["query_translation"] for search in searches} == {hostile.ATTACK}
    assert not OBEYED.search(text)


# -- exports


@pytest.fixture(scope="module")
def exported(whole_set: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of export, with abstracts, by its name."""
    base = tmp_path_factory.mktemp("exports")
    found = {}
    for name, kind in (FORMATS | TARGETS).items():
        path = base / f"{name}{kind.suffix}"
        export(whole_set, Selection("kratom"), name, with_abstracts=True, output=path)
        found[name] = path
    return found


@pytest.mark.parametrize("name", ["ris", "zotero", "endnote", "revman"])
def test_ris(name, exported):
    text = exported[name].read_text(encoding="utf-8")
    assert not re.search(r"^[A-Z0-9]{2}  - *$(?<!ER  - )(?<!ER  -)", text, re.MULTILINE)
    found = {entry["accession_number"]: entry for entry in rispy.loads(text)}
    assert set(found) == {"11", str(hostile.PMID)}
    entry = found[str(hostile.PMID)]
    assert entry["title"] == LINE
    assert entry["language"] == squeezed(f"eng {hostile.ATTACK}")
    assert entry["doi"] == hostile.DOI
    assert (
        entry["authors"][0].startswith("=Leaf \u202eturned 31mred </script>")
        and len(entry["authors"]) == 2
    )
    assert entry["urls"] == [f"https://pubmed.ncbi.nlm.nih.gov/{hostile.PMID}/"]


def test_bibtex(exported):
    text = exported["bibtex"].read_text(encoding="utf-8")
    library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    assert library.failed_blocks == []
    assert [entry.key for entry in library.entries] == [f"pmid{hostile.PMID}", "pmid11"]
    entry = library.entries[0]
    assert without(entry["title"]).startswith(without(LINE)[:30])
    assert without(entry["title"]).endswith("forgedlineforgedline")
    assert "forged" not in entry.fields_dict and entry["pmid"] == str(hostile.PMID)
    raw = bibtexparser.parse_string(text).entries[0]
    assert raw["doi"] == hostile.DOI.translate({123: "%7B", 125: "%7D", 92: "%5C"})


def test_csl_json(exported):
    text = exported["csl-json"].read_text(encoding="utf-8")
    first, second = json.loads(text)
    assert not OBEYED.search(text)
    assert (first["title"], first["DOI"], second["PMID"]) == (LINE, hostile.DOI, "11")


def test_nbib(exported):
    with exported["nbib"].open(encoding="utf-8") as file:
        first, second = list(Medline.parse(file))
    assert (first["PMID"], second["PMID"]) == (str(hostile.PMID), "11")
    assert first["TI"] == LINE
    # Biopython takes each line of a long language for one more
    assert [" ".join(first["LA"])] == [squeezed(f"eng {hostile.ATTACK}")]


@pytest.mark.parametrize("name", ["csv", "rayyan", "asreview"])
def test_csv(name, exported):
    with exported[name].open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 2
    assert squeezed(found[0]["title"]) == f"'{LINE}"
    for row in found:
        assert None not in row
        assert not [cell for cell in row.values() if RUN.match(cell)]


def test_json_lines_and_parquet(exported):
    lines = exported["jsonl"].read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["title"] for line in lines] == [TITLE, "Kratom in mice"]
    with duckdb.connect() as con:
        rows = con.execute("SELECT title FROM read_parquet(?)", [str(exported["parquet"])])
        assert rows.fetchall() == [(TITLE,), ("Kratom in mice",)]


@pytest.mark.parametrize("name", [*FORMATS, "rayyan", "asreview"])
def test_each_export_is_read_back_as_exported_before(name, exported, held, tmp_path):
    path = exported[name]
    told = export(held, Selection("kratom"), "ris", not_in=[path], output=tmp_path / "rest.ris")
    assert told.path is None
    assert told.lines[0] == "2 record(s) left out: exported before."


# -- messages


def test_a_message_is_one_line(held, capsys):
    logs.configure(held)
    logging.getLogger("ketum").warning("PubMed says %s", hostile.ATTACK)
    (line,) = capsys.readouterr().err.rstrip("\n").split("\n")
    assert not OBEYED.search(line) and "alert(1)" in line


def test_an_error_names_a_file_and_obeys_nothing(settings, capsys):
    assert cli.main(["update", "--from", "/tmp/\x1b[2J\u202ename.xml"]) == 2
    told = capsys.readouterr().err
    assert "\\x1b[2J\\u202ename.xml" in told and not OBEYED.search(told)
