"""Records of a published set by what a person has at hand: a PMID, a DOI, words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.identifiers import same_doi

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
        words: `*` behind the beginning of a word stands for its ends.

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
        ConfigurationError: no record held is meant, or several may be.
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
