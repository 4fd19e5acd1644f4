"""Ad-hoc SQL: the shapes of its answers, and that it can only read."""

from __future__ import annotations

import csv
import io
import json
import re
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


def test_a_table_shows_a_dot_for_what_is_not_known(held):
    sql = "SELECT n, name FROM marts.numbers WHERE n = 2"
    assert "│     2 │ .       │" in ask(held, sql, "table")


def test_no_rows_are_no_error(held):
    sql = "SELECT n FROM marts.numbers WHERE n > 5"
    assert ask(held, sql) == "n\n"
    assert json.loads(ask(held, sql, "json")) == []
    assert "0 rows" in ask(held, sql, "table")


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
def test_wrong_sql_is_told_in_duckdbs_words_with_the_next_step(form, sql, words, held):
    with pytest.raises(ConfigurationError, match=words) as caught:
        query.run(held, sql, form, io.StringIO())
    assert caught.value.exit_code == 2
    assert re.search("ketum (tables|schema)", caught.value.next_step)
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
        "ATTACH '{out}'; SELECT 1",
        "PRAGMA enable_profiling='json'; SET profiling_output='{out}'; SELECT 1",
        "CALL enable_logging(storage='file', storage_config={{'path': '{out}'}}); SELECT 1",
        "SET temp_directory = '{out}'; SELECT 1",
        "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b'); SELECT 1",
        "RESET lock_configuration; SELECT 1",
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
def test_a_remark_after_the_last_semicolon_is_no_error(form, end, held):
    assert ";--" in ask(held, f"SELECT ';--' AS x{end}", form)


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


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM marts.numbers", "CREATE TEMP TABLE"),
        ("FROM read_text('/etc/hostname')", "any DuckDB client"),
        ("SET threads = 1; SELECT 1", "settings are fixed"),
    ],
)
def test_what_is_refused_says_what_helps(sql, words, held):
    with pytest.raises(ConfigurationError) as caught:
        ask(held, sql)
    assert words in caught.value.next_step


@pytest.mark.parametrize("form", query.FORMATS)
@pytest.mark.parametrize("sql", ["SET VARIABLE a = 1", "SELECT 1; BEGIN", "PREPARE p AS SELECT 1"])
def test_a_statement_without_rows_is_refused(form, sql, held):
    with pytest.raises(ConfigurationError, match="gives no rows"):
        ask(held, sql, form)


def test_a_result_that_is_larger_than_memory_never_spills_into_the_set(held, tmp_path, monkeypatch):
    monkeypatch.setattr(query.tempfile, "gettempdir", lambda: str(tmp_path))
    with query.open_published(held) as con:
        (place,) = con.execute("SELECT current_setting('temp_directory')").fetchone() or ("",)
    assert Path(place).parent == tmp_path


def test_a_set_of_another_version_says_what_to_do(held):
    with (
        pytest.raises(ConfigurationError, match=r"another version of ketum.*`ketum update`"),
        query.open_published(held) as con,
    ):
        con.execute("FROM evidence.of_a_later_version")


# -- text that is not ASCII


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 'é' AS x", "é"),
        ("SELECT 'éééé' AS x; -- ü;", "éééé"),
        ("SELECT 'a' AS x; SELECT '\U0001f33f' AS x;", "\U0001f33f"),
        # the semicolon in the remark was taken for the end, and with it went the condition
        ("SELECT 'ööööööö' AS x FROM range(2) WHERE range = 0 /* ü;ü */ AND true ;", "ööööööö"),
        ("SELECT 'μ-Rezeptor α2' AS x WHERE 'μ-Rezeptor α2' LIKE '%α%';", "μ-Rezeptor α2"),
        ("/* ä */ SELECT 'β;γ' AS x;\n-- δ", "β;γ"),
    ],
)
@pytest.mark.parametrize("form", query.FORMATS)
def test_statements_are_cut_where_they_end(form, sql, expected, held):
    told = ask(held, sql, form)
    assert told.count(expected) == 1
    if form == "csv":
        assert told == f"x\n{expected}\n"


def encoded(settings: Settings, sql: str, form: str, encoding: str) -> str:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace")
    query.run(settings, sql, form, out)
    out.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_is_whole_in_every_encoding(encoding, held):
    sql = "SELECT 'é α \U0001f33f' AS \"größe\", ['α'] AS parts"
    told = json.loads(encoded(held, sql, "json", encoding))
    assert told == [{"größe": "é α \U0001f33f", "parts": ["α"]}]


def test_a_table_is_drawn_in_ascii_where_there_is_no_more(held):
    told = encoded(held, "SELECT 'α' AS x", "table", "ascii")
    assert "|    x    |" in told and "\\u03b1" in told and "\\u2502" not in told
    assert encoded(held, "SELECT 'α' AS x", "csv", "ascii") == "x\n\\u03b1\n"


# -- values that Python or JSON has no word for

ODD = {
    "INTERVAL '1 month'": "1 month",
    "INTERVAL '-1 second'": "-00:00:01",
    "DATE 'infinity'": "infinity",
    "DATE '0044-03-15 (BC)'": "0044-03-15 (BC)",
    "TIMESTAMP_NS '2020-01-01 00:00:00.123456789'": "2020-01-01 00:00:00.123456789",
    "TIME '24:00:00'": "24:00:00",
    "'\\x00A\\xFF'::BLOB": "\\x00A\\xFF",
    "'nan'::DOUBLE": "nan",
    "'-inf'::FLOAT": "-inf",
    "0.1::FLOAT": "0.1",
    "1.10::DECIMAL(38,2)": "1.10",
    "12345678901234567890.123456789::DECIMAL(38,9)": "12345678901234567890.123456789",
    "170141183460469231731687303715884105727::HUGEINT": "170141183460469231731687303715884105727",
    "-1": "-1",
    "true": "true",
}


def test_odd_values_are_duckdbs_text(held):
    sql = f"SELECT {', '.join(f'{value} AS v{n}' for n, value in enumerate(ODD))}"
    (told,) = csv.DictReader(io.StringIO(ask(held, sql)))
    assert dict(zip(ODD, told.values(), strict=True)) == ODD
    in_json = {"nan": "NaN", "-inf": "-Infinity", "true": True}
    wanted = {value: in_json.get(text, text) for value, text in ODD.items()}
    wanted |= {value: ODD[value].replace(" ", "T") for value in ODD if "TIMESTAMP" in value}
    (told,) = json.loads(ask(held, sql, "json"), parse_float=str, parse_int=str)
    assert dict(zip(ODD, told.values(), strict=True)) == wanted


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_json_has_no_nan_however_deep(held):
    sql = "SELECT {'a': ['nan'::DOUBLE, '-inf'::DOUBLE, 1.5], 'b': 'NaN, \"Infinity\" \\'} AS s"
    told = json.loads(ask(held, sql, "json"), parse_constant=refuse)
    assert told == [{"s": {"a": ["NaN", "-Infinity", 1.5], "b": 'NaN, "Infinity" \\'}}]
    (row,) = csv.DictReader(io.StringIO(ask(held, sql)))
    assert json.loads(row["s"], parse_constant=refuse) == told[0]["s"]


def test_nested_values_are_json_in_json_and_csv(held):
    sql = """SELECT MAP {1: 'a'} AS m, MAP {[1]: DATE '2020-01-02'} AS k, row(1, 'x') AS r,
        union_value(a := 3) AS u, [INTERVAL '1 month'] AS i, {'a': {'b': NULL}} AS s"""
    (told,) = json.loads(ask(held, sql, "json"))
    assert told == {
        "m": {"1": "a"}, "k": {"[1]": "2020-01-02"}, "r": [1, "x"], "u": {"a": 3},
        "i": ["1 month"], "s": {"a": {"b": None}},
    }  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(ask(held, sql)))
    assert {name: json.loads(value) for name, value in row.items()} == told


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_equal_names_of_columns_are_told_apart(form, held, tmp_path):
    sql = 'SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS "A", 5 AS b'
    if form == "parquet":
        query.to_parquet(held, sql, tmp_path / "x.parquet")
        with duckdb.connect() as con:
            found = con.sql(f"FROM '{tmp_path / 'x.parquet'}'")
            row = dict(zip(found.columns, found.fetchall()[0], strict=True))
    else:
        told = ask(held, sql, form)
        (row,) = json.loads(told) if form == "json" else csv.DictReader(io.StringIO(told))
    assert [int(value) for value in row.values()] == [1, 2, 3, 4, 5]
    assert list(row)[:2] == ["a", "a_1"] and list(row)[-1] == "b"


def test_a_table_keeps_equal_names(held):
    assert "│   a   │   a   │" in ask(held, "SELECT 1 AS a, 2 AS a", "table")


@pytest.mark.parametrize(
    "sql", ["PRAGMA database_size", "SHOW ALL TABLES", "DESCRIBE marts.numbers", "EXPLAIN SELECT 1"]
)
@pytest.mark.parametrize("form", query.FORMATS)
def test_statements_that_are_no_select_have_rows_too(form, sql, held):
    assert len(ask(held, sql, form)) > 20


def test_a_pivot_keeps_its_values(held):
    sql = "PIVOT (SELECT 1 AS n, 'x' AS k, INTERVAL '1 month' AS i) ON k USING first(i)"
    assert ask(held, sql) == "n,x\n1,1 month\n"


# -- text of others

HOSTILE = "chr(27) || '[31m' || chr(8238) || 'x' || chr(155)"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("form", query.FORMATS)
def test_a_terminal_obeys_no_value(form, held):
    out = Terminal()
    query.run(held, f"SELECT {HOSTILE} AS v, [{HOSTILE}] AS parts", form, out)
    assert not set(out.getvalue()) & {"\x1b", "\u202e", "\x9b"}
    assert "x" in out.getvalue()


def test_a_file_gets_the_text_as_it_is(held):
    assert ask(held, f"SELECT {HOSTILE} AS v") == "v\n\x1b[31m\u202ex\x9b\n"
    assert json.loads(ask(held, f"SELECT {HOSTILE} AS v", "json")) == [{"v": "\x1b[31m\u202ex\x9b"}]


def test_csv_runs_no_formula_and_leaves_numbers_alone(held):
    told = ask(held, "SELECT '=1+1' AS f, -1 AS n, ['=2'] AS parts")
    assert list(csv.reader(io.StringIO(told)))[1] == ["'=1+1", "-1", '["=2"]']


def test_a_line_break_of_any_kind_stays_in_its_cell(held):
    told = ask(held, "SELECT 'a' || chr(13) || 'b' || chr(10) || 'c' AS v, 1 AS n")
    assert list(csv.reader(io.StringIO(told, newline=""))) == [["v", "n"], ["a\rb\nc", "1"]]


# -- many rows


@pytest.mark.parametrize("form", ["csv", "tsv", "json"])
def test_rows_are_written_as_they_come(form, held):
    """Of an answer that fails at its end the beginning is there: it was not held back."""
    out = io.StringIO()
    late = "CASE WHEN range = 19_999 THEN error('late') ELSE repeat('x', 1_000) END"
    with pytest.raises(ConfigurationError, match="late") as caught:
        query.run(held, f"SELECT {late} AS v FROM range(20_000)", form, out)
    assert "only the part of it above" in caught.value.effect
    assert out.getvalue().count("x" * 1_000) > 2_000


def test_a_table_says_where_it_stops(held):
    told = ask(held, "FROM range(10_001)", "table")
    assert "none after the first 10,000 is shown" in told
    assert told.count("│\n") >= 10_000
    assert "none after" not in ask(held, "FROM range(9_999)", "table")


def test_nothing_published_names_the_next_step(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="ketum update") as caught:
        ask(Settings(data=tmp_path), "SELECT 1")
    assert caught.value.exit_code == 2
