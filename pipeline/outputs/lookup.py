"""Look up what a published set holds: relations and columns by name, records by words."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.identifiers import same_doi

# -- Relations and columns with their meaning, and the nearest name
#
# Meanings are the comments of `sql/`, which stand in the file itself and in the data dictionary.

SCHEMAS = {
    "marts": "summary tables and lists, rebuilt in every run",
    "evidence": "what ketum judges, with its proofs",
    "core": "PubMed's records, as PubMed has them",
    "ops": "runs, searches, memberships, changes, what could not be read",
}
"""In the order in which a reader needs them."""

_RELATIONS = """
    WITH found AS (
        SELECT schema_name AS schema, table_name AS name, 'table' AS kind, comment,
            estimated_size AS rows
        FROM duckdb_tables()
        UNION ALL
        SELECT schema_name, view_name, 'view', comment, NULL FROM duckdb_views() WHERE NOT internal
        UNION ALL
        SELECT schema_name, function_name || '(' || array_to_string(parameters, ', ') || ')',
            'macro', comment, NULL
        FROM duckdb_functions() WHERE function_type = 'table_macro' AND NOT internal
    )
    SELECT schema || '.' || name, kind, coalesce(comment, ''), rows FROM found
    WHERE list_contains($schemas, schema) ORDER BY list_position($schemas, schema), name
"""

_NO_RELATION = re.compile(r"Table(?: Function)? with name \"?([\w.]+)\"? does not exist")
_NO_COLUMN = re.compile(
    r"Referenced column \"([^\"]+)\" not found|does not have a column named \"([^\"]+)\""
)
_SHOWN = 3


@dataclass(frozen=True)
class Relation:
    """A table, view or table macro.

    Attributes:
        name: with its schema; a macro's with its parameters.
        rows: how many a table has; None for views and macros, which are made when asked.
    """

    name: str
    kind: str
    meaning: str
    rows: int | None

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def bare(self) -> str:
        """Its name without schema and parameters."""
        return self.name.partition(".")[2].partition("(")[0]


@dataclass(frozen=True)
class Column:
    """A column of a table or view."""

    name: str
    type: str
    meaning: str


def relations(con: duckdb.DuckDBPyConnection) -> list[Relation]:
    """Everything one can ask, in the order in which a reader needs it."""
    rows = con.execute(_RELATIONS, {"schemas": list(SCHEMAS)}).fetchall()
    return [Relation(*row) for row in rows]


def relation(con: duckdb.DuckDBPyConnection, name: str) -> Relation:
    """The relation of that name; without a schema, the first that readers need.

    Raises:
        ConfigurationError: no relation has this name.
    """
    every = relations(con)
    wanted = name.casefold()
    for one in every:
        if wanted in (one.name.partition("(")[0], one.bare):
            return one
    near = ", ".join(f"`{close}`" for close in nearest(name, every))
    raise ConfigurationError(
        f"There is no table {name!r}.",
        effect="Nothing was read.",
        next_step=f"did you mean {near}? `ketum tables all` lists all of them."
        if near
        else "`ketum tables all` lists what there is.",
    )


def columns(con: duckdb.DuckDBPyConnection, of: Relation) -> list[Column]:
    """The columns of a relation in their order; a macro's are those of its answer, unexplained."""
    if of.kind == "macro":
        empty = "NULL" + ", NULL" * of.name.count(",")
        answer = con.sql(f"FROM {of.name.partition('(')[0]}({empty}) LIMIT 0")
        return [
            Column(name, str(kind), "")
            for name, kind in zip(answer.columns, answer.types, strict=True)
        ]
    rows = con.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE schema_name || '.' || table_name = ? ORDER BY column_index",
        [of.name],
    ).fetchall()
    return [Column(*row) for row in rows]


def nearest(name: str, every: list[Relation]) -> list[str]:
    """Names of relations most like one that is not there, best first."""
    bare = name.casefold().rpartition(".")[2]
    same = [one.name for one in every if one.bare == bare]
    if same:
        return same[:_SHOWN]
    close = difflib.get_close_matches(bare, dict.fromkeys(one.bare for one in every), _SHOWN)
    return [one.name for word in close for one in every if one.bare == word][:_SHOWN]


def hint(con: duckdb.DuckDBPyConnection, words: str, sql: str) -> str | None:
    """What a statement may have meant that names a missing table or column.

    None if that is not the mistake.

    Args:
        con: the set that was asked.
        words: what DuckDB says of the mistake.
        sql: the statement.
    """
    if found := _NO_RELATION.search(words):
        near = nearest(found[1], relations(con))
        if not near:
            return "`ketum tables all` lists what there is."
        return (
            f"did you mean {' or '.join(f'`{name}`' for name in near)}? "
            f"`ketum schema {near[0].partition('(')[0]}` shows its columns."
        )
    if found := _NO_COLUMN.search(words):
        return _column_hint(con, found[1] or found[2], sql)
    return None


def _column_hint(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> str:
    """Which tables have a column of that name, or the name most like it."""
    every = relations(con)
    asked = [
        one
        for one in every
        if one.kind != "macro" and re.search(rf"\b{re.escape(one.name)}\b", sql, re.IGNORECASE)
    ]
    held = {one.name: [column.name for column in columns(con, one)] for one in asked}
    for table, names in held.items():
        if close := difflib.get_close_matches(name.casefold(), names, 1):
            return f"did you mean `{close[0]}`? `ketum schema {table}` lists its columns."
    rows = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_columns() "
        "WHERE column_name = ? AND list_contains(?, schema_name) "
        "ORDER BY list_position(?, schema_name), table_name",
        [name.casefold(), list(SCHEMAS), list(SCHEMAS)],
    ).fetchall()
    if rows:
        places = ", ".join(f"`{table}`" for (table,) in rows[:_SHOWN])
        return f"a column `{name.casefold()}` is in {places}."
    if asked:
        return f"`ketum schema {asked[0].name}` lists its columns."
    return "`ketum schema TABLE` lists the columns of a table."


# -- Records of a published set by what a person knows of them: a PMID, a DOI, words

_PMID = re.compile(r"(?:pmid\s*:?\s*)?(-?\d{1,9})", re.IGNORECASE)
_LISTED = 8

_RECORDS = """
    SELECT c.pmid, y.year, t.label AS study_type, coalesce(g.is_retracted, FALSE) AS is_retracted,
        m.pmid IS NOT NULL AS is_member, c.title
    FROM core.article_citations AS c
    JOIN core.article_years AS y USING (pmid)
    LEFT JOIN marts.articles AS m USING (pmid)
    LEFT JOIN evidence.article_study_types AS s ON c.pmid = s.pmid AND s.is_primary
    LEFT JOIN evidence.study_types AS t ON s.study_type = t.study_type
    LEFT JOIN evidence.article_flags AS g ON c.pmid = g.pmid
"""
# words as core.article_words and core.find_articles have them
_FOLDED = "replace(lower(strip_accents($words)), chr(181), chr(956))"
_FOUND = f"""
    WITH found AS (FROM core.find_articles($words))
    SELECT r.*, f.word_count, f.fields
    FROM ({_RECORDS}) AS r JOIN found AS f USING (pmid)
    ORDER BY f.word_count DESC, f.score DESC, r.pmid DESC
"""  # noqa: S608 -- put together from the texts above
_ASKED = rf"SELECT len(list_distinct(regexp_extract_all({_FOLDED}, '[\pL\pN]+\*?')))"
_TITLED = rf"""
    WITH asked AS (SELECT DISTINCT unnest(regexp_extract_all({_FOLDED}, '[\pL\pN]+')) AS word),
    titled AS (
        SELECT w.pmid FROM core.article_words AS w JOIN asked AS a ON w.word = a.word
        WHERE w.field = 'title'
        GROUP BY w.pmid HAVING count(*) = (SELECT count(*) FROM asked)
    )
    SELECT r.*, (SELECT count(*) FROM asked) AS asked,
        (SELECT count(*) FROM core.article_words AS w WHERE w.pmid = r.pmid AND w.field = 'title')
    FROM ({_RECORDS}) AS r JOIN titled USING (pmid) ORDER BY r.pmid DESC
"""  # noqa: S608 -- put together from the texts above


@dataclass(frozen=True)
class Held:
    """A record that is held.

    Attributes:
        study_type: its primary type for readers.
        is_member: whether a search finds it now.
    """

    pmid: int
    year: int | None
    study_type: str | None
    is_retracted: bool
    is_member: bool
    title: str | None

    def line(self) -> str:
        """PMID, year, study type and title, and what a reader must not miss."""
        marks = ["[RETRACTED]"] if self.is_retracted else []
        marks += [] if self.is_member else ["[no search finds it now]"]
        title = " ".join([*marks, self.title or "no title"])
        year, kind = str(self.year or "undated"), self.study_type or "not judged"
        return f"{self.pmid:>9}  {year}  {kind}  {title}"


@dataclass(frozen=True)
class Found:
    """What words were found in.

    Attributes:
        asked: how many different words were asked for.
        records: best first, each with how many of the words it has and in which fields.
        held: how many records were looked at.
    """

    asked: int
    records: list[tuple[Held, int, list[str]]]
    held: int

    @property
    def whole(self) -> list[tuple[Held, int, list[str]]]:
        """Those that have all of the words."""
        return [record for record in self.records if record[1] == self.asked]


def search(con: duckdb.DuckDBPyConnection, words: str) -> Found:
    """The records whose title, abstract, headings or keywords have any of some words.

    A PMID among the words finds its record too.

    Args:
        con: a published set.
        words: `*` after the beginning of a word finds every ending.

    Raises:
        ConfigurationError: there is no word in it.
    """
    (asked,) = con.execute(_ASKED, {"words": words}).fetchall()[0]
    if not asked:
        raise ConfigurationError(
            f"{words!r} has no word to look for.",
            effect="Nothing was read.",
            next_step="give words of letters or digits, as in `ketum search withdrawal mice`.",
        )
    pmids = [int(word) for word in words.split() if word.isascii() and word.isdigit()]
    numbered = con.execute(f"{_RECORDS} WHERE c.pmid IN (SELECT unnest(?::BIGINT[]))", [pmids])
    records = [(Held(*row), asked, ["pmid"]) for row in numbered.fetchall()]
    known = {record.pmid for record, _, _ in records}
    found = con.execute(_FOUND, {"words": words}).fetchall()
    records += [(Held(*row[:6]), row[6], row[7]) for row in found if row[0] not in known]
    (held,) = con.execute("SELECT count(*) FROM core.articles").fetchall()[0]
    return Found(asked, records, held)


def identify(con: duckdb.DuckDBPyConnection, text: str) -> int:
    """The PMID of the record that a person means.

    Args:
        con: a published set.
        text: a PMID, a DOI in any form, or words of a title.

    Raises:
        ConfigurationError: no record that is held fits, or several do.
    """
    if found := _PMID.fullmatch(text.strip()):
        return int(found[1])
    if doi := same_doi(text):
        return _by_doi(con, doi)
    rows = con.execute(_TITLED, {"words": text}).fetchall()
    titled = [(Held(*row[:6]), row[6] == row[7]) for row in rows]
    same = [record for record, is_whole in titled if is_whole] or [record for record, _ in titled]
    if len(same) == 1:
        return same[0].pmid
    if not same:
        raise ConfigurationError(
            f"No record held has all words of {text!r} in its title.",
            effect="There is nothing to explain.",
            next_step="`ketum search WORDS` looks in abstracts, headings and keywords too.",
        )
    listed = "".join(f"\n{record.line()}" for record in same[:_LISTED])
    more = f"\nand {len(same) - _LISTED} more" if len(same) > _LISTED else ""
    raise ConfigurationError(
        f"{len(same)} records have these words in their title:{listed}{more}\n",
        next_step="give the PMID, or more words.",
    )


def _by_doi(con: duckdb.DuckDBPyConnection, doi: str) -> int:
    """The record of a DOI in the form in which DOIs are compared."""
    rows = con.execute(
        "SELECT pmid, doi FROM core.articles WHERE doi IS NOT NULL ORDER BY pmid DESC"
    ).fetchall()
    for pmid, held in rows:
        if same_doi(held) == doi:
            return int(pmid)
    raise ConfigurationError(
        f"No record held has the DOI {doi}.",
        effect="There is nothing to explain.",
        next_step="`ketum search` finds records by words of their title.",
    )


def next_pmid(con: duckdb.DuckDBPyConnection, overrides: Path) -> int | None:
    """The first record of the review queue whose type overrides.toml says nothing about.

    Args:
        con: a published database.
        overrides: the file as it is now, so that walking on needs no run in between.
    """
    from pipeline.rules.file import RuleFile  # here, since a search reads no rules

    decided = [
        table.get("pmid")
        for table in RuleFile(overrides).tables("override")
        if table.get("field", "study_type") == "study_type"
    ]
    row = con.execute(
        "SELECT pmid FROM marts.review_queue WHERE NOT list_contains(?::INTEGER[], pmid) "
        "ORDER BY queue_no LIMIT 1",
        [decided],
    ).fetchone()
    return int(row[0]) if row else None
