"""Ad-hoc SQL: the shapes of its answers, and that it can only read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.outputs import query
from pipeline.settings import Settings


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose latest set is a hand-made file of three rows."""
    settings = Settings(data=tmp_path_factory.mktemp("data"))
    place = settings.published / "2026-11-22-pubmed-abc"
    place.mkdir(parents=True)
    with duckdb.connect(str(place / "ketum.duckdb")) as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(
            "CREATE TABLE marts.numbers AS SELECT * FROM (VALUES "
            "(1, 'μ, \"one\"', DATE '2026-01-02', 1.25, ['a', 'b'], true), "
            "(2, NULL, NULL, NULL, [], false), (3, '=three', NULL, 0.5, NULL, NULL)"
            ") AS t (n, name, day, share, parts, is_odd)"
        )
    (place / "ketum.duckdb").chmod(0o444)
    settings.latest.symlink_to(place.name)
    return settings


def ask(settings: Settings, sql: str, form: str = "csv") -> str:
    out = io.StringIO()
    query.run(settings, sql, form, out)
    return out.getvalue()


def test_json_is_a_list_of_objects_with_numbers_dates_and_nulls(held):
    assert json.loads(ask(held, "FROM marts.numbers ORDER BY n LIMIT 2", "json")) == [
        {
            "n": 1, "name": 'μ, "one"', "day": "2026-01-02", "share": 1.25,
            "parts": ["a", "b"], "is_odd": True,
        },
        {"n": 2, "name": None, "day": None, "share": None, "parts": [], "is_odd": False},
    ]  # fmt: skip


def test_times_in_json_are_iso(held):
    sql = "SELECT TIMESTAMP '2026-11-22 12:00:00' AS at"
    assert json.loads(ask(held, sql, "json")) == [{"at": "2026-11-22T12:00:00"}]


def test_csv_has_a_header_empty_cells_for_null_and_lists_as_json(held):
    found = list(csv.DictReader(io.StringIO(ask(held, "FROM marts.numbers ORDER BY n"))))
    assert found[0]["name"] == 'μ, "one"'
    assert json.loads(found[0]["parts"]) == ["a", "b"]
    assert found[1]["name"] == ""
    assert "\r" not in ask(held, "FROM marts.numbers")


def test_a_table_shows_a_dot_for_what_is_not_known(held, capsys):
    query.run(held, "SELECT n, name FROM marts.numbers WHERE n = 2", "table", io.StringIO())
    assert "│     2 │ .       │" in capsys.readouterr().out


def test_no_rows_are_no_error(held, capsys):
    sql = "SELECT n FROM marts.numbers WHERE n > 5"
    assert ask(held, sql) == "n\n"
    assert json.loads(ask(held, sql, "json")) == []
    query.run(held, sql, "table", io.StringIO())
    assert "n" in capsys.readouterr().out


def test_of_several_statements_the_last_one_answers(held):
    assert ask(held, "CREATE TEMP TABLE t AS SELECT 7 AS x; FROM t") == "x\n7\n"


@pytest.mark.parametrize("form", query.FORMATS)
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nmae FROM marts.numbers", "name"),
        ("SELEC 1", "syntax error"),
        ("FROM marts.nothing", "name nothing does not exist"),
        ("SELECT 'a'::INTEGER FROM marts.numbers", "Could not convert"),
        ("", "no statement"),
    ],
    ids=["column", "syntax", "table", "value", "empty"],
)
def test_wrong_sql_is_told_in_duckdbs_words_with_the_next_step(form, sql, words, held, capsys):
    with pytest.raises(ConfigurationError, match=words) as caught:
        query.run(held, sql, form, io.StringIO())
    assert caught.value.exit_code == 2
    assert "SHOW ALL TABLES" in caught.value.next_step
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{out}'",
        "COPY marts.numbers TO '{out}' (FORMAT parquet)",
        "ATTACH '{out}'",
        "ATTACH '{secret}' AS other",
        "EXPORT DATABASE '{out}'",
        "CREATE TABLE marts.x (a INTEGER)",
        "CREATE VIEW marts.x AS SELECT 1",
        "DELETE FROM marts.numbers",
        "UPDATE marts.numbers SET n = 0",
        "DROP TABLE marts.numbers",
        "SET enable_external_access = true; COPY (SELECT 1) TO '{out}'",
        "RESET enable_external_access; COPY (SELECT 1) TO '{out}'",
        "FROM read_text('{secret}')",
        "FROM '{secret}'",
        "FROM glob('{secret}*')",
        "INSTALL httpfs",
        "LOAD '{secret}'",
    ],
)
def test_a_query_reads_the_set_and_nothing_else(sql, held, tmp_path):
    out, secret = tmp_path / "out", tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    before = (held.latest / "ketum.duckdb").read_bytes()
    with pytest.raises(ConfigurationError):
        ask(held, sql.format(out=out, secret=secret))
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert (held.latest / "ketum.duckdb").read_bytes() == before
    assert [p.name for p in (held.latest.resolve()).iterdir()] == ["ketum.duckdb"]


def test_tsv_has_tabs_and_quotes_what_needs_it(held):
    assert ask(held, "SELECT 1 AS a, 'x\ty' AS b", "tsv") == 'a\tb\n1\t"x\ty"\n'


@pytest.mark.parametrize("end", ["", ";", "; -- done", " /* a; b */ ; -- c; d", ";\n-- the end\n"])
@pytest.mark.parametrize("form", query.FORMATS)
def test_a_remark_after_the_last_semicolon_is_no_error(form, end, held, capsys):
    out = io.StringIO()
    query.run(held, f"SELECT ';--' AS x{end}", form, out)
    assert ";--" in out.getvalue() + capsys.readouterr().out


def test_parquet_keeps_types(held, tmp_path):
    target = tmp_path / "numbers.parquet"
    query.to_parquet(held, "CREATE TEMP TABLE t AS FROM marts.numbers; FROM t ORDER BY n;", target)
    with duckdb.connect() as con:
        found = con.sql(f"FROM '{target}'")
        assert [str(t) for t in found.types][:4] == ["INTEGER", "VARCHAR", "DATE", "DECIMAL(3,2)"]
        assert (
            found.fetchall()
            == duckdb.connect(str((held.latest / "ketum.duckdb").resolve()), read_only=True)
            .sql("FROM marts.numbers ORDER BY n")
            .fetchall()
        )
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.parquet"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1",
        "SELECT 'a'::INTEGER FROM marts.numbers",
        "COPY (SELECT 1) TO '{other}'; SELECT 1",
        "FROM read_text('{secret}')",
    ],
)
def test_a_failed_parquet_leaves_the_file_that_was_there(sql, held, tmp_path):
    target, secret = tmp_path / "kept.parquet", tmp_path / "secret"
    target.write_text("before")
    secret.write_text("x")
    with pytest.raises(ConfigurationError):
        query.to_parquet(held, sql.format(other=tmp_path / "other", secret=secret), target)
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.parquet", "secret"]


def test_a_plan_is_told_and_nothing_is_read(held):
    out = io.StringIO()
    query.plan(held, "SELECT error('read') FROM marts.numbers; -- last", out)
    assert "numbers" in out.getvalue()


def test_nothing_published_names_the_next_step(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="ketum update") as caught:
        ask(Settings(data=tmp_path), "SELECT 1")
    assert caught.value.exit_code == 2
