"""CSV files that people keep: what they read out of records, and articles a search must find.

claim_evidence.csv has the readings, known_articles.csv the articles.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.identifiers import normal_doi
from pipeline.pubmed.parsing.citation_list import Row, read_rows, refusal
from pipeline.warehouse.database import append

# -- Readings (claim_evidence.csv), and the check that their quotes stand
#
# A quote must be found in the stored title or abstract; white space, case and punctuation do not
# matter, and `...` leaves words out. A quote that is gone because its record changed, or one of a
# record retracted after the reading, is marked stale; one that never stood is refused.
#
# One file serves warehouses of all origins, so a reading may be of a record that is not held here.
# It is marked so, its quote unchecked, where it can be so: the warehouse holds files or the
# demonstration (no complete search), or had the record once, or the article is in
# known_articles.csv. A PMID that none of these explains is unknown, and refused.

COLUMNS = (
    "claim", "pmid", "direction", "directness", "population", "sample_size", "quote", "section",
    "note", "who", "when",
)  # fmt: skip
DIRECTIONS = ("supports", "partly", "against", "unclear")
DIRECTNESS = ("same population and product", "other population", "other product", "animal", "cells")
SECTIONS = ("title", "abstract")
TEXT_CHANGED = "text changed"
RETRACTED = "retracted"
NOT_HELD = "not held"
"""The record is not in this warehouse: the quote is as the reader wrote it, unchecked."""
QUOTED_WORDS = 25
"""A quote of the article, or of a record, has at most this many words."""
_LIVE_ORIGIN = "pubmed"


@dataclass(frozen=True)
class Reading:
    """One row: what a person read in a record about a claim."""

    line: int
    claim: str
    pmid: int
    direction: str
    directness: str
    population: str | None
    sample_size: int | None
    quote: str
    section: str
    note: str | None
    who: str
    when: date


def load_readings(path: Path, claims: Sequence[str]) -> tuple[Reading, ...]:
    """Read claim_evidence.csv; texts of articles are checked by `stale_reasons`.

    Raises:
        ConfigurationError: naming the line: a column, a claim, a value, a date, a quote that is
            too long, a pair of claim and PMID that is there twice.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, strict=True)
        try:
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise refused_readings(path, 1, f"the columns must be {','.join(COLUMNS)}")
            readings = [_reading(path, rows.line_num, row, claims) for row in rows]
        except (csv.Error, UnicodeDecodeError) as error:
            raise refused_readings(path, rows.line_num, f"it cannot be read: {error}") from error
    seen: dict[tuple[str, int], int] = {}
    for one in readings:
        if first := seen.get((one.claim, one.pmid)):
            raise refused_readings(
                path, one.line, f"{one.claim} and PMID {one.pmid} stand in line {first} already"
            )
        seen[one.claim, one.pmid] = one.line
    return tuple(readings)


def stale_reasons(
    con: duckdb.DuckDBPyConnection, readings: Sequence[Reading], path: Path
) -> list[str | None]:
    """Check each quote against the stored texts; why it is stale, or None while it holds.

    Args:
        con: a warehouse or published set, judged: core, evidence.article_flags and ops are read.
        readings: the rows.
        path: their file, for the message; known_articles.csv is beside it.

    Raises:
        ConfigurationError: an unknown PMID, or words that never stood there.
    """
    return [_stale_reason(con, one, path) for one in readings]


def _stale_reason(con: duckdb.DuckDBPyConnection, one: Reading, path: Path) -> str | None:
    held = con.execute(
        """
        SELECT a.title, a.changed_at::DATE >= ? AND a.changed_at > a.first_seen_at, f.is_retracted,
            (SELECT string_agg(s.text, ' ' ORDER BY s.section_no)
                FROM core.abstract_sections AS s WHERE s.pmid = a.pmid)
        FROM core.articles AS a
        LEFT JOIN evidence.article_flags AS f ON a.pmid = f.pmid
        WHERE a.pmid = ?
        """,
        [one.when, one.pmid],
    ).fetchone()
    if held is None:
        if _may_be_elsewhere(con, one.pmid, path.with_name("known_articles.csv")):
            return NOT_HELD
        raise refused_readings(
            path,
            one.line,
            f"PMID {one.pmid} is unknown: not held, never was, and not in known_articles.csv",
        )
    title, has_changed, is_retracted, abstract = held
    if not stands(one.quote, (title if one.section == "title" else abstract) or ""):
        if not has_changed:
            raise refused_readings(
                path, one.line, f"the quote is not in the {one.section} of PMID {one.pmid}"
            )
        return TEXT_CHANGED
    return RETRACTED if is_retracted else None


def _may_be_elsewhere(con: duckdb.DuckDBPyConnection, pmid: int, known_articles: Path) -> bool:
    """Whether there is a reason that a record is not held: see the head of this module."""
    given = con.execute(
        """
        SELECT (SELECT origin FROM ops.warehouse) IS DISTINCT FROM ?
            OR EXISTS (SELECT 1 FROM ops.search_hits AS h WHERE h.pmid = ?)
        """,
        [_LIVE_ORIGIN, pmid],
    ).fetchone()
    if given and given[0]:
        return True
    with known_articles.open(encoding="utf-8", newline="") as file:
        return any(row["pmid"] == str(pmid) for row in csv.DictReader(file))


def write_readings(con: duckdb.DuckDBPyConnection, readings: Sequence[Reading], path: Path) -> None:
    """Fill evidence.claim_evidence, each quote checked against what is stored.

    Raises:
        ConfigurationError: an unknown PMID, or a quote that never stood there.
    """
    con.execute("DELETE FROM evidence.claim_evidence")
    rows: list[tuple[Any, ...]] = [
        (
            one.claim, one.pmid, one.direction, one.directness, one.population, one.sample_size,
            one.quote, one.section, one.note, one.who, one.when, stale,
        )
        for one, stale in zip(readings, stale_reasons(con, readings, path), strict=True)
    ]  # fmt: skip
    append(con, "evidence.claim_evidence", sorted(rows, key=lambda row: (row[0], row[1])))


def stands(quote: str, text: str) -> bool:
    """Whether all parts of a quote (between `...`) stand in a text, in their order."""
    place, folded = 0, f" {_folded(text)} "
    parts = [_folded(part) for part in re.split(r"\.\.\.|\u2026", quote)]
    for part in filter(None, parts):
        found = folded.find(f" {part} ", place)
        if found < 0:
            return False
        place = found + len(part) + 1
    return any(parts)


def _folded(text: str) -> str:
    """Words only, in one case."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", plain))


def refused_readings(path: Path, line: int, what: str) -> ConfigurationError:
    """The error that names file, line and what is wrong there."""
    return ConfigurationError(
        f"{path}, line {line}: {what}.",
        effect="Nothing was published.",
        next_step=f"correct {path.name}, see `ketum claims --check`, and run again.",
    )


def _reading(path: Path, line: int, row: dict[str, str], claims: Sequence[str]) -> Reading:
    if None in row or None in row.values():
        raise refused_readings(path, line, f"it needs {len(COLUMNS)} fields")
    row = {name: value.strip() for name, value in row.items()}
    for name, allowed in (
        ("claim", claims),
        ("direction", DIRECTIONS),
        ("directness", DIRECTNESS),
        ("section", SECTIONS),
    ):
        if row[name] not in allowed:
            known = f" (known: {', '.join(allowed)})" if len(allowed) < 10 else ""
            raise refused_readings(path, line, f"unknown {name} `{row[name]}`{known}")
    for name in ("pmid", "sample_size"):
        if not re.fullmatch(r"[1-9]\d{0,8}", row[name]) and not (name != "pmid" and not row[name]):
            raise refused_readings(path, line, f"`{name}` must be a number, not `{row[name]}`")
    for name in ("quote", "who"):
        if not row[name]:
            raise refused_readings(path, line, f"`{name}` is empty")
    if len(row["quote"].split()) > QUOTED_WORDS:
        raise refused_readings(path, line, f"the quote has more than {QUOTED_WORDS} words")
    try:
        when = date.fromisoformat(row["when"])
    except ValueError:
        raise refused_readings(
            path, line, f"`when` must be YYYY-MM-DD, not `{row['when']}`"
        ) from None
    return Reading(
        line, row["claim"], int(row["pmid"]), row["direction"], row["directness"],
        row["population"] or None, int(row["sample_size"]) if row["sample_size"] else None,
        row["quote"], row["section"], row["note"] or None, row["who"], when,
    )  # fmt: skip


# -- Articles that a good search must find: known_articles.csv, and which of them it found

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
        raise refusal(str(path), row.line, f"{pmid!r} is not a PMID")
    if doi and not read.doi:
        raise refusal(str(path), row.line, f"{doi!r} is not a DOI")
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
