"""The README shows what really happens, and every relation says what it is."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import build_parser, main
from pipeline.outputs import query
from pipeline.outputs.lookup import SCHEMAS
from pipeline.outputs.receipt import Receipt
from pipeline.settings import ROOT, Settings
from tests.conftest import last_receipt
from tests.goldens import frozen
from tests.in_memory import every_relation
from tools import claims_page, data_dictionary

README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMONSTRATION = (ROOT / "data" / "demo" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def receipt(demonstration: Settings) -> Receipt:
    """What the main job printed."""
    return last_receipt(demonstration)


def test_the_docs_show_the_tables_as_the_main_job_prints_them(receipt):
    of_kratom, of_kratom_and_pain = sorted(receipt.tables, key=lambda table: table.title)
    assert "\n".join(of_kratom_and_pain.lines()) in README
    assert "\n".join(of_kratom.lines()) in DEMONSTRATION
    assert len(receipt.first_sentences) == 2
    for sentence in (*receipt.first_sentences, receipt.statement):
        assert sentence in README


def test_the_demonstration_is_judged_as_frozen(demonstration):
    """A golden changes in a commit of its own that says why: `python -m tests.goldens`."""
    rows = frozen.rows_of((demonstration.latest / "ketum.duckdb").resolve(), ["evidence.*"])
    now = frozen.freeze_rows(rows, as_rows=True)
    assert not frozen.differences(frozen.chosen(frozen.read("demo"), ["evidence.*"]), now)


def test_what_the_demonstration_says_of_itself_is_true(demonstration, receipt):
    told = (ROOT / "data" / "demo" / "README.md").read_text(encoding="utf-8")
    with query.open_published(demonstration) as con:
        held, typed = con.execute(
            "SELECT count(*), count(*) FILTER (study_type <> 'OTHER') FROM marts.articles"
        ).fetchall()[0]
    assert f"{typed} of {held} get a type" in told
    assert receipt.known_missed == []
    assert receipt.unknown_values == {}


def test_the_article_card_is_current(demonstration):
    with query.open_published(demonstration) as con:
        page = claims_page.page(con)
    told = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    day = re.compile(r"^As of \S+\.", re.MULTILINE)
    assert day.sub("", page) == day.sub("", told), "python -m tools.claims_page"


def snippets(language: str) -> Iterator[str]:
    for page in (README, *(p.read_text("utf-8") for p in sorted((ROOT / "docs").glob("*.md")))):
        yield from re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_every_sql_snippet_of_the_docs_runs(demonstration):
    with query.open_published(demonstration) as con:
        for sql in snippets("sql"):
            assert con.execute(sql).fetchall(), sql


def commands() -> Iterator[list[str]]:
    """What stands after `ketum` in the shell snippets, up to a pipe or the like."""
    for snippet in snippets("sh"):
        for line in re.findall(r"(?:[^\n\"']|\"[^\"]*\"|'[^']*')+", snippet):
            words = shlex.split(line, comments=True)
            at = next((i for i, word in enumerate(words) if Path(word).name == "ketum"), None)
            if at is None or not words[at + 1 :]:
                continue
            stops = [i for i, word in enumerate(words) if i > at and word in ("|", ">", "&", "<")]
            yield words[at + 1 : stops[0] if stops else None]


def test_every_command_of_the_docs_is_one(demonstration):
    with query.open_published(demonstration) as con:
        known = {
            name: {None, *(row[0] for row in con.execute(f"SELECT {name} FROM {table}").fetchall())}
            for name, table in (("search", "evidence.searches"), ("claim", "evidence.claims"))
        }
    parser = build_parser()
    for arguments in commands():
        parsed = vars(parser.parse_args(arguments))
        for name, values in known.items():
            assert parsed.get(name) in values, (name, arguments)
        if str(parsed.get("sql", "")).endswith(".sql"):
            assert (ROOT / parsed["sql"]).is_file(), arguments


def test_the_readme_is_within_one_screen_of_the_answer():
    lines = README.splitlines()
    (answer, *_) = (place for place, line in enumerate(lines) if "1 study gave" in line)
    assert answer < 30 and len(lines) < 150


NOT_RUN = {
    "doctor --live": "asks PubMed; tests/test_cli.py asks a server of its own",
    "update": "asks PubMed or reads the reader's files; tests/test_update.py",
    "schedule": "needs a Prefect server; tests/schedule",
    "query --interactive": "opens another program; tests/test_cli.py",
    "replay": "serves until it is stopped; tests/replay",
}
"""Commands of the docs that no test can run as they stand, and where they are tried."""


def test_the_commands_of_the_docs_are_found():
    found = {" ".join(arguments) for arguments in commands()}
    assert {arguments.split()[0] for arguments in found} >= {"export", "query", "update", "verify"}
    for start in NOT_RUN:
        assert any(arguments.startswith(start) for arguments in found), start


@pytest.mark.parametrize(
    "arguments",
    [found for found in commands() if not " ".join(found).startswith(tuple(NOT_RUN))],
    ids=" ".join,
)
def test_every_command_of_the_docs_runs(
    arguments, demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    """On the demonstration, in a directory of the reader's with the checkout's sql/ in it."""
    (tmp_path / "sql").symlink_to(ROOT / "sql")
    monkeypatch.setenv("KETUM_DATA", str(demonstration.data))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda _address: True)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"FROM marts.search_totals")))
    if "--not-in" in arguments:
        earlier = arguments[arguments.index("--not-in") + 1]
        assert main([*arguments[: arguments.index("--not-in")], "--output", earlier]) == 0
    assert main(arguments) == 0, capsys.readouterr().err


def test_the_star_of_tables_is_as_it_is_drawn(demonstration):
    """Each join's columns are on both sides, and name one row of the side they lead to."""
    page = (ROOT / "docs" / "opening.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^(\S+) +--(.+?)-- +(\S+) +--(.+?)-- (\S+)$", page, re.MULTILINE)
    assert len(drawn) == 5
    with query.open_published(demonstration) as con:
        for point, key, between, pmid, centre in drawn:
            for relation, columns in ((between, f"{key}, {pmid}"), (point, key), (centre, pmid)):
                con.execute(f"SELECT {columns} FROM {relation}")
            for relation, columns in ((point, key), (centre, pmid)):
                twice = con.execute(
                    f"SELECT {columns} FROM {relation} GROUP BY ALL HAVING count(*) > 1"
                ).fetchall()
                assert twice == [], relation
        for relation in re.findall(r"^\| `(marts\.\w+)` \| .*$", page, re.MULTILINE):
            con.execute(f"SELECT search FROM {relation}")


def test_every_link_of_the_docs_leads_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "data/demo/README.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page}: {target}"


def test_every_table_and_column_has_a_comment():
    with every_relation() as con:
        silent = con.execute(
            """
            SELECT schema_name, table_name, column_name FROM duckdb_columns()
            WHERE comment IS NULL AND schema_name IN ('core', 'evidence', 'marts', 'ops')
            """
        ).fetchall()
    assert silent == []


def test_the_data_dictionary_is_current(monkeypatch):
    monkeypatch.setattr(data_dictionary, "empty_database", every_relation)
    assert data_dictionary.main(["--check"]) == 0


def test_the_data_dictionary_is_in_reading_order():
    headings = re.findall(r"^## (\w+)\.", data_dictionary.TARGET.read_text("utf-8"), re.MULTILINE)
    assert list(dict.fromkeys(headings)) == ["marts", "evidence", "core", "ops"]
    assert headings == sorted(headings, key=list(SCHEMAS).index)


def test_a_stale_data_dictionary_is_noticed(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(data_dictionary, "empty_database", every_relation)
    stale = tmp_path / "dictionary.md"
    stale.write_text("old")
    assert data_dictionary.main(["--check"], stale) == 1
