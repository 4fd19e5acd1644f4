"""SQL as a product: tables, schema, search, open, completion, hints and notes of the command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import webbrowser

import pytest

from pipeline import cli
from pipeline.settings import ROOT, Settings

TITLE = "Kratom and Pain Tolerance: A Randomized, Placebo-Controlled, Double-Blind Study"


@pytest.fixture(autouse=True)
def data(demonstration: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The demonstration's set, which is only read here."""
    monkeypatch.setenv("KETUM_DATA", str(demonstration.data))
    return demonstration


def ketum(*arguments: str) -> int:
    try:
        return cli.main(list(arguments))
    except SystemExit as left:
        return int(left.code or 0)


# -- tables and schema


def test_tables_are_listed_with_rows_and_meaning(capsys):
    assert ketum("tables") == 0
    told = capsys.readouterr()
    assert re.search(
        r"^  marts\.articles +327 rows +one row per record that is a member", told.out, re.M
    )
    assert "evidence." not in told.out
    assert "`ketum tables all`" in told.err


def test_all_tables_are_those_of_the_data_dictionary(capsys):
    assert ketum("tables", "all", "--json") == 0
    named = {one["name"] for one in json.loads(capsys.readouterr().out)}
    dictionary = (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8")
    assert named - {"core.find_articles(words)"} == set(
        re.findall(r"^## (\w+\.\w+)$", dictionary, re.M)
    )


def test_a_schema_has_the_meanings_of_the_data_dictionary(capsys):
    assert ketum("schema", "marts.articles", "--json") == 0
    dictionary = (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8")
    columns = json.loads(capsys.readouterr().out)["columns"]
    assert columns[0]["name"] == "pmid"
    for column in columns:
        meaning = column["meaning"].replace("|", "\\|")
        assert f"| `{column['name']}` | {column['type']} | {meaning} |" in dictionary


def test_a_table_is_found_without_its_schema_and_a_macro_by_its_name(capsys):
    assert ketum("schema", "human_experimental") == 0
    assert capsys.readouterr().out.startswith("marts.human_experimental: ")
    assert ketum("schema", "core.find_articles") == 0
    assert re.search(r"^  word_count +INTEGER$", capsys.readouterr().out, re.M)


def test_a_wrong_table_gets_the_nearest(capsys):
    assert ketum("schema", "artcles") == 2
    assert "did you mean `marts.articles`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sql", "meant"),
    [
        ("FROM artcles", "`marts.articles`"),
        ("FROM articles", "`marts.articles` or `core.articles`"),
        ("FROM marts.claim_total", "`marts.claim_totals`"),
        ("FROM core.find_article('x')", "`core.find_articles(words)`"),
        ("SELECT titel FROM marts.articles", "did you mean `title`? `ketum schema marts.articles`"),
        ("SELECT a.titel FROM marts.articles AS a", "did you mean `title`?"),
        ("SELECT matched_words FROM marts.articles", "is in `marts.claim_articles`"),
        ("SELECT zzzzzz FROM marts.articles", "`ketum schema marts.articles` lists its columns"),
        ("FROM zzzzzz", "`ketum tables all` lists"),
        ("SELEKT 1", "`ketum tables` lists"),
    ],
)
def test_a_wrong_name_in_a_query_gets_the_nearest_right_one(sql, meant, capsys):
    assert ketum("query", sql) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert meant in told.err


# -- search and explain


def test_search_finds_records_by_words_and_says_where_it_looked(capsys):
    assert ketum("search", "kratom", "Pain", "TOLERANCE") == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0].split("  ") == [" 32607084", "2020", "Randomised trial", TITLE]
    assert "of 327 records held" in told.err and "Looked in titles" in told.err


def test_search_knows_the_beginnings_of_words_and_pmids(capsys):
    assert ketum("search", "randomi*", "placebo", "kratom", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["pmid"] == 32607084 and found["word_count"] == 3 and not found["is_retracted"]
    assert ketum("search", "32607084", "--json", "--quiet") == 0
    told = capsys.readouterr()
    assert [one["pmid"] for one in json.loads(told.out)] == [32607084]
    assert told.err == ""


def test_a_place_that_is_not_there_is_no_fault_of_the_query(tmp_path, capsys):
    nowhere = tmp_path / "no" / "x.parquet"
    assert ketum("query", "--format", "parquet", "--output", str(nowhere), "SELECT 1") == 2
    assert "directory named with --output" in capsys.readouterr().err


def test_search_says_when_no_record_has_all_words(capsys):
    assert ketum("search", "kratom", "zzzzzz", "--limit", "1") == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1
    assert told.err.startswith("0 of 327 records held have both words, ")
    assert "Those with the most of the words are shown." in told.err


@pytest.mark.parametrize("arguments", [("++",), ("kratom", "--limit", "0"), ()])
def test_a_search_for_nothing_is_2(arguments, capsys):
    assert ketum("search", *arguments) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "named",
    [
        ("32607084",), ("PMID: 32607084",), ("PMID", "32607084"), (TITLE,), (*TITLE.split(),),
        ("tolerance", "placebo"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_explain_takes_a_pmid_or_words_of_the_title(named, capsys):
    assert ketum("explain", *named) == 0
    assert capsys.readouterr().out.startswith("PMID 32607084")


def test_explain_takes_a_doi_in_any_form(capsys):
    sql = "SELECT pmid, doi FROM core.articles WHERE doi IS NOT NULL ORDER BY pmid DESC LIMIT 1"
    assert ketum("query", sql, "--format", "json") == 0
    (record,) = json.loads(capsys.readouterr().out)
    for doi in (record["doi"], f"https://doi.org/{record['doi'].upper()}"):
        assert ketum("explain", doi) == 0
        assert capsys.readouterr().out.startswith(f"PMID {record['pmid']} ")


def test_explain_lists_the_records_that_several_words_may_mean(capsys):
    assert ketum("explain", "kratom") == 2
    told = capsys.readouterr().err
    assert "records have these words in their title:" in told and "32607084" in told
    assert ketum("explain", "no", "such", "title") == 2
    assert "`ketum search WORDS`" in capsys.readouterr().err
    assert ketum("explain", "10.9999/none") == 2
    assert "has the DOI 10.9999/none" in capsys.readouterr().err


# -- notes


@pytest.mark.parametrize(
    "arguments",
    [
        ("tables",), ("schema", "articles"), ("search", "kratom"), ("explain", "32607084"),
        ("query", "SELECT 1"), ("claims",),
    ],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_the_note_on_the_set_is_one_short_line_and_quiet_leaves_it_out(arguments, capsys):
    assert ketum(*arguments) == 0
    note = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"Set 2026-\S+, a demonstration: a 0 says nothing\. PubMed only\.", note)
    assert len(note) <= 100
    assert ketum(*arguments, "--quiet") == 0
    assert capsys.readouterr().err == ""


# -- open


def test_open_prints_the_page_and_hands_it_to_a_browser(data, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    assert ketum("open") == 0
    told = capsys.readouterr()
    assert told.out == f"{data.latest / 'index.html'}\n"
    assert opened == [(data.latest / "index.html").as_uri()]
    assert told.err == ""


def test_open_without_a_browser_says_so(capsys, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda _address: False)
    assert ketum("open") == 0
    told = capsys.readouterr()
    assert told.out.endswith("/index.html\n") and "No browser was found" in told.err


# -- completion


def completed(line: str) -> list[str]:
    """What a shell would offer behind a line, as its own script asks."""
    answer, write = os.pipe()
    environment = {
        **os.environ, "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": line,
        "COMP_POINT": str(len(line)), "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
    }  # fmt: skip
    program = (
        "import os, sys; os.dup2(int(sys.argv.pop()), 8); "
        "from pipeline.cli import main; sys.exit(main())"
    )
    with os.fdopen(answer, encoding="utf-8") as told:
        subprocess.run(
            [sys.executable, "-c", program, str(write)], cwd=ROOT, env=environment,
            pass_fds=[write], check=False, capture_output=True,
        )  # fmt: skip
        os.close(write)
        return told.read().split("\n")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ketum sch", {"schema", "schedule"}),
        ("ketum schema marts.article_", {"marts.article_changes", "marts.article_facets"}),
        ("ketum export --search kratom_", {"kratom_pain"}),
        ("ketum export --study-type RC", {"RCT"}),
        ("ketum export --format js", {"jsonl"}),
    ],
)
def test_a_shell_is_offered_commands_tables_and_codes(line, offered):
    assert offered <= set(completed(line))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_its_shell_reads(shell, capsys):
    assert ketum("completion", shell) == 0
    script = capsys.readouterr().out
    assert "ketum" in script
    if shutil.which(shell):
        done = subprocess.run(
            [shell, "-n"], input=script, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


# -- starting quickly


HEAVY = {
    "pandas",
    "numpy",
    "Bio",
    "prefect",
    "rich",
    "argcomplete",
    "pydantic",
    "requests",
    "re2",
    "lxml",
}


def imported_by(code: str) -> set[str]:
    """Which heavy packages a piece of the program imports, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return HEAVY & set(done.stdout.split())


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("from pipeline.cli import build_parser; build_parser()", set()),
        ("from pipeline.outputs import query, lookup", set()),
        ("from pipeline import housekeeping, update", {"pydantic", "requests", "re2", "lxml"}),
    ],
    ids=["help", "reading", "update"],
)
def test_a_command_waits_for_no_package_that_it_does_not_need(code, needed):
    assert imported_by(code) <= needed


def test_every_command_has_a_line_of_help(capsys):
    assert ketum("--help") == 0
    told = capsys.readouterr().out
    for command in ("tables", "schema", "search", "open", "completion"):
        assert re.search(rf"^    {command}\s+\w", told, re.M)
