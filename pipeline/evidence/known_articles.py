"""Articles that a good search must find: known_articles.csv, and which of them it found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.csv_rows import Row, read_rows, refusal
from pipeline.errors import ConfigurationError
from pipeline.identifiers import normal_doi

_NEEDED = ("pmid", "doi", "title")


@dataclass(frozen=True)
class KnownArticle:
    """One row: PMID or DOI, or both."""

    line: int
    pmid: int | None
    doi: str | None
    title: str | None


def load_known_articles(path: Path, *, is_strict: bool = True) -> tuple[KnownArticle, ...]:
    """Read known_articles.csv.

    Args:
        path: the reference file.
        is_strict: refuse a row without a number or with that of another; else such a row is
            an article that is not found, as in the committed run that had it.

    Raises:
        ConfigurationError: naming the line: a row without PMID and DOI, with something else in
            their place, with the number of an earlier row, or one that cannot be read.
    """
    known: list[KnownArticle] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in read_rows(file, str(path), _NEEDED):
                known.append(_article(row))
                if is_strict:
                    _check(path, row, known[-1])
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} is not UTF-8: {error}.",
            effect="Nothing changed.",
            next_step="save it as UTF-8 and run again.",
        ) from None
    seen: dict[int | str, int] = {}
    for one in known if is_strict else ():
        number = one.pmid or (one.doi or "").lower()
        if number in seen:
            raise refusal(str(path), one.line, f"{number} stands in line {seen[number]} already")
        seen[number] = one.line
    return tuple(known)


def _article(row: Row) -> KnownArticle:
    pmid = row.get("pmid") or ""
    is_pmid = re.fullmatch(r"[1-9]\d{0,8}", pmid, re.ASCII)
    doi = normal_doi(row.get("doi"))
    return KnownArticle(row.line, int(pmid) if is_pmid else None, doi, row.get("title"))


def _check(path: Path, row: Row, read: KnownArticle) -> None:
    pmid, doi = row.get("pmid"), row.get("doi")
    if pmid and not read.pmid:
        raise refusal(str(path), row.line, f"{pmid!r} is no PMID")
    if doi and not read.doi:
        raise refusal(str(path), row.line, f"{doi!r} is no DOI")
    if not pmid and not doi:
        raise refusal(str(path), row.line, "the article has neither PMID nor DOI")


def note_known_articles(con: duckdb.DuckDBPyConnection, known: Sequence[KnownArticle]) -> None:
    """Put the known articles into ops.known_articles, and say which of them are held."""
    con.execute("DELETE FROM ops.known_articles")
    con.execute(
        """
        INSERT INTO ops.known_articles
        SELECT k.position, k.pmid, k.doi, k.title, EXISTS (
            SELECT 1 FROM core.articles AS a
            WHERE a.pmid = k.pmid OR (k.pmid IS NULL AND lower(a.doi) = lower(k.doi))
        ), FALSE, FALSE
        FROM (
            SELECT unnest(?::INTEGER[]) AS position, unnest(?::INTEGER[]) AS pmid,
                unnest(?::VARCHAR[]) AS doi, unnest(?::VARCHAR[]) AS title
        ) AS k
        ORDER BY k.position
        """,
        [
            list(range(1, len(known) + 1)),
            [one.pmid for one in known],
            [one.doi for one in known],
            [one.title for one in known],
        ],
    )


def note_known_members(con: duckdb.DuckDBPyConnection) -> None:
    """Say which known articles the focus search has, and which only a list put there."""
    con.execute(
        """
        UPDATE ops.known_articles AS k
        SET is_member = TRUE, is_only_listed = h.matched_by IN ('local', 'listed')
        FROM core.articles AS a, ops.search_hits AS h, evidence.searches AS s
        WHERE (a.pmid = k.pmid OR (k.pmid IS NULL AND lower(a.doi) = lower(k.doi)))
            AND h.pmid = a.pmid AND h.search = s.search AND s.is_focus AND h.left_at IS NULL
        """
    )
